"""Magento's JSON of invoices and credit memos, and of the rows that polling lists; tolerant, like `wire.py`."""

from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator

from connector.systems.magento.wire import ZERO, Comment, Key, Moment, Number, OptionalKey, Text, Wire


class BilledItem(Wire):
    """So much of one order item on an invoice or credit memo.

    A line that only accompanies another one has no `row_total` (published sample of an invoice with a bundle).
    """

    entity_id: OptionalKey = None
    order_item_id: Key
    sku: Text = ""
    name: Text = ""
    qty: Number = ZERO
    price: Decimal | None = None
    row_total: Decimal | None = None
    tax_amount: Decimal | None = None
    discount_amount: Number = ZERO
    discount_tax_compensation_amount: Number = ZERO


class Billed(Wire):
    """What invoices and credit memos have in common; `state` is a number, 1 being open and 3 canceled.

    Later invoices of an order have no shipping members (2.4.7 recording `invoices.by_order`).
    """

    entity_id: Key
    increment_id: Key
    order_id: Key
    state: Text = ""
    created_at: Moment = None
    updated_at: Moment = None
    order_currency_code: Text = ""
    subtotal: Decimal | None = None
    discount_amount: Number = ZERO
    discount_tax_compensation_amount: Number = ZERO
    shipping_amount: Number = ZERO
    shipping_discount_tax_compensation_amount: Number = ZERO
    tax_amount: Number = ZERO
    grand_total: Decimal
    items: Annotated[tuple[BilledItem, ...], BeforeValidator(lambda value: value or ())] = ()
    comments: Annotated[tuple[Comment, ...], BeforeValidator(lambda value: value or ())] = ()


class Invoice(Billed):
    """An invoice."""


class CreditMemoExtension(Wire):
    """What the vendor's commercial edition adds: how much went back as store credit, and onto gift cards."""

    customer_balance_amount: Number = ZERO
    gift_cards_amount: Number = ZERO


class CreditMemo(Billed):
    """A credit memo; `adjustment` is the positive one less the negative one. `invoice_id`: made from that invoice.

    `transaction_id` is the payment gateway's, of a refund that the shop had it make; an offline one has none (2.4.7
    recording `creditmemo.get`). `base_to_order_rate`: so much of the order's currency is one of the shop's own.
    """

    invoice_id: OptionalKey = None
    transaction_id: Text = ""
    base_to_order_rate: Decimal | None = None
    adjustment_positive: Number = ZERO
    adjustment_negative: Number = ZERO
    extension_attributes: Annotated[
        CreditMemoExtension, BeforeValidator(lambda value: value or CreditMemoExtension())
    ] = CreditMemoExtension()


class Changed(Wire):
    """One row of a listing by time of change; the amounts and states only tell one version from another."""

    entity_id: Key
    increment_id: Text = ""
    updated_at: Moment = None
    state: Text = ""
    status: Text = ""
    total_due: Decimal | None = None
    total_refunded: Decimal | None = None
