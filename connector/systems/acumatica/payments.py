"""What Acumatica's payments tell us of: no events of their own, but the orders and invoices that they pay. Pure."""

import re

from connector.reference import references_in
from connector.systems.acumatica.invoices import is_invoice
from connector.systems.acumatica.numbers import number_of, order_number
from connector.systems.acumatica.settings import AcumaticaSettings
from connector.systems.acumatica.wire import WirePayment

_REFERENCE = re.compile(r"[a-z2-7]{20}")


def paid_orders(wire: WirePayment) -> tuple[str, ...]:
    """The numbers of the orders that a payment is applied to itself, each once."""
    numbers = (order_number(row.OrderType, row.OrderNbr) for row in wire.OrdersToApply)
    return tuple(dict.fromkeys(filter(None, numbers)))


def paid_invoices(wire: WirePayment, settings: AcumaticaSettings) -> tuple[str, ...]:
    """The numbers of the invoices that a payment is applied to, or was, each once.

    Once both are released, the application leaves `DocumentsToApply` for `ApplicationHistory`.
    """
    rows = [
        *((row.DocType, row.ReferenceNbr) for row in wire.DocumentsToApply),
        *((row.AdjustedDocType, row.AdjustedRefNbr) for row in wire.ApplicationHistory),
    ]
    numbers = (number_of("invoice", row) for row in rows if is_invoice(row[0], settings))
    return tuple(dict.fromkeys(filter(None, numbers)))


def payment_references(wire: WirePayment) -> tuple[str, ...]:
    """The references that our own making of the payment left: in its note, or as a reference field of its own."""
    fields = (text.strip().lower() for text in (wire.ExternalRef, wire.PaymentRef))
    found = (*references_in(wire.note), *(text for text in fields if _REFERENCE.fullmatch(text)))
    return tuple(dict.fromkeys(found))


def payment_number(wire: WirePayment) -> str:
    """Our number of a payment: the code of its type, and its ReferenceNbr."""
    return number_of("payment", (wire.Type, wire.ReferenceNbr))
