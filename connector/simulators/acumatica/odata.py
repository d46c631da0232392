"""`$filter` as Acumatica reads it: a subset of OData v3, compiled to a predicate over records.

Supported: eq ne gt ge lt le, and or not, parentheses, substringof startswith endswith; string, number,
boolean, null, guid, date, datetime and datetimeoffset literals; paths through linked entities;
`cf.<Type>(f='View.Field')`.
It knows fields and kinds, no documents.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from connector.simulators.acumatica.errors import VendorError, cannot_optimize, failure
from connector.simulators.acumatica.record import Entity, Record
from connector.simulators.acumatica.values import Kind, Scalar, read, read_moment

Predicate = Callable[[Record], bool]
_Getter = Callable[[Record], Scalar]

_TOKEN = re.compile(
    r"\s*(?:(?P<moment>(?:datetimeoffset|datetime|date)'[^']*')|(?P<guid>guid'[^']*')|(?P<text>'(?:[^']|'')*')"
    r"|(?P<number>-?\d+(?:\.\d+)?[MmLlDdFf]?(?![\w]))|(?P<name>[A-Za-z_][\w./]*)|(?P<mark>[(),=]))"
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "gt": lambda left, right: left > right,
    "ge": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "le": lambda left, right: left <= right,
}
_TEXT_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "substringof": lambda first, second: first.lower() in second.lower(),
    "startswith": lambda first, second: first.lower().startswith(second.lower()),
    "endswith": lambda first, second: first.lower().endswith(second.lower()),
}
_ACCEPTS: dict[Kind, tuple[type, ...]] = {
    Kind.TEXT: (str,),
    Kind.GUID: (str,),
    Kind.DECIMAL: (Decimal,),
    Kind.INTEGER: (Decimal,),
    Kind.BOOLEAN: (bool,),
    Kind.MOMENT: (datetime,),
}
_CUSTOM_KINDS = {"String": Kind.TEXT, "DateTime": Kind.MOMENT, "Boolean": Kind.BOOLEAN, "Guid": Kind.GUID}


def compile_filter(text: str, entity: Entity) -> Predicate:
    """The predicate of a `$filter`. Raises VendorError (500) for what the ERP could not read."""
    return _Parser(_tokens(text), entity).whole()


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


@dataclass(frozen=True)
class _Operand:
    """One side of a comparison: a field (with its kind) or a literal."""

    get: _Getter
    kind: Kind | None = None
    literal: Scalar = None


def _syntax(text: str) -> VendorError:
    return failure(f"Syntax error in the filter expression: {text}", "Microsoft.Data.OData.ODataException")


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    place = 0
    text = text.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise _syntax(text[place:])
        found.append(_Token(str(match.lastgroup), match.group(str(match.lastgroup))))
        place = match.end()
    return found


class _Parser:
    """Recursive descent: or, and, not, comparison or function."""

    def __init__(self, tokens: list[_Token], entity: Entity) -> None:
        self._tokens = tokens
        self._entity = entity
        self._place = 0

    def whole(self) -> Predicate:
        predicate = self._any()
        if self._place < len(self._tokens):
            raise _syntax(self._tokens[self._place].text)
        return predicate

    def _peek(self) -> str:
        return self._tokens[self._place].text if self._place < len(self._tokens) else ""

    def _next(self) -> _Token:
        if self._place >= len(self._tokens):
            raise _syntax("unexpected end")
        self._place += 1
        return self._tokens[self._place - 1]

    def _expect(self, text: str) -> None:
        token = self._next()
        if token.text != text:
            raise _syntax(f"{text} expected, {token.text} found")

    def _any(self) -> Predicate:
        parts = [self._all()]
        while self._peek() == "or":
            self._next()
            parts.append(self._all())
        return lambda record: any(part(record) for part in parts)

    def _all(self) -> Predicate:
        parts = [self._one()]
        while self._peek() == "and":
            self._next()
            parts.append(self._one())
        return lambda record: all(part(record) for part in parts)

    def _one(self) -> Predicate:
        if self._peek() == "not":
            self._next()
            denied = self._one()
            return lambda record: not denied(record)
        if self._peek() == "(":
            self._next()
            inner = self._any()
            self._expect(")")
            return inner
        if self._peek() in _TEXT_TESTS:
            return self._text_test(self._next().text)
        return self._comparison()

    def _text_test(self, name: str) -> Predicate:
        self._expect("(")
        first = self._operand()
        self._expect(",")
        second = self._operand()
        self._expect(")")
        test = _TEXT_TESTS[name]
        self._skip_eq_true()
        return lambda record: test(str(first.get(record) or ""), str(second.get(record) or ""))

    def _skip_eq_true(self) -> None:
        rest = [token.text for token in self._tokens[self._place : self._place + 2]]
        if rest == ["eq", "true"]:
            self._place += 2

    def _comparison(self) -> Predicate:
        left = self._operand()
        operator = self._next().text
        if operator not in _COMPARE:
            raise _syntax(f"unknown operator {operator}")
        right = self._operand()
        _check_kinds(left, right)
        _check_kinds(right, left)
        return _compare(left, operator, right)

    def _operand(self) -> _Operand:
        token = self._next()
        if token.kind == "name" and token.text.startswith("cf."):
            return self._custom(token.text.removeprefix("cf."))
        if token.kind == "name" and token.text not in {"true", "false", "null"}:
            return _path(token.text, self._entity)
        value = _literal(token)
        return _Operand(lambda record: value, literal=value)

    def _custom(self, kind: str) -> _Operand:
        for mark in ("(", "f", "="):
            self._expect(mark)
        view, _, name = self._next().text.strip("'").partition(".")
        self._expect(")")
        reader = _CUSTOM_KINDS.get(kind, Kind.DECIMAL)

        def get(record: Record) -> Scalar:
            return read(reader, record.custom.get(view, {}).get(name, {}).get("value"))

        return _Operand(get, reader)


def _path(text: str, entity: Entity) -> _Operand:
    steps = text.split("/")
    owner = entity
    for step in steps[:-1]:
        if step in owner.details:
            raise cannot_optimize([text], "filtering by a detail is not supported")
        if step not in owner.linked:
            raise _unknown(step, owner)
        owner = owner.linked[step]
    if steps[-1] not in owner.fields:
        raise _unknown(steps[-1], owner)

    def get(record: Record) -> Scalar:
        for step in steps[:-1]:
            record = record.link(step)
        return record.fields.get(steps[-1])

    return _Operand(get, owner.fields[steps[-1]])


def _unknown(name: str, entity: Entity) -> VendorError:
    text = f"Could not find a property named '{name}' on type '{entity.name}'."
    return failure(text, "Microsoft.Data.OData.ODataException")


def _literal(token: _Token) -> Scalar:
    inner = token.text.partition("'")[2].removesuffix("'")
    try:
        if token.kind == "moment":
            return read_moment(inner)
        if token.kind == "guid":
            return inner.lower()
        if token.kind == "text":
            return inner.replace("''", "'").rstrip()
        if token.kind == "number":
            return Decimal(token.text.rstrip("MmLlDdFf"))
    except ValueError as error:
        raise _syntax(token.text) from error
    known: dict[str, Scalar] = {"true": True, "false": False, "null": None}
    if token.text not in known:
        raise _syntax(token.text)
    return known[token.text]


def _check_kinds(side: _Operand, other: _Operand) -> None:
    """A quoted number or boolean is answered with 500, as clients report."""
    if side.kind is None or other.kind is not None or other.literal is None:
        return
    if type(other.literal) not in _ACCEPTS[side.kind]:
        text = f"A binary operator with incompatible types was detected: {side.kind.value}"
        raise failure(text, "Microsoft.Data.OData.ODataException")


def _compare(left: _Operand, operator: str, right: _Operand) -> Predicate:
    test = _COMPARE[operator]

    def predicate(record: Record) -> bool:
        first, second = _comparable(left.get(record)), _comparable(right.get(record))
        if operator in {"eq", "ne"}:
            return test(first, second)
        return first is not None and second is not None and test(first, second)

    return predicate


def _comparable(value: Scalar) -> Scalar:
    """Text is compared without regard to case and padding, as the ERP's database does."""
    return value.rstrip().lower() if isinstance(value, str) else value
