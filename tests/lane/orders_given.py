"""Orders at the stub source, flows that carry them, and what became of them: for tests of orders and their changes."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from connector.store import entries, intake
from connector.store.entries import EntryRow
from connector.store.intake import EventRow, NewEvent, NewNotice, Receipt
from connector.store.tables import entry, event
from connector.systems.base import Fact, Fetched
from schemas.base import DocumentRef
from schemas.documents import Order
from schemas.events import EVENT_TYPES, OrderCancelled, OrderCreated, OrderUpdated
from tests.world import World

PAID = "[{name: nothing left to pay, when: 'order.unpaid_balance == 0.0'}]"
CODES = 'ship_via: {default: {code: "{{ value }}"}}'
RETRY = "retry: {first: 0.6, longest: 0.6}"


def flows(source: str = "erp", target: str = "shop", require: str = "[]", mode: str = "live") -> str:
    """The flows of orders, their changes and their cancellations, one way."""
    way = f'from: {source}, to: {target}, mode: "{mode}", {RETRY}'
    return f"""
  - {{name: {source}-orders, event: order.created, {way}, preferences: {{require: {require}}}, mapping: {{{CODES}}}}}
  - {{name: {source}-changes, event: order.updated, {way}, write_back: {{notes: "now {{{{ order.status }}}}"}},
     mapping: {{order_status: {{default: "{{{{ value }}}}"}}}}}}
  - {{name: {source}-cancellations, event: order.cancelled, {way}}}
"""


BOTH_WAYS = flows() + flows("shop", "erp")


def order(number: str = "1", status: str = "Open", balance: str = "0.00", **more: Any) -> Order:
    """An order of which nothing is to be shipped."""
    unpaid = {"amount": balance, "currency": "USD"}
    values = {"number": number, "currency": "USD", "status": status, "unpaid_balance": unpaid}
    return Order.model_validate(values | more)


def ref(number: str, connection: str = "erp") -> DocumentRef:
    """An order at a connection."""
    return DocumentRef(connection=connection, kind="order", number=number)


def at_source(
    world: World,
    one: Order,
    *,
    connection: str = "erp",
    cancelled: bool = False,
    references: tuple[str, ...] = (),
    ancestors: tuple[str, ...] = (),
) -> None:
    """What the source answers from now on when the order is fetched."""
    now = datetime.now(UTC)
    one = one.model_copy(update={"state": "cancelled"}) if cancelled else one
    created = () if cancelled else (Fact(OrderCreated.type, True, now, OrderCreated(order=one)),)
    facts = (
        *created,
        Fact(OrderCancelled.type, cancelled, now, OrderCancelled(order=one)),
        Fact(OrderUpdated.type, True, now, OrderUpdated(order=one), mark=one.status),
    )
    known = tuple(ref(number, connection) for number in ancestors)
    world.shop.documents[one.number] = Fetched(
        ref(one.number, connection), facts, references=references, ancestors=known
    )


_heard = iter(range(1_000_000))


def hear(
    world: World, number: str, connection: str = "erp", kind: str = "order", *, held: bool = False
) -> Receipt:
    """A push that names a document, which is fetched, and what came of it routed."""
    receipt = tell(world, number, connection, kind, held=held)
    world.drain(world.lane_for(connection, number))
    world.route()
    return receipt


def tell(
    world: World, number: str, connection: str = "erp", kind: str = "order", *, held: bool = False
) -> Receipt:
    """A push, other than all before, that names a document."""
    lane = world.lane_for(connection, number)
    notice = NewNotice(connection, lane, f"push-{next(_heard)}", kind, number, 0, "{}", held=held)
    with world.database.write() as tx:
        return intake.store_notices(tx, [notice])[0]


def seen(world: World, one: Order, connection: str = "erp", **more: Any) -> None:
    """The order stands at the source like this, and is heard of."""
    at_source(world, one, connection=connection, **more)
    hear(world, one.number, connection)


def carried(world: World, number: str = "1") -> str:
    """The order was made at the shop; its number there."""
    seen(world, order(number))
    world.run()
    return one(world, number=number).target_number


def cancel(world: World, number: str = "1") -> None:
    """The order is cancelled at its source, and that is heard of."""
    seen(world, order(number, "Canceled"), cancelled=True)


def publish(world: World, type_: str, one: Order, revision: int | None = None) -> Receipt:
    """An event about an order, as a publisher would hand it in."""
    data = EVENT_TYPES[type_].model_validate({"order": one}).model_dump(mode="json")
    now = datetime.now(UTC)
    new = NewEvent("erp", type_, one.number, revision, f"ce-{next(_heard)}", "http", now, data)
    with world.database.write() as tx:
        return intake.store_events(tx, [new])[0]


def found(
    world: World, type_: str = "order.created", number: str = "", source: str = "erp"
) -> list[EntryRow]:
    """The entries of this type from this source (about this document), in the order in which they were made."""
    here = sa.select(entry).where(entry.c.type == type_, entry.c.source == source).order_by(entry.c.id)
    with world.database.read() as tx:
        rows = entries.rows_of(tx, here)
    return [row for row in rows if number in ("", row.source_number)]


def one(world: World, type_: str = "order.created", number: str = "", source: str = "erp") -> EntryRow:
    """The one entry of this type."""
    (row,) = found(world, type_, number, source)
    return row


def statuses(world: World, type_: str = "order.created", number: str = "", source: str = "erp") -> list[str]:
    """The statuses of those entries."""
    return [str(row.status) for row in found(world, type_, number, source)]


def events(world: World, type_: str = "") -> list[EventRow]:
    """All events (of this type), oldest first."""
    with world.database.read() as tx:
        rows = [EventRow(**row) for row in tx.rows(sa.select(event).order_by(event.c.id))]
    return [row for row in rows if type_ in ("", row.type)]


def standing(world: World, kind: str) -> list[str]:
    """The orders for which something of this kind stands at a target, in the order in which it was made."""
    return [step.order.order.number for _, _, step in world.shop.shipments if step.kind == kind]


def said(world: World) -> list[str]:
    """The statuses that comments set at targets, in order."""
    return [step.status for _, _, step in world.shop.shipments if step.kind == "comment"]
