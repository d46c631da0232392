"""Invoices: making them from an order. Offline methods only, so every invoice is paid.

Unlike a shipment, an invoice refuses too much (Magento 2.4.7 recording, `invoice.over_quantity`). The first
takes all the shipping. Amounts are in one currency; `base_` twins are equal.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connector.simulators.magento.errors import Refusal, document_refused
from connector.simulators.magento.quantities import (
    can_invoice,
    is_price_dummy,
    settle_state,
    to_invoice,
    whole,
)
from connector.simulators.magento.shipping import asked_quantities
from connector.simulators.magento.store import (
    Document,
    Store,
    add,
    add_quantity,
    address_id,
    amount,
    children_of,
    parent_of,
    put,
)

NOT_READY = "An invoice cannot be created when an order has a status of %s"
NOTHING_TO_INVOICE = "The order does not allow an invoice to be created."
NO_PRODUCTS = "The invoice can't be created without products. Add products and try again."
TOO_MUCH = 'We found an invalid quantity to invoice item "%1".'
CENT = Decimal("0.01")
PAID = 2

Planned = list[tuple[Document, Decimal]]


def invoice(store: Store, order: Document, body: Mapping[str, Any]) -> str:
    """Make an invoice and move the order; returns its id, as text. Raises Refusal."""
    asked = asked_quantities(body.get("items"))
    planned = _plan(order, asked)
    messages = _messages(order, planned)
    if messages:
        raise document_refused("Invoice", messages)
    document = _document(store, order, planned, asked)
    if body.get("comment") and body["comment"].get("comment"):
        document["comments"].append(new_comment(store, document, body["comment"], "invoice_comment"))
    store.add("invoices", document)
    _book(store, order, document)
    settle_state(store, order, in_process=True)
    return str(document["entity_id"])


def _plan(order: Document, asked: Mapping[int, Decimal]) -> Planned:
    planned: Planned = []
    for item in order["items"]:
        left = to_invoice(order, item)
        if is_price_dummy(order, item):
            continue
        wanted = whole(item, _asked(order, item, asked)) if asked else left
        if wanted > left and left > 0:
            raise Refusal(400, TOO_MUCH, [item.get("name")])
        if min(wanted, left) > 0:
            planned.append((item, wanted))
    return planned


def _asked(order: Document, item: Document, asked: Mapping[int, Decimal]) -> Decimal:
    """What is wanted of a line: of a part whose bundle was named, its share of that."""
    parent = parent_of(order, item)
    if item["item_id"] in asked or parent is None:
        return asked.get(item["item_id"], Decimal(0))
    named = asked.get(parent["item_id"], Decimal(0))
    return amount(item, "qty_ordered") / amount(parent, "qty_ordered") * named


def _messages(order: Document, planned: Planned) -> list[str]:
    messages = [] if planned else [NO_PRODUCTS]
    if order.get("state") in ("payment_review", "holded", "canceled"):
        return [*messages, NOT_READY % order.get("status")]
    return messages if can_invoice(order) else [*messages, NOTHING_TO_INVOICE]


def share(item: Document, name: str, quantity: Decimal, done: Decimal) -> Decimal:
    """The part of a line's amount that falls to a quantity, rounded so that all parts add up to the whole."""
    ordered = amount(item, "qty_ordered")
    upto = _rounded(amount(item, name) * (done + quantity) / ordered)
    return upto - _rounded(amount(item, name) * done / ordered)


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def copied(order: Document, names: tuple[str, ...]) -> Document:
    """Those members of an order which its invoices and credit memos repeat, where it has them."""
    return {name: order[name] for name in names if name in order}


REPEATED = (
    "base_currency_code",
    "base_to_global_rate",
    "base_to_order_rate",
    "billing_address_id",
    "discount_description",
    "global_currency_code",
    "order_currency_code",
    "store_currency_code",
    "store_id",
    "store_to_base_rate",
    "store_to_order_rate",
)


def _document(store: Store, order: Document, planned: Planned, asked: Mapping[int, Decimal]) -> Document:
    number, now = store.next_id("invoice"), store.now()
    items = [_line(store, number, item, quantity) for item, quantity in _listed(order, planned, asked)]
    first = not any(store.of_order(store.invoices, order))
    shipping = amount(order, "shipping_amount") if first else Decimal(0)
    document: Document = {
        **copied(order, REPEATED),
        **address_id(order),
        "can_void_flag": 0,
        "created_at": now,
        "updated_at": now,
        "entity_id": number,
        "increment_id": f"{number:09d}",
        "order_id": order["entity_id"],
        "state": PAID,
        "total_qty": sum((quantity for _, quantity in planned), Decimal(0)),
        "items": items,
        "comments": [],
    }
    own = {item["item_id"] for item, _ in planned}
    charged = [line for line in items if line["order_item_id"] in own]
    _put_totals(document, charged, shipping, first)
    return document


def _put_totals(document: Document, charged: list[Document], shipping: Decimal, first: bool) -> None:
    subtotal = sum((amount(item, "row_total") for item in charged), Decimal(0))
    tax = sum((amount(item, "tax_amount") for item in charged), Decimal(0))
    discount = sum((amount(item, "discount_amount") for item in charged), Decimal(0))
    totals = {
        "subtotal": subtotal,
        "subtotal_incl_tax": sum((amount(item, "row_total_incl_tax") for item in charged), Decimal(0)),
        "tax_amount": tax,
        "discount_amount": -discount,
        "grand_total": subtotal + tax - discount + shipping,
        "discount_tax_compensation_amount": Decimal(0),
    }
    of_shipping = {
        "shipping_amount": shipping,
        "shipping_incl_tax": shipping,
        "shipping_tax_amount": Decimal(0),
        "shipping_discount_tax_compensation_amount": Decimal(0),
    }
    for name, value in {**totals, **(of_shipping if first else {})}.items():
        put(document, name, value)


def _listed(order: Document, planned: Planned, asked: Mapping[int, Decimal]) -> Planned:
    """The lines an invoice shows: with a part its head, and with a configurable its child."""
    listed: dict[int, tuple[Document, Decimal]] = {}
    for item, quantity in planned:
        head = parent_of(order, item)
        if head is not None and head["item_id"] not in listed:
            listed[head["item_id"]] = (head, asked.get(head["item_id"], amount(head, "qty_ordered")))
        listed[item["item_id"]] = (item, quantity)
        listed.update({one["item_id"]: (one, quantity) for one in children_of(order, item)})
    return list(listed.values())


def _line(store: Store, document: int, item: Document, quantity: Decimal) -> Document:
    done = amount(item, "qty_invoiced")
    line: Document = {
        **{name: item[name] for name in ("name", "product_id", "sku") if name in item},
        "entity_id": store.next_id("invoice_item"),
        "parent_id": document,
        "order_item_id": item["item_id"],
        "qty": quantity,
    }
    for name, value in line_amounts(item, quantity, done).items():
        put(line, name, value)
    return line


def line_amounts(item: Document, quantity: Decimal, done: Decimal) -> dict[str, Decimal]:
    """Row total, tax and discount of a quantity of an order line, of which `done` was charged before."""
    amounts = {
        "price": amount(item, "price"),
        "row_total": _rounded(amount(item, "price") * quantity),
        "tax_amount": share(item, "tax_amount", quantity, done),
        "discount_tax_compensation_amount": Decimal(0),
    }
    if item.get("price_incl_tax") is not None:
        amounts["price_incl_tax"] = amount(item, "price_incl_tax")
        amounts["row_total_incl_tax"] = _rounded(amount(item, "price_incl_tax") * quantity)
    if amount(item, "discount_amount"):
        amounts["discount_amount"] = share(item, "discount_amount", quantity, done)
    return amounts


def _book(store: Store, order: Document, document: Document) -> None:
    """Carry an invoice into the order, its lines and its payment."""
    by_id = {item["item_id"]: item for item in order["items"]}
    for line in document["items"]:
        item = by_id[line["order_item_id"]]
        add_quantity(store, item, "qty_invoiced", line["qty"])
        if not is_price_dummy(order, item):
            add(item, "row_invoiced", line["row_total"])
            add(item, "tax_invoiced", line["tax_amount"])
            add(item, "discount_invoiced", amount(line, "discount_amount"))
        add(item, "discount_tax_compensation_invoiced", Decimal(0))
    for item in order["items"]:
        if not is_price_dummy(order, item):
            item.setdefault("weee_tax_applied", "[]")
    moved = {
        "subtotal_invoiced": "subtotal",
        "tax_invoiced": "tax_amount",
        "shipping_invoiced": "shipping_amount",
        "discount_invoiced": "discount_amount",
        "discount_tax_compensation_invoiced": "discount_tax_compensation_amount",
        "total_invoiced": "grand_total",
        "total_paid": "grand_total",
    }
    for name, source in moved.items():
        add(order, name, amount(document, source))
    order["base_total_invoiced_cost"] = Decimal(0)
    put(order, "total_due", amount(order, "grand_total") - amount(order, "total_paid"))
    add(order["payment"], "amount_paid", amount(document, "grand_total"))
    add(order["payment"], "shipping_captured", amount(document, "shipping_amount"))
    store.save_order(order)


def add_invoice_comment(store: Store, entity: Mapping[str, Any]) -> Document:
    """A comment on an invoice; the reply has no date. Raises Refusal."""
    document = store.invoices.get(entity.get("parent_id") or 0)
    if document is None or not entity.get("comment"):
        raise Refusal(400, "Could not save the invoice comment.")
    comment = new_comment(store, document, entity, "invoice_comment")
    document["comments"].append(comment)
    return {name: value for name, value in comment.items() if name != "created_at"}


def new_comment(store: Store, document: Document, given: Mapping[str, Any], kind: str) -> Document:
    """A comment of an invoice or credit memo."""
    return {
        "is_customer_notified": given.get("is_customer_notified") or 0,
        "parent_id": document["entity_id"],
        "comment": given.get("comment"),
        "is_visible_on_front": given.get("is_visible_on_front") or 0,
        "created_at": store.now(),
        "entity_id": store.next_id(kind),
    }
