"""Starting states of the shop: whole recorded documents, or a plain order described in a few members.

What `POST /_sim/seed` takes is said at `Seed`; unknown members are refused.
"""

import copy
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from connector.simulators.base import SeedError
from connector.simulators.magento import stock
from connector.simulators.magento.checkout import PlainOrder
from connector.simulators.magento.placing import place
from connector.simulators.magento.store import STATUSES, Document, Store

_TABLES = {
    "orders": "order",
    "shipments": "shipment",
    "invoices": "invoice",
    "creditmemos": "creditmemo",
}


class Settings(BaseModel):
    """The shop's switches. Defaults are the vendor's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    integration_bearer: bool = False
    """Integration tokens are taken as Bearer."""
    two_factor: bool = False
    """The admin token endpoint wants a second factor, so it refuses."""
    repeat_last_page: bool = False
    """Past the last page the last page comes again, as in older releases."""
    input_limits: bool = False
    """Lists of more than 300 rows a page are refused."""
    numeric_ids: bool = False
    """Shipping, invoicing and refunding answer the id as a number, as the vendor's document says, not as text."""


class Seed(BaseModel):
    """What can be seeded: whole documents as the vendor answers them, plain orders, stock, last ids, switches."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    orders: list[dict[str, Any]] = []
    shipments: list[dict[str, Any]] = []
    invoices: list[dict[str, Any]] = []
    creditmemos: list[dict[str, Any]] = []
    order: PlainOrder | None = None
    shipment_types: dict[str, str] = {}
    """SKU of a bundle -> `together` (the default) or `separately`; the vendor's API does not show it."""
    last_ids: dict[str, int] = {}
    """Kind -> the number given out last (order, increment, item, shipment, track, invoice …)."""
    sources: list[str] = []
    """Codes of further inventory sources; `default` is there."""
    products: dict[str, Decimal | None] = {}
    """SKU of a product -> how many lie at the default source, in stock; null: it is not assigned to any source."""
    statuses: dict[str, frozenset[str]] = {}
    """State -> further statuses which the shop has defined for it."""
    settings: dict[str, bool] = {}


def read_seed(wanted: object) -> Seed:
    """What was posted, checked. Raises SeedError."""
    try:
        return Seed.model_validate(wanted)
    except ValidationError as error:
        raise SeedError(str(error)) from error


def plant(store: Store, seed: Seed) -> dict[str, object]:
    """Put documents into the shop; returns the ids of a plain order, and how many documents came whole.

    Raises SeedError for a plain order whose number is taken.
    """
    for document in seed.orders:
        _plant_order(store, document, seed.shipment_types)
    for name in ("shipments", "invoices", "creditmemos"):
        for document in getattr(seed, name):
            getattr(store, name)[document["entity_id"]] = copy.deepcopy(document)
            store.taken(_TABLES[name], int(document["entity_id"]))
    answer: dict[str, object] = {name: len(getattr(seed, name)) for name in _TABLES if getattr(seed, name)}
    if seed.order is not None:
        order = place(store, seed.order)
        answer["order"] = {name: order[name] for name in ("entity_id", "increment_id")}
        answer["items"] = [{"item_id": one["item_id"], "sku": one["sku"]} for one in order["items"]]
    store.last_ids.update(seed.last_ids)
    for code in seed.sources:
        store.sources[code] = stock.source(code, code)
    for sku, quantity in seed.products.items():
        store.products[sku.lower()] = store.next_id("product")
        if quantity is not None:
            stock.put(store, sku, stock.DEFAULT_SOURCE, quantity=quantity, status=1)
    for state, further in seed.statuses.items():
        store.statuses[state] = STATUSES.get(state, frozenset()) | further
    return answer


def _plant_order(store: Store, given: Mapping[str, Any], shipment_types: Mapping[str, str]) -> None:
    order = copy.deepcopy(dict(given))
    extension = order.get("extension_attributes") or {}
    assignments = extension.pop("shipping_assignments", [])
    order["_shipping"] = [one["shipping"] for one in assignments]
    order["extension_attributes"] = extension
    order.setdefault("status_histories", [])
    order.setdefault("payment", {"method": "checkmo", "parent_id": order["entity_id"]})
    for item in order["items"]:
        item.pop("parent_item", None)
        if item["sku"] in shipment_types:
            item["_shipment_type"] = shipment_types[item["sku"]]
        store.taken("item", int(item["item_id"]))
    _keep(store, order)


def _keep(store: Store, order: Document) -> None:
    store.orders[int(order["entity_id"])] = order
    store.taken("order", int(order["entity_id"]))
    if str(order["increment_id"]).isdigit():
        store.taken("increment", int(order["increment_id"]))
