"""Levels: how something stands at a moment, told in full (an article's inventory). Of one level only the newest counts.

Newest is what changed last, by the source's own clock, and of one moment what has the greater revision: however late
it was heard, and also where a person must post it first. So entries of one level that may still be delivered stand in
the order of their changes.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from connector.status import FINISHED, Status
from connector.store import facts, steps, tables
from connector.store.database import Transaction
from connector.store.entries import EntryRow, Move, NewEntry, get, move
from connector.store.links import Place
from connector.store.tables import entry, entry_key, event, fact
from schemas.events import EVENT_TYPES, LEVELS

Fact = tuple[str, str, str]
"""Source, type and document."""

KEY = "inventory "
"""Before the number of a level where order keys stand: what keeps its entries in order."""


@dataclass(frozen=True)
class LevelChange:
    """One change of a level, as it is heard; `revision` None: its publisher does not say."""

    fact: Fact
    at: datetime
    transport_id: str
    revision: int | None


LEAD = timedelta(minutes=10)
"""So far the clock of a source may be ahead of ours: a later moment is not believed, or one that is years ahead would
silence its level for years."""


def counts_from(at: datetime, heard_at: datetime) -> datetime:
    """The moment by which a change is compared with others."""
    return min(at, heard_at + LEAD)


def changed_at(type_: str, data: Mapping[str, Any]) -> datetime:
    """When an event's level changed."""
    return datetime.fromisoformat(data[EVENT_TYPES[type_].kind]["changed_at"])


# -- hearing -------------------------------------------------------------------------------------------------


def counted(tx: Transaction, heard: Sequence[LevelChange]) -> dict[LevelChange, int]:
    """The revision of each: what its publisher says, else one more than the last. A change that bears the id and the
    moment of one that was heard before is that one."""
    if not heard:
        return {}
    facts.count_alone(tx)
    last = defaultdict(int, facts.last_revisions(tx, {one.fact for one in heard}))
    known = _known(tx, [one for one in heard if one.revision is None])
    found: dict[LevelChange, int] = {}
    for one in heard:
        if one not in found:
            found[one] = one.revision or known.get(one) or last[one.fact] + 1
            last[one.fact] = max(last[one.fact], found[one])
    return found


def _known(tx: Transaction, heard: Collection[LevelChange]) -> dict[LevelChange, int]:
    """Those that were heard before, with their revisions; of one that was pruned since the id alone is left."""
    same = (event.c.document, event.c.transport_id, event.c.source)
    wanted = [(one.fact[2], one.transport_id, one.fact[0]) for one in heard]
    if not wanted:
        return {}
    statement = sa.select(*same, event.c.type, event.c.revision, event.c.data)
    stored: dict[tuple[Fact, str], list[tuple[datetime | None, int]]] = {}
    for row in tx.rows(statement.where(sa.text(tables.LEVEL), tx.among(same, wanted))):
        at = changed_at(row["type"], row["data"]) if row["data"] else None
        told = ((row["source"], row["type"], row["document"]), row["transport_id"])
        stored.setdefault(told, []).append((at, row["revision"]))
    return {
        one: revision
        for one in heard
        for at, revision in stored.get((one.fact, one.transport_id), ())
        if at in (None, one.at)
    }


_NEWEST = (
    fact.update()
    .where(
        fact.c.source == sa.bindparam("s"),
        fact.c.type == sa.bindparam("t"),
        fact.c.document == sa.bindparam("d"),
        sa.or_(
            fact.c.newest_at.is_(None),
            fact.c.newest_at < sa.bindparam("at"),
            sa.and_(fact.c.newest_at == sa.bindparam("at"), fact.c.newest < sa.bindparam("this")),
        ),
    )
    .values(newest_at=sa.bindparam("at"), newest=sa.bindparam("this"))
)


def heard(tx: Transaction, fresh: Mapping[LevelChange, int]) -> None:
    """After new events: how far each level is counted, and which of its changes is the newest."""
    last: dict[Fact, int] = {}
    newest: dict[Fact, tuple[datetime, int]] = {}
    for one, revision in fresh.items():
        this = (counts_from(one.at, tx.now), revision)
        last[one.fact] = max(last.get(one.fact, 0), revision)
        newest[one.fact] = max(newest.get(one.fact, this), this)
    facts.remember(tx, [(*key, last[key]) for key in sorted(last)])
    tx.run(
        _NEWEST,
        [
            {"s": key[0], "t": key[1], "d": key[2], "at": at, "this": revision}
            for key, (at, revision) in sorted(newest.items())
        ],
    )


# -- which one counts ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Newest:
    """The newest change of each level, as far as it is known: its moment, its revision and its event."""

    changes: Mapping[Fact, tuple[datetime, int, int]]

    @classmethod
    def of(cls, tx: Transaction, levels: Collection[Fact]) -> "Newest":
        """Of these levels."""
        if not levels:
            return cls({})
        told = sa.and_(
            event.c.source == fact.c.source,
            event.c.type == fact.c.type,
            event.c.document == fact.c.document,
            event.c.revision == fact.c.newest,
        )
        columns = (fact.c.source, fact.c.type, fact.c.document, fact.c.newest_at, fact.c.newest, event.c.id)
        here = tx.among((fact.c.source, fact.c.type, fact.c.document), levels)
        rows = tx.rows(sa.select(*columns).join(event, told).where(here))
        return cls(
            {
                (row["source"], row["type"], row["document"]): (row["newest_at"], row["newest"], row["id"])
                for row in rows
            }
        )

    def later(self, level: Fact, at: datetime, revision: int) -> int | None:
        """The event of a later change of this level than that one, if one is known."""
        newest = self.changes.get(level)
        return newest[2] if newest is not None and (at, revision) < newest[:2] else None

    def other(self, level: Fact, revision: int) -> int | None:
        """The event of the newest change of this level, where it is another than that one, which was carried."""
        newest = self.changes.get(level)
        return newest[2] if newest is not None and revision != newest[1] else None


# -- what becomes pointless ----------------------------------------------------------------------------------

_NOT_BEGUN = frozenset({Status.QUEUED, Status.RETRYING, Status.WAITING, Status.FILTERED})
_ENDED = frozenset({*_NOT_BEGUN, Status.ERRORED, Status.HELD})
"""In these an earlier change is ended: of those which go on by themselves only what was not begun, since whatever may
still be on its way must come to rest before a newer quantity is written."""


def end_earlier(tx: Transaction, made: Mapping[int, NewEntry]) -> None:
    """Supersede what those of these entries that are the newest of a level make pointless: earlier changes of it on the
    same flow; held ones, which nobody needs to decide about any more, are ignored.

    The keys of all that will not be delivered any more are dropped, so that a level has few of them for ever.
    """
    newest = {
        (one.flow, place): entry_id
        for entry_id, one in made.items()
        if one.type in LEVELS
        for place in one.keys
    }
    if not newest:
        return
    overtaken = {
        entry_id: newest[flow, place]
        for entry_id, flow, place in _beside(tx, [made[one] for one in newest.values()])
        if entry_id < newest.get((flow, place), 0)
    }
    locked = get(tx, overtaken, lock=True)  # whoever is about to send it, sends it first or not at all
    begun = steps.begun(tx, list(locked))
    ended = [
        row
        for row in locked.values()
        if row.status in _ENDED and not (row.status in _NOT_BEGUN and row.id in begun)
    ]
    by = {row.id: overtaken[row.id] for row in ended}
    move(tx, [_pointless(row, by[row.id], made[by[row.id]].event_id) for row in ended])
    over = {row.id for row in ended} | {row.id for row in locked.values() if row.status in FINISHED}
    tx.run(entry_key.delete().where(entry_key.c.entry_id.in_(sorted(over))))


def _beside(tx: Transaction, newest: Collection[NewEntry]) -> list[tuple[int, str, Place]]:
    """Every entry that has the key of one of these, with its flow and the key."""
    places = {(number, connection, one.target) for one in newest for connection, number in one.keys}
    columns = (entry_key.c.number, entry_key.c.connection, entry_key.c.target)
    statement = sa.select(entry.c.id, entry.c.flow, *columns).join(
        entry_key, entry_key.c.entry_id == entry.c.id
    )
    rows = tx.rows(statement.where(tx.among(columns, places)))
    return [(row["id"], row["flow"], (row["connection"], row["number"])) for row in rows]


def _pointless(row: EntryRow, by: int, event_id: int) -> Move:
    status = Status.IGNORED if row.status == Status.HELD else Status.SUPERSEDED
    reason = f"made pointless by entry {by}: event {event_id} tells of a later change"
    return Move(row.id, status, "superseded", reason)
