"""A running Aptify simulator for tests of the target: events are planned, and their steps run, as the pipeline does it.

No tests. The simulator with its persons, products and stock is that of `tests/contract/aptify_site.py`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qs

from connector.asked import Planned
from connector.errors import Doubled
from connector.planned import Step
from connector.systems.aptify.adapter import AptifyAdapter
from connector.systems.aptify.client import Client
from connector.systems.aptify.settings import AptifySettings
from connector.systems.aptify.target import MANNER
from connector.systems.base import Comparing, Effect, Field, Increment, Known, Recipe
from connector.systems.http import Http, Slots
from schemas.base import DocumentRef
from tests.contract.aptify_site import BASE, Site, running_site
from tests.unit.planning_given import event_of, order, planned, usd

T = TypeVar("T")
CONNECTION, SOURCE = "aptify-main", "erp"
FLOWS = {
    "ship_partially": "Ship Order Partially",
    "cancel": "Cancel Order",
    "cancellation": "Create Cancellation Order",
}
NUMBER = "100000101"
"""The number of the order at its source."""


@dataclass(frozen=True)
class Done:
    """What became of one step: its effect, and whether it was there already."""

    effect: Effect
    adopted: bool


@dataclass(frozen=True)
class Target:
    """Our side of a running site: one connection, whose settings each test may change."""

    there: Site
    given: Mapping[str, Any] = field(default_factory=dict)

    def fault(self, kind: str, path: str, **more: Any) -> None:
        """One fault, for the next request of this path, unless `when` says otherwise."""
        self.there.sim("POST", "faults", {"kind": kind, "path": path, "when": {"once": True}, **more})

    def options(self, **options: Any) -> None:
        """Set switches of the site."""
        self.there.sim("POST", "options", options)

    def requests(self, path: str = "", method: str = "") -> list[dict[str, Any]]:
        """What arrived from us, oldest first."""
        rows: list[dict[str, Any]] = self.there.sim("GET", "requests")
        return [row for row in rows if row["method"].startswith(method) and path in row["path"]]

    def written(self) -> list[str]:
        """The paths of all requests that write, as they end."""
        paths = [row["path"].removeprefix(f"{BASE}/") for row in self.requests(method="P")]
        return [path for path in paths if not path.startswith("Authentication")]

    def forms(self, entity: str = "Orders") -> list[dict[str, str]]:
        """The saves of an entity, field by field, without what every save says."""
        bodies = [parse_qs(row["body"], keep_blank_values=True) for row in self.requests("SaveData", "POST")]
        saves = [{name: value[0] for name, value in one.items()} for one in bodies]
        return [
            {name: value for name, value in one.items() if name not in ("ID", "EntityName")}
            for one in saves
            if one["EntityName"] == entity
        ]

    def take(self, *lines: dict[str, Any], **fields: Any) -> int:
        """An order stands there that a person has taken, by default of two mugs, with the number of its source."""
        number = self.there.take(*lines, **{"PONumber": NUMBER, **fields})
        self.forget()
        return number

    def forget(self) -> None:
        """What arrived so far is not looked at."""
        self.there.sim("DELETE", "requests")

    # -- one job -------------------------------------------------------------------------------------------

    def settings(self, **more: Any) -> AptifySettings:
        """The connection's settings, the site's process flows among them."""
        common = {
            "system": "aptify",
            "base_url": f"{self.there.url}{BASE}",
            "auth": {"username": "connector", "password": "password"},
            "flows": FLOWS,
            "shipping_patience": 0,
        }
        return AptifySettings.model_validate({**common, **self.given, **more})

    def job(self, work: Callable[[AptifyAdapter, Http], Awaitable[T]], **more: Any) -> T:
        """Run one job on one slot."""

        async def run() -> T:
            settings = self.settings(**more)
            slots = Slots(CONNECTION, settings)
            try:
                async with slots.job() as http:
                    return await work(AptifyAdapter(CONNECTION, settings), http)
            finally:
                await slots.close()

        return asyncio.run(run())

    def client(self, work: Callable[[Client], Awaitable[T]], **more: Any) -> T:
        """Run something with a client."""

        async def run(adapter: AptifyAdapter, http: Http) -> T:
            return await work(Client(CONNECTION, adapter.settings, http))

        return self.job(run, **more)

    def recipe(
        self, step: Step, work: Callable[[Any], Awaitable[T]], known: Known | None = None, **more: Any
    ) -> T:
        """Do something with a recipe that was made for one step."""

        async def run(adapter: AptifyAdapter, http: Http) -> T:
            return await work(adapter.recipe(http, step, known or Known()))

        return self.job(run, **more)

    def run(self, step: Step, known: Known | None = None, **more: Any) -> Done:
        """What the lane does in one try: look, do where nothing is found, read back."""
        return self.recipe(step, _whole, known, **more)

    def carry(
        self, made: Planned | Sequence[Step], known: Known | None = None, **more: Any
    ) -> dict[str, Done]:
        """Run the steps of an event one after the other; by key, without the order's number."""
        steps: Sequence[Step] = made[1] if isinstance(made[1], tuple) else made  # type: ignore[assignment]
        done, documents = dict[str, Done](), dict[str, DocumentRef]()
        for step in steps:
            one = self.run(step, Known((known or Known()).order, documents), **more)
            documents = {**documents, step.key: one.effect.document}
            done[step.key.rpartition(":")[0]] = one
        return done

    def compare(self, step: Step, known: Known | None = None, **more: Any) -> tuple[Field, ...]:
        """What is expected of a step, and what stands there."""

        async def work(recipe: Comparing) -> tuple[Field, ...]:
            return await recipe.compare()

        return self.recipe(step, work, known, **more)

    def standing(self, step: Step, known: Known | None = None, **more: Any) -> Effect:
        """The effect as it stands, whoever made it."""

        async def work(recipe: Comparing) -> Effect:
            return await recipe.standing()

        return self.recipe(step, work, known, **more)

    # -- what is carried -----------------------------------------------------------------------------------

    def ship(self, goods: Mapping[str, int], **more: Any) -> dict[str, Done]:
        """Carry a shipment; `settings` are the connection's, the rest is as for `shipped`."""
        settings = more.pop("settings", {})
        return self.carry(shipped(goods, **more), **settings)


async def _whole(recipe: Recipe | Increment) -> Done:
    if isinstance(recipe, Increment):
        stands = await recipe.read()
        value = recipe.becomes(stands)
        await recipe.write(value)
        return Done(await recipe.effect(value), adopted=False)
    found = await recipe.find()
    if len(found) > 1:
        raise Doubled(", ".join(one.document.number for one in found))
    effect = found[0] if found else await recipe.create()
    return Done(await recipe.verify(effect), adopted=bool(found))


def shipped(
    goods: Mapping[str, int],
    *,
    tracks: Sequence[str] = ("1Z1",),
    number: str = "SH1",
    write_back: Mapping[str, Any] | None = None,
    **document: Any,
) -> Planned:
    """The steps of a shipment of these goods: with its tracking numbers and its date, 2026-11-20."""
    lines = [
        {"order": NUMBER, "order_line": str(place), "sku": sku, "quantity": str(quantity)}
        for place, (sku, quantity) in enumerate(goods.items(), 1)
    ]
    packages = [{"tracking_number": one} for one in tracks]
    values = {
        "number": number,
        "lines": lines,
        "packages": packages,
        "ship_date": "2026-11-20",
        "ship_via": "",
    }
    data = event_of("shipment.confirmed", **{**values, **document})
    return planned(data, order(NUMBER), manner=MANNER, write_back=write_back or {})


def step_of(made: Planned, key: str) -> Any:
    """The step of this key, without the order's number."""
    return next(step for step in made[1] if step.key.rpartition(":")[0] == key)


@contextmanager
def target(given: Mapping[str, Any] | None = None, **options: Any) -> Iterator[Target]:
    """A fresh site, and our connection to it."""
    with running_site(**options) as site:
        yield Target(site, given or {})


__all__ = ["CONNECTION", "FLOWS", "NUMBER", "SOURCE", "Done", "Target", "shipped", "step_of", "target", "usd"]
