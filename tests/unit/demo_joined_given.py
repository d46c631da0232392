"""What a member ordered in the tests of the demo's judgement, and how it stands in shop and Aptify if all went well."""

from decimal import Decimal
from typing import Any

from connector.demo.association import Joined
from connector.demo.membership import MUGS, STOCK, TOTAL, TRACKING

JOINED = Joined(ordered="000000001", taken="1001", packed="D-1001")

PROVED = {
    "inventory": "MUG at Main Warehouse: on hand 500 → 498",
    "general ledger": "6 entries",
    "deferred income": "1 scheduled transaction group",
    "subscriptions": "1 generated",
}
"""What the entry of the shipping tells."""


def members() -> dict[str, list[dict[str, Any]]]:
    """What the association's shop holds."""
    shipment = {
        "order_id": 1,
        "items": [{"sku": MUGS.sku, "qty": Decimal(MUGS.quantity)}],
        "tracks": [{"track_number": TRACKING}],
    }
    return {"orders": [{"entity_id": 1, "increment_id": JOINED.ordered}], "shipments": [shipment]}


def aptify() -> list[dict[str, Any]]:
    """The orders of Aptify."""
    ledger = [
        {"DebitAmount": TOTAL, "CreditAmount": Decimal(0)},
        {"DebitAmount": Decimal(0), "CreditAmount": TOTAL},
    ]
    order = {
        "ID": int(JOINED.taken),
        "PONumber": JOINED.ordered,
        "GrandTotal": TOTAL,
        "OrderStatus": "Shipped",
        "TrackingNumber": TRACKING,
        "DateShipped": "2026-11-27T12:00:00",
        "gl_entries": ledger,
        "schedules": [{}],
        "subscriptions": [{}],
    }
    return [order]


def stock() -> list[dict[str, Any]]:
    """Its inventory."""
    left = Decimal(STOCK - MUGS.quantity)
    return [{"QuantityOnHand": left, "QuantityShipped": Decimal(MUGS.quantity)}]
