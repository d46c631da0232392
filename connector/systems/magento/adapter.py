"""The Magento adapter: what it can do, and how its parts are put together. Makes no call but those of
`check`."""

from typing import ClassVar

from connector.errors import ConfigError
from connector.plan import Step
from connector.systems.base import Adapter, Capabilities, Checked, Recipe
from connector.systems.http import Http
from connector.systems.magento.client import Client
from connector.systems.magento.settings import Admin, MagentoSettings
from connector.systems.magento.target import ShipmentRecipe
from schemas.base import DocumentRef
from schemas.config import ConnectionSettings


class MagentoAdapter(Adapter):
    """One Magento shop as the target of shipments."""

    settings_model: ClassVar[type[ConnectionSettings]] = MagentoSettings
    capabilities: ClassVar[Capabilities] = Capabilities(target_of=frozenset({"shipment.confirmed"}))

    def __init__(self, connection: str, settings: ConnectionSettings) -> None:
        super().__init__(connection, settings)
        if not isinstance(settings, MagentoSettings):
            raise ConfigError(f"connection {connection!r} has no settings of a magento connection")
        self.settings = settings

    async def check(self, http: Http) -> Checked:
        """Count orders and shipments, which needs credentials and the right to read; raises CallError."""
        client = Client(self.connection, self.settings, http)
        orders, shipments = await client.count("/orders"), await client.count("/shipments")
        return Checked(
            findings=(
                f"{self.settings.base_url} answers for store {self.settings.store!r}",
                f"{orders} orders and {shipments} shipments can be read",
            ),
            warnings=self._warnings(),
        )

    def recipe(self, http: Http, step: Step, linked_order: DocumentRef | None) -> Recipe:
        """How this step is done here."""
        return ShipmentRecipe(Client(self.connection, self.settings, http), step, linked_order)

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


ADAPTER = MagentoAdapter
