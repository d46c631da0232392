"""Reading one document of a shop, by its number or its id, with what is needed to say it in our words.

Shipments, invoices and credit memos name their order by id alone, so the order is always read with them.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from pydantic import ValidationError

from connector.errors import Missing, NotFound, NotUnderstood, Rejected
from connector.systems.base import Fetched, Wanted
from connector.systems.magento import billing, facts, wire
from connector.systems.magento.billing_wire import Changed, CreditMemo, Invoice
from connector.systems.magento.client import Client, Criteria, Filter
from connector.systems.magento.finding import LONGEST_EDIT_CHAIN
from connector.systems.magento.source import own_reference, read_order, read_shipment
from schemas.base import DocumentRef
from schemas.documents import Order

Document = wire.Order | wire.Shipment | Invoice | CreditMemo
W = TypeVar("W", wire.Order, wire.Shipment, Invoice, CreditMemo)

_BY_ID = "id:"


@dataclass(frozen=True)
class Paths:
    """Where documents of one kind are: the list, and the single ones by id, which Magento spells differently."""

    many: str
    one: str


PATHS: Mapping[str, Paths] = {
    "order": Paths("/orders", "/orders"),
    "shipment": Paths("/shipments", "/shipment"),
    "invoice": Paths("/invoices", "/invoices"),
    "refund": Paths("/creditmemos", "/creditmemo"),
}


def by_id(key: str) -> str:
    """How a document is asked for of which only the id is known: `id:7`; what is fetched bears its real number."""
    return f"{_BY_ID}{key}"


@dataclass(frozen=True)
class Reader:
    """Reads the documents of one shop. Raises the errors of `connector.errors`."""

    client: Client

    async def fetch(self, wanted: Wanted) -> Fetched:
        """A document of one of the kinds of `PATHS`, with its orders where they are wanted; or those of an order."""
        if wanted.order:
            return await self._of_order(wanted)
        match wanted.kind:
            case "order":
                return self._order(await self._find("order", wanted.number, wire.Order))
            case "shipment":
                return await self._shipment(
                    await self._find("shipment", wanted.number, wire.Shipment), wanted
                )
            case "invoice":
                return await self._invoice(await self._find("invoice", wanted.number, Invoice), wanted)
            case _:
                return await self._refund(await self._find("refund", wanted.number, CreditMemo), wanted)

    def _order(self, found: wire.Order) -> Fetched:
        order = self._in_our_words(found)
        return Fetched(
            self._reference("order", found),
            facts.of_order(order),
            orders=(order,),
            references=own_reference(found),
            ancestors=facts.ancestors(found, self.client.connection),
        )

    async def _shipment(self, found: wire.Shipment, wanted: Wanted) -> Fetched:
        order = await self._order_of("shipment", found)
        with self._understood("shipment", found):
            shipment = read_shipment(found, order)
        return Fetched(
            self._reference("shipment", found),
            facts.of_shipment(shipment, found.created_at),
            orders=self._context(order, wanted),
            references=facts.references(found.comments),
        )

    async def _invoice(self, found: Invoice, wanted: Wanted) -> Fetched:
        order = await self._order_of("invoice", found)
        with self._understood("invoice", found):
            invoice = billing.read_invoice(found, order)
        return Fetched(
            self._reference("invoice", found),
            facts.of_invoice(invoice, self.client.settings.invoice_released),
            orders=self._context(order, wanted),
            references=facts.references(found.comments),
        )

    async def _refund(self, found: CreditMemo, wanted: Wanted) -> Fetched:
        order = await self._order_of("refund", found)
        invoice = ""
        if found.invoice_id:
            invoice = (await self._get("invoice", found.invoice_id, Invoice)).increment_id
        with self._understood("refund", found):
            refund = billing.read_refund(found, order, invoice)
        return Fetched(
            self._reference("refund", found),
            facts.of_refund(refund),
            orders=self._context(order, wanted),
            references=facts.references(found.comments),
        )

    async def _of_order(self, wanted: Wanted) -> Fetched:
        """What belongs to an order or to its successors: editing an order makes a new one, with a number of its own."""
        order = await self._find("order", wanted.order, wire.Order)
        family = [order]
        while family[-1].relation_child_id and len(family) <= LONGEST_EDIT_CHAIN:
            family.append(await self._get("order", family[-1].relation_child_id, wire.Order))
        keys = Filter("order_id", ",".join(one.entity_id for one in family), "in")
        found = await self.client.list(PATHS[wanted.kind].many, Criteria(((keys,),)), Changed)
        numbers = [one.increment_id or by_id(one.entity_id) for one in found]
        here = self.client.connection
        leads = [DocumentRef(connection=here, kind=wanted.kind, number=number) for number in numbers]
        return Fetched(self._reference("order", order), facts=(), leads=tuple(leads))

    # -- reading -------------------------------------------------------------------------------------------

    async def _find(self, kind: str, number: str, model: type[W]) -> W:
        """By id, or by the number that people see, which may repeat between stores: then a person must choose."""
        if (key := number.removeprefix(_BY_ID)) != number and key.isdecimal():
            return await self._get(kind, key, model)
        missing = Missing(kind, number, self.client.connection)
        of_number = Criteria(((Filter("increment_id", number),),))
        found = await self.client.list(PATHS[kind].many, of_number, model)
        if not found:
            raise NotFound(f"there is no {missing}", missing=missing)
        if len(found) > 1:
            keys = ", ".join(one.entity_id for one in found)
            raise Rejected(
                f"{missing} stands for several documents (ids {keys}): their stores share numbers",
                code="ambiguous",
            )
        return found[0]

    async def _get(self, kind: str, key: str, model: type[W]) -> W:
        missing = Missing(kind, by_id(key), self.client.connection)
        return await self.client.get(f"{PATHS[kind].one}/{key}", model, missing)

    async def _order_of(self, kind: str, found: wire.Shipment | Invoice | CreditMemo) -> wire.Order:
        return await self._get("order", found.order_id, wire.Order)

    # -- saying --------------------------------------------------------------------------------------------

    def _context(self, order: wire.Order, wanted: Wanted) -> tuple[Order, ...]:
        return (self._in_our_words(order),) if "order" in wanted.context else ()

    def _in_our_words(self, order: wire.Order) -> Order:
        with self._understood("order", order):
            return read_order(order, self.client.connection, self.client.settings.bundles)

    @contextmanager
    def _understood(self, kind: str, found: Document) -> Iterator[None]:
        try:
            yield
        except ValidationError as problem:
            first = problem.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or kind
            what = self._reference(kind, found)
            raise NotUnderstood(f"{what} cannot be read at {where}: {first['msg']}", field=where) from None

    def _reference(self, kind: str, found: Document) -> DocumentRef:
        return DocumentRef(
            connection=self.client.connection, kind=kind, number=found.increment_id, key=found.entity_id
        )
