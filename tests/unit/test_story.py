"""The story of an entry says everything that is stored about it, and what to do next, whatever its status."""

import json
from dataclasses import replace

import pytest

from connector import advice, story
from connector.console import told
from connector.status import NoticeStatus, Status
from connector.store.browse import NoticeRecord
from connector.store.steps import LONG_AGO
from tests.unit.story_given import (
    CALL,
    ENTRY,
    MOMENTS,
    NOON,
    NOTICE,
    RECORD,
    STEP,
    an_attempt,
    said,
)


def test_the_story_goes_from_top_to_bottom() -> None:
    titles = [part.title for part in story.of_entry(RECORD).parts]
    assert titles == [
        *("Now", "Event", "Decision", "Mapping", "Steps", "Attempts", "Links", "Journal"),
        "What to do next",
    ]


def test_now_names_both_document_numbers_the_status_and_since_when() -> None:
    now = said(story.of_entry(RECORD), "Now")
    assert "published since 2026-01-31 12:00:00.005Z (3 hours ago)" in now
    assert "SH1 @ erp" in now
    assert "000000007 @ shop" in now


def test_each_condition_is_told_with_the_value_seen_and_whether_it_passed() -> None:
    decision = said(story.of_entry(RECORD), "Decision")
    assert "✓ nothing left to pay | order.unpaid_balance == 0.0   (required)" in decision
    assert "seen | order.unpaid_balance = 0.00" in decision
    assert "✗ an exchange | order.type == 'EX'   (any of)" in decision
    assert "seen | order.type = empty" in decision
    assert "left out | order SO-2" in decision


def test_each_mapped_value_is_told_with_its_rule() -> None:
    assert "GROUND → carrier_code ups, title UPS   (by row GROUND)" in said(story.of_entry(RECORD), "Mapping")


GATE = {
    "currency": "USD",
    "rows": [
        {"label": "lines", "counted": "20.00", "said": ""},
        {"label": "total", "counted": "20.00", "said": "25.0"},
    ],
    "sentence": "its parts add up to 20.00, and its total is 25.00",
}


def counted(**changes: object) -> story.Story:
    gated = replace(ENTRY, plan={**(ENTRY.plan or {}), "gate": {**GATE, **changes}})
    return story.of_entry(replace(RECORD, entry=gated))


def test_what_was_counted_of_a_refund_is_told_beside_what_the_source_says() -> None:
    assert said(counted(), "Money").splitlines() == [
        "USD | its parts add up to 20.00, and its total is 25.00",
        "lines | counted 20.00",
        "total | counted 20.00   source 25.0",
    ]
    (first,) = [part.lines[0] for part in counted().parts if part.title == "Money"]
    assert (first.tone, first.depth) == ("bad", 0)


def test_a_refund_that_adds_up_says_so() -> None:
    assert said(counted(sentence=""), "Money").startswith("USD | adds up\n")


def test_a_step_is_told_with_what_was_asked_and_what_stands_there() -> None:
    steps = said(story.of_entry(RECORD), "Steps")
    for text in (
        "found there and adopted: shipment 000000007 @ shop",
        "reference | abcdefghij0123456789",
        "lines, asked | 2.50 × MUG",
        "lines, there | 2.5 × MUG",
        "tracking, asked | UPS 1Z9",
        "carrier, there | ups",
    ):
        assert text in steps


def test_a_step_in_doubt_says_that_it_is_looked_for_first() -> None:
    doubtful = replace(STEP, done_at=None, doubt_at=NOON, document=None, seen=None)
    assert "looked for first" in said(story.of_entry(replace(RECORD, steps=(doubtful,))), "Steps")


def test_a_step_that_is_started_over_says_what_becomes_of_it() -> None:
    again = replace(STEP, done_at=None, doubt_at=LONG_AGO, seen=None)
    assert "started over: looked for, and made anew" in said(
        story.of_entry(replace(RECORD, steps=(again,))), "Steps"
    )


def test_attempts_are_told_with_their_calls_shortened_unless_the_whole_is_wanted() -> None:
    short = said(story.of_entry(RECORD), "Attempts")
    whole = said(story.of_entry(RECORD, full=True), "Attempts")
    assert "try 2 | published (late: the lane was lost meanwhile), 2026-01-31 12:00:00.005Z, 40 ms" in short
    assert "POST | /rest/V1/order/5/ship?q=a b → 200, 12 ms" in short
    assert "outcome unknown: the connection broke" in short
    assert "more characters, see --full" in short
    assert "x" * 2000 not in short
    assert "x" * 2000 in whole


def test_an_attempt_on_which_our_own_code_failed_is_told_as_a_defect() -> None:
    broken = replace(RECORD, attempts=(replace(an_attempt(1, CALL), exchanges=[{"error": "KeyError: 'x'"}]),))
    assert "defect | KeyError: 'x'" in said(story.of_entry(broken), "Attempts")


def test_json_holds_everything_with_moments_in_utc_and_nothing_that_json_cannot_say() -> None:
    whole = json.loads(json.dumps(story.entry_json(RECORD)))
    assert whole["entry"]["created_at"] == "2026-01-31T12:00:00.005000Z"
    assert whole["attempts"][0]["exchanges"][0]["request_body"] == CALL["request_body"]
    assert whole["links"][0]["target"]["number"] == "100"
    assert whole["keys"] == [{"connection": "erp", "number": "SO-1"}]
    assert whole["next"]


@pytest.mark.parametrize("status", Status)
def test_every_status_of_an_entry_has_its_colour_and_its_advice(status: Status) -> None:
    tale = story.of_entry(replace(RECORD, entry=replace(ENTRY, status=status)))
    assert tale.status == status
    assert "{" not in said(tale, "What to do next")
    assert told(tale) is not None


@pytest.mark.parametrize(
    ("status", "code", "text"),
    [
        (Status.ERRORED, "mapping", "Add the row that is lacking to flow shipments"),
        (Status.ERRORED, "rejected", "`connector log retry 12`"),
        (Status.ERRORED, "partial", "`connector log compare 12` reads back what differs"),
        (Status.ERRORED, "partial", "`connector log retry 12`: only what is missing"),
        (Status.ERRORED, "partial", '`connector log ignore 12 --reason "…"`'),
        (Status.ERRORED, "partial", '`connector log start-over 12 --reason "…"`'),
        (Status.ERRORED, "partial", '`connector log reprocess 12 --reason "…"`'),
        (Status.ERRORED, "partial", '`connector log resolve 12 --reason "…"`'),
        (Status.ERRORED, "changed", '`connector log resolve 12 --reason "…"`'),
        (Status.ERRORED, "mapping", "`connector log release --flow shipments`"),
        (Status.ERRORED, "doubled", "Undo all but one"),
        (Status.ERRORED, "quarantined", "defect of the connector"),
        (Status.ERRORED, "gave up", "`connector check shop`"),
        (Status.ERRORED, "deadline", "never came"),
        (Status.ERRORED, "flow gone", "Put flow shipments back"),
        (Status.ERRORED, "nothing left", "connector log resolve 12"),
        (Status.QUEUED, "credentials refused", "the connection is paused"),
        (Status.FILTERED, "echo", "came from the connector itself"),
        (Status.FILTERED, "mode off", "set the mode of flow shipments to live"),
    ],
)
def test_what_to_do_next_fits_the_code(status: Status, code: str, text: str) -> None:
    assert text in advice.about_entry(replace(ENTRY, status=status, code=code), MOMENTS)


def test_a_waiting_entry_says_what_it_waits_for_and_until_when() -> None:
    waiting = replace(
        ENTRY,
        status=Status.WAITING,
        wait_kind="order",
        wait_connection="erp",
        wait_number="SO-9",
        wait_until=NOON,
    )
    text = said(story.of_entry(replace(RECORD, entry=waiting)), "What to do next")
    assert "order SO-9 @ erp" in text
    assert "2026-01-31 12:00:00.005Z" in text


@pytest.mark.parametrize("status", NoticeStatus)
def test_every_status_of_a_notice_has_its_advice(status: NoticeStatus) -> None:
    tale = story.of_notice(NoticeRecord(NOON, replace(NOTICE, status=status), (an_attempt(1, CALL),)))
    assert "{" not in said(tale, "What to do next")
    assert story.notice_json(NoticeRecord(NOON, NOTICE, ()))["notice"]["received_at"].endswith("Z")


def test_a_notice_that_names_no_document_cannot_be_fetched_again_and_says_so() -> None:
    unreadable = replace(NOTICE, number="", kind="", status=NoticeStatus.ERRORED)
    text = said(story.of_notice(NoticeRecord(NOON, unreadable, ())), "What to do next")
    assert "nothing to fetch" in text
    assert "retry" not in text
