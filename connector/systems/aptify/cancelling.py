"""Cancelling an order that has not shipped, by the site's process flow."""

from dataclasses import dataclass

from connector.errors import Rejected
from connector.planned import CancelStep
from connector.systems.aptify.on_order import OnOrder
from connector.systems.aptify.records import Record
from connector.systems.aptify.site import CANCELLED
from connector.systems.base import Comparing, Effect, Field


@dataclass
class CancelRecipe(OnOrder, Comparing):
    """Cancel one order; cancelled is cancelled, whoever did it."""

    step: CancelStep
    native_key: bool = False

    async def find(self) -> tuple[Effect, ...]:
        """The order, where it is cancelled. Raises Rejected where it has shipped, since that is final."""
        order = await self.order()
        status = self.site.status(order)
        if status == CANCELLED:
            return (self._effect(order),)
        self.site.refuse_frozen(order, "OrderStatusID")
        return ()

    async def create(self) -> Effect:
        """Execute the flow."""
        order = await self.order()
        await self.site.client.flow(self.site.settings.flows.cancel or "", {"OrderID": order.id})
        return self._effect(await self.written())

    async def verify(self, effect: Effect) -> Effect:
        """See that it is cancelled; raises Rejected with the status that stands there instead."""
        order = await self.written()
        status = self.site.status(order)
        if status != CANCELLED:
            raise Rejected(
                f"the process flow ended well, and order {order.id} @ {self.site.connection} stands {status}: "
                "cancel it there",
                code="ignored",
                field="OrderStatusID",
            )
        return self._effect(order)

    async def compare(self) -> tuple[Field, ...]:
        """The status."""
        return (Field("Order Status", CANCELLED, self.site.status(await self.order())),)

    async def standing(self) -> Effect:
        """The order as it stands."""
        return self._effect(await self.order())

    def _effect(self, order: Record) -> Effect:
        return self.told("order", order, {"status": self.site.status(order)})
