"""What every recipe needs of one site: the order that a step means, its statuses, its products, and how it is written.

Nothing is written to an order but through `write_order`, which knows what has been frozen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connector.errors import Doubled, MappingMissing, Missing, NotFound, Rejected
from connector.planned import PlannedStep
from connector.systems.aptify.client import Client, quoted
from connector.systems.aptify.differing import differing
from connector.systems.aptify.freezes import change
from connector.systems.aptify.records import Record
from connector.systems.aptify.settings import AptifySettings
from connector.systems.base import Known, Link
from connector.systems.freezing import refuse
from schemas.base import DocumentRef

ORDERS, LINES, PRODUCTS = "Orders", "OrderLines", "Products"
TAKEN, SHIPPED, BACK_ORDERED, CANCELLED = "Taken", "Shipped", "Back-Ordered", "Cancelled"
OPEN = (TAKEN, BACK_ORDERED)
QUOTATION, CANCELLATION = "Quotation", "Cancellation"


def same(name: str, *others: str) -> bool:
    """Is it the name of one of these statuses or types? Their letters alone are compared."""
    return _letters(name) in map(_letters, others)


def _letters(name: str) -> str:
    return "".join(one for one in name.casefold() if one.isalnum())


def _spelled(told: str, *names: str) -> str:
    return next((name for name in names if same(told, name)), told)


@dataclass(frozen=True)
class Located:
    """The order that a step means, and the pairs that were learnt by finding it."""

    order: Record
    links: tuple[Link, ...] = ()


@dataclass
class Site:
    """One job's look at one site; what was read of products and statuses is kept as long as the job."""

    client: Client
    _products: dict[str, Record] = field(default_factory=dict, init=False)
    _statuses: dict[str, str] | None = field(default=None, init=False)

    @property
    def connection(self) -> str:
        """The connection's name."""
        return self.client.connection

    @property
    def settings(self) -> AptifySettings:
        """The connection's settings."""
        return self.client.settings

    # -- orders --------------------------------------------------------------------------------------------

    async def locate(self, step: PlannedStep, known: Known) -> Located:
        """The step's order, with its lines: the one that was found ready for it, or that a link or its own number
        names, else the one that bears its number. Raises NotFound where none does, Doubled where several do."""
        ready = [one for key, one in known.made.items() if key.startswith("ready:") and key in step.needs]
        ours, missing = step.order.order, missing_order(step)
        own = ours if ours.connection == self.connection else None
        linked = next(iter(ready), None) or known.order or own
        if linked is not None:
            return Located(await self.order(linked.key or linked.number, missing))
        for number in filter(None, (ours.number, step.order.external_number)):
            if row := self._only(number, await self.orders_with(self.settings.orders.number_field, number)):
                order = await self.order(row.id, missing)
                return Located(order, (Link(ours, self.reference_to("order", order)),))
        field_name = self.settings.orders.number_field
        raise NotFound(f"{self.connection} has no order with {field_name} {ours.number}", missing=missing)

    def _only(self, number: str, rows: Sequence[Record]) -> Record | None:
        """The order that bears a number: none that followed from another one, and a cancelled one only alone."""
        born = [one for one in rows if not one.key("OriginalOrderID")]
        found = [one for one in born if self.status(one) != CANCELLED] or born
        if len(found) > 1:
            keys = ", ".join(one.id for one in found)
            text = f"{len(found)} orders of {self.connection} bear {number}: {keys}"
            raise Doubled(text, field="order")
        return next(iter(found), None)

    async def order(self, key: str, missing: Missing) -> Record:
        """One order with its lines. Raises NotFound."""
        return await self.client.get(ORDERS, key, missing)

    async def orders_with(self, name: str, value: str) -> tuple[Record, ...]:
        """The orders that have this value in a field, cancelled ones too; as rows, without lines."""
        field_name = self.client.names.there(ORDERS, name)
        where = f"{field_name} = {quoted(value)}"
        return await self.client.view(self.settings.views.orders, ORDERS, where)

    async def following(self, order: Record) -> tuple[Record, ...]:
        """What followed from an order, back orders and cancellation orders, oldest first, as rows, without lines;
        nothing where there is no view of it."""
        view = self.settings.views.back_orders
        if view is None:
            return ()
        field_name = self.client.names.there(ORDERS, "OriginalOrderID")
        return await self.client.view(view, ORDERS, f"{field_name} = {order.id}")

    async def write_order(self, order: Record, values: Mapping[str, Any]) -> None:
        """Set fields of an order, those that differ from what stands there. Raises Rejected, before any call, where one
        of them is frozen."""
        changed = differing(order, values, self.settings.zone)
        self.refuse_frozen(order, *changed)
        if changed:
            await self.client.save(ORDERS, order.id, changed)

    def refuse_frozen(self, order: Record, *names: str) -> None:
        """Raises Rejected where the order's status freezes one of these fields."""
        document = self.reference_to("order", order)
        refuse(self.settings, document, self.status(order), *map(change, names))

    def reference_to(self, kind: str, record: Record) -> DocumentRef:
        """How a record is named to the rest: its id is the number that people see."""
        return DocumentRef(connection=self.connection, kind=kind, number=record.id, key=record.id)

    # -- statuses ------------------------------------------------------------------------------------------

    def status(self, order: Record) -> str:
        """The name of the order's status: what the settings call its id, or else the site; those that are known in our
        spelling."""
        key = order.text("OrderStatusID")
        ours = next((name for name, one in self.settings.statuses.items() if one == key), "")
        return _spelled(ours or order.title("OrderStatusID") or key, *OPEN, SHIPPED, CANCELLED)

    def type(self, order: Record) -> str:
        """The name of the order's type."""
        return _spelled(order.title("OrderTypeID"), QUOTATION, CANCELLATION)

    async def status_id(self, name: str) -> str:
        """The id of a status on this site; raises Rejected where nothing tells it."""
        if key := self.settings.statuses.get(name):
            return key
        view = self.settings.views.order_statuses
        if self._statuses is None and view is not None:
            rows = await self.client.view(view, "Order Statuses")
            self._statuses = {_letters(row.text("Name")): row.id for row in rows}
        key = (self._statuses or {}).get(_letters(name))
        if not key:
            raise Rejected(
                f"which id the order status {name} has at {self.connection} is not known: say it under statuses of the "
                f"connection ({name}: '2'), or name the view of order statuses under views.order_statuses",
                code="status",
                field="OrderStatusID",
            )
        return key

    # -- products ------------------------------------------------------------------------------------------

    async def product(self, key: str) -> Record:
        """A product by its id."""
        if key not in self._products:
            self._products[key] = await self.client.get(PRODUCTS, key)
        return self._products[key]

    async def product_with(self, code: str) -> Record:
        """A product by its code; raises MappingMissing where there is none, Doubled where there are several."""
        known = next((one for one in self._products.values() if one.text("Code") == code), None)
        if known is not None:
            return known
        field_name = self.client.names.there(PRODUCTS, "Code")
        rows = await self.client.view(
            self.settings.views.products, PRODUCTS, f"{field_name} = {quoted(code)}"
        )
        if not rows:
            raise MappingMissing(
                f"{self.connection} has no product with the code {code}: add it there, or map the item in the flow",
                field="item",
            )
        if len(rows) > 1:
            keys = ", ".join(row.id for row in rows)
            raise Doubled(
                f"{len(rows)} products of {self.connection} have the code {code}: {keys}", field="item"
            )
        self._products[rows[0].id] = rows[0]
        return rows[0]


def missing_order(step: PlannedStep) -> Missing:
    """What is missing where the order is not there: it, as its source knows it."""
    order = step.order.order
    return Missing("order", order.number, order.connection)
