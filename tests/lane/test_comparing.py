"""What stands at the target is read back for a person: shown, or taken as done by hand; nothing is written for it."""

from datetime import timedelta
from typing import Any

import pytest

from connector.errors import CredentialsRefused, NotSent, Rejected, Unavailable
from connector.operate import Done, Unknown
from connector.status import IllegalMove
from connector.store import browse, inspections, links
from connector.store.inspections import InspectionRow
from connector.store.tables import audit, inspection
from tests.lane.conftest import MakeWorld
from tests.stub import ComparingAdapter, raising
from tests.world import World, shipment


@pytest.fixture(name="partial")
def fixture_partial(make_world: MakeWorld) -> World:
    """A shipment of two orders, of which the second was refused."""
    world = make_world(adapter=ComparingAdapter)
    world.publish(shipment("SH1", "1", "2"))
    world.shop.behaviours = [lambda shop, step: None, raising(Rejected("no such item"))]
    world.run()
    assert (world.entry("SH1").status, world.entry("SH1").code) == ("errored", "partial")
    return world


def answer(world: World, done: Done) -> InspectionRow:
    """What came of it."""
    assert done.inspection is not None
    with world.database.read() as tx:
        found = inspections.get(tx, done.inspection)
    assert found is not None
    return found


def by_hand(world: World, document: str = "SH1") -> None:
    """A person enters the second order's shipment at the target."""
    world.shop.by_hand["shipment:2"] = {"order": "2", "document": document, "number": "HAND-7"}


def fields(world: World) -> dict[str, Any]:
    return {step.key: step.fields for step in world.steps("SH1")}


def audited(world: World) -> list[tuple[str, str, dict[str, Any]]]:
    with world.database.read() as tx:
        rows = tx.rows(audit.select().order_by(audit.c.id))
    return [(row["actor"], row["action"], row["detail"]) for row in rows]


# -- comparing ---------------------------------------------------------------------------------------------


def test_what_is_left_is_compared_field_by_field_and_kept_with_its_step(partial: World) -> None:
    by_hand(partial, document="SH9")
    done = partial.operator.compare(partial.entry("SH1").id, "operator")
    partial.run()
    found = answer(partial, done)
    assert (found.state, found.code) == ("done", "differs")
    assert found.answer == "document: expected 'SH1', at the target 'SH9'"
    assert fields(partial)["shipment:2"] == [
        {"label": "order", "expected": "2", "there": "2"},
        {"label": "document", "expected": "SH1", "there": "SH9"},
    ]
    assert partial.steps("SH1")[1].compared_at is not None
    assert partial.entry("SH1").status == "errored"
    assert len(partial.shop.creates) == 2, "nothing is written for it"


def test_a_comparison_is_forgotten_once_its_step_is_done(partial: World) -> None:
    partial.operator.compare(partial.entry("SH1").id, "operator")
    partial.run()
    assert fields(partial)["shipment:2"] is not None
    partial.operator.retry(partial.entry("SH1").id, "operator")
    partial.run()
    assert partial.entry("SH1").status == "published"
    assert fields(partial)["shipment:2"] is None


def test_an_entry_of_which_nothing_is_left_is_compared_whole(make_world: MakeWorld) -> None:
    world = make_world(adapter=ComparingAdapter)
    world.publish(shipment("SH1"))
    world.run()
    done = world.operator.compare(world.entry("SH1").id, "operator")
    world.run()
    assert answer(world, done).code == "same"
    world.shop.shipments.clear()
    gone = world.operator.compare(world.entry("SH1").id, "operator")
    world.run()
    assert answer(world, gone).code == "differs"
    assert "at the target nothing" in answer(world, gone).answer
    assert world.entry("SH1").status == "published"


def test_a_refusal_of_the_read_is_what_was_seen(partial: World) -> None:
    partial.shop.compare_errors = [Rejected("this order may not be read")]
    done = partial.operator.compare(partial.entry("SH1").id, "operator")
    partial.run()
    assert (answer(partial, done).code, answer(partial, done).answer) == (
        "differs",
        "shipment:2: this order may not be read",
    )


def test_a_target_that_cannot_be_read_now_is_read_again(partial: World) -> None:
    partial.shop.compare_errors = [Unavailable("maintenance")]
    done = partial.operator.compare(partial.entry("SH1").id, "operator")
    partial.drain()
    found = answer(partial, done)
    assert (found.state, found.code, found.answer) == ("open", "unavailable", "maintenance")
    assert found.due_at > found.updated_at
    bring_forward(partial)
    partial.run()
    assert answer(partial, done).state == "done"
    assert answer(partial, done).attempts == 2


def test_a_target_that_cannot_be_read_for_too_long_is_given_up_with_the_reason(partial: World) -> None:
    partial.shop.compare_errors = [NotSent("refused"), NotSent("refused")]
    done = partial.operator.compare(partial.entry("SH1").id, "operator")
    partial.drain()
    bring_forward(partial, failed_days_ago=2)
    partial.drain()
    found = answer(partial, done)
    assert (found.state, found.code) == ("done", "gave up")
    assert "refused" in found.answer


def test_a_refused_log_in_pauses_the_connection_and_the_question_stays(partial: World) -> None:
    partial.shop.compare_errors = [CredentialsRefused("wrong password")]
    done = partial.operator.compare(partial.entry("SH1").id, "operator")
    partial.drain()
    assert answer(partial, done).state == "open"
    assert not partial.drain().owned, "it is paused"


def bring_forward(world: World, failed_days_ago: float | None = None) -> None:
    """As if its time had come."""
    with world.database.write() as tx:
        tx.run(inspection.update().values(due_at=tx.now))
        if failed_days_ago is not None:
            tx.run(inspection.update().values(failed_since=tx.now - timedelta(days=failed_days_ago)))


def test_what_a_vanished_owner_was_reading_is_read_by_the_next(partial: World) -> None:
    done = partial.operator.compare(partial.entry("SH1").id, "operator")
    with partial.database.write() as tx:
        (claimed,) = inspections.claim(tx, "shop", 77, 10)
    assert claimed.id == done.inspection
    partial.run()
    assert answer(partial, done).state == "done"


def test_the_sweeper_rings_for_what_is_to_be_read(partial: World) -> None:
    done = partial.operator.compare(partial.entry("SH1").id, "operator")
    assert done.bells <= partial.sweeper.run()
    partial.run()
    assert not done.bells & partial.sweeper.run()


def test_our_own_failure_ends_a_reading_with_its_reason(
    partial: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defect(*_: object) -> None:
        raise KeyError("nothing")

    monkeypatch.setattr(ComparingAdapter, "recipe", defect)
    done = partial.operator.compare(partial.entry("SH1").id, "operator")
    partial.run()
    assert answer(partial, done).code == "quarantined"
    assert "KeyError" in answer(partial, done).answer


def test_an_entry_that_is_not_there_is_not_compared(partial: World) -> None:
    with pytest.raises(Unknown, match="no entry 4711"):
        partial.operator.compare(4711, "operator")


# -- resolving ---------------------------------------------------------------------------------------------


def test_what_was_done_by_hand_is_read_back_and_resolved_under_the_name_of_who_said_so(
    partial: World,
) -> None:
    by_hand(partial)
    done = partial.operator.resolve(partial.entry("SH1").id, "maria", "entered by hand")
    assert partial.entry("SH1").status == "errored", "not before it was read back"
    partial.run()
    entry = partial.entry("SH1")
    assert (entry.status, entry.code) == ("resolved", "by hand")
    assert entry.reason == "entered by hand (nothing differs at shop: 2 values read back)"
    step = partial.steps("SH1")[1]
    assert (step.done_at is not None, step.adopted, (step.document or {})["number"]) == (True, True, "HAND-7")
    assert {field["there"] for field in step.fields or ()} == {"2", "SH1"}
    assert ("erp:SH1", "shop:HAND-7") in partial.links()
    assert answer(partial, done).code == "same"
    assert [(actor, action) for actor, action, _ in audited(partial)] == [
        ("maria", "resolve"),
        ("maria", "resolved"),
    ]
    with partial.database.read() as tx:
        record = browse.entry_record(tx, entry.id)
    assert record is not None
    assert record.journal[-1].actor == "maria"


def test_what_a_person_made_is_no_effect_of_ours(partial: World) -> None:
    by_hand(partial)
    partial.operator.resolve(partial.entry("SH1").id, "maria", "entered by hand")
    partial.run()
    with partial.database.read() as tx:
        made = links.makers(tx, "shipment", [("shop", "HAND-7"), ("shop", "S0001")])
    assert set(made) == {("shop", "S0001")}


def test_what_differs_is_not_resolved_and_told_with_label_expected_and_there(partial: World) -> None:
    by_hand(partial, document="SH9")
    done = partial.operator.resolve(partial.entry("SH1").id, "maria", "entered by hand")
    partial.run()
    assert partial.entry("SH1").status == "errored"
    found = answer(partial, done)
    assert (found.code, found.answer) == (
        "differs",
        "not resolved: document: expected 'SH1', at the target 'SH9'",
    )
    actor, action, detail = audited(partial)[-1]
    assert (actor, action) == ("maria", "not resolved")
    assert detail == {"answer": "document: expected 'SH1', at the target 'SH9'"}
    assert partial.steps("SH1")[1].done_at is None


def test_where_the_target_cannot_say_what_stands_there_a_persons_word_is_asked_for(world: World) -> None:
    world.publish(shipment("SH1"))
    world.shop.behaviours = [raising(Rejected("no such item"))]
    world.run()
    done = world.operator.resolve(world.entry("SH1").id, "maria", "entered by hand")
    world.run()
    assert world.entry("SH1").status == "errored"
    assert answer(world, done).code == "not comparable"
    assert "--unchecked" in answer(world, done).answer
    world.operator.resolve(world.entry("SH1").id, "maria", "entered by hand", unchecked=True)
    entry = world.entry("SH1")
    assert (entry.status, entry.reason) == (
        "resolved",
        "entered by hand (on the word of maria; not read back)",
    )
    assert audited(world)[-1][2]["unchecked"] is True


def test_an_entry_without_steps_is_not_resolved_by_comparing_nothing(make_world: MakeWorld) -> None:
    world = make_world(adapter=ComparingAdapter)
    world.publish(shipment("SH1", via="PIGEON"))
    world.run()
    done = world.operator.resolve(world.entry("SH1").id, "maria", "entered by hand")
    world.run()
    assert (world.entry("SH1").status, answer(world, done).code) == ("errored", "not comparable")


def test_only_what_is_errored_is_resolved(make_world: MakeWorld) -> None:
    world = make_world(adapter=ComparingAdapter)
    world.publish(shipment("SH1"))
    world.run()
    with pytest.raises(IllegalMove, match="published and cannot become resolved"):
        world.operator.resolve(world.entry("SH1").id, "maria", "by hand")
    assert audited(world) == []


def test_an_entry_that_went_on_meanwhile_is_not_resolved(partial: World) -> None:
    by_hand(partial)
    done = partial.operator.resolve(partial.entry("SH1").id, "maria", "entered by hand")
    partial.operator.ignore(partial.entry("SH1").id, "paul", "never mind")
    partial.drain()
    assert partial.entry("SH1").status == "ignored"
    assert answer(partial, done).code == "moved on"


def test_two_who_resolve_the_same_entry_resolve_it_once(partial: World) -> None:
    by_hand(partial)
    first = partial.operator.resolve(partial.entry("SH1").id, "maria", "entered by hand")
    second = partial.operator.resolve(partial.entry("SH1").id, "paul", "entered by hand")
    partial.run()
    assert partial.journal("SH1").count("errored>resolved") == 1
    assert [answer(partial, first).code, answer(partial, second).code] == ["same", "moved on"]


def test_a_resolved_order_lets_those_go_on_that_waited_for_it(partial: World) -> None:
    partial.shop.orders_missing.add("2")
    partial.publish(shipment("SH2", "2"))
    partial.route()
    partial.drain()
    assert partial.entry("SH2").status == "waiting"
    by_hand(partial)
    partial.operator.resolve(partial.entry("SH1").id, "maria", "entered by hand")
    partial.drain()
    assert (partial.entry("SH2").status, partial.entry("SH2").code) == ("queued", "link came")
