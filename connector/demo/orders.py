"""The orders that are born during the demo, on either side: how people enter them, and what they come to."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

ERP_CUSTOMER: Mapping[str, Any] = {
    "CustomerID": "C2001",
    "CustomerName": "Example Toys Ltd",
    "MainContact": {
        "Attention": "Grace Example",
        "Email": "grace@example.com",
        "Phone1": "5125550199",
        "Address": {
            "AddressLine1": "7 Sample Road",
            "City": "Austin",
            "State": "TX",
            "PostalCode": "78702",
            "Country": "US",
        },
    },
}
"""Who orders in the ERP; the shop's customers are not known there."""

LAST_SHOP_NUMBER = 5000
"""Of the orders before; so that no number of the shop looks like one of the ERP."""


@dataclass(frozen=True)
class Line:
    """So much of one article; `price` is for one, before tax, in USD."""

    sku: str
    quantity: int
    price: str


@dataclass(frozen=True)
class ErpOrder:
    """An order entered in the ERP; `total` is what it comes to with its freight, in USD."""

    lines: tuple[Line, ...]
    freight: str
    total: Decimal

    def form(self) -> Mapping[str, Any]:
        """What is filled in."""
        return {
            "OrderType": "SO",
            "CustomerID": ERP_CUSTOMER["CustomerID"],
            "Hold": False,
            "ShipVia": "UPSGROUND",
            "PaymentMethod": "CHECK",
            "Totals": {"OverrideFreightAmount": True, "Freight": self.freight},
            "Details": [
                {"InventoryID": line.sku, "OrderQty": str(line.quantity), "UnitPrice": line.price}
                for line in self.lines
            ],
        }


@dataclass(frozen=True)
class ShopOrder:
    """An order placed in the shop by a guest; `total` is what it comes to, with discount, tax and shipping, in USD."""

    lines: tuple[Line, ...]
    shipping: str
    total: Decimal
    email: str = "ada@example.com"
    tax_percent: str = "0"
    coupon_percent: str = ""

    def basket(self) -> Mapping[str, Any]:
        """What the checkout is told."""
        coupon = {"code": "AUTUMN", "percent": self.coupon_percent} if self.coupon_percent else None
        return {
            "customer_email": self.email,
            "shipping_amount": self.shipping,
            "tax_percent": self.tax_percent,
            "coupon": coupon,
            "lines": [{"sku": line.sku, "qty": line.quantity, "price": line.price} for line in self.lines],
        }


ENTERED = ErpOrder((Line("AALEGO500", 3, "19.99"), Line("CONBABY1", 1, "12.50")), "9.95", Decimal("82.42"))
"""Unpaid at first."""

PLACED = ShopOrder(
    (Line("AALEGO500", 3, "19.99"), Line("CONBABY1", 2, "7.35")),
    "5.00",
    Decimal("77.74"),
    tax_percent="8.25",
    coupon_percent="10",
)
"""Its whole way is told at the end: order, payment, shipment, invoice, and money given back for one piece."""

REGRETTED = ShopOrder((Line("CONBABY1", 1, "12.50"),), "0", Decimal("12.50"), email="eve@example.com")
"""Cancelled in the shop, once the ERP has it."""

EDITED = ShopOrder((Line("AALEGO500", 2, "19.99"),), "5.00", Decimal("44.98"))
"""By the customer of `PLACED`, who then wants one piece more."""

EDITED_TOTAL = Decimal("64.97")
"""What it comes to with one piece more."""
