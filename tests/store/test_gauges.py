"""What is asked every few seconds is answered from indices; on the heap of finished rows of `test_plans.py`."""

from collections.abc import Callable

import pytest

from connector.store import Transaction, alert_facts, gauges
from connector.store.prune import Pruning
from schemas.config import Retention
from tests.store.test_plans import HEAP, explained, fixture_world, from_end_to_end, looked_up, reading
from tests.world import World

__all__ = ["fixture_world"]

QUESTIONS: dict[str, Callable[[Transaction], object]] = {
    "neglected": lambda tx: gauges.neglected(tx, 60, ["erp", "shop"]),
    "heads": gauges.heads,
    "open entries": gauges.open_entries,
    "open notices": gauges.open_notices,
    "events": gauges.waiting_events,
    "tops": gauges.tops,
    "alerts": lambda tx: alert_facts.facts(tx, 8, [("erp", "shipment.confirmed")], "v1"),
    "new events": lambda tx: gauges.new_events(tx, 100, 120),
    "new moves": lambda tx: gauges.new_moves(tx, 100, 120),
    "new attempts": lambda tx: gauges.new_attempts(tx, 100, 120),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_scrape_looks_into_indices_only(world: World, question: str) -> None:
    looked_up(world, reading(world, QUESTIONS[question]))


@pytest.mark.parametrize("count", [gauges.finished_entries, gauges.finished_notices])
def test_what_is_finished_is_counted_without_reading_the_rows(
    world: World, count: Callable[[Transaction], object]
) -> None:
    with explained(world) as plans:
        reading(world, count)()
    assert from_end_to_end(plans, covering=True) == []


def test_pruning_looks_for_what_is_over_by_windows_of_ids(world: World) -> None:
    """Nothing is old enough here: what is explained are the questions that every day asks again."""
    pruning = Pruning(world.database, Retention(), window=HEAP // 2)
    looked_up(world, pruning.run)
