"""A running Acumatica simulator as tests see it: a client that judges each exchange, and a webhook receiver.

Every request and reply on an entity goes through the vendor's OpenAPI document here, so no test forgets to.
"""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from connector.simulators import build
from connector.simulators.base import serve
from tests.contract.openapi_acumatica import validate_acumatica_reply, validate_acumatica_request

ROOT = "/entity/Default/25.200.001"
CLIENT = "5A1C0F2E-0000-4000-8000-00000000C11E@Company"
SAMPLES = Path(__file__).parent.parent / "data" / "samples"

SEED: dict[str, Any] = {
    "orders": [
        {
            "OrderType": "SO",
            "OrderNbr": "000123",
            "ExternalRef": "100000045",
            "CustomerOrder": "PO-7",
            "CustomerID": "C1001",
            "ShipVia": "UPSGROUND",
            "UnpaidBalance": "0.00",
            "lines": [
                {"LineNbr": 1, "InventoryID": "AALEGO500", "OrderQty": "2", "UnitPrice": "15.50"},
                {"LineNbr": 2, "InventoryID": "CONBABY1", "OrderQty": "1", "UnitPrice": "9.99"},
            ],
            "ShipToAddress": {"AddressLine1": "1 Example Street", "City": "Exampleville", "Country": "US"},
        },
        {
            "OrderType": "SO",
            "OrderNbr": "000124",
            "CustomerID": "C1002",
            "lines": [{"InventoryID": "AALEGO500", "OrderQty": "4", "UnitPrice": "15.50"}],
        },
    ],
    "shipments": [
        {
            "ShipmentNbr": "SH000045",
            "Status": "Open",
            "orders": [["SO", "000123"]],
            "lines": [{"InventoryID": "AALEGO500", "OrderLineNbr": 1, "ShippedQty": "2"}],
            "packages": [
                {
                    "BoxID": "SMALL",
                    "TrackingNbr": "1Z999",
                    "Weight": "1.25",
                    "contents": [{"InventoryID": "AALEGO500", "Quantity": "2"}],
                }
            ],
        }
    ],
}


def sample(name: str) -> Any:
    """The body of a sample, numbers exact."""
    text = (SAMPLES / f"acumatica-{name}.json").read_text()
    return json.loads(text, parse_float=Decimal)["body"]


def wrapped(**values: object) -> dict[str, object]:
    """Values in the wire form."""
    return {name: {"value": value} for name, value in values.items()}


def eventually(holds: Callable[[], bool], seconds: float = 15.0) -> None:
    """Wait until something holds. Raises AssertionError when it never does."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.01)


@dataclass
class Site:
    """One simulator on a port, and how to talk to it. `judged` counts the replies held to the document."""

    url: str
    client: httpx.Client
    token: str | None = None
    judged: int = 0

    def sim(self, method: str, path: str, body: object = None) -> Any:
        """A control path, which must succeed."""
        reply = self.client.request(method, f"/_sim/{path}", json=body)
        assert reply.is_success, reply.text
        return json.loads(reply.text, parse_float=Decimal) if reply.content else None

    def sign_in(self, scope: str = "api", **changes: str) -> httpx.Response:
        """Ask for a token; a token that is given is used from then on."""
        form = {
            "grant_type": "password",
            "client_id": CLIENT,
            "client_secret": "client-secret",
            "username": "apiuser",
            "password": "password",
            "scope": scope,
        }
        reply = self.client.post("/identity/connect/token", data=form | changes)
        if reply.is_success:
            self.token = reply.json()["access_token"]
        return reply

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """A call on an entity; request and reply are held to the OpenAPI document."""
        request = self.client.build_request(
            method, ROOT + path, json=body, params=query, headers={**self._bearer(), **(headers or {})}
        )
        validate_acumatica_request(method, request.url.path, request.url.query.decode(), body)
        reply = self.client.send(request)
        is_json = "json" in reply.headers.get("content-type", "")
        self.judged += validate_acumatica_reply(
            method, request.url.path, reply.status_code, json.loads(reply.text) if is_json else None
        )
        return reply

    def raw(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A call that breaks the document on purpose; nothing is judged."""
        headers = {**self._bearer(), **options.pop("headers", {})}
        return self.client.request(method, ROOT + path, headers=headers, **options)

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def read(self, path: str, **query: str) -> Any:
        """A GET that must succeed, numbers exact; `expand` stands for `$expand` and so on."""
        reply = self.call("GET", path, query={f"${name}": text for name, text in query.items()})
        assert reply.status_code == 200, reply.text
        return json.loads(reply.text, parse_float=Decimal)

    def act(self, entity: str, action: str, **key: str) -> httpx.Response:
        """An action, polled to its end; gives the last reply."""
        body: dict[str, object] = {"entity": wrapped(**key)}
        if action == "SalesOrderCreateShipment":
            body["parameters"] = {}
        reply = self.call("POST", f"/{entity}/{action}", body)
        if reply.status_code != 202:
            return reply
        return self.poll(reply.headers["location"])

    def poll(self, location: str) -> httpx.Response:
        """Ask an operation's status until it is no longer 202."""
        last: list[httpx.Response] = []

        def ended() -> bool:
            last[:] = [self.client.get(location, headers=self._bearer())]
            return last[0].status_code != 202

        eventually(ended)
        return last[0]


@dataclass
class Stage:
    """A server on which one simulator follows the other, since starting a server costs more than most tests."""

    url: str = ""
    app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)

    @contextlib.contextmanager
    def site(self, seed: object = None, signed_in: bool = True, **options: object) -> Iterator[Site]:
        """A new simulator, seeded, with a client that holds a token."""
        self.app = build("acumatica", **options).app
        with httpx.Client(base_url=self.url) as client:
            site = Site(self.url, client)
            if seed is not None:
                site.sim("POST", "seed", seed)
            if signed_in:
                assert site.sign_in().status_code == 200
            yield site


@contextlib.contextmanager
def running_stage() -> Iterator[Stage]:
    """A server on a free port for several simulators, one after the other."""
    stage = Stage()
    with serve(stage) as served:
        stage.url = served.url
        yield stage


@contextlib.contextmanager
def running_site(seed: object = None, signed_in: bool = True, **options: object) -> Iterator[Site]:
    """A simulator on a server of its own, seeded, with a client that holds a token."""
    with running_stage() as stage, stage.site(seed, signed_in, **options) as site:
        yield site


@dataclass
class Receiver:
    """A webhook that keeps what it is sent and answers with `statuses` in turn, the last one for ever."""

    statuses: list[int] = field(default_factory=lambda: [200])
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = json.loads(await request.body(), parse_float=Decimal)
        with self._lock:
            self.bodies.append(body)
            self.headers.append(dict(request.headers))
            status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        await Response(status_code=status)(scope, receive, send)


@contextlib.contextmanager
def running_receiver(*statuses: int) -> Iterator[Receiver]:
    """A webhook receiver on a free port."""
    receiver = Receiver(list(statuses) or [200])
    with serve(receiver) as served:
        receiver.url = f"{served.url}/hook"
        yield receiver
