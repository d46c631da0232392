"""A Magento shop for tests: the simulator over a real socket, and the adapter's recipe run against it. No
tests.

Whoever leaves the block has every request checked: it fits the vendor's document and bears no cookie.
"""

import asyncio
import atexit
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from connector.planned import OrderClue, ShipmentStep, Step, StepLine, StepPackage
from connector.simulators import build
from connector.simulators.base import serve, to_json
from connector.systems.base import Effect, Increment, Known, Recipe
from connector.systems.http import Http, Slots
from connector.systems.magento.adapter import MagentoAdapter
from connector.systems.magento.settings import MagentoSettings
from schemas.base import DocumentRef
from tests.contract.openapi import validate_magento_request

T = TypeVar("T")

OAUTH = {
    "kind": "oauth1",
    "consumer_key": "consumer-key",
    "consumer_secret": "consumer-secret",
    "token": "access-token",
    "token_secret": "access-token-secret",
}
BEARER = {"kind": "bearer", "token": "access-token"}
ADMIN = {"kind": "admin", "username": "admin", "password": "admin-password"}
REFERENCE = "abcdefghijklmnop2345"


@dataclass(frozen=True)
class Shop:
    """The simulator at `url`, called `shop` in our configuration."""

    url: str
    control: httpx.Client

    def seed(self, wanted: dict[str, Any]) -> Any:
        """Give the shop a starting state."""
        answer = self.control.post("/_sim/seed", content=to_json(wanted))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def order(self, number: str, lines: dict[str, int], **more: str) -> None:
        """Place a plain order of SKU -> quantity."""
        rows = [{"sku": sku, "qty": quantity, "price": "10"} for sku, quantity in lines.items()]
        self.seed({"order": {"increment_id": number, "lines": rows, **more}})

    def fault(self, **fault: Any) -> None:
        """Let the shop misbehave."""
        answer = self.control.post("/_sim/faults", json=fault)
        assert answer.status_code == 200, answer.text

    def shipments(self) -> list[dict[str, Any]]:
        """What the shop holds, oldest first."""
        rows: list[dict[str, Any]] = self.control.get("/_sim/state").json()["shipments"]
        return rows

    def held(self) -> list[dict[str, Any]]:
        """Of each shipment in the shop, SKU -> quantity."""
        return [{item["sku"]: item["qty"] for item in one["items"]} for one in self.shipments()]

    def orders(self) -> list[dict[str, Any]]:
        """The orders that the shop holds, oldest first."""
        rows: list[dict[str, Any]] = self.control.get("/_sim/state").json()["orders"]
        return rows

    def invoices(self) -> list[dict[str, Any]]:
        """The invoices that the shop holds, oldest first."""
        rows: list[dict[str, Any]] = self.control.get("/_sim/state").json()["invoices"]
        return rows

    def comments(self) -> list[dict[str, Any]]:
        """The comments on the newest order, oldest first."""
        return list(reversed(self.orders()[-1]["status_histories"]))

    def does(self, number: str, action: str, **body: Any) -> Any:
        """Somebody works on an order in the shop's own admin: ship, invoice, cancel, hold, edit…"""
        answer = self.control.post(f"/_sim/orders/{quote(number)}/{action}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def first_order(self) -> dict[str, Any]:
        """The order that was placed first, as the shop holds it."""
        order: dict[str, Any] = self.control.get("/_sim/state").json()["orders"][0]
        return order

    def requests(self, ending: str = "") -> list[dict[str, Any]]:
        """What arrived, oldest first, whose path ends so."""
        rows: list[dict[str, Any]] = self.control.get("/_sim/requests").json()
        return [row for row in rows if row["path"].endswith(ending)]

    def ships(self, order_id: int, **body: Any) -> None:
        """Somebody else ships from an order, behind our back."""
        self.seed({"settings": {"integration_bearer": True}})
        answer = self.control.post(
            f"/rest/default/V1/order/{order_id}/ship",
            json=body,
            headers={"authorization": "Bearer access-token"},
        )
        assert answer.status_code == 200, answer.text
        self.control.cookies.clear()

    def settings(self, **more: Any) -> MagentoSettings:
        """Our connection to it, by OAuth unless said otherwise."""
        return MagentoSettings.model_validate(
            {"system": "magento", "base_url": self.url, "auth": OAUTH, **more}
        )

    def job(self, work: Callable[[MagentoAdapter, Http], Awaitable[T]], **more: Any) -> T:
        """Run one job with an `Http` of its own."""

        async def run() -> T:
            settings = self.settings(**more)
            slots = Slots("shop", settings)
            try:
                async with slots.job() as http:
                    return await work(MagentoAdapter("shop", settings), http)
            finally:
                await slots.close()

        return asyncio.run(run())

    def recipe(
        self,
        step: Step,
        work: Callable[[Recipe], Awaitable[T]],
        linked: DocumentRef | None = None,
        **more: Any,
    ) -> T:
        """Run a recipe made for one try of a step."""

        async def run(adapter: MagentoAdapter, http: Http) -> T:
            recipe = adapter.recipe(http, step, Known(linked))
            assert not isinstance(recipe, Increment)
            return await work(recipe)

        return self.job(run, **more)

    def deliver(self, step: Step, linked: DocumentRef | None = None, **more: Any) -> Effect:
        """What the lane does in one try: look, create where nothing is found, read back."""

        async def run(recipe: Recipe) -> Effect:
            found = await recipe.find()
            return await recipe.verify(found[0] if found else await recipe.create())

        return self.recipe(step, run, linked, **more)


class _Desk:
    """The application behind the one socket of this process: the shop of the test that runs."""

    def __init__(self) -> None:
        self.shop: ASGIApp = build("magento").app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.shop(scope, receive, send)


@cache
def _desk() -> tuple[_Desk, httpx.Client]:
    """Started once, since stopping a server takes longer than most tests; stopped with the process."""
    desk, stack = _Desk(), ExitStack()
    atexit.register(stack.close)
    served = stack.enter_context(serve(desk))
    return desk, stack.enter_context(httpx.Client(base_url=served.url))


@contextmanager
def shop() -> Iterator[Shop]:
    """A new, empty shop, one at a time; checks all requests that arrived when the block ends well."""
    desk, control = _desk()
    desk.shop = build("magento").app
    running = Shop(str(control.base_url).rstrip("/"), control)
    yield running
    for request in running.requests():
        assert "cookie" not in request["headers"]
        if not request["path"].endswith("/integration/admin/token"):  # not part of the trimmed document
            query = dict(parse_qsl(request["query"]))
            validate_magento_request(request["method"], request["path"], query, request["body"])


def step(
    lines: dict[str, int | str] | list[StepLine],
    *,
    number: str | None = "000000101",
    tracks: tuple[str, ...] = (),
    notes: str = "Shipped by the warehouse",
    notify: bool = False,
) -> ShipmentStep:
    """Shipment 004711 of order SO-000123 at `erp`, for the storefront's order `number`."""
    if isinstance(lines, dict):
        lines = [StepLine(sku=sku, quantity=Decimal(quantity)) for sku, quantity in lines.items()]
    return ShipmentStep(
        key="shipment:SO-000123",
        reference=REFERENCE,
        document=DocumentRef(connection="erp", kind="shipment", number="004711"),
        order=OrderClue(
            order=DocumentRef(connection="erp", kind="order", number="SO-000123"), external_number=number
        ),
        lines=tuple(lines),
        packages=tuple(
            StepPackage(tracking_number=track, carrier_code="ups", title="UPS Ground") for track in tracks
        ),
        notes=notes,
        notify_customer=notify,
    )
