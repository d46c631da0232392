"""`/api/retrieve` over real HTTP: what a person asks of a source, who may, and what came of it so far."""

from typing import Any

import pytest

from connector.status import NoticeStatus
from connector.store import intake
from connector.store.intake import NoticeRow
from connector.work import Bell
from tests.web.site import OPERATE, PUBLISH, READ, Site, bearer, problem, shipment

ASKED = {"connection": "erp", "kind": "shipment", "number": "SH-1"}


def ordered(site: Site, **changes: Any) -> int:
    """Ask for a document; its notice."""
    reply = site.act("/api/retrieve", {**ASKED, **changes})
    assert reply.status_code == 202, reply.text
    assert reply.json().keys() == {"notice"}
    return int(reply.json()["notice"])


def notice(site: Site, notice_id: int) -> NoticeRow:
    """The stored notice."""
    with site.runtime.database.read() as tx:
        row = intake.get_notice(tx, notice_id)
    assert row is not None
    return row


def fetched(site: Site, notice_id: int, status: NoticeStatus, reason: str) -> None:
    """As the lane's owner would leave it."""
    with site.runtime.database.write() as tx:
        intake.move_notices(tx, [notice_id], NoticeStatus.FETCHING)
        intake.move_notices(tx, [notice_id], status, reason=reason)


# -- asking --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("post", "held"), [(False, True), (True, False)])
def test_what_is_asked_for_is_stored_before_it_is_answered_and_its_lane_is_rung_for(
    site: Site, post: bool, held: bool
) -> None:
    row = notice(site, ordered(site, post=post))
    assert (row.connection, row.kind, row.number, row.via, row.held) == (
        "erp",
        "shipment",
        "SH-1",
        "retrieve",
        held,
    )
    assert row.status == NoticeStatus.RECEIVED
    assert site.rung(Bell("complete", row.lane))
    assert row.lane in ("erp/0", "erp/1")


def test_what_is_not_said_to_be_posted_is_held(site: Site) -> None:
    assert notice(site, ordered(site)).held


def test_each_time_of_asking_is_a_notice_of_its_own(site: Site) -> None:
    assert ordered(site) != ordered(site)


def test_who_asked_is_recorded_by_the_name_of_the_token(site: Site) -> None:
    ordered(site, post=True)
    with site.runtime.database.read() as tx:
        rows = tx.connection.exec_driver_sql("SELECT actor, action, subject FROM audit").all()
    assert [tuple(row) for row in rows] == [("operator", "retrieve", "shipment SH-1 @ erp")]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"connection": "nowhere"}, "there is no connection 'nowhere': declared are erp, other-erp, shop"),
        ({"kind": "refund"}, "refund documents cannot be fetched from erp: it can be asked for"),
        ({"kind": "parcel"}, "body.kind"),
        ({"number": ""}, "body.number"),
        ({"number": "9" * 256}, "body.number"),
        ({"number": "SH\n1"}, "is no number of a document"),
        ({"connection": ""}, "body.connection"),
        ({"post": "perhaps"}, "body.post"),
        ({"posted": True}, "body.posted"),
        ({"number": None}, "body.number"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_be_asked_for_is_refused_with_what_can_and_nothing_is_stored(
    site: Site, changes: dict[str, Any], said: str
) -> None:
    refused = problem(site.act("/api/retrieve", {**ASKED, **changes}), 422)
    assert said in str(refused)
    assert site.count("notice") == 0
    assert site.count("audit") == 0


@pytest.mark.parametrize(
    ("token", "status"), [(READ, 403), (PUBLISH, 403), ("no-such-token-0123456789", 401), ("", 401)]
)
def test_only_who_may_operate_may_ask(site: Site, token: str, status: int) -> None:
    headers = bearer(token) if token else {}
    problem(site.client.post("/api/retrieve", json=ASKED, headers=headers), status)
    assert site.count("notice") == 0


# -- asking for several --------------------------------------------------------------------------------------


def several(site: Site, *numbers: str, **changes: Any) -> Any:
    """Ask for documents."""
    asked = {"connection": "erp", "kind": "shipment", "numbers": list(numbers)}
    return site.act("/api/retrieve", {**asked, **changes})


def test_several_are_asked_for_at_once_each_with_a_notice_in_the_order_given(site: Site) -> None:
    reply = several(site, "SH-2", "SH-1", "SH-2")
    assert reply.status_code == 202, reply.text
    notices = [notice(site, one) for one in reply.json()["notices"]]
    assert [(row.number, row.held) for row in notices] == [("SH-2", True), ("SH-1", True)]
    assert all(site.rung(Bell("complete", row.lane)) for row in notices)
    assert site.count("audit") == 1


def test_the_documents_of_an_order_are_asked_for_by_the_orders_number(site: Site) -> None:
    asked = ordered(site, number="7", of_order=True)
    assert notice(site, asked).number == "order:7"
    fetched(site, asked, NoticeStatus.COMPLETED, "order 7 @ erp has no shipment yet")
    found = looked(site, asked)
    assert (found["finished"], found["text"], found["documents"]) == (
        True,
        "order 7 @ erp was found, not shipped yet",
        [],
    )


def test_the_same_several_again_are_the_same_notices_until_they_are_fetched(site: Site) -> None:
    first = several(site, "SH-1", "SH-2").json()["notices"]
    assert several(site, "SH-1", "SH-2").json()["notices"] == first
    fetched(site, first[0], NoticeStatus.COMPLETED, "nothing")
    again = several(site, "SH-1", "SH-2").json()["notices"]
    assert (again[0] != first[0], again[1]) == (True, first[1])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"number": "SH-1"}, "either number, for one document, or numbers"),
        ({"numbers": []}, "either number, for one document, or numbers"),
        ({"numbers": [""]}, "body.numbers[0]"),
        ({"numbers": ["9" * 256]}, "body.numbers[0]"),
        ({"numbers": ["SH-1"] * 501}, "body.numbers"),
        ({"numbers": ["SH-1", "SH\n2"]}, "is no number of a document"),
        ({"numbers": "SH-1"}, "body.numbers"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_several_that_cannot_be_asked_for_are_refused_whole(
    site: Site, changes: dict[str, Any], said: str
) -> None:
    refused = problem(several(site, "SH-1", **changes), 422)
    assert said in str(refused)
    assert site.count("notice") == 0


# -- looking -------------------------------------------------------------------------------------------------


def looked(site: Site, notice_id: int) -> dict[str, Any]:
    """What came of it so far."""
    reply = site.get(f"/api/retrieve/{notice_id}")
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    assert found.keys() == {"finished", "text", "notice", "events", "entries", "documents"}
    return found


def test_before_it_is_fetched_it_is_not_finished(site: Site) -> None:
    found = looked(site, ordered(site))
    assert (found["finished"], found["notice"]["status"]) == (False, "received")
    assert (found["events"], found["entries"]) == ([], [])


def test_once_it_is_fetched_and_routed_its_entries_are_shown(site: Site) -> None:
    asked = ordered(site)
    site.publish(shipment("SH-1"))
    fetched(site, asked, NoticeStatus.COMPLETED, "event 1 shipment.confirmed")
    assert not looked(site, asked)["finished"], "it is not routed yet"
    site.runtime.route()
    found = looked(site, asked)
    assert (found["finished"], found["notice"]["reason"]) == (True, "event 1 shipment.confirmed")
    assert [(one["type"], one["state"]) for one in found["events"]] == [("shipment.confirmed", "routed")]
    assert [(one["id"], one["status"], one["flow"]) for one in found["entries"]] == [(1, "queued", "orders")]
    assert found["notice"]["received_at"].endswith("Z")


def test_a_document_that_could_not_be_had_is_finished_with_the_reason(site: Site) -> None:
    asked = ordered(site)
    fetched(site, asked, NoticeStatus.ERRORED, "shipment SH-1 is not there")
    found = looked(site, asked)
    assert (found["finished"], found["notice"]["reason"]) == (True, "shipment SH-1 is not there")


def test_entries_of_another_document_are_not_shown(site: Site) -> None:
    asked = ordered(site, number="SH-2")
    site.publish(shipment("SH-1"))
    site.runtime.route()
    assert looked(site, asked)["entries"] == []


@pytest.mark.parametrize("notice_id", ["1", "0", "-1", "9" * 30, "9" * 5000, "one", "%C2%B2", "1.5"])
def test_what_was_never_asked_for_is_not_found(site: Site, notice_id: str) -> None:
    problem(site.get(f"/api/retrieve/{notice_id}"), 404)


def test_looking_needs_a_token_that_may_read(site: Site) -> None:
    asked = ordered(site)
    assert site.get(f"/api/retrieve/{asked}", token=OPERATE).status_code == 200
    problem(site.get(f"/api/retrieve/{asked}", token=PUBLISH), 403)
    problem(site.client.get(f"/api/retrieve/{asked}"), 401)
