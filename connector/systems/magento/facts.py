"""What Magento's documents say of our event types: pure, one function for each kind of document.

A fact that does not hold is told too, since it says that the document left that state. Reading is `source.py` and
`billing.py`, fetching `fetching.py`.
"""

from datetime import datetime
from itertools import chain

from connector.errors import NotUnderstood
from connector.reference import references_in
from connector.systems.base import Fact
from connector.systems.magento import wire
from connector.systems.magento.event_settings import InvoiceReleased
from schemas.base import DocumentRef
from schemas.documents import Invoice, Order, Refund, Shipment
from schemas.events import (
    InvoiceReleased as InvoiceReleasedData,
)
from schemas.events import (
    OrderCancelled,
    OrderCreated,
    OrderUpdated,
    RefundIssued,
    ShipmentConfirmed,
)


def of_order(order: Order) -> tuple[Fact, ...]:
    """Created (not told of an order that is cancelled when it is seen), changed (by its status), and cancelled.

    An order that was edited in the shop is cancelled too, and says by which it was replaced.
    """
    changed = _when(order.updated_at, order.placed_at, f"order {order.number}")
    is_cancelled = order.state == "cancelled"
    created = Fact(OrderCreated.type, True, order.placed_at or changed, OrderCreated(order=order))
    return (
        *(() if is_cancelled else (created,)),
        Fact(OrderUpdated.type, True, changed, OrderUpdated(order=order), mark=order.status or order.state),
        Fact(OrderCancelled.type, is_cancelled, changed, OrderCancelled(order=order)),
    )


def of_shipment(shipment: Shipment, made_at: datetime | None) -> tuple[Fact, ...]:
    """Confirmed: Magento knows no other shipments."""
    time = _when(made_at, shipment.updated_at, f"shipment {shipment.number}")
    return (Fact(ShipmentConfirmed.type, True, time, ShipmentConfirmed(shipment=shipment)),)


def of_invoice(invoice: Invoice, released: InvoiceReleased) -> tuple[Fact, ...]:
    """Released: once it is paid, or as soon as it is made, as the connection says. Never while it is cancelled."""
    time = _when(invoice.updated_at, invoice.invoiced_at, f"invoice {invoice.number}")
    holds = invoice.state == "paid" or (invoice.state == "open" and released == "made")
    return (Fact(InvoiceReleasedData.type, holds, time, InvoiceReleasedData(invoice=invoice)),)


def of_refund(refund: Refund) -> tuple[Fact, ...]:
    """Issued, once the credit memo is refunded."""
    time = _when(refund.updated_at, refund.refunded_at, f"credit memo {refund.number}")
    return (Fact(RefundIssued.type, refund.state == "refunded", time, RefundIssued(refund=refund)),)


def ancestors(order: wire.Order, connection: str) -> tuple[DocumentRef, ...]:
    """The order that this one replaces, and the first of their chain: `000000013-2` replaces `000000013-1`, and both
    replace `000000013` (vendor's guide; no edit was recorded)."""
    parent = (order.relation_parent_real_id, order.relation_parent_id)
    found = {
        number: DocumentRef(connection=connection, kind="order", number=number, key=key)
        for number, key in ((order.original_increment_id, None), parent)
        if number and number != order.increment_id
    }
    return tuple(found.values())


def references(comments: tuple[wire.Comment, ...]) -> tuple[str, ...]:
    """The markers in a document's comments: what we make bears ours from the beginning."""
    return tuple(dict.fromkeys(chain.from_iterable(references_in(one.comment) for one in comments)))


def _when(first: datetime | None, second: datetime | None, what: str) -> datetime:
    time = first or second
    if time is None:
        raise NotUnderstood(f"{what} says neither when it was made nor when it was changed")
    return time
