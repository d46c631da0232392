"""The confirmation of a shipment: an action, after which its status is read."""

from dataclasses import dataclass

from connector.errors import Rejected
from connector.planned import ConfirmStep
from connector.systems.acumatica.actions import act
from connector.systems.acumatica.shipment_refusals import explained
from connector.systems.acumatica.shipment_standing import (
    ShipmentStands,
    confirmed_note,
    is_confirmed,
    may_be_corrected,
    put_shipment,
    read_made,
    read_shipment,
    reference_of,
    the_made,
)
from connector.systems.acumatica.writing import Site, wrapped
from connector.systems.base import Comparing, Effect, Field, Known

_CONFIRMED = "Confirmed"


@dataclass
class ConfirmRecipe(Comparing):
    """Confirm one shipment; one that is confirmed already is our effect, whoever did it."""

    site: Site
    step: ConfirmStep
    known: Known
    native_key: bool = False

    async def find(self) -> tuple[Effect, ...]:
        """The shipment, where it stands confirmed, or further."""
        there = await read_made(self.site, self.step, self.known)
        return (self._effect(there),) if there and is_confirmed(self.site, there) else ()

    async def create(self) -> Effect:
        """Confirm it. That we did so is noted on a shipment that we only took over: a void takes back our own
        confirmation, and nobody else's."""
        there = await self._there()
        asked = self.site.missing("shipment", there.ShipmentNbr)
        if not may_be_corrected(there.note):
            await put_shipment(self.site, wrapped(note=confirmed_note(there.note)), there.ShipmentNbr)
        try:
            keys = wrapped(ShipmentNbr=there.ShipmentNbr)
            await act(self.site, "Shipment", "ConfirmShipment", keys, asked)
        except Rejected as refusal:
            now = await self._there()
            if not is_confirmed(self.site, now):
                raise explained(refusal, asked) from refusal
        return self._effect(there)

    async def verify(self, effect: Effect) -> Effect:
        """See that it stands confirmed; raises Rejected with the status that stands there instead."""
        there = await read_shipment(self.site, effect.document.number)
        if not is_confirmed(self.site, there):
            raise Rejected(
                f"Acumatica accepted that shipment {there.ShipmentNbr} is confirmed, and ignored it: it stands "
                f"{there.Status}; confirm it there, or retry",
                code="ignored",
                field="Status",
            )
        return self._effect(there)

    async def compare(self) -> tuple[Field, ...]:
        """The status."""
        there = await read_made(self.site, self.step, self.known)
        stands = "" if there is None else _CONFIRMED if is_confirmed(self.site, there) else there.Status
        return (Field("Status", _CONFIRMED, stands),)

    async def standing(self) -> Effect:
        """The shipment with its status."""
        return self._effect(await self._there())

    async def _there(self) -> ShipmentStands:
        return await the_made(self.site, self.step, self.known)

    def _effect(self, there: ShipmentStands) -> Effect:
        return Effect(reference_of(self.site, there), seen={"status": there.Status})
