"""Inspections: asked, claimed once, recovered from a vanished owner, failed and answered; and comparisons of steps."""

from datetime import timedelta

import pytest

from connector.store import Database, entries, inspections, lanes, steps
from connector.store.tables import entry, inspection, step
from tests.store.given import an_entry, stored_events


@pytest.fixture(name="asked")
def fixture_asked(database: Database) -> int:
    """One inspection of one entry, on the lane shop."""
    (event_id,) = stored_events(database, "SH1")
    with database.write() as tx:
        lanes.declare(tx, [("shop", "shop"), ("erp", "erp")])
        (entry_id,) = entries.create(tx, [an_entry(event_id)]).values()
        tx.run(entry.update().values(status="errored"))
        return inspections.ask(tx, entry_id, "shop", "compare", "maria", "")


def test_what_is_asked_is_due_on_its_lane_until_it_is_answered(database: Database, asked: int) -> None:
    with database.read() as tx:
        assert list(lanes.with_due_work(tx)) == ["shop"]
        assert lanes.due(tx, "shop")
        assert not lanes.due(tx, "erp")
    with database.write() as tx:
        inspections.answered(tx, asked, "same", "nothing differs")
    with database.read() as tx:
        assert list(lanes.with_due_work(tx)) == []
        found = inspections.get(tx, asked)
    assert found is not None
    assert (found.state, found.code, found.answer) == ("done", "same", "nothing differs")


def test_it_is_claimed_once_and_by_its_own_lane(database: Database, asked: int) -> None:
    with database.write() as tx:
        assert inspections.claim(tx, "erp", 1, 10) == []
        assert [row.id for row in inspections.claim(tx, "shop", 1, 10)] == [asked]
        assert inspections.claim(tx, "shop", 1, 10) == []


def test_what_a_vanished_owner_held_is_claimed_by_the_next_and_what_is_held_now_is_not(
    database: Database, asked: int
) -> None:
    with database.write() as tx:
        inspections.claim(tx, "shop", 1, 10)
        assert inspections.recover(tx, "shop", 1) == 0
        assert inspections.recover(tx, "shop", 2) == 1
        (row,) = inspections.claim(tx, "shop", 2, 10)
    assert (row.id, row.attempts) == (asked, 1)


def test_what_was_not_begun_is_no_attempt(database: Database, asked: int) -> None:
    with database.write() as tx:
        inspections.claim(tx, "shop", 1, 10)
        inspections.give_back(tx, [asked])
        (row,) = inspections.claim(tx, "shop", 1, 10)
    assert row.attempts == 0


def test_a_failure_is_due_again_later_and_keeps_since_when_it_fails(database: Database, asked: int) -> None:
    with database.write() as tx:
        inspections.claim(tx, "shop", 1, 10)
        inspections.failed(tx, asked, "unavailable", "maintenance", 60)
        first = inspections.get(tx, asked)
        assert inspections.claim(tx, "shop", 1, 10) == []
        tx.run(inspection.update().values(due_at=tx.now))
        inspections.claim(tx, "shop", 1, 10)
    with database.write() as tx:
        inspections.failed(tx, asked, "unavailable", "maintenance", 60)
        second = inspections.get(tx, asked)
    assert first is not None
    assert second is not None
    assert first.due_at - first.updated_at == timedelta(seconds=60)
    assert second.failed_since == first.failed_since == first.updated_at
    assert second.attempts == 2


def test_the_last_comparison_of_a_step_stands(database: Database, asked: int) -> None:
    with database.write() as tx:
        values = {
            "key": "k",
            "kind": "shipment",
            "reference": "r",
            "spec": {},
            "wanted": True,
            "adopted": False,
        }
        tx.run(step.insert().values(entry_id=1, position=0, **values))
        steps.compared(tx, [(1, [{"label": "tracking", "expected": "1Z9", "there": ""}])])
    with database.write() as tx:
        later = [{"label": "tracking", "expected": "1Z9", "there": "1Z9"}]
        steps.compared(tx, [(1, later)])
        (row,) = steps.of_entries(tx, [1])[1]
        assert (row.fields, row.compared_at) == (later, tx.now)
