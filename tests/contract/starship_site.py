"""A running StarShip simulator as tests see it, a receiver of its deliveries, and the contract's sample. No tests."""

import contextlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from connector.simulators import build
from connector.simulators.base import serve

SECRET = "whsec_c2hpcHBpbmctc3RhdGlvbi1vbmU="

LINES: list[dict[str, Any]] = [
    {"line_key": "1", "item": "AALEGO500", "description": "Lego piece", "quantity": "2"},
    {"line_key": "2", "item": "CONBABY1", "quantity": "1"},
]

SEED: dict[str, Any] = {
    "orders": [
        {"source": "Acumatica", "document_type": "SO", "key": "SO000035", "lines": LINES},
        {
            "source": "Acumatica",
            "document_type": "SO",
            "key": "SO000036",
            "status": "Back Order",
            "lines": LINES,
        },
        {"source": "Sage 100", "document_type": "S", "key": "0000201", "lines": LINES},
        {"source": "Sage 100", "document_type": "S", "key": "0000202", "lines": LINES},
    ]
}
ACUMATICA = {"document_type": "SO", "key": "SO000035"}
SAGE = [{"document_type": "S", "key": "0000201"}, {"document_type": "S", "key": "0000202"}]

SAMPLE: dict[str, Any] = json.loads(
    """{
 "event_id": "e1", "type": "processed", "occurred_at": "2026-01-31T12:00:00Z",
 "shipment_id": "1001", "processing": 1, "replaces": "", "again": false,
 "status": "Processed", "ship_date": "2026-01-31", "carrier": "UPS", "scac": "", "service": "Ground",
 "ship_via_code": "", "payment": "prepaid", "master_tracking": "", "pro": "", "bol": "",
 "charges": {"currency": "USD", "list": "12.00", "contract": "8.10", "applied": "9.50", "handling": "1.00"},
 "total_weight": "12.5", "weight_unit": "LB",
 "ship_to": {"name": "", "company": "", "lines": [""], "city": "", "region": "", "postal_code": "",
             "country": "US", "phone": "", "email": ""},
 "orders": [{"document_type": "SO", "key": "000123", "freight_share": "5.00"}],
 "items": [{"document_type": "SO", "order": "000123", "line_key": "1", "item": "SKU", "description": "",
            "quantity": "2", "unit": "EA", "lot_serial": "", "custom": {}}],
 "packages": [{"number": "1", "box": "", "weight": "5.0", "length": "", "width": "", "height": "",
               "tracking": "1Z", "custom": {},
               "contents": [{"document_type": "SO", "order": "000123", "line_key": "1", "item": "SKU",
                             "quantity": "2"}]}],
 "notes": [{"tag": "Ship Date", "value": "2026-01-31"}], "custom": {"PO": "77"}
}"""
)
"""The event of the bridge contract, with everything in it."""


def eventually(holds: Callable[[], bool], seconds: float = 15.0) -> None:
    """Wait until something holds. Raises AssertionError when it never does."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.01)


@dataclass
class Receiver:
    """A webhook that keeps what it is sent and answers with `statuses` in turn, the last one for ever."""

    statuses: list[int]
    raw: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def events(self) -> list[dict[str, Any]]:
        """What came, decoded, numbers exact."""
        return [json.loads(one, parse_float=Decimal) for one in self.raw]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        with self._lock:
            self.raw.append(body)
            self.headers.append(dict(request.headers))
            status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        await Response(status_code=status)(scope, receive, send)


@contextlib.contextmanager
def running_receiver(*statuses: int) -> Iterator[Receiver]:
    """A webhook receiver on a free port."""
    receiver = Receiver(list(statuses) or [202])
    with serve(receiver) as served:
        receiver.url = f"{served.url}/webhooks/{secrets.token_hex(4)}"
        yield receiver


@dataclass
class Site:
    """One station on a port, and how to talk to it."""

    url: str
    client: httpx.Client

    def sim(self, method: str, path: str, body: object = None) -> Any:
        """A control path, which must succeed."""
        reply = self.client.request(method, f"/_sim/{path}", json=body)
        assert reply.is_success, reply.text
        return json.loads(reply.text, parse_float=Decimal) if reply.content else None

    def refused(self, method: str, path: str, body: object = None, status: int = 409) -> str:
        """What a person reads where the station does not do it."""
        reply = self.client.request(method, f"/_sim/{path}", json=body)
        assert reply.status_code == status, reply.text
        return str(reply.json()["error"])

    def enter(self, source: str, **order: Any) -> dict[str, Any]:
        """An order entered into the book, as a shipment names it."""
        one = {"source": source, "document_type": "SO", "key": "SO000099", "lines": LINES, **order}
        self.sim("POST", "seed", {"orders": [one]})
        return {"document_type": one["document_type"], "key": one["key"]}

    def refusal(self, *orders: dict[str, Any], **content: Any) -> str:
        """What a person reads who asks for a shipment that cannot be."""
        return self.refused("POST", "shipments", {"orders": list(orders), **content})

    def new(self, *orders: dict[str, Any], **content: Any) -> str:
        """A new shipment, by default of one order; its number."""
        asked = {"orders": list(orders) or [ACUMATICA], **content}
        return str(self.sim("POST", "shipments", asked)["shipment_id"])

    def process(self, *orders: dict[str, Any], **content: Any) -> Any:
        """The event of a new shipment that is processed."""
        return self.act(self.new(*orders, **content), "process")["events"][-1]

    def act(self, number: str, what: str, **given: Any) -> Any:
        """Something done with a shipment, which must succeed; the shipment afterwards."""
        return self.sim("POST", f"shipments/{number}/{what}", given)

    def shipment(self, number: str) -> Any:
        """A shipment as it stands."""
        return self.sim("GET", f"shipments/{number}")

    def listen(self, receiver: Receiver, **switches: Any) -> None:
        """Have the bridge deliver to a receiver."""
        self.sim("POST", "targets", {"url": receiver.url, "secret": SECRET, **switches})

    def settled(self, count: int) -> list[Any]:
        """Wait until so many deliveries have come to an end."""
        ended = {"delivered", "failed", "ignored"}
        eventually(lambda: [one["status"] in ended for one in self.deliveries()] == [True] * count)
        return self.deliveries()

    def deliveries(self) -> list[Any]:
        """Every delivery, oldest first."""
        listed: list[Any] = self.sim("GET", "deliveries")["deliveries"]
        return listed


class Stage:
    """A server on which stations stand one after the other: a station is quicker to make than a server."""

    def __init__(self) -> None:
        self.url = ""
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is None:
            raise RuntimeError("no station stands here")
        await self._app(scope, receive, send)

    @contextlib.contextmanager
    def site(self, **options: object) -> Iterator[Site]:
        """A new station, its book seeded; its bridge does not pause between attempts unless told to."""
        self._app = build("starship", **{"pause_seconds": 0, **options}).app
        with httpx.Client(base_url=self.url, timeout=10) as client:
            site = Site(self.url, client)
            site.sim("POST", "seed", SEED)
            yield site


@contextlib.contextmanager
def running_stage() -> Iterator[Stage]:
    """A server on a free port."""
    stage = Stage()
    with serve(stage) as served:
        stage.url = served.url
        yield stage
