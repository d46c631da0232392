"""What an order comes to when it is pushed: each line's amounts, and totals that are made of them to the cent. Pure.

Magento computes nothing of a pushed order; later it invoices and refunds by the lines. So discounts and taxes that
the source knows of the whole order only are divided among its lines here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from connector.errors import Rejected
from schemas.base import Money
from schemas.documents import Order, OrderLine

ZERO, CENT, PRICE = Decimal(0), Decimal("0.01"), Decimal("0.0001")
"""Prices have four decimals at Magento, amounts are rounded to cents."""


@dataclass(frozen=True)
class Row:
    """One line of an order with what it comes to; `total` is before discount and tax."""

    line: OrderLine
    price: Decimal
    total: Decimal
    discount: Decimal
    tax: Decimal


@dataclass(frozen=True)
class Reckoning:
    """An order's lines and what does not belong to any of them."""

    rows: tuple[Row, ...]
    shipping: Decimal
    shipping_tax: Decimal

    @property
    def subtotal(self) -> Decimal:
        """All lines before discount and tax."""
        return sum((row.total for row in self.rows), ZERO)

    @property
    def discount(self) -> Decimal:
        """All discounts, positive."""
        return sum((row.discount for row in self.rows), ZERO)

    @property
    def tax(self) -> Decimal:
        """All taxes, of the shipping too."""
        return sum((row.tax for row in self.rows), self.shipping_tax)

    @property
    def grand_total(self) -> Decimal:
        """What the customer pays."""
        return self.subtotal - self.discount + self.shipping + self.tax

    @property
    def quantity(self) -> Decimal:
        """How many pieces."""
        return sum((row.line.quantity for row in self.rows), ZERO)

    def at_rate(self, rate: Decimal) -> "Reckoning":
        """The same in a currency of which one is `rate` of the order's; each amount is rounded to cents."""
        if rate == 1:
            return self
        rows = tuple(
            Row(
                row.line,
                (row.price / rate).quantize(PRICE, ROUND_HALF_UP),
                *(_cents(amount / rate) for amount in (row.total, row.discount, row.tax)),
            )
            for row in self.rows
        )
        return Reckoning(rows, _cents(self.shipping / rate), _cents(self.shipping_tax / rate))


def reckon(order: Order) -> Reckoning:
    """The amounts of an order's lines, components counted in with their parents, and of its shipping.

    Raises Rejected where they are not known, or do not make up the total that the source gives.
    """
    lines = tuple(line for line in order.lines if line.parent_reference is None and line.quantity)
    if not lines:
        raise Rejected(f"order {order.number} has no lines with a quantity", code="no lines")
    families = [(line, *_components(order, line)) for line in lines]
    totals = [_before_discount(order, line) for line in lines]
    own = [sum((_amount(order, one.discount) for one in family), ZERO) for family in families]
    shipping = _amount(order, order.shipping)
    taxes = [_line_tax(order, family) for family in families]
    known = [tax for tax in taxes if tax is not None]
    tax = _amount(order, order.tax) if order.tax is not None else sum(known, ZERO)
    discount = _discount(order, sum(totals, ZERO), sum(own, ZERO), shipping, tax)
    net = [max(ZERO, total - off) for total, off in zip(totals, own, strict=True)]
    discounts = _plus(own, spread(discount - sum(own, ZERO), net))
    rest = tax - sum(known, ZERO)
    if len(known) == len(taxes) and (rest == 0 or (rest > 0 and shipping)):
        shares, shipping_tax = known, rest
    else:
        after = [max(ZERO, total - off) for total, off in zip(totals, discounts, strict=True)]
        shares, shipping_tax = spread(tax, after), ZERO
    rows = tuple(
        Row(line, _price(line, total), total, off, share)
        for line, total, off, share in zip(lines, totals, discounts, shares, strict=True)
    )
    return Reckoning(rows, shipping, shipping_tax)


def spread(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """An amount divided by weights, in cents, so that the parts add up to it; evenly where all weights are 0."""
    if not any(weights):
        weights = [Decimal(1)] * len(weights)
    whole, reached, given = sum(weights, ZERO), ZERO, ZERO
    shares: list[Decimal] = []
    for weight in weights:
        reached += weight
        upto = amount if reached == whole else _cents(amount * reached / whole)
        shares.append(upto - given)
        given = upto
    return shares


def _discount(order: Order, lines: Decimal, own: Decimal, shipping: Decimal, tax: Decimal) -> Decimal:
    """All discounts. Some sources count those of the lines into the order's discount, some do not: the total tells.

    Raises Rejected where neither makes it up, so something of the order is not known here.
    """
    stated = _amount(order, order.discount)
    if order.total is None:
        return stated if stated >= own else stated + own
    total = _amount(order, order.total)
    for way in (stated, stated + own, own):
        if way >= own and lines - way + shipping + tax == total:
            return way
    raise Rejected(
        f"the parts of order {order.number} do not make up its total of {total:f} {order.currency}: lines {lines:f}, "
        f"shipping {shipping:f}, tax {tax:f}, discounts of the lines {own:f}, of the order {stated:f}",
        code="total",
        field="total",
    )


def _before_discount(order: Order, line: OrderLine) -> Decimal:
    """A line's total before its discount; where the source's is after it, price and quantity tell."""
    by_price = None if line.price is None else _cents(_amount(order, line.price) * line.quantity)
    if line.total is None:
        if by_price is None:
            raise Rejected(
                f"line {line.reference} ({line.sku}) of order {order.number} has neither price nor total",
                code="no price",
                field=line.sku,
            )
        return by_price
    before, after = _amount(order, line.total), _amount(order, line.total) + _amount(order, line.discount)
    return before if by_price is None or abs(before - by_price) <= abs(after - by_price) else after


def _price(line: OrderLine, total: Decimal) -> Decimal:
    """The line's own price, else the one that its total means."""
    own = line.price.amount if line.price else None
    if own is not None and abs(own * line.quantity - total) <= CENT:
        return own
    return (total / line.quantity).quantize(PRICE, ROUND_HALF_UP)


def _components(order: Order, line: OrderLine) -> tuple[OrderLine, ...]:
    return tuple(one for one in order.lines if one.parent_reference == line.reference)


def _line_tax(order: Order, family: Sequence[OrderLine]) -> Decimal | None:
    known = [_amount(order, one.tax) for one in family if one.tax is not None]
    return sum(known, ZERO) if known else None


def _amount(order: Order, money: Money | None) -> Decimal:
    if money is None:
        return ZERO
    if money.currency != order.currency:
        raise Rejected(
            f"order {order.number} is in {order.currency}, but one of its amounts is {money}", code="currency"
        )
    return money.amount


def _plus(one: Sequence[Decimal], other: Sequence[Decimal]) -> list[Decimal]:
    return [first + second for first, second in zip(one, other, strict=True)]


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)
