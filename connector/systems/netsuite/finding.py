"""Which sales order a step means: by the link, by its number here, or by the number that it bears of its source.

Reads, and decides nothing else; shared by all recipes but the one that makes orders.
"""

from dataclasses import dataclass

from connector.errors import Missing, NotFound, Rejected
from connector.planned import PlannedStep
from connector.systems.base import Link
from connector.systems.netsuite.client import Client
from connector.systems.netsuite.wire import SalesOrder
from connector.systems.netsuite.writing import document_ref
from schemas.base import DocumentRef

_MADE = (
    "SELECT DISTINCT t.id AS id, t.type AS type, t.tranid AS tranid "
    "FROM transaction t JOIN transactionline l ON l.transaction = t.id"
)


@dataclass(frozen=True)
class Made:
    """A document that was made of an order: SuiteQL's type (`ItemShip`), internal id, and number, where it has one."""

    type: str
    id: str
    number: str


@dataclass(frozen=True)
class Found:
    """The order that a step means, and the pairs that were learnt by finding it."""

    order: SalesOrder
    links: tuple[Link, ...] = ()


def missing_order(step: PlannedStep) -> Missing:
    """What is missing where the order is not there: it, as its source knows it."""
    order = step.order.order
    return Missing("order", order.number, order.connection)


async def find_order(client: Client, step: PlannedStep, linked: DocumentRef | None) -> Found:
    """The step's order; `linked` is its own number here, where a link says so (`known.order`).

    Raises NotFound where it is not there, Rejected where it cannot be told from others.
    """
    missing = missing_order(step)
    if linked is not None and (linked.key or "").isdecimal():
        return Found(await client.get("salesOrder", linked.key or "", SalesOrder, missing))
    ours = step.order.order
    if linked is not None:
        return Found(await _by(client, "tranid", linked.number, missing))
    if ours.connection == client.connection:
        return Found(await _by(client, "tranid", ours.number, missing))
    if step.order.external_number:
        order = await _by(client, "tranid", step.order.external_number, missing)
        here = document_ref(client, "order", order)
        return Found(order, (Link(here, ours),))
    order = await _by(client, client.settings.orders.number_field.lower(), ours.number, missing)
    return Found(order, (Link(ours, document_ref(client, "order", order)),))


async def made_of(client: Client, order: SalesOrder, *types: str) -> tuple[Made, ...]:
    """The documents of these types that were made of an order, oldest first."""
    marks = ", ".join("?" for _ in types)
    made = f"l.createdfrom = ? AND t.type IN ({marks})"
    rows = await client.query(f"{_MADE} WHERE {made} ORDER BY t.id", order.id, *types)
    return tuple(Made(row["type"], row["id"], row.get("tranid", "")) for row in rows)


async def _by(client: Client, column: str, number: str, missing: Missing) -> SalesOrder:
    """The one sales order with this value in this column of SuiteQL's `transaction`."""
    text = (
        f"SELECT t.id, t.tranid FROM transaction t WHERE t.type = 'SalesOrd' AND t.{column} = ? ORDER BY t.id"  # noqa: S608
    )
    rows = await client.query(text, number)
    if not rows:
        where = "number" if column == "tranid" else column
        raise NotFound(f"{client.connection} has no sales order with the {where} {number}", missing=missing)
    if len(rows) > 1:
        numbers = ", ".join(row.get("tranid", row["id"]) for row in rows)
        text = f"{client.connection} has several sales orders for {number}: {numbers}; close all but one, or link it"
        raise Rejected(text, code="ambiguous")
    return await client.get("salesOrder", rows[0]["id"], SalesOrder, missing)
