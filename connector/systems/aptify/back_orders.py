"""Orders that take what an order left behind when a part of it shipped: which of them a further shipment means, and
whether there is one for each product.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from connector.errors import Missing, Rejected
from connector.systems.aptify.matching import Asked
from connector.systems.aptify.records import ZERO, Record
from connector.systems.aptify.site import CANCELLATION, CANCELLED, LINES, OPEN, SHIPPED, Site


@dataclass(frozen=True)
class Holding:
    """An order, and how much it has of each product, by code."""

    order: Record
    goods: Mapping[str, Decimal]

    def __str__(self) -> str:
        return f"{self.order.id} ({self.told})"

    @property
    def told(self) -> str:
        """`2 of MUG, 1 of LAMP`."""
        return ", ".join(f"{quantity:f} of {sku}" for sku, quantity in self.goods.items() if quantity)


async def holding(site: Site, order: Record) -> Holding:
    """What an order with its lines has."""
    goods = dict[str, Decimal]()
    for line in order.of(LINES):
        product = await site.product(line.key("ProductID"))
        sku = product.text("Code") or product.id
        goods[sku] = goods.get(sku, ZERO) + line.number("Quantity")
    return Holding(order, goods)


async def back_orders(site: Site, order: Record) -> tuple[Holding, ...]:
    """The back orders of an order, cancelled ones left out, oldest first."""
    rows = [
        row
        for row in await site.following(order)
        if site.type(row) != CANCELLATION and site.status(row) != CANCELLED
    ]
    missing = Missing("order", order.id, site.connection)
    return tuple([await holding(site, await site.order(row.id, missing)) for row in rows])


async def meant(site: Site, order: Record, asked: Sequence[Asked], tracking: str) -> Record:
    """Which order a shipment ships: the order itself, or what is left of it where it has shipped already. Raises
    Rejected where that is more than one back order, or nothing, or may be what has shipped already."""
    if site.status(order) != SHIPPED:
        return order
    family = await _family(site, order)
    shipped = [one for one in family if site.status(one.order) == SHIPPED]
    if same := [one for one in shipped if tracking and one.order.text("TrackingNumber") == tracking]:
        return same[0].order
    goods = dict[str, Decimal]()
    for one in asked:
        goods[one.sku] = goods.get(one.sku, ZERO) + one.quantity
    alike = [one for one in shipped if goods.items() <= one.goods.items()]
    left = [one for one in family if site.status(one.order) in OPEN and one.goods.keys() & goods.keys()]
    told = f"order {order.id} @ {site.connection} has shipped ({', '.join(map(str, shipped))})"
    if not left and alike:
        return alike[0].order
    if not left:
        said = ", ".join(f"{quantity:f} of {sku}" for sku, quantity in goods.items())
        raise _for_a_person(f"{told}, and this shipment is of {said}: that cannot be changed any more")
    told = f"{told}, and what is left of it stands on {', '.join(map(str, left))}"
    unsure = [one for one in alike if not (tracking and one.order.text("TrackingNumber"))]
    if unsure:
        raise _for_a_person(f"{told}: whether this shipment is of that, or has left already, cannot be told")
    if len(left) > 1:
        raise _for_a_person(f"{told}, which is more than one order for one shipment")
    return left[0].order


async def _family(site: Site, order: Record) -> tuple[Holding, ...]:
    """The order, its back orders, and theirs."""
    found = [await holding(site, order)]
    for one in found:  # it grows by what follows from each
        if site.status(one.order) == SHIPPED:
            found += await back_orders(site, one.order)
    return tuple(found)


def _for_a_person(text: str) -> Rejected:
    hint = "see there what has shipped, ship what has not, and resolve this entry"
    return Rejected(f"{text}; {hint}", code="shipped already", field="order")
