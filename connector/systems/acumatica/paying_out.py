"""The credit of a refund paid out to the customer: a customer refund against the credit memo that the refund led to."""

from dataclasses import dataclass, field

from connector.errors import NotFound, Rejected
from connector.planned import PayoutStep
from connector.systems.acumatica.locating import Located, locate
from connector.systems.acumatica.numbers import keys_of
from connector.systems.acumatica.refund_payment import CustomerRefund, Owed
from connector.systems.acumatica.refund_standing import (
    CREDIT_MEMO,
    BilledThere,
    memo_of,
    read_billed,
    read_return,
)
from connector.systems.acumatica.standing import amount
from connector.systems.acumatica.writing import Site
from connector.systems.base import Comparing, Effect, Field, Known
from schemas.base import DocumentRef


@dataclass
class PayoutRecipe(Comparing):
    """One pay-out. Where the refund step made what pays by itself, or nothing to be paid, it is done already."""

    site: Site
    step: PayoutStep
    known: Known
    native_key: bool = False
    _located: Located | None = field(default=None, init=False)

    async def find(self) -> tuple[Effect, ...]:
        """The customer refund that bears our reference, or what needs none."""
        made = self._made
        if made is not None and made.kind != "refund":
            return (Effect(made, seen={"paid out": "by the refund itself"}),)
        return await self._refund.find()

    async def create(self) -> Effect:
        """Record it against the credit memo. Raises NotFound while there is none that is released, Rejected with both
        amounts where less is left of it."""
        memo = await self._memo()
        asked = self.step.amount
        if memo.Currency != asked.currency:
            raise Rejected(
                f"credit memo {memo.number} is in {memo.Currency}, {asked} is to be paid out",
                code="currency",
                field="currency",
            )
        if asked.amount > amount(memo.Balance):
            raise Rejected(
                f"{asked} is to be paid out, and of credit memo {memo.number} {amount(memo.Balance):f} "
                f"{memo.Currency} is left: see what it is applied to",
                code="money",
                field="amount",
            )
        order = (await self._order()).order
        owed = (Owed(memo.Type, memo.ReferenceNbr, asked.amount),)
        return await self._refund.create(owed, memo.CustomerID, order.PaymentMethod)

    async def verify(self, effect: Effect) -> Effect:
        """Read it, release it where that is still to be done, and compare."""
        made = self._made
        if made is not None and effect.document == made:
            return effect
        memo = await self._memo()
        owed = (Owed(memo.Type, memo.ReferenceNbr, self.step.amount.amount),)
        return await self._refund.verify(effect, owed)

    async def compare(self) -> tuple[Field, ...]:
        """The customer refund's amount and status, where one is needed."""
        made = self._made
        if made is not None and made.kind != "refund":
            return (Field("Paid out by", str(made), str(made)),)
        fields, _ = await self._refund.compared()
        return fields

    async def standing(self) -> Effect:
        """The customer refund that bears our reference, or what needs none."""
        made = self._made
        if made is not None and made.kind != "refund":
            return Effect(made)
        _, effect = await self._refund.compared()
        if effect is None:
            raise Rejected(f"no customer refund bears {self.step.reference}", code="not there")
        return effect

    @property
    def _refund(self) -> CustomerRefund:
        return CustomerRefund(self.site, self.step, self.step.amount, self.step.rules.moves_money)

    @property
    def _made(self) -> DocumentRef | None:
        """What the refund step made; None in a rehearsal."""
        return next((self.known.made[key] for key in self.step.needs if key in self.known.made), None)

    async def _order(self) -> Located:
        self._located = self._located or await locate(self.site, self.step, self.known)
        return self._located

    async def _memo(self) -> BilledThere:
        made = self._made
        if made is None:
            raise Rejected("what the refund step made is not known", code="plan")
        asked = self.site.missing("refund", made.number)
        if keys_of("invoice", made.number, asked)[0] == CREDIT_MEMO:
            return await read_billed(self.site, made.number)
        memo = await memo_of(self.site, await read_return(self.site, made.number))
        if memo is None or memo.Status not in self.site.settings.released_statuses:
            stands = f"credit memo {memo.number} is {memo.Status}" if memo else "it has no credit memo yet"
            raise NotFound(
                f"return order {made.number} is not credited yet: {stands}; take the goods in and release it",
                missing=self.site.missing("invoice", made.number),
                code="not billed",
            )
        return memo
