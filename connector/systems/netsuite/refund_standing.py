"""What stands at NetSuite for an order: its bills, deposits, returns and what was given back already.

Reads only. What of it a refund is booked against is `refund_choice.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator

from connector.errors import Missing, NotUnderstood
from connector.systems.netsuite.client import Client
from connector.systems.netsuite.wire import (
    NONE,
    ZERO,
    Bill,
    Flag,
    Number,
    Record,
    Ref,
    SalesOrder,
    Transaction,
    Wire,
)

R = TypeVar("R", bound=Record)

RECORDS: Mapping[str, str] = {
    "CustInvc": "invoice",
    "CashSale": "cashSale",
    "CustDep": "customerDeposit",
    "DepAppl": "depositApplication",
    "RtnAuth": "returnAuthorization",
    "CustCred": "creditMemo",
    "CashRfnd": "cashRefund",
    "CustRfnd": "customerRefund",
    "ItemShip": "itemFulfillment",
}
"""Types of transactions as SuiteQL names them, and as the record API does."""

BILLS = ("invoice", "cashSale")
CREDITS = ("creditMemo", "cashRefund")
_PARENTS = (*BILLS, "customerDeposit", "returnAuthorization")
_GENERATIONS = 4
"""An order, its bill, a return of that, its credit: so far the documents made of an order go."""

_FAMILY = (
    "SELECT DISTINCT t.id AS id, t.type AS type, t.tranid AS tranid, t.foreigntotal AS total, n.previousdoc AS parent "
    "FROM nexttransactionlink n JOIN transaction t ON t.id = n.nextdoc "
    "WHERE n.previousdoc IN ({places}) AND t.voided = 'F' ORDER BY t.id"
)
"""Links between transactions hold what was made of another, and what was applied to it: a credit memo that somebody
entered by hand counts as soon as it is applied to the invoice (public client code)."""


def _rows(value: Any) -> Any:
    """The rows of a sublist that may come as a mere link."""
    return value.get("items") or () if isinstance(value, dict) else value or ()


class CustomerRefund(Record):
    """A customer refund; to whom and how much, since its lists of documents come empty."""

    customer: Ref = NONE
    total: Number = ZERO


class Application(Wire):
    """So much of a credit memo applied to a document."""

    doc: Ref = NONE
    apply: Flag = False
    amount: Number = ZERO


Applications = Annotated[tuple[Application, ...], BeforeValidator(_rows)]


class Credit(Transaction):
    """A cash refund, a credit memo or a return authorisation."""

    apply: Applications = ()
    applied: Number = ZERO
    unapplied: Decimal | None = None

    @property
    def left(self) -> Decimal:
        """How much of a credit memo is neither applied nor paid out."""
        for amount in (self.amount_remaining, self.unapplied):
            if amount is not None:
                return amount
        return (self.total or ZERO) - self.applied


@dataclass(frozen=True)
class Relative:
    """One document that was made of the order, or of what was made of it; amounts are never negative here. `parents`:
    what it was made of, or applied to."""

    id: str
    record: str
    number: str
    total: Decimal
    parents: frozenset[str]


@dataclass(frozen=True)
class Standing:
    """An order with all that was made of it. `bills` are read in full, and `credits` as well, by internal id."""

    order: SalesOrder
    relatives: tuple[Relative, ...]
    bills: Mapping[str, Bill]
    credits: Mapping[str, Credit]

    def of(self, *records: str) -> tuple[Relative, ...]:
        """The documents of these types."""
        return tuple(one for one in self.relatives if one.record in records)

    @property
    def billed(self) -> Decimal:
        """All that was billed."""
        return sum((_total(bill, one) for one, bill in self._with(self.bills)), ZERO)

    @property
    def credited(self) -> Decimal:
        """All that was given back of it already."""
        return sum(map(self.given_by, self.of(*CREDITS)), ZERO)

    @property
    def left(self) -> Decimal:
        """What is left to be given back of what was billed."""
        return self.billed - self.credited

    def left_of(self, bill: Relative) -> Decimal:
        """The same of one bill: less the credits made of it, or of a return of it."""
        back = (self.given_by(one) for one in self.of(*CREDITS) if self.bill_of(one) == bill.id)
        return bill.total - sum(back, ZERO)

    def is_of_order(self, credit: Relative) -> bool:
        """Was the credit made of this order's documents, and not only applied to one of them?"""
        origin = self.credits[credit.id].created_from.id
        return origin == self.order.id or any(one.id == origin for one in self.relatives)

    def given_by(self, credit: Relative) -> Decimal:
        """What a credit gives back of this order: all, or of one that is of something else what is applied to it."""
        document = self.credits[credit.id]
        if self.is_of_order(credit) or not document.apply:
            return _total(document, credit)
        bills = {one.id for one in self.of(*BILLS)}
        return sum((row.amount for row in document.apply if row.apply and row.doc.id in bills), ZERO)

    def bill_of(self, credit: Relative) -> str:
        """The internal id of the bill that a credit was made of, or applied to first, be it by way of a return; ""
        where it was made of something else."""
        returns = [one.parents for one in self.of("returnAuthorization") if one.id in credit.parents]
        origins = credit.parents.union(*returns)
        return next((bill.id for bill in self.of(*BILLS) if bill.id in origins), "")

    def deposit_left(self, deposit: Relative) -> Decimal:
        """What of a deposit was neither applied nor given back: both are applications of it."""
        uses = self.of("depositApplication", "customerRefund")
        used = (one.total for one in uses if deposit.id in one.parents)
        return deposit.total - sum(used, ZERO)

    def _with(self, read: Mapping[str, Bill] | Mapping[str, Credit]) -> list[tuple[Relative, Transaction]]:
        return [(one, read[one.id]) for one in self.relatives if one.id in read]


async def read_standing(client: Client, order: SalesOrder) -> Standing:
    """The order, and all that was made of it."""
    relatives = await _relatives(client, order)
    bills = {one.id: await _read(client, one, Bill) for one in relatives if one.record in BILLS}
    credits = {one.id: await _read(client, one, Credit) for one in relatives if one.record in CREDITS}
    return Standing(order, relatives, bills, credits)


async def _read(client: Client, one: Relative, model: type[R]) -> R:
    asked = Missing(one.record, one.number, client.connection)
    return await client.get(one.record, one.id, model, asked)


async def _relatives(client: Client, order: SalesOrder) -> tuple[Relative, ...]:
    """Generation by generation; a document that was made of several is one."""
    found: dict[str, Relative] = {}
    parents = [order.id]
    for _ in range(_GENERATIONS):
        places = ", ".join("?" * len(parents))
        rows = await client.query(_FAMILY.format(places=places), *parents)
        fresh = []
        for one in filter(None, (_relative(client, row) for row in rows)):
            before = found.get(one.id)
            fresh += [one.id] if before is None and one.record in _PARENTS else []
            found[one.id] = one if before is None else replace(one, parents=one.parents | before.parents)
        parents = fresh
        if not parents:
            break
    return tuple(found.values())


def _relative(client: Client, row: Mapping[str, str]) -> Relative | None:
    """A row as a document; None for types that do not matter here. Totals of credits are negative in SuiteQL."""
    record = RECORDS.get(row.get("type", ""))
    if record is None:
        return None
    try:
        total = abs(Decimal(row.get("total") or "0"))
    except InvalidOperation as error:
        text = f"{client.connection}: the total of {record} {row.get('tranid')} is no number: {row.get('total')!r}"
        raise NotUnderstood(text, field="foreigntotal") from error
    key = row.get("id", "")
    return Relative(key, record, row.get("tranid") or key, total, frozenset({row.get("parent", "")}))


def _total(document: Transaction, listed: Relative) -> Decimal:
    """The total as the document says it, or as it was listed."""
    return abs(document.total) if document.total is not None else listed.total
