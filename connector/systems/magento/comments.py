"""Comments on Magento orders: one that bears our marker is looked for, written and read back, with the order's status.

A comment cannot be taken back and has no number of its own that people know: the effect is the order it stands on.
Customers see only the comments of steps that notify them.
"""

from dataclasses import dataclass, field

from connector.errors import OutcomeUnknown, Partial, Rejected
from connector.planned import CommentStep, PlannedStep
from connector.reference import bears, marked
from connector.systems.base import Effect
from connector.systems.magento.bodies import Remark, StatusHistory
from connector.systems.magento.finding import Found, find_order, missing_order, order_ref
from connector.systems.magento.freezes import COMMENTS, STATUS
from connector.systems.magento.wire import Order, OrderComment
from connector.systems.magento.writing import Writer
from schemas.base import DocumentRef


@dataclass
class CommentRecipe:
    """One comment on one order. `linked_order` is the order's own number here, where a link says so."""

    client: Writer
    step: CommentStep
    linked_order: DocumentRef | None
    native_key: bool = False
    _found: Found | None = field(default=None, init=False)
    _written: Order | None = field(default=None, init=False)

    async def find(self) -> tuple[Effect, ...]:
        """The order, where a comment on it bears our reference (several of one reference say no more than one).

        Raises NotFound where the order is not there.
        """
        self._found = found = await find_order(self.client, self.step, self.linked_order)
        return (self._effect(found.latest),) if own_comment(found.latest, self.step) else ()

    async def create(self) -> Effect:
        """Write the comment, with the status that is asked, else the present one, and read it back.

        Raises Rejected where the status is none of the order's state.
        """
        found = self._found or await find_order(self.client, self.step, self.linked_order)
        self._found = found
        self._written = await write(self.client, found.latest, self.step, self.step.status)
        return self._effect(self._written)

    async def verify(self, effect: Effect) -> Effect:
        """The comment is there, with the status as asked. Raises Partial.

        What became of the status later is no matter of ours: the comment keeps the one that it set.
        """
        self._found = self._found or await find_order(self.client, self.step, self.linked_order)
        order = self._written or self._found.latest
        comment, asked = own_comment(order, self.step), self.step.status
        if comment is None:
            raise Partial(f"the comment on order {order.increment_id} is not there, though it was accepted")
        is_now = order.status if self._written else comment.status
        if asked and {comment.status, is_now} != {asked}:
            raise Partial(
                f"the comment stands on order {order.increment_id}, but set the status {comment.status!r} and the "
                f"order's is {order.status!r}; asked was {asked!r}"
            )
        return self._effect(order)

    def _effect(self, order: Order) -> Effect:
        comment = own_comment(order, self.step)
        return Effect(
            document=order_ref(self.client.connection, order),
            links=self._found.links if self._found else (),
            seen={"status": order.status, "note": comment.comment if comment else ""},
        )


def own_comment(order: Order, step: PlannedStep) -> OrderComment | None:
    """The comment that this step left on the order, the newest one where there are several."""
    return next((one for one in order.status_histories if bears(one.comment, step.reference)), None)


async def write(client: Writer, order: Order, step: PlannedStep, status: str = "") -> Order:
    """Put the step's notes on the order, with the marker; returns the order as it is read then.

    The status is always sent: older releases cleared it where it was left out. Raises Rejected where it is none
    of the order's state (recordings `order.comment_foreign_status`, `order.comment_undefined_status`), or where the
    site freezes what would be changed.
    """
    client.may_change(order, COMMENTS, *([STATUS] if status not in ("", order.status) else []))
    shown = int(step.notify_customer)
    body = Remark(
        statusHistory=StatusHistory(
            comment=marked(step.notes, step.reference),
            parent_id=int(order.entity_id),
            is_customer_notified=shown,
            is_visible_on_front=shown,
            status=status or order.status or None,
        )
    )
    missing = missing_order(step)
    try:
        done = await client.answer(f"/orders/{order.entity_id}/comments", body, missing)
    except Rejected as refusal:
        if refusal.code != "foreign status":
            raise
        raise Rejected(
            f"order {order.increment_id} is in state {order.state!r}, to which its shop assigns no status "
            f"{status or order.status!r}: assign it there (Stores > Order Status > Assign Status to State), or name "
            "another one in the flow (mapping.order_status, write_back.order_status)",
            code=refusal.code,
            field="order_status",
        ) from refusal
    if done is not True:
        raise OutcomeUnknown(
            f"{client.connection} answered a comment on order {order.increment_id} with {done!r}"
        )
    return await client.read_back(
        f"/orders/{order.entity_id}", Order, f"the comment on order {order.increment_id}"
    )


async def with_note(client: Writer, order: Order, step: PlannedStep) -> Order:
    """The order with the step's note on it: written where there is one to write and it is not there yet."""
    if not step.notes.strip() or own_comment(order, step):
        return order
    return await write(client, order, step)
