"""The request that makes a sales order, and how what was made is compared with it: pure.

Lines without a parent bear the amounts; lines less discount, with shipping and tax, make up the total. NetSuite
calculates the tax itself (SuiteTax) unless the settings name an item that bears it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connector.errors import Rejected
from connector.planned import OrderStep
from connector.systems.base import Field
from connector.systems.netsuite.settings import NetSuiteSettings
from connector.systems.netsuite.wire import ZERO, SalesOrder
from connector.systems.netsuite.writing import defaults_of, memo, plain, ref, said
from schemas.base import Money, minor_unit
from schemas.documents import Address, Order, OrderLine

RATE = Decimal("0.00000001")
"""Decimals of a unit price that are sent; the amount decides."""


@dataclass(frozen=True)
class Asked:
    """One line as it is asked for; `item` is an internal id, `amount` what the line comes to."""

    item: str
    quantity: Decimal
    amount: Decimal
    description: str = ""

    @property
    def rate(self) -> Decimal:
        """The unit price that makes up the amount."""
        each = (self.amount / self.quantity).quantize(RATE, ROUND_HALF_UP)
        return each.normalize() if each else ZERO


@dataclass(frozen=True)
class Reckoning:
    """What an order comes to here: lines, and the amounts that stand at its head."""

    lines: tuple[Asked, ...]
    discount: Decimal
    shipping: Decimal

    @property
    def subtotal(self) -> Decimal:
        """All lines, those that bear shipping or tax among them."""
        return sum((line.amount for line in self.lines), ZERO)


def sold(order: Order) -> tuple[OrderLine, ...]:
    """The lines that become lines here: what is sold, and components that travel by themselves."""
    return tuple(
        line
        for line in order.lines
        if line.quantity
        and line.kind != "comment"
        and (line.parent_reference is None or line.ships == "itself")
    )


def reckoned(order: Order, items: Mapping[str, str], settings: NetSuiteSettings) -> Reckoning:
    """The order's amounts as they are entered; `items` are internal ids by SKU. Raises Rejected (money) where they do
    not add up to the order's total, or where a discount has no place."""
    own, discount = settings.items, _discount(order)
    of_lines = sum((_of_family(order, line) for line in sold(order)), ZERO)
    lines = [
        Asked(items[line.sku], line.quantity, _amount(order, line, net=own.discount is None), line.name)
        for line in sold(order)
    ]
    if own.discount is None and discount != of_lines:
        raise Rejected(
            f"{discount - of_lines} {order.currency} of the discount of order {order.number} stand on no line: set "
            "items.discount of the connection, the internal id of a discount item",
            code="money",
            field="discount",
        )
    shipping, tax = _plain(order.shipping), _plain(order.tax)
    _adds_up(order, sum((line.amount for line in lines), ZERO), discount if own.discount else ZERO)
    if own.shipping and shipping:
        lines.append(Asked(own.shipping, Decimal(1), shipping))
    if own.tax and tax:
        lines.append(Asked(own.tax, Decimal(1), tax))
    return Reckoning(
        lines=tuple(lines),
        discount=discount if own.discount else ZERO,
        shipping=ZERO if own.shipping else shipping,
    )


def order_body(
    step: OrderStep, reckoning: Reckoning, customer: str, settings: NetSuiteSettings
) -> dict[str, Any]:
    """The body of the POST; `customer` is an internal id. Raises Rejected for a currency without an id."""
    order, writes, ship_via = step.content, settings.orders, step.ship_via
    placed = order.placed_at.astimezone(settings.zone).date().isoformat() if order.placed_at else None
    lines = [_line_body(line, settings) for line in reckoning.lines]
    return {
        "externalId": step.reference,
        "entity": ref(customer),
        "currency": ref(currency_id(order, settings)),
        "orderStatus": ref(writes.status),
        writes.number_field: step.document.number,
        **said(
            {
                "tranDate": placed,
                "email": order.email,
                "memo": memo(step.notes),
                "customForm": ref(settings.forms.sales_order) if settings.forms.sales_order else None,
                "shipMethod": ref(ship_via.code) if ship_via and ship_via.code else None,
                "shippingCost": reckoning.shipping or None,
                "billingAddress": address_body(order.bill_to or order.ship_to),
                "shippingAddress": address_body(order.ship_to or order.bill_to),
            }
        ),
        **_discount_body(reckoning, settings),
        **defaults_of(settings.defaults, "subsidiary", "location", "department", "class"),
        "item": {"items": lines},
    }


def currency_id(order: Order, settings: NetSuiteSettings) -> str:
    """The internal id of the order's currency; raises Rejected where the settings name none."""
    found = settings.currencies.get(order.currency)
    if found is None:
        raise Rejected(
            f"order {order.number} is in {order.currency}: add the internal id of that currency to the connection's "
            "currencies",
            code="currency",
            field="currency",
        )
    return found


def address_body(address: Address | None) -> dict[str, Any] | None:
    """An address of the document itself, not one of the customer's address book."""
    if address is None:
        return None
    first, second, *others = (*address.lines, "", "")
    return said(
        {
            "addressee": address.company or address.name,
            "attention": address.name if address.company else "",
            "addr1": first,
            "addr2": second,
            "addr3": ", ".join(filter(None, others)),
            "city": address.city,
            "state": address.region,
            "zip": address.postal_code,
            "country": ref(address.country) if address.country else None,
            "addrPhone": address.phone,
        }
    )


def compared(
    there: SalesOrder | None, step: OrderStep, reckoning: Reckoning, settings: NetSuiteSettings
) -> tuple[Field, ...]:
    """Each field that matters, as it was asked for and as it stands there; a total within the tolerance is the same."""
    order, stands = step.content, there.item if there else ()
    fields = [
        Field(
            "lines",
            _listed([(line.item, line.quantity, line.amount) for line in reckoning.lines]),
            _listed([(line.item.id, line.quantity, line.amount or ZERO) for line in stands]),
        ),
        Field("currency", order.currency, _currency(there, settings)),
        Field("shipping", plain(reckoning.shipping), plain((there.shipping_cost or ZERO) if there else None)),
    ]
    if order.total is not None:
        asked, told = order.total.amount, there.total if there else None
        near = told is not None and abs(asked - told) <= settings.orders.tolerance
        tax = f" (tax {plain(there.tax)} instead of {plain(_plain(order.tax))})" if there else ""
        fields.append(Field("total", plain(asked), plain(asked) if near else f"{plain(told)}{tax}"))
    return tuple(fields)


def _currency(there: SalesOrder | None, settings: NetSuiteSettings) -> str:
    if there is None:
        return ""
    return settings.currency_of(there.currency.id) or there.currencysymbol or str(there.currency)


def _listed(lines: list[tuple[str, Decimal, Decimal]]) -> str:
    return ", ".join(f"{plain(qty)} × item {item} for {plain(amount)}" for item, qty, amount in sorted(lines))


def _line_body(line: Asked, settings: NetSuiteSettings) -> dict[str, Any]:
    """Price level -1 is the custom one: without it NetSuite's own price list would overwrite the rate."""
    level = settings.orders.price_level
    return {
        "item": ref(line.item),
        "quantity": line.quantity,
        **({"price": ref(level)} if level else {}),
        "rate": line.rate,
        "amount": line.amount,
        **said({"description": line.description}),
    }


def _discount_body(reckoning: Reckoning, settings: NetSuiteSettings) -> dict[str, Any]:
    item = settings.items.discount
    return (
        {"discountItem": ref(item), "discountRate": -reckoning.discount}
        if item and reckoning.discount
        else {}
    )


# -- amounts -----------------------------------------------------------------------------------------------


def _plain(money: Money | None) -> Decimal:
    return ZERO if money is None else money.amount


def _discount(order: Order) -> Decimal:
    """The whole discount: what the head says, else the sum of what the lines say."""
    if order.discount is not None:
        return order.discount.amount
    return sum((_plain(line.discount) for line in order.lines), ZERO)


def _of_family(order: Order, line: OrderLine) -> Decimal:
    """The discount of a line and of its components; components themselves have no amount to take it from."""
    if line.parent_reference is not None:
        return ZERO
    components = [one for one in order.lines if one.parent_reference == line.reference]
    return sum((_plain(one.discount) for one in (line, *components)), ZERO)


def _amount(order: Order, line: OrderLine, *, net: bool) -> Decimal:
    """What a line comes to before tax, less its discount where that stands nowhere else (`net`)."""
    if line.parent_reference is not None:
        return ZERO
    each = _plain(line.price)
    cent = minor_unit(order.currency)
    whole = line.total.amount if line.total else (each * line.quantity).quantize(cent, ROUND_HALF_UP)
    return whole - _of_family(order, line) if net else whole


def _adds_up(order: Order, lines: Decimal, discount: Decimal) -> None:
    shipping, tax = _plain(order.shipping), _plain(order.tax)
    counted = lines - discount + shipping + tax
    if order.total is not None and counted != order.total.amount:
        parts = f"lines {lines}, discount -{discount}, shipping {shipping}, tax {tax}"
        raise Rejected(
            f"order {order.number} does not add up: {parts} make {counted} {order.currency}, its total is "
            f"{order.total}",
            code="money",
            field="total",
        )
