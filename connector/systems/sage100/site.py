"""One job's way to one company, by whichever ways in are configured; and finding the order that a step means."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from connector.errors import Missing, NotFound, Rejected
from connector.planned import PlannedStep
from connector.systems.base import Known, Link
from connector.systems.http import Http
from connector.systems.sage100.agent import AgentClient, AgentOrders
from connector.systems.sage100.invoices import Invoices
from connector.systems.sage100.rows import Document, Row, filled
from connector.systems.sage100.settings import Sage100Settings
from connector.systems.sage100.soap import Loaded, SoapOrders
from schemas.base import DocumentRef


class Orders(Protocol):
    """Sales orders, by the agent or by eBusiness Web Services."""

    async def read(self, number: str) -> Document:
        """An order with its lines; raises NotFound."""

    async def set(
        self, order: Document, values: Mapping[str, str], expect: Mapping[str, str] | None = None
    ) -> None:
        """Set columns of the header; raises Unavailable where what is expected stands there no longer."""

    async def add_comment(self, order: Document, text: str, reference: str) -> None:
        """Append a comment line."""

    async def remove_line(self, order: Document, line: Row) -> None:
        """Delete a line."""


@dataclass(frozen=True)
class Site:
    """One company, as a job of a lane writes to it and reads from it."""

    http: Http
    settings: Sage100Settings
    connection: str
    loaded: Loaded

    @property
    def soap(self) -> SoapOrders:
        """eBusiness Web Services; raises Rejected where they are not configured."""
        if self.settings.soap is None:
            raise _needs("soap")
        return SoapOrders(self.http, self.settings, self.connection, self.settings.soap, self.loaded)

    @property
    def agent(self) -> AgentOrders:
        """Orders by the agent; raises Rejected where it is not configured."""
        return AgentOrders(self.client)

    @property
    def client(self) -> AgentClient:
        """The agent; raises Rejected where it is not configured."""
        if self.settings.agent is None:
            raise _needs("agent")
        return AgentClient(self.http, self.settings, self.connection, self.settings.agent)

    @property
    def invoices(self) -> Invoices:
        """Invoices, which only the agent knows."""
        return Invoices(self.client)

    @property
    def orders(self) -> Orders:
        """Orders that are written onto: by the agent where there is one, since it can compare and set."""
        return self.agent if self.settings.agent is not None else self.soap

    @property
    def sees_orders(self) -> bool:
        """Can orders be found by the number that they bear at their source?"""
        return self.settings.agent is not None and self.settings.orders.number_field == "CustomerPONo"

    def reference_to(self, kind: str, number: str) -> DocumentRef:
        """A document of this connection."""
        return DocumentRef(connection=self.connection, kind=kind, number=filled(number))


def _needs(way: str) -> Rejected:
    return Rejected(f"this needs {way} in the connection, which is not given", code="not supported")


# -- finding orders ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Located:
    """An order's number here, and the link that was learnt by finding it."""

    number: str
    links: tuple[Link, ...] = ()


async def locate(site: Site, step: PlannedStep, known: Known) -> Located:
    """The order that a step is about: by a link, as the one whose number the source names, or by that number in
    CustomerPONo. Raises NotFound where it is not there (yet), Rejected where several could be meant."""
    order = step.order.order
    if known.order is not None:
        return Located(filled(known.order.number))
    if order.connection == site.connection:
        return Located(filled(order.number))
    missing = Missing("order", order.number, order.connection)
    if not site.sees_orders:
        raise NotFound(f"no order of {site.connection} is linked to {order}", missing=missing)
    named = await site.agent.named(purchase_order=order.number)
    if len(named) > 1:
        numbers = " and ".join(one.number for one in named)
        raise Rejected(
            f"{len(named)} orders have the customer's order number {order.number}: {numbers}; which one is meant "
            "cannot be told: correct it in the others, then retry",
            code="ambiguous order",
            field="CustomerPONo",
        )
    if not named:
        raise NotFound(
            f"no order of {site.connection} has the customer's order number {order.number}", missing=missing
        )
    return Located(named[0].number, (Link(order, site.reference_to("order", named[0].number)),))
