"""Which lines of an order the lines of a shipment or a refund mean: by their ids where the order is Aptify's own, else
by the product's code, and of several lines with one product in their order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from connector.errors import MappingMissing, Rejected
from connector.systems.aptify.records import ZERO, Record
from connector.systems.aptify.site import LINES, Site


@dataclass(frozen=True)
class Asked:
    """So much of an article; `reference` is the id of the order's own line, where the order is Aptify's."""

    reference: str
    sku: str
    quantity: Decimal


@dataclass(frozen=True)
class Line:
    """A line of the order with its product, and how much of it is meant. `tracked`: does it move counted stock?"""

    line: Record
    product: Record
    tracked: bool
    quantity: Decimal = ZERO

    @property
    def id(self) -> str:
        """The line's id."""
        return self.line.id

    @property
    def sku(self) -> str:
        """The product's code, or else its id."""
        return self.product.text("Code") or self.product.id

    @property
    def has(self) -> Decimal:
        """How much of it the order has."""
        return self.line.number("Quantity")

    @property
    def place(self) -> str:
        """The id of its inventory location; "" where it has none."""
        return self.line.key("InventoryLocationID")


@dataclass(frozen=True)
class Allotted:
    """So much of a line is meant by this one of those that ask."""

    asked: int
    line: Line
    quantity: Decimal


async def lines_of(site: Site, order: Record) -> tuple[Line, ...]:
    """The lines of an order, of none of which anything is meant yet. What is dropped shipped moves no stock."""
    counted = not order.flag("DropShip")
    found = []
    for line in order.of(LINES):
        product = await site.product(line.key("ProductID"))
        found.append(Line(line, product, counted and product.flag("TrackInventory")))
    return tuple(found)


async def allot(
    site: Site, order: Record, asked: Sequence[Asked], *, born_here: bool
) -> tuple[Allotted, ...]:
    """How much of which line each of those that ask means; raises MappingMissing for an article that the order has
    not, Rejected where more is meant than it has."""
    lines = await lines_of(site, order)
    left = {line.id: line.has for line in lines}
    found = []
    for place, one in enumerate(asked):
        fitting = _fitting(lines, one, born_here=born_here)
        if not fitting:
            has = ", ".join(line.sku for line in lines) or "none"
            raise MappingMissing(
                f"order {order.id} @ {site.connection} has no line for {one.sku} (its lines: {has}): map it "
                "(mapping.item)",
                code="no line",
                field=one.sku,
            )
        wanted = one.quantity
        for line in fitting:
            part = min(wanted, max(left[line.id], ZERO))
            if part:
                found.append(Allotted(place, line, part))
            left[line.id] -= part
            wanted -= part
        if wanted > 0:
            there = sum((line.has for line in fitting), ZERO)
            raise Rejected(
                f"{one.quantity:f} of {one.sku} are meant, and order {order.id} @ {site.connection} has {there:f}",
                code="too much",
                field=one.sku,
            )
    return tuple(found)


async def shipping(site: Site, order: Record, asked: Sequence[Asked], *, born_here: bool) -> tuple[Line, ...]:
    """All lines of the order, each with how much of it is to ship: as asked, and what moves no stock along with the
    rest. Raises as `allot` does."""
    meant: dict[str, Decimal] = {}
    for one in await allot(site, order, asked, born_here=born_here):
        meant[one.line.id] = meant.get(one.line.id, ZERO) + one.quantity
    return tuple(_shipped(line, meant) for line in await lines_of(site, order))


def _shipped(line: Line, meant: Mapping[str, Decimal]) -> Line:
    return replace(line, quantity=meant.get(line.id, ZERO if line.tracked else line.has))


def _fitting(lines: Sequence[Line], asked: Asked, *, born_here: bool) -> list[Line]:
    own = [line for line in lines if born_here and line.id == asked.reference]
    return own or [line for line in lines if line.product.text("Code") == asked.sku]
