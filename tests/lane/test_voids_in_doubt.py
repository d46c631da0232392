"""What may have been written, or never was: amounts and steps in doubt that are taken back or given up."""

from decimal import Decimal

from connector.errors import OutcomeUnknown, Rejected
from connector.store import steps
from tests.lane.conftest import MakeWorld
from tests.lane.parts_given import CONFIRMED, FLOWS, VOIDED, ledger_of, parcel, tell
from tests.lane.voids_given import UNHURRIED, entry_of, parts_world
from tests.world import World

NEVER = "    preferences: {require: [{name: never, when: \"shipment.number == 'x'\"}]}\n    retry: {first"


def refused(make_world: MakeWorld) -> World:
    """The freight of SH1 was refused; then SH2 raised that of the same order."""
    world = parts_world(make_world)
    ledger_of(world.shop).refusals["freight"] = [Rejected("the order is locked")]
    tell(world, CONFIRMED, parcel("SH1"))
    world.run()
    tell(world, CONFIRMED, parcel("SH2", freight="2.00"))
    world.run()
    assert ledger_of(world.shop).freight["1"] == Decimal("2.00")
    return world


def test_a_freight_that_was_refused_is_not_taken_back(make_world: MakeWorld) -> None:
    world = refused(make_world)
    tell(world, VOIDED, parcel("SH1"))
    world.run()
    assert ledger_of(world.shop).freight["1"] == Decimal("2.00")
    assert entry_of(world, "SH1", "voids").status == "published"


def test_a_freight_that_was_refused_is_raised_by_a_retry_though_another_raised_it_since(
    make_world: MakeWorld,
) -> None:
    world = refused(make_world)
    world.operator.retry(entry_of(world, "SH1").id, "anna")
    world.run()
    assert ledger_of(world.shop).freight["1"] == Decimal("11.50")


def in_doubt(make_world: MakeWorld, **config: object) -> World:
    """The reply to the freight of SH1 was lost, and a person ignored the entry."""
    world = parts_world(make_world, UNHURRIED, **config)
    ledger_of(world.shop).refusals["freight"] = [OutcomeUnknown("no reply")]
    tell(world, CONFIRMED, parcel("SH1"))
    world.run(1)
    world.operator.ignore(entry_of(world, "SH1").id, "anna", "it is voided")
    return world


def test_a_freight_in_doubt_that_others_changed_is_not_lowered_on_a_guess(make_world: MakeWorld) -> None:
    world = in_doubt(make_world)
    ledger_of(world.shop).freight["1"] = Decimal("2.00")
    tell(world, VOIDED, parcel("SH1"))
    world.run(1)
    assert ledger_of(world.shop).freight["1"] == Decimal("2.00")
    void = entry_of(world, "SH1", "voids")
    assert void.status == "errored"
    assert "may have been raised from 0.00 to 9.50, but now it is 2.00" in void.reason


def test_what_may_still_come_is_not_taken_for_gone_by_a_void(make_world: MakeWorld) -> None:
    world = in_doubt(make_world, settle=600)
    tell(world, VOIDED, parcel("SH1"))
    world.run(1)
    void = entry_of(world, "SH1", "voids")
    assert (void.status, void.code) == ("retrying", "in doubt")


def test_a_freight_that_a_worker_never_came_to_has_nothing_to_be_taken_back(make_world: MakeWorld) -> None:
    """A worker that vanishes leaves every step in doubt; an amount is changed only after it was committed."""
    world = parts_world(make_world)
    ledger = ledger_of(world.shop)
    ledger.refusals |= {"shipment": [Rejected("no")], "freight": [Rejected("no")]}
    tell(world, CONFIRMED, parcel("SH1"))
    world.run()
    with world.database.write() as tx:
        steps.doubt(tx, [entry_of(world, "SH1").id], tx.now, ["freight:1"])
    tell(world, VOIDED, parcel("SH1"))
    world.run()
    assert entry_of(world, "SH1", "voids").status == "published"
    assert ledger.written == []


def test_steps_in_doubt_that_nobody_wants_any_more_are_gone_with_their_document(
    make_world: MakeWorld,
) -> None:
    world = parts_world(make_world)
    ledger_of(world.shop).refusals |= {"shipment": [Rejected("no")], "freight": [Rejected("no")]}
    tell(world, CONFIRMED, parcel("SH1"))
    world.run()
    carrying = entry_of(world, "SH1").id
    with world.database.write() as tx:
        steps.doubt(tx, [carrying], tx.now)
    edited = parts_world(make_world, FLOWS.replace("    retry: {first", NEVER, 1))
    edited.operator.retry(carrying, "anna")
    edited.run(5)
    assert entry_of(edited, "SH1").status == "filtered"
    assert edited.steps_of(carrying) == []
