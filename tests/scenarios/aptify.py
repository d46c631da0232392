"""A shop, an Aptify site and a shipping station: who orders, who packs, and what stands at the site afterwards.

Orders are called by the shop's numbers. What must come of them is said by the scenarios.
"""

import contextlib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from connector.simulators import aptify
from connector.simulators.base import serve
from connector.status import Status
from connector.store import intake
from schemas.events import OrderCreated
from tests.contract.aptify_site import BASE, Site
from tests.scenarios.fleet import control, running
from tests.scenarios.our_log import OurLog

SHOP, SITE, STATION = "magento-us", "aptify-main", "station"
ORDERS, PACKED = "orders-to-aptify", "packed-to-aptify"
SHIPPED_BACK, BACK_ORDERED = "shipments-to-shop", "back-orders-to-shop"

LINES = (
    {"sku": "MUG", "qty": 2, "price": "12.50"},
    {"sku": "JOURNAL", "qty": 1, "price": "100.00", "type": "virtual"},
)
"""Two mugs out of the warehouse, and a journal that is subscribed to, with deferred income."""

FREIGHT = {"amount": "9.50", "currency": "USD"}
_CONFIG = Path(__file__).with_name("aptify.yaml")
_TOKEN = "a-token-of-the-publisher"
_SIGNING = "whsec_YS1zaWduaW5nLXNlY3JldC1vZi10aGUtc3RhdGlvbiE="
_STOCK = 500

_SEED: Mapping[str, Any] = {
    "products": [
        {
            "fields": {"Name": "Mug", "Code": "MUG", "Price": "12.50", "Cost": "4.00"},
            "stock": {"Main Warehouse": str(_STOCK)},
        },
        {
            "fields": {
                "Name": "Journal",
                "Code": "JOURNAL",
                "Price": "100.00",
                "IsSubscription": True,
                "SubscriptionMonths": 12,
                "DeferredIncomeMonths": 12,
                "SalesGLAccount": "Dues",
            }
        },
    ]
}


@dataclass(frozen=True)
class Wires:
    """The configuration of the fleet: `aptify.yaml`, with where the site is and its secrets."""

    places: Mapping[str, str]

    @property
    def text(self) -> str:
        """The configuration file."""
        text = _CONFIG.read_text("utf-8")
        for name, value in self.places.items():
            text = text.replace(f"@{name}@", value)
        return text


@dataclass
class World(OurLog):
    """Everything at work. `site` is what people see and do in Aptify."""

    site: Site

    # -- in the shop --

    def ordered(self, *lines: Mapping[str, object]) -> tuple[str, str]:
        """Somebody orders in the shop, pays, and the order is taken at the site; its number here and there."""
        order = {"lines": list(lines or LINES), "shipping_amount": "5.00", "payment": {"method": "checkmo"}}
        number = str(self.shop("orders", order)["increment_id"])
        self.shop(f"orders/{number}/invoice")
        taken = self.until(Status.PUBLISHED, ORDERS, number).entry.target_number
        assert taken
        return number, taken

    def shop(self, path: str, body: object = None) -> Any:
        """A control path of the shop's simulator."""
        return control(self.fleet.shop, "POST", path, body)

    def until_heard(self, taken: str) -> None:
        """Wait until polling has seen the order at the site as it was taken: what it says later is a change then."""

        def heard() -> bool:
            with self.fleet.runtime.database.read() as tx:
                return bool(intake.events_of_document(tx, SITE, [OrderCreated.type], taken))

        self.fleet.until(heard, f"order {taken} is heard of")

    def shop_comments(self, number: str) -> list[str]:
        """What was said on an order of the shop."""
        orders = control(self.fleet.shop, "GET", "state")["orders"]
        (order,) = [one for one in orders if one["increment_id"] == number]
        return [str(one["comment"] or "").partition("\n")[0] for one in order["status_histories"]]

    def shop_shipments(self, number: str) -> list[dict[str, Any]]:
        """The shipments of an order of the shop."""
        state = control(self.fleet.shop, "GET", "state")
        (order,) = [one for one in state["orders"] if one["increment_id"] == number]
        return [one for one in state["shipments"] if one["order_id"] == order["entity_id"]]

    # -- at the station --

    def packed(self, taken: str, quantity: int = 2, **more: Any) -> str:
        """The station publishes that so many mugs of an order of the site were packed; the shipment's number."""
        number = f"P-{uuid.uuid4().hex[:8]}"
        line = {"order": taken, "sku": "MUG", "quantity": str(quantity)}
        shipment = {"number": number, "lines": [line], "freight": FREIGHT, **more}
        event = {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "type": "shipment.confirmed",
            "source": STATION,
            "subject": number,
            "time": "2026-11-27T12:00:00Z",
            "datacontenttype": "application/json",
            "data": {"shipment": shipment},
        }
        headers = {"Authorization": f"Bearer {_TOKEN}", "Content-Type": "application/cloudevents+json"}
        reply = self.fleet.web.post("/events", json=event, headers=headers)
        assert reply.status_code == 202, reply.text
        return number

    # -- at the site --

    def fault(self, kind: str, *, skip: int = 0, **more: object) -> None:
        """One fault, for the next save (behind so many others)."""
        fault = {"kind": kind, "method": "POST", "path": "SaveData$", "skip": skip, "when": {"once": True}}
        self.site.sim("POST", "faults", fault | more)

    def suffered(self) -> bool:
        """Has the last fault been suffered?"""
        return bool(self.site.sim("GET", "faults")[-1]["applied"])

    def order(self, taken: str) -> Any:
        """An order of the site with all that belongs to it."""
        return self.site.order_state(int(taken))

    def mugs(self) -> tuple[int, int, int]:
        """Mugs on hand, reserved, and shipped so far."""
        products = self.site.state()["records"]["Products"]
        (mug,) = [one for one in products if one["Code"] == "MUG"]
        names = ("QuantityOnHand", "QuantityReserved", "QuantityShipped")
        on_hand, reserved, shipped = (int(mug[name]) for name in names)
        return on_hand, reserved, shipped


def ledger(order: Mapping[str, Any]) -> tuple[int, Decimal]:
    """How many General Ledger entries an order has, and what they come to, debit less credit."""
    rows = order["gl_entries"]
    return len(rows), sum((row["DebitAmount"] - row["CreditAmount"] for row in rows), Decimal(0))


@contextlib.contextmanager
def working(home: Path) -> Iterator[World]:
    """Web, a worker and beat on SQLite with the embedded broker, and shop and site beside them."""
    with contextlib.ExitStack() as stack:
        served = stack.enter_context(serve(aptify.build().app))
        client = stack.enter_context(httpx.Client(base_url=served.url, trust_env=False, timeout=30))
        site = Site(served.url, client, clock=None, base=BASE)  # type: ignore[arg-type]
        site.sim("POST", "seed", _SEED)
        places = {"APTIFY_URL": served.url, "SIGNING": _SIGNING, "TOKEN": _TOKEN}
        fleet = stack.enter_context(running(home, None, None, Wires(places)))
        fleet.start_worker()
        fleet.start("beat")
        fleet.start_web()
        yield World(fleet, site)
