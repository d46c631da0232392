"""What SuiteQL expressions come to over a row of each table: columns, comparisons, display values and functions."""

from collections.abc import Callable, Mapping
from typing import Any

from connector.simulators.netsuite import suiteql_values as values
from connector.simulators.netsuite.suiteql_tables import Row

Env = Mapping[str, Row | None]
Expression = Callable[[Env], Any]

COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b),
    "<>": lambda a, b: bool(a != b),
    "!=": lambda a, b: bool(a != b),
    "<": lambda a, b: bool(a < b),
    ">": lambda a, b: bool(a > b),
    "<=": lambda a, b: bool(a <= b),
    ">=": lambda a, b: bool(a >= b),
}


def constant(value: Any) -> Expression:
    """The same value everywhere."""
    return lambda env: value


def only(env: Env, name: str) -> Row | None:
    """The first row of the statement that has a column."""
    return next((row for row in env.values() if row is not None and name in row.values), None)


def compared(sign: str, left: Expression, right: Expression) -> Expression:
    """A comparison; with a null on either side it does not hold."""

    def holds(env: Env) -> bool:
        one, other = left(env), right(env)
        if one is None or other is None:
            return False
        return COMPARE[sign](*values.ordered(_bare(one), _bare(other)))

    return holds


def _bare(value: Any) -> Any:
    """Booleans are the texts T and F."""
    return ("T" if value else "F") if isinstance(value, bool) else value


def display(column: str, value: Expression) -> Expression:
    """`BUILTIN.DF`: what people read in the place of a key."""
    alias, _, name = column.rpartition(".")

    def read(env: Env) -> Any:
        row = env.get(alias) if alias else only(env, name)
        return value(env) if row is None else row.display.get(name, value(env))

    return read


FUNCTIONS: Mapping[tuple[str, int], Callable[..., Any]] = {
    ("TO_DATE", 2): lambda text, form: values.to_date(text, str(form)),
    ("TO_TIMESTAMP", 2): lambda text, form: values.to_date(text, str(form)),
    ("TO_CHAR", 2): lambda value, form: values.to_char(value, str(form)),
    ("TO_CHAR", 1): lambda value: values.to_char(value, None),
    ("SYS_EXTRACT_UTC", 1): lambda moment: moment,
    ("UPPER", 1): lambda text: None if text is None else str(text).upper(),
    ("LOWER", 1): lambda text: None if text is None else str(text).lower(),
    ("NVL", 2): lambda value, other: other if value is None else value,
    ("COALESCE", 2): lambda value, other: other if value is None else value,
}
