"""`POST /webhooks/{connection}` over real HTTP: who is heard, what is kept, and what is told to strangers."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from connector.work import Bell
from tests.web.site import MAX_BODY, PUSH_SECRET, Site, problem, push, running


def notices(site: Site) -> list[dict[str, Any]]:
    """The notices, newest first, as the API shows them."""
    found: list[dict[str, Any]] = site.get("/api/notices").json()["notices"]
    return found


def test_a_push_is_kept_as_a_notice_then_accepted_with_its_id(site: Site) -> None:
    reply = site.push(push("SH000045"))
    assert (reply.status_code, reply.json()) == (
        202,
        {"id": "notice:1", "ids": ["notice:1"], "duplicate": False},
    )
    (notice,) = notices(site)
    assert (notice["status"], notice["kind"], notice["number"]) == ("received", "shipment", "SH000045")
    assert site.rung(Bell("complete", notice["lane"]))


def test_a_repeated_push_is_answered_with_the_first_id(site: Site) -> None:
    site.push(push("SH000044"))
    first = site.push(push("SH000045")).json()["id"]
    again = site.push(push("SH000045"))
    assert (again.status_code, again.json()) == (200, {"id": first, "ids": [first], "duplicate": True})
    assert site.count("notice") == 2


def test_a_push_of_several_documents_rings_the_lane_of_each(site: Site) -> None:
    """The connection has two lanes; each document has its own."""
    rows = [{"ShipmentNbr": f"SH{number:06}"} for number in range(20)]
    assert len(site.push(push(Inserted=rows)).json()["ids"]) == 20
    lanes = {one["lane"] for one in notices(site)}
    assert len(lanes) == 2
    assert all(site.rung(Bell("complete", lane)) for lane in lanes)


def test_the_same_push_many_times_at_once_is_one_notice(site: Site) -> None:
    with ThreadPoolExecutor(20) as callers:
        replies = [future.result() for future in [callers.submit(site.push, push()) for _ in range(20)]]
    assert sorted(reply.status_code for reply in replies) == [200] * 19 + [202]
    assert {reply.json()["id"] for reply in replies} == {"notice:1"}


def test_a_push_of_no_document_is_of_no_interest(site: Site) -> None:
    reply = site.push(push(Inserted=[], Deleted=[]))
    assert (reply.status_code, reply.json(), site.count("notice")) == (200, {"ids": []}, 0)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<xml/>",
        b"\xff\x00\xfe",
        b"[" * 15_000,
        push(Query="Somebody-Elses"),
        push(CompanyId="Another"),
        push(Inserted=[{"Wrong": "column"}]),
        push(Inserted=[{"half \ud800": "of a pair"}]),
        push(Inserted=[{"ShipmentNbr": "SH\x00"}]),
        push(Id="\ud800"),
        push(TimeStamp=10**30),
    ],
)
def test_an_authentic_push_that_is_not_understood_is_kept_for_a_person(site: Site, body: object) -> None:
    """It is acknowledged, since some vendors never repeat what was refused."""
    reply = site.push(body)
    assert reply.status_code == 202
    (notice,) = notices(site)
    assert reply.json()["id"] == f"notice:{notice['id']}"
    assert (notice["status"], notice["code"]) == ("errored", "not understood")
    assert notice["reason"]


def test_a_wrong_content_type_does_not_keep_a_push_from_being_heard(site: Site) -> None:
    """What a body is, its adapter finds out."""
    assert site.push(push(), **{"Content-Type": "text/plain"}).status_code == 202
    assert notices(site)[0]["status"] == "received"


def test_a_transport_id_of_any_length_is_recognized_again(site: Site) -> None:
    """Id and inquiry together may be longer than a column is wide."""
    long = push(Id="i" * 255)
    assert [site.push(long).status_code for _ in range(2)] == [202, 200]
    with site.runtime.database.read() as tx:
        (kept,) = tx.connection.exec_driver_sql("SELECT transport_id FROM notice").scalars()
    assert len(kept) <= 255


def test_what_a_database_cannot_hold_is_kept_without_it(tmp_path: Path, database_url: str) -> None:
    """On each database: NUL characters, half surrogate pairs and ids that are too long."""
    with running(tmp_path, database_url=database_url) as site:
        bodies = [
            b"\x00\xff",
            push(Inserted=[{"half \ud800": "of a pair"}]),
            push(Inserted=[{"nul \x00": ""}]),
            push(Id="i" * 255, AdditionalInfo={"nul": "\x00", "half": "\ud800"}),
        ]
        assert [site.push(body).status_code for body in bodies] == [202] * 4
        assert [site.push(body).status_code for body in bodies] == [200] * 4
        assert sorted(one["status"] for one in notices(site)) == ["errored"] * 3 + ["received"]


def test_the_payload_is_kept_without_secrets(site: Site) -> None:
    site.push(push(AdditionalInfo={"password": "hunter2hunter2", "note": PUSH_SECRET, "text": "Größe 7\x00"}))
    payload = site.get("/api/notices/notice:1").json()["notice"]["payload"]
    assert "hunter2" not in payload
    assert PUSH_SECRET not in payload
    assert json.loads(payload)["AdditionalInfo"]["text"] == "Größe 7\x00"


@pytest.mark.parametrize("secret", ["", "wrong", PUSH_SECRET[:-1], PUSH_SECRET + " x"])
def test_a_wrong_secret_is_refused(site: Site, secret: str) -> None:
    reply = site.push(push(), secret)
    assert problem(reply, 401)["type"] == "urn:connector:problem:unknown-caller"
    assert "www-authenticate" in reply.headers
    assert site.count("notice") == 0


def test_a_stranger_does_not_learn_which_connections_hear_webhooks(site: Site) -> None:
    """A wrong secret, no webhook configured, a system that sends none: one answer."""
    replies = [site.push(push(), "wrong", connection) for connection in ("erp", "other-erp", "shop")]
    assert [problem(reply, 401) for reply in replies] == [replies[0].json()] * 3
    assert len({tuple(sorted(set(reply.headers) - {"date"})) for reply in replies}) == 1


@pytest.mark.parametrize("connection", ["nowhere", "ERP", "erp%2F", "%00"])
def test_a_connection_that_is_not_configured_is_not_found(site: Site, connection: str) -> None:
    problem(site.push(push(), connection=connection), 404)


def test_a_body_over_the_limit_is_refused(site: Site) -> None:
    problem(site.push(b" " * (MAX_BODY + 1)), 413)
    assert site.count("notice") == 0


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_another_method_is_refused_as_a_problem(site: Site, method: str) -> None:
    reply = site.client.request(method, "/webhooks/erp")
    problem(reply, 405)
    assert reply.headers["allow"] == "POST"
