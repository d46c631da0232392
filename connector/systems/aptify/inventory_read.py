"""Aptify's stock in our words: how much of a product there is at one inventory location. Pure.

It stands in Product Inventory; reading that is `reading.py`. A level is known by the product's code and the location's
name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from connector.errors import Rejected
from connector.systems.aptify.family import changed_at
from connector.systems.aptify.records import ZERO, Record, as_text
from connector.systems.aptify.settings import AptifySettings
from connector.systems.base import Fact
from schemas.documents import Inventory
from schemas.events import InventoryChanged

QUANTITIES = ("QuantityOnHand", "QuantityReserved", "QuantityAvailable")


@dataclass(frozen=True)
class Stock:
    """What Product Inventory says of one product at one location: its records, as they stood `at` that moment."""

    product: Record
    rows: tuple[Record, ...]
    at: datetime

    def quantity(self, name: str) -> Decimal | None:
        """Of all records; None where they do not tell."""
        told = [row.number(name) for row in self.rows if row.has(name)]
        return sum(told, ZERO) if told else None

    @property
    def tracked(self) -> bool:
        """Does anybody count? Of a product that does not say it, yes."""
        return self.product.flag("TrackInventory") or not self.product.has("TrackInventory")


def level_facts(stock: Stock, settings: AptifySettings) -> tuple[Fact, ...]:
    """How much there is, each other quantity of which is a change; no fact where nobody counts. Raises Rejected for
    what cannot be told."""
    if not stock.tracked:
        return ()
    level = read_level(stock, settings)
    data = InventoryChanged(inventory=level)
    return (Fact(InventoryChanged.type, True, level.changed_at, data, mark=quantities(stock.rows)),)


def read_level(stock: Stock, settings: AptifySettings) -> Inventory:
    """A level in our words. Raises Rejected."""
    on_hand, reserved, available = map(stock.quantity, QUANTITIES)
    try:
        return Inventory(
            sku=stock.product.text("Code"),
            warehouse=stock.rows[0].named("InventoryLocationID"),
            on_hand=on_hand,  # type: ignore[arg-type]  # judged here, like the rest
            reserved=reserved,
            available=available,
            changed_at=max(_changed_at(row, settings.zone, stock.at) for row in stock.rows),
            key=stock.rows[0].id,
        )
    except ValidationError as error:
        wrong = ", ".join(f"{one['loc'][0]}: {one['msg']}" for one in error.errors())
        text = (
            f"the stock of product {stock.product.id} ({stock.product.text('Name')}) cannot be told: {wrong}"
        )
        raise Rejected(text, code="level", field=str(error.errors()[0]["loc"][0])) from error


def quantities(rows: Sequence[Record]) -> str:
    """By which two levels are told apart."""
    sums = (sum((row.number(name) for row in rows), ZERO) for name in QUANTITIES)
    return "/".join(as_text(one.normalize()) for one in sums)


def _changed_at(row: Record, zone: ZoneInfo, read_at: datetime) -> datetime:
    """When it was changed. In the hour that comes twice in autumn it is taken for the later one that can be: of two
    levels that are read one after the other, the second is never the older one."""
    moment = changed_at(row, zone)
    second = moment.astimezone(zone).replace(fold=1).astimezone(UTC)
    return second if moment < second <= read_at else moment
