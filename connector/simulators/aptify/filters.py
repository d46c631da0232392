"""The `Filter` of views, "similar as SQL WHERE clause": comparisons of a column with a value, AND, OR, NOT, brackets.

Also `<>`, `!=`, LIKE, IN, BETWEEN, IS NULL. Texts are compared without regard to case, as the database does.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.simulators.aptify import values
from connector.simulators.aptify.options import Options

Test = Callable[[Mapping[str, Any]], bool]
"""Judges a row of values by column."""
Columns = Mapping[str, tuple[str, str]]
"""Lower-case name -> the column and its kind."""

_TOKENS = re.compile(
    r"\s*(?:(?P<text>[N]?'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<sign><>|!=|<=|>=|=|<|>|\(|\)|,)"
    r"|\[(?P<quoted>[^\]]+)\]|(?P<word>\w+))"
)


class FilterError(ValueError):
    """The condition cannot be read; the text is the database's."""


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


class Filter:
    """Reads one condition."""

    def __init__(self, text: str, columns: Columns, options: Options) -> None:
        self._tokens = _split(text)
        self._columns = columns
        self._options = options

    def read(self) -> Test:
        """The condition. Raises FilterError."""
        if not self._tokens:
            return lambda row: True
        test = self._either()
        if self._tokens:
            raise FilterError(f"Incorrect syntax near '{self._tokens[0].text}'.")
        return test

    def _either(self) -> Test:
        tests = [self._both()]
        while self._takes("OR"):
            tests.append(self._both())
        return lambda row: any(test(row) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._takes("AND"):
            tests.append(self._one())
        return lambda row: all(test(row) for test in tests)

    def _one(self) -> Test:
        if self._takes("NOT"):
            inner = self._one()
            return lambda row: not inner(row)
        if self._takes("("):
            inner = self._either()
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Test:
        name, kind = self._column()
        if self._takes("IS"):
            wanted = not self._takes("NOT")
            self._expect("NULL")
            return lambda row: (row[name] is None) is wanted
        inverted = self._takes("NOT")
        test = self._list(name, kind)
        if test is None:
            if inverted:
                raise FilterError("Incorrect syntax near 'NOT'.")
            return self._signed(name, kind)
        found = test
        return (lambda row: not found(row)) if inverted else found

    def _list(self, name: str, kind: str) -> Test | None:
        """LIKE, IN or BETWEEN; None where another comparison stands."""
        if self._takes("LIKE"):
            pattern = _like(str(self._value("text")))
            return lambda row: row[name] is not None and bool(pattern.fullmatch(str(row[name])))
        if self._takes("IN"):
            self._expect("(")
            several = [self._value(kind)]
            while self._takes(","):
                several.append(self._value(kind))
            self._expect(")")
            return lambda row: _folded(row[name]) in several
        if self._takes("BETWEEN"):
            low = self._value(kind)
            self._expect("AND")
            high = self._value(kind)
            return lambda row: row[name] is not None and low <= _folded(row[name]) <= high
        return None

    def _signed(self, name: str, kind: str) -> Test:
        sign = self._next().text
        if sign not in _SIGNS:
            raise FilterError(f"Incorrect syntax near '{sign}'.")
        compare, value = _SIGNS[sign], self._value(kind)
        return lambda row: row[name] is not None and compare(_folded(row[name]), value)

    def _column(self) -> tuple[str, str]:
        token = self._next()
        found = self._columns.get(token.text.lower().replace(" ", ""))
        if token.kind not in ("word", "quoted") or found is None:
            raise FilterError(f"Invalid column name '{token.text}'.")
        return found

    def _value(self, kind: str) -> Any:
        token = self._next()
        if token.kind not in ("text", "number"):
            raise FilterError(f"Incorrect syntax near '{token.text}'.")
        try:
            return _folded(
                values.read(kind if not kind.startswith("ref:") else "integer", token.text, self._options)
            )
        except ValueError as error:
            raise FilterError(f"Conversion failed when converting '{token.text}'.") from error

    def _next(self) -> _Token:
        if not self._tokens:
            raise FilterError("Incorrect syntax near the end of the condition.")
        return self._tokens.pop(0)

    def _takes(self, text: str) -> bool:
        first = self._tokens[0] if self._tokens else None
        if first is None or first.kind not in ("word", "sign") or first.text.upper() != text:
            return False
        self._tokens.pop(0)
        return True

    def _expect(self, text: str) -> None:
        if not self._takes(text):
            found = self._tokens[0].text if self._tokens else "the end of the condition"
            raise FilterError(f"Incorrect syntax near '{found}'.")


def _split(text: str) -> list[_Token]:
    rest, found = text.replace("’", "'").replace("‘", "'").rstrip(), []
    while rest:
        match = _TOKENS.match(rest)
        if match is None:
            raise FilterError(f"Incorrect syntax near '{rest.strip()[:20]}'.")
        kind = str(match.lastgroup)
        raw = match.group(kind)
        if kind == "text":
            raw = raw[raw.index("'") + 1 : -1].replace("''", "'")
        found.append(_Token(kind, raw))
        rest = rest[match.end() :]
    return found


def _like(pattern: str) -> re.Pattern[str]:
    parts = (".*" if one == "%" else "." if one == "_" else re.escape(one) for one in pattern)
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)


def _folded(value: Any) -> Any:
    """As the database compares: texts without case and blanks at the end."""
    if isinstance(value, bool):
        return int(value)
    return value.rstrip().lower() if isinstance(value, str) else value


_SIGNS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda one, other: bool(one == other),
    "<>": lambda one, other: bool(one != other),
    "!=": lambda one, other: bool(one != other),
    "<": lambda one, other: bool(one < other),
    "<=": lambda one, other: bool(one <= other),
    ">": lambda one, other: bool(one > other),
    ">=": lambda one, other: bool(one >= other),
}


def known_columns(pairs: Sequence[tuple[str, str, str]]) -> Columns:
    """The columns by shown name, name and kind."""
    return {shown.lower(): (name, kind) for shown, name, kind in pairs}
