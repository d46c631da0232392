"""A Magento shop whose clock the test holds, and our adapter reading from it. No tests.

Whoever leaves the block has every request of the adapter checked: it fits the vendor's document and bears no cookie.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from connector.systems.base import Fact, Fetched, Page, Wanted, Window
from tests.contract.magento_site import Site, running_site
from tests.contract.openapi import validate_magento_request
from tests.systems.magento_shop import BEARER, Shop

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Reading:
    """The shop (`site`: what people do in it) and our connection to it."""

    site: Site
    shop: Shop

    def fetch(self, kind: str, number: str, *context: str, **settings: Any) -> Fetched:
        """What the adapter makes of one document."""
        wanted = Wanted(kind, number, frozenset(context))
        return self.shop.job(lambda adapter, http: adapter.fetch(http, wanted), auth=BEARER, **settings)

    def page(
        self,
        kind: str,
        since: datetime = LONG_AGO,
        until: datetime | None = None,
        size: int = 100,
        position: Mapping[str, str] | None = None,
    ) -> Page:
        """One page of what changed."""
        window = Window(kind, since, until, size, position)
        return self.shop.job(lambda adapter, http: adapter.poll(http, window), auth=BEARER)

    def pages(self, kind: str, since: datetime = LONG_AGO, size: int = 100) -> list[Page]:
        """All pages, as the pipeline asks for them."""
        found = [self.page(kind, since, size=size)]
        while found[-1].position is not None:
            found.append(self.page(kind, since, size=size, position=found[-1].position))
        return found

    def asked(self) -> list[dict[str, Any]]:
        """What the adapter asked for, oldest first."""
        return [row for row in self.shop.requests() if row["path"].startswith("/rest/default/")]


def by_type(fetched: Fetched) -> dict[str, Fact]:
    """The facts by event type."""
    return {fact.type: fact for fact in fetched.facts}


@contextmanager
def reading() -> Iterator[Reading]:
    """A new, empty shop."""
    with running_site() as site:
        found = Reading(site, Shop(site.url, site.client))
        found.shop.seed({"settings": {"integration_bearer": True}})  # signatures would need the true time
        yield found
        for row in found.asked():
            assert "cookie" not in row["headers"]
            validate_magento_request(row["method"], row["path"], dict(parse_qsl(row["query"])), row["body"])
