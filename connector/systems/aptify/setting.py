"""Fields of an order that are set, each to a value: tracking number, date, ship type, fields by name, and a note.

Setting a field again changes nothing, so it is found where it stands as asked, and written else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connector.errors import Partial, Rejected
from connector.planned import CommentStep, FieldsStep, FieldValue, NoteStep, TrackingStep
from connector.reference import bears, marked
from connector.systems.aptify.differing import differing
from connector.systems.aptify.on_order import OnOrder
from connector.systems.aptify.records import Record, as_text
from connector.systems.aptify.site import ORDERS, Site
from connector.systems.base import Comparing, Effect, Field

NOTE_FIELD = "Comments"
NOTHING = (None, "")


def values_of(step: TrackingStep | FieldsStep) -> dict[str, Any]:
    """What the step sets, field by field; None or "" where it says nothing of it."""
    if isinstance(step, TrackingStep):
        numbers = dict.fromkeys(one.tracking_number for one in step.packages if one.tracking_number)
        return {"TrackingNumber": ", ".join(numbers) or step.master}
    match step.part:
        case "ship_date":
            return {"DateShipped": step.ship_date}
        case "ship_via":
            return {"ShipTypeID": step.ship_via.code if step.ship_via else None}
        case "header":
            return {one.name: _typed(one) for one in step.fields}
    raise Rejected(f"an Aptify order has no place for {step.part}", code="not supported")


def to_set(site: Site, step: TrackingStep | FieldsStep) -> dict[str, Any]:
    """What a step sets, and only what it says; by our names, since a flow may call a field as the site does."""
    names = site.client.names
    return {
        names.here(ORDERS, name): value for name, value in values_of(step).items() if value not in NOTHING
    }


def _typed(one: FieldValue) -> Any:
    """A number is compared as one, and yes or no is 1 or 0 there."""
    match one.type:
        case "number" | "integer":
            return Decimal(one.text)
        case "flag":
            return one.text == "true"
    return one.text


@dataclass
class SetRecipe(OnOrder, Comparing):
    """Set fields of one order."""

    step: TrackingStep | FieldsStep
    native_key: bool = True

    async def find(self) -> tuple[Effect, ...]:
        """The order, where every field stands as asked."""
        order = await self.order()
        return (self._effect(order),) if not self._apart(order) else ()

    async def create(self) -> Effect:
        """Write those that differ; raises Rejected, with nothing written, where one of them is frozen."""
        await self.site.write_order(await self.order(), self._values)
        return self._effect(await self.written())

    async def verify(self, effect: Effect) -> Effect:
        """Read the order back; raises Partial with both sides."""
        order = await self.written()
        if apart := self._apart(order):
            said = "; ".join(
                f"{name}: asked {as_text(value)}, there {order.text(name)}" for name, value in apart.items()
            )
            raise Partial(f"order {order.id} differs from what was asked: {said}")
        return self._effect(order)

    async def compare(self) -> tuple[Field, ...]:
        """Each field beside what stands there."""
        order = await self.order()
        apart = self._apart(order)
        return tuple(
            Field(name, as_text(value), order.text(name) if name in apart else as_text(value))
            for name, value in self._values.items()
        )

    async def standing(self) -> Effect:
        """The order as it stands."""
        return self._effect(await self.order())

    @property
    def _values(self) -> Mapping[str, Any]:
        return to_set(self.site, self.step)

    def _apart(self, order: Record) -> Mapping[str, Any]:
        return differing(order, self._values, self.site.settings.zone)

    def _effect(self, order: Record) -> Effect:
        return self.told("order", order, {name: order.text(name) for name in self._values})


@dataclass
class NoteRecipe(OnOrder, Comparing):
    """A text in the comments of one order, behind what stands there, with our marker."""

    step: NoteStep | CommentStep
    native_key: bool = False

    async def find(self) -> tuple[Effect, ...]:
        """The order, where its comments bear our marker. Raises Rejected where a status is to be set by hand: orders
        have those of their own doing."""
        if isinstance(self.step, CommentStep) and self.step.status:
            text = "the status of an Aptify order is what was done to it: leave order_status out of the flow"
            raise Rejected(text, code="not supported", field="order_status")
        order = await self.order()
        return (self._effect(order),) if bears(order.text(NOTE_FIELD), self.step.reference) else ()

    async def create(self) -> Effect:
        """Append it."""
        order = await self.order()
        before = order.text(NOTE_FIELD).rstrip()
        text = marked(self.step.notes, self.step.reference)
        await self.site.write_order(order, {NOTE_FIELD: f"{before}\n{text}" if before else text})
        return self._effect(await self.written())

    async def verify(self, effect: Effect) -> Effect:
        """Read it back; raises Partial."""
        order = await self.written()
        if not bears(order.text(NOTE_FIELD), self.step.reference):
            raise Partial(f"the comment on order {order.id} is not there whole: is its field too short?")
        return self._effect(order)

    async def compare(self) -> tuple[Field, ...]:
        """The note beside the comments."""
        order, asked = await self.order(), self.step.notes
        there = " ".join(order.text(NOTE_FIELD).split())
        return (Field(NOTE_FIELD, asked, asked if " ".join(asked.split()) in there else ""),)

    async def standing(self) -> Effect:
        """The order as it stands."""
        return self._effect(await self.order())

    def _effect(self, order: Record) -> Effect:
        return self.told("order", order, {"comments": order.text(NOTE_FIELD)})
