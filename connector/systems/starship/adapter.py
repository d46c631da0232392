"""The StarShip adapter: what it can do, and how its parts are put together. It makes no call, since StarShip has no
API that could be called: its bridge tells us, by signed requests or by files in a watched folder."""

import asyncio
import time
from typing import ClassVar

from connector.errors import ConfigError
from connector.systems.base import Adapter, Capabilities, Checked, Page, Told, WebhookRequest, Window
from connector.systems.http import Http
from connector.systems.starship.folder import Inbox
from connector.systems.starship.settings import StarShipSettings
from connector.systems.starship.signature import is_signed
from connector.systems.starship.source import tell
from schemas.config import ConnectionSettings


class StarShipAdapter(Adapter):
    """One StarShip site: the source of shipments that were processed and voided."""

    settings_model: ClassVar[type[ConnectionSettings]] = StarShipSettings
    capabilities = Capabilities(
        source_of=frozenset({"shipment.confirmed", "shipment.voided"}),
        polls=frozenset({"shipment"}),
        webhook=True,
        tells=True,
    )

    def __init__(self, connection: str, settings: ConnectionSettings) -> None:
        super().__init__(connection, settings)
        if not isinstance(settings, StarShipSettings):
            raise ConfigError(f"connection {connection!r} has no settings of a starship connection")
        self.settings = settings
        self._inbox = Inbox(settings.folder, self._read) if settings.folder else None

    async def check(self, http: Http) -> Checked:
        """Look at the folder, where there is one; raises Unavailable."""
        webhook, folder, findings = self.settings.webhook, self.settings.folder, []
        if webhook is not None:
            secrets = len(webhook.keys)
            findings.append(f"signed requests are heard, by {secrets} secret{'s' if secrets > 1 else ''}")
        if folder is not None and self._inbox is not None:
            await asyncio.to_thread(self._inbox.check)
            findings.append(f"files {folder.pattern} are taken from {folder.path}")
        if findings:
            return Checked(tuple(findings))
        silent = "neither webhook nor folder is set: only `connector publish --from` brings shipments in"
        return Checked((), (silent,))

    def authentic(self, request: WebhookRequest) -> bool:
        """Is it signed by one of the secrets, just now? Never, where no webhook is configured."""
        webhook = self.settings.webhook
        if webhook is None:
            return False
        return is_signed(request.headers, request.body, webhook.keys, webhook.tolerance, time.time())

    def tell(self, request: WebhookRequest) -> tuple[Told, ...]:
        """The events of the body; raises NotReadable."""
        return self._read(request.body)

    async def poll(self, http: Http, window: Window) -> Page:
        """The next files of the folder; raises Unavailable. A folder has no past, so a listing with an end is empty."""
        if window.kind not in self.capabilities.polls:
            return await super().poll(http, window)
        if self._inbox is None or window.until is not None:
            return Page((), None, None)
        return await asyncio.to_thread(self._inbox.page, window.position, window.size)

    def _read(self, body: bytes) -> tuple[Told, ...]:
        return tell(body, self.settings)


ADAPTER = StarShipAdapter
