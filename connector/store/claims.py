"""What the owner of a lane does with entries: claiming them, taking over from a vanished owner, storing tries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from connector.planned import Undone
from connector.status import BLOCKING, Status
from connector.store.database import Transaction
from connector.store.entries import SYSTEM, EntryRow, Move, journal_line, move, to_row
from connector.store.steps import StepRow, doubt
from connector.store.tables import attempt, entry, entry_key, journal
from schemas.base import DocumentRef


@dataclass(frozen=True)
class Claimed:
    """An entry in the hands of its lane's owner, with its steps and the numbers its orders bear at the target.

    `undone` is what its steps take back, by reference, as far as that was begun.
    """

    entry: EntryRow
    steps: tuple[StepRow, ...]
    linked: Mapping[tuple[str, str], DocumentRef]
    claimed_at: datetime
    undone: Mapping[str, Undone] = field(default_factory=dict)


def claimable(tx: Transaction, lane: sa.ColumnElement[str] | str) -> sa.ColumnElement[bool]:
    """What the owner of a lane may take now: due, planned, and not preceded by an unfinished one of the same order."""
    mine, theirs, before = entry_key.alias("mine"), entry_key.alias("theirs"), entry.alias("before")
    blocked = (
        sa.exists()
        .where(mine.c.entry_id == entry.c.id)
        .where(
            theirs.c.connection == mine.c.connection,
            theirs.c.number == mine.c.number,
            theirs.c.target == mine.c.target,
            theirs.c.entry_id < mine.c.entry_id,
            before.c.id == theirs.c.entry_id,
            before.c.status.in_(sorted(BLOCKING)),
        )
        .correlate(entry)
    )
    ready = entry.c.status.in_((Status.QUEUED, Status.RETRYING))
    return sa.and_(entry.c.lane == lane, ready, entry.c.due_at <= tx.now, entry.c.replan.is_(False), ~blocked)


def claim(tx: Transaction, lane: str, token: int, limit: int) -> list[EntryRow]:
    """Claim what is claimable in a lane, oldest first; of those whose worker vanished one at a time.

    What vanished with its worker may be what makes workers vanish: few others should be in its company.
    """
    lost = sa.and_(entry.c.status == Status.QUEUED, entry.c.code == LOST)
    rows = list(_claimable_rows(tx, lane, lost, 1))
    rows += _claimable_rows(tx, lane, ~lost, limit - len(rows))
    if not rows:
        return []
    tx.run(
        entry.update()
        .where(entry.c.id.in_([row["id"] for row in rows]))
        .values(status=Status.DELIVERING, token=token, attempts=entry.c.attempts + 1, updated_at=tx.now)
    )
    tx.run(
        journal.insert(),
        [
            journal_line(tx, row["id"], Status(row["status"]), Status.DELIVERING, "", "", SYSTEM)
            for row in rows
        ],
    )
    return [to_row(row, attempts=row["attempts"] + 1, status=Status.DELIVERING) for row in rows]


def _claimable_rows(
    tx: Transaction, lane: str, which: sa.ColumnElement[bool], limit: int
) -> Sequence[sa.RowMapping]:
    statement = sa.select(entry).where(claimable(tx, lane), which).order_by(entry.c.id).limit(limit)
    # A person may be moving one of them at this moment.
    return tx.rows(statement.with_for_update(of=entry, skip_locked=True))


LOST = "lane lost"
"""The code of an entry whose worker vanished."""

MOST_LOSSES = 5
"""An entry whose worker vanished so often, since a person last had it go on, is set aside."""


def recover(tx: Transaction, lane: str, token: int, lost_at: datetime | None) -> int:
    """Take over what an owner that vanished left delivering: back to queued, its unfinished steps in doubt.

    A call of theirs can have started until their lease ran out, so the doubt begins then.
    """
    lost = sa.and_(entry.c.lane == lane, entry.c.status == Status.DELIVERING, entry.c.token != token)
    ids = tx.values(sa.select(entry.c.id).where(lost).order_by(entry.c.id).with_for_update())
    if ids:
        doubt(tx, ids, min(lost_at or tx.now, tx.now))
        reason = "its worker vanished; what it sent is looked for first"
        move(tx, [Move(entry_id, Status.QUEUED, LOST, reason) for entry_id in ids])
        _quarantine(tx, ids)
    return len(ids)


def _quarantine(tx: Transaction, ids: Sequence[int]) -> None:
    by_hand = journal.alias("by_hand")
    since = (
        sa.select(sa.func.coalesce(sa.func.max(by_hand.c.id), 0))
        .where(by_hand.c.entry_id == journal.c.entry_id, by_hand.c.actor != SYSTEM)
        .scalar_subquery()
    )
    losses = sa.select(journal.c.entry_id).where(
        journal.c.entry_id.in_(ids), journal.c.code == LOST, journal.c.id > since
    )
    often = losses.group_by(journal.c.entry_id).having(sa.func.count() >= MOST_LOSSES)
    reason = f"the worker vanished {MOST_LOSSES} times while delivering it; retry it once the cause is known"
    move(tx, [Move(entry_id, Status.ERRORED, "quarantined", reason) for entry_id in tx.values(often)])


def add_attempts(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store tries: of an entry or of a notice, with what was sent and received (redacted)."""
    tx.run(attempt.insert(), list(rows))
