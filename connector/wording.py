"""Items and warehouses in a step's lines, in the target's words. Pure.

One place for all kinds of steps, so that whatever matches lines afterwards finds them by the target's own SKUs.
"""

from typing import TypeVar

from connector.mapping import LookUps
from connector.planned import (
    FieldsStep,
    InventoryStep,
    InvoiceStep,
    OrderStep,
    ReadyStep,
    RefundStep,
    ShipmentStep,
    Step,
    StepLine,
    TrackingStep,
)
from schemas.documents import OrderLine, PackageLine, RefundLine

Line = TypeVar("Line", OrderLine, StepLine, PackageLine, RefundLine)


def in_the_targets_words(step: Step, tables: LookUps) -> Step:
    """The same step, its lines by the flow's tables `item` and `warehouse`; notes and custom fields are left as they
    were written. Raises Rejected."""
    if isinstance(step, OrderStep):
        lines = tuple(_order_line(line, tables) for line in step.content.lines)
        return step.model_copy(update={"content": step.content.model_copy(update={"lines": lines})})
    if isinstance(step, ReadyStep | ShipmentStep | InvoiceStep | FieldsStep):
        return step.model_copy(update={"lines": tuple(_translated(line, tables) for line in step.lines)})
    if isinstance(step, RefundStep):
        back = tuple(_translated(line, tables) for line in step.content.lines)
        return step.model_copy(update={"content": step.content.model_copy(update={"lines": back})})
    if isinstance(step, TrackingStep):
        packages = tuple(
            one.model_copy(update={"contents": tuple(_translated(line, tables) for line in one.contents)})
            for one in step.packages
        )
        return step.model_copy(update={"packages": packages})
    if isinstance(step, InventoryStep):
        words = {"sku": tables.text("item", step.sku), "warehouse": tables.text("warehouse", step.warehouse)}
        return step.model_copy(update=words)
    return step


def _order_line(line: OrderLine, tables: LookUps) -> OrderLine:
    """A comment is no article, and a line without a warehouse is of the target's own choice."""
    if line.kind != "comment":
        line = _translated(line, tables)
    if line.warehouse:
        line = line.model_copy(update={"warehouse": tables.text("warehouse", line.warehouse)})
    return line


def _translated(line: Line, tables: LookUps) -> Line:
    return line.model_copy(update={"sku": tables.text("item", line.sku)}) if line.sku else line
