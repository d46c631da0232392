"""A shop and a NetSuite account with the flows that carry orders and refunds, and what people do at either of them.

Orders are called by the shop's numbers. What must come of a refund is said by the scenarios.
"""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from connector.simulators import netsuite
from connector.simulators.base import serve
from connector.status import Status
from connector.store import browse
from connector.store.browse import Record
from connector.store.entries import EntryRow
from tests.contract.netsuite_site import Site
from tests.scenarios.fleet import Fleet, control, running

SHOP, ORDERS, REFUNDS, PAID_OUT = (
    "magento-us",
    "orders-to-netsuite",
    "refunds-to-netsuite",
    "refunds-paid-out",
)
LINES = ({"sku": "MUG", "qty": 3, "price": "10.00"}, {"sku": "LAMP", "qty": 2, "price": "25.50"})
"""Three mugs and two lamps; with 8.25 percent of tax and 5.00 of shipping 92.69."""

TOTAL = Decimal("92.69")

_CONFIG = Path(__file__).with_name("refunds.yaml")
_AMOUNT_ITEM = {"type": "otherChargeSaleItem", "basePrice": "0", "taxable": False}
_ITEMS = [
    {"itemId": "MUG", "type": "inventoryItem", "basePrice": "11.00"},
    {"itemId": "LAMP", "type": "inventoryItem", "basePrice": "24.00"},
    {"itemId": "TAX", **_AMOUNT_ITEM},
    {"itemId": "ADJUSTMENT", **_AMOUNT_ITEM},
]
_KINDS = ("customerDeposit", "invoice", "cashSale", "creditMemo", "cashRefund", "customerRefund")
"""Records that come of an order, each after those that it can be made of."""


@dataclass(frozen=True)
class Wires:
    """The configuration of the fleet: `refunds.yaml`, with what NetSuite gave us."""

    places: Mapping[str, str]

    @property
    def text(self) -> str:
        """The configuration file."""
        text = _CONFIG.read_text("utf-8")
        for name, value in self.places.items():
            text = text.replace(f"@{name}@", value)
        return text


@dataclass
class Refunds:
    """Everything at work. `books` is what people see and do in NetSuite."""

    fleet: Fleet
    books: Site

    # -- in the shop --

    def order(self, *lines: Mapping[str, object], payment: str = "checkmo") -> str:
        """Somebody orders in the shop, and pays; the order's number."""
        order = {
            "lines": list(lines or LINES),
            "shipping_amount": "5.00",
            "tax_percent": "8.25",
            "payment": {"method": payment},
        }
        number = str(self.shop("orders", order)["increment_id"])
        self.shop(f"orders/{number}/invoice")
        return number

    def synced(self, payment: str = "checkmo") -> str:
        """An order that stands in NetSuite too; its number in the shop."""
        number = self.order(payment=payment)
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

    # -- in NetSuite --

    def at_netsuite(self, order: str, *work: str) -> None:
        """People there work on the sales order of an order: fulfil, invoice, pay, cash_sale, deposit."""
        for action in work:
            body = {"paymentOption": "7"} if action in ("cash_sale", "deposit", "pay") else {}
            self.books.sim("POST", f"orders/{self.sales_order(order)['id']}/{action}", body)

    def sales_order(self, order: str) -> dict[str, Any]:
        """The one sales order that bears the number of an order of the shop."""
        (found,) = [one for one in self.records("salesOrder") if one.get("otherRefNum") == order]
        return found

    def documents(self, kind: str, order: str) -> list[dict[str, Any]]:
        """The documents of a kind that were made of this order, or of what was made of it."""
        family = {self.sales_order(order)["id"]}
        for one in _KINDS:
            found = [record for record in self.records(one) if _origins(record) & family]
            family |= {record["id"] for record in found}
            if one == kind:
                return found
        raise AssertionError(f"{kind} is none of {_KINDS}")

    def credit_by_hand(self, order: str, article: str) -> None:
        """A person credits one piece of an article of the order's invoice."""
        (invoice,) = self.documents("invoice", order)
        line = next(one for one in invoice["item"]["items"] if one["item"]["refName"] == article)
        rows = [{"orderLine": line["line"], "quantity": 1}]
        path = f"invoice/{invoice['id']}/!transform/creditMemo?replace=item"
        self.books.make(path, {"item": {"items": rows}, "shippingCost": 0})

    def money_moved(self) -> list[dict[str, Any]]:
        """The documents by which real money would have gone."""
        return [row for row in self.books.sim("GET", "state")["payment_operations"] if row["moved"]]

    def fault(self, kind: str, method: str, path: str) -> None:
        """One fault, for the next request of this method and path at NetSuite."""
        fault = {"kind": kind, "method": method, "path": path, "when": {"once": True}}
        self.books.sim("POST", "faults", fault)

    def records(self, kind: str) -> list[dict[str, Any]]:
        """All documents of a kind."""
        found: list[dict[str, Any]] = self.books.sim("GET", "state")["records"].get(kind, [])
        return found

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


def _origins(record: Mapping[str, Any]) -> set[str]:
    """The ids of what a record was made of, or is applied to."""
    rows = [row for name in ("apply", "deposit") for row in record.get(name, {}).get("items", ())]
    named = [record.get("createdFrom"), record.get("salesOrder"), *(row["doc"] for row in rows)]
    return {str(one["id"]) for one in named if one}


@contextlib.contextmanager
def working(home: Path) -> Iterator[Refunds]:
    """Web, a worker and beat on SQLite with the embedded broker, and both systems beside them."""
    with contextlib.ExitStack() as stack:
        account = stack.enter_context(serve(netsuite.build().app))
        books = Site(
            account.url, stack.enter_context(httpx.Client(base_url=account.url, trust_env=False, timeout=30))
        )
        items = books.sim("POST", "seed", {"items": _ITEMS})["items"]
        given = books.credentials
        names = ("account", "consumer_key", "consumer_secret", "token_id", "token_secret")
        places = {"NETSUITE_URL": account.url, "TAX": items["TAX"], "ADJUSTMENT": items["ADJUSTMENT"]}
        wires = Wires(places | {name.upper(): given[name] for name in names})
        fleet = stack.enter_context(running(home, None, None, wires))
        fleet.start_worker()
        fleet.start("beat")
        fleet.start_web()
        books.sign_in()
        yield Refunds(fleet, books)
