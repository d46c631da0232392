"""Steps of entries: planned, replaced by a new plan, in doubt, begun, done."""

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from connector.planned import Step
from connector.status import BLOCKING, Status
from connector.store.database import Transaction
from connector.store.tables import BEGUN, entry, step
from schemas.base import DocumentRef

_AMOUNTS = 7_240_112
"""PostgreSQL knows the locks on the amounts of each connection by this number."""

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""The doubt of a step that is started over: it is looked for, and nothing of it can still be on its way."""


@dataclass(frozen=True)
class StepRow:
    """A stored step. `doubt_at`: until then it may have been started without our knowing the outcome.

    `sent` are the specs of earlier plans under which it may have been started. `before` and `after` are the amounts
    of an increment that was begun, as decimal texts. `fields` is the last comparison with the target, made at
    `compared_at`: a list of label, expected, there.
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
    fields: Sequence[Mapping[str, str]] | None = None
    compared_at: datetime | None = None


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
        "fields": None,
        "compared_at": None,
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
            begun = [*(known.sent or ()), known.spec] if known.doubt_at else []
            sent = [spec for spec in begun if spec]  # of a step that was pruned no spec is left
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


def by_reference(tx: Transaction, references: Collection[str]) -> list[StepRow]:
    """The steps that leave these references, oldest first."""
    statement = sa.select(step).where(step.c.reference.in_(sorted(references))).order_by(step.c.id)
    return [StepRow(**row) for row in tx.rows(statement)]


def begun(tx: Transaction, entry_ids: Collection[int]) -> set[int]:
    """Those of these entries of which something was done, or may have been."""
    if not entry_ids:
        return set()
    done = sa.or_(step.c.done_at.is_not(None), step.c.doubt_at.is_not(None), step.c.before.is_not(None))
    return set(tx.values(sa.select(step.c.entry_id).where(step.c.entry_id.in_(list(entry_ids)), done)))


def raises(tx: Transaction, entry_id: int) -> bool:
    """Is an amount at the target being raised or lowered for this entry? Nothing else may begin there meanwhile."""
    here = sa.select(step.c.id).where(step.c.entry_id == entry_id, sa.text(BEGUN)).limit(1)
    return tx.value(here) is not None


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
        fields=sa.null(),
        compared_at=None,
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


def start_over(tx: Transaction, entry_id: int) -> None:
    """Nothing of an entry is taken for done any more: each step is looked for, and made anew where it is gone.

    What an increment was and became stays, with the document that it stands on: it may stand there still. An amount
    that was lowered by a void stays lowered: what stands there again is another shipment's.
    """
    lowered = sa.and_(step.c.kind == "undo", step.c.before.is_not(None))
    tx.run(
        step.update()
        .where(step.c.entry_id == entry_id, step.c.done_at.is_not(None), ~lowered)
        .values(
            done_at=None,
            doubt_at=LONG_AGO,
            adopted=False,
            seen=sa.null(),
            fields=sa.null(),
            compared_at=None,
        )
    )


def compared(
    tx: Transaction, found: Iterable[tuple[int, Sequence[Mapping[str, str]]]], at: datetime | None = None
) -> None:
    """Keep what a comparison with the target said: (step id, list of label, expected, there); the last one stands."""
    for step_id, fields in found:
        kept = [dict(field) for field in fields]
        tx.run(step.update().where(step.c.id == step_id).values(fields=kept, compared_at=at or tx.now))


def begin_increment(
    tx: Transaction, step_id: int, before: str | None, after: str | None, document: DocumentRef | None
) -> None:
    """Commit what an amount was and what it is about to become, and on which document, before the call that changes it;
    without amounts: that it is not changed, after all."""
    stands_on = document.model_dump(mode="json") if document else None
    doubt_at = tx.now if before is not None else None
    values = {"before": before, "after": after, "document": stands_on, "doubt_at": doubt_at}
    tx.run(step.update().where(step.c.id == step_id).values(**values))


def raising(tx: Transaction, document: DocumentRef, besides: int) -> int | None:
    """The entry that is raising or lowering an amount on this document now, if another step than this does.

    A step that was begun before and got stuck yields only to those that are being delivered: two that are stuck would
    wait for each other. Until the end of the transaction nobody else can ask this of the same connection: two lanes
    that begin at the same moment would not see each other. SQLite has one writer anyway.
    """
    if tx.connection.dialect.name == "postgresql":
        name = zlib.crc32(document.connection.encode()) - 2**31
        tx.run(sa.select(sa.func.pg_advisory_xact_lock(_AMOUNTS, name)))
    stuck = tx.value(sa.select(step.c.before).where(step.c.id == besides)) is not None
    status = {Status.DELIVERING} if stuck else BLOCKING
    statement = (
        sa.select(step.c.entry_id, step.c.document)
        .join(entry, entry.c.id == step.c.entry_id)
        .where(step.c.before.is_not(None), step.c.done_at.is_(None), step.c.id != besides)
        .where(entry.c.target == document.connection, entry.c.status.in_(sorted(status)))
        .order_by(step.c.id)
    )
    here = (document.kind, document.number)
    rows = [row for row in tx.rows(statement) if row["document"]]
    return next(
        (row["entry_id"] for row in rows if (row["document"]["kind"], row["document"]["number"]) == here),
        None,
    )


def forget_unwanted(tx: Transaction, step_ids: Sequence[int]) -> None:
    """Drop steps that are planned no longer and were looked for in vain until they had settled."""
    if step_ids:
        tx.run(step.delete().where(step.c.id.in_(list(step_ids)), step.c.wanted.is_(False)))
