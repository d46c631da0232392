"""One ERP and one shop with every flow switched on, both ways; and what people do in either of them, in short words.

Orders are called by our numbers (`SO-000123` in the ERP, `000000123` in the shop). What must come of it is said by the
scenarios.
"""

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select

from connector import timeline, timeline_text
from connector.status import Status
from connector.store import browse, listings, numbers, orders
from connector.store.browse import Record
from connector.store.entries import EntryRow
from connector.store.tables import entry, event
from tests.scenarios.configured import SECRETS
from tests.scenarios.fleet import Fleet, control, running
from tests.scenarios.pairs import PAIRS
from tests.scenarios.wiring import Wiring
from tests.servers import PostgresServer, RedisServer

ERP, SHOP = "acumatica-main", "magento-us"
PREFIX = "A-"
"""What stands before an ERP's number in the shop."""

EVENTS_CLIENT = "3f9b0c6d1e2a4b5c"
"""The Adobe I/O project whose events are heard."""

SKU, GUEST = "AALEGO500", "WEBGUEST"

_PROGRESS = (Status.PUBLISHED, Status.WAITING, Status.FILTERED)


CUSTOMERS = [
    {
        "CustomerID": "C1001",
        "CustomerName": "Lowe Ltd",
        "MainContact": {
            "Email": "grace@example.com",
            "Attention": "Grace Lowe",
            "Phone1": "512-555-0100",
            "Address": {
                "AddressLine1": "1 Mill Lane",
                "City": "Austin",
                "State": "TX",
                "PostalCode": "78701",
                "Country": "US",
            },
        },
    },
    {"CustomerID": GUEST, "CustomerName": "Guests of the web shop"},
]


@dataclass
class BothWays:
    """A fleet at work between both systems."""

    fleet: Fleet
    _numbers: Iterator[int]

    # -- in the ERP --

    def enter_order(self, quantity: int = 3, **fields: object) -> str:
        """A person enters an order of one article at 12.50; its number."""
        line = {"InventoryID": SKU, "OrderQty": quantity, "UnitPrice": "12.50"}
        order = {
            "OrderType": "SO",
            "CustomerID": "C1001",
            "ShipVia": "UPSGROUND",
            "Hold": False,
            "Details": [line],
            **fields,
        }
        made = self.erp("enter/SalesOrder", order)
        return f"{made['OrderType']['value']}-{made['OrderNbr']['value']}"

    def paid_order(self, quantity: int = 3, **fields: object) -> str:
        """An order that is entered and paid."""
        number = self.enter_order(quantity, **fields)
        self.pay(number)
        return number

    def pay(self, number: str) -> None:
        """A person records a payment of what is left of the order."""
        self.erp(f"orders/{_path(number)}/pay")

    def pack(self, order: str, quantity: int = 3, ship_via: str = "UPSGROUND") -> str:
        """A shipment of so many of the order, not confirmed yet; nothing is pushed for it. Its number."""
        number = f"SH{next(self._numbers):06d}"
        shipment = {
            "ShipmentNbr": number,
            "ShipVia": ship_via,
            "orders": [order.split("-", 1)],
            "lines": [{"InventoryID": SKU, "ShippedQty": str(quantity)}],
            "packages": [{"TrackingNbr": f"1Z{number}", "Weight": "1.25"}],
        }
        self.erp("seed", {"shipments": [shipment]})
        return number

    def confirm(self, shipment: str) -> None:
        """A person confirms the shipment."""
        self.erp(f"shipments/{shipment}/confirm")

    def ship(self, order: str, quantity: int = 3, ship_via: str = "UPSGROUND") -> str:
        """Pack and confirm; the shipment's number."""
        shipment = self.pack(order, quantity, ship_via)
        self.confirm(shipment)
        return shipment

    def bill(self, shipment: str) -> str:
        """Prepare and release the invoice of a confirmed shipment; its number."""
        number = value(self.erp(f"act/Shipment/{shipment}/PrepareInvoice")["Orders"][0], "InvoiceNbr")
        self.erp(f"act/SalesInvoice/Invoice/{number}/ReleaseSalesInvoice")
        return f"INV-{number}"

    def erp(self, path: str, body: object = None) -> Any:
        """A control path of the ERP's simulator."""
        return control(self.fleet.erp, "POST", path, body)

    def erp_documents(self, entity: str) -> list[dict[str, Any]]:
        """What the ERP holds."""
        found: list[dict[str, Any]] = control(self.fleet.erp, "GET", "state")["tenants"]["Company"][entity]
        return found

    def erp_order(self, number: str) -> dict[str, Any]:
        """One order of the ERP, whole."""
        kind, _, nbr = number.partition("-")
        (found,) = [
            one
            for one in self.erp_documents("SalesOrder")
            if (one["OrderType"]["value"], one["OrderNbr"]["value"]) == (kind, nbr)
        ]
        return found

    def erp_orders_of(self, shop_number: str) -> list[str]:
        """The numbers of the ERP's orders that bear this number of the shop."""
        return [
            f"{one['OrderType']['value']}-{one['OrderNbr']['value']}"
            for one in self.erp_documents("SalesOrder")
            if one["ExternalRef"].get("value") == shop_number
        ]

    # -- in the shop --

    def place_order(self, quantity: int = 3, **more: Any) -> str:
        """Somebody orders one article at 12.50 in the shop; the order's number."""
        order = {
            "lines": [{"sku": SKU, "qty": quantity, "price": "12.50"}],
            "shipping_amount": "5.00",
            **more,
        }
        return str(self.shop("orders", order)["increment_id"])

    def invoice_in_shop(self, number: str) -> str:
        """The shop invoices what is left of the order; the invoice's number."""
        return str(self.shop(f"orders/{number}/invoice")["increment_id"])

    def shop(self, path: str, body: object = None) -> Any:
        """A control path of the shop's simulator."""
        return control(self.fleet.shop, "POST", path, body)

    def shop_documents(self, kind: str) -> list[dict[str, Any]]:
        """What the shop holds: orders, shipments, invoices or creditmemos."""
        found: list[dict[str, Any]] = control(self.fleet.shop, "GET", "state")[kind]
        return found

    def shop_order(self, number: str) -> dict[str, Any]:
        """One order of the shop, whole."""
        (found,) = [one for one in self.shop_documents("orders") if one["increment_id"] == number]
        return found

    def of_shop_order(self, kind: str, number: str) -> list[dict[str, Any]]:
        """The shipments, invoices or creditmemos of one order of the shop."""
        order_id = self.shop_order(number)["entity_id"]
        return [one for one in self.shop_documents(kind) if one["order_id"] == order_id]

    def comments(self, number: str) -> str:
        """The comments on one order of the shop, one after another."""
        return "\n".join(one["comment"] or "" for one in self.shop_order(number)["status_histories"])

    # -- who is told --

    def listen(self) -> None:
        """Both systems tell us of whatever changes there."""
        destination = {
            "url": str(self.fleet.web.base_url.join(f"/webhooks/{ERP}")),
            "header": "X-Connector-Secret",
            "secret": SECRETS["ACUMATICA_PUSH_SECRET"],
        }
        self.erp("push/destination", destination)
        target = {
            "url": str(self.fleet.web.base_url.join(f"/webhooks/{SHOP}")),
            "recipient_client_id": EVENTS_CLIENT,
            "retry_seconds": [0.5, 1, 2, 4, 8],
        }
        self.shop("events/target", target)

    def stop_listening(self) -> None:
        """Neither system tells us of anything."""
        control(self.fleet.erp, "DELETE", "push/destination")
        control(self.fleet.shop, "DELETE", "events/target")

    @contextlib.contextmanager
    def deaf(self) -> Iterator[None]:
        """As long as the block runs, neither system tells us of anything."""
        self.stop_listening()
        try:
            yield
        finally:
            self.listen()

    # -- our own log --

    def entries(self, flow: str, number: str = "") -> list[EntryRow]:
        """The entries of a flow, those of one document where its number is given; newest first."""
        with self.fleet.runtime.database.read() as tx:
            rows = browse.list_entries(tx, browse.Filters(flow=flow, q=number), limit=browse.MOST_ROWS).rows
        return [row for row in rows if number in ("", row.source_number)]

    def records(self, flow: str, number: str) -> list[Record]:
        """The entries of a document on a flow, newest first, whole."""
        rows = self.entries(flow, number)
        with self.fleet.runtime.database.read() as tx:
            found = [browse.entry_record(tx, row.id) for row in rows]
        return [one for one in found if one is not None]

    def record(self, flow: str, number: str) -> Record:
        """The one entry of a document on a flow, whole."""
        (found,) = self.records(flow, number)
        return found

    def until(self, wanted: Status, flow: str, number: str) -> Record:
        """Wait until the newest entry of a document on a flow has come there; the entry. Fails at once where it
        errored instead of getting on."""
        found: list[EntryRow] = []

        def came() -> bool:
            found[:] = self.entries(flow, number)[:1]
            status = found[0].status if found else None
            assert status != Status.ERRORED or wanted not in _PROGRESS, "it errored"
            return status == wanted

        try:
            self.fleet.until(came, f"{number} on {flow} is {wanted}")
        except AssertionError as problem:
            stands = [f"{one.status} ({one.code}): {one.reason}" for one in found] or ["no entry"]
            raise AssertionError(f"{number} on {flow} stands {stands}\n{problem}") from problem
        return self.records(flow, number)[0]

    def published(self, flow: str, number: str) -> str:
        """Wait until the document is carried; its number at the target."""
        return self.until(Status.PUBLISHED, flow, number).entry.target_number

    def events(self, event_type: str, number: str) -> list[str]:
        """The states of the events of this type that tell of a document."""
        with self.fleet.runtime.database.read() as tx:
            here = (event.c.type == event_type, event.c.document == number)
            return [str(state) for state in tx.values(select(event.c.state).where(*here))]

    def counts(self) -> Counter[tuple[str, str, str]]:
        """How many entries stand where: (flow, status, code)."""
        with self.fleet.runtime.database.read() as tx:
            wanted = select(entry.c.flow, entry.c.status, entry.c.code)
            return Counter((row["flow"], row["status"], row["code"]) for row in tx.rows(wanted))

    def rounds(self) -> dict[tuple[str, str], int]:
        """How often each listing was polled to its end."""
        with self.fleet.runtime.database.read() as tx:
            return {(row.connection, row.kind): row.rounds for row in listings.overview(tx, listings.POLL)}

    def retry(self, record: Record) -> None:
        """A person has the entry go on."""
        self.fleet.runtime.operator.retry(record.entry.id, "ada")

    def story(self, number: str) -> str:
        """An order's story, as `connector log order` tells it."""
        with self.fleet.runtime.database.read() as tx:
            tale = timeline.tell(orders.record(tx, numbers.find(tx, number, None)))
        parts = timeline_text.of_order(tale).parts
        return "\n".join(f"{line.label} {line.text}" for part in parts for line in part.lines)

    def printed_story(self, number: str) -> str:
        """What `connector log order` prints of an order."""
        told = self.fleet.run("log", "order", number)
        assert told.returncode == 0, told.stderr
        return told.stdout


def _path(number: str) -> str:
    return number.replace("-", "/", 1)


def value(document: Mapping[str, Any], name: str) -> Any:
    """A field of an Acumatica document, without its wrapping; empty where it has no value."""
    return document[name].get("value", "")


def amount(given: object) -> Decimal:
    """An amount of a simulator's answer, to the cent."""
    return Decimal(str(given)).quantize(Decimal("0.01"))


@contextlib.contextmanager
def working(
    request: pytest.FixtureRequest, factory: pytest.TempPathFactory, wiring: Wiring
) -> Iterator[BothWays]:
    """Web, a worker and beat between both systems, at the place that the fixture's parameter names."""
    home, pair = factory.mktemp("both-ways") / "home", PAIRS[request.param]
    with contextlib.ExitStack() as stack:
        database_url = broker_url = None
        if pair is not None:
            postgres: PostgresServer = request.getfixturevalue(pair[0])
            redis: RedisServer = request.getfixturevalue(pair[1])
            redis.ensure_running()
            database_url, broker_url = stack.enter_context(postgres.database()), redis.url
        fleet = stack.enter_context(running(home, database_url, broker_url, wiring))
        world = BothWays(fleet, count(1))
        world.erp("seed", {"customers": CUSTOMERS, "items": [SKU, "FIGURE"]})
        fleet.start_worker()
        fleet.start("beat")
        fleet.start_web()
        yield world
