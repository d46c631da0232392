"""What can no longer be changed once an order was saved as Shipped, after "About the Ship Order Process".

Beside what the page lists by name it says that "any changes to the financial integrity of the order" are prevented:
that is the last area of the table.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from connector.simulators.aptify.book import Record
from connector.simulators.aptify.errors import Refused
from connector.simulators.aptify.site import Site

_ADDRESS = "AddressID AddrLine1 AddrLine2 City State ZipCode Country"
ORDER_AREAS: Mapping[str, tuple[str, ...]] = {
    "Ship To Information": (
        *("ShipToID", "ShipToCompanyID"),
        *(f"ShipTo{name}" for name in _ADDRESS.split()),
    ),
    "Bill To Information": ("BillToID", "BillToCompanyID"),
    "Taken By": ("EmployeeID",),
    "Organization": ("OrganizationID",),
    "Campaign": ("CampaignCodeID",),
    "Order Status": ("OrderStatusID",),
    "Order Level": ("OrderLevelID",),
    "Date Shipped": ("DateShipped",),
    "Financial Integrity": (
        *("OrderTypeID", "OriginalOrderID", "CurrencyTypeID", "ShipTypeID", "DropShip"),
        *("InitialPaymentAmount", "ShippingCharge", "HandlingCharge"),
    ),
}
LINE_FIELDS = (
    *("ProductID", "Quantity", "Price", "ShipToID", "ShipToCompanyID", "ShipToAddressID", "ShipTypeID"),
    *("InventoryLocationID", "NotReturnedToStock", "OriginalOrderDetailID"),
)
SHIPMENT_FIELDS = ("ShipTypeID", "ShippingCharge", "HandlingCharge")


def check_order(site: Site, order: Record, changed: Mapping[str, Any]) -> None:
    """Refuse changes of a shipped order's own fields. Raises Refused."""
    for area, names in ORDER_AREAS.items():
        _refuse(site, order, names, changed, area)
    if not site.options.tracking_after_shipping:
        _refuse(site, order, ("TrackingNumber",), changed, "Tracking #")


def check_line(site: Site, line: Record, changed: Mapping[str, Any]) -> None:
    """Refuse changes of a shipped order's line. Raises Refused."""
    _refuse(site, line, LINE_FIELDS, changed, "Order Lines")


def check_shipment(site: Site, shipment: Record, changed: Mapping[str, Any]) -> None:
    """Refuse changes of the charges of a shipped order's shipment. Raises Refused."""
    tracking = () if site.options.tracking_after_shipping else ("ShipTrackingNum",)
    _refuse(site, shipment, (*SHIPMENT_FIELDS, *tracking), changed, "Financial Integrity")


def no_lines(order: Record, what: str) -> Refused:
    """Lines are neither added to a shipped order nor removed from it."""
    return Refused(
        f"An order line of {order.label} cannot be {what}, since the order has shipped (Order Lines).",
        "OrderLines",
    )


def _refuse(site: Site, record: Record, names: Iterable[str], changed: Mapping[str, Any], area: str) -> None:
    for name in names:
        if name in changed:
            shown = site.shown(record.entity, name)
            raise Refused(
                f"The field '{shown}' of {record.label} cannot be changed, since the order has shipped ({area}).",
                shown,
            )
