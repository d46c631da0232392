"""What is done to an order itself: cancel, hold, comment, and saving or pushing it whole.

`POST /V1/orders` checks no state and answers a stub (Magento 2.4.7 recording, groups `save.` and `create.`).
"""

import secrets
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connector.simulators.magento.errors import Refusal
from connector.simulators.magento.quantities import to_cancel, to_invoice, to_refund
from connector.simulators.magento.store import Document, Store, add_quantity, amount, put

CANNOT_HOLD = "A hold action is not available."
CANNOT_UNHOLD = "You cannot remove the hold."
FOREIGN_STATUS = (
    'Unable to add comment: The status "%1" is not part of the order\n                 status history.'
)
NO_PAYMENT = "Please provide payment for the order."
NOT_UNIQUE = "Unique constraint violation found"
STORE_NAME = "Main Website\nMain Website Store\nDefault Store View"


def cancel(store: Store, order: Document) -> bool:
    """Cancel what is open; false, and nothing done, where the state forbids it."""
    blocked = order.get("state") in ("complete", "closed", "canceled", "holded", "payment_review")
    if blocked or not any(to_invoice(order, item) > 0 for item in order["items"]):
        return False
    for item in order["items"]:
        add_quantity(store, item, "qty_canceled", to_cancel(order, item))
        item["tax_canceled"] = amount(item, "tax_amount") - amount(item, "tax_invoiced")
        item["discount_tax_compensation_canceled"] = Decimal(0)
    for name in ("subtotal", "tax", "shipping", "discount"):
        whole = amount(order, name if name == "subtotal" else f"{name}_amount")
        put(order, f"{name}_canceled", whole - amount(order, f"{name}_invoiced"))
    put(order, "total_canceled", amount(order, "grand_total") - amount(order, "total_paid"))
    charged = any(to_refund(order, item) > 0 for item in order["items"])
    store.set_state(order, "complete" if charged else "canceled")
    return True


def hold(store: Store, order: Document) -> bool:
    """Put an order on hold, remembering where it was. Raises Refusal."""
    if order.get("state") in ("canceled", "payment_review", "complete", "closed", "holded"):
        raise Refusal(400, CANNOT_HOLD)
    order.update(hold_before_state=order.get("state"), hold_before_status=order.get("status"))
    store.set_state(order, "holded")
    return True


def unhold(store: Store, order: Document) -> bool:
    """Take an order off hold. Raises Refusal."""
    if order.get("state") != "holded":
        raise Refusal(400, CANNOT_UNHOLD)
    store.set_state(order, order.pop("hold_before_state"), order.pop("hold_before_status"))
    return True


def comment(store: Store, order: Document, given: Mapping[str, Any]) -> bool:
    """Add a comment; a status must belong to the order's state, without one the order keeps its own.

    Raises Refusal.
    """
    status = given.get("status")
    if status is not None and status not in store.statuses.get(order.get("state") or "", ()):
        raise Refusal(400, FOREIGN_STATUS, [status])
    order["status_histories"].append(
        {
            "comment": given.get("comment"),
            "created_at": store.now(),
            "entity_id": store.next_id("status_history"),
            "is_customer_notified": given.get("is_customer_notified"),
            "is_visible_on_front": given.get("is_visible_on_front") or 0,
            "parent_id": order["entity_id"],
            "status": status or order.get("status"),
        }
    )
    if status is not None:
        store.set_state(order, order["state"], status)
    return True


def save(store: Store, entity: Mapping[str, Any]) -> Document:
    """Change the order `entity_id` names, or push a new one; returns the stub to answer. Raises Refusal."""
    known = store.orders.get(entity.get("entity_id") or 0)
    return _create(store, entity) if known is None else _change(store, known, entity)


_NESTED = frozenset({"items", "billing_address", "payment", "status_histories", "extension_attributes"})


def _change(store: Store, order: Document, entity: Mapping[str, Any]) -> Document:
    given = {name: value for name, value in entity.items() if name not in _NESTED}
    _check_number(store, order["entity_id"], given.get("increment_id"))
    changed = [(_line_of(order, line), line) for line in entity.get("items") or []]
    lines = [_change_line(store, item, line) for item, line in changed]
    order.update(given)
    store.save_order(order)
    bare = [
        {name: value for name, value in one.items() if name != "extension_attributes"}
        for one in order["items"]
    ]
    always = ("billing_address_id", "created_at", "updated_at", "billing_address", "payment")
    return {
        "base_grand_total": None,
        "base_total_due": 0,
        "customer_email": None,
        "grand_total": None,
        "total_due": 0,
        **{name: order.get(name) for name in always},
        **given,
        "items": lines or bare,
        "status_histories": [],
    }


def _line_of(order: Document, line: Mapping[str, Any]) -> Document:
    for item in order["items"]:
        if item["item_id"] == line.get("item_id"):
            found: Document = item
            return found
    raise Refusal(400, "The order item could not be saved.")


def _change_line(store: Store, item: Document, line: Mapping[str, Any]) -> Document:
    item.update(line)
    store.touch(item)
    stamps = {name: item[name] for name in ("created_at", "item_id", "order_id", "updated_at")}
    return {"sku": None, **_ROW_TOTALS, **line, **stamps}


_ROW_TOTALS = {"row_total": 0, "base_row_total": 0, "row_total_incl_tax": 0, "base_row_total_incl_tax": 0}
_LINE_ZEROS = dict.fromkeys(
    """
    amount_refunded base_amount_refunded base_cost base_discount_amount base_discount_invoiced
    base_price base_row_invoiced base_row_total base_tax_amount base_tax_invoiced discount_amount
    discount_invoiced discount_percent free_shipping no_discount original_price price
    qty_backordered qty_canceled qty_invoiced qty_refunded qty_shipped row_invoiced row_total
    row_weight tax_amount tax_invoiced tax_percent weight
    """.split(),
    0,
)


def _create(store: Store, entity: Mapping[str, Any]) -> Document:
    if not (entity.get("payment") or {}).get("method"):
        raise Refusal(400, NO_PAYMENT)
    number = store.next_id("order")
    increment = str(entity.get("increment_id") or "") or f"{store.next_id('increment'):09d}"
    _check_number(store, number, increment)
    order = _new_order(store, entity, number, increment)
    stub = {**order, "items": [_stub_line(item) for item in order["items"]]}
    if order["_shipping"]:
        lines = [{n: v for n, v in item.items() if n not in _STAMPS} for item in order["items"]]
        assignments = [{"shipping": dict(one), "items": lines} for one in order["_shipping"]]
        stub["extension_attributes"] = {"shipping_assignments": assignments}
    order["items"] = [_stored_line(item) for item in order["items"]]
    order["_shipping"] = _stored_shipping(order)
    order["extension_attributes"] = dict(_EXTENSION)
    store.add("orders", order)
    return stub


def _check_number(store: Store, own: int, wanted: str | None) -> None:
    """No two orders bear one number (recording, `create.own_increment_id_again`). Raises Refusal."""
    others = (one["increment_id"] for number, one in store.orders.items() if number != own)
    if wanted and wanted in others:
        raise Refusal(400, NOT_UNIQUE)


_STAMPS = ("created_at", "updated_at", "item_id", "order_id")
_EXTENSION: Mapping[str, Any] = {
    "payment_additional_info": [],
    "applied_taxes": [],
    "item_applied_taxes": [],
    "converting_from_quote": False,
    "taxes": [],
    "additional_itemized_taxes": [],
}


def _new_order(store: Store, entity: Mapping[str, Any], number: int, increment: str) -> Document:
    now = store.now()
    given = {name: value for name, value in entity.items() if name not in _NESTED and value is not None}
    billing = _address(store, entity.get("billing_address"), number)
    items = [
        {**line, "created_at": now, "updated_at": now, "item_id": store.next_id("item"), "order_id": number}
        for line in entity.get("items") or []
    ]
    due = amount(given, "grand_total") - amount(given, "total_paid")
    return {
        "grand_total": None,
        "base_grand_total": None,
        "total_item_count": len(items),
        "store_name": STORE_NAME,
        **given,
        "total_due": due,
        "base_total_due": due,
        "entity_id": number,
        "increment_id": increment,
        "created_at": now,
        "updated_at": now,
        "protect_code": secrets.token_hex(16),
        **({"billing_address_id": billing["entity_id"], "billing_address": billing} if billing else {}),
        "items": items,
        "payment": _payment(store, entity["payment"], number),
        "status_histories": [],
        "_shipping": _shipping(store, entity, number),
    }


def _address(store: Store, given: Mapping[str, Any] | None, order: int) -> Document | None:
    return None if not given else {**given, "entity_id": store.next_id("address"), "parent_id": order}


def _payment(store: Store, given: Mapping[str, Any], order: int) -> Document:
    blank: Document = {"account_status": None, "additional_information": [], "cc_last4": None}
    return {**blank, **given, "entity_id": store.next_id("payment"), "parent_id": order}


def _shipping(store: Store, entity: Mapping[str, Any], order: int) -> list[Document]:
    assignments = (entity.get("extension_attributes") or {}).get("shipping_assignments") or []
    made = []
    for assignment in assignments:
        shipping = dict(assignment.get("shipping") or {})
        address = _address(store, shipping.pop("address", None), order)
        made.append({**({"address": address} if address else {}), **shipping})
    return made


def _stored_shipping(order: Document) -> list[Document]:
    """The assignment as it is read back: its totals are the order's own; there always is one."""
    names = ("shipping_amount", "shipping_incl_tax", "base_shipping_amount", "base_shipping_incl_tax")
    total = {name: order[name] for name in names if name in order}
    return [{**one, "total": total or []} for one in order["_shipping"] or [{}]]


def _stub_line(item: Document) -> Document:
    return {**_ROW_TOTALS, **item} if "row_total" not in item else item


def _stored_line(item: Document) -> Document:
    incl = {} if "row_total_incl_tax" in item else {"row_total_incl_tax": 0, "base_row_total_incl_tax": 0}
    return {**_LINE_ZEROS, **incl, **item, "extension_attributes": {"itemized_taxes": []}}
