"""Rules of sales invoices: their totals, what is paid on them, their status, and what follows from it.

Type and status are display strings: On Hold, Balanced, Open once released, Closed once paid. How an invoice
is made from shipments, and its release, are in billing.py.
"""

from datetime import timedelta
from decimal import Decimal

from connector.simulators.acumatica import orders, shipments
from connector.simulators.acumatica.contract import PAYMENT, SHIPMENT
from connector.simulators.acumatica.contract_invoices import INVOICE_PAYMENT, SALES_INVOICE
from connector.simulators.acumatica.crediting import CREDIT_MEMO
from connector.simulators.acumatica.erp import Erp, derived_id, order_keys
from connector.simulators.acumatica.record import Record
from connector.simulators.acumatica.totals import CENT, NONE, amount_fact, counts
from connector.simulators.acumatica.values import midnight

INVOICE = "Invoice"
_TYPES = {"INV": INVOICE, "CRM": CREDIT_MEMO}


def display_type(text: str) -> str:
    """The display string of a document type; requests may hold the short code (vendor's example: `INV`)."""
    return _TYPES.get(text, text)


def complete(erp: Erp, invoice: Record) -> None:
    """Fill in what an invoice has by default."""
    today = midnight(erp.clock.now())
    invoice.default(
        Type=INVOICE,
        Hold=True,
        CreditHold=False,
        Date=today,
        DueDate=today + timedelta(days=30),
        CreatedDate=erp.clock.now(),
        Currency="USD",
        Project="X",
        FreightPrice=NONE,
        TaxTotal=NONE,
        DiscountTotal=NONE,
        CashDiscount=NONE,
        IsTaxValid=False,
    )
    orders.number_lines(invoice, "Details")
    for line in invoice.rows("Details"):
        line.default(Qty=NONE, UnitPrice=NONE, DiscountAmount=NONE, UOM="EA", NoteID=line.id)


def recompute(erp: Erp, invoice: Record) -> None:
    """Bring an invoice's amounts, its rows about payments and its status up to date."""
    for line in invoice.rows("Details"):
        amount = line.number("Qty") * line.number("UnitPrice") - line.number("DiscountAmount")
        line.put(Amount=amount.quantize(CENT))
    if invoice.text("Type") == CREDIT_MEMO:
        invoice.put(TaxTotal=sum((row.number("TaxAmount") for row in invoice.rows("TaxDetails")), NONE))
    lines = sum((line.number("Amount") for line in invoice.rows("Details")), NONE)
    charges = invoice.number("FreightPrice") + invoice.number("TaxTotal")
    amount = lines + charges - invoice.number("DiscountTotal")
    rows = _payments(erp, invoice)
    invoice.details["ApplicationsInvoice"] = [_payment_row(invoice, one, paid) for one, paid in rows]
    before = amount_fact(invoice, "paid_before")
    settled = sum((paid for one, paid in rows if one.facts.get("released")), before)
    released = bool(invoice.facts.get("released"))
    invoice.put(
        DetailTotal=lines,
        Amount=amount,
        PaymentTotal=sum((paid for _, paid in rows), before),
        Balance=max(amount - settled, NONE) if released else amount,
    )
    invoice.put(Status=_status(invoice, released))


def _status(invoice: Record, released: bool) -> str:
    if released:
        return "Open" if invoice.number("Balance") > 0 else "Closed"
    if invoice.flag("CreditHold"):
        return "Credit Hold"
    return "On Hold" if invoice.flag("Hold") else "Balanced"


def _payments(erp: Erp, invoice: Record) -> list[tuple[Record, Decimal]]:
    """The payments that count and are applied to an invoice, with the amounts."""
    return [
        (payment, row.number("AmountPaid"))
        for payment in erp.about(PAYMENT, invoice.key)
        if counts(payment)
        for row in payment.rows("DocumentsToApply")
        if (row.text("DocType"), row.text("ReferenceNbr")) == invoice.key
    ]


def _payment_row(invoice: Record, payment: Record, paid: Decimal) -> Record:
    row = Record(INVOICE_PAYMENT, derived_id(invoice.id, payment.id))
    row.put(
        DocType=payment.text("Type"),
        AdjustingDocReferenceNbr=payment.text("ReferenceNbr"),
        AmountPaid=paid,
        PaymentDate=payment.moment("ApplicationDate"),
        PaymentRef=payment.fields.get("PaymentRef"),
        Customer=payment.fields.get("CustomerID"),
        Currency=payment.fields.get("CurrencyID"),
        Status=payment.text("Status"),
    )
    return row


def store(erp: Erp, invoice: Record, before: set[tuple[str, ...]]) -> None:
    """Save an invoice and let the shipments and orders follow that it bills, or did."""
    recompute(erp, invoice)
    erp.save(invoice)
    follow(erp, invoice, before)


def follow(erp: Erp, invoice: Record, before: set[tuple[str, ...]]) -> None:
    """Recompute and save the shipments and orders of an invoice that changed or went away."""
    for number in sorted({line.text("ShipmentNbr") for line in invoice.rows("Details")} - {""}):
        shipment = erp.find(SHIPMENT, (number,))
        if shipment is not None:
            shipments.recompute(erp, shipment)
            erp.save(shipment)
    orders.refresh(erp, before | order_keys(invoice))


def refresh(erp: Erp, keys: set[tuple[str, ...]]) -> None:
    """Recompute and save the invoices with these keys, and their orders, after a payment of theirs changed."""
    for key in sorted(keys):
        invoice = erp.find(SALES_INVOICE, key)
        if invoice is not None:
            recompute(erp, invoice)
            erp.save(invoice)
            orders.refresh(erp, order_keys(invoice))
