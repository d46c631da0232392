"""Look before you write twice: lost replies, late effects, settling, doubled effects."""

import pytest

from connector.errors import NotSent, OutcomeUnknown, Partial, Unavailable
from connector.planned import ShipmentStep
from connector.store import claims, intake, lanes, steps
from tests.lane.conftest import MakeWorld
from tests.stub import last, lost_reply, lost_request, raising
from tests.world import World, shipment


def test_a_reply_lost_after_the_commit_is_adopted_not_repeated(world: World) -> None:
    world.publish(shipment("SH1"))
    world.shop.behaviours = [lost_reply]
    world.run()
    assert world.statuses() == {"published": 1}
    assert len(world.shop.shipments) == 1
    assert len(world.shop.creates) == 1
    assert world.steps("SH1")[0].adopted


def test_a_step_in_doubt_is_looked_for_until_it_has_settled_and_only_then_created(
    make_world: MakeWorld,
) -> None:
    world = make_world(settle=1.0)
    world.publish(shipment("SH1"))
    world.shop.behaviours = [lost_request]
    world.route()
    world.drain()
    (doubtful,) = world.steps("SH1")
    assert doubtful.doubt_at is not None
    world.run()
    assert world.statuses() == {"published": 1}
    assert len(world.shop.shipments) == 1
    assert len(world.shop.creates) == 2
    assert world.shop.finds[doubtful.reference] >= 3, "it must have been looked for while in doubt"
    first, second = world.attempts("SH1")[0], world.attempts("SH1")[-1]
    assert (second["started_at"] - first["ended_at"]).total_seconds() >= 1.0


def test_an_effect_that_appears_late_is_adopted_while_settling(make_world: MakeWorld) -> None:
    world = make_world(settle=30.0)
    world.publish(shipment("SH1"))
    world.shop.behaviours = [lost_request]
    world.route()
    world.drain()
    assert world.entry("SH1").status == "retrying"
    step = world.shop.creates[0]
    world.shop.commit(ShipmentStep.model_validate(world.steps("SH1")[0].spec))
    world.run()
    assert world.statuses() == {"published": 1}
    assert world.shop.standing(step) == ["S0001"]
    assert len(world.shop.creates) == 1


def test_a_vendor_with_a_native_key_needs_no_settling(make_world: MakeWorld) -> None:
    world = make_world(settle=3600.0, native_key=True)
    world.publish(shipment("SH1"))
    world.shop.behaviours = [lost_request]
    world.run()
    assert world.statuses() == {"published": 1}
    assert len(world.shop.creates) == 2


def test_two_finds_are_errored_as_doubled_and_nothing_is_created(world: World) -> None:
    world.publish(shipment("SH1"))
    world.route()
    step = ShipmentStep.model_validate(world.steps("SH1")[0].spec)
    world.shop.commit(step)
    world.shop.commit(step)
    world.run()
    entry = world.entry("SH1")
    assert (entry.status, entry.code) == ("errored", "doubled")
    assert "S0001 and S0002" in entry.reason
    assert world.shop.creates == []


def test_a_create_after_doubt_looks_once_more_and_finds_a_late_double(make_world: MakeWorld) -> None:
    world = make_world(settle=0.3)
    world.publish(shipment("SH1"))

    def late_double(shop: object, step: object) -> None:
        world.shop.commit(step)  # type: ignore[arg-type]

    world.shop.behaviours = [lost_request, late_double]
    world.run()
    entry = world.entry("SH1")
    assert (entry.status, entry.code) == ("errored", "doubled")


def test_a_request_that_never_left_leaves_no_doubt(make_world: MakeWorld) -> None:
    world = make_world(settle=3600.0)
    world.publish(shipment("SH1"))
    world.shop.behaviours = [raising(NotSent("refused"))]
    world.run()
    assert world.statuses() == {"published": 1}
    assert world.journal("SH1")[1:4] == ["queued>delivering", "delivering>retrying", "retrying>delivering"]


def test_a_read_back_that_fails_after_the_create_leaves_doubt_and_is_adopted(make_world: MakeWorld) -> None:
    world = make_world(settle=3600.0)
    world.publish(shipment("SH1"))
    world.shop.verify_errors = [Unavailable("down for a moment")]
    world.run()
    assert world.statuses() == {"published": 1}
    assert len(world.shop.creates) == 1


def test_an_effect_that_is_not_as_asked_is_for_a_person(world: World) -> None:
    world.publish(shipment("SH1"))
    world.shop.verify_errors = [Partial("asked for 2, 1 stands there")]
    world.run()
    entry = world.entry("SH1")
    assert (entry.status, entry.code) == ("errored", "partial")
    assert "asked for 2" in entry.reason


def test_given_up_while_in_doubt_keeps_the_doubt_for_the_retry_by_hand(make_world: MakeWorld) -> None:
    world = make_world(give_up=0.01, settle=3600.0)
    world.publish(shipment("SH1"))
    world.shop.behaviours = [lost_reply]
    world.route()
    world.drain()
    entry = world.entry("SH1")
    assert (entry.status, entry.code) == ("errored", "gave up")
    world.operator.retry(entry.id, "somebody")
    world.run()
    assert world.statuses() == {"published": 1}
    assert len(world.shop.shipments) == 1


def test_a_plan_made_anew_looks_for_what_was_sent_under_the_old_plan_first(make_world: MakeWorld) -> None:
    world = make_world(give_up=0.01, settle=3600.0)
    world.publish(shipment("SH1"))
    world.shop.behaviours = [lost_reply]
    world.route()
    world.drain()
    old = world.steps("SH1")[0]
    entry = world.entry("SH1")
    with world.database.write() as tx:
        data = dict(intake.get_events(tx, [entry.event_id])[entry.event_id].data)
        data["shipment"] = data["shipment"] | {"packages": [{"tracking_number": "OTHER"}]}
        intake.refresh_event(tx, entry.event_id, data)
    world.operator.retry(entry.id, "somebody")
    world.route()
    new = world.steps("SH1")[0]
    assert new.spec != old.spec
    assert new.sent == [old.spec]
    assert new.reference == old.reference
    world.run()
    assert len(world.shop.shipments) == 1
    assert world.steps("SH1")[0].adopted


def test_a_step_in_doubt_that_is_planned_no_longer_is_looked_for_and_never_created(
    make_world: MakeWorld,
) -> None:
    world = make_world(settle=0.2)
    world.publish(shipment("SH1", "1", "2"))
    world.shop.behaviours = [last(world.stop, lost_request)]
    world.route()
    world.drain()
    world.stop.clear()
    entry = world.entry("SH1")
    keep = world.steps("SH1")[1]
    with world.database.write() as tx:
        steps.replace(tx, entry.id, [ShipmentStep.model_validate(keep.spec)])
    gone = {step.key: step.wanted for step in world.steps("SH1")}
    assert gone == {"shipment:1": False, "shipment:2": True}
    world.run()
    assert [step.key for step in world.steps("SH1")] == ["shipment:2"]
    assert [step.order.order.number for _, _, step in world.shop.shipments] == ["2"]
    assert world.statuses() == {"published": 1}


@pytest.mark.parametrize("crash", ["before", "after"])
def test_a_vanished_owner_leaves_doubt_from_the_end_of_its_lease(make_world: MakeWorld, crash: str) -> None:
    world = make_world(settle=0.5)
    world.publish(shipment("SH1"))
    world.route()
    with world.database.write() as tx:
        lease = lanes.acquire(tx, "shop", "one that vanishes", 90)
        assert lease is not None
        claims.claim(tx, "shop", lease.token, 10)
    if crash == "after":
        world.shop.commit(ShipmentStep.model_validate(world.steps("SH1")[0].spec))
    assert not world.drain().owned, "the lease still runs"
    world.expire_leases()
    world.run()
    assert world.statuses() == {"published": 1}
    assert len(world.shop.shipments) == 1
    assert "delivering>queued" in world.journal("SH1")
    assert len(world.shop.creates) == (1 if crash == "before" else 0)


def test_an_entry_whose_workers_keep_vanishing_is_quarantined(make_world: MakeWorld) -> None:
    world = make_world()
    world.publish(shipment("SH1"), shipment("SH2", "2"))
    world.route()
    first = world.entry("SH1").id
    for _ in range(claims.MOST_LOSSES):
        with world.database.write() as tx:
            lease = lanes.acquire(tx, "shop", "one that vanishes", 90)
            assert lease is not None
            claims.recover(tx, "shop", lease.token, lease.lost_until)
            claims.claim(tx, "shop", lease.token, 10)
        world.expire_leases()
    world.run()
    assert world.entry("SH1").code == "quarantined"
    assert world.entry("SH1").id == first
    assert world.entry("SH2").status == "published"


def _vanish_with_what_is_claimed(world: World, limit: int = 200) -> None:
    with world.database.write() as tx:
        lease = lanes.acquire(tx, "shop", "one that vanishes", 90)
        assert lease is not None
        claims.recover(tx, "shop", lease.token, lease.lost_until)
        claims.claim(tx, "shop", lease.token, limit)
    world.expire_leases()


def test_the_company_of_an_entry_that_makes_workers_vanish_is_not_quarantined_with_it(world: World) -> None:
    world.publish(*(shipment(f"SH{n}", str(n)) for n in range(20)))
    world.route()
    for _ in range(claims.MOST_LOSSES):
        _vanish_with_what_is_claimed(world)
    world.run()
    assert world.statuses() == {"errored": 1, "published": 19}
    assert world.entry("SH0").code == "quarantined"


def test_losses_from_before_a_person_had_an_entry_go_on_count_no_more(world: World) -> None:
    world.publish(shipment("SH1"))
    world.route()
    for _ in range(claims.MOST_LOSSES):
        _vanish_with_what_is_claimed(world)
    world.run()
    assert world.entry("SH1").code == "quarantined"
    world.operator.retry(world.entry("SH1").id, "somebody")
    world.route()
    _vanish_with_what_is_claimed(world)
    world.run()
    assert world.statuses() == {"published": 1}
    assert len(world.shop.shipments) == 1


def test_an_unknown_outcome_on_a_look_up_is_no_doubt(make_world: MakeWorld) -> None:
    world = make_world(settle=3600.0)
    world.publish(shipment("SH1"))
    world.shop.find_errors = [OutcomeUnknown("a look-up that was cut off")]
    world.run()
    assert world.statuses() == {"published": 1}
