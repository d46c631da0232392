"""How many entries came into each status, flow by flow, in buckets of five minutes; and how long publishing took.

Counted once, behind the follower's mark (`digest.py`). A series is read by its time alone, however much was carried.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import sqlalchemy as sa

from connector.status import Status
from connector.store.database import Transaction
from connector.store.digest_tables import tally
from connector.store.tables import entry, event, journal

BUCKET = timedelta(minutes=5)

BOUNDS = (
    50,
    100,
    250,
    500,
    1_000,
    2_500,
    5_000,
    10_000,
    30_000,
    60_000,
    300_000,
    900_000,
    3_600_000,
    86_400_000,
)
"""Milliseconds up to which each place of a histogram counts; one more place counts what took longer."""

KEPT = timedelta(days=400)
"""So long tallies are kept: a year can be compared with the one before."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Histogram = tuple[int, ...]

NOTHING: Histogram = (0,) * (len(BOUNDS) + 1)


@dataclass(frozen=True)
class TallyRow:
    """So many entries of a flow came into a status from `at` on, for one step of a series.

    Of `queued` births are counted, of all others every move. Of `published`: the milliseconds from hearing of the
    event until it was published, summed, the slowest, and as a histogram over `BOUNDS`; zeros elsewhere.
    """

    at: datetime
    flow: str
    status: str
    count: int
    milliseconds: int = 0
    slowest: int = 0
    histogram: Histogram = NOTHING

    def __add__(self, other: "TallyRow") -> "TallyRow":
        return replace(
            self,
            count=self.count + other.count,
            milliseconds=self.milliseconds + other.milliseconds,
            slowest=max(self.slowest, other.slowest),
            histogram=tuple(one + two for one, two in zip(self.histogram, other.histogram, strict=True)),
        )


# -- reading -----------------------------------------------------------------------------------------------


def series(
    tx: Transaction, since: datetime, until: datetime, step: timedelta, statuses: Collection[str] = ()
) -> Sequence[TallyRow]:
    """What came from `since` (inclusive) until `until`, in steps counted from `since`; by time, flow and status.

    Steps in which nothing came have no row; `statuses`, where some are given, are all that is read. The database sums
    up, so many buckets cost little. Raises ValueError for a step that is shorter than a bucket.
    """
    if step < BUCKET:
        raise ValueError(f"a step of a series is {BUCKET} at least")
    here = sa.and_(tally.c.bucket >= since, tally.c.bucket < until)
    if statuses:
        here = sa.and_(here, tally.c.status.in_(list(statuses)))
    steps = _steps_since(tx, since, step).label("steps")
    group = (steps, tally.c.flow, tally.c.status)
    sums = [sa.func.sum(tally.c[name]).label(name) for name in ("count", "milliseconds")]
    places = [
        sa.func.sum(tally.c.histogram[at].as_integer()).label(f"place_{at}") for at in range(len(NOTHING))
    ]
    statement = sa.select(*group, *sums, sa.func.max(tally.c.slowest).label("slowest"), *places).where(here)
    return [
        TallyRow(
            since + int(row["steps"]) * step,
            *(row["flow"], row["status"], int(row["count"]), int(row["milliseconds"]), row["slowest"]),
            histogram=tuple(int(row[place.name] or 0) for place in places),
        )
        for row in tx.rows(statement.group_by(*group).order_by(*group))
    ]


def _steps_since(tx: Transaction, since: datetime, step: timedelta) -> sa.ColumnElement[int]:
    """How many whole steps lie between `since` and a bucket, which begins with a full second."""
    if tx.is_sqlite:
        epoch = sa.cast(sa.func.strftime("%s", tally.c.bucket), sa.BigInteger)
    else:
        epoch = sa.cast(sa.extract("epoch", tally.c.bucket), sa.BigInteger)
    microsecond = timedelta(microseconds=1)
    first, length = (since - _EPOCH) // microsecond, step // microsecond
    return (epoch * sa.literal(1_000_000, sa.BigInteger) - sa.literal(first, sa.BigInteger)) // sa.literal(
        length, sa.BigInteger
    )


def quantile(histogram: Sequence[int], share: float) -> float | None:
    """The milliseconds within which this share of all was published; None where nothing was.

    Inside one place of the histogram the times are taken to be spread evenly; the last place answers its lower bound.
    """
    rank, below = share * sum(histogram), 0
    if not rank:
        return None
    for count, (low, high) in zip(histogram, pairwise((0, *BOUNDS)), strict=False):
        if below + count >= rank:
            return low + (high - low) * (rank - below) / count
        below += count
    return float(BOUNDS[-1])


def _row(row: sa.RowMapping) -> TallyRow:
    histogram = tuple(row["histogram"]) or NOTHING
    return TallyRow(
        row["bucket"],
        *(row["flow"], row["status"], row["count"], row["milliseconds"], row["slowest"]),
        histogram=histogram,
    )


def _summed(rows: Iterable[TallyRow]) -> list[TallyRow]:
    found: dict[tuple[datetime, str, str], TallyRow] = {}
    for row in rows:
        key = (row.at, row.flow, row.status)
        found[key] = found[key] + row if key in found else row
    return [found[key] for key in sorted(found)]


# -- counting ----------------------------------------------------------------------------------------------


def add(tx: Transaction, after: int, upto: int) -> None:
    """Count the moves of these numbers in the journal. Whoever calls it sees to it that none is counted twice."""
    columns = (journal.c.at, journal.c.new, entry.c.flow, event.c.received_at)
    moves = (
        sa.select(*columns)
        .select_from(journal)
        .join(entry, entry.c.id == journal.c.entry_id)
        .join(event, event.c.id == entry.c.event_id)
        .where(journal.c.id > after, journal.c.id <= upto, _COUNTED)
    )
    new = _summed(_tallied(row) for row in tx.rows(moves))
    if not new:
        return
    key = (tally.c.flow, tally.c.status)
    here = sa.and_(
        tally.c.bucket.in_(sorted({row.at for row in new})),
        tx.among(key, sorted({(row.flow, row.status) for row in new})),
    )
    there = {(row.at, row.flow, row.status): row for row in map(_row, tx.rows(sa.select(tally).where(here)))}
    tx.put(tally, [_values(_joined(row, there)) for row in new])


_COUNTED = sa.or_(journal.c.old.is_(None), journal.c.new.not_in((Status.QUEUED, Status.DELIVERING)))


def _joined(row: TallyRow, there: dict[tuple[datetime, str, str], TallyRow]) -> TallyRow:
    before = there.get((row.at, row.flow, row.status))
    return row + before if before else row


def _tallied(row: sa.RowMapping) -> TallyRow:
    one = TallyRow(_EPOCH + (row["at"] - _EPOCH) // BUCKET * BUCKET, row["flow"], row["new"], 1)
    if row["new"] != Status.PUBLISHED:
        return one
    took = max((row["at"] - row["received_at"]) // timedelta(milliseconds=1), 0)
    place = next((at for at, bound in enumerate(BOUNDS) if took <= bound), len(BOUNDS))
    histogram = tuple(int(at == place) for at in range(len(NOTHING)))
    return replace(one, milliseconds=took, slowest=took, histogram=histogram)


def _values(row: TallyRow) -> dict[str, object]:
    histogram = list(row.histogram) if any(row.histogram) else []
    return {
        "bucket": row.at,
        "flow": row.flow,
        "status": row.status,
        "count": row.count,
        "milliseconds": row.milliseconds,
        "slowest": row.slowest,
        "histogram": histogram,
    }


def prune(tx: Transaction) -> int:
    """Forget what is older than is kept; how many rows."""
    return tx.run(tally.delete().where(tally.c.bucket < tx.now - KEPT))
