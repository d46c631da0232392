"""Steps of entries: planned, replaced by a new plan, in doubt, begun, done."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from connector.planned import Step
from connector.store.database import Transaction
from connector.store.tables import step
from schemas.base import DocumentRef


@dataclass(frozen=True)
class StepRow:
    """A stored step. `doubt_at`: until then it may have been started without our knowing the outcome.

    `sent` are the specs of earlier plans under which it may have been started. `before` and `after` are the amounts
    of an increment that was begun, as decimal texts.
    """

    id: int
    entry_id: int
    position: int
    key: str
    kind: str
    reference: str
    spec: Mapping[str, Any]
    sent: Sequence[Mapping[str, Any]] | None
    doubt_at: datetime | None
    before: str | None
    after: str | None
    done_at: datetime | None
    wanted: bool
    adopted: bool
    document: Mapping[str, Any] | None
    seen: Mapping[str, str] | None


def add(tx: Transaction, steps: Iterable[tuple[int, Sequence[Step]]]) -> None:
    """Store the planned steps of new entries."""
    tx.run(
        step.insert(),
        [
            _step_values(entry_id, position, one)
            for entry_id, planned in steps
            for position, one in enumerate(planned)
        ],
    )


def _step_values(entry_id: int, position: int, one: Step) -> dict[str, Any]:
    return {
        "entry_id": entry_id,
        "position": position,
        "key": one.key,
        "kind": one.kind,
        "reference": one.reference,
        "spec": one.model_dump(mode="json"),
        "sent": None,
        "doubt_at": None,
        "before": None,
        "after": None,
        "done_at": None,
        "wanted": True,
        "adopted": False,
        "document": None,
        "seen": None,
    }


def replace(tx: Transaction, entry_id: int, planned: Sequence[Step]) -> bool:
    """Plan anew; returns whether a step in doubt is left that is planned no longer.

    Done steps stay done by their key. A step in doubt keeps everything that was sent, to be looked for first; planned
    no longer, it stays, unwanted: it is looked for, and never created.
    """
    old = {row.key: row for row in of_entries(tx, [entry_id]).get(entry_id, [])}
    keys = {one.key for one in planned}
    gone = [row for row in old.values() if row.key not in keys and row.done_at is None]
    doubtful = [row.id for row in gone if row.doubt_at is not None]
    tx.run(step.delete().where(step.c.id.in_([row.id for row in gone if row.doubt_at is None])))
    tx.run(step.update().where(step.c.id.in_(doubtful)).values(wanted=False))
    for position, one in enumerate(planned):
        known, values = old.get(one.key), _step_values(entry_id, position, one)
        if known is None:
            tx.run(step.insert().values(**values))
        elif known.done_at is None:
            sent = [*(known.sent or ()), known.spec] if known.doubt_at else []
            changed = {"spec": values["spec"], "sent": sent or None, "position": position, "wanted": True}
            tx.run(step.update().where(step.c.id == known.id).values(**changed))
    return bool(doubtful)


def of_entries(tx: Transaction, entry_ids: Iterable[int]) -> dict[int, list[StepRow]]:
    """Steps by entry, in order."""
    found: dict[int, list[StepRow]] = {}
    statement = (
        sa.select(step).where(step.c.entry_id.in_(list(entry_ids))).order_by(step.c.entry_id, step.c.position)
    )
    for row in tx.rows(statement):
        found.setdefault(row["entry_id"], []).append(StepRow(**row))
    return found


def begun(tx: Transaction, entry_ids: Collection[int]) -> set[int]:
    """Those of these entries of which something was done, or may have been."""
    if not entry_ids:
        return set()
    done = sa.or_(step.c.done_at.is_not(None), step.c.doubt_at.is_not(None), step.c.before.is_not(None))
    return set(tx.values(sa.select(step.c.entry_id).where(step.c.entry_id.in_(list(entry_ids)), done)))


def doubt(tx: Transaction, entry_ids: Iterable[int], at: datetime, step_keys: Iterable[str] = ()) -> None:
    """Mark unfinished steps as possibly started until `at`; a later doubt is never replaced by an earlier one."""
    here: list[sa.ColumnElement[bool]] = [step.c.entry_id.in_(list(entry_ids)), step.c.done_at.is_(None)]
    keys = list(step_keys)
    if keys:
        here.append(step.c.key.in_(keys))
    here.append(sa.or_(step.c.doubt_at.is_(None), step.c.doubt_at < at))
    tx.run(step.update().where(*here).values(doubt_at=at))


_FINISH = (
    step.update()
    .where(step.c.id == sa.bindparam("step_id"), step.c.done_at.is_(None))
    .values(
        done_at=sa.bindparam("at"),
        doubt_at=None,
        sent=sa.null(),
        document=sa.bindparam("new_document"),
        seen=sa.bindparam("new_seen"),
        adopted=sa.bindparam("new_adopted"),
    )
)


def finish(tx: Transaction, done: Sequence[tuple[int, DocumentRef, Mapping[str, str], bool]]) -> None:
    """Steps are done and read back: (step id, document at the target, what was seen there, was it adopted)."""
    tx.run(
        _FINISH,
        [
            {
                "step_id": step_id,
                "at": tx.now,
                "new_document": document.model_dump(mode="json"),
                "new_seen": dict(seen),
                "new_adopted": adopted,
            }
            for step_id, document, seen, adopted in done
        ],
    )


def begin_increment(tx: Transaction, step_id: int, before: str, after: str) -> None:
    """Commit what an amount was and what it is about to become, before the call that changes it."""
    tx.run(step.update().where(step.c.id == step_id).values(before=before, after=after, doubt_at=tx.now))


def forget_unwanted(tx: Transaction, step_ids: Sequence[int]) -> None:
    """Drop steps that are planned no longer and were looked for in vain until they had settled."""
    if step_ids:
        tx.run(step.delete().where(step.c.id.in_(list(step_ids)), step.c.wanted.is_(False)))
