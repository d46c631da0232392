"""The request that invoices, and what is checked before and after it: pure, over documents that were read.

Magento refuses too much of a line but drops a line with nothing left without a word, so both are refused here first.
Finding, sending and reading back is `invoices.py`; which order item a line means is `lines.py`.
"""

from dataclasses import dataclass
from decimal import Decimal

from connector.errors import Rejected
from connector.planned import InvoiceStep
from connector.reference import bears, marked
from connector.systems.magento.billing_wire import Invoice
from connector.systems.magento.bodies import InvoiceItem, MakeInvoice
from connector.systems.magento.lines import Allocation, Goods, allocate
from connector.systems.magento.wire import ZERO, Order, OrderItem, ShipComment

_UNSETTLED = frozenset({"holded", "payment_review", "canceled"})
"""States in which the invoices that stand there settle nothing."""


@dataclass(frozen=True)
class BillingSight:
    """An order and its invoices, as they stood when we looked."""

    goods: Goods
    invoices: tuple[Invoice, ...]

    @property
    def order(self) -> Order:
        """The order itself."""
        return self.goods.order

    @property
    def anything_left(self) -> bool:
        """Whether something is still to be invoiced. A configurable's parent tells; of a bundle, its components
        where they have prices, else its parent."""
        return any(item.uninvoiced > 0 and _charged(self.goods, item) for item in self.order.items)

    @property
    def is_settled(self) -> bool:
        """Whether all of it is invoiced, and nothing but that stands against an invoice."""
        return bool(self.invoices) and not self.anything_left and self.order.state not in _UNSETTLED

    def bearing(self, reference: str) -> tuple[Invoice, ...]:
        """The invoices that bear this reference in a comment (lists carry comments: recording
        `invoices.by_order`)."""
        return tuple(invoice for invoice in self.invoices if has_reference(invoice, reference))


def allocation_of(sight: BillingSight, step: InvoiceStep) -> Allocation:
    """The order items to invoice; raises Rejected where Magento would refuse or drop them."""
    order = sight.order
    if not sight.anything_left:
        raise Rejected(f"order {order.increment_id} has nothing left to invoice", code="nothing left")
    left = {item.item_id: item.uninvoiced for item in order.items}
    allocation = allocate(sight.goods, step.lines, left=left, known={}, first="together")
    if not allocation.quantities:
        raise Rejected(
            f"{step.document} names nothing that could be invoiced on order {order.increment_id}",
            code="nothing to invoice",
        )
    for key, quantity in allocation.quantities.items():
        _enough(sight, sight.goods.by_id[key], quantity)
    return allocation


def not_invoiced_yet(sight: BillingSight) -> None:
    """Raises Rejected where all of the order is invoiced already, naming the invoices."""
    numbers = ", ".join(invoice.increment_id for invoice in sight.invoices)
    if numbers and not sight.anything_left:
        text = f"order {sight.order.increment_id} already invoiced in full by {numbers}"
        raise Rejected(text, code="nothing left")


def invoice_body(step: InvoiceStep, allocation: Allocation) -> MakeInvoice:
    """The request that invoices this allocation, with the note and the marker."""
    return MakeInvoice(
        capture=step.capture,
        items=tuple(
            InvoiceItem(order_item_id=int(key), qty=quantity)
            for key, quantity in allocation.quantities.items()
        ),
        notify=step.notify_customer,
        comment=ShipComment(comment=marked(step.notes, step.reference)),
    )


def has_reference(invoice: Invoice, reference: str) -> bool:
    """Did this invoice come from the step with this reference?"""
    return any(bears(comment.comment, reference) for comment in invoice.comments)


def quantities_of(invoice: Invoice) -> dict[str, Decimal]:
    """Order item id -> quantity in this invoice."""
    quantities: dict[str, Decimal] = {}
    for item in invoice.items:
        quantities[item.order_item_id] = quantities.get(item.order_item_id, ZERO) + item.qty
    return quantities


def differences(goods: Goods, invoice: Invoice, allocation: Allocation, step: InvoiceStep) -> list[str]:
    """Where the invoice is not as asked, in words with both sides.

    Its amounts are the shop's own: the first invoice takes all the shipping (recording
    `invoice.partial_capture_false`), and shares of taxes are rounded otherwise than at the source.
    """
    asked, there = allocation.quantities, goods.shown(quantities_of(invoice), allocation.forms)
    found = [
        f"{_name(goods, key)}: asked {asked.get(key, ZERO):f}, there {there.get(key, ZERO):f}"
        for key in dict.fromkeys((*asked, *there))
        if asked.get(key, ZERO) != there.get(key, ZERO)
    ]
    return found if has_reference(invoice, step.reference) else [*found, "our reference is missing"]


def contents(invoice: Invoice) -> str:
    """What is on the invoice, for people."""
    return ", ".join(f"{item.qty:f} × {item.sku}" for item in invoice.items) or "nothing"


def _charged(goods: Goods, item: OrderItem) -> bool:
    family = goods.family_of(item)
    if family is None:
        return True
    in_parts = family.is_bundle and any(child.price for child in family.children)
    return in_parts != (item is family.parent)


def _enough(sight: BillingSight, item: OrderItem, quantity: Decimal) -> None:
    """Raises Rejected where a plain line has less left than asked. A bundle's own number is no measure: invoicing a
    component raises it too (recording `order.get.bundle_together_end`)."""
    family = sight.goods.family_of(item)
    if quantity % 1 and not item.is_qty_decimal:
        raise Rejected(
            f"{quantity:f} of {item.sku} asked, but order {sight.order.increment_id} counts whole ones",
            code="fraction",
            field=item.sku,
        )
    if quantity > item.uninvoiced and not (family and family.is_bundle):
        raise Rejected(
            f"{quantity:f} of {item.sku} asked, but {item.uninvoiced:f} left to invoice on order "
            f"{sight.order.increment_id} (ordered {item.qty_ordered:f}, invoiced {item.qty_invoiced:f}, "
            f"canceled {item.qty_canceled:f})",
            code="too much",
            field=item.sku,
        )


def _name(goods: Goods, key: str) -> str:
    item = goods.by_id.get(key)
    return f"{item.sku} (item {key})" if item else f"item {key}"
