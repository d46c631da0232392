"""Hours that come again, as spans of time: is a moment inside, when do they end, how much of them has passed.

Pure. Hours are by the clock of their zone: where it is put forward or back inside of them, they are shorter or longer.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from schemas.alerts import DAYS, Hours

LONGEST = timedelta(days=14)
"""So far is looked ahead for the end of hours that follow each other; later than that is never."""

_DAY = timedelta(days=1)


def inside(hours: Iterable[Hours], moment: datetime) -> bool:
    """Is this moment inside of any of them?"""
    return any(begin <= moment < end for one in hours for begin, end in spans(one, moment, moment))


def over_at(hours: Iterable[Hours], moment: datetime) -> datetime:
    """The first moment from this one on that is in none of them."""
    known, last = tuple(hours), moment + LONGEST
    while moment < last:
        ends = [end for one in known for begin, end in spans(one, moment, moment) if begin <= moment < end]
        if not ends:
            break
        moment = max(ends)
    return moment


def passed(hours: Hours, since: datetime, until: datetime) -> float:
    """Seconds of these hours between two moments."""
    inner = ((max(begin, since), min(end, until)) for begin, end in spans(hours, since, until))
    return sum(max((end - begin).total_seconds(), 0.0) for begin, end in inner)


def spans(hours: Hours, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The spans, in UTC, that touch the time between two moments, and perhaps some beside it."""
    zone = ZoneInfo(hours.zone)
    day = since.astimezone(zone).date() - _DAY
    last = until.astimezone(zone).date()
    while day <= last:
        if DAYS[day.weekday()] in hours.days:
            yield _span(hours, zone, day)
        day += _DAY


def _span(hours: Hours, zone: ZoneInfo, day: date) -> tuple[datetime, datetime]:
    then = day if hours.begins < hours.ends else day + _DAY
    begin = datetime.combine(day, hours.begins, zone)
    return begin.astimezone(UTC), datetime.combine(then, hours.ends, zone).astimezone(UTC)
