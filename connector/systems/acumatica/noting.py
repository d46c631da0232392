"""A text in the note of a shipment: put below what stands there, with its marker, and taken out again."""

from dataclasses import dataclass

from connector.errors import Partial
from connector.planned import NoteStep
from connector.reference import bears, marked, marker, references_in
from connector.systems.acumatica.correcting import changeable
from connector.systems.acumatica.freezes import NOTES
from connector.systems.acumatica.shipment_standing import (
    ShipmentStands,
    joined,
    lines_of,
    put_shipment,
    read_made,
    read_shipment,
    reference_of,
    the_made,
)
from connector.systems.acumatica.writing import Site, wrapped
from connector.systems.base import Comparing, Effect, Field, Known

LABEL = "Notes"


@dataclass
class NoteRecipe(Comparing):
    """Notes stay writable on a confirmed shipment."""

    site: Site
    step: NoteStep
    known: Known
    native_key: bool = False

    async def find(self) -> tuple[Effect, ...]:
        """The shipment, where its note bears our marker."""
        there = await self._there()
        return (self._effect(there),) if there and bears(there.note, self.step.reference) else ()

    async def create(self) -> Effect:
        """Write the note with the text below what stands there."""
        there = await the_made(self.site, self.step, self.known)
        await changeable(self.site, there, NOTES)
        note = joined(there.note, marked(self.step.notes, self.step.reference))
        await put_shipment(self.site, wrapped(note=note), there.ShipmentNbr)
        return self._effect(there)

    async def verify(self, effect: Effect) -> Effect:
        """See that the marker is there; raises Partial."""
        there = await read_shipment(self.site, effect.document.number)
        if not bears(there.note, self.step.reference):
            text = f"the note of shipment {there.ShipmentNbr} was written, but does not hold our text"
            raise Partial(text, field="note")
        return self._effect(there)

    async def compare(self) -> tuple[Field, ...]:
        """Our text, and the note without markers; alike where every line of ours stands in it."""
        there = await self._there()
        wanted = self.step.notes.strip()
        stands = [line for line in lines_of(there.note) if not references_in(line)] if there else []
        spoken = {" ".join(line.split()).casefold() for line in stands}
        held = all(
            " ".join(line.split()).casefold() in spoken for line in wanted.splitlines() if line.strip()
        )
        return (Field(LABEL, wanted, wanted if held else "\n".join(stands)),)

    async def standing(self) -> Effect:
        """The shipment with its note as it stands."""
        return self._effect(await the_made(self.site, self.step, self.known))

    async def _there(self) -> ShipmentStands | None:
        return await read_made(self.site, self.step, self.known)

    def _effect(self, there: ShipmentStands) -> Effect:
        return Effect(reference_of(self.site, there), seen={LABEL: there.note} if there.note else {})


def without(note: str, text: str, reference: str) -> str:
    """The note without our marker and what stands right above it of our text; what people wrote between stays."""
    lines, ours = lines_of(note), lines_of(text)
    place = next((at for at, line in enumerate(lines) if line.strip() == marker(reference)), None)
    if place is None:
        return note.replace(marker(reference), "").rstrip()
    kept = lines[:place]
    for line in reversed(ours):
        at = next((at for at in range(len(kept) - 1, -1, -1) if kept[at] == line), None)
        if at is not None:
            del kept[at]
    return "\n".join((*kept, *lines[place + 1 :])).rstrip()
