"""An invoice: the sales order transformed into an invoice or a cash sale, as the settings say, once, and read back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from connector.errors import NotFound, Rejected
from connector.planned import InvoiceStep
from connector.systems.base import Comparing, Effect, Field, Known
from connector.systems.netsuite.client import Client
from connector.systems.netsuite.finding import Found, find_order, made_of, missing_order
from connector.systems.netsuite.items import ids_of
from connector.systems.netsuite.lines import (
    allocated,
    contents,
    goods_of,
    lines_field,
    may_be_used,
    number_of,
    open_lines,
    quantities,
    to_bill,
)
from connector.systems.netsuite.settings import NetSuiteSettings
from connector.systems.netsuite.wire import ZERO, Bill, SalesOrder
from connector.systems.netsuite.writing import bearing, document_ref, made, memo, plain, ref, said, same

STANDING = "standing invoice"
"""The kind of an effect that is not ours: the order was billed already, and the flow leaves it so. It is another kind
than `invoice`, so that a bill of the account's own is not taken for an echo of ours."""

RECORDS: Mapping[str, str] = {"invoice": "invoice", "cash_sale": "cashSale"}
KINDS: Mapping[str, str] = {"CustInvc": "invoice", "CashSale": "cashSale"}
"""SuiteQL's types of bills, and their records."""


@dataclass
class InvoiceRecipe(Comparing):
    """One invoice of one order."""

    client: Client
    step: InvoiceStep
    known: Known
    native_key: bool = True
    _order: Found | None = field(default=None, init=False)
    _made: Bill | None = field(default=None, init=False)

    async def find(self) -> tuple[Effect, ...]:
        """The invoice or cash sale with our external id; where there is none, nothing is left to bill and the step is
        meant for open orders only, the bill that stands there. Raises NotFound without the order."""
        self._order = await find_order(self.client, self.step, self.known.order)
        self._made = await self._bearing()
        if self._made is not None:
            return (self._effect(self._made),)
        if self.step.when_open and not open_lines(self._order.order, to_bill):
            return await self._standing(self._order.order)
        return ()

    async def create(self) -> Effect:
        """Bill, and read back. Raises Rejected, before anything is sent, where NetSuite would bill something else."""
        order = (await self._seen()).order
        may_be_used(order)
        taken = allocated(order, self.step.lines, await self._ids(), to_bill, born_here=self._born_here)
        if not taken:
            raise Rejected(
                f"{self.step.document} bills nothing: it has no quantity", code="nothing to invoice"
            )
        body = bill_body(self.step, order, taken, self.client.settings)
        self._made = await made(
            self.client,
            self._record,
            self.step.reference,
            Bill,
            lambda: self.client.transform(
                "salesOrder", order.id, self._record, body, missing_order(self.step)
            ),
        )
        return self._effect(self._made)

    async def verify(self, effect: Effect) -> Effect:
        """Compare lines and total with what was asked, to the cent; raises Partial with both sides."""
        if effect.document.kind == STANDING:
            return effect
        there = self._made
        if there is None or there.id != effect.document.key:
            there = await self.client.read_back(self._record, effect.document.key or "", Bill)
        same(f"{self._record} {there.number}", await self._fields(there))
        return self._effect(there)

    async def compare(self) -> tuple[Field, ...]:
        """The bill with our external id, else that of the order which holds what was asked, else its last."""
        order = (await self._seen()).order
        self._made = await self._bearing()
        fields = await self._fields(self._made)
        if self._made is None:
            for one in await made_of(self.client, order, *KINDS):
                self._made = await self.client.read_back(KINDS[one.type], one.id, Bill)
                fields = await self._fields(self._made)
                if not any(field.differs for field in fields):
                    break
        return fields

    async def standing(self) -> Effect:
        """The bill as it stands."""
        if self._made is None:
            raise NotFound("there is no such bill", missing=missing_order(self.step))
        return self._effect(self._made)

    # -- looking -------------------------------------------------------------------------------------------

    @property
    def _record(self) -> str:
        return RECORDS[self.client.settings.billing.document]

    async def _seen(self) -> Found:
        self._order = self._order or await find_order(self.client, self.step, self.known.order)
        return self._order

    @property
    def _born_here(self) -> bool:
        return self.step.order.order.connection == self.client.connection

    async def _ids(self) -> Mapping[str, str]:
        order = (await self._seen()).order
        return await ids_of(self.client, order, self.step.lines, born_here=self._born_here)

    async def _bearing(self) -> Bill | None:
        """The bill with our external id, also one that was made under other settings."""
        for record in (self._record, *(one for one in RECORDS.values() if one != self._record)):
            found = await bearing(self.client, record, self.step.reference, Bill)
            if found is not None:
                return found
        return None

    async def _standing(self, order: SalesOrder) -> tuple[Effect, ...]:
        """The last bill of an order with nothing left to bill."""
        bills = await made_of(self.client, order, *KINDS)
        if not bills:
            return ()
        bill = await self.client.read_back(KINDS[bills[-1].type], bills[-1].id, Bill)
        return (self._effect(bill, STANDING),)

    async def _fields(self, there: Bill | None) -> tuple[Field, ...]:
        order = (await self._seen()).order
        goods = {line.line for line in goods_of(order, self.client.settings.items)}
        rows = quantities(there.item) if there else {}
        stands = {key: qty for key, qty in rows.items() if key in goods}
        ids = await self._ids()
        return (
            lines_field(order, self.step.lines, ids, stands, born_here=self._born_here),
            *self._total(there),
        )

    def _total(self, there: Bill | None) -> Iterator[Field]:
        """A total within the tolerance is the same."""
        asked, settings = self.step.total, self.client.settings
        if asked is None:
            return
        expected = f"{plain(asked.amount)} {asked.currency}"
        if there is None or there.total is None:
            yield Field("total", expected, "")
            return
        currency = settings.currency_of(there.currency.id) or there.currencysymbol or str(there.currency)
        near = abs(there.total - asked.amount) <= settings.orders.tolerance and currency == asked.currency
        stands = f"{plain(there.total)} {currency} (tax {plain(there.tax)})"
        yield Field("total", expected, expected if near else stands)

    def _effect(self, there: Bill, kind: str = "invoice") -> Effect:
        seen = {
            "status": str(there.status),
            "lines": contents(there.item),
            "total": f"{there.total or ZERO:f} {there.currencysymbol or there.currency}".strip(),
            "note": there.memo,
        }
        links = self._order.links if self._order else ()
        document = document_ref(self.client, kind, there)
        return Effect(document, links, said(seen), ours=there.external_id == self.step.reference)


def bill_body(
    step: InvoiceStep, order: SalesOrder, taken: Mapping[str, Decimal], settings: NetSuiteSettings
) -> dict[str, Any]:
    """The body of the transform: every open line with its quantity, 0 for what is not billed now (Oracle's sample).
    Lines that bear an amount of ours go with the first invoice, as NetSuite does it with `shippingCost`."""
    goods = {line.line for line in goods_of(order, settings.items)}
    lines = [
        {
            "orderLine": number_of(line.line),
            "quantity": taken.get(line.line, ZERO) if line.line in goods else to_bill(line),
        }
        for line in open_lines(order, to_bill)
    ]
    forms = settings.forms
    form = forms.cash_sale if settings.billing.document == "cash_sale" else forms.invoice
    return {
        "externalId": step.reference,
        **said({"memo": memo(step.notes), "customForm": ref(form) if form else None}),
        "item": {"items": lines},
    }
