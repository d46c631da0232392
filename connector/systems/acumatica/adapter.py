"""The Acumatica adapter: what it is capable of, and how its parts are wired together. It is no target."""

import hmac
from collections.abc import Iterator, Mapping
from typing import Any

from connector.errors import Missing, NotUnderstood
from connector.systems.acumatica import source
from connector.systems.acumatica.client import Client, judge
from connector.systems.acumatica.settings import AcumaticaSettings
from connector.systems.acumatica.wire import WireOrder, WireShipment
from connector.systems.base import Adapter, Capabilities, Checked, Fetched, Heard, Wanted, WebhookRequest
from connector.systems.http import Http, Reply
from schemas.base import DocumentRef
from schemas.config import ConnectionSettings
from schemas.documents import Order
from schemas.events import ShipmentConfirmed

_UNLISTED_STATUSES = (401, 403)

_SHIPMENT_EXPAND = (
    "Details",
    "Orders",
    "Packages",
    "Packages/PackageContents",
    "ShippingSettings",
    "ShippingSettings/ShipToAddress",
    "ShippingSettings/ShipToContact",
)
"""Linked and detail entities come only when they are asked for."""

_ORDER_EXPAND = (
    "Details",
    "Totals",
    "Shipments",
    "ShipToAddress",
    "ShipToContact",
    "BillToAddress",
    "BillToContact",
)


class AcumaticaAdapter(Adapter):
    """Acumatica ERP as a source: push notifications, shipments, and orders as their context."""

    settings_model = AcumaticaSettings
    capabilities = Capabilities(
        source_of=frozenset({ShipmentConfirmed.type}), fetches=frozenset({"shipment", "order"}), webhook=True
    )

    def __init__(self, connection: str, settings: ConnectionSettings) -> None:
        if not isinstance(settings, AcumaticaSettings):
            raise TypeError(
                f"connection {connection!r} needs AcumaticaSettings, not {type(settings).__name__}"
            )
        super().__init__(connection, settings)
        self.settings = settings

    async def check(self, http: Http) -> Checked:
        """Ask which endpoints there are, which needs no log-in; then log in and read a shipment's number."""
        client = Client(http, self.settings, self.connection)
        findings, warnings = self._judge_endpoints(await client.endpoints())
        await client.first("Shipment", "ShipmentNbr", Missing("shipment list", "1", self.connection))
        read = f"logged in to tenant {self.settings.tenant} and read shipments of {self.settings.endpoint}"
        return Checked((*findings, read), warnings)

    def _judge_endpoints(self, reply: Reply) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Findings and warnings from `GET /entity`; without a log-in it lists the built-in endpoints only."""
        if reply.status in _UNLISTED_STATUSES:
            return (), ("the site does not list its endpoints without a log-in",)
        asked = Missing("endpoint list", self.settings.endpoint, self.connection)
        if reply.status != 200:
            raise judge(reply, asked)
        try:
            value = reply.json()
        except NotUnderstood as error:
            raise judge(reply, asked) from error
        listed = sorted(_endpoints(value))
        found = f"Acumatica{_build(value)} answers at {self.settings.base_url}"
        if self.settings.endpoint in listed:
            return (found,), ()
        names = ", ".join(listed) or "none"
        warning = (
            f"endpoint {self.settings.endpoint} is not listed (listed are: {names}); "
            "a site's own endpoints are not listed without a log-in"
        )
        return (found,), (warning,)

    def authentic(self, request: WebhookRequest) -> bool:
        """Does the configured header hold the configured secret? Never, where no webhook is configured."""
        webhook = self.settings.webhook
        if webhook is None:
            return False
        given = request.headers.get(webhook.header.lower(), "")
        return hmac.compare_digest(given.encode(), webhook.secret.get_secret_value().encode())

    def hear(self, request: WebhookRequest) -> tuple[Heard, ...]:
        """The documents of a push notification; raises NotReadable."""
        if self.settings.webhook is None:
            return super().hear(request)
        return source.hear(request.body, self.settings.webhook, self.settings.tenant)

    async def fetch(self, http: Http, wanted: Wanted) -> Fetched:
        """A shipment (with its orders where they are wanted) or an order; raises CallError."""
        if wanted.kind not in self.capabilities.fetches:
            return await super().fetch(http, wanted)
        client = Client(http, self.settings, self.connection)
        if wanted.kind == "order":
            order = await self._order(client, wanted.number)
            return Fetched(self._reference("order", order.number, order.key), facts=())
        return await self._shipment(client, wanted)

    async def _shipment(self, client: Client, wanted: Wanted) -> Fetched:
        asked = Missing("shipment", wanted.number, self.connection)
        value = await client.read("Shipment", (wanted.number,), asked, expand=_SHIPMENT_EXPAND)
        with source.understood(asked):
            wire = WireShipment.model_validate(value)
            document = self._reference("shipment", wire.ShipmentNbr, wire.NoteID or None)
            facts = source.shipment_facts(wire, self.connection, self.settings)
        numbers = source.shipment_orders(wire) if facts and "order" in wanted.context else ()
        return Fetched(document, facts, tuple([await self._order(client, number) for number in numbers]))

    async def _order(self, client: Client, number: str) -> Order:
        asked = Missing("order", number, self.connection)
        keys = source.order_keys(number, asked)
        custom = (self.settings.order_reference,) if self.settings.custom_reference else ()
        value = await client.read("SalesOrder", keys, asked, expand=_ORDER_EXPAND, custom=custom)
        with source.understood(asked):
            return source.read_order(WireOrder.model_validate(value), self.connection, self.settings)

    def _reference(self, kind: str, number: str, key: str | None) -> DocumentRef:
        return DocumentRef(connection=self.connection, kind=kind, number=number, key=key)


def _endpoints(value: Any) -> Iterator[str]:
    """`Name/version` of each listed endpoint; builds before 26 answer with the bare list."""
    rows = value.get("endpoints") if isinstance(value, Mapping) else value
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, Mapping):
            yield f"{row.get('name')}/{row.get('version')}"


def _build(value: Any) -> str:
    version = value.get("version") if isinstance(value, Mapping) else None
    build = version.get("acumaticaBuildVersion") if isinstance(version, Mapping) else None
    return f" {build}" if isinstance(build, str) else ""


ADAPTER = AcumaticaAdapter
