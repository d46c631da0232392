"""Waits: stored with what is missing, ended by a link, looked at again, and errored at the deadline."""

from connector.errors import Unavailable
from connector.store import links, waits
from connector.store.links import NewLink
from connector.store.tables import entry as entry_table
from schemas.base import DocumentRef
from tests.lane.conftest import MakeWorld
from tests.world import World, shipment

ERP = DocumentRef(connection="erp", kind="order", number="1")
WEB = DocumentRef(connection="shop", kind="order", number="W-1")


def _waiting(world: World) -> None:
    world.shop.orders_missing = {"1"}
    world.publish(shipment("SH1", "1"))
    world.route()
    world.drain()
    assert world.entry("SH1").status == "waiting"


def test_a_missing_order_makes_its_shipment_wait_and_says_for_what(world: World) -> None:
    _waiting(world)
    entry = world.entry("SH1")
    assert (entry.wait_kind, entry.wait_connection, entry.wait_number) == ("order", "erp", "1")
    assert "order 1 @ erp" in entry.reason


def test_a_link_made_by_another_entry_wakes_it_in_the_same_commit(world: World) -> None:
    _waiting(world)
    world.shop.orders_missing = set()
    world.publish(shipment("SH2", "1"))
    world.route()
    assert world.drain().done == 1
    assert world.entry("SH1").status == "queued"
    assert world.entry("SH1").replan
    world.run()
    assert world.statuses() == {"published": 2}


def test_a_link_stored_at_the_same_moment_as_the_wait_is_noticed_after_the_commit(world: World) -> None:
    _waiting(world)
    with world.database.write() as tx:
        links.store(tx, [NewLink(ERP, WEB, "found")])
    world.shop.orders_missing = set()
    world.route()
    assert world.entry("SH1").status == "queued"
    world.run()
    assert world.statuses() == {"published": 1}


def test_the_sweeper_ends_waits_whose_link_is_there(world: World) -> None:
    _waiting(world)
    with world.database.write() as tx:
        links.store(tx, [NewLink(ERP, WEB, "found")])
    world.sweeper.run()
    assert world.entry("SH1").status == "queued"


def test_a_target_without_events_of_its_own_is_looked_at_again_when_due(world: World) -> None:
    _waiting(world)
    world.shop.orders_missing = set()
    world.run()
    assert world.statuses() == {"published": 1}
    assert "waiting>queued" in world.journal("SH1")


def test_a_wait_past_its_deadline_is_errored_however_often_it_was_looked_at(make_world: MakeWorld) -> None:
    world = make_world(wait_deadline=2.5)
    _waiting(world)
    world.run()
    entry = world.entry("SH1")
    assert (entry.status, entry.code) == ("errored", "deadline")
    assert world.journal("SH1").count("delivering>waiting") >= 2


def test_a_look_that_fails_for_a_moment_does_not_put_the_deadline_off(world: World) -> None:
    _waiting(world)
    deadline = world.entry("SH1").wait_until
    assert deadline is not None
    world.shop.find_errors = [Unavailable("down for a moment")]
    for _ in range(2):
        with world.database.write() as tx:
            tx.run(entry_table.update().values(due_at=tx.now))
        world.sweeper.run()
        world.drain()
    assert "delivering>retrying" in world.journal("SH1")
    assert world.entry("SH1").status == "waiting"
    assert world.entry("SH1").wait_until == deadline


def test_an_order_that_is_linked_but_gone_is_for_a_person_and_does_not_spin(world: World) -> None:
    with world.database.write() as tx:
        links.store(tx, [NewLink(ERP, WEB, "found")])
    world.shop.orders_missing = {"1"}
    world.publish(shipment("SH1", "1"))
    world.run()
    entry = world.entry("SH1")
    assert (entry.status, entry.code) == ("errored", "not found")
    assert "W-1" in entry.reason


def test_a_waiting_entry_lets_others_of_its_order_pass(world: World) -> None:
    _waiting(world)
    world.publish(shipment("SH2", "2"))
    world.run(seconds=2)
    assert world.entry("SH2").status == "published"


def test_a_combined_shipment_ships_the_order_that_is_there_and_waits_for_the_other(world: World) -> None:
    world.shop.orders_missing = {"2"}
    world.publish(shipment("SH1", "1", "2"))
    world.route()
    world.drain()
    assert world.entry("SH1").status == "waiting"
    assert [step.done_at is not None for step in world.steps("SH1")] == [True, False]
    world.shop.orders_missing = set()
    world.run()
    entry = world.entry("SH1")
    assert (entry.status, entry.target_number) == ("published", "S0001, S0002")
    assert len(world.shop.creates) == 2, "the finished step was not repeated"


def test_a_stuck_predecessor_of_the_order_is_named_as_blocker(world: World) -> None:
    _waiting(world)
    with world.database.read() as tx:
        assert waits.blocker(tx, world.entry("SH1").id, "order.created") is None
