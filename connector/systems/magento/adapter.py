"""The Magento adapter: what it can do, and how its parts are put together. Makes no call but those of
`check`."""

from collections.abc import Mapping
from typing import ClassVar

from connector.errors import ConfigError
from connector.planned import Step
from connector.systems.base import (
    Adapter,
    Capabilities,
    Checked,
    Fetched,
    Heard,
    Increment,
    Known,
    Page,
    Recipe,
    Wanted,
    WebhookRequest,
    Window,
)
from connector.systems.http import Http
from connector.systems.magento import events, target
from connector.systems.magento.client import Client
from connector.systems.magento.fetching import PATHS, Reader
from connector.systems.magento.polling import poll
from connector.systems.magento.settings import Admin, MagentoSettings
from connector.systems.magento.signature import PublicKeys
from schemas.config import ConnectionSettings


class MagentoAdapter(Adapter):
    """One Magento shop: the source of orders, shipments, invoices and credit memos, and their target.

    It holds its settings, and the public keys that it fetched to check signatures: no state, since they can be
    fetched again at any time.
    """

    settings_model: ClassVar[type[ConnectionSettings]] = MagentoSettings
    capabilities = Capabilities(
        source_of=frozenset(
            {
                "order.created",
                "order.updated",
                "order.cancelled",
                "shipment.confirmed",
                "invoice.released",
                "refund.issued",
            }
        ),
        target_of=frozenset(
            {
                "order.created",
                "order.updated",
                "order.cancelled",
                "shipment.confirmed",
                "invoice.released",
                "inventory.changed",
            }
        ),
        fetches=frozenset(PATHS),
        fetches_of_order=frozenset(PATHS) - {"order"},
        polls=frozenset(PATHS),
        webhook=True,
    )

    def __init__(self, connection: str, settings: ConnectionSettings) -> None:
        super().__init__(connection, settings)
        if not isinstance(settings, MagentoSettings):
            raise ConfigError(f"connection {connection!r} has no settings of a magento connection")
        self.settings = settings
        self._keys = PublicKeys(settings.webhook) if settings.webhook else None

    # -- checking ------------------------------------------------------------------------------------------

    async def check(self, http: Http) -> Checked:
        """Count what can be read, which needs credentials and the right to read; raises CallError."""
        client = self._client(http)
        orders, shipments = await client.count("/orders"), await client.count("/shipments")
        invoices, memos = await client.count("/invoices"), await client.count("/creditmemos")
        return Checked(
            findings=(
                f"{self.settings.base_url} answers for store {self.settings.store!r}",
                f"{orders} orders and {shipments} shipments can be read",
                f"{invoices} invoices and {memos} credit memos can be read",
                *self._hearing(),
            ),
            warnings=self._warnings(),
        )

    def _hearing(self) -> tuple[str, ...]:
        webhook = self.settings.webhook
        if webhook is None:
            return ()
        keys = (
            f"{len(webhook.public_keys)} pinned keys"
            if webhook.public_keys
            else f"keys of {webhook.key_server}"
        )
        return (f"Adobe I/O events for client {webhook.client_id} are heard, and checked by {keys}",)

    def _warnings(self) -> tuple[str, ...]:
        found = ["whether it may ship (Magento_Sales::ship) shows with the first shipment only"]
        if isinstance(self.settings.auth, Admin):
            found.append(
                "an administrator's log-in ends each hour and is refused where two-factor log-in is on: "
                "an integration (auth.kind: oauth1) does not"
            )
        if self.settings.base_url.startswith("http://"):
            found.append(
                "the shop is called without TLS: credentials and orders go over the network in the clear"
            )
        return tuple(found)

    # -- the source ----------------------------------------------------------------------------------------

    def authentic(self, request: WebhookRequest) -> bool:
        """Is it meant for our client id, and signed by Adobe? Never, where no webhook is configured.

        May fetch a public key, which blocks for some seconds at most: not for the event loop's thread. Raises
        Unavailable where no key can be fetched now, since Adobe never repeats what is refused.
        """
        webhook = self.settings.webhook
        if webhook is None or self._keys is None or not events.is_for(request.body, webhook.client_id):
            return False
        return self._keys.vouch(request.headers, request.body)

    def hear(self, request: WebhookRequest) -> tuple[Heard, ...]:
        """The documents of an Adobe I/O event; raises NotReadable."""
        return events.hear(request.body)

    def challenge(self, query: Mapping[str, str]) -> str | None:
        """The text of Adobe I/O's challenge, where events are to be heard."""
        return events.challenge(query) if self.settings.webhook else None

    async def poll(self, http: Http, window: Window) -> Page:
        """One page of the documents that changed; raises CallError."""
        if window.kind not in self.capabilities.polls:
            return await super().poll(http, window)
        return await poll(self._client(http), window)

    async def fetch(self, http: Http, wanted: Wanted) -> Fetched:
        """An order, shipment, invoice or credit memo, by number or as `id:…`; raises CallError."""
        if wanted.kind not in self.capabilities.fetches:
            return await super().fetch(http, wanted)
        return await Reader(self._client(http)).fetch(wanted)

    # -- the target ----------------------------------------------------------------------------------------

    def recipe(self, http: Http, step: Step, known: Known) -> Recipe | Increment:
        """How this step is done here."""
        return target.recipe(self._client(http), self.settings, step, known)

    def _client(self, http: Http) -> Client:
        return Client(self.connection, self.settings, http)


ADAPTER = MagentoAdapter
