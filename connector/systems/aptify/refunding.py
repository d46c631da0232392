"""A refund of a shipped order as a cancellation order, by the site's process flow: negative lines, once.

A cancellation order has lines and nothing else, so what was given back beside goods and their tax is for a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from connector.errors import Missing, NotFound, Partial, Rejected
from connector.planned import RefundStep
from connector.reference import bears, marker, references_in
from connector.systems.aptify.matching import Allotted, Asked, allot
from connector.systems.aptify.on_order import OnOrder
from connector.systems.aptify.records import ZERO, Record, as_amount, total_of
from connector.systems.aptify.site import CANCELLATION, CANCELLED, ORDERS, SHIPPED
from connector.systems.base import Comparing, Effect, Field

REASON = "CancellationReason"
_CENT = Decimal("0.01")


@dataclass
class RefundRecipe(OnOrder, Comparing):
    """One refund. The reason of the cancellation order bears our marker."""

    step: RefundStep
    native_key: bool = False

    async def find(self) -> tuple[Effect, ...]:
        """The cancellation order with our marker. Else it is seen whether one can be made: raises Rejected, NotFound
        (`not billed`) where the order has not shipped."""
        order = await self.order()
        made = await self._cancellations(order)
        found = [one for one in made if bears(one.text(REASON), self.step.reference)]
        if not found:
            self._count(order, await self._lines(order), made)
        return tuple(self._effect(one) for one in found)

    async def create(self) -> Effect:
        """Execute the flow, and find what it made."""
        order = await self.order()
        rows = [
            {
                "OrderLineID": one.line.id,
                "Quantity": one.quantity,
                "NotReturnedToStock": not self._restocks(one),
            }
            for one in await self._lines(order)
        ]
        reason = f"refund {self.step.content.number} {marker(self.step.reference)}"
        flow = self.site.settings.flows.cancellation or ""
        await self.site.client.flow(flow, {"OrderID": order.id, "Reason": reason, "Lines": rows})
        for one in await self._cancellations(order):
            if bears(one.text(REASON), self.step.reference):
                return self._effect(one)
        raise Partial(
            f"the process flow ended well, and no cancellation order of order {order.id} bears "
            f"{marker(self.step.reference)} in its reason: does the flow keep it?"
        )

    async def verify(self, effect: Effect) -> Effect:
        """Compare its total to the cent; raises Partial with both."""
        made = await self.site.client.read_back(ORDERS, effect.document.key or effect.document.number)
        wanted, there = self.step.content.total.amount, -total_of(made)
        if wanted != there:
            raise Partial(
                f"refund {self.step.content.number} gives {as_amount(wanted)} {self.step.content.currency} back, and "
                f"cancellation order {made.id} comes to {as_amount(there)}: correct it there"
            )
        return self._effect(made)

    async def compare(self) -> tuple[Field, ...]:
        """The total, of the cancellation order with our marker, or else of the last one that nobody marked."""
        made = await self._standing()
        wanted = as_amount(self.step.content.total.amount)
        there = "" if made is None else as_amount(-total_of(made))
        same = made is not None and -total_of(made) == self.step.content.total.amount
        return (Field("Grand Total", wanted, wanted if same else there),)

    async def standing(self) -> Effect:
        """The cancellation order as it stands."""
        made = await self._standing()
        if made is None:
            missing = Missing("refund", self.step.content.number, self.site.connection)
            raise NotFound("there is no cancellation order", missing=missing)
        return self._effect(made)

    # -- before --------------------------------------------------------------------------------------------

    async def _lines(self, order: Record) -> tuple[Allotted, ...]:
        """What is given back, line by line; raises Rejected, NotFound where no cancellation order can say it."""
        if self.site.status(order) != SHIPPED:
            raise self._not_shipped(order)
        refund = self.step.content
        asked = [Asked(one.order_line, one.sku, one.quantity) for one in refund.lines]
        born_here = self.step.order.order.connection == self.site.connection
        return await allot(self.site, order, asked, born_here=born_here)

    def _not_shipped(self, order: Record) -> NotFound:
        """A cancellation order is of what has shipped."""
        status = self.site.status(order)
        missing = Missing("invoice", self.step.order.order.number, self.step.order.order.connection)
        return NotFound(
            f"order {order.id} @ {self.site.connection} stands {status}: a cancellation order is made once it has "
            "shipped",
            missing=missing,
            code="not billed",
        )

    def _count(self, order: Record, lines: Sequence[Allotted], made: Sequence[Record]) -> None:
        """Raises Rejected where lines do not come to what was given back, or less is left of the order."""
        refund, total = self.step.content, self.step.content.total.amount
        if refund.currency != self.site.settings.currency:
            kept = f"{self.site.connection} keeps {self.site.settings.currency}"
            text = f"refund {refund.number} is in {refund.currency}, and {kept}"
            raise Rejected(text, code="money", field="currency")
        goods = sum((one.line.line.number("Price") * one.quantity for one in lines), ZERO)
        comes_to = goods.quantize(_CENT, ROUND_HALF_UP) + (refund.tax.amount if refund.tax else ZERO)
        back = f"refund {refund.number} gives {as_amount(total)} {refund.currency} back, and"
        if comes_to != total:
            raise Rejected(
                f"{back} a cancellation order of its lines comes to {as_amount(comes_to)}: it has no place for "
                "shipping, adjustments or other prices. Book it by hand",
                code="money",
                field="total",
            )
        left = total_of(order) + sum((total_of(one) for one in made), ZERO)
        if total > left:
            raise Rejected(
                f"{back} of order {order.id} only {as_amount(left)} is left that was not cancelled",
                code="money",
                field="total",
            )

    def _restocks(self, one: Allotted) -> bool:
        rule = self.step.rules.restock
        return rule == "always" or (rule == "as_told" and self.step.content.lines[one.asked].restock)

    # -- looking -------------------------------------------------------------------------------------------

    async def _standing(self) -> Record | None:
        found = await self._cancellations(await self.order())
        ours = [one for one in found if bears(one.text(REASON), self.step.reference)]
        by_hand = [one for one in found if not references_in(one.text(REASON))]
        return next(iter(ours or by_hand[-1:]), None)

    async def _cancellations(self, order: Record) -> list[Record]:
        """The cancellation orders of an order that were not cancelled themselves; as rows."""
        rows = await self.site.following(order)
        return [
            row for row in rows if self.site.type(row) == CANCELLATION and self.site.status(row) != CANCELLED
        ]

    def _effect(self, made: Record) -> Effect:
        return self.told(
            "refund", made, {"total": f"{as_amount(total_of(made))} {self.site.settings.currency}"}
        )
