"""A stand-in for a Magento 2.4.7 shop: its REST paths, its rules and its silences.

Not simulated: carts, catalogue, stock, online payment, several stores or sources, the asynchronous API.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from connector.simulators.base import Fault, Received, Reply, Simulator
from connector.simulators.magento import criteria
from connector.simulators.magento.access import Access, Administrator, Integration, unauthorized
from connector.simulators.magento.bodies import body_of
from connector.simulators.magento.errors import NO_ROUTE, NOT_PROCESSED, Fatal, Internal, Refusal
from connector.simulators.magento.routes import READ, Call, Route, check_ids, find_route
from connector.simulators.magento.seeding import Settings, plant, read_seed
from connector.simulators.magento.shipping import SAVE_FAILED
from connector.simulators.magento.store import Clock, Store, shown, shown_order

__all__ = ["Administrator", "Integration", "MagentoSimulator", "SaveFailedFault", "Settings", "build"]

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


class MagentoSimulator(Simulator):
    """One shop. `store` is what it holds; `settings` are its switches."""

    fault_kinds: ClassVar[Mapping[str, type[Fault]]] = {"save_failed": SaveFailedFault}

    def __init__(self, access: Access, settings: Settings, clock: Clock) -> None:
        super().__init__()
        self.store = Store(clock)
        self.settings = settings
        self._access = access
        self._report = _FIRST_REPORT

    def handle(self, received: Received) -> Reply:
        """Answer as the shop would: values as JSON, refusals with its texts, a cookie on success."""
        try:
            answer = self._answer(received)
        except (Refusal, Fatal) as refusal:
            return refusal.reply()
        except Internal as error:
            self._report += 1
            return error.reply(self._report)
        if any(isinstance(fault, SaveFailedFault) for fault in received.faults):
            return Refusal(400, SAVE_FAILED).reply()
        fields = dict(received.query_pairs).get("fields")
        return Reply.of(answer if fields is None else criteria.trim(answer, fields)).with_headers(_COOKIE)

    def state(self) -> dict[str, Any]:
        """Orders, shipments, invoices and credit memos as they would be read back."""
        return {
            "orders": [shown_order(one) for one in self.store.orders.values()],
            "shipments": [shown(one) for one in self.store.shipments.values()],
            "invoices": [shown(one) for one in self.store.invoices.values()],
            "creditmemos": [shown(one) for one in self.store.creditmemos.values()],
        }

    def seed(self, wanted: Any) -> dict[str, object]:
        """Take documents and switches, see `seeding.Seed`. Raises SeedError."""
        seed = read_seed(wanted)
        self.settings = Settings.model_validate({**self.settings.model_dump(), **seed.settings})
        return plant(self.store, seed)

    def expired_token_reply(self, received: Received) -> Reply:
        """An expired token is answered as a missing permission (recording, `auth.bearer_expired`)."""
        found = self._route(received)
        return unauthorized(found[0].resource if found else READ).reply()

    def rate_limited_reply(self, received: Received) -> Reply:
        """Backpressure's body."""
        return Reply.of({"message": "Too Many Requests", "trace": None}, 429)

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
        check_ids(ids)
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
