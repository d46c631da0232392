"""What the ERP refuses or drops when a shipment is saved: orders that do not ship, too much, a confirmed one changed.

Texts are the product's own where they are known (`PX.Objects.SO.Messages`, `PX.Objects.IN.Messages`).
"""

from typing import Any

from connector.simulators.acumatica import orders, shipments
from connector.simulators.acumatica.checks import Problems, check_names
from connector.simulators.acumatica.contract import SALES_ORDER
from connector.simulators.acumatica.erp import Erp
from connector.simulators.acumatica.record import Record
from connector.simulators.acumatica.totals import NONE

NO_SUCH_LINE = "No sales order line can be found using the specified parameters."


def check_shipment(erp: Erp, shipment: Record, existing: Record | None, problems: Problems) -> None:
    """A shipment ships what is open of its orders; once confirmed only its note can be changed."""
    check_names(erp, shipment, problems)
    if not shipment.rows("Details"):
        problems.add(shipment, "ShipmentNbr", "A shipment must have at least one line.")
    if existing and existing.text("Status") in orders.POSTED and _content(existing) != _content(shipment):
        problems.add(shipment, "Status", "The shipment is confirmed and cannot be changed.")
        return
    _check_boxes(erp, shipment, problems)
    _drop_freight(shipment, existing)
    _settle_address(erp, shipment, existing, problems)
    _spread_orders(erp, shipment)
    asked: dict[tuple[str, ...], Any] = {}
    for line in shipment.rows("Details"):
        _check_line(erp, shipment, line, existing, problems, asked)
    _check_serial_numbers(erp, shipment, existing, problems)


def _content(record: Record) -> tuple[object, ...]:
    """All that a record holds but its note."""
    return (
        record.fields,
        record.custom,
        {name: [_content(row) for row in rows] for name, rows in record.details.items() if rows},
        {name: _content(one) for name, one in record.linked.items() if one.fields or one.linked},
    )


def _check_boxes(erp: Erp, shipment: Record, problems: Problems) -> None:
    """A package needs a box, where the site has a list of them."""
    for package in shipment.rows("Packages") if "boxes" in erp.known else ():
        if not package.text("BoxID"):
            problems.add(package, "BoxID", "'Box ID' cannot be empty.")


def _drop_freight(shipment: Record, existing: Record | None) -> None:
    """Freight is the ERP's own unless `OverrideFreightPrice` is set; what is sent without it is dropped in silence."""
    if not shipment.flag("OverrideFreightPrice"):
        shipment.put(FreightPrice=existing.number("FreightPrice") if existing else NONE)


def _settle_address(erp: Erp, shipment: Record, existing: Record | None, problems: Problems) -> None:
    """Addresses that are not overridden are dropped in silence; a state must be one of its country's."""
    if "ShippingSettings" not in shipment.linked:
        return
    settings = shipment.link("ShippingSettings")
    for name in ("ShipToAddress", "ShipToContact"):
        if not settings.flag(f"{name}Override") and existing is not None:
            settings.linked[name] = existing.link("ShippingSettings").link(name).copy()
    address = settings.link("ShipToAddress")
    country, state = address.text("Country"), address.text("State")
    known = {one for one in erp.known.get("states", ()) if one.startswith(f"{country}/")}
    if state and known and f"{country}/{state}" not in known:
        problems.add(address, "State", "'State' cannot be found in the system.")


def _spread_orders(erp: Erp, shipment: Record) -> None:
    """A line that names an order but no order line stands for all open lines of that order."""
    spread: list[Record] = []
    for line in shipment.rows("Details"):
        order = erp.find(SALES_ORDER, (line.text("OrderType"), line.text("OrderNbr")))
        if order is None or line.fields.get("OrderLineNbr") is not None:
            spread.append(line)
            continue
        opened = [one for one in order.rows("Details") if shipments.open_quantity(one) > 0]
        spread += [shipments.line_for(order, one, shipments.open_quantity(one)) for one in opened]
    shipment.details["Details"] = spread


def _check_line(
    erp: Erp,
    shipment: Record,
    line: Record,
    existing: Record | None,
    problems: Problems,
    asked: dict[tuple[str, ...], Any],
) -> None:
    order = erp.find(SALES_ORDER, (line.text("OrderType"), line.text("OrderNbr")))
    origin = shipments.order_line(order, line) if order else None
    if order is None or origin is None:
        problems.add(line, "OrderNbr", "'Order Nbr.' cannot be found in the system.")
        return
    lots = line.details.get("Allocations", [])
    if line.fields.get("ShippedQty") is None and lots:
        line.put(ShippedQty=sum((lot.number("Qty") for lot in lots), NONE))
    held = [row for row in (existing.rows("Details") if existing else []) if _key(row) == _key(line)]
    own = sum((row.number("ShippedQty") for row in held), NONE)
    available = shipments.open_quantity(origin) + own - asked.get(_key(line), NONE)
    if not held and not _can_be_picked(erp, shipment, order, origin, available):
        problems.add(line, "OrderNbr", NO_SUCH_LINE)
        return
    if line.fields.get("ShippedQty") is None:
        line.put(ShippedQty=available)
    if line.number("ShippedQty") > available:
        problems.add(
            line, "ShippedQty", "The shipped quantity exceeds the open quantity of the sales order line."
        )
    asked[_key(line)] = asked.get(_key(line), NONE) + line.number("ShippedQty")


def _can_be_picked(erp: Erp, shipment: Record, order: Record, origin: Record, available: Any) -> bool:
    """Whether the order's line is among those that a shipment of this warehouse may ship."""
    if order.text("OrderType") in erp.options.unshipped_types:
        return False
    warehouse = shipment.text("WarehouseID")
    elsewhere = bool(warehouse) and origin.text("WarehouseID") != warehouse
    return order.text("Status") in shipments.SHIPPABLE and available > 0 and not elsewhere


def _key(line: Record) -> tuple[str, ...]:
    return line.text("OrderType"), line.text("OrderNbr"), line.text("OrderLineNbr")


def _check_serial_numbers(erp: Erp, shipment: Record, existing: Record | None, problems: Problems) -> None:
    """Packages are not accepted while an item whose numbers are assigned when it is used has none."""
    before = len(existing.rows("Packages")) if existing else 0
    if len(shipment.rows("Packages")) <= before:
        return
    item = shipments.unassigned_item(erp, shipment)
    if item:
        problems.add(shipment.rows("Packages")[-1], "TrackingNbr", shipments.UNASSIGNED.format(item=item))
