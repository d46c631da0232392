"""What the tests of an order's record begin with: orders and shipments as they are stored, carried to a shop."""

from typing import Any

from connector.errors import Missing
from connector.planned import OrderClue, ShipmentStep
from connector.status import Status
from connector.store import Database, entries, intake, lanes, links, steps
from connector.store.entries import Move
from connector.store.links import NewLink, Place
from connector.store.orders import OrderRecord, record
from schemas.base import DocumentRef
from tests.store.given import an_entry, an_event


def ref(connection: str, number: str, kind: str = "order") -> DocumentRef:
    return DocumentRef(connection=connection, kind=kind, number=number)


def declare(database: Database, *connections: str) -> None:
    """The lanes by which connections are known: the ERP's and the shop's, and those given."""
    with database.write() as tx:
        lanes.declare(tx, [("@route", ""), *((name, name) for name in ("erp", "shop", *connections))])


def join(database: Database, source: DocumentRef, target: DocumentRef, entry_id: int | None = None) -> None:
    """A link."""
    with database.write() as tx:
        links.store(tx, [NewLink(source, target, "created" if entry_id else "found", entry_id)])


def an_order(number: str = "SO-1", **more: Any) -> dict[str, Any]:
    return {"order": {"number": number, "currency": "USD", **more}}


def a_shipment(number: str, *orders: str) -> dict[str, Any]:
    """A shipment of one line for each of these orders."""
    lines = [{"order": order, "sku": "A", "quantity": "1"} for order in orders]
    return {"shipment": {"number": number, "lines": lines}}


def heard(
    database: Database, data: dict[str, Any], *, type_: str = "", source: str = "erp", state: str = "routed"
) -> int:
    """An event of an order or a shipment; its id."""
    (kind, document), *_ = data.items()
    name = type_ or {"order": "order.created", "shipment": "shipment.confirmed"}[kind]
    with database.write() as tx:
        new = an_event(document["number"], source=source, type=name, data=data)
        (receipt,) = intake.store_events(tx, [new])
        intake.set_state(tx, [receipt.id], state)
    return receipt.id


def carried(
    database: Database, event_id: int, *keys: Place, status: Status = Status.QUEUED, target: str = "shop"
) -> int:
    """An entry of an event, belonging to these orders; its id."""
    with database.write() as tx:
        row = intake.get_events(tx, [event_id])[event_id]
        values = {"type": row.type, "source": row.source, "source_number": row.document, "target": target}
        ids = entries.create(tx, [an_entry(event_id, **values, keys=frozenset(keys))])
        (entry_id,) = ids.values()
    for to in {Status.QUEUED: (), Status.FILTERED: (status,)}.get(status, (Status.DELIVERING, status)):
        moved(database, entry_id, to)
    return entry_id


def moved(database: Database, entry_id: int, to: Status) -> None:
    """The entry is moved; one that waits, waits for order SO-1 of the ERP."""
    missing = Missing("order", "SO-1", "erp") if to == Status.WAITING else None
    with database.write() as tx:
        entries.move(tx, [Move(entry_id, to, reason="because", waits_for=missing, wait_deadline=60)])


def shipped(database: Database, entry_id: int, order: str, there: str) -> None:
    """The entry's step for one order is done: a shipment stands at the shop, and is linked."""
    with database.write() as tx:
        row = entries.get(tx, [entry_id])[entry_id]
        document = ref(row.source, row.source_number, "shipment")
        step = ShipmentStep(
            key=f"shipment:{order}",
            reference=f"{entry_id}{order}",
            document=document,
            order=OrderClue(order=ref(row.source, order)),
            lines=(),
        )
        steps.add(tx, [(entry_id, [step])])
        (stored,) = (one for one in steps.of_entries(tx, [entry_id])[entry_id] if one.key == step.key)
        steps.finish(tx, [(stored.id, ref("shop", there, "shipment"), {}, False)])
        links.store(tx, [NewLink(document, ref("shop", there, "shipment"), "created", entry_id)])


def told(database: Database, connection: str = "erp", number: str = "SO-1") -> OrderRecord:
    """The record of an order."""
    with database.read() as tx:
        return record(tx, (connection, number))


def documents(found: OrderRecord) -> set[str]:
    """Everything at the ends of the record's links, in words."""
    return {str(end) for row in found.links for end in (row.source, row.target)}
