"""Voids, amounts and forgotten links are looked up in indices only, on a heap of finished shipments."""

from connector.store import Transaction, facts, intake, links, revisions, steps, voids
from connector.store.entries import EntryRow
from connector.store.intake import EventRow
from schemas.base import DocumentRef
from tests.store.test_plans import FIRST_ID, fixture_world, looked_up, reading
from tests.world import World

__all__ = ["fixture_world"]

CONFIRMED = ("erp", "shipment.confirmed", "D77")
VOIDED = ("erp", "shipment.voided", "D77")
ORDER = DocumentRef(connection="shop", kind="order", number="W77")


def event(world: World) -> EventRow:
    with world.database.read() as tx:
        return intake.get_events(tx, [FIRST_ID + 77])[FIRST_ID + 77]


def test_what_a_void_takes_back_is_found_by_indices(world: World) -> None:
    told, carrying = event(world), list[EntryRow]()

    def find(tx: Transaction) -> None:
        carrying.extend(voids.carriers(tx, told, "shop"))

    looked_up(world, reading(world, find))
    assert [row.id for row in carrying] == [FIRST_ID + 77]
    looked_up(world, reading(world, lambda tx: voids.planned(tx, carrying, told, "shop")))
    looked_up(world, reading(world, lambda tx: voids.keys_of(tx, carrying)))
    looked_up(world, reading(world, lambda tx: voids.undone(tx, ["no reference", "nor this"])))


def test_whether_a_shipment_was_taken_back_is_found_by_indices(world: World) -> None:
    told = event(world)
    looked_up(world, reading(world, lambda tx: voids.taking_back(tx, told, "shop")))
    looked_up(world, reading(world, lambda tx: voids.store_replaced(tx, told)))
    looked_up(world, reading(world, lambda tx: revisions.meant(tx, [(CONFIRMED, "a"), (VOIDED, "b")])))
    looked_up(world, reading(world, lambda tx: facts.ended(tx, [(*CONFIRMED, 7)])))


def test_who_changes_an_amount_on_a_document_is_found_by_indices(world: World) -> None:
    looked_up(world, reading(world, lambda tx: steps.raising(tx, ORDER, FIRST_ID)))


def test_links_that_are_dropped_or_followed_are_found_by_indices(world: World) -> None:
    gone = ORDER.model_copy(update={"number": "no such"})
    looked_up(world, reading(world, lambda tx: links.drop(tx, [gone])))
    looked_up(world, reading(world, lambda tx: links.drop_of_entry(tx, FIRST_ID)))
    looked_up(world, reading(world, lambda tx: links.origins(tx, "order", [("shop", "W77")])))
    looked_up(world, reading(world, lambda tx: links.created_by(tx, [FIRST_ID + 3])))
