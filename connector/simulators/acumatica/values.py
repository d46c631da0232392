"""Scalars of the simulated ERP: their kinds, how they are read from JSON and written to it, and its clock.

Nothing here knows an entity; contract.py says which field is of which kind.
"""

import enum
import re
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation

Scalar = str | int | bool | Decimal | datetime | None


class Kind(enum.Enum):
    """The value types of the contract (`StringValue`, `DecimalValue`, …; short counts as integer)."""

    TEXT = "String"
    DECIMAL = "Decimal"
    INTEGER = "Int"
    BOOLEAN = "Boolean"
    MOMENT = "DateTime"
    GUID = "Guid"


class Clock:
    """The ERP's clock: aware UTC, whole milliseconds, never the same moment twice; it can be put forward."""

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._last = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        """The present moment."""
        return datetime.now(UTC) + self._ahead

    def stamp(self) -> datetime:
        """A moment for a row's LastModified: later than any given before, in whole milliseconds."""
        now = self.now()
        whole = now.replace(microsecond=now.microsecond // 1000 * 1000)
        self._last = max(whole, self._last + timedelta(milliseconds=1))
        return self._last

    def advance(self, seconds: float) -> None:
        """Put the clock forward."""
        self._ahead += timedelta(seconds=seconds)


def read(kind: Kind, raw: object) -> Scalar:
    """The scalar of a JSON value; numbers may come as text (recorded: `"OrderTotal": {"value": "2.00"}`).

    Raises ValueError when the value is not of that kind.
    """
    return None if raw is None else _READERS[kind](raw)


def wrap(value: Scalar) -> dict[str, object]:
    """The wire form `{"value": …}`, or `{}` for nothing, as in all recorded replies."""
    if value is None:
        return {}
    return {"value": moment_text(value) if isinstance(value, datetime) else value}


def moment_text(moment: datetime) -> str:
    """The wire form of a moment, e.g. `2023-12-14T19:52:38.79+00:00`: no trailing zeros in the fraction."""
    fraction = f".{moment.microsecond // 1000:03}".rstrip("0").rstrip(".")
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}+00:00"


def read_moment(text: str) -> datetime:
    """A moment from ISO text; without a zone it is taken as UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def as_decimal(raw: object) -> Decimal:
    """An exact number from a JSON number or text. Raises ValueError."""
    if isinstance(raw, bool) or not isinstance(raw, int | str | Decimal):
        raise ValueError(f"not a number: {raw!r}")
    try:
        number = Decimal(raw)
    except InvalidOperation as error:
        raise ValueError(f"not a number: {raw!r}") from error
    if not number.is_finite():
        raise ValueError(f"not a number: {raw!r}")
    return number


def midnight(moment: datetime) -> datetime:
    """The start of that day; date fields of the ERP have no time."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _text(raw: object) -> str:
    if isinstance(raw, bool) or not isinstance(raw, str | int | Decimal):
        raise ValueError(f"not text: {raw!r}")
    return str(raw).rstrip()


def _integer(raw: object) -> int:
    number = as_decimal(raw)
    if number != number.to_integral_value():
        raise ValueError(f"not a whole number: {raw!r}")
    return int(number)


def _boolean(raw: object) -> bool:
    known = {"true": True, "false": False}
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw.lower() in known:
        return known[raw.lower()]
    raise ValueError(f"not true or false: {raw!r}")


def _moment(raw: object) -> datetime:
    if isinstance(raw, datetime):
        return raw
    if isinstance(raw, date) or not isinstance(raw, str):
        raise ValueError(f"not a date and time: {raw!r}")
    return read_moment(raw)


def _guid(raw: object) -> str:
    if not isinstance(raw, str):
        raise ValueError(f"not a GUID: {raw!r}")
    return str(uuid.UUID(raw))


_READERS: dict[Kind, Callable[[object], Scalar]] = {
    Kind.TEXT: _text,
    Kind.DECIMAL: as_decimal,
    Kind.INTEGER: _integer,
    Kind.BOOLEAN: _boolean,
    Kind.MOMENT: _moment,
    Kind.GUID: _guid,
}


def is_guid(text: str) -> bool:
    """Whether a path segment is an entity's `id` rather than a key value."""
    return bool(re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text))
