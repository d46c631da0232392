"""The Acumatica adapter: what it is capable of, and how its parts are wired together."""

import hmac
from collections.abc import Iterator, Mapping
from typing import Any

from connector.errors import Missing, NotUnderstood, Rejected
from connector.planned import Manner, Step
from connector.systems.acumatica import polling, push, target
from connector.systems.acumatica.client import Client, judge
from connector.systems.acumatica.numbers import KINDS
from connector.systems.acumatica.settings import AcumaticaSettings
from connector.systems.acumatica.source import Source
from connector.systems.acumatica.write_back import PARTS
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
from connector.systems.http import Http, Reply
from schemas.config import ConnectionSettings
from schemas.events import (
    InvoiceReleased,
    OrderCancelled,
    OrderCreated,
    OrderUpdated,
    RefundIssued,
    ShipmentConfirmed,
    ShipmentVoided,
)

_UNLISTED_STATUSES = (401, 403)
_EVER = "datetimeoffset'2000-01-01T00:00:00.000+00:00'"


class AcumaticaAdapter(Adapter):
    """Acumatica ERP: pushes, lists of what changed, and its orders, shipments, invoices and payments."""

    settings_model = AcumaticaSettings
    capabilities = Capabilities(
        source_of=frozenset(
            event.type
            for event in (OrderCreated, OrderUpdated, OrderCancelled, ShipmentConfirmed, InvoiceReleased)
        ),
        target_of=frozenset(
            event.type
            for event in (
                OrderCreated,
                OrderUpdated,
                OrderCancelled,
                InvoiceReleased,
                ShipmentConfirmed,
                ShipmentVoided,
                RefundIssued,
            )
        ),
        fetches=frozenset(KINDS),
        fetches_of_order=frozenset({"shipment", "invoice"}),
        polls=frozenset(KINDS),
        webhook=True,
        manner=Manner(customers=True, invoices="payment", parts=PARTS, onto="shipment"),
    )

    def __init__(self, connection: str, settings: ConnectionSettings) -> None:
        if not isinstance(settings, AcumaticaSettings):
            raise TypeError(
                f"connection {connection!r} needs AcumaticaSettings, not {type(settings).__name__}"
            )
        super().__init__(connection, settings)
        self.settings = settings

    # -- checking --

    async def check(self, http: Http) -> Checked:
        """Ask which endpoints there are, which needs no log-in; then log in and read one of each kind of document.

        A session with cookies that was opened for this is logged out again, so that it holds no seat.
        """
        client = Client(http, self.settings, self.connection)
        findings, warnings = self._judge_endpoints(await client.endpoints())
        before = client.session
        try:
            read, refused = await self._read_each(client)
            landed = client.way_in.landed(client.session) if client.session else ""
        finally:
            opened = client.session is not None and (before is None or client.session.value != before.value)
            if opened and client.way_in.closes:
                await client.leave()
        return Checked((*findings, *read), (*warnings, *refused, *self._astray(landed), *self._deaf()))

    async def _read_each(self, client: Client) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What can be listed by its last change, and warnings of what cannot; raises Rejected where nothing can."""
        read, refused = [], []
        for name, kind in KINDS.items():
            field = getattr(self.settings.modified, name)
            asked = Missing(f"{name} list", f"by {field}", self.connection)
            try:
                await client.listed(
                    kind.entity, asked, select=(*kind.keys, field), where=f"{field} ge {_EVER}", top=1
                )
                read.append(f"{name}s (by {field})")
            except Rejected as error:
                refused.append(error)
        if not read:
            raise refused[0]
        settings = self.settings
        user = f"tenant {settings.tenant} as {settings.auth.username} by {client.way_in.name}"
        found = f"logged in to {user}, and read {', '.join(read)} of {settings.endpoint}"
        return (found,), tuple(error.message for error in refused)

    def _astray(self, landed: str) -> tuple[str, ...]:
        """A site with one tenant takes any name, and says in a cookie which one it took."""
        if not landed or landed.casefold() == self.settings.tenant.casefold():
            return ()
        return (f"the site says that the session is in tenant {landed!r}, not in {self.settings.tenant!r}",)

    def _deaf(self) -> tuple[str, ...]:
        """A connection may be a target only; as a source it would hear of nothing."""
        if self.settings.webhook is not None or self.settings.poll is not None:
            return ()
        return ("neither webhook nor poll is set: nothing that happens here will be heard of",)

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

    # -- hearing --

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
        return push.hear(request.body, self.settings.webhook, self.settings.tenant)

    async def poll(self, http: Http, window: Window) -> Page:
        """One page of what changed; raises CallError."""
        if window.kind not in self.capabilities.polls:
            return await super().poll(http, window)
        return await polling.poll(Client(http, self.settings, self.connection), self.settings, window)

    # -- fetching --

    async def fetch(self, http: Http, wanted: Wanted) -> Fetched:
        """An order, a shipment, an invoice or a payment, with its orders where they are wanted; raises CallError."""
        if wanted.kind not in self.capabilities.fetches:
            return await super().fetch(http, wanted)
        client = Client(http, self.settings, self.connection)
        return await Source(client, self.settings, self.connection).fetch(wanted)

    # -- doing --

    def recipe(self, http: Http, step: Step, known: Known) -> Recipe | Increment:
        """How this step is done here."""
        return target.recipe(Client(http, self.settings, self.connection), self.settings, step, known)


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
