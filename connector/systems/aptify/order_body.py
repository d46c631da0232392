"""What an order is taken with, and how what was taken is compared: pure.

Lines without a parent bear the amounts, each less its discount. Aptify calculates extended prices and taxes itself, so
what it came to is compared to the cent.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connector.errors import MappingMissing, Rejected
from connector.planned import OrderStep
from connector.systems.aptify.client import Part
from connector.systems.aptify.records import ZERO, Record, as_amount, total_of
from connector.systems.aptify.settings import AptifySettings
from connector.systems.base import Field
from schemas.base import Money
from schemas.documents import Address, Order, OrderLine

PRICE = Decimal("0.0001")
"""Decimals of a price: SQL Server's money, in which Aptify keeps amounts."""


def sold(order: Order) -> tuple[OrderLine, ...]:
    """The lines that become lines there: what is sold, and components that travel by themselves."""
    return tuple(
        line
        for line in order.lines
        if line.quantity
        and line.kind != "comment"
        and (line.parent_reference is None or line.ships == "itself")
    )


def order_values(step: OrderStep, person: str, settings: AptifySettings) -> dict[str, Any]:
    """The fields of the order; `person` is an id. Raises Rejected for another currency than the connection's."""
    order, rules = step.content, settings.orders
    if order.currency != settings.currency:
        raise Rejected(
            f"order {order.number} is in {order.currency}, and {step.document.connection} sends it to a connection of "
            f"{settings.currency}: set currency of the connection, or take such orders out by a preference",
            code="currency",
            field="currency",
        )
    placed = order.placed_at.astimezone(settings.zone) if order.placed_at else None
    return {
        **rules.defaults,
        "ShipToID": person,
        "BillToID": person,
        rules.number_field: step.document.number,
        **({rules.reference_field: step.reference} if rules.reference_field else {}),
        "OrderDate": f"{placed:%Y-%m-%dT%H:%M:%S}" if placed else None,
        "ShipTypeID": step.ship_via.code if step.ship_via else None,
        "PayTypeID": step.payment_method if step.payment_method.isdecimal() else None,
        "ShippingCharge": order.shipping.amount if order.shipping else None,
        "Comments": step.notes or None,
        "BillToSameAsShipTo": order.bill_to in (None, order.ship_to),
        **_address("ShipTo", order.ship_to or order.bill_to),
        **_address("BillTo", order.bill_to or order.ship_to),
    }


def line_parts(step: OrderStep, products: Mapping[str, str], settings: AptifySettings) -> tuple[Part, ...]:
    """The lines; `products` are ids by code."""
    return tuple(
        Part(
            "OrderLines",
            {
                "ProductID": products[line.sku],
                "Quantity": line.quantity,
                "InventoryLocationID": _location(line),
                "Price": None if settings.orders.ignore_prices else price(line),
            },
        )
        for line in sold(step.content)
    )


def price(line: OrderLine) -> Decimal:
    """What one costs, less its share of the line's discount; a component costs what it says, or nothing."""
    return (_net(line) / line.quantity).quantize(PRICE, ROUND_HALF_UP)


def refuse_uncounted(order: Order) -> None:
    """Raises Rejected where lines, shipping and tax are not the total: there is no place for anything else."""
    parts = (sum(map(_net, sold(order)), ZERO), amount(order.shipping), amount(order.tax))
    if order.total is not None and sum(parts, ZERO) != order.total.amount:
        goods, shipping, tax = map(as_amount, parts)
        raise Rejected(
            f"the lines of order {order.number} less their discounts come to {goods}, with shipping {shipping} and tax "
            f"{tax}, which is not its total of {as_amount(order.total.amount)}: take it by hand",
            code="money",
            field="total",
        )


def _net(line: OrderLine) -> Decimal:
    total = amount(line.total) if line.total is not None else amount(line.price) * line.quantity
    return total - amount(line.discount)


def _location(line: OrderLine) -> str | None:
    """The id of the inventory location that it is to leave; None is Aptify's own choice."""
    if line.warehouse and not line.warehouse.isdecimal():
        raise MappingMissing(
            f"{line.sku} is to leave {line.warehouse}, and an inventory location is named by its id: map it "
            "(mapping.warehouse)",
            field="warehouse",
        )
    return line.warehouse or None


def compared(
    there: Record | None, step: OrderStep, codes: Mapping[str, str], settings: AptifySettings
) -> tuple[Field, ...]:
    """Lines and amounts as asked, and as they stand; `codes` are product codes by id."""
    order = step.content
    stands = dict[str, Decimal]()
    for line in there.of("OrderLines") if there else ():
        sku = codes.get(line.key("ProductID"), line.key("ProductID"))
        stands[sku] = stands.get(sku, ZERO) + line.number("Quantity")
    asked = dict[str, Decimal]()
    for one in sold(order):
        asked[one.sku] = asked.get(one.sku, ZERO) + one.quantity
    fields = [
        Field(sku, _plain(asked.get(sku, ZERO)), _plain(stands.get(sku, ZERO)) if there else "")
        for sku in sorted(asked.keys() | stands.keys())
    ]
    if order.total is not None and not settings.orders.ignore_prices:
        total = "" if there is None else as_amount(total_of(there))
        fields.append(Field("Grand Total", as_amount(order.total.amount), total))
    return tuple(fields)


def amount(money: Money | None) -> Decimal:
    """The amount, 0 where there is none."""
    return money.amount if money is not None else ZERO


def _plain(value: Decimal) -> str:
    """`20.00` and `20` are the same."""
    return f"{value.normalize():f}" if value else "0"


def _address(side: str, address: Address | None) -> dict[str, str]:
    if address is None:
        return {}
    lines = (*address.lines, "", "")
    return {
        f"{side}AddrLine1": lines[0],
        f"{side}AddrLine2": lines[1],
        f"{side}City": address.city,
        f"{side}State": address.region,
        f"{side}ZipCode": address.postal_code,
        f"{side}Country": address.country,
        f"{side}Phone": address.phone,
    }
