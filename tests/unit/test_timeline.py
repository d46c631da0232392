"""The story of an order tells every document, what is open and why, and all that happened, in time."""

from typing import Any

import pytest

from connector import timeline, timeline_text
from connector.status import FINISHED, NoticeStatus, Status
from connector.store.lanes import LaneRow
from schemas.base import DocumentRef
from tests.unit.timeline_given import (
    ERP,
    SHOP,
    at,
    entry,
    event,
    line,
    link,
    moved,
    notice,
    order,
    record,
    ref,
    shipment,
    step,
    usd,
)

# -- documents ---------------------------------------------------------------------------------------------


def test_each_document_is_told_with_its_number_on_the_other_side_and_who_made_it() -> None:
    paid = DocumentRef(connection="erp", kind="payment", number="PMT7")
    invoice = {
        "number": "100",
        "currency": "USD",
        "total": usd("9.90"),
        "balance": usd("1.00"),
        "state": "released",
        "order": SHOP[1],
    }
    links = (link(1, ref(ERP), ref(SHOP)), link(2, ref(("shop", "100"), "invoice"), paid, by=3))
    found = timeline.tell(
        record(ERP, SHOP, links=links, events=(event(4, "invoice.released", {"invoice": invoice}, "shop"),))
    )
    documents = {str(one.document): one for one in found.documents}
    assert list(documents) == [
        "order SO-1 @ erp",
        "order 000000042 @ shop",
        "invoice 100 @ shop",
        "payment PMT7 @ erp",
    ]
    assert documents["invoice 100 @ shop"].counterparts == (paid,)
    assert (str(documents["invoice 100 @ shop"].total), str(documents["invoice 100 @ shop"].balance)) == (
        "9.90 USD",
        "1.00 USD",
    )
    assert (documents["payment PMT7 @ erp"].origin, documents["payment PMT7 @ erp"].entry) == ("created", 3)
    assert documents["order SO-1 @ erp"].origin == "told"


def test_an_event_that_this_release_cannot_read_is_told_all_the_same() -> None:
    strange = event(1, "return.announced", {"return": {"number": "R1"}}, state="unrouted")
    found = timeline.tell(record(events=(strange,)))
    assert "this release cannot read its data" in found.events[0].text
    assert found.events[0].document.kind == "return"
    assert (found.state, found.absent) == ("needs somebody", ())
    assert "`connector log retry event:1`" in found.open[0].next


# -- what is open ------------------------------------------------------------------------------------------


def test_a_waiting_entry_says_what_it_waits_for_until_when_and_what_holds_it_up() -> None:
    waiting = entry(
        2,
        Status.WAITING,
        code="link",
        reason="waits for order SO-1 @ erp: it is not there",
        wait_kind="order",
        wait_connection="erp",
        wait_number="SO-1",
        wait_until=at(600),
    )
    stuck = entry(
        1, Status.ERRORED, type="order.created", source_number="SO-1", code="mapping", reason="no row"
    )
    found = timeline.tell(record(entries=(stuck, waiting), blockers={2: stuck}))
    one = found.entries[1]
    assert (one.waits_for, one.waits_until, one.blocked_by) == (ref(ERP), at(600), 1)
    assert (
        "until 2026-01-31 22:00:00.000Z at most; held up by entry 1, order.created SO-1, which is errored"
        in one.text
    )
    assert [matter.id for matter in found.open] == ["1", "2"]
    assert "order SO-1 @ erp" in one.next


@pytest.mark.parametrize("status", Status)
def test_an_entry_is_open_until_it_is_finished_and_always_says_its_status_and_reason(status: Status) -> None:
    found = timeline.tell(record(entries=(entry(1, status, code="some code", reason="some reason"),)))
    assert bool(found.open) == (status not in FINISHED)
    assert (
        f"shipment.confirmed SH1 to shop (flow shipments): {status}: some code: some reason"
        in found.entries[0].text
    )
    assert "some reason" in str([vars(one) for one in timeline_text.of_order(found).parts])


@pytest.mark.parametrize(
    "status", [NoticeStatus.RECEIVED, NoticeStatus.FETCHING, NoticeStatus.RETRYING, NoticeStatus.ERRORED]
)
def test_a_notice_in_flight_is_open_and_stands_in_time(status: NoticeStatus) -> None:
    found = timeline.tell(record(notices=(notice(status),)))
    assert [(one.about, one.id) for one in found.open] == [("notice", "notice:4")]
    assert [(one.at, one.text) for one in found.timeline] == [
        (at(7), f"shipment SH9 @ erp is to be fetched: {status}: unavailable: 503")
    ]


@pytest.mark.parametrize(
    ("lane", "text"),
    [
        (
            {"paused": True, "code": "credentials refused", "reason": "401"},
            "shop is paused: credentials refused: 401",
        ),
        (
            {"closed_until": at(95), "code": "unavailable"},
            "shop is not called until 2026-01-31 13:35:00.000Z: unavailable",
        ),
        ({"closed_until": at(80)}, None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("status", [Status.QUEUED, Status.PUBLISHED])
def test_a_connection_that_is_not_called_blocks_what_is_on_its_way_there(
    lane: dict[str, Any], text: str | None, status: Status
) -> None:
    values = {
        "owner": None,
        "lease_until": None,
        "paused": False,
        "code": "",
        "reason": "",
        "failures": 0,
        "closed_until": None,
    }
    row = LaneRow(**({"name": "shop", "connection": "shop"} | values | lane))
    found = timeline.tell(record(entries=(entry(1, status),), lanes=(row,)))
    halted = [one.text for one in found.open if one.about == "connection"]
    assert halted == ([text] if text and status == Status.QUEUED else [])


def test_a_step_in_doubt_is_named() -> None:
    doubtful = step(1, "shipment", ("shop", "7"), {}, done_at=None, document=None, doubt_at=at(3))
    found = timeline.tell(record(entries=(entry(1, Status.RETRYING),), steps={1: [doubtful]}))
    assert found.entries[0].in_doubt == ("shipment:SO-1",)
    assert "step shipment:SO-1" in str([vars(one) for one in timeline_text.of_order(found).parts])


# -- what is not there -------------------------------------------------------------------------------------

KEPT = entry(
    1,
    Status.FILTERED,
    type="order.created",
    source_number="SO-1",
    code="preference",
    reason="nothing left to pay: order.unpaid_balance is 20.00, must be 0.00",
)
CHANGED = entry(
    2, Status.FILTERED, type="order.updated", source_number="SO-1", code="not carried", flow="changes"
)


def test_an_order_that_is_not_in_the_shop_is_not_settled_and_says_why_and_what_to_do() -> None:
    found = timeline.tell(record(entries=(KEPT, CHANGED)))
    assert (found.state, found.open) == ("not carried", ())
    (one,) = found.absent
    assert (one.entry, one.target, str(one.document)) == (1, "shop", "order SO-1 @ erp")
    assert one.text == (
        "Order SO-1 was entered at erp. It is not carried to shop: nothing left to pay: order.unpaid_balance is 20.00, "
        "must be 0.00"
    )
    assert "connector log retry 1" in one.next
    chapters = {
        part.title: [line.text for line in part.lines] for part in timeline_text.of_order(found).parts
    }
    assert chapters["What is open, and what to do next"] == ["Nothing is on its way, and nothing is errored."]
    assert chapters["What did not come to its target, and why"] == [one.text, one.next]


def test_an_order_that_no_flow_carries_is_not_settled_and_says_so() -> None:
    heard = event(1, "order.created", {"order": order()}, state="unrouted")
    again = event(2, "order.created", {"order": order()}, revision=2, state="unrouted")
    found = timeline.tell(record(events=(heard, again)))
    assert (found.state, found.open) == ("not carried", ())
    (one,) = found.absent
    assert (one.entry, one.event, one.target, one.status) == (None, 2, "", "unrouted")
    assert one.text.endswith("No flow carries order.created from erp")
    assert "`connector log retry event:2`" in one.next
    assert f"label='event:2', text='{one.text}'" in str(timeline_text.of_order(found))
    # where it stands elsewhere all the same, somebody else brought it there
    joined = link(1, ref(ERP), ref(SHOP))
    assert timeline.tell(record(ERP, SHOP, events=(heard,), links=(joined,))).state == "settled"


@pytest.mark.parametrize("state", ["new", "fetched"])
def test_what_was_heard_and_is_to_be_routed_is_under_way(state: str) -> None:
    found = timeline.tell(record(events=(event(1, "order.created", {"order": order()}, state=state),)))
    assert (found.state, [one.id for one in found.open]) == ("under way", ["event:1"])
    assert "see whether a worker runs" in found.open[0].next


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (Status.IGNORED, "by hand"),
        (Status.SIMULATED, "dry run"),
        (Status.FILTERED, "mode off"),
        (Status.SUPERSEDED, ""),
    ],
)
def test_whatever_ended_without_a_document_is_told(status: Status, code: str) -> None:
    left = event(1, "shipment.confirmed", {"shipment": shipment("SH1", line("", "MUG", "1"))})
    rows = {
        "entries": (entry(1, status, code=code),),
        "links": (link(1, ref(ERP), ref(SHOP)),),
        "events": (left,),
    }
    found = timeline.tell(record(ERP, SHOP, **rows))
    assert (found.state, [one.entry for one in found.absent]) == ("partly carried", [1])
    assert timeline.tell(record(ERP, SHOP, **rows, left_behind=frozenset({1}))).state == "settled"


SHIPPED = link(2, ref(("erp", "SH1"), "shipment"), ref(("shop", "7"), "shipment"))


@pytest.mark.parametrize(
    ("entries", "links"),
    [
        pytest.param((entry(1, Status.FILTERED, code="echo"),), (), id="an echo"),
        pytest.param((entry(1, Status.SUPERSEDED, code="voided"),), (), id="taken back at its source"),
        pytest.param((entry(1, Status.FILTERED, code="preference"),), (SHIPPED,), id="it stands there"),
        pytest.param(
            (entry(1, Status.FILTERED, code="preference"), entry(2, source_number="SH1")),
            (),
            id="a newer one carried it",
        ),
        pytest.param((KEPT,), (link(1, ref(ERP), ref(SHOP)),), id="the order was found there"),
    ],
)
def test_what_is_there_or_was_never_to_come_there_is_not_missed(entries: Any, links: Any) -> None:
    places = (ERP, SHOP) if entries == (KEPT,) else (ERP,)
    found = timeline.tell(record(*places, entries=entries, links=links))
    assert (found.state, found.absent) == ("settled", ())


def test_what_another_flow_carried_elsewhere_is_settled_and_says_why_it_is_not_here() -> None:
    to_other_shop = link(1, ref(ERP), ref(("shop-eu", "9")))
    found = timeline.tell(record(ERP, ("shop-eu", "9"), entries=(KEPT,), links=(to_other_shop,)))
    assert (found.state, [one.target for one in found.absent]) == ("settled", ["shop"])
    assert "all that was heard is settled" not in str(timeline_text.of_order(found))


def test_what_is_open_is_told_there_and_not_as_missing() -> None:
    again = entry(3, Status.QUEUED, type="order.updated", source_number="SO-1")
    found = timeline.tell(record(entries=(KEPT, again)))
    assert (found.state, found.absent) == ("under way", ())


def test_a_lacking_row_is_told_in_plain_words_first_and_to_the_letter_below() -> None:
    reason = "ship via 'X' has no row in the flow's mapping.ship_via: add the row  \"X\": …"
    lacking = {"lacking": [{"table": "ship_via", "value": "X"}]}
    row = entry(1, Status.ERRORED, code="mapping", reason=reason, plan=lacking)
    moves = {1: [moved(3, None, "queued"), moved(4, "queued", "errored", "mapping", reason)]}
    found = timeline.tell(record(entries=(row,), journal=moves))
    said = "shipment.confirmed SH1 to shop (flow shipments): errored: The value tables lack ship via X"
    assert [(one.text, one.detail) for one in found.open] == [(said, f"mapping: {reason}")]
    assert found.timeline[-1].text == said
    assert found.entries[0].reason == reason


# -- in time -----------------------------------------------------------------------------------------------


def test_all_that_happened_stands_in_time_oldest_first() -> None:
    moves = {
        1: [
            moved(3, None, "queued"),
            moved(4, "queued", "delivering"),
            moved(5, "delivering", "published", reason="shipment 7 @ shop"),
        ]
    }
    found = timeline.tell(
        record(
            entries=(entry(1),),
            journal=moves,
            events=(event(1, "shipment.confirmed", {"shipment": shipment("SH1", line("", "A", "1"))}),),
            links=(link(5, ref(("erp", "SH1"), "shipment"), ref(("shop", "7"), "shipment")),),
            notices=(notice(),),
        )
    )
    assert [(one.at, one.about) for one in found.timeline] == [
        (at(1), "event"),
        (at(3), "entry"),
        (at(5), "entry"),
        (at(5), "link"),
        (at(7), "notice"),
    ]
    assert (
        found.timeline[0].text
        == "shipment.confirmed SH1 @ erp heard by webhook, happened 2026-01-31 12:00:00.000Z"
    )
    assert found.timeline[3].text == "shipment SH1 @ erp is 7 @ shop (created, by entry 1)"


def test_the_same_move_again_and_again_is_told_once() -> None:
    tries = [
        row
        for n in range(5)
        for row in (
            moved(2 * n, "retrying", "delivering"),
            moved(2 * n + 1, "delivering", "retrying", "unavailable", f"try {n}"),
        )
    ]
    given_back = [moved(20, "delivering", "queued", "given back"), moved(21, "queued", "delivering")]
    by_hand = moved(30, "errored", "queued", "by hand", "retried by hand", actor="ann")
    found = timeline.tell(record(entries=(entry(1),), journal={1: [*tries, *given_back, by_hand]}))
    assert [one.text.partition("(flow shipments): ")[2] for one in found.timeline] == [
        "retrying: unavailable: try 4 (5 times, last at 2026-01-31 12:09:00.000Z)",
        "queued: by hand: retried by hand by ann",
    ]


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ("unrouted", "no flow carries it"),
        ("new", "not routed yet"),
        ("fetching", "are being fetched"),
        ("routed", None),
    ],
)
def test_an_event_says_whether_it_was_routed(state: str, text: str | None) -> None:
    found = timeline.tell(record(events=(event(1, "order.created", {"order": order()}, state=state),)))
    assert found.events[0].state == state
    assert text is None or text in found.events[0].text


def test_an_event_that_tells_of_our_own_doing_says_of_which_entry() -> None:
    found = timeline.tell(record(events=(event(1, "order.created", {"order": order()}, echo_of=7),)))
    assert found.events[0].text.endswith("; echo of entry 7")
