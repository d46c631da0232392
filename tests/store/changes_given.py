"""Entries of orders and their changes in any status, as values in a database: for the tests of changes."""

from typing import Any

from connector.planned import CommentStep, OrderClue, OrderStep, ShipmentStep, Step
from connector.status import Status
from connector.store import Database, entries, intake, steps
from connector.store.changes import Change
from connector.store.entries import EntryRow
from connector.store.tables import entry
from schemas.base import DocumentRef
from schemas.documents import Order
from tests.store.given import an_entry, an_event

CREATED, UPDATED, CANCELLED = "order.created", "order.updated", "order.cancelled"
OTHER_WAY: dict[str, Any] = {"source": "shop", "target": "erp", "lane": "erp"}


def ref(number: str, connection: str = "erp") -> DocumentRef:
    """An order at a connection."""
    return DocumentRef(connection=connection, kind="order", number=number)


def order(number: str = "1", **more: Any) -> Order:
    return Order.model_validate({"number": number, "currency": "USD", **more})


def a_step(kind: str = "order", number: str = "1", status: str = "", reference: str = "") -> Step:
    """A step about an order of the erp."""
    common: dict[str, Any] = {
        "key": f"{kind}:{number}",
        "reference": reference or f"reference-{kind}-{number}",
        "document": ref(number),
        "order": OrderClue(order=ref(number)),
    }
    if kind == "order":
        return OrderStep(**common, content=order(number))
    return CommentStep(**common, status=status) if kind == "comment" else ShipmentStep(**common, lines=())


def made(
    database: Database,
    type_: str = CREATED,
    status: Status = Status.QUEUED,
    *,
    number: str = "1",
    revision: int | None = None,
    keys: frozenset[tuple[str, str]] = frozenset({("erp", "1")}),
    step: Step | None = None,
    code: str = "",
    **changed: Any,
) -> int:
    """An entry of an order's event, in any status; its id."""
    way = {"source": "erp", "target": "shop", "lane": "shop", "flow": type_} | changed
    with database.write() as tx:
        new = an_event(number, revision, type=type_, source=way["source"])
        (receipt,) = intake.store_events(tx, [new])
        born = an_entry(receipt.id, type=type_, source_number=number, keys=keys, **way)
        (entry_id,) = entries.create(tx, [born]).values()
        steps.add(tx, [(entry_id, [step] if step else [])])
        tx.run(entry.update().where(entry.c.id == entry_id).values(status=status, code=code))
    return entry_id


def change(type_: str = UPDATED, number: str = "1", **changed: Any) -> Change:
    """A change of the order on its way to the shop, the latest of all."""
    values: dict[str, Any] = {
        "event_id": 9999,
        "revision": 9,
        "type": type_,
        "source": "erp",
        "number": number,
    }
    values |= {"target": "shop", "keys": frozenset({("erp", "1")})}
    return Change(**(values | changed))


def row(database: Database, entry_id: int) -> EntryRow:
    with database.read() as tx:
        return entries.get(tx, [entry_id])[entry_id]
