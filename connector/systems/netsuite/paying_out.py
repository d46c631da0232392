"""Paying a credit memo out: the customer refund that follows it. What pays by itself needs none.

That the credit memo stands is the matter of `refunding.py`; whether real money moves is the flow's rule.
"""

from dataclasses import dataclass, field

from connector.errors import Missing, NotFound, Partial, Rejected
from connector.planned import PayoutStep
from connector.systems.base import Effect, Known
from connector.systems.netsuite.client import Client
from connector.systems.netsuite.refund_body import payout_body
from connector.systems.netsuite.refund_choice import WORDS
from connector.systems.netsuite.refund_lines import told
from connector.systems.netsuite.refund_standing import Credit, CustomerRefund
from connector.systems.netsuite.settings import NetSuiteSettings
from connector.systems.netsuite.writing import bearing, made
from schemas.base import DocumentRef

RECORD = "customerRefund"
_BY_ITSELF = {
    "cashRefund": "the cash refund pays by itself",
    "customerRefund": "the refund of the deposit pays by itself",
    "salesOrder": "nothing was billed, so nothing is to be paid out",
}


@dataclass
class PayoutRecipe:
    """The payout of one refund; its document bears our reference as external id."""

    client: Client
    settings: NetSuiteSettings
    step: PayoutStep
    known: Known
    native_key: bool = True
    _memo: Credit | None = field(default=None, init=False)

    async def find(self) -> tuple[Effect, ...]:
        """The customer refund that bears our reference, or the refund's own document where that pays by itself; nothing
        in a rehearsal, which made no refund. Raises Rejected where there is a return, or where less is left of the
        credit memo (`money`)."""
        booked = self._refund()
        if booked is None:
            return ()
        refund, record, key = booked
        if record in _BY_ITSELF:
            return (Effect(refund, seen={"paid out": _BY_ITSELF[record]}, ours=False),)
        found = await bearing(self.client, RECORD, self.step.reference, CustomerRefund)
        if found is not None:
            return (self._effect(found),)
        if record != "creditMemo":
            raise Rejected(
                f"{WORDS.get(record, record)} {refund.number} is no credit yet: once it is received and credited, "
                "pay the credit out by hand, then resolve this entry",
                code="not credited",
            )
        missing = Missing("refund", refund.number, self.client.connection)
        self._memo = memo = await self.client.get("creditMemo", key, Credit, missing)
        if memo.left < self.step.amount.amount:
            left = told(memo.left, self.step.amount.currency)
            raise Rejected(
                f"{self.step.amount} are to be paid out, and credit memo {memo.number} has {left} "
                "left: the rest is applied to invoices, or paid out already",
                code="money",
            )
        return ()

    async def create(self) -> Effect:
        """Transform the credit memo into a customer refund of the amount."""
        memo = self._memo
        if memo is None:
            ours = self.step.document
            text = f"the refund {ours.number} is not booked at {self.client.connection} yet"
            raise NotFound(text, missing=Missing("refund", ours.number, ours.connection))
        body = payout_body(self.step, memo, self.settings)
        paid = await made(
            self.client,
            RECORD,
            self.step.reference,
            CustomerRefund,
            lambda: self.client.transform("creditMemo", memo.id, RECORD, body),
        )
        return self._effect(paid)

    async def verify(self, effect: Effect) -> Effect:
        """Read it back, and compare its total to the cent; raises Partial."""
        record, _, key = (effect.document.key or "").partition("/")
        if not effect.ours:
            return effect
        missing = Missing("refund", effect.document.number, self.client.connection)
        paid = await self.client.get(record, key, CustomerRefund, missing)
        if abs(paid.total) != self.step.amount.amount:
            there = told(abs(paid.total), self.step.amount.currency)
            raise Partial(
                f"{self.step.amount} were to be paid out, and customer refund {paid.number} is over {there}: "
                "correct it there, then resolve this entry"
            )
        return self._effect(paid)

    def _refund(self) -> tuple[DocumentRef, str, str] | None:
        """What the refund step made: the document, its record type and its internal id."""
        refund = next((self.known.made[key] for key in self.step.needs if key in self.known.made), None)
        if refund is None:
            return None
        record, _, key = (refund.key or "").partition("/")
        return refund, record, key

    def _effect(self, paid: CustomerRefund) -> Effect:
        place = DocumentRef(
            connection=self.client.connection, kind="refund", number=paid.number, key=f"{RECORD}/{paid.id}"
        )
        return Effect(
            place, seen={"document": f"customer refund {paid.number}", "total": f"{abs(paid.total):f}"}
        )
