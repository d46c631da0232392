"""Planned anew while in doubt: whatever was sent under any earlier plan is looked for, and nothing unwanted is done."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from connector.errors import OutcomeUnknown
from connector.planned import ShipmentStep
from connector.store import intake, steps
from connector.systems.base import Effect
from tests.lane.conftest import MakeWorld
from tests.stub import Shop, StubRecipe, lost_reply, lost_request, raising
from tests.world import World, shipment

UPS_ONLY = "[{name: by truck, when: 'shipment.ship_via == \"UPS\"'}]"


def _changed_at_its_source(world: World, **members: Any) -> None:
    """The shipment says something else by now, and a person has its entry planned anew."""
    entry = world.entry("SH1")
    with world.database.write() as tx:
        data = dict(intake.get_events(tx, [entry.event_id])[entry.event_id].data)
        assert intake.refresh_event(tx, entry.event_id, data | {"shipment": data["shipment"] | members})
    world.operator.retry(entry.id, "somebody")
    world.route()


def _given_up_in_doubt(world: World, *behaviours: Any) -> None:
    world.publish(shipment("SH1"))
    world.shop.behaviours = list(behaviours)
    world.route()
    world.drain()
    assert (world.entry("SH1").status, world.entry("SH1").code) == ("errored", "gave up")


# -- planned anew to nothing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("require", [UPS_ONLY, "[]"], ids=["filtered", "unmapped"])
def test_an_entry_in_doubt_that_is_to_be_delivered_no_longer_still_finds_what_was_sent(
    make_world: MakeWorld, require: str
) -> None:
    world = make_world(give_up=0.01, require=require)
    _given_up_in_doubt(world, lost_reply)
    _changed_at_its_source(world, ship_via="PIGEON")
    world.run()
    assert ("erp:SH1", "shop:S0001") in world.links()
    assert (world.entry("SH1").status, world.entry("SH1").target_number) == ("published", "S0001")
    assert len(world.shop.creates) == 1


@pytest.mark.parametrize(
    ("require", "ends"),
    [(UPS_ONLY, ("filtered", "preference")), ("[]", ("errored", "mapping"))],
    ids=["filtered", "unmapped"],
)
def test_an_entry_in_doubt_of_which_nothing_stands_ends_as_it_was_decided_anew(
    make_world: MakeWorld, require: str, ends: tuple[str, str]
) -> None:
    world = make_world(give_up=0.01, require=require)
    _given_up_in_doubt(world, lost_request)
    looked = sum(world.shop.finds.values())
    _changed_at_its_source(world, ship_via="PIGEON")
    world.run()
    assert (world.entry("SH1").status, world.entry("SH1").code) == ends
    assert sum(world.shop.finds.values()) > looked, "it was looked for first"
    assert world.shop.shipments == []
    assert world.steps("SH1") == []


# -- planned anew more than once ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("stands", ["A", "B"])
def test_whatever_was_sent_under_any_earlier_plan_is_found_at_a_target_that_looks_by_content(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch, stands: str
) -> None:
    """Planned as A and sent, planned as B and sent, both with replies lost, then planned as C."""
    world = make_world(give_up=0.01)
    monkeypatch.setattr(StubRecipe, "find", _find_by_tracking_number)
    sent: dict[str, ShipmentStep] = {}

    def lost(shop: Shop, step: ShipmentStep) -> None:
        sent[step.packages[0].tracking_number] = step
        raise OutcomeUnknown("no reply")

    world.publish(shipment("SH1"))
    world.route()
    for plan in ("A", "B"):
        _plan_as(world, plan)
        world.shop.behaviours = [lost]
        world.drain()
        assert world.entry("SH1").code == "gave up"
    assert set(sent) == {"A", "B"}
    number = world.shop.commit(sent[stands])
    _changed_at_its_source(world, packages=[{"tracking_number": "C"}])
    world.run()
    assert (world.entry("SH1").status, world.entry("SH1").target_number) == ("published", number)
    assert len(world.shop.shipments) == 1


def _plan_as(world: World, tracking_number: str) -> None:
    if world.entry("SH1").status == "queued":
        world.operator.ignore(world.entry("SH1").id, "somebody", "to be corrected")
    _changed_at_its_source(world, packages=[{"tracking_number": tracking_number}])


async def _find_by_tracking_number(self: StubRecipe) -> tuple[Effect, ...]:
    assert isinstance(self._step, ShipmentStep)
    wanted = self._step.packages
    made = [(number, one) for _, number, one in self._shop.shipments if isinstance(one, ShipmentStep)]
    return tuple(self._effect(number) for number, one in made if one.packages == wanted)


# -- increments --------------------------------------------------------------------------------------------------------


def _try_once(world: World, behaviour: Callable[[Shop, ShipmentStep], None]) -> None:
    """The worker shuts down in the middle of the first call, so that nothing is tried again at once."""

    def last(shop: Shop, step: ShipmentStep) -> None:
        world.stop.set()
        behaviour(shop, step)

    world.shop.behaviours = [last]
    world.route()
    world.drain()
    world.stop.clear()


def _without_the_first_order(world: World) -> None:
    entry, keep = world.entry("SH1"), world.steps("SH1")[1]
    with world.database.write() as tx:
        steps.replace(tx, entry.id, [ShipmentStep.model_validate(keep.spec)])


def test_an_increment_in_doubt_that_is_planned_no_longer_is_never_written(make_world: MakeWorld) -> None:
    world = make_world(increments=True)
    world.publish(shipment("SH1", "1", "2"))
    _try_once(world, raising(OutcomeUnknown("no reply")))
    assert world.steps("SH1")[0].after == "14.10"
    _without_the_first_order(world)
    world.run()
    assert world.shop.freight == {"2": Decimal("14.10")}
    assert [row.key for row in world.steps("SH1")] == ["shipment:2"]
    assert world.statuses() == {"published": 1}


def test_an_increment_that_was_written_before_it_was_planned_no_longer_is_kept_as_done(
    make_world: MakeWorld,
) -> None:
    world = make_world(increments=True)
    world.publish(shipment("SH1", "1", "2"))

    def written_without_reply(shop: Shop, step: ShipmentStep) -> None:
        shop.freight["1"] = Decimal("14.10")
        raise OutcomeUnknown("no reply")

    _try_once(world, written_without_reply)
    _without_the_first_order(world)
    world.run()
    assert len(world.shop.writes) == 2
    assert {row.key for row in world.steps("SH1") if row.done_at} == {"shipment:1", "shipment:2"}
    assert world.statuses() == {"published": 1}
