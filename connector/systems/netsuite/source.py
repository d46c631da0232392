"""Fetching NetSuite's documents by the numbers that people see: which record is read for which kind, and its order.

What the documents say is read in the files of their names; listing what changed is `polling.py`.
"""

from dataclasses import dataclass

from connector.errors import Missing, NotFound, Rejected
from connector.systems.base import Fetched, Page, Wanted, Window
from connector.systems.netsuite.client import Client
from connector.systems.netsuite.finding import made_of
from connector.systems.netsuite.fulfilments import ReadFulfillment, fulfillment_facts
from connector.systems.netsuite.invoices import invoice_facts
from connector.systems.netsuite.orders_read import ReadOrder, changed_at, order_facts, read_order
from connector.systems.netsuite.polling import BY_ID, TYPES, poll
from connector.systems.netsuite.wire import Bill, Record, SalesOrder
from connector.systems.netsuite.writing import document_ref
from schemas.base import DocumentRef
from schemas.documents import Order
from schemas.events import InvoiceReleased, OrderCancelled, OrderCreated, OrderUpdated, ShipmentConfirmed

KINDS = frozenset(TYPES)
"""The kinds of documents that can be fetched and listed."""

SOURCE_OF = frozenset(
    event.type for event in (OrderCreated, OrderUpdated, OrderCancelled, ShipmentConfirmed, InvoiceReleased)
)
"""The events that an account can be the source of."""

_RECORDS = {
    "SalesOrd": "salesOrder",
    "ItemShip": "itemFulfillment",
    "CustInvc": "invoice",
    "CashSale": "cashSale",
}

_SHIPPED = (
    "SELECT DISTINCT t.id AS id FROM transaction t JOIN transactionline l ON l.transaction = t.id "
    "WHERE l.createdfrom = ? AND t.type = 'ItemShip' AND t.status = 'C' ORDER BY t.id"
)


@dataclass(frozen=True)
class Source:
    """One job's reading of one account."""

    client: Client

    async def poll(self, window: Window) -> Page:
        """One page of what changed; raises CallError."""
        return await poll(self.client, window)

    async def fetch(self, wanted: Wanted) -> Fetched:
        """A document with what it says, and the context that is wanted; or those of an order. Raises NotFound where it
        does not exist."""
        if wanted.order:
            return await self._of_order(wanted)
        record, key = await self._place(wanted)
        match wanted.kind:
            case "order":
                return await self._order(key, wanted)
            case "shipment":
                return await self._shipment(key, wanted)
        return await self._invoice(record, key, wanted)

    async def _of_order(self, wanted: Wanted) -> Fetched:
        """What was made of an order."""
        named = Wanted("order", wanted.order)
        _, key = await self._place(named)
        order = await self.client.get("salesOrder", key, SalesOrder, self._asked(named))
        made = await made_of(self.client, order, *TYPES[wanted.kind])
        here, numbers = self.client.connection, [one.number or BY_ID + one.id for one in made]
        leads = [DocumentRef(connection=here, kind=wanted.kind, number=number) for number in numbers]
        return self._fetched("order", order, facts=(), leads=tuple(leads))

    async def _order(self, key: str, wanted: Wanted) -> Fetched:
        wire, order = await self._read_order(key, self._asked(wanted))
        return self._fetched("order", wire, facts=order_facts(order, changed_at(wire, "order")))

    async def _shipment(self, key: str, wanted: Wanted) -> Fetched:
        """No fact for what went to no customer: a transfer order's fulfillment."""
        wire = await self.client.get("itemFulfillment", key, ReadFulfillment, self._asked(wanted))
        number = await self._order_number(wire)
        orders = await self._orders(wire, number, wanted)
        facts = fulfillment_facts(wire, number, changed_at(wire, "shipment")) if number else ()
        return self._fetched("shipment", wire, facts=facts, orders=orders if facts else ())

    async def _invoice(self, record: str, key: str, wanted: Wanted) -> Fetched:
        """No fact for a bill that bills no order."""
        wire = await self.client.get(record, key, Bill, self._asked(wanted))
        number = await self._order_number(wire)
        orders = await self._orders(wire, number, wanted)
        settings, changed = self.client.settings, changed_at(wire, "invoice")
        facts = invoice_facts(wire, record, number, changed, settings) if number else ()
        return self._fetched("invoice", wire, facts=facts, orders=orders)

    def _fetched(self, kind: str, wire: Record, **more: object) -> Fetched:
        """What we make bears our reference as external id."""
        references = (wire.external_id,) if wire.external_id else ()
        return Fetched(document_ref(self.client, kind, wire), references=references, **more)  # type: ignore[arg-type]

    # -- whence --

    async def _place(self, wanted: Wanted) -> tuple[str, str]:
        """Record type and internal id of a number. Raises Rejected where an invoice and a cash sale have the same."""
        by_id = wanted.number.startswith(BY_ID)
        number = wanted.number.removeprefix(BY_ID)
        types, column = TYPES[wanted.kind], "id" if by_id else "tranid"
        places = ", ".join("?" for _ in types)
        text = (
            "SELECT t.id AS id, t.type AS type FROM transaction t "  # noqa: S608
            f"WHERE t.type IN ({places}) AND t.{column} = ? ORDER BY t.id"
        )
        rows = await self.client.query(text, *types, number)
        if not rows:
            missing = self._asked(wanted)
            raise NotFound(f"{self.client.connection} has no {wanted.kind} {wanted.number}", missing=missing)
        if len(rows) > 1:
            keys = ", ".join(f"{_RECORDS[row['type']]} {row['id']}" for row in rows)
            raise Rejected(
                f"{self.client.connection} has several {wanted.kind} documents with the number {number} ({keys}): name "
                f"the one that is meant as {BY_ID} and its internal id",
                code="ambiguous",
            )
        return _RECORDS[rows[0]["type"]], rows[0]["id"]

    async def _order_number(self, wire: Record) -> str:
        """The number of the sales order that a document was made of; "" where it was made of something else."""
        if not wire.created_from.id:
            return ""
        text = (
            "SELECT t.id AS id, t.tranid AS tranid FROM transaction t WHERE t.type = 'SalesOrd' AND t.id = ?"
        )
        rows = await self.client.query(text, wire.created_from.id)
        return (rows[0].get("tranid") or wire.created_from.id) if rows else ""

    async def _orders(self, wire: Record, number: str, wanted: Wanted) -> tuple[Order, ...]:
        if not number or "order" not in wanted.context:
            return ()
        asked = Missing("order", number, self.client.connection)
        return ((await self._read_order(wire.created_from.id, asked))[1],)

    async def _read_order(self, key: str, asked: Missing) -> tuple[ReadOrder, Order]:
        wire = await self.client.get("salesOrder", key, ReadOrder, asked)
        shipped = await self.client.query(_SHIPPED, key)
        return wire, read_order(wire, self.client.settings, len(shipped))

    def _asked(self, wanted: Wanted) -> Missing:
        return Missing(wanted.kind, wanted.number, self.client.connection)
