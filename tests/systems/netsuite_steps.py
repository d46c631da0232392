"""Steps as the pipeline would plan them for an account of NetSuite: an order of a shop, who bought it, what of it was
shipped and billed. No tests."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from connector.planned import (
    CustomerStep,
    InvoiceStep,
    OrderClue,
    OrderStep,
    ShipmentStep,
    StepLine,
    StepPackage,
)
from connector.systems.base import Known
from schemas.base import DocumentRef, Money
from schemas.config import CarrierService
from schemas.documents import Address, Order, OrderLine

CONNECTION, SHOP = "netsuite-main", "magento-us"
REFERENCE = "abcdefghijklmnop2345"
ADDRESS = Address(
    name="Ada Lowe",
    lines=("1 Mill Lane", "Yard"),
    city="Austin",
    region="TX",
    postal_code="78701",
    country="US",
    phone="555-0100",
)


def money(amount: str, currency: str = "USD") -> Money:
    return Money(amount=Decimal(amount), currency=currency)


def common(kind: str, number: str, **more: Any) -> dict[str, Any]:
    return {
        "key": f"{kind}:{number}",
        "reference": REFERENCE,
        "document": DocumentRef(connection=SHOP, kind=kind, number=number),
        "order": OrderClue(order=DocumentRef(connection=SHOP, kind="order", number="100000101")),
        **more,
    }


def line(sku: str, quantity: int, price: str, **more: Any) -> OrderLine:
    """A line that comes to quantity × price."""
    total = more.pop("total", money(str(Decimal(price) * quantity)))
    return OrderLine(
        reference=more.pop("reference", sku.lower()),
        sku=sku,
        name=more.pop("name", f"A {sku.lower()}"),
        quantity=Decimal(quantity),
        price=money(price),
        total=total,
        **more,
    )


def order_step(*lines: OrderLine, notes: str = "", ship_via: str = "", **content: Any) -> OrderStep:
    """An order of a shop; its total is that of its lines, shipping, tax and discount unless said otherwise."""
    parts = {name: content.get(name) for name in ("shipping", "tax", "discount")}
    amounts = {name: part.amount if part else Decimal(0) for name, part in parts.items()}
    goods = sum((one.total.amount for one in lines if one.total), Decimal(0))
    total = goods + amounts["shipping"] + amounts["tax"] - amounts["discount"]
    order = Order(
        number="100000101",
        currency=content.pop("currency", "USD"),
        placed_at=datetime(2026, 11, 20, 23, 30, tzinfo=UTC),
        email="ada@example.com",
        bill_to=ADDRESS,
        ship_to=ADDRESS,
        lines=lines,
        total=content.pop("total", money(str(total))),
        **content,
    )
    return OrderStep(
        **common("order", "100000101", needs=("customer:100000101",)),
        content=order,
        ship_via=CarrierService(code=ship_via) if ship_via else None,
        notes=notes,
    )


def customer_step(email: str = "ada@example.com", number: str = "77", **more: Any) -> CustomerStep:
    fields = common("customer", number) | {
        "key": "customer:100000101",
        "name": "Ada Lowe",
        "bill_to": ADDRESS,
    }
    return CustomerStep(**{**fields, "email": email, **more})


def shipment_step(wanted: Mapping[str, int], tracks: tuple[str, ...] = (), **more: Any) -> ShipmentStep:
    packages = tuple(StepPackage(tracking_number=one, carrier_code="", title="UPS Ground") for one in tracks)
    return ShipmentStep(
        **{
            **common("shipment", "000000011"),
            "lines": step_lines(wanted),
            "packages": packages,
            "notes": "Shipped by the warehouse",
            **more,
        }
    )


def invoice_step(lines: Mapping[str, int], total: str = "", **more: Any) -> InvoiceStep:
    return InvoiceStep(
        **{
            **common("invoice", "000000021"),
            "lines": step_lines(lines),
            "total": money(total) if total else None,
            **more,
        }
    )


def step_lines(lines: Mapping[str, int]) -> tuple[StepLine, ...]:
    return tuple(StepLine(sku=sku, quantity=Decimal(quantity)) for sku, quantity in lines.items())


def bought_by(key: str) -> Known:
    """What an order's step knows after its customer's."""
    made = DocumentRef(connection=CONNECTION, kind="customer", number=f"C{key}", key=key)
    return Known(made={"customer:100000101": made})


def linked(number: str, key: str | None = None) -> Known:
    """What a step knows of its order here."""
    return Known(order=DocumentRef(connection=CONNECTION, kind="order", number=number, key=key))
