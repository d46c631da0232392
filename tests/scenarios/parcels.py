"""What scenarios ship: one order with one shipment, in the words of either simulator and of a publisher."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Parcel:
    """One order of one article, and one shipment of a part of it, so that a second one would be possible.

    `unpaid` is the order's unpaid balance in USD.
    """

    number: int
    ordered: int = 3
    shipped: int = 1
    packages: int = 1
    unpaid: str = "0.00"
    sku: str = "AALEGO500"
    ship_via: str = "UPSGROUND"

    @property
    def order(self) -> str:
        """The order's number in the ERP, without its type."""
        return f"{self.number:06d}"

    @property
    def store_order(self) -> str:
        """The order's number in the shop."""
        return f"1{self.number:08d}"

    @property
    def shipment(self) -> str:
        """The shipment's number in the ERP."""
        return f"SH{self.number:06d}"

    @property
    def tracking(self) -> tuple[str, ...]:
        """One tracking number a package."""
        return tuple(f"1Z{self.number:08d}{package:02d}" for package in range(self.packages))

    def erp_seed(self, status: str) -> dict[str, Any]:
        """Order and shipment as the ERP's simulator takes them."""
        line = {"InventoryID": self.sku, "OrderQty": str(self.ordered), "UnitPrice": "12.50"}
        order = {
            "OrderType": "SO",
            "OrderNbr": self.order,
            "ExternalRef": self.store_order,
            "ShipVia": self.ship_via,
            "UnpaidBalance": self.unpaid,
            "lines": [line],
        }
        shipment = {
            "ShipmentNbr": self.shipment,
            "Status": status,
            "ShipVia": self.ship_via,
            "orders": [["SO", self.order]],
            "lines": [{"InventoryID": self.sku, "ShippedQty": str(self.shipped)}],
            "packages": [{"TrackingNbr": number, "Weight": "1.25"} for number in self.tracking],
        }
        return {"orders": [order], "shipments": [shipment]}

    def shop_seed(self) -> dict[str, Any]:
        """The order as the shop's simulator takes it."""
        lines = [{"sku": self.sku, "qty": self.ordered, "price": "12.50"}]
        return {"order": {"increment_id": self.store_order, "lines": lines}}

    def cloud_event(self) -> dict[str, Any]:
        """The shipment as a publisher beside the fleet hands it in; its order is left for us to fetch."""
        line = {
            "order": f"SO-{self.order}",
            "order_line": "1",
            "sku": self.sku,
            "quantity": str(self.shipped),
        }
        shipment = {
            "number": self.shipment,
            "ship_via": self.ship_via,
            "lines": [line],
            "packages": [{"tracking_number": number} for number in self.tracking],
        }
        return {
            "specversion": "1.0",
            "id": f"published-{self.number}",
            "type": "shipment.confirmed",
            "source": "acumatica-main",
            "subject": self.shipment,
            "time": "2026-01-05T10:00:00Z",
            "data": {"shipment": shipment},
        }


def some(first: int, count: int) -> list[Parcel]:
    """Parcels with consecutive numbers."""
    return [Parcel(number) for number in range(first, first + count)]
