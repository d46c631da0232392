"""Steps as the pipeline would plan them for an order of a shop that is taken in Aptify. No tests."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from connector.planned import CustomerStep, OrderStep
from connector.systems.aptify.target import MANNER
from connector.systems.base import Known
from schemas.base import DocumentRef
from tests.contract.aptify_site import PERSON
from tests.systems.aptify_site_given import CONNECTION, NUMBER, usd
from tests.unit.planning_given import event_of, planned

ADDRESS = {
    "name": "Cleo Person",
    "lines": ["9 Long Road"],
    "city": "Sometown",
    "region": "TX",
    "postal_code": "78701",
    "country": "US",
    "phone": "555-0142",
}


def sold(sku: str, quantity: int, price: str, **more: Any) -> dict[str, Any]:
    total = usd(str(Decimal(price) * quantity))
    return {
        "reference": sku.lower(),
        "sku": sku,
        "quantity": str(quantity),
        "price": usd(price),
        "total": total,
        **more,
    }


def steps(*lines: dict[str, Any], total: str = "65.00", **content: Any) -> tuple[CustomerStep, OrderStep]:
    """An order of a known person: by default two mugs and two lamps at prices of the shop."""
    rows: Sequence[dict[str, Any]] = lines or (sold("MUG", 2, "12.50"), sold("LAMP", 2, "20.00"))
    flow = {
        "write_back": content.pop("write_back", {}),
        "mapping": content.pop("mapping", {"ship_via": {"UPS": "1"}}),
    }
    document = {
        "number": NUMBER,
        "email": "ada@example.com",
        "lines": rows,
        "ship_to": ADDRESS,
        "bill_to": ADDRESS,
        "total": usd(total),
        **content,
    }
    customer, taken = planned(event_of("order.created", **document), manner=MANNER, **flow)[1]
    assert isinstance(customer, CustomerStep)
    assert isinstance(taken, OrderStep)
    return customer, taken


def bought(person: int = PERSON) -> Known:
    """What the order's step knows after its person's."""
    made = DocumentRef(connection=CONNECTION, kind="customer", number=str(person), key=str(person))
    return Known(made={f"customer:{NUMBER}": made})
