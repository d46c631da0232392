"""What is billed of an order at the site, and what of it was credited before: read, and added up.

Credit memos and return orders name the order in Customer Order Nbr., in our form (`SO-000123`); that is how they are
found, since lists cannot be filtered by rows. A credit memo that somebody applied to an invoice counts without it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator

from connector.errors import NotFound
from connector.systems.acumatica.locating import number_there
from connector.systems.acumatica.numbers import keys_of, number_of, order_number
from connector.systems.acumatica.order_body import cents
from connector.systems.acumatica.standing import ZERO, OrderThere, ShipmentThere, amount
from connector.systems.acumatica.wire import Entity, Number, Text
from connector.systems.acumatica.writing import Site, quoted, understood

CREDIT_MEMO = "Credit Memo"
_MOST = 100
_GONE = frozenset({"Canceled", "Rejected"})
_EXPAND = ("Details", "ApplicationsInvoice")


def _rows(value: object) -> object:
    return () if value is None or value == {} else value


class BilledLine(Entity):
    """SalesInvoiceDetail, of an invoice or a credit memo."""

    LineNbr: Text = ""
    OrderType: Text = ""
    OrderNbr: Text = ""
    InventoryID: Text = ""
    ExternalRef: Text = ""
    WarehouseID: Text = ""
    OrigInvType: Text = ""
    OrigInvNbr: Text = ""
    OrigInvLineNbr: Text = ""
    Qty: Number = None
    Amount: Number = None


class Applied(Entity):
    """SalesInvoiceApplicationInvoice: what pays an invoice, a credit memo among them."""

    DocType: Text = ""
    AdjustingDocReferenceNbr: Text = ""


class BilledThere(Entity):
    """SalesInvoice, of type Invoice or Credit Memo."""

    Type: Text = ""
    ReferenceNbr: Text = ""
    Status: Text = ""
    CustomerID: Text = ""
    Currency: Text = ""
    Amount: Number = None
    TaxTotal: Number = None
    Balance: Number = None
    Details: Annotated[tuple[BilledLine, ...], BeforeValidator(_rows)] = ()
    ApplicationsInvoice: Annotated[tuple[Applied, ...], BeforeValidator(_rows)] = ()

    @property
    def number(self) -> str:
        """Its number in our form: `INV-000123`, `CRM-000124`."""
        return number_of("invoice", (self.Type, self.ReferenceNbr))


class ReturnLine(Entity):
    """SalesOrderDetail of a return order, with the line of the invoice that it takes back."""

    InventoryID: Text = ""
    OrderQty: Number = None
    Amount: Number = None
    InvoiceType: Text = ""
    InvoiceNbr: Text = ""
    InvoiceLineNbr: Text = ""


class FinancialThere(Entity):
    """FinancialSettings: the invoice of an order that ships nothing."""

    InvoiceNbr: Text = ""


class ReturnThere(Entity):
    """SalesOrder, read for what bills it, or as a return order."""

    OrderType: Text = ""
    OrderNbr: Text = ""
    Status: Text = ""
    CurrencyID: Text = ""
    OrderTotal: Number = None
    Details: Annotated[tuple[ReturnLine, ...], BeforeValidator(_rows)] = ()
    Shipments: Annotated[tuple[ShipmentThere, ...], BeforeValidator(_rows)] = ()
    FinancialSettings: Annotated[FinancialThere, BeforeValidator(lambda value: value or {})] = (
        FinancialThere()
    )

    @property
    def number(self) -> str:
        """Its number in our form: `RC-000007`."""
        return order_number(self.OrderType, self.OrderNbr)


LineKey = tuple[str, str, str]
"""Type, number and line of an invoice."""


@dataclass(frozen=True)
class Billing:
    """The released invoices of one order, and what credits them already."""

    order: str
    invoices: tuple[BilledThere, ...]
    memos: tuple[BilledThere, ...] = ()
    returns: tuple[ReturnThere, ...] = ()

    @property
    def billed(self) -> Decimal:
        """What is billed of this order; of an invoice that bills other orders too, only this one's lines."""
        return cents(sum((self._share(one) for one in self.invoices), ZERO))

    @property
    def credited(self) -> Decimal:
        """What was credited before, each amount once: a return order's own credit memo is not counted beside it."""
        memos = sum((amount(one.Amount) for one in self.memos if not self._returned(one)), ZERO)
        return cents(memos + sum((amount(one.OrderTotal) for one in self.returns), ZERO))

    def lines(self) -> Iterator[tuple[LineKey, BilledLine, Decimal]]:
        """Each line that bills this order, with the quantity that has not come back yet."""
        for invoice in self.invoices:
            for line in invoice.Details:
                if order_number(line.OrderType, line.OrderNbr) == self.order and line.InventoryID:
                    key = (invoice.Type, invoice.ReferenceNbr, line.LineNbr)
                    yield key, line, amount(line.Qty) - self._back(key)

    def _share(self, invoice: BilledThere) -> Decimal:
        orders = {order_number(line.OrderType, line.OrderNbr) for line in invoice.Details if line.OrderNbr}
        if orders == {self.order}:
            return amount(invoice.Amount)
        mine = (line for line in invoice.Details if order_number(line.OrderType, line.OrderNbr) == self.order)
        return sum((amount(line.Amount) for line in mine), ZERO)

    def _returned(self, memo: BilledThere) -> bool:
        numbers = {order_number(line.OrderType, line.OrderNbr) for line in memo.Details}
        return bool(numbers & {one.number for one in self.returns})

    def _back(self, key: LineKey) -> Decimal:
        credited = (
            amount(line.Qty)
            for memo in self.memos
            for line in memo.Details
            if (line.OrigInvType, line.OrigInvNbr, line.OrigInvLineNbr) == key
        )
        returned = (
            amount(line.OrderQty)
            for order in self.returns
            for line in order.Details
            if (line.InvoiceType, line.InvoiceNbr, line.InvoiceLineNbr) == key
        )
        return sum(credited, ZERO) + sum(returned, ZERO)


async def read_billed(site: Site, number: str) -> BilledThere:
    """The invoice or credit memo with this number in our form; raises NotFound."""
    asked = site.missing("invoice", number)
    return await site.read(
        "SalesInvoice", keys_of("invoice", number, asked), BilledThere, asked, expand=_EXPAND
    )


async def bills_there(site: Site, numbers: Iterable[str]) -> tuple[BilledThere, ...]:
    """The invoices with these numbers, each once; one that is deleted meanwhile is left out."""
    found = []
    for number in dict.fromkeys(numbers):
        try:
            found.append(await read_billed(site, number))
        except NotFound:
            continue
    return tuple(found)


async def read_return(site: Site, number: str) -> ReturnThere:
    """An order as far as its billing goes, with lines, shipments and invoice; raises NotFound."""
    asked = site.missing("order", number)
    expand = ("Details", "Shipments", "FinancialSettings")
    return await site.read("SalesOrder", keys_of("order", number, asked), ReturnThere, asked, expand=expand)


async def memos_where(site: Site, condition: str, asked: str) -> tuple[BilledThere, ...]:
    """The credit memos that meet a condition, in whatever status, each read in full."""
    where = f"Type eq {quoted(CREDIT_MEMO)} and {condition}"
    fields = ("Type", "ReferenceNbr", "Status")
    missing = site.missing("credit memo", asked)
    rows = await site.client.listed("SalesInvoice", missing, select=fields, where=where, top=_MOST)
    listed = [understood(row, BilledThere, missing) for row in rows]
    return tuple([await read_billed(site, one.number) for one in listed])


async def returns_where(site: Site, condition: str, asked: str) -> tuple[ReturnThere, ...]:
    """The return orders of our types that meet a condition, in whatever status, each read in full."""
    refunds = site.settings.orders.refunds
    types = dict.fromkeys((refunds.return_order_type, refunds.authorization_type))
    of_type = " or ".join(f"OrderType eq {quoted(one)}" for one in types)
    missing = site.missing("return order", asked)
    fields = ("OrderType", "OrderNbr", "Status")
    where = f"({of_type}) and {condition}"
    rows = await site.client.listed("SalesOrder", missing, select=fields, where=where, top=_MOST)
    listed = [understood(row, ReturnThere, missing) for row in rows]
    return tuple([await read_return(site, one.number) for one in listed])


async def billing_of(site: Site, order: OrderThere) -> Billing:
    """What is billed and released of an order, and what was credited of it."""
    number = number_there(order)
    invoices = await _invoices_of(site, await read_return(site, number))
    if not invoices:
        return Billing(number, ())
    named = f"CustomerID eq {quoted(order.CustomerID)} and CustomerOrder eq {quoted(number)}"
    found = {one.number: one for one in await memos_where(site, named, f"of order {number}")}
    for name in _applied_memos(invoices):
        if name not in found:
            found[name] = await read_billed(site, name)
    memos = tuple(one for one in found.values() if one.Status not in _GONE)
    authorized = site.settings.orders.refunds.authorization_type
    returns = tuple(
        one
        for one in await returns_where(site, named, f"of order {number}")
        if one.Status not in _GONE and one.OrderType != authorized
    )
    return Billing(number, invoices, memos, returns)


async def memo_of(site: Site, order: ReturnThere) -> BilledThere | None:
    """The credit memo that a return order led to, where there is one."""
    numbers = list(_bills(order, CREDIT_MEMO))
    return await read_billed(site, numbers[0]) if numbers else None


async def _invoices_of(site: Site, order: ReturnThere) -> tuple[BilledThere, ...]:
    """Its invoices that are released."""
    released = site.settings.released_statuses
    there = await bills_there(site, _bills(order, "Invoice"))
    return tuple(invoice for invoice in there if invoice.Status in released)


def _bills(order: ReturnThere, type_: str) -> Iterator[str]:
    """The numbers of the documents of one type that bill an order; one that ships nothing names its own."""
    for row in order.Shipments:
        if row.InvoiceType == type_ and row.InvoiceNbr:
            yield number_of("invoice", (row.InvoiceType, row.InvoiceNbr))
    if not order.Shipments and order.FinancialSettings.InvoiceNbr:
        yield number_of("invoice", (type_, order.FinancialSettings.InvoiceNbr))


def _applied_memos(invoices: Sequence[BilledThere]) -> Iterator[str]:
    for invoice in invoices:
        for row in invoice.ApplicationsInvoice:
            if row.DocType == CREDIT_MEMO and row.AdjustingDocReferenceNbr:
                yield number_of("invoice", (CREDIT_MEMO, row.AdjustingDocReferenceNbr))
