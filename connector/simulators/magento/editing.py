"""Editing an order in the shop's admin: the order is canceled and made anew under a number of its own.

`000000013` becomes `000000013-1`, edited again `000000013-2`; both always name the first in
`original_increment_id`. What the shop does not carry over is lost: `ext_order_id`, comments. Source: Commerce
Admin guide and the release's order model; no edit is in the recording, so the order of the two saves is
unconfirmed.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connector.simulators.base import SeedError
from connector.simulators.magento import ordering
from connector.simulators.magento.checkout import Address, Coupon, Line, Payment, PlainOrder
from connector.simulators.magento.placing import place
from connector.simulators.magento.store import Document, Store, amount

_CLOSED = frozenset({"canceled", "payment_review", "complete", "closed", "holded"})


def edit(store: Store, order: Document, quantities: Mapping[str, Decimal]) -> Document:
    """Replace an order by a new one with other quantities (SKU -> quantity, 0 drops the line).

    Returns the new order. Raises SeedError where the admin offers no editing: once an order is invoiced, on
    hold or finished; and for bundles, which are not simulated here.
    """
    if order.get("state") in _CLOSED or any(store.of_order(store.invoices, order)):
        raise SeedError(f"order {order['increment_id']} can not be edited: {order.get('state')}, or invoiced")
    original = order.get("original_increment_id") or order["increment_id"]
    edits = int(order.get("edit_increment") or 0) + 1
    wanted = _as_wanted(order, quantities).model_copy(update={"increment_id": f"{original}-{edits}"})
    successor = place(
        store,
        wanted,
        {
            "original_increment_id": original,
            "edit_increment": edits,
            "relation_parent_id": str(order["entity_id"]),
            "relation_parent_real_id": order["increment_id"],
        },
    )
    order["relation_child_id"] = str(successor["entity_id"])
    order["relation_child_real_id"] = successor["increment_id"]
    store.save_order(order)
    ordering.cancel(store, order)
    return successor


def _as_wanted(order: Document, quantities: Mapping[str, Decimal]) -> PlainOrder:
    """An order as it could have been asked for at the checkout, with the changed quantities."""
    assignment = (order.get("_shipping") or [{}])[0]
    payment = order["payment"]
    titles = payment.get("additional_information") or [None]
    more: dict[str, Any] = {name: payment.get(name) for name in ("po_number", "cc_type", "cc_last4")}
    return PlainOrder(
        currency=order.get("order_currency_code") or "USD",
        customer_id=order.get("customer_id"),
        customer_email=order.get("customer_email") or "ada@example.com",
        customer_note=order.get("customer_note"),
        billing=_address(order.get("billing_address")),
        shipping=_address(assignment.get("address")) if assignment.get("address") else None,
        payment=Payment(method=payment["method"], title=titles[0], **more),
        shipping_method=assignment.get("method") or "flatrate_flatrate",
        shipping_description=order.get("shipping_description"),
        shipping_amount=amount(order, "shipping_amount"),
        coupon=_coupon(order),
        lines=_lines(order, quantities),
    )


def _address(given: Mapping[str, Any] | None) -> Address:
    known = {name: value for name, value in (given or {}).items() if name in Address.model_fields}
    return Address.model_validate(known)


def _coupon(order: Document) -> Coupon | None:
    percents = [amount(item, "discount_percent") for item in order["items"]]
    percent = max(percents, default=Decimal(0))
    return Coupon(code=str(order["coupon_code"]), percent=percent) if order.get("coupon_code") else None


def _lines(order: Document, quantities: Mapping[str, Decimal]) -> list[Line]:
    tops = [item for item in order["items"] if not item.get("parent_item_id")]
    unknown = set(quantities) - {item["sku"] for item in tops}
    if unknown:
        raise SeedError(f"order {order['increment_id']} has no line of {', '.join(sorted(unknown))}")
    lines = []
    for item in tops:
        kind = item.get("product_type") or "simple"
        if kind not in ("simple", "virtual", "configurable"):
            raise SeedError(f"a line of type {kind} can not be edited here")
        quantity = quantities.get(item["sku"], amount(item, "qty_ordered"))
        if quantity:
            lines.append(_line(item, kind, quantity))
    if not lines:
        raise SeedError("nothing would be left of the order")
    return lines


def _line(item: Document, kind: Any, quantity: Decimal) -> Line:
    return Line(
        sku=item["sku"],
        qty=quantity,
        price=amount(item, "price"),
        name=item.get("name"),
        product_id=item.get("product_id"),
        type=kind,
        tax_percent=amount(item, "tax_percent"),
    )
