"""A payment for an order: recorded and applied to it in one request, then released by an action, then read back.

A payment that an earlier try left unreleased is found by its reference, and released when it is read back.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from connector.errors import Missing, OutcomeUnknown, Partial, Rejected
from connector.planned import PaymentStep
from connector.reference import marked
from connector.systems.acumatica.actions import act
from connector.systems.acumatica.locating import CANCELED, Located, keys_body, locate, number_there
from connector.systems.acumatica.numbers import keys_of, number_of, order_keys
from connector.systems.acumatica.standing import ZERO, OrderThere, PaymentThere, amount
from connector.systems.acumatica.writing import Site, midnight, quoted, wrapped
from connector.systems.base import Effect, Known
from schemas.base import DocumentRef

_EXPAND = ("OrdersToApply",)
_OUR_TYPES = ("Payment", "Prepayment")
"""A voiding document has the number and the reference of the payment that it voids, under a type of its own."""

_READY = "Balanced"
_RELEASED = frozenset({"Open", "Closed", "Reserved"})
_FULLY_APPLIED = "Closed"
_UNRELEASED = frozenset({_READY, "On Hold", "Pending Approval", "Pending Processing"})


@dataclass
class PaymentRecipe:
    """One payment of one order."""

    site: Site
    step: PaymentStep
    known: Known
    native_key: bool = False
    _located: Located | None = field(default=None, init=False)

    async def find(self) -> tuple[Effect, ...]:
        """The payments that bear our reference, released or not. Raises NotFound where the order is not there."""
        condition = f"ExternalRef eq {quoted(self.step.reference)}"
        fields = ("Type", "ReferenceNbr", "Status")
        listed = await self.site.list("Payment", condition, fields, PaymentThere, self._asked)
        ours = tuple(one for one in listed if one.Type in _OUR_TYPES)
        if not ours:
            await self._order()
        return tuple(map(self._effect, ours))

    async def create(self) -> Effect:
        """Record the payment and apply it to the order. Raises Rejected, before anything is sent, where the order is
        not unpaid by as much."""
        order = (await self._order()).order
        applied = self._applicable(order)
        body = self._body(order, applied)
        made = await self.site.put("Payment", body, PaymentThere, self._asked, insert=True)
        if not made.ReferenceNbr:
            raise OutcomeUnknown(f"{self._asked} was recorded, but Acumatica does not say under which number")
        return self._effect(made)

    async def verify(self, effect: Effect) -> Effect:
        """Read the payment, release it where that is still to be done, and compare.

        Raises Partial with both sides, Rejected where it cannot be released, OutcomeUnknown where the release was
        accepted and is not seen.
        """
        keys = keys_of("payment", effect.document.number, self._asked)
        there = await self._read(keys)
        if there.Status == _READY and self.site.settings.orders.payments.release:
            there = await self._release(keys)
        problems = list(self._differences(there, await self._order_number(there)))
        if problems:
            raise Partial(f"{effect.document} differs from what was asked: {'; '.join(problems)}")
        return self._effect(there)

    # -- looking -----------------------------------------------------------------------------------------------------

    @property
    def _asked(self) -> Missing:
        return self.site.missing("payment", f"for {self.step.document}")

    async def _order(self) -> Located:
        self._located = self._located or await locate(self.site, self.step, self.known)
        return self._located

    async def _order_number(self, there: PaymentThere) -> str:
        """The order's number in our form; one that was paid is not asked for again, where the link names it."""
        if self.known.order is not None:
            return self.known.order.number
        return number_there((await self._order()).order)

    async def _read(self, keys: tuple[str, ...]) -> PaymentThere:
        asked = self.site.missing("payment", number_of("payment", keys))
        return await self.site.read("Payment", keys, PaymentThere, asked, expand=_EXPAND)

    # -- recording ---------------------------------------------------------------------------------------------------

    def _applicable(self, order: OrderThere) -> Decimal:
        """How much of the payment the order takes: all of it, but for the tolerance of totals."""
        asked, number = self.step.amount, number_there(order)
        if order.CurrencyID != asked.currency:
            raise Rejected(
                f"order {number} is in {order.CurrencyID}, the payment is {asked}",
                code="currency",
                field="currency",
            )
        if order.Status == CANCELED:
            raise Rejected(f"order {number} is cancelled, and takes no payment", code="state forbids")
        if asked.amount <= 0:
            raise Rejected(f"a payment of {asked} cannot be recorded", code="no amount", field="amount")
        unpaid = order.Totals.UnpaidBalance
        if unpaid is None or unpaid >= asked.amount:
            return asked.amount
        if asked.amount - unpaid > self.site.settings.orders.total_tolerance or unpaid <= 0:
            paid = ", ".join(
                f"{row.DocType} {row.ReferenceNbr} ({amount(row.AppliedToOrder):f})" for row in order.Payments
            )
            raise Rejected(
                f"order {number} has {unpaid:f} {order.CurrencyID} left to pay, the payment is {asked}; applied to it "
                f"are: {paid or 'no payments'}",
                code="nothing left",
                field="amount",
            )
        return unpaid

    def _body(self, order: OrderThere, applied: Decimal) -> dict[str, Any]:
        step, writes = self.step, self.site.settings.orders.payments
        return {
            **wrapped(
                Type=writes.type,
                CustomerID=order.CustomerID,
                PaymentMethod=step.method,
                CashAccount=writes.cash_accounts.get(step.method),
                CurrencyID=step.amount.currency,
                PaymentAmount=step.amount.amount,
                ApplicationDate=midnight(step.paid_at, self.site.settings.zone) if step.paid_at else None,
                PaymentRef=step.reference,
                ExternalRef=step.reference,
                Description=str(step.document),
                Hold=False,
                note=marked(step.notes, step.reference),
            ),
            "OrdersToApply": [{**keys_body(order), **wrapped(AppliedToOrder=applied)}],
        }

    async def _release(self, keys: tuple[str, ...]) -> PaymentThere:
        """Release, and read what came of it: it may have been released by an earlier try, or by a person."""
        asked = self.site.missing("payment", number_of("payment", keys))
        refusal: Rejected | None = None
        try:
            body = wrapped(Type=keys[0], ReferenceNbr=keys[1])
            await act(self.site, "Payment", "ReleasePayment", body, asked)
        except Rejected as error:
            refusal = error
        there = await self._read(keys)
        if there.Status in _RELEASED:
            return there
        if refusal is not None:
            text = f"{asked} was recorded and stands {there.Status}, but is not released: {refusal.message}"
            raise Rejected(text, code="not released")
        raise OutcomeUnknown(
            f"Acumatica accepted the release of {asked}, which still stands {there.Status}",
            code="not released",
        )

    # -- reading back ------------------------------------------------------------------------------------------------

    def _differences(self, there: PaymentThere, order: str) -> Iterator[str]:
        asked, writes = self.step.amount, self.site.settings.orders.payments
        stands = f"{amount(there.PaymentAmount):f} {there.CurrencyID}"
        if amount(there.PaymentAmount) != asked.amount or there.CurrencyID != asked.currency:
            yield f"amount: asked {asked.amount:f} {asked.currency}, there {stands}"
        awaited = _RELEASED if writes.release else _RELEASED | _UNRELEASED
        if there.Status not in awaited:
            yield f"status: asked {'released' if writes.release else 'recorded'}, there {there.Status}"
        applied = self._applied(there, order)
        if asked.amount - applied > self.site.settings.orders.total_tolerance:
            yield f"applied to order {order}: asked {asked.amount:f}, there {applied:f}"

    def _applied(self, there: PaymentThere, order: str) -> Decimal:
        """What the order has of it; once the order is invoiced, that moves to the invoice."""
        if there.Status == _FULLY_APPLIED:
            return amount(there.PaymentAmount)
        keys = order_keys(order, self.site.missing("order", order))
        rows = [row for row in there.OrdersToApply if (row.OrderType, row.OrderNbr) == keys]
        return sum((amount(row.AppliedToOrder) for row in rows), ZERO) + amount(there.AppliedToDocuments)

    def _effect(self, there: PaymentThere) -> Effect:
        seen = {
            "status": there.Status,
            "amount": ""
            if there.PaymentAmount is None
            else f"{there.PaymentAmount:f} {there.CurrencyID}".strip(),
        }
        number = number_of("payment", (there.Type, there.ReferenceNbr))
        return Effect(
            document=DocumentRef(
                connection=self.site.connection, kind="payment", number=number, key=there.NoteID or None
            ),
            links=self._located.links if self._located else (),
            seen={label: text for label, text in seen.items() if text},
        )
