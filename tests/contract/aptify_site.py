"""A running Aptify simulator as tests see it: a client that logs in, reads, saves, and asks views."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from connector.simulators import build
from connector.simulators.base import serve

BASE = "/AptifyServicesAPI/services"
SAMPLES = Path(__file__).parent.parent / "data" / "samples"
PERSON, OTHER_PERSON = 501, 502
TAKEN, SHIPPED, BACK_ORDERED, CANCELLED = 1, 2, 3, 4
REGULAR, QUOTATION, CANCELLATION = 1, 2, 3
MUG, LAMP, JOURNAL, SEAT = 101, 102, 103, 104

SEED: dict[str, Any] = {
    "addresses": [
        {"id": 71, "fields": {"AddressLine1": "1 Main Street", "City": "Exampleville", "ZipCode": "12345"}},
        {"id": 72, "fields": {"AddressLine1": "2 Side Street", "City": "Otherton", "ZipCode": "54321"}},
    ],
    "companies": [{"id": 81, "fields": {"Name": "Example Ltd", "Email": "office@example.com"}}],
    "persons": [
        {
            "id": PERSON,
            "fields": {
                "FirstName": "Ada",
                "LastName": "Example",
                "Email": "ada@example.com",
                "Phone": "555-0100",
                "CompanyID": 81,
                "AddressID": 71,
            },
        },
        {
            "id": OTHER_PERSON,
            "fields": {"FirstName": "Ben", "LastName": "Other", "Email": "ben@example.com", "AddressID": 72},
        },
    ],
    "locations": [{"id": 2, "fields": {"Name": "Annex", "AllowDirectFulfillment": True}}],
    "products": [
        {
            "id": MUG,
            "fields": {"Name": "Mug", "Code": "MUG", "Price": "12.50", "Cost": "4.00"},
            "stock": {"Main Warehouse": "500"},
        },
        {
            "id": LAMP,
            "fields": {"Name": "Lamp", "Code": "LAMP", "Price": "20.00"},
            "stock": {"Main Warehouse": "5", "Annex": "50"},
        },
        {
            "id": JOURNAL,
            "fields": {
                "Name": "Journal",
                "Code": "JOURNAL",
                "Price": "100.00",
                "IsSubscription": True,
                "SubscriptionMonths": 12,
                "DeferredIncomeMonths": 12,
                "SalesGLAccount": "Dues",
            },
        },
        {"id": SEAT, "fields": {"Name": "Seat", "Code": "SEAT", "Price": "50.00"}},
    ],
}


def sample(name: str) -> Any:
    """The body of a sample."""
    return json.loads((SAMPLES / f"aptify-{name}.json").read_text())["body"]


def line(product: int = MUG, quantity: object = 2, **fields: Any) -> dict[str, Any]:
    """A new order line, by default of two mugs."""
    return {"ID": -1, "EntityName": "OrderLines", "ProductID": product, "Quantity": quantity, **fields}


@dataclass
class MovingClock:
    """A clock that stands still until it is told to move."""

    now: datetime = datetime(2026, 11, 27, 9, 30, 0, 250_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def tick(self, seconds: float = 60) -> str:
        """Move on; gives the new time as the services write it."""
        self.now += timedelta(seconds=seconds)
        return f"{self.now:%Y-%m-%dT%H:%M:%S}"


@dataclass
class Site:
    """One simulator on a port, and how to talk to it."""

    url: str
    client: httpx.Client
    clock: MovingClock
    headers: dict[str, str] = field(default_factory=dict)
    base: str = BASE

    def sim(self, method: str, path: str, body: object = None) -> Any:
        """A control path, which must succeed."""
        reply = self.client.request(method, f"/_sim/{path}", json=body)
        assert reply.is_success, reply.text
        return json.loads(reply.text, parse_float=Decimal) if reply.content else None

    def state(self) -> Any:
        """What the site holds."""
        return self.sim("GET", "state")

    def order_state(self, number: int) -> Any:
        """An order with all that belongs to it."""
        return next(one for one in self.state()["orders"] if one["ID"] == number)

    def stock(self, product: int, location: int = 1) -> tuple[int, int, int, int]:
        """On hand, reserved, shipped and available."""
        names = ("QuantityOnHand", "QuantityReserved", "QuantityShipped", "QuantityAvailable")
        rows = self.state()["inventory"]
        row = next(
            one for one in rows if (one["ProductID"], one["InventoryLocationID"]) == (product, location)
        )
        on_hand, reserved, shipped, available = (int(row[name]) for name in names)
        return on_hand, reserved, shipped, available

    def log_in(self, provider: str = "DomainWithContainer", password: str = "password") -> httpx.Response:
        """Log in by POST, and hold the token from now on."""
        form = {"UserName": "connector", "Password": password}
        reply = self.client.post(f"{self.base}/Authentication/Login/{provider}", data=form)
        if reply.is_success:
            self.headers = {"AptifyAuthorization": f"{provider} {reply.json()['TokenId']}"}
        return reply

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A call below the base path."""
        return self.client.request(method, f"{self.base}/{path}", headers=self.headers, **more)

    def read(self, path: str, **query: Any) -> Any:
        """A GET that must succeed, numbers exact."""
        reply = self.call("GET", path, params=query or None)
        assert reply.status_code == 200, reply.text
        return json.loads(reply.text, parse_float=Decimal)

    def record(self, entity: str, number: int) -> dict[str, str]:
        """The fields of a record, as GetRecord writes them."""
        shown = self.read(f"GetRecord/{entity}/{number}")
        return {name: text for one in shown["fields"] for name, text in one.items()}

    def save(self, entity: str, number: int = -1, path: str = "GenericEntity/SaveData", **fields: Any) -> Any:
        """A save as a form, which must succeed; the reply with its keys in lower case."""
        reply = self.try_save(entity, number, path, **fields)
        assert reply.status_code == 200, reply.text
        saved = json.loads(reply.text, parse_float=Decimal)
        assert "errorstring" not in _lower(saved), reply.text
        return _lower(saved)

    def try_save(
        self, entity: str, number: int = -1, path: str = "GenericEntity/SaveData", **fields: Any
    ) -> httpx.Response:
        """A save as a form; lists stand in it as JSON."""
        form = {
            name: json.dumps(value) if isinstance(value, list) else str(value)
            for name, value in {"ID": number, "EntityName": entity, **fields}.items()
        }
        return self.call("POST", path, data=form)

    def refused(self, entity: str, number: int = -1, **fields: Any) -> str:
        """A save that must fail; its text."""
        reply = self.try_save(entity, number, **fields)
        assert reply.status_code == 500, reply.text
        return reply.text

    def take(self, *lines: dict[str, Any], **fields: Any) -> int:
        """A new order of a person, by default of two mugs; its id."""
        rows = list(lines) or [line()]
        return int(self.save("Orders", **{"ShipToID": PERSON, "SubTypes": rows, **fields})["id"])

    def ship(self, number: int) -> Any:
        """Save an order as Shipped."""
        return self.save("Orders", number, OrderStatusID=SHIPPED)

    def view(self, name: str, entity: str, **query: Any) -> list[dict[str, Any]]:
        """The rows of a view."""
        asked = {"Type": "viewbyname", "ViewName": name, "viewEntityName": entity, **query}
        rows: list[dict[str, Any]] = self.read("AptifyViews", **asked)["result"]
        return rows

    def lines(self, number: int) -> list[dict[str, Any]]:
        """The lines of an order as the site holds them."""
        rows: list[dict[str, Any]] = self.order_state(number)["lines"]
        return rows


def _lower(value: Any) -> Any:
    if isinstance(value, dict):
        return {name.lower(): _lower(one) for name, one in value.items()}
    return [_lower(one) for one in value] if isinstance(value, list) else value


@contextlib.contextmanager
def running_site(logged_in: bool = True, **options: Any) -> Iterator[Site]:
    """A simulator on a server of its own, with two persons, four products and stock, and a client that is logged in."""
    clock = MovingClock()
    app = build("aptify", clock=clock, **options).app
    with serve(app) as served, httpx.Client(base_url=served.url, timeout=10) as client:
        site = Site(served.url, client, clock, base=options.get("base_path", BASE))
        site.sim("POST", "seed", SEED)
        if logged_in:
            assert site.log_in().status_code == 200
        yield site
