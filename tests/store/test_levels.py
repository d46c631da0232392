"""Changes of quantities that several processes store at the same moment: each is counted, and the newest known."""

import random

from connector.store import Database, intake, levels
from connector.store.intake import NewEvent, Receipt
from tests.lane.inventory_given import CHANGED, event, level
from tests.store.given import at_once

WRITERS, CHANGES, LEVELS = 4, 12, 5


def _portion(writer: int) -> list[NewEvent]:
    """What one process hears, in an order of its own; the last of each level is heard by all."""
    mine = [
        event(level(writer * 100 + at, at=at * WRITERS + writer, sku=f"S{number}"))
        for number in range(LEVELS)
        for at in range(CHANGES)
    ]
    mine += [event(level(999, at=1000, sku=f"S{number}")) for number in range(LEVELS)]
    random.Random(writer).shuffle(mine)
    return mine


def _store(database: Database, writer: int) -> list[Receipt]:
    found: list[Receipt] = []
    mine = _portion(writer)
    for first in range(0, len(mine), 3):
        with database.write() as tx:
            for one in mine[first : first + 3]:  # as requests that share a commit
                found += intake.store_events(tx, [one])
    return found


def test_changes_that_are_stored_at_the_same_moment_are_counted_once_each(database: Database) -> None:
    stored = [one for found in at_once(lambda writer: _store(database, writer), WRITERS) for one in found]
    every = WRITERS * CHANGES + 1
    assert len({one.id for one in stored}) == LEVELS * every
    assert sum(not one.duplicate for one in stored) == LEVELS * every
    with database.read() as tx:
        for number in range(LEVELS):
            heard = intake.events_of_document(tx, "erp", [CHANGED], f"S{number}@WH1")
            assert sorted(one.revision for one in heard) == list(range(1, every + 1))
            (last,) = [one for one in heard if one.data["inventory"]["available"] == "999"]
            fact = ("erp", CHANGED, f"S{number}@WH1")
            ((at, revision, event_id),) = levels.Newest.of(tx, [fact]).changes.values()
            assert (at, revision, event_id) == (level(1, at=1000).changed_at, last.revision, last.id)
