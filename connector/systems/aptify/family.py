"""An order as it was placed: Aptify splits it where it ships in part, into the order and its back orders. Pure.

The order's quantities are reduced to what shipped, and each product that is left becomes a back order, which names it
as its original order. A cancellation order names the shipped order that it turns back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from connector.errors import NotUnderstood, Rejected
from connector.systems.aptify.records import ZERO, Record, as_text
from connector.systems.aptify.site import (
    BACK_ORDERED,
    CANCELLATION,
    CANCELLED,
    LINES,
    QUOTATION,
    SHIPPED,
    same,
)


@dataclass(frozen=True)
class Member:
    """One record of Orders with the names of its status and type."""

    record: Record
    status: str
    type: str

    @property
    def number(self) -> str:
        """The number of an order is its id."""
        return self.record.id

    @property
    def original(self) -> str:
        """The number of the order that it was made of; "" for one that was placed."""
        return self.record.key("OriginalOrderID")

    @property
    def shipped(self) -> bool:
        """Has it left? Shipped is final."""
        return same(self.status, SHIPPED)

    @property
    def cancelled(self) -> bool:
        """Was it cancelled before it shipped?"""
        return same(self.status, CANCELLED)

    @property
    def is_return(self) -> bool:
        """Is it a cancellation order?"""
        return same(self.type, CANCELLATION)

    @property
    def is_order(self) -> bool:
        """Does it order goods? A quotation does not, and a cancellation order turns them back."""
        return not same(self.type, QUOTATION, CANCELLATION)

    @cached_property
    def lines(self) -> tuple[Record, ...]:
        """Its order lines; what shipped in part leaves lines of quantity 0."""
        return self.record.of(LINES)


@dataclass(frozen=True)
class Family:
    """The order that was placed, the back orders that were made of it, each behind the one it was made of, and its
    cancellation orders. `products` are those of all lines by id, `email` is that of who pays, `services` are the types
    of products of which nothing is sent."""

    root: Member
    back_orders: tuple[Member, ...] = ()
    returns: tuple[Member, ...] = ()
    products: Mapping[str, Record] = field(default_factory=dict)
    email: str = ""
    services: tuple[str, ...] = ()

    @property
    def members(self) -> tuple[Member, ...]:
        """All that orders goods."""
        return (self.root, *self.back_orders)

    @property
    def open_back_orders(self) -> tuple[Member, ...]:
        """Those that have not shipped, and are not cancelled."""
        return tuple(one for one in self.back_orders if not one.shipped and not one.cancelled)

    def changed_at(self, zone: ZoneInfo) -> datetime:
        """When the latest change of any of them was. Raises NotUnderstood."""
        return max(changed_at(one.record, zone) for one in (*self.members, *self.returns))

    def goods_of(self, member: Member) -> tuple[Record, ...]:
        """Its lines of which something is sent."""
        return tuple(line for line in member.lines if line.number("Quantity") > 0 and self.travels(line))

    def travels(self, line: Record) -> bool:
        """Is anything sent of a line's product? Nothing is of subscriptions, memberships, places at meetings."""
        product = self._product(line)
        return not product.flag("IsSubscription") and not same(product.title("ProductTypeID"), *self.services)

    def sku(self, line: Record) -> str:
        """The code of a line's product. Raises Rejected where it has none."""
        product = self._product(line)
        if code := product.text("Code"):
            return code
        text = (
            f"product {product.id} ({product.text('Name')}) has no code: give it the code by which it is sold"
        )
        raise Rejected(text, code="no code", field="Code")

    def born_as(self, line: Record) -> str:
        """The id of the line that was placed, of which this one is a part."""
        return self._births.get(line.id, line.id)

    def placed_lines(self) -> Mapping[str, list[tuple[Member, Record]]]:
        """What was placed, line by line: id -> the lines into which it was split, each with the order it stands on."""
        found: dict[str, list[tuple[Member, Record]]] = {}
        for member in self.members:
            for line in member.lines:
                found.setdefault(self.born_as(line), []).append((member, line))
        return found

    def waiting(self) -> Mapping[str, Decimal]:
        """What is on back order, SKU -> units."""
        own = (self.root,) if same(self.root.status, BACK_ORDERED) else ()
        return self._sums((*own, *self.open_back_orders), 1)

    def given_up(self) -> Mapping[str, Decimal]:
        """What was cancelled while it was on back order, SKU -> units."""
        return self._sums(tuple(one for one in self.back_orders if one.cancelled), 1)

    def returned(self) -> Mapping[str, Decimal]:
        """What cancellation orders that took effect have turned back, SKU -> units."""
        return self._sums(tuple(one for one in self.returns if one.shipped), -1)

    def _sums(self, members: tuple[Member, ...], sign: int) -> dict[str, Decimal]:
        found: dict[str, Decimal] = {}
        for line in (line for member in members for line in member.lines):
            units = sign * line.number("Quantity")
            if units > 0:
                found[self.sku(line)] = found.get(self.sku(line), ZERO) + units
        return found

    def _product(self, line: Record) -> Record:
        if found := self.products.get(line.key("ProductID")):
            return found
        raise Rejected(f"{line} has no product", code="no product", field="ProductID")

    @cached_property
    def _births(self) -> Mapping[str, str]:
        """Line -> the line that was placed: by its original line where it names one, else by the product."""
        found = {line.id: line.id for line in self.root.lines}
        by_product: dict[str, list[str]] = {}
        for line in self.root.lines:
            by_product.setdefault(line.key("ProductID"), []).append(line.id)
        for line in (line for member in self.back_orders for line in member.lines):
            alike = by_product.get(line.key("ProductID"), [])
            alone = alike[0] if len(alike) == 1 else line.id
            found[line.id] = found.get(line.key("OriginalOrderDetailID"), alone)
        return found


def changed_at(record: Record, zone: ZoneInfo) -> datetime:
    """When a record was changed last; raises NotUnderstood where it does not say."""
    moment = record.moment("DateUpdated", zone) or record.moment("DateCreated", zone)
    if moment is None:
        raise NotUnderstood(f"{record} does not say when it was changed (DateUpdated)", field="DateUpdated")
    return moment


def in_words(units: Mapping[str, Decimal]) -> str:
    """So many of each, for people."""
    return ", ".join(f"{as_text(count.normalize())} × {sku}" for sku, count in units.items())
