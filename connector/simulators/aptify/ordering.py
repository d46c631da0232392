"""Saving orders: taking them, which reserves stock, changing them while they may be changed, and the way to a status.

Taken and Back-Ordered are open; Shipped is final; a cancelled order cannot be changed but for its comments.
"""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from connector.simulators.aptify import cancelling, frozen, inventory, lines, parties, shipping, totals
from connector.simulators.aptify.bodies import Sent
from connector.simulators.aptify.book import Record
from connector.simulators.aptify.changes import changes
from connector.simulators.aptify.entities import (
    INVENTORY_LOCATIONS,
    LOOKUPS,
    ORDER_LINES,
    ORDER_SHIPMENTS,
    ORDERS,
    PAYMENTS,
    PRODUCTS,
)
from connector.simulators.aptify.errors import Refused, Shortage
from connector.simulators.aptify.site import Site

OPEN = ("Taken", "Back-Ordered")
_CHARGES = ("ShippingCharge", "HandlingCharge", "ShipExpense")


def save(site: Site, sent: Sent) -> Record:
    """Make or change an order. Raises Refused."""
    if sent.is_new:
        return _take(site, sent)
    order = site.book.get(ORDERS, sent.id)
    _change(site, order, sent)
    return order


def _take(site: Site, sent: Sent) -> Record:
    """A new order: its stock is reserved, its first payment recorded, and it may ship by itself."""
    values = {name: value for name, value in sent.values.items() if name not in ORDERS.computed | {"ID"}}
    status = values.pop("OrderStatusID", None)
    charges = {name: values.pop(name) for name in _CHARGES if name in values}
    if values.get("ShipToID") is None:
        raise Refused("The field 'ShipToID' of Orders is required.", site.shown(ORDERS, "ShipToID"))
    order = site.book.add(ORDERS, sent.number, **(_defaults(site) | values))
    parties.settle(site, order, values, new=True)
    _sub_types(site, order, sent)
    if site.type(order) == "Cancellation":
        cancelling.check(site, order)
    refresh(site, order)
    totals.override_order(site, order, charges)
    _check_tracking(site, order, values)
    _first_payment(site, order)
    if status not in (None, order["OrderStatusID"]):
        _to_status(site, order, status)
    elif site.options.auto_ship and _ships_by_itself(site, order):
        shipping.ship(site, order)
    return order


def _defaults(site: Site) -> dict[str, Any]:
    options = site.options
    ones = "OrderLevelID OrganizationID PayTypeID ShipTypeID CurrencyTypeID OrderSourceID"
    return {
        **dict.fromkeys(ones.split(), 1),
        "OrderTypeID": options.type_ids["Regular"],
        "OrderStatusID": options.status_ids["Taken"],
        "EmployeeID": options.employee,
        "OrderDate": site.clock.now(),
    }


def copied(order: Record) -> dict[str, Any]:
    """What an order that follows from another has from it: who and where, and by what it was ordered."""
    names = [name for name in ORDERS.fields if name.startswith(("ShipTo", "BillTo"))]
    names += ["OrderLevelID", "OrderSourceID", "OrganizationID", "EmployeeID", "CampaignCodeID"]
    names += ["CurrencyTypeID", "PayTypeID", "ShipTypeID", "PONumber", "DropShip"]
    return {name: order[name] for name in names}


def _first_payment(site: Site, order: Record) -> None:
    amount = order.amount("InitialPaymentAmount")
    if amount > 0:
        pay(site, order, amount, "Initial payment")


def pay(site: Site, order: Record, amount: Decimal, comments: str = "", kind: int | None = None) -> Record:
    """Record a payment, or with a negative amount what goes back; the balance follows."""
    made = site.book.add(
        PAYMENTS,
        OrderID=order.id,
        PayTypeID=kind or order["PayTypeID"],
        Amount=amount,
        PaymentDate=site.clock.now(),
        Comments=comments,
    )
    totals.refresh(site, order)
    return made


def _change(site: Site, order: Record, sent: Sent) -> None:
    changed, count = changes(order, sent.values), site.book.changes
    if site.status(order) == "Shipped":
        frozen.check_order(site, order, changed)
    elif site.status(order) not in OPEN and (set(changed) - {"Comments"} or sent.sub_types):
        name = site.shown(ORDERS, next(iter(changed), "OrderStatusID"))
        raise Refused(
            f"The field '{name}' of {order.label} cannot be changed: it is {site.status(order)}.", name
        )
    status = changed.pop("OrderStatusID", None)
    charges = {name: changed.pop(name) for name in _CHARGES if name in changed}
    before = {name: order[name] for name in lines.INHERITED}
    site.book.set(order, **changed)
    parties.settle(site, order, changed, new=False)
    lines.follow(site, order, before)
    _sub_types(site, order, sent)
    if site.status(order) in OPEN:
        if site.type(order) == "Cancellation":
            cancelling.check(site, order)
        refresh(site, order)
    totals.override_order(site, order, charges)
    _check_tracking(site, order, changed)
    if site.book.changes > count:
        site.book.touch(order)
    if status is not None:
        _to_status(site, order, status)


def _check_tracking(site: Site, order: Record, changed: Mapping[str, Any]) -> None:
    """The tracking number of an order is that of its one shipment."""
    shipments = site.book.of_order(ORDER_SHIPMENTS, order)
    if changed.get("TrackingNumber") and len(shipments) > 1:
        name = site.shown(ORDERS, "TrackingNumber")
        raise Refused(
            f"The field '{name}' is for orders with one shipment; {order.label} has {len(shipments)}.", name
        )


def _sub_types(site: Site, order: Record, sent: Sent) -> None:
    for one in sent.sub_types:
        if one.entity is ORDER_LINES:
            lines.save(site, order, one)
        else:
            save_shipment(site, order, one)


def save_shipment(site: Site, order: Record, sent: Sent) -> Record:
    """Change a shipment of an order: tracking, account, charges. Raises Refused."""
    if sent.is_new:
        raise Refused("Order shipments follow from the order lines and cannot be added.", "OrderShipments")
    shipment = site.book.get(ORDER_SHIPMENTS, sent.id)
    if shipment["OrderID"] != order.id:
        raise Refused(f"{shipment.label} is not of {order.label}.", "ID")
    changed = changes(shipment, sent.values)
    changed.pop("OrderID", None)
    if site.status(order) == "Shipped":
        frozen.check_shipment(site, shipment, changed)
    names = ("ShippingCharge", "ShippingCost", "HandlingCharge")
    charges = {name: changed.pop(name) for name in names if name in changed}
    site.book.set(shipment, **changed)
    totals.override(site, shipment, charges)
    totals.refresh(site, order)
    if changed or charges:
        site.book.touch(order)
    return shipment


def refresh(site: Site, order: Record) -> None:
    """Reserve what an open order's lines want, and compute its totals."""
    reserves = site.status(order) in OPEN and site.type(order) != "Quotation"
    for line in site.book.of_order(ORDER_LINES, order):
        inventory.hold(site, line, line.amount("Quantity") if reserves else Decimal(0))
    totals.refresh(site, order)


def _to_status(site: Site, order: Record, status: int) -> None:
    """The way to another status. Raises Refused."""
    name = str(site.book.get(LOOKUPS["Order Statuses"], status)["Name"])
    if name == "Shipped":
        _to_shipped(site, order)
    elif name == "Cancelled":
        cancelling.cancel(site, order)
    else:
        site.book.set(order, OrderStatusID=status)
        refresh(site, order)


def _to_shipped(site: Site, order: Record) -> None:
    if not site.options.saving_ships:
        name = site.shown(ORDERS, "OrderStatusID")
        raise Refused(f"The field '{name}' cannot be set to Shipped here.", name)
    if site.options.ship_seconds:
        shipping.check(site, order)
        site.book.set(order, _ship_at=site.clock.now() + timedelta(seconds=site.options.ship_seconds))
        site.pending.add(order.id)
        return
    try:
        shipping.ship(site, order)
    except Shortage:
        if site.options.shortage == "failed_save":
            raise


def _ships_by_itself(site: Site, order: Record) -> bool:
    """Nothing needs to be fulfilled, or it lies at one location alone, which may fulfil directly."""
    if site.type(order) == "Quotation" or not site.book.of_order(ORDER_LINES, order):
        return False
    return all(_fulfilled(site, line) for line in site.book.of_order(ORDER_LINES, order))


def _fulfilled(site: Site, line: Record) -> bool:
    product = site.book.get(PRODUCTS, line["ProductID"])
    if line["_held"] is None:
        return not product["RequireInventory"]
    stocked = [row for row in inventory.stocks(site, product.id) if row.amount("QuantityOnHand") > 0]
    if len(stocked) != 1 or stocked[0]["InventoryLocationID"] != line["_held"][1]:
        return False
    location = site.book.get(INVENTORY_LOCATIONS, line["_held"][1])
    return bool(location["AllowDirectFulfillment"]) and inventory.available(stocked[0]) >= 0
