"""Freight: raised on a shipment or on its order, and lowered again by exactly what it was raised by."""

from dataclasses import dataclass, field
from decimal import Decimal

from connector.errors import NotFound, Partial, Rejected
from connector.planned import FreightStep
from connector.systems.acumatica.correcting import billable, changeable, opened
from connector.systems.acumatica.freezes import FREIGHT
from connector.systems.acumatica.locating import keys_body, locate, number_there, read_order, reference_to
from connector.systems.acumatica.shipment_standing import (
    ShipmentStands,
    made_shipment,
    put_shipment,
    read_made,
    read_shipment,
    reference_of,
)
from connector.systems.acumatica.standing import ZERO, OrderThere, amount
from connector.systems.acumatica.writing import Site, wrapped
from connector.systems.base import Effect, Increment, Known
from schemas.base import DocumentRef, Money

LABEL = "Freight Amt."


@dataclass
class ShipmentFreight(Increment):
    """FreightPrice of the shipment. For an undo, `document` is where the freight was raised."""

    label = LABEL
    site: Site
    step: FreightStep
    known: Known
    amount: Decimal
    document: DocumentRef | None = None
    undoes: bool = False
    _there: ShipmentStands | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.document = self.document or made_shipment(self.step, self.known)

    async def read(self) -> Decimal:
        """The freight; 0 in a rehearsal, which made no shipment, and where a shipment whose freight is taken back is
        gone. Raises Rejected for another currency."""
        self._there = await self._standing()
        if self._there is None:
            return ZERO
        _same_currency(self._there.FreightCurrencyID, self.step.amount, f"shipment {self._there.ShipmentNbr}")
        return amount(self._there.FreightPrice)

    def becomes(self, stands: Decimal) -> Decimal:
        """Raised; replaced where the step says so and nothing is tracked yet; left alone where the shipment is gone."""
        if self._there is None:
            return stands
        untracked = not any(one.TrackingNbr for one in self._there.Packages)
        return (
            self.amount
            if self.step.replace_untracked and untracked and not self.undoes
            else stands + self.amount
        )

    async def write(self, value: Decimal) -> None:
        """Set it by hand, as the product calls it, or it would compute its own."""
        there = self._there
        if there is None:
            return
        if self.undoes:
            await opened(self.site, there, FREIGHT)
        else:
            await changeable(self.site, there, FREIGHT)
        body = wrapped(OverrideFreightPrice=True, FreightPrice=value)
        await put_shipment(self.site, body, there.ShipmentNbr)

    async def effect(self, value: Decimal) -> Effect:
        """Read it back; raises Partial."""
        self._there = there = await self._standing()
        if there is None:
            return Effect(self._target(), seen={"shipment": "no longer there"})
        stands = amount(there.FreightPrice)
        if stands != value:
            raise Partial(
                f"{LABEL} of shipment {there.ShipmentNbr} was set to {value:f}, and is {stands:f}: its shipping terms "
                "may take freight from the order; set it there, or have freight written onto the order",
                field="FreightPrice",
            )
        return Effect(reference_of(self.site, there), seen={LABEL: f"{stands:f} {self.step.amount.currency}"})

    async def _standing(self) -> ShipmentStands | None:
        if not self.undoes:
            return await read_made(self.site, self.step, self.known)
        try:
            return await read_shipment(self.site, self.document.number) if self.document else None
        except NotFound:
            return None

    def _target(self) -> DocumentRef:
        return self.document or self.step.order.order


@dataclass
class OrderFreight(Increment):
    """Freight of the order's totals, which its invoices take over by Acumatica's own rules."""

    label = LABEL
    site: Site
    step: FreightStep
    known: Known
    amount: Decimal
    document: DocumentRef | None = None
    _there: OrderThere | None = field(default=None, init=False)

    async def read(self) -> Decimal:
        """The freight; raises NotFound where the order is not there, Rejected for another currency."""
        if self.document is not None:
            order = await read_order(self.site, self.document.number)
        else:
            order = (await locate(self.site, self.step, self.known)).order
        _same_currency(order.CurrencyID, self.step.amount, f"order {number_there(order)}")
        self._there, self.document = order, reference_to(self.site, order)
        return amount(order.Totals.Freight)

    async def write(self, value: Decimal) -> None:
        """Set it by hand, or Acumatica would compute its own."""
        there = self._there
        if there is None:
            raise TypeError("an amount is read before it is written")
        await billable(self.site, there, FREIGHT)
        asked = self.site.missing("order", number_there(there))
        totals = wrapped(OverrideFreightAmount=True, Freight=value)
        body = {**keys_body(there), "Totals": totals}
        await self.site.put("SalesOrder", body, OrderThere, asked, insert=False)

    async def effect(self, value: Decimal) -> Effect:
        """Read it back; raises Partial."""
        stands = await self.read()
        if self._there is None or self.document is None or stands != value:
            raise Partial(
                f"the freight of {self.document} was set to {value:f}, and is {stands:f}", field="Freight"
            )
        return Effect(self.document, seen={"Freight": f"{stands:f} {self.step.amount.currency}"})


def freight(site: Site, step: FreightStep, known: Known) -> Increment:
    """How the step's freight is raised; raises Rejected for an invoice."""
    if step.onto == "order":
        return OrderFreight(site, step, known, step.amount.amount)
    if step.onto == "shipment":
        return ShipmentFreight(site, step, known, step.amount.amount)
    raise Rejected("freight cannot be written onto an invoice at Acumatica", code="not supported")


def _same_currency(there: str, asked: Money, where: str) -> None:
    if there and there != asked.currency:
        raise Rejected(
            f"{where} has its freight in {there}, and {asked} was charged", code="currency", field="freight"
        )
