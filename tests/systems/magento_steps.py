"""Steps for a Magento shop as the pipeline plans them, and the order of an ERP that they speak of. No tests."""

from decimal import Decimal
from typing import Any

from connector.planned import CancelStep, CommentStep, InvoiceStep, OrderClue, OrderStep, StepLine
from schemas.base import DocumentRef, Money
from schemas.config import CarrierService
from schemas.documents import Address, Order, OrderLine
from tests.systems.magento_shop import REFERENCE

ERP_NUMBER = "SO-000123"
ADDRESS = Address(
    name="Ada Example",
    company="Example Ltd",
    lines=("1 Sample Street", "Floor 2"),
    city="Austin",
    region="TX",
    postal_code="78701",
    country="US",
    phone="5125550100",
)
FLAT_RATE = CarrierService(code="flatrate_flatrate", carrier_code="ups", title="Flat Rate")


def usd(amount: str | int) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


def line(sku: str, quantity: str | int, price: str | None = "10", **more: Any) -> OrderLine:
    """A line of an ERP's order; its key is the SKU in lower case unless said otherwise."""
    told = {"reference": sku.lower(), "price": None if price is None else usd(price), **more}
    return OrderLine(sku=sku, quantity=Decimal(quantity), **told)


def erp_order(*lines: OrderLine, **more: Any) -> Order:
    """The ERP's order SO-000123; two mugs for 20 USD and 5 USD of shipping unless said otherwise."""
    told: dict[str, Any] = {
        "currency": "USD",
        "email": "ada@example.com",
        "bill_to": ADDRESS,
        "ship_to": ADDRESS,
        "ship_via": "UPS",
        "payment_method": "CHECK",
        "shipping": usd(5),
        "total": usd(25),
    }
    return Order(number=ERP_NUMBER, lines=lines or (line("MUG", 2),), **(told | more))


def order_step(content: Order | None = None, **more: Any) -> OrderStep:
    """Make this order at the shop; shipped by flat rate unless said otherwise."""
    told: dict[str, Any] = {"ship_via": FLAT_RATE, "payment_method": (content or erp_order()).payment_method}
    return OrderStep(**_common("order", "order", ERP_NUMBER), content=content or erp_order(), **(told | more))


def invoice_step(
    lines: dict[str, int | str], *, number: str | None = "000000101", **more: Any
) -> InvoiceStep:
    """Invoice INV-7 of the ERP, for the storefront's order `number`."""
    asked = tuple(StepLine(sku=sku, quantity=Decimal(quantity)) for sku, quantity in lines.items())
    return InvoiceStep(**_common("invoice", "invoice", "INV-7", number), lines=asked, **more)


def comment_step(
    notes: str = "Seen by the ERP", *, number: str | None = "000000101", **more: Any
) -> CommentStep:
    """A comment on the storefront's order `number`."""
    return CommentStep(**_common("comment", "order", ERP_NUMBER, number), notes=notes, **more)


def cancel_step(*, number: str | None = "000000101", **more: Any) -> CancelStep:
    """Cancel the storefront's order `number`."""
    return CancelStep(**_common("cancel", "order", ERP_NUMBER, number), **more)


def _common(step: str, kind: str, number: str, external: str | None = None) -> dict[str, Any]:
    order = DocumentRef(connection="erp", kind="order", number=ERP_NUMBER)
    return {
        "key": f"{step}:{ERP_NUMBER}",
        "reference": REFERENCE,
        "document": DocumentRef(connection="erp", kind=kind, number=number),
        "order": OrderClue(order=order, external_number=external),
    }
