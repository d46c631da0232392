"""A running Acumatica simulator for the tests of the target: steps are run as the pipeline runs them.

Each request that the recipes send is held to the vendor's OpenAPI document, bodies included.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any, TypeVar

import httpx
import pytest

from connector.errors import Doubled
from connector.planned import CancelStep, CommentStep, CustomerStep, OrderClue, OrderStep, PaymentStep, Step
from connector.simulators import build
from connector.simulators.base import serve
from connector.systems.acumatica import target
from connector.systems.acumatica.client import Client
from connector.systems.acumatica.settings import AcumaticaSettings
from connector.systems.base import Effect, Increment, Known
from connector.systems.http import Slots
from schemas.base import DocumentRef, Money
from schemas.config import CarrierService
from schemas.documents import Address, Order, OrderLine
from tests.contract.openapi_acumatica import validate_acumatica_request

CONNECTION, SHOP = "acumatica-main", "magento-us"
CUSTOMERS = [
    {"CustomerID": "C1001", "CustomerName": "Ada Lowe", "MainContact": {"Email": "ada@example.com"}},
    {"CustomerID": "GUEST", "CustomerName": "Web guests"},
]
ITEMS = ["24-MB01", "24-WG02", "SHIRT-BLUE-M", "KIT-1", "KIT-PART"]
ADDRESS = Address(
    name="Ada Lowe",
    company="Lowe Ltd",
    lines=("1 Mill Lane", "Yard", "Gate 2"),
    city="Austin",
    region="TX",
    postal_code="78701",
    country="US",
    phone="555-0100",
)
_numbers = count(100000101)

Result = TypeVar("Result")


@dataclass(frozen=True)
class Done:
    """What became of one step: its effect, and whether it was there already."""

    effect: Effect
    adopted: bool


class TargetSite:
    """A running simulator, and steps run against it one after another."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.simulator = httpx.Client(base_url=url)
        self.options: dict[str, Any] = self.post("options", {"seats": None, "operation_seconds": 0.02})

    def post(self, path: str, body: object = None) -> Any:
        """A control path, or what a person does; it must succeed."""
        reply = self.simulator.post(f"/_sim/{path}", json=body or {})
        assert reply.is_success, reply.text
        return json.loads(reply.text, parse_float=Decimal) if reply.content else None

    def fault(self, kind: str, method: str, path: str, **more: object) -> None:
        """One fault, for the next request of this method and path."""
        self.post("faults", {"kind": kind, "method": method, "path": path, "when": {"once": True}} | more)

    def documents(self, entity: str) -> list[dict[str, Any]]:
        """What the vendor holds, oldest first."""
        state = json.loads(self.simulator.get("/_sim/state").text, parse_float=Decimal)
        found: list[dict[str, Any]] = _documents(state)[entity]
        return found

    def requests(self, method: str = "", path: str = "") -> list[dict[str, Any]]:
        """What arrived since the test began, oldest first."""
        rows: list[dict[str, Any]] = self.simulator.get("/_sim/requests").json()
        return [row for row in rows if row["method"].startswith(method) and path in row["path"]]

    def settings(self, orders: Mapping[str, Any] | None = None, **changes: Any) -> AcumaticaSettings:
        """The connection's settings, with these under `orders`."""
        auth = {name: self.options[name] for name in ("client_id", "client_secret", "username", "password")}
        common = {
            "system": "acumatica",
            "base_url": self.url,
            "tenant": "Company",
            "auth": {"kind": "oauth_password"} | auth,
            "orders": orders or {},
        }
        return AcumaticaSettings.model_validate(common | changes)

    def run(
        self,
        step: Step,
        known: Known | None = None,
        orders: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> Done:
        """Look, do, read back; raises what the recipe raises, and Doubled for two effects."""
        settings = self.settings(orders, **changes)

        async def whole(client: Client) -> Done:
            return await _run(client, settings, step, known or Known())

        return self.job(settings, whole)

    def job(self, settings: AcumaticaSettings, work: Callable[[Client], Awaitable[Result]]) -> Result:
        """Run this as one job on one slot."""

        async def whole() -> Result:
            slots = Slots(CONNECTION, settings)
            try:
                async with slots.job() as http:
                    return await work(Client(http, settings, CONNECTION))
            finally:
                await slots.close()

        return asyncio.run(whole())

    def order(self, step: OrderStep, customer: str = "C1001", **options: Any) -> Done:
        """Run an order's step after its customer's."""
        return self.run(step, made(step, customer), **options)


async def _run(client: Client, settings: AcumaticaSettings, step: Step, known: Known) -> Done:
    recipe = target.recipe(client, settings, step, known)
    assert not isinstance(recipe, Increment)
    found = await recipe.find()
    if len(found) > 1:
        raise Doubled(", ".join(one.document.number for one in found))
    effect = found[0] if found else await recipe.create()
    return Done(await recipe.verify(effect), adopted=bool(found))


def _documents(state: Any) -> Any:
    """The documents of the first tenant."""
    return next(iter(state["tenants"].values()))


# -- steps -------------------------------------------------------------------------------------------------------------


def made(step: Step, customer: str) -> Known:
    """What is known once the customer's step is done."""
    document = DocumentRef(connection=CONNECTION, kind="customer", number=customer)
    return Known(made=dict.fromkeys(step.needs, document))


def usd(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


def new_number() -> str:
    """A storefront's order number that no test has used yet."""
    return str(next(_numbers))


def common(kind: str, number: str, **changes: Any) -> dict[str, Any]:
    """What every step has; the reference belongs to kind and number."""
    document = DocumentRef(connection=SHOP, kind="order", number=number)
    reference = f"{kind}{number}".translate(str.maketrans("01389", "acdfg")).ljust(20, "x")[:20]
    return {
        "key": f"{kind}:{number}",
        "reference": reference,
        "document": document,
        "order": OrderClue(order=document),
    } | changes


def line(reference: str, sku: str, quantity: str, price: str | None, **changes: Any) -> OrderLine:
    return OrderLine(
        reference=reference,
        sku=sku,
        name=f"{sku} in words",
        quantity=Decimal(quantity),
        price=None if price is None else usd(price),
        **changes,
    )


def order_step(
    number: str, lines: Sequence[OrderLine] = (), content: Mapping[str, Any] | None = None, **changes: Any
) -> OrderStep:
    """Two bags and a watch for 109.50: 2 × 34.00 + 36.50 with 3.00 off, and 8.00 for shipping."""
    own = lines or (
        line("11", "24-MB01", "2", "34.00"),
        line("12", "24-WG02", "1", "36.50", discount=usd("3.00")),
    )
    order: dict[str, Any] = {
        "number": number,
        "currency": "USD",
        "placed_at": datetime(2026, 3, 2, 23, 30, tzinfo=UTC),
        "email": "ada@example.com",
        "bill_to": ADDRESS,
        "ship_to": ADDRESS,
        "lines": own,
        "shipping": usd("8.00"),
        "tax": usd("0.00"),
        "discount": usd("3.00"),
        "total": usd("109.50"),
    }
    return OrderStep(
        **common("order", number, needs=(f"customer:{number}",)),
        content=Order(**(order | dict(content or {}))),
        ship_via=CarrierService(code="UPSGROUND"),
        payment_method="CREDITCARD",
        **({"notes": "From the shop"} | changes),
    )


def customer_step(email: str, account: str = "", **changes: Any) -> CustomerStep:
    """A customer by account and e-mail address; a guest where there is no account."""
    document = DocumentRef(connection=SHOP, kind="customer", number=account or email or "100")
    number = new_number()
    step: dict[str, Any] = {
        **common("customer", number, document=document),
        "email": email,
        "name": "Ada Lowe",
        "guest": not account,
        "bill_to": ADDRESS,
    }
    return CustomerStep(**(step | changes))


def payment_step(number: str, amount: str = "109.50", **changes: Any) -> PaymentStep:
    """The payment that a storefront's invoice speaks of."""
    invoice = DocumentRef(connection=SHOP, kind="invoice", number=f"I{number}")
    step: dict[str, Any] = {
        **common("payment", number, document=invoice),
        "amount": usd(amount),
        "method": "CREDITCARD",
        "paid_at": datetime(2026, 3, 3, 12, 0, tzinfo=UTC),
    }
    return PaymentStep(**(step | changes))


def cancel_step(number: str, **changes: Any) -> CancelStep:
    """The storefront cancelled the order."""
    return CancelStep(**(common("cancel", number) | changes))


def comment_step(number: str, notes: str, **changes: Any) -> CommentStep:
    """A text for the order's note."""
    return CommentStep(**(common("comment", number) | {"notes": notes} | changes))


def linked(effect: Effect) -> Known:
    """What is known once the order is linked."""
    return Known(order=effect.document)


@pytest.fixture(scope="module")
def served_site() -> Iterator[TargetSite]:
    """One seeded simulator for the tests of a file."""
    with serve(build("acumatica").app) as served:
        found = TargetSite(served.url)
        try:
            found.post("seed", {"customers": CUSTOMERS, "items": ITEMS})
            yield found
        finally:
            found.simulator.close()


@pytest.fixture
def site(served_site: TargetSite) -> Iterator[TargetSite]:
    """The simulator without faults and requests of earlier tests; what was sent is judged in the end."""
    for path in ("faults", "requests"):
        assert served_site.simulator.delete(f"/_sim/{path}").is_success
    served_site.post("options", {"actions": "queued", "operations_held": False})
    yield served_site
    for row in served_site.requests(path="/entity/"):
        body = (
            json.loads(row["body"]) if isinstance(row["body"], str) and row["body"] else row["body"] or None
        )
        validate_acumatica_request(row["method"], row["path"], row["query"], body)
