"""The Retry-After of an answer (RFC 9110, 10.2.3): seconds, or a date, which counts from the answer's own Date."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def seconds(headers: Mapping[str, str]) -> float | None:
    """Seconds to stay away, by lower-case header names; None where nothing is said that can be understood."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    until, said = _moment(text), _moment(headers.get("date", ""))
    if until is None:
        return None
    return max((until - (said or datetime.now(UTC))).total_seconds(), 0.0)


def _moment(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
