"""A shipment that is taken back: exactly what was written for it goes, whatever came in between, in any order."""

from decimal import Decimal

import pytest

from connector.errors import NotSent, OutcomeUnknown, Rejected
from connector.store.entries import EntryRow
from tests.lane.conftest import MakeWorld
from tests.lane.parts_given import CONFIRMED, FLOWS, VOIDED, PartsAdapter, ledger_of, parcel, tell
from tests.world import World


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    return make_world(flows=FLOWS, mode="off", adapter=PartsAdapter)


def _entry(world: World, number: str, flow: str = "write-backs", nth: int = -1) -> EntryRow:
    return [row for row in world.all_entries() if (row.source_number, row.flow) == (number, flow)][nth]


def test_a_void_takes_back_freight_tracking_note_and_the_shipment(world: World) -> None:
    ledger = ledger_of(world.shop)
    ledger.freight["1"] = Decimal("3.00")
    tell(world, CONFIRMED, parcel("SH1"))
    world.run()
    assert ledger.freight["1"] == Decimal("12.50")
    assert [paper.tracking for paper in ledger.shipments.values()] == [["T-SH1"]]
    tell(world, VOIDED, parcel("SH1"))
    world.run()
    assert _entry(world, "SH1", "voids").status == "published"
    assert ledger.freight["1"] == Decimal("3.00")
    assert ledger.shipments == {}


def test_a_void_lowers_by_what_was_added_and_not_by_what_the_source_says_now(world: World) -> None:
    ledger = ledger_of(world.shop)
    tell(world, CONFIRMED, parcel("SH1", freight="9.50"))
    world.run()
    ledger.freight["1"] += Decimal("100.00")
    tell(world, VOIDED, parcel("SH1", freight="77.00"))
    world.run()
    assert ledger.freight["1"] == Decimal("100.00")


def test_a_shipment_that_is_processed_again_after_its_void_is_written_anew(world: World) -> None:
    for type_, revision in ((CONFIRMED, 1), (VOIDED, 1), (CONFIRMED, 2)):
        tell(world, type_, parcel("SH1"), revision)
        world.run()
    ledger = ledger_of(world.shop)
    assert ledger.freight["1"] == Decimal("9.50")
    assert [paper.tracking for paper in ledger.shipments.values()] == [["T-SH1"]]


def test_a_void_that_comes_before_its_shipment_keeps_it_from_being_written(world: World) -> None:
    tell(world, VOIDED, parcel("SH1"))
    world.run()
    tell(world, CONFIRMED, parcel("SH1"))
    world.run()
    assert (_entry(world, "SH1").status, _entry(world, "SH1").code) == ("filtered", "voided")
    assert (_entry(world, "SH1", "voids").status, _entry(world, "SH1", "voids").code) == (
        "filtered",
        "not carried",
    )
    assert ledger_of(world.shop).written == []


def test_a_shipment_that_waits_for_its_order_is_superseded_by_its_void(world: World) -> None:
    world.shop.orders_missing.add("1")
    tell(world, CONFIRMED, parcel("SH1"))
    world.run(seconds=1)
    assert _entry(world, "SH1").status == "waiting"
    tell(world, VOIDED, parcel("SH1"))
    world.run()
    assert _entry(world, "SH1").status == "superseded"
    assert _entry(world, "SH1", "voids").code == "not carried"


def test_a_void_takes_back_the_half_that_was_written_and_ends_the_entry(world: World) -> None:
    ledger = ledger_of(world.shop)
    ledger.refusals["tracking"] = [Rejected("serial items")]
    tell(world, CONFIRMED, parcel("SH1"))
    world.run()
    assert (_entry(world, "SH1").status, _entry(world, "SH1").code) == ("errored", "partial")
    tell(world, VOIDED, parcel("SH1"))
    world.run()
    assert (ledger.shipments, ledger.freight) == ({}, {"1": Decimal("0.00")})
    assert _entry(world, "SH1").status == "superseded"
    assert _entry(world, "SH1", "voids").status == "published"


@pytest.mark.parametrize("arrived", [True, False])
def test_a_freight_of_unknown_outcome_is_looked_at_before_it_is_taken_back(
    make_world: MakeWorld, arrived: bool
) -> None:
    world = make_world(
        flows=FLOWS.replace("first: 0.05, longest: 0.2", "first: 30, longest: 60"),
        mode="off",
        adapter=PartsAdapter,
    )
    ledger = ledger_of(world.shop)
    ledger.refusals["freight afterwards" if arrived else "freight"] = [OutcomeUnknown("no reply")]
    tell(world, CONFIRMED, parcel("SH1"))
    world.run(2)
    tell(world, VOIDED, parcel("SH1"))
    world.route()
    world.operator.ignore(_entry(world, "SH1").id, "anna", "it is voided")
    world.run()
    assert ledger.freight.get("1", Decimal("0.00")) == Decimal("0.00")
    assert _entry(world, "SH1", "voids").status == "published"


def test_a_void_is_made_once_although_its_reply_is_lost(world: World) -> None:
    ledger = ledger_of(world.shop)
    tell(world, CONFIRMED, parcel("SH1"))
    world.run()
    ledger.refusals["freight afterwards"] = [OutcomeUnknown("no reply")]
    ledger.refusals["undo"] = [NotSent("refused")]
    tell(world, VOIDED, parcel("SH1"))
    world.run()
    assert ledger.freight["1"] == Decimal("0.00")
    assert ledger.shipments == {}


def test_a_shipment_that_replaces_another_takes_that_one_back_first(world: World) -> None:
    ledger = ledger_of(world.shop)
    tell(world, CONFIRMED, parcel("SH1"))
    world.run()
    tell(world, CONFIRMED, parcel("SH2", freight="4.00", replaces="SH1"))
    world.run()
    assert ledger.freight["1"] == Decimal("4.00")
    assert [paper.tracking for paper in ledger.shipments.values()] == [["T-SH2"]]
    told_twice = [row for row in world.all_entries() if row.flow == "voids"]
    assert [row.status for row in told_twice] == ["published"]


def test_the_replaced_shipment_may_come_after_the_one_that_replaces_it(world: World) -> None:
    tell(world, CONFIRMED, parcel("SH2", replaces="SH1"))
    world.run()
    tell(world, CONFIRMED, parcel("SH1"))
    world.run()
    assert _entry(world, "SH1").code == "voided"
    assert [paper.tracking for paper in ledger_of(world.shop).shipments.values()] == [["T-SH2"]]


def test_a_combined_shipment_is_taken_back_order_by_order(world: World) -> None:
    ledger = ledger_of(world.shop)
    tell(world, CONFIRMED, parcel("SH1", "1", "2", "3", freight="10.00"))
    world.run()
    assert ledger.freight == {"1": Decimal("3.34"), "2": Decimal("3.33"), "3": Decimal("3.33")}
    tell(world, VOIDED, parcel("SH1", "1", "2", "3"))
    world.run()
    assert set(ledger.freight.values()) == {Decimal("0.00")}
    assert ledger.shipments == {}
