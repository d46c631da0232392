"""Taking an order: looked for by our reference or its number, taken once, and read back to the cent.

A save has no key of its own, so a doubt settles before it is repeated. A batch has one: Aptify takes its GUID once, and
answers 409 to the same again, which proves that it arrived.
"""

import uuid
from dataclasses import dataclass, field

from connector.errors import NotFound, Partial, Rejected
from connector.planned import OrderStep
from connector.systems.aptify.client import NEW
from connector.systems.aptify.order_body import compared, line_parts, order_values, refuse_uncounted, sold
from connector.systems.aptify.records import Record, as_amount, total_of
from connector.systems.aptify.refusals import ARRIVED
from connector.systems.aptify.site import CANCELLED, ORDERS, Site, missing_order
from connector.systems.base import Comparing, Effect, Field, Known

_NAMESPACE = uuid.UUID("6f1c6f0a-6d0c-5e0e-9a41-2f3c0c5f7a11")
"""Of the GUIDs of our batches."""


@dataclass
class OrderRecipe(Comparing):
    """One order of the source as an order there."""

    site: Site
    step: OrderStep
    known: Known
    native_key: bool = False
    _order: Record | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.native_key = self.site.settings.orders.by == "batch"

    async def find(self) -> tuple[Effect, ...]:
        """The order with our reference; without a field for that, the one with its number at the source that is not
        cancelled and no back order."""
        rows = await self._bearing()
        self._order = await self.site.order(rows[0].id, missing_order(self.step)) if len(rows) == 1 else None
        return tuple(self._effect(self._order or row) for row in rows)

    async def create(self) -> Effect:
        """Take it; raises Rejected, before anything is sent, where a product is not there, the currency differs or
        the amounts do not add up."""
        if not self.site.settings.orders.ignore_prices:
            refuse_uncounted(self.step.content)
        products = await self._products()
        values = order_values(self.step, self._person, self.site.settings)
        parts = line_parts(self.step, products, self.site.settings)
        if self.site.settings.orders.by == "save":
            saved = await self.site.client.save(ORDERS, NEW, values, parts)
            self._order = await self.site.client.read_back(ORDERS, saved.id)
            return self._effect(self._order)
        try:
            await self.site.client.batch(self._guid, ORDERS, values, parts)
        except Rejected as refusal:
            if refusal.code != ARRIVED:
                raise
        rows = await self._bearing()
        if not rows:
            raise Rejected(
                f"batch {self._guid} reached {self.site.connection} and no order came of it: see there why, and mend "
                "it. The same batch is taken once: then say orders.by: save for the connection and retry, or change "
                "the order at its source, or take it by hand",
                code="not applied",
            )
        self._order = await self.site.client.read_back(ORDERS, rows[0].id)
        return self._effect(self._order)

    async def verify(self, effect: Effect) -> Effect:
        """Compare lines and total; raises Partial with both sides."""
        order = await self.site.client.read_back(ORDERS, effect.document.key or effect.document.number)
        apart = [
            f"{one.label}: asked {one.expected}, there {one.there}"
            for one in await self._fields(order)
            if one.differs
        ]
        if apart:
            raise Partial(f"order {order.id} differs from what was asked: {'; '.join(apart)}")
        return self._effect(order)

    async def compare(self) -> tuple[Field, ...]:
        """The order with our reference or its number."""
        rows = await self._bearing()
        self._order = await self.site.order(rows[0].id, missing_order(self.step)) if rows else None
        return await self._fields(self._order)

    async def standing(self) -> Effect:
        """The order as it stands."""
        if self._order is None:
            text = f"{self.site.connection} has no such order"
            raise NotFound(text, missing=missing_order(self.step))
        return self._effect(self._order)

    # -- looking -------------------------------------------------------------------------------------------

    async def _bearing(self) -> tuple[Record, ...]:
        rules = self.site.settings.orders
        if rules.reference_field:
            rows = await self.site.orders_with(rules.reference_field, self.step.reference)
        else:
            rows = await self.site.orders_with(rules.number_field, self.step.document.number)
            rows = tuple(row for row in rows if self.site.status(row) != CANCELLED)
        return tuple(row for row in rows if not row.key("OriginalOrderID"))

    async def _fields(self, order: Record | None) -> tuple[Field, ...]:
        codes = {key: code for code, key in (await self._products()).items()}
        for line in order.of("OrderLines") if order else ():
            if line.key("ProductID") not in codes:
                product = await self.site.product(line.key("ProductID"))
                codes[product.id] = product.text("Code")
        return compared(order, self.step, codes, self.site.settings)

    async def _products(self) -> dict[str, str]:
        """Ids by code."""
        return {one.sku: (await self.site.product_with(one.sku)).id for one in sold(self.step.content)}

    @property
    def _person(self) -> str:
        """The id of the person that an earlier step found or made."""
        keys = [self.known.made[key].key for key in self.step.needs if key in self.known.made]
        return (keys[0] or "") if keys else ""

    @property
    def _guid(self) -> uuid.UUID:
        """The same for the same order as it was said: what was corrected since is another batch."""
        return uuid.uuid5(_NAMESPACE, f"{self.step.reference} {self.step.content.model_dump_json()}")

    def _effect(self, order: Record) -> Effect:
        seen = {
            "status": self.site.status(order),
            "total": f"{as_amount(total_of(order))} {self.site.settings.currency}",
        }
        return Effect(self.site.reference_to("order", order), seen=seen)
