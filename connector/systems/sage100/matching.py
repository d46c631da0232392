"""Which line of an order a line of a shipment means: by its key, else by its item where that is unambiguous. Pure."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from connector.errors import MappingMissing
from connector.planned import StepLine
from connector.systems.sage100.rows import LINE_DIGITS, REGULAR, SPECIAL, Document, Row, filled, plain


def order_line(line: StepLine, order: Document) -> Row:
    """The order's line; raises MappingMissing where none, or more than one, could be meant."""
    goods = [one for one in order.lines if one.text("ItemType") in (REGULAR, SPECIAL)]
    key = filled(line.reference, LINE_DIGITS) if line.reference else ""
    by_key = [one for one in goods if one.text("LineKey") == key]
    if by_key and _is_item(by_key[0], line.sku):
        return by_key[0]
    by_item = [one for one in goods if _is_item(one, line.sku)]
    if len(by_item) == 1:
        return by_item[0]
    raise MappingMissing(
        f"{line.quantity} × {line.sku} (line {line.reference or '?'}) of order {order.number}: {len(by_item)} of its "
        f"lines have this item; those there are {_said(goods)}. Name the line by its LineKey at the source",
        field="lines",
    )


def shipped(lines: Iterable[StepLine], order: Document) -> dict[str, Decimal]:
    """The order's line keys, and how much of each was shipped."""
    found: dict[str, Decimal] = {}
    for line in lines:
        key = order_line(line, order).text("LineKey")
        found[key] = found.get(key, Decimal(0)) + line.quantity
    return {key: quantity for key, quantity in found.items() if quantity}


def _is_item(line: Row, sku: str) -> bool:
    return line.text("ItemCode").casefold() == sku.strip().casefold()


def _said(lines: Sequence[Row]) -> str:
    return ", ".join(f"{one.text('LineKey')} {one.text('ItemCode')}" for one in lines) or "none"


def quantities(shipment: dict[str, Decimal]) -> list[dict[str, str]]:
    """The lines of a shipment as the agent takes them."""
    return [{"OrderLineKey": key, "QuantityShipped": plain(quantity)} for key, quantity in shipment.items()]
