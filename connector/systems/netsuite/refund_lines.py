"""Which lines of a bill, or of an order, a refund's lines are, and how much of each is left to be given back. Pure.

By the line's own number where the refund's order was born here, else by the article; what one article has on several
lines is taken from one after the other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from connector.systems.netsuite.orders_read import sku_of
from connector.systems.netsuite.refund_standing import CREDITS, Standing
from connector.systems.netsuite.wire import ZERO, Line
from schemas.base import minor_unit
from schemas.documents import RefundLine

Ids = Mapping[str, str]
"""SKU -> internal id, for SKUs that are not what NetSuite calls its items."""


@dataclass(frozen=True)
class Taken:
    """So much of one refund line, out of this line of the document with the internal id `document`. `amount` is what is
    given back for it, its discount taken off; None: whatever the line's own price makes of it."""

    line: RefundLine
    of: Line
    document: str
    quantity: Decimal
    amount: Decimal | None


@dataclass
class Slot:
    """One line of a document, and how many of it are left to be given back."""

    document: str
    line: Line
    left: Decimal


@dataclass(frozen=True)
class Lack:
    """A refund line of which so many found no line; `known`: is the article on the documents at all?"""

    line: RefundLine
    quantity: Decimal
    known: bool


def bill_slots(standing: Standing) -> list[Slot]:
    """Every line of every bill, less what was given back of it: credits count for their own bill first."""
    slots = [
        Slot(one.id, line, line.quantity)
        for one in standing.of("invoice", "cashSale")
        for line in standing.bills[one.id].item
    ]
    for credit in filter(standing.is_of_order, standing.of(*CREDITS)):
        bill = standing.bill_of(credit)
        for line in standing.credits[credit.id].item:
            same = sorted(
                (slot for slot in slots if slot.line.item.id == line.item.id),
                key=lambda slot: (slot.document != bill, slot.line.line != line.key),
            )
            _consume(same, line.quantity)
    return slots


def order_slots(standing: Standing) -> list[Slot]:
    """Every line of the order, less what was billed of it; of one that is closed nothing is left."""
    order = standing.order
    return [
        Slot(order.id, line, ZERO if line.is_closed else max(line.quantity - line.quantity_billed, ZERO))
        for line in order.item
    ]


def take(lines: Sequence[RefundLine], slots: Sequence[Slot], *, own: bool, ids: Ids, currency: str) -> tuple[
    tuple[Taken, ...], tuple[Lack, ...]
]:  # fmt: skip
    """What of the slots the lines are, and what found none. `own`: the lines bear NetSuite's own line numbers."""
    left = [Slot(slot.document, slot.line, slot.left) for slot in slots]
    taken: list[Taken] = []
    lacks: list[Lack] = []
    for line in lines:
        if not line.quantity:
            continue
        same = candidates(line, left, own=own, ids=ids)
        shares = _consume(same, line.quantity)
        taken += _priced(line, shares, currency)
        lack = line.quantity - sum((share for _, share in shares), ZERO)
        if lack > 0:
            lacks.append(Lack(line, lack, bool(same)))
    return tuple(taken), tuple(lacks)


def candidates(line: RefundLine, slots: Sequence[Slot], *, own: bool, ids: Ids) -> list[Slot]:
    """The slots that a refund line can mean: its own line, else those of its article, best the ones with its price."""
    if own and line.order_line:
        by_line = [slot for slot in slots if slot.line.key == line.order_line]
        if by_line:
            return by_line
    wanted = ids.get(line.sku)
    same = [
        slot
        for slot in slots
        if not slot.line.kit_member_of
        and (slot.line.item.id == wanted if wanted else sku_of(slot.line).casefold() == line.sku.casefold())
    ]
    price = line.price.amount if line.price else None
    return sorted(same, key=lambda slot: price is not None and slot.line.rate != price)


def net_amount(line: RefundLine) -> Decimal | None:
    """What a refund line gives back, its discount taken off; None where neither total nor price is told."""
    if line.total is not None:
        gross = line.total.amount
    elif line.price is not None:
        gross = line.price.amount * line.quantity
    else:
        return None
    return gross - (line.discount.amount if line.discount else ZERO)


def told(amount: Decimal, currency: str) -> str:
    """An amount for people, with all decimals of its currency: NetSuite writes 81 for 81.00."""
    cents = amount.quantize(minor_unit(currency))
    return f"{cents if cents == amount else amount:f} {currency}"


def _consume(slots: Sequence[Slot], quantity: Decimal) -> list[tuple[Slot, Decimal]]:
    """So many off these slots, one after the other; what was taken of which."""
    shares = []
    for slot in slots:
        share = min(slot.left, quantity)
        if share > 0:
            slot.left -= share
            quantity -= share
            shares.append((slot, share))
    return shares


def _priced(line: RefundLine, shares: Sequence[tuple[Slot, Decimal]], currency: str) -> Iterator[Taken]:
    """The shares with their part of the amount; the last one has what rounding left."""
    whole = net_amount(line)
    rest, unit = whole, minor_unit(currency)
    for number, (slot, share) in enumerate(shares, start=1):
        amount = rest
        if whole is not None and rest is not None and number < len(shares):
            amount = (whole * share / line.quantity).quantize(unit)
            rest -= amount
        yield Taken(line, slot.line, slot.document, share, amount)
