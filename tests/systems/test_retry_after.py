"""Retry-After as seconds and as a date."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from connector.systems.retry_after import seconds

DATE = "Mon, 23 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry-after": "30"}, 30.0),
        ({"retry-after": " 0 "}, 0.0),
        ({"retry-after": "Mon, 23 Nov 2026 12:02:00 GMT", "date": DATE}, 120.0),
        ({"retry-after": "Mon, 23 Nov 2026 11:00:00 GMT", "date": DATE}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "٣"}, None),
        ({}, None),
    ],
)
def test_seconds_and_dates_are_understood_and_nothing_else(
    headers: dict[str, str], expected: float | None
) -> None:
    assert seconds(headers) == expected


def test_a_date_without_the_answers_own_counts_from_now() -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    found = seconds({"retry-after": until})
    assert found is not None
    assert 3500 < found <= 3600
