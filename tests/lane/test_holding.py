"""A person holds what would go on by itself: what is done stays done, what is in doubt is looked for first."""

import pytest

from connector.errors import Rejected
from connector.operate import Refused
from connector.status import IllegalMove
from connector.store import steps
from connector.store.tables import entry, step
from tests.lane.conftest import MakeWorld
from tests.stub import lost_reply, raising
from tests.world import World, shipment


def test_what_is_queued_is_held_until_it_is_posted_and_others_of_its_order_pass_it(world: World) -> None:
    world.publish(shipment("SH1", "1"), shipment("SH2", "1"))
    world.route()
    world.operator.hold(world.entry("SH1").id, "maria", "ask the customer first")
    world.run()
    held = world.entry("SH1")
    assert (held.status, held.reason) == ("held", "ask the customer first")
    assert world.entry("SH2").status == "published"
    world.operator.retry(held.id, "maria")
    world.run()
    assert world.journal("SH1")[:3] == [">queued", "queued>held", "held>queued"]
    assert world.statuses() == {"published": 2}


def test_what_is_waiting_is_held_past_its_deadline(make_world: MakeWorld) -> None:
    world = make_world(wait_deadline=0.2)
    world.shop.orders_missing = {"1"}
    world.publish(shipment("SH1"))
    world.route()
    world.drain()
    world.operator.hold(world.entry("SH1").id, "maria", "the order comes next week")
    world.run(seconds=1)
    assert world.entry("SH1").status == "held"
    world.shop.orders_missing = set()
    world.operator.retry(world.entry("SH1").id, "maria")
    world.run()
    assert world.entry("SH1").status == "published"


def test_a_step_in_doubt_is_looked_for_first_once_it_is_posted(make_world: MakeWorld) -> None:
    """The first order's shipment came through although its reply was lost; the second's was never tried."""
    world = make_world(settle=3600.0, first=30, longest=30)
    world.publish(shipment("SH1", "1", "2"))
    world.shop.behaviours = [lost_reply]
    world.route()
    world.drain()
    assert (world.entry("SH1").status, len(world.shop.shipments)) == ("retrying", 1)
    world.operator.hold(world.entry("SH1").id, "maria", "look at it first")
    world.operator.retry(world.entry("SH1").id, "maria")
    world.run()
    assert world.entry("SH1").status == "published"
    assert [step.adopted for step in world.steps("SH1")] == [True, False]
    assert len(world.shop.shipments) == 2, "one for each order"


def test_what_is_errored_or_over_is_not_held(world: World) -> None:
    world.publish(shipment("SH1"))
    world.shop.behaviours = [raising(Rejected("no"))]
    world.run()
    with pytest.raises(IllegalMove, match="errored and cannot become held"):
        world.operator.hold(world.entry("SH1").id, "maria", "no")


@pytest.mark.parametrize(
    "type_", ["inventory.changed", "order.updated", "order.cancelled", "shipment.voided"]
)
def test_what_must_not_be_overtaken_is_not_held_half_way(world: World, type_: str) -> None:
    """A newer quantity or status would be written at once, and the older one could come through after it."""
    world.publish(shipment("SH1"))
    world.route()
    row = world.entry("SH1")
    with world.database.write() as tx:
        tx.run(entry.update().values(type=type_))
        steps.doubt(tx, [row.id], tx.now)
    with pytest.raises(Refused, match="half-way"):
        world.operator.hold(row.id, "maria", "no")
    assert world.entry("SH1").status == "queued"


def test_an_amount_that_is_being_raised_is_not_held(world: World) -> None:
    """Another shipment would begin on the same document, from what stood there before."""
    world.publish(shipment("SH1"))
    world.route()
    row = world.entry("SH1")
    with world.database.write() as tx:
        tx.run(step.update().values(before="10.00", after="12.00"))
    with pytest.raises(Refused, match="half-way"):
        world.operator.hold(row.id, "maria", "no")
    assert world.entry("SH1").status == "queued"
