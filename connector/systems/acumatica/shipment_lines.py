"""Which lines of an order a shipment ships, as asked for and as they stand. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from connector.errors import MappingMissing
from connector.planned import StepLine
from connector.systems.acumatica.shipment_standing import ShipmentStands, same
from connector.systems.acumatica.standing import ZERO, LineThere, OrderThere, amount
from connector.systems.acumatica.writing import wrapped


class _Row(Protocol):
    @property
    def InventoryID(self) -> str: ...  # noqa: N802 - the contract's name


R = TypeVar("R", bound=_Row)


@dataclass(frozen=True)
class Shipped:
    """So much of one order line; `lots` are lot or serial numbers with their quantities, where they are known."""

    line: LineThere
    quantity: Decimal
    lots: tuple[tuple[str, Decimal], ...] = ()

    @property
    def body(self) -> dict[str, Any]:
        """The row of a request. The product takes the quantity from the allocations, where there are any."""
        if not self.lots:
            return wrapped(OrderLineNbr=int(self.line.LineNbr), ShippedQty=self.quantity)
        lots = [wrapped(LotSerialNbr=lot, Qty=quantity) for lot, quantity in self.lots]
        return {**wrapped(OrderLineNbr=int(self.line.LineNbr)), "Allocations": lots}


def rows_for(line: StepLine, rows: Sequence[R], number_of: Callable[[R], str], where: str) -> Sequence[R]:
    """The rows that a line means: by its reference, which is the LineNbr of the order, else by its SKU, where all rows
    of that are one line. Raises MappingMissing, naming what stands there."""
    named = [row for row in rows if same(row.InventoryID, line.sku)]
    exact = [row for row in named if line.reference and number_of(row) == line.reference]
    if exact or len({number_of(row) for row in named}) == 1:
        return exact or named
    there = ", ".join(f"{number_of(row)} {row.InventoryID}" for row in rows) or "none"
    several = "several lines" if named else "no line"
    raise MappingMissing(
        f"{where} has {several} of {line.sku}, and none of them is line {line.reference or '(not named)'}; its lines "
        f"are: {there}",
        field=line.sku,
    )


def shipped_lines(lines: Sequence[StepLine], order: OrderThere) -> tuple[Shipped, ...]:
    """What is to be shipped, one a line of the order; raises MappingMissing."""
    found: dict[str, Shipped] = {}
    where = f"order {order.OrderType}-{order.OrderNbr}"
    for line in lines:
        row = rows_for(line, order.Details, lambda one: one.LineNbr, where)[0]
        before = found.get(row.LineNbr, Shipped(row, ZERO))
        lots = (*before.lots, (line.lot, line.quantity)) if line.lot else before.lots
        found[row.LineNbr] = Shipped(row, before.quantity + line.quantity, lots)
    return tuple(found.values())


def quantities(lines: Sequence[Shipped], order: OrderThere) -> Mapping[tuple[str, ...], Decimal]:
    """What is asked for by type, number and line of the order."""
    return {(order.OrderType, order.OrderNbr, one.line.LineNbr): one.quantity for one in lines}


def quantities_there(shipment: ShipmentStands) -> Mapping[tuple[str, ...], Decimal]:
    """The same of a shipment as it stands, of all its orders; lines of which nothing is shipped are left out."""
    found: dict[tuple[str, ...], Decimal] = {}
    for row in shipment.Details:
        key = (row.OrderType, row.OrderNbr, row.OrderLineNbr)
        found[key] = found.get(key, ZERO) + amount(row.ShippedQty)
    return {key: quantity for key, quantity in found.items() if quantity}
