"""Acumatica's shipments in our words, and whether they are confirmed. Pure."""

from connector.errors import Missing, NotUnderstood
from connector.systems.acumatica.numbers import order_number
from connector.systems.acumatica.parts import address_of, changed_at, first_of, has_status, money, utc
from connector.systems.acumatica.settings import AcumaticaSettings
from connector.systems.acumatica.wire import WirePackage, WireShipment, WireShipmentLine
from connector.systems.base import Fact
from schemas.documents import ZERO, Package, PackageLine, Shipment, ShipmentLine
from schemas.events import ShipmentConfirmed

STATUSES = ("confirmed_statuses", "unconfirmed_statuses")

_NO_GOODS_LEAVE = {"Operation": "Receipt", "Type": "Transfer"}
"""Shipments which bring goods back, or move them between our own warehouses."""


def shipment_facts(wire: WireShipment, connection: str, settings: AcumaticaSettings) -> tuple[Fact, ...]:
    """Whether the shipment is confirmed. No fact for returns and transfers, nor while it has no lines.

    Raises Rejected for a status that is in neither list of the settings: taking it for unconfirmed would make
    the next confirmation a new event, and ship twice.
    """
    if any(getattr(wire, member) == value for member, value in _NO_GOODS_LEAVE.items()) or not wire.Details:
        return ()
    shipment = read_shipment(wire, connection, settings)
    asked = Missing("shipment", shipment.number, connection)
    time = changed_at(shipment.updated_at, asked, settings.modified.shipment)
    data = ShipmentConfirmed(shipment=shipment)
    return (Fact(ShipmentConfirmed.type, shipment.state == "confirmed", time, data),)


def read_shipment(wire: WireShipment, connection: str, settings: AcumaticaSettings) -> Shipment:
    """A Shipment in our words; raises ValidationError, and Rejected for an unknown status."""
    asked = Missing("shipment", wire.ShipmentNbr, connection)
    currency = wire.FreightCurrencyID or settings.currency
    changed = wire.LastModifiedDateTime or wire.CreatedDateTime
    ship_to = wire.ShippingSettings
    return Shipment(
        number=wire.ShipmentNbr,
        key=wire.NoteID or None,
        state="confirmed" if has_status(wire.Status, STATUSES, asked, settings) else "open",
        status=wire.Status,
        ship_date=wire.ShipmentDate.date() if wire.ShipmentDate else None,
        updated_at=utc(changed, settings.zone),
        ship_via=wire.ShipVia,
        ship_to=address_of(ship_to.ShipToAddress, ship_to.ShipToContact),
        warehouse=wire.WarehouseID,
        lines=tuple(_shipment_line(line, wire) for line in _shipping_lines(wire)),
        packages=tuple(_package(package) for package in wire.Packages),
        freight=money(first_of(wire.FreightPrice, wire.FreightAmount), currency),
        freight_cost=money(wire.FreightCost, currency),
        notes=wire.note,
    )


def _shipping_lines(wire: WireShipment) -> tuple[WireShipmentLine, ...]:
    """The lines with a quantity; all of them where none has one yet."""
    return tuple(line for line in wire.Details if line.ShippedQty) or wire.Details


def _shipment_line(line: WireShipmentLine, wire: WireShipment) -> ShipmentLine:
    return ShipmentLine(
        reference=line.LineNbr,
        order=_line_order(line, wire),
        order_line=line.OrderLineNbr,
        sku=line.InventoryID,
        name=line.Description,
        quantity=line.ShippedQty or ZERO,
        unit=line.UOM,
    )


def shipment_orders(wire: WireShipment) -> tuple[str, ...]:
    """The numbers of the orders that a shipment ships, each once; raises NotUnderstood."""
    return tuple(dict.fromkeys(_line_order(line, wire) for line in _shipping_lines(wire)))


def _line_order(line: WireShipmentLine, wire: WireShipment) -> str:
    """The order a line belongs to: its own keys, else those of the shipment's only order."""
    if line.OrderType and line.OrderNbr:
        return order_number(line.OrderType, line.OrderNbr)
    numbers = {order_number(order.OrderType, order.OrderNbr) for order in wire.Orders if order.OrderNbr}
    if len(numbers) != 1:
        raise NotUnderstood(
            f"Line {line.LineNbr} of shipment {wire.ShipmentNbr} does not say which order it ships"
        )
    return numbers.pop()


def _package(package: WirePackage) -> Package:
    return Package(
        reference=package.LineNbr,
        tracking_number=package.TrackingNbr,
        box=package.BoxID,
        weight=package.Weight,
        weight_unit=package.UOM,
        contents=tuple(
            PackageLine(sku=content.InventoryID, quantity=content.Quantity or ZERO)
            for content in package.PackageContents
        ),
    )
