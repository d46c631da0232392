"""The shipments of orders that both systems knew before the demo, and what must come of each: one case a shipment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connector.status import Status


@dataclass(frozen=True)
class Item:
    """So much of one article: ordered, and in this shipment."""

    sku: str
    ordered: int
    shipped: int
    price: str = "12.50"


@dataclass(frozen=True)
class Case:
    """One order with one shipment. `way` is what is special; `unpaid` the order's unpaid balance in USD."""

    way: str
    number: int
    items: tuple[Item, ...]
    tracking: tuple[str, ...]
    ship_via: str = "UPSGROUND"
    unpaid: str = "0.00"
    status: Status = Status.PUBLISHED

    @property
    def order(self) -> str:
        """The order's number in the ERP, without its type."""
        return f"{self.number:06d}"

    @property
    def store_order(self) -> str:
        """The order's number in the shop."""
        return f"{self.number:09d}"

    @property
    def shipment(self) -> str:
        """The shipment's number in the ERP."""
        return f"SH{self.number + 100:06d}"

    def erp_seed(self, shipment_status: str) -> Mapping[str, Any]:
        """Order and shipment as the ERP's simulator takes them."""
        order = {
            "OrderType": "SO",
            "OrderNbr": self.order,
            "ExternalRef": self.store_order,
            "ShipVia": self.ship_via,
            "UnpaidBalance": self.unpaid,
            "lines": [
                {"InventoryID": item.sku, "OrderQty": str(item.ordered), "UnitPrice": item.price}
                for item in self.items
            ],
        }
        shipment = {
            "ShipmentNbr": self.shipment,
            "Status": shipment_status,
            "ShipVia": self.ship_via,
            "orders": [["SO", self.order]],
            "lines": [{"InventoryID": item.sku, "ShippedQty": str(item.shipped)} for item in self.items],
            "packages": [{"TrackingNbr": number, "Weight": "1.25"} for number in self.tracking],
        }
        return {"orders": [order], "shipments": [shipment]}

    def shop_seed(self) -> Mapping[str, Any]:
        """The order as the shop's simulator takes it."""
        lines = [{"sku": item.sku, "qty": item.ordered, "price": item.price} for item in self.items]
        known_as = f"SO-{self.order}"
        return {"order": {"increment_id": self.store_order, "ext_order_id": known_as, "lines": lines}}

    def cloud_event(self) -> dict[str, Any]:
        """The shipment as a publisher beside the fleet would hand it in; its order is left for us to fetch."""
        now = datetime.now(UTC)
        shipment = {
            "number": self.shipment,
            "ship_via": self.ship_via,
            "ship_date": now.date().isoformat(),
            "lines": [
                {
                    "order": f"SO-{self.order}",
                    "order_line": str(position),
                    "sku": item.sku,
                    "quantity": str(item.shipped),
                }
                for position, item in enumerate(self.items, start=1)
            ],
            "packages": [{"tracking_number": number} for number in self.tracking],
        }
        return {
            "specversion": "1.0",
            "id": f"demo-{self.number}",
            "type": "shipment.confirmed",
            "source": "acumatica-main",
            "subject": self.shipment,
            "time": now.isoformat(),
            "data": {"shipment": shipment},
        }


PLAIN = Case("plain", 201, (Item("AALEGO500", 2, 2), Item("CONBABY1", 1, 1)), ("1Z0000000000000201",))
PARTIAL = Case("part of the order", 202, (Item("AALEGO500", 5, 2),), ("1Z0000000000000202",))
PACKAGES = Case(
    "two packages",
    203,
    (Item("AALEGO500", 1, 1), Item("CONBABY1", 3, 3)),
    ("7900000000000203", "7900000000000204"),
    ship_via="FEDEX2DAY",
)
UNPAID = Case(
    "the order is not paid",
    204,
    (Item("AALEGO500", 4, 4),),
    ("1Z0000000000000205",),
    unpaid="42.50",
    status=Status.FILTERED,
)
TWICE = Case("the push comes twice", 205, (Item("CONBABY1", 2, 2),), ("1Z0000000000000206",))
REPLY_LOST = Case("the shop's reply is lost", 206, (Item("AALEGO500", 3, 3),), ("1Z0000000000000207",))
DOWN = Case("the shop is down", 207, (Item("CONBABY1", 6, 6),), ("1Z0000000000000208",))
STREAM = Case(
    "through the Redis stream", 208, (Item("AALEGO500", 1, 1),), ("7900000000000209",), ship_via="FEDEX2DAY"
)

PUSHED = (PLAIN, PARTIAL, PACKAGES, UNPAID, TWICE, REPLY_LOST)
CASES = (*PUSHED, STREAM, DOWN)
