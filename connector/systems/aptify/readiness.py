"""Before anything is written for a shipment: which order is meant, and everything that keeps it from being shipped.

Shipping is final, so what speaks against it is said at once and all together, and nothing is begun.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connector.errors import Rejected
from connector.planned import FieldsStep, FreightStep, ReadyStep, ShipmentStep, TrackingStep, parse_step
from connector.systems.aptify.back_orders import meant
from connector.systems.aptify.differing import differing
from connector.systems.aptify.matching import Asked, Line, shipping
from connector.systems.aptify.on_order import OnOrder
from connector.systems.aptify.records import Record
from connector.systems.aptify.setting import to_set
from connector.systems.aptify.site import LINES, OPEN, QUOTATION, SHIPPED, Site
from connector.systems.aptify.stock import Amounts, leaving, stock_of
from connector.systems.base import Comparing, Effect, Field


@dataclass
class ReadyRecipe(OnOrder, Comparing):
    """See which order ships, and that it can. It reads only."""

    step: ReadyStep
    native_key: bool = True

    async def find(self) -> tuple[Effect, ...]:
        """The order, ready to be shipped or shipped already; raises Rejected with everything that speaks against it, or
        with every field that is frozen and would be changed."""
        order = await self._meant()
        self.site.refuse_frozen(order, *self._changes(order))
        if self.site.status(order) != SHIPPED:
            await refuse_unready(self.site, order, await lines_to_ship(self.site, self.step, order))
        return (self._effect(order),)

    async def create(self) -> Effect:
        """It is always found, or refused."""
        return await self.standing()

    async def verify(self, effect: Effect) -> Effect:
        """Nothing was written."""
        return effect

    async def compare(self) -> tuple[Field, ...]:
        """Nothing of it stands there."""
        return ()

    async def standing(self) -> Effect:
        """The order that is meant."""
        return self._effect(await self._meant())

    async def _meant(self) -> Record:
        tracking = ", ".join(self.step.tracking_numbers)
        return await meant(self.site, await self.order(), asked_of(self.step), tracking)

    def _changes(self, order: Record) -> Iterator[str]:
        """The fields that the later steps would change."""
        for step in map(parse_step, self.step.sets):
            if isinstance(step, FreightStep):
                yield self.site.settings.freight_field
            if isinstance(step, TrackingStep | FieldsStep):
                yield from differing(order, to_set(self.site, step), self.site.settings.zone)

    def _effect(self, order: Record) -> Effect:
        return self.told("order", order, {"status": self.site.status(order)})


def asked_of(step: ReadyStep | ShipmentStep) -> tuple[Asked, ...]:
    """What the shipment holds of the order."""
    return tuple(Asked(one.reference, one.sku, one.quantity) for one in step.lines)


async def lines_to_ship(site: Site, step: ReadyStep | ShipmentStep, order: Record) -> tuple[Line, ...]:
    """The order's lines, each with how much of it ships; raises MappingMissing, Rejected."""
    born_here = step.order.order.connection == site.connection
    return await shipping(site, order, asked_of(step), born_here=born_here)


def left_behind(lines: Sequence[Line]) -> str:
    """`2 of 3 MUG`, for each line of which not all ships."""
    behind = [line for line in lines if line.quantity < line.has]
    return ", ".join(f"{line.has - line.quantity:f} of {line.has:f} {line.sku}" for line in behind)


async def refuse_unready(site: Site, order: Record, lines: Sequence[Line]) -> None:
    """Raises Rejected with everything that keeps the order from being shipped so."""
    against, status = [], site.status(order)
    if status not in OPEN:
        against.append(f"it is {status}, and only {' and '.join(OPEN)} orders ship")
    if site.type(order) == QUOTATION:
        against.append("it is a quotation")
    if not order.of(LINES):
        against.append("it has no lines")
    behind = left_behind(lines)
    if behind and site.settings.flows.ship_partially is None:
        against.append(
            f"a part of it would stay behind ({behind}), and that needs a process flow of the site: name it under "
            "flows.ship_partially of the connection"
        )
    against += await _stock_lacks(site, lines)
    if against:
        text = f"order {order.id} @ {site.connection} cannot be shipped: {'; '.join(against)}"
        raise Rejected(text, code="not ready", field="order")


async def _stock_lacks(site: Site, lines: Sequence[Line]) -> list[str]:
    """Lines of tracked products without an inventory location, and products of which too little is there."""
    tracked = [line for line in lines if line.tracked and line.quantity]
    found = [f"line {line.id} ({line.sku}) has no inventory location" for line in tracked if not line.place]
    stock = await stock_of(site, tracked)
    if stock is None:
        return found
    for one in leaving(tracked):
        there = stock.get(one.place, Amounts()).on_hand
        if there < one.quantity:
            found.append(f"{one.quantity:f} of {one} are to leave, and {there:f} are there")
    return found
