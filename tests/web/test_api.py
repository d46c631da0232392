"""The JSON API over real HTTP: what is listed and shown, what a person may do, and under which name."""

from typing import Any

import pytest

from connector.status import Status
from connector.store import entries
from connector.store.entries import Move
from connector.work import Bell
from tests.web.site import BATCH, PUBLISH, READ, Site, event, eventually, problem, push, shipment


@pytest.fixture
def log(site: Site) -> Site:
    """A site with three entries: the first errored, the second queued, the third queued."""
    site.publish([shipment(f"SH-{n}", f"SO-{n}") for n in (1, 2, 3)], BATCH)
    site.runtime.route()
    move(site, 1, Status.DELIVERING)
    move(site, 1, Status.ERRORED)
    return site


def move(site: Site, entry_id: int, to: Status) -> None:
    """As the lane would."""
    with site.runtime.database.write() as tx:
        entries.move(tx, [Move(entry_id, to, "rejected", "The order is closed")])


def listed(site: Site, **parameters: str) -> list[int]:
    """The ids of the entries."""
    return [one["id"] for one in site.get("/api/entries", **parameters).json()["entries"]]


# -- reading -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "ids"),
    [
        ({}, [3, 2, 1]),
        ({"status": "errored"}, [1]),
        ({"status": "errored,queued"}, [3, 2, 1]),
        ({"status": "", "flow": "", "since": "", "cursor": ""}, [3, 2, 1]),
        ({"flow": "orders"}, [3, 2, 1]),
        ({"flow": "other"}, []),
        ({"connection": "shop"}, [3, 2, 1]),
        ({"connection": "other-erp"}, []),
        ({"type": "shipment.confirmed", "order": "SO-2"}, [2]),
        ({"q": "sh-3"}, [3]),
        ({"q": "closed"}, [1]),
        ({"q": "100%"}, []),
        ({"since": "2026-01-01T00:00:00+01:00"}, [3, 2, 1]),
        ({"until": "2026-01-01T00:00:00Z"}, []),
    ],
)
def test_entries_are_found_by_what_is_asked_for(
    log: Site, parameters: dict[str, str], ids: list[int]
) -> None:
    assert listed(log, **parameters) == ids


def test_pages_follow_one_another_without_gap_or_repetition(log: Site) -> None:
    seen, cursor = list[int](), ""
    while True:
        page = log.get("/api/entries", limit="1", cursor=cursor).json()
        seen += [one["id"] for one in page["entries"]]
        if page["cursor"] is None:
            break
        cursor = page["cursor"]
    assert seen == [3, 2, 1]


@pytest.mark.parametrize(
    ("parameters", "where"),
    [
        ({"status": "broken"}, "query.status[0]"),
        ({"limit": "0"}, "query.limit"),
        ({"limit": "many"}, "query.limit"),
        ({"since": "yesterday"}, "query.since"),
        ({"since": "2026-01-01T00:00:00"}, "query.since"),
        ({"cursor": "x"}, "query.cursor"),
        ({"staus": "errored"}, "query.staus"),
        ({"q": "a\x00"}, "query.q"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(
    log: Site, parameters: dict[str, str], where: str
) -> None:
    """A misspelt parameter would else list everything."""
    found = problem(log.get("/api/entries", **parameters), 422)
    assert [error["where"] for error in found["errors"]] == [where]


def test_an_entry_is_shown_with_all_that_is_known_of_it(log: Site) -> None:
    found = log.get("/api/entries/1").json()
    assert (found["entry"]["status"], found["entry"]["source_number"]) == ("errored", "SH-1")
    assert [one["new"] for one in found["journal"]] == ["queued", "delivering", "errored"]
    assert found["next"]
    assert found["entry"]["created_at"].endswith("Z")


def test_amounts_stay_exact_texts(site: Site) -> None:
    document = shipment()["data"]["shipment"] | {"freight": {"amount": "10.10", "currency": "USD"}}
    site.publish(shipment() | {"data": {"shipment": document}})
    site.runtime.route()
    shown = site.get("/api/entries/1").json()["event"]["data"]["shipment"]
    assert (shown["freight"]["amount"], shown["lines"][0]["quantity"]) == ("10.10", "1")


@pytest.mark.parametrize(
    "one", ["/api/entries/99", "/api/entries/x", "/api/entries/" + "9" * 30, "/api/notices/1"]
)
def test_what_is_not_there_is_not_found(log: Site, one: str) -> None:
    assert problem(log.get(one), 404)["type"] == "urn:connector:problem:not-found"


def test_lanes_are_told_with_their_pauses(site: Site) -> None:
    found = site.get("/api/lanes").json()["lanes"]
    assert {one["connection"] for one in found} == {"erp", "other-erp", "shop"}
    assert {one["paused"] for one in found} == {False}


def test_stats_count_what_stands_where(log: Site) -> None:
    log.push(push())
    log.publish(event("SO-9"))
    log.runtime.route()
    found = log.get("/api/stats").json()
    assert (found["entries"], found["notices"]) == ({"errored": 1, "queued": 2}, {"received": 1})
    assert found["unrouted"] == 1
    assert found["oldest_unfinished"] == log.get("/api/entries/2").json()["entry"]["created_at"]


def test_what_no_flow_took_is_listed_with_why_and_routed_once_more(site: Site) -> None:
    for number in ("SO-8", "SO-9"):
        site.publish(event(number))
    site.runtime.route()
    page = site.get("/api/unrouted", limit="1").json()
    assert [one["event"]["document"] for one in page["unrouted"]] == ["SO-9"]
    assert page["unrouted"][0]["why"] == "no flow carries order.created from erp"
    (last,) = site.get("/api/unrouted", cursor=str(page["cursor"])).json()["unrouted"]
    assert last["event"]["document"] == "SO-8"
    again = f"/api/events/{last['event']['id']}/retry"
    assert "1 event is routed again" in site.act(again).json()["done"]
    assert problem(site.act(again), 409)["detail"].startswith("event 1 is not unrouted")


# -- acting ------------------------------------------------------------------------------------------------


def test_a_retry_queues_the_entry_and_names_its_caller(log: Site) -> None:
    log.ringer.rung.clear()
    reply = log.act("/api/entries/1/retry")
    assert (reply.status_code, "entry 1 is queued" in reply.json()["done"]) == (200, True)
    last = log.get("/api/entries/1").json()["journal"][-1]
    assert (last["new"], last["actor"]) == ("queued", "operator")
    assert eventually(lambda: Bell("route") in log.ringer.rung)


def test_ignoring_keeps_the_reason_and_the_name(log: Site) -> None:
    assert log.act("/api/entries/1/ignore", {"reason": "shipped by hand"}).status_code == 200
    last = log.get("/api/entries/1").json()["journal"][-1]
    assert (last["new"], last["actor"], last["reason"]) == ("ignored", "operator", "shipped by hand")
    with log.runtime.database.read() as tx:
        audited = tx.connection.exec_driver_sql("SELECT actor, action, subject FROM audit").all()
    assert [tuple(row) for row in audited] == [("operator", "ignore", "entry 1")]


def test_a_notice_is_ignored_and_retried_as_an_entry_is(site: Site) -> None:
    site.push(push("SH000001"))
    assert site.act("/api/notices/1/ignore", {"reason": "not ours"}).status_code == 200
    assert site.get("/api/notices/1").json()["notice"]["status"] == "ignored"
    assert site.act("/api/notices/notice:1/retry").status_code == 200
    assert site.get("/api/notices/1").json()["notice"]["status"] == "received"


def test_a_notice_that_names_no_document_cannot_be_fetched_again(site: Site) -> None:
    site.push(b"nonsense")
    assert "names no document" in problem(site.act("/api/notices/1/retry"), 409)["detail"]


def test_a_move_that_is_not_in_the_table_is_refused_with_its_sentence(log: Site) -> None:
    found = problem(log.act("/api/entries/2/retry"), 409)
    assert found["detail"].startswith("entry 2 is queued: it cannot be asked to go on from there")


@pytest.mark.parametrize("path", ["/api/entries/99/retry", "/api/entries/x/retry", "/api/notices/99/retry"])
def test_what_is_not_there_cannot_be_retried(log: Site, path: str) -> None:
    problem(log.act(path), 404)


@pytest.mark.parametrize(
    "body", [None, {}, {"reason": ""}, {"reason": "  "}, {"reason": "x", "by": "y"}, {"reason": "\x00"}]
)
def test_nothing_is_ignored_without_a_reason(log: Site, body: Any) -> None:
    problem(log.act("/api/entries/1/ignore", body), 422)
    assert log.get("/api/entries/1").json()["entry"]["status"] == "errored"


# -- errors by their cause ---------------------------------------------------------------------------------


def test_errors_are_grouped_by_cause_as_soon_as_somebody_swept(log: Site) -> None:
    (new,) = log.get("/api/errors").json()["groups"]
    assert (new["kind"], new["count"]) == ("new", 1)
    log.runtime.sweep()
    (group,) = log.get("/api/errors").json()["groups"]
    assert (group["pattern"], group["flows"], group["ids"]) == ("The order is closed", ["orders"], [1])
    said = (group["title"], group["who"], group["remedy"])
    assert said == ("shop refuses the shipment", "the warehouse", "retry")
    assert listed(log, cause=str(group["id"])) == [1]
    assert listed(log, cause=str(group["id"] + 1)) == []
    problem(log.get("/api/entries", cause="0"), 422)


# -- who may -----------------------------------------------------------------------------------------------

READING = [
    "/api/entries",
    "/api/entries/1",
    "/api/notices",
    "/api/notices/1",
    "/api/lanes",
    "/api/stats",
    "/api/errors",
]
ACTING = [f"/api/{kind}/1/{what}" for kind in ("entries", "notices") for what in ("retry", "ignore")]


@pytest.mark.parametrize("path", READING)
def test_reading_needs_a_token_that_reads(log: Site, path: str) -> None:
    refused = log.client.get(path)
    assert (problem(refused, 401), refused.headers["www-authenticate"])[1] == "Bearer"
    problem(log.get(path, token="not-a-token-of-ours"), 401)
    problem(log.get(path, token=PUBLISH), 403)


@pytest.mark.parametrize("path", ACTING)
def test_acting_needs_a_token_that_operates(log: Site, path: str) -> None:
    problem(log.client.post(path, json={"reason": "x"}), 401)
    problem(log.act(path, {"reason": "x"}, token=READ), 403)
    assert log.get("/api/entries/1").json()["entry"]["status"] == "errored"


def test_every_endpoint_but_health_and_the_documents_asks_who_calls(site: Site) -> None:
    """A new endpoint that forgets to is found here."""
    document = site.client.get("/openapi.json").json()
    open_to_all = {
        path
        for path, methods in document["paths"].items()
        for one in methods.values()
        if "security" not in one
    }
    assert open_to_all == {"/health/live", "/health/ready", "/webhooks/{connection}"}


def test_an_entry_is_held_with_a_reason_and_says_what_can_be_done_then(log: Site) -> None:
    assert (
        log.act("/api/entries/2/hold", {"reason": "ask first"}).json()["done"].startswith("entry 2 is held")
    )
    found = log.get("/api/entries/2").json()
    assert (found["entry"]["status"], found["entry"]["reason"]) == ("held", "ask first")
    labels = {act["name"]: act["label"] for act in found["acts"] if not act["why_not"]}
    assert labels == {"retry": "Post", "edit": "Edit and retry", "ignore": "Ignore", "compare": "Compare"}
    assert (
        "errored and cannot become held"
        in problem(log.act("/api/entries/1/hold", {"reason": "x"}), 409)["detail"]
    )
