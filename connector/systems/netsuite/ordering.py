"""A sales order: looked for by our reference, entered once, and read back to the cent. What is said is `order_body.py`.

Entered by POST with an external id, which NetSuite keeps unique, and not by an upsert: an upsert that comes late would
add the lines once more to the order that stands there.
"""

from contextlib import suppress
from dataclasses import dataclass, field

from connector.errors import NotFound
from connector.planned import OrderStep
from connector.systems.base import Comparing, Effect, Field, Known
from connector.systems.netsuite.client import Client
from connector.systems.netsuite.finding import find_order, missing_order
from connector.systems.netsuite.items import internal_ids
from connector.systems.netsuite.order_body import Reckoning, compared, order_body, reckoned, sold
from connector.systems.netsuite.wire import ZERO, SalesOrder
from connector.systems.netsuite.writing import bearing, document_ref, made, same


@dataclass
class OrderRecipe(Comparing):
    """One order of the source as a sales order."""

    client: Client
    step: OrderStep
    known: Known
    native_key: bool = True
    _order: SalesOrder | None = field(default=None, init=False)

    async def find(self) -> tuple[Effect, ...]:
        """The sales order with our external id."""
        self._order = await bearing(self.client, "salesOrder", self.step.reference, SalesOrder)
        return (self._effect(self._order),) if self._order is not None else ()

    async def create(self) -> Effect:
        """Enter it, and read it back; raises Rejected, before anything is sent, where amounts or items do not hold."""
        body = order_body(self.step, await self._reckoning(), self._customer, self.client.settings)
        self._order = await made(
            self.client,
            "salesOrder",
            self.step.reference,
            SalesOrder,
            lambda: self.client.create("salesOrder", body),
        )
        return self._effect(self._order)

    async def verify(self, effect: Effect) -> Effect:
        """Compare lines, currency, shipping and total; raises Partial with both sides."""
        order = self._order
        if order is None or order.id != effect.document.key:
            order = await self.client.read_back("salesOrder", effect.document.key or "", SalesOrder)
        same(
            f"sales order {order.number}",
            compared(order, self.step, await self._reckoning(), self.client.settings),
        )
        return self._effect(order)

    async def compare(self) -> tuple[Field, ...]:
        """The order with our external id, else the one that bears its number at the source."""
        self._order = await bearing(self.client, "salesOrder", self.step.reference, SalesOrder)
        if self._order is None:
            with suppress(NotFound):
                self._order = (await find_order(self.client, self.step, self.known.order)).order
        return compared(self._order, self.step, await self._reckoning(), self.client.settings)

    async def standing(self) -> Effect:
        """The order as it stands."""
        if self._order is None:
            raise NotFound(f"{self.client.connection} has no such order", missing=missing_order(self.step))
        return self._effect(self._order)

    async def _reckoning(self) -> Reckoning:
        content = self.step.content
        items = await internal_ids(self.client, [line.sku for line in sold(content)])
        return reckoned(content, items, self.client.settings)

    @property
    def _customer(self) -> str:
        """The internal id of the customer that an earlier step found or made."""
        keys = [self.known.made[key].key for key in self.step.needs if key in self.known.made]
        return (keys[0] or "") if keys else ""

    def _effect(self, order: SalesOrder) -> Effect:
        seen = {
            "customer": str(order.entity),
            "status": str(order.order_status or order.status),
            "lines": ", ".join(f"{line.quantity:f} × {line.sku}" for line in order.item),
            "total": f"{order.total or ZERO:f} {order.currencysymbol or order.currency}".strip(),
        }
        ours = order.external_id == self.step.reference
        return Effect(document=document_ref(self.client, "order", order), seen=seen, ours=ours)
