"""A small parser of SuiteQL: one SELECT over tables and joins, into conditions and expressions that can be worked out.

It knows what pollers and look-ups ask. What it does not know it refuses; it never guesses.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from connector.simulators.netsuite import suiteql_values as values
from connector.simulators.netsuite.errors import invalid_query, invalid_request
from connector.simulators.netsuite.suiteql_tables import TABLES, columns_of
from connector.simulators.netsuite.suiteql_terms import (
    COMPARE,
    FUNCTIONS,
    Env,
    Expression,
    compared,
    constant,
    display,
    only,
)

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+(?:\.\d+)?)|(?P<word>[A-Za-z_]\w*(?:\.(?:\w+|\*))?)"
    r"|(?P<sign><=|>=|<>|!=|[=<>(),?*]))"
)
_RESERVED = frozenset("ON WHERE ORDER INNER LEFT JOIN GROUP FETCH AND OR".split())


@dataclass(frozen=True)
class Item:
    """One column of the result."""

    name: str
    value: Expression


@dataclass(frozen=True)
class Join:
    """A further table; `left` keeps the rows that find no partner."""

    alias: str
    table: str
    left: bool
    on: Expression


@dataclass
class Query:
    """A statement, read. `count` stands for `COUNT(*)`, with the name of its column."""

    items: list[Item] = field(default_factory=list)
    distinct: bool = False
    count: str | None = None
    star: bool = False
    alias: str = ""
    table: str = ""
    joins: list[Join] = field(default_factory=list)
    where: Expression | None = None
    order: list[tuple[Expression | str, bool]] = field(default_factory=list)


def _tokens(text: str) -> list[tuple[str, str]]:
    found, place, text = [], 0, text.rstrip().rstrip(";")
    while place < len(text.rstrip()):
        match = _TOKEN.match(text, place)
        if match is None:
            raise invalid_request(f"The query cannot be read at: {text[place : place + 20]}", parameter="q")
        found.append((str(match.lastgroup), match[str(match.lastgroup)]))
        place = match.end()
    return found


class Parser:
    """Reads one statement; `params` are bound to its `?` in order, `now` is SYSDATE."""

    def __init__(self, text: str, params: Sequence[Any], now: datetime) -> None:
        self._tokens = _tokens(text)
        self._place = 0
        self._params = list(params)
        self._now = now
        self._tables: dict[str, str] = {}
        self._named: list[tuple[str | None, str]] = []

    def query(self) -> Query:
        """The whole statement. Raises VendorError."""
        query = Query()
        self._expect("SELECT")
        query.distinct = self._take("DISTINCT")
        self._select(query)
        self._expect("FROM")
        query.table, query.alias = self._table()
        while self._peek() in ("INNER", "LEFT", "JOIN"):
            query.joins.append(self._join())
        if self._take("WHERE"):
            query.where = self.condition()
        if self._take("ORDER"):
            self._expect("BY")
            self._order(query)
        if self._place < len(self._tokens) or self._params:
            raise self._refused()
        self._check_columns()
        return query

    def _select(self, query: Query) -> None:
        while True:
            if self._take("*"):
                query.star = True
            elif self._peek() == "COUNT":
                for sign in ("COUNT", "(", "*", ")"):
                    self._expect(sign)
                query.count = self._alias_of("expr1")
            else:
                default = self._tokens[self._place][1].split(".")[-1].lower()
                value = self.expression()
                query.items.append(Item(self._alias_of(default, len(query.items)), value))
            if not self._take(","):
                return

    def _alias_of(self, default: str, place: int = 0) -> str:
        if self._take("AS"):
            return self._word().lower()
        kind, text = self._now_token()
        if kind == "word" and text.upper() != "FROM":
            return self._word().lower()
        previous = self._tokens[self._place - 1]
        return default if previous[0] == "word" else f"expr{place + 1}"

    def _table(self) -> tuple[str, str]:
        name = self._word()
        if name.lower() not in TABLES:
            raise invalid_query(f"Record '{name}' was not found.")
        self._take("AS")
        kind, text = self._now_token()
        named = kind == "word" and text.upper() not in _RESERVED
        alias = self._word().lower() if named else name.lower()
        self._tables[alias] = name.lower()
        return name.lower(), alias

    def _join(self) -> Join:
        left = self._take("LEFT")
        self._take("OUTER" if left else "INNER")
        self._expect("JOIN")
        table, alias = self._table()
        self._expect("ON")
        return Join(alias, table, left, self.condition())

    def _order(self, query: Query) -> None:
        names = {item.name for item in query.items}
        while True:
            word = self._now_token()[1].lower()
            key: Expression | str = self._word().lower() if word in names else self.expression()
            down = self._take("DESC")
            self._take("ASC")
            query.order.append((key, down))
            if not self._take(","):
                return

    def condition(self) -> Expression:
        """OR of ANDs."""
        parts = [self._conjunction()]
        while self._take("OR"):
            parts.append(self._conjunction())
        return parts[0] if len(parts) == 1 else lambda env: any(part(env) for part in parts)

    def _conjunction(self) -> Expression:
        parts = [self._negation()]
        while self._take("AND"):
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else lambda env: all(part(env) for part in parts)

    def _negation(self) -> Expression:
        if self._take("NOT"):
            inner = self._negation()
            return lambda env: not inner(env)
        if self._take("("):
            inner = self.condition()
            self._expect(")")
            return inner
        return self._predicate()

    def _predicate(self) -> Expression:
        left = self.expression()
        if self._take("IS"):
            wanted = not self._take("NOT")
            self._expect("NULL")
            return lambda env: (left(env) is None) is wanted
        turned = self._take("NOT")
        for word, read in (("IN", self._in), ("LIKE", self._like), ("BETWEEN", self._between)):
            if self._take(word):
                test = read(left)
                return lambda env: left(env) is not None and test(env) is not turned
        kind, sign = self._now_token()
        if turned or kind != "sign" or sign not in COMPARE:
            raise self._refused()
        self._place += 1
        return compared(sign, left, self.expression())

    def _in(self, left: Expression) -> Expression:
        self._expect("(")
        choices = [self.expression()]
        while self._take(","):
            choices.append(self.expression())
        self._expect(")")
        tests = [compared("=", left, choice) for choice in choices]
        return lambda env: any(test(env) for test in tests)

    def _like(self, left: Expression) -> Expression:
        pattern = self.expression()
        return lambda env: values.like(str(left(env)), str(pattern(env)))

    def _between(self, left: Expression) -> Expression:
        low = compared(">=", left, self.expression())
        self._expect("AND")
        high = compared("<=", left, self.expression())
        return lambda env: bool(low(env) and high(env))

    def expression(self) -> Expression:
        """A column, a text, a number, a bound value or a function. Raises VendorError."""
        kind, text = self._now_token()
        self._place += 1
        if kind == "text":
            return constant(text[1:-1].replace("''", "'"))
        if kind == "number":
            return constant(Decimal(text))
        if text == "?":
            if not self._params:
                raise invalid_request("There are more ? in the query than params.", parameter="q")
            return constant(self._params.pop(0))
        if kind != "word":
            self._place -= 1
            raise self._refused()
        if self._take("("):
            return self._function(text.upper())
        return constant(self._now) if text.upper() == "SYSDATE" else self._column(text)

    def _column(self, text: str) -> Expression:
        alias, _, name = text.lower().rpartition(".")
        self._named.append((alias or None, name))

        def read(env: Env) -> Any:
            row = env[alias] if alias else only(env, name)
            return None if row is None else row.values.get(name)

        return read

    def _function(self, name: str) -> Expression:
        first = self._tokens[self._place][1].lower() if self._place < len(self._tokens) else ""
        arguments = [self.expression()]
        while self._take(","):
            arguments.append(self.expression())
        self._expect(")")
        if name == "BUILTIN.DF" and len(arguments) == 1:
            return display(first, arguments[0])
        made = FUNCTIONS.get((name, len(arguments)))
        if made is None:
            raise invalid_request(f"The function {name} is not known here.", parameter="q")
        return lambda env: made(*(one(env) for one in arguments))

    def _check_columns(self) -> None:
        """Every column must belong to a table of the statement. Raises VendorError as a live account did."""
        for alias, name in self._named:
            tables = [self._tables[alias]] if alias in self._tables else []
            tables = list(self._tables.values()) if alias is None else tables
            known = any(
                name in columns_of(table) or name.startswith(("custbody", "custcol")) for table in tables
            )
            if not known:
                listed = ", ".join(f"{key}={table}" for key, table in self._tables.items())
                said = f"{alias}.{name}" if alias else name
                raise invalid_query(f"Unknown identifier '{said}'. Available identifiers are: {{{listed}}}.")

    def _now_token(self) -> tuple[str, str]:
        return self._tokens[self._place] if self._place < len(self._tokens) else ("end", "")

    def _peek(self) -> str:
        return self._now_token()[1].upper()

    def _take(self, word: str) -> bool:
        kind, text = self._now_token()
        taken = kind in ("word", "sign") and text.upper() == word
        self._place += taken
        return taken

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise self._refused()

    def _word(self) -> str:
        kind, text = self._now_token()
        if kind != "word":
            raise self._refused()
        self._place += 1
        return text

    def _refused(self) -> Exception:
        near = " ".join(text for _, text in self._tokens[self._place : self._place + 4])
        return invalid_request(f"The query cannot be read near: {near or 'its end'}", parameter="q")
