"""What is shipped at the packing stations: orders as people enter them, what they come to, and what a parcel costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connector.demo.orders import Line, ShopOrder

BORN = ShopOrder(
    (Line("CONBABY1", 2, "7.35"), Line("AALEGO500", 1, "19.99")),
    "4.50",
    Decimal("39.19"),
    email="joan@example.com",
)
"""Born in the shop, entered in the ERP, shipped at the station, and told to the shop again."""


@dataclass(frozen=True)
class ErpOrder:
    """An order of the first ERP which came from elsewhere than the shop, before the demo."""

    key: str
    lines: tuple[Line, ...]

    @property
    def number(self) -> str:
        """Our number of it."""
        return f"SO-{self.key}"

    def seed(self) -> Mapping[str, Any]:
        """As its simulator takes it."""
        lines = [
            {"InventoryID": line.sku, "OrderQty": str(line.quantity), "UnitPrice": line.price}
            for line in self.lines
        ]
        reference = f"EDI-{self.key}"
        return {"OrderType": "SO", "OrderNbr": self.key, "ExternalRef": reference, "lines": lines}


MENDED = ErpOrder("000199", (Line("AALEGO500", 3, "12.50"),))
"""Of its shipment only a part is taken at first."""

VOIDED = ErpOrder("000200", (Line("CONBABY1", 4, "7.35"),))
"""Its shipment is voided, and processed again."""

ERP_SEED: Mapping[str, Any] = {"orders": [MENDED.seed(), VOIDED.seed()]}
"""What the first ERP holds of them before the demo."""

FREIGHT = Decimal("9.50")
"""What each parcel of the first station costs, in USD."""

SHIP_VIA = "UPSGROUND"
"""What the shared table makes of the stations' service."""

SHARED_FREIGHT = Decimal("10.00")
SHARES = (Decimal("3.34"), Decimal("3.33"), Decimal("3.33"))
"""Of three orders that go in one parcel: what the parcel costs, and what each of them bears, in USD."""

GOODS, CHARGE, COMMENT, DROPPED = "AALEGO500", "/HANDLING", "/C", "CONBABY1"
"""Item codes of the second ERP: what is packed, a charge, a comment, and what the supplier sends itself."""


@dataclass(frozen=True)
class SageOrder:
    """An order of the second ERP over goods, with a comment, a charge and a line that the supplier drop-ships."""

    number: str
    quantity: int
    price: str = "12.50"
    handling: str = "4.75"
    comment: str = "Leave it at the back door"

    @property
    def goods(self) -> Decimal:
        """What goods and charge come to, in USD; what is drop-shipped is billed when it went."""
        return self.quantity * Decimal(self.price) + Decimal(self.handling)

    def seed(self) -> Mapping[str, Any]:
        """As its simulator takes it."""
        return {
            "columns": {"SalesOrderNo": self.number, "ARDivisionNo": "01", "CustomerNo": "ABF"},
            "lines": [
                {"ItemCode": GOODS, "QuantityOrdered": str(self.quantity), "UnitPrice": self.price},
                {"ItemCode": COMMENT, "CommentText": self.comment},
                {"ItemCode": CHARGE, "QuantityOrdered": "1", "UnitPrice": self.handling},
                {"ItemCode": DROPPED, "QuantityOrdered": "1", "UnitPrice": "7.35", "DropShip": "Y"},
            ],
        }


SHARED = (SageOrder("0000101", 1), SageOrder("0000102", 2), SageOrder("0000103", 3))
"""They go in one parcel."""

INVOICED = SageOrder("0000104", 2)
"""Somebody enters an invoice of it by hand while it is being packed."""

SAGE_SEED: Mapping[str, Any] = {
    "customers": [{"ARDivisionNo": "01", "CustomerNo": "ABF", "CustomerName": "American Business Futures"}],
    "items": [
        {"code": GOODS, "price": "12.50"},
        {"code": DROPPED, "price": "7.35"},
        {"code": CHARGE, "kind": "3"},
    ],
    "orders": [one.seed() for one in (*SHARED, INVOICED)],
}
"""What the second ERP holds before the demo."""
