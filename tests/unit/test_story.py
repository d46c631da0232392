"""The story of an entry says everything that is stored about it, and what to do next, whatever its status."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector import advice, story
from connector.console import told
from connector.status import NoticeStatus, Status
from connector.store.browse import AttemptRow, JournalRow, NoticeRecord, Record
from connector.store.entries import EntryRow
from connector.store.intake import EventRow, NoticeRow
from connector.store.steps import StepRow
from schemas.base import DocumentRef

NOON = datetime(2026, 1, 31, 12, 0, 0, 5000, tzinfo=UTC)
MOMENTS = {"due": "then", "deadline": "later"}

CALL = {
    "at": NOON.isoformat(),
    "method": "POST",
    "url": "https://shop.example/rest/V1/order/5/ship?q=a%20b",
    "request_headers": {},
    "request_body": json.dumps({"comment": "x" * 2000}),
    "status": 200,
    "reply_headers": {},
    "reply_body": '"7"',
    "elapsed_ms": 12,
    "error": "",
}
LOST = {**CALL, "status": None, "reply_body": "", "error": "outcome unknown: the connection broke"}

PLAN: dict[str, Any] = {
    "decision": "deliver",
    "code": "",
    "reason": "",
    "skipped": ["order SO-2: nothing left to pay: order.unpaid_balance is 1.00 USD, must be 0.00"],
    "preferences": [
        {
            "order": "SO-1",
            "match": "any",
            "passed": True,
            "sentence": "",
            "conditions": [
                {
                    "name": "nothing left to pay",
                    "when": "order.unpaid_balance == 0.0",
                    "group": "require",
                    "passed": True,
                    "seen": {"order.unpaid_balance": "0.00"},
                    "problem": "",
                },
                {
                    "name": "an exchange",
                    "when": "order.type == 'EX'",
                    "group": "match",
                    "passed": False,
                    "seen": {"order.type": ""},
                    "problem": "",
                },
            ],
        }
    ],
    "mapped": [
        {
            "table": "ship_via",
            "value": "GROUND",
            "rule": "row GROUND",
            "result": {"carrier_code": "ups", "title": "UPS"},
        }
    ],
}

ENTRY = EntryRow(
    id=12,
    event_id=3,
    flow="shipments",
    type="shipment.confirmed",
    source="erp",
    source_number="SH1",
    target="shop",
    target_number="000000007",
    lane="shop",
    status=Status.PUBLISHED,
    code="",
    reason="shipment 000000007 @ shop",
    replan=False,
    plan=PLAN,
    config_version="abc",
    due_at=NOON,
    attempts=2,
    failed_since=None,
    wait_kind=None,
    wait_connection=None,
    wait_number=None,
    wait_until=None,
    created_at=NOON,
    updated_at=NOON,
)

STEP = StepRow(
    id=1,
    entry_id=12,
    position=0,
    key="shipment:SO-1",
    kind="shipment",
    reference="abcdefghij0123456789",
    spec={
        "lines": [{"sku": "MUG", "quantity": "2.50"}],
        "packages": [{"title": "UPS", "tracking_number": "1Z9"}],
        "notes": "Shipped",
    },
    sent=None,
    doubt_at=None,
    before=None,
    after=None,
    done_at=NOON,
    wanted=True,
    adopted=True,
    document={"connection": "shop", "kind": "shipment", "number": "000000007", "key": "7"},
    seen={"lines": "2.5 × MUG", "tracking": "UPS 1Z9", "note": "Shipped\n[ref:abc]", "carrier": "ups"},
)

NOTICE = NoticeRow(
    id=4,
    connection="erp",
    lane="erp",
    transport_id="push-1",
    kind="shipment",
    number="SH1",
    ordering=0,
    status=NoticeStatus.COMPLETED,
    code="",
    reason="event 3 shipment.confirmed",
    payload='{"Id": "push-1"}',
    via="webhook",
    held=False,
    event_id=None,
    received_at=NOON,
    due_at=NOON,
    attempts=1,
    failed_since=None,
)


def _attempt(number: int, call: dict[str, Any], *, late: bool = False) -> AttemptRow:
    ended = NOON + timedelta(milliseconds=40)
    outcome = "retrying" if call is LOST else "published"
    return AttemptRow(number, NOON, ended, outcome, "", "as it says", late, [call])


RECORD = Record(
    now=NOON + timedelta(hours=3),
    entry=ENTRY,
    event=EventRow(
        3, "erp", "shipment.confirmed", "SH1", 2, "push-1", "webhook", NOON, NOON, "routed", False, None, {}
    ),
    keys=(("erp", "SO-1"),),
    orders={},
    steps=(STEP,),
    attempts=(_attempt(1, LOST), _attempt(2, CALL, late=True)),
    journal=(
        JournalRow(NOON, None, "queued", "", "routed", "connector"),
        JournalRow(NOON, "queued", "delivering", "", "", "connector"),
    ),
    links=(
        (
            DocumentRef(connection="erp", kind="order", number="SO-1"),
            DocumentRef(connection="shop", kind="order", number="100"),
        ),
    ),
    notices=(NOTICE,),
)


def _said(tale: story.Story, title: str) -> str:
    part = next(part for part in tale.parts if part.title == title)
    return "\n".join(f"{line.label} | {line.text}" for line in part.lines)


def test_the_story_goes_from_top_to_bottom() -> None:
    titles = [part.title for part in story.of_entry(RECORD).parts]
    assert titles == [
        *("Now", "Event", "Decision", "Mapping", "Steps", "Attempts", "Links", "Journal"),
        "What to do next",
    ]


def test_now_names_both_document_numbers_the_status_and_since_when() -> None:
    now = _said(story.of_entry(RECORD), "Now")
    assert "published since 2026-01-31 12:00:00.005Z (3 hours ago)" in now
    assert "SH1 @ erp" in now
    assert "000000007 @ shop" in now


def test_each_condition_is_told_with_the_value_seen_and_whether_it_passed() -> None:
    decision = _said(story.of_entry(RECORD), "Decision")
    assert "✓ nothing left to pay | order.unpaid_balance == 0.0   (required)" in decision
    assert "seen | order.unpaid_balance = 0.00" in decision
    assert "✗ an exchange | order.type == 'EX'   (any of)" in decision
    assert "seen | order.type = empty" in decision
    assert "left out | order SO-2" in decision


def test_each_mapped_value_is_told_with_its_rule() -> None:
    assert "GROUND → carrier_code ups, title UPS   (by row GROUND)" in _said(
        story.of_entry(RECORD), "Mapping"
    )


def test_a_step_is_told_with_what_was_asked_and_what_stands_there() -> None:
    steps = _said(story.of_entry(RECORD), "Steps")
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
    assert "looked for first" in _said(story.of_entry(replace(RECORD, steps=(doubtful,))), "Steps")


def test_attempts_are_told_with_their_calls_shortened_unless_the_whole_is_wanted() -> None:
    short = _said(story.of_entry(RECORD), "Attempts")
    whole = _said(story.of_entry(RECORD, full=True), "Attempts")
    assert "try 2 | published (late: the lane was lost meanwhile), 2026-01-31 12:00:00.005Z, 40 ms" in short
    assert "POST | /rest/V1/order/5/ship?q=a b → 200, 12 ms" in short
    assert "outcome unknown: the connection broke" in short
    assert "more characters, see --full" in short
    assert "x" * 2000 not in short
    assert "x" * 2000 in whole


def test_an_attempt_on_which_our_own_code_failed_is_told_as_a_defect() -> None:
    broken = replace(RECORD, attempts=(replace(_attempt(1, CALL), exchanges=[{"error": "KeyError: 'x'"}]),))
    assert "defect | KeyError: 'x'" in _said(story.of_entry(broken), "Attempts")


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
    assert "{" not in _said(tale, "What to do next")
    assert told(tale) is not None


@pytest.mark.parametrize(
    ("status", "code", "text"),
    [
        (Status.ERRORED, "mapping", "Add the row that the reason names to flow shipments"),
        (Status.ERRORED, "rejected", "`connector log retry 12`"),
        (Status.ERRORED, "partial", "what is done stays done"),
        (Status.ERRORED, "doubled", "Undo all but one"),
        (Status.ERRORED, "quarantined", "defect of the connector"),
        (Status.ERRORED, "gave up", "`connector check shop`"),
        (Status.ERRORED, "deadline", "never came"),
        (Status.ERRORED, "flow gone", "Put flow shipments back"),
        (Status.ERRORED, "nothing left", "connector log ignore 12"),
        (Status.QUEUED, "credentials refused", "the connection is paused"),
        (Status.FILTERED, "echo", "came from the connector itself"),
        (Status.FILTERED, "mode off", "set the mode of flow shipments to on"),
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
    said = _said(story.of_entry(replace(RECORD, entry=waiting)), "What to do next")
    assert "order SO-9 @ erp" in said
    assert "2026-01-31 12:00:00.005Z" in said


@pytest.mark.parametrize("status", NoticeStatus)
def test_every_status_of_a_notice_has_its_advice(status: NoticeStatus) -> None:
    tale = story.of_notice(NoticeRecord(NOON, replace(NOTICE, status=status), (_attempt(1, CALL),)))
    assert "{" not in _said(tale, "What to do next")
    assert story.notice_json(NoticeRecord(NOON, NOTICE, ()))["notice"]["received_at"].endswith("Z")


def test_a_notice_that_names_no_document_cannot_be_fetched_again_and_says_so() -> None:
    unreadable = replace(NOTICE, number="", kind="", status=NoticeStatus.ERRORED)
    said = _said(story.of_notice(NoticeRecord(NOON, unreadable, ())), "What to do next")
    assert "nothing to fetch" in said
    assert "retry" not in said
