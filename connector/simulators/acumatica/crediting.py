"""Credit memos, return orders and customer refunds: what may be credited and paid back, and no more than that.

Nothing is made here; a credit memo that comes from a return order is prepared in billing.py.
"""

from decimal import Decimal

from connector.simulators.acumatica.contract import PAYMENT, SALES_ORDER
from connector.simulators.acumatica.contract_invoices import SALES_INVOICE
from connector.simulators.acumatica.erp import Erp
from connector.simulators.acumatica.record import Record
from connector.simulators.acumatica.totals import NONE

CREDIT_MEMO = "Credit Memo"
REFUND = "Refund"
RETURNS = frozenset({"RC", "RM", "CM", "CR"})
"""Order types that take goods or money back (user guide: return for credit, RMA, credit memo, cash return)."""

_FOUND_NOT = "'{}' cannot be found in the system."
_TOO_MANY = "The return quantity exceeds the quantity available for return ({:f})."
_PAYMENTS = frozenset({"Payment", "Prepayment"})

Refused = tuple[Record, str, str]
"""The row or document, the field, and the text beside it."""


def returned_too_much(erp: Erp, document: Record) -> list[Refused]:
    """Rows of a credit memo or return order that name an invoice's line which is not there, or has less left."""
    names = _ORIGIN[document.entity.name]
    refused, taken = [], dict[tuple[str, ...], Decimal]()
    for row in document.rows("Details"):
        key = tuple(row.text(name) for name in names)
        if not key[1]:
            continue
        line = _billed_line(erp, document, key)
        if line is None:
            refused.append((row, names[1], _FOUND_NOT.format("Orig. Inv. Nbr.")))
            continue
        quantity = "OrderQty" if document.entity is SALES_ORDER else "Qty"
        left = line.number("Qty") - _returned(erp, document, key) - taken.get(key, NONE)
        taken[key] = taken.get(key, NONE) + row.number(quantity)
        if row.number(quantity) > left:
            refused.append((row, quantity, _TOO_MANY.format(max(left, NONE))))
    return refused


_ORIGIN = {
    SALES_INVOICE.name: ("OrigInvType", "OrigInvNbr", "OrigInvLineNbr"),
    SALES_ORDER.name: ("InvoiceType", "InvoiceNbr", "InvoiceLineNbr"),
}


def _billed_line(erp: Erp, document: Record, key: tuple[str, ...]) -> Record | None:
    """The line of a released invoice of the same customer."""
    invoice = erp.find(SALES_INVOICE, key[:2])
    if invoice is None or not invoice.facts.get("released"):
        return None
    if invoice.text("CustomerID") != document.text("CustomerID"):
        return None
    return next((row for row in invoice.rows("Details") if row.text("LineNbr") == key[2]), None)


def _returned(erp: Erp, document: Record, key: tuple[str, ...]) -> Decimal:
    """What other credit memos and return orders took back of an invoice's line; what came from a return order counts
    once."""
    found = NONE
    for entity, quantity in ((SALES_INVOICE, "Qty"), (SALES_ORDER, "OrderQty")):
        for other in erp.all(entity):
            if other.id == document.id or other.text("Status") in ("Canceled", "Cancelled"):
                continue
            names = _ORIGIN[entity.name]
            rows = (row for row in other.rows("Details") if tuple(row.text(name) for name in names) == key)
            found += sum((row.number(quantity) for row in rows if not row.text("OrderNbr")), NONE)
    return found


def refund_refused(erp: Erp, payment: Record, existing: Record | None) -> list[Refused]:
    """Rows of a customer refund that pay back what is not owed: it goes against open credit memos and payments."""
    refused = []
    before = (
        {row.id: row.number("AmountPaid") for row in existing.rows("DocumentsToApply")} if existing else {}
    )
    for row in payment.rows("DocumentsToApply"):
        owed = _owed(erp, payment, (row.text("DocType"), row.text("ReferenceNbr")))
        if owed is None:
            refused.append((row, "ReferenceNbr", _FOUND_NOT.format("Reference Nbr.")))
        elif row.number("AmountPaid") > owed + before.get(row.id, NONE):
            text = f"Incorrect value. The value to be entered must be less than or equal to {owed:f}."
            refused.append((row, "AmountPaid", text))
    return refused


def _owed(erp: Erp, payment: Record, key: tuple[str, str]) -> Decimal | None:
    """What can be paid back of a document of the same customer; None where it cannot be paid back at all."""
    entity = PAYMENT if key[0] in _PAYMENTS else SALES_INVOICE
    found = erp.find(entity, key) if key[0] in _PAYMENTS | {CREDIT_MEMO} else None
    if found is None or found.text("CustomerID") != payment.text("CustomerID"):
        return None
    if not found.facts.get("released") or found.facts.get("voided"):
        return None
    if entity is SALES_INVOICE:
        return min(found.number("Balance"), found.number("Amount") - refunded(erp, key, payment))
    return found.number("AvailableBalance")


def refunded(erp: Erp, key: tuple[str, ...], but: Record | None = None) -> Decimal:
    """What refunds, released or not, pay back of a credit memo or a payment; `but` is one that is left out."""
    found = NONE
    for payment in erp.about(PAYMENT, key):
        if payment.text("Type") != REFUND or payment.facts.get("voided"):
            continue
        if but is not None and payment.id == but.id:
            continue
        rows = payment.rows("DocumentsToApply")
        mine = (row for row in rows if (row.text("DocType"), row.text("ReferenceNbr")) == key)
        found += sum((row.number("AmountPaid") for row in mine), NONE)
    return found
