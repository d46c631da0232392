"""NetSuite's item fulfillments in our words, and whether the goods left. Pure.

Packages stand in one of four sublists, by the carrier integration that made them.
"""

from datetime import datetime

from connector.systems.base import Fact
from connector.systems.netsuite.orders_read import WireAddress, address_of, sku_of
from connector.systems.netsuite.wire import ItemFulfillment, Line, Package
from schemas import documents
from schemas.documents import Shipment, ShipmentLine
from schemas.events import ShipmentConfirmed

SHIPPED = "C"
"""Picked, Packed, Shipped are A, B, C (Oracle's help on `shipstatus`)."""

_SHIPPED_WORD = "shipped"


class ReadFulfillment(ItemFulfillment):
    """An item fulfillment as a source of events."""

    shipping_address: WireAddress | None = None


def is_shipped(wire: ItemFulfillment) -> bool:
    """Did the goods leave? By the status' word where it is told: one public client has the letters the other way
    round."""
    status = wire.ship_status
    return status.ref_name.casefold() == _SHIPPED_WORD if status.ref_name else status.id == SHIPPED


def fulfillment_facts(wire: ReadFulfillment, order: str, changed: datetime) -> tuple[Fact, ...]:
    """Whether the fulfillment is shipped; no fact while it has no lines. `order` is the number of its order."""
    if not goods_of(wire):
        return ()
    shipment = read_fulfillment(wire, order)
    data = ShipmentConfirmed(shipment=shipment)
    return (Fact(ShipmentConfirmed.type, shipment.state == "confirmed", changed, data),)


def goods_of(wire: ItemFulfillment) -> tuple[Line, ...]:
    """The lines that go; a kit goes as the kit that was ordered, and not as its members."""
    return tuple(line for line in wire.item if line.quantity > 0 and not line.kit_member_of)


def read_fulfillment(wire: ReadFulfillment, order: str) -> Shipment:
    """A Shipment in our words."""
    return Shipment(
        number=wire.number,
        key=wire.id,
        state="confirmed" if is_shipped(wire) else "open",
        status=str(wire.ship_status),
        ship_date=wire.shipped_date or wire.tran_date,
        updated_at=wire.last_modified_date,
        ship_via=str(wire.ship_method),
        ship_to=address_of(wire.shipping_address),
        lines=tuple(_line(line, order) for line in goods_of(wire)),
        packages=tuple(_package(number, one) for number, one in enumerate(wire.packages, start=1)),
        carrier=str(wire.ship_carrier),
        notes=wire.memo,
    )


def _line(line: Line, order: str) -> ShipmentLine:
    return ShipmentLine(
        reference=line.line,
        order=order,
        order_line=line.order_line,
        sku=sku_of(line),
        name=line.description,
        quantity=line.quantity,
        unit=str(line.units),
    )


def _package(number: int, package: Package) -> documents.Package:
    """Weights are in pounds."""
    return documents.Package(
        reference=str(number),
        tracking_number=package.tracking_number,
        box=package.package_carton_number,
        weight=package.weight,
        weight_unit="lb" if package.weight is not None else "",
    )
