"""An event of the bridge becomes one of ours: a shipment that was confirmed, or one that is taken back. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from pydantic import ValidationError

from connector.systems.base import NotReadable, Told
from connector.systems.starship.settings import StarShipSettings
from connector.systems.starship.wire import WireEvent, WireGoods, WireItem, WirePackage, at, read
from schemas.base import Money, mistakes
from schemas.documents import (
    ZERO,
    Address,
    FreightShare,
    NoteTag,
    Package,
    PackageLine,
    Shipment,
    ShipmentLine,
)
from schemas.events import ShipmentConfirmed, ShipmentVoided

TOTAL_WEIGHT = "total_weight"
"""The custom field that keeps a total weight which is not the sum of the packages' weights."""


def tell(body: bytes, settings: StarShipSettings) -> tuple[Told, ...]:
    """The events that a body tells, one or a list; raises NotReadable for the body as a whole, with the JSON path."""
    return tuple(_told(_Reading(event, path, settings)) for path, event in read(body))


def _told(reading: "_Reading") -> Told:
    event = reading.event
    try:
        shipment = reading.shipment()
    except ValidationError as error:
        first = mistakes(error)[0]
        where = at(reading.path, *first["loc"])
        raise NotReadable(
            f"The shipment {event.shipment_id} cannot be kept: {where}: {first['msg']}"
        ) from error
    kind = ShipmentVoided if event.type == "voided" else ShipmentConfirmed
    return Told(event.event_id, kind(shipment=shipment), event.occurred_at, event.processing, event.again)


@dataclass
class _Reading:
    """One event, where it stands in its body, and by whose settings it is read."""

    event: WireEvent
    path: str
    settings: StarShipSettings

    def shipment(self) -> Shipment:
        """The shipment that it tells of."""
        event, charges = self.event, self.event.charges
        return Shipment(
            number=event.shipment_id,
            state="voided" if event.type == "voided" else "confirmed",
            status=event.status,
            ship_date=event.ship_date,
            updated_at=event.occurred_at,
            ship_via=event.ship_via_code or f"{event.carrier} {event.service}".strip(),
            ship_to=self._address(),
            lines=self._lines(),
            packages=tuple(self._package(place, one) for place, one in enumerate(event.packages)),
            carrier=event.carrier,
            service=event.service,
            scac=event.scac,
            payment=event.payment,
            master_tracking=event.master_tracking,
            pro=event.pro,
            bol=event.bol,
            freight=self._money(charges.applied, "charges", "applied"),
            freight_cost=self._money(charges.contract, "charges", "contract"),
            freight_list=self._money(charges.list, "charges", "list"),
            handling=self._money(charges.handling, "charges", "handling"),
            freight_shares=self._freight_shares(),
            note_tags=tuple(NoteTag(tag=one.tag, value=one.value) for one in event.notes),
            replaces=event.replaces,
            custom=self._custom(),
        )

    def _money(self, amount: Decimal | None, *where: str | int) -> Money | None:
        if amount is None:
            return None
        currency = self.event.charges.currency or self.settings.currency
        if not currency:
            path, missing = at(self.path, *where), at(self.path, "charges", "currency")
            raise NotReadable(
                f"{path} is {amount}, but {missing} is missing: have it sent along, or set the connection's currency"
            )
        return Money(amount=amount, currency=currency)

    def _address(self) -> Address | None:
        """None where nothing is said of it."""
        given = self.event.ship_to
        if given is None or not any((*given.lines, *given.model_dump(exclude={"lines"}).values())):
            return None
        return Address(**given.model_dump() | {"lines": tuple(line for line in given.lines if line)})

    def _custom(self) -> dict[str, str]:
        total = self.event.total_weight
        if total is None or total == sum((self._weight(one) or ZERO for one in self.event.packages), ZERO):
            return self.event.custom
        return {TOTAL_WEIGHT: format(total, "f")} | self.event.custom

    # -- orders --

    @cached_property
    def orders(self) -> tuple[str, ...]:
        """Our numbers of the orders, in the order in which they are told."""
        numbers = [self.settings.number_of(one.document_type, one.key) for one in self.event.orders]
        for place, number in enumerate(numbers):
            if number in numbers[:place]:
                raise NotReadable(f"{at(self.path, 'orders', place)}: order {number} stands there twice")
        return tuple(numbers)

    def _order_of(self, goods: WireGoods, *where: str | int) -> str:
        """Our number of the order that these goods belong to."""
        if not goods.order and len(self.orders) == 1:
            return self.orders[0]
        found = [
            number
            for number, one in zip(self.orders, self.event.orders, strict=True)
            if one.key == goods.order and goods.document_type in ("", one.document_type)
        ]
        if len(found) != 1:
            said = f"{goods.document_type} {goods.order}".strip() or "no order"
            raise NotReadable(
                f"{at(self.path, *where, 'order')}: {said} must be one of orders, which are {', '.join(self.orders)}"
            )
        return found[0]

    def _freight_shares(self) -> tuple[FreightShare, ...]:
        shares = []
        for place, (number, one) in enumerate(zip(self.orders, self.event.orders, strict=True)):
            amount = self._money(one.freight_share, "orders", place, "freight_share")
            if amount is not None:
                shares.append(FreightShare(order=number, amount=amount))
        return tuple(shares)

    # -- goods --

    def _lines(self) -> tuple[ShipmentLine, ...]:
        lines = [self._line(place, one) for place, one in enumerate(self.event.items)] or self._packed()
        without = [number for number in self.orders if all(line.order != number for line in lines)]
        if without and self.event.type != "voided":
            place = self.orders.index(without[0])
            raise NotReadable(
                f"{at(self.path, 'orders', place)}: nothing of order {without[0]} was shipped; give its items, or the "
                "contents of each package"
            )
        # What is taken back may be told without its goods: its orders are enough, in lines of nothing.
        return tuple(lines + [ShipmentLine(order=number, sku="", quantity=ZERO) for number in without])

    def _line(self, place: int, one: WireItem) -> ShipmentLine:
        return ShipmentLine(
            reference=str(place + 1),
            order=self._order_of(one, "items", place),
            order_line=one.line_key,
            sku=one.item,
            name=one.description,
            quantity=one.quantity,
            unit=one.unit,
            lot=one.lot_serial,
            custom=one.custom,
        )

    def _packed(self) -> list[ShipmentLine]:
        """The sum of what the packages hold; nothing where one of them does not say."""
        packages = self.event.packages
        if not all(one.contents for one in packages):
            return []
        sums: dict[tuple[str, str, str, str], Decimal] = {}
        for place, package in enumerate(packages):
            for row, goods in enumerate(package.contents):
                order = self._order_of(goods, "packages", place, "contents", row)
                key = (order, goods.line_key, goods.item, goods.lot_serial)
                sums[key] = sums.get(key, ZERO) + goods.quantity
        return [
            ShipmentLine(
                reference=str(place), order=order, order_line=line, sku=item, quantity=quantity, lot=lot
            )
            for place, ((order, line, item, lot), quantity) in enumerate(sums.items(), start=1)
        ]

    # -- packages --

    def _package(self, place: int, one: WirePackage) -> Package:
        return Package(
            reference=one.number,
            tracking_number=one.tracking,
            box=one.box,
            weight=self._weight(one),
            weight_unit=self.event.weight_unit,
            length=one.length,
            width=one.width,
            height=one.height,
            contents=self._contents(place, one.contents),
            custom=one.custom,
        )

    def _weight(self, one: WirePackage) -> Decimal | None:
        """A single package weighs what the shipment weighs."""
        return self.event.total_weight if one.weight is None and len(self.event.packages) == 1 else one.weight

    def _contents(self, place: int, contents: Sequence[WireGoods]) -> tuple[PackageLine, ...]:
        return tuple(
            PackageLine(
                sku=one.item,
                quantity=one.quantity,
                order=self._order_of(one, "packages", place, "contents", row),
                order_line=one.line_key,
            )
            for row, one in enumerate(contents)
        )
