"""A shipment's parts are steps of their own: what fails is retried alone, and is told beside what stands there."""

from decimal import Decimal

import pytest

from connector.errors import OutcomeUnknown, Rejected
from tests.lane.conftest import MakeWorld
from tests.lane.parts_given import CONFIRMED, FLOWS, PartsAdapter, ledger_of, parcel, tell
from tests.world import World


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    return make_world(flows=FLOWS, mode="off", adapter=PartsAdapter)


def test_what_is_refused_is_compared_and_a_retry_does_only_what_is_missing(world: World) -> None:
    ledger = ledger_of(world.shop)
    ledger.refusals["tracking"] = [Rejected("the packages are refused")]
    tell(world, CONFIRMED, parcel("SH1"))
    world.run()
    entry = world.all_entries()[-1]
    assert (entry.status, entry.code) == ("errored", "partial")
    tracking = next(step for step in world.steps_of(entry.id) if step.kind == "tracking")
    assert tracking.fields == [{"label": "Tracking", "expected": "T-SH1", "there": ""}]
    before = list(ledger.written)
    world.operator.retry(entry.id, "anna")
    world.run()
    assert world.all_entries()[-1].status == "published"
    assert ledger.written[len(before) :] == ["tracking:1"]


def test_an_amount_set_by_hand_is_believed_once_it_is_what_it_was_to_become(world: World) -> None:
    ledger = ledger_of(world.shop)
    ledger.freight["1"] = Decimal("3.00")
    ledger.refusals["freight"] = [Rejected("the freight is refused")]
    tell(world, CONFIRMED, parcel("SH1"))
    world.run()
    entry = world.all_entries()[-1]
    freight = next(step for step in world.steps_of(entry.id) if step.kind == "freight")
    assert freight.fields == [{"label": "Amount", "expected": "12.50", "there": "3.00"}]
    for typed, status in (("12.00", "errored"), ("12.50", "resolved")):
        ledger.freight["1"] = Decimal(typed)
        world.operator.resolve(entry.id, "anna", "typed in", unchecked=False)
        world.run()
        assert world.all_entries()[-1].status == status


def test_two_shipments_raise_one_freight_one_after_the_other(make_world: MakeWorld) -> None:
    """Two orders of different lanes may touch one document: none of the two amounts is lost."""
    world = make_world(flows=FLOWS, mode="off", adapter=_OneInvoice, concurrency=4)
    ledger = ledger_of(world.shop)
    for number in range(6):
        tell(world, CONFIRMED, parcel(f"SH{number}", f"{number}", freight="1.10"))
    world.run()
    assert {row.status for row in world.all_entries() if row.flow == "write-backs"} == {"published"}
    assert ledger.freight == {"all": Decimal("6.60")}


def test_a_freight_is_raised_once_though_its_reply_is_lost(world: World) -> None:
    ledger = ledger_of(world.shop)
    ledger.refusals["freight afterwards"] = [OutcomeUnknown("no reply")]
    tell(world, CONFIRMED, parcel("SH1"))
    world.run()
    assert ledger.freight["1"] == Decimal("9.50")
    assert world.all_entries()[-1].status == "published"


class _OneInvoice(PartsAdapter):
    """All orders stand on one invoice."""

    def recipe(self, http, step, known):  # type: ignore[no-untyped-def]
        found = super().recipe(http, step, known)
        if hasattr(found, "_order"):
            found._order = "all"
        return found
