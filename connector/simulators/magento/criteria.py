"""searchCriteria and `fields`: filtering, sorting, paging and trimming, with this vendor's traps.

Source: Magento 2.4.7 recording, groups `orders.`, `shipments.`, `limits.`.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from connector.simulators.magento.errors import Internal, Refusal, required, unsupported, wrong_type

MAX_PAGE_SIZE = 300
UNLIMITED = 999_999
_NAME = re.compile(r"search_?criteria", re.IGNORECASE)
_DATES = frozenset({"created_at", "updated_at"})


@dataclass
class Filter:
    """One condition on one column."""

    field: str = ""
    value: str = ""
    condition: str = "eq"


@dataclass
class Sort:
    """One order of one column; without a direction it is descending."""

    field: str = ""
    direction: str | None = None


@dataclass
class Criteria:
    """What was asked: filters are joined by OR inside a group, by AND across groups."""

    groups: dict[str, dict[str, Filter]] = field(default_factory=dict)
    sorts: dict[str, Sort] = field(default_factory=dict)
    page_size: int | None = None
    current_page: int | None = None

    def echo(self) -> dict[str, Any]:
        """The `search_criteria` member of a list reply: only what was given."""
        groups = [
            {
                "filters": [
                    {"field": f.field, "value": f.value, "condition_type": f.condition}
                    for f in group.values()
                ]
            }
            for group in self.groups.values()
        ]
        shown: dict[str, Any] = {"filter_groups": groups}
        if self.sorts:
            shown["sort_orders"] = [{"field": s.field, "direction": s.direction} for s in self.sorts.values()]
        pages = {"page_size": self.page_size, "current_page": self.current_page}
        return {**shown, **{name: number for name, number in pages.items() if number is not None}}


def read(query: Sequence[tuple[str, str]], limited: bool) -> Criteria:
    """The criteria in a decoded query; `limited` switches the vendor's input limits on. Raises Refusal."""
    asked = [(name, value) for name, value in query if _NAME.match(name)]
    if not asked:
        raise required("searchCriteria")
    criteria = Criteria()
    for name, value in asked:
        parts = re.findall(r"\[([^\]]*)\]", name)
        if parts:
            _take(criteria, [_snake(part) for part in parts], parts, value)
    if limited:
        _limit(criteria)
    return criteria


def _take(criteria: Criteria, parts: list[str], spelt: list[str], value: str) -> None:
    match parts:
        case ["filter_groups", group, "filters", index, ("field" | "value" | "condition_type") as member]:
            found = criteria.groups.setdefault(group, {}).setdefault(index, Filter())
            setattr(found, "condition" if member == "condition_type" else member, value)
        case ["sort_orders", index, ("field" | "direction") as member]:
            setattr(
                criteria.sorts.setdefault(index, Sort()),
                member,
                _direction(value) if member == "direction" else value,
            )
        case [("page_size" | "current_page") as member]:
            setattr(criteria, member, _integer(value, spelt[0]))
        case _:
            raise unsupported(spelt[-1])


def _direction(value: str) -> str:
    if value.upper() not in ("ASC", "DESC"):
        text = "The sort order has to be specified as %1 for ascending order or %2 for descending order."
        raise Refusal(400, text, ["ASC", "DESC"])
    return value.upper()


def _integer(value: str, name: str) -> int:
    if not re.fullmatch(r"-?\d+", value):
        raise wrong_type(value, "int", name)
    return int(value)


def _limit(criteria: Criteria) -> None:
    if criteria.page_size is None:
        criteria.page_size = UNLIMITED
    elif criteria.page_size > MAX_PAGE_SIZE:
        raise Refusal(400, "Maximum SearchCriteria pageSize is %max", {"max": MAX_PAGE_SIZE})


def _snake(name: str) -> str:
    return re.sub(r"(?<=\w)(?=[A-Z])", "_", name).lower()


def select(
    rows: Sequence[Mapping[str, Any]], criteria: Criteria, columns: Collection[str], repeat_last_page: bool
) -> tuple[list[Mapping[str, Any]], int]:
    """The rows of the page asked for, and how many match in all. Raises Internal for an unknown column."""
    named = [f.field for group in criteria.groups.values() for f in group.values()]
    if any(name not in columns for name in [*named, *(sort.field for sort in criteria.sorts.values())]):
        raise Internal
    kept = [row for row in rows if all(_any(row, group.values()) for group in criteria.groups.values())]
    for sort in reversed(criteria.sorts.values()):
        kept.sort(key=lambda row: _sortable(row.get(sort.field)), reverse=sort.direction != "ASC")
    return _page(kept, criteria, repeat_last_page), len(kept)


def _any(row: Mapping[str, Any], filters: Collection[Filter]) -> bool:
    return any(_CONDITIONS.get(f.condition, _never)(_known(f, row.get(f.field)), f) for f in filters)


def _page(
    rows: list[Mapping[str, Any]], criteria: Criteria, repeat_last_page: bool
) -> list[Mapping[str, Any]]:
    size = criteria.page_size
    if not size or size < 0:
        return rows
    page = max(criteria.current_page or 1, 1)
    if repeat_last_page:
        page = min(page, max(-(-len(rows) // size), 1))
    return rows[(page - 1) * size : page * size]


def _known(asked: Filter, value: Any) -> Any:
    return _moment(str(value)) if value is not None and asked.field in _DATES else value


def _moment(text: str) -> datetime:
    """A date as the database reads it; one it cannot read counts as the earliest of all."""
    try:
        read_date = datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return read_date.astimezone(UTC) if read_date.tzinfo else read_date.replace(tzinfo=UTC)


def _compare(value: Any, text: str) -> int:
    """Below, equal or above: dates as dates, numbers as numbers, the rest as text without regard to case."""
    if isinstance(value, datetime):
        left, right = value, _moment(text)
        return (left > right) - (left < right)
    if isinstance(value, int) and text.isdigit():
        return (value > int(text)) - (value < int(text))
    try:
        number, wanted = Decimal(str(value)), Decimal(text)
    except InvalidOperation:
        one, other = str(value).lower(), text.lower()
        return (one > other) - (one < other)
    return (number > wanted) - (number < wanted)


def _sortable(value: Any) -> tuple[int, Decimal, str]:
    if value is None:
        return (0, Decimal(0), "")
    if isinstance(value, int | Decimal):
        return (1, Decimal(value), "")
    return (2, Decimal(0), str(value).lower())


def _like(value: Any, asked: Filter) -> bool:
    pattern = "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in asked.value)
    return value is not None and bool(re.fullmatch(pattern, str(value), re.IGNORECASE | re.DOTALL))


def _in(value: Any, asked: Filter) -> bool:
    return value is not None and any(_compare(value, one.strip()) == 0 for one in asked.value.split(","))


def _against(test: Callable[[int], bool]) -> Callable[[Any, Filter], bool]:
    return lambda value, asked: value is not None and test(_compare(value, asked.value))


def _never(value: Any, asked: Filter) -> bool:
    return False


_CONDITIONS: dict[str, Callable[[Any, Filter], bool]] = {
    "eq": _against(lambda sign: sign == 0),
    "neq": _against(lambda sign: sign != 0),
    "gt": _against(lambda sign: sign > 0),
    "gteq": _against(lambda sign: sign >= 0),
    "moreq": _against(lambda sign: sign >= 0),
    "from": _against(lambda sign: sign >= 0),
    "lt": _against(lambda sign: sign < 0),
    "lteq": _against(lambda sign: sign <= 0),
    "to": _against(lambda sign: sign <= 0),
    "in": _in,
    "nin": lambda value, asked: value is not None and not _in(value, asked),
    "finset": lambda value, asked: value is not None and asked.value in str(value).split(","),
    "nfinset": lambda value, asked: value is not None and asked.value not in str(value).split(","),
    "like": _like,
    "nlike": lambda value, asked: value is not None and not _like(value, asked),
    "null": lambda value, asked: value is None,
    "notnull": lambda value, asked: value is not None,
}

Fields = dict[str, "Fields"]
"""Members to keep; an empty value keeps the member whole."""


def trim(value: Any, expression: str) -> Any:
    """What `fields=` leaves of a reply; a broken expression leaves an empty list."""
    fields, rest = _parse(expression)
    return _trimmed(value, fields) if fields and not rest else []


def _parse(text: str) -> tuple[Fields, str]:
    """The members up to the closing bracket, and what follows; nothing and the text when it is broken."""
    fields: Fields = {}
    while True:
        name = re.match(r"\w*", text)
        key, text = (name.group(), text[name.end() :]) if name else ("", text)
        inner: Fields = {}
        if text.startswith("["):
            inner, text = _parse(text[1:])
            if not text.startswith("]"):
                return {}, "]"
            text = text[1:]
        if key:
            fields[key] = inner
        if not text.startswith(","):
            return fields, text
        text = text[1:]


def _trimmed(value: Any, fields: Fields) -> Any:
    if not fields:
        return value
    if isinstance(value, list):
        return [_trimmed(one, fields) for one in value] or None
    if not isinstance(value, Mapping):
        return value
    return {name: _trimmed(value[name], inner) for name, inner in fields.items() if name in value} or []
