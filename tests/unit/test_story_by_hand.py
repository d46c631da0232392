"""The story of an entry that a person finishes: which values to enter, what was read back, and what came of it."""

from dataclasses import replace
from typing import Any

import pytest

from connector import story
from connector.expected import to_enter
from connector.status import Status
from connector.store.inspections import InspectionRow
from tests.unit.story_given import ENTRY, NOON, RECORD, STEP, said


@pytest.mark.parametrize(
    ("spec", "values"),
    [
        (
            {"kind": "freight", "amount": {"amount": "4.10", "currency": "USD"}},
            {"freight": "4.10 USD more than before"},
        ),
        (
            {
                "kind": "freight",
                "amount": {"amount": "4.10", "currency": "USD"},
                "replace_untracked": True,
            },
            {"freight": "4.10 USD"},
        ),
        ({"kind": "fields", "part": "ship_date", "ship_date": "2026-01-31"}, {"ship date": "2026-01-31"}),
        ({"kind": "fields", "part": "weight", "weight": "4.5", "weight_unit": "lb"}, {"weight": "4.5 lb"}),
        (
            {"kind": "fields", "part": "header", "fields": [{"name": "UsrDock", "text": "7"}]},
            {"UsrDock": "7"},
        ),
        (
            {
                "kind": "fields",
                "part": "line",
                "lines": [{"sku": "MUG", "quantity": "1", "fields": [{"name": "Lot", "text": "L1"}]}],
            },
            {"Lot of line MUG": "L1"},
        ),
        (
            {"kind": "fields", "part": "ship_to", "ship_to": {"name": "Ann", "street": ["Main St 1"]}},
            {"ship to": "Ann, Main St 1"},
        ),
        ({"kind": "note", "notes": "4.5 lb"}, {"note": "4.5 lb"}),
        (
            {"kind": "undo", "original": {"kind": "note", "notes": "4.5 lb"}},
            {"take back note": "4.5 lb"},
        ),
    ],
)
def test_what_is_left_is_listed_with_the_exact_values_to_enter(
    spec: dict[str, Any], values: dict[str, str]
) -> None:
    left = replace(STEP, kind=spec["kind"], done_at=None, document=None, seen=None, spec=spec)
    found = to_enter([left, replace(left, wanted=False), STEP])
    assert {one.label: one.value for one in found} == values


def test_an_amount_that_was_begun_is_entered_as_what_it_must_become() -> None:
    begun = replace(STEP, kind="freight", done_at=None, before="10.00", after="14.10", spec={})
    assert [one.value for one in to_enter([begun])] == ["14.10 (it was 10.00)"]


def test_values_to_enter_are_told_of_an_errored_entry_only() -> None:
    left = replace(STEP, done_at=None, document=None, seen=None)
    errored = replace(RECORD, entry=replace(ENTRY, status=Status.ERRORED), steps=(left,))
    assert "tracking | UPS 1Z9" in said(story.of_entry(errored), "To enter by hand")
    assert [part.title for part in story.of_entry(replace(RECORD, steps=(left,))).parts].count(
        "To enter by hand"
    ) == 0


def test_what_a_person_had_read_back_is_told_with_its_answer() -> None:
    asked = InspectionRow(
        id=1,
        entry_id=12,
        lane="shop",
        purpose="resolve",
        actor="maria",
        reason="entered by hand",
        state="done",
        due_at=NOON,
        attempts=1,
        failed_since=None,
        code="differs",
        answer="tracking: expected '1Z9', at the target nothing",
        created_at=NOON,
        updated_at=NOON,
    )
    text = said(story.of_entry(replace(RECORD, inspections=(asked,))), "Read back at the target")
    assert "resolve, asked by maria: entered by hand" in text
    assert "differs | tracking: expected '1Z9', at the target nothing" in text
    waiting = replace(asked, state="open", code="", answer="")
    assert "not read yet" in said(
        story.of_entry(replace(RECORD, inspections=(waiting,))), "Read back at the target"
    )
