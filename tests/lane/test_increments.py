"""Increments have nothing to find: what the amount was and will be is committed before the call, and compared after."""

from decimal import Decimal

from connector.errors import NotSent, OutcomeUnknown
from connector.planned import ShipmentStep
from connector.store import lanes, steps
from tests.lane.conftest import MakeWorld
from tests.stub import Shop, raising
from tests.world import shipment


def _lost_after(shop: Shop, step: ShipmentStep) -> None:
    shop.freight["1"] = Decimal("14.10")
    raise OutcomeUnknown("no reply")


def test_an_amount_is_raised_once_and_what_it_was_is_kept(make_world: MakeWorld) -> None:
    world = make_world(increments=True)
    world.publish(shipment("SH1"))
    world.run()
    (step,) = world.steps("SH1")
    assert (step.before, step.after) == ("10.00", "14.10")
    assert world.shop.writes == [Decimal("14.10")]
    assert world.entry("SH1").status == "published"


def test_what_will_be_written_is_committed_before_the_call(make_world: MakeWorld) -> None:
    world = make_world(increments=True)
    world.publish(shipment("SH1"))
    committed: list[str | None] = []
    world.shop.behaviours = [lambda shop, step: committed.append(world.steps("SH1")[0].after)]
    world.run()
    assert committed == ["14.10"]


def test_a_reply_lost_after_the_commit_is_seen_by_comparing(make_world: MakeWorld) -> None:
    world = make_world(increments=True)
    world.publish(shipment("SH1"))
    world.shop.behaviours = [_lost_after]
    world.run()
    assert world.entry("SH1").status == "published"
    assert world.shop.freight["1"] == Decimal("14.10")
    assert len(world.shop.writes) == 1


def test_a_write_that_never_arrived_is_done_again_from_what_it_was(make_world: MakeWorld) -> None:
    world = make_world(increments=True)
    world.publish(shipment("SH1"))
    world.shop.behaviours = [raising(OutcomeUnknown("no reply")), raising(NotSent("refused"))]
    world.run()
    assert world.shop.writes == [Decimal("14.10")] * 3
    assert world.shop.freight["1"] == Decimal("14.10")
    assert world.entry("SH1").status == "published"


def test_an_amount_that_somebody_else_changed_meanwhile_is_for_a_person(make_world: MakeWorld) -> None:
    world = make_world(increments=True, first=1, longest=1)
    world.publish(shipment("SH1"))
    world.shop.behaviours = [raising(OutcomeUnknown("no reply"))]
    world.route()
    world.drain()
    world.shop.freight["1"] = Decimal("99.00")
    world.run()
    entry = world.entry("SH1")
    assert (entry.status, entry.code) == ("errored", "changed")
    assert all(amount in entry.reason for amount in ("10.00", "14.10", "99.00"))
    assert len(world.shop.writes) == 1


def test_two_increments_of_one_order_run_one_after_the_other(make_world: MakeWorld) -> None:
    world = make_world(increments=True, concurrency=8)
    world.shop.delay = 0.05
    world.publish(shipment("SH1"), shipment("SH2"))
    world.run()
    assert world.shop.freight["1"] == Decimal("18.20")


def test_a_lane_lost_before_the_announcement_writes_nothing(make_world: MakeWorld) -> None:
    world = make_world(increments=True)
    world.publish(shipment("SH1"))
    world.route()
    original = world.shop.freight.get

    def taken_meanwhile(order: str, default: Decimal) -> Decimal:
        world.expire_leases()
        with world.database.write() as tx:
            lanes.acquire(tx, "shop", "another", 60)
        return original(order, default)

    class Freight(dict[str, Decimal]):
        """Another owner takes the lane while the amount is read."""

        def get(self, order: str, default: Decimal) -> Decimal:  # type: ignore[override]
            return taken_meanwhile(order, default)

    world.shop.freight = Freight()
    assert world.drain().lost
    assert world.shop.writes == []
    with world.database.read() as tx:
        (step,) = steps.of_entries(tx, [world.entry("SH1").id]).popitem()[1]
    assert step.before is None
