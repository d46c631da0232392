"""A refund of what was never billed, where the flow says `unbilled: cancel`: lines of the order are closed. Pure.

Our reference goes into the order's memo with the same request, since the order itself cannot bear it as external id:
lines that are closed in part could not be told otherwise from lines of which nothing was closed yet.
"""

from decimal import Decimal
from typing import Any

from connector.errors import Rejected
from connector.planned import RefundStep
from connector.reference import bears, marker
from connector.systems.netsuite.refund_choice import Choice
from connector.systems.netsuite.refund_standing import Standing
from connector.systems.netsuite.wire import ZERO, Line, SalesOrder
from connector.systems.netsuite.writing import CUT


def closed(order: SalesOrder, step: RefundStep) -> bool:
    """Did this refund close lines of the order?"""
    return bears(order.memo, step.reference)


def closing_body(step: RefundStep, choice: Choice, standing: Standing) -> dict[str, Any]:
    """Whole lines are closed, of others the quantity is lowered; every line: the order is closed by it. Raises Rejected
    where something was fulfilled, since goods that left must come back first."""
    order, fulfilled = standing.order, standing.of("itemFulfillment")
    if fulfilled or any(line.quantity_fulfilled for line in order.item):
        numbers = ", ".join(one.number for one in fulfilled) or "its lines say so"
        raise Rejected(
            f"sales order {order.number} cannot be cancelled for refund {step.content.number}: something of it was "
            f"fulfilled already ({numbers}); authorise a return there, or invoice it and refund that",
            code="fulfilled",
        )
    memo = f"{order.memo.rstrip()} {marker(step.reference)}".strip()
    if len(memo) > CUT:
        raise Rejected(
            f"the memo of sales order {order.number} has no room for our reference: shorten it, then retry",
            code="too long",
            field="memo",
        )
    return {"memo": memo, "item": {"items": [_row(line, rest) for line, rest in _rests(choice).values()]}}


def left_open(order: SalesOrder, choice: Choice | None) -> str:
    """Which lines do not stand as they were to, in words; empty where all do, or it is not known how they were to."""
    there = {line.line: line for line in order.item}
    found = []
    for number, (line, rest) in (_rests(choice) if choice else {}).items():
        now = there.get(number)
        open_ = ZERO if now is None or now.is_closed else now.quantity
        if open_ != rest:
            found.append(f"{open_:f} of {line.sku} instead of {rest:f}")
    return ", ".join(found)


def _rests(choice: Choice) -> dict[str, tuple[Line, Decimal]]:
    """Line number -> the line, and what of it stays."""
    rests: dict[str, tuple[Line, Decimal]] = {}
    for one in choice.taken:
        line, rest = rests.get(one.of.line, (one.of, one.of.quantity))
        rests[one.of.line] = (line, rest - one.quantity)
    return rests


def _row(line: Line, rest: Decimal) -> dict[str, Any]:
    change: dict[str, Any] = {"quantity": rest} if rest else {"isClosed": True}
    return {"line": int(line.line), **change}
