"""What lies at which inventory source: read by source items, written in full, as the shop takes it.

Absolute, and credulous: an SKU that is no product and a negative quantity are taken without a word, while one bad row
has all of them refused (Magento 2.4.7 recording, group `stock.`). Not simulated: reservations, stocks of sources,
and what a shipment takes out.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connector.simulators.base import Reply
from connector.simulators.magento.bodies import Shape
from connector.simulators.magento.errors import Refusal
from connector.simulators.magento.store import Document, Store, shown

DEFAULT_SOURCE = "default"
NOT_SAVED = "Could not save Source Item"
NO_PRODUCT = 'The Product with the "%1" SKU doesn\'t exist.'
NO_SOURCE = 'Source with code "%value" does not exist.'

SOURCE = frozenset({"source_code", "name", "enabled", "description", "country_id", "postcode"})
"""Columns of a source by which it can be found."""
SOURCE_ITEM = frozenset({"source_item_id", "sku", "source_code", "quantity", "status"})
"""The same of a source item."""

SOURCE_ITEMS: Mapping[str, Shape] = {
    "source_items": [
        {
            "sku": "string",
            "source_code": "string",
            "quantity": "float",
            "status": "int",
            "extension_attributes": "any",
        }
    ]
}


class Invalid(Refusal):
    """400 with every member that is wrong: text and member of each."""

    def __init__(self, wrong: Sequence[tuple[str, str]]) -> None:
        (text, name), *_ = wrong
        super().__init__(400, f"Validation Failed: {text.replace('%field', name)}")
        self._wrong = wrong

    def reply(self) -> Reply:
        """The answer: `{"message", "errors"}`."""
        errors = [{"message": text, "parameters": {"field": name}} for text, name in self._wrong]
        return Reply.of({"message": self.message, "errors": errors}, self.status)


def source(code: str, name: str = "") -> Document:
    """A source as the vendor answers it; without a name it is the one that every shop begins with."""
    name = name or "Default Source"
    return {
        "source_code": code,
        "name": name,
        "enabled": True,
        "description": name,
        "latitude": 0,
        "longitude": 0,
        "country_id": "US",
        "postcode": "00000",
        "use_default_carrier_config": True,
        "carrier_links": [],
        "extension_attributes": {"is_pickup_location_active": False, "frontend_name": ""},
    }


def save(store: Store, rows: Sequence[Mapping[str, Any]]) -> list[object]:
    """Take quantities, all or none. Raises Refusal."""
    if not rows:
        raise Refusal(400, "Input data is empty")
    wrong = [one for row in rows for one in _wrong(row)]
    if wrong:
        raise Invalid(wrong)
    if any(row["source_code"] not in store.sources for row in rows):
        raise Refusal(400, NOT_SAVED)
    for row in rows:
        put(store, row["sku"], row["source_code"], quantity=row["quantity"], status=row["status"])
    return []


def _wrong(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("sku", "source_code"):
        if not row.get(name):
            yield '"%field" can not be empty.', name
    for name in ("quantity", "status"):
        if row.get(name) is None:
            yield '"%field" should be numeric.', name


def put(store: Store, sku: str, code: str, **values: Any) -> None:
    """So much lies there from now on; SKUs are compared without regard to case."""
    item = store.source_items.setdefault((sku.lower(), code), {"sku": sku, "source_code": code})
    item.update(values)


def source_of(store: Store, code: str) -> Document:
    """One source. Raises Refusal."""
    if code not in store.sources:
        raise Refusal(404, NO_SOURCE, {"value": code})
    return store.sources[code]


def stock_item(store: Store, sku: str) -> Document:
    """The older form of a product's stock: what lies at the default source. Raises Refusal for what is no product."""
    product = store.products.get(sku.lower())
    if product is None:
        raise Refusal(404, NO_PRODUCT, [sku])
    item = store.source_items.get((sku.lower(), DEFAULT_SOURCE), {"quantity": 0, "status": 0})
    return {
        "item_id": product,
        "product_id": product,
        "stock_id": 1,
        "qty": shown(item)["quantity"],
        "is_in_stock": bool(item["status"]),
        **_SETTINGS,
    }


_SETTINGS: Mapping[str, Any] = {
    "is_qty_decimal": False,
    "show_default_notification_message": False,
    "use_config_min_qty": True,
    "min_qty": 0,
    "use_config_min_sale_qty": 1,
    "min_sale_qty": 1,
    "use_config_max_sale_qty": True,
    "max_sale_qty": 10000,
    "use_config_backorders": True,
    "backorders": 0,
    "use_config_notify_stock_qty": True,
    "notify_stock_qty": 1,
    "use_config_qty_increments": True,
    "qty_increments": 0,
    "use_config_enable_qty_inc": True,
    "enable_qty_increments": False,
    "use_config_manage_stock": True,
    "manage_stock": True,
    "low_stock_date": None,
    "is_decimal_divided": False,
    "stock_status_changed_auto": 0,
}
