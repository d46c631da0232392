"""NetSuite's invoices and cash sales in our words, and whether they are released. Pure.

A cash sale is an invoice that was paid when it was made.
"""

from collections.abc import Mapping
from datetime import datetime, time

from connector.systems.base import Fact
from connector.systems.netsuite.lines import NO_GOODS
from connector.systems.netsuite.orders_read import code_of, money, sku_of
from connector.systems.netsuite.settings import NetSuiteSettings
from connector.systems.netsuite.wire import Bill, Line
from schemas.base import Money
from schemas.documents import ZERO, Invoice, InvoiceLine
from schemas.events import InvoiceReleased

_STATES: Mapping[str, str] = {"A": "released", "B": "paid", "V": "cancelled"}
"""Open, Paid In Full (public client code), Voided (unconfirmed); any other is not released yet: pending approval."""


def invoice_facts(
    wire: Bill,
    record: str,
    order: str,
    changed: datetime,
    settings: NetSuiteSettings,
) -> tuple[Fact, ...]:
    """Whether the bill is released. `record` is its type at NetSuite, `order` the number of its order."""
    invoice = read_invoice(wire, record, order, settings)
    holds = invoice.state in ("released", "paid")
    return (Fact(InvoiceReleased.type, holds, changed, InvoiceReleased(invoice=invoice)),)


def read_invoice(wire: Bill, record: str, order: str, settings: NetSuiteSettings) -> Invoice:
    """An Invoice in our words; raises Rejected where no currency is known. Lines that bear shipping, tax or an
    adjustment are no lines of ours, and count in the total."""
    currency = code_of(wire, wire.currency, settings)
    state = "paid" if record == "cashSale" else _STATES.get(wire.state, "open")
    day = wire.tran_date
    return Invoice.model_validate(
        {
            "number": wire.number,
            "key": wire.id,
            "type": record,
            "state": state,
            "status": str(wire.status),
            "order": order,
            "invoiced_at": datetime.combine(day, time(), settings.zone) if day else wire.created_date,
            "updated_at": wire.last_modified_date,
            "currency": currency,
            "lines": tuple(_line(line, order, currency) for line in wire.item if _is_goods(line, settings)),
            "subtotal": money(wire.subtotal, currency),
            "discount": money(None if wire.discount_total is None else abs(wire.discount_total), currency),
            "shipping": money(wire.shipping_cost, currency),
            "tax": money(wire.tax, currency),
            "total": Money(amount=wire.total or ZERO, currency=currency),
            "balance": money(ZERO if record == "cashSale" else wire.amount_remaining, currency),
        }
    )


def _is_goods(line: Line, settings: NetSuiteSettings) -> bool:
    items = settings.items
    own = {items.shipping, items.tax, items.adjustment, items.discount}
    return line.quantity > 0 and line.item.id not in own and line.item_type.id not in NO_GOODS


def _line(line: Line, order: str, currency: str) -> InvoiceLine:
    return InvoiceLine(
        reference=line.line,
        order=order,
        order_line=line.order_line,
        sku=sku_of(line),
        name=line.description,
        quantity=line.quantity,
        price=money(line.rate, currency),
        total=money(line.amount, currency),
    )
