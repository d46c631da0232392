"""What an order takes no more once it has shipped: data for `connector/systems/freezing.py`.

Source: the vendor's page "About the Ship Order Process". Bill To address and phone stay open, by way of Billing Same As
Shipping; the tracking number is not among what is frozen. Order lines and General Ledger entries, which the page names
too, are changed by no step.
"""

from collections.abc import Mapping

from connector.systems.aptify.records import plain_name
from connector.systems.freezing import Change, Freezable, Freeze, Freezes

_ADDRESS = "AddressID AddrLine1 AddrLine2 City State ZipCode Country Phone"
_AREAS: Mapping[str, str] = {
    "ship_to": " ".join(("ShipToID ShipToCompanyID", *(f"ShipTo{name}" for name in _ADDRESS.split()))),
    "bill_to": "BillToID BillToCompanyID",
    "bill_to_address": " ".join(("BillToSameAsShipTo", *(f"BillTo{name}" for name in _ADDRESS.split()))),
    "taken_by": "EmployeeID",
    "organization": "OrganizationID",
    "campaign": "CampaignCodeID",
    "order_status": "OrderStatusID",
    "order_level": "OrderLevelID",
    "date_shipped": "DateShipped",
    "amounts": "ShippingCharge HandlingCharge InitialPaymentAmount CurrencyTypeID OrderTypeID",
    "ship_type": "ShipTypeID",
    "ship_expense": "ShipExpense",
    "tracking": "TrackingNumber",
    "comments": "Comments",
    "fields": "",
}
"""Parts of an order, and the fields that each is; `fields` are all others. `amounts` and `ship_type` are what the page
calls the financial integrity of the order."""
_OPEN = frozenset({"bill_to_address", "ship_expense", "tracking", "comments", "fields"})
_AREA_OF = {plain_name(name): area for area, names in _AREAS.items() for name in names.split()}

FREEZES: Freezes = {
    "order": Freezable(
        areas=tuple(_AREAS),
        states={
            "Taken": Freeze(),
            "Back-Ordered": Freeze(),
            "Cancelled": Freeze(),
            "Shipped": Freeze(
                frozenset(_AREAS) - _OPEN,
                "Corrections need a cancellation order: make it in Aptify, or ignore this entry.",
            ),
        },
    )
}


def change(name: str) -> Change:
    """The change of a field of an order, by our name."""
    return Change(_AREA_OF.get(plain_name(name), "fields"), name)
