"""`POST /events` over real HTTP: what is taken, what is refused and how, and that nothing is stored twice."""

import hmac
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from connector.store import StoreUnavailable, Transaction, intake
from connector.web import ingest as endpoints
from connector.work import Bell
from tests.web.site import (
    BATCH,
    MAX_BODY,
    NARROW,
    PUBLISH,
    READ,
    STRUCTURED,
    Site,
    bearer,
    event,
    eventually,
    problem,
    shipment,
)

ROUTE = Bell("route")


# -- taken -------------------------------------------------------------------------------------------------


def test_a_structured_event_is_committed_then_accepted_with_its_id(site: Site) -> None:
    reply = site.publish(event())
    assert (reply.status_code, reply.json()) == (
        202,
        {"id": "event:1", "ids": ["event:1"], "duplicate": False},
    )
    assert site.count("event") == 1
    assert site.rung(ROUTE)


def test_a_binary_event_is_the_same_event_as_a_structured_one(site: Site) -> None:
    whole = event()
    headers = {f"ce-{name}": str(value) for name, value in whole.items() if name != "data"}
    sent = {**headers, "Content-Type": "application/json; charset=utf-8", **bearer(PUBLISH)}
    assert site.client.post("/events", content=json.dumps(whole["data"]), headers=sent).status_code == 202
    again = site.publish(whole)
    assert (again.status_code, again.json()["id"]) == (200, "event:1")


def test_a_duplicate_is_answered_with_the_first_id(site: Site) -> None:
    """Another transport id makes no other event: the fact is the same."""
    site.publish(event("SO-0"))
    first = site.publish(event()).json()["id"]
    again = site.publish(event(id="sent-once-more"))
    assert (again.status_code, again.json()) == (200, {"id": first, "ids": [first], "duplicate": True})
    assert site.count("event") == 2


def test_a_batch_says_where_each_event_stands(site: Site) -> None:
    site.publish(event("SO-2"))
    reply = site.publish([event("SO-1"), event("SO-2"), event("SO-1")], BATCH)
    assert reply.status_code == 202
    assert reply.json() == {"id": "event:2", "ids": ["event:2", "event:1", "event:2"], "duplicate": False}


def test_an_empty_batch_is_nothing_and_no_mistake(site: Site) -> None:
    reply = site.publish([], BATCH)
    assert (reply.status_code, reply.json()) == (200, {"ids": []})


@pytest.mark.parametrize("number", ["Ä-№ 7/β", "注文-1", "🧾1", "ﷺ", "A" * 200])
def test_document_numbers_of_any_script_are_kept_to_the_letter(site: Site, number: str) -> None:
    assert site.publish(shipment(number, order=number)).status_code == 202
    site.runtime.route()
    listed = site.get("/api/entries", order=number).json()["entries"]
    assert [one["source_number"] for one in listed] == [number]


def test_the_same_event_fifty_times_at_once_is_one_row(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests that arrive together share commits; one of them is told that it was the first."""
    commits = _counted(monkeypatch, site.runtime.database, "write")
    submissions = _counted(monkeypatch, site.runtime.commits, "submit")
    with ThreadPoolExecutor(50) as callers:
        with site.runtime.database.write():  # nobody else can commit meanwhile
            replies = [callers.submit(site.publish, event()) for _ in range(50)]
            assert eventually(lambda: len(submissions) == 50)
        answers = [reply.result() for reply in replies]
    assert Counter(answer.status_code for answer in answers) == {202: 1, 200: 49}
    assert {answer.json()["id"] for answer in answers} == {"event:1"}
    assert site.count("event") == 1
    assert len(commits) - 1 < 10  # one was ours


def _counted(monkeypatch: pytest.MonkeyPatch, thing: object, method: str) -> list[str]:
    """The calls of a method, which goes on doing what it does."""
    calls: list[str] = []
    does = getattr(thing, method)

    def counted(*arguments: Any) -> Any:
        calls.append(method)
        return does(*arguments)

    monkeypatch.setattr(thing, method, counted)
    return calls


# -- refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, bearer("not-a-token-of-ours"), {"Authorization": "Basic eDp5"}])
def test_a_caller_who_is_not_known_is_refused(site: Site, headers: dict[str, str]) -> None:
    reply = site.client.post(
        "/events", content=json.dumps(event()), headers={"Content-Type": STRUCTURED, **headers}
    )
    assert problem(reply, 401)["type"] == "urn:connector:problem:unknown-caller"
    assert reply.headers["www-authenticate"] == "Bearer"
    assert site.count("event") == 0


def test_a_token_is_compared_in_constant_time_with_every_token(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However little of it is right, and also after one was found."""
    compared = list[tuple[bytes, bytes]]()
    compare = hmac.compare_digest

    def counted(ours: bytes, given: bytes) -> bool:
        compared.append((ours, given))
        return bool(compare(ours, given))

    monkeypatch.setattr(hmac, "compare_digest", counted)
    for token in (PUBLISH, "x", PUBLISH[:-1]):
        compared.clear()
        site.publish(event(), token=token)
        assert [given for _, given in compared] == [token.encode()] * 5


def test_a_token_without_the_scope_publishes_nothing(site: Site) -> None:
    found = problem(site.publish(event(), token=READ), 403)
    assert "scope publish" in found["detail"]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (event(), "for shop, not for erp"),
        (shipment() | {"source": "shop"}, "publishes order.created, not shipment.confirmed"),
        (event(source="nowhere"), "'nowhere' is no connection"),
    ],
)
def test_what_the_token_does_not_cover_is_named(site: Site, given: dict[str, Any], named: str) -> None:
    assert named in problem(site.publish(given, token=NARROW), 403)["detail"]
    assert site.count("event") == 0


@pytest.mark.parametrize("media", ["text/plain", "application/json", "application/xml", ""])
def test_a_content_type_that_carries_no_events_is_refused(site: Site, media: str) -> None:
    found = problem(site.publish(event(), media), 415)
    assert STRUCTURED in found["detail"]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"{", ""),
        (b"\xff\xfe", ""),
        (b"[]", ""),
        (json.dumps(event(time="yesterday")).encode(), "time"),
        (json.dumps(event(subject="SO-2")).encode(), ""),
        (json.dumps(event(data={"order": {"number": "SO-1"}})).encode(), "data.order.currency"),
        (json.dumps(event("SO-\x00", id="e")).encode(), "subject"),
        (json.dumps(event("SO-\ud800", id="e")).encode(), "subject"),
        (b"[" * 15_000, ""),
    ],
)
def test_a_malformed_event_is_refused_with_the_place_of_each_mistake(
    site: Site, body: bytes, where: str
) -> None:
    headers = {"Content-Type": STRUCTURED, **bearer(PUBLISH)}
    found = problem(site.client.post("/events", content=body, headers=headers), 400)
    assert where in {error["where"] for error in found["errors"]}
    assert all(error["what"] for error in found["errors"])
    assert site.count("event") == 0


def test_a_batch_with_one_bad_event_is_refused_whole(site: Site) -> None:
    found = problem(site.publish([event("SO-1"), event("SO-2", time="soon"), event("SO-3")], BATCH), 400)
    assert [error["where"] for error in found["errors"]] == ["[1].time"]
    assert site.count("event") == 0


def test_a_batch_with_one_event_that_is_not_covered_is_refused_whole(site: Site) -> None:
    found = problem(site.publish([event("SO-1"), event("SO-2", source="shop")], BATCH), 403)
    assert found["detail"].startswith("[1].source")
    assert site.count("event") == 0


def test_a_body_over_the_limit_is_refused_whether_its_length_is_declared_or_not(site: Site) -> None:
    """A chunked upload declares none: it is counted while it is read."""
    headers = {"Content-Type": STRUCTURED, **bearer(PUBLISH)}

    def chunks() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * 1000

    for body in (b" " * (MAX_BODY + 1), chunks()):
        found = problem(site.client.post("/events", content=body, headers=headers), 413)
        assert str(MAX_BODY) in found["detail"]
    padded = json.dumps(event()).encode().ljust(MAX_BODY)
    assert site.client.post("/events", content=padded, headers=headers).status_code == 202


def test_the_sender_of_a_huge_body_still_reads_why_it_was_refused(site: Site) -> None:
    """The rest is read and thrown away, since closing at once would tear the answer away."""
    headers = {"Content-Type": STRUCTURED, **bearer(PUBLISH)}
    problem(site.client.post("/events", content=b" " * 8_000_000, headers=headers), 413)


def test_a_batch_of_more_events_than_one_commit_should_hold_is_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints, "MOST_EVENTS", 3)
    batch = [event(str(number)) for number in range(4)]
    found = problem(site.publish(batch, BATCH), 413)
    assert (found["type"], site.count("event")) == ("urn:connector:problem:too-large", 0)
    assert site.publish(batch[:3], BATCH).status_code == 202


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_another_method_is_refused_as_a_problem(site: Site, method: str) -> None:
    reply = site.client.request(method, "/events")
    problem(reply, 405)
    assert reply.headers["allow"] == "POST"


# -- the database ------------------------------------------------------------------------------------------


def test_while_the_database_is_away_nothing_is_acknowledged(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller is told to come again; once it is back, the same request is the first."""

    def away() -> Transaction:
        raise StoreUnavailable("the database cannot be used: connection refused at 10.0.0.7")

    with monkeypatch.context() as broken:
        broken.setattr(site.runtime.database, "write", away)
        reply = site.publish(event())
        assert "10.0.0.7" not in json.dumps(problem(reply, 503))
        assert int(reply.headers["retry-after"]) > 0
    assert site.publish(event()).status_code == 202


def test_a_commit_that_takes_too_long_is_not_acknowledged(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it came about in the end, the repetition finds out."""
    with monkeypatch.context() as hurried, site.runtime.database.write():
        hurried.setattr(endpoints, "COMMIT", 0.05)
        problem(site.publish(event()), 503)
    again = site.publish(event())
    assert (again.status_code in (200, 202), again.json()["id"]) == (True, "event:1")
    assert site.count("event") == 1


def test_a_defect_tells_nothing_but_a_name_to_find_it_by(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that concerns a single event leaves the others of its commit alone."""

    def broken(*_: object) -> None:
        raise RuntimeError("secret internals")

    with monkeypatch.context() as defect:
        defect.setattr(intake, "store_events", broken)
        reply = site.publish(event())
    found = problem(reply, 500)
    assert found["instance"].startswith("urn:uuid:")
    assert "secret internals" not in reply.text
    assert "RuntimeError" not in reply.text
    assert site.publish(event()).status_code == 202
