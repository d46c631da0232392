"""What the tests of stories begin with: one entry with all that is stored about it, as values."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from connector import story
from connector.status import NoticeStatus, Status
from connector.store.browse import AttemptRow, JournalRow, Record
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


def an_attempt(number: int, call: dict[str, Any], *, late: bool = False) -> AttemptRow:
    """A try with one call."""
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
    attempts=(an_attempt(1, LOST), an_attempt(2, CALL, late=True)),
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


def said(tale: story.Story, title: str) -> str:
    """A chapter of a story, line by line."""
    part = next(part for part in tale.parts if part.title == title)
    return "\n".join(f"{line.label} | {line.text}" for line in part.lines)
