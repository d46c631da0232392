"""A running Acumatica simulator with two orders and two shipments, for the tests of the adapter over HTTP.

Each GET that the adapter sends to it is held to the vendor's OpenAPI document.
"""

import asyncio
import queue
import re
import threading
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Self, TypeVar

import httpx
import pytest
from pydantic import SecretStr

from connector.simulators import build
from connector.simulators.base import serve
from connector.systems.acumatica.adapter import ADAPTER
from connector.systems.acumatica.settings import AcumaticaSettings
from connector.systems.base import Fetched, Wanted, WebhookRequest
from connector.systems.http import Http, Slots
from tests.contract.openapi_acumatica import validate_acumatica_request

CONNECTION = "acumatica-main"
TOKEN_PATH = "/identity/connect/token"
SECRET = "a-secret-of-the-site"
SHIPMENT = Wanted("shipment", "SH000045", frozenset({"order"}))

SEED = {
    "orders": [
        {
            "OrderType": "SO",
            "OrderNbr": number,
            "ExternalRef": reference,
            "UnpaidBalance": balance,
            "lines": [{"InventoryID": "AACOMPUT01", "OrderQty": "2", "UnitPrice": "500.00", "LineNbr": 1}],
        }
        for number, reference, balance in (("000123", "100000045", "0.00"), ("000124", "100000046", "12.50"))
    ],
    "shipments": [
        {
            "ShipmentNbr": "SH000045",
            "Status": "Confirmed",
            "ShipVia": "UPSGROUND",
            "orders": [["SO", "000123"], ["SO", "000124"]],
            "lines": [
                {
                    "OrderType": "SO",
                    "OrderNbr": number,
                    "OrderLineNbr": 1,
                    "InventoryID": "AACOMPUT01",
                    "ShippedQty": "2",
                }
                for number in ("000123", "000124")
            ],
            "packages": [
                {
                    "BoxID": "LARGE",
                    "TrackingNbr": "1Z999",
                    "Weight": "4.5",
                    "contents": [{"InventoryID": "AACOMPUT01", "Quantity": "4"}],
                }
            ],
        },
        {
            "ShipmentNbr": "SH000046",
            "Status": "Open",
            "orders": [["SO", "000124"]],
            "lines": [
                {
                    "OrderType": "SO",
                    "OrderNbr": "000124",
                    "OrderLineNbr": 1,
                    "InventoryID": "AACOMPUT01",
                    "ShippedQty": "1",
                }
            ],
        },
    ],
}

NO_ENTITY = {
    "message": "An error has occurred.",
    "exceptionMessage": "No entity satisfies the condition.",
    "exceptionType": "PX.Api.ContractBased.NoEntitySatisfiesTheConditionException",
}
SHIPMENTS_PATH = "/entity/Default/25.200.001/Shipment/SH000045"

Result = TypeVar("Result")


class Site:
    """A running simulator with two orders and two shipments, and an adapter whose jobs share one seat."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.simulator = httpx.Client(base_url=url)
        self.options: dict[str, Any] = self.post("options", {})

    def post(self, path: str, body: object) -> Any:
        reply = self.simulator.post(f"/_sim/{path}", json=body)
        assert reply.is_success, reply.text
        return reply.json()

    def fault(self, fault: dict[str, Any], path: str | None = None, **when: object) -> None:
        """Switch a fault on, for one path or for all, each time or as `when` says."""
        self.post(
            "faults",
            fault | ({"path": f"^{re.escape(path)}$"} if path else {}) | ({"when": when} if when else {}),
        )

    def settings(self, **changes: Any) -> AcumaticaSettings:
        auth = {name: self.options[name] for name in ("client_id", "client_secret", "username", "password")}
        common = {
            "system": "acumatica",
            "base_url": self.url,
            "tenant": self.options["tenants"][0],
            "auth": {"kind": "oauth_password"} | auth,
            "webhook": {
                "header": "X-Connector-Secret",
                "secret": SecretStr(SECRET),
                "queries": {
                    "Shipments-Confirmed": {"document": "shipment", "key": "ShipmentNbr"},
                    "Orders-Changed": {"document": "order", "key": ["OrderType", "OrderNbr"]},
                    "Invoices-Released": {"document": "invoice", "key": ["Type", "ReferenceNbr"]},
                    "Payments-Changed": {"document": "payment", "key": ["Type", "ReferenceNbr"]},
                },
            },
        }
        return AcumaticaSettings.model_validate(common | changes)

    def requests(self) -> list[dict[str, Any]]:
        """What arrived, oldest first."""
        rows: list[dict[str, Any]] = self.simulator.get("/_sim/requests").json()
        return rows

    def grants(self) -> int:
        """How often a token was asked for."""
        return sum(row["path"] == TOKEN_PATH for row in self.requests())

    def run(self, *jobs: Callable[[ADAPTER, Http], Awaitable[Result]], **changes: Any) -> list[Result]:
        """Run the jobs one after another, each on a slot of its own connection."""
        settings = self.settings(**changes)

        async def all_jobs() -> list[Result]:
            slots = Slots(CONNECTION, settings)
            try:
                found = []
                for job in jobs:
                    async with slots.job() as http:
                        found.append(await job(ADAPTER(CONNECTION, settings), http))
                return found
            finally:
                await slots.close()

        return asyncio.run(all_jobs())

    def fetch(self, wanted: Wanted = SHIPMENT, **changes: Any) -> Fetched:
        (found,) = self.run(fetching(wanted), **changes)
        return found


class Receiver:
    """A server that takes pushes and keeps them as the web room would hand them over."""

    def __init__(self) -> None:
        kept: queue.Queue[WebhookRequest] = queue.Queue()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()
                kept.put(WebhookRequest(headers=headers, query={}, body=body))

            def log_message(self, format: str, *args: object) -> None:
                """Says nothing."""

        self._kept = kept
        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhooks/{CONNECTION}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def next(self) -> WebhookRequest:
        """The next push; raises queue.Empty where none comes."""
        return self._kept.get(timeout=30)


def fetching(wanted: Wanted) -> Callable[[ADAPTER, Http], Awaitable[Fetched]]:
    return lambda adapter, http: adapter.fetch(http, wanted)


@pytest.fixture
def site() -> Iterator[Site]:
    """A seeded simulator; whatever the adapter asked of it must be allowed by the vendor's document."""
    with serve(build("acumatica").app) as served:
        found = Site(served.url)
        try:
            found.post("seed", SEED)
            yield found
            for row in found.requests():
                validate_acumatica_request(row["method"], row["path"], row["query"], None)
        finally:
            found.simulator.close()
