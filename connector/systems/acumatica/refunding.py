"""A refund at Acumatica: which document it becomes, made once, released, and read back to the cent.

Billed orders get a credit memo or a return order; those that are only paid a refund of the payments; the others what
the flow's rules say. The bodies are `refund_body.py`, what is billed `refund_standing.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from connector.errors import NotFound, OutcomeUnknown, Partial, Rejected
from connector.planned import CancelStep, RefundStep
from connector.reference import references_in
from connector.systems.acumatica.cancelling import CancelRecipe
from connector.systems.acumatica.depositing import deposits_of, pay_back, refund_of_deposit
from connector.systems.acumatica.locating import CANCELED, Located, locate, number_there
from connector.systems.acumatica.numbers import number_of
from connector.systems.acumatica.order_body import cents
from connector.systems.acumatica.refund_body import memo_body, restocks, return_body, rows_of
from connector.systems.acumatica.refund_standing import (
    CREDIT_MEMO,
    BilledThere,
    Billing,
    ReturnThere,
    billing_of,
    memos_where,
    read_billed,
    read_return,
    returns_where,
)
from connector.systems.acumatica.releasing import RELEASED, UNRELEASED, release
from connector.systems.acumatica.standing import amount
from connector.systems.acumatica.writing import Site, quoted
from connector.systems.base import Comparing, Effect, Field, Known
from schemas.base import DocumentRef


@dataclass
class RefundRecipe(Comparing):
    """One refund of one order. Nothing keeps a site from having it twice, so it is looked for by our reference."""

    site: Site
    step: RefundStep
    known: Known
    native_key: bool = False
    _located: Located | None = field(default=None, init=False)

    async def find(self) -> tuple[Effect, ...]:
        """The credit memos, return orders and customer refunds that bear our reference, in whatever status; an order
        that stands cancelled, where that is what the flow does. Raises NotFound where the order is not there."""
        ours, asked = f"ExternalRef eq {quoted(self.step.reference)}", f"for {self.step.document}"
        found = (
            *(self._memo_effect(one) for one in await memos_where(self.site, ours, asked)),
            *(self._return_effect(one) for one in await returns_where(self.site, ours, asked)),
            *(await refund_of_deposit(self.site, self.step).find()),
        )
        if found:
            return found
        order = (await self._order()).order
        if order.Status == CANCELED and self.step.rules.unbilled == "cancel":
            return await self._cancelling.find()
        return ()

    async def create(self) -> Effect:
        """Make what the table says. Raises NotFound (`not billed`) where it waits, Rejected with both amounts where
        less is left to be given back, and in words where it cannot be said at Acumatica."""
        order, refund = (await self._order()).order, self.step.content
        if order.CurrencyID != refund.currency:
            raise Rejected(
                f"order {number_there(order)} is in {order.CurrencyID}, refund {refund.number} in {refund.currency}",
                code="currency",
                field="currency",
            )
        if refund.total.amount <= 0:
            raise Rejected(
                f"refund {refund.number} over {refund.total} gives nothing back",
                code="no amount",
                field="total",
            )
        billing = await billing_of(self.site, order)
        if billing.invoices:
            self._is_left(billing)
            returns = self.step.rules.document == "return_order"
            return await (self._make_return(billing) if returns else self._make_memo(billing))
        deposits = deposits_of(order)
        if deposits:
            return await pay_back(self.site, self.step, order, deposits)
        return await self._unbilled()

    async def verify(self, effect: Effect) -> Effect:
        """Read it back, release it where that is still to be done, and compare; raises Partial with both sides."""
        document = effect.document
        if document.kind == "payment":
            return await refund_of_deposit(self.site, self.step).verify(effect)
        if document.kind == "order":
            return await self._cancelling.verify(effect)
        if _is_memo(document.number):
            return await self._verify_memo(document.number)
        order = await read_return(self.site, document.number)
        problems = list(self._differences(order.CurrencyID, order.OrderTotal))
        if order.Status == CANCELED:
            problems.append("status: asked a return order, there Canceled")
        self._same(f"return order {order.number}", problems)
        return self._return_effect(order)

    async def compare(self) -> tuple[Field, ...]:
        """Total and status of what books the refund, whoever made it."""
        total = self.step.content.total
        asked = f"{cents(total.amount):f} {total.currency}"
        found = await self._standing()
        if found is None:
            return (Field("Total", asked, ""),)
        if found.document.kind == "payment":
            return (await refund_of_deposit(self.site, self.step).compared())[0]
        status = found.seen.get("status", "")
        if found.document.kind == "order":
            return (Field("Status", CANCELED, status),)
        good = status in self._awaited if _is_memo(found.document.number) else status != CANCELED
        return (
            Field("Total", asked, found.seen.get("total", "")),
            Field("Status", status if good else "Open", status),
        )

    async def standing(self) -> Effect:
        """What books the refund, as it stands."""
        found = await self._standing()
        if found is None:
            raise Rejected(f"nothing at Acumatica books refund {self.step.content.number}", code="not there")
        return found

    async def _standing(self) -> Effect | None:
        """Ours, or the only credit memo over the same total that a person made for the order."""
        found = await self.find()
        if found:
            return found[0]
        memos = (await billing_of(self.site, (await self._order()).order)).memos
        total = self.step.content.total.amount
        by_hand = [one for one in memos if amount(one.Amount) == total and not references_in(one.note)]
        return self._memo_effect(by_hand[0]) if len(by_hand) == 1 else None

    # -- making ------------------------------------------------------------------------------------------------------

    def _is_left(self, billing: Billing) -> None:
        """Not more than was billed and not credited yet."""
        total, left = self.step.content.total, billing.billed - billing.credited
        if total.amount - left <= self.step.rules.tolerance:
            return
        before = f", of which {billing.credited:f} was credited before" if billing.credited else ""
        raise Rejected(
            f"refund {self.step.content.number} gives back {total}, and of order {billing.order} {left:f} "
            f"{total.currency} is left: {billing.billed:f} is billed{before}",
            code="money",
            field="total",
        )

    async def _make_memo(self, billing: Billing) -> Effect:
        order, settings = (await self._order()).order, self.site.settings
        rows = rows_of(self.step, billing, settings, shipping=True)
        body = memo_body(self.step, billing.order, order, rows, settings)
        asked = self.site.missing("credit memo", f"for {self.step.document}")
        made = await self.site.put("SalesInvoice", body, BilledThere, asked, insert=True)
        if not made.ReferenceNbr:
            raise OutcomeUnknown(f"{asked} was made, but Acumatica does not say under which number")
        return self._memo_effect(made)

    async def _make_return(self, billing: Billing | None) -> Effect:
        """A return order that credits what is billed, or where nothing is, one that only authorises the return."""
        order, settings = (await self._order()).order, self.site.settings
        refunds = settings.orders.refunds
        type_ = refunds.return_order_type if billing else refunds.authorization_type
        if not any(restocks(self.step, line) for line in self.step.content.lines):
            raise Rejected(
                f"refund {self.step.content.number} brings no goods back, so that there is nothing to make a return "
                "order for: let the flow's refund.document be credit_memo, or its refund.restock be always",
                code="no goods",
            )
        rows = rows_of(self.step, billing, settings, shipping=False)
        body = return_body(self.step, type_, number_there(order), order, rows, settings)
        asked = self.site.missing("return order", f"for {self.step.document}")
        made = await self.site.put("SalesOrder", body, ReturnThere, asked, insert=True)
        if not made.OrderNbr:
            raise OutcomeUnknown(f"{asked} was made, but Acumatica does not say under which number")
        return self._return_effect(made)

    async def _unbilled(self) -> Effect:
        """Neither billed nor paid: as the flow's rules say."""
        order, rules = (await self._order()).order, self.step.rules
        if rules.unbilled == "return_only":
            return await self._make_return(None)
        if rules.unbilled == "cancel":
            self._is_whole()
            return await self._cancelling.create()
        number = number_there(order)
        raise NotFound(
            f"order {number} is not billed yet: it stands {order.Status}, and has neither a released invoice nor a "
            "payment; once it is billed, its refund is booked",
            missing=self.site.missing("invoice", number),
            code="not billed",
        )

    def _is_whole(self) -> None:
        """An order is cancelled as a whole, so that all that was paid must go back."""
        paid, total = self.step.paid, self.step.content.total
        if paid is None or total.amount < paid.amount:
            told = "it is not known how much" if paid is None else f"{paid}"
            raise Rejected(
                f"refund {self.step.content.number} gives back {total}, and {told} was paid: an order is cancelled as "
                "a whole; change it by hand",
                code="part",
                field="total",
            )

    # -- reading back ------------------------------------------------------------------------------------------------

    async def _verify_memo(self, number: str) -> Effect:
        memo = await read_billed(self.site, number)
        releases = self.site.settings.orders.refunds.release
        problems = list(self._differences(memo.Currency, memo.Amount))
        # What differs is not released: as long as it stands Balanced a person can set it right.
        if releases and not problems:
            asked = self.site.missing("credit memo", number)
            memo = await release(
                self.site,
                "SalesInvoice",
                "ReleaseSalesInvoice",
                memo,
                asked,
                lambda: read_billed(self.site, number),
            )
        awaited = RELEASED | UNRELEASED if problems else self._awaited
        if memo.Status not in awaited:
            problems.append(f"status: asked {'released' if releases else 'made'}, there {memo.Status}")
        self._same(f"credit memo {number}", problems)
        return self._memo_effect(memo)

    def _differences(self, currency: str, total: Decimal | None) -> Iterator[str]:
        asked = self.step.content.total
        there = cents(amount(total))
        if abs(there - asked.amount) > self.step.rules.tolerance or currency != asked.currency:
            yield f"total: asked {asked.amount:f} {asked.currency}, there {there:f} {currency}"

    @property
    def _awaited(self) -> frozenset[str]:
        releases = self.site.settings.orders.refunds.release
        return RELEASED if releases else RELEASED | UNRELEASED

    def _same(self, what: str, problems: list[str]) -> None:
        if problems:
            raise Partial(f"{what} differs from what was asked: {'; '.join(problems)}", field="total")

    # -- saying ------------------------------------------------------------------------------------------------------

    async def _order(self) -> Located:
        self._located = self._located or await locate(self.site, self.step, self.known)
        return self._located

    @property
    def _cancelling(self) -> CancelRecipe:
        step = self.step
        common = {name: getattr(step, name) for name in ("key", "reference", "document", "order", "notes")}
        return CancelRecipe(self.site, CancelStep(**common), self.known)

    def _memo_effect(self, memo: BilledThere) -> Effect:
        return self._effect(memo.number, memo.Status, memo.Amount, memo.Currency, memo.NoteID)

    def _return_effect(self, order: ReturnThere) -> Effect:
        return self._effect(order.number, order.Status, order.OrderTotal, order.CurrencyID, order.NoteID)

    def _effect(self, number: str, status: str, total: Decimal | None, currency: str, key: str) -> Effect:
        seen = {"status": status, "total": "" if total is None else f"{cents(total):f} {currency}"}
        document = DocumentRef(connection=self.site.connection, kind="refund", number=number, key=key or None)
        links = self._located.links if self._located else ()
        return Effect(document, links, {label: text for label, text in seen.items() if text})


def _is_memo(number: str) -> bool:
    """Is this our number of a credit memo, and not of a return order?"""
    return number.startswith(number_of("invoice", (CREDIT_MEMO, "-"))[:-1])
