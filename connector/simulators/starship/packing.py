"""What is in a shipment: its items and packages, completed from the orders. Pure; it refuses what does not fit."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from connector.simulators.starship.book import Order, OrderLine
from connector.simulators.starship.refusals import Refusal
from connector.simulators.starship.shapes import Content, Item, Package, Wanted

LineKey = tuple[str, str, str]
"""Document type, order, line."""

Packed = tuple[tuple[Item, ...], tuple[Package, ...]]


def line_of(one: Item | Content) -> LineKey:
    """Which line of which order it is about."""
    return one.document_type, one.order, one.line_key


def pack(wanted: Wanted, orders: Sequence[Order], gone: Mapping[LineKey, Decimal]) -> Packed:
    """Items and packages; `gone` is what other shipments hold of each line. Raises Refusal."""
    packages = tuple(_completed(one, index, orders) for index, one in enumerate(wanted.packages, start=1))
    contents = [content for package in packages for content in package.contents]
    if wanted.items:
        items = tuple(_item(one, orders) for one in wanted.items)
    else:
        items = _summed(contents, orders) if contents else _left(orders, gone)
    if not items:
        keys = " and ".join(one.key for one in orders)
        raise Refusal(f"Nothing is left to ship of Sales Order {keys}")
    if not packages:
        packages = (Package(number="1"),)
    if len(packages) == 1 and not contents:
        packages = (packages[0].model_copy(update={"contents": tuple(map(_content, items))}),)
    _refuse_more_than_there_is(items, packages)
    return items, packages


def _completed(package: Package, index: int, orders: Sequence[Order]) -> Package:
    contents = tuple(_content(_item(_as_item(one), orders)) for one in package.contents)
    return package.model_copy(update={"number": package.number or str(index), "contents": contents})


def _as_item(content: Content) -> Item:
    return Item(**content.model_dump())


def _content(item: Item) -> Content:
    return Content(**{name: getattr(item, name) for name in Content.model_fields})


def _item(item: Item, orders: Sequence[Order]) -> Item:
    """The item with what its line says where it says nothing itself."""
    order, line = _line(item, orders)
    told = {
        "document_type": order.document_type,
        "item": line.item,
        "description": line.description,
        "unit": line.unit,
    }
    blank = {name: value for name, value in told.items() if not getattr(item, name)}
    return item.model_copy(update=blank)


def _line(item: Item, orders: Sequence[Order]) -> tuple[Order, OrderLine]:
    for order in orders:
        if order.key == item.order and item.document_type in ("", order.document_type):
            for line in order.lines:
                if line.line_key == item.line_key and line.kind == "item":
                    return order, line
            raise Refusal(f"Sales Order {order.key} has no line {item.line_key} that can be packed")
    raise Refusal(f"Sales Order {item.order} is not in this shipment")


def _left(orders: Sequence[Order], gone: Mapping[LineKey, Decimal]) -> tuple[Item, ...]:
    lines = [(order, line) for order in orders for line in order.lines if line.kind == "item"]
    left = [
        (order, line, line.quantity - gone.get((order.document_type, order.key, line.line_key), Decimal(0)))
        for order, line in lines
    ]
    return tuple(
        _item(Item(document_type=o.document_type, order=o.key, line_key=line.line_key, quantity=rest), orders)
        for o, line, rest in left
        if rest > 0
    )


def _summed(contents: Sequence[Content], orders: Sequence[Order]) -> tuple[Item, ...]:
    totals: dict[LineKey, Content] = {}
    for one in contents:
        before = totals.get(line_of(one))
        quantity = one.quantity + (before.quantity if before else 0)
        totals[line_of(one)] = one.model_copy(update={"quantity": quantity})
    return tuple(_item(_as_item(one), orders) for one in totals.values())


def _refuse_more_than_there_is(items: Sequence[Item], packages: Sequence[Package]) -> None:
    packed = [content for package in packages for content in package.contents]
    for key in {line_of(one) for one in packed}:
        inside = sum(one.quantity for one in packed if line_of(one) == key)
        there = sum(one.quantity for one in items if line_of(one) == key)
        if inside > there:
            raise Refusal(
                f"Packages hold {inside} of line {key[2]} of {key[1]}, and the shipment has only {there}"
            )
