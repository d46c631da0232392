"""Shipping an order: the one save, or process flow, that ships it for good, and the proof that it happened.

Changing an order's status to Shipped is final and starts processes of Aptify's own. It is asked for once, when nothing
speaks against it (`readiness.py`), and what became of it is read (`ship_effects.py`): what is missing then is said, and
never repeated.
"""

import asyncio
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from connector.errors import OutcomeUnknown, Partial, Rejected
from connector.planned import ShipmentStep
from connector.systems.aptify.matching import Line
from connector.systems.aptify.on_order import OnOrder
from connector.systems.aptify.readiness import lines_to_ship, refuse_unready
from connector.systems.aptify.records import ZERO, Record
from connector.systems.aptify.ship_effects import Before, proofs
from connector.systems.aptify.site import ORDERS, SHIPPED
from connector.systems.aptify.stock import stock_of
from connector.systems.base import Comparing, Effect, Field

LOOK_EVERY = 0.5
"""Seconds between looks at an order that was saved as Shipped."""


@dataclass
class ShipRecipe(OnOrder, Comparing):
    """Ship one order, whole or in part. Shipped is shipped, whoever did it."""

    step: ShipmentStep
    native_key: bool = False
    _before: Before | None = field(default=None, init=False)

    async def find(self) -> tuple[Effect, ...]:
        """The order, where it stands Shipped. Else it is seen once more whether it can ship: raises Rejected."""
        order = await self.order()
        if self.site.status(order) == SHIPPED:
            return (self._effect(order),)
        await refuse_unready(self.site, order, await self._lines(order))
        return ()

    async def create(self) -> Effect:
        """Ship it, and see that it is shipped; a lost reply is made up for by that. Raises Rejected where Aptify
        answers and does not ship."""
        order = await self.order()
        lines = await self._lines(order)
        self._before = Before(await stock_of(self.site, lines), _behind(lines))
        refusal: Rejected | OutcomeUnknown | None = None
        ship = await self._call(order, lines)
        try:
            await ship
        except (Rejected, OutcomeUnknown) as problem:
            refusal = problem
        shipped = await self._shipped(at_once=isinstance(refusal, Rejected))
        status = self.site.status(shipped)
        if status == SHIPPED:
            return self._effect(shipped)
        if isinstance(refusal, OutcomeUnknown):
            raise refusal
        said = f" ({refusal.message})" if refusal else ""
        raise Rejected(
            f"order {order.id} @ {self.site.connection} was to be shipped, and stands {status}{said}; most often there "
            "is not enough inventory",
            code="not shipped",
            field="OrderStatusID",
        )

    async def verify(self, effect: Effect) -> Effect:
        """Read what shipping started; raises Partial naming each process that left nothing, and who can mend it."""
        order = await self.written()
        proof = await proofs(self.site, order, self._before)
        found = [*await self._otherwise(order), *proof.missing]
        if found:
            raise Partial(f"order {order.id} @ {self.site.connection} has shipped, but {'; '.join(found)}")
        return self.told("shipment", order, {**effect.seen, **proof.seen})

    async def compare(self) -> tuple[Field, ...]:
        """The status, and the quantities."""
        order = await self.order()
        status = Field("Order Status", SHIPPED, self.site.status(order))
        lines = [line for line in await self._lines(order) if line.quantity]
        return (
            status,
            *(Field(f"{line.sku} shipped", f"{line.quantity:f}", f"{line.has:f}") for line in lines),
        )

    async def standing(self) -> Effect:
        """The order as it stands."""
        return self._effect(await self.order())

    # -- shipping ------------------------------------------------------------------------------------------

    async def _call(self, order: Record, lines: Sequence[Line]) -> Awaitable[object]:
        """The call that ships it, not made yet; raises Rejected where it cannot be said."""
        client, flows = self.site.client, self.site.settings.flows
        if _behind(lines):
            rows = [
                {"OrderLineID": line.id, "Quantity": line.quantity, "InventoryLocationID": line.place}
                for line in lines
                if line.quantity
            ]
            return client.flow(flows.ship_partially or "", {"OrderID": order.id, "Lines": rows})
        if flows.ship is not None:
            return client.flow(flows.ship, {"OrderID": order.id})
        return client.save(ORDERS, order.id, {"OrderStatusID": await self.site.status_id(SHIPPED)})

    async def _shipped(self, *, at_once: bool) -> Record:
        """The order, read until it is shipped or patience ends (`at_once`: it has none)."""
        ends_at = time.monotonic() + (0 if at_once else self.site.settings.shipping_patience)
        while True:
            found = await self.written()
            if self.site.status(found) == SHIPPED or time.monotonic() >= ends_at:
                return found
            await asyncio.sleep(LOOK_EVERY)

    # -- looking -------------------------------------------------------------------------------------------

    async def _otherwise(self, order: Record) -> list[str]:
        """Where something else shipped than was asked: it is final, so a person must see it."""
        return [
            f"{line.sku} shipped {line.has:f}, and {line.quantity:f} were asked for: that cannot be changed any more"
            for line in await self._lines(order)
            if line.quantity != line.has
        ]

    async def _lines(self, order: Record) -> tuple[Line, ...]:
        return await lines_to_ship(self.site, self.step, order)

    def _effect(self, order: Record) -> Effect:
        seen = {
            "status": self.site.status(order),
            "date shipped": order.text("DateShipped"),
            "tracking number": order.text("TrackingNumber"),
        }
        return self.told("shipment", order, seen)


def _behind(lines: Sequence[Line]) -> dict[str, Decimal]:
    """What stays behind, by product code."""
    found = dict[str, Decimal]()
    for line in lines:
        if line.quantity < line.has:
            found[line.sku] = found.get(line.sku, ZERO) + line.has - line.quantity
    return found
