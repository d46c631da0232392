"""Shipments and voids for tests of what a void takes back: entries by number, flows that are edited, old details."""

from datetime import timedelta

from connector.store import intake
from connector.store.entries import EntryRow
from connector.store.intake import NewEvent, Receipt
from connector.store.prune import Pruning
from connector.store.tables import entry
from schemas.config import Retention
from schemas.events import EVENT_TYPES
from tests.lane.conftest import MakeWorld
from tests.lane.parts_given import FLOWS, PartsAdapter, parcel
from tests.world import World

UNHURRIED = FLOWS.replace("first: 0.05, longest: 0.2", "first: 30, longest: 60")
"""What failed is tried again after the test."""


def parts_world(make_world: MakeWorld, flows: str = FLOWS, **config: object) -> World:
    """A world whose target takes a shipment's parts one by one."""
    return make_world(flows=flows, mode="off", adapter=PartsAdapter, **config)


def voids_in_mode(mode: str) -> str:
    """The flows, of which that of voids is in this mode."""
    return FLOWS.replace("to: shop, retry", f"to: shop, mode: {mode}, retry")


def entry_of(world: World, number: str, flow: str = "write-backs") -> EntryRow:
    """The last entry of a shipment on a flow."""
    return [row for row in world.all_entries() if (row.source_number, row.flow) == (number, flow)][-1]


def under_way(world: World, entry_id: int, status: str) -> None:
    """As if a worker had it in hand just now (`delivering`), or had given it back (`queued`)."""
    with world.database.write() as tx:
        tx.run(entry.update().where(entry.c.id == entry_id).values(status=status))


def prune(world: World) -> None:
    """As if all that is finished were years old, and pruned."""
    with world.database.write() as tx:
        tx.run(entry.update().values(updated_at=tx.now - timedelta(days=10_000)))
    Pruning(world.database, Retention()).run()


def publish(world: World, type_: str, transport_id: str) -> Receipt:
    """An event of shipment SH1 whose publisher counts no revisions."""
    data = EVENT_TYPES[type_].model_validate({"shipment": parcel("SH1")}).model_dump(mode="json")
    with world.database.write() as tx:
        new = NewEvent("erp", type_, "SH1", None, transport_id, "http", tx.now, data)
        return intake.store_events(tx, [new])[0]
