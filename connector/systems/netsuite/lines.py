"""Whose goods are these: the lines of a shipment or an invoice, found among the lines of a sales order. Pure.

A line of an order that was born here is named by its own number; else the item tells, and of several lines with one
item those with something left, in their order.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from connector.errors import MappingMissing, Rejected
from connector.planned import StepLine
from connector.systems.base import Field
from connector.systems.netsuite.settings import Items
from connector.systems.netsuite.wire import ZERO, Line, SalesOrder
from connector.systems.netsuite.writing import plain

Left = Callable[[Line], Decimal]
"""How many of a line may still be shipped, or billed."""

NO_GOODS = frozenset({"Description", "Discount", "Markup", "Payment", "Subtotal", "EndGroup"})
"""Types of lines that neither ship nor are billed by quantity."""

UNSTOCKED = frozenset({"DwnLdItem", "GiftCert", "OthCharge", "Service"})
"""Types of items that are fulfilled only where their record says so: such a line is named if it is to go along."""

FORBIDDING: Mapping[str, str] = {
    "A": "is pending approval: approve it, then retry",
    "C": "is cancelled",
    "H": "is closed",
}
"""Status of an order that nothing can be made of (letters by client code)."""


def to_ship(line: Line) -> Decimal:
    """How many of an order's line are not fulfilled yet."""
    return ZERO if line.is_closed else max(line.quantity - line.quantity_fulfilled, ZERO)


def to_bill(line: Line) -> Decimal:
    """How many of an order's line are not billed yet."""
    return ZERO if line.is_closed else max(line.quantity - line.quantity_billed, ZERO)


def open_lines(order: SalesOrder, left: Left) -> tuple[Line, ...]:
    """The lines with something left."""
    return tuple(line for line in order.item if left(line) and line.item_type.id not in NO_GOODS)


def goods_of(order: SalesOrder, items: Items) -> tuple[Line, ...]:
    """The lines without those that bear an amount of ours: shipping, tax, an adjustment."""
    own = {items.shipping, items.tax, items.adjustment, items.discount}
    return tuple(line for line in order.item if line.item.id not in own)


def allocated(
    order: SalesOrder, lines: Sequence[StepLine], ids: Mapping[str, str], left: Left, *, born_here: bool
) -> dict[str, Decimal]:
    """Order line number -> quantity. `ids` are internal ids by SKU; `born_here`: a line's reference is the number of
    the order's own line. Raises MappingMissing for a line that the order has not, Rejected where less is left."""
    rest = {line.line: left(line) for line in order.item}
    taken: dict[str, Decimal] = {}
    for asked in lines:
        fitting = _fitting(order, asked, ids, born_here=born_here)
        if not fitting:
            has = ", ".join(line.sku for line in order.item) or "none"
            raise MappingMissing(
                f"sales order {order.number} has no line for {asked.sku} (its lines: {has}): map it (mapping.item)",
                code="no line",
                field=asked.sku,
            )
        wanted = asked.quantity
        for line in fitting:
            part = min(wanted, rest[line.line])
            if part > 0:
                taken[line.line] = taken.get(line.line, ZERO) + part
                rest[line.line] -= part
                wanted -= part
        if wanted > 0:
            raise Rejected(_too_much(order, asked, fitting, left), code="too much", field=asked.sku)
    return taken


def _fitting(
    order: SalesOrder, asked: StepLine, ids: Mapping[str, str], *, born_here: bool
) -> tuple[Line, ...]:
    if born_here and asked.reference:
        named = tuple(line for line in order.item if asked.reference in (line.line, line.line_unique_key))
        if named:
            return named
    return tuple(line for line in order.item if line.item.id == ids.get(asked.sku))


def _too_much(order: SalesOrder, asked: StepLine, fitting: Sequence[Line], left: Left) -> str:
    of_all = sum((left(line) for line in fitting), ZERO)
    ordered = sum((line.quantity for line in fitting), ZERO)
    return (
        f"{asked.quantity:f} of {asked.sku} asked, but {of_all:f} left on sales order {order.number} (ordered "
        f"{ordered:f}): it was done there already, in whole or in part, or the line is closed"
    )


def may_be_used(order: SalesOrder) -> None:
    """Raises Rejected where nothing can be made of the order."""
    if order.state in FORBIDDING:
        raise Rejected(f"sales order {order.number} {FORBIDDING[order.state]}", code="state forbids")


def number_of(line: str) -> int | str:
    """A line's number as it is written."""
    return int(line) if line.isdecimal() else line


def quantities(lines: tuple[Line, ...]) -> dict[str, Decimal]:
    """Order line number -> quantity, of a document that was made of an order."""
    found: dict[str, Decimal] = {}
    for line in lines:
        if line.quantity:
            found[line.key] = found.get(line.key, ZERO) + line.quantity
    return found


def lines_field(
    order: SalesOrder,
    lines: Sequence[StepLine],
    ids: Mapping[str, str],
    stands: Mapping[str, Decimal],
    *,
    born_here: bool,
) -> Field:
    """What a document was to hold, and what it holds; its own quantities decide between lines of one item."""
    there = _said(order, stands)
    try:
        wanted = allocated(order, lines, ids, lambda line: stands.get(line.line, ZERO), born_here=born_here)
    except Rejected:
        return Field("lines", ", ".join(f"{plain(one.quantity)} × {one.sku}" for one in lines), there)
    return Field("lines", _said(order, wanted), there)


def _said(order: SalesOrder, held: Mapping[str, Decimal]) -> str:
    names = {line.line: line.sku for line in order.item}
    keys = [*(key for key in names if key in held), *(key for key in held if key not in names)]
    return ", ".join(f"{plain(held[key])} × {names.get(key, f'line {key}')}" for key in keys)


def contents(lines: tuple[Line, ...]) -> str:
    """What is in a document, for people."""
    return ", ".join(f"{line.quantity:f} × {line.sku}" for line in lines if line.quantity) or "nothing"
