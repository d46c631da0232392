"""What a member of the association orders, and what Aptify holds before the demo."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connector.demo.orders import Line

MUGS = Line("MUG", 2, "12.50")
JOURNAL = Line("JOURNAL", 1, "100.00")
"""A subscription, whose income is deferred; it is not shipped by anybody."""

SHIPPING, TOTAL = "5.00", Decimal("130.00")
TRACKING = "1Z0000000000000401"
STOCK = 500
"""Mugs in the warehouse before."""

APTIFY_SEED: Mapping[str, Any] = {
    "products": [
        {
            "fields": {"Name": "Mug", "Code": MUGS.sku, "Price": MUGS.price, "Cost": "4.00"},
            "stock": {"Main Warehouse": str(STOCK)},
        },
        {
            "fields": {
                "Name": "Journal",
                "Code": JOURNAL.sku,
                "Price": JOURNAL.price,
                "IsSubscription": True,
                "SubscriptionMonths": 12,
                "DeferredIncomeMonths": 12,
                "SalesGLAccount": "Dues",
            }
        },
    ]
}
"""What Aptify holds before the demo."""
