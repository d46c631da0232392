"""A stand-in for a Magento 2.4.7 shop: its REST paths, its rules and silences, and the events it sends.

What people do in the shop goes over `/_sim/orders…` (shop.py), who hears of it over `/_sim/events…` (events.py).
Not simulated: carts, catalogue, reservations of stock, gateways, several stores, the asynchronous API.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from connector.simulators.base import Fault, Received, Reply, SeedError, Simulator
from connector.simulators.magento import criteria, shop, stock
from connector.simulators.magento.access import Access, Administrator, Integration, unauthorized
from connector.simulators.magento.bodies import body_of
from connector.simulators.magento.errors import NO_ROUTE, NOT_PROCESSED, Fatal, Internal, Refusal
from connector.simulators.magento.event_targets import Release, Target
from connector.simulators.magento.events import Events
from connector.simulators.magento.routes import READ, Call, Route, check_ids, find_route
from connector.simulators.magento.seeding import Settings, plant, read_seed
from connector.simulators.magento.shipping import SAVE_FAILED
from connector.simulators.magento.store import Clock, Store, shown, shown_order

__all__ = [
    "Administrator",
    "Integration",
    "MagentoSimulator",
    "NotKeptFault",
    "SaveFailedFault",
    "Settings",
    "build",
]

STORE_CODES = frozenset({"default", "all"})
_PATH = re.compile(r"/rest(?:/(?P<store>[A-Za-z]\w*))?(?P<path>/V1(?:/.*)?)")
_TOKEN_PATH = "/V1/integration/admin/token"
_COOKIE = ("Set-Cookie", "PHPSESSID=simulated0session; path=/; HttpOnly; SameSite=Lax")
_FIRST_REPORT = 0x6B03EC20D1A4C


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SaveFailedFault(Fault):
    """The call is carried out and yet answered with the generic 400, as after a late database error."""

    kind: Literal["save_failed"]


class NotKeptFault(Fault):
    """The call is answered as if carried out and nothing is kept, as a cancel that says `true` for nothing."""

    kind: Literal["not_kept"]


class MagentoSimulator(Simulator):
    """One shop. `store` is what it holds; `settings` are its switches; `events` tells of what is saved."""

    fault_kinds: ClassVar[Mapping[str, type[Fault]]] = {
        "save_failed": SaveFailedFault,
        "not_kept": NotKeptFault,
    }

    def __init__(self, access: Access, settings: Settings, clock: Clock) -> None:
        super().__init__()
        self.store = Store(clock, sources={stock.DEFAULT_SOURCE: stock.source(stock.DEFAULT_SOURCE)})
        self.settings = settings
        self.events = Events(clock, self.lock)
        self._access = access
        self._report = _FIRST_REPORT

    def handle(self, received: Received) -> Reply:
        """Answer as the shop would: values as JSON, refusals with its texts, a cookie on success.

        The public keys of events are served here too, without credentials.
        """
        key = self.events.signer.public_key(received.path) if received.method == "GET" else None
        if key is not None:
            return Reply.text(key, content_type="application/x-pem-file")
        undo = self.store.snapshot() if self._suffers(received, NotKeptFault) else None
        try:
            answer = self._answer(received)
        except (Refusal, Fatal) as refusal:
            self.store.take_saves()
            return refusal.reply()
        except Internal as error:
            self._report += 1
            return error.reply(self._report)
        if undo:
            undo()
        self.events.announce(self.store.take_saves())
        if self._suffers(received, SaveFailedFault):
            return Refusal(400, SAVE_FAILED).reply()
        fields = dict(received.query_pairs).get("fields")
        return Reply.of(answer if fields is None else criteria.trim(answer, fields)).with_headers(_COOKIE)

    def state(self) -> dict[str, Any]:
        """Orders, shipments, invoices, credit memos and source items as they would be read back."""
        return {
            "orders": [shown_order(one) for one in self.store.orders.values()],
            "shipments": [shown(one) for one in self.store.shipments.values()],
            "invoices": [shown(one) for one in self.store.invoices.values()],
            "creditmemos": [shown(one) for one in self.store.creditmemos.values()],
            "source_items": [shown(one) for one in self.store.source_items.values()],
        }

    def seed(self, wanted: Any) -> dict[str, object]:
        """Take documents and switches, see `seeding.Seed`; no event tells of them. Raises SeedError."""
        seed = read_seed(wanted)
        self.settings = Settings.model_validate({**self.settings.model_dump(), **seed.settings})
        try:
            return plant(self.store, seed)
        finally:
            self.store.take_saves()

    def control(self, received: Received) -> Reply | None:
        """The further `/_sim` paths: `orders…` (shop.py) and `events…`. Raises SeedError."""
        try:
            events = _EVENTS.get((received.method, received.path.removeprefix("/_sim/")))
            if events is not None:
                return events(self.events, received)
            return shop.control(self.store, received)
        except ValidationError as error:
            raise SeedError(str(error)) from error
        finally:
            self.events.announce(self.store.take_saves())

    def expired_token_reply(self, received: Received) -> Reply:
        """An expired token is answered as a missing permission (recording, `auth.bearer_expired`)."""
        found = self._route(received)
        return unauthorized(found[0].resource if found else READ).reply()

    def rate_limited_reply(self, received: Received) -> Reply:
        """Backpressure's body."""
        return Reply.of({"message": "Too Many Requests", "trace": None}, 429)

    def _suffers(self, received: Received, kind: type[Fault]) -> bool:
        return any(isinstance(fault, kind) for fault in received.faults)

    def _answer(self, received: Received) -> object:
        now = self.store.clock()
        if self._path(received) == _TOKEN_PATH and received.method == "POST":
            shape = {"username": "string", "password": "string"}
            return self._access.admin_token(body_of(received, shape), now, self.settings.two_factor)
        found = self._route(received)
        if found is None:
            raise Refusal(404, NO_ROUTE)
        route, ids = found
        self._access.check(received, route.resource, now, self.settings.integration_bearer)
        check_ids(route, ids)
        return route.answer(Call(self.store, self.settings, received, ids))

    def _route(self, received: Received) -> tuple[Route, tuple[str, ...]] | None:
        path = self._path(received)
        return None if path is None else find_route(received.method, path.removeprefix("/V1"))

    def _path(self, received: Received) -> str | None:
        """The path from `/V1` on; None for what is no such path. Raises Refusal for an unknown store."""
        found = _PATH.fullmatch(received.path.rstrip("/"))
        if found is None:
            return None
        if found["store"] is not None and found["store"] not in STORE_CODES:
            raise Refusal(400, NOT_PROCESSED)
        return found["path"]


def _register(events: Events, received: Received) -> Reply:
    target = Target.model_validate(received.json())
    events.register(target)
    return Reply.of({"url": target.url, "public_keys": list(events.signer.paths)})


def _forget(events: Events, received: Received) -> Reply:
    events.registrations.clear()
    return Reply(204)


def _release(events: Events, received: Received) -> Reply:
    wanted = Release.model_validate(received.json() if received.body else {})
    return Reply.of({"released": events.release(wanted)})


class _Resend(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int


def _resend(events: Events, received: Received) -> Reply:
    number = _Resend.model_validate(received.json()).number
    if not events.resend(number):
        raise SeedError(f"there is no delivery {number} that has ended")
    return Reply.of({"number": number})


_EVENTS: Mapping[tuple[str, str], Callable[[Events, Received], Reply]] = {
    ("POST", "events/target"): _register,
    ("DELETE", "events/target"): _forget,
    ("POST", "events/release"): _release,
    ("POST", "events/resend"): _resend,
    ("GET", "events"): lambda events, received: Reply.of(events.describe()),
}


def build(
    *,
    integration: Integration = Integration(),  # noqa: B008 - frozen
    further_integrations: Sequence[Integration] = (),
    admin: Administrator = Administrator(),  # noqa: B008 - frozen
    settings: Settings | None = None,
    clock: Clock = _utc_now,
) -> MagentoSimulator:
    """A new, empty shop; the credentials are made up unless given.

    `clock` gives aware UTC times; each row written bears them.
    """
    access = Access([integration, *further_integrations], admin)
    return MagentoSimulator(access, settings or Settings(), clock)
