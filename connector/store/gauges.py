"""What supervisors and dashboards ask of the store: is work being done, and how much stands where.

It reads and counts; the only rows that it writes are two marks, of the last sweep and the last pruning. Nothing here
reads finished rows one by one: what is open is found by its status, what is new by its number.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from connector.status import FINISHED, NoticeStatus, Status
from connector.store import lanes, tables
from connector.store.database import Transaction
from connector.store.tables import attempt, entry, event, journal, lane, notice

SWEPT = "@sweep"
"""The mark of the last sweep: a row beside the lanes, without a connection, with a time by the database's clock."""

PRUNED = "@prune"
"""The mark of the last pruning."""

OPEN = tuple(sorted(set(Status) - FINISHED))
"""Entries in one of these are under way, or for a person to act on."""

OPEN_NOTICES = (NoticeStatus.RECEIVED, NoticeStatus.FETCHING, NoticeStatus.RETRYING, NoticeStatus.ERRORED)
"""Notices in one of these are under way, or for a person to act on."""


# -- marks -------------------------------------------------------------------------------------------------


def declare_marks(tx: Transaction) -> None:
    """Make the marks that are not there yet, as of now."""
    lanes.declare(tx, [(SWEPT, ""), (PRUNED, "")])


def mark(tx: Transaction, name: str, older_than: float = 0) -> bool:
    """Set a mark to now, unless it is younger than so many seconds; was it set?"""
    here = sa.and_(lane.c.name == name, lane.c.updated_at <= tx.now - timedelta(seconds=older_than))
    return bool(tx.run(lane.update().where(here).values(updated_at=tx.now)))


def put_back(tx: Transaction, name: str, seconds: float) -> None:
    """Have a mark be so many seconds old: what it was set for could not be done."""
    then = tx.now - timedelta(seconds=seconds)
    tx.run(lane.update().where(lane.c.name == name).values(updated_at=then))


def since(tx: Transaction, name: str) -> float | None:
    """Seconds since a mark was set; None where it was never declared."""
    at: datetime | None = tx.value(sa.select(lane.c.updated_at).where(lane.c.name == name))
    return None if at is None else max((tx.now - at).total_seconds(), 0.0)


# -- progress ----------------------------------------------------------------------------------------------


def neglected(tx: Transaction, seconds: float, connections: Collection[str]) -> Sequence[str]:
    """Lanes of these connections whose work has been due for so long while nobody took the lane, and anybody could.

    A lane that is paused, whose circuit is open, or that was taken or given back meanwhile, is not neglected.
    """
    then = replace(tx, now=tx.now - timedelta(seconds=seconds))
    due = lanes.with_due_work(then)
    if not due:
        return ()
    untouched = sa.and_(lane.c.updated_at <= then.now, lane.c.connection.in_(list(connections)))
    return tx.values(
        sa.select(lane.c.name).where(lane.c.name.in_(list(due)), untouched).order_by(lane.c.name)
    )


@dataclass(frozen=True)
class Heads:
    """What the router takes next: the first event, and the first entry to plan anew; None where nothing waits."""

    event: int | None
    entry: int | None

    def stands(self, earlier: "Heads") -> bool:
        """Is the first of either still the same as it was?"""
        pairs = ((self.event, earlier.event), (self.entry, earlier.entry))
        return any(now is not None and now == before for now, before in pairs)


def heads(tx: Transaction) -> Heads:
    """The heads of the router's two queues."""
    first = sa.select(event.c.id).where(sa.text(tables.TO_ROUTE)).order_by(event.c.id).limit(1)
    anew = sa.select(entry.c.id).where(entry.c.replan, entry.c.status == Status.QUEUED)
    return Heads(tx.value(first), tx.value(anew.order_by(entry.c.id).limit(1)))


# -- what stands where -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OpenEntries:
    """So many entries of one flow stand in this status; the oldest was made `age` seconds ago."""

    flow: str
    target: str
    status: str
    count: int
    age: float


def open_entries(tx: Transaction) -> list[OpenEntries]:
    """Entries that are not finished, by flow and status."""
    group = (entry.c.flow, entry.c.target, entry.c.status)
    made = sa.func.min(entry.c.created_at).label("oldest")
    statement = sa.select(*group, sa.func.count().label("count"), made).where(entry.c.status.in_(OPEN))
    return [
        OpenEntries(row["flow"], row["target"], row["status"], row["count"], _age(tx, row["oldest"]))
        for row in tx.rows(statement.group_by(*group).order_by(*group))
    ]


@dataclass(frozen=True)
class OpenNotices:
    """So many notices of one connection stand in this status; the oldest was received `age` seconds ago."""

    connection: str
    status: str
    count: int
    age: float


def open_notices(tx: Transaction) -> list[OpenNotices]:
    """Notices that are not finished, by connection and status."""
    group = (notice.c.connection, notice.c.status)
    heard = sa.func.min(notice.c.received_at).label("oldest")
    statement = sa.select(*group, sa.func.count().label("count"), heard).where(
        notice.c.status.in_(OPEN_NOTICES)
    )
    return [
        OpenNotices(row["connection"], row["status"], row["count"], _age(tx, row["oldest"]))
        for row in tx.rows(statement.group_by(*group).order_by(*group))
    ]


def finished_entries(tx: Transaction) -> Mapping[str, int]:
    """Entries that are finished, by status: from the index alone, yet the whole of it, so not to be asked often."""
    return _counted(tx, entry, sorted(FINISHED))


def finished_notices(tx: Transaction) -> Mapping[str, int]:
    """Notices that are finished, by status; as above."""
    return _counted(tx, notice, (NoticeStatus.COMPLETED, NoticeStatus.IGNORED))


def _counted(tx: Transaction, table: sa.Table, statuses: Collection[str]) -> Mapping[str, int]:
    count = sa.select(table.c.status, sa.func.count().label("count")).where(table.c.status.in_(statuses))
    found = {row["status"]: row["count"] for row in tx.rows(count.group_by(table.c.status))}
    return {str(status): found.get(status, 0) for status in statuses}


@dataclass(frozen=True)
class Waiting:
    """Events that wait for the router, since how many seconds the oldest does, and events that match no flow."""

    to_route: int
    age: float
    unrouted: int


def waiting_events(tx: Transaction) -> Waiting:
    """From the two indices of such events."""
    count = sa.select(sa.func.count()).select_from(event)
    to_route = sa.text(tables.TO_ROUTE)
    oldest = sa.select(event.c.received_at).where(to_route).order_by(event.c.id).limit(1)
    return Waiting(
        to_route=int(tx.value(count.where(to_route))),
        age=_age(tx, tx.value(oldest)),
        unrouted=int(tx.value(count.where(sa.text(tables.UNROUTED)))),
    )


def _age(tx: Transaction, at: datetime | None) -> float:
    return 0.0 if at is None else max((tx.now - at).total_seconds(), 0.0)


# -- what is new -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tops:
    """The highest numbers given so far, each 0 before the first."""

    event: int
    journal: int
    attempt: int


def tops(tx: Transaction) -> Tops:
    """How far each table has come."""
    return Tops(
        *(int(tx.value(sa.select(sa.func.max(table.c.id))) or 0) for table in (event, journal, attempt))
    )


Tally = Mapping[tuple[str, ...], int]
"""Labels -> how many."""


def new_events(tx: Transaction, after: int, upto: int) -> Tally:
    """Events of these numbers: (source, type, via) -> how many."""
    columns = (event.c.source, event.c.type, event.c.via)
    return _tally(tx, sa.select(*columns).where(event.c.id > after, event.c.id <= upto))


def new_moves(tx: Transaction, after: int, upto: int) -> Tally:
    """Moves of entries of these numbers in the journal: (flow, new status) -> how many; births are moves too."""
    columns = (entry.c.flow, journal.c.new)
    moves = sa.select(*columns).join_from(journal, entry, journal.c.entry_id == entry.c.id)
    return _tally(tx, moves.where(journal.c.id > after, journal.c.id <= upto))


def new_attempts(tx: Transaction, after: int, upto: int) -> Tally:
    """Tries of these numbers: (connection, deliver or fetch, outcome) -> how many."""
    connection = sa.func.coalesce(entry.c.target, notice.c.connection).label("connection")
    work = sa.case((attempt.c.entry_id.is_not(None), "deliver"), else_="fetch").label("work")
    columns = (connection, work, attempt.c.outcome)
    tries = (
        sa.select(*columns)
        .select_from(attempt)
        .outerjoin(entry, attempt.c.entry_id == entry.c.id)
        .outerjoin(notice, attempt.c.notice_id == notice.c.id)
    )
    return _tally(tx, tries.where(attempt.c.id > after, attempt.c.id <= upto))


def _tally(tx: Transaction, rows: sa.Select[Any]) -> Tally:
    found = rows.subquery()
    statement = sa.select(*found.c, sa.func.count().label("count")).group_by(*found.c)
    return {
        tuple(str(row[column.name]) for column in found.c): int(row["count"]) for row in tx.rows(statement)
    }
