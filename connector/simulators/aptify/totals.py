"""What an order comes to: its shipments and their charges, subtotal, tax, grand total and balance.

How many shipments an order has follows from where its lines go and by which shipment type. Charges are computed from
the shipment type, unless a person or a client has overridden them, which sets the flag.
"""

from decimal import ROUND_HALF_UP, Decimal

from connector.simulators.aptify.book import Record
from connector.simulators.aptify.entities import (
    ORDER_LINES,
    ORDER_SHIPMENTS,
    PAYMENTS,
    PRODUCTS,
    SHIPMENT_TYPES,
)
from connector.simulators.aptify.errors import Refused
from connector.simulators.aptify.site import Site

_CENT = Decimal("0.01")
_GROUP = ("ShipToID", "ShipToAddressID", "ShipTypeID")


def cents(amount: Decimal) -> Decimal:
    """Money to the cent."""
    return amount.quantize(_CENT, ROUND_HALF_UP)


def refresh(site: Site, order: Record) -> None:
    """Compute all anew after lines, charges or payments changed."""
    lines = site.book.of_order(ORDER_LINES, order)
    for line in lines:
        site.book.set(line, Extended=cents(line.amount("Quantity") * line.amount("Price")))
    _group(site, order, lines)
    shipments = site.book.of_order(ORDER_SHIPMENTS, order)
    for shipment in shipments:
        _charge(site, shipment, [line for line in lines if line["OrderShipmentID"] == shipment.id])
    subtotal = sum((line.amount("Extended") for line in lines), Decimal(0))
    shipping = sum((one.amount("ShippingCharge") for one in shipments), Decimal(0))
    handling = sum((one.amount("HandlingCharge") for one in shipments), Decimal(0))
    tax = _tax(site, lines)
    total = subtotal + shipping + handling + tax
    site.book.set(
        order,
        CALC_SubTotal=subtotal,
        CALC_SalesTax=tax,
        CALC_GrandTotal=total,
        GrandTotal=total,
        ShippingCharge=shipping,
        HandlingCharge=handling,
        ShipExpense=sum((one.amount("ShippingCost") for one in shipments), Decimal(0)),
        Balance=total - paid(site, order),
    )


def paid(site: Site, order: Record) -> Decimal:
    """What was paid for an order, credit memos counted."""
    return sum((one.amount("Amount") for one in site.book.of_order(PAYMENTS, order)), Decimal(0))


def _tax(site: Site, lines: list[Record]) -> Decimal:
    taxable = (line for line in lines if site.book.get(PRODUCTS, line["ProductID"])["Taxable"])
    return cents(sum((one.amount("Extended") for one in taxable), Decimal(0)) * site.options.tax_rate / 100)


def _group(site: Site, order: Record, lines: list[Record]) -> None:
    """One shipment per destination and shipment type; those that are left without lines go."""
    existing = {_key(one): one for one in site.book.of_order(ORDER_SHIPMENTS, order)}
    wanted = dict.fromkeys(_key(line) for line in lines)
    for key in [one for one in existing if one not in wanted]:
        site.book.remove(existing.pop(key))
    for place, key in enumerate(wanted, 1):
        values = dict(zip(_GROUP, key, strict=True))
        if key not in existing:
            existing[key] = site.book.add(ORDER_SHIPMENTS, OrderID=order.id, **values)
        site.book.set(existing[key], Sequence=place)
    for line in lines:
        site.book.set(line, OrderShipmentID=existing[_key(line)].id)


def _key(row: Record) -> tuple[int | None, ...]:
    return tuple(row[name] for name in _GROUP)


def _charge(site: Site, shipment: Record, lines: list[Record]) -> None:
    """The charges of a shipment, where they are not overridden; only goods are charged for."""
    kind = site.book.get(SHIPMENT_TYPES, shipment["ShipTypeID"])
    goods = (line for line in lines if site.book.get(PRODUCTS, line["ProductID"])["RequireInventory"])
    units = sum((max(line.amount("Quantity"), Decimal(0)) for line in goods), Decimal(0))
    flat = Decimal(1) if units else Decimal(0)
    if not shipment["OverrideShippingCalc"]:
        charge = kind.amount("BaseCharge") * flat + kind.amount("ChargePerUnit") * units
        cost = kind.amount("CostPerUnit") * units
        site.book.set(shipment, ShippingCharge=cents(charge), ShippingCost=cents(cost))
    if not shipment["OverrideHandlingCalc"]:
        site.book.set(shipment, HandlingCharge=cents(kind.amount("HandlingCharge") * flat))


_FLAGS = {
    "ShippingCharge": "OverrideShippingCalc",
    "ShippingCost": "OverrideShippingCalc",
    "HandlingCharge": "OverrideHandlingCalc",
}


def override(site: Site, shipment: Record, charges: dict[str, Decimal | None]) -> None:
    """Replace computed charges of a shipment, which sets the flag; what is the same stays computed."""
    for name, amount in charges.items():
        if shipment.amount(name) != (amount or Decimal(0)):
            site.book.set(shipment, **{name: cents(amount or Decimal(0)), _FLAGS[name]: True})


def override_order(site: Site, order: Record, charges: dict[str, Decimal | None]) -> None:
    """Replace the charges of an order with one shipment. Raises Refused for one with several."""
    changed = {name: amount for name, amount in charges.items() if order.amount(name) != (amount or 0)}
    if not changed:
        return
    shipments = site.book.of_order(ORDER_SHIPMENTS, order)
    if len(shipments) != 1:
        name = site.shown(order.entity, next(iter(changed)))
        raise Refused(
            f"The field '{name}' of an order with {len(shipments)} shipments is changed on its shipments.",
            name,
        )
    names = {"ShipExpense": "ShippingCost"}
    override(site, shipments[0], {names.get(name, name): amount for name, amount in changed.items()})
    refresh(site, order)
