"""Magento's documents in our words: pure readers of orders and shipments. Invoices and credit memos: `billing.py`.

Nothing is fetched here, and nothing decided; what stands only in Magento's words stays in `wire.py`.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from connector.errors import NotUnderstood
from connector.reference import marker, references_in
from connector.systems.magento import wire
from connector.systems.magento.lines import NEVER_SHIPPED, Goods
from connector.systems.magento.settings import BundleForm
from schemas.base import Money
from schemas.documents import Address, Order, OrderLine, Package, Shipment, ShipmentLine

ZERO = Decimal(0)

State = Literal["new", "open", "held", "part_shipped", "shipped", "complete", "closed", "cancelled"]
Travel = Literal["itself", "with_parent", "never"]

_STATES: Mapping[str, State] = {
    "": "new",  # pushed without a state (recording `create.no_shipping_get`)
    "new": "new",
    "pending_payment": "new",
    "holded": "held",
    "payment_review": "held",
    "complete": "complete",
    "closed": "closed",
    "canceled": "cancelled",
}
"""Magento's states but `processing`, which says nothing of what has shipped. Statuses are each shop's own."""


def read_order(order: wire.Order, connection: str, bundles: BundleForm = "together") -> Order:
    """An order in our words. `bundles`: how its bundles ship, which Magento's orders do not say.

    Amounts are in the order's currency and before tax; discounts are positive and without the tax in them,
    so that lines without a parent + shipping + tax - discount make up the total. What is cancelled is not
    unpaid (a cancelled order keeps its full `total_due`: recording `order.get.canceled`). How many shipments
    there are, an order does not say. `customer` is empty for who bought without an account. Raises NotUnderstood
    for an order without a currency (pushed without totals: `create.minimal_get`).
    """
    if not order.order_currency_code:
        raise NotUnderstood(f"order {order.increment_id} @ {connection} has no currency", code="no currency")
    money = Amounts(order.order_currency_code)
    shipping = _shipping(order)
    hidden = order.discount_tax_compensation_amount + order.shipping_discount_tax_compensation_amount
    goods = Goods(order)
    totals = _line_totals(goods)
    lines = tuple(_line(goods, item, totals, money, bundles) for item in order.items)
    return Order(
        number=order.increment_id,
        key=order.entity_id,
        state=_state(order, lines),
        status=order.status,
        external_number=None if own_reference(order) else order.ext_order_id or None,
        replaces=order.relation_parent_real_id or _original(order),
        replaced_by=order.relation_child_real_id,
        placed_at=order.created_at,
        updated_at=order.updated_at,
        currency=order.order_currency_code,
        customer=order.customer_id if order.customer_id != "0" else "",
        email=order.customer_email or (order.billing_address.email if order.billing_address else ""),
        bill_to=_address(order.billing_address),
        ship_to=_address(shipping.address if shipping else None),
        ship_via=shipping.method if shipping else "",
        payment_method=order.payment.method if order.payment else "",
        lines=lines,
        subtotal=money.maybe(order.subtotal),
        discount=money(-order.discount_amount - hidden),
        shipping=money.maybe(order.shipping_amount),
        tax=money.maybe(order.tax_amount),
        total=money.maybe(order.grand_total),
        paid=money(order.total_paid or ZERO),
        refunded=money(order.total_refunded or ZERO),
        unpaid_balance=None
        if order.total_due is None
        else money(max(ZERO, order.total_due - order.total_canceled)),
        notes=order.customer_note,
    )


def read_shipment(shipment: wire.Shipment, order: wire.Order) -> Shipment:
    """A shipment of this order in our words; Magento has no shipments that are not confirmed, and cannot
    void one.

    A bundle that ships in parts stands in it beside its parts, as it does in Magento.
    """
    tracks = shipment.tracks
    return Shipment(
        number=shipment.increment_id,
        key=shipment.entity_id,
        ship_date=shipment.created_at.date() if shipment.created_at else None,
        updated_at=shipment.updated_at,
        ship_via=tracks[0].carrier_code if tracks else "",
        ship_to=_address(assigned.address) if (assigned := _shipping(order)) else None,
        warehouse=shipment.extension_attributes.source_code if shipment.extension_attributes else "",
        lines=tuple(
            ShipmentLine(
                reference=item.entity_id or "",
                order=order.increment_id,
                order_line=item.order_item_id,
                sku=item.sku,
                name=item.name,
                quantity=item.qty,
            )
            for item in shipment.items
        ),
        packages=tuple(
            Package(reference=track.entity_id or "", tracking_number=track.track_number, weight=track.weight)
            for track in tracks
        ),
        notes="\n".join(comment.comment for comment in shipment.comments),
    )


def own_reference(order: wire.Order) -> tuple[str, ...]:
    """Our external reference, where `ext_order_id` has its form: a connector made the order."""
    return references_in(marker(order.ext_order_id))


def _shipping(order: wire.Order) -> wire.Shipping | None:
    """Where and how an order goes; the address stands nowhere else."""
    assignments = order.extension_attributes.shipping_assignments if order.extension_attributes else ()
    return assignments[0].shipping if assignments else None


def _original(order: wire.Order) -> str:
    """The first of a chain of edited orders, for a later one of them."""
    return "" if order.original_increment_id == order.increment_id else order.original_increment_id


class Amounts:
    """Makes amounts of one currency."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __call__(self, amount: Decimal) -> Money:
        """So much of this currency."""
        return Money(amount=amount, currency=self.code)

    def maybe(self, amount: Decimal | None) -> Money | None:
        """So much, or None where it is not known."""
        return None if amount is None else self(amount)


def _line_totals(goods: Goods) -> dict[str, Decimal | None]:
    """Item id -> the line's total before discount, of lines without a parent: a component's price is part of
    its parent's.

    Whether `row_total` is before or after the discount differs: with a coupon it is after it in the 2.4.7
    recording `order.get.discount_tax`, while the invoice of the same order has it before. The order's own
    subtotal decides.
    """
    tops = [item for item in goods.order.items if item.parent_item_id not in goods.by_id]
    rows = {item.item_id: item.row_total for item in tops}
    whole = {key: None if row is None else row + _discount(goods, key) for key, row in rows.items()}
    known = [row for row in rows.values() if row is not None]
    after = sum(known, ZERO) != goods.order.subtotal == sum((row for row in whole.values() if row), ZERO)
    return whole if after else rows


def _discount(goods: Goods, key: str) -> Decimal:
    """The discount of a line and of its components, without the tax in it."""
    family = [item for item in goods.order.items if key in (item.item_id, item.parent_item_id)]
    return sum((_own_discount(item) for item in family), ZERO)


def _own_discount(item: wire.OrderItem) -> Decimal:
    return (item.discount_amount or ZERO) - item.discount_tax_compensation_amount


def _line(
    goods: Goods,
    item: wire.OrderItem,
    totals: Mapping[str, Decimal | None],
    money: Amounts,
    bundles: BundleForm,
) -> OrderLine:
    parent = goods.by_id.get(item.parent_item_id or "")
    return OrderLine(
        reference=item.item_id,
        sku=item.sku,
        name=item.name,
        quantity=item.qty_ordered,
        shipped=item.qty_shipped,
        invoiced=item.qty_invoiced,
        refunded=item.qty_refunded,
        cancelled=item.qty_canceled,
        price=money.maybe(item.price) if parent is None else None,
        discount=money(_own_discount(item)),
        tax=money.maybe(item.tax_amount),
        total=money.maybe(totals.get(item.item_id)),
        parent_reference=parent.item_id if parent else None,
        ships=_travel(item, parent, goods.families, bundles),
    )


def _travel(
    item: wire.OrderItem, parent: wire.OrderItem | None, families: Mapping[str, object], bundles: BundleForm
) -> Travel:
    if item.is_virtual or item.product_type in NEVER_SHIPPED:
        return "never"
    if parent is not None:
        apart = parent.product_type == "bundle" and bundles == "separately"
        return "itself" if apart else "with_parent"
    parts_travel = item.product_type == "bundle" and bundles == "separately" and item.item_id in families
    return "never" if parts_travel else "itself"


def _state(order: wire.Order, lines: tuple[OrderLine, ...]) -> State:
    if order.state in _STATES:
        return _STATES[order.state]
    goods = [line for line in lines if line.ships == "itself"]
    if not any(line.shipped for line in goods):
        return "open"
    gone = (line.shipped + line.refunded + line.cancelled >= line.quantity for line in goods)
    return "shipped" if all(gone) else "part_shipped"


def _address(address: wire.Address | None) -> Address | None:
    if address is None:
        return None
    return Address(
        name=f"{address.firstname} {address.lastname}".strip(),
        company=address.company,
        lines=tuple(line for line in address.street if line),
        city=address.city,
        region=address.region_code or address.region,
        postal_code=address.postcode,
        country=address.country_id,
        phone=address.telephone,
        email=address.email,
    )
