"""A shipment of an order: found by our marker in its note, taken over where it stands there already, or made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from decimal import Decimal
from typing import Any

from connector.errors import NotFound, OutcomeUnknown, Partial, Rejected
from connector.planned import ShipmentStep
from connector.reference import bears, marker, references_in
from connector.systems.acumatica.locating import Located, keys_body, locate, number_there
from connector.systems.acumatica.shipment_lines import (
    Shipped,
    quantities,
    quantities_there,
    shipped_lines,
)
from connector.systems.acumatica.shipment_standing import (
    ShipmentStands,
    put_shipment,
    read_shipment,
    reference_of,
    shipments_of,
    taken_note,
    was_taken,
)
from connector.systems.acumatica.standing import ZERO, OrderThere, amount
from connector.systems.acumatica.writing import Site, wrapped
from connector.systems.base import Comparing, Effect, Field, Known

_HELD = frozenset(
    {"On Hold", "Credit Hold", "Risk Hold", "Pending Approval", "Awaiting Payment", "Pending Processing"}
)
_ENDED = frozenset({"Canceled", "Rejected", "Expired"})
"""Statuses of an order that are known to forbid shipping; any other one is left to Acumatica to judge."""


@dataclass
class ShipmentRecipe(Comparing):
    """One shipment of one order, of exactly the lines and quantities of the step.

    An open shipment of the same lines that nobody marked is taken over: nothing but our marker is written. Which of the
    two it was stands in its note, since a void deletes the one and leaves the other.
    """

    site: Site
    step: ShipmentStep
    known: Known
    native_key: bool = False
    _located: Located | None = field(default=None, init=False)
    _shipments: tuple[ShipmentStands, ...] | None = field(default=None, init=False)

    async def find(self) -> tuple[Effect, ...]:
        """The shipments of the order that bear our marker. Raises NotFound where the order is not there."""
        standing = await self._standing()
        return tuple(self._effect(one) for one in standing if bears(one.note, self.step.reference))

    async def create(self) -> Effect:
        """Take the open shipment that fits, or make one. Raises Rejected, before anything is sent, where the order
        does not ship."""
        order = (await self._order()).order
        asked = shipped_lines(self.step.lines, order)
        for one in await self._standing():
            if self._is_free(one) and quantities_there(one) == quantities(asked, order):
                note = taken_note(one.note, self.step.reference)
                await put_shipment(self.site, wrapped(note=note), one.ShipmentNbr)
                return self._effect(one, taken=True)
        reason = reason_against(order, asked)
        if reason is not None:
            raise reason
        about = f"for {self.step.document}"
        made = await put_shipment(self.site, self._body(order, asked), about=about)
        if not made.ShipmentNbr:
            raise OutcomeUnknown(
                f"a shipment {about} was made, but Acumatica does not say under which number"
            )
        return self._effect(made)

    async def verify(self, effect: Effect) -> Effect:
        """Read it back and compare lines and quantities; raises Partial with both sides."""
        order = (await self._order()).order
        asked = shipped_lines(self.step.lines, order)
        there = await read_shipment(self.site, effect.document.number)
        wanted, stands = quantities(asked, order), quantities_there(there)
        if wanted != stands:
            text = f"asked {_spoken(wanted)}, there {_spoken(stands) or 'nothing'}"
            raise Partial(f"shipment {there.ShipmentNbr} ships other lines than asked for: {text}")
        return self._effect(there)

    async def compare(self) -> tuple[Field, ...]:
        """The quantity of each line; of the shipment that bears our marker, else of the one that fits best."""
        order = (await self._order()).order
        asked = quantities(shipped_lines(self.step.lines, order), order)
        there = await self._best()
        stands = quantities_there(there) if there else {}
        items: dict[tuple[str, ...], str] = {
            (order.OrderType, order.OrderNbr, row.LineNbr): row.InventoryID for row in order.Details
        }
        return tuple(
            _compared(
                f"Shipped Qty. of line {key[-1]} ({items.get(key, 'of another order')})",
                asked.get(key, ZERO),
                stands.get(key, ZERO) if there else None,
            )
            for key in dict.fromkeys((*asked, *stands))
        )

    async def standing(self) -> Effect:
        """The shipment that was compared, whoever made it."""
        there = await self._best()
        if there is None:
            raise NotFound(
                f"order {number_there((await self._order()).order)} has no shipment of these lines",
                missing=self.site.missing("shipment", f"for {self.step.document}"),
            )
        return self._effect(there)

    # -- looking -----------------------------------------------------------------------------------------------------

    async def _order(self) -> Located:
        self._located = self._located or await locate(self.site, self.step, self.known)
        return self._located

    async def _standing(self) -> tuple[ShipmentStands, ...]:
        if self._shipments is None:
            self._shipments = await shipments_of(self.site, (await self._order()).order)
        return self._shipments

    def _is_free(self, shipment: ShipmentStands) -> bool:
        """Open, and no write-back's: it bears no marker at all."""
        opened = shipment.Status in self.site.settings.unconfirmed_statuses
        return opened and not references_in(shipment.note)

    async def _best(self) -> ShipmentStands | None:
        """Ours, else one without a marker that has as many of the asked lines as possible."""
        standing = await self._standing()
        ours = [one for one in standing if bears(one.note, self.step.reference)]
        if ours:
            return ours[0]
        order = (await self._order()).order
        asked = quantities(shipped_lines(self.step.lines, order), order).items()
        others = [one for one in standing if not references_in(one.note)]
        return max(others, key=lambda one: len(asked & quantities_there(one).items()), default=None)

    # -- making ------------------------------------------------------------------------------------------------------

    def _body(self, order: OrderThere, asked: Sequence[Shipped]) -> dict[str, Any]:
        day = self.step.ship_date
        zone = self.site.settings.zone
        return {
            **wrapped(
                Type="Shipment",
                Operation="Issue",
                CustomerID=order.CustomerID,
                LocationID=order.LocationID,
                WarehouseID=asked[0].line.WarehouseID,
                ShipmentDate=datetime.combine(day, time(), zone).isoformat() if day else None,
                Hold=False,
                note=marker(self.step.reference),
            ),
            "Details": [{**keys_body(order), **one.body} for one in asked],
        }

    def _effect(self, shipment: ShipmentStands, taken: bool = False) -> Effect:
        taken = taken or was_taken(shipment.note, self.step.reference)
        return Effect(
            reference_of(self.site, shipment),
            self._located.links if self._located else (),
            {"status": shipment.Status} | ({"made by": "somebody else, and taken over"} if taken else {}),
            ours=not taken and bears(shipment.note, self.step.reference),
        )


def reason_against(order: OrderThere, asked: Sequence[Shipped]) -> Rejected | None:
    """Why these lines cannot be shipped, in words; None where Acumatica may be asked."""
    number = number_there(order)
    if order.Status in _HELD:
        text = (
            f"order {number} stands {order.Status}, and Acumatica ships Open and Back Order ones only: release it "
            "there, then retry"
        )
        return Rejected(text, code="order status", field="Status")
    if order.Status in _ENDED:
        text = (
            f"order {number} stands {order.Status}, and ships nothing: reopen it there, or ignore this entry"
        )
        return Rejected(text, code="order status", field="Status")
    warehouses = sorted({one.line.WarehouseID for one in asked})
    if len(warehouses) > 1:
        text = (
            f"the lines of order {number} are in the warehouses {', '.join(warehouses)}, and a shipment has only one: "
            "ship them one by one"
        )
        return Rejected(text, code="warehouses", field="WarehouseID")
    short = [text for one in asked if (text := _shortage(one))]
    if not short:
        return None
    made = ", ".join(f"{row.ShipmentNbr} ({row.Status})" for row in order.Shipments if row.ShipmentNbr)
    return Rejected(
        f"order {number} has less left to ship than was shipped: {'; '.join(short)}. Its shipments are: "
        f"{made or 'none'}. Where one of them is this one, put it right there and mark this entry as done by hand; "
        "else delete it, then retry",
        code="nothing left",
        field="ShippedQty",
    )


def _shortage(shipped: Shipped) -> str:
    line = shipped.line
    if line.OrderQty is None or line.QtyOnShipments is None:
        return ""
    left = amount(line.OrderQty) - amount(line.QtyOnShipments)
    if shipped.quantity <= left:
        return ""
    return f"line {line.LineNbr} {line.InventoryID}: asked {shipped.quantity:f}, left {max(left, ZERO).normalize():f}"


def _compared(label: str, asked: Decimal, stands: Decimal | None) -> Field:
    """Equal quantities are written alike; "" where there is no shipment."""
    return Field(label, f"{asked:f}", "" if stands is None else f"{asked if stands == asked else stands:f}")


def _spoken(lines: Mapping[tuple[str, ...], Decimal]) -> str:
    return ", ".join(
        f"{quantity.normalize():f} of {kind}-{number} line {line}"
        for (kind, number, line), quantity in sorted(lines.items())
    )
