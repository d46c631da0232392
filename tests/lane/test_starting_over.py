"""An entry is started over: what stands is kept, what is gone is made anew; by a person here, or by its source's wish.

And a shipment that was deleted at its source without a word is taken back by hand.
"""

from datetime import timedelta
from typing import Any

import pytest

from connector.errors import Rejected
from connector.operate import Refused
from connector.status import Status
from connector.store import browse, entries, inspections, intake, starting_over, steps
from connector.store.entries import Move
from connector.store.intake import EventRow
from connector.store.prune import Pruning
from connector.store.tables import audit, entry, event
from schemas.config import Retention
from schemas.events import ShipmentConfirmed
from tests.lane.conftest import MakeWorld
from tests.stub import raising
from tests.world import World, shipment

FIELD = {"label": "tracking", "expected": "1Z9", "there": "1Z9"}
VOIDS = "  - {name: voids, event: shipment.voided, from: erp, to: shop}"


def published(world: World, *orders: str) -> int:
    """A shipment that stands at the target; its entry."""
    world.publish(shipment("SH1", *orders))
    world.run()
    assert world.entry("SH1").status == "published"
    return world.entry("SH1").id


def audited(world: World) -> list[tuple[str, str, dict[str, Any]]]:
    with world.database.read() as tx:
        rows = tx.rows(audit.select().order_by(audit.c.id))
    return [(row["actor"], row["action"], row["detail"]) for row in rows]


# -- started over ------------------------------------------------------------------------------------------


def test_what_was_deleted_at_the_target_is_made_anew_and_linked_anew(world: World) -> None:
    entry_id = published(world)
    world.shop.shipments[0] = ("deleted", *world.shop.shipments[0][1:])
    world.operator.start_over(entry_id, "maria", "deleted there by mistake")
    world.run()
    entry = world.entry("SH1")
    assert (entry.status, entry.target_number) == ("published", "S0002")
    pairs = {target for source, target in world.links() if source == "erp:SH1"}
    assert pairs == {"shop:S0002"}, "the link to what is gone is dropped"
    assert audited(world) == [
        ("maria", "start over", {"was": "published", "reason": "deleted there by mistake"})
    ]


def test_what_stands_still_is_adopted_and_nothing_is_made_twice(world: World) -> None:
    entry_id = published(world, "1", "2")
    gone = world.shop.shipments[1]
    world.shop.shipments[1] = ("deleted", *gone[1:])
    world.operator.start_over(entry_id, "maria", "the second was deleted")
    world.run()
    assert world.entry("SH1").status == "published"
    first, second = world.steps("SH1")
    assert (first.adopted, second.adopted) == (True, False)
    assert world.shop.creates.count(first.reference) == 1
    assert world.shop.creates.count(second.reference) == 2


def test_nothing_needs_to_settle_before_it_is_made_anew(make_world: MakeWorld) -> None:
    world = make_world(settle=3600.0)
    entry_id = published(world)
    world.shop.shipments[0] = ("deleted", *world.shop.shipments[0][1:])
    world.operator.start_over(entry_id, "maria", "deleted there")
    world.route()
    world.drain()
    assert world.entry("SH1").status == "published"
    assert len(world.shop.creates) == 2


def test_an_errored_and_an_ignored_entry_can_be_started_over_too(world: World) -> None:
    world.publish(shipment("SH1", "1", "2"))
    world.shop.behaviours = [lambda shop, step: None, raising(Rejected("no such item"))]
    world.run()
    entry_id = world.entry("SH1").id
    world.shop.shipments[0] = ("deleted", *world.shop.shipments[0][1:])
    world.operator.ignore(entry_id, "maria", "later")
    world.operator.start_over(entry_id, "maria", "now")
    world.run()
    assert world.entry("SH1").status == "published"
    assert world.entry("SH1").target_number == "S0002, S0003"


def test_what_was_learnt_of_other_documents_stays_linked(world: World) -> None:
    entry_id = published(world)
    assert ("erp:1", "shop:W-1") in world.links()
    world.operator.start_over(entry_id, "maria", "once more")
    assert world.links() == {("erp:1", "shop:W-1")}


def test_an_entry_that_is_under_way_is_not_started_over(world: World) -> None:
    world.publish(shipment("SH1"))
    world.route()
    with pytest.raises(Refused, match="is queued: it can be started over once it is published, errored"):
        world.operator.start_over(world.entry("SH1").id, "maria", "now")
    assert audited(world) == []


def test_an_entry_whose_details_were_pruned_is_not_started_over(world: World) -> None:
    entry_id = published(world)
    with world.database.write() as tx:
        tx.run(event.update().values(data={}, state="pruned"))
    with pytest.raises(Refused, match="details were pruned"):
        world.operator.start_over(entry_id, "maria", "now")
    assert world.entry("SH1").status == "published"
    assert world.steps("SH1")[0].done_at is not None


def test_a_step_that_the_edited_flow_plans_no_longer_is_looked_for_and_never_made_anew(
    make_world: MakeWorld,
) -> None:
    world = make_world(context="[order]")
    world.at_source("SH1", "1", "2")
    entry_id = published(world, "1", "2")
    edited = make_world(context="[order]", require="[{name: small, when: \"order.number != '2'\"}]")
    gone = edited.shop.shipments[1]
    edited.shop.shipments[1] = ("deleted", *gone[1:])
    edited.operator.start_over(entry_id, "maria", "once more")
    edited.run()
    assert edited.entry("SH1").status == "published"
    assert [step.key for step in edited.steps("SH1")] == ["shipment:1"]
    assert len(edited.shop.creates) == 2
    assert edited.shop.finds[gone[0]] > 1


def test_looks_by_hand_and_comparisons_are_pruned_with_the_other_details(world: World) -> None:
    entry_id = published(world)
    with world.database.write() as tx:
        inspections.answered(tx, inspections.ask(tx, entry_id, "shop", "compare", "maria", ""), "same", "ok")
        steps.compared(tx, [(row.id, [FIELD]) for row in steps.of_entries(tx, [entry_id])[entry_id]])
    pruned(world)
    with world.database.read() as tx:
        assert inspections.of_entry(tx, entry_id) == []
    assert [step.fields for step in world.steps("SH1")] == [None]


def pruned(world: World) -> None:
    """As if all that is finished were years old, and pruned."""
    with world.database.write() as tx:
        tx.run(entry.update().values(updated_at=tx.now - timedelta(days=10_000)))
    Pruning(world.database, Retention()).run()


# -- at the wish of the source -----------------------------------------------------------------------------


def test_a_source_that_asks_once_more_has_all_entries_of_the_event_started_over(world: World) -> None:
    entry_id = published(world)
    world.shop.shipments[0] = ("deleted", *world.shop.shipments[0][1:])
    with world.database.write() as tx:
        assert starting_over.by_source(tx, world.entry("SH1").event_id, "erp") == [entry_id]
    world.run()
    assert world.entry("SH1").target_number == "S0002"
    with world.database.read() as tx:
        record = browse.entry_record(tx, entry_id)
    assert record is not None
    assert ("start over", "erp") in [(row.code, row.actor) for row in record.journal]


def test_a_source_that_asks_once_more_leaves_alone_what_is_under_way(world: World) -> None:
    world.publish(shipment("SH1"))
    world.route()
    with world.database.write() as tx:
        assert starting_over.by_source(tx, world.entry("SH1").event_id, "erp") == []
    world.run()
    assert len(world.shop.creates) == 1


def test_a_source_that_asks_once_more_has_a_filtered_entry_decided_again(world: World) -> None:
    world.publish(shipment("SH1"))
    world.route()
    entry_id = world.entry("SH1").id
    with world.database.write() as tx:
        entries.move(tx, [Move(entry_id, Status.FILTERED, "preference", "no")])
        assert starting_over.by_source(tx, world.entry("SH1").event_id, "erp") == [entry_id]
    world.run()
    assert world.entry("SH1").status == "published"


def test_a_pruned_entry_that_its_source_tells_once_more_finds_what_it_did(world: World) -> None:
    published(world)
    pruned(world)
    row = world.entry("SH1")
    assert (row.plan, world.steps("SH1")[0].spec) == (None, {})
    with world.database.write() as tx:
        data = ShipmentConfirmed.model_validate({"shipment": shipment("SH1")}).model_dump(mode="json")
        intake.refresh_event(tx, row.event_id, data)
        assert starting_over.by_source(tx, row.event_id, "erp") == [row.id]
    world.run()
    assert world.entry("SH1").status == "published"
    assert (len(world.shop.creates), world.steps("SH1")[0].adopted) == (1, True)


# -- processed again at the source -------------------------------------------------------------------------


def events_of(world: World, type_: str) -> list[EventRow]:
    with world.database.read() as tx:
        return intake.events_of_document(tx, "erp", [type_], "SH1")


def test_a_shipment_deleted_without_a_word_is_voided_by_hand(make_world: MakeWorld) -> None:
    world = make_world(flows=VOIDS)
    entry_id = published(world)
    done = world.operator.reprocess(entry_id, "maria", "deleted in the warehouse")
    (void,) = events_of(world, "shipment.voided")
    assert (void.revision, void.via) == (1, "by hand")
    assert void.data["shipment"]["state"] == "voided"
    assert (
        void.data["shipment"]["lines"] == events_of(world, "shipment.confirmed")[0].data["shipment"]["lines"]
    )
    assert f"event {void.id} voids shipment SH1" in done.sentence
    assert audited(world)[-1] == (
        "maria",
        "reprocess",
        {"was": "published", "reason": "deleted in the warehouse", "event": void.id},
    )
    world.route()
    with world.database.read() as tx:
        flows = [row.flow for row in entries.of_events(tx, [void.id])]
    assert flows == ["voids"]


def test_the_same_number_confirmed_again_is_a_new_fact(make_world: MakeWorld) -> None:
    world = make_world(flows=VOIDS)
    entry_id = published(world)
    world.operator.reprocess(entry_id, "maria", "deleted in the warehouse")
    (again,) = world.publish(shipment("SH1"))
    assert not again.duplicate
    assert [one.revision for one in events_of(world, "shipment.confirmed")] == [1, 2]


def test_nothing_is_voided_twice_by_hand(make_world: MakeWorld) -> None:
    world = make_world(flows=VOIDS)
    entry_id = published(world)
    world.operator.reprocess(entry_id, "maria", "deleted")
    with pytest.raises(Refused, match="was voided already, by event"):
        world.operator.reprocess(entry_id, "maria", "deleted")
    assert len(events_of(world, "shipment.voided")) == 1


def test_without_a_flow_of_voids_nothing_is_taken_back(world: World) -> None:
    entry_id = published(world)
    with pytest.raises(Refused, match=r"no flow takes shipment\.voided from erp to shop"):
        world.operator.reprocess(entry_id, "maria", "deleted")
    assert events_of(world, "shipment.voided") == []


def test_an_entry_of_which_nothing_was_written_has_nothing_to_take_back(make_world: MakeWorld) -> None:
    world = make_world(flows=VOIDS)
    world.publish(shipment("SH1", via="PIGEON"))
    world.run()
    with pytest.raises(Refused, match="nothing of entry"):
        world.operator.reprocess(world.entry("SH1").id, "maria", "deleted")
