"""Reading the connector log: lists with filters and a cursor, one entry or notice whole, and counts.

It changes nothing; what a person does to entries stands in `connector/operate.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from connector.status import FINISHED, Status
from connector.store import contexts, entries, inspections, intake, links, steps
from connector.store import filters as filtering
from connector.store.database import Transaction
from connector.store.entries import EntryRow
from connector.store.filters import Filters as Filters
from connector.store.inspections import InspectionRow
from connector.store.intake import EventRow, NoticeRow
from connector.store.links import Pair
from connector.store.search import search
from connector.store.steps import StepRow
from connector.store.tables import UNROUTED, attempt, entry, entry_key, event, journal, notice
from schemas.events import EVENT_TYPES

MOST_ROWS = 500
"""Rows of one page, at most."""

_OPEN_NOTICES = ("received", "fetching", "retrying", "errored")


@dataclass(frozen=True)
class Page:
    """Entries, newest first; `cursor` asks for the page after this one and is None on the last."""

    rows: tuple[EntryRow, ...]
    cursor: str | None


@dataclass(frozen=True)
class Counted:
    """So many entries; with `more` there are more of them than were counted."""

    count: int
    more: bool


@dataclass(frozen=True)
class AttemptRow:
    """One try at an entry or a notice; `exchanges` are its calls, redacted when they were made."""

    number: int
    started_at: datetime
    ended_at: datetime
    outcome: str
    code: str
    reason: str
    late: bool
    exchanges: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class JournalRow:
    """One move of an entry: from (None at its birth), to, why, and who."""

    at: datetime
    old: str | None
    new: str
    code: str
    reason: str
    actor: str


@dataclass(frozen=True)
class Record:
    """Everything that is stored about one entry. `now` is the database's clock when it was read."""

    now: datetime
    entry: EntryRow
    event: EventRow
    keys: tuple[tuple[str, str], ...]
    orders: Mapping[str, Mapping[str, Any]]
    steps: tuple[StepRow, ...]
    attempts: tuple[AttemptRow, ...]
    journal: tuple[JournalRow, ...]
    links: tuple[Pair, ...]
    notices: tuple[NoticeRow, ...]
    inspections: tuple[InspectionRow, ...] = ()


@dataclass(frozen=True)
class NoticeRecord:
    """Everything that is stored about one notice."""

    now: datetime
    notice: NoticeRow
    attempts: tuple[AttemptRow, ...]


@dataclass(frozen=True)
class Counts:
    """How many entries and notices stand in each of their statuses, and how many events match no flow.

    `oldest_unfinished` is when the oldest entry was made that is neither finished nor for a person to act on.
    """

    entries: Mapping[str, int]
    notices: Mapping[str, int]
    unrouted: int
    oldest_unfinished: datetime | None


# -- lists -------------------------------------------------------------------------------------------------


def list_entries(
    tx: Transaction, filters: Filters | None = None, *, limit: int = 50, cursor: str | None = None
) -> Page:
    """A page of entries, newest first, from behind `cursor`; raises ValueError for a cursor not of ours."""
    limit = max(1, min(limit, MOST_ROWS))
    below = None if cursor is None else _position(cursor)
    rows = _newest(tx, filters or Filters(), below, limit + 1)
    return Page(rows[:limit], str(rows[limit - 1].id) if len(rows) > limit else None)


def count_entries(tx: Transaction, filters: Filters, most: int = 10_000) -> Counted:
    """How many there are, counted up to `most`: what a person is told before something is done to all of them."""
    count = len(_ids(tx, filters, None, most + 1))
    return Counted(min(count, most), more=count > most)


def walk(tx: Transaction, filters: Filters, batch: int = MOST_ROWS, *, upto: int) -> Iterator[EntryRow]:
    """All of them up to this id, newest first, read by so many at once: what comes meanwhile is not among them."""
    below = upto + 1
    while rows := _newest(tx, filters, below, batch):
        yield from rows
        below = rows[-1].id


def _newest(tx: Transaction, filters: Filters, below: int | None, limit: int) -> tuple[EntryRow, ...]:
    found = entries.get(tx, _ids(tx, filters, below, limit))
    return tuple(found[entry_id] for entry_id in sorted(found, reverse=True))


def _ids(tx: Transaction, filters: Filters, below: int | None, limit: int) -> Sequence[int]:
    wanted = filtering.wanted(tx, filters).within(None, below)
    return search(tx, wanted, filters.q, limit) if filters.q else tx.values(wanted.ids(limit))


def _position(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= 18):
        raise ValueError(f"{cursor!r} is no cursor: take the one that came with the page before")
    return int(cursor)


def published(
    tx: Transaction, flow: str, since: datetime, until: datetime, *, after: int = 0, limit: int = MOST_ROWS
) -> list[EntryRow]:
    """The published entries of a flow of which the event happened at or after `since` and before `until`, with ids
    behind `after`, oldest first."""
    here = sa.select(entry).join(event, event.c.id == entry.c.event_id).where(*_published(flow, since, until))
    return entries.rows_of(tx, here.where(entry.c.id > after).order_by(entry.c.id).limit(limit))


def count_published(tx: Transaction, flow: str, since: datetime, until: datetime) -> int:
    """How many there are of them."""
    joined = sa.select(sa.func.count()).select_from(entry).join(event, event.c.id == entry.c.event_id)
    return int(tx.value(joined.where(*_published(flow, since, until))))


def _published(flow: str, since: datetime, until: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        entry.c.flow == flow,
        entry.c.status == Status.PUBLISHED,
        event.c.time >= since,
        event.c.time < until,
    )


def open_notices(tx: Transaction, limit: int = 50) -> Sequence[NoticeRow]:
    """Notices on which something is still to be done, by us or by a person; newest first."""
    return intake.notices(tx, status=_OPEN_NOTICES, limit=limit)


# -- one of them, whole ------------------------------------------------------------------------------------


def entry_record(tx: Transaction, entry_id: int) -> Record | None:
    """One entry with everything that belongs to it, or None where there is none."""
    row = entries.get(tx, [entry_id]).get(entry_id)
    if row is None:
        return None
    happened = intake.get_events(tx, [row.event_id])[row.event_id]
    return Record(
        now=tx.now,
        entry=row,
        event=happened,
        keys=_keys(tx, entry_id),
        orders=contexts.context_of(tx, [row.event_id]).get(row.event_id, {}).get("order", {}),
        steps=tuple(steps.of_entries(tx, [entry_id]).get(entry_id, ())),
        attempts=_attempts(tx, attempt.c.entry_id == entry_id),
        journal=_journal(tx, entry_id),
        links=tuple(links.of_entry(tx, entry_id)),
        notices=_heard_by(tx, happened),
        inspections=tuple(inspections.of_entry(tx, entry_id)),
    )


def notice_record(tx: Transaction, notice_id: int) -> NoticeRecord | None:
    """One notice with the tries at fetching it, or None where there is none."""
    row = intake.get_notice(tx, notice_id)
    if row is None:
        return None
    return NoticeRecord(tx.now, row, _attempts(tx, attempt.c.notice_id == notice_id))


def _keys(tx: Transaction, entry_id: int) -> tuple[tuple[str, str], ...]:
    statement = sa.select(entry_key.c.connection, entry_key.c.number).where(entry_key.c.entry_id == entry_id)
    ordered = statement.order_by(entry_key.c.connection, entry_key.c.number)
    return tuple((row["connection"], row["number"]) for row in tx.rows(ordered))


def _attempts(tx: Transaction, of: sa.ColumnElement[bool]) -> tuple[AttemptRow, ...]:
    columns = [attempt.c[name] for name in AttemptRow.__dataclass_fields__]
    return tuple(AttemptRow(**row) for row in tx.rows(sa.select(*columns).where(of).order_by(attempt.c.id)))


def _journal(tx: Transaction, entry_id: int) -> tuple[JournalRow, ...]:
    columns = [journal.c[name] for name in JournalRow.__dataclass_fields__]
    statement = sa.select(*columns).where(journal.c.entry_id == entry_id).order_by(journal.c.id)
    return tuple(JournalRow(**row) for row in tx.rows(statement))


def _heard_by(tx: Transaction, happened: EventRow) -> tuple[NoticeRow, ...]:
    """The notices that spoke of this event's document, or were made to fetch it."""
    of_document = sa.and_(
        notice.c.connection == happened.source,
        notice.c.kind == EVENT_TYPES[happened.type].kind,
        notice.c.number == happened.document,
    )
    of_event = sa.or_(of_document, notice.c.event_id == happened.id)
    ids = tx.values(sa.select(notice.c.id).where(of_event).order_by(notice.c.id).limit(MOST_ROWS))
    return tuple(row for one in ids if (row := intake.get_notice(tx, one)) is not None)


# -- counts ------------------------------------------------------------------------------------------------


def counts(tx: Transaction) -> Counts:
    """What stands where, now."""
    tally = _tally(tx, entry)
    busy = [status for status in tally if status not in {*FINISHED, "errored", "held"}]
    # Status by status, each is a look into an index; for all at once PostgreSQL walks through every older entry.
    firsts = [tx.value(sa.select(sa.func.min(entry.c.id)).where(entry.c.status == status)) for status in busy]
    oldest = min((first for first in firsts if first is not None), default=None)
    return Counts(
        entries=tally,
        notices=_tally(tx, notice),
        unrouted=int(tx.value(sa.select(sa.func.count()).select_from(event).where(sa.text(UNROUTED)))),
        oldest_unfinished=entries.get(tx, [oldest])[oldest].created_at if oldest is not None else None,
    )


def _tally(tx: Transaction, table: sa.Table) -> dict[str, int]:
    statement = sa.select(table.c.status, sa.func.count().label("rows")).group_by(table.c.status)
    return {str(row["status"]): int(row["rows"]) for row in tx.rows(statement.order_by(table.c.status))}
