"""What the letters of statuses mean to people: from public clients and Oracle's help, not from the REST schema."""

from collections.abc import Mapping

_RETURN = {
    "A": "Pending Approval",
    "B": "Pending Receipt",
    "C": "Cancelled",
    "D": "Partially Received",
    "E": "Pending Refund/Partially Received",
    "F": "Pending Refund",
    "G": "Refunded",
    "H": "Closed",
}
_ORDER = {
    "A": "Pending Approval",
    "B": "Pending Fulfillment",
    "C": "Cancelled",
    "D": "Partially Fulfilled",
    "E": "Pending Billing/Partially Fulfilled",
    "F": "Pending Billing",
    "G": "Billed",
    "H": "Closed",
}
_SHIP = {"A": "Picked", "B": "Packed", "C": "Shipped"}

STATUS_LABELS: Mapping[str, Mapping[str, str]] = {
    "salesOrder": _ORDER,
    "returnAuthorization": _RETURN,
    "itemFulfillment": _SHIP,
    "invoice": {"A": "Open", "B": "Paid In Full", "V": "Voided"},
    "creditMemo": {"A": "Open", "B": "Fully Applied", "V": "Voided"},
    "customerRefund": {"R": "Deposited", "V": "Voided"},
    "customerDeposit": {"A": "Not Deposited", "B": "Deposited", "C": "Fully Applied"},
    "customerPayment": {"A": "Not Deposited", "B": "Deposited"},
    "cashSale": {"B": "Deposited"},
}

_PLAIN = {
    "source": {"restWebServices": "REST Web Services", "CSV": "CSV"},
    "paymentOperation": {"CREDIT": "Credit", "REFUND": "Refund"},
    "handlingMode": {"MIMIC": "Mimic", "PROCESS": "Process", "SAVE_ONLY": "Save Only"},
}


def label(record_type: str, name: str, value: str) -> str:
    """The refName of an enum's value; the value itself where nothing is known."""
    if name in ("status", "orderStatus", "shipStatus"):
        return STATUS_LABELS.get(record_type, {}).get(value, value)
    return _PLAIN.get(name, {}).get(value, value)


ENUMS: Mapping[str, frozenset[str]] = {
    "orderStatus": frozenset("ABC"),
    "shipStatus": frozenset("ABC"),
    **{name: frozenset(_PLAIN[name]) for name in ("paymentOperation", "handlingMode")},
}
"""The values that may be written, for the fields where that is known."""
