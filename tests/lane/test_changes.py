"""Changes of orders that were known: which are delivered, which are pointless, and cancellations at every moment of an
order's way. What came from ourselves is `test_echoes.py`."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connector.errors import Rejected, Unavailable
from connector.status import Status
from connector.store import changes, entries
from connector.store.entries import Move
from tests.lane.conftest import MakeWorld
from tests.lane.orders_given import (
    PAID,
    at_source,
    cancel,
    carried,
    events,
    flows,
    found,
    hear,
    one,
    order,
    publish,
    said,
    seen,
    standing,
    statuses,
    tell,
)
from tests.stub import last, lost_reply, lost_request, raising
from tests.world import Door, World, begin, hold_creates, until

CANCELLED, UPDATED = "order.cancelled", "order.updated"


@pytest.fixture(name="database_url")
def fixture_database_url(tmp_path: Path) -> str:
    """SQLite is enough here: the statements behind it run on every database in `tests/store`."""
    return f"sqlite:///{tmp_path / 'connector.db'}"


@pytest.fixture(name="world")
def fixture_world(make_world: MakeWorld) -> World:
    """Orders, changes and cancellations go from the erp to the shop."""
    return make_world(flows=flows())


@pytest.fixture(name="door")
def fixture_door(make_world: MakeWorld) -> Iterator[Door]:
    """A door that is open at the end, before the worlds are closed."""
    door = Door()
    yield door
    door.open()


def look(world: World, act: Callable[[], None]) -> list[tuple[str, str]]:
    """Do it, let everything come to an end, and say what became of all cancellations, in order: status and code."""
    act()
    world.run()
    return [(str(row.status), row.code) for row in found(world, CANCELLED)]


# -- changes -------------------------------------------------------------------------------------------------


def test_the_first_status_that_is_seen_of_an_order_is_no_change_and_each_other_one_is(world: World) -> None:
    carried(world)
    assert events(world, UPDATED) == []
    for status in ("On Hold", "On Hold", "Open", "Completed"):
        seen(world, order(status=status))
        world.run()
    assert [(row.revision, row.data["order"]["status"]) for row in events(world, UPDATED)] == [
        (1, "On Hold"),
        (2, "Open"),
        (3, "Completed"),
    ]
    assert said(world) == ["On Hold", "Open", "Completed"]
    assert statuses(world, UPDATED) == ["published"] * 3


def test_of_a_storm_of_changes_only_the_newest_is_delivered(world: World) -> None:
    carried(world)
    for status in ("A", "B", "C", "D"):
        seen(world, order(status=status))
    assert statuses(world, UPDATED) == ["superseded"] * 3 + ["queued"]
    world.run()
    assert said(world) == ["D"]
    last = found(world, UPDATED)[0]
    assert (last.code, "made pointless by event" in last.reason) == ("superseded", True)


def test_a_change_that_only_could_not_be_delivered_yet_is_superseded_as_well(world: World) -> None:
    carried(world)
    world.shop.behaviours = [last(world.stop, raising(Unavailable("not now")))]
    seen(world, order(status="A"))
    world.drain()
    world.stop.clear()
    assert statuses(world, UPDATED) == ["retrying"]
    seen(world, order(status="B"))
    world.run()
    assert statuses(world, UPDATED) == ["superseded", "published"]
    assert said(world) == ["B"]


def test_a_change_that_may_have_been_sent_is_not_superseded_but_looked_for(world: World) -> None:
    carried(world)
    world.shop.behaviours = [lost_reply]
    seen(world, order(status="A"))
    world.drain()
    seen(world, order(status="B"))
    world.run()
    assert statuses(world, UPDATED) == ["published", "published"]
    assert said(world) == ["A", "B"]


def test_a_change_that_is_under_way_ends_before_the_next_one_is_delivered(
    world: World, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried(world)
    seen(world, order(status="A"))
    hold_creates(monkeypatch, door, "1")
    drained = begin(world.drain)
    until(lambda: door.came == ["1"])
    seen(world, order(status="B"))
    assert statuses(world, UPDATED) == ["delivering", "queued"]
    door.open()
    drained.result(20)
    world.run()
    assert said(world) == ["A", "B"]
    assert not world.shop.overlapped


def test_changes_of_different_orders_do_not_supersede_each_other(world: World) -> None:
    for number in ("1", "2"):
        carried(world, number)
    for number in ("1", "2"):
        seen(world, order(number, status="A"))
    world.run()
    assert statuses(world, UPDATED) == ["published", "published"]


def test_a_published_change_that_arrives_after_a_later_one_is_not_delivered(world: World) -> None:
    carried(world)
    publish(world, UPDATED, order(status="B"), revision=2)
    world.route()
    publish(world, UPDATED, order(status="A"), revision=1)
    world.run()
    assert said(world) == ["B"]
    assert [(row.status, row.code) for row in found(world, UPDATED)] == [
        ("published", ""),
        ("filtered", "overtaken"),
    ]


def test_an_old_change_retried_by_a_person_does_not_undo_a_newer_one(world: World) -> None:
    carried(world)
    seen(world, order(status="A"))
    world.operator.ignore(one(world, UPDATED).id, "somebody", "not now")
    seen(world, order(status="B"))
    world.run()
    world.operator.retry(found(world, UPDATED)[0].id, "somebody")
    world.run()
    assert said(world) == ["B"]
    assert found(world, UPDATED)[0].code == "overtaken"


def test_a_change_of_an_order_that_is_not_carried_is_filtered_with_the_entry_that_is_why(
    make_world: MakeWorld,
) -> None:
    world = make_world(flows=flows(require=PAID))
    seen(world, order(balance="5.00"))
    seen(world, order(balance="5.00", status="On Hold"))
    world.run()
    change = one(world, UPDATED)
    assert (change.status, change.code) == ("filtered", "not carried")
    assert f"entry {one(world).id}" in change.reason
    assert "filtered" in change.reason


def test_a_change_of_an_order_that_was_made_later_is_carried_when_it_is_decided_again(
    make_world: MakeWorld,
) -> None:
    world = make_world(flows=flows(require=PAID))
    seen(world, order(balance="5.00"))
    seen(world, order(balance="5.00", status="On Hold"))
    seen(world, order(status="On Hold"))
    world.run()
    assert statuses(world) == ["published"]
    world.operator.retry(one(world, UPDATED).id, "somebody")
    world.run()
    assert (statuses(world, UPDATED), said(world)) == (["published"], ["On Hold"])


def test_a_change_waits_behind_the_order_that_is_on_its_way(world: World) -> None:
    seen(world, order())
    seen(world, order(status="On Hold"))
    world.run()
    assert [step.kind for _, _, step in world.shop.shipments] == ["order", "comment"]


# -- an order is cancelled while it is on its way -----------------------------------------------------------


def test_the_cancellation_of_an_order_that_is_queued_ends_both_and_nothing_is_sent(world: World) -> None:
    seen(world, order())
    assert statuses(world) == ["queued"]
    assert look(world, lambda: cancel(world)) == [("filtered", "not carried")]
    assert (statuses(world), world.shop.creates) == (["superseded"], [])
    assert "superseded" in one(world, CANCELLED).reason


def test_the_cancellation_of_a_filtered_order_ends_both(make_world: MakeWorld) -> None:
    world = make_world(flows=flows(require=PAID))
    seen(world, order(balance="5.00"))
    assert statuses(world) == ["filtered"]
    assert look(world, lambda: cancel(world)) == [("filtered", "not carried")]
    assert (statuses(world), world.shop.creates) == (["superseded"], [])


def test_a_filtered_order_that_is_paid_and_cancelled_before_it_is_routed_is_not_made(
    make_world: MakeWorld,
) -> None:
    """Both are in one batch of the router: what is to be decided anew was made pointless by the other."""
    world = make_world(flows=flows(require=PAID))
    seen(world, order(balance="5.00"))
    for paid, cancelled in ((order(), False), (order(status="Canceled"), True)):
        at_source(world, paid, cancelled=cancelled)
        tell(world, "1")
        world.drain("erp")
    world.run()
    assert (statuses(world), world.shop.creates) == (["superseded"], [])
    assert statuses(world, CANCELLED) == ["filtered"]


def test_the_cancellation_of_an_order_in_delivery_is_done_after_it(
    world: World, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_creates(monkeypatch, door, "1")
    seen(world, order())
    drained = begin(world.drain)
    until(lambda: door.came == ["1"])
    cancel(world)
    assert (statuses(world), statuses(world, CANCELLED)) == (["delivering"], ["queued"])
    door.open()
    drained.result(20)
    world.run()
    assert [step.kind for _, _, step in world.shop.shipments] == ["order", "cancel"]
    assert statuses(world, CANCELLED) == ["published"]


@pytest.mark.parametrize("behaviour", [lost_reply, lost_request], ids=["made", "not made"])
def test_the_cancellation_of_an_order_in_doubt_waits_for_certainty(
    make_world: MakeWorld, behaviour: Callable[..., None]
) -> None:
    world = make_world(flows=flows(), settle=0.3)
    world.shop.behaviours = [last(world.stop, behaviour)]
    seen(world, order())
    world.drain()
    world.stop.clear()
    assert statuses(world) == ["retrying"]
    assert look(world, lambda: cancel(world)) == [("published", "")]
    assert [step.kind for _, _, step in world.shop.shipments] == ["order", "cancel"]


def test_the_cancellation_of_an_errored_order_ends_both(world: World) -> None:
    world.shop.behaviours = [raising(Rejected("no such customer"))]
    seen(world, order())
    world.run()
    assert statuses(world) == ["errored"]
    assert look(world, lambda: cancel(world)) == [("filtered", "not carried")]
    assert statuses(world) == ["superseded"]


def test_the_cancellation_of_an_order_that_may_stand_at_the_target_waits_and_names_it(world: World) -> None:
    """Its making was given up in doubt: a person must look, and until then the cancellation is not dropped."""
    world.shop.behaviours = [lost_request]
    seen(world, order())
    world.drain()
    made = one(world)
    with world.database.write() as tx:
        entries.move(
            tx, [Move(made.id, Status.DELIVERING), Move(made.id, Status.ERRORED, "gave up", "so long")]
        )
    world.shop.orders_missing = {"1"}
    cancel(world)
    world.drain()
    waiting = one(world, CANCELLED)
    assert (waiting.status, waiting.wait_number) == ("waiting", "1")
    assert f"blocked by entry {made.id}, which is errored" in waiting.reason
    world.operator.retry(made.id, "somebody")
    world.run()
    assert [step.kind for _, _, step in world.shop.shipments] == ["order", "cancel"]


def test_a_held_order_that_was_cancelled_is_not_made_even_if_a_person_posts_it(world: World) -> None:
    at_source(world, order())
    hear(world, "1", held=True)
    assert statuses(world) == ["held"]
    assert look(world, lambda: cancel(world)) == [("filtered", "not carried")]
    world.operator.retry(one(world).id, "somebody")
    world.run()
    assert (one(world).status, one(world).code, world.shop.creates) == ("filtered", "cancelled", [])


def test_the_cancellation_of_an_order_that_is_unknown_here_is_left_to_the_target(world: World) -> None:
    cancel(world)
    world.run()
    assert standing(world, "cancel") == ["1"]
    assert "order.created" not in {row.type for row in events(world)}


def test_the_cancellation_of_a_waiting_order_ends_its_changes_too(world: World) -> None:
    seen(world, order())
    seen(world, order(status="On Hold"))
    cancel(world)
    assert (statuses(world), statuses(world, UPDATED)[0]) == (["superseded"], "superseded")
    world.run()
    assert world.shop.creates == []
    assert "waiting" not in world.statuses()


def test_a_cancelled_order_is_cancelled_once_however_often_it_is_heard(world: World) -> None:
    carried(world)
    for note in ("one", "two", "three"):
        seen(world, order(status="Canceled", notes=note), cancelled=True)
        world.run()
    assert standing(world, "cancel") == ["1"]
    assert statuses(world, CANCELLED) == ["published"]


# -- who may be superseded -----------------------------------------------------------------------------------


def test_who_was_sent_in_the_meantime_is_not_superseded(world: World) -> None:
    """What is pointless is judged under the lock of its entry."""
    carried(world)
    seen(world, order(status="A"))
    row = one(world, UPDATED)
    world.run()
    with world.database.write() as tx:
        change = changes.Change(9999, 9, UPDATED, "erp", "1", "shop", frozenset({("erp", "1")}))
        changes.supersede(tx, change, row.flow)
    assert one(world, UPDATED).status == "published"
