"""What came from ourselves must not go back: echoes of orders, changes and cancellations; and orders that were edited,
of which every edition is the same order."""

from pathlib import Path

import pytest

from connector.status import Status
from connector.store import links
from connector.store.links import NewLink
from tests.lane.conftest import MakeWorld
from tests.lane.orders_given import (
    BOTH_WAYS,
    at_source,
    cancel,
    carried,
    flows,
    found,
    hear,
    one,
    order,
    ref,
    said,
    seen,
    standing,
    statuses,
)
from tests.stub import lost_reply
from tests.world import World

CANCELLED, UPDATED = "order.cancelled", "order.updated"


@pytest.fixture(name="database_url")
def fixture_database_url(tmp_path: Path) -> str:
    """SQLite is enough here: the statements behind it run on every database in `tests/store`."""
    return f"sqlite:///{tmp_path / 'connector.db'}"


@pytest.fixture(name="world")
def fixture_world(make_world: MakeWorld) -> World:
    """Orders, changes and cancellations go from the erp to the shop."""
    return make_world(flows=flows())


@pytest.fixture(name="both")
def fixture_both(make_world: MakeWorld) -> World:
    """They go both ways."""
    return make_world(flows=BOTH_WAYS)


# -- echoes --------------------------------------------------------------------------------------------------


def test_an_order_that_we_made_comes_back_as_an_echo_by_its_link(both: World) -> None:
    number = carried(both)
    seen(both, order(number), "shop")
    both.run()
    echo = one(both, source="shop")
    assert (echo.status, echo.code) == ("filtered", "echo")
    assert f"echo of entry {one(both).id}:" in echo.reason
    assert standing(both, "order") == ["1"]


def test_an_order_that_we_made_is_an_echo_by_its_reference_before_our_own_commit(both: World) -> None:
    """Its maker is still at it, or has vanished: there is no link, but the reference is known, for steps come first."""
    both.shop.behaviours = [lost_reply]
    seen(both, order())
    both.drain()
    reference, number, _ = both.shop.shipments[0]
    assert both.links() == set()
    seen(both, order(number), "shop", references=(reference,))
    echo = one(both, source="shop")
    assert (echo.status, echo.code) == ("filtered", "echo")
    both.run()
    assert standing(both, "order") == ["1"]
    assert ("erp:1", f"shop:{number}") in both.links()


@pytest.mark.parametrize("reference", ["aaaaaaaaaaaaaaaaaaaa", ""])
def test_a_reference_that_is_not_ours_makes_no_echo(both: World, reference: str) -> None:
    carried(both)
    seen(both, order("77"), "shop", references=(reference,) if reference else ())
    both.run()
    assert statuses(both, number="77", source="shop") == ["published"]


def test_a_change_of_an_order_seen_before_our_own_commit_is_not_dropped(both: World) -> None:
    both.shop.behaviours = [lost_reply]
    seen(both, order())
    both.drain()
    reference, number, _ = both.shop.shipments[0]
    seen(both, order(number), "shop", references=(reference,))
    seen(both, order(number, "On Hold"), "shop", references=(reference,))
    both.run()
    assert statuses(both, UPDATED, source="shop") == ["published"]
    assert said(both) == ["On Hold"]


def test_a_cancellation_that_we_carried_comes_back_as_an_echo_however_often(both: World) -> None:
    number = carried(both)
    seen(both, order(number), "shop")
    cancel(both)
    both.run()
    for note in ("", "changed", "changed again"):
        seen(both, order(number, "Canceled", notes=note), "shop", cancelled=True)
        both.run()
    echo = one(both, CANCELLED, source="shop")
    assert (echo.status, echo.code) == ("filtered", "echo")
    assert standing(both, "cancel") == ["1"], "not sent back, even when decided again"


def test_a_cancellation_whose_outcome_is_unknown_is_known_as_ours_when_it_comes_back(both: World) -> None:
    number = carried(both)
    seen(both, order(number), "shop")
    both.shop.behaviours = [lost_reply]
    cancel(both)
    both.drain()
    seen(both, order(number, "Canceled"), "shop", cancelled=True)
    assert one(both, CANCELLED, source="shop").code == "echo"
    both.run()
    assert standing(both, "cancel") == ["1"]


def test_a_status_that_we_set_comes_back_as_an_echo_and_another_one_is_carried(both: World) -> None:
    number = carried(both)
    seen(both, order(number, "new"), "shop")
    seen(both, order(status="processing"))
    both.run()
    seen(both, order(number, "processing"), "shop")
    assert one(both, UPDATED, source="shop").code == "echo"
    seen(both, order(number, "holded"), "shop")
    both.run()
    assert said(both) == ["processing", "holded"]


def test_a_status_that_somebody_set_again_after_another_is_no_echo_of_ours(both: World) -> None:
    number = carried(both)
    seen(both, order(number, "new"), "shop")
    seen(both, order(status="processing"))
    both.run()
    for status in ("processing", "holded", "processing"):
        seen(both, order(number, status), "shop")
        both.run()
    assert [row.code for row in found(both, UPDATED, source="shop")] == ["echo", "", ""]
    assert said(both) == ["processing", "holded", "processing"]


def test_a_status_set_beside_a_shipment_comes_back_as_an_echo(make_world: MakeWorld) -> None:
    shipped = """
  - {name: shipped, event: shipment.confirmed, from: erp, to: shop, write_back: {order_status: complete},
     mapping: {ship_via: {UPS: {carrier_code: ups, title: UPS}}}}
"""
    world = make_world(flows=BOTH_WAYS + shipped, mode="off")
    number = carried(world)
    seen(world, order(number, "new"), "shop")
    world.at_source("SH1", "1")
    hear(world, "SH1", kind="shipment")
    world.run()
    assert said(world) == ["complete"]
    seen(world, order(number, "complete"), "shop")
    world.run()
    assert one(world, UPDATED, source="shop").code == "echo"
    assert said(world) == ["complete"]


def test_an_echo_that_is_decided_again_stays_an_echo(both: World) -> None:
    number = carried(both)
    for note in ("", "changed"):
        seen(both, order(number, notes=note), "shop")
        both.run()
    assert one(both, source="shop").code == "echo"
    both.operator.retry(one(both, source="shop").id, "somebody")
    both.run()
    assert (one(both, source="shop").code, standing(both, "order")) == ("echo", ["1"])


def test_an_order_that_came_from_us_can_be_cancelled_where_it_stands(both: World) -> None:
    number = carried(both)
    seen(both, order(number), "shop")
    seen(both, order(number, "Canceled"), "shop", cancelled=True)
    both.run()
    assert standing(both, "cancel") == [number]
    assert one(both, source="shop").code == "echo", "an echo stays listed as one"


# -- edited orders -------------------------------------------------------------------------------------------


def edited(world: World, old: str, new: str, connection: str = "shop") -> None:
    """Somebody edits an order: it is cancelled, and a new one replaces it."""
    at_source(world, order(old, "Canceled", replaced_by=new), connection=connection, cancelled=True)
    at_source(world, order(new, "new", replaces=old), connection=connection, ancestors=(old,))


@pytest.mark.parametrize("first", [0, 1], ids=["the old one first", "the new one first"])
def test_an_order_that_we_made_and_that_is_edited_neither_comes_back_nor_is_cancelled(
    both: World, first: int
) -> None:
    number = carried(both)
    seen(both, order(number), "shop")
    for _ in range(2):  # edited twice
        old, number = number, f"{number}-1"
        edited(both, old, number)
        for heard in (old, number) if first == 0 else (number, old):
            hear(both, heard, "shop")
        both.run()
    assert {row.code for row in found(both, source="shop")} == {"echo"}
    assert [row.code for row in found(both, CANCELLED, source="shop")] == ["echo", "echo"]
    assert [step.kind for _, _, step in both.shop.shipments] == ["order"]


def test_what_is_done_to_an_order_that_was_edited_is_done_to_its_last_edition(both: World) -> None:
    number = carried(both)
    edited(both, number, f"{number}-1")
    hear(both, f"{number}-1", "shop")
    cancel(both)
    both.run()
    known = both.shop.known["cancel:1"].order
    assert known is not None
    assert (known.connection, known.number) == ("shop", f"{number}-1")


def test_what_is_done_to_the_last_edition_is_done_to_the_order_from_which_it_was_made(both: World) -> None:
    number = carried(both)
    edited(both, number, f"{number}-1")
    hear(both, number, "shop")
    hear(both, f"{number}-1", "shop")
    seen(both, order(f"{number}-1", "Canceled", replaces=number), "shop", cancelled=True, ancestors=(number,))
    both.run()
    known = both.shop.known[f"cancel:{number}-1"].order
    assert known is not None
    assert (known.connection, known.number) == ("erp", "1")


@pytest.mark.parametrize("first", [0, 1], ids=["the old one first", "the new one first"])
def test_an_edited_order_of_the_source_is_cancelled_and_its_successor_made(world: World, first: int) -> None:
    carried(world, "13")
    edited(world, "13", "13-1", "erp")
    for heard in ("13", "13-1") if first == 0 else ("13-1", "13"):
        hear(world, heard)
    world.run()
    assert standing(world, "order") == ["13", "13-1"]
    assert standing(world, "cancel") == ["13"]
    assert not world.shop.overlapped


def test_an_order_that_is_edited_before_it_was_carried_leaves_its_successor_alone(world: World) -> None:
    """Both have the same keys: the cancellation of the one must not make the other pointless."""
    seen(world, order("13"))
    edited(world, "13", "13-1", "erp")
    hear(world, "13-1")
    hear(world, "13")
    world.run()
    assert standing(world, "order") == ["13-1"]
    assert statuses(world, number="13") == ["superseded"]
    assert statuses(world, number="13-1") == ["published"]
    assert statuses(world, CANCELLED) == ["filtered"]


def test_a_link_that_was_found_does_not_lead_to_later_editions(world: World) -> None:
    """An order that was born there and edited there is a new order, with a counterpart of its own."""
    with world.database.write() as tx:
        links.store(tx, [NewLink(ref("1"), ref("13", "shop"), "found")])
        links.store(tx, [NewLink(ref("13", "shop"), ref("13-1", "shop"), "edited")])
        ours = links.counterparts(tx, "order", [ref("1")], "shop")["erp", "1"]
        theirs = links.counterparts(tx, "order", [ref("13-1", "shop")], "erp")
    assert (ours.number, theirs) == ("13", {})


# -- both sides at once ------------------------------------------------------------------------------------


def test_a_change_from_elsewhere_with_the_same_keys_is_left_alone(both: World) -> None:
    """Both sides change the same order at once: neither change ends the other."""
    number = carried(both)
    seen(both, order(number), "shop")
    seen(both, order(status="A"))
    seen(both, order(number, "B"), "shop")
    both.run()
    assert sorted(said(both)) == ["A", "B"]
    assert Status.SUPERSEDED not in {row.status for row in found(both, UPDATED)}
