"""Shipments that are taken back: which entries carried them, what of that was begun, and what becomes of it.

A void takes back the confirmation of the same shipment and revision. What it takes back is read where it is needed,
since until then the entry may still be under way.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from connector.planned import Undone, parse_step_of_order
from connector.status import Status
from connector.store import entries, intake, links, steps
from connector.store.database import Transaction
from connector.store.entries import EntryRow, Move, move, rows_of
from connector.store.intake import EventRow, NewEvent
from connector.store.steps import StepRow
from connector.store.tables import entry, entry_key, event
from schemas.base import DocumentRef
from schemas.events import ShipmentConfirmed, ShipmentVoided

_ENDED_BY_A_VOID = frozenset(
    {Status.HELD, Status.QUEUED, Status.RETRYING, Status.WAITING, Status.ERRORED, Status.FILTERED}
)
_STUCK = frozenset({Status.WAITING, Status.ERRORED, Status.HELD})
_GOES_ON = frozenset({Status.QUEUED, Status.RETRYING})


def void_of(tx: Transaction, confirmed: EventRow) -> int | None:
    """The event that takes this confirmation back, where one is known, whichever came first."""
    if confirmed.type != ShipmentConfirmed.type:
        return None
    statement = sa.select(event.c.id).where(
        event.c.source == confirmed.source,
        event.c.type == ShipmentVoided.type,
        event.c.document == confirmed.document,
        event.c.revision == confirmed.revision,
    )
    found: int | None = tx.value(statement)
    return found


def carriers(tx: Transaction, void: EventRow, target: str) -> list[EntryRow]:
    """The entries which carry the confirmation that a void takes back to this target, locked."""
    confirmed = sa.select(event.c.id).where(
        event.c.source == void.source,
        event.c.type == ShipmentConfirmed.type,
        event.c.document == void.document,
        event.c.revision == void.revision,
    )
    here = sa.select(entry).where(entry.c.event_id.in_(confirmed), entry.c.target == target)
    ids = [row.id for row in rows_of(tx, here.order_by(entry.c.id))]
    return list(entries.get(tx, ids, lock=True).values())


def keys_of(tx: Transaction, carrying: Collection[EntryRow]) -> frozenset[links.Place]:
    """The order keys of these entries: what takes them back must not pass them, whatever orders it names itself."""
    columns = (entry_key.c.connection, entry_key.c.number)
    rows = tx.rows(sa.select(*columns).where(entry_key.c.entry_id.in_([row.id for row in carrying])))
    return frozenset((row["connection"], row["number"]) for row in rows)


@dataclass(frozen=True)
class Carried:
    """What entries were to do, as planned: by the number of the order, the oldest first. Of `pruned` entries something
    was done, and it is not known any more what."""

    specs: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    pruned: tuple[int, ...] = ()


def planned(
    tx: Transaction, carrying: Collection[EntryRow], void: EventRow, target: str, besides: int = 0
) -> Carried:
    """What these entries were to do, less what another entry than `besides` takes back for the same void."""
    taken = _taken_back_by_others(tx, void, target, besides)
    found: dict[str, list[Mapping[str, Any]]] = {}
    pruned: list[int] = []
    for entry_id, rows in steps.of_entries(tx, [row.id for row in carrying]).items():
        for row in rows:
            if not row.spec:
                pruned.append(entry_id)
            elif row.reference not in taken:
                found.setdefault(row.spec["order"]["order"]["number"], []).append(row.spec)
    return Carried(found, tuple(dict.fromkeys(pruned)))


def _taken_back_by_others(tx: Transaction, void: EventRow, target: str, besides: int) -> set[str]:
    """The references that another flow's entry of the same void takes back there: once is enough."""
    others = [
        row.id
        for row in entries.of_events(tx, [void.id])
        if row.target == target and row.id != besides and row.status not in _TAKES_NOTHING_BACK
    ]
    found = steps.of_entries(tx, others).values()
    return {row.spec["undoes"] for rows in found for row in rows if row.kind == "undo" and row.spec}


def taking_back(tx: Transaction, confirmed: EventRow, target: str) -> int | None:
    """The entry that takes this confirmation back at the target, or took it back; None where none does."""
    void = void_of(tx, confirmed)
    found = entries.of_events(tx, [void]) if void is not None else ()
    here = (row.id for row in found if row.target == target and row.status not in _TAKES_NOTHING_BACK)
    return next(here, None)


def end(tx: Transaction, carrying: Collection[EntryRow], void: EventRow) -> list[EntryRow]:
    """Supersede those that will do nothing more; those of which something was begun, or may yet be, are returned:
    there is something to take back."""
    begun = steps.begun(tx, [row.id for row in carrying])
    over = [row for row in carrying if row.status in (_ENDED_BY_A_VOID if row.id not in begun else _STUCK)]
    move(tx, [_ended(row, void) for row in over])
    nothing = {row.id for row in over if row.id not in begun}
    never = {row.id for row in carrying if row.id not in begun and row.status in _NOTHING_STANDS}
    return [row for row in carrying if row.id not in nothing | never]


_TAKES_NOTHING_BACK = frozenset(
    {Status.HELD, Status.FILTERED, Status.IGNORED, Status.SUPERSEDED, Status.SIMULATED}
)
_NOTHING_STANDS = frozenset({Status.IGNORED, Status.SUPERSEDED, Status.SIMULATED, Status.RESOLVED})


def end_stuck(tx: Transaction, void_entry: EntryRow) -> None:
    """What a void has taken back stays so: an entry that got stuck while the void waited for it ends too, although it
    may be about to go on."""
    void = intake.get_events(tx, [void_entry.event_id])[void_entry.event_id]
    left = [row for row in carriers(tx, void, void_entry.target) if row.status in _STUCK | _GOES_ON]
    move(tx, [_ended(row, void) for row in left])


def _ended(row: EntryRow, void: EventRow) -> Move:
    status = Status.IGNORED if row.status == Status.HELD else Status.SUPERSEDED
    reason = f"taken back by event {void.id}: {void.type} {void.document} @ {void.source}"
    return Move(row.id, status, "voided", reason)


def unknown(tx: Transaction, carrying: Collection[EntryRow], carried: Carried) -> str:
    """Why it cannot be known what these entries wrote, in words; empty where it can."""
    done = {row.id for row in carrying if row.status == Status.RESOLVED}
    done -= steps.begun(tx, done)
    if carried.pruned:
        return f"entry {carried.pruned[0]} is so old that it is not known any more what it wrote"
    return f"entry {min(done)} was done by hand" if done else ""


def undone(tx: Transaction, references: Collection[str]) -> dict[str, Undone]:
    """What these steps did, by reference; those that were never begun are left out."""
    if not references:
        return {}
    rows = [row for row in steps.by_reference(tx, references) if row.spec and _begun(row)]
    ours = links.created_by(tx, {row.entry_id for row in rows})
    return {row.reference: _undone(row, ours) for row in rows}


def _begun(row: StepRow) -> bool:
    """An amount is changed only after what it was was committed: without that, it was not."""
    in_doubt = row.doubt_at is not None and row.kind != "freight"
    return row.done_at is not None or in_doubt or row.before is not None


def _undone(row: StepRow, ours: Collection[tuple[int, str, str]]) -> Undone:
    step = parse_step_of_order(row.spec)
    document = DocumentRef.model_validate(row.document) if row.document else None
    made = document is None or (row.entry_id, document.connection, document.number) in ours
    return Undone(
        step=step,
        document=document,
        ours=made or not step.linked,
        done=row.done_at is not None,
        before=Decimal(row.before) if row.before is not None else None,
        after=Decimal(row.after) if row.after is not None else None,
        doubt_at=row.doubt_at,
    )


def store_replaced(tx: Transaction, confirmed: EventRow) -> EventRow | None:
    """A shipment that replaces another takes that one back, where its source has not said so itself: the void, if it is
    news. Its revision is that of the last confirmation that is known."""
    shipment = confirmed.data.get("shipment") or {}
    replaced = shipment.get("replaces") or ""
    if not replaced or replaced == confirmed.document:
        return None
    known = intake.events_of_document(tx, confirmed.source, [ShipmentConfirmed.type], replaced)
    last = max(known, key=lambda one: one.revision, default=None)
    # Of a shipment that is not known, or was pruned, no more can be said than what replaces it.
    data = last.data if last is not None and last.data.get("shipment") else confirmed.data
    gone = {**data["shipment"], "number": replaced, "replaces": "", "state": "voided"}
    new = NewEvent(
        confirmed.source,
        ShipmentVoided.type,
        replaced,
        last.revision if last is not None else 1,
        f"replaced:{confirmed.id}",
        confirmed.via,
        confirmed.time,
        {**data, "shipment": gone if data is not confirmed.data else {**gone, "key": None}},
        held=confirmed.held,
    )
    receipt = intake.store_events(tx, [new])[0]
    return None if receipt.duplicate else intake.get_events(tx, [receipt.id])[receipt.id]
