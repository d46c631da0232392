"""A voided shipment taken back: its comment line, its tracking rows, its invoice or its lines there; not its freight.

What is history can no longer be taken back: a person is told what to do instead.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from connector.errors import NotFound, Partial, Rejected
from connector.planned import (
    FreightStep,
    InvoiceStep,
    NoteStep,
    PlannedStep,
    TrackingStep,
    Undone,
    UndoStep,
)
from connector.systems.base import Effect, Increment, Known, Recipe
from connector.systems.sage100.agent import COMPLETED, DELETED
from connector.systems.sage100.freight import FreightUndo, refuse_posted
from connector.systems.sage100.invoices import is_posted, references
from connector.systems.sage100.notes import comment_line
from connector.systems.sage100.rows import Document, Row, filled
from connector.systems.sage100.site import Site, locate
from connector.systems.sage100.tracking import ours_of


def undoing(site: Site, step: UndoStep, known: Known) -> Recipe | Increment:
    """How this step is taken back; raises Rejected for one that leaves nothing to take back."""
    undone = known.undone
    if undone is None:
        raise Rejected("what was written is not known, so it cannot be taken back", code="not known")
    match undone.step:
        case NoteStep():
            return NoteUndo(site, undone.step, known, undone)
        case TrackingStep():
            return TrackingUndo(site, undone.step, known, undone)
        case InvoiceStep():
            return InvoiceUndo(site, undone.step, known, undone)
        case FreightStep():
            return _freight(site, undone.step, known, undone)
    raise Rejected(f"a {undone.step.kind} is not taken back in Sage 100", code="not supported")


def _freight(site: Site, step: FreightStep, known: Known, undone: Undone) -> FreightUndo:
    """Lower the freight by exactly what it was raised by."""
    if undone.before is None or undone.after is None:
        raise Rejected("by how much the freight was raised is not known: look at it there", code="not known")
    amount: Decimal = undone.before - undone.after
    onto: Literal["order", "invoice"] = "invoice" if step.onto == "invoice" else "order"
    return FreightUndo(site, step, known, onto, amount, document=undone.document, stood=undone.after)


@dataclass
class _Undo(ABC):
    """Takes one thing back: looks whether it is gone, removes it, sees that it is gone."""

    site: Site
    step: PlannedStep
    known: Known
    undone: Undone
    native_key: bool = True
    _number: str = field(default="", init=False)

    async def find(self) -> tuple[Effect, ...]:
        """The document, where it is gone already."""
        return () if await self.stands() else (self._effect(),)

    async def create(self) -> Effect:
        """Remove it."""
        await self.remove()
        return self._effect()

    async def verify(self, effect: Effect) -> Effect:
        """See that it is gone; raises Partial."""
        if await self.stands():
            raise Partial(
                f"{self.what} on {self._effect().document} still stands, though its removal was accepted"
            )
        return self._effect()

    @property
    @abstractmethod
    def what(self) -> str:
        """What is taken back, for people."""

    @abstractmethod
    async def stands(self) -> bool:
        """Does it stand there still?"""

    @abstractmethod
    async def remove(self) -> None:
        """Take it away; raises Rejected where it can no longer be."""

    @property
    def _kind(self) -> str:
        return self.undone.document.kind if self.undone.document else "order"

    def _effect(self) -> Effect:
        number = self._number or self.step.order.order.number
        return Effect(
            self.undone.document or self.site.reference_to(self._kind, number), seen={self.what: "gone"}
        )


@dataclass
class NoteUndo(_Undo):
    """The comment line of a shipment."""

    _order: Document | None = field(default=None, init=False)

    @property
    def what(self) -> str:
        """The comment."""
        return "comment line"

    async def stands(self) -> bool:
        """Is the line there? An order that is gone has taken it along."""
        try:
            self._order = await self.site.orders.read(await self._order_number())
        except NotFound:
            return False
        except Rejected as gone:
            if gone.code in (COMPLETED, DELETED):
                return False
            raise
        return self._line() is not None

    async def remove(self) -> None:
        """Delete the line."""
        line = self._line()
        if self._order is not None and line is not None:
            await self.site.orders.remove_line(self._order, line)

    def _line(self) -> Row | None:
        return comment_line(self._order, self.step.reference) if self._order else None

    async def _order_number(self) -> str:
        if self.undone.document is not None:
            self._number = filled(self.undone.document.number)
        self._number = self._number or (await locate(self.site, self.step, self.known)).number
        return self._number


@dataclass
class _OnInvoice(_Undo):
    """Something that stands on an invoice."""

    async def invoices(self) -> list[Document]:
        """The invoice it was written onto; where that is not known, those of the order."""
        if self.undone.document is not None:
            self._number = filled(self.undone.document.number)
            found = await self.site.invoices.find(self._number)
            return [found] if found else []
        number = (await locate(self.site, self.step, self.known)).number
        headers = await self.site.invoices.of_order(number)
        return [await self.site.invoices.read(one.number) for one in headers]


@dataclass
class TrackingUndo(_OnInvoice):
    """The tracking rows of a shipment, in whichever table they stand."""

    _rows: list[tuple[Document, Row]] = field(default_factory=list, init=False)

    @property
    def what(self) -> str:
        """The rows."""
        return "tracking"

    async def stands(self) -> bool:
        """Is any row there?"""
        step = self.undone.step
        if not isinstance(step, TrackingStep):
            return False
        self._rows = [
            (invoice, row)
            for invoice in await self.invoices()
            for row in ours_of(step, await self.site.invoices.tracking(invoice.number), self.site.settings)
        ]
        return bool(self._rows)

    async def remove(self) -> None:
        """Remove the rows; raises Rejected where they are history."""
        for invoice, row in self._rows:
            refuse_posted(invoice, f"tracking number {row.text('TrackingID')} stays on it")
            await self.site.invoices.remove_tracking(invoice, row.text("PackageNo"))


@dataclass
class InvoiceUndo(_OnInvoice):
    """The invoice of a shipment, or its lines where others are on the invoice too."""

    _on: list[Document] = field(default_factory=list, init=False)

    @property
    def what(self) -> str:
        """The shipment."""
        return "shipment on the invoice"

    async def stands(self) -> bool:
        """Is the shipment on an invoice?"""
        self._on = await self.site.invoices.bearing(self.step.reference)
        return bool(self._on)

    async def remove(self) -> None:
        """Delete the invoice, or take the lines off; raises Rejected where it is posted."""
        for one in self._on:
            if is_posted(one):
                refuse_posted(one, "what was invoiced stays invoiced")
            if references(one) == (self.step.reference,):
                await self.site.invoices.delete(one)
            else:
                await self.site.invoices.remove_shipment(one, self.step.reference)
