"""A shop that gives money back, and the flows that book it at an ERP: one for each way of the refund table.

Orders are called by the shop's numbers. What people do at the ERP, and what stands there, is in the file of each ERP
(`refunds_netsuite.py`, `refunds_acumatica.py`); what must come of a refund is said by the scenarios.
"""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from connector.status import Status
from connector.store import browse
from connector.store.browse import Record
from connector.store.entries import EntryRow
from tests.scenarios.fleet import Fleet, control, running

SHOP, ORDERS = "magento-us", "orders"
REFUNDS, PAID_OUT, RETURNED, RETURN_ONLY, CANCELLED = (
    "refunds",
    "refunds-paid-out",
    "refunds-returned",
    "refunds-return-only",
    "refunds-cancelled",
)

PAID_BY = {
    REFUNDS: "checkmo",
    PAID_OUT: "banktransfer",
    RETURNED: "cashondelivery",
    RETURN_ONLY: "purchaseorder",
    CANCELLED: "free",
}
"""How an order is paid in the shop decides by which flow its refunds go."""

LINES = ({"sku": "MUG", "qty": 3, "price": "10.00"}, {"sku": "LAMP", "qty": 2, "price": "25.50"})
"""Three mugs and two lamps: 81.00; with 8.25 percent of tax and 5.00 of shipping 92.69."""

UNKNOWN = ({"sku": "VASE", "qty": 3, "price": "10.00"}, LINES[1])
"""The same, with an article that the ERP does not have."""

GOODS, TOTAL = Decimal("81.00"), Decimal("92.69")

BY_HAND = Decimal("25.50")
"""What a person gives back at the ERP: a lamp."""

_CONFIG = Path(__file__).with_name("refunds.yaml")


@dataclass(frozen=True)
class Row:
    """A row of the refund table: the flow whose rules it needs, what people have done with the order at the ERP when
    the shop gives it back, what all of it becomes (types of documents, with their totals), and the request that makes
    the last of them: its method, its path, and how many like it go before."""

    flow: str
    work: tuple[str, ...]
    becomes: Mapping[str, list[Decimal]]
    method: str
    path: str
    before: int = 0


def each(rows: Mapping[str, Row], *but: Row) -> pytest.MarkDecorator:
    """A scenario for each of these rows, but some."""
    wanted = {name: row for name, row in rows.items() if row not in but}
    return pytest.mark.parametrize("row", wanted.values(), ids=wanted)


@dataclass(frozen=True)
class Wires:
    """The configuration of the fleet: `refunds.yaml`, with the settings of the ERP and what it calls things."""

    erp: str
    places: Mapping[str, str]

    @property
    def text(self) -> str:
        """The configuration file."""
        text = _CONFIG.read_text("utf-8").replace("@ERP@\n", self.erp)
        for name, value in self.places.items():
            text = text.replace(f"@{name}@", value)
        return text


@dataclass
class Refunds(ABC):
    """Everything at work. `erp` has the control paths of the ERP's simulator; what is its own stands in a subclass."""

    fleet: Fleet
    erp: httpx.Client

    # -- in the shop --

    def order(self, *lines: Mapping[str, object], flow: str = REFUNDS) -> str:
        """Somebody orders in the shop, and pays; the order's number. Its refunds go by this flow."""
        order = {
            "lines": list(lines or LINES),
            "shipping_amount": "5.00",
            "tax_percent": "8.25",
            "payment": {"method": PAID_BY[flow]},
        }
        number = str(self.shop("orders", order)["increment_id"])
        self.shop(f"orders/{number}/invoice")
        return number

    def synced(self, flow: str = REFUNDS) -> str:
        """An order that stands at the ERP too; its number in the shop."""
        number = self.order(flow=flow)
        self.until(Status.PUBLISHED, ORDERS, number)
        return number

    def refund(self, order: str, **what: object) -> str:
        """The shop gives back what is left of the order, or so much of it; the credit memo's number."""
        return str(self.shop(f"orders/{order}/refund", what)["increment_id"])

    def shop(self, path: str, body: object = None) -> Any:
        """A control path of the shop's simulator."""
        return control(self.fleet.shop, "POST", path, body)

    def shop_total(self, refund: str) -> Decimal:
        """What a credit memo of the shop gives back."""
        memos = control(self.fleet.shop, "GET", "state")["creditmemos"]
        (found,) = [one for one in memos if one["increment_id"] == refund]
        return amount(found["grand_total"])

    # -- at the ERP --

    @abstractmethod
    def work(self, order: str, *work: str) -> None:
        """People there work on an order, one thing after the other."""

    def worked(self, flow: str, *work: str) -> str:
        """An order that stands at the ERP, and was worked on there; its number in the shop."""
        order = self.synced(flow)
        self.work(order, *work)
        return order

    def at_erp(self, path: str, body: object = None) -> Any:
        """A control path of the ERP's simulator."""
        return control(self.erp, "POST", path, body)

    def erp_state(self) -> Any:
        """All that the ERP holds."""
        return control(self.erp, "GET", "state")

    def break_off(self, row: Row, kind: str = "reply_lost", **more: object) -> None:
        """Let the request suffer that makes the last document of a row; once."""
        fault = {
            "kind": kind,
            "method": row.method,
            "path": row.path,
            "skip": row.before,
            "when": {"once": True},
        }
        self.at_erp("faults", fault | more)

    def broke_off(self) -> bool:
        """Has it suffered?"""
        return bool(control(self.erp, "GET", "faults")[-1]["applied"])

    # -- our own log --

    def entries(self, flow: str, number: str) -> list[EntryRow]:
        """The entries of a document on a flow, newest first."""
        with self.fleet.runtime.database.read() as tx:
            rows = browse.list_entries(tx, browse.Filters(flow=flow, q=number), limit=browse.MOST_ROWS).rows
        return [row for row in rows if row.source_number == number]

    def until(self, wanted: Status, flow: str, number: str, code: str = "") -> EntryRow:
        """Wait until the one entry of a document on a flow has come there, with this code where one is given."""
        found: list[EntryRow] = []

        def came() -> bool:
            found[:] = self.entries(flow, number)
            if found and found[0].status == Status.ERRORED != wanted:
                raise AssertionError(f"{number} on {flow} errored: {found[0].reason}")
            return bool(found) and found[0].status == wanted and code in ("", found[0].code)

        self.fleet.until(came, f"{number} on {flow} is {wanted} {code}")
        (entry,) = found
        return entry

    def record(self, flow: str, number: str) -> Record:
        """The one entry of a document on a flow, whole."""
        (row,) = self.entries(flow, number)
        with self.fleet.runtime.database.read() as tx:
            found = browse.entry_record(tx, row.id)
        assert found is not None
        return found

    def retry(self, entry: EntryRow) -> None:
        """A person has the entry go on."""
        self.fleet.runtime.operator.retry(entry.id, "ada")

    def command(self, *arguments: str) -> str:
        """What a `connector` command prints; it must not fail."""
        done = self.fleet.run(*arguments)
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    @contextlib.contextmanager
    def without_polling(self) -> Iterator[None]:
        """As long as the block runs there is no beat: nothing is polled, and what is asked for is done."""
        (beat,) = [one for one in self.fleet.processes if one.name == "beat" and one.exit_code is None]
        beat.ask_to_stop()
        assert beat.end()
        try:
            yield
        finally:
            self.fleet.start("beat")


def amount(given: object) -> Decimal:
    """An amount of a simulator's answer, to the cent."""
    return Decimal(str(given)).quantize(Decimal("0.01"))


@contextlib.contextmanager
def at_work(home: Path, wires: Wires) -> Iterator[Fleet]:
    """Web, a worker and beat on SQLite with the embedded broker, and the shop beside them."""
    with running(home, None, None, wires) as fleet:
        fleet.start_worker()
        fleet.start("beat")
        fleet.start_web()
        yield fleet
