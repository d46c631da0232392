"""Freight Amount of an order or of an invoice: raised by a shipment, lowered again when it is voided.

The agent compares and sets in one; eBusiness Web Services cannot, so the amount is read once more right before.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from connector.errors import NotFound, Partial, Rejected
from connector.planned import FreightStep, PlannedStep
from connector.systems.base import Effect, Increment, Known
from connector.systems.sage100.invoices import is_posted
from connector.systems.sage100.order_body import amount_in
from connector.systems.sage100.rows import Document, filled, money
from connector.systems.sage100.site import Located, Site, locate
from schemas.base import DocumentRef

COLUMN = "FreightAmt"
LABEL = "Freight Amount"


@dataclass
class FreightIncrement(Increment):
    """The freight of one document. `replaces`: it is set to the amount while nothing of the order was tracked yet."""

    label = LABEL
    site: Site
    step: PlannedStep
    known: Known
    onto: Literal["order", "invoice"]
    amount: Decimal
    replaces: bool = False
    document: DocumentRef | None = None
    _there: Document | None = field(default=None, init=False)
    _located: Located | None = field(default=None, init=False)
    _tracked: bool = field(default=True, init=False)

    async def read(self) -> Decimal:
        """The freight as it stands. Raises NotFound where the document is not there, Rejected where it is history."""
        there = await self._read()
        self._there = there
        self.document = self.site.reference_to(self.onto, there.number)
        if self.replaces:
            self._tracked = await self._is_tracked(there)
        return there.amount(COLUMN)

    def becomes(self, stands: Decimal) -> Decimal:
        """What was read and the amount; the amount alone where it replaces, and nothing was tracked yet."""
        return self.amount if self.replaces and not self._tracked else stands + self.amount

    async def write(self, value: Decimal) -> None:
        """Set the freight, if it still is what was read."""
        there = self._there or await self._read()
        expect = {COLUMN: money(there.amount(COLUMN))}
        if value < 0:
            raise Rejected(
                f"the freight of {self.onto} {there.number} is {there.amount(COLUMN)}, and cannot be lowered by "
                f"{-self.amount}: somebody changed it; set it to what it must be, then ignore this entry",
                code="changed",
                field=COLUMN,
            )
        if self.onto == "invoice":
            await self.site.invoices.set(there, {COLUMN: money(value)}, expect)
        else:
            await self.site.orders.set(there, {COLUMN: money(value)}, expect)

    async def effect(self, value: Decimal) -> Effect:
        """Read back that it is so; raises Partial."""
        there = await self._read()
        stands = there.amount(COLUMN)
        if stands != value:
            raise Partial(
                f"{LABEL} of {self.onto} {there.number}: asked {money(value)}, there {money(stands)}"
            )
        links = self._located.links if self._located else ()
        return Effect(
            self.site.reference_to(self.onto, there.number),
            links=links,
            seen={"freight": f"{money(stands)} {self.site.settings.currency}"},
            ours=False,
        )

    async def _read(self) -> Document:
        if self.onto == "order":
            if self.document is not None:
                return await self.site.orders.read(self.document.number)
            self._located = self._located or await locate(self.site, self.step, self.known)
            return await self.site.orders.read(self._located.number)
        number = (
            self.document.number
            if self.document is not None
            else await invoice_of(self.site, self.step, self.known)
        )
        return refuse_posted(
            await self.site.invoices.read(number), f"its freight cannot be changed by {self.amount}"
        )

    async def _is_tracked(self, there: Document) -> bool:
        """Does the invoice, or any invoice of the order, have a tracking row?"""
        if self.onto == "invoice":
            return bool(await self.site.invoices.tracking(there.number))
        for invoice in await self.site.invoices.of_order(there.number):
            if await self.site.invoices.tracking(invoice.number):
                return True
        return False


@dataclass
class FreightUndo(FreightIncrement):
    """The freight lowered again by exactly what it was raised by. An invoice that is gone took its freight along."""

    stood: Decimal = Decimal(0)
    _gone: bool = field(default=False, init=False)

    async def read(self) -> Decimal:
        """The freight as it stands; as it was left, where the invoice is gone."""
        try:
            return await super().read()
        except NotFound:
            if self.onto != "invoice" or self.document is None:
                raise
            self._gone = True
            return self.stood

    async def write(self, value: Decimal) -> None:
        """Lower it, where it is there."""
        if not self._gone:
            await super().write(value)

    async def effect(self, value: Decimal) -> Effect:
        """Read back that it is lowered, or gone."""
        if self._gone and self.document is not None:
            return Effect(self.document, seen={"freight": "gone with the invoice"}, ours=False)
        return await super().effect(value)


def raising(site: Site, step: FreightStep, known: Known) -> FreightIncrement:
    """The freight of a shipment; raises Rejected for another currency than the company's."""
    onto: Literal["order", "invoice"] = "invoice" if step.onto == "invoice" else "order"
    amount = amount_in(site.settings, step.amount)
    return FreightIncrement(site, step, known, onto, amount, step.replace_untracked)


# -- the invoice that earlier steps of the entry made ------------------------------------------------------------------


async def invoice_of(site: Site, step: PlannedStep, known: Known) -> str:
    """The number of the invoice that this entry made or found; else of the order's one open invoice. Raises Rejected
    where it cannot be told."""
    made = [one for key, one in known.made.items() if key.startswith("invoice:") and key in step.needs]
    if made:
        return filled(made[0].number)
    located = await locate(site, step, known)
    invoices = [one for one in await site.invoices.of_order(located.number) if not is_posted(one)]
    if len(invoices) == 1:
        return invoices[0].number
    raise Rejected(
        f"order {located.number} has {len(invoices)} open invoices, and which one is meant is not known: retry "
        "with the step that makes the invoice",
        code="ambiguous invoice",
    )


def refuse_posted(invoice: Document, what: str) -> Document:
    """The invoice while it is open; raises Rejected (`posted`) once it is history."""
    if is_posted(invoice):
        raise Rejected(
            f"invoice {invoice.number} is posted, so {what}: correct it with a credit memo or an adjustment in "
            "Accounts Receivable, then ignore this entry",
            code="posted",
        )
    return invoice
