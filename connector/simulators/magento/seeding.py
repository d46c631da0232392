"""Starting states of the shop: whole recorded documents, or a plain order described in a few members.

What `POST /_sim/seed` takes is said at `Seed`; unknown members are refused.
"""

import copy
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connector.simulators.base import SeedError
from connector.simulators.magento.ordering import STORE_NAME
from connector.simulators.magento.store import DEFAULT_STATUS, Document, Store, put

_TABLES = {
    "orders": "order",
    "shipments": "shipment",
    "invoices": "invoice",
    "creditmemos": "creditmemo",
}


class Line(BaseModel):
    """One line of a plain order; `price` is for one unit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sku: str
    qty: Decimal = Field(gt=0)
    price: Decimal = Decimal(0)
    name: str | None = None
    item_id: int | None = None
    product_id: int | None = None


class PlainOrder(BaseModel):
    """An order of simple products as a guest would place it, paid offline; shipping is not taxed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    increment_id: str | None = None
    ext_order_id: str | None = None
    entity_id: int | None = None
    state: str = "new"
    status: str | None = None
    currency: str = "USD"
    customer_email: str = "ada@example.com"
    shipping_amount: Decimal = Decimal(0)
    lines: list[Line] = Field(min_length=1)


class Settings(BaseModel):
    """The shop's switches. Defaults are the vendor's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    integration_bearer: bool = False
    """Integration tokens are taken as Bearer."""
    two_factor: bool = False
    """The admin token endpoint wants a second factor, so it refuses."""
    repeat_last_page: bool = False
    """Past the last page the last page comes again, as in older releases."""
    input_limits: bool = False
    """Lists of more than 300 rows a page are refused."""


class Seed(BaseModel):
    """What can be seeded: whole documents as the vendor answers them, plain orders, last ids, switches."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    orders: list[dict[str, Any]] = []
    shipments: list[dict[str, Any]] = []
    invoices: list[dict[str, Any]] = []
    creditmemos: list[dict[str, Any]] = []
    order: PlainOrder | None = None
    shipment_types: dict[str, str] = {}
    """SKU of a bundle -> `together` (the default) or `separately`; the vendor's API does not show it."""
    last_ids: dict[str, int] = {}
    """Kind -> the number given out last (order, increment, item, shipment, track, invoice …)."""
    settings: dict[str, bool] = {}


def read_seed(wanted: object) -> Seed:
    """What was posted, checked. Raises SeedError."""
    try:
        return Seed.model_validate(wanted)
    except ValidationError as error:
        raise SeedError(str(error)) from error


def plant(store: Store, seed: Seed) -> dict[str, object]:
    """Put documents into the shop; returns the ids of a plain order, and how many documents came whole."""
    for document in seed.orders:
        _plant_order(store, document, seed.shipment_types)
    for name in ("shipments", "invoices", "creditmemos"):
        for document in getattr(seed, name):
            getattr(store, name)[document["entity_id"]] = copy.deepcopy(document)
            store.taken(_TABLES[name], int(document["entity_id"]))
    answer: dict[str, object] = {name: len(getattr(seed, name)) for name in _TABLES if getattr(seed, name)}
    if seed.order is not None:
        order = _plain(store, seed.order)
        answer["order"] = {name: order[name] for name in ("entity_id", "increment_id")}
        answer["items"] = [{"item_id": one["item_id"], "sku": one["sku"]} for one in order["items"]]
    store.last_ids.update(seed.last_ids)
    return answer


def _plant_order(store: Store, given: Mapping[str, Any], shipment_types: Mapping[str, str]) -> None:
    order = copy.deepcopy(dict(given))
    extension = order.get("extension_attributes") or {}
    assignments = extension.pop("shipping_assignments", [])
    order["_shipping"] = [one["shipping"] for one in assignments]
    order["extension_attributes"] = extension
    order.setdefault("status_histories", [])
    order.setdefault("payment", {"method": "checkmo", "parent_id": order["entity_id"]})
    for item in order["items"]:
        item.pop("parent_item", None)
        if item["sku"] in shipment_types:
            item["_shipment_type"] = shipment_types[item["sku"]]
        store.taken("item", int(item["item_id"]))
    _keep(store, order)


def _keep(store: Store, order: Document) -> None:
    store.orders[int(order["entity_id"])] = order
    store.taken("order", int(order["entity_id"]))
    if str(order["increment_id"]).isdigit():
        store.taken("increment", int(order["increment_id"]))


def _plain(store: Store, wanted: PlainOrder) -> Document:
    number = wanted.entity_id or store.next_id("order")
    store.taken("order", number)
    items = [_plain_line(store, line, number) for line in wanted.lines]
    order = _plain_head(store, wanted, number)
    billing = _plain_address(store, wanted, number, "billing")
    shipping = _plain_address(store, wanted, number, "shipping")
    quantity = sum((line.qty for line in wanted.lines), Decimal(0))
    order.update(billing_address=billing, billing_address_id=billing["entity_id"], items=items)
    order.update(
        total_qty_ordered=quantity, weight=quantity, total_item_count=len(items), status_histories=[]
    )
    subtotal = sum((line.qty * line.price for line in wanted.lines), Decimal(0))
    _plain_totals(order, subtotal, wanted.shipping_amount)
    order["payment"] = _plain_payment(store, order)
    total = {name: order[name] for name in ("shipping_amount", "base_shipping_amount")}
    order["_shipping"] = [{"address": shipping, "method": "flatrate_flatrate", "total": total}]
    order["extension_attributes"] = {
        "payment_additional_info": [],
        "applied_taxes": [],
        "item_applied_taxes": [],
    }
    _keep(store, order)
    return order


def _plain_head(store: Store, wanted: PlainOrder, number: int) -> Document:
    now = store.now()
    return {
        "entity_id": number,
        "increment_id": wanted.increment_id or f"{store.next_id('increment'):09d}",
        **({"ext_order_id": wanted.ext_order_id} if wanted.ext_order_id else {}),
        "state": wanted.state,
        "status": wanted.status or DEFAULT_STATUS.get(wanted.state, wanted.state),
        "created_at": now,
        "updated_at": now,
        "customer_email": wanted.customer_email,
        "customer_firstname": "Ada",
        "customer_lastname": "Example",
        "customer_group_id": 0,
        "customer_is_guest": 1,
        "customer_note_notify": 1,
        **dict.fromkeys(
            ("base_currency_code", "global_currency_code", "order_currency_code", "store_currency_code"),
            wanted.currency,
        ),
        "base_to_global_rate": 1,
        "base_to_order_rate": 1,
        "store_to_base_rate": 0,
        "store_to_order_rate": 0,
        "is_virtual": 0,
        "shipping_description": "Flat Rate - Fixed",
        "store_id": 1,
        "store_name": STORE_NAME,
    }


def _plain_totals(order: Document, subtotal: Decimal, shipping: Decimal) -> None:
    total = subtotal + shipping
    totals = {
        "subtotal": subtotal,
        "subtotal_incl_tax": subtotal,
        "shipping_amount": shipping,
        "shipping_incl_tax": shipping,
        "grand_total": total,
        "total_due": total,
    }
    zeros = ("tax_amount", "discount_amount", "discount_tax_compensation_amount", "shipping_tax_amount")
    for name, value in {**totals, **dict.fromkeys(zeros, Decimal(0))}.items():
        put(order, name, value)


def _plain_line(store: Store, line: Line, order: int) -> Document:
    number = line.item_id or store.next_id("item")
    store.taken("item", number)
    now = store.now()
    item: Document = {
        "created_at": now,
        "updated_at": now,
        "is_qty_decimal": int(line.qty != line.qty.to_integral_value()),
        "is_virtual": 0,
        "item_id": number,
        "name": line.name or f"Example {line.sku}",
        "order_id": order,
        "product_id": line.product_id or number,
        "product_type": "simple",
        "sku": line.sku,
        "store_id": 1,
        "weight": 1,
        "row_weight": line.qty,
        "qty_ordered": line.qty,
        **dict.fromkeys(("qty_canceled", "qty_invoiced", "qty_refunded", "qty_shipped"), Decimal(0)),
        **dict.fromkeys(("discount_percent", "free_shipping", "no_discount", "tax_percent"), 0),
        "extension_attributes": {"itemized_taxes": []},
    }
    amounts = dict.fromkeys(("price", "original_price", "price_incl_tax"), line.price)
    amounts.update(dict.fromkeys(("row_total", "row_total_incl_tax"), line.price * line.qty))
    zeros = (
        "amount_refunded",
        "discount_amount",
        "discount_invoiced",
        "row_invoiced",
        "tax_amount",
        "tax_invoiced",
    )
    for name, value in {**amounts, **dict.fromkeys(zeros, Decimal(0))}.items():
        put(item, name, value)
    return item


def _plain_address(store: Store, wanted: PlainOrder, order: int, kind: str) -> Document:
    return {
        "address_type": kind,
        "city": "Austin",
        "country_id": "US",
        "email": wanted.customer_email,
        "entity_id": store.next_id("address"),
        "firstname": "Ada",
        "lastname": "Example",
        "parent_id": order,
        "postcode": "78701",
        "region": "Texas",
        "region_code": "TX",
        "region_id": 57,
        "street": ["1 Sample Street"],
        "telephone": "5125550100",
    }


def _plain_payment(store: Store, order: Document) -> Document:
    payment: Document = {
        "account_status": None,
        "additional_information": ["Check / Money order"],
        "cc_last4": None,
        "entity_id": store.next_id("payment"),
        "method": "checkmo",
        "parent_id": order["entity_id"],
    }
    put(payment, "amount_ordered", order["grand_total"])
    put(payment, "shipping_amount", order["shipping_amount"])
    return payment
