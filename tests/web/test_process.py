"""The web process as a whole: its start, health, documents, limits, log lines and end."""

import asyncio
import json
import re
import socket
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import structlog
from starlette.types import Message, Receive, Scope, Send

from connector.store import SchemaMismatch, flow_editions
from connector.wake import MemoryRinger
from connector.web.app import create
from connector.web.limits import BodyLimit
from connector.web.problems import Problem
from connector.work import Bell
from tests.servers import RedisServer
from tests.web.site import (
    PUBLISH,
    PUSH_SECRET,
    Site,
    bearer,
    event,
    eventually,
    problem,
    push,
    running,
    runtime_at,
    serving,
)

# -- start and end -----------------------------------------------------------------------------------------


def test_a_database_without_tables_is_refused_at_the_start(tmp_path: Path) -> None:
    runtime = runtime_at(tmp_path, MemoryRinger())
    with runtime.database.write() as tx:
        tx.connection.exec_driver_sql("DELETE FROM alembic_version")
    with pytest.raises(SchemaMismatch, match="connector migrate"):
        create(runtime)
    runtime.close()


def test_a_web_process_does_not_say_which_flows_are_in_force(tmp_path: Path) -> None:
    runtime = runtime_at(tmp_path, MemoryRinger())
    with serving(runtime), runtime.database.read() as tx:
        assert (flow_editions.in_force(tx), flow_editions.declared(tx)) == ({}, None)


def test_bells_that_wait_are_rung_when_the_process_ends(tmp_path: Path) -> None:
    with running(tmp_path) as site:
        site.publish(event())
        ringer = site.ringer
    assert Bell("route") in ringer.rung


class HangingRinger(MemoryRinger):
    """A broker that answers nobody until it is let go; `calls` counts how often it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()
        self.calls = 0

    def ring(self, bells: Iterable[Bell]) -> None:
        """Hang, then ring."""
        self.calls += 1
        self.let_go.wait(60)
        super().ring(bells)


def test_a_broker_that_hangs_keeps_no_publisher_waiting(tmp_path: Path) -> None:
    """Events are taken meanwhile; what is rung for them afterwards is rung together."""
    ringer = HangingRinger()
    with running(tmp_path, ringer) as site:
        for number in range(5):
            assert site.publish(event(str(number))).status_code == 202
        assert not ringer.rung
        ringer.let_go.set()
        assert site.rung(Bell("route"))
    assert ringer.calls <= 2


# -- health ------------------------------------------------------------------------------------------------


def test_a_process_that_answers_is_live(site: Site) -> None:
    reply = site.client.get("/health/live")
    assert (reply.status_code, reply.json()) == (200, {"status": "ok"})


def test_readiness_names_the_part_that_is_missing_and_nothing_else(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    """Broker killed, tables gone, database gone; each is seen, and seen to be back."""
    with running(tmp_path, broker_url=redis_server.url) as site:

        def is_ready(status: int, **parts: str) -> bool:
            reply = site.client.get("/health/ready")
            whole = {
                "status": "ok" if status == 200 else "not ok",
                "database": "ok",
                "tables": "ok",
                "broker": "ok",
                "sweeper": "ok",
                "router": "ok",
                "lanes": "ok",
                "configuration": "ok",
            }
            return (reply.status_code, reply.json()) == (status, whole | parts)

        assert is_ready(200)
        redis_server.kill()
        assert eventually(lambda: is_ready(503, broker="not ok"))
        redis_server.start()
        assert eventually(lambda: is_ready(200))
        with site.runtime.database.write() as tx:
            tx.connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'newer'")
        unknown = dict.fromkeys(("sweeper", "router", "lanes", "configuration"), "unknown")
        assert eventually(lambda: is_ready(503, tables="not ok", **unknown))


def test_readiness_of_a_process_without_a_database(site: Site) -> None:
    file = site.runtime.database.url.database
    site.runtime.database.close()
    Path(f"{file}").unlink()
    Path(f"{file}").mkdir()
    assert eventually(lambda: site.client.get("/health/ready").json()["database"] == "not ok")
    assert site.client.get("/health/live").status_code == 200


# -- documents ---------------------------------------------------------------------------------------------


def test_the_documentation_loads_nothing_from_elsewhere(site: Site) -> None:
    page = site.client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert re.findall(r"(?:src|href)=\"([^\"]*)\"", page.text) == ["openapi.json"]
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for path in site.client.get("/openapi.json").json()["paths"]:
        assert path in page.text


def test_every_refusal_is_documented_as_a_problem(site: Site) -> None:
    document = site.client.get("/openapi.json").json()
    answers = [
        answer
        for path, methods in document["paths"].items()
        for method in methods.values()
        for status, answer in method["responses"].items()
        if int(status) >= 400 and not path.startswith("/health")
    ]
    assert answers
    assert {tuple(answer["content"]) for answer in answers} == {("application/problem+json",)}
    assert {"ProblemDocument", "Fault"} <= document["components"]["schemas"].keys()
    assert "HTTPValidationError" not in json.dumps(document)


@pytest.mark.parametrize("path", ["/nowhere", "/events/", "/webhooks/", "/api", "/redoc"])
def test_an_address_where_nothing_is_served_is_a_problem(site: Site, path: str) -> None:
    problem(site.client.get(path), 404)


# -- limits ------------------------------------------------------------------------------------------------


async def _reads_all(_scope: Scope, receive: Receive, _send: Send) -> None:
    while (await receive()).get("more_body"):
        pass


def test_a_body_that_trickles_is_given_up() -> None:
    """Told by the limit itself with a short patience, as no test should wait for the real one."""

    async def trickle() -> Message:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b" ", "more_body": True}

    async def ignore(_message: Message) -> None:
        return None

    limit = BodyLimit(_reads_all, most=10_000, arrival=0.1)
    with pytest.raises(Problem) as refused:
        asyncio.run(limit({"type": "http", "headers": []}, trickle, ignore))
    assert (refused.value.status_code, refused.value.headers) == (408, {"Connection": "close"})


def test_a_caller_who_leaves_in_the_middle_of_a_body_leaves_nothing_behind(site: Site) -> None:
    url = site.client.base_url
    with socket.create_connection((url.host, url.port or 0)) as caller:
        head = f"POST /events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {PUBLISH}\r\nContent-Length: 500\r\n\r\n"
        caller.sendall(head.encode() + b'{"specversion"')
    assert site.publish(event()).json()["id"] == "event:1"


# -- what is said ------------------------------------------------------------------------------------------


def test_each_request_is_one_line_without_bodies_queries_or_tokens(site: Site) -> None:
    with structlog.testing.capture_logs() as lines:
        site.push(push("SH-SECRET"))
        site.client.get("/api/stats?token=in-the-query", headers=bearer(PUBLISH))
        site.client.get("/for%0Aged")
        assert eventually(lambda: len(_requests(lines)) == 3)
    heard, asked, forged = _requests(lines)
    assert (heard["method"], heard["path"], heard["status"]) == ("POST", "/webhooks/erp", 202)
    assert (heard["connection"], isinstance(heard["ms"], int)) == ("erp", True)
    assert (asked["path"], asked["status"]) == ("/api/stats", 403)
    assert forged["path"] == "/for%0Aged"
    said = json.dumps(lines, default=str)
    assert not [secret for secret in ("SH-SECRET", "in-the-query", PUBLISH, PUSH_SECRET) if secret in said]


def _requests(lines: list[Any]) -> list[Any]:
    return [line for line in lines if line["event"] == "web.request"]


def test_the_server_says_nothing_about_itself(site: Site) -> None:
    headers = site.client.get("/health/live").headers
    assert "server" not in headers
    assert headers["x-content-type-options"] == "nosniff"
