"""The Sage 100 simulator: one book of state, reached through the agent's contract and through eBusiness Web Services.

Its `/_sim` paths beyond the shared ones are in controls.py, the faults of its own in own_faults.py.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar

from connector.simulators.base import Fault, Received, Reply, Simulator
from connector.simulators.sage100 import controls, seeding, views
from connector.simulators.sage100.agent import Agent
from connector.simulators.sage100.book import Company
from connector.simulators.sage100.options import Options
from connector.simulators.sage100.own_faults import OWN_FAULTS
from connector.simulators.sage100.refusals import Refusal
from connector.simulators.sage100.sites import Site
from connector.simulators.sage100.soap import PATH, WebServices


class Sage100Simulator(Simulator):
    """One installation with one or more companies."""

    fault_kinds: ClassVar[Mapping[str, type[Fault]]] = OWN_FAULTS

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.site = Site(options)
        self._agent = Agent(options, self.site.companies)
        self._services = WebServices(options, self.site.companies)

    def handle(self, received: Received) -> Reply:
        """Answer one request on the agent's or the web services' paths."""
        services = PATH.fullmatch(received.path)
        return self._services.answer(received) if services else self._agent.answer(received)

    def state(self) -> object:
        """Documents per company as the agent would read them, what fails, and no padding."""
        return {
            "companies": {code: _shown(book) for code, book in self.site.companies.items()},
            "failing": [asdict(one) for one in self.site.failing],
        }

    def seed(self, wanted: Any) -> object:
        """Take documents, see seeding.Seed. Raises SeedError."""
        seed = seeding.read_seed(wanted)
        return seeding.plant(self.site.company(seed.company), seed)

    def control(self, received: Received) -> Reply | None:
        """The further `/_sim` paths."""
        return controls.control(self.site, received)

    def expired_token_reply(self, received: Received) -> Reply:
        """401, as for a token that is unknown; over SOAP a token does not exist and nothing expires."""
        return Refusal("credentials", "The bearer token has expired.").reply()

    def rate_limited_reply(self, received: Received) -> Reply:
        """429 in the agent's form."""
        return Refusal("rate_limited", "Too many requests.").reply()


def _shown(book: Company) -> dict[str, object]:
    return {
        "orders": [views.order_whole(book, one) for one in book.orders.values()],
        "history": [views.history(book, one) for one in book.history.values()],
        "invoices": [
            {
                **views.invoice_whole(book, one),
                "tracking": [views.tracking(one, package) for package in sorted(one.tracking)],
            }
            for one in book.invoices.values()
        ],
        "customers": [views.customer(one) for one in book.customers.values()],
        "inventory": [views.warehouse(one) for one in book.warehouses.values()],
    }
