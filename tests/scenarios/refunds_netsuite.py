"""Refunds that are booked in NetSuite: the rows of the table, what people do there, and what stands there."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from connector.simulators import netsuite
from connector.simulators.base import serve
from tests.contract.netsuite_site import Site
from tests.scenarios.refunds import (
    CANCELLED,
    GOODS,
    PAID_OUT,
    REFUNDS,
    RETURN_ONLY,
    RETURNED,
    TOTAL,
    Refunds,
    Row,
    Wires,
    amount,
    at_work,
)

CONNECTION = """\
    system: netsuite
    base_url: "@NETSUITE_URL@"
    account: "@ACCOUNT@"
    auth: {kind: tba, consumer_key: "@CONSUMER_KEY@", consumer_secret: "@CONSUMER_SECRET@",
           token_id: "@TOKEN_ID@", token_secret: "@TOKEN_SECRET@"}
    currencies: {USD: "1"}
    items: {tax: "@TAX@", adjustment: "@ADJUSTMENT@"}
    refunds: {payment_option: "7", handling_mode: SAVE_ONLY}
    login_pause: 0
"""

PAID = ("fulfil", "invoice", "pay")

CASH_REFUND = Row(
    REFUNDS, ("fulfil", "cash_sale"), {"cashRefund": [TOTAL]}, "POST", "/!transform/cashRefund$"
)
CREDIT_MEMO = Row(REFUNDS, PAID, {"creditMemo": [TOTAL]}, "POST", "/!transform/creditMemo$")
RETURN_ORDER = Row(
    RETURNED, PAID, {"returnAuthorization": [GOODS]}, "POST", "/!transform/returnAuthorization$"
)
PAYOUT = Row(
    PAID_OUT,
    PAID,
    {"creditMemo": [TOTAL], "customerRefund": [TOTAL]},
    "POST",
    "/!transform/customerRefund$",
)
DEPOSIT = Row(REFUNDS, ("deposit",), {"customerRefund": [TOTAL]}, "POST", "/customerRefund$")
AUTHORISATION = replace(RETURN_ORDER, flow=RETURN_ONLY, work=("fulfil",))
CANCELLATION = Row(CANCELLED, (), {}, "PATCH", "/salesOrder/")

ROWS = {
    "cash refund": CASH_REFUND,
    "credit memo": CREDIT_MEMO,
    "return order": RETURN_ORDER,
    "payout": PAYOUT,
    "deposit": DEPOSIT,
    "return only": AUTHORISATION,
    "cancellation": CANCELLATION,
}

_AMOUNT_ITEM = {"type": "otherChargeSaleItem", "basePrice": "0", "taxable": False}
_ITEMS = [
    {"itemId": "MUG", "type": "inventoryItem", "basePrice": "11.00"},
    {"itemId": "LAMP", "type": "inventoryItem", "basePrice": "24.00"},
    {"itemId": "TAX", **_AMOUNT_ITEM},
    {"itemId": "ADJUSTMENT", **_AMOUNT_ITEM},
]
_GIVING = ("returnAuthorization", "creditMemo", "cashRefund", "customerRefund")
_ALL_ROOM = 99


@dataclass
class NetSuiteRefunds(Refunds):
    """Everything at work. `books` is what people see and do in NetSuite."""

    books: Site

    # -- what people do --

    def work(self, order: str, *work: str, **more: object) -> None:
        """People there work on the sales order of an order: fulfil, invoice, pay, cash_sale, deposit. It is one piece
        of work: NetSuite has no room for us meanwhile."""
        number = self.sales_order(order)["id"]
        self.at_erp("hold", {"requests": _ALL_ROOM})
        try:
            for action in work:
                body = {"paymentOption": "7"} if action in ("cash_sale", "deposit", "pay") else {}
                self.at_erp(f"orders/{number}/{action}", body | more)
        finally:
            self.at_erp("hold", {"requests": 0})

    def back_by_hand(self, order: str) -> None:
        """A person gives a lamp of the order's bill back; not to the card that paid the cash sale."""
        made = self.made_of(order)
        record, document, how = (
            ("cashSale", "cashRefund", {"handlingMode": {"id": "SAVE_ONLY"}})
            if made["cashSale"]
            else ("invoice", "creditMemo", {})
        )
        (bill,) = made[record]
        lamp = next(one for one in bill["item"]["items"] if one["item"]["refName"] == "LAMP")
        rows = [{"orderLine": lamp["line"], "quantity": 1}]
        path = f"{record}/{bill['id']}/!transform/{document}?replace=item"
        self.books.make(path, {"item": {"items": rows}, "shippingCost": 0, **how})

    def close_by_hand(self, order: str, article: str) -> None:
        """A person closes the lines of an article on the sales order."""
        there = self.sales_order(order)
        lines = [one["line"] for one in there["item"]["items"] if one["item"]["refName"] == article]
        rows = [{"line": line, "isClosed": True} for line in lines]
        self.at_erp(f"edit/salesOrder/{there['id']}", {"item": {"items": rows}})

    def stock(self, article: str) -> None:
        """A person enters an article."""
        self.at_erp("seed", {"items": [{"itemId": article, "type": "inventoryItem"}]})

    # -- what stands there --

    def sales_order(self, order: str) -> dict[str, Any]:
        """The one sales order that bears the number of an order of the shop."""
        orders: list[dict[str, Any]] = self.erp_state()["records"]["salesOrder"]
        (found,) = [one for one in orders if one.get("otherRefNum") == order]
        return found

    def made_of(self, order: str) -> dict[str, list[dict[str, Any]]]:
        """The documents that were made of this order, or of what was made of it, by their types. Links between
        transactions say so: a customer refund never shows the deposits that it is applied to."""
        family = [self.sales_order(order)["id"]]
        for key in family:
            linked = "SELECT DISTINCT nextdoc AS id FROM nexttransactionlink WHERE previousdoc = ?"
            family += [row["id"] for row in self.books.rows(linked, key) if row["id"] not in family]
        records = self.erp_state()["records"]
        return {kind: [one for one in found if one["id"] in family] for kind, found in records.items()}

    def documents(self, kind: str, order: str) -> list[dict[str, Any]]:
        """Those of one type."""
        return self.made_of(order)[kind]

    def booked(self, order: str) -> dict[str, list[Decimal]]:
        """All that gives something of the order back: types of documents, with their totals."""
        made = self.made_of(order)
        return {kind: [amount(one["total"]) for one in made[kind]] for kind in _GIVING if made[kind]}

    def money_moved(self) -> list[dict[str, Any]]:
        """The documents by which real money would have gone."""
        return [row for row in self.erp_state()["payment_operations"] if row["moved"]]


@contextlib.contextmanager
def working(home: Path) -> Iterator[NetSuiteRefunds]:
    """The fleet, with NetSuite beside it."""
    with contextlib.ExitStack() as stack:
        account = stack.enter_context(serve(netsuite.build().app))
        books = Site(
            account.url, stack.enter_context(httpx.Client(base_url=account.url, trust_env=False, timeout=30))
        )
        items = books.sim("POST", "seed", {"items": _ITEMS})["items"]
        given = books.credentials
        names = ("account", "consumer_key", "consumer_secret", "token_id", "token_secret")
        places = {"NETSUITE_URL": account.url, "TAX": items["TAX"], "ADJUSTMENT": items["ADJUSTMENT"]}
        places |= {"SHIP_VIA": "12"} | {name.upper(): given[name] for name in names}
        fleet = stack.enter_context(at_work(home, Wires(CONNECTION, places)))
        books.sign_in()
        yield NetSuiteRefunds(fleet, books.client, books)
