"""Counts, moments and lengths of time, as people say them."""

from datetime import UTC, datetime


def counted(number: int, one: str, many: str = "") -> str:
    """`1 entry`, `2 entries`; the plural ends with s unless it is given."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def moment(at: datetime) -> str:
    """A moment that says the same whenever it is read: `2026-01-31 12:00:28 UTC`."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def lasting(seconds: float) -> str:
    """A length of time in its greatest unit, rounded down: `45 seconds`, `2 hours`, `3 days`."""
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * length or seconds == length:
            return counted(int(seconds // length), unit)
    return counted(int(seconds), "second")
