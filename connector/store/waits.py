"""Entries that wait for a link: woken by it, looked at again, ended by their deadline; and the keys that links add."""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from connector.status import Status
from connector.store.columns import storable
from connector.store.database import Transaction
from connector.store.entries import EntryRow, Move, move, rows_of
from connector.store.tables import entry, entry_key, link
from schemas.base import DocumentRef


def wake(tx: Transaction, pairs: Iterable[tuple[DocumentRef, DocumentRef]]) -> list[int]:
    """Queue the entries that waited for any of these links; planned anew, for their facts may have changed."""
    sides = {(ref.kind, ref.connection, ref.number) for pair in pairs for ref in pair}
    if not sides:
        return []
    here = tx.among((entry.c.wait_kind, entry.c.wait_connection, entry.c.wait_number), sides)
    ids = list(
        tx.values(sa.select(entry.c.id).where(entry.c.status == Status.WAITING, here).order_by(entry.c.id))
    )
    return [made.entry_id for made in move(tx, [came(entry_id) for entry_id in ids])]


def came(entry_id: int) -> Move:
    """The move of an entry whose link is there: planned anew, for its facts may have changed meanwhile."""
    reason = "what it waited for is there"
    return Move(entry_id, Status.QUEUED, "link came", reason, replan=True, was=WAITING)


WAITING = frozenset({Status.WAITING})


def ended(tx: Transaction) -> list[EntryRow]:
    """Waiting entries whose link is there after all (a wait and a link may be stored at the same moment)."""
    forward = sa.exists().where(
        link.c.kind == entry.c.wait_kind,
        link.c.source_connection == entry.c.wait_connection,
        link.c.source_number == entry.c.wait_number,
        link.c.target_connection == entry.c.target,
    )
    backward = sa.exists().where(
        link.c.kind == entry.c.wait_kind,
        link.c.target_connection == entry.c.wait_connection,
        link.c.target_number == entry.c.wait_number,
        link.c.source_connection == entry.c.target,
    )
    # Two questions: an OR of them may be answered by reading every link.
    waiting = sa.select(entry).where(entry.c.status == Status.WAITING)
    found = {row.id: row for linked in (forward, backward) for row in rows_of(tx, waiting.where(linked))}
    return [found[entry_id] for entry_id in sorted(found)]


def to_look_again(tx: Transaction) -> list[EntryRow]:
    """Waiting entries that are due for another look at the target, before their deadline."""
    due = sa.and_(entry.c.due_at <= tx.now, entry.c.wait_until > tx.now)
    return rows_of(tx, sa.select(entry).where(entry.c.status == Status.WAITING, due))


def past_deadline(tx: Transaction) -> list[EntryRow]:
    """Waiting entries that have waited too long."""
    return rows_of(tx, sa.select(entry).where(entry.c.status == Status.WAITING, entry.c.wait_until <= tx.now))


def blocker(tx: Transaction, entry_id: int, type_: str) -> EntryRow | None:
    """The earlier entry of this type on the same order and target that should have made the link, if it is stuck."""
    mine, theirs = entry_key.alias("mine"), entry_key.alias("theirs")
    statement = (
        sa.select(entry)
        .join(theirs, theirs.c.entry_id == entry.c.id)
        .join(
            mine,
            sa.and_(
                mine.c.connection == theirs.c.connection,
                mine.c.number == theirs.c.number,
                mine.c.target == theirs.c.target,
            ),
        )
        .where(mine.c.entry_id == entry_id, entry.c.id < entry_id, entry.c.type == type_)
        .where(entry.c.status.in_((Status.WAITING, Status.ERRORED, Status.FILTERED, Status.HELD)))
        .order_by(entry.c.id.desc())
        .limit(1)
    )
    found = rows_of(tx, statement)
    return found[0] if found else None


def rekey(tx: Transaction, born: Mapping[tuple[str, str], tuple[str, str]]) -> None:
    """Links appeared: unfinished entries known under an order's number elsewhere are known by its birth number too."""
    elsewhere = {
        (connection, storable(number)): birth
        for (connection, number), birth in born.items()
        if (connection, number) != birth
    }
    if not elsewhere:
        return
    finished = (Status.PUBLISHED, Status.RESOLVED, Status.SUPERSEDED, Status.SIMULATED)
    rows = tx.rows(
        sa.select(entry_key)
        .join(entry, entry.c.id == entry_key.c.entry_id)
        .where(
            tx.among((entry_key.c.connection, entry_key.c.number), elsewhere), entry.c.status.notin_(finished)
        )
        .order_by(entry_key.c.entry_id)
    )
    births = [elsewhere[row["connection"], row["number"]] for row in rows]
    tx.insert_new(
        entry_key,
        [
            {**row, "connection": connection, "number": number}
            for row, (connection, number) in zip(rows, births, strict=True)
        ],
        [entry_key.c.entry_id],
    )
