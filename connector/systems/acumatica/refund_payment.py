"""A customer refund: a payment document of type Refund, applied to what it pays back, released and read back.

It is a document only: no card is credited by it. What it is applied to is `paying_out.py` and `depositing.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator

from connector.errors import Missing, OutcomeUnknown, Partial, Rejected
from connector.planned import PlannedStep
from connector.reference import marked
from connector.systems.acumatica.numbers import keys_of, number_of
from connector.systems.acumatica.order_body import cents
from connector.systems.acumatica.releasing import READY, RELEASED, UNRELEASED, release
from connector.systems.acumatica.standing import ZERO, PaymentThere, amount
from connector.systems.acumatica.wire import Entity, Number, Text
from connector.systems.acumatica.writing import Site, midnight, quoted, wrapped
from connector.systems.base import Effect, Field
from schemas.base import DocumentRef, Money

REFUND = "Refund"
_EXPAND = ("DocumentsToApply", "ApplicationHistory")


@dataclass(frozen=True)
class Owed:
    """So much of one document that is paid back: a credit memo, or a payment."""

    type: str
    number: str
    amount: Decimal


class AppliedTo(Entity):
    """PaymentDetail and PaymentApplicationHistoryDetail: what a document is applied to, before and after release."""

    DocType: Text = ""
    ReferenceNbr: Text = ""
    AdjustedDocType: Text = ""
    AdjustedRefNbr: Text = ""
    AmountPaid: Number = None

    @property
    def key(self) -> tuple[str, str]:
        """Type and number of the document."""
        return (self.DocType or self.AdjustedDocType, self.ReferenceNbr or self.AdjustedRefNbr)


_Rows = Annotated[tuple[AppliedTo, ...], BeforeValidator(lambda value: () if value in (None, {}) else value)]


class RefundThere(PaymentThere):
    """Payment of type Refund. `IsCCPayment` is the text `true` where a card's processing centre is behind it."""

    IsCCPayment: Text = ""
    DocumentsToApply: _Rows = ()
    ApplicationHistory: _Rows = ()

    def applied(self, owed: Sequence[Owed]) -> Decimal:
        """What of it pays these documents back; an application that is final may be told twice."""
        wanted = {(one.type, one.number) for one in owed}
        sums = [
            sum((amount(row.AmountPaid) for row in rows if row.key in wanted), ZERO)
            for rows in (self.DocumentsToApply, self.ApplicationHistory)
        ]
        return max(sums)


@dataclass(frozen=True)
class CustomerRefund:
    """One refund of one step; `moves_money`: may it be released where a card's processing centre is behind it?"""

    site: Site
    step: PlannedStep
    amount: Money
    moves_money: bool

    async def find(self) -> tuple[Effect, ...]:
        """The refunds that bear our reference, released or not."""
        condition = f"Type eq {quoted(REFUND)} and ExternalRef eq {quoted(self.step.reference)}"
        fields = ("Type", "ReferenceNbr", "Status")
        found = await self.site.list("Payment", condition, fields, RefundThere, self._asked)
        return tuple(map(self._effect, found))

    async def create(
        self, owed: Sequence[Owed], customer: str, method: str, paid_at: datetime | None = None
    ) -> Effect:
        """Record it and apply it to what it pays back, in one request."""
        body = self._body(owed, customer, method, paid_at)
        made = await self.site.put("Payment", body, RefundThere, self._asked, insert=True)
        if not made.ReferenceNbr:
            raise OutcomeUnknown(f"{self._asked} was recorded, but Acumatica does not say under which number")
        return self._effect(made)

    async def verify(self, effect: Effect, owed: Sequence[Owed] = ()) -> Effect:
        """Read it, release it where that is still to be done, and compare; `owed` is what it must be applied to, all
        that it is applied to where that is not said. Raises Partial with both sides, Rejected where it cannot be
        released."""
        number = effect.document.number
        there = await self._read(number)
        refunds = self.site.settings.orders.refunds
        if there.Status == READY and refunds.release:
            self._allowed(there, number)
            asked = self.site.missing("customer refund", number)
            there = await release(
                self.site, "Payment", "ReleasePayment", there, asked, lambda: self._read(number)
            )
        problems = list(self._differences(there, owed or _all(there)))
        if problems:
            raise Partial(f"customer refund {number} differs from what was asked: {'; '.join(problems)}")
        return self._effect(there)

    async def compared(self) -> tuple[tuple[Field, ...], Effect | None]:
        """Amount and status as they must be and as they stand on the one that bears our reference."""
        found = await self.find()
        if not found:
            return (Field("Payment Amount", _text(self.amount.amount, self.amount.currency), ""),), None
        there = await self._read(found[0].document.number)
        fields = (
            Field(
                "Payment Amount",
                _text(self.amount.amount, self.amount.currency),
                _text(amount(there.PaymentAmount), there.CurrencyID),
            ),
            Field("Status", there.Status if there.Status in self._awaited else "Closed", there.Status),
        )
        return fields, self._effect(there)

    @property
    def _awaited(self) -> frozenset[str]:
        releases = self.site.settings.orders.refunds.release
        return RELEASED if releases else RELEASED | UNRELEASED

    @property
    def _asked(self) -> Missing:
        return self.site.missing("customer refund", f"for {self.step.document}")

    async def _read(self, number: str) -> RefundThere:
        asked = self.site.missing("customer refund", number)
        keys = keys_of("payment", number, asked)
        return await self.site.read("Payment", keys, RefundThere, asked, expand=_EXPAND)

    def _body(
        self, owed: Sequence[Owed], customer: str, method: str, paid_at: datetime | None
    ) -> Mapping[str, Any]:
        settings, step = self.site.settings, self.step
        used = settings.orders.refunds.payment_method or method
        return {
            **wrapped(
                Type=REFUND,
                CustomerID=customer,
                PaymentMethod=used,
                CashAccount=settings.orders.payments.cash_accounts.get(used, ""),
                CurrencyID=self.amount.currency,
                PaymentAmount=self.amount.amount,
                ApplicationDate=midnight(paid_at, settings.zone) if paid_at else None,
                PaymentRef=step.reference,
                ExternalRef=step.reference,
                Description=str(step.document),
                Hold=False,
                note=marked(step.notes, step.reference),
            ),
            "DocumentsToApply": [
                wrapped(DocType=one.type, ReferenceNbr=one.number, AmountPaid=one.amount) for one in owed
            ],
        }

    def _allowed(self, there: RefundThere, number: str) -> None:
        if there.IsCCPayment == "true" and not self.moves_money:
            raise Rejected(
                f"customer refund {number} is by a card with a processing centre, and the flow's refund.moves_money is "
                "false: it stands Balanced; name another payment method in orders.refunds.payment_method, or release "
                "it there by hand, then retry",
                code="moves money",
            )

    def _differences(self, there: RefundThere, owed: Sequence[Owed]) -> Iterator[str]:
        asked = self.amount
        if amount(there.PaymentAmount) != asked.amount or there.CurrencyID != asked.currency:
            stands = f"{amount(there.PaymentAmount):f} {there.CurrencyID}"
            yield f"amount: asked {asked.amount:f} {asked.currency}, there {stands}"
        if there.Status not in self._awaited:
            releases = self.site.settings.orders.refunds.release
            yield f"status: asked {'released' if releases else 'recorded'}, there {there.Status}"
        applied = there.applied(owed)
        if applied != asked.amount:
            yield f"applied: asked {asked.amount:f}, there {applied:f}"

    def _effect(self, there: RefundThere) -> Effect:
        number = number_of("payment", (there.Type or REFUND, there.ReferenceNbr))
        seen = {"status": there.Status}
        if there.PaymentAmount is not None:
            seen["amount"] = f"{there.PaymentAmount:f} {there.CurrencyID}"
        document = DocumentRef(
            connection=self.site.connection, kind="payment", number=number, key=there.NoteID or None
        )
        return Effect(document, seen={label: text for label, text in seen.items() if text})


def _text(value: Decimal, currency: str) -> str:
    return f"{cents(value):f} {currency}"


def _all(there: RefundThere) -> tuple[Owed, ...]:
    rows = (*there.DocumentsToApply, *there.ApplicationHistory)
    return tuple(Owed(*row.key, amount(row.AmountPaid)) for row in rows)
