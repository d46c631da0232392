"""What the tests of refunds at Acumatica have in common: orders that were billed there, refunds, pay-outs. No tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connector.planned import PayoutStep, RefundStep
from connector.systems.acumatica import target
from connector.systems.acumatica.client import Client
from connector.systems.base import Comparing, Known
from schemas.base import DocumentRef, Money
from schemas.documents import Refund, RefundLine
from schemas.refunds import RefundRules
from tests.systems.acumatica_target_site import (
    SHOP,
    Done,
    TargetSite,
    common,
    linked,
    new_number,
    order_step,
    payment_step,
    usd,
)

WRITES: dict[str, Any] = {
    "refunds": {"shipping_item": "SHIPPING", "adjustment_item": "ADJUST", "goods_item": "NO-STOCK"}
}
"""The `orders` settings of a connection that books refunds."""

_LETTERS = "abcdefgh"


@dataclass(frozen=True)
class Ordered:
    """An order at the site: the storefront's number, Acumatica's own, what is known of it, and its invoice."""

    number: str
    key: str
    known: Known
    invoice: str = ""


def ordered(site: TargetSite, *, paid: bool = False, **content: Any) -> Ordered:
    """An order of 109.50 that is not billed."""
    site.post("seed", {"items": ["SHIPPING", "ADJUST", "NO-STOCK"]})
    number = new_number()
    known = linked(site.order(order_step(number, content=content), orders=WRITES).effect)
    assert known.order is not None
    if paid:
        site.run(payment_step(number), known)
    return Ordered(number, known.order.number.removeprefix("SO-"), known)


def billed(site: TargetSite, *, released: bool = True, **options: Any) -> Ordered:
    """The same, shipped and invoiced."""
    found = ordered(site, **options)
    invoice = bill(site, found.key, released=released)
    return Ordered(found.number, found.key, found.known, invoice)


def bill(site: TargetSite, key: str, released: bool = True) -> str:
    """Ship and invoice an order, as people do; gives the invoice's number."""
    shipment = site.post(f"orders/SO/{key}/ship")["ShipmentNbr"]["value"]
    site.post(f"shipments/{shipment}/confirm")
    site.post(f"act/Shipment/{shipment}/PrepareInvoice")
    invoice: str = site.documents("SalesInvoice")[-1]["ReferenceNbr"]["value"]
    if released:
        site.post(f"act/SalesInvoice/Invoice/{invoice}/ReleaseSalesInvoice")
    return invoice


def back(reference: str, sku: str, quantity: str, total: str, **changes: Any) -> RefundLine:
    """So much of one line given back."""
    return RefundLine(
        order_line=reference,
        sku=sku,
        name=f"{sku} in words",
        quantity=Decimal(quantity),
        price=usd(total) if quantity == "1" else None,
        total=usd(total),
        **changes,
    )


BAGS = back("11", "24-MB01", "2", "68.00")
WATCH = back("12", "24-WG02", "1", "36.50", discount=usd("3.00"))


def refund_step(
    order: Ordered,
    amount: str,
    lines: Sequence[RefundLine] = (),
    nth: int = 0,
    rules: Mapping[str, Any] | None = None,
    **content: Any,
) -> RefundStep:
    """The `nth` refund of an order; its goods return to the stock unless `rules` say otherwise."""
    document = DocumentRef(connection=SHOP, kind="refund", number=f"R{order.number}-{nth}")
    shared = common("refund", order.number, document=document)
    shared["reference"] = shared["reference"][:-1] + _LETTERS[nth]
    known: dict[str, Any] = {
        "number": document.number,
        "order": order.number,
        "currency": "USD",
        "total": usd(amount),
        "lines": tuple(lines),
        "refunded_at": "2026-03-09T10:00:00Z",
    }
    asked = RefundRules.model_validate({"restock": "always"} | dict(rules or {}))
    return RefundStep(**shared, content=Refund(**(known | content)), rules=asked, paid=usd("109.50"))


def whole(order: Ordered, **changes: Any) -> RefundStep:
    """All of it."""
    return refund_step(order, "109.50", (BAGS, WATCH), shipping=usd("8.00"), **changes)


def payout_step(order: Ordered, amount: str, currency: str = "USD", **rules: Any) -> PayoutStep:
    """The pay-out of the refund of an order."""
    document = DocumentRef(connection=SHOP, kind="refund", number=f"R{order.number}-0")
    return PayoutStep(
        **common("payout", order.number, document=document, needs=(f"refund:{order.number}",)),
        amount=Money(amount=Decimal(amount), currency=currency),
        rules=RefundRules(pay_out=True, **rules),
    )


def run(site: TargetSite, step: RefundStep | PayoutStep, order: Ordered, **changes: Any) -> Done:
    """Run a step of the refund with the order known by its link."""
    return site.run(step, order.known, changes.pop("orders", WRITES), **changes)


def after(order: Ordered, refund: Done) -> Known:
    """What is known once the refund step is done."""
    return Known(order=order.known.order, made={f"refund:{order.number}": refund.effect.document})


def plain(document: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a document's own fields."""
    return {name: one.get("value") for name, one in document.items() if isinstance(one, dict)}


def found(site: TargetSite, entity: str, reference: str) -> list[dict[str, Any]]:
    """The documents that bear a reference, oldest first."""
    return [one for one in site.documents(entity) if one.get("ExternalRef", {}).get("value") == reference]


def rows(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The lines of a document."""
    return [plain(one) for one in document["Details"]]


def compared(site: TargetSite, step: RefundStep | PayoutStep, known: Known) -> list[tuple[str, str, str]]:
    """Each field as it must be and as it stands at the site; what stands there can be told, where all is equal."""
    settings = site.settings(WRITES)

    async def whole_of(client: Client) -> list[tuple[str, str, str]]:
        recipe = target.recipe(client, settings, step, known)
        assert isinstance(recipe, Comparing)
        fields = await recipe.compare()
        if not any(one.differs for one in fields):
            assert (await recipe.standing()).document.number
        return [(one.label, one.expected, one.there) for one in fields]

    return site.job(settings, whole_of)
