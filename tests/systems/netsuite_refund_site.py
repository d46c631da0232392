"""A running NetSuite simulator for the tests of refunds and of the source: orders in every state of billing, steps run
as the pipeline runs them.

Each request that is sent must name fields that NetSuite has.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any, TypeVar

import httpx
import pytest

from connector.errors import Doubled
from connector.planned import OrderClue, PayoutStep, RefundStep
from connector.simulators import build
from connector.simulators.base import serve
from connector.systems.base import Effect, Increment, Known
from connector.systems.http import Slots
from connector.systems.netsuite import refunding
from connector.systems.netsuite.client import Client
from connector.systems.netsuite.settings import NetSuiteSettings
from schemas.base import DocumentRef, Money
from schemas.documents import Refund, RefundLine
from schemas.refunds import RefundRules
from tests.systems.netsuite_names import unknown_in

CONNECTION, SHOP = "netsuite-main", "magento-us"
ITEMS = [
    {"itemId": "MUG", "type": "inventoryItem", "basePrice": "10.00"},
    {"itemId": "LAMP", "type": "inventoryItem", "basePrice": "25.50"},
    {"itemId": "GUIDE", "type": "nonInventorySaleItem", "basePrice": "5.00"},
    {"itemId": "ADJUSTMENT", "type": "otherChargeSaleItem", "basePrice": "0", "taxable": False},
    {"itemId": "TAX", "type": "otherChargeSaleItem", "basePrice": "0", "taxable": False},
    {"itemId": "POSTAGE", "type": "otherChargeSaleItem", "basePrice": "0", "taxable": False},
]
LINES = (
    {"item": "MUG", "quantity": "3", "rate": "10.00"},
    {"item": "LAMP", "quantity": "2", "rate": "25.50"},
)
"""Three mugs and two lamps: 81.00."""

ALWAYS = RefundRules(restock="always")
_numbers = count(200000101)

Result = TypeVar("Result")


@dataclass(frozen=True)
class Done:
    """What became of one step: its effect, and whether it was there already."""

    effect: Effect
    adopted: bool

    @property
    def record(self) -> str:
        """The type of record that was made."""
        return (self.effect.document.key or "").partition("/")[0]

    @property
    def id(self) -> str:
        """Its internal id."""
        return (self.effect.document.key or "").partition("/")[2]


@dataclass(frozen=True)
class Placed:
    """An order of the shop as it stands at NetSuite; `made` are the ids of its documents, by type."""

    number: str
    made: Mapping[str, str]

    @property
    def id(self) -> str:
        """The internal id of the sales order."""
        return self.made["id"]


class Account:
    """One account, and steps run against it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.simulator = httpx.Client(base_url=url)
        self.credentials: dict[str, str] = self.simulator.get("/_sim/credentials").json()
        seeded = self.post("seed", {"customers": [{"companyName": "Lowe Ltd"}], "items": ITEMS})
        self.customer: str = seeded["customers"][0]
        self.items: dict[str, str] = seeded["items"]
        self.moved_before = 0

    # -- what people do --

    def post(self, path: str, body: object = None) -> Any:
        """A control path; it must succeed."""
        reply = self.simulator.post(f"/_sim/{path}", json=body or {})
        assert reply.is_success, reply.text
        return json.loads(reply.text, parse_float=Decimal) if reply.content else None

    def fault(self, kind: str, method: str, path: str, **more: object) -> None:
        """One fault, for the next request of this method and path."""
        self.post("faults", {"kind": kind, "method": method, "path": path, "when": {"once": True}} | more)

    def order(self, state: str, lines: Any = LINES, **more: Any) -> Placed:
        """A new order of the shop in this state of billing."""
        number = str(next(_numbers))
        order = {"otherRefNum": number, "entity": self.customer, "lines": list(lines), "state": state}
        made = self.post("seed", {"salesOrders": [order | more]})["salesOrders"][0]
        return Placed(number, made)

    # -- what stands there --

    def records(self, record: str, order: Placed | None = None) -> list[dict[str, Any]]:
        """All records of a type, or those that were made of what was made of this order."""
        state = json.loads(self.simulator.get("/_sim/state").text, parse_float=Decimal)
        found: list[dict[str, Any]] = state["records"].get(record, [])
        if order is None:
            return found
        family = {str(value) for value in order.made.values()}
        for parents in state["records"].values():
            family |= {one["id"] for one in parents if _parent(one) in family}
        return [one for one in found if _parent(one) in family or one["id"] in family]

    def record(self, record: str, key: str) -> dict[str, Any]:
        """One record."""
        return next(one for one in self.records(record) if one["id"] == key)

    def moved_money(self) -> list[dict[str, Any]]:
        """The documents by which real money would have gone, since the test began."""
        rows = self.simulator.get("/_sim/state").json()["payment_operations"]
        return [row for row in rows if row["moved"]][self.moved_before :]

    def requests(self, method: str = "", path: str = "") -> list[dict[str, Any]]:
        """What arrived since the test began, oldest first; bodies as JSON."""
        rows = self.simulator.get("/_sim/requests").json()
        return [_readable(row) for row in rows if row["method"].startswith(method) and path in row["path"]]

    # -- what the connector does --

    def settings(self, **changes: Any) -> NetSuiteSettings:
        """The connection's settings, with an item for amounts that are no goods."""
        names = ("consumer_key", "consumer_secret", "token_id", "token_secret")
        common = {
            "system": "netsuite",
            "base_url": self.url,
            "account": self.credentials["account"],
            "auth": {"kind": "tba"} | {name: self.credentials[name] for name in names},
            "items": {"adjustment": self.items["ADJUSTMENT"]},
            "currencies": {"USD": "1", "EUR": "2"},
            "login_pause": 0,
        }
        return NetSuiteSettings.model_validate(common | changes)

    def run(self, step: RefundStep | PayoutStep, known: Known | None = None, **changes: Any) -> Done:
        """Look, do, read back; raises what the recipe raises, and Doubled for two effects."""

        async def whole(client: Client) -> Done:
            recipe = refunding.recipe(client, client.settings, step, known or Known())
            assert not isinstance(recipe, Increment)
            found = await recipe.find()
            if len(found) > 1:
                raise Doubled(", ".join(one.document.number for one in found))
            effect = found[0] if found else await recipe.create()
            return Done(await recipe.verify(effect), adopted=bool(found))

        return self.job(whole, **changes)

    def job(self, work: Callable[[Client], Awaitable[Result]], **changes: Any) -> Result:
        """Run this as one job on one slot."""
        settings = self.settings(**changes)

        async def whole() -> Result:
            slots = Slots(CONNECTION, settings)
            try:
                async with slots.job() as http:
                    return await work(Client(CONNECTION, settings, http))
            finally:
                await slots.close()

        return asyncio.run(whole())


# -- steps -------------------------------------------------------------------------------------------------------------


def usd(amount: str, currency: str = "USD") -> Money:
    return Money(amount=Decimal(amount), currency=currency)


def back(sku: str, quantity: str, total: str, **changes: Any) -> RefundLine:
    """So much of an article given back for so much."""
    return RefundLine(sku=sku, quantity=Decimal(quantity), total=usd(total), **changes)


def refund(
    order: Placed | str,
    total: str,
    *lines: RefundLine,
    rules: RefundRules = ALWAYS,
    number: str = "R1",
    currency: str = "USD",
    **content: Any,
) -> RefundStep:
    """One refund of an order of the shop; further amounts as text."""
    named = order if isinstance(order, str) else order.number
    amounts = {name: usd(value, currency) for name, value in content.items() if isinstance(value, str)}
    others = {name: value for name, value in content.items() if not isinstance(value, str)}
    body = {
        "number": f"{named}-{number}",
        "order": named,
        "currency": currency,
        "lines": lines,
        "total": usd(total, currency),
        "refunded_at": datetime(2026, 11, 20, 12, tzinfo=UTC),
    }
    return RefundStep(
        key=f"refund:{named}",
        reference=_reference("refund", f"{named}{number}"),
        document=DocumentRef(connection=SHOP, kind="refund", number=f"{named}-{number}"),
        order=OrderClue(order=DocumentRef(connection=SHOP, kind="order", number=named)),
        content=Refund.model_validate(body | amounts | others),
        rules=rules,
    )


def payout(of: RefundStep, amount: str = "", rules: RefundRules | None = None) -> PayoutStep:
    """The payout that follows a refund."""
    total = usd(amount) if amount else of.content.total
    return PayoutStep(
        key=of.key.replace("refund", "payout"),
        reference=_reference("payout", of.content.number),
        document=of.document,
        order=of.order,
        needs=(of.key,),
        amount=total,
        rules=rules or of.rules,
    )


def _reference(kind: str, number: str) -> str:
    plain = f"{kind}{number}".lower().replace("-", "").translate(str.maketrans("01389", "acdfg"))
    return plain.ljust(20, "x")[:20]


def _parent(record: Mapping[str, Any]) -> str:
    """The id of what a record was made of; of a customer refund, what it is applied to."""
    rows = [row for name in ("apply", "deposit") for row in record.get(name, {}).get("items", ())]
    origin = record.get("createdFrom") or (rows[0]["doc"] if rows else {}) or record.get("salesOrder") or {}
    return str(origin.get("id", ""))


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    body = row["body"]
    if isinstance(body, str) and body.startswith("{"):
        return {**row, "body": json.loads(body, parse_float=Decimal)}
    return row


# -- fixtures ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served_account() -> Iterator[Account]:
    """One simulator for the tests of a file."""
    with serve(build("netsuite", order_status="B").app) as served:
        found = Account(served.url)
        try:
            yield found
        finally:
            found.simulator.close()


@pytest.fixture
def account(served_account: Account) -> Iterator[Account]:
    """The simulator without faults and requests of earlier tests; the fields that were sent are judged in the end."""
    for path in ("faults", "requests"):
        assert served_account.simulator.delete(f"/_sim/{path}").is_success
    served_account.post("options", {"tax_rate": "0"})
    served_account.moved_before = 0
    served_account.moved_before = len(served_account.moved_money())
    yield served_account
    assert unknown_in(served_account.requests()) == []
