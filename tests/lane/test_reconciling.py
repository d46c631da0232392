"""The source and the target of a flow are compared: what the log lacks is held, what the target lacks is errored."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector import reconciling
from connector.errors import NotSent, Rejected
from connector.planned import parse_step_of_order
from connector.reconciling import Report
from connector.retrieval import NotAvailable
from connector.store import inspections
from connector.store.tables import audit, event, inspection
from tests.lane.conftest import MakeWorld
from tests.lane.parts_given import CONFIRMED, FLOWS, VOIDED, PartsAdapter, ledger_of, parcel, tell
from tests.lane.polling_given import changed
from tests.stub import ComparingAdapter, StubAdapter, StubRecipe
from tests.world import World, shipment

SINCE = datetime.now(UTC) - timedelta(days=2)


def reconciled(world: World, flow: str = "shipments", *, again: bool = False) -> Report:
    """Somebody reconciles a flow, and everything comes to an end."""
    begun = world.reconciling.begin(flow, SINCE, None, "ann", again=again)
    world.run()
    return world.reconciling.report(begun.id)


def published(world: World, *numbers: str) -> None:
    """Shipments that are published at the target."""
    world.publish(*(shipment(number, f"of {number}") for number in numbers))
    world.run()
    assert world.statuses() == {"published": len(numbers)}


def gone(world: World, number: str) -> None:
    """Somebody deletes at the target what was made of a shipment."""
    references = {step.reference for step in world.steps(number)}
    world.shop.shipments = [one for one in world.shop.shipments if one[0] not in references]


def state(world: World, number: str) -> tuple[str, str]:
    """Status and code of a shipment's entry."""
    entry = world.entry(number)
    return str(entry.status), entry.code


# -- at the source -------------------------------------------------------------------------------------------


def test_what_the_source_has_and_the_log_has_not_is_held_and_told(world: World) -> None:
    published(world, "SH1")
    world.at_source("SH1", "of SH1")
    world.shop.changed["SH1"] = datetime.now(UTC) - timedelta(hours=2)
    changed(world, "SH2", ago=3600)
    found = reconciled(world)
    assert found.finished
    assert found.source is not None
    assert found.source.notices == {"completed": 2}
    assert [(row.source_number, row.status) for row in found.found] == [("SH2", "held")]
    assert not found.clean
    assert len(world.shop.creates) == 1, "nothing is written at the target"


def test_what_the_source_changed_and_the_log_has_is_not_told(world: World) -> None:
    changed(world, "SH1", ago=3600)
    world.retrieval.ask("erp", "shipment", "SH1", "ann", post=True)
    world.run()
    found = reconciled(world)
    assert (found.found, found.clean, found.read["same"]) == ((), True, 1)


class Unlisted(StubAdapter):
    """A source that cannot be asked what changed."""

    capabilities = replace(StubAdapter.capabilities, polls=frozenset())


def test_of_a_source_that_cannot_be_listed_the_target_is_read_all_the_same(make_world: MakeWorld) -> None:
    world = make_world(adapter=Unlisted)
    published(world, "SH1")
    gone(world, "SH1")
    found = reconciled(world)
    assert (found.source, found.finished) == (None, True)
    assert "shipments cannot be listed at the source" in found.unlisted
    assert state(world, "SH1") == ("errored", "missing")


# -- at the target -------------------------------------------------------------------------------------------


def test_what_stands_as_it_was_written_stays_published_and_nothing_is_told(world: World) -> None:
    published(world, "SH1", "SH2")
    found = reconciled(world)
    assert (found.finished, found.clean, found.done, found.total) == (True, True, 2, 2)
    assert (found.read, found.differences) == ({"same": 2}, ())
    assert world.statuses() == {"published": 2}
    assert len(world.shop.creates) == 2


def test_what_is_gone_is_errored_with_its_number_and_made_anew_when_it_is_started_over(world: World) -> None:
    published(world, "SH1", "SH2")
    number = world.entry("SH1").target_number
    gone(world, "SH1")
    found = reconciled(world)
    (one,) = found.differences
    assert (one.code, one.source_number, one.status) == ("missing", "SH1", "errored")
    assert one.text == f"shipment: expected '{number}', at the target nothing"
    assert world.entry("SH1").reason == one.text
    assert [dict(field) for field in world.steps("SH1")[0].fields or ()] == [
        {"label": "shipment", "expected": number, "there": ""}
    ]
    assert world.journal("SH1")[-1] == "published>errored"
    assert state(world, "SH2") == ("published", "")
    world.operator.start_over(world.entry("SH1").id, "ann", "deleted there")
    world.run()
    assert state(world, "SH1")[0] == "published"
    assert len(world.shop.creates) == 3


def test_what_is_found_twice_is_errored_with_both_numbers(world: World) -> None:
    published(world, "SH1")
    world.shop.commit(parse_step_of_order(world.steps("SH1")[0].spec))
    (one,) = reconciled(world).differences
    numbers = world.shop.standing(world.steps("SH1")[0].reference)
    assert len(numbers) == 2
    assert one.code == "doubled"
    assert one.text == f"shipment: expected '{numbers[0]}', at the target '{' and '.join(numbers)}'"
    assert state(world, "SH1") == ("errored", "doubled")


def test_a_value_that_differs_is_errored_with_label_expected_and_there(make_world: MakeWorld) -> None:
    world = make_world(adapter=ComparingAdapter)
    published(world, "SH1")
    gone(world, "SH1")
    world.shop.by_hand["shipment:of SH1"] = {"order": "of SH1", "document": "SH9", "number": "HAND-7"}
    (one,) = reconciled(world).differences
    assert (one.code, one.text) == ("differs", "document: expected 'SH1', at the target 'SH9'")
    assert [field["there"] for field in world.steps("SH1")[0].fields or ()] == ["of SH1", "SH9"]
    assert state(world, "SH1") == ("errored", "differs")
    world.shop.by_hand["shipment:of SH1"]["document"] = "SH1"
    world.operator.resolve(world.entry("SH1").id, "ann", "put right there")
    world.run()
    assert state(world, "SH1") == ("resolved", "by hand")


def test_of_a_target_that_compares_what_is_gone_is_missing(make_world: MakeWorld) -> None:
    world = make_world(adapter=ComparingAdapter)
    published(world, "SH1")
    gone(world, "SH1")
    assert [one.code for one in reconciled(world).differences] == ["missing"]


def test_a_part_that_is_gone_from_a_document_that_stands_differs(make_world: MakeWorld) -> None:
    world = make_world(adapter=PartsAdapter, flows=FLOWS, mode="off")
    tell(world, CONFIRMED, parcel("SH1"))
    world.run()
    (paper,) = ledger_of(world.shop).shipments.values()
    paper.tracking.clear()
    (one,) = reconciled(world, "write-backs").differences
    assert (one.code, one.text) == ("differs", "Tracking: expected 'T-SH1', at the target nothing")


def test_what_stood_on_a_document_that_is_gone_is_not_told_besides(make_world: MakeWorld) -> None:
    world = make_world(adapter=PartsAdapter, flows=FLOWS, mode="off")
    tell(world, CONFIRMED, parcel("SH1"))
    world.run()
    (number,) = ledger_of(world.shop).shipments
    ledger_of(world.shop).shipments.clear()
    (one,) = reconciled(world, "write-backs").differences
    assert (one.code, one.text) == ("missing", f"shipment: expected '{number}', at the target nothing")


def test_where_the_read_is_refused_nothing_is_known_and_it_stays_published(make_world: MakeWorld) -> None:
    world = make_world(adapter=ComparingAdapter)
    published(world, "SH1")
    world.shop.compare_errors = [Rejected("this order may not be read")]
    found = reconciled(world)
    assert (found.differences, found.clean) == ((), False)
    (one,) = found.unread
    assert (one.code, one.text) == ("not comparable", "shipment:of SH1: this order may not be read")
    assert state(world, "SH1") == ("published", "")


def test_what_happened_at_another_time_or_on_another_flow_is_not_read(make_world: MakeWorld) -> None:
    more = "  - {name: others, event: order.created, from: erp, to: shop}"
    world = make_world(flows=more)
    published(world, "SH1")
    with world.database.write() as tx:
        tx.run(event.update().values(time=SINCE - timedelta(seconds=1)))
    gone(world, "SH1")
    assert (reconciled(world).total, reconciled(world, "others").total) == (0, 0)
    assert state(world, "SH1") == ("published", "")


def test_who_reconciled_is_recorded_with_what_was_found(world: World) -> None:
    published(world, "SH1")
    gone(world, "SH1")
    found = reconciled(world)
    with world.database.read() as tx:
        rows = tx.rows(audit.select().order_by(audit.c.id))
    done = [(row["actor"], row["action"], row["subject"]) for row in rows]
    assert done == [
        ("ann", "backfill", "erp"),
        ("ann", "reconcile", "flow shipments"),
        ("ann", "reconciled", f"entry {found.differences[0].entry}"),
    ]


# -- what need not stand there -------------------------------------------------------------------------------


def test_what_a_void_took_back_is_not_missing(make_world: MakeWorld) -> None:
    world = make_world(adapter=PartsAdapter, flows=FLOWS, mode="off")
    tell(world, CONFIRMED, parcel("SH1"))
    world.run()
    tell(world, VOIDED, parcel("SH1"))
    world.run()
    assert ledger_of(world.shop).shipments == {}
    before = world.statuses()
    assert before["published"] == 2
    found = reconciled(world, "write-backs")
    assert (found.read["taken back"], found.differences) == (1, ())
    carrier = next(row.id for row in world.all_entries() if row.flow == "write-backs")
    assert [step.fields for step in world.steps_of(carrier) if step.fields] == []
    assert reconciled(world, "voids").read == {"same": 1}
    assert world.statuses() == before


def test_an_amount_that_a_later_entry_raised_again_is_that_entrys_to_answer_for(
    make_world: MakeWorld,
) -> None:
    world = make_world(adapter=PartsAdapter, flows=FLOWS, mode="off")
    for number in ("SH1", "SH2"):
        tell(world, CONFIRMED, parcel(number, "1"))
        world.run()
    assert reconciled(world, "write-backs").clean
    ledger_of(world.shop).freight["1"] += 5
    (one,) = reconciled(world, "write-backs", again=True).differences
    assert (one.code, one.source_number) == ("differs", "SH2")
    assert one.text == "Amount: expected '19.00', at the target '24.00'"


def test_an_entry_that_went_on_meanwhile_is_left_alone(world: World) -> None:
    published(world, "SH1")
    gone(world, "SH1")
    begun = world.reconciling.begin("shipments", SINCE, None, "ann")
    world.operator.start_over(world.entry("SH1").id, "ann", "deleted there")
    world.drain()
    assert world.reconciling.report(begun.id).read == {"moved on": 1}
    world.run()
    assert state(world, "SH1")[0] == "published"


# -- going on ------------------------------------------------------------------------------------------------


@pytest.fixture(name="few")
def fixture_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few entries are read at a time."""
    monkeypatch.setattr(reconciling, "BATCH", 3)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("lanes", [1, 2])
def test_entries_are_read_some_at_a_time_until_all_are(make_world: MakeWorld, lanes: int) -> None:
    world = make_world(lanes=lanes)
    published(world, *(f"SH{at}" for at in range(8)))
    gone(world, "SH7")
    begun = world.reconciling.begin("shipments", SINCE, None, "ann")
    with world.database.read() as tx:
        waiting = inspections.counts_of_run(tx, reconciling.run_name(begun.id), 0)
    assert waiting == {"open": 3}
    world.run()
    found = world.reconciling.report(begun.id)
    assert (found.finished, found.total, found.read) == (True, 8, {"same": 7, "missing": 1})


@pytest.mark.usefixtures("few")
def test_it_goes_on_where_it_stood_when_its_worker_vanished(world: World) -> None:
    published(world, *(f"SH{at}" for at in range(8)))
    begun = world.reconciling.begin("shipments", SINCE, None, "ann")
    with world.database.write() as tx:
        assert len(inspections.claim(tx, "shop", 77, 10)) == 3
    assert world.reconciling.begin("shipments", SINCE, None, "ann").id == begun.id
    world.run()
    found = world.reconciling.report(begun.id)
    assert (found.finished, found.read) == (True, {"same": 8})


def test_the_same_again_finds_the_first_and_reads_nothing_twice(world: World) -> None:
    published(world, "SH1")
    first = reconciled(world)
    assert world.reconciling.begin("shipments", SINCE, None, "paul").id == first.id
    looked = sum(world.shop.finds.values())
    world.run()
    assert sum(world.shop.finds.values()) == looked
    gone(world, "SH1")
    again = reconciled(world, again=True)
    assert (again.id != first.id, again.read) == (True, {"missing": 1})


def test_what_is_not_finished_is_not_begun_anew(world: World) -> None:
    published(world, "SH1")
    begun = world.reconciling.begin("shipments", SINCE, None, "ann")
    assert world.reconciling.begin("shipments", SINCE, None, "ann", again=True).id == begun.id


def test_a_target_that_is_away_is_read_later(world: World) -> None:
    published(world, "SH1")
    gone(world, "SH1")
    world.shop.find_errors = [NotSent("refused")]
    begun = world.reconciling.begin("shipments", SINCE, None, "ann")
    world.drain()
    found = world.reconciling.report(begun.id)
    assert (found.finished, found.read, found.differences) == (False, {"open": 1}, ())
    assert state(world, "SH1") == ("published", "")
    with world.database.write() as tx:
        tx.run(inspection.update().values(due_at=tx.now))
    world.run()
    assert world.reconciling.report(begun.id).finished
    assert state(world, "SH1") == ("errored", "missing")


def test_our_own_failure_keeps_no_reconciliation_from_its_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defect(*_: object) -> None:
        raise KeyError("nothing")

    published(world, "SH1", "SH2")
    monkeypatch.setattr(StubRecipe, "find", defect)
    found = reconciled(world)
    assert (found.finished, found.read) == (True, {"quarantined": 2})
    assert len(found.unread) == 2
    assert world.statuses() == {"published": 2}


# -- what makes no sense -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (
            lambda world: world.reconciling.begin("parcels", SINCE, None, "ann"),
            "there is no flow 'parcels': declared are shipments",
        ),
        (
            lambda world: world.reconciling.begin("shipments", SINCE, SINCE, "ann"),
            "before it begins",
        ),
    ],
    ids=["no such flow", "no time"],
)
def test_what_cannot_be_reconciled_is_refused_and_nothing_is_begun(
    world: World, ask: Callable[[World], object], said: str
) -> None:
    with pytest.raises(NotAvailable, match=said):
        ask(world)
    with world.database.read() as tx:
        assert tx.rows(audit.select()) == []


def test_a_reconciliation_that_never_was_has_no_report(world: World) -> None:
    begun = world.reconciling.begin("shipments", SINCE, None, "ann")
    with pytest.raises(KeyError, match="no reconciliation 4711"):
        world.reconciling.report(4711)
    with pytest.raises(KeyError, match="no reconciliation"):
        world.reconciling.report(begun.id - 1)  # its backfill
