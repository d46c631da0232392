"""Replays recorded exchanges against the Magento simulator over HTTP and says where replies differ.

The recording starts with orders that are there already and leaves some steps out; `WAVES` says which orders
come to be when, and `STEPS_BEFORE` which calls are made up for those steps. Times, random codes and the ids
of parts of documents are masked; ids of documents are set to what the recording gave out last.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import httpx
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1, SIGNATURE_HMAC_SHA256, Client

from connector.simulators.base import serve
from connector.simulators.magento import Administrator, Integration, MagentoSimulator, build
from tests.contract.magento_compare import difference
from tests.contract.magento_recording import Exchange, bare_order, first_bodies, recorded, set_back

READ_ONLY = Integration("reader-key-1", "reader-secret", "reader-token", "reader-token-secret", frozenset())
FULL = Integration()


@dataclass(frozen=True)
class Outcome:
    """How one exchange went; no difference means that status and body agree."""

    name: str
    difference: str | None


WAVES: Mapping[str, range] = {
    "auth.admin_token_ok": range(3, 22),
    "ship.first_partial": range(22, 26),
    "ship.concurrent_identical_1": range(26, 32),
    "refund.before_shipping_partial": range(32, 33),
    "cancel.part_shipped": range(33, 34),
    "order.comment_with_status": range(34, 35),
    "async.ship": range(43, 45),
    "ship.all_over_quantity": range(45, 47),
    "updated_at.invoice_first": range(47, 48),
    "ship.misspelt_items_ships_all": range(48, 49),
}
"""Before which exchange which orders are seeded (known from `total_count` and the ids that follow)."""

STEPS_BEFORE: Mapping[str, Sequence[tuple[str, Mapping[str, Any]]]] = {
    "cancel.part_shipped": [
        ("/order/33/invoice", {"items": [{"order_item_id": 45, "qty": 1}]}),
        ("/order/33/ship", {"items": [{"order_item_id": 45, "qty": 1}]}),
    ],
    "refund.before_shipping_partial": [("/order/32/invoice", {})],
    "refund.amount_only": [("/order/46/invoice", {})],
    "invoice.unknown_order": [("/order/16/invoice", {}), ("/order/16/ship", {}), ("/order/10/ship", {})],
    "ship.concurrent_identical_1": [("/order/26/ship", {"items": [{"order_item_id": 38, "qty": 1}]})],
    "orders.items_updated_gt": [
        ("/order/43/ship", {"items": [{"order_item_id": 54, "qty": 1}]}),
        ("/order/43/ship", {"items": [{"order_item_id": 54, "qty": 1}]}),
        ("/order/44/ship", {"items": [{"order_item_id": 55, "qty": 1}]}),
    ],
}
"""Calls left out of the recording, or made asynchronously, whose effect its next exchanges show."""

SEEDS_BEFORE: Mapping[str, Mapping[str, Any]] = {
    "stock.source_items_get": {"products": {"WIDGET-A": 980}},
    "stock.item_get": {"last_ids": {"product": 4}, "products": {"WIDGET-B": 958}},
}
"""Products of the recorded shop, and what lay there."""

SETTINGS_BEFORE: Mapping[str, Mapping[str, bool]] = {
    "auth.integration_bearer_on": {"integration_bearer": True},
    "auth.integration_bearer_off": {"integration_bearer": False},
    "limits.page_size_301": {"input_limits": True},
    "auth.admin_token_2fa": {"input_limits": False, "two_factor": True, "integration_bearer": True},
    "shipments.after_failed_source": {"two_factor": False},
}
"""Switches of the shop as the recording's notes tell them."""

_ID_KINDS = (
    (re.compile(r"/order/\d+/ship$"), "shipment"),
    (re.compile(r"/shipment$"), "shipment"),
    (re.compile(r"/order/\d+/invoice$"), "invoice"),
    (re.compile(r"/order/\d+/refund$"), "creditmemo"),
    (re.compile(r"/shipment/track$"), "track"),
    (re.compile(r"/shipment/\d+/comments$"), "shipment_comment"),
    (re.compile(r"/invoices/comments$"), "invoice_comment"),
    (re.compile(r"/V1/orders$|/orders/create$"), "order"),
)


@dataclass
class MovingClock:
    """A clock that stands still between requests: each moves it by a second."""

    now: datetime = datetime(2026, 11, 23, 7, 32, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def tick(self) -> None:
        self.now += timedelta(seconds=1)

    def at_least(self, text: str) -> None:
        self.now = max(self.now, datetime.fromisoformat(text).replace(tzinfo=UTC))


@dataclass
class Replay:
    """A simulator being driven through the recording."""

    client: httpx.Client
    simulator: MagentoSimulator
    clock: MovingClock
    exchanges: Sequence[Exchange]
    token: str = ""
    expired: str = ""
    outcomes: list[Outcome] = field(default_factory=list)

    def run(self, covered: Callable[[Exchange], bool]) -> list[Outcome]:
        """Send each covered exchange in turn and compare."""
        self.token, self.expired = self._admin_token(), self._expired_token()
        for exchange in self.exchanges:
            self._prepare(exchange)
            if covered(exchange):
                reply = self.send(exchange)
                self.outcomes.append(Outcome(exchange.name, difference(exchange, reply)))
        return self.outcomes

    def send(self, exchange: Exchange) -> httpx.Response:
        """One request as it was recorded, with credentials of this simulator."""
        self.clock.tick()
        content = _content(exchange)
        headers = {name: value for name, value in exchange.headers.items() if name != "authorization"}
        request = self.client.build_request(
            exchange.method, exchange.path, params=dict(exchange.query), content=content, headers=headers
        )
        credentials = self._credentials(exchange, request)
        if credentials:
            request.headers["Authorization"] = credentials
        return self.client.send(request)

    def call(self, path: str, body: Mapping[str, Any]) -> None:
        """A call the recording left out; it must succeed."""
        self.clock.tick()
        bearer = {"Authorization": f"Bearer {self.token}"}
        self.client.post(f"/rest/V1{path}", json=body, headers=bearer).raise_for_status()

    def seed(self, wanted: Mapping[str, Any]) -> None:
        """Put something into the shop."""
        self.client.post("/_sim/seed", json=wanted).raise_for_status()

    def _prepare(self, exchange: Exchange) -> None:
        if exchange.name in WAVES:
            self._seed_orders(WAVES[exchange.name])
        if exchange.name in SETTINGS_BEFORE:
            self.seed({"settings": SETTINGS_BEFORE[exchange.name]})
        if exchange.name in SEEDS_BEFORE:
            self.seed(SEEDS_BEFORE[exchange.name])
        for path, body in STEPS_BEFORE.get(exchange.name, ()):
            self.call(path, body)
        made = _made_id(exchange)
        if made is not None:
            self.seed({"last_ids": {made[0]: made[1] - 1}})

    def _seed_orders(self, numbers: range) -> None:
        known = first_bodies(self.exchanges)
        for number in numbers:
            if number in known:
                order = set_back(known[number])
                self.clock.at_least(order["created_at"])
                self.clock.tick()
                order["updated_at"] = self.clock.now.strftime("%Y-%m-%d %H:%M:%S")
                self.seed({"orders": [order], "shipment_types": {"KIT-S": "separately"}})
            else:
                self.clock.tick()
                self.seed({"order": bare_order(number, self.exchanges)})

    def _admin_token(self) -> str:
        admin = {"username": Administrator().username, "password": Administrator().password}
        token: str = self.client.post("/rest/V1/integration/admin/token", json=admin).json()
        return token

    def _expired_token(self) -> str:
        present = self.clock.now
        self.clock.now = present - timedelta(hours=2)
        token = self._admin_token()
        self.clock.now = present
        return token

    def _credentials(self, exchange: Exchange, request: httpx.Request) -> str | None:
        recorded_header = exchange.headers.get("authorization")
        if recorded_header is None:
            return None
        if recorded_header.startswith("OAuth"):
            return _signed(exchange, request, self.clock.now)
        tokens = {
            "auth.bearer_garbage": "nothing",
            "auth.bearer_expired": self.expired,
            "auth.integration_bearer_on": FULL.token,
            "auth.integration_bearer_off": FULL.token,
            "auth.integration_bearer_2fa": FULL.token,
            "auth.missing_acl": READ_ONLY.token,
            "auth.missing_acl_invoice": READ_ONLY.token,
            "auth.missing_acl_stock": READ_ONLY.token,
            "auth.readonly_can_read": READ_ONLY.token,
        }
        return f"Bearer {tokens.get(exchange.name, self.token)}"


_METHODS: Mapping[str, Literal["GET", "POST"]] = {"GET": "GET", "POST": "POST"}


def _signed(exchange: Exchange, request: httpx.Request, now: datetime) -> str:
    """An OAuth header made by a library of its own, wrong in the way the exchange's name says."""
    wrong = {
        "auth.oauth_bad_signature": {"client_secret": "another"},
        "auth.oauth_unknown_consumer": {"client_key": "consumer-kez"},
        "auth.oauth_short_key": {"client_key": "short"},
        "auth.oauth_unknown_token": {"resource_owner_key": "access-tokem"},
        "auth.oauth_missing_acl": {
            "client_key": READ_ONLY.consumer_key,
            "client_secret": READ_ONLY.consumer_secret,
            "resource_owner_key": READ_ONLY.token,
            "resource_owner_secret": READ_ONLY.token_secret,
        },
        "auth.oauth_sha1": {"signature_method": SIGNATURE_HMAC_SHA1},
    }
    given = {
        "client_key": FULL.consumer_key,
        "client_secret": FULL.consumer_secret,
        "resource_owner_key": FULL.token,
        "resource_owner_secret": FULL.token_secret,
        "signature_method": SIGNATURE_HMAC_SHA256,
        **wrong.get(exchange.name, {}),
    }
    ages = {"<one hour ago>": -3600, "<one hour ahead>": 3600}
    age = next((age for word, age in ages.items() if word in exchange.headers["authorization"]), 0)
    same_nonce = exchange.name in ("auth.oauth_nonce_first", "auth.oauth_nonce_replayed")
    client = Client(
        **given,
        nonce="n-same" if same_nonce else f"n-{exchange.name}",
        timestamp=str(int(now.timestamp()) + age),
    )
    _, headers, _ = client.sign(str(request.url), http_method=_METHODS[request.method])
    return str(headers["Authorization"])


def _content(exchange: Exchange) -> bytes | None:
    body = exchange.body
    if body is None:
        return None
    if isinstance(body, str):
        return body.encode()
    if exchange.path.endswith("/integration/admin/token") and body.get("password") == "<password>":
        body = {**body, "password": Administrator().password}
    return json.dumps(body).encode()


def _made_id(exchange: Exchange) -> tuple[str, int] | None:
    """The kind and number of the document an exchange made, where it made one."""
    if exchange.method not in ("POST", "PUT") or exchange.status != 200:
        return None
    kind = next((kind for pattern, kind in _ID_KINDS if pattern.search(exchange.path)), None)
    updates = isinstance(exchange.body, dict) and "entity_id" in (exchange.body.get("entity") or {})
    if kind is None or updates:
        return None
    number = exchange.reply["entity_id"] if isinstance(exchange.reply, dict) else exchange.reply
    return kind, int(number)


@contextmanager
def replaying() -> Iterator[Replay]:
    """A served simulator with an empty shop, ready to be driven through the recording."""
    clock = MovingClock()
    reader = Integration(
        READ_ONLY.consumer_key,
        READ_ONLY.consumer_secret,
        READ_ONLY.token,
        READ_ONLY.token_secret,
        frozenset({"Magento_Sales::actions_view"}),
    )
    simulator = build(further_integrations=[reader], clock=clock)
    with serve(simulator.app) as served, httpx.Client(base_url=served.url, timeout=10) as client:
        yield Replay(client, simulator, clock, recorded())
