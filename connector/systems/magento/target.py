"""Shipping at Magento: find our shipment by its marker, create it, read it back and compare.

Magento never deduplicates, so the marker is looked for before each try. Which order item a line means is
`lines.py`; the request itself, and what is checked before and after it, is `shipping.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.errors import CallError, MappingMissing, Missing, NotFound, OutcomeUnknown, Partial, Rejected
from connector.plan import ShipmentStep
from connector.systems.base import Effect, Link
from connector.systems.magento.client import Client, Criteria, Filter
from connector.systems.magento.lines import Allocation, Goods, allocate
from connector.systems.magento.settings import BundleForm
from connector.systems.magento.shipping import (
    Sight,
    contents,
    corrected_forms,
    differences,
    enough,
    may_ship,
    quantities_of,
    ship_body,
)
from connector.systems.magento.wire import Order, Shipment
from schemas.base import DocumentRef

LONGEST_EDIT_CHAIN = 10


@dataclass
class ShipmentRecipe:
    """One shipment of one order. `linked_order` is the order's own number here, where a link says so."""

    client: Client
    step: ShipmentStep
    linked_order: DocumentRef | None
    native_key: bool = False
    _sight: Sight | None = field(default=None, init=False)
    _created: tuple[Shipment, Allocation] | None = field(default=None, init=False)
    _found: Order | None = field(default=None, init=False)
    _born_here: bool = field(default=False, init=False)

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
                key = await self.client.post(path, body, self._missing)
            except Rejected as refusal:
                told = corrected_forms(sight.goods, allocation, refusal.message)
                if not told or told.keys() & corrected.keys():
                    return await self._after(refusal)
                corrected |= told
                known |= told
            else:
                return await self._read_back(key, allocation)

    async def verify(self, effect: Effect) -> Effect:
        """Compare lines, tracking numbers and marker with what was asked. Raises Partial with both sides."""
        sight = await self._seen()
        key = effect.document.key or ""
        if self._created and self._created[0].entity_id == key:
            shipment, allocation = self._created
        else:
            shipment = await self._read(key)
            allocation = self._adopted(sight.goods, shipment)
        problems = differences(sight.goods, shipment, allocation, self.step)
        if problems:
            text = f"shipment {shipment.increment_id} differs from what was asked: {'; '.join(problems)}"
            raise Partial(text)
        return self._effect(shipment)

    # -- looking -------------------------------------------------------------------------------------------

    @property
    def _missing(self) -> Missing:
        order = self.step.order.order
        return Missing("order", order.number, order.connection)

    async def _seen(self) -> Sight:
        self._sight = self._sight or await self._look()
        return self._sight

    async def _look(self) -> Sight:
        self._found = await self._order()
        order = await self._latest(self._found)
        of_order = Criteria(((Filter("order_id", order.entity_id),),))
        return Sight(Goods(order), await self.client.list("/shipments", of_order, Shipment))

    async def _order(self) -> Order:
        if self.linked_order and (self.linked_order.key or "").isdecimal():
            return await self.client.get(f"/orders/{self.linked_order.key}", Order, self._missing)
        for name, value in self._clues():
            found = await self.client.list("/orders", Criteria(((Filter(name, value),),)), Order)
            if len(found) > 1:
                which = ", ".join(f"{order.increment_id} (id {order.entity_id})" for order in found)
                raise Rejected(
                    f"{len(found)} orders have {name} {value}: {which}; which one is meant cannot be told",
                    code="ambiguous order",
                    field=name,
                )
            if found:
                self._born_here = name == "increment_id"
                return found[0]
        tried = " and ".join(f"{name} {value}" for name, value in self._clues())
        raise NotFound(f"no order with {tried} at {self.client.connection}", missing=self._missing)

    def _clues(self) -> tuple[tuple[str, str], ...]:
        """Attribute and value to find the order by, the surest first; a link leaves no doubt."""
        clue = self.step.order
        if self.linked_order:
            return (("increment_id", self.linked_order.number),)
        by_source = ("ext_order_id", clue.order.number)
        return (("increment_id", clue.external_number), by_source) if clue.external_number else (by_source,)

    async def _latest(self, order: Order) -> Order:
        """Editing an order in the back office cancels it and makes a successor: goods ship from the last of
        them."""
        for _ in range(LONGEST_EDIT_CHAIN):
            if order.state != "canceled" or not order.relation_child_id:
                return order
            order = await self.client.get(f"/orders/{order.relation_child_id}", Order, self._missing)
        raise Rejected(f"order {order.increment_id} was edited more than {LONGEST_EDIT_CHAIN} times")

    async def _read(self, key: str) -> Shipment:
        missing = Missing("shipment", key, self.client.connection)
        return await self.client.get(f"/shipment/{key}", Shipment, missing)

    # -- shipping ------------------------------------------------------------------------------------------

    def _allocate(self, sight: Sight, known: Mapping[str, BundleForm]) -> Allocation:
        """The order items to ship, refused in words where Magento would clamp, drop or refuse them."""
        may_ship(sight)
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
        try:
            shipment = await self._read(key)
        except CallError as problem:
            raise OutcomeUnknown(
                f"shipment {key} was made at {self.client.connection}, but cannot be read: {problem.message}"
            ) from problem
        self._created = (shipment, allocation)
        return self._effect(shipment)

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
        connection = self.client.connection
        return Effect(
            document=DocumentRef(
                connection=connection,
                kind="shipment",
                number=shipment.increment_id,
                key=shipment.entity_id,
            ),
            links=self._links(),
            seen={
                "lines": contents(shipment),
                "tracking": ", ".join(
                    f"{t.title or t.carrier_code} {t.track_number}" for t in shipment.tracks
                ),
                "note": "\n".join(comment.comment for comment in shipment.comments),
            },
        )

    def _links(self) -> tuple[Link, ...]:
        """What was learnt of the order: from where it was born to where it was carried, and from an edited order to
        its successor."""
        if self._sight is None or self._found is None:
            return ()
        found, latest = self._reference(self._found), self._reference(self._sight.order)
        ours = self.step.order.order
        learnt = (Link(found, ours) if self._born_here else Link(ours, found),)
        successor = (Link(found, latest),) if found.number != latest.number else ()
        return (learnt if self.linked_order is None else ()) + successor

    def _reference(self, order: Order) -> DocumentRef:
        return DocumentRef(
            connection=self.client.connection, kind="order", number=order.increment_id, key=order.entity_id
        )
