"""Values in SuiteQL: how they compare, how Oracle's date formats read and write, and how a result says them."""

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from connector.simulators.netsuite.errors import invalid_query

_TOKENS = {"YYYY": "%Y", "HH24": "%H", "MM": "%m", "DD": "%d", "MI": "%M", "SS": "%S"}
_TOKEN = re.compile(r'YYYY|HH24|MM|DD|MI|SS|\.?FF\d?|"[^"]*"|[-/:,.;T ]', re.IGNORECASE)
_ACCOUNT_DATE = "%m/%d/%Y"


def _python_format(oracle: str) -> str:
    """An Oracle date format in Python's words. Raises VendorError for a word that is not known here."""
    parts, place = [], 0
    while place < len(oracle):
        match = _TOKEN.match(oracle, place)
        if match is None:
            raise invalid_query(f"Invalid date format '{oracle}'.")
        word = match[0].upper()
        if "FF" in word:
            parts.append(".%f" if word.startswith(".") else "%f")
        else:
            parts.append(_TOKENS.get(word, match[0].strip('"')))
        place = match.end()
    return "".join(parts)


def to_date(text: object, oracle: str) -> datetime | None:
    """`TO_DATE` and `TO_TIMESTAMP`. Raises VendorError for a text that does not fit."""
    if text is None:
        return None
    try:
        return datetime.strptime(str(text), _python_format(oracle))  # noqa: DTZ007 - account time is UTC here
    except ValueError as error:
        raise invalid_query(f"The date '{text}' does not fit the format '{oracle}'.") from error


def to_char(value: Any, oracle: str | None) -> str | None:
    """`TO_CHAR` of a date or a number."""
    if isinstance(value, date) and oracle is not None:
        return value.strftime(_python_format(oracle))
    return shown(value)


def shown(value: Any) -> str | None:
    """A value as a result has it: always a text, dates in the account's format without their time."""
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, date):
        return value.strftime(_ACCOUNT_DATE)
    if isinstance(value, Decimal):
        whole = value == value.to_integral()
        return format(value.quantize(Decimal(1)) if whole else value.normalize(), "f")
    return None if value is None else str(value)


def ordered(left: Any, right: Any) -> tuple[Any, Any]:
    """Two values made comparable: as dates, as numbers, or as texts. Raises VendorError for no date."""
    if isinstance(left, date) or isinstance(right, date):
        return _moment(left), _moment(right)
    if isinstance(left, Decimal | int) or isinstance(right, Decimal | int):
        try:
            return Decimal(left), Decimal(right)
        except InvalidOperation as error:
            raise invalid_query("A number is compared with what is no number.") from error
    return str(left), str(right)


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - account time is UTC here
    try:
        return datetime.strptime(str(value), _ACCOUNT_DATE)  # noqa: DTZ007 - the same
    except ValueError as error:
        raise invalid_query(f"The date '{value}' is not in the account's format; use TO_DATE.") from error


def like(text: str, pattern: str) -> bool:
    """`LIKE`: `%` for anything, `_` for one character."""
    parts = (".*" if one == "%" else "." if one == "_" else re.escape(one) for one in pattern)
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None
