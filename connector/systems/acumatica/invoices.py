"""Acumatica's sales invoices in our words, and whether they are released. Pure.

Which orders an invoice bills stands on its lines, by the order's own keys.
"""

from connector.errors import Missing
from connector.systems.acumatica.numbers import code_of, number_of, order_number
from connector.systems.acumatica.parts import changed_at, currency_of, has_status, money, utc
from connector.systems.acumatica.settings import AcumaticaSettings
from connector.systems.acumatica.wire import WireInvoice, WireInvoiceLine
from connector.systems.base import Fact
from schemas.documents import ZERO, Invoice, InvoiceLine
from schemas.events import InvoiceReleased

STATUSES = ("released_statuses", "unreleased_statuses")


def invoice_facts(wire: WireInvoice, connection: str, settings: AcumaticaSettings) -> tuple[Fact, ...]:
    """Whether the invoice is released. No fact for credit memos and other types, nor where no order is billed.

    Raises Rejected for a status that is in neither list of the settings.
    """
    if not is_invoice(wire.Type, settings) or not billed_orders(wire):
        return ()
    asked = Missing("invoice", number_of("invoice", (wire.Type, wire.ReferenceNbr)), connection)
    holds = has_status(wire.Status, STATUSES, asked, settings)
    invoice = read_invoice(wire, holds, connection, settings)
    time = changed_at(invoice.updated_at, asked, settings.modified.invoice)
    return (Fact(InvoiceReleased.type, holds, time, InvoiceReleased(invoice=invoice)),)


def is_invoice(type_: str, settings: AcumaticaSettings) -> bool:
    """Is this type of document one of those that the connection takes for invoices, by word or by code?"""
    known = settings.invoice_types
    return code_of("invoice", type_) in {code_of("invoice", one) for one in known}


def billed_orders(wire: WireInvoice) -> tuple[str, ...]:
    """The numbers of the orders that an invoice bills, each once."""
    numbers = (order_number(line.OrderType, line.OrderNbr) for line in wire.Details)
    return tuple(dict.fromkeys(filter(None, numbers)))


def read_invoice(wire: WireInvoice, released: bool, connection: str, settings: AcumaticaSettings) -> Invoice:
    """A SalesInvoice in our words; raises ValidationError, and Rejected where no currency is known.

    `total` is all that is billed. Lines without an item (charges) and those that bring goods back are no lines
    of ours, and count in the total.
    """
    number = number_of("invoice", (wire.Type, wire.ReferenceNbr))
    asked = Missing("invoice", number, connection)
    currency = currency_of(wire.Currency, asked, settings, "Currency")
    orders = billed_orders(wire)
    return Invoice.model_validate(
        {
            "number": number,
            "type": wire.Type,
            "state": _state(wire, released, settings),
            "status": wire.Status,
            "order": orders[0] if len(orders) == 1 else "",
            "invoiced_at": utc(wire.Date, settings.zone),
            "updated_at": utc(wire.LastModifiedDateTime or wire.LastModifiedDate, settings.zone),
            "currency": currency,
            "lines": tuple(_line(line, currency) for line in wire.Details if _bills_goods(line)),
            "subtotal": money(wire.DetailTotal, currency),
            "discount": money(wire.DiscountTotal, currency),
            "shipping": money(wire.FreightPrice, currency),
            "tax": money(wire.TaxTotal, currency),
            "total": money(wire.Amount, currency),
            "balance": money(wire.Balance, currency),
        }
    )


def _state(wire: WireInvoice, released: bool, settings: AcumaticaSettings) -> str:
    if wire.Status in settings.cancelled_statuses:
        return "cancelled"
    if not released:
        return "open"
    return "paid" if wire.Balance is not None and wire.Balance == ZERO else "released"


def _bills_goods(line: WireInvoiceLine) -> bool:
    return bool(line.InventoryID) and (line.Qty or ZERO) > 0


def _line(line: WireInvoiceLine, currency: str) -> InvoiceLine:
    return InvoiceLine(
        reference=line.LineNbr,
        order=order_number(line.OrderType, line.OrderNbr),
        order_line=line.OrderLineNbr,
        shipment=line.ShipmentNbr,
        sku=line.InventoryID,
        name=line.TransactionDescr or line.Description,
        quantity=line.Qty or ZERO,
        price=money(line.UnitPrice, currency),
        discount=money(line.DiscountAmount, currency),
        total=money(line.Amount, currency),
    )
