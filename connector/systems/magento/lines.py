"""Whose goods are these: the lines of a shipment or an invoice, found among the items of a Magento order.

Pure. What Magento ships is not always what the source names: of a configurable the parent ships, of a bundle
either the parent or its components, and virtual goods never do, though they are billed. Sending is `shipments.py`
and `invoices.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Literal

from connector.errors import MappingMissing
from connector.planned import StepLine
from connector.systems.magento.settings import BundleForm
from connector.systems.magento.wire import ZERO, Order, OrderItem, Shipment

NEVER_SHIPPED = frozenset({"virtual", "downloadable"})
Use = Literal["shipping", "billing"]


@dataclass(frozen=True)
class Family:
    """A composite line and the components that are goods: a configurable and its variant, a bundle and its
    parts."""

    parent: OrderItem
    children: tuple[OrderItem, ...]

    @property
    def is_variant(self) -> bool:
        """A configurable and its variant: two lines of one SKU, of which the parent ships."""
        return self.parent.product_type == "configurable"

    @property
    def is_bundle(self) -> bool:
        """Only bundles may ship their components one by one."""
        return self.parent.product_type == "bundle"

    def parents_for(self, child: OrderItem, quantity: Decimal) -> Fraction:
        """How many parents so many of one component make up."""
        return Fraction(quantity) * Fraction(self.parent.qty_ordered) / Fraction(child.qty_ordered)

    def children_for(self, child: OrderItem, quantity: Decimal) -> Decimal:
        """How many of one component so many parents hold."""
        return quantity * child.qty_ordered / self.parent.qty_ordered


@dataclass(frozen=True)
class Goods:
    """The items of an order, by what they are, to be shipped or to be billed."""

    order: Order
    use: Use = "shipping"

    @cached_property
    def by_id(self) -> Mapping[str, OrderItem]:
        """Item id -> item."""
        return {item.item_id: item for item in self.order.items}

    def counts(self, item: OrderItem) -> bool:
        """Is this item goods here? Virtual ones are billed and never shipped."""
        return self.use == "billing" or _ships(item)

    @cached_property
    def families(self) -> Mapping[str, Family]:
        """Item id of the parent -> the parent with the components that count."""
        children: dict[str, list[OrderItem]] = {}
        for item in self.order.items:
            if item.parent_item_id in self.by_id and self.counts(item) and item.qty_ordered:
                children.setdefault(str(item.parent_item_id), []).append(item)
        return {key: Family(self.by_id[key], tuple(found)) for key, found in children.items()}

    def family_of(self, item: OrderItem) -> Family | None:
        """The family that this item is the parent or a component of."""
        return self.families.get(item.parent_item_id or item.item_id)

    @property
    def anything_left(self) -> bool:
        """Whether some goods are still to be shipped. Of a configurable the parent tells (a variant's own
        number stays 0: recording `order.get.configurable_part_shipped`), of a bundle the parent or a
        component."""
        return any(
            item.left > 0 and _ships(item) and self.travels_as(item) is item for item in self.order.items
        )

    def travels_as(self, item: OrderItem) -> OrderItem:
        """The item a source means when it names this one: a variant stands for its configurable."""
        family = self.family_of(item)
        return family.parent if family and family.is_variant else item

    def named(self, sku: str) -> tuple[OrderItem, ...]:
        """The items with this SKU, a configurable and its variant as one; virtual goods included."""
        found = (self.travels_as(item) for item in self.order.items if same_sku(item.sku, sku))
        return tuple({item.item_id: item for item in found}.values())

    def forms_seen(self, shipments: Iterable[Shipment]) -> dict[str, BundleForm]:
        """Item id of a bundle -> how it ships, where a shipment shows it.

        A shipment of components lists their bundle too, one of the whole bundle does not list its components
        (2.4.7 recordings `shipments.bundle_separately`, `shipments.bundle_together`).
        """
        seen: dict[str, BundleForm] = {}
        for shipment in shipments:
            shipped = {item.order_item_id for item in shipment.items if item.qty}
            for key, family in self.families.items():
                if family.is_bundle and any(child.item_id in shipped for child in family.children):
                    seen[key] = "separately"
                elif family.is_bundle and key in shipped:
                    seen.setdefault(key, "together")
        return seen

    def shown(self, quantities: Mapping[str, Decimal], forms: Mapping[str, BundleForm]) -> dict[str, Decimal]:
        """Quantities of a shipment or invoice without the lines that Magento adds by itself: the parent of
        components that go one by one, the components of a parent that goes whole."""
        return {key: quantity for key, quantity in quantities.items() if not self._is_added(key, forms)}

    def _is_added(self, key: str, forms: Mapping[str, BundleForm]) -> bool:
        item = self.by_id.get(key)
        family = self.family_of(item) if item else None
        if item is None or family is None:
            return False
        separately = family.is_bundle and forms.get(family.parent.item_id) == "separately"
        return separately == (item is family.parent)


@dataclass(frozen=True)
class Allocation:
    """Order item id -> how many to ship or to bill, and the form that each bundle concerned was given."""

    quantities: Mapping[str, Decimal]
    forms: Mapping[str, BundleForm]


def same_sku(one: str, other: str) -> bool:
    """SKUs are compared without case and surrounding blanks, as Magento's database does."""
    return one.strip().casefold() == other.strip().casefold()


def allocate(
    goods: Goods,
    lines: Sequence[StepLine],
    *,
    left: Mapping[str, Decimal],
    known: Mapping[str, BundleForm],
    first: BundleForm,
) -> Allocation:
    """Find the order items that the lines speak of.

    `left` is how many of each item may be meant, and decides only between several items of one SKU. `known`
    is how bundles are known to ship, `first` what is tried where that is not known. Raises MappingMissing
    where a line has no item, or no single one.
    """
    asked = _asked(goods, [line for line in lines if line.quantity], left)
    quantities: dict[str, Decimal] = {}
    forms: dict[str, BundleForm] = {}
    for key, quantity in asked.items():
        family = goods.family_of(goods.by_id[key])
        if family is None:
            quantities[key] = quantity
        elif family.parent.item_id not in forms:
            form = known.get(family.parent.item_id) if family.is_bundle else "together"
            found, forms[family.parent.item_id] = _fold(goods, family, asked, form, first)
            quantities |= found
    return Allocation(quantities, forms)


def _ships(item: OrderItem) -> bool:
    return not item.is_virtual and item.product_type not in NEVER_SHIPPED


def _asked(goods: Goods, lines: Sequence[StepLine], left: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Item id -> quantity, in the items that the source names; what does not count is left out."""
    asked: dict[str, Decimal] = {}
    by_sku: dict[str, list[StepLine]] = {}
    for line in lines:
        item = _referenced(goods, line)
        if item is None:
            by_sku.setdefault(line.sku.strip().casefold(), []).append(line)
        elif goods.counts(item):
            asked[item.item_id] = asked.get(item.item_id, ZERO) + line.quantity
    for same in by_sku.values():
        room = {key: quantity - asked.get(key, ZERO) for key, quantity in left.items()}
        for key, quantity in _by_sku(goods, same, room).items():
            asked[key] = asked.get(key, ZERO) + quantity
    return asked


def _referenced(goods: Goods, line: StepLine) -> OrderItem | None:
    """The item that bears the line's reference, as its own id or as the one it was pushed with, and the same
    SKU: a line number alone could be the id of anything."""
    if not line.reference:
        return None
    same = [item for item in goods.order.items if same_sku(item.sku, line.sku)]
    bearing = [item for item in same if item.ext_order_item_id == line.reference]
    for item in bearing or [item for item in same if item.item_id == line.reference]:
        return goods.travels_as(item)
    return None


def _by_sku(goods: Goods, lines: Sequence[StepLine], room: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """All lines of one SKU -> items. Several items of that SKU must leave no choice."""
    sku, total = lines[0].sku, sum((line.quantity for line in lines), ZERO)
    named = goods.named(sku)
    items = [item for item in named if goods.counts(item)]
    if not named:
        others = ", ".join(dict.fromkeys(item.sku for item in goods.order.items)) or "none"
        raise MappingMissing(
            f"order {goods.order.increment_id} has no line with SKU {sku}; its SKUs are {others}", field=sku
        )
    if len(items) <= 1:
        return {item.item_id: total for item in items}
    free = {item.item_id: _room(goods, item, room) for item in items}
    if total == sum(free.values(), ZERO):
        return {key: quantity for key, quantity in free.items() if quantity}
    enough = [key for key, quantity in free.items() if quantity >= total]
    if len(enough) == 1:
        return {enough[0]: total}
    said = ", ".join(f"item {key} with {quantity:f} left" for key, quantity in free.items())
    raise MappingMissing(
        f"order {goods.order.increment_id} has several lines with SKU {sku} ({said}), and {total:f} could be "
        f"taken from them in more than one way: give line references, or do the {goods.use} by hand",
        field=sku,
    )


def _room(goods: Goods, item: OrderItem, room: Mapping[str, Decimal]) -> Decimal:
    """How many of this item may be meant; of a bundle's components, the bundle's own number may tell."""
    family = goods.family_of(item)
    own = max(ZERO, room.get(item.item_id, ZERO))
    if family is None or item is family.parent:
        return own
    return max(own, family.children_for(item, max(ZERO, room.get(family.parent.item_id, ZERO))))


def _fold(
    goods: Goods, family: Family, asked: Mapping[str, Decimal], form: BundleForm | None, first: BundleForm
) -> tuple[dict[str, Decimal], BundleForm]:
    """The quantities of one family in the form in which it ships; where the form is not known, in one that
    fits."""
    whole = _whole(family, asked)
    if (form or first) == "together" and whole is not None:
        return {family.parent.item_id: whole}, "together"
    if form == "together":
        raise MappingMissing(_broken(goods, family, asked), field=family.parent.sku)
    return _apart(family, asked), "separately"


def _whole(family: Family, asked: Mapping[str, Decimal]) -> Decimal | None:
    """How many whole parents were asked for, or None where the components do not make up whole ones."""
    parts = [child for child in family.children if child.item_id in asked]
    counts = {family.parents_for(child, asked[child.item_id]) for child in parts}
    if parts and len(parts) < len(family.children):
        return None
    if family.parent.item_id in asked:
        counts.add(Fraction(asked[family.parent.item_id]))
    if len(counts) != 1:
        return None
    (count,) = counts
    if parts and count.denominator != 1:
        return None
    return Decimal(count.numerator) if count.denominator == 1 else asked[family.parent.item_id]


def _apart(family: Family, asked: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """The components that were asked for, or those that the asked parents hold."""
    parts = {child.item_id: asked[child.item_id] for child in family.children if child.item_id in asked}
    if parts:
        return parts
    count = asked[family.parent.item_id]
    return {child.item_id: family.children_for(child, count) for child in family.children}


def _broken(goods: Goods, family: Family, asked: Mapping[str, Decimal]) -> str:
    one = family.parent.qty_ordered
    holds = ", ".join(f"{child.qty_ordered / one:f} × {child.sku}" for child in family.children)
    members = (family.parent, *family.children)
    said = ", ".join(f"{asked[i.item_id]:f} × {i.sku}" for i in members if i.item_id in asked)
    return (
        f"{family.parent.sku} of order {goods.order.increment_id} ships as a whole ({holds} each), "
        f"but {said} do not make up whole ones"
    )
