"""A running Magento simulator as tests see it: a client with an admin token that judges each call. No tests.

Requests on `/V1` paths are held to the vendor's document here, so no test forgets to.
"""

import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from connector.simulators.base import serve
from connector.simulators.magento import build
from tests.contract.openapi import validate_magento_request

Document = dict[str, Any]


@dataclass
class MovingClock:
    """A clock that stands still until it is told to move."""

    now: datetime = datetime(2026, 11, 23, 7, 32, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def tick(self, seconds: int = 1) -> str:
        """Move on; returns the new time as the vendor writes it."""
        self.now += timedelta(seconds=seconds)
        return f"{self.now:%Y-%m-%d %H:%M:%S}"


@dataclass
class Site:
    """One simulator on a port, and how to talk to it."""

    url: str
    client: httpx.Client
    clock: MovingClock

    def sim(self, method: str, path: str, body: object = None) -> Any:
        """A control path, which must succeed."""
        reply = self.client.request(method, f"/_sim/{path}", json=body)
        assert reply.is_success, reply.text
        return json.loads(reply.text, parse_float=Decimal) if reply.content else None

    def call(self, method: str, path: str, body: Any = None, **query: str) -> httpx.Response:
        """A call on a path below `/V1`; it is held to the vendor's document."""
        validate_magento_request(method, f"/rest/V1{path}", query, body)
        return self.client.request(method, f"/rest/V1{path}", json=body, params=query)

    def ok(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        """A call that must succeed, numbers exact."""
        reply = self.call(method, path, body, **query)
        assert reply.status_code == 200, reply.text
        return json.loads(reply.text, parse_float=Decimal)

    def found(self, table: str, *filters: tuple[str, str, str], **more: str) -> Any:
        """A list by (field, condition, value), joined by AND."""
        query = dict(more)
        for index, (name, condition, value) in enumerate(filters):
            at = f"searchCriteria[filterGroups][{index}][filters][0]"
            query.update({f"{at}[field]": name, f"{at}[conditionType]": condition, f"{at}[value]": value})
        if not filters:
            query.setdefault("searchCriteria[currentPage]", "1")
        return self.ok("GET", f"/{table}", **query)

    def place(self, **wanted: Any) -> Document:
        """An order of two lines (A: 3 at 10.00, B: 2 at 5.00) placed in the shop, as it is read back."""
        lines = [{"sku": "A", "qty": 3, "price": "10.00"}, {"sku": "B", "qty": 2, "price": "5.00"}]
        made = self.sim("POST", "orders", {"lines": lines, **wanted})
        return self.order(made["entity_id"])

    def order(self, number: int) -> Document:
        """An order by its id."""
        order: Document = self.ok("GET", f"/orders/{number}")
        return order

    def shop(self, order: Document, action: str, **asked: Any) -> Any:
        """Something done in the shop's admin, which must succeed."""
        return self.sim("POST", f"orders/{order['increment_id']}/{action}", asked)

    def state(self) -> Any:
        """What the shop holds."""
        return self.sim("GET", "state")


@contextmanager
def running_site() -> Iterator[Site]:
    """A new, empty shop on a free port."""
    clock = MovingClock()
    with serve(build(clock=clock).app) as served, httpx.Client(base_url=served.url, timeout=10) as client:
        admin = {"username": "admin", "password": "admin-password"}
        token = client.post("/rest/V1/integration/admin/token", json=admin).json()
        client.headers["Authorization"] = f"Bearer {token}"
        yield Site(served.url, client, clock)


def eventually(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something holds. Raises AssertionError when it never does."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.01)


@dataclass
class Receiver:
    """A webhook that answers the challenge, keeps what it is sent, and answers with `statuses` in turn.

    The last status is given for ever. `challenge` says how the challenge is answered.
    """

    statuses: list[int]
    challenge: Callable[[str], Response] = PlainTextResponse
    raw: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    challenges: list[str] = field(default_factory=list)
    url: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def events(self) -> list[Document]:
        """What came, decoded, numbers exact."""
        return [json.loads(one, parse_float=Decimal) for one in self.raw]

    @property
    def values(self) -> list[Document]:
        """`data.value` of what came."""
        return [one["data"]["value"] for one in self.events]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.method == "GET":
            text = request.query_params["challenge"]
            self.challenges.append(text)
            await self.challenge(text)(scope, receive, send)
            return
        body = await request.body()
        with self._lock:
            self.raw.append(body)
            self.headers.append(dict(request.headers))
            status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        await Response(status_code=status)(scope, receive, send)


@contextmanager
def running_receiver(
    *statuses: int, challenge: Callable[[str], Response] = PlainTextResponse
) -> Iterator[Receiver]:
    """A webhook receiver on a free port."""
    receiver = Receiver(list(statuses) or [200], challenge)
    with serve(receiver) as served:
        # A port may be free again that an earlier receiver had, and a shop remembers its deliveries.
        receiver.url = f"{served.url}/hook/{secrets.token_hex(4)}"
        yield receiver


def deliveries(site: Site, receiver: Receiver) -> list[Any]:
    """What was sent to it, or is to be, in the order in which it was made."""
    return [one for one in site.sim("GET", "events")["deliveries"] if one["url"] == receiver.url]


def settled(site: Site, receiver: Receiver, count: int) -> list[Any]:
    """Wait until so many deliveries have come to an end."""
    ended = ("delivered", "dropped")
    eventually(lambda: [one["status"] in ended for one in deliveries(site, receiver)] == [True] * count)
    return deliveries(site, receiver)


def released(site: Site, receiver: Receiver, count: int) -> None:
    """Let so many held deliveries go in the order in which they were made; else they keep none."""
    eventually(lambda: [one["status"] for one in deliveries(site, receiver)] == ["held"] * count)
    site.sim("POST", "events/release", {"order": "made"})
    settled(site, receiver, count)
