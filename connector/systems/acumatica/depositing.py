"""A refund of an order that is not billed but paid: the payments are taken off the order, and paid back.

What is taken off first and not paid back yet stays available on its payment, so that the next try goes on from there.
"""

from collections.abc import Sequence
from decimal import Decimal

from connector.errors import Rejected
from connector.planned import RefundStep
from connector.systems.acumatica.locating import keys_body, number_there
from connector.systems.acumatica.refund_payment import CustomerRefund, Owed
from connector.systems.acumatica.releasing import RELEASED
from connector.systems.acumatica.standing import ZERO, AppliedThere, OrderThere, PaymentThere, amount
from connector.systems.acumatica.wire import Number
from connector.systems.acumatica.writing import Site, wrapped
from connector.systems.base import Effect

_TYPES = frozenset({"Payment", "Prepayment"})


class _Deposit(PaymentThere):
    """A payment of the order; `AvailableBalance` is applied to nothing."""

    AvailableBalance: Number = None


def deposits_of(order: OrderThere) -> tuple[AppliedThere, ...]:
    """The released payments that pay an order."""
    return tuple(row for row in order.Payments if row.DocType in _TYPES and row.Status in RELEASED)


def refund_of_deposit(site: Site, step: RefundStep) -> CustomerRefund:
    """The customer refund that the refund step itself makes."""
    return CustomerRefund(site, step, step.content.total, step.rules.moves_money)


async def pay_back(site: Site, step: RefundStep, order: OrderThere, rows: Sequence[AppliedThere]) -> Effect:
    """Take as much off the order, and refund it. Raises Rejected where the payments are less than the refund."""
    deposits = [(row, await _read(site, row)) for row in rows]
    left = sum((_left(row, there) for row, there in deposits), ZERO)
    asked = step.content.total.amount
    if asked > left:
        paid = ", ".join(
            f"{row.DocType} {row.ReferenceNbr} ({_left(row, there):f})" for row, there in deposits
        )
        raise Rejected(
            f"refund {step.content.number} gives back {asked:f}, and of the payments for order {number_there(order)}, "
            f"which is not billed, {left:f} is left: {paid}",
            code="money",
            field="total",
        )
    owed = []
    for row, there in deposits:
        part = min(asked, _left(row, there))
        if part > 0:
            await _take_off(site, order, row, there, part)
            owed.append(Owed(row.DocType, row.ReferenceNbr, part))
            asked -= part
    refund = refund_of_deposit(site, step)
    method = deposits[0][1].PaymentMethod
    return await refund.create(owed, order.CustomerID, method, step.content.refunded_at)


def _left(row: AppliedThere, there: _Deposit) -> Decimal:
    return amount(row.AppliedToOrder) + amount(there.AvailableBalance)


async def _read(site: Site, row: AppliedThere) -> _Deposit:
    asked = site.missing("payment", f"{row.DocType} {row.ReferenceNbr}")
    return await site.read("Payment", (row.DocType, row.ReferenceNbr), _Deposit, asked)


async def _take_off(site: Site, order: OrderThere, row: AppliedThere, there: _Deposit, part: Decimal) -> None:
    """Lower what the payment applies to the order by what is not available yet."""
    lacking = part - amount(there.AvailableBalance)
    if lacking <= 0:
        return
    asked = site.missing("payment", f"{row.DocType} {row.ReferenceNbr}")
    rest = amount(row.AppliedToOrder) - lacking
    body = {
        **wrapped(Type=row.DocType, ReferenceNbr=row.ReferenceNbr),
        "OrdersToApply": [{**keys_body(order), **wrapped(AppliedToOrder=rest)}],
    }
    await site.put("Payment", body, _Deposit, asked, insert=False)
