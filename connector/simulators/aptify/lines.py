"""Order lines: adding, changing and removing them, while the order is open and not locked."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connector.simulators.aptify import frozen, inventory
from connector.simulators.aptify.bodies import Sent
from connector.simulators.aptify.book import Record
from connector.simulators.aptify.changes import changes
from connector.simulators.aptify.entities import ORDER_LINES, PRODUCTS
from connector.simulators.aptify.errors import Refused
from connector.simulators.aptify.site import Site

INHERITED = ("ShipToID", "ShipToCompanyID", "ShipToAddressID", "ShipTypeID")
"""What a line has from its order, unless it is told otherwise."""


def save(site: Site, order: Record, sent: Sent) -> Record:
    """Add or change a line; totals and reservations are the caller's. Raises Refused."""
    if sent.is_new:
        return _add(site, order, sent.values)
    line = site.book.get(ORDER_LINES, sent.id)
    if line["OrderID"] != order.id:
        raise Refused(f"{line.label} is not of {order.label}.", "ID")
    changed = changes(line, sent.values)
    changed.pop("OrderID", None)
    if site.status(order) == "Shipped":
        frozen.check_line(site, line, changed)
    elif changed:
        _check_open(site, order)
    if "InventoryLocationID" in changed:
        changed["_chosen"] = changed["InventoryLocationID"] is not None
    site.book.set(line, **changed)
    _check(site, order, line)
    return line


def _add(site: Site, order: Record, values: Mapping[str, Any]) -> Record:
    if site.status(order) == "Shipped":
        raise frozen.no_lines(order, "added")
    _check_open(site, order)
    product = site.book.find(PRODUCTS, values.get("ProductID"))
    if product is None:
        raise Refused(
            "The field 'ProductID' of OrderLines is required.", site.shown(ORDER_LINES, "ProductID")
        )
    passed_over = ORDER_LINES.computed | {"ID"}
    given = {name: value for name, value in values.items() if name not in passed_over and value is not None}
    line = site.book.add(
        ORDER_LINES,
        **{
            "Quantity": Decimal(1),
            "Price": product.amount("Price"),
            "Description": product["Name"],
            **{name: order[name] for name in INHERITED},
            "_chosen": given.get("InventoryLocationID") is not None,
            **given,
            "OrderID": order.id,
            "Sequence": len(site.book.of_order(ORDER_LINES, order)) + 1,
        },
    )
    _check(site, order, line)
    return line


def _check(site: Site, order: Record, line: Record) -> None:
    if line.amount("Quantity") < 0 and site.type(order) != "Cancellation":
        name = site.shown(ORDER_LINES, "Quantity")
        raise Refused(f"The field '{name}' is negative, which it is on cancellation orders only.", name)


def _check_open(site: Site, order: Record) -> None:
    if site.status(order) == "Cancelled":
        raise Refused(f"{order.label} is Cancelled: its lines cannot be changed.", "OrderLines")
    if order["Locked"]:
        raise Refused(f"{order.label} is locked: its lines are the warehouse's.", "OrderLines")


def follow(site: Site, order: Record, before: Mapping[str, Any]) -> None:
    """Lines that had the order's Ship To and shipment type go on having them."""
    moved = {name: order[name] for name in INHERITED if order[name] != before[name]}
    for line in site.book.of_order(ORDER_LINES, order):
        site.book.set(line, **{name: to for name, to in moved.items() if line[name] == before[name]})


def remove(site: Site, order: Record, line: Record) -> None:
    """Take a line out of an open order; totals are the caller's. Raises Refused."""
    if site.status(order) == "Shipped":
        raise frozen.no_lines(order, "removed")
    _check_open(site, order)
    inventory.release(site, line)
    site.book.remove(line)
