"""What a job reads to understand a document: families of orders, products, customers, stock, names; each thing once.

Putting it together is `family.py`. Nothing is written.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from connector.errors import Missing, NotFound, NotUnderstood, Rejected
from connector.systems.aptify.client import MOST_ROWS, Client, quoted
from connector.systems.aptify.family import Family, Member
from connector.systems.aptify.inventory_read import Stock
from connector.systems.aptify.ledger_read import ENTITY as LEDGER
from connector.systems.aptify.records import Record
from connector.systems.aptify.site import ORDERS, PRODUCTS, Site
from connector.systems.aptify.stock import STOCK

BY_ID = "id:"
"""Before the ids of product and location, where a level is not named by code and name."""


@dataclass(frozen=True)
class Listed:
    """Which view lists a kind of documents, by its name in the settings, and the entity that stands behind it."""

    view: str
    entity: str


LISTED: Mapping[str, Listed] = {
    "order": Listed("orders_changed", ORDERS),
    "shipment": Listed("orders_changed", ORDERS),
    "inventory": Listed("inventory", STOCK),
}
"""The kinds of documents that are listed."""

_PEOPLE = (("Persons", "BillToID"), ("Companies", "BillToCompanyID"), ("Persons", "ShipToID"))
"""Whose e-mail address is an order's, in this order."""

_DEEPEST = 50
"""So often a back order may ship in part and leave another one; more is a circle."""


def view_of(client: Client, kind: str) -> str:
    """The view that lists a kind of documents; raises Rejected where none is named."""
    setting = LISTED[kind].view
    view: str | None = getattr(client.settings.views, setting)
    if view is None:
        text = f"{client.connection} lists no {kind} documents: name a view under views.{setting}"
        raise Rejected(text, code="no view", field=f"views.{setting}")
    return view


@dataclass(frozen=True)
class Reader:
    """One job's reading of one site."""

    site: Site
    _orders: dict[str, Record] = field(default_factory=dict, repr=False)
    _statuses: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def client(self) -> Client:
        """The calls."""
        return self.site.client

    async def order(self, number: str, kind: str = "order") -> Member:
        """An order by its number, which is its id. Raises NotFound for what is no id, as for an unknown one; Rejected
        where it does not say what it is."""
        missing = Missing(kind, number, self.client.connection)
        if not number.isdecimal():
            raise NotFound(
                f"{self.client.connection} has no {kind} {number!r}: its numbers are ids", missing=missing
            )
        if number not in self._orders:
            self._orders[number] = await self.site.order(number, missing)
        record = self._orders[number]
        if not record.title("OrderTypeID"):
            raise Rejected(f"{record} does not say of what type it is", code="type", field="OrderTypeID")
        return await self.member(record)

    async def member(self, record: Record) -> Member:
        """A record or row of Orders with the names of its status and type; "" for what a row does not tell."""
        return Member(record, await self.status(record), record.title("OrderTypeID"))

    async def status(self, record: Record) -> str:
        """The name of its status; "" where it tells no status at all. Raises Rejected where only an id is told, of
        which nobody knows the name."""
        told = self.site.status(record)
        if not told.isdecimal():
            return told
        view = self.client.settings.views.order_statuses
        if not self._statuses and view is not None:
            rows = await self.client.view(view, "Order Statuses")
            self._statuses.update({row.id: row.text("Name") for row in rows})
        if told not in self._statuses:
            text = (
                f"{record} has the status {told}, which has no name: name it under statuses of the connection, or the "
                "view of Order Statuses under views.order_statuses"
            )
            raise Rejected(text, code="status", field="OrderStatusID")
        return self._statuses[told]

    async def root(self, member: Member) -> Member:
        """The order that was placed: itself, or what it was made of."""
        return (await self._ancestors(member))[-1]

    async def family(self, member: Member, *, whole: bool = True) -> Family:
        """The family of an order; not the `whole` one is what it was made of. Raises NotFound where a part of it is
        not there."""
        above = await self._ancestors(member)
        root = above[-1]
        below = await self._descendants(root) if whole and root.shipped else ()
        others = {one.number: one for one in (*reversed(above[:-1]), *below)}.values()
        back_orders = tuple(one for one in others if one.is_order)
        returns = tuple(one for one in others if one.is_return)
        return Family(
            root,
            back_orders,
            returns,
            await self._products(root, *back_orders, *returns),
            await self._email(root.record) if whole else "",
            self.client.settings.orders.services,
        )

    async def shipments_of(self, record: Record) -> tuple[Record, ...]:
        """The records of Order Shipments of an order: its own sub-type records, or by a view where it brings none."""
        own, view = record.of("OrderShipments"), self.client.settings.views.order_shipments
        if own or view is None:
            return own
        return await self.client.view(
            view, "OrderShipments", self._equals("OrderShipments", "OrderID", record.id)
        )

    async def stock(self, number: str) -> Stock:
        """A level by its number, `SKU@location`, or by ids as a listing names it. Raises NotFound; Rejected where no
        view tells of inventory."""
        found, at = await self._levels(number)
        if not found:
            missing = Missing("inventory", number, self.client.connection)
            raise NotFound(f"{self.client.connection} has no inventory {number}", missing=missing)
        return Stock(await self.site.product(found[0].key("ProductID")), found, at)

    # -- inventory -----------------------------------------------------------------------------------------

    async def _levels(self, number: str) -> tuple[tuple[Record, ...], datetime]:
        """The records of Product Inventory of one product at one location, and when they stood so."""
        whose, _, place = number.rpartition("@")
        key = whose.removeprefix(BY_ID)
        if key != whose and key.isdecimal():
            return await self._level(key, lambda row: row.key("InventoryLocationID") == place)
        code = self.client.names.there(PRODUCTS, "Code")
        view = self.client.settings.views.products
        for product in await self.client.view(view, PRODUCTS, f"{code} = {quoted(whose)}"):
            found, at = await self._level(product.id, lambda row: row.named("InventoryLocationID") == place)
            if found:
                return found, at
        return (), datetime.now(UTC)

    async def _level(
        self, product: str, there: Callable[[Record], bool]
    ) -> tuple[tuple[Record, ...], datetime]:
        view = view_of(self.client, "inventory")
        where = self._equals(STOCK, "ProductID", product)
        rows, reply = await self.client.view_at(view, STOCK, where, skip=0, top=MOST_ROWS)
        return tuple(row for row in rows if there(row)), reply.sent_at

    async def ledger_of(self, record: Record) -> tuple[Record, ...]:
        """The General Ledger entries of an order; none without a view for them."""
        view = self.client.settings.views.gl_entries
        if view is None:
            return ()
        return await self.client.view(view, LEDGER, self._equals(LEDGER, "OrderID", record.id))

    # -- families ------------------------------------------------------------------------------------------

    async def _ancestors(self, member: Member) -> list[Member]:
        """The order itself, the one it was made of, and so on to the one that was placed."""
        found = [member]
        while found[-1].original:
            if len(found) > _DEEPEST or found[-1].original in {one.number for one in found}:
                raise NotUnderstood(f"the original orders of order {member.number} go round in a circle")
            found.append(await self.order(found[-1].original))
        return found

    async def _descendants(self, root: Member) -> tuple[Member, ...]:
        """The orders that were made of it, and of those; none where no view tells."""
        view, found = self.client.settings.views.back_orders, dict[str, Member]()
        asked = [root.number] if view is not None else []
        while asked and view is not None:
            where = self._equals(ORDERS, "OriginalOrderID", asked.pop(0))
            for row in await self.client.view(view, ORDERS, where):
                if row.id not in found and row.id != root.number:
                    found[row.id] = await self.order(row.id)
                    asked += [row.id] if found[row.id].shipped and found[row.id].is_order else []
        return tuple(found.values())

    async def _products(self, *members: Member) -> Mapping[str, Record]:
        keys = dict.fromkeys(line.key("ProductID") for member in members for line in member.lines)
        return {key: await self.site.product(key) for key in keys if key}

    async def _email(self, order: Record) -> str:
        """The e-mail address of who pays, else of who receives."""
        for entity, name in _PEOPLE:
            if (key := order.key(name)) and (email := (await self.client.get(entity, key)).text("Email")):
                return email
        return ""

    def _equals(self, entity: str, name: str, key: str) -> str:
        return f"{self.client.names.there(entity, name)} = {key}"
