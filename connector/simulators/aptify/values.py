"""One value of a field: read from what was sent, and written as text or as JSON."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from connector.simulators.aptify.options import Options

_TRUE, _FALSE = frozenset(("1", "true", "yes", "on")), frozenset(("", "0", "false", "no", "off"))
_FORMATS = ("%m/%d/%Y", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %I:%M:%S %p")
_US = "{0.month}/{0.day}/{0.year} {hour}:{0.minute:02}:{0.second:02} {half}"


def read(kind: str, value: Any, options: Options) -> Any:
    """The value of a field out of JSON or a form. Raises ValueError."""
    if isinstance(value, dict | list):
        raise ValueError("not a single value")
    return _READERS["ref" if kind.startswith("ref:") else kind](value, options)


def _text(value: Any, options: Options) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return "" if value is None else str(value)


def _decimal(value: Any, options: Options) -> Decimal | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        raise ValueError("not a number")
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise ValueError("not a number") from error
    if not number.is_finite():
        raise ValueError("not a number")
    return number


def _integer(value: Any, options: Options) -> int | None:
    number = _decimal(value, options)
    if number is not None and number != int(number):
        raise ValueError("not a whole number")
    return None if number is None else int(number)


def _reference(value: Any, options: Options) -> int | None:
    """-1 is none."""
    number = _integer(value, options)
    return None if number is None or number < 0 else number


def _flag(value: Any, options: Options) -> bool:
    text = str("" if value is None else value).lower()
    if text not in _TRUE | _FALSE:
        raise ValueError("neither true nor false")
    return text in _TRUE


def _moment(value: Any, options: Options) -> datetime | None:
    """A local time of the server, unless it bears a zone."""
    text = "" if value is None else str(value).strip()
    if not text:
        return None
    moment = _parsed(text)
    local = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(options.zone))
    return local.astimezone(UTC)


def _parsed(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        for form in _FORMATS:
            try:
                return datetime.strptime(text, form)  # noqa: DTZ007 - the zone is added by the caller
            except ValueError:
                continue
        raise ValueError("not a date") from None


_READERS: Mapping[str, Callable[[Any, Options], Any]] = {
    "text": _text,
    "money": _decimal,
    "number": _decimal,
    "integer": _integer,
    "flag": _flag,
    "moment": _moment,
    "ref": _reference,
}


def local(moment: datetime, options: Options) -> datetime:
    """As the server's clocks show it, without a zone."""
    return moment.astimezone(ZoneInfo(options.zone)).replace(tzinfo=None)


def as_text(kind: str, value: Any, options: Options) -> str:
    """As GetRecord writes it, where every value is a text: -1 for no reference, money with four places."""
    if kind.startswith("ref:"):
        return "-1" if value is None else str(value)
    if kind == "flag":
        return "1" if value else "0"
    if value is None:
        return ""
    if isinstance(value, datetime):
        shown = local(value, options)
        if options.date_form == "iso":
            return f"{shown:%Y-%m-%dT%H:%M:%S}"
        return _US.format(shown, hour=shown.hour % 12 or 12, half="AM" if shown.hour < 12 else "PM")
    if kind == "money":
        return f"{Decimal(value):.4f}"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def as_json(kind: str, value: Any, options: Options) -> Any:
    """As views and the replies to saves write it."""
    if kind.startswith("ref:"):
        return -1 if value is None else value
    if kind == "flag":
        return bool(value)
    if isinstance(value, datetime):
        return f"{local(value, options):%Y-%m-%dT%H:%M:%S}"
    return value if value is not None or kind != "text" else ""
