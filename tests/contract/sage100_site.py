"""A running Sage 100 simulator as tests see it: a client of the agent that judges each call, one of SOAP. No tests."""

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape

import httpx

from connector.simulators.base import serve
from connector.simulators.sage100 import build
from connector.simulators.sage100.soap_xml import WS, parse
from tests.contract.sage100_openapi import validate

Document = dict[str, Any]
CUSTOMER = {
    "ARDivisionNo": "01",
    "CustomerNo": "ABF",
    "CustomerName": "American Business Futures",
    "AddressLine1": "2131 N 14th Street",
    "City": "Milwaukee",
    "State": "WI",
    "ZipCode": "53205",
    "CountryCode": "USA",
    "EmailAddress": "orders@example.test",
    "ShipMethod": "UPS GROUND",
}
ITEMS = [
    {"code": "1001", "description": "Desk", "price": "100.00", "weight": "10"},
    {"code": "1002", "description": "Chair", "price": "20.50", "weight": "2"},
    {"code": "DROP", "description": "Lamp", "price": "5.00"},
    {"code": "/GIFT", "kind": "5", "description": "Gift wrap", "price": "3.00", "unit": ""},
    {"code": "/FEE", "kind": "3", "description": "Fee", "price": "7.00", "unit": ""},
]
LINES = [
    {"ItemCode": "1001", "QuantityOrdered": "3"},
    {"ItemCode": "1002", "QuantityOrdered": "4"},
    {"ItemCode": "DROP", "QuantityOrdered": "2", "DropShip": "Y"},
    {"ItemCode": "/GIFT", "QuantityOrdered": "1"},
    {"ItemCode": "/C", "CommentText": "Leave at the door"},
]
DESK, CHAIR, LAMP, GIFT, NOTE = (f"{number:06}" for number in range(1, 6))
ENVELOPE = (
    '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
    '<s:Body><{name} xmlns="{ws}">{inside}</{name}></s:Body></s:Envelope>'
)


@dataclass
class MovingClock:
    """A clock that stands still until it is told to move."""

    now: datetime = datetime(2026, 11, 27, 9, 30, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def tick(self, seconds: int = 60) -> str:
        """Move on; returns the new time as the agent writes it."""
        self.now += timedelta(seconds=seconds)
        return f"{self.now:%Y-%m-%dT%H:%M:%SZ}"


@dataclass
class Site:
    """One simulator on a port, and how to talk to it."""

    url: str
    client: httpx.Client
    clock: MovingClock
    keys: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def sim(self, method: str, path: str, body: object = None) -> Any:
        """A control path, which must succeed."""
        reply = self.client.request(method, f"/_sim/{path}", json=body)
        assert reply.is_success, reply.text
        return reply.json() if reply.content else None

    def call(
        self, method: str, path: str, body: object = None, key: str = "", **query: str
    ) -> httpx.Response:
        """A call of the agent below the company; it is held to the document. Writes get a new key each."""
        headers = {} if method == "GET" else {"Idempotency-Key": key or f"test-key-{next(self.keys)}"}
        url = f"/v1/companies/ABC/{path}"
        reply = self.client.request(method, url, json=body, params=query or None, headers=headers)
        validate(reply)
        return reply

    def ok(self, method: str, path: str, body: object = None, **query: str) -> Any:
        """A call that must succeed."""
        reply = self.call(method, path, body, **query)
        assert reply.is_success, reply.text
        return reply.json() if reply.content else None

    def refused(self, method: str, path: str, body: object = None, **query: str) -> str:
        """A call that must be refused; returns the code."""
        reply = self.call(method, path, body, **query)
        assert not reply.is_success, reply.text
        return str(reply.json()["code"])

    def order(self, *lines: Mapping[str, str], **columns: str) -> str:
        """The number of a new order; by default with a desk, chairs, a drop-ship lamp, a gift wrap and a comment."""
        wanted = {"ARDivisionNo": "01", "CustomerNo": "ABF", **columns}
        made = self.sim("POST", "seed", {"orders": [{"columns": wanted, "lines": list(lines) or LINES}]})
        return str(made["orders"][0])

    def invoice(self, order: str, **shipped: str) -> Document:
        """A new invoice of the agent for an order: line key (with a `k` before it) -> quantity; by default 2 desks."""
        lines = [
            {"OrderLineKey": key.removeprefix("k"), "QuantityShipped": quantity}
            for key, quantity in shipped.items()
        ]
        desks = [{"OrderLineKey": DESK, "QuantityShipped": "2"}]
        body = {"SalesOrderNo": order, "ExternalReference": f"ref{next(self.keys)}", "lines": lines or desks}
        made: Document = self.ok("POST", "invoices", body)
        return made

    def soap(
        self, name: str, inside: str = "", password: str = "password", company: str = "ABC", action: str = ""
    ) -> httpx.Response:
        """An operation with its arguments behind log-on and company, as XML."""
        logon = f"<logon><Password>{escape(password)}</Password><Username>webservice</Username></logon>"
        arguments = f"{logon}<companyCode>{company}</companyCode>{inside}"
        body = ENVELOPE.format(name=name, ws=WS, inside="" if name.endswith("Information") else arguments)
        return self.post_soap(body, action or f"{WS}/IMasService/{name}")

    def post_soap(self, body: str, action: str) -> httpx.Response:
        """An envelope as it stands."""
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{action}"'}
        return self.client.post("/ebusinesswebservices/MasService.svc", content=body, headers=headers)

    def soap_ok(self, name: str, inside: str = "") -> dict[str, str]:
        """An operation that must succeed; its result's texts by element, of the first record of each kind."""
        reply = self.soap(name, inside)
        assert reply.status_code == 200, reply.text
        found: dict[str, str] = {}
        for element in parse(reply.content).iter():
            found.setdefault(element.tag.removeprefix(f"{{{WS}}}"), element.text or "")
        return found

    def soap_fault(self, name: str, inside: str = "", **more: str) -> str:
        """An operation that must fail; the fault's text."""
        reply = self.soap(name, inside, **more)
        assert reply.status_code == 500, reply.text
        return next(element.text or "" for element in parse(reply.content).iter("faultstring"))


@contextmanager
def running_site(**options: object) -> Iterator[Site]:
    """A new Sage with one customer and a few items, on a free port."""
    clock = MovingClock()
    headers = {"Authorization": "Bearer agent-token"}
    app = build(clock=clock, **options).app
    with serve(app) as served, httpx.Client(base_url=served.url, timeout=10, headers=headers) as client:
        site = Site(served.url, client, clock)
        site.sim("POST", "seed", {"items": ITEMS, "customers": [CUSTOMER]})
        yield site
