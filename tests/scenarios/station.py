"""A shipping station beside an ERP, a shop and Sage 100: what people do at each, in short words, and what stands there.

One fleet of real processes with the flows that carry shipments from the station to both ERPs, and on to the shop. What
must come of it is said by the scenarios.
"""

import base64
import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from connector.simulators import sage100, starship
from connector.simulators.base import serve
from connector.status import Status
from connector.store.browse import Record
from tests.scenarios.fleet import control, plain, running
from tests.scenarios.our_log import OurLog
from tests.scenarios.pairs import PAIRS
from tests.servers import PostgresServer, RedisServer

STATION, SAGE_STATION = "station", "sage-station"
"""The station's two ways to us: with orders of Acumatica, and with orders of Sage 100."""

SIGNING = "whsec_" + base64.b64encode(b"a-signing-secret-of-the-station!").decode()
AGENT_TOKEN = "a-token-of-the-agent-of-sage"
SKU = "AALEGO500"

_CONFIG = Path(__file__).with_name("station.yaml")


@dataclass(frozen=True)
class Wires:
    """The configuration of the fleet: `station.yaml`, with the addresses of what runs beside it."""

    sage: str
    folder: Path
    changes: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The configuration file."""
        text = _CONFIG.read_text("utf-8")
        places = {
            "SAGE_URL": self.sage,
            "FOLDER": str(self.folder),
            "SIGNING": SIGNING,
            "AGENT_TOKEN": AGENT_TOKEN,
        }
        for name, value in places.items():
            text = text.replace(f"@{name}@", value)
        for old, new in self.changes.items():
            assert old in text, f"nothing to change: {old}"
            text = text.replace(old, new)
        return text


@dataclass
class Station(OurLog):
    """Everything at work. `ships` and `sage` control the simulators of the station and of Sage 100."""

    ships: httpx.Client
    sage: httpx.Client
    folder: Path
    _numbers: Iterator[int] = field(default_factory=lambda: count(101))

    # -- orders in the ERPs --

    def erp_order(self, quantity: int = 3, **fields: object) -> str:
        """An order of one article in Acumatica, ready to be shipped, which the station knows too; its number there."""
        line = {"InventoryID": SKU, "OrderQty": quantity, "UnitPrice": "12.50"}
        order = {"OrderType": "SO", "CustomerID": "C1001", "Hold": False, "Details": [line], **fields}
        made = control(self.fleet.erp, "POST", "enter/SalesOrder", order)
        number = f"{made['OrderType']['value']}-{made['OrderNbr']['value']}"
        self.know_order("Acumatica", number, quantity)
        return number

    def sage_order(self, quantity: int = 3, *lines: dict[str, str], **columns: str) -> str:
        """An order in Sage 100 of one article, and of further lines, which the station knows too; its number."""
        number = f"{next(self._numbers):07d}"
        goods = {"ItemCode": SKU, "QuantityOrdered": str(quantity), "UnitPrice": "12.50"}
        columns = {"SalesOrderNo": number, "ARDivisionNo": "01", "CustomerNo": "ABF", **columns}
        control(self.sage, "POST", "seed", {"orders": [{"columns": columns, "lines": [goods, *lines]}]})
        self.know_order("Sage 100", number, quantity)
        return number

    def know_order(self, source: str, number: str, quantity: int) -> None:
        """The station has the order in its book."""
        line_key = "1" if source == "Acumatica" else "000001"
        line = {"line_key": line_key, "item": SKU, "quantity": str(quantity)}
        order = {"source": source, **_ref(number), "status": "Open", "lines": [line]}
        control(self.ships, "POST", "seed", {"orders": [order]})

    # -- at the station --

    def ship(self, *orders: str, **wanted: Any) -> str:
        """A shipment of what is open of these orders is packed and processed; its number."""
        number = self.pack(*orders, **wanted)
        self.at_station(number, "process")
        return number

    def pack(self, *orders: str, **wanted: Any) -> str:
        """A shipment that is not processed yet; its number."""
        refs = [_ref(order) for order in orders]
        charges = {"currency": "USD", "list": "12.00", "contract": "8.10", "applied": "9.50"}
        made = control(self.ships, "POST", "shipments", {"orders": refs, "charges": charges, **wanted})
        return str(made["shipment_id"])

    def at_station(self, shipment: str, what: str) -> Any:
        """A person presses a button: process, void, delete, write-back, post …"""
        return control(self.ships, "POST", f"shipments/{shipment}/{what}")

    def at_station_tracking(self, shipment: str) -> list[str]:
        """The tracking numbers of a shipment, package by package."""
        processed = [one for one in self.told_of(shipment) if one["type"] != "voided"]
        return [one["tracking"] for one in processed[-1]["packages"]]

    def told_of(self, shipment: str) -> list[dict[str, Any]]:
        """What the station has to tell of a shipment, oldest first."""
        found: list[dict[str, Any]] = control(self.ships, "GET", f"shipments/{shipment}")["events"]
        return found

    def deliveries(self) -> list[dict[str, Any]]:
        """What the station's bridge delivered."""
        found: list[dict[str, Any]] = control(self.ships, "GET", "deliveries")["deliveries"]
        return found

    def resend(self, shipment: str) -> None:
        """The bridge delivers once more what it has told of a shipment, with the same id."""
        (told,) = [one for one in self.deliveries() if one["shipment_id"] == shipment]
        control(self.ships, "POST", f"deliveries/{told['number']}/resend")
        self.fleet.until(
            lambda: self._delivered(told["number"]) > len(told["attempts"]), "it is delivered again"
        )

    def _delivered(self, number: int) -> int:
        (found,) = [one for one in self.deliveries() if one["number"] == number]
        return len(found["attempts"]) if found["status"] == "delivered" else 0

    def tell_station(self, connection: str = STATION) -> None:
        """The station's bridge tells us, at this connection, of what is processed and voided."""
        control(self.ships, "DELETE", "targets")
        url = self.fleet.web.base_url.join(f"/webhooks/{connection}")
        control(self.ships, "POST", "targets", {"url": str(url), "secret": SIGNING})

    # -- what stands in the ERPs --

    def erp_documents(self, entity: str) -> list[dict[str, Any]]:
        """What Acumatica holds of one entity, values without their envelopes."""
        held = control(self.fleet.erp, "GET", "state")["tenants"]["Company"][entity]
        return [plain(one) for one in held]

    def erp_shipments(self, order: str) -> list[dict[str, Any]]:
        """The shipments of an order in Acumatica."""
        key = tuple(order.split("-"))
        return [
            one
            for one in self.erp_documents("Shipment")
            if key in {(line["OrderType"], line["OrderNbr"]) for line in one["Details"]}
        ]

    def sage_documents(self, kind: str) -> list[dict[str, Any]]:
        """What Sage 100 holds: orders or invoices, with their lines."""
        found: list[dict[str, Any]] = control(self.sage, "GET", "state")["companies"]["ABC"][kind]
        return found

    # -- our own log --

    def until_again(self, wanted: Status, flow: str, number: str, times: int) -> Record:
        """Wait until there are so many entries of a document on a flow, and the newest has come there."""
        self.fleet.until(lambda: len(self.entries(flow, number)) == times, f"{number} is told {times} times")
        return self.until(wanted, flow, number)

    def restart(self) -> None:
        """Web and the worker read the file anew."""
        running = [one for one in self.fleet.processes if one.name != "beat" and one.exit_code is None]
        for process in running:
            process.ask_to_stop()
        stopped = [process.end() for process in running]
        assert all(stopped)
        self.fleet.start_worker()
        self.fleet.start_web()

    def command_without_answer(self, *arguments: str) -> str:
        """What a `connector` command prints that asks before it does anything, and is told no."""
        done = self.fleet.run(*arguments)
        return done.stdout + done.stderr

    def command(self, *arguments: str) -> str:
        """What a `connector` command prints; it must not fail."""
        done = self.fleet.run(*arguments)
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout


def _ref(order: str) -> dict[str, str]:
    kind, dash, key = order.partition("-")
    return {"document_type": kind, "key": key} if dash else {"key": order}


@contextlib.contextmanager
def working(
    request: pytest.FixtureRequest, factory: pytest.TempPathFactory, changes: Mapping[str, str] | None = None
) -> Iterator[Station]:
    """Web, a worker and beat, at the place that the fixture's parameter names, with all four systems beside them."""
    home, pair = factory.mktemp("station") / "home", PAIRS[request.param]
    folder = home.parent / "drop"
    folder.mkdir()
    with contextlib.ExitStack() as stack:
        database_url = broker_url = None
        if pair is not None:
            postgres: PostgresServer = request.getfixturevalue(pair[0])
            redis: RedisServer = request.getfixturevalue(pair[1])
            redis.ensure_running()
            database_url, broker_url = stack.enter_context(postgres.database()), redis.url
        agent = stack.enter_context(serve(sage100.build(token=AGENT_TOKEN).app))
        bridge = stack.enter_context(serve(starship.build().app))
        wires = Wires(agent.url, folder, changes or {})
        fleet = stack.enter_context(running(home, database_url, broker_url, wires))
        sage, ships = (
            stack.enter_context(httpx.Client(base_url=url, trust_env=False, timeout=30))
            for url in (agent.url, bridge.url)
        )
        control(fleet.erp, "POST", "seed", {"customers": [_CUSTOMER], "items": [SKU]})
        control(sage, "POST", "seed", _SAGE)
        fleet.start_worker()
        fleet.start("beat")
        fleet.start_web()
        station = Station(fleet, ships, sage, folder)
        station.tell_station()
        yield station


_CUSTOMER = {"CustomerID": "C1001", "CustomerName": "Lowe Ltd"}
_SAGE = {
    "customers": [{"ARDivisionNo": "01", "CustomerNo": "ABF", "CustomerName": "American Business Futures"}],
    "items": [{"code": SKU, "price": "12.50"}, {"code": "DROPPED"}, {"code": "/M", "kind": "5"}],
}
