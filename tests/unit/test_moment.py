"""Moments as people write them at the command line: always aware, and a sentence where they cannot be read."""

from datetime import UTC, datetime, timedelta, timezone

import click
import pytest

from connector.commands.moment import Moment


def read(text: str) -> datetime:
    """What a person wrote, as the option gives it."""
    return Moment().convert(text, None, None)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T12:00:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00+02:00", datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=2)))),
    ],
)
def test_a_moment_is_iso_and_utc_where_no_zone_is_given(text: str, moment: datetime) -> None:
    assert (read(text), read(text).tzinfo is not None) == (moment, True)


@pytest.mark.parametrize(
    ("text", "ago"), [("30m", timedelta(minutes=30)), ("12h", timedelta(hours=12)), ("7d", timedelta(days=7))]
)
def test_a_moment_may_be_so_long_ago(text: str, ago: timedelta) -> None:
    before = datetime.now(UTC)
    assert before <= read(text) + ago <= datetime.now(UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "7", "d", "-7d", "7w", "2026-13-01", "٣٠m x"])
def test_what_cannot_be_read_is_refused_with_what_can(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no time: write 2026-01-31T12:00:00Z"):
        read(text)


@pytest.mark.parametrize("text", ["999999d", "0001-01-01T00:00+14:00", "9999-12-31"])
def test_what_is_beyond_all_that_can_be_counted_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is too far away: a time is between 1970 and 9000"):
        read(text)
