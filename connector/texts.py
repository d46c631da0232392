"""The texts of a flow that are filled in for each event: notes, and the values of custom fields. Pure.

Checking the templates themselves is `templates.py`; here they are put together as the target gets them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from pydantic import TypeAdapter

from connector.errors import ConfigError, Rejected
from connector.planned import FieldValue
from connector.templates import Template, compile_template
from schemas.base import ExactDecimal
from schemas.config import FieldRule, Fields, NoteRow, WriteBack

_EXACT: TypeAdapter[Decimal] = TypeAdapter(ExactDecimal)

Problem = tuple[tuple[str | int, ...], str]
"""Where in `write_back`, and what is wrong there."""

LEVELS: Mapping[str, frozenset[str]] = {
    "header": frozenset(),
    "line": frozenset({"line"}),
    "package": frozenset({"package"}),
}
"""Where custom fields stand -> what their templates may name beside the event's documents."""


@dataclass(frozen=True)
class Notes:
    """A flow's notes: rows of tag and text, or one text alone."""

    rows: tuple[tuple[str, Template], ...] = ()

    def render(self, **documents: object) -> str:
        """One line a row, `tag: text`; a row that says nothing is left out. Raises Rejected."""
        texts = [(tag, template.render(**documents)) for tag, template in self.rows]
        return "\n".join(f"{tag}: {text.strip()}" if tag else text for tag, text in texts if text.strip())


@dataclass(frozen=True)
class FieldTexts:
    """The custom fields of one level: name, rule and checked template of each."""

    rules: tuple[tuple[str, FieldRule, Template], ...] = ()

    def values(self, **documents: object) -> tuple[FieldValue, ...]:
        """What each field becomes; those that come out empty are left out. Raises Rejected where a text is not of the
        field's type, or too long for it."""
        filled = [(name, rule, template.render(**documents).strip()) for name, rule, template in self.rules]
        return tuple(
            FieldValue(name=name, text=_fitting(name, rule, text), type=rule.type)
            for name, rule, text in filled
            if text
        )


@dataclass
class Texts:
    """Compiles the templates of a flow's `write_back`, and collects what is wrong with them."""

    known: frozenset[str]
    problems: list[Problem] = field(default_factory=list)

    def notes(self, given: str | tuple[NoteRow, ...], member: str) -> Notes:
        """Notes, or another text of one row."""
        if isinstance(given, str):
            return Notes(tuple(("", one) for one in self._compiled(given, (member,))))
        rows = [
            (row.tag, template)
            for index, row in enumerate(given)
            for template in self._compiled(row.value, (member, index, "value"))
        ]
        return Notes(tuple(rows))

    def fields(self, given: Fields) -> dict[str, FieldTexts]:
        """The custom fields by level."""
        found: dict[str, FieldTexts] = {}
        for level, more in LEVELS.items():
            rules: dict[str, FieldRule] = getattr(given, level)
            compiled = [
                (name, rule, template)
                for name, rule in rules.items()
                for template in self._compiled(rule.value, ("fields", level, name, "value"), more)
            ]
            found[level] = FieldTexts(tuple(compiled))
        return found

    def _compiled(
        self, text: str, path: tuple[str | int, ...], more: frozenset[str] = frozenset()
    ) -> Iterator[Template]:
        try:
            yield compile_template(text, self.known | more)
        except ConfigError as error:
            self.problems.append((path, str(error)))


def all_texts(write_back: WriteBack) -> Iterator[str]:
    """Every template of a write-back, as it stands in the file."""
    yield from (
        (write_back.notes,) if isinstance(write_back.notes, str) else (row.value for row in write_back.notes)
    )
    yield write_back.order_comment
    for level in LEVELS:
        yield from (rule.value for rule in getattr(write_back.fields, level).values())


def _fitting(name: str, rule: FieldRule, text: str) -> str:
    """The text as the field can take it; raises Rejected."""
    try:
        fitting = _TYPES[rule.type](text)
    except ValueError as error:
        raise Rejected(
            f"field {name} is of type {rule.type}, and {text!r} is none: correct its template in write_back.fields",
            code="mapping",
            field=name,
        ) from error
    if rule.length is None or len(fitting) <= rule.length:
        return fitting
    if rule.too_long == "cut" and rule.type == "text":
        return fitting[: rule.length]
    or_cut = ", or say too_long: cut" if rule.type == "text" else ""
    raise Rejected(
        f"field {name} holds {rule.length} characters, and {fitting!r} has {len(fitting)}: shorten its "
        f"template{or_cut}",
        code="mapping",
        field=name,
    )


def _number(text: str) -> str:
    return format(_EXACT.validate_python(text), "f")


def _integer(text: str) -> str:
    """Quantities may come with decimals that say nothing: 2.00."""
    number = _EXACT.validate_python(text)
    if number != int(number):
        raise ValueError("not whole")
    return str(int(number))


def _flag(text: str) -> str:
    known = {"true": "true", "yes": "true", "1": "true", "false": "false", "no": "false", "0": "false"}
    if text.lower() not in known:
        raise ValueError("neither true nor false")
    return known[text.lower()]


_TYPES: Mapping[str, Callable[[str], str]] = {
    "text": str,
    "number": _number,
    "integer": _integer,
    "flag": _flag,
    "date": lambda text: date.fromisoformat(text).isoformat(),
}
