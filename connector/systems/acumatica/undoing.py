"""Taking back what was written onto a shipment: our lines of its note, our packages, and the shipment where it is ours.

Freight is lowered in `freighting.py`. A shipment that is gone needs none of it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from connector.errors import NotFound, Rejected
from connector.planned import FreightStep, NoteStep, ShipmentStep, Step, TrackingStep, Undone, UndoStep
from connector.reference import bears
from connector.systems.acumatica.client import segment
from connector.systems.acumatica.correcting import changeable, opened
from connector.systems.acumatica.freezes import LINES, NOTES
from connector.systems.acumatica.freighting import OrderFreight, ShipmentFreight
from connector.systems.acumatica.locating import locate, number_there
from connector.systems.acumatica.noting import without
from connector.systems.acumatica.numbers import order_number
from connector.systems.acumatica.packing import number_of, numbered
from connector.systems.acumatica.shipment_refusals import explained
from connector.systems.acumatica.shipment_standing import (
    PackageThere,
    ShipmentStands,
    given_back,
    put_shipment,
    read_shipment,
    shipments_of,
    was_taken,
)
from connector.systems.acumatica.standing import ZERO
from connector.systems.acumatica.writing import Site, judge_write
from connector.systems.base import Effect, Increment, Known, Recipe
from connector.systems.freezing import Change
from schemas.base import DocumentRef


@dataclass
class _Undo(ABC):
    """One effect that is taken back; the shipment is the one it is known to stand on, else that of the order which
    shows it."""

    site: Site
    step: UndoStep
    known: Known
    undone: Undone
    native_key: bool = False

    async def find(self) -> tuple[Effect, ...]:
        """Gone already? The shipment, or the order where nothing of it is left."""
        there = await self._there()
        return (self._gone(there),) if there is None or not self.shows(there) else ()

    async def create(self) -> Effect:
        """Take it away; raises Rejected, in words, where that is no longer possible."""
        there = await self._there()
        if there is not None:
            await self.remove(there)
        return self._gone(there)

    async def verify(self, effect: Effect) -> Effect:
        """See that it is gone; raises Rejected."""
        there = await self._there()
        if there is not None and self.shows(there):
            raise Rejected(
                f"Acumatica accepted that the {self.what} of shipment {there.ShipmentNbr} is taken away, and it still "
                "stands there: take it away by hand, then ignore this entry",
                code="ignored",
            )
        return effect

    what = "write-back"

    @abstractmethod
    def shows(self, there: ShipmentStands) -> bool:
        """Does it still stand there?"""

    @abstractmethod
    async def remove(self, there: ShipmentStands) -> None:
        """Take it away."""

    async def _there(self) -> ShipmentStands | None:
        if self.undone.document is not None:
            return await _read(self.site, self.undone.document.number)
        try:
            order = (await locate(self.site, self.step, self.known)).order
        except NotFound:
            return None
        return next((one for one in await shipments_of(self.site, order) if self.shows(one)), None)

    def _gone(self, there: ShipmentStands | None) -> Effect:
        document = self.undone.document or self.known.order or self.step.order.order
        if there is None:
            return Effect(document, seen={"shipment": "no longer there"})
        left = DocumentRef(connection=self.site.connection, kind="shipment", number=there.ShipmentNbr)
        return Effect(self.undone.document or left, seen={"taken back": self.what})


@dataclass
class _UndoNote(_Undo):
    """Our lines of the note; a confirmed shipment lets them go as well."""

    what = "note"

    def shows(self, there: ShipmentStands) -> bool:
        return bears(there.note, self.step.undoes)

    async def remove(self, there: ShipmentStands) -> None:
        await changeable(self.site, there, NOTES)
        note = without(there.note, self.undone.step.notes, self.step.undoes)
        await put_shipment(self.site, {"note": {"value": note}}, there.ShipmentNbr)


@dataclass
class _UndoTracking(_Undo):
    """The packages that bear our tracking numbers, whoever entered them."""

    what = "packages"

    def shows(self, there: ShipmentStands) -> bool:
        return bool(self._packages(there))

    async def remove(self, there: ShipmentStands) -> None:
        ours = [Change("tracking", one.TrackingNbr) for one in self._packages(there)]
        there = await opened(self.site, there, *ours)
        rows = [{"id": one.id, "delete": True} for one in self._packages(there)]
        await put_shipment(self.site, {"Packages": rows}, there.ShipmentNbr)

    def _packages(self, there: ShipmentStands) -> list[PackageThere]:
        original = self.undone.step
        if not isinstance(original, TrackingStep):
            raise TypeError(f"a {original.kind} step is no tracking step")
        numbers = dict.fromkeys(number_of(original, one) for one in numbered(original))
        return [package for number in numbers for package in there.tracked(number)]


@dataclass
class _UndoShipment(_Undo):
    """The shipment itself, where we made it; one that was only taken over is given back: our marker leaves its note."""

    what = "shipment"

    def shows(self, there: ShipmentStands) -> bool:
        return bears(there.note, self.step.undoes)

    async def remove(self, there: ShipmentStands) -> None:
        if not self.undone.ours or was_taken(there.note, self.step.undoes):
            note = given_back(there.note, self.step.undoes)
            await put_shipment(self.site, {"note": {"value": note}}, there.ShipmentNbr)
            return
        strangers = await self._strangers(there)
        if strangers:
            raise Rejected(
                f"shipment {there.ShipmentNbr} ships {', '.join(strangers)} too, which somebody else added: take our "
                "order's lines out of it by hand, then ignore this entry",
                code="other orders",
            )
        there = await opened(self.site, there, LINES)
        await self._delete(there.ShipmentNbr)

    async def _strangers(self, there: ShipmentStands) -> list[str]:
        """Other orders that the shipment ships by now."""
        orders = dict.fromkeys(order_number(row.OrderType, row.OrderNbr) for row in there.Details)
        if len(orders) < 2:
            return []
        own = number_there((await locate(self.site, self.step, self.known)).order)
        return [number for number in orders if number != own]

    async def _delete(self, number: str) -> None:
        asked = self.site.missing("shipment", number)
        reply = await self.site.client.send("DELETE", f"Shipment/{segment(number, asked)}", writes=True)
        if reply.status in (200, 204):
            return
        error = judge_write(reply, asked, {})
        if isinstance(error, Rejected):
            raise explained(error, asked)
        if not isinstance(error, NotFound):
            raise error


async def _read(site: Site, number: str) -> ShipmentStands | None:
    """The shipment, None where it is gone."""
    try:
        return await read_shipment(site, number)
    except NotFound:
        return None


_RECIPES: Mapping[type[Step], Callable[[Site, UndoStep, Known, Undone], Recipe]] = {
    NoteStep: _UndoNote,
    TrackingStep: _UndoTracking,
    ShipmentStep: _UndoShipment,
}


def undo(site: Site, step: UndoStep, known: Known) -> Recipe | Increment:
    """How an effect is taken back; raises Rejected for one that cannot be."""
    undone = known.undone
    if undone is None:
        raise TypeError("what was never begun has nothing to take back")
    original = undone.step
    if isinstance(original, FreightStep):
        raised = (undone.after or ZERO) - (undone.before or ZERO)
        if original.onto == "order":
            return OrderFreight(site, original, known, -raised, undone.document)
        return ShipmentFreight(site, original, known, -raised, undone.document, undoes=True)
    make = _RECIPES.get(type(original))
    if make is None:
        raise Rejected(f"a {original.kind} step cannot be taken back at Acumatica", code="not supported")
    return make(site, step, known, undone)
