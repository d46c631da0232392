"""Aptify as a source: orders and shipments by the number of the order, stock by article and location; and what is to be
looked at because of them.

What the documents say is read in the files of their names; listing what changed is `polling.py`.
"""

from dataclasses import dataclass

from connector.systems.aptify.client import Client
from connector.systems.aptify.family import Member
from connector.systems.aptify.inventory_read import level_facts
from connector.systems.aptify.ledger_read import summary
from connector.systems.aptify.orders_read import order_facts, read_order
from connector.systems.aptify.polling import poll
from connector.systems.aptify.reading import LISTED, Reader
from connector.systems.aptify.shipments_read import shipment_facts
from connector.systems.aptify.site import Site
from connector.systems.base import Fetched, Page, Wanted, Window
from schemas.base import DocumentRef
from schemas.events import InventoryChanged, OrderCancelled, OrderCreated, OrderUpdated, ShipmentConfirmed

KINDS = frozenset(LISTED)
"""The kinds of documents that can be fetched and listed."""

OF_ORDER_KINDS = frozenset({"shipment"})
"""The kinds of which all documents of an order can be said."""

SOURCE_OF = frozenset(
    event.type for event in (OrderCreated, OrderUpdated, OrderCancelled, ShipmentConfirmed, InventoryChanged)
)
"""The events that a site can be the source of."""


@dataclass(frozen=True)
class Source:
    """One job's reading of one site."""

    client: Client

    async def poll(self, window: Window) -> Page:
        """One page of what changed; raises CallError."""
        return await poll(self.client, window)

    async def fetch(self, wanted: Wanted) -> Fetched:
        """A document with what it says, and the context that is wanted; or those of an order. Raises NotFound where it
        does not exist."""
        reader = Reader(Site(self.client))
        if wanted.order:
            return await self._of_order(reader, wanted)
        if wanted.kind == "inventory":
            return await self._level(reader, wanted)
        member = await reader.order(wanted.number, wanted.kind)
        if wanted.kind == "order":
            return await self._order(reader, member)
        return await self._shipment(reader, member, wanted)

    async def _of_order(self, reader: Reader, wanted: Wanted) -> Fetched:
        """The shipments of the whole order that was placed."""
        family = await reader.family(await reader.order(wanted.order))
        shipped = [one for one in family.members if one.shipped and family.goods_of(one)]
        leads = [reader.site.reference_to(wanted.kind, one.record) for one in shipped]
        return Fetched(reader.site.reference_to("order", family.root.record), (), leads=tuple(leads))

    async def _order(self, reader: Reader, member: Member) -> Fetched:
        """A back order or a cancellation order says nothing by itself: the order that was placed does."""
        document, root = reader.site.reference_to("order", member.record), await reader.root(member)
        if root is not member:
            return Fetched(document, (), leads=(reader.site.reference_to("order", root.record),))
        facts = order_facts(await reader.family(member), self.client.settings)
        return Fetched(document, facts, references=self._references(member))

    async def _shipment(self, reader: Reader, member: Member, wanted: Wanted) -> Fetched:
        """No fact for what nobody sends: a return, a quotation, a membership."""
        document, in_context = reader.site.reference_to("shipment", member.record), "order" in wanted.context
        if not member.is_order:
            return Fetched(document, ())
        family = await reader.family(member, whole=in_context)
        settings, shipments = self.client.settings, await reader.shipments_of(member.record)
        ledger = summary(await reader.ledger_of(member.record)) if settings.tell_ledger else {}
        facts = shipment_facts(family, member, shipments, ledger, settings)
        orders = (read_order(family, settings),) if facts and in_context else ()
        return Fetched(document, facts, orders=orders)

    async def _level(self, reader: Reader, wanted: Wanted) -> Fetched:
        """No fact for a product whose inventory nobody tracks."""
        stock = await reader.stock(wanted.number)
        facts = level_facts(stock, self.client.settings)
        number = facts[0].data.document.number if facts else wanted.number
        document = DocumentRef(
            connection=self.client.connection, kind="inventory", number=number, key=stock.rows[0].id
        )
        return Fetched(document, facts)

    def _references(self, member: Member) -> tuple[str, ...]:
        """An order that we made bears our reference where the site has a field for it."""
        place = self.client.settings.orders.reference_field
        reference = member.record.text(place) if place else ""
        return (reference,) if reference else ()
