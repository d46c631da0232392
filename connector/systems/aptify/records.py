"""A record of Aptify as one value, whichever service told it: GetRecord, the reply to a save, or a row of a view.

Keys come in varying case, values as text or typed, names of linked records in three ways; all of it reads the same
here. Names are ours (`settings.names` says what the site calls them). Pure.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from connector.errors import NotUnderstood

ZERO = Decimal(0)
_CENT = Decimal("0.01")
_TRUE, _FALSE = frozenset({"true", "1", "yes", "y"}), frozenset({"false", "0", "no", "n", ""})
_AMERICAN = ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%m/%d/%Y")
"""How a site with American formats writes a moment: `1/31/2026 5:30:00 PM`."""


def plain_name(name: str) -> str:
    """Names are compared without regard to case and blanks."""
    return name.replace(" ", "").lower()


@dataclass(frozen=True)
class Names:
    """What the site calls our fields, and back. `renamed`: `Orders.TrackingNumber` -> the site's name."""

    renamed: Mapping[str, str] = field(default_factory=dict)

    def there(self, entity: str, name: str) -> str:
        """The site's name of one of our fields."""
        wanted = plain_name(f"{entity}.{name}")
        return next((site for ours, site in self.renamed.items() if plain_name(ours) == wanted), name)

    def here(self, entity: str, name: str) -> str:
        """Our name of one of the site's fields."""
        for ours, site in self.renamed.items():
            owner, _, own = ours.rpartition(".")
            if plain_name(owner) == plain_name(entity) and plain_name(site) == plain_name(name):
                return own
        return name


@dataclass(frozen=True)
class Record:
    """One record. `values` are texts by plain name, `titles` the names of what references lead to; `parts` are the
    records of its sub-types, each under its entity."""

    entity: str
    id: str
    values: Mapping[str, str]
    titles: Mapping[str, str] = field(default_factory=dict)
    parts: "tuple[Record, ...]" = ()

    def __str__(self) -> str:
        return f"{self.entity} {self.id}"

    def has(self, name: str) -> bool:
        """Was the field told?"""
        return plain_name(name) in self.values

    def text(self, name: str) -> str:
        """The value as text; "" where there is none."""
        return self.values.get(plain_name(name), "")

    def key(self, name: str) -> str:
        """The id of a linked record; "" where there is none (0 and -1 lead nowhere)."""
        value = self.text(name)
        return "" if value in ("", "0", "-1") else value

    def title(self, name: str) -> str:
        """The name of a linked record, told beside its id or in a field of its own (`OrderType` beside `OrderTypeID`);
        "" where there is none, or it was not told."""
        plain = plain_name(name)
        return self.titles.get(plain) or (self.values.get(plain[:-2], "") if plain.endswith("id") else "")

    def named(self, name: str) -> str:
        """A linked record by its name, or by its id where no name is told."""
        return self.title(name) or self.key(name)

    def number(self, name: str) -> Decimal:
        """A number or an amount; 0 where there is none. Raises NotUnderstood."""
        text = self.text(name).replace("$", "").replace(",", "")
        if not text:
            return ZERO
        try:
            value = Decimal(text)
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite():
            raise NotUnderstood(f"{self} has {self.text(name)!r} for {name}, which is no number", field=name)
        return value

    def flag(self, name: str) -> bool:
        """Yes or no; no where there is none. Raises NotUnderstood."""
        text = self.text(name).lower()
        if text not in _TRUE | _FALSE:
            raise NotUnderstood(f"{self} has {self.text(name)!r} for {name}: is that yes or no?", field=name)
        return text in _TRUE

    def moment(self, name: str, zone: ZoneInfo) -> datetime | None:
        """A moment; the server's own time where it names no zone. Raises NotUnderstood."""
        text = self.text(name)
        if not text:
            return None
        for form in _AMERICAN:
            with suppress(ValueError):
                return datetime.strptime(text, form).replace(tzinfo=zone).astimezone(UTC)
        try:
            found = datetime.fromisoformat(text)
        except ValueError as error:
            raise NotUnderstood(f"{self} has {text!r} for {name}, which is no date", field=name) from error
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)

    def of(self, entity: str) -> "tuple[Record, ...]":
        """Its sub-type records of an entity."""
        return tuple(one for one in self.parts if plain_name(one.entity) == plain_name(entity))


def as_text(value: Any) -> str:
    """A value of JSON as the text that it stands for."""
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case Decimal():
            return format(value, "f")
    return str(value).strip()


def total_of(order: Record) -> Decimal:
    """What an order comes to."""
    return order.number("GrandTotal") or order.number("CALC_GrandTotal")


def as_amount(value: Decimal) -> str:
    """An amount for people: two decimals, and more only where it has more."""
    short = value.quantize(_CENT)
    return f"{short if short == value else value.normalize():f}"


def record_told(entity: str, body: Any, names: Names) -> Record:
    """GetRecord's answer as a record; raises NotUnderstood."""
    given = _lowered(body, f"GetRecord {entity}")
    pairs: list[tuple[str, Any]] = []
    titles: dict[str, str] = {}
    for one in _rows(given.get("fields")):
        linked = next((as_text(one[key]) for key in one if plain_name(key) == "linkedrecordname"), "")
        for key, value in one.items():
            if plain_name(key) != "linkedrecordname":
                pairs.append((key, value))
                if linked:
                    titles[plain_name(names.here(entity, key))] = linked
    return Record(
        entity,
        as_text(given.get("recordid", given.get("id"))),
        _values(entity, pairs, names),
        titles,
        tuple(_parts(given.get("subtypes"), names)),
    )


def _parts(value: Any, names: Names) -> "list[Record]":
    """The records of all sub-types; each is like a whole record, or fields and values alone."""
    found = []
    for group in _rows(value):
        given = {plain_name(key): one for key, one in group.items()}
        entity = as_text(given.get("entity"))
        for row in _rows(given.get("records")):
            nested = any(plain_name(key) == "fields" for key in row)
            found.append(record_told(entity, row, names) if nested else row_told(entity, row, names))
    return found


def record_saved(entity: str, body: Any, names: Names) -> Record:
    """A save's answer as a record with its sub-type records; raises NotUnderstood."""
    given = _lowered(body, f"the save of {entity}")
    parts = [
        row_told(as_text(next((v for k, v in one.items() if plain_name(k) == "entityname"), "")), one, names)
        for one in _rows(given.get("subtypes"))
    ]
    return row_told(entity, {name: value for name, value in body.items() if _is_value(value)}, names, parts)


def row_told(entity: str, row: Mapping[str, Any], names: Names, parts: Sequence[Record] = ()) -> Record:
    """A row of a view as a record: `…_Name` beside a reference is the name of what it leads to."""
    pairs = [(name, value) for name, value in row.items() if _is_value(value)]
    titles = {
        plain_name(names.here(entity, name[: -len("_name")])): as_text(value)
        for name, value in pairs
        if name.lower().endswith("_name")
    }
    key = next((as_text(value) for name, value in pairs if plain_name(name) == "id"), "")
    return Record(entity, key, _values(entity, pairs, names), titles, tuple(parts))


def _values(entity: str, pairs: Sequence[tuple[str, Any]], names: Names) -> dict[str, str]:
    return {plain_name(names.here(entity, name)): as_text(value) for name, value in pairs}


def _lowered(body: Any, what: str) -> dict[str, Any]:
    if not isinstance(body, Mapping):
        raise NotUnderstood(f"{what} was answered with something that is no record")
    return {plain_name(name): value for name, value in body.items()}


def _rows(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _is_value(value: Any) -> bool:
    return not isinstance(value, list | Mapping)
