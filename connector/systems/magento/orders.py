"""Pushing an order into Magento: found by its number, made once, read back and compared.

The number is ours and unique, so Magento itself refuses a second order (`create.own_increment_id_again`). Our
reference in `ext_order_id` tells our order from a stranger's under the same number. What is said is `ordering.py`.
"""

from dataclasses import dataclass, field

from connector.errors import Missing, OutcomeUnknown, Partial, Rejected
from connector.planned import OrderStep
from connector.systems.base import Effect
from connector.systems.magento.amounts import reckon
from connector.systems.magento.bodies import PushOrder
from connector.systems.magento.client import Criteria, Filter
from connector.systems.magento.comments import own_comment, with_note
from connector.systems.magento.finding import order_ref
from connector.systems.magento.ordering import differences, number_of, order_body
from connector.systems.magento.wire import ZERO, Order
from connector.systems.magento.writing import Writer


@dataclass
class OrderRecipe:
    """One order of the source, made here under its own number with the connection's prefix."""

    client: Writer
    step: OrderStep
    native_key: bool = True
    _order: Order | None = field(default=None, init=False)

    async def find(self) -> tuple[Effect, ...]:
        """The order under our number. Raises Rejected where it is another's."""
        number = number_of(self.step, self.client.settings.orders)
        same = await self.client.list("/orders", Criteria(((Filter("increment_id", number),),)), Order)
        ours = [order for order in same if order.ext_order_id == self.step.reference]
        for other in same:
            if other not in ours:
                by = (
                    f"is known elsewhere as {other.ext_order_id}"
                    if other.ext_order_id
                    else "was not made by us"
                )
                raise Rejected(
                    f"the number {number} is taken by another order (id {other.entity_id}), which {by}: "
                    "set or change orders.prefix of the connection",
                    code="taken",
                    field="increment_id",
                )
        self._order = ours[0] if len(ours) == 1 else None
        return tuple(map(self._effect, ours))

    async def create(self) -> Effect:
        """Make it, and read it back; raises Rejected, before anything is sent, where Magento would keep less than an
        order, OutcomeUnknown where it was made but could not be read."""
        body, missing = self._body(), Missing("address", "/orders", self.client.connection)
        try:
            key = await self.client.push("/orders", body, missing)
        except Rejected as refusal:
            return await self._after(refusal)
        self._order = await self._read(key)
        return self._effect(self._order)

    async def verify(self, effect: Effect) -> Effect:
        """Compare lines, amounts to the cent, and method with what was asked; write the note where it is missing.

        Raises Partial with both sides.
        """
        order = self._order
        if order is None or order.entity_id != effect.document.key:
            order = await self._read(effect.document.key or "")
        problems = differences(order, self._body().entity)
        if problems:
            raise Partial(f"order {order.increment_id} differs from what was asked: {'; '.join(problems)}")
        return self._effect(await with_note(self.client, order, self.step))

    def _body(self) -> PushOrder:
        return order_body(self.step, reckon(self.step.content), self.client.settings.orders)

    async def _after(self, refusal: Rejected) -> Effect:
        """The number was free when we looked: an earlier request of ours may have come through since then, or a
        stranger's, which `find` tells; else Magento's own words stand."""
        for effect in await self.find():
            return effect
        if refusal.code != "taken":
            raise refusal
        text = f"{refusal.message}; but no order is found under that number"
        raise OutcomeUnknown(text, code=refusal.code) from refusal

    async def _read(self, key: str) -> Order:
        return await self.client.read_back(f"/orders/{key}", Order, f"order {key}")

    def _effect(self, order: Order) -> Effect:
        comment = own_comment(order, self.step)
        seen = {
            "state": f"{order.state} ({order.status})",
            "lines": ", ".join(f"{item.qty_ordered:f} × {item.sku}" for item in order.items),
            "total": f"{order.grand_total or ZERO:f} {order.order_currency_code}",
        }
        return Effect(
            document=order_ref(self.client.connection, order),
            seen={**seen, "note": comment.comment} if comment else seen,
        )
