"""Shipping at Magento: find our shipment by its marker, create it, read it back, compare, and add missing tracks.

Magento never deduplicates, so the marker is looked for before each try. Which order item a line means is
`lines.py`; the request itself, and what is checked before and after it, is `shipping.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connector.errors import MappingMissing, Missing, Partial, Rejected
from connector.planned import ShipmentStep
from connector.systems.base import Effect
from connector.systems.freezing import Change
from connector.systems.magento.bodies import AddTrack, LaterTrack
from connector.systems.magento.client import Criteria, Filter
from connector.systems.magento.finding import Found, find_order, missing_order
from connector.systems.magento.freezes import SHIPMENTS
from connector.systems.magento.lines import Allocation, Goods, allocate
from connector.systems.magento.settings import BundleForm
from connector.systems.magento.shipping import (
    Sight,
    contents,
    corrected_forms,
    differences,
    enough,
    missing_tracks,
    quantities_of,
    ship_body,
    something_left,
)
from connector.systems.magento.wire import Shipment, ShipTrack
from connector.systems.magento.writing import Writer
from schemas.base import DocumentRef


@dataclass
class ShipmentRecipe:
    """One shipment of one order. `linked_order` is the order's own number here, where a link says so."""

    client: Writer
    step: ShipmentStep
    linked_order: DocumentRef | None
    native_key: bool = False
    _sight: Sight | None = field(default=None, init=False)
    _created: tuple[Shipment, Allocation] | None = field(default=None, init=False)
    _found: Found | None = field(default=None, init=False)

    async def find(self) -> tuple[Effect, ...]:
        """The order's shipments that bear our reference. Raises NotFound where the order is not there."""
        self._sight = sight = await self._look()
        return tuple(map(self._effect, sight.bearing(self.step.reference)))

    async def create(self) -> Effect:
        """Ship, and read back what was made.

        Raises Rejected, in words and before anything is sent, where Magento would do less than asked;
        OutcomeUnknown where the shipment was made but could not be read.
        """
        sight = await self._seen()
        known = sight.goods.forms_seen(sight.shipments)
        corrected: dict[str, BundleForm] = {}
        while True:
            allocation = self._allocate(sight, known)
            body = ship_body(self.step, allocation, self.client.settings.source_code)
            path = f"/order/{sight.order.entity_id}/ship"
            try:
                key = await self.client.post(path, body, missing_order(self.step))
            except Rejected as refusal:
                told = corrected_forms(sight.goods, allocation, refusal.message)
                if not told or told.keys() & corrected.keys():
                    return await self._after(refusal)
                corrected |= told
                known |= told
            else:
                return await self._read_back(key, allocation)

    async def verify(self, effect: Effect) -> Effect:
        """Compare lines, tracking numbers and marker with what was asked, and add tracks that are missing.

        Raises Partial with both sides; OutcomeUnknown where it is not known whether a track was added.
        """
        sight = await self._seen()
        key = effect.document.key or ""
        if self._created and self._created[0].entity_id == key:
            shipment, allocation = self._created
        else:
            shipment = await self._read(key)
            allocation = self._adopted(sight.goods, shipment)
        problems = differences(sight.goods, shipment, allocation, self.step)
        tracks = missing_tracks(shipment, self.step)
        if tracks and not problems:
            shipment = await self._add_tracks(shipment, tracks)
            tracks = missing_tracks(shipment, self.step)
        problems += [f"tracking number {one.track_number} ({one.carrier_code}) is missing" for one in tracks]
        if problems:
            text = f"shipment {shipment.increment_id} differs from what was asked: {'; '.join(problems)}"
            raise Partial(text)
        return self._effect(shipment)

    # -- looking -------------------------------------------------------------------------------------------

    async def _seen(self) -> Sight:
        self._sight = self._sight or await self._look()
        return self._sight

    async def _look(self) -> Sight:
        self._found = await find_order(self.client, self.step, self.linked_order)
        order = self._found.latest
        of_order = Criteria(((Filter("order_id", order.entity_id),),))
        return Sight(Goods(order), await self.client.list("/shipments", of_order, Shipment))

    async def _read(self, key: str) -> Shipment:
        missing = Missing("shipment", key, self.client.connection)
        return await self.client.get(f"/shipment/{key}", Shipment, missing)

    # -- shipping ------------------------------------------------------------------------------------------

    def _allocate(self, sight: Sight, known: Mapping[str, BundleForm]) -> Allocation:
        """The order items to ship, refused in words where Magento would clamp, drop or refuse them."""
        self.client.may_change(sight.order, SHIPMENTS)
        something_left(sight)
        left = {item.item_id: item.left for item in sight.order.items}
        first = self.client.settings.bundles
        allocation = allocate(sight.goods, self.step.lines, left=left, known=known, first=first)
        if not allocation.quantities:
            raise Rejected(
                f"nothing of {self.step.document} ships from order {sight.order.increment_id}: its lines are "
                "virtual or have no quantity",
                code="nothing to ship",
            )
        enough(sight, allocation)
        return allocation

    async def _after(self, refusal: Rejected) -> Effect:
        """Refused though we saw no reason: somebody was there since we looked. It may have been an earlier
        try of ours, or there is a better reason by now; else Magento's own words stand."""
        self._sight = sight = await self._look()
        for ours in sight.bearing(self.step.reference):
            return self._effect(ours)
        self._allocate(sight, sight.goods.forms_seen(sight.shipments))
        raise refusal

    async def _read_back(self, key: str, allocation: Allocation) -> Effect:
        shipment = await self.client.read_back(f"/shipment/{key}", Shipment, f"shipment {key}")
        self._created = (shipment, allocation)
        return self._effect(shipment)

    async def _add_tracks(self, shipment: Shipment, tracks: Sequence[ShipTrack]) -> Shipment:
        """Add tracks that were looked for just now (Magento does not deduplicate them: `track.add_again`); returns the
        shipment as it is then."""
        numbers = (Change("tracking", track.track_number) for track in tracks)
        self.client.may_change((await self._seen()).order, *numbers)
        missing = Missing("shipment", shipment.increment_id, self.client.connection)
        for track in tracks:
            later = LaterTrack(
                order_id=int(shipment.order_id), parent_id=int(shipment.entity_id), **track.model_dump()
            )
            await self.client.answer("/shipment/track", AddTrack(entity=later), missing)
        made = f"tracking of shipment {shipment.increment_id}"
        return await self.client.read_back(f"/shipment/{shipment.entity_id}", Shipment, made)

    # -- reading back --------------------------------------------------------------------------------------

    def _adopted(self, goods: Goods, shipment: Shipment) -> Allocation:
        """What this shipment should hold, its own quantities deciding between lines of one SKU."""
        own = quantities_of(shipment)
        try:
            return allocate(
                goods,
                self.step.lines,
                left=own,
                known=goods.forms_seen((shipment,)),
                first=self.client.settings.bundles,
            )
        except MappingMissing as problem:
            asked = ", ".join(f"{line.quantity:f} × {line.sku}" for line in self.step.lines)
            raise Partial(
                f"shipment {shipment.increment_id} bears our reference but holds {contents(shipment)}; "
                f"asked was {asked} ({problem.message})"
            ) from problem

    def _effect(self, shipment: Shipment) -> Effect:
        return Effect(
            document=DocumentRef(
                connection=self.client.connection,
                kind="shipment",
                number=shipment.increment_id,
                key=shipment.entity_id,
            ),
            links=self._found.links if self._found else (),
            seen={
                "lines": contents(shipment),
                "tracking": ", ".join(
                    f"{t.title or t.carrier_code} {t.track_number}" for t in shipment.tracks
                ),
                "note": "\n".join(comment.comment for comment in shipment.comments),
            },
        )
