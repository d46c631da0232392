"""A sales order: found by the storefront's number and our marker, made, and read back to the cent."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from connector.errors import Missing, OutcomeUnknown, Partial, Rejected
from connector.planned import OrderStep
from connector.reference import bears, references_in
from connector.systems.acumatica.locating import (
    CANCELED,
    number_there,
    orders_named,
    read_order,
    reference_to,
)
from connector.systems.acumatica.order_body import asked_lines, cents, order_body, shipping_charged
from connector.systems.acumatica.standing import ZERO, OrderThere, amount
from connector.systems.acumatica.writing import Site
from connector.systems.base import Effect, Known
from schemas.base import DocumentRef

Difference = tuple[str, str, str]
"""What is compared, as it was asked for, as it stands there."""


@dataclass
class OrderRecipe:
    """One sales order. The storefront's number is no native key: nothing keeps a site from having it twice."""

    site: Site
    step: OrderStep
    known: Known
    native_key: bool = False

    async def find(self) -> tuple[Effect, ...]:
        """The orders that bear our marker; without one, those that somebody else entered under the same number.

        Raises Rejected where the one that stands there came from another flow or storefront.
        """
        named = await orders_named(self.site, self.step.order.order.number)
        ours = [one for one in named if bears(one.note, self.step.reference)]
        found = ours or [one for one in named if one.Status != CANCELED and self._may_be_meant(one)]
        return tuple(map(self._effect, found))

    async def create(self) -> Effect:
        """Enter the order; the number is the one that Acumatica gives."""
        body = order_body(self.step, self._customer, self.site.settings)
        document = self.step.order.order
        made = await self.site.put("SalesOrder", body, OrderThere, _missing(document), insert=True)
        if not made.OrderType or not made.OrderNbr:
            raise OutcomeUnknown(f"{document} was entered, but Acumatica does not say under which number")
        return self._effect(made)

    async def verify(self, effect: Effect) -> Effect:
        """Read the order and compare. One that somebody else entered is taken as it stands, and says so.

        Raises Partial with both sides.
        """
        there = await read_order(self.site, effect.document.number)
        found = tuple(differences(self.step, there, self._customer, self.site))
        texts = [f"{label}: asked {asked}, there {stands}" for label, asked, stands in found]
        if not bears(there.note, self.step.reference):
            said = "; ".join(texts) or "none"
            return self._effect(there, {"entered by": "somebody else, and adopted", "differences": said})
        if texts:
            raise Partial(f"order {number_there(there)} differs from what was asked: {'; '.join(texts)}")
        return self._effect(there)

    @property
    def _customer(self) -> str:
        """The customer that an earlier step found or made; a rehearsal has none yet, and shows which step it is."""
        made = [self.known.made[key].number for key in self.step.needs if key in self.known.made]
        return made[0] if made else f"(of {', '.join(self.step.needs) or 'no step'})"

    def _may_be_meant(self, order: OrderThere) -> bool:
        """An order without any marker, or the linked one: it has the same number because it is the same order."""
        number, linked = number_there(order), self.known.order
        others = references_in(order.note)
        if not others or (linked is not None and linked.number == number):
            return True
        raise Rejected(
            f"order {number} has {self.site.settings.order_reference} {self.step.order.order.number}, but came from "
            f"another flow or storefront (its note bears {', '.join(others)}): if it is the same order, take that line "
            "out of its note, else give it another number there; then retry",
            code="ambiguous order",
            field=self.site.settings.order_reference,
        )

    def _effect(self, order: OrderThere, more: Mapping[str, str] | None = None) -> Effect:
        seen = {
            "status": order.Status,
            "total": "" if order.OrderTotal is None else f"{order.OrderTotal:f} {order.CurrencyID}",
            "lines": ", ".join(f"{amount(one.OrderQty):f} × {one.InventoryID}" for one in order.Details),
            **(more or {}),
        }
        return Effect(
            reference_to(self.site, order),
            seen={label: text for label, text in seen.items() if text},
            ours=bears(order.note, self.step.reference),
        )


# -- reading back ------------------------------------------------------------------------------------------------------


def differences(step: OrderStep, there: OrderThere, customer: str, site: Site) -> Iterator[Difference]:
    """Where the order is not as asked, each with both sides."""
    settings, order = site.settings, step.content
    custom = settings.custom_reference
    reference = there.custom_text(*custom) if custom else getattr(there, settings.order_reference)
    texts = (
        (settings.order_reference, step.order.order.number, reference),
        ("customer", customer, there.CustomerID),
        ("currency", order.currency, there.CurrencyID),
        ("ship via", step.ship_via.code if step.ship_via else "", there.ShipVia),
    )
    for label, asked, stands in texts:
        if asked and asked.strip().casefold() != stands.casefold():
            yield label, asked, stands or "nothing"
    tolerance = settings.orders.total_tolerance
    yield from _line_differences(step, there, settings.orders.price_decimals, tolerance)
    charged = shipping_charged(order)
    freight = amount(there.Totals.Freight) + amount(there.Totals.PremiumFreight)
    if abs(charged - freight) > tolerance:
        yield "shipping", f"{charged:f}", f"{freight:f}"
    total = cents(amount(there.OrderTotal))
    if order.total is not None and abs(order.total.amount - total) > tolerance:
        tax = order.tax.amount if order.tax else ZERO
        yield (
            "total",
            f"{order.total.amount:f} (tax {tax:f})",
            f"{total:f} (tax {amount(there.TaxTotal):f})",
        )


def _line_differences(
    step: OrderStep, there: OrderThere, decimals: int, tolerance: Decimal
) -> Iterator[Difference]:
    """By SKU, since the same one may stand in several lines."""
    asked, stands = _Sums(), _Sums()
    for one in asked_lines(step.content, decimals):
        asked.add(one.line.sku, one.line.quantity, one.amount)
    for line in there.Details:
        stands.add(line.InventoryID, amount(line.OrderQty), amount(line.Amount))
    for key in dict.fromkeys((*asked.sums, *stands.sums)):
        (quantity, value), (quantity_there, value_there) = asked.of(key), stands.of(key)
        if quantity != quantity_there or abs(value - value_there) > max(tolerance, _HALF_A_CENT):
            yield key, f"{quantity:f} for {value:f}", f"{quantity_there:f} for {value_there:f}"


_HALF_A_CENT = Decimal("0.005")
"""A unit price of many decimals comes to a fraction of a cent more or less."""


class _Sums:
    """Quantity and amount by SKU, without regard to case and padding."""

    def __init__(self) -> None:
        self.sums: dict[str, tuple[Decimal, Decimal]] = {}

    def of(self, key: str) -> tuple[Decimal, Decimal]:
        return self.sums.get(key, (ZERO, ZERO))

    def add(self, sku: str, quantity: Decimal, value: Decimal) -> None:
        key = sku.strip().upper()
        before = self.of(key)
        self.sums[key] = (before[0] + quantity, before[1] + value)


def _missing(document: DocumentRef) -> Missing:
    return Missing(document.kind, document.number, document.connection)
