"""What the shop gives back of orders that stand in NetSuite as well: the orders, what they come to, and how much."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connector.demo.orders import Line

CUSTOMER = "example-toys"
"""NetSuite's external id of who bought; the shop's guests are not known there."""


@dataclass(frozen=True)
class Refundable:
    """A paid order of the shop which stands in NetSuite under a number of its own, before the demo.

    So much of one article is given back, with so much of the shipping: `total` in USD. `state` is how the order is
    billed in NetSuite.
    """

    number: str
    there: str
    state: str
    lines: tuple[Line, ...]
    sku: str
    quantity: int
    shipping_back: str
    total: Decimal
    shipping: str = "6.00"

    def shop_seed(self) -> Mapping[str, Any]:
        """As the shop's simulator takes it."""
        lines = [{"sku": line.sku, "qty": line.quantity, "price": line.price} for line in self.lines]
        order = {
            "increment_id": self.number,
            "ext_order_id": self.there,
            "shipping_amount": self.shipping,
            "lines": lines,
        }
        return {"order": order}

    def netsuite_seed(self) -> Mapping[str, Any]:
        """As NetSuite's simulator takes it."""
        lines = [
            {"item": line.sku, "quantity": str(line.quantity), "rate": line.price} for line in self.lines
        ]
        return {
            "tranId": self.there,
            "otherRefNum": self.number,
            "entity": f"eid:{CUSTOMER}",
            "lines": lines,
            "shippingCost": self.shipping,
            "state": self.state,
        }

    def given_back(self) -> Mapping[str, Any]:
        """The refund as a person enters it in the shop."""
        return {"skus": {self.sku: self.quantity}, "shipping_amount": self.shipping_back}


_LINES = (Line("AALEGO500", 3, "19.99"), Line("CONBABY1", 2, "7.35"))

RETRIEVED = Refundable("000000191", "NS-7001", "invoiced", _LINES, "AALEGO500", 1, "2.50", Decimal("22.49"))
"""Refunded in the shop before anybody listened; a person has the refund retrieved."""

WAITED = Refundable("000000192", "NS-7002", "unbilled", _LINES, "CONBABY1", 2, "0", Decimal("14.70"))
"""Refunded in the shop before it is billed in NetSuite."""

REFUNDABLE = (RETRIEVED, WAITED)

NETSUITE_SEED: Mapping[str, Any] = {
    "customers": [{"externalId": CUSTOMER, "companyName": "Example Toys Ltd"}],
    "items": [
        {"itemId": "AALEGO500", "type": "inventoryItem", "basePrice": "19.99"},
        {"itemId": "CONBABY1", "type": "inventoryItem", "basePrice": "7.35"},
    ],
    "salesOrders": [one.netsuite_seed() for one in REFUNDABLE],
}
"""What NetSuite holds before the demo."""
