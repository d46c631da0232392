"""Cancelling at Magento: asked, and then seen with our own eyes, for the answer may be `false` or even untrue.

An order that is canceled already is found, whoever did it. What was shipped or invoiced stands: that is for a
person, and mostly for a refund.
"""

from dataclasses import dataclass, field

from connector.errors import Partial, Rejected
from connector.planned import CancelStep
from connector.systems.base import Effect
from connector.systems.freezing import Change
from connector.systems.magento.comments import own_comment, with_note
from connector.systems.magento.finding import Found, find_order, missing_order, order_ref
from connector.systems.magento.freezes import COMMENTS
from connector.systems.magento.wire import Order, OrderItem
from connector.systems.magento.writing import Writer
from schemas.base import DocumentRef

CANCELED = "canceled"


@dataclass
class CancelRecipe:
    """The cancellation of one order, of the last one where it was edited.

    A second cancel does nothing (recording `cancel.again`), so nothing needs to settle.
    """

    client: Writer
    step: CancelStep
    linked_order: DocumentRef | None
    native_key: bool = True
    _found: Found | None = field(default=None, init=False)

    async def find(self) -> tuple[Effect, ...]:
        """The order, where it is canceled. Raises NotFound where it is not there."""
        self._found = found = await find_order(self.client, self.step, self.linked_order)
        return (self._effect(found.latest),) if found.latest.state == CANCELED else ()

    async def create(self) -> Effect:
        """Cancel, and read the order again.

        Raises Rejected where nothing was done and Partial where something still stands, saying what. In a state that
        freezes it Magento answers `false` and does nothing (recordings `cancel.complete`, `cancel.held`), so it is not
        asked; the note must have its place on the canceled order, too.
        """
        found = self._found or await find_order(self.client, self.step, self.linked_order)
        self._found, order = found, found.latest
        self.client.may_change(order, Change("cancellation", _standing(order)))
        if self.step.notes.strip():
            self.client.may_change(order.model_copy(update={"state": CANCELED}), COMMENTS)
        said = await self.client.answer(f"/orders/{order.entity_id}/cancel", None, missing_order(self.step))
        order = await self._read(order)
        if order.state != CANCELED:
            raise _not_canceled(order, said)
        return self._effect(order)

    async def verify(self, effect: Effect) -> Effect:
        """The order is canceled and bears our note, where there is one to write."""
        order = await self._order(effect)
        if order.state != CANCELED:
            raise _not_canceled(order, None)
        return self._effect(await with_note(self.client, order, self.step))

    async def _order(self, effect: Effect) -> Order:
        if self._found and self._found.latest.entity_id == effect.document.key:
            return self._found.latest
        self._found = await find_order(self.client, self.step, self.linked_order)
        return self._found.latest

    async def _read(self, order: Order) -> Order:
        made = f"the cancel of order {order.increment_id}"
        now = await self.client.read_back(f"/orders/{order.entity_id}", Order, made)
        if self._found:
            self._found = Found(self._found.named, now, self._found.links)
        return now

    def _effect(self, order: Order) -> Effect:
        comment = own_comment(order, self.step)
        seen = {"state": order.state, "status": order.status}
        return Effect(
            document=order_ref(self.client.connection, order),
            links=self._found.links if self._found else (),
            seen={**seen, "note": comment.comment} if comment else seen,
        )


def _not_canceled(order: Order, said: object) -> Rejected:
    """Why the order is not canceled though it was asked to be, in words."""
    number, standing = order.increment_id, f" ({_standing(order)})" if _standing(order) else ""
    if any(item.qty_canceled for item in order.items):
        return Partial(
            f"order {number} was canceled in part and is {order.state or 'without a state'}{standing}"
        )
    answered = f", though it answered {said!r}".lower() if said is not None else ""
    return Rejected(
        f"the shop did not cancel order {number}{answered}: it is still {order.state or 'without a state'}{standing}",
        code="not canceled",
    )


def _standing(order: Order) -> str:
    """What was done with its lines and cannot be canceled; nothing where that is nothing."""
    said = [text for item in order.items if item.parent_item_id is None and (text := _done_with(item))]
    return "; ".join(said)


def _done_with(item: OrderItem) -> str:
    done = {"shipped": item.qty_shipped, "invoiced": item.qty_invoiced, "refunded": item.qty_refunded}
    said = ", ".join(f"{quantity:f} {word}" for word, quantity in done.items() if quantity)
    return f"{item.sku}: {said} of {item.qty_ordered:f}" if said else ""
