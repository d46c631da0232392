"""The faults every simulator can be told to commit, each over real sockets, and when they are due."""

import time
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import httpx
import pytest

from connector.simulators.base import FAULT_KINDS, Fault, Received, Reply, Served, Simulator, serve


class OddFault(Fault):
    """A kind only this simulator knows."""

    kind: Literal["odd"]
    text: str


class Counting(Simulator):
    """A vendor whose every request counts up by one."""

    fault_kinds: ClassVar[dict[str, type[Fault]]] = {"odd": OddFault}
    count = 0

    def handle(self, received: Received) -> Reply:
        self.count += 1
        odd = [fault.text for fault in received.faults if isinstance(fault, OddFault)]
        return Reply.of({"count": self.count, "odd": odd})

    def state(self) -> object:
        return {"count": self.count}

    def seed(self, wanted: Any) -> object:
        self.count = wanted["count"]
        return {}


@pytest.fixture(scope="module")
def vendor() -> Iterator[Served]:
    with serve(Counting().app) as served:
        yield served


@pytest.fixture
def client(vendor: Served) -> Iterator[httpx.Client]:
    """A client of a vendor that is as new."""
    with httpx.Client(base_url=vendor.url, timeout=5) as client:
        client.delete("/_sim/faults")
        client.delete("/_sim/requests")
        client.post("/_sim/seed", json={"count": 0})
        yield client


def _switch_on(client: httpx.Client, *faults: dict[str, Any]) -> None:
    client.post("/_sim/faults", json=list(faults)).raise_for_status()


def _count(client: httpx.Client) -> int:
    count: int = client.get("/_sim/state").json()["count"]
    return count


def test_status_answers_before_anything_happens(client: httpx.Client) -> None:
    """The status, body and headers are as asked for, and the vendor's state is untouched."""
    _switch_on(client, {"kind": "status", "status": 503, "body": {"m": 1}, "headers": {"X-Cause": "test"}})
    reply = client.post("/order")
    assert (reply.status_code, reply.json(), reply.headers["x-cause"]) == (503, {"m": 1}, "test")
    assert _count(client) == 0


def test_status_after_answers_when_it_has_happened(client: httpx.Client) -> None:
    """The vendor has done what was asked and says that it failed."""
    _switch_on(client, {"kind": "status_after", "status": 502, "body": "Bad Gateway"})
    reply = client.post("/order")
    assert (reply.status_code, reply.text, _count(client)) == (502, "Bad Gateway", 1)


def test_a_delayed_request_is_carried_out_although_its_caller_has_gone(client: httpx.Client) -> None:
    """The commit comes after the caller's time-out, as with a vendor that queues."""
    _switch_on(client, {"kind": "delay", "seconds": 0.5, "when": {"once": True}})
    with pytest.raises(httpx.ReadTimeout):
        client.post("/order", timeout=0.1)
    _carried_out_once(client)


def _carried_out_once(client: httpx.Client) -> None:
    deadline = time.monotonic() + 30
    while _count(client) == 0:
        assert time.monotonic() < deadline, "it was never carried out"
        time.sleep(0.02)
    assert _count(client) == 1


def test_a_status_with_text_is_no_json(client: httpx.Client) -> None:
    """A body that is text is sent as it is, with the content type asked for."""
    headers = {"Content-Type": "text/html"}
    _switch_on(client, {"kind": "status", "status": 403, "body": "<h1>No</h1>", "headers": headers})
    reply = client.get("/")
    assert (reply.text, reply.headers.get_list("content-type")) == ("<h1>No</h1>", ["text/html"])


def test_delay_waits_before_handling(client: httpx.Client) -> None:
    """A caller that gives up during the delay has changed nothing yet."""
    _switch_on(client, {"kind": "delay", "seconds": 60})
    with pytest.raises(httpx.ReadTimeout):
        client.post("/order", timeout=0.3)
    assert _count(client) == 0


def test_delay_after_waits_between_commit_and_reply(client: httpx.Client) -> None:
    """A caller that gives up during this delay has changed something and does not know it."""
    _switch_on(client, {"kind": "delay_after", "seconds": 60})
    with pytest.raises(httpx.ReadTimeout):
        client.post("/order", timeout=1)
    _carried_out_once(client)


def test_reply_lost_commits_and_closes_the_socket(client: httpx.Client) -> None:
    """The request is carried out, its answer never comes."""
    _switch_on(client, {"kind": "reply_lost", "when": {"once": True}})
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        client.post("/order", json={"some": "body"})
    assert _count(client) == 1
    assert client.post("/order").json()["count"] == 2


def test_drop_closes_the_socket_and_carries_out_nothing(client: httpx.Client) -> None:
    """The connection ends before the request is handled."""
    _switch_on(client, {"kind": "drop", "when": {"once": True}})
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        client.post("/order", json={"some": "body"})
    assert _count(client) == 0
    assert client.post("/order").json()["count"] == 1


def test_down_drops_every_request_until_cleared(client: httpx.Client) -> None:
    """The vendor is away, its control paths are not."""
    _switch_on(client, {"kind": "down"})
    for _ in range(3):
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            client.get("/order")
    assert client.delete("/_sim/faults").status_code == 204
    assert client.get("/order").json()["count"] == 1


def test_malformed_commits_and_answers_no_json(client: httpx.Client) -> None:
    """The reply is a 200 that cannot be read."""
    _switch_on(client, {"kind": "malformed"})
    reply = client.post("/order")
    assert reply.status_code == 200
    with pytest.raises(ValueError, match="Expecting value"):
        reply.json()
    assert _count(client) == 1


@pytest.mark.parametrize(("options", "header"), [({}, None), ({"retry_after": 7}, "7")])
def test_rate_limit_refuses_with_429(
    client: httpx.Client, options: dict[str, int], header: str | None
) -> None:
    """The refusal says when to come back if it was told to."""
    _switch_on(client, {"kind": "rate_limit", **options})
    reply = client.post("/order")
    assert (reply.status_code, reply.headers.get("retry-after"), _count(client)) == (429, header, 0)


def test_expired_token_refuses_with_the_vendors_401(client: httpx.Client) -> None:
    """Nothing is carried out."""
    _switch_on(client, {"kind": "expired_token"})
    assert (client.post("/order").status_code, _count(client)) == (401, 0)


def test_a_kind_of_its_own_reaches_the_simulator(client: httpx.Client) -> None:
    """A simulator may know further kinds, with their own fields."""
    _switch_on(client, {"kind": "odd", "text": "moon", "when": {"once": True}})
    assert [client.get("/").json()["odd"] for _ in range(2)] == [["moon"], []]


def _statuses(client: httpx.Client, number: int, path: str = "/order") -> list[int]:
    return [client.get(path).status_code for _ in range(number)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, [503, 503, 503, 503, 503, 503]),
        ({"when": {"once": True}}, [503, 200, 200, 200, 200, 200]),
        ({"when": {"times": 2}}, [503, 503, 200, 200, 200, 200]),
        ({"when": {"every": 3}}, [200, 200, 503, 200, 200, 503]),
        ({"when": {"once": True}, "skip": 2}, [200, 200, 503, 200, 200, 200]),
        ({"when": {"every": 2}, "skip": 1}, [200, 200, 503, 200, 503, 200]),
        ({"method": "POST"}, [200, 200, 200, 200, 200, 200]),
        ({"path": "^/invoice"}, [200, 200, 200, 200, 200, 200]),
    ],
)
def test_a_fault_hits_when_its_rule_says(
    client: httpx.Client, rule: dict[str, Any], expected: list[int]
) -> None:
    """Once, some times, every so often, after some were let through, on some paths or methods only."""
    _switch_on(client, {"kind": "status", "status": 503, **rule})
    assert _statuses(client, 6) == expected


def test_probability_is_repeatable_by_its_seed(client: httpx.Client) -> None:
    """The same seed hits the same requests; some are hit and some are not."""
    runs = []
    for _ in range(2):
        client.delete("/_sim/faults")
        _switch_on(client, {"kind": "status", "status": 503, "when": {"probability": 0.5, "seed": 4}})
        runs.append(_statuses(client, 30))
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 503}


def test_two_faults_for_one_path_hit_one_after_the_other(client: httpx.Client) -> None:
    """The second does not count requests that the first took."""
    once = {"when": {"once": True}}
    _switch_on(client, {"kind": "status", "status": 503, **once}, {"kind": "rate_limit", **once})
    assert _statuses(client, 3) == [503, 429, 200]


def test_faults_are_listed_with_their_counts(client: httpx.Client) -> None:
    """The switchboard shows what was asked for, how often it was looked at and how often it hit."""
    _switch_on(client, {"kind": "status", "status": 503, "when": {"once": True}})
    _statuses(client, 2)
    fault = {"kind": "status", "status": 503, "when": {"once": True}, "seen": 2, "applied": 1}
    assert client.get("/_sim/faults").json() == [fault]


def test_control_paths_suffer_no_fault(client: httpx.Client) -> None:
    """Faults are the vendor's, not the switchboard's."""
    _switch_on(client, {"kind": "down"}, {"kind": "status", "status": 500})
    assert client.post("/_sim/seed", json={"count": 7}).status_code == 200
    assert _count(client) == 7


@pytest.mark.parametrize(
    ("wanted", "named"),
    [
        ({"kind": "explode"}, "explode"),
        ({"status": 500}, "None"),
        ({"kind": "drop", "wehn": {"once": True}}, "wehn"),
        ({"kind": "drop", "seconds": 3}, "seconds"),
        ({"kind": "delay"}, "seconds"),
        ({"kind": "drop", "when": {"once": True, "every": 2}}, "one of"),
        ({"kind": "drop", "when": {"seed": 2}}, "probability"),
        ({"kind": "drop", "path": "("}, "regular expression"),
        ([{"kind": "drop"}, "down"], "None"),
    ],
)
def test_a_misspelt_fault_is_refused_and_none_is_added(client: httpx.Client, wanted: Any, named: str) -> None:
    """The answer is 400 and names what is wrong; a list is taken whole or not at all."""
    reply = client.post("/_sim/faults", json=wanted)
    assert reply.status_code == 400
    assert named in reply.json()["error"]
    assert client.get("/_sim/faults").json() == []


def test_a_control_body_that_is_no_json_is_refused(client: httpx.Client) -> None:
    """The answer is 400 and says so."""
    reply = client.post("/_sim/faults", content=b"{")
    assert (reply.status_code, "not JSON" in reply.json()["error"]) == (400, True)


def test_an_unknown_control_path_is_404(client: httpx.Client) -> None:
    """Control paths never reach the vendor's side."""
    assert client.get("/_sim/nothing").status_code == 404
    assert _count(client) == 0


def test_the_log_of_requests_shows_faults_and_statuses(client: httpx.Client) -> None:
    """A dropped request has no status; the newest stands last, and the log can be cleared."""
    _switch_on(client, {"kind": "drop", "when": {"once": True}})
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        client.post("/order?x=1", json={"a": 1.5}, headers={"Authorization": "Bearer secret"})
    client.get("/order")
    first, second = client.get("/_sim/requests").json()
    assert (first["status"], first["faults"], first["query"], first["body"]) == (
        None,
        ["drop"],
        "x=1",
        {"a": 1.5},
    )
    assert (second["status"], second["faults"]) == (200, [])
    assert "secret" not in str(first)
    client.delete("/_sim/requests")
    assert client.get("/_sim/requests").json() == []


def test_every_kind_is_tried_in_this_file() -> None:
    """A kind that is added needs a test here."""
    tried = "status status_after delay delay_after rate_limit reply_lost drop malformed expired_token down"
    assert set(FAULT_KINDS) == set(tried.split())
