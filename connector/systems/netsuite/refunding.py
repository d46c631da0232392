"""Booking a refund at NetSuite, once: our reference is looked for on every type of document that it can have become.

The table is `refund_choice.py`, the request `refund_body.py`, lines of an unbilled order `refund_closing.py`, and the
document that pays a credit memo out `paying_out.py`.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from connector.errors import Missing, NotFound, Partial, Rejected
from connector.planned import PayoutStep, RefundStep
from connector.systems.base import Comparing, Effect, Increment, Known, Link, Recipe
from connector.systems.base import Field as Compared
from connector.systems.netsuite.client import Client
from connector.systems.netsuite.finding import find_order
from connector.systems.netsuite.items import internal_ids
from connector.systems.netsuite.orders_read import sku_of
from connector.systems.netsuite.paying_out import PayoutRecipe
from connector.systems.netsuite.refund_body import refund_body
from connector.systems.netsuite.refund_choice import WORDS, Choice, Chooser
from connector.systems.netsuite.refund_closing import closed, closing_body, left_open
from connector.systems.netsuite.refund_lines import told
from connector.systems.netsuite.refund_standing import (
    BILLS,
    CREDITS,
    Credit,
    CustomerRefund,
    Standing,
    read_standing,
)
from connector.systems.netsuite.settings import NetSuiteSettings
from connector.systems.netsuite.wire import ZERO, Record, SalesOrder
from connector.systems.netsuite.writing import bearing, made
from schemas.base import DocumentRef
from schemas.documents import Refund

MODELS: dict[str, type[Record]] = {
    "cashRefund": Credit,
    "creditMemo": Credit,
    "customerRefund": CustomerRefund,
    "returnAuthorization": Credit,
}
"""What a refund can have become, whatever the order's billing is by now."""


def recipe(
    client: Client, settings: NetSuiteSettings, step: RefundStep | PayoutStep, known: Known
) -> Recipe | Increment:
    """How a refund, or its payout, is done here."""
    if isinstance(step, PayoutStep):
        return PayoutRecipe(client, settings, step, known)
    return RefundRecipe(client, settings, step, known)


@dataclass
class RefundRecipe(Comparing):
    """One refund. NetSuite keeps external ids unique; closing lines of an order has no such key, and so settles."""

    client: Client
    settings: NetSuiteSettings
    step: RefundStep
    known: Known
    native_key: bool = True
    _choice: Choice | None = field(default=None, init=False)
    _standing: Standing | None = field(default=None, init=False)
    _links: tuple[Link, ...] = field(default=(), init=False)

    async def find(self) -> tuple[Effect, ...]:
        """Every document that bears our reference; an order whose lines we closed. Where there is none, it is seen what
        can be made, so that a dry run says so too: raises like `Chooser.choose`, NotFound where the order is not there.
        """
        found = await self._bearing()
        if found:
            return tuple(self._effect(*one) for one in found)
        order = await find_order(self.client, self.step, self.known.order)
        self._links = order.links
        if closed(order.order, self.step):
            return (self._effect("salesOrder", order.order),)
        self._standing = await read_standing(self.client, order.order)
        self._choice = choice = await self._choose(self._standing)
        self.native_key = choice.record != "salesOrder"
        if choice.record == "salesOrder" and not choice.taken:
            return (self._effect("salesOrder", order.order, ours=False),)
        if choice.record == "salesOrder":
            closing_body(self.step, choice, self._standing, self.settings)
        else:
            refund_body(self.step, choice, self._standing.order, self.settings)
        return ()

    async def create(self) -> Effect:
        """Make the document by transforming what it is of, with our lines in place of all lines."""
        choice, standing = self._choice, self._standing
        if choice is None or standing is None:
            raise Rejected(f"refund {self.step.content.number} was not looked for before", code="order")
        if choice.record == "salesOrder":
            body = closing_body(self.step, choice, standing, self.settings)
            await self.client.patch("salesOrder", choice.key, body)
            order = await self.client.read_back("salesOrder", choice.key, SalesOrder)
            return self._effect("salesOrder", order)
        body = refund_body(self.step, choice, standing.order, self.settings)
        missing = Missing(WORDS[choice.source], choice.key, self.client.connection)

        async def write() -> str:
            if choice.record == "customerRefund":
                return await self.client.create(choice.record, body)
            return await self.client.transform(
                choice.source, choice.key, choice.record, body, missing, replace=("item",)
            )

        document = await made(self.client, choice.record, self.step.reference, MODELS[choice.record], write)
        return self._effect(choice.record, document)

    async def verify(self, effect: Effect) -> Effect:
        """Read it back, and compare its total to the cent; a return authorisation by its quantities. Raises Partial."""
        record, _, key = (effect.document.key or "").partition("/")
        missing = Missing(WORDS[record], effect.document.number, self.client.connection)
        if record == "salesOrder":
            order = await self.client.get(record, key, SalesOrder, missing)
            return self._closed(order) if effect.ours else effect
        document = await self.client.get(record, key, MODELS[record], missing)
        if isinstance(document, Credit) and record not in CREDITS:
            self._quantities(document)
        else:
            self._total(record, document)
        return self._effect(record, document)

    async def compare(self) -> tuple[Compared, ...]:
        """The total that should be given back, beside that of the document which stands there, whoever entered it; the
        pieces of a return. Lines of an order that were closed by hand cannot be told from others."""
        there = await self._there()
        asked = self.step.content.total
        if there is None:
            return (Compared("Total given back", told(asked.amount, asked.currency), ""),)
        record, document = there
        if isinstance(document, SalesOrder):
            return ()
        if record == "returnAuthorization":
            return (Compared("Pieces", f"{_pieces(self.step.content):f}", f"{_pieces(document):f}"),)
        totals = (told(amount, asked.currency) for amount in (asked.amount, _given_back(document)))
        return (Compared("Total given back", *totals),)

    async def standing(self) -> Effect:
        """The document as it stands. Raises NotFound where there is none."""
        there = await self._there()
        if there is None:
            missing = Missing("refund", self.step.content.number, self.step.document.connection)
            raise NotFound(f"{missing} stands nowhere at {self.client.connection}", missing=missing)
        record, document = there
        return self._effect(record, document, ours=document.external_id == self.step.reference)

    # -- comparing --

    async def _bearing(self) -> list[tuple[str, Record]]:
        """Every document that bears our reference, with its type."""
        found: list[tuple[str, Record]] = []
        for record, model in MODELS.items():
            document = await bearing(self.client, record, self.step.reference, model)
            if document is not None:
                found.append((record, document))
        return found

    async def _there(self) -> tuple[str, Record] | None:
        """The document of ours, or else one over the same amount that a person entered: it bears no external id."""
        found = await self._bearing()
        if found:
            return found[0]
        order = (await find_order(self.client, self.step, self.known.order)).order
        standing = await read_standing(self.client, order)
        for one in standing.of(*MODELS):
            asked = Missing(WORDS[one.record], one.number, self.client.connection)
            document = await self.client.get(one.record, one.id, MODELS[one.record], asked)
            if not document.external_id and _given_back(document) == self.step.content.total.amount:
                return one.record, document
        unbilled = not standing.of(*BILLS, "customerDeposit")
        return ("salesOrder", order) if unbilled and self.step.rules.unbilled == "cancel" else None

    def _total(self, record: str, document: Record) -> None:
        asked = self.step.content.total
        there = _given_back(document)
        if abs(there - asked.amount) > self.step.rules.tolerance:
            raise Partial(
                f"refund {self.step.content.number} of {asked} stands as {WORDS[record]} {document.number} over "
                f"{told(there, asked.currency)}: correct its lines or its tax there, then resolve this entry"
            )

    def _quantities(self, document: Credit) -> None:
        asked, there = _pieces(self.step.content), _pieces(document)
        if asked != there:
            raise Partial(
                f"refund {self.step.content.number} takes {asked:f} pieces back, and return authorisation "
                f"{document.number} has {there:f}: correct it there, then resolve this entry"
            )

    def _closed(self, order: SalesOrder) -> Effect:
        choice, before = self._choice, self._standing
        missing = (
            left_open(order, self.step, choice, before.order, self.settings) if choice and before else ""
        )
        if missing or not closed(order, self.step):
            raise Partial(
                f"refund {self.step.content.number} closes lines of sales order {order.number}, and open there are "
                f"still: {missing or 'its lines, without our reference'}"
            )
        return self._effect("salesOrder", order)

    # -- what is asked --

    async def _choose(self, standing: Standing) -> Choice:
        currency = self.settings.currency_of(standing.order.currency.id) or ""
        lines = [*standing.order.item, *(line for bill in standing.bills.values() for line in bill.item)]
        by_name = self.settings.items.key == "itemid"
        there = {sku_of(line).casefold() for line in lines} if by_name else set()
        others = sorted({line.sku for line in self.step.content.lines if line.sku.casefold() not in there})
        ids = await internal_ids(self.client, others) if others else {}
        return Chooser(self.step, standing, ids, self.client.connection, currency).choose()

    def _effect(self, record: str, document: Record, *, ours: bool = True) -> Effect:
        """`key` is record type and internal id: the number alone does not say what it is."""
        seen = {"document": f"{WORDS[record]} {document.number}"}
        if isinstance(document, Credit | CustomerRefund) and document.total is not None:
            seen["total"] = f"{abs(document.total):f}"
        if self._choice is not None:
            seen["of"] = self._choice.label
        place = DocumentRef(
            connection=self.client.connection,
            kind="refund",
            number=document.number,
            key=f"{record}/{document.id}",
        )
        return Effect(place, self._links, seen, ours)


def _given_back(document: Record) -> Decimal:
    """The total of a document; nothing of one that has none."""
    return abs(document.total or ZERO) if isinstance(document, Credit | CustomerRefund) else ZERO


def _pieces(document: Refund | Record) -> Decimal:
    """How many articles, all lines together."""
    lines = document.lines if isinstance(document, Refund) else getattr(document, "item", ())
    return sum((line.quantity for line in lines), ZERO)
