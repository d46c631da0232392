"""Inspections: what people asked to have read back at the target, for one entry; each is done once, on its lane.

An inspection changes nothing at the target. It is worked on by the owner of the target's lane, as entries are. Those of
one reconciliation bear its name as their reason.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from connector.store import tables
from connector.store.database import Transaction
from connector.store.tables import entry_key, inspection, step

Purpose = Literal["compare", "resolve", "reconcile"]


@dataclass(frozen=True)
class InspectionRow:
    """An inspection. `state` is open or done; `code` and `answer` say what was found, or why nothing could be read."""

    id: int
    entry_id: int
    lane: str
    purpose: Purpose
    actor: str
    reason: str
    state: Literal["open", "done"]
    due_at: datetime
    attempts: int
    failed_since: datetime | None
    code: str
    answer: str
    created_at: datetime
    updated_at: datetime


def ask(tx: Transaction, entry_id: int, lane: str, purpose: Purpose, actor: str, reason: str) -> int:
    """Have an entry inspected; the inspection's id."""
    values = _values(tx, entry_id, lane, purpose, actor, reason)
    return int(tx.value(inspection.insert().values(**values).returning(inspection.c.id)))


def _values(
    tx: Transaction, entry_id: int, lane: str, purpose: Purpose, actor: str, reason: str
) -> dict[str, object]:
    return {
        "entry_id": entry_id,
        "lane": lane,
        "purpose": purpose,
        "actor": actor,
        "reason": reason,
        "state": "open",
        "due_at": tx.now,
        "attempts": 0,
        "failed_since": None,
        "code": "",
        "answer": "",
        "token": None,
        "created_at": tx.now,
        "updated_at": tx.now,
    }


def is_due(tx: Transaction, lane: sa.ColumnElement[str] | str) -> sa.ColumnElement[bool]:
    """Inspections of a lane that are due and in nobody's hands, or were left behind by an owner that vanished."""
    return sa.and_(inspection.c.lane == lane, sa.text(tables.OPEN), inspection.c.due_at <= tx.now)


def claim(tx: Transaction, lane: str, token: int, limit: int) -> list[InspectionRow]:
    """Take due inspections in hand, the oldest first."""
    due = sa.select(inspection).where(is_due(tx, lane), inspection.c.token.is_(None))
    found = _rows(tx, due.order_by(inspection.c.id).limit(limit).with_for_update(skip_locked=True))
    if found:
        here = inspection.c.id.in_([row.id for row in found])
        tx.run(inspection.update().where(here).values(token=token, attempts=inspection.c.attempts + 1))
    return found


def recover(tx: Transaction, lane: str, token: int) -> int:
    """What a vanished owner was reading is read again."""
    lost = sa.and_(inspection.c.lane == lane, sa.text(tables.OPEN), inspection.c.token != token)
    return tx.run(inspection.update().where(lost).values(token=None))


def give_back(tx: Transaction, ids: Sequence[int]) -> None:
    """Inspections that were not begun."""
    here = inspection.c.id.in_(list(ids))
    tx.run(inspection.update().where(here).values(token=None, attempts=inspection.c.attempts - 1))


def failed(tx: Transaction, inspection_id: int, code: str, reason: str, delay: float) -> None:
    """The target could not be read; it is asked again after `delay` seconds."""
    since = sa.func.coalesce(inspection.c.failed_since, tx.now)
    _set(
        tx,
        inspection_id,
        code=code,
        answer=reason,
        failed_since=since,
        due_at=tx.now + timedelta(seconds=delay),
    )


def answered(tx: Transaction, inspection_id: int, code: str, answer: str) -> None:
    """It is done: what was found, or why nothing could be."""
    _set(tx, inspection_id, code=code, answer=answer, state="done")


def _set(tx: Transaction, inspection_id: int, **values: object) -> None:
    here = inspection.c.id == inspection_id
    tx.run(inspection.update().where(here).values(token=None, updated_at=tx.now, **values))


def get(tx: Transaction, inspection_id: int) -> InspectionRow | None:
    """One inspection."""
    found = _rows(tx, sa.select(inspection).where(inspection.c.id == inspection_id))
    return found[0] if found else None


def of_entry(tx: Transaction, entry_id: int) -> list[InspectionRow]:
    """Every inspection of an entry, oldest first."""
    return _rows(tx, sa.select(inspection).where(inspection.c.entry_id == entry_id).order_by(inspection.c.id))


def _rows(tx: Transaction, statement: sa.Select[tuple[object, ...]]) -> list[InspectionRow]:
    names = InspectionRow.__dataclass_fields__
    return [InspectionRow(**{name: row[name] for name in names}) for row in tx.rows(statement)]


# -- those of one reconciliation -----------------------------------------------------------------------------


def of_run(
    tx: Transaction, run: str, first: int, *, but: Collection[str] = (), limit: int = 500
) -> list[InspectionRow]:
    """What a reconciliation has had read, oldest first, without those answered with a code of `but`; `first` is its
    first inspection, or an earlier one."""
    answered_so = sa.and_(inspection.c.state == "done", inspection.c.code.in_(sorted(but)))
    here = sa.select(inspection).where(_of_run(run, first), ~answered_so)
    return _rows(tx, here.order_by(inspection.c.id).limit(limit))


def counts_of_run(tx: Transaction, run: str, first: int) -> Counter[str]:
    """How many of its inspections were answered with which code; those that are not read yet count as `open`."""
    code = sa.case((inspection.c.state == "open", "open"), else_=inspection.c.code).label("code")
    statement = sa.select(code, sa.func.count().label("count")).where(_of_run(run, first)).group_by(code)
    return Counter({row["code"]: row["count"] for row in tx.rows(statement)})


def last(tx: Transaction) -> int:
    """The id of the newest inspection; 0 where there is none."""
    return int(tx.value(sa.select(sa.func.max(inspection.c.id))) or 0)


def _of_run(run: str, first: int) -> sa.ColumnElement[bool]:
    return sa.and_(inspection.c.id >= first, inspection.c.purpose == "reconcile", inspection.c.reason == run)


def raised_since(tx: Transaction, entry_ids: Collection[int]) -> set[int]:
    """Those of these entries whose amounts another entry of the same order has changed at the same target since: what
    they made of them does not stand there any more, and need not."""
    if not entry_ids:
        return set()
    mine, theirs = entry_key.alias("mine"), entry_key.alias("theirs")
    ours, later = step.alias("ours"), step.alias("later")
    statement = (
        sa.select(mine.c.entry_id)
        .distinct()
        .join(ours, sa.and_(ours.c.entry_id == mine.c.entry_id, ours.c.before.is_not(None)))
        .join(
            theirs,
            sa.and_(
                theirs.c.number == mine.c.number,
                theirs.c.connection == mine.c.connection,
                theirs.c.target == mine.c.target,
                theirs.c.entry_id != mine.c.entry_id,
            ),
        )
        .join(later, sa.and_(later.c.entry_id == theirs.c.entry_id, later.c.before.is_not(None)))
        .where(mine.c.entry_id.in_(sorted(entry_ids)))
        .where(sa.or_(later.c.done_at.is_(None), later.c.done_at >= ours.c.done_at))
    )
    return set(tx.values(statement))
