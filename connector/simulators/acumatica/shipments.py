"""Rules of shipments: made from orders, confirmed, corrected, deleted, and what they do to the orders.

Statuses here are On Hold, Open and Confirmed; an invoice about a shipment makes it Invoiced and, once
released, Completed. Invoices are made in billing.py.
"""

from datetime import datetime
from decimal import Decimal

from connector.simulators.acumatica import orders
from connector.simulators.acumatica.contract import (
    SALES_ORDER,
    SHIPMENT,
    SHIPMENT_ALLOCATION,
    SHIPMENT_LINE,
    SHIPMENT_ORDER,
)
from connector.simulators.acumatica.contract_invoices import SALES_INVOICE
from connector.simulators.acumatica.crediting import RETURNS
from connector.simulators.acumatica.erp import Erp, derived_id, order_keys
from connector.simulators.acumatica.errors import does_not_ship, failure, status_invalid
from connector.simulators.acumatica.record import Record
from connector.simulators.acumatica.totals import NONE
from connector.simulators.acumatica.values import midnight

SHIPPABLE = frozenset({"Open", "Back Order", "Shipping"})
"""The statuses of an order that ships."""

UNASSIGNED = "One or more lines for item '{item}' have unassigned Location and/or Lot/Serial Number"
"""The product's own text (`PX.Objects.IN.Messages`)."""


def open_quantity(line: Record) -> Decimal:
    """What of an order line is not on any shipment yet."""
    return max(line.number("OrderQty") - line.number("QtyOnShipments"), NONE)


def nothing_to_ship(order: Record) -> bool:
    """Whether every line of an order is on shipments already; then no shipment comes into being."""
    return all(open_quantity(line) <= 0 for line in order.rows("Details"))


def create_from_order(
    erp: Erp, order: Record, date: datetime | None, warehouse: str | None, receipt: bool = False
) -> Record | None:
    """Ship what is open of an order; None, and no error, when nothing is open or in that warehouse. `receipt`: take the
    goods of a return order in.

    Raises VendorError when the order's status does not allow shipping.
    """
    if order.text("Status") not in SHIPPABLE:
        raise status_invalid()
    returns = order.text("OrderType") in RETURNS
    if order.text("OrderType") in erp.options.unshipped_types or returns is not receipt:
        raise does_not_ship(order.text("OrderType"), order.text("OrderNbr"))
    lines = [line for line in order.rows("Details") if open_quantity(line) > 0]
    if warehouse:
        lines = [line for line in lines if line.text("WarehouseID") == warehouse]
    if not lines:
        return None
    shipment = Record(SHIPMENT)
    shipment.put(
        Operation="Receipt" if receipt else "Issue",
        CustomerID=order.fields.get("CustomerID"),
        ShipVia=order.fields.get("ShipVia"),
        WarehouseID=lines[0].fields.get("WarehouseID"),
        ShipmentDate=date,
        ShipmentNbr=erp.next_number(SHIPMENT),
    )
    shipment.details["Details"] = [line_for(order, line, open_quantity(line)) for line in lines]
    complete(erp, shipment)
    store(erp, shipment)
    return shipment


def line_for(order: Record, line: Record, quantity: Decimal) -> Record:
    """A shipment line for a quantity of an order line."""
    made = Record(SHIPMENT_LINE)
    made.put(
        OrderType=order.text("OrderType"),
        OrderNbr=order.text("OrderNbr"),
        OrderLineNbr=int(line.number("LineNbr")),
        ShippedQty=quantity,
    )
    return made


def complete(erp: Erp, shipment: Record) -> None:
    """Fill in what a shipment has by default, from its orders where they know."""
    first = erp.find(SALES_ORDER, min(order_keys(shipment))) if shipment.rows("Details") else None
    shipment.default(
        Type="Shipment",
        Operation="Issue",
        Hold=False,
        ShipmentDate=midnight(erp.clock.now()),
        CreatedDateTime=erp.clock.now(),
        WarehouseID="MAIN",
        LocationID="MAIN",
        CustomerID=first.fields.get("CustomerID") if first else None,
        ShipVia=first.fields.get("ShipVia") if first else None,
        FreightPrice=NONE,
        FreightCost=NONE,
        OverrideFreightPrice=False,
        BaseCurrencyID="USD",
        FreightCurrencyID="USD",
        CurrencyRate=Decimal("1.0"),
    )
    if first is not None and not shipment.link("ShippingSettings").linked:
        for name in ("ShipToAddress", "ShipToContact"):
            shipment.link("ShippingSettings").linked[name] = first.link(name).copy()
    for detail in ("Details", "Packages"):
        orders.number_lines(shipment, detail)
    for line in shipment.rows("Details"):
        _complete_line(erp, line)
    for package in shipment.rows("Packages"):
        _complete_package(shipment, package)


def _complete_line(erp: Erp, line: Record) -> None:
    order = erp.find(SALES_ORDER, (line.text("OrderType"), line.text("OrderNbr")))
    origin = order_line(order, line) if order else None
    if origin is not None:
        for name in ("InventoryID", "UOM", "WarehouseID"):
            line.fields.setdefault(name, origin.fields.get(name))
        line.fields.setdefault("Description", origin.fields.get("LineDescription"))
        line.put(OrderedQty=origin.number("OrderQty"))
    line.default(FreeItem=False, LocationID="STOCK", OpenQty=NONE)
    if not line.rows("Allocations"):
        line.rows("Allocations").append(Record(SHIPMENT_ALLOCATION))
        line.rows("Allocations")[0].put(Qty=line.number("ShippedQty"))
    for number, split in enumerate(line.rows("Allocations"), 1):
        split.fields.setdefault("SplitLineNbr", number)
        for name in ("InventoryID", "UOM", "OrderType", "OrderNbr", "LocationID"):
            split.fields.setdefault(name, line.fields.get(name))


def order_line(order: Record, line: Record) -> Record | None:
    """The order line a shipment line ships."""
    number = line.fields.get("OrderLineNbr")
    return next((one for one in order.rows("Details") if one.fields.get("LineNbr") == number), None)


def _complete_package(shipment: Record, package: Record) -> None:
    package.default(Confirmed=False, Type="Manual", UOM="LB", Weight=NONE, NoteID=package.id)
    units = {line.text("InventoryID"): line for line in shipment.rows("Details")}
    for content in package.rows("PackageContents"):
        line = units.get(content.text("InventoryID"))
        if line is not None:
            content.fields.setdefault("UOM", line.fields.get("UOM"))
            content.fields.setdefault("OrigOrderType", line.fields.get("OrderType"))
            content.fields.setdefault("OrigOrderNbr", line.fields.get("OrderNbr"))


def recompute(erp: Erp, shipment: Record) -> None:
    """Bring a shipment's totals and its rows about orders up to date."""
    lines, packages = shipment.rows("Details"), shipment.rows("Packages")
    if shipment.text("Status") not in orders.POSTED:
        shipment.put(Status="On Hold" if shipment.flag("Hold") else "Open")
    invoices = erp.about(SALES_INVOICE, shipment.key)
    if invoices:
        released = all(one.facts.get("released") for one in invoices)
        shipment.put(Status="Completed" if released else "Invoiced")
    shipment.put(
        ShippedQty=sum((line.number("ShippedQty") for line in lines), NONE),
        PackageCount=len(packages),
        PackageWeight=sum((package.number("Weight") for package in packages), NONE),
    )
    shipment.fields.setdefault("ControlQty", shipment.number("ShippedQty"))
    shipment.details["Orders"] = [_order_row(erp, shipment, key) for key in sorted(order_keys(shipment))]


def _order_row(erp: Erp, shipment: Record, key: tuple[str, ...]) -> Record:
    order = erp.find(SALES_ORDER, key)
    lines = [
        line for line in shipment.rows("Details") if (line.text("OrderType"), line.text("OrderNbr")) == key
    ]
    row = Record(SHIPMENT_ORDER, derived_id(shipment.id, *key))
    row.put(
        OrderType=key[0],
        OrderNbr=key[1],
        ShipmentNbr=shipment.text("ShipmentNbr"),
        ShipmentType=shipment.text("Type"),
        ShippedQty=sum((line.number("ShippedQty") for line in lines), NONE),
        OrderNoteID=order.id if order else None,
    )
    for invoice in erp.about(SALES_INVOICE, shipment.key):
        row.put(InvoiceType=invoice.text("Type"), InvoiceNbr=invoice.text("ReferenceNbr"))
    return row


def store(erp: Erp, shipment: Record) -> None:
    """Save a shipment and let its orders follow."""
    recompute(erp, shipment)
    erp.save(shipment)
    orders.unpin(erp, order_keys(shipment))
    orders.refresh(erp, order_keys(shipment))


def confirm(erp: Erp, shipment: Record) -> None:
    """Confirm an open shipment. Raises VendorError when it is not Open, or serial numbers are missing."""
    if shipment.text("Status") != "Open":
        raise status_invalid()
    item = unassigned_item(erp, shipment)
    if item:
        raise failure(UNASSIGNED.format(item=item), "PX.Data.PXException")
    _move(erp, shipment, "Confirmed")


def correct(erp: Erp, shipment: Record) -> None:
    """Take a confirmation back. Raises VendorError unless the shipment is Confirmed (and not invoiced)."""
    if shipment.text("Status") != "Confirmed":
        raise status_invalid()
    _move(erp, shipment, "Open")


def unassigned_item(erp: Erp, shipment: Record) -> str:
    """An item of the shipment whose serial numbers are still to be assigned; empty where there is none."""
    serial = erp.known.get("serial_items", set())
    for line in shipment.rows("Details"):
        lots = line.details.get("Allocations", [])
        if line.text("InventoryID") in serial and not all(lot.text("LotSerialNbr") for lot in lots):
            return line.text("InventoryID")
    return ""


def _move(erp: Erp, shipment: Record, status: str) -> None:
    shipment.put(Status=status)
    for package in shipment.rows("Packages"):
        package.put(Confirmed=status == "Confirmed")
    store(erp, shipment)


def delete(erp: Erp, shipment: Record) -> None:
    """Delete a shipment that is not confirmed; its orders may be shipped again. Raises VendorError."""
    if shipment.text("Status") in orders.POSTED:
        raise status_invalid()
    keys = order_keys(shipment)
    erp.delete(shipment)
    orders.unpin(erp, keys)
    orders.refresh(erp, keys)
