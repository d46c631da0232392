"""The NetSuite adapter: what it can do, and how its parts are put together."""

from typing import ClassVar

from connector.errors import ConfigError
from connector.planned import Manner, Step
from connector.systems.base import (
    Adapter,
    Capabilities,
    Checked,
    Fetched,
    Increment,
    Known,
    Page,
    Recipe,
    Wanted,
    Window,
)
from connector.systems.http import Http
from connector.systems.netsuite import check, target
from connector.systems.netsuite.client import Client
from connector.systems.netsuite.settings import NetSuiteSettings
from connector.systems.netsuite.source import KINDS, SOURCE_OF, Source
from schemas.config import ConnectionSettings


class NetSuiteAdapter(Adapter):
    """One NetSuite account: the target of orders, shipments, invoices and refunds, and the source of its own.

    It holds its settings and nothing else. It sends no webhooks of its own: changes are polled.
    """

    settings_model: ClassVar[type[ConnectionSettings]] = NetSuiteSettings
    capabilities = Capabilities(
        source_of=SOURCE_OF,
        target_of=frozenset({"order.created", "shipment.confirmed", "invoice.released", "refund.issued"}),
        fetches=KINDS,
        fetches_of_order=KINDS - {"order"},
        polls=KINDS,
        manner=Manner(customers=True),
    )

    def __init__(self, connection: str, settings: ConnectionSettings) -> None:
        super().__init__(connection, settings)
        if not isinstance(settings, NetSuiteSettings):
            raise ConfigError(f"connection {connection!r} has no settings of a netsuite connection")
        self.settings = settings

    async def check(self, http: Http) -> Checked:
        """Log in, and read what the settings name, changing nothing; raises CallError."""
        return await check.check(self._client(http))

    async def poll(self, http: Http, window: Window) -> Page:
        """One page of the documents that changed; raises CallError."""
        if window.kind not in self.capabilities.polls:
            return await super().poll(http, window)
        return await Source(self._client(http)).poll(window)

    async def fetch(self, http: Http, wanted: Wanted) -> Fetched:
        """A document by its number or internal id; raises CallError."""
        if wanted.kind not in self.capabilities.fetches:
            return await super().fetch(http, wanted)
        return await Source(self._client(http)).fetch(wanted)

    def recipe(self, http: Http, step: Step, known: Known) -> Recipe | Increment:
        """How this step is done here."""
        return target.recipe(self._client(http), step, known)

    def _client(self, http: Http) -> Client:
        return Client(self.connection, self.settings, http)


ADAPTER = NetSuiteAdapter
