"""Where the order itself ships, it is asked first whether it can: nothing is written, counted or typed in for that."""

from dataclasses import dataclass, replace

import pytest

from connector.errors import Rejected
from connector.expected import to_enter
from connector.planned import Manner, ReadyStep, ShipmentStep, Step, TrackingStep
from connector.systems.base import Effect, Increment, Known, Recipe
from connector.systems.http import Http
from schemas.base import DocumentRef
from tests.lane.conftest import MakeWorld
from tests.lane.parts_given import CONFIRMED, Ledger, PartsAdapter, ledger_of, parcel, tell
from tests.world import World

FLOWS = """
  - {name: write-backs, event: shipment.confirmed, from: erp, to: shop, retry: {first: 0.05, longest: 0.2}}
"""
ORDER = DocumentRef(connection="shop", kind="order", number="12")


@dataclass
class Shipping:
    """Each step is done on order 12, which ships; a look that finds it ready has nothing to do."""

    ledger: Ledger
    step: ReadyStep | TrackingStep | ShipmentStep
    known: Known
    native_key: bool = True

    async def find(self) -> tuple[Effect, ...]:
        if isinstance(self.step, ReadyStep):
            self.ledger.refuse("ready")
            return (Effect(ORDER),)
        assert self.known.made["ready:1"] == ORDER
        return (Effect(self._document),) if self.step.key in self.ledger.written else ()

    async def create(self) -> Effect:
        self.ledger.refuse(self.step.kind)
        self.ledger.written.append(self.step.key)
        return Effect(self._document)

    async def verify(self, effect: Effect) -> Effect:
        return effect

    @property
    def _document(self) -> DocumentRef:
        kind = "shipment" if isinstance(self.step, ShipmentStep) else "order"
        return ORDER.model_copy(update={"kind": kind})


class ShippingAdapter(PartsAdapter):
    """A target whose orders ship."""

    capabilities = replace(
        PartsAdapter.capabilities, manner=Manner(parts=frozenset({"tracking", "shipment"}), onto="order")
    )

    def recipe(self, http: Http, step: Step, known: Known) -> Recipe | Increment:  # type: ignore[override]
        assert isinstance(step, ReadyStep | TrackingStep | ShipmentStep)
        return Shipping(self.ledger, step, known)


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    return make_world(flows=FLOWS, mode="off", adapter=ShippingAdapter)


def test_it_is_seen_first_whether_the_order_is_ready_and_it_ships_last(world: World) -> None:
    tell(world, CONFIRMED, parcel("SH1"))
    world.run()
    entry = world.all_entries()[-1]
    assert (entry.status, entry.target_number) == ("published", "12")
    assert ledger_of(world.shop).written == ["tracking:1", "shipment:1"]
    assert [step.kind for step in world.steps_of(entry.id)] == ["ready", "tracking", "shipment"]


def test_an_order_that_is_not_ready_has_nothing_written_onto_it(world: World) -> None:
    ledger = ledger_of(world.shop)
    ledger.refusals["ready"] = [Rejected("it is locked", code="not ready")]
    tell(world, CONFIRMED, parcel("SH1"))
    world.run()
    entry = world.all_entries()[-1]
    assert (entry.status, entry.code) == ("errored", "not ready")
    assert not entry.target_number
    assert ledger.written == []
    world.operator.retry(entry.id, "anna")
    world.run()
    assert world.all_entries()[-1].status == "published"


def test_what_was_only_ready_is_no_part_that_was_done(world: World) -> None:
    ledger = ledger_of(world.shop)
    ledger.refusals["tracking"] = [Rejected("the number is too long", code="too long")]
    tell(world, CONFIRMED, parcel("SH1"))
    world.run()
    entry = world.all_entries()[-1]
    assert (entry.status, entry.code) == ("errored", "too long")
    assert not entry.target_number
    assert "done:" not in entry.reason
    assert ledger.written == []


def test_nothing_of_it_is_typed_in_by_hand(world: World) -> None:
    ledger_of(world.shop).refusals["ready"] = [Rejected("it is locked")]
    tell(world, CONFIRMED, parcel("SH1"))
    world.run()
    entry = world.all_entries()[-1]
    left = {one.step for one in to_enter(world.steps_of(entry.id))}
    assert left == {"tracking:1", "shipment:1"}
