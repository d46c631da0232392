"""A fleet to be troubled: one ERP, two shops, shipments, orders and cancellations between them, with short times.

The first shop is a target only, the second one a source only, so that one connection can fail while others work.
It starts the fleet and asks its ends; what must be so is said by the scenarios.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import httpx
import pytest

from connector.simulators import magento
from connector.simulators.base import serve
from connector.simulators.magento import Integration
from connector.status import Status
from connector.store import browse
from connector.store.browse import AttemptRow, Filters, Record
from tests.scenarios.configured import SECRETS, Timing
from tests.scenarios.fleet import Fleet, Process, control, running
from tests.scenarios.pairs import PAIRS
from tests.scenarios.parcels import Parcel
from tests.servers import PostgresServer, RedisServer

ERP, SHOP, OTHER = "acumatica-main", "magento-us", "magento-eu"
SHIPMENTS, ORDERS, CANCELS = "shipments-to-shop", "orders-to-shop", "cancels-to-shop"
ORDERS_IN, CANCELS_IN = "orders-to-erp", "cancels-to-erp"


CONFIG = """
connections:
  acumatica-main:
    system: acumatica
    base_url: ${{ACUMATICA_URL}}
    tenant: Company
    auth: {{kind: oauth_password, client_id: 5A1C0F2E-0000-4000-8000-00000000C11E, username: apiuser,
           client_secret: "${{ACUMATICA_CLIENT_SECRET}}", password: "${{ACUMATICA_PASSWORD}}"}}
    webhook:
      header: X-Connector-Secret
      secret: ${{ACUMATICA_PUSH_SECRET}}
      queries: {{Shipments-Confirmed: {{document: shipment, key: ShipmentNbr}}}}
    order_reference: ExternalRef
    currency: USD
    orders: {{customers: guest, guest_customer: GUEST}}
    limits: {{concurrency: 4}}
    timeouts: {{connect: 1, total: {timeout}}}
    settle: {erp_settle}
    poll: {{every: 1, overlap: 3, kinds: [order]}}
  magento-us:
    system: magento
    base_url: ${{MAGENTO_URL}}
    auth: &auth {{kind: oauth1, consumer_key: consumer-key, consumer_secret: "${{MAGENTO_CONSUMER_SECRET}}",
           token: "${{MAGENTO_TOKEN}}", token_secret: "${{MAGENTO_TOKEN_SECRET}}"}}
    orders: {{prefix: E-}}
    limits: {{concurrency: 4}}
    timeouts: {{connect: 1, total: {timeout}}}
    settle: {settle}
  magento-eu:
    system: magento
    base_url: {other_shop}
    auth: *auth
    timeouts: {{connect: 1, total: {timeout}}}
    poll: {{every: 1, overlap: 3, kinds: [order]}}
flows:
  - name: shipments-to-shop
    event: shipment.confirmed
    from: acumatica-main
    to: magento-us
    context: [order]
    mapping: {{ship_via: {{UPSGROUND: {{carrier_code: ups, title: UPS Ground}}}}}}
    retry: &retry {{first: 0.2, longest: 0.5, give_up: 600}}
  - name: orders-to-shop
    event: order.created
    from: acumatica-main
    to: magento-us
    preferences: {{require: [{{name: was born in the ERP, when: "!order.has_external_number"}}]}}
    mapping: {{ship_via: {{FLAT: {{code: flatrate_flatrate, title: Flat Rate}}}}}}
    retry: *retry
  - name: cancels-to-shop
    event: order.cancelled
    from: acumatica-main
    to: magento-us
    preferences: {{require: [{{name: was born in the ERP, when: "!order.has_external_number"}}]}}
    retry: *retry
  - name: orders-to-erp
    event: order.created
    from: magento-eu
    to: acumatica-main
    mapping: {{ship_via: {{flatrate_flatrate: FLAT}}, payment_method: {{checkmo: CHECK}}}}
    retry: *retry
  - name: cancels-to-erp
    event: order.cancelled
    from: magento-eu
    to: acumatica-main
    retry: *retry
tokens:
  reader: {{token: "${{READER_TOKEN}}", scopes: [read]}}
  operator: {{token: "${{PUBLISHER_TOKEN}}", scopes: [read, operate]}}
lanes: {{lease: {lease}, renew: 1, sweep: 0.3, breaker_failures: 3, breaker_probe: 0.5}}
"""


@dataclass(frozen=True)
class Patience(Timing):
    """The seconds that differ. `settle` is the first shop's, `erp_settle` the ERP's."""

    erp_settle: float = 1
    other_shop: str = ""

    @property
    def text(self) -> str:
        """The configuration file."""
        return CONFIG.format(
            lease=self.lease,
            timeout=self.timeout,
            settle=self.settle,
            erp_settle=self.erp_settle,
            other_shop=self.other_shop,
        )


@dataclass
class Faulty:
    """A running fleet, the second shop, and numbers for documents that nobody used yet."""

    fleet: Fleet
    other: httpx.Client
    worker: Process
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    # -- documents --

    def parcel(self, *, ordered: int = 3, shipped: int = 1) -> Parcel:
        """A shipment that stands confirmed in the ERP, of an order that the first shop has; not pushed yet."""
        parcel = Parcel(next(self.numbers), ordered=ordered, shipped=shipped)
        self.fleet.seed(parcel)
        return parcel

    def pushed(self) -> Parcel:
        """The same, pushed."""
        parcel = self.parcel()
        assert self.fleet.push(parcel).status_code == 202
        return parcel

    def erp_order(self) -> str:
        """An order that was entered in the ERP; its number there, without its type."""
        number = f"{next(self.numbers) + 500_000:06d}"
        order = {
            "OrderType": "SO",
            "OrderNbr": number,
            "ShipVia": "FLAT",
            "lines": [{"InventoryID": "AALEGO500", "OrderQty": "2", "UnitPrice": "12.50"}],
            **{f"{side}Address": ADDRESS for side in ("BillTo", "ShipTo")},
            **{f"{side}Contact": CONTACT for side in ("BillTo", "ShipTo")},
        }
        control(self.fleet.erp, "POST", "seed", {"orders": [order]})
        return number

    def other_order(self) -> str:
        """An order that was placed in the second shop; its number there."""
        number = f"2{next(self.numbers):08d}"
        line = {"sku": "AALEGO500", "qty": 2, "price": "12.50"}
        control(self.other, "POST", "orders", {"increment_id": number, "lines": [line]})
        return number

    # -- what stands at the ends --

    def in_shop(self, erp_number: str) -> list[dict[str, Any]]:
        """The orders of the first shop that an order of the ERP became."""
        orders = control(self.fleet.shop, "GET", "state")["orders"]
        return [one for one in orders if one["increment_id"] == f"E-SO-{erp_number}"]

    def in_erp(self, other_number: str) -> list[dict[str, Any]]:
        """The orders of the ERP that an order of the second shop became."""
        (tenant,) = control(self.fleet.erp, "GET", "state")["tenants"].values()
        return [one for one in tenant["SalesOrder"] if _said(one, "ExternalRef") == other_number]

    def calls(self, end: httpx.Client, method: str, ending: str) -> list[dict[str, Any]]:
        """The requests that an end has answered or dropped, oldest first, whose path ends so."""
        rows: list[dict[str, Any]] = control(end, "GET", "requests")
        return [row for row in rows if row["method"] == method and row["path"].endswith(ending)]

    def calls_at(self, end: httpx.Client) -> int:
        """How many requests an end has answered or dropped."""
        return len(control(end, "GET", "requests"))

    def applied(self, end: httpx.Client) -> int:
        """How many requests suffered a fault there, also those that are still held."""
        return sum(one["applied"] for one in control(end, "GET", "faults"))

    def heal(self) -> None:
        """No more faults anywhere."""
        for end in (self.fleet.erp, self.fleet.shop, self.other):
            control(end, "DELETE", "faults")

    # -- our own log --

    def entry(self, flow: str, number: str) -> Record | None:
        """The one entry of a document on a flow, whole; None where it has none yet."""
        with self.fleet.runtime.database.read() as tx:
            rows = browse.list_entries(tx, Filters(flow=flow, q=number)).rows
            assert len(rows) < 2, f"{number} has {len(rows)} entries on {flow}"
            return browse.entry_record(tx, rows[0].id) if rows else None

    def until(self, wanted: Status, flow: str, number: str) -> Record:
        """Wait until the entry has come there; fails at once where it errored instead."""
        self.fleet.until(lambda: self._came_to(wanted, flow, number), f"{number} on {flow} is {wanted}")
        record = self.entry(flow, number)
        assert record is not None
        return record

    def _came_to(self, wanted: Status, flow: str, number: str) -> bool:
        record = self.entry(flow, number)
        status = record.entry.status if record else None
        if record and status == Status.ERRORED != wanted:
            raise AssertionError(f"{number} on {flow} errored: {record.entry.reason}")
        return status == wanted

    def delivered(self, parcel: Parcel) -> Record:
        """Wait until the parcel is published."""
        return self.until(Status.PUBLISHED, SHIPMENTS, parcel.shipment)

    def tries_to_fetch(self, record: Record) -> list[AttemptRow]:
        """All tries at fetching the documents that an entry came of."""
        with self.fleet.runtime.database.read() as tx:
            found = [browse.notice_record(tx, notice.id) for notice in record.notices]
        return [attempt for one in found if one is not None for attempt in one.attempts]

    def lane(self, connection: str) -> dict[str, Any]:
        """The connection's lane, as operations see it over HTTP."""
        reply = self.fleet.web.get("/api/lanes", headers=bearer("READER_TOKEN"))
        assert reply.status_code == 200, reply.text
        (found,) = [one for one in reply.json()["lanes"] if one["connection"] == connection]
        return dict(found)

    def said(self, event: str, **fields: str) -> list[dict[str, Any]]:
        """The worker's log lines of an event with these fields."""
        return [row for row in self.worker.lines(event) if fields.items() <= row.items()]

    def check(self, connection: str) -> str:
        """What `connector check` says of a connection that is right again."""
        done = self.fleet.run("check", connection)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def retry(self, record: Record) -> None:
        """As somebody does who has put the cause right."""
        self._act(f"/api/entries/{record.entry.id}/retry")

    def shown(self, record: Record) -> str:
        """An entry with all that is stored about it, as operations see it over HTTP."""
        reply = self.fleet.web.get(f"/api/entries/{record.entry.id}", headers=bearer("READER_TOKEN"))
        assert reply.status_code == 200, reply.text
        return reply.text

    def resume(self, connection: str) -> None:
        """As somebody does who does not want to wait any longer."""
        self._act(f"/api/lanes/{connection}/resume")

    def _act(self, path: str) -> None:
        reply = self.fleet.web.post(path, headers=bearer("PUBLISHER_TOKEN"))
        assert reply.status_code == 200, reply.text


ADDRESS = {
    "AddressLine1": "1 Sample Street",
    "City": "Austin",
    "State": "TX",
    "PostalCode": "78701",
    "Country": "US",
}
CONTACT = {"Attention": "Ada Example", "Email": "ada@example.com", "Phone1": "5125550100"}


def bearer(token: str) -> dict[str, str]:
    """The header of a caller, by the name of its token's secret."""
    return {"Authorization": f"Bearer {SECRETS[token]}"}


def codes(record: Record) -> list[str]:
    """The codes of the entry's moves, in time."""
    return [row.code for row in record.journal if row.code]


def adopted(record: Record) -> list[bool]:
    """Of each step: was its effect found rather than made by the try that recorded it?"""
    return [step.adopted for step in record.steps]


def calls_of(record: Record) -> list[dict[str, Any]]:
    """All calls of all tries at an entry, in time, as they are kept in the log."""
    return [dict(call) for attempt in record.attempts for call in attempt.exchanges]


def ended(call: dict[str, Any]) -> datetime:
    """When the answer of a kept call had come."""
    return datetime.fromisoformat(call["at"]) + timedelta(milliseconds=call["elapsed_ms"])


def _said(document: dict[str, Any], name: str) -> str:
    value = document.get(name)
    return str(value.get("value") if isinstance(value, dict) else value)


@contextmanager
def troubled(
    request: pytest.FixtureRequest, factory: pytest.TempPathFactory, timing: Patience
) -> Iterator[Faulty]:
    """A working fleet at the place that is the fixture's parameter."""
    home, pair = factory.mktemp("faulty") / "home", PAIRS[request.param]
    secrets = ("MAGENTO_CONSUMER_SECRET", "MAGENTO_TOKEN", "MAGENTO_TOKEN_SECRET")
    consumer, token, token_secret = (SECRETS[name] for name in secrets)
    shop = magento.build(
        integration=Integration(consumer_secret=consumer, token=token, token_secret=token_secret)
    )
    with serve(shop.app) as served, httpx.Client(base_url=served.url, trust_env=False, timeout=30) as other:
        timing = Patience(
            timeout=timing.timeout,
            lease=timing.lease,
            settle=timing.settle,
            erp_settle=timing.erp_settle,
            other_shop=served.url,
        )
        if pair is None:
            with running(home, None, None, timing) as fleet:
                yield _working(fleet, other)
            return
        postgres: PostgresServer = request.getfixturevalue(pair[0])
        redis: RedisServer = request.getfixturevalue(pair[1])
        redis.ensure_running()
        with postgres.database() as url, running(home, url, redis.url, timing) as fleet:
            yield _working(fleet, other)


def _working(fleet: Fleet, other: httpx.Client) -> Faulty:
    customers: Sequence[dict[str, str]] = [
        {"CustomerID": "GUEST", "CustomerName": "Web guests"},
        {"CustomerID": "C1001", "CustomerName": "Ada Example"},
    ]
    control(fleet.erp, "POST", "seed", {"customers": customers})
    worker = fleet.start_worker()
    fleet.start("beat")
    fleet.start_web()
    return Faulty(fleet, other, worker)
