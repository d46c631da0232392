"""Cancelling a sales order, and putting a text into its note: changes of an order that is there already."""

from dataclasses import dataclass, field

from connector.errors import Missing, Partial, Rejected
from connector.planned import CancelStep, CommentStep
from connector.reference import bears
from connector.systems.acumatica.actions import act
from connector.systems.acumatica.locating import (
    CANCELED,
    Located,
    add_note,
    keys_body,
    locate,
    number_there,
    read_order,
    reference_to,
)
from connector.systems.acumatica.standing import OrderThere, amount
from connector.systems.acumatica.writing import Site
from connector.systems.base import Effect, Known

CANCELABLE = frozenset({"On Hold", "Open", "Awaiting Payment", "Credit Hold"})
"""Sheet, section 2: cancelled from these only, without shipment or applied payment."""

_VOIDED = "Voided"


@dataclass
class CancelRecipe:
    """Cancel one order; one that is cancelled already is our effect, whoever did it."""

    site: Site
    step: CancelStep
    known: Known
    native_key: bool = False
    _located: Located | None = field(default=None, init=False)

    async def find(self) -> tuple[Effect, ...]:
        """The order, where it stands cancelled. Raises NotFound where there is no such order."""
        self._located = await locate(self.site, self.step, self.known)
        return (self._effect(self._located.order),) if self._located.order.Status == CANCELED else ()

    async def create(self) -> Effect:
        """Cancel it. Raises Rejected, before anything is sent, where its status, shipments or payments forbid it."""
        located = self._located or await locate(self.site, self.step, self.known)
        order = located.order
        forbidden = reason_against(order)
        if forbidden:
            raise Rejected(f"order {number_there(order)} {forbidden}", code="state forbids")
        if self.step.notes.strip():
            await add_note(self.site, order, self.step.notes, self.step.reference)
        try:
            await act(self.site, "SalesOrder", "CancelSalesOrder", keys_body(order), self._asked(order))
        except Rejected as refusal:
            return self._effect(await self._after(order, refusal))
        return self._effect(order)

    async def verify(self, effect: Effect) -> Effect:
        """See that it stands cancelled; raises Rejected with the status that stands there instead."""
        order = await read_order(self.site, effect.document.number)
        if order.Status != CANCELED:
            raise Rejected(
                f"Acumatica accepted the cancellation of {self._asked(order)} and ignored it: it stands "
                f"{order.Status}; cancel it there, or retry",
                code="ignored",
            )
        return self._effect(order)

    async def _after(self, order: OrderThere, refusal: Rejected) -> OrderThere:
        """Refused: somebody may have cancelled it since we looked, or there is a better reason by now."""
        now = await read_order(self.site, number_there(order))
        if now.Status == CANCELED:
            return now
        reason = reason_against(now) or f"stands {now.Status}: {refusal.message}"
        raise Rejected(f"order {number_there(now)} {reason}", code=refusal.code) from refusal

    def _asked(self, order: OrderThere) -> Missing:
        return self.site.missing("order", number_there(order))

    def _effect(self, order: OrderThere) -> Effect:
        links = self._located.links if self._located else ()
        return Effect(reference_to(self.site, order), links, {"status": order.Status})


def reason_against(order: OrderThere) -> str:
    """Why an order cannot be cancelled, in words; empty where it can."""
    shipments = ", ".join(f"{row.ShipmentNbr} ({row.Status})" for row in order.Shipments if row.ShipmentNbr)
    if shipments:
        return f"cannot be cancelled: it has the shipments {shipments}; delete them there, or take the goods back"
    paid = ", ".join(
        f"{row.DocType} {row.ReferenceNbr} ({amount(row.AppliedToOrder) + amount(row.TransferredtoInvoice):f})"
        for row in order.Payments
        if row.Status != _VOIDED and amount(row.AppliedToOrder) + amount(row.TransferredtoInvoice) > 0
    )
    if paid:
        return f"cannot be cancelled: applied to it are the payments {paid}; void them there, then retry"
    if order.Status not in CANCELABLE:
        return f"cannot be cancelled: it stands {order.Status}, and not {', '.join(sorted(CANCELABLE))}"
    return ""


@dataclass
class CommentRecipe:
    """Put a text into an order's note, where the marker finds it again. The status of an order is Acumatica's own."""

    site: Site
    step: CommentStep
    known: Known
    native_key: bool = False
    _located: Located | None = field(default=None, init=False)

    async def find(self) -> tuple[Effect, ...]:
        """The order, where its note bears the marker. Raises Rejected where a status is to be set, which only actions
        can do there."""
        if self.step.status:
            raise Rejected(
                f"the status of an order at Acumatica cannot be set to {self.step.status!r}: take order_status "
                "out of the flow's write_back",
                code="not supported",
            )
        self._located = await locate(self.site, self.step, self.known)
        order = self._located.order
        return (self._effect(order),) if bears(order.note, self.step.reference) else ()

    async def create(self) -> Effect:
        """Write the note with the text behind what stands there."""
        located = self._located or await locate(self.site, self.step, self.known)
        await add_note(self.site, located.order, self.step.notes, self.step.reference)
        return self._effect(located.order)

    async def verify(self, effect: Effect) -> Effect:
        """See that the marker is there; raises Partial."""
        order = await read_order(self.site, effect.document.number)
        if not bears(order.note, self.step.reference):
            raise Partial(f"the note of order {number_there(order)} was written, but does not hold our text")
        return self._effect(order)

    def _effect(self, order: OrderThere) -> Effect:
        links = self._located.links if self._located else ()
        return Effect(reference_to(self.site, order), links, {"note": order.note} if order.note else {})
