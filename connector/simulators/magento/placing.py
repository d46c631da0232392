"""Placing an order in the shop, as its checkout does: the document that comes of what was asked for.

Shapes and amounts follow the Magento 2.4.7 recording (`order.get.new`, `order.get.discount_tax`,
`order.get.configurable`, `order.get.virtual`); customers with accounts are not recorded and follow the schema.
No stock is reserved and no gateway charged.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connector.simulators.base import SeedError
from connector.simulators.magento.checkout import (
    PAYMENT_TITLES,
    SHIPPING_TITLES,
    Address,
    Line,
    PlainOrder,
)
from connector.simulators.magento.ordering import STORE_NAME
from connector.simulators.magento.store import DEFAULT_STATUS, Document, Store, put
from connector.simulators.magento.taxes import told_taxes

CENT = Decimal("0.01")
ZERO = Decimal(0)
HUNDRED = Decimal(100)


@dataclass(frozen=True)
class _Amounts:
    """What one line comes to. `row` is after the discount, as recorded (`order.get.discount_tax`)."""

    gross: Decimal
    discount: Decimal
    row: Decimal
    tax: Decimal
    gross_tax: Decimal
    price_incl_tax: Decimal


def place(store: Store, wanted: PlainOrder, more: Mapping[str, object] | None = None) -> Document:
    """Make an order and keep it in the shop; `more` are further members of its head.

    Raises SeedError where its number is taken: it is unique, as a pushed order's.
    """
    increment = wanted.increment_id or f"{store.next_id('increment'):09d}"
    if any(one["increment_id"] == increment for one in store.orders.values()):
        raise SeedError(f"there is an order {increment} already")
    number = wanted.entity_id or store.next_id("order")
    store.taken("order", number)
    items = [row for line in wanted.lines for row in _lines(store, wanted, line, number)]
    order: Document = {
        **_head(store, wanted, number),
        "increment_id": increment,
        **(more or {}),
        "items": items,
    }
    billing = _address(store, wanted, wanted.billing, number, "billing")
    order.update(billing_address=billing, billing_address_id=billing["entity_id"], status_histories=[])
    _total(order, wanted)
    order["payment"] = _payment(store, wanted, order)
    order["_shipping"] = [_shipping(store, wanted, order)]
    order["extension_attributes"] = {
        "payment_additional_info": [
            {"key": "method_title", "value": order["payment"]["additional_information"][0]}
        ],
        **told_taxes(store, order),
        "converting_from_quote": False,
        "additional_itemized_taxes": [],
    }
    if increment.isdigit():
        store.taken("increment", int(increment))
    store.add("orders", order)
    return order


def _head(store: Store, wanted: PlainOrder, number: int) -> Document:
    now = store.now()
    currencies = ("base_currency_code", "global_currency_code", "order_currency_code", "store_currency_code")
    optional = {
        "ext_order_id": wanted.ext_order_id,
        "customer_id": wanted.customer_id,
        "customer_note": wanted.customer_note,
        "coupon_code": wanted.coupon and wanted.coupon.code,
        "discount_description": wanted.coupon and wanted.coupon.code,
        "applied_rule_ids": wanted.coupon and "1",
        "shipping_description": None if wanted.is_virtual else _shipping_title(wanted),
    }
    return {
        "entity_id": number,
        "state": wanted.state,
        "status": wanted.status or DEFAULT_STATUS.get(wanted.state, wanted.state),
        "created_at": now,
        "updated_at": now,
        "customer_email": wanted.customer_email,
        "customer_firstname": wanted.billing.firstname,
        "customer_lastname": wanted.billing.lastname,
        "customer_group_id": 1 if wanted.customer_id else 0,
        "customer_is_guest": 0 if wanted.customer_id else 1,
        "customer_note_notify": 1,
        **dict.fromkeys(currencies, wanted.currency),
        "base_to_global_rate": 1,
        "base_to_order_rate": 1,
        "store_to_base_rate": 0,
        "store_to_order_rate": 0,
        "is_virtual": int(wanted.is_virtual),
        "protect_code": secrets.token_hex(16),
        "quote_id": number + 1,
        "remote_ip": "203.0.113.10",
        "store_id": 1,
        "store_name": STORE_NAME,
        **{name: value for name, value in optional.items() if value},
    }


def _shipping_title(wanted: PlainOrder) -> str:
    method = wanted.shipping_method
    return wanted.shipping_description or SHIPPING_TITLES.get(method, method)


def _amounts(wanted: PlainOrder, line: Line) -> _Amounts:
    rate = _tax_percent(wanted, line) / HUNDRED
    gross = _rounded(line.price * line.qty)
    discount = _rounded(gross * wanted.coupon.percent / HUNDRED) if wanted.coupon else ZERO
    row = gross - discount
    return _Amounts(
        gross, discount, row, _rounded(row * rate), _rounded(gross * rate), _rounded(line.price * (1 + rate))
    )


def _tax_percent(wanted: PlainOrder, line: Line) -> Decimal:
    return wanted.tax_percent if line.tax_percent is None else line.tax_percent


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def _lines(store: Store, wanted: PlainOrder, line: Line, order: int) -> list[Document]:
    """The line, and beneath a configurable its child."""
    item = _line(store, wanted, line, order)
    if line.type != "configurable":
        return [item]
    number = store.next_id("item")
    child = _bare_line(store, line, order, "simple", number)
    child.update(
        parent_item_id=item["item_id"], name=f"Example {line.sku}", product_id=number, row_weight=ZERO
    )
    for name in ("price", "row_total", "row_total_incl_tax", "tax_amount", "discount_amount"):
        put(child, name, ZERO)
    child["original_price"] = ZERO
    return [item, child]


def _line(store: Store, wanted: PlainOrder, line: Line, order: int) -> Document:
    number = line.item_id or store.next_id("item")
    store.taken("item", number)
    item = _bare_line(store, line, order, line.type, number)
    made = _amounts(wanted, line)
    amounts = {
        "price": line.price,
        "original_price": line.price,
        "price_incl_tax": made.price_incl_tax,
        "row_total": made.row,
        "row_total_incl_tax": made.row + made.tax,
        "tax_amount": made.tax,
        "discount_amount": made.discount,
        "discount_tax_compensation_amount": ZERO,
    }
    for name, value in amounts.items():
        put(item, name, value)
    item["tax_percent"] = _tax_percent(wanted, line)
    if wanted.coupon:
        item.update(discount_percent=wanted.coupon.percent, applied_rule_ids="1")
    return item


def _bare_line(store: Store, line: Line, order: int, kind: str, number: int) -> Document:
    now = store.now()
    item: Document = {
        "created_at": now,
        "updated_at": now,
        "is_qty_decimal": int(line.qty != line.qty.to_integral_value()),
        "is_virtual": int(kind == "virtual"),
        "item_id": number,
        "name": line.name or f"Example {line.sku}",
        "order_id": order,
        "product_id": line.product_id or number,
        "product_type": kind,
        "quote_item_id": number,
        "sku": line.sku,
        "store_id": 1,
        "weight": 1,
        "row_weight": ZERO if kind == "virtual" else line.qty,
        "qty_ordered": line.qty,
        **dict.fromkeys(("qty_canceled", "qty_invoiced", "qty_refunded", "qty_shipped"), ZERO),
        **dict.fromkeys(("discount_percent", "free_shipping", "no_discount", "tax_percent"), 0),
        "extension_attributes": {"itemized_taxes": []},
    }
    for name in ("amount_refunded", "discount_invoiced", "row_invoiced", "tax_invoiced"):
        put(item, name, ZERO)
    return item


def _total(order: Document, wanted: PlainOrder) -> None:
    made = [_amounts(wanted, line) for line in wanted.lines]
    subtotal = sum((one.gross for one in made), ZERO)
    tax = sum((one.tax for one in made), ZERO)
    discount = sum((one.discount for one in made), ZERO)
    shipping = ZERO if wanted.is_virtual else wanted.shipping_amount
    total = subtotal - discount + tax + shipping
    totals = {
        "subtotal": subtotal,
        "subtotal_incl_tax": subtotal + sum((one.gross_tax for one in made), ZERO),
        "tax_amount": tax,
        "discount_amount": -discount,
        "shipping_amount": shipping,
        "shipping_incl_tax": shipping,
        "grand_total": total,
        "total_due": total,
    }
    zeros = (
        "discount_tax_compensation_amount",
        "shipping_discount_amount",
        "shipping_discount_tax_compensation_amount",
        "shipping_tax_amount",
    )
    for name, value in {**totals, **dict.fromkeys(zeros, ZERO)}.items():
        put(order, name, value)
    quantity = sum((line.qty for line in wanted.lines), ZERO)
    weight = sum((line.qty for line in wanted.lines if line.type != "virtual"), ZERO)
    order.update(total_qty_ordered=quantity, weight=weight, total_item_count=len(wanted.lines))


def _address(store: Store, wanted: PlainOrder, given: Address, order: int, kind: str) -> Document:
    return {
        "address_type": kind,
        "email": wanted.customer_email,
        "entity_id": store.next_id("address"),
        "parent_id": order,
        **given.model_dump(exclude_none=True),
    }


def _payment(store: Store, wanted: PlainOrder, order: Document) -> Document:
    given = wanted.payment
    payment: Document = {
        "account_status": None,
        "additional_information": [given.title or PAYMENT_TITLES.get(given.method, given.method)],
        "cc_last4": None,
        "entity_id": store.next_id("payment"),
        "parent_id": order["entity_id"],
        **given.model_dump(exclude_none=True, exclude={"title"}),
    }
    put(payment, "amount_ordered", order["grand_total"])
    put(payment, "shipping_amount", order["shipping_amount"])
    return payment


def _shipping(store: Store, wanted: PlainOrder, order: Document) -> Document:
    """The shipping assignment; an order of nothing but virtual products has no address in it."""
    total: dict[str, Any] = {
        name: order[name] for name in ("shipping_amount", "base_shipping_amount") if name in order
    }
    if wanted.is_virtual:
        return {"total": total}
    given = wanted.shipping or wanted.billing
    address = _address(store, wanted, given, order["entity_id"], "shipping")
    return {"address": address, "method": wanted.shipping_method, "total": total}
