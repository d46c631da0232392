"""A running Aptify simulator as a source: what people do there, and what we hear and read of it. No tests.

Work is done through the simulator's controls, as by people; reading goes through the adapter's client.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from connector.systems.aptify.client import Client
from connector.systems.aptify.settings import AptifySettings
from connector.systems.aptify.source import Source
from connector.systems.base import OF_ORDER, Fact, Fetched, Heard, Page, Wanted, Window
from connector.systems.http import Slots
from schemas.base import Money
from schemas.documents import Order, Shipment
from tests.contract.aptify_site import BASE, MovingClock, Site, running_site

T = TypeVar("T")

CONNECTION = "aptify-hq"


def usd(amount: str) -> Money:
    """So many dollars."""
    return Money(amount=Decimal(amount), currency="USD")


@dataclass(frozen=True)
class Origin:
    """A site and our connection to it."""

    site: Site
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def clock(self) -> MovingClock:
        """The site's clock."""
        return self.site.clock

    def job(self, work: Callable[[Source], Awaitable[T]], **more: Any) -> T:
        """Run one job on one slot, with a log-in of its own."""
        common = {
            "system": "aptify",
            "base_url": f"{self.site.url}{BASE}",
            "auth": {"username": "connector", "password": "password"},
        }
        settings = AptifySettings.model_validate(common | self.settings | more)

        async def run() -> T:
            slots = Slots(CONNECTION, settings)
            try:
                async with slots.job() as http:
                    return await work(Source(Client(CONNECTION, settings, http)))
            finally:
                await slots.close()

        return asyncio.run(run())

    # -- what people do ------------------------------------------------------------------------------------

    def jump(self, year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> None:
        """Set the site's clock, in UTC."""
        self.clock.now = datetime(year, month, day, hour, minute, tzinfo=UTC)

    def work(self, number: int, action: str, **more: Any) -> list[int]:
        """A person works on an order; the ids of what was made, or changed."""
        done = self.site.sim("POST", f"orders/{number}/{action}", more)["done"]
        return [one["id"] for one in done]

    def ship_partially(self, number: int, *quantities: int) -> list[int]:
        """Ship so many of each line, in their order; the back orders."""
        lines = self.site.lines(number)
        parts = [
            {"line": line["ID"], "quantity": units} for line, units in zip(lines, quantities, strict=True)
        ]
        return self.work(number, "ship_partially", lines=parts)

    # -- what we read --------------------------------------------------------------------------------------

    def fetch(self, kind: str, number: object, *, alone: bool = False, **more: Any) -> Fetched:
        """One document, with its order unless it is wanted alone."""
        wanted = Wanted(kind, str(number), frozenset() if alone else frozenset({"order"}))
        return self.job(lambda source: source.fetch(wanted), **more)

    def order(self, number: object, **more: Any) -> Order:
        """An order that was placed."""
        document = fact(self.fetch("order", number, **more), "order.updated").data.document
        assert isinstance(document, Order)
        return document

    def shipment(self, number: object, **more: Any) -> Shipment:
        """An order as a shipment."""
        document = fact(self.fetch("shipment", number, **more), "shipment.confirmed").data.document
        assert isinstance(document, Shipment)
        return document

    def shipments_of(self, number: object) -> list[str]:
        """The numbers of an order's shipments."""
        fetched = self.fetch("shipment", f"{OF_ORDER}{number}")
        return [lead.number for lead in fetched.leads]

    def page(self, window: Window, **more: Any) -> Page:
        """One page of a listing."""
        return self.job(lambda source: source.poll(window), **more)

    def pages(
        self,
        kind: str,
        since: datetime,
        until: datetime | None = None,
        size: int = 100,
        between: Callable[[], object] = lambda: None,
        **more: Any,
    ) -> list[Page]:
        """All pages of a listing; something may happen between two of them."""
        found = [self.page(Window(kind, since, until, size), **more)]
        while found[-1].position is not None:
            between()
            found.append(self.page(Window(kind, since, until, size, found[-1].position), **more))
            assert len(found) < 100
        return found

    def heard(self, kind: str, since: datetime, size: int = 100, **more: Any) -> list[Heard]:
        """All that a listing names."""
        return [heard for page in self.pages(kind, since, size=size, **more) for heard in page.heard]


def fact(fetched: Fetched, type_: str) -> Fact:
    """What a document says of an event type."""
    return next(one for one in fetched.facts if one.type == type_)


def facts(fetched: Fetched) -> dict[str, bool]:
    """Which event types it speaks of, and whether they hold."""
    return {one.type: one.holds for one in fetched.facts}


@contextmanager
def origin(settings: dict[str, Any] | None = None, **options: Any) -> Iterator[Origin]:
    """A site with two persons, four products and stock; `options` are the simulator's. Tokens outlast all jumps."""
    with running_site(**{"token_seconds": 10**10, **options}) as site:
        yield Origin(site, settings or {})


def moment(clock: MovingClock, ago: float = 0) -> datetime:
    """The site's present, or some seconds before."""
    return clock.now.astimezone(UTC) - timedelta(seconds=ago)


def placed(site: Origin, *rows: dict[str, Any], **fields: Any) -> int:
    """An order of a storefront, by default of two mugs; its number."""
    return site.site.take(*rows, **{"PONumber": "W-1", **fields})


def mark(fetched: Fetched) -> str:
    """By which an order's changes are told apart."""
    return fact(fetched, "order.updated").mark


def lines(order: Order) -> list[tuple[str, int, int, int]]:
    """SKU, ordered, shipped, cancelled."""
    return [(one.sku, int(one.quantity), int(one.shipped), int(one.cancelled)) for one in order.lines]


def take(site: Origin, count: int, seconds: float = 60) -> list[str]:
    """So many orders, so many seconds apart."""
    found = []
    for _ in range(count):
        site.clock.tick(seconds)
        found.append(str(site.site.take()))
    return found


def numbers_of(heard: list[Heard]) -> list[str]:
    """Each once, in the order in which they were heard of."""
    return list(dict.fromkeys(one.number for one in heard))


def touch(site: Origin, number: str) -> None:
    """A person changes something of an order."""
    site.site.save("Orders", int(number), Comments=f"changed {site.clock.now:%H:%M:%S}")


def asked(site: Origin) -> list[dict[str, str]]:
    """The queries with which views were asked for, oldest first."""
    rows = site.site.sim("GET", "requests")
    return [dict(parse_qsl(row["query"])) for row in rows if row["path"].endswith("AptifyViews")]
