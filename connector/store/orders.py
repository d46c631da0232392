"""Everything that is stored about one order, at all of its numbers: documents, events, notices, entries, links.

It reads, and tells nothing: how the story goes is `connector/timeline.py`. No look-up here reads a table that grows.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from connector.status import BLOCKING, Status
from connector.store import entries, heard, intake, lanes, steps, waits
from connector.store.browse import JournalRow
from connector.store.database import Transaction
from connector.store.entries import EntryRow
from connector.store.intake import EventRow, NoticeRow
from connector.store.lanes import LaneRow
from connector.store.links import Place
from connector.store.numbers import LinkRow, kind_of, links_of, numbers_of
from connector.store.steps import StepRow
from connector.store.tables import context, entry, entry_key, event, fact, journal, notice
from schemas.base import DocumentRef
from schemas.events import EVENT_TYPES

MOST_ENTRIES = 500
"""Entries of one order that are read, at most: the newest."""

Paper = tuple[str, str, str]
"""A document anywhere: (connection, kind, number)."""


@dataclass(frozen=True)
class ContextRow:
    """An order as it was fetched beside an event of `source`."""

    source: str
    number: str
    document: Mapping[str, Any]
    stored_at: datetime


@dataclass(frozen=True)
class OrderRecord:
    """Everything that is stored about one order. `now` is the database's clock when it was read.

    `places` are its numbers everywhere, the one under which it was born first. `left_behind` are the ids of events
    that do not hold at their source any more. `blockers`: entry id -> the entry that keeps it from going on.
    `left_out`: there are more entries than were read.
    """

    now: datetime
    places: tuple[Place, ...]
    links: tuple[LinkRow, ...] = ()
    events: tuple[EventRow, ...] = ()
    left_behind: frozenset[int] = frozenset()
    context: tuple[ContextRow, ...] = ()
    notices: tuple[NoticeRow, ...] = ()
    entries: tuple[EntryRow, ...] = ()
    steps: Mapping[int, Sequence[StepRow]] = field(default_factory=dict)
    journal: Mapping[int, Sequence[JournalRow]] = field(default_factory=dict)
    blockers: Mapping[int, EntryRow] = field(default_factory=dict)
    lanes: tuple[LaneRow, ...] = ()
    left_out: bool = False


def record(tx: Transaction, place: Place) -> OrderRecord:
    """Read everything about the order at this place."""
    places = numbers_of(tx, place)
    rows, left_out = _entries(tx, places)
    planned = steps.of_entries(tx, [row.id for row in rows])
    events = {**intake.get_events(tx, {row.event_id for row in rows}), **heard.naming(tx, places)}
    theirs = _of_other_orders(planned, places)
    ours = {_document(row) for row in events.values()} | {(at, "order", number) for at, number in places}
    joined, papers = _joined(tx, (ours | _effects(planned)) - theirs, theirs)
    events |= _events_about(tx, papers)
    told = tuple(events[event_id] for event_id in sorted(events))
    names = {name for row in rows for name in (row.source, row.target)} | {name for name, _ in places}
    return OrderRecord(
        now=tx.now,
        places=places,
        links=tuple(joined),
        events=told,
        left_behind=_left_behind(tx, told),
        context=_context(tx, told, places),
        notices=_open_notices(tx, papers),
        entries=tuple(rows),
        steps=planned,
        journal=_journal(tx, [row.id for row in rows]),
        blockers=_blockers(tx, rows),
        lanes=tuple(row for row in lanes.overview(tx) if row.connection in names),
        left_out=left_out,
    )


# -- entries -----------------------------------------------------------------------------------------------


def _entries(tx: Transaction, places: Sequence[Place]) -> tuple[list[EntryRow], bool]:
    here = tx.among((entry_key.c.number, entry_key.c.connection), [(number, at) for at, number in places])
    statement = sa.select(entry_key.c.entry_id).where(here).distinct().order_by(entry_key.c.entry_id.desc())
    ids = tx.values(statement.limit(MOST_ENTRIES + 1))
    return list(entries.get(tx, ids[:MOST_ENTRIES]).values()), len(ids) > MOST_ENTRIES


def _journal(tx: Transaction, ids: Sequence[int]) -> dict[int, list[JournalRow]]:
    columns = [journal.c[name] for name in JournalRow.__dataclass_fields__]
    statement = (
        sa.select(journal.c.entry_id, *columns).where(journal.c.entry_id.in_(ids)).order_by(journal.c.id)
    )
    found: dict[int, list[JournalRow]] = {}
    for row in tx.rows(statement):
        values = {name: row[name] for name in JournalRow.__dataclass_fields__}
        found.setdefault(row["entry_id"], []).append(JournalRow(**values))
    return found


def _blockers(tx: Transaction, rows: Sequence[EntryRow]) -> dict[int, EntryRow]:
    """What stands before entries that are queued or retrying, and what should have made the link for waiting ones."""
    ready = [row.id for row in rows if row.status in (Status.QUEUED, Status.RETRYING)]
    before = _before(tx, ready)
    found = {row.id: before[row.id] for row in rows if row.id in before}
    for row in rows:
        if row.status == Status.WAITING and row.wait_kind:
            blocker = waits.blocker(tx, row.id, f"{row.wait_kind}.created")
            found |= {row.id: blocker} if blocker else {}
    return found


def _before(tx: Transaction, ids: Sequence[int]) -> dict[int, EntryRow]:
    """The last unfinished entry before each of these on the way to the same target, by any order in common."""
    mine, theirs, before = entry_key.alias("mine"), entry_key.alias("theirs"), entry.alias("before")
    same = sa.and_(
        *(theirs.c[name] == mine.c[name] for name in ("number", "connection", "target")),
        theirs.c.entry_id < mine.c.entry_id,
    )
    statement = (
        sa.select(mine.c.entry_id, sa.func.max(before.c.id).label("before"))
        .select_from(mine.join(theirs, same).join(before, before.c.id == theirs.c.entry_id))
        .where(mine.c.entry_id.in_(ids), before.c.status.in_(sorted(BLOCKING)))
        .group_by(mine.c.entry_id)
    )
    found = {row["entry_id"]: row["before"] for row in tx.rows(statement)} if ids else {}
    rows = entries.get(tx, set(found.values()))
    return {entry_id: rows[other] for entry_id, other in found.items()}


# -- documents ---------------------------------------------------------------------------------------------


def _document(row: EventRow) -> Paper:
    return (row.source, kind_of(row.type), row.document)


def _done(planned: Mapping[int, Sequence[StepRow]]) -> Iterable[StepRow]:
    return (step for steps in planned.values() for step in steps if step.done_at and step.document)


def _effects(planned: Mapping[int, Sequence[StepRow]]) -> set[Paper]:
    """What our steps made or changed at their targets."""
    return {_effect(step) for step in _done(planned)}


def _effect(step: StepRow) -> Paper:
    found = DocumentRef.model_validate(step.document)
    return (found.connection, found.kind, found.number)


def order_of(step: StepRow) -> Place | None:
    """The order that a step is for, at its source; None where its specification does not say."""
    found = (step.spec.get("order") or {}).get("order")
    return (found["connection"], found["number"]) if found else None


def _of_other_orders(planned: Mapping[int, Sequence[StepRow]], places: Collection[Place]) -> set[Paper]:
    """What the steps for the other orders of a combined shipment made: it is theirs."""
    theirs = {_effect(step) for step in _done(planned) if order_of(step) not in (None, *places)}
    return theirs - {_effect(step) for step in _done(planned) if order_of(step) in (None, *places)}


def _joined(tx: Transaction, start: set[Paper], theirs: set[Paper]) -> tuple[list[LinkRow], set[Paper]]:
    """The links of these documents and of what they lead to, and all the documents at their ends."""
    papers, open_ends, joined = set(start), set(start), dict[int, LinkRow]()
    while open_ends:
        ends = set[Paper]()
        for row in links_of(tx, {(at, number) for at, _, number in open_ends}):
            both = {(ref.connection, ref.kind, ref.number) for ref in (row.source, row.target)}
            if both & papers and not both & theirs:
                joined[row.id] = row
                ends |= both
        open_ends = ends - papers
        papers |= open_ends
    return [joined[link_id] for link_id in sorted(joined)], papers


# -- what was heard ----------------------------------------------------------------------------------------


def _events_about(tx: Transaction, papers: Iterable[Paper]) -> dict[int, EventRow]:
    """Every event about these documents, also those that came back from the target, and those that match no flow."""
    types = [
        (at, type_, number) for at, kind, number in papers for type_ in EVENT_TYPES if kind_of(type_) == kind
    ]
    here = tx.among((event.c.source, event.c.type, event.c.document), types)
    return {row["id"]: EventRow(**row) for row in tx.rows(sa.select(event).where(here).order_by(event.c.id))}


def _left_behind(tx: Transaction, events: Sequence[EventRow]) -> frozenset[int]:
    """The events whose fact was seen to hold no longer, or again at a later revision."""
    wanted = {(row.source, row.type, row.document) for row in events}
    rows = tx.rows(sa.select(fact).where(tx.among((fact.c.source, fact.c.type, fact.c.document), wanted)))
    current = {(row["source"], row["type"], row["document"]): row for row in rows}
    return frozenset(
        row.id
        for row in events
        if (found := current.get((row.source, row.type, row.document))) is not None
        and (not found["holds"] or found["revision"] > row.revision)
    )


def _context(
    tx: Transaction, events: Sequence[EventRow], places: Collection[Place]
) -> tuple[ContextRow, ...]:
    sources = {row.id: row.source for row in events}
    here = sa.and_(context.c.event_id.in_(sources), context.c.kind == "order")
    rows = [
        ContextRow(sources[row["event_id"]], row["number"], row["document"], row["stored_at"])
        for row in tx.rows(sa.select(context).where(here).order_by(context.c.event_id, context.c.number))
    ]
    return tuple(row for row in rows if (row.source, row.number) in places)


def _open_notices(tx: Transaction, papers: Iterable[Paper]) -> tuple[NoticeRow, ...]:
    """Notices of these documents on which something is still to be done, by us or by a person."""
    wanted = [(at, number, kind) for at, kind, number in papers]
    here = tx.among((notice.c.connection, notice.c.number, notice.c.kind), wanted)
    statement = (
        sa.select(notice.c.id).where(here, notice.c.status.in_(heard.OPEN_NOTICES)).order_by(notice.c.id)
    )
    found = (intake.get_notice(tx, notice_id) for notice_id in tx.values(statement.limit(MOST_ENTRIES)))
    return tuple(row for row in found if row is not None)
