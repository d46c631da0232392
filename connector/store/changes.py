"""Changes of orders that were known: echoes of our own, what they make pointless, and whether the order is carried.

What came from us must not go back. An effect of ours is known before our own commit, since steps are stored before
they are done.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from connector.planned import CommentStep, parse_step
from connector.status import Status
from connector.store import entries, facts, intake, links, steps
from connector.store.database import Transaction
from connector.store.entries import EntryRow, Move, move, rows_of
from connector.store.links import Place
from connector.store.tables import entry, entry_key, step
from schemas.base import DocumentRef
from schemas.documents import Order
from schemas.events import OrderCancelled, OrderCreated, OrderUpdated


@dataclass(frozen=True)
class Change:
    """An event that tells of a change of an order, on its way to a target; `keys` is where the order was born."""

    event_id: int
    revision: int
    type: str
    source: str
    number: str
    target: str
    keys: frozenset[Place]


_DONE_OR_DOING = frozenset({Status.DELIVERING, Status.RETRYING, Status.PUBLISHED, Status.RESOLVED})
_NOT_BEGUN = frozenset({Status.QUEUED, Status.RETRYING, Status.WAITING, Status.ERRORED, Status.FILTERED})
"""A held one is a person's to decide about; posted, it is planned anew, and filtered where the order is cancelled."""

_COMING = frozenset({Status.QUEUED, Status.DELIVERING, Status.RETRYING, Status.PUBLISHED, Status.RESOLVED})

ECHO = "echo"
"""The code of what is filtered because it came from us."""


def maker_by_reference(
    tx: Transaction, connection: str, kind: str, references: Collection[str]
) -> int | None:
    """The entry whose step at this connection left one of these references on a document of this kind."""
    if not references:
        return None
    statement = (
        sa.select(entry.c.id)
        .join(step, step.c.entry_id == entry.c.id)
        .where(step.c.reference.in_(sorted(references)), step.c.kind == kind, entry.c.target == connection)
        .order_by(entry.c.id)
    )
    found: int | None = tx.value(statement)
    return found


# -- echoes --------------------------------------------------------------------------------------------------


def echo_of(tx: Transaction, change: Change, order: Order) -> int | None:
    """The entry by which we made this change ourselves, if we did.

    Where the order, made by us, was only replaced by an edited one, that is no news. A cancellation is ours where one
    of the same order was carried here, an update where it shows the status that we set last, and none since.
    """
    if order.replaced_by:
        here = (change.source, change.number)
        made = links.makers(tx, "order", links.lineage(tx, [here])[here])
        if made:
            return next(iter(made.values()))
    carried = _carried(tx, change.keys, change.source)
    if change.type == OrderCancelled.type:
        return next((row.id for row in carried if row.type == change.type), None)
    return _status_setter(tx, change, carried, order.status)


def _carried(tx: Transaction, keys: Collection[Place], target: str) -> list[EntryRow]:
    """What was sent to this connection about these orders, or may have been, the newest first."""
    rows = _of_orders(tx, keys, target)
    begun = steps.begun(tx, [row.id for row in rows])
    return [row for row in rows if row.status in _DONE_OR_DOING or row.id in begun]


def _status_setter(tx: Transaction, change: Change, carried: Sequence[EntryRow], status: str) -> int | None:
    """The entry that set the order's status last, if that is the status it has, and no other was seen since."""
    planned = steps.of_entries(tx, [row.id for row in carried])
    for row in carried:
        said = [parse_step(one.spec) for one in planned.get(row.id, ())]
        set_to = {one.status for one in said if isinstance(one, CommentStep) and one.status}
        if set_to:
            return row.id if status in set_to and not _changed_since(tx, change, row.id) else None
    return None


def _changed_since(tx: Transaction, change: Change, entry_id: int) -> bool:
    """Did somebody else change the order, after we had, to what is not its status any more?"""
    seen = _of_orders(tx, change.keys, change.target, OrderUpdated.type)
    others = (row for row in seen if _same_document(row, change) and row.event_id < change.event_id)
    return any(row.id > entry_id and row.code != ECHO for row in others)


# -- what becomes pointless ----------------------------------------------------------------------------------


def supersede(tx: Transaction, change: Change, flow: str) -> None:
    """End what this change makes pointless, as long as nothing of it was sent: earlier changes of the same order on
    the same flow; for a cancellation the making of the order, and all its changes, too."""
    rows = [row for row in _of_orders(tx, change.keys, change.target, change.type) if row.flow == flow]
    revisions = _revisions(tx, rows)
    rows = [row for row in rows if revisions[row.id] < change.revision]
    if change.type == OrderCancelled.type:
        rows += _of_orders(tx, change.keys, change.target, OrderCreated.type)
        rows += _of_orders(tx, change.keys, change.target, OrderUpdated.type)
    ids = [row.id for row in rows if _same_document(row, change) and row.code != ECHO]
    locked = entries.get(tx, ids, lock=True)  # whoever is about to send it, sends it first or not at all
    begun = steps.begun(tx, ids)
    reason = f"made pointless by event {change.event_id}: {change.type} {change.number} @ {change.source}"
    pointless = [row for row in locked.values() if row.status in _NOT_BEGUN and row.id not in begun]
    move(tx, [Move(row.id, Status.SUPERSEDED, "superseded", reason) for row in pointless])


def refusal(tx: Transaction, change: Change, order: Order, flow: str) -> tuple[str, str] | None:
    """Code and reason why this change is not to be carried: a later one is known, or the order does not stand at the
    target and is not on its way there. None where it may be carried."""
    if change.type == OrderUpdated.type and order.state == "cancelled":
        ends = _of_orders(tx, change.keys, change.target, OrderCancelled.type)
        told = next((row for row in ends if _same_document(row, change)), None)
        if told is not None:
            return "overtaken", f"the order is cancelled, which entry {told.id} tells"
    rows = [row for row in _of_orders(tx, change.keys, change.target, change.type) if row.flow == flow]
    revisions = _revisions(tx, [row for row in rows if _same_document(row, change)])
    later = [row for row in rows if revisions.get(row.id, 0) > change.revision]
    if later:
        return "overtaken", f"a later change of it is known: event {later[0].event_id}"
    here = DocumentRef(connection=change.source, kind="order", number=change.number)
    if links.counterparts(tx, "order", [here], change.target):
        return None
    made = [
        row
        for row in _of_orders(tx, change.keys, change.target, OrderCreated.type)
        if _same_document(row, change)
    ]
    # What came from there stands there; what may have been sent may stand there.
    if not made or made[0].status in _COMING or made[0].code == ECHO or steps.begun(tx, [made[0].id]):
        return None
    what = "to cancel" if change.type == OrderCancelled.type else "to change"
    named = f"entry {made[0].id}, which was to make the order, is {made[0].status}"
    return "not carried", f"there is nothing {what} at {change.target}: {named}"


def cancelled(tx: Transaction, source: str, number: str) -> bool:
    """Is the order cancelled at its source, as far as is known?"""
    return facts.holds(tx, source, OrderCancelled.type, number)


def _revisions(tx: Transaction, rows: Iterable[EntryRow]) -> dict[int, int]:
    """The revisions of these entries' events, by entry."""
    known = list(rows)
    events = intake.get_events(tx, [row.event_id for row in known])
    return {row.id: events[row.event_id].revision for row in known}


def _same_document(row: EntryRow, change: Change) -> bool:
    """Does it tell of this very order? An edited one has the same keys, and is another."""
    return (row.source, row.source_number) == (change.source, change.number)


def _of_orders(
    tx: Transaction, keys: Collection[Place], target: str, type_: str | None = None
) -> list[EntryRow]:
    """Entries (of this type) that carry one of these orders to this target, newest first."""
    mine = sa.select(entry_key.c.entry_id).where(
        tx.among((entry_key.c.connection, entry_key.c.number), keys), entry_key.c.target == target
    )
    statement = sa.select(entry).where(entry.c.id.in_(mine)).order_by(entry.c.id.desc())
    if not keys:
        return []
    return rows_of(tx, statement if type_ is None else statement.where(entry.c.type == type_))
