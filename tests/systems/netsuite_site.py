"""A running NetSuite simulator for tests of the target: steps are run as the pipeline runs them. No tests; the
steps are `netsuite_steps.py`.

Whoever leaves the block has every request checked: it names only fields that NetSuite has, and is strict about them.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, TypeVar

import httpx

from connector.errors import Doubled
from connector.planned import OrderStep, Step
from connector.simulators.base import serve
from connector.simulators.netsuite import build
from connector.systems.base import Effect, Increment, Known, Recipe
from connector.systems.http import Http, Slots
from connector.systems.netsuite.adapter import NetSuiteAdapter
from connector.systems.netsuite.client import Client
from connector.systems.netsuite.settings import NetSuiteSettings
from tests.systems.netsuite_names import unknown_in
from tests.systems.netsuite_steps import CONNECTION, bought_by

T = TypeVar("T")

SEED: Mapping[str, Any] = {
    "customers": [{"id": "501", "entityId": "WEB", "companyName": "Web guests"}],
    "items": [
        {"id": "301", "itemId": "MUG", "type": "inventoryItem", "basePrice": "9.00", "taxable": True},
        {"id": "302", "itemId": "CUP", "type": "inventoryItem", "basePrice": "4.00", "taxable": True},
        {
            "id": "303",
            "itemId": "SHIPPING",
            "type": "otherChargeSaleItem",
            "basePrice": "0",
            "taxable": False,
        },
        {"id": "304", "itemId": "WEB TAX", "type": "otherChargeSaleItem", "basePrice": "0", "taxable": False},
    ],
}


@dataclass(frozen=True)
class Done:
    """What became of one step: its effect, and whether it was there already."""

    effect: Effect
    adopted: bool


@dataclass(frozen=True)
class Site:
    """The simulator at `url`."""

    url: str
    control: httpx.Client

    @cached_property
    def credentials(self) -> dict[str, str]:
        """What the account was set up with."""
        found: dict[str, str] = self.control.get("/_sim/credentials").json()
        return found

    def post(self, path: str, body: object = None) -> Any:
        """A control path, or what a person does; it must succeed."""
        reply = self.control.post(f"/_sim/{path}", json=body or {})
        assert reply.is_success, reply.text
        return json.loads(reply.text, parse_float=Decimal) if reply.content else None

    def fault(self, **fault: Any) -> None:
        """Let the account misbehave."""
        self.post("faults", fault)

    def records(self, kind: str) -> list[dict[str, Any]]:
        """What the account holds, oldest first, sublists expanded."""
        state = json.loads(self.control.get("/_sim/state").text, parse_float=Decimal)
        found: list[dict[str, Any]] = state["records"].get(kind, [])
        return found

    def requests(self, method: str = "", path: str = "") -> list[dict[str, Any]]:
        """What arrived, oldest first."""
        rows: list[dict[str, Any]] = self.control.get("/_sim/requests").json()
        return [row for row in rows if row["method"].startswith(method) and path in row["path"]]

    def auth(self, kind: str = "oauth2") -> dict[str, str]:
        """The connection's `auth`."""
        has = self.credentials
        names = ("client_id", "certificate_id", "private_key", "algorithm")
        if kind == "tba":
            names = ("consumer_key", "consumer_secret", "token_id", "token_secret")
        return {"kind": kind, **{name: has[name] for name in names}}

    def settings(self, **more: Any) -> NetSuiteSettings:
        """Our connection to it, by OAuth 2.0 unless said otherwise."""
        common = {
            "system": "netsuite",
            "base_url": self.url,
            "account": self.credentials["account"],
            "auth": self.auth(),
            "login_pause": 0,
        }
        return NetSuiteSettings.model_validate(common | more)

    def job(self, work: Callable[[NetSuiteAdapter, Http], Awaitable[T]], **more: Any) -> T:
        """Run one job with an `Http` of its own."""

        async def run() -> T:
            settings = self.settings(**more)
            slots = Slots(CONNECTION, settings)
            try:
                async with slots.job() as http:
                    return await work(NetSuiteAdapter(CONNECTION, settings), http)
            finally:
                await slots.close()

        return asyncio.run(run())

    def client(self, work: Callable[[Client], Awaitable[T]], **more: Any) -> T:
        """Run something with a client."""

        async def run(adapter: NetSuiteAdapter, http: Http) -> T:
            return await work(Client(CONNECTION, adapter.settings, http))

        return self.job(run, **more)

    def recipe(
        self, step: Step, work: Callable[[Recipe], Awaitable[T]], known: Known | None = None, **more: Any
    ) -> T:
        """Run a recipe made for one try of a step."""

        async def run(adapter: NetSuiteAdapter, http: Http) -> T:
            recipe = adapter.recipe(http, step, known or Known())
            assert not isinstance(recipe, Increment)
            return await work(recipe)

        return self.job(run, **more)

    def run(self, step: Step, known: Known | None = None, **more: Any) -> Done:
        """What the lane does in one try: look, do where nothing is found, read back."""

        async def whole(recipe: Recipe) -> Done:
            found = await recipe.find()
            if len(found) > 1:
                raise Doubled(", ".join(one.document.number for one in found))
            effect = found[0] if found else await recipe.create()
            return Done(await recipe.verify(effect), adopted=bool(found))

        return self.recipe(step, whole, known, **more)

    def order(self, step: OrderStep, **more: Any) -> Done:
        """Run an order's step after its customer's."""
        return self.run(step, bought_by("501"), **more)


@contextmanager
def site(**options: Any) -> Iterator[Site]:
    """A fresh account with two articles and two items for amounts."""
    with serve(build(**options).app) as served, httpx.Client(base_url=served.url) as control:
        running = Site(served.url, control)
        running.post("seed", SEED)
        yield running
        requests = running.requests()
        assert unknown_in(requests) == []
        written = [
            one for one in requests if one["method"] in ("POST", "PUT", "PATCH") and "/record/" in one["path"]
        ]
        lenient = [
            one["path"]
            for one in written
            if one["headers"].get("x-netsuite-propertynamevalidation") != "Error"
        ]
        assert lenient == []
