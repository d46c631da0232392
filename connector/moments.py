"""How a person writes a moment: ISO 8601, or so long ago. Pure."""

import re
from datetime import UTC, datetime, timedelta

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""Beyond these nothing can be counted on from a moment."""


def read(text: str, now: datetime) -> datetime:
    """The moment that is meant, in UTC where no zone is given; `30m`, `12h`, `7d` are so long before `now`.

    Raises ValueError, which says what would be right.
    """
    try:
        found = _read(text, now)
    except OverflowError:
        found = None
    except ValueError as error:
        right = "write 2026-01-31T12:00:00Z, 2026-01-31, or 30m, 12h, 7d ago"
        raise ValueError(f"{text!r} is no time: {right}") from error
    if found is None or not EARLIEST <= found < LATEST:
        raise ValueError(f"{text!r} is too far away: a time is between {EARLIEST:%Y} and {LATEST:%Y}")
    return found


def _read(text: str, now: datetime) -> datetime:
    if ago := re.fullmatch(r"([0-9]{1,6})([mhd])(?: ago)?", text):
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
