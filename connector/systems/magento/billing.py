"""Magento's invoices and credit memos in our words: pure readers, whose amounts add up to the vendor's own total.

Both say only the id of their order, so they are read beside it. Orders and shipments are `source.py`.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal, TypeVar

from connector.errors import NotUnderstood
from connector.systems.magento import wire
from connector.systems.magento.billing_wire import Billed, BilledItem, CreditMemo
from connector.systems.magento.billing_wire import Invoice as WireInvoice
from connector.systems.magento.source import ZERO, Amounts
from schemas.documents import Invoice, InvoiceLine, Refund, RefundLine

State = TypeVar("State", bound=str)

_RATE = Decimal("0.0000000001")
"""A rate that is turned round is exact to ten places."""

_INVOICES: Mapping[str, Literal["open", "paid", "cancelled"]] = {"1": "open", "2": "paid", "3": "cancelled"}
_REFUNDS: Mapping[str, Literal["open", "refunded", "cancelled"]] = {
    "1": "open",
    "2": "refunded",
    "3": "cancelled",
}
"""Vendor's document; 2 is confirmed by the 2.4.7 recording (`invoice.get`, `creditmemo.get`)."""


def read_invoice(invoice: WireInvoice, order: wire.Order) -> Invoice:
    """An invoice of this order in our words.

    Amounts are in the order's currency: lines (before discount and tax) + shipping + tax - discount make up the total.
    The lines are those that are charged. Raises NotUnderstood without a currency, or for a state that is not known.
    """
    money = _amounts(invoice, order)
    state = _known(_INVOICES, invoice, "invoice")
    return Invoice(
        number=invoice.increment_id,
        key=invoice.entity_id,
        state=state,
        status=state,
        order=order.increment_id,
        invoiced_at=invoice.created_at,
        updated_at=invoice.updated_at,
        currency=money.code,
        lines=tuple(
            InvoiceLine(
                reference=item.entity_id or "",
                order=order.increment_id,
                order_line=item.order_item_id,
                sku=item.sku,
                name=item.name,
                quantity=item.qty,
                price=money.maybe(item.price),
                discount=money(_discount(item)),
                tax=money.maybe(item.tax_amount),
                total=money.maybe(item.row_total),
            )
            for item in charged(invoice.items, order)
        ),
        subtotal=money.maybe(invoice.subtotal),
        discount=money(_whole_discount(invoice)),
        shipping=money(invoice.shipping_amount),
        tax=money(invoice.tax_amount),
        total=money(invoice.grand_total),
        balance=money(invoice.grand_total if state == "open" else ZERO),
    )


def read_refund(memo: CreditMemo, order: wire.Order, invoice: str = "") -> Refund:
    """A credit memo of this order in our words; `invoice` is the number of its invoice, where it has one.

    Lines less their discounts + shipping + tax + adjustment refund - adjustment fee make up the total: shipping is what
    was given back of it, its own discount taken off. Magento's grand total has store credit and gift cards taken off
    (unrecorded: the commercial edition's); our total has them in it. Whether goods went back into stock is not told by
    Magento. Raises NotUnderstood like `read_invoice`.
    """
    money = _amounts(memo, order)
    credit, cards = (
        memo.extension_attributes.customer_balance_amount,
        memo.extension_attributes.gift_cards_amount,
    )
    state = _known(_REFUNDS, memo, "credit memo")
    lines = charged(memo.items, order)
    of_shipping = _whole_discount(memo) - sum((_discount(item) for item in lines), ZERO)
    return Refund(
        number=memo.increment_id,
        key=memo.entity_id,
        state=state,
        status=state,
        order=order.increment_id,
        invoice=invoice,
        refunded_at=memo.created_at,
        updated_at=memo.updated_at,
        currency=money.code,
        lines=tuple(
            RefundLine(
                reference=item.entity_id or "",
                order_line=item.order_item_id,
                sku=item.sku,
                name=item.name,
                quantity=item.qty,
                price=money.maybe(item.price),
                discount=money(_discount(item)),
                tax=money.maybe(item.tax_amount),
                total=money.maybe(item.row_total),
            )
            for item in lines
        ),
        shipping=money(memo.shipping_amount - of_shipping),
        tax=money(memo.tax_amount),
        adjustment_refund=money(memo.adjustment_positive),
        adjustment_fee=money(memo.adjustment_negative),
        total=money(memo.grand_total + credit + cards),
        store_credit=money(credit) if credit else None,
        gift_cards=money(cards) if cards else None,
        online=bool(memo.transaction_id),
        exchange_rate=_shop_rate(memo),
        reason="\n".join(comment.comment for comment in memo.comments),
    )


def _shop_rate(memo: CreditMemo) -> Decimal | None:
    """So much of the shop's own currency is one of the memo's; Magento says it the other way round."""
    rate = memo.base_to_order_rate
    return None if not rate else (1 / rate).quantize(_RATE).normalize() + ZERO


def charged(items: Sequence[BilledItem], order: wire.Order) -> tuple[BilledItem, ...]:
    """The lines that bear the money, each quantity once.

    Beside them stand lines that only accompany: the variant of a configurable, the components of a bundle with a price
    of its own, and the head of a bundle whose components are priced (`row_total` missing: published sample).
    """
    parents = {item.item_id: item.parent_item_id for item in order.items}
    priced = [item for item in items if item.row_total is not None]
    borne_by_parts = {parents.get(item.order_item_id) for item in priced if item.row_total}
    bearing = [item for item in priced if item.order_item_id not in borne_by_parts]
    heads = {item.order_item_id for item in bearing}
    return tuple(item for item in bearing if parents.get(item.order_item_id) not in heads)


def _amounts(billed: Billed, order: wire.Order) -> Amounts:
    code = billed.order_currency_code or order.order_currency_code
    if not code:
        raise NotUnderstood(
            f"{billed.increment_id} of order {order.increment_id} has no currency", code="no currency"
        )
    return Amounts(code)


def _known(states: Mapping[str, State], billed: Billed, what: str) -> State:
    if billed.state not in states:
        raise NotUnderstood(
            f"{what} {billed.increment_id} has the unknown state {billed.state!r}", field="state"
        )
    return states[billed.state]


def _discount(item: BilledItem) -> Decimal:
    """A line's discount without the tax in it."""
    return item.discount_amount - item.discount_tax_compensation_amount


def _whole_discount(billed: Billed) -> Decimal:
    """The document's discount without the tax in it; Magento gives it negative."""
    hidden = billed.discount_tax_compensation_amount + billed.shipping_discount_tax_compensation_amount
    return -billed.discount_amount - hidden
