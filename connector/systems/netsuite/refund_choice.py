"""What becomes of a refund, by how its order is billed at NetSuite: the table of docs/refunds.md. Pure.

    billed as cash sale             -> cash refund
    billed as invoice               -> credit memo, applied to what is still owed
    a deposit, and no bill          -> customer refund against the deposit
    neither                         -> by the flow's rule: wait, return authorisation, or cancel

(NetSuite help, section_164155142348.) The requests are `refund_body.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from connector.errors import MappingMissing, Missing, NotFound, Rejected
from connector.planned import RefundStep
from connector.systems.netsuite.refund_lines import (
    Ids,
    Lack,
    Slot,
    Taken,
    bill_slots,
    order_slots,
    take,
    told,
)
from connector.systems.netsuite.refund_standing import BILLS, Relative, Standing
from connector.systems.netsuite.wire import ZERO, Bill
from schemas.documents import Refund

WORDS = {
    "salesOrder": "sales order",
    "invoice": "invoice",
    "cashSale": "cash sale",
    "customerDeposit": "customer deposit",
    "cashRefund": "cash refund",
    "creditMemo": "credit memo",
    "customerRefund": "customer refund",
    "returnAuthorization": "return authorisation",
}
"""Record types as people call them."""

_ENDED = {"C": "cancelled", "H": "closed"}


@dataclass(frozen=True)
class Choice:
    """The document to make: `record` of the document `source` with the internal id `key`, which people know as `label`.

    `taken` are its lines; `applies` are internal ids and amounts, of the invoices that a credit memo is applied to, or
    of the deposits that are given back. `record` salesOrder: no document, lines of the order are closed (none: they are
    already). `rate` is the exchange rate of the source, `discounted`: its head bears a discount.
    """

    record: str
    source: str
    key: str
    label: str
    taken: tuple[Taken, ...] = ()
    applies: tuple[tuple[str, Decimal], ...] = ()
    rate: Decimal | None = None
    discounted: bool = False


@dataclass(frozen=True)
class Chooser:
    """One refund and all that stands there for its order; `connection` is this one's name, `currency` the code of the
    order's currency, "" where it is not known."""

    step: RefundStep
    standing: Standing
    ids: Ids
    connection: str
    currency: str

    @property
    def refund(self) -> Refund:
        """What the source gave back."""
        return self.step.content

    @property
    def total(self) -> Decimal:
        """How much."""
        return self.refund.total.amount

    @property
    def order(self) -> str:
        """The order, as people there call it."""
        return f"sales order {self.standing.order.number}"

    def choose(self) -> Choice:
        """The row of the table. Raises NotFound `not billed` where the bill is to be waited for; Rejected where less is
        left than is to be given back (`money`), where a line finds too few (`too much`), where nothing fits."""
        if self.currency and self.currency != self.refund.currency:
            raise Rejected(
                f"refund {self.refund.number} is in {self.refund.currency}, and {self.order} in {self.currency}",
                code="money",
                field="currency",
            )
        if not self.standing.of(*BILLS):
            return self._deposit() if self.standing.of("customerDeposit") else self._unbilled()
        if self.total - self.standing.left > self.step.rules.tolerance:
            return self._deposit_instead()
        return self._billed()

    # -- billed --

    def _billed(self) -> Choice:
        """Out of one bill, if it can be; else out of all invoices together."""
        slots, bills = bill_slots(self.standing), self.standing.of(*BILLS)
        lacks: tuple[Lack, ...] = ()
        for group in self._groups(bills):
            among = [slot for slot in slots if any(slot.document == bill.id for bill in group)]
            taken, lacks = self._take(among)
            left = sum((self.standing.left_of(bill) for bill in group), ZERO)
            if not lacks and self.total - left <= self.step.rules.tolerance:
                return self._against(group, taken)
        taken, lacks = self._take(slots)
        if lacks:
            return self._lacking(lacks)
        sales = ", ".join(bill.number for bill in bills)
        raise Rejected(
            f"refund {self.refund.number} goes over several bills of {self.order} ({sales}), and a cash refund is of "
            "one cash sale: enter it there by hand, then resolve this entry",
            code="several bills",
        )

    def _groups(self, bills: Sequence[Relative]) -> list[tuple[Relative, ...]]:
        invoices = tuple(bill for bill in bills if bill.record == "invoice")
        return [*((bill,) for bill in bills), *([invoices] if len(invoices) > 1 else [])]

    def _take(self, slots: Sequence[Slot]) -> tuple[tuple[Taken, ...], tuple[Lack, ...]]:
        own = self.step.order.order.connection == self.connection
        return take(self.refund.lines, slots, own=own, ids=self.ids, currency=self.refund.currency)

    def _against(self, group: Sequence[Relative], taken: tuple[Taken, ...]) -> Choice:
        used = {one.document for one in taken}
        first = next((bill for bill in group if bill.id in used), group[0])
        label = f"{WORDS[first.record]} {first.number}"
        bill = self.standing.bills[first.id]
        rate, discounted = bill.exchange_rate, bool(bill.discount_total)
        if self.step.rules.document == "return_order":
            return Choice("returnAuthorization", first.record, first.id, label, taken, rate=rate)
        if first.record == "cashSale":
            return Choice("cashRefund", "cashSale", first.id, label, taken, (), rate, discounted)
        ordered = [first, *(bill for bill in group if bill.id != first.id)]
        applies = _spread(self.total, ordered, lambda bill: _due(self.standing.bills[bill.id]))
        return Choice("creditMemo", "invoice", first.id, label, taken, applies, rate, discounted)

    def _lacking(self, lacks: Sequence[Lack]) -> Choice:
        """Lines that the bills do not have (enough of): not billed yet, too much, or not of this order."""
        _, still = take(
            [lack.line.model_copy(update={"quantity": lack.quantity}) for lack in lacks],
            order_slots(self.standing),
            own=self.step.order.order.connection == self.connection,
            ids=self.ids,
            currency=self.refund.currency,
        )
        if not still:
            return self._unbilled()
        open_ = {lack.line.sku: lack.known for lack in still}
        raise self._refused(
            [
                replace(lack, known=lack.known or open_[lack.line.sku])
                for lack in lacks
                if lack.line.sku in open_
            ]
        )

    def _refused(self, lacks: Sequence[Lack]) -> Rejected:
        lack, line = lacks[0], lacks[0].line
        if not lack.known:
            return MappingMissing(
                f"{line.sku} of refund {self.refund.number} is on no line of {self.order} there: mend the item table",
                code="mapping",
                field=line.sku,
            )
        return Rejected(
            f"{line.quantity:f} of {line.sku} are to be given back, {lack.quantity:f} more than is left to be given "
            f"back of {self.order}",
            code="too much",
            field=line.sku,
        )

    # -- paid before --

    def _deposit(self) -> Choice:
        """Against the deposits of an order that is not billed."""
        deposits, left = self.standing.of("customerDeposit"), self.standing.deposit_left
        applies = _spread(self.total, deposits, left)
        if self.total - sum((amount for _, amount in applies), ZERO) > self.step.rules.tolerance:
            paid = sum((one.total for one in deposits), ZERO)
            raise self._short(paid, sum(map(left, deposits), ZERO), "paid as deposit")
        first = next(one for one in deposits if one.id == applies[0][0])
        label = ", ".join(f"customer deposit {one.number}" for one in deposits if one.id in dict(applies))
        rate = self.standing.order.exchange_rate
        return Choice("customerRefund", "customerDeposit", first.id, label, applies=applies, rate=rate)

    def _deposit_instead(self) -> Choice:
        """Less is left of the bills than is to be given back: the rest of a deposit may be meant, or it is too much."""
        left = sum(map(self.standing.deposit_left, self.standing.of("customerDeposit")), ZERO)
        if left and self.total - left <= self.step.rules.tolerance:
            return self._deposit()
        raise self._short(self.standing.billed, self.standing.left, "billed")

    def _short(self, whole: Decimal, left: Decimal, what: str) -> Rejected:
        total, rest, all_, back = (
            told(amount, self.refund.currency) for amount in (self.total, left, whole, whole - left)
        )
        return Rejected(
            f"refund {self.refund.number} gives {total} back, and of {self.order} {rest} are left to be given back: "
            f"{all_} {what}, {back} given back or used already",
            code="money",
        )

    # -- not billed --

    def _unbilled(self) -> Choice:
        order, rules = self.standing.order, self.step.rules
        ended = _ENDED.get(order.status.id) or _ENDED.get(order.state)
        if rules.unbilled == "wait" and ended is None:
            raise NotFound(
                f"{self.order} is not billed at {self.connection}, and NetSuite refunds nothing that is not: invoice "
                "it there, and this goes on by itself",
                missing=Missing("invoice", order.number, self.connection),
                code="not billed",
            )
        label = f"sales order {order.number}"
        if ended is not None and rules.unbilled == "cancel":
            return Choice("salesOrder", "salesOrder", order.id, label)
        if ended is not None:
            raise Rejected(
                f"{self.order} is {ended} at {self.connection} and was not billed: there is nothing to book; see that "
                "this is right, then resolve this entry",
                code=ended,
            )
        taken, lacks = self._take(order_slots(self.standing))
        if lacks:
            raise self._refused(lacks)
        if not taken:
            raise Rejected(
                f"refund {self.refund.number} gives back an amount and names no lines, and {self.order} is not billed: "
                "nothing of it can be returned or closed; lower its prices there, then resolve this entry",
                code="not billed",
            )
        record = "returnAuthorization" if rules.unbilled == "return_only" else "salesOrder"
        return Choice(record, "salesOrder", order.id, label, taken, rate=order.exchange_rate)


def _due(bill: Bill) -> Decimal:
    """What is still owed on an invoice: nothing where it is paid in full."""
    if bill.amount_remaining is not None:
        return bill.amount_remaining
    return ZERO if bill.state == "B" else bill.total or ZERO


def _spread(
    total: Decimal, documents: Sequence[Relative], room: Callable[[Relative], Decimal]
) -> tuple[tuple[str, Decimal], ...]:
    """So much over documents that have so much room, one after the other."""
    found = []
    for one in documents:
        share = min(room(one), total)
        if share > 0:
            found.append((one.id, share))
            total -= share
    return tuple(found)
