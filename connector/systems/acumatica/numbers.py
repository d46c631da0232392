"""Our form of Acumatica's keys: which fields a document is addressed by, and the one text that we make of them.

    order     OrderType, OrderNbr     SO-000123
    shipment  ShipmentNbr             000123
    invoice   Type, ReferenceNbr      INV-000123
    payment   Type, ReferenceNbr      PMT-000123

Orders show the code of their type; invoices and payments show a word in the site's language, and the same
ReferenceNbr may stand under several types. English words become the product's own code, other words stay.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connector.errors import Missing, Rejected

_INVOICE_CODES = {
    "Invoice": "INV",
    "Debit Memo": "DRM",
    "Credit Memo": "CRM",
    "Cash Sale": "CSL",
    "Cash Return": "RCS",
}
_PAYMENT_CODES = {
    "Payment": "PMT",
    "Prepayment": "PPM",
    "Credit Memo": "CRM",
    "Refund": "REF",
    "Voided Payment": "RPM",
    "Voided Refund": "VRF",
    "Balance WO": "SMB",
}
"""Types of the user guide's forms SO303000 and AR302000; the codes only shorten them in our numbers."""


@dataclass(frozen=True)
class Kind:
    """One kind of document: entity of the contract, fields of its key, and codes of the words of its types.

    `example` is a number in our form, for people.
    """

    entity: str
    keys: tuple[str, ...]
    example: str
    codes: Mapping[str, str] = field(default_factory=dict)


KINDS: dict[str, Kind] = {
    "order": Kind("SalesOrder", ("OrderType", "OrderNbr"), "SO-000123"),
    "shipment": Kind("Shipment", ("ShipmentNbr",), "000123"),
    "invoice": Kind("SalesInvoice", ("Type", "ReferenceNbr"), "INV-000123", _INVOICE_CODES),
    "payment": Kind("Payment", ("Type", "ReferenceNbr"), "PMT-000123", _PAYMENT_CODES),
}


def number_of(kind: str, keys: Sequence[str]) -> str:
    """Our number of a document from the values of its key fields; empty where one of them is."""
    if not all(keys):
        return ""
    codes = KINDS[kind].codes
    return "-".join((*(codes.get(key, key) for key in keys[:-1]), keys[-1]))


def keys_of(kind: str, number: str, asked: Missing) -> tuple[str, ...]:
    """The values of a document's key fields from our number; raises Rejected where it is no such number.

    A type holds no hyphen, a number may (`SO-S20-100001`).
    """
    known = KINDS[kind]
    parts = tuple(number.split("-", len(known.keys) - 1))
    if len(parts) != len(known.keys) or (len(parts) > 1 and not all(parts)):
        raise Rejected(
            f"{asked}: this kind of document is named by type and number in Acumatica, such as {known.example}",
            code="key",
        )
    words = {code: word for word, code in known.codes.items()}
    return (*(words.get(part, part) for part in parts[:-1]), parts[-1])


def code_of(kind: str, word: str) -> str:
    """The code of a type; a code stays, and so does a word that has none."""
    return KINDS[kind].codes.get(word, word)


def order_number(order_type: str, order_nbr: str) -> str:
    """Our form of an order's two keys: `SO-000123`."""
    return number_of("order", (order_type, order_nbr))


def order_keys(number: str, asked: Missing) -> tuple[str, ...]:
    """Type and number of an order from our form; raises Rejected where it is another form."""
    return keys_of("order", number, asked)
