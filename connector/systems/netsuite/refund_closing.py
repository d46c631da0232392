"""A refund of what was never billed, where the flow says `unbilled: cancel`: lines of the order are closed. Pure.

Tax and shipping that were given back leave the order too, or what is left of it would be billed with them. Our
reference goes into the order's memo with the same request, since the order itself cannot bear it as external id:
lines that are closed in part could not be told otherwise from lines of which nothing was closed yet.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connector.errors import Rejected
from connector.planned import RefundStep
from connector.reference import bears, marker
from connector.systems.netsuite.refund_choice import Choice
from connector.systems.netsuite.refund_standing import Standing
from connector.systems.netsuite.settings import NetSuiteSettings
from connector.systems.netsuite.wire import ZERO, Line, SalesOrder
from connector.systems.netsuite.writing import CUT


@dataclass(frozen=True)
class Rest:
    """What stays of a line: so many, or of one that bears a charge, so much."""

    line: Line
    of: Decimal
    charge: bool = False

    @property
    def row(self) -> dict[str, Any]:
        """The change of the line; it is closed where nothing stays."""
        less = {"rate": self.of, "amount": self.of} if self.charge else {"quantity": self.of}
        return {"line": int(self.line.line), **(less if self.of else {"isClosed": True})}

    def differs(self, now: Line | None) -> str:
        """How the line stands instead, in words."""
        there = ZERO
        if now is not None and not now.is_closed:
            there = now.amount or ZERO if self.charge else now.quantity
        return "" if there == self.of else f"{there:f} of {self.line.sku} instead of {self.of:f}"


def closed(order: SalesOrder, step: RefundStep) -> bool:
    """Did this refund close lines of the order?"""
    return bears(order.memo, step.reference)


def closing_body(
    step: RefundStep, choice: Choice, standing: Standing, settings: NetSuiteSettings
) -> dict[str, Any]:
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
    rows = [one.row for one in _rests(step, choice, order, settings)]
    return {"memo": memo, **_shipping(step, order, settings), "item": {"items": rows}}


def left_open(
    order: SalesOrder, step: RefundStep, choice: Choice, before: SalesOrder, settings: NetSuiteSettings
) -> str:
    """What does not stand as it was to, in words; empty where all does. `before` is the order as it stood."""
    there = {line.line: line for line in order.item}
    found = [one.differs(there.get(one.line.line)) for one in _rests(step, choice, before, settings)]
    wanted = _shipping(step, before, settings).get("shippingCost")
    if wanted is not None and (order.shipping_cost or ZERO) != wanted:
        found.append(f"{order.shipping_cost or ZERO:f} of shipping instead of {wanted:f}")
    return ", ".join(filter(None, found))


def _rests(
    step: RefundStep, choice: Choice, order: SalesOrder, settings: NetSuiteSettings
) -> tuple[Rest, ...]:
    """What is to stay of the lines that the refund takes from."""
    goods: dict[str, Rest] = {}
    for one in choice.taken:
        before = goods.get(one.of.line, Rest(one.of, one.of.quantity))
        goods[one.of.line] = Rest(one.of, before.of - one.quantity)
    return (*goods.values(), *_charges(step, order, settings))


def _charges(step: RefundStep, order: SalesOrder, settings: NetSuiteSettings) -> Iterator[Rest]:
    """Of the lines that bear shipping and tax, where the settings have items for them: less what was given back. A bill
    has taken them along."""
    refund, items = step.content, settings.items
    for item, money in ((items.shipping, refund.shipping), (items.tax, refund.tax)):
        line = next((one for one in order.item if one.item.id == item and not one.is_closed), None)
        if line is not None and not line.quantity_billed and money is not None and money.amount:
            yield Rest(line, max((line.amount or ZERO) - money.amount, ZERO), charge=True)


def _shipping(step: RefundStep, order: SalesOrder, settings: NetSuiteSettings) -> dict[str, Any]:
    """Shipping at the order's head, less what was given back. A bill has taken it along."""
    refund, there = step.content.shipping, order.shipping_cost
    billed = any(line.quantity_billed for line in order.item)
    if billed or settings.items.shipping or not there or refund is None or not refund.amount:
        return {}
    return {"shippingCost": max(there - refund.amount, ZERO)}
