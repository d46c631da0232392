"""Fetching Acumatica's documents: which entities are read for which kind, with which `$expand`, and what comes of it.

What the documents say is read in the files of their names; whom to ask is `client.py`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from connector.errors import Missing, NotFound
from connector.systems.acumatica import invoices, orders, payments, shipments
from connector.systems.acumatica.client import Client
from connector.systems.acumatica.numbers import KINDS, keys_of, number_of
from connector.systems.acumatica.parts import understood
from connector.systems.acumatica.settings import AcumaticaSettings
from connector.systems.acumatica.shipment_standing import made_references
from connector.systems.acumatica.wire import WireInvoice, WireOrder, WirePayment, WireShipment
from connector.systems.base import Fetched, Wanted
from schemas.base import DocumentRef
from schemas.documents import Order

ORDER_EXPAND = (
    "Details",
    "Totals",
    "Shipments",
    "ShipToAddress",
    "ShipToContact",
    "BillToAddress",
    "BillToContact",
)
SHIPMENT_EXPAND = (
    "Details",
    "Orders",
    "Packages",
    "Packages/PackageContents",
    "ShippingSettings",
    "ShippingSettings/ShipToAddress",
    "ShippingSettings/ShipToContact",
)
INVOICE_EXPAND = ("Details",)
PAYMENT_EXPAND = ("OrdersToApply", "DocumentsToApply", "ApplicationHistory")
"""Linked and detail entities come only when they are asked for."""

_MODIFIED = {"order": "LastModified", "shipment": "LastModifiedDateTime", "invoice": "LastModifiedDateTime"}
"""Under which name our models have the moment of the last change, whatever the endpoint calls it."""


class Source:
    """One job's reading of one site."""

    def __init__(self, client: Client, settings: AcumaticaSettings, connection: str) -> None:
        self._client = client
        self._settings = settings
        self._connection = connection

    async def fetch(self, wanted: Wanted) -> Fetched:
        """A document with what it says, and the context that is wanted; or those of an order. Raises CallError."""
        if wanted.order:
            return await self._of_order(wanted)
        readers: Mapping[str, Callable[[Wanted], Awaitable[Fetched]]] = {
            "order": self._order,
            "shipment": self._shipment,
            "invoice": self._invoice,
            "payment": self._payment,
        }
        return await readers[wanted.kind](wanted)

    async def _of_order(self, wanted: Wanted) -> Fetched:
        wire, order = await self._read_order(wanted.order)
        numbers = orders.numbers_of(wanted.kind, wire)
        leads = tuple(self._reference(wanted.kind, number, None) for number in numbers)
        return Fetched(self._reference("order", order.number, order.key), facts=(), leads=leads)

    async def _order(self, wanted: Wanted) -> Fetched:
        wire, order = await self._read_order(wanted.number)
        with understood(self._asked("order", wanted.number)):
            facts = orders.order_facts(wire, order, self._connection, self._settings)
        return Fetched(
            self._reference("order", order.number, order.key),
            facts,
            # An order whose type says nothing is still context of its shipments and invoices.
            orders=() if facts else (order,),
            references=orders.order_references(wire),
        )

    async def _shipment(self, wanted: Wanted) -> Fetched:
        value = await self._read("shipment", wanted.number, SHIPMENT_EXPAND)
        with understood(self._asked("shipment", wanted.number)):
            wire = WireShipment.model_validate(value)
            document = self._reference("shipment", wire.ShipmentNbr, wire.NoteID or None)
            facts = shipments.shipment_facts(wire, self._connection, self._settings)
            numbers = shipments.shipment_orders(wire) if facts and "order" in wanted.context else ()
        return Fetched(document, facts, await self._orders(numbers), made_references(wire.note))

    async def _invoice(self, wanted: Wanted) -> Fetched:
        wire = await self._read_invoice(wanted.number)
        with understood(self._asked("invoice", wanted.number)):
            facts = invoices.invoice_facts(wire, self._connection, self._settings)
        numbers = invoices.billed_orders(wire) if facts and "order" in wanted.context else ()
        number = number_of("invoice", (wire.Type, wire.ReferenceNbr)) or wanted.number
        return Fetched(self._reference("invoice", number, None), facts, await self._orders(numbers))

    async def _payment(self, wanted: Wanted) -> Fetched:
        """No fact; leads to the orders that it pays, be it by way of their invoices."""
        value = await self._read("payment", wanted.number, PAYMENT_EXPAND)
        with understood(self._asked("payment", wanted.number)):
            wire = WirePayment.model_validate(value)
        numbers = list(payments.paid_orders(wire))
        for invoice in payments.paid_invoices(wire, self._settings):
            numbers += await self._orders_of_invoice(invoice)
        return Fetched(
            self._reference("payment", payments.payment_number(wire) or wanted.number, wire.NoteID or None),
            facts=(),
            references=payments.payment_references(wire),
            leads=tuple(self._reference("order", number, None) for number in dict.fromkeys(numbers)),
        )

    async def _orders_of_invoice(self, number: str) -> tuple[str, ...]:
        """None where the invoice is gone meanwhile: then it bills nothing any more."""
        try:
            return invoices.billed_orders(await self._read_invoice(number))
        except NotFound:
            return ()

    async def _read_invoice(self, number: str) -> WireInvoice:
        value = await self._read("invoice", number, INVOICE_EXPAND)
        with understood(self._asked("invoice", number)):
            return WireInvoice.model_validate(value)

    async def _orders(self, numbers: Sequence[str]) -> tuple[Order, ...]:
        return tuple([(await self._read_order(number))[1] for number in numbers])

    async def _read_order(self, number: str) -> tuple[WireOrder, Order]:
        custom = (self._settings.order_reference,) if self._settings.custom_reference else ()
        value = await self._read("order", number, ORDER_EXPAND, custom)
        with understood(self._asked("order", number)):
            wire = WireOrder.model_validate(value)
            return wire, orders.read_order(wire, self._connection, self._settings)

    async def _read(self, kind: str, number: str, expand: Sequence[str], custom: Sequence[str] = ()) -> Any:
        """One entity; the moment of its last change under the name that our models have for it."""
        asked = self._asked(kind, number)
        keys = keys_of(kind, number, asked)
        value = await self._client.read(KINDS[kind].entity, keys, asked, expand=expand, custom=custom)
        field = getattr(self._settings.modified, kind)
        if kind in _MODIFIED and isinstance(value, Mapping) and field in value:
            return {**value, _MODIFIED[kind]: value[field]}
        return value

    def _asked(self, kind: str, number: str) -> Missing:
        return Missing(kind, number, self._connection)

    def _reference(self, kind: str, number: str, key: str | None) -> DocumentRef:
        return DocumentRef(connection=self._connection, kind=kind, number=number, key=key)
