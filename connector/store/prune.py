"""Taking away what is only detail by now: stored calls, the data of old events, notices that are done.

What promises rest on stays: each event's identity, facts, links, the line of every entry with its steps that are done
or in doubt, and everything of an entry that is not finished. So what was pruned and is heard again is known. Small
transactions over windows of ids; rows that somebody holds are left to the next time. When it runs is not decided here.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from connector.status import FINISHED, NoticeStatus
from connector.store import digest, tallies, versions
from connector.store.alert_tables import alert, alert_message, alert_told
from connector.store.database import Database, Transaction
from connector.store.tables import attempt, context, entry, event, inspection, journal, notice, step
from schemas.config import Retention

WINDOW = 1_000
"""Ids that one transaction looks at."""

GONE = "pruned"
"""The state of an event of which the identity is left."""

_DONE = (NoticeStatus.COMPLETED, NoticeStatus.IGNORED)

Pruned = Mapping[str, int]
"""What was taken away -> how many rows: entries, events, contexts, steps, attempts (tries, and looks by hand), calls
(tries of which only the outcome is left), moves (lines of the journal), notices, alerts, messages
(and what was told by them)."""


@dataclass(frozen=True)
class _Change:
    """Rows of one table that are deleted (`values` None) or stripped, counted under a name; where there were some,
    what `then` does follows in the same transaction."""

    name: str
    table: sa.Table
    rows: sa.ColumnElement[bool]
    values: Mapping[str, Any] | None = None
    then: Callable[[Transaction], object] = lambda _: None


class Pruning:
    """One pruning of a store. `rehearsal`: only count. `stopping` is asked between transactions."""

    def __init__(
        self,
        database: Database,
        retention: Retention,
        *,
        rehearsal: bool = False,
        stopping: Callable[[], bool] = lambda: False,
        window: int = WINDOW,
    ) -> None:
        self._database = database
        self._retention = retention
        self._rehearsal = rehearsal
        self._stopping = stopping
        self._window = window
        self._counts: Counter[str] = Counter()

    def run(self) -> Pruned:
        """Prune, and say how much; what `stopping` leaves undone is done the next time."""
        acts: tuple[tuple[sa.Table, _Act], ...] = (
            (entry, _entries),
            (notice, _notices),
            (event, _unrouted),
            (alert, _alerts),
            (alert_message, _messages),
        )
        for table, act in acts:
            for first, last in self._windows(table):
                self._in_window(act, first, last)
        if not self._rehearsal:
            with self._database.write() as tx:
                tallies.prune(tx)
                digest.forget_causes(tx)
        return dict(self._counts)

    def _windows(self, table: sa.Table) -> Iterator[tuple[int, int]]:
        """Windows of ids from the lowest there is to the highest, as long as nobody asks to stop."""
        with (
            self._database.read() as tx
        ):  # two questions: SQLite reads the whole of an index to answer both at once
            first = tx.value(sa.select(sa.func.min(table.c.id))) or 0
            highest = tx.value(sa.select(sa.func.max(table.c.id))) or -1
        while first <= highest and not self._stopping():
            yield first, first + self._window - 1
            first += self._window

    def _in_window(self, act: "_Act", first: int, last: int) -> None:
        """Look without a lock; only where there is something to do, do it in a transaction that writes."""
        with self._database.read() as tx:
            changes = act(_Look(tx, self._retention, locks=False), first, last)
            found = Counter({one.name: 0 for one in changes})
            for one in changes:
                found[one.name] += _count(tx, one)
        if not self._rehearsal and found.total():
            with self._database.write() as tx:
                found = Counter()
                for one in act(_Look(tx, self._retention, locks=True), first, last):
                    found[one.name] += _carry_out(tx, one)
        self._counts.update({name: count for name, count in found.items() if count})


@dataclass(frozen=True)
class _Look:
    """A transaction that looks for what is over; with `locks` it holds what it finds, but for what others hold."""

    tx: Transaction
    retention: Retention
    locks: bool

    def over(self, last_change: datetime, what: str) -> bool:
        """Is this longer ago than it is kept?"""
        days: float | None = getattr(self.retention, what)
        return days is not None and last_change < self.tx.now - timedelta(days=days)

    def held(self, table: sa.Table, ids: Sequence[int], still: sa.ColumnElement[bool]) -> list[int]:
        """Those of the rows that are still so."""
        if not ids:
            return []
        rows = sa.select(table.c.id).where(table.c.id.in_(ids), still).order_by(table.c.id)
        return list(self.tx.values(rows.with_for_update(skip_locked=True) if self.locks else rows))


_Act = Callable[[_Look, int, int], list[_Change]]


# -- entries and their events ------------------------------------------------------------------------------


def _entries(look: _Look, first: int, last: int) -> list[_Change]:
    finished = sa.and_(entry.c.id.between(first, last), entry.c.status.in_(sorted(FINISHED)))
    columns = (entry.c.id, entry.c.event_id, entry.c.status, entry.c.updated_at)
    seen = look.tx.rows(sa.select(*columns).where(finished))
    old = {row["id"]: row["event_id"] for row in seen if look.over(row["updated_at"], row["status"])}
    called = [row["id"] for row in seen if row["id"] not in old and look.over(row["updated_at"], "exchanges")]
    events = _events_that_end(look, sorted(set(old.values())), last)
    ids = look.held(entry, list(old), finished)
    return [*_identities(events), *_lines(ids), _calls(attempt.c.entry_id.in_(called))]


def _events_that_end(look: _Look, event_ids: Sequence[int], last: int) -> list[int]:
    """Those of which no entry still needs the data; each is ended by the window in which its last entry stands."""
    held = look.held(event, event_ids, event.c.state.in_(("routed", GONE)))
    columns = (entry.c.id, entry.c.event_id, entry.c.status, entry.c.updated_at)
    rows = look.tx.rows(sa.select(*columns).where(entry.c.event_id.in_(held)))
    needed = {
        row["event_id"]
        for row in rows
        if row["id"] > last
        or row["status"] not in FINISHED
        or not look.over(row["updated_at"], row["status"])
    }
    return [event_id for event_id in held if event_id not in needed]


def _lines(ids: Sequence[int]) -> list[_Change]:
    """Of an entry its line, its keys and its last move are left, and the steps that are done or may be."""
    last = (
        sa.select(sa.func.max(journal.c.id)).where(journal.c.entry_id.in_(ids)).group_by(journal.c.entry_id)
    )
    of_entry = step.c.entry_id.in_(ids)
    never_begun = sa.and_(step.c.done_at.is_(None), step.c.doubt_at.is_(None), step.c.before.is_(None))
    done = sa.and_(step.c.done_at.is_not(None), step.c.spec != sa.literal({}, step.c.spec.type))
    return [
        _Change("attempts", attempt, attempt.c.entry_id.in_(ids)),
        _Change("moves", journal, sa.and_(journal.c.entry_id.in_(ids), journal.c.id.not_in(last))),
        _Change("steps", step, sa.and_(of_entry, never_begun)),
        _Change("steps", step, sa.and_(of_entry, done), {"spec": {}, "seen": sa.null(), "fields": sa.null()}),
        _Change("attempts", inspection, inspection.c.entry_id.in_(ids)),
        _Change(
            "entries", entry, sa.and_(entry.c.id.in_(ids), entry.c.plan.is_not(None)), {"plan": sa.null()}
        ),
    ]


# -- notices, and events that match no flow ----------------------------------------------------------------


def _notices(look: _Look, first: int, last: int) -> list[_Change]:
    done = sa.and_(notice.c.id.between(first, last), notice.c.status.in_(_DONE))
    seen = look.tx.rows(sa.select(notice.c.id, notice.c.updated_at).where(done))
    old = {row["id"] for row in seen if look.over(row["updated_at"], "notices")}
    called = [row["id"] for row in seen if row["id"] not in old and look.over(row["updated_at"], "exchanges")]
    ids = look.held(notice, sorted(old), done)
    return [
        _Change("attempts", attempt, attempt.c.notice_id.in_(ids)),
        _Change("notices", notice, notice.c.id.in_(ids)),
        _calls(attempt.c.notice_id.in_(called)),
    ]


def _unrouted(look: _Look, first: int, last: int) -> list[_Change]:
    """Those without entries; one that was pruned and heard again has data once more."""
    alone = sa.and_(event.c.state.in_(("unrouted", GONE)), ~sa.exists().where(entry.c.event_id == event.c.id))
    here = sa.and_(event.c.id.between(first, last), alone)
    seen = look.tx.rows(sa.select(event.c.id, event.c.received_at).where(here))
    old = [row["id"] for row in seen if look.over(row["received_at"], "unrouted")]
    return _identities(look.held(event, old, alone))


def _alerts(look: _Look, first: int, last: int) -> list[_Change]:
    """Those that are over, with what was told of them."""
    over = sa.and_(alert.c.id.between(first, last), alert.c.closed_at.is_not(None))
    seen = look.tx.rows(sa.select(alert.c.id, alert.c.closed_at).where(over))
    old = look.held(alert, [row["id"] for row in seen if look.over(row["closed_at"], "alerts")], over)
    told = _Change("messages", alert_told, alert_told.c.alert_id.in_(old))
    return [told, _Change("alerts", alert, alert.c.id.in_(old))]


def _messages(look: _Look, first: int, last: int) -> list[_Change]:
    """Messages that were sent or given up."""
    ended = sa.and_(alert_message.c.id.between(first, last), alert_message.c.ended_at.is_not(None))
    seen = look.tx.rows(sa.select(alert_message.c.id, alert_message.c.ended_at).where(ended))
    old = [row["id"] for row in seen if look.over(row["ended_at"], "alerts")]
    return [_Change("messages", alert_message, alert_message.c.id.in_(look.held(alert_message, old, ended)))]


def _identities(event_ids: Sequence[int]) -> list[_Change]:
    """Of an event its identity is left; what was stored beside it goes."""
    whole = sa.and_(event.c.id.in_(event_ids), event.c.data != sa.literal({}, event.c.data.type))
    return [
        _Change("contexts", context, context.c.event_id.in_(event_ids)),
        _Change("events", event, whole, {"data": {}, "state": GONE}, partial(_forget, event_ids)),
    ]


def _forget(event_ids: Sequence[int], tx: Transaction) -> None:
    """What was derived of the data, and what the audit keeps of its edits, goes with it."""
    digest.forget(event_ids, tx)
    versions.forget_edits(event_ids, tx)


def _calls(of: sa.ColumnElement[bool]) -> _Change:
    """A try stays, with its outcome; what was sent and came back goes."""
    any_calls = attempt.c.exchanges != sa.literal([], attempt.c.exchanges.type)
    return _Change("calls", attempt, sa.and_(of, any_calls), {"exchanges": []})


def _count(tx: Transaction, change: _Change) -> int:
    return int(tx.value(sa.select(sa.func.count()).select_from(change.table).where(change.rows)))


def _carry_out(tx: Transaction, change: _Change) -> int:
    if change.values is None:
        return tx.run(change.table.delete().where(change.rows))
    count = tx.run(change.table.update().where(change.rows).values(**change.values))
    if count:
        change.then(tx)
    return count
