"""What browser tests look at: a fleet of real processes, with something of each kind in its connector log.

The documents go their real way: the ERP's simulator pushes, workers fetch, route and deliver to the shop's simulator.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from connector.people import People
from connector.status import Status
from schemas.console import Role
from tests.scenarios.fleet import Fleet, running
from tests.scenarios.parcels import Parcel, some

PASSWORD = "a long enough pass phrase"

CONFIG = Path(__file__).with_name("stack.yaml")

PUBLISHED = some(401, 6)
UNMAPPED = [Parcel(number, ship_via="FEDEX-INTL") for number in range(411, 414)]
"""Their ship via has no row in the table."""

UNPAID = Parcel(421, unpaid="25.00")
REFUSED = Parcel(431)
"""The shop does not take it."""

HELD = Parcel(441)
"""Its flow waits for a person."""

WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}
"""A desk, and a phone held upright."""


@dataclass
class Stack:
    """The fleet, and who may look at it."""

    fleet: Fleet

    @property
    def url(self) -> str:
        """Where the console is."""
        return str(self.fleet.web.base_url).rstrip("/")

    @property
    def people(self) -> People:
        """The accounts, as the web process knows them."""
        return People(self.fleet.runtime.database, self.fleet.runtime.loaded.config.console.session)

    def signed_in(self, context: BrowserContext, role: Role) -> None:
        """Give a browser the session of somebody of this role, whose name is the role's."""
        key = self.people.sign_in(role, "", PASSWORD, "Chromium")
        context.add_cookies([{"name": "connector-session", "value": key, "url": self.url, "sameSite": "Lax"}])

    def entry_of(self, parcel: Parcel) -> int:
        """The id of the parcel's one entry."""
        return self.fleet.record(parcel).entry.id


@contextlib.contextmanager
def stack_at(home: Path, database_url: str, broker_url: str) -> Iterator[Stack]:
    """The fleet, at work, with everything in its log."""
    with running(home, database_url, broker_url, _Configuration()) as fleet:
        stack = Stack(fleet)
        for role in ("viewer", "operator", "admin"):
            stack.people.add(role, role, PASSWORD, "tests")
        fleet.start_worker()
        fleet.start("beat")
        fleet.start_web()
        fill(fleet)
        yield stack


def fill(fleet: Fleet) -> None:
    """One of each kind, each by its real way."""
    parcels = [*PUBLISHED, *UNMAPPED, UNPAID]
    fleet.seed(*parcels)
    fleet.push(*parcels)
    fleet.until_status(Status.PUBLISHED, *PUBLISHED)
    fleet.until_status(Status.ERRORED, *UNMAPPED)
    fleet.until_status(Status.FILTERED, UNPAID)


class _Configuration:
    @property
    def text(self) -> str:
        """The file beside this one."""
        return CONFIG.read_text("utf-8")


@contextlib.contextmanager
def opened(browser: Browser, stack: Stack, role: Role | None, **settings: Any) -> Iterator[Page]:
    """A page of a fresh browser profile, signed in as somebody of this role; it must say nothing in its console."""
    context = browser.new_context(base_url=stack.url, **{"viewport": WIDE, **settings})
    context.set_default_timeout(15_000)
    if role is not None:
        stack.signed_in(context, role)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    try:
        yield page
        assert not [one for one in said if "Failed to load resource" not in one], said
    finally:
        context.close()
