"""A void takes back all that was written, once, whatever it names itself; what was taken back stays so."""

from decimal import Decimal

import pytest

from connector.errors import Rejected, Unavailable
from connector.status import IllegalMove
from connector.store import starting_over
from tests.lane.conftest import MakeWorld
from tests.lane.parts_given import CONFIRMED, FLOWS, VOIDED, ledger_of, parcel, tell
from tests.lane.voids_given import (
    entry_of,
    parts_world,
    prune,
    publish,
    under_way,
    voids_in_mode,
)
from tests.world import World

SECOND = """  - name: more-write-backs
    event: shipment.confirmed
    from: erp
    to: shop
    mapping: {ship_via: {UPS: {code: UPS}}}
    write_back: {freight: {amount: fixed, value: 1, onto: order}, ship_via: false, ship_date: false}
    retry: {first: 0.05, longest: 0.2}
"""
VOIDS_TOO = "  - {name: voids-too, event: shipment.voided, from: erp, to: shop}\n"


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    return parts_world(make_world)


def confirmed_and_voided(world: World) -> int:
    """Shipment SH1 was written and taken back; its event."""
    receipt = tell(world, CONFIRMED, parcel("SH1"))
    world.run()
    tell(world, VOIDED, parcel("SH1"))
    world.run()
    assert ledger_of(world.shop).shipments == {}
    return receipt.id


# -- all of it ---------------------------------------------------------------------------------------------


def test_a_shipment_of_fewer_orders_takes_back_all_orders_of_the_one_that_it_replaces(world: World) -> None:
    ledger = ledger_of(world.shop)
    tell(world, CONFIRMED, parcel("SH1", "1", "2", freight="10.00"))
    world.run()
    tell(world, CONFIRMED, parcel("SH2", "1", freight="4.00", replaces="SH1"))
    world.run()
    assert ledger.freight == {"1": Decimal("4.00"), "2": Decimal("0.00")}
    assert [paper.tracking for paper in ledger.shipments.values()] == [["T-SH2"]]


def test_a_void_that_names_fewer_orders_takes_back_all_of_them(world: World) -> None:
    tell(world, CONFIRMED, parcel("SH1", "1", "2", freight="10.00"))
    world.run()
    tell(world, VOIDED, parcel("SH1", "1"))
    world.run()
    assert ledger_of(world.shop).shipments == {}
    assert set(ledger_of(world.shop).freight.values()) == {Decimal("0.00")}


def test_what_two_flows_wrote_to_one_target_is_taken_back_by_one_void(make_world: MakeWorld) -> None:
    world = parts_world(make_world, SECOND + FLOWS)
    tell(world, CONFIRMED, parcel("SH1"))
    world.run()
    ledger = ledger_of(world.shop)
    assert (ledger.freight["1"], len(ledger.shipments)) == (Decimal("10.50"), 2)
    tell(world, VOIDED, parcel("SH1"))
    world.run()
    assert (ledger.freight["1"], ledger.shipments) == (Decimal("0.00"), {})


# -- once --------------------------------------------------------------------------------------------------


def test_two_flows_of_voids_to_one_target_take_back_once(make_world: MakeWorld) -> None:
    world = parts_world(make_world, FLOWS + VOIDS_TOO)
    ledger_of(world.shop).freight["1"] = Decimal("20.00")
    confirmed_and_voided(world)
    assert ledger_of(world.shop).freight["1"] == Decimal("20.00")
    assert entry_of(world, "SH1", "voids-too").code == "not carried"


def test_a_void_that_is_started_over_leaves_alone_what_was_written_since(world: World) -> None:
    confirmed_and_voided(world)
    tell(world, CONFIRMED, parcel("SH1"), 2)
    world.run()
    world.operator.start_over(entry_of(world, "SH1", "voids").id, "anna", "once more")
    world.run()
    assert ledger_of(world.shop).freight["1"] == Decimal("9.50")
    assert len(ledger_of(world.shop).shipments) == 1


# -- stays so ----------------------------------------------------------------------------------------------


def test_what_was_taken_back_is_not_started_over(world: World) -> None:
    confirmed_and_voided(world)
    with pytest.raises(IllegalMove, match="was taken back, by event"):
        world.operator.start_over(entry_of(world, "SH1").id, "anna", "deleted there")


def test_what_was_taken_back_is_not_made_anew_by_a_retry(world: World) -> None:
    confirmed_and_voided(world)
    world.operator.retry(entry_of(world, "SH1").id, "anna")
    world.run()
    assert (entry_of(world, "SH1").status, entry_of(world, "SH1").code) == ("filtered", "voided")
    assert (ledger_of(world.shop).shipments, ledger_of(world.shop).freight["1"]) == ({}, Decimal("0.00"))


def test_what_was_taken_back_is_not_made_anew_though_its_source_asks_once_more(world: World) -> None:
    event_id = confirmed_and_voided(world)
    with world.database.write() as tx:
        assert starting_over.by_source(tx, event_id, "erp") == []


def test_a_shipment_that_waits_for_one_order_does_not_go_on_behind_its_void(world: World) -> None:
    """The void, which another order's part keeps busy, found nothing of the missing order to take back."""
    ledger = ledger_of(world.shop)
    world.shop.orders_missing.add("1")
    tell(world, CONFIRMED, parcel("SH1", "1", "2", freight="10.00"))
    world.route()
    carrying = entry_of(world, "SH1").id
    under_way(world, carrying, "delivering")
    tell(world, VOIDED, parcel("SH1", "1", "2", freight="10.00"))
    world.route()
    under_way(world, carrying, "queued")
    ledger.refusals["undo"] = [Unavailable("busy")]
    world.drain()
    world.shop.orders_missing.clear()
    world.run()
    assert (ledger.shipments, set(ledger.freight.values())) == ({}, {Decimal("0.00")})
    assert entry_of(world, "SH1").status == "superseded"


def test_the_rest_of_a_shipment_is_not_written_by_a_retry_once_its_void_is_under_way(world: World) -> None:
    ledger = ledger_of(world.shop)
    ledger.refusals["freight"] = [Rejected("the order is locked")]
    tell(world, CONFIRMED, parcel("SH1"))
    world.route()
    carrying = entry_of(world, "SH1").id
    under_way(world, carrying, "delivering")
    tell(world, VOIDED, parcel("SH1"))
    world.route()
    under_way(world, carrying, "errored")
    world.operator.retry(carrying, "anna")
    world.run()
    assert (entry_of(world, "SH1").status, entry_of(world, "SH1").code) == ("filtered", "voided")
    assert (ledger.shipments, ledger.freight) == ({}, {})


# -- what is not carried yet -------------------------------------------------------------------------------


def test_a_rehearsed_void_ends_nothing(make_world: MakeWorld) -> None:
    world = parts_world(make_world, voids_in_mode("dry-run"))
    ledger_of(world.shop).refusals["tracking"] = [Rejected("serial items")]
    for type_ in (CONFIRMED, VOIDED):
        tell(world, type_, parcel("SH1"))
        world.run()
    assert entry_of(world, "SH1").status == "errored"
    assert entry_of(world, "SH1", "voids").status == "simulated"


def test_a_held_void_ends_nothing_until_it_is_posted(make_world: MakeWorld) -> None:
    world = parts_world(make_world, voids_in_mode("held"))
    ledger_of(world.shop).refusals["tracking"] = [Rejected("serial items")]
    for type_ in (CONFIRMED, VOIDED):
        tell(world, type_, parcel("SH1"))
        world.run()
    assert entry_of(world, "SH1").status == "errored"
    world.operator.retry(entry_of(world, "SH1", "voids").id, "anna")
    world.run()
    assert entry_of(world, "SH1").status == "superseded"
    assert ledger_of(world.shop).shipments == {}


# -- what is not known -------------------------------------------------------------------------------------


def test_a_void_of_what_is_so_old_that_it_was_pruned_is_for_a_person_and_stops_nobody(world: World) -> None:
    tell(world, CONFIRMED, parcel("SH1"))
    world.run()
    prune(world)
    tell(world, VOIDED, parcel("SH1"))
    tell(world, CONFIRMED, parcel("SH2", "2"))
    world.run()
    void = entry_of(world, "SH1", "voids")
    assert (void.status, void.code) == ("errored", "not known")
    assert "so old that it is not known any more what it wrote" in void.reason
    assert entry_of(world, "SH2").status == "published"


def test_a_void_that_was_held_until_its_shipment_was_pruned_is_for_a_person(make_world: MakeWorld) -> None:
    world = parts_world(make_world, voids_in_mode("held"))
    for type_ in (CONFIRMED, VOIDED):
        tell(world, type_, parcel("SH1"))
        world.run()
    prune(world)
    world.operator.retry(entry_of(world, "SH1", "voids").id, "anna")
    world.run()
    assert entry_of(world, "SH1", "voids").code == "not known"


def test_what_was_done_by_hand_is_taken_back_by_hand(world: World) -> None:
    world.shop.orders_missing.add("1")
    ledger_of(world.shop).refusals["shipment"] = [Rejected("no")]
    ledger_of(world.shop).refusals["freight"] = [Rejected("no")]
    world.shop.orders_missing.clear()
    tell(world, CONFIRMED, parcel("SH1"))
    world.run()
    world.operator.resolve(entry_of(world, "SH1").id, "anna", "entered it", unchecked=True)
    tell(world, VOIDED, parcel("SH1"))
    world.run()
    assert entry_of(world, "SH1", "voids").status == "errored"
    assert "was done by hand: take it back there by hand" in entry_of(world, "SH1", "voids").reason


# -- publishers that count no revisions --------------------------------------------------------------------


def test_a_shipment_is_confirmed_and_voided_again_and_again_without_revisions(world: World) -> None:
    ledger = ledger_of(world.shop)
    for number, type_ in enumerate((CONFIRMED, VOIDED, CONFIRMED, VOIDED, CONFIRMED)):
        assert not publish(world, type_, f"id-{number}").duplicate
        world.run()
    assert (len(ledger.shipments), ledger.freight["1"]) == (1, Decimal("9.50"))


def test_what_is_delivered_once_more_after_its_void_is_no_new_shipment(world: World) -> None:
    publish(world, CONFIRMED, "a")
    publish(world, VOIDED, "b")
    assert publish(world, CONFIRMED, "a").duplicate
    assert publish(world, VOIDED, "b").duplicate
    assert not publish(world, CONFIRMED, "c").duplicate
    assert publish(world, CONFIRMED, "c").duplicate
