"""A running Sage 100 simulator for the tests of the target: steps are run as the pipeline runs them.

Each request that the agent gets is held to docs/sage100-agent.yaml.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import httpx
import pytest

from connector.planned import (
    FieldsStep,
    FieldValue,
    FreightStep,
    InvoiceStep,
    NoteStep,
    OrderClue,
    OrderStep,
    PlannedStep,
    Step,
    StepLine,
    StepPackage,
    TrackingStep,
    Undone,
    UndoStep,
)
from connector.simulators import build
from connector.simulators.base import serve
from connector.systems.base import Effect, Increment, Known
from connector.systems.http import Http, Slots
from connector.systems.sage100.adapter import Sage100Adapter
from connector.systems.sage100.settings import Sage100Settings
from schemas.base import DocumentRef, Money
from schemas.config import CarrierService
from schemas.documents import Address, Order, OrderLine
from tests.systems.sage100_contract import validate

CONNECTION, SHOP, SHIPPER = "sage-main", "magento-us", "starship-main"
AGENT, SOAP = "agent", "soap"
ITEMS = [
    {"code": "WIDGET", "price": "10.00", "weight": "2"},
    {"code": "GADGET", "price": "25.50"},
    {"code": "DROPPED", "price": "5.00"},
    {"code": "/HANDLING", "kind": "3"},
    {"code": "/C", "kind": "4"},
]
CUSTOMERS = [
    {
        "ARDivisionNo": "01",
        "CustomerNo": "ABF",
        "CustomerName": "American Business",
        "EmailAddress": "ada@example.com",
    },
    {"ARDivisionNo": "01", "CustomerNo": "WEB", "CustomerName": "Web customers"},
]
ADDRESS = Address(
    name="Ada Lowe",
    company="Lowe Ltd",
    lines=("1 Mill Lane", "Yard"),
    city="Austin",
    region="TX",
    postal_code="78701",
    country="US",
)
_numbers = count(100000101)
Result = TypeVar("Result")


@dataclass(frozen=True)
class Done:
    """What became of one step: its effect, and whether it was there already."""

    effect: Effect
    adopted: bool


class SageSite:
    """A running simulator, and steps run against it one after another."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.simulator = httpx.Client(base_url=url)

    # -- the simulator --

    def post(self, path: str, body: object = None) -> Any:
        """A control path, or what a person does; it must succeed."""
        reply = self.simulator.post(f"/_sim/{path}", json=body or {})
        assert reply.is_success, reply.text
        return reply.json() if reply.content else None

    def fault(self, kind: str, method: str, path: str, **more: object) -> None:
        """One fault, for the next request of this method and path."""
        self.post("faults", {"kind": kind, "method": method, "path": path, "when": {"once": True}} | more)

    def held(self, kind: str) -> list[dict[str, Any]]:
        """What the company holds: orders, invoices, customers."""
        found: list[dict[str, Any]] = self.simulator.get("/_sim/state").json()["companies"]["ABC"][kind]
        return found

    def requests(self, method: str = "", path: str = "") -> list[dict[str, Any]]:
        """What arrived since the test began, oldest first."""
        rows: list[dict[str, Any]] = self.simulator.get("/_sim/requests").json()
        return [row for row in rows if row["method"].startswith(method) and path in row["path"]]

    def order(self, *lines: Mapping[str, str], **columns: str) -> str:
        """An order that somebody entered; its number."""
        header = {"ARDivisionNo": "01", "CustomerNo": "ABF"} | columns
        rows = list(lines) or [
            {"ItemCode": "WIDGET", "QuantityOrdered": "4"},
            {"ItemCode": "GADGET", "QuantityOrdered": "1"},
        ]
        (number,) = self.post("seed", {"orders": [{"columns": header, "lines": rows}]})["orders"]
        return str(number)

    def invoice(self, order: str, origin: str = "starship", **more: object) -> str:
        """An open invoice of an order, made by this program; its number."""
        (number,) = self.post("seed", {"invoices": [{"order": order, "origin": origin} | more]})["invoices"]
        return str(number)

    def agent(self, path: str) -> Any:
        """What the agent says, asked directly, without the padding of lists."""
        headers = {"Authorization": "Bearer agent-token"}
        reply = self.simulator.get(f"/v1/companies/ABC/{path}", headers=headers)
        return json.loads(reply.text.replace("\\u0000", ""))

    # -- the adapter --

    def settings(
        self, *ways: str, orders: Mapping[str, Any] | None = None, **changes: Any
    ) -> Sage100Settings:
        """The connection's settings, with these ways in (the agent, where none is named)."""
        given: dict[str, Any] = {
            AGENT: {"token": "agent-token"},
            SOAP: {
                "wsdl": f"{self.url}/ebusinesswebservices/MasService.svc?wsdl",
                "username": "webservice",
                "password": "password",
            },
        }
        common = {
            "system": "sage100",
            "base_url": self.url,
            "company": "ABC",
            "orders": {"customer": "01-WEB"} | dict(orders or {}),
            **{way: given[way] for way in ways or (AGENT,)},
        }
        return Sage100Settings.model_validate(common | changes)

    def adapter(self, *ways: str, **changes: Any) -> Sage100Adapter:
        """An adapter of its own, which knows nothing of earlier ones."""
        return Sage100Adapter(CONNECTION, self.settings(*ways, **changes))

    def run(self, step: Step, known: Known | None = None, adapter: Sage100Adapter | None = None) -> Done:
        """Look, do, read back; raises what the recipe raises."""
        adapter = adapter or self.adapter()

        async def whole(http: Http) -> Done:
            return await _run(adapter, http, step, known or Known())

        return self.job(adapter, whole)

    def job(self, adapter: Sage100Adapter, work: Callable[[Http], Awaitable[Result]]) -> Result:
        """Run this as one job on one slot."""

        async def whole() -> Result:
            slots = Slots(CONNECTION, adapter.settings)
            try:
                async with slots.job() as http:
                    return await work(http)
            finally:
                await slots.close()

        return asyncio.run(whole())


async def _run(adapter: Sage100Adapter, http: Http, step: Step, known: Known) -> Done:
    recipe = adapter.recipe(http, step, known)
    if isinstance(recipe, Increment):
        after = recipe.becomes(await recipe.read())
        await recipe.write(after)
        return Done(await recipe.effect(after), adopted=False)
    found = await recipe.find()
    assert len(found) < 2, [one.document.number for one in found]
    effect = found[0] if found else await recipe.create()
    return Done(await recipe.verify(effect), adopted=bool(found))


# -- steps -------------------------------------------------------------------------------------------------------------


def usd(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


def new_number() -> str:
    """A storefront's order number that no test has used yet."""
    return str(next(_numbers))


def common(kind: str, order: DocumentRef, shipment: str = "S1", **changes: Any) -> dict[str, Any]:
    """What every step has; the reference belongs to kind, order and shipment."""
    reference = f"{kind}{order.number}{shipment}".translate(str.maketrans("0189S", "abcde")).lower()
    return {
        "key": f"{kind}:{order.number}",
        "reference": reference.ljust(20, "x")[:20],
        "document": DocumentRef(connection=SHIPPER, kind="shipment", number=shipment),
        "order": OrderClue(order=order),
    } | changes


def here(number: str) -> DocumentRef:
    """An order of the company, as a source names it that knows its numbers."""
    return DocumentRef(connection=CONNECTION, kind="order", number=number)


def order_step(number: str, content: Mapping[str, Any] | None = None, **changes: Any) -> OrderStep:
    """Two widgets and a gadget for 45.50, and 8.00 for shipping."""
    order: dict[str, Any] = {
        "number": number,
        "currency": "USD",
        "placed_at": datetime(2026, 3, 2, 12, 0, tzinfo=UTC),
        "email": "ada@example.com",
        "bill_to": ADDRESS,
        "ship_to": ADDRESS,
        "lines": (
            OrderLine(reference="11", sku="WIDGET", quantity=Decimal(2), price=usd("10.00")),
            OrderLine(reference="12", sku="GADGET", quantity=Decimal(1), price=usd("25.50")),
        ),
        "shipping": usd("8.00"),
        "total": usd("53.50"),
    }
    document = DocumentRef(connection=SHOP, kind="order", number=number)
    step = common("order", document) | {"document": document} | changes
    return OrderStep(
        **step, content=Order(**(order | dict(content or {}))), ship_via=CarrierService(code="UPS GROUND")
    )


def invoice_step(
    order: DocumentRef, *lines: tuple[str, str, str], shipment: str = "S1", **changes: Any
) -> InvoiceStep:
    """Lines are key, item and quantity."""
    given: dict[str, Any] = {"charges": True, "back_order": True, "ship_date": date(2026, 1, 31)} | changes
    return InvoiceStep(**common("invoice", order, shipment), lines=_lines(lines), **given)


def _lines(lines: Sequence[tuple[str, str, str]]) -> tuple[StepLine, ...]:
    given = lines or (("000001", "WIDGET", "2"),)
    return tuple(StepLine(reference=key, sku=sku, quantity=Decimal(quantity)) for key, sku, quantity in given)


def freight_step(
    order: DocumentRef, amount: str, onto: Any = "order", shipment: str = "S1", **more: Any
) -> FreightStep:
    needs = (f"invoice:{order.number}",) if onto == "invoice" else ()
    return FreightStep(
        **common("freight", order, shipment, needs=needs), onto=onto, amount=usd(amount), **more
    )


def tracking_step(order: DocumentRef, *numbers: str, shipment: str = "S1", **changes: Any) -> TrackingStep:
    packages = [StepPackage(tracking_number=one, carrier_code="UPS", title="UPS Ground") for one in numbers]
    given: dict[str, Any] = {
        "carrier": "UPS",
        "freight": usd("9.50"),
        "weight": Decimal("12.5"),
        "weight_unit": "LB",
    }
    step = common("tracking", order, shipment, needs=(f"invoice:{order.number}",))
    return TrackingStep(**step, onto="invoice", **({"packages": tuple(packages)} | given | changes))


def note_step(order: DocumentRef, notes: str, shipment: str = "S1") -> NoteStep:
    return NoteStep(**common("note", order, shipment), onto="order", notes=notes)


def fields_step(order: DocumentRef, part: Any, onto: Any = "order", **values: Any) -> FieldsStep:
    needs = (f"invoice:{order.number}",) if onto == "invoice" else ()
    return FieldsStep(**common(f"fields.{part}", order, needs=needs), part=part, onto=onto, **values)


def udf(name: str, text: str, kind: Any = "text") -> FieldValue:
    return FieldValue(name=name, text=text, type=kind)


def made(order: DocumentRef, invoice: str) -> Known:
    """What is known once the step of the invoice is done."""
    return Known(
        made={f"invoice:{order.number}": DocumentRef(connection=CONNECTION, kind="invoice", number=invoice)}
    )


def undo(
    step: PlannedStep, done: Done | None, amounts: tuple[str, str] | None = None
) -> tuple[UndoStep, Known]:
    """The step that takes another back, with what is known of that one (None: it may not have come to anything)."""
    before, after = (Decimal(amounts[0]), Decimal(amounts[1])) if amounts else (None, None)
    undone = Undone(
        step=step,  # type: ignore[arg-type]
        document=done.effect.document if done else None,
        ours=done.effect.ours if done else False,
        done=done is not None,
        before=before,
        after=after,
    )
    common_values = step.model_dump(include={"document", "order"})
    taking = UndoStep(
        key=f"undo:{step.key}",
        reference=f"u{step.reference[1:]}",
        undoes=step.reference,
        original=step.model_dump(mode="json"),
        **common_values,
    )
    return taking, Known(undone=undone)


# -- fixtures ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served_sage() -> Iterator[SageSite]:
    """One seeded simulator for the tests of a file."""
    with serve(build("sage100").app) as served:
        found = SageSite(served.url)
        try:
            found.post("seed", {"items": ITEMS, "customers": CUSTOMERS})
            yield found
        finally:
            found.simulator.close()


@pytest.fixture
def sage(served_sage: SageSite) -> Iterator[SageSite]:
    """The simulator without faults and requests of earlier tests; what the agent was sent is judged in the end."""
    for path in ("faults", "requests", "failing"):
        assert served_sage.simulator.delete(f"/_sim/{path}").is_success
    served_sage.post("options", {"faults": "told", "password": "password"})
    yield served_sage
    for row in served_sage.requests(path="/v1/"):
        judged(row)


def judged(row: Mapping[str, Any]) -> None:
    """Hold one request that arrived to the contract."""
    body = row["body"]
    content = json.loads(body) if isinstance(body, str) and body else body or None
    query = row["query"]
    pairs = dict(parse_qsl(query)) if isinstance(query, str) else dict(query)
    headers = row["headers"] if isinstance(row["headers"], dict) else dict(row["headers"])
    validate(
        row["method"], row["path"], pairs, {name.lower(): text for name, text in headers.items()}, content
    )
