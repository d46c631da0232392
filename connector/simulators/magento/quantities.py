"""The quantity formulas and the state machine of an order. Nothing here reads a request.

Formulas: to ship = ordered - shipped - refunded - canceled; to invoice = ordered - invoiced - canceled;
to refund = invoiced - refunded; never below zero. A dummy line (the half of a configurable or bundle that is
not shipped or charged itself) gives zero. Seen in the Magento 2.4.7 recording, `ship.configurable_*` and
`ship.bundle_*`.
"""

from decimal import Decimal

from connector.simulators.magento.store import Document, Store, amount, children_of, parent_of

ZERO = Decimal(0)


def ships_separately(order: Document, item: Document) -> bool:
    """Whether the lines of this bundle (or of this line's bundle) are shipped one by one."""
    head = parent_of(order, item) or item
    return bool(head.get("_shipment_type") == "separately")


def is_shipping_dummy(order: Document, item: Document) -> bool:
    """Whether another line is shipped in this one's stead."""
    if children_of(order, item):
        return ships_separately(order, item)
    return parent_of(order, item) is not None and not ships_separately(order, item)


def is_price_dummy(order: Document, item: Document) -> bool:
    """Whether another line is charged in this one's stead: with a dynamic price the children are charged."""
    head = parent_of(order, item) or item
    children = children_of(order, head)
    dynamic = head.get("product_type") == "bundle" and any(amount(one, "price") for one in children)
    return bool(children) and (dynamic if head is item else not dynamic)


def simple_to_ship(item: Document) -> Decimal:
    """What is left to ship of a line, dummy or not."""
    gone = amount(item, "qty_shipped") + amount(item, "qty_refunded") + amount(item, "qty_canceled")
    return max(amount(item, "qty_ordered") - gone, ZERO)


def to_ship(order: Document, item: Document) -> Decimal:
    """What is left to ship of a line."""
    return ZERO if is_shipping_dummy(order, item) else simple_to_ship(item)


def to_invoice(order: Document, item: Document) -> Decimal:
    """What is left to invoice of a line."""
    gone = amount(item, "qty_invoiced") + amount(item, "qty_canceled")
    return ZERO if is_price_dummy(order, item) else max(amount(item, "qty_ordered") - gone, ZERO)


def to_refund(order: Document, item: Document) -> Decimal:
    """What is left to refund of a line."""
    left = amount(item, "qty_invoiced") - amount(item, "qty_refunded")
    return ZERO if is_price_dummy(order, item) else max(left, ZERO)


def to_cancel(order: Document, item: Document) -> Decimal:
    """What is left to cancel of a line; a virtual line need not be shipped."""
    if item.get("is_virtual"):
        return to_invoice(order, item)
    left = simple_to_ship(item) if is_shipping_dummy(order, item) else to_ship(order, item)
    return min(to_invoice(order, item), left)


def whole(item: Document, quantity: Decimal) -> Decimal:
    """A quantity as a line can have it: without its fraction unless the product is sold by measure."""
    return quantity if item.get("is_qty_decimal") else Decimal(int(quantity))


def can_ship(order: Document) -> bool:
    """Whether a line is left to ship."""
    return any(to_ship(order, item) > 0 and not item.get("is_virtual") for item in order["items"])


def can_invoice(order: Document) -> bool:
    """Whether a line is left to invoice and the state allows it."""
    blocked = order.get("state") in ("canceled", "holded", "payment_review", "complete", "closed")
    return not blocked and any(to_invoice(order, item) > 0 for item in order["items"])


def _can_refund(order: Document) -> bool:
    if order.get("state") in ("canceled", "holded", "payment_review", "closed"):
        return False
    return amount(order, "total_paid") - amount(order, "total_refunded") > 0


def settle_state(store: Store, order: Document, in_process: bool) -> None:
    """Move an order to the state its quantities call for, after it was shipped, invoiced or refunded."""
    if in_process and order.get("state") == "new":
        store.set_state(order, "processing")
    if order.get("state") in ("canceled", "holded", "payment_review") or can_invoice(order):
        return
    state, shippable = order.get("state"), can_ship(order)
    if (
        state in ("processing", "complete")
        and not _can_refund(order)
        and not shippable
        and not order.get("is_virtual")
    ):
        store.set_state(order, "closed")
    elif state == "processing" and (not shippable or _rest_was_refunded(order)):
        store.set_state(order, "complete")


def _rest_was_refunded(order: Document) -> bool:
    shipped = sum((amount(item, "qty_shipped") for item in order["items"]), ZERO)
    refunded = sum(
        (amount(item, "qty_refunded") for item in order["items"] if item.get("product_type") == "simple"),
        ZERO,
    )
    return shipped > 0 and amount(order, "total_qty_ordered") <= refunded + shipped
