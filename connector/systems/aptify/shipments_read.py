"""A shipped order as a shipment in our words: Aptify ships entire orders, so an order that stands Shipped is one. Pure.

Its number is that of the order that shipped, the original or a back order; its lines belong to the order that was
placed. What shipped is `family.py`.
"""

import re
from collections.abc import Iterator, Mapping

from connector.systems.aptify.family import Family, Member, changed_at
from connector.systems.aptify.orders_read import added, money
from connector.systems.aptify.records import Record
from connector.systems.aptify.settings import AptifySettings
from connector.systems.base import Fact
from schemas.base import CustomValue, Money
from schemas.documents import Package, Shipment, ShipmentLine
from schemas.events import ShipmentConfirmed

_SEVERAL = re.compile(r"[,;\n]")


def shipment_facts(
    family: Family,
    member: Member,
    shipments: tuple[Record, ...],
    custom: Mapping[str, CustomValue],
    settings: AptifySettings,
) -> tuple[Fact, ...]:
    """Whether an order of the family is shipped; no fact for one of which nothing is sent. `shipments` are its records
    of Order Shipments, `custom` what is told beside it."""
    if not family.goods_of(member):
        return ()
    shipment = read_shipment(family, member, shipments, settings).model_copy(update={"custom": dict(custom)})
    data = ShipmentConfirmed(shipment=shipment)
    changed = changed_at(member.record, settings.zone)
    return (Fact(ShipmentConfirmed.type, member.shipped, changed, data),)


def read_shipment(
    family: Family, member: Member, shipments: tuple[Record, ...], settings: AptifySettings
) -> Shipment:
    """A shipment in our words. The charges are those of the whole order: what is charged, and what it costs."""
    record, zone = member.record, settings.zone
    shipped_at = record.moment("DateShipped", zone)
    lines = tuple(_line(family, line) for line in family.goods_of(member))
    places = {line.named("InventoryLocationID") for line in family.goods_of(member)}
    return Shipment(
        number=member.number,
        state="confirmed" if member.shipped else "open",
        status=member.status,
        ship_date=shipped_at.astimezone(zone).date() if shipped_at else None,
        updated_at=changed_at(record, zone),
        ship_via=record.named("ShipTypeID"),
        warehouse=places.pop() if len(places) == 1 else "",
        lines=lines,
        packages=_packages(record, shipments),
        freight=_charge(record, "ShippingCharge", shipments, "ShippingCharge", settings),
        freight_cost=_charge(record, "ShipExpense", shipments, "ShippingCost", settings),
        handling=_charge(record, "HandlingCharge", shipments, "HandlingCharge", settings),
    )


def _line(family: Family, line: Record) -> ShipmentLine:
    return ShipmentLine(
        reference=line.id,
        order=family.root.number,
        order_line=family.born_as(line),
        sku=family.sku(line),
        name=line.text("Description") or line.title("ProductID"),
        quantity=line.number("Quantity"),
    )


def _packages(record: Record, shipments: tuple[Record, ...]) -> tuple[Package, ...]:
    """A package for each tracking number, whether the order has it or its shipments."""
    found = {number: one.id for one in shipments for number in _numbers(one.text("ShipTrackingNum"))}
    found = dict.fromkeys(_numbers(record.text("TrackingNumber")), "") | found
    return tuple(Package(reference=reference, tracking_number=number) for number, reference in found.items())


def _numbers(text: str) -> Iterator[str]:
    """People enter several into one field."""
    return (number for one in _SEVERAL.split(text) if (number := one.strip()))


def _charge(
    record: Record, name: str, shipments: tuple[Record, ...], part: str, settings: AptifySettings
) -> Money | None:
    """An amount of the order; that of its shipments where the order tells none."""
    own = money(record, name, settings)
    if own is not None and own.amount:
        return own
    return added([found for one in shipments if (found := money(one, part, settings))]) or own
