"""What can be done to an entry follows from the table of moves, with the reason where it cannot."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connector.acts import Known, act_of, acts_of
from connector.status import BY_HAND, EDITABLE, MOVES, Status
from connector.store import starting_over
from tests.unit.story_given import ENTRY

NOW = datetime(2026, 1, 31, tzinfo=UTC)
ROW = replace(ENTRY, status=Status.ERRORED)
LEGAL = {
    "retry": BY_HAND,
    "edit": EDITABLE,
    "hold": {old for old, new in MOVES.items() if Status.HELD in new},
    "ignore": {old for old, new in MOVES.items() if Status.IGNORED in new},
    "resolve": {Status.ERRORED},
    "start-over": starting_over.LEGAL,
    "compare": set(Status),
    "reprocess": set(Status),
}


@pytest.mark.parametrize("status", [*Status])
def test_what_can_be_done_follows_from_the_table_of_moves(status: Status) -> None:
    possible = {act.name for act in acts_of(replace(ROW, status=status)) if not act.why_not}
    assert possible == {name for name, legal in LEGAL.items() if status in legal}


def test_what_cannot_be_done_says_why_and_what_is_posted_is_called_so() -> None:
    queued = replace(ROW, status=Status.QUEUED)
    assert act_of(queued, "edit").why_not == "is queued: hold it first"
    assert act_of(queued, "retry").why_not == "is queued: it is under way by itself"
    assert act_of(replace(ROW, status=Status.HELD), "retry").label == "Post"
    assert act_of(ROW, "hold").why_not == "is errored: only queued, retrying, waiting can be"


def test_what_is_known_beside_the_row_counts_too() -> None:
    quantity = replace(ROW, status=Status.RETRYING, type="inventory.changed")
    assert "half-way" in act_of(quantity, "hold").why_not
    assert act_of(quantity, "hold", Known(begun=False)).why_not == ""
    assert "pruned" in act_of(ROW, "start-over", Known(pruned=True)).why_not
    assert "no flow takes" in act_of(ROW, "reprocess", Known(takes_back=False)).why_not
    assert "wrote nothing" in act_of(ROW, "reprocess", Known(begun=False)).why_not
