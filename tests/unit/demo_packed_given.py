"""What was packed in the tests of the demo's judgement, and how it stands in both ERPs when all is right."""

from decimal import Decimal
from typing import Any

from connector.demo.orders import Line
from connector.demo.packed import (
    CHARGE,
    COMMENT,
    DROPPED,
    GOODS,
    INVOICED,
    MENDED,
    SHARED,
    SHARES,
    VOIDED,
    SageOrder,
)
from connector.demo.station import Packed, Parcel

PACKED = Packed(
    born="000005004",
    onward=Parcel("1001", ("SO-000214",), ("1Z0000000000000401",)),
    confirmed="SH000311",
    mended=Parcel("1002", (MENDED.number,), ("1Z0000000000000402",)),
    lacking=({"label": "Tracking Number", "expected": "1Z0000000000000402", "there": ""},),
    mending=("Packages",),
    voided=Parcel("1003", (VOIDED.number,), ("1Z0000000000000403",)),
    left=0,
    shared=Parcel("2001", tuple(one.number for one in SHARED), ("1Z0000000000000404",)),
    told=2,
    refused=Parcel("2002", (INVOICED.number,), ("1Z0000000000000405",)),
    by_hand="0000004",
)


def written_back(
    number: str, parcel: Parcel, lines: tuple[Line, ...], status: str = "Open"
) -> dict[str, Any]:
    """A shipment of the ERP as it stands after a parcel was written back."""
    order = parcel.orders[0].removeprefix("SO-")
    return {
        "ShipmentNbr": number,
        "Status": status,
        "FreightPrice": Decimal("9.50"),
        "ShipVia": "UPSGROUND",
        "note": f"Tracking Number: {parcel.tracking[0]}",
        "Details": [
            {"OrderNbr": order, "InventoryID": line.sku, "ShippedQty": Decimal(line.quantity)}
            for line in lines
        ],
        "Packages": [{"TrackingNbr": parcel.tracking[0], "CustomRefNbr1": f"{parcel.number}-1"}],
    }


def sage() -> dict[str, list[dict[str, Any]]]:
    """What Sage 100 holds."""
    shared = zip(SHARED, SHARES, strict=True)
    by_hand = {
        "SalesOrderNo": INVOICED.number,
        "InvoiceNo": PACKED.by_hand,
        "FreightAmt": "0.00",
        "tracking": [],
    }
    return {
        "orders": [
            *(_sage_order(one, f"Tracking Number: {PACKED.shared.tracking[0]}") for one in SHARED),
            _sage_order(INVOICED),
        ],
        "invoices": [
            *(_sage_invoice(place, *one) for place, one in enumerate(shared, start=1)),
            by_hand,
        ],
    }


def _sage_order(order: SageOrder, *notes: str) -> dict[str, Any]:
    return {
        "SalesOrderNo": order.number,
        "lines": [{"CommentText": text} for text in (order.comment, *notes)],
    }


def _sage_invoice(place: int, order: SageOrder, share: Decimal) -> dict[str, Any]:
    return {
        "SalesOrderNo": order.number,
        "InvoiceNo": f"{place:07}",
        "FreightAmt": f"{share}",
        "NonTaxableAmt": f"{order.quantity * Decimal('12.50') + Decimal('4.75')}",
        "lines": [
            _sage_line(GOODS, "", order.quantity, 0),
            _sage_line(COMMENT, order.comment, 0, 0),
            _sage_line(CHARGE, "", 1, 0),
            _sage_line(DROPPED, "", 0, 1),
        ],
        "tracking": [{"TrackingID": PACKED.shared.tracking[0], "FreightAmt": f"{share}"}],
    }


def _sage_line(item: str, comment: str, shipped: int, back_ordered: int) -> dict[str, Any]:
    quantities = {
        "QuantityShipped": f"{shipped}.000000",
        "QuantityBackordered": f"{back_ordered}.000000",
    }
    return {"ItemCode": item, "CommentText": comment, **quantities}
