"""The stock behind an order's lines: what is there of each product at each inventory location, and what has left it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from connector.systems.aptify.matching import Line
from connector.systems.aptify.records import ZERO, Record
from connector.systems.aptify.site import Site

STOCK = "Product Inventory"
Place = tuple[str, str]
"""A product and an inventory location, by their ids."""


@dataclass(frozen=True)
class Amounts:
    """Units on hand, reserved for orders, and shipped so far."""

    on_hand: Decimal = ZERO
    reserved: Decimal = ZERO
    shipped: Decimal = ZERO

    def __add__(self, other: "Amounts") -> "Amounts":
        return Amounts(
            self.on_hand + other.on_hand, self.reserved + other.reserved, self.shipped + other.shipped
        )


@dataclass(frozen=True)
class Leaving:
    """What leaves one location of one product."""

    line: Line
    quantity: Decimal

    @property
    def place(self) -> Place:
        """Where it leaves."""
        return self.line.product.id, self.line.place

    def __str__(self) -> str:
        return f"{self.line.sku} at {self.line.line.title('InventoryLocationID') or f'location {self.line.place}'}"


def leaving(lines: Sequence[Line]) -> tuple[Leaving, ...]:
    """What these lines take from the stock, each product and location once; where a line has no location, nothing."""
    found: dict[Place, Leaving] = {}
    for line in lines:
        if line.tracked and line.place and line.quantity:
            here = line.product.id, line.place
            before = found[here].quantity if here in found else ZERO
            found[here] = Leaving(line, before + line.quantity)
    return tuple(found.values())


async def stock_of(site: Site, lines: Sequence[Line]) -> Mapping[Place, Amounts] | None:
    """What is there of the tracked products of these lines, at every location; None without a view for it."""
    view = site.settings.views.inventory
    if view is None:
        return None
    name = site.client.names.there(STOCK, "ProductID")
    found: dict[Place, Amounts] = {}
    for product in dict.fromkeys(line.product.id for line in lines if line.tracked):
        for row in await site.client.view(view, STOCK, f"{name} = {product}"):
            here = product, row.key("InventoryLocationID")
            found[here] = found.get(here, Amounts()) + _amounts(row)
    return found


def _amounts(row: Record) -> Amounts:
    return Amounts(*(row.number(f"Quantity{name}") for name in ("OnHand", "Reserved", "Shipped")))
