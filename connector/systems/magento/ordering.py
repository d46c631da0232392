"""The request that makes an order, and how what was made is compared with it: pure.

Magento takes what it is given, computes nothing and reserves no stock (2.4.7 recordings `create.…`). What the order
comes to is `amounts.py`; finding, sending and reading back is `orders.py`.
"""

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from connector.errors import MappingMissing, Rejected
from connector.planned import OrderStep
from connector.systems.magento import wire
from connector.systems.magento.amounts import ZERO, Reckoning, Row
from connector.systems.magento.bodies import PushedOrder, PushOrder
from connector.systems.magento.settings import OrderSettings
from schemas.documents import Address, Order

LONGEST_NUMBER = 50
"""Characters of `increment_id` in the release's database schema."""

_CODE = re.compile(r"[a-z][a-z0-9_]*")
_REGION_CODE = re.compile(r"[A-Z0-9]{1,3}")
_NEEDED = {"name": "a name", "lines": "a street", "city": "a city", "country": "a country"}


def number_of(step: OrderStep, settings: OrderSettings) -> str:
    """The number that the order gets here; raises Rejected where it is too long."""
    number = settings.prefix + step.document.number
    if len(number) > LONGEST_NUMBER:
        raise Rejected(
            f"the number {number} has {len(number)} characters, and Magento keeps {LONGEST_NUMBER}: "
            "make orders.prefix shorter",
            code="number too long",
        )
    return number


def order_body(step: OrderStep, reckoning: Reckoning, settings: OrderSettings) -> PushOrder:
    """The request. Raises Rejected, MappingMissing among them, where something is missing that Magento needs."""
    order = step.content
    rate = settings.rate_for(order.currency)
    if rate is None:
        raise Rejected(
            f"order {order.number} is in {order.currency}, and the shop's base currency is {settings.base_currency}: "
            f"add its rate to the connection's orders.rates ({order.currency}: how many of them one "
            f"{settings.base_currency} is), or set orders.base_currency",
            code="currency",
            field="currency",
        )
    billing = _address(order, "billing", (order.bill_to, order.ship_to), settings)
    base = reckoning.at_rate(rate)
    items = [
        _item(order, row, in_base, settings) for row, in_base in zip(reckoning.rows, base.rows, strict=True)
    ]
    virtual = all(item["is_virtual"] for item in items)
    method = "" if virtual else _shipping_method(step)
    shipping = {"shipping_amount": reckoning.shipping, "base_shipping_amount": base.shipping}
    entity = {
        **_head(step, settings),
        **_totals(reckoning),
        **{f"base_{name}": amount for name, amount in _totals(base).items()},
        "base_to_order_rate": rate,
        "customer_firstname": billing["firstname"],
        "customer_lastname": billing["lastname"],
        "customer_email": billing["email"],
        "is_virtual": int(virtual),
        "shipping_description": _shipping_title(step, method),
        "total_qty_ordered": reckoning.quantity,
        "total_item_count": len(items),
        "billing_address": billing,
        "payment": {
            "method": payment_method(step, settings),
            "amount_ordered": reckoning.grand_total,
            "base_amount_ordered": base.grand_total,
            **shipping,
        },
        "items": items,
        "extension_attributes": None,
    }
    if not virtual:
        address = _address(order, "shipping", (order.ship_to, order.bill_to), settings)
        to = {"address": address, "method": method, "total": shipping}
        entity["extension_attributes"] = {"shipping_assignments": [{"shipping": to, "items": items}]}
    return PushOrder(entity=PushedOrder.model_validate(entity))


def payment_method(step: OrderStep, settings: OrderSettings) -> str:
    """The method's code: what the flow maps, else the source's own where it can be one, else the connection's."""
    method = step.payment_method
    mapped = method != step.content.payment_method
    return method if method and (mapped or _CODE.fullmatch(method)) else settings.payment_method


def differences(there: wire.Order, asked: PushedOrder) -> list[str]:
    """Where an order that stands there is not as it would be pushed, in words with both sides."""
    found = [*_other_items(there, asked)]
    amounts = {
        "grand total": (asked.grand_total, there.grand_total),
        "subtotal": (asked.subtotal, there.subtotal),
        "shipping": (asked.shipping_amount, there.shipping_amount),
        "tax": (asked.tax_amount, there.tax_amount),
        "discount": (asked.discount_amount, there.discount_amount),
    }
    for name, (wanted, stands) in amounts.items():
        if wanted != (stands or ZERO):
            found.append(f"{name}: asked {wanted:f}, there {stands if stands is not None else 'nothing'}")
    words = {
        "currency": (asked.order_currency_code, there.order_currency_code),
        "reference": (asked.ext_order_id, there.ext_order_id),
        "e-mail": (asked.customer_email, there.customer_email),
        "shipping method": (_method_asked(asked), _method_there(there)),
    }
    found += [
        f"{name}: asked {wanted}, there {stands or 'nothing'}"
        for name, (wanted, stands) in words.items()
        if wanted != stands
    ]
    return found


def _other_items(there: wire.Order, asked: PushedOrder) -> Iterator[str]:
    wanted = Counter((item.sku, item.qty_ordered, item.price) for item in asked.items)
    stands = Counter((item.sku, item.qty_ordered, item.price or ZERO) for item in there.items)
    if wanted != stands:
        yield f"lines: asked {_said(wanted)}; there {_said(stands)}"


def _said(lines: Counter[tuple[str, Decimal, Decimal]]) -> str:
    return ", ".join(f"{qty:f} × {sku} at {price:f}" for sku, qty, price in lines.elements()) or "none"


def _method_asked(asked: PushedOrder) -> str:
    return (
        asked.extension_attributes.shipping_assignments[0].shipping.method
        if asked.extension_attributes
        else ""
    )


def _method_there(there: wire.Order) -> str:
    assignments = there.extension_attributes.shipping_assignments if there.extension_attributes else ()
    return assignments[0].shipping.method if assignments and assignments[0].shipping else ""


# -- parts -------------------------------------------------------------------------------------------------


def _head(step: OrderStep, settings: OrderSettings) -> dict[str, Any]:
    """Who and what the order is. Customers are guests here: their accounts are the shop's own."""
    base = settings.base_currency
    return {
        "increment_id": number_of(step, settings),
        "ext_order_id": step.reference,
        "store_id": settings.store_id,
        "state": settings.state,
        "status": settings.status,
        "customer_is_guest": 1,
        "customer_group_id": settings.customer_group,
        "order_currency_code": step.content.currency,
        "base_currency_code": base,
        "global_currency_code": base,
        "store_currency_code": base,
        "base_to_global_rate": 1,
        "store_to_base_rate": 0,
        "store_to_order_rate": 0,
    }


def _totals(reckoning: Reckoning) -> dict[str, Decimal]:
    goods_tax = reckoning.tax - reckoning.shipping_tax
    return {
        "subtotal": reckoning.subtotal,
        "subtotal_incl_tax": reckoning.subtotal + goods_tax,
        "shipping_amount": reckoning.shipping,
        "shipping_tax_amount": reckoning.shipping_tax,
        "shipping_incl_tax": reckoning.shipping + reckoning.shipping_tax,
        "tax_amount": reckoning.tax,
        "discount_amount": -reckoning.discount,
        "grand_total": reckoning.grand_total,
        "total_due": reckoning.grand_total,
    }


def _item(order: Order, row: Row, base: Row, settings: OrderSettings) -> dict[str, Any]:
    """One line; a parent that never ships because its components do is goods, since it is pushed without them."""
    line = row.line
    is_parent = any(one.parent_reference == line.reference for one in order.lines)
    virtual = line.ships == "never" and not is_parent
    return {
        "ext_order_item_id": line.reference,
        "sku": line.sku,
        "name": line.name or line.sku,
        "product_type": "virtual" if virtual else "simple",
        "is_virtual": int(virtual),
        "is_qty_decimal": int(line.quantity % 1 != 0),
        "qty_ordered": line.quantity,
        "store_id": settings.store_id,
        **_row_amounts(row),
        **{f"base_{name}": amount for name, amount in _row_amounts(base).items()},
    }


def _row_amounts(row: Row) -> dict[str, Decimal]:
    tax_each = (row.tax / row.line.quantity).quantize(Decimal("0.0001"))
    return {
        "price": row.price,
        "original_price": row.price,
        "price_incl_tax": row.price + tax_each,
        "row_total": row.total,
        "row_total_incl_tax": row.total + row.tax,
        "tax_amount": row.tax,
        "discount_amount": row.discount,
    }


def _shipping_method(step: OrderStep) -> str:
    if step.ship_via is None or not step.ship_via.code:
        raise MappingMissing(
            f"no shipping method of the shop for ship via {step.content.ship_via!r}: give its row under "
            "mapping.ship_via a `code`, such as flatrate_flatrate",
            field="ship_via",
        )
    return step.ship_via.code


def _shipping_title(step: OrderStep, method: str) -> str | None:
    title = step.ship_via.title if step.ship_via else ""
    return (title or method) if method else None


def _address(
    order: Order, kind: str, own_and_other: tuple[Address | None, Address | None], settings: OrderSettings
) -> dict[str, Any]:
    """One address; who it is and how to reach them may stand in the other one only."""
    own, other = own_and_other
    address, second = own or other, other or own
    if address is None or second is None:
        raise Rejected(f"order {order.number} has no address", code="address", field="bill_to")
    lacking = [word for name, word in _NEEDED.items() if not _value(address, second, name)]
    email = order.email or address.email or second.email or settings.email
    if not email:
        lacking.append("an e-mail address (or set orders.email of the connection)")
    if lacking:
        raise Rejected(
            f"the {kind} address of order {order.number} has not all that Magento needs, it lacks {', '.join(lacking)}",
            code="address",
            field=kind,
        )
    first, _, last = (address.name or address.company or second.name or second.company).partition(" ")
    region = address.region or None
    return {
        "address_type": kind,
        "firstname": first,
        "lastname": last or first,
        "company": address.company or None,
        "street": address.lines,
        "city": address.city,
        "region": region,
        "region_code": region if region and _REGION_CODE.fullmatch(region) else None,
        "postcode": address.postal_code or None,
        "country_id": address.country,
        "telephone": address.phone or second.phone or None,
        "email": email,
    }


def _value(address: Address, second: Address, name: str) -> object:
    if name == "name":
        return address.name or address.company or second.name or second.company
    return getattr(address, name)
