"""The Aptify adapter: what it can do, and how its parts are put together."""

from typing import ClassVar

from connector.errors import ConfigError
from connector.planned import Step
from connector.systems.aptify import check, target
from connector.systems.aptify.client import Client
from connector.systems.aptify.settings import AptifySettings
from connector.systems.aptify.source import KINDS, OF_ORDER_KINDS, SOURCE_OF, Source
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
from schemas.config import ConnectionSettings


class AptifyAdapter(Adapter):
    """One Aptify site: the target of orders, shipments and refunds, and the source of what became of them.

    It holds its settings and nothing else. It sends no webhooks of its own: changes are polled.
    """

    settings_model: ClassVar[type[ConnectionSettings]] = AptifySettings
    capabilities = Capabilities(
        source_of=SOURCE_OF,
        target_of=target.TARGET_OF,
        fetches=KINDS,
        fetches_of_order=OF_ORDER_KINDS,
        polls=KINDS,
        manner=target.MANNER,
    )

    def __init__(self, connection: str, settings: ConnectionSettings) -> None:
        super().__init__(connection, settings)
        if not isinstance(settings, AptifySettings):
            raise ConfigError(f"connection {connection!r} has no settings of an aptify connection")
        self.settings = settings

    async def check(self, http: Http) -> Checked:
        """Log in, and read what the settings name, changing nothing; raises CallError."""
        return await check.check(self._client(http))

    async def poll(self, http: Http, window: Window) -> Page:
        """One page of what changed; raises CallError."""
        if window.kind not in self.capabilities.polls:
            return await super().poll(http, window)
        return await Source(self._client(http)).poll(window)

    async def fetch(self, http: Http, wanted: Wanted) -> Fetched:
        """A document by its number; raises CallError."""
        if wanted.kind not in self.capabilities.fetches:
            return await super().fetch(http, wanted)
        return await Source(self._client(http)).fetch(wanted)

    def recipe(self, http: Http, step: Step, known: Known) -> Recipe | Increment:
        """How this step is done here."""
        return target.recipe(self._client(http), step, known)

    def _client(self, http: Http) -> Client:
        return Client(self.connection, self.settings, http)


ADAPTER = AptifyAdapter
