"""The money gate: before a refund is posted, its parts must add up to its total, and no more goes back than was paid.

Pure. What was refunded at the target already is the target's to say; here stand the source's own figures.
"""

from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal

from connector.errors import Rejected
from schemas.base import Model, Money, minor_unit
from schemas.documents import Order, Refund
from schemas.refunds import RefundRules

_ROUNDING = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN}

_EXACT = Context(prec=200)
"""Amounts have up to 49 digits; the usual 28 would round differences of them before the flow's rule does."""


class GateRow(Model):
    """One amount, as it is counted and as the source says it; amounts as text, "" where the source says none."""

    label: str
    counted: str
    said: str = ""

    def __str__(self) -> str:
        return f"{self.label} {self.counted}" + (f" (source: {self.said})" if self.said else "")


class Gate(Model):
    """What was counted, stored with the entry; `sentence` says what does not hold, and is empty where all does."""

    currency: str
    rows: tuple[GateRow, ...]
    sentence: str = ""


def checked(refund: Refund, order: Order | None, rules: RefundRules) -> Gate:
    """Count a refund, and compare; `order` is its order as the source has it, where it is known.

    Each part is rounded by itself, as the target will post it: each line less its discount, shipping, tax, adjustments.
    Amounts in several currencies are not counted at all.
    """
    foreign = "; ".join(dict.fromkeys(_foreign(refund, order)))
    if foreign:
        return Gate(currency=refund.currency, rows=(), sentence=foreign)
    nothing = rounded(Decimal(0), refund.currency, rules)
    rows, total = [], nothing
    for label, amounts, said in _parts(refund):
        counted = sum((rounded(amount, refund.currency, rules) for amount in amounts), nothing)
        total += counted
        rows.append(GateRow(label=label, counted=_text(counted), said=_said(said)))
    rows.append(GateRow(label="total", counted=_text(total), said=_said(refund.total)))
    problems = [*_sum(refund, total, rules), *_paid(refund, order, rules, rows)]
    return Gate(currency=refund.currency, rows=tuple(rows), sentence="; ".join(problems))


def passed(refund: Refund, order: Order | None, rules: RefundRules) -> Gate:
    """The same; raises Rejected with both columns where something does not hold."""
    gate = checked(refund, order, rules)
    if gate.sentence:
        columns = ", ".join(map(str, gate.rows))
        counted = f". Counted in {gate.currency}: {columns}" if columns else ""
        raise Rejected(f"refund {refund.number}: {gate.sentence}{counted}", code="money")
    return gate


def rounded(amount: Decimal, currency: str, rules: RefundRules) -> Decimal:
    """An amount in whole smallest units of its currency, by the flow's rule."""
    return amount.quantize(minor_unit(currency), _ROUNDING[rules.rounding], _EXACT)


def _parts(refund: Refund) -> Iterator[tuple[str, list[Decimal], Money | None]]:
    """What a total is made of: (label, amounts, what the source says of them in one)."""
    lines = [_EXACT.subtract(_amount(line.total), _amount(line.discount)) for line in refund.lines]
    yield "lines", lines, None
    yield "shipping", [_amount(refund.shipping)], refund.shipping
    yield "tax", [_amount(refund.tax)], refund.tax
    yield "adjustment refund", [_amount(refund.adjustment_refund)], refund.adjustment_refund
    yield "adjustment fee", [-_amount(refund.adjustment_fee)], refund.adjustment_fee


def _amount(money: Money | None) -> Decimal:
    return money.amount if money is not None else Decimal(0)


def _foreign(refund: Refund, order: Order | None) -> Iterator[str]:
    """What is in another currency than the refund."""
    names = ("total", "shipping", "tax", "adjustment_refund", "adjustment_fee", "store_credit", "gift_cards")
    amounts = [(f"its {name.replace('_', ' ')}", getattr(refund, name)) for name in names]
    for line in refund.lines:
        amounts += [(f"line {line.sku}", one) for one in (line.price, line.discount, line.tax, line.total)]
    if order is not None:
        amounts += [
            (f"what was paid for order {order.number}", order.paid),
            (f"what was given back of order {order.number}", order.refunded),
        ]
    for label, money in amounts:
        if money is not None and money.currency != refund.currency:
            yield f"{label} is in {money.currency}, and the refund in {refund.currency}"


def _sum(refund: Refund, total: Decimal, rules: RefundRules) -> Iterator[str]:
    said = rounded(refund.total.amount, refund.currency, rules)
    if said < 0:
        yield f"its total is {_text(said)}, which takes money instead of giving it back"
    if abs(total - said) > rules.tolerance:
        yield f"its parts add up to {_text(total)}, and its total is {_text(said)}"


def _paid(refund: Refund, order: Order | None, rules: RefundRules, rows: list[GateRow]) -> Iterator[str]:
    """No more goes back than was paid, all refunds of the order together. Whether the source's sum of them counts this
    one already depends on when the order was read, so what goes back is at least the larger of the two."""
    if order is None or order.paid is None:
        return
    larger = max(_amount(order.refunded), refund.total.amount)
    back, paid = (rounded(amount, refund.currency, rules) for amount in (larger, order.paid.amount))
    rows += [
        GateRow(label="given back of the order", counted=_text(back), said=_said(order.refunded)),
        GateRow(label="paid for the order", counted=_text(paid), said=_said(order.paid)),
    ]
    if back - paid > rules.tolerance:
        yield f"{_text(back)} of order {order.number} would be given back, and {_text(paid)} was paid"


def _said(money: Money | None) -> str:
    return "" if money is None else _text(money.amount)


def _text(amount: Decimal) -> str:
    return format(amount, "f")
