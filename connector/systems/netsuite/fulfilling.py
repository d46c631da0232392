"""A shipment: the sales order transformed into one item fulfillment with its packages, once, and read back.

Which order line is meant is `lines.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from connector.errors import NotFound, Rejected
from connector.planned import ShipmentStep
from connector.systems.base import Comparing, Effect, Field, Known
from connector.systems.netsuite.client import Client
from connector.systems.netsuite.finding import Found, find_order, made_of, missing_order
from connector.systems.netsuite.items import ids_of
from connector.systems.netsuite.lines import (
    UNSTOCKED,
    allocated,
    contents,
    goods_of,
    lines_field,
    may_be_used,
    number_of,
    open_lines,
    quantities,
    to_ship,
)
from connector.systems.netsuite.settings import NetSuiteSettings
from connector.systems.netsuite.wire import ZERO, ItemFulfillment, Line, SalesOrder
from connector.systems.netsuite.writing import bearing, document_ref, made, memo, ref, said, same

STATUS: Mapping[str, str] = {"A": "Picked", "B": "Packed", "C": "Shipped"}
"""Letters of `shipStatus`, by client code."""


@dataclass
class ShipmentRecipe(Comparing):
    """One shipment of one order."""

    client: Client
    step: ShipmentStep
    known: Known
    native_key: bool = True
    _order: Found | None = field(default=None, init=False)
    _made: ItemFulfillment | None = field(default=None, init=False)

    async def find(self) -> tuple[Effect, ...]:
        """The fulfillment with our external id. Raises NotFound where the order is not there."""
        self._order = await find_order(self.client, self.step, self.known.order)
        self._made = await bearing(self.client, "itemFulfillment", self.step.reference, ItemFulfillment)
        return (self._effect(self._made),) if self._made is not None else ()

    async def create(self) -> Effect:
        """Ship, and read back. Raises Rejected, before anything is sent, where NetSuite would ship something else."""
        order = (await self._seen()).order
        may_be_used(order)
        taken = allocated(order, self.step.lines, await self._ids(), to_ship, born_here=self._born_here)
        if not taken:
            raise Rejected(
                f"nothing of {self.step.document} ships: it has no quantity", code="nothing to ship"
            )
        body = fulfillment_body(self.step, order, taken, self.client.settings)
        self._made = await made(
            self.client,
            "itemFulfillment",
            self.step.reference,
            ItemFulfillment,
            lambda: self.client.transform(
                "salesOrder", order.id, "itemFulfillment", body, missing_order(self.step)
            ),
        )
        return self._effect(self._made)

    async def verify(self, effect: Effect) -> Effect:
        """Compare lines, tracking numbers and status with what was asked; raises Partial with both sides."""
        key = effect.document.key or ""
        there = self._made
        if there is None or there.id != key:
            there = await self.client.read_back("itemFulfillment", key, ItemFulfillment)
        same(f"item fulfillment {there.number}", await self._fields(there))
        return self._effect(there)

    async def compare(self) -> tuple[Field, ...]:
        """The fulfillment with our external id, else that of the order which holds what was asked, else its last."""
        order = (await self._seen()).order
        self._made = await bearing(self.client, "itemFulfillment", self.step.reference, ItemFulfillment)
        fields = await self._fields(self._made)
        if self._made is None:
            for one in await made_of(self.client, order, "ItemShip"):
                self._made = await self.client.read_back("itemFulfillment", one.id, ItemFulfillment)
                fields = await self._fields(self._made)
                if not any(field.differs for field in fields):
                    break
        return fields

    async def standing(self) -> Effect:
        """The fulfillment as it stands."""
        if self._made is None:
            raise NotFound("there is no such fulfillment", missing=missing_order(self.step))
        return self._effect(self._made)

    # -- looking -------------------------------------------------------------------------------------------

    async def _seen(self) -> Found:
        self._order = self._order or await find_order(self.client, self.step, self.known.order)
        return self._order

    @property
    def _born_here(self) -> bool:
        return self.step.order.order.connection == self.client.connection

    async def _ids(self) -> Mapping[str, str]:
        order = (await self._seen()).order
        return await ids_of(self.client, order, self.step.lines, born_here=self._born_here)

    async def _fields(self, there: ItemFulfillment | None) -> tuple[Field, ...]:
        order, rules = (await self._seen()).order, self.client.settings.fulfillments
        rows = there.item if there else ()
        stands = quantities(tuple(line for line in rows if line.item_receive and not line.kit_member_of))
        ids = await self._ids()
        lines = lines_field(order, self.step.lines, ids, stands, born_here=self._born_here)
        status = there.ship_status.id if there else ""
        reached = min(rules.status, status)  # people may have taken it further
        return (
            lines,
            self._tracking(there),
            Field("status", STATUS[rules.status], STATUS.get(reached, reached)),
        )

    def _tracking(self, there: ItemFulfillment | None) -> Field:
        """Numbers that somebody added are no matter of ours."""
        wanted = list(dict.fromkeys(one.tracking_number for one in self.step.packages if one.tracking_number))
        stands = [one.tracking_number for one in there.packages if one.tracking_number] if there else []
        told = wanted if set(wanted) <= set(stands) else stands
        return Field("tracking numbers", ", ".join(wanted), ", ".join(told))

    def _effect(self, there: ItemFulfillment) -> Effect:
        seen = {
            "status": str(there.ship_status or there.status),
            "lines": contents(tuple(line for line in there.item if line.item_receive)),
            "tracking": ", ".join(filter(None, (one.tracking_number for one in there.packages))),
            "note": there.memo,
        }
        links = self._order.links if self._order else ()
        ours = there.external_id == self.step.reference
        return Effect(document_ref(self.client, "shipment", there), links, said(seen), ours=ours)


def fulfillment_body(
    step: ShipmentStep, order: SalesOrder, taken: Mapping[str, Decimal], settings: NetSuiteSettings
) -> dict[str, Any]:
    """The body of the transform. Every open line is named, since what becomes of the others is not documented."""
    rules = settings.fulfillments
    lines = [
        _line_body(line, taken.get(line.line, ZERO), settings)
        for line in _mentioned(order, taken, settings)
        if line.line in taken or rules.others
    ]
    methods = {one.carrier_code for one in step.packages if one.carrier_code.isdecimal()}
    packages = [
        said(
            {
                "packageTrackingNumber": one.tracking_number,
                "packageWeight": one.weight or rules.weight,
                "packageDescr": one.title,
            }
        )
        for one in step.packages
        if one.tracking_number
    ]
    form = settings.forms.item_fulfillment
    return {
        "externalId": step.reference,
        "shipStatus": ref(rules.status),
        **said(
            {
                "memo": memo(step.notes),
                "customForm": ref(form) if form else None,
                "tranDate": step.ship_date.isoformat() if step.ship_date else None,
                "shipMethod": ref(methods.pop()) if len(methods) == 1 else None,
            }
        ),
        "item": {"items": lines},
        **({"package": {"items": packages}} if packages else {}),
    }


def _mentioned(
    order: SalesOrder, taken: Mapping[str, Decimal], settings: NetSuiteSettings
) -> tuple[Line, ...]:
    """The lines that NetSuite would offer: goods with something left, and the lines that are taken."""
    goods = {line.line for line in goods_of(order, settings.items) if line.item_type.id not in UNSTOCKED}
    return tuple(line for line in open_lines(order, to_ship) if line.line in goods or line.line in taken)


def _line_body(line: Line, quantity: Decimal, settings: NetSuiteSettings) -> dict[str, Any]:
    if not quantity:
        return {"orderLine": number_of(line.line), "itemReceive": False}
    location = line.location.id or settings.defaults.location
    said_too = {"location": ref(location)} if location and settings.fulfillments.line_location else {}
    return {"orderLine": number_of(line.line), "itemReceive": True, "quantity": quantity, **said_too}
