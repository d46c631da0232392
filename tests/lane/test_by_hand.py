"""What a person does: retry, post, ignore; each legal or refused with the reason, and each in the audit."""

import pytest

from connector.errors import NotSent, Rejected
from connector.operate import Unknown
from connector.status import IllegalMove
from connector.store import links
from connector.store.links import NewLink
from connector.store.tables import audit
from schemas.base import DocumentRef
from tests.lane.conftest import MakeWorld
from tests.stub import raising
from tests.world import World, shipment


def _audit(world: World) -> list[tuple[str, str, str]]:
    with world.database.read() as tx:
        return [
            (row["actor"], row["action"], row["subject"])
            for row in tx.rows(audit.select().order_by(audit.c.id))
        ]


def test_an_errored_entry_is_retried_with_what_is_done_left_done(world: World) -> None:
    world.publish(shipment("SH1", "1", "2"))
    world.shop.behaviours = [lambda shop, step: None, raising(Rejected("no such item"))]
    world.run()
    entry = world.entry("SH1")
    assert (entry.status, entry.code, entry.target_number) == ("errored", "partial", "S0001")
    world.operator.retry(entry.id, "operator")
    world.run()
    assert world.entry("SH1").status == "published"
    assert world.entry("SH1").target_number == "S0001, S0002"
    assert len(world.shop.creates) == 3, "the order that was shipped is not shipped again"
    assert _audit(world) == [("operator", "retry", f"entry {entry.id}")]


def test_a_retrying_entry_is_brought_forward(make_world: MakeWorld) -> None:
    world = make_world(first=30, longest=30)
    world.publish(shipment("SH1"))
    world.shop.behaviours = [raising(NotSent("refused"))]
    world.route()
    world.drain()
    done = world.operator.retry(world.entry("SH1").id, "operator")
    assert "now" in done.sentence
    assert world.drain().done == 1
    assert world.entry("SH1").status == "published"


def test_a_held_entry_goes_when_it_is_posted(make_world: MakeWorld) -> None:
    world = make_world(mode="held")
    world.publish(shipment("SH1"))
    world.run(seconds=2)
    assert world.entry("SH1").status == "held"
    world.operator.retry(world.entry("SH1").id, "operator")
    world.run()
    assert world.entry("SH1").status == "published"


def test_a_dry_run_does_everything_but_the_writing(make_world: MakeWorld) -> None:
    world = make_world(mode="dry-run")
    world.publish(shipment("SH1"))
    world.run()
    entry = world.entry("SH1")
    assert entry.status == "simulated"
    assert "would be created" in entry.reason
    assert world.shop.creates == []


def test_a_flow_that_is_off_filters_its_entries_with_that_reason(make_world: MakeWorld) -> None:
    world = make_world(mode="off")
    world.publish(shipment("SH1"))
    world.run()
    assert (world.entry("SH1").status, world.entry("SH1").code) == ("filtered", "mode off")


def test_an_ignored_entry_lets_its_order_go_on_and_can_be_taken_back(make_world: MakeWorld) -> None:
    world = make_world(settle=3600.0)
    world.publish(shipment("SH1", "1"), shipment("SH2", "1"))
    world.route()
    world.operator.ignore(world.entry("SH1").id, "operator", "cancelled by phone")
    world.run()
    assert (world.entry("SH1").status, world.entry("SH1").reason) == ("ignored", "cancelled by phone")
    assert world.entry("SH2").status == "published"
    world.operator.retry(world.entry("SH1").id, "operator")
    world.run()
    assert world.entry("SH1").status == "published"


def test_a_published_entry_cannot_be_ignored_and_says_what_it_can_become(world: World) -> None:
    world.publish(shipment("SH1"))
    world.run()
    with pytest.raises(IllegalMove, match="published and cannot become ignored"):
        world.operator.ignore(world.entry("SH1").id, "operator", "no")
    assert _audit(world) == [], "a refused move leaves nothing in the audit either"


def test_a_published_entry_started_over_ships_nothing_twice(world: World) -> None:
    world.publish(shipment("SH1"))
    world.run()
    world.operator.retry(world.entry("SH1").id, "operator")
    world.run()
    assert world.entry("SH1").status == "published"
    assert len(world.shop.shipments) == 1


def test_an_entry_that_is_not_there_is_said_so(world: World) -> None:
    with pytest.raises(Unknown, match="no entry 4711"):
        world.operator.retry(4711, "operator")


def test_a_missing_mapping_is_errored_with_the_row_to_add(world: World) -> None:
    world.publish(shipment("SH1", via="PIGEON"))
    world.run()
    entry = world.entry("SH1")
    assert (entry.status, entry.code) == ("errored", "mapping")
    assert "PIGEON" in entry.reason


def test_an_echo_of_our_own_effect_is_filtered_and_names_its_entry(make_world: MakeWorld) -> None:
    world = make_world()
    world.publish(shipment("SH1"))
    world.run()
    made = world.entry("SH1")
    with world.database.write() as tx:
        ours = DocumentRef(connection="erp", kind="shipment", number="SH9")
        theirs = DocumentRef(connection="shop", kind="shipment", number="X")
        links.store(tx, [NewLink(theirs, ours, "created", made.id)])
    world.publish(shipment("SH9"))
    world.run()
    echo = world.entry("SH9")
    assert (echo.status, echo.code) == ("filtered", "echo")
    assert f"echo of entry {made.id}" in echo.reason
