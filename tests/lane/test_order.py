"""Per order, in order; across orders, in parallel: keys, blocking, shards, and slots that refill as they come free."""

from typing import Any

import pytest

from connector.errors import Rejected
from connector.plan import Plan, make_plan
from connector.reference import EventIdentity
from connector.store import entries, links, waits
from connector.store.links import NewLink
from connector.store.tables import entry_key, event
from schemas.base import DocumentRef
from tests.lane.conftest import MakeWorld
from tests.stub import lost_request, raising
from tests.world import World, shipment


def _shipped(world: World) -> list[tuple[str, str]]:
    return [(step.order.order.number, step.document.number) for _, _, step in world.shop.shipments]


def test_entries_of_one_order_run_one_after_another_in_the_order_of_their_events(
    make_world: MakeWorld,
) -> None:
    world = make_world(concurrency=8)
    world.shop.delay = 0.02
    world.publish(*(shipment(f"SH{n:02}", "1") for n in range(12)))
    world.run()
    assert [document for _, document in _shipped(world)] == [f"SH{n:02}" for n in range(12)]
    assert not world.shop.overlapped


def test_entries_of_different_orders_run_at_the_same_time_up_to_the_limit(make_world: MakeWorld) -> None:
    world = make_world(concurrency=4)
    world.shop.delay = 0.1
    world.publish(*(shipment(f"SH{n}", str(n)) for n in range(12)))
    world.run()
    assert world.shop.most_at_once == 4


def test_a_retrying_predecessor_blocks_the_same_order_and_no_other(make_world: MakeWorld) -> None:
    world = make_world(settle=3600.0)
    world.publish(shipment("SH1", "1"), shipment("SH2", "1"), shipment("SH3", "3"))
    world.shop.behaviours = [lost_request, lambda shop, step: None]
    world.route()
    world.drain()
    assert world.entry("SH1").status == "retrying"
    assert world.entry("SH2").status == "queued"
    assert world.entry("SH3").status == "published"


def test_an_errored_predecessor_lets_the_others_of_its_order_pass(world: World) -> None:
    world.publish(shipment("SH1", "1"), shipment("SH2", "1"))
    world.shop.behaviours = [raising(Rejected("no"))]
    world.run()
    assert world.entry("SH1").status == "errored"
    assert world.entry("SH2").status == "published"


def test_a_combined_shipment_waits_for_each_of_its_orders(make_world: MakeWorld) -> None:
    world = make_world(concurrency=8)
    world.shop.delay = 0.05
    world.publish(shipment("SH1", "1"), shipment("SH2", "2"), shipment("SH3", "1", "2"), shipment("SH4", "2"))
    world.run()
    order_two = [document for order, document in _shipped(world) if order == "2"]
    assert order_two == ["SH2", "SH3", "SH4"]
    assert not world.shop.overlapped


def test_an_order_known_under_two_numbers_is_one_order(world: World) -> None:
    erp = DocumentRef(connection="erp", kind="order", number="1")
    web = DocumentRef(connection="shop", kind="order", number="W-77")
    with world.database.write() as tx:
        links.store(tx, [NewLink(web, erp, "found")])
        assert links.birth(tx, "erp", "1") == ("shop", "W-77")
        assert links.counterparts(tx, "order", [erp], "shop")["erp", "1"] == web


def test_links_that_run_in_a_circle_end(world: World) -> None:
    erp = DocumentRef(connection="erp", kind="order", number="1")
    web = DocumentRef(connection="shop", kind="order", number="W-1")
    with world.database.write() as tx:
        links.store(tx, [NewLink(web, erp, "found"), NewLink(erp, web, "found")])
        assert links.birth(tx, "erp", "1") in {("erp", "1"), ("shop", "W-1")}


def test_a_link_that_appears_gives_unfinished_entries_the_birth_number(world: World) -> None:
    world.publish(shipment("SH1", "1"))
    world.shop.behaviours = [raising(Rejected("no"))]
    world.run()
    with world.database.write() as tx:
        waits.rekey(tx, {("erp", "1"): ("shop", "W-1")})
        keys = {(row["connection"], row["number"]) for row in tx.rows(entry_key.select())}
    assert keys == {("erp", "1"), ("shop", "W-1")}


def test_a_sharded_connection_keeps_each_order_in_one_lane(make_world: MakeWorld) -> None:
    world = make_world(lanes=4)
    world.publish(*(shipment(f"SH{n}", str(n % 10)) for n in range(40)))
    world.route()
    lanes_of_order: dict[str, set[str]] = {}
    with world.database.read() as tx:
        for row in entries.newest(tx, 100):
            lanes_of_order.setdefault(row.source_number[-1], set()).add(row.lane)
    assert all(len(found) == 1 for found in lanes_of_order.values())
    assert len(set.union(*lanes_of_order.values())) > 1
    world.run()
    assert world.statuses() == {"published": 40}
    assert not world.shop.overlapped


def test_slots_are_refilled_as_they_come_free_not_batch_by_batch(make_world: MakeWorld) -> None:
    """While one slow call holds a slot, the other slot carries all the rest."""
    world = make_world(concurrency=2)
    world.publish(*(shipment(f"SH{n}", str(n)) for n in range(20)))
    world.route()
    finished: list[str] = []
    world.shop.slow_orders = {"0": 0.6}
    world.shop.on_commit = lambda step: finished.append(step.document.number)
    world.drain()
    assert finished.index("SH0") == 19, f"the others did not pass it: {finished}"


def test_an_event_that_our_code_cannot_plan_does_not_stop_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(identity: EventIdentity, *rest: Any) -> Plan:
        if identity.document == "SH1":
            raise ZeroDivisionError("a defect")
        return make_plan(identity, *rest)

    monkeypatch.setattr("connector.route.make_plan", failing)
    world.publish(shipment("SH1", "1"), shipment("SH2", "2"))
    world.run()
    assert (world.entry("SH1").status, world.entry("SH1").code) == ("errored", "quarantined")
    assert world.entry("SH2").status == "published"
    monkeypatch.undo()
    world.operator.retry(world.entry("SH1").id, "somebody")
    world.run()
    assert world.entry("SH1").status == "published"


def test_numbers_as_long_as_they_may_be_are_routed_and_delivered(world: World) -> None:
    world.publish(shipment("S" * 250, "O" * 250))
    world.run()
    assert world.entry("S" * 250).status == "published"


def test_stored_data_that_this_release_cannot_read_is_set_aside(world: World) -> None:
    world.publish(shipment("SH1", "1"), shipment("SH2", "2"))
    with world.database.write() as tx:
        tx.run(event.update().where(event.c.document == "SH1").values(data={"shipment": {"number": 1}}))
    world.run()
    assert world.statuses() == {"published": 1}
