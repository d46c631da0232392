"""Credit memos, offline: made from an order. Online refunds are refused, as for an offline payment.

Without `arguments` the open shipping is refunded too (Magento 2.4.7 recording, `refund.shipping_omitted`);
equal refunds both succeed; only when all the money is back is the order closed
(`order.get.refunded_to_the_end`).
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connector.simulators.magento.errors import Refusal, document_refused
from connector.simulators.magento.invoicing import REPEATED, copied, line_amounts, new_comment
from connector.simulators.magento.quantities import is_price_dummy, settle_state, to_refund, whole
from connector.simulators.magento.shipping import asked_quantities
from connector.simulators.magento.store import Document, Store, add, add_quantity, address_id, amount, put

NOT_READY = "A creditmemo can not be created when an order has a status of %s"
MOST_MONEY = "The most money available to refund is %s."
TOO_MANY = "The quantity to refund must not be greater than the unrefunded quantity."
FOREIGN = "The creditmemo contains product item that is not part of the original order."
TOO_MUCH = 'We found an invalid quantity to refund item "%1".'
TOO_MUCH_SHIPPING = "Maximum shipping amount allowed to refund is: %1"
NOT_FOR_INVOICE = "We can't create creditmemo for the invoice."
REFUNDED = 2

Planned = list[tuple[Document, Decimal]]


def refund(store: Store, order: Document, body: Mapping[str, Any]) -> str:
    """Make a credit memo and move the order; returns its id, as text. Raises Refusal."""
    asked = asked_quantities(body.get("items"))
    planned = _plan(order, asked)
    arguments = body.get("arguments") or {}
    shipping = _shipping(order, arguments)
    document = _document(order, planned, shipping, arguments)
    messages = _messages(order, asked, amount(document, "grand_total"))
    if messages:
        raise document_refused("Creditmemo", messages)
    _store(store, order, document)
    if body.get("comment") and body["comment"].get("comment"):
        document["comments"].append(new_comment(store, document, body["comment"], "creditmemo_comment"))
    _book(store, order, document)
    settle_state(store, order, in_process=False)
    _tell(store, order, amount(document, "grand_total"))
    return str(document["entity_id"])


def refund_invoice(store: Store, number: str) -> str:
    """The online way, refused since no gateway was paid. Raises Refusal."""
    store.find(store.invoices, number)
    raise document_refused("Creditmemo", [NOT_FOR_INVOICE])


def _plan(order: Document, asked: Mapping[int, Decimal]) -> Planned:
    planned: Planned = []
    for item in order["items"]:
        left = to_refund(order, item)
        wanted = whole(item, asked.get(item["item_id"], Decimal(0))) if asked else left
        if left <= 0 or wanted <= 0 or is_price_dummy(order, item):
            continue
        if wanted > left:
            raise Refusal(400, TOO_MUCH, [item.get("name")])
        planned.append((item, wanted))
    return planned


def _shipping(order: Document, arguments: Mapping[str, Any]) -> Decimal:
    left = amount(order, "shipping_amount") - amount(order, "shipping_refunded")
    if arguments.get("shipping_amount") is None:
        return left
    if amount(arguments, "shipping_amount") > left:
        raise Refusal(400, TOO_MUCH_SHIPPING, [f"${left:.2f}"])
    return amount(arguments, "shipping_amount")


def _messages(order: Document, asked: Mapping[int, Decimal], total: Decimal) -> list[str]:
    messages = []
    if order.get("state") in ("payment_review", "holded", "canceled", "closed"):
        messages.append(NOT_READY % order.get("status"))
    paid, refunded = amount(order, "total_paid"), amount(order, "total_refunded")
    if refunded + total > paid:
        messages.append(MOST_MONEY % format((paid - refunded).normalize(), "f"))
    by_id = {item["item_id"]: item for item in order["items"]}
    for number, quantity in asked.items():
        if number not in by_id:
            messages.append(FOREIGN)
        elif quantity > to_refund(order, by_id[number]):
            messages.append(TOO_MANY)
    return messages


def _document(order: Document, planned: Planned, shipping: Decimal, arguments: Mapping[str, Any]) -> Document:
    lines = [_line(item, quantity) for item, quantity in planned]
    positive, negative = amount(arguments, "adjustment_positive"), amount(arguments, "adjustment_negative")
    document: Document = {
        **copied(order, REPEATED),
        **address_id(order),
        "order_id": order["entity_id"],
        "state": REFUNDED,
        "items": lines,
        "comments": [],
    }
    for name, value in _totals(lines, shipping, positive - negative).items():
        put(document, name, value)
    put(document, "adjustment", positive - negative)
    for name, value in {"adjustment_positive": positive, "adjustment_negative": negative}.items():
        if value:
            put(document, name, value)
    return document


def _totals(lines: list[Document], shipping: Decimal, adjustment: Decimal) -> dict[str, Decimal]:
    def total(name: str) -> Decimal:
        return sum((amount(line, name) for line in lines), Decimal(0))

    return {
        "subtotal": total("row_total"),
        "subtotal_incl_tax": total("row_total_incl_tax"),
        "tax_amount": total("tax_amount"),
        "discount_amount": -total("discount_amount"),
        "discount_tax_compensation_amount": Decimal(0),
        "shipping_amount": shipping,
        "shipping_incl_tax": shipping,
        "shipping_tax_amount": Decimal(0),
        "grand_total": total("row_total")
        + total("tax_amount")
        - total("discount_amount")
        + shipping
        + adjustment,
    }


def _line(item: Document, quantity: Decimal) -> Document:
    line: Document = {
        **{name: item[name] for name in ("name", "product_id", "sku") if name in item},
        "base_cost": None,
        "order_item_id": item["item_id"],
        "qty": quantity,
        "base_weee_tax_row_disposition": 0,
        "weee_tax_applied": "[]",
        "weee_tax_applied_row_amount": 0,
        "weee_tax_row_disposition": 0,
    }
    for name, value in line_amounts(item, quantity, amount(item, "qty_refunded")).items():
        put(line, name, value)
    return line


def _store(store: Store, order: Document, document: Document) -> None:
    number, now = store.next_id("creditmemo"), store.now()
    document.update(entity_id=number, increment_id=f"{number:09d}", created_at=now, updated_at=now)
    for line in document["items"]:
        line.update(entity_id=store.next_id("creditmemo_item"), parent_id=number)
    store.add("creditmemos", document)


_LINE_MOVES = {
    "amount_refunded": "row_total",
    "tax_refunded": "tax_amount",
    "discount_refunded": "discount_amount",
    "discount_tax_compensation_refunded": "discount_tax_compensation_amount",
}
_ORDER_MOVES = {
    "adjustment_positive": "adjustment_positive",
    "adjustment_negative": "adjustment_negative",
    "subtotal_refunded": "subtotal",
    "tax_refunded": "tax_amount",
    "discount_refunded": "discount_amount",
    "discount_tax_compensation_refunded": "discount_tax_compensation_amount",
    "shipping_refunded": "shipping_amount",
    "shipping_tax_refunded": "shipping_tax_amount",
    "total_refunded": "grand_total",
    "total_offline_refunded": "grand_total",
}


def _book(store: Store, order: Document, document: Document) -> None:
    """Carry a credit memo into the order, its lines and its payment."""
    by_id = {item["item_id"]: item for item in order["items"]}
    for line in document["items"]:
        item = by_id[line["order_item_id"]]
        add_quantity(store, item, "qty_refunded", line["qty"])
        for name, source in _LINE_MOVES.items():
            add(item, name, amount(line, source))
    for name, source in _ORDER_MOVES.items():
        add(order, name, amount(document, source))
    order["customer_note_notify"] = 0
    add(order["payment"], "amount_refunded", amount(document, "grand_total"))
    add(order["payment"], "shipping_refunded", amount(document, "shipping_amount"))
    store.save_order(order)


def _tell(store: Store, order: Document, total: Decimal) -> None:
    order["status_histories"].append(
        {
            "comment": f"We refunded ${total:.2f} offline.",
            "created_at": store.now(),
            "entity_id": store.next_id("status_history"),
            "entity_name": "creditmemo",
            "is_customer_notified": 0,
            "is_visible_on_front": 0,
            "parent_id": order["entity_id"],
            "status": order.get("status"),
        }
    )
