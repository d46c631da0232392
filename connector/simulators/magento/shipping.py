"""Shipments: making them from an order, the older save call, their tracks and comments.

Too much is clamped in silence, a line with nothing left is dropped, and only when nothing at all can ship
is the call refused (Magento 2.4.7 recording, `ship.over_quantity_clamped`, `ship.one_line_exhausted`).
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from connector.simulators.magento.errors import Refusal, document_refused
from connector.simulators.magento.quantities import (
    can_ship,
    is_shipping_dummy,
    settle_state,
    ships_separately,
    simple_to_ship,
    to_ship,
    whole,
)
from connector.simulators.magento.store import (
    Document,
    Store,
    add_quantity,
    address_id,
    amount,
    children_of,
    parent_of,
)

NOT_READY = "A shipment cannot be created when an order has a status of %s"
NOTHING_TO_SHIP = "The order does not allow a shipment to be created."
NO_PRODUCTS = "You can't create a shipment without products."
NO_TRACK_NUMBER = "Please enter a tracking number."
WRONG_PART = (
    'Cannot create shipment as bundle product "%s" has shipment type "%s". %s should be shipped instead.'
)
SAVE_FAILED = "Could not save a shipment, see error log for details"
TRACK_FAILED = "Could not save the shipment tracking."
SOURCES = frozenset({"default"})

Planned = list[tuple[Document, Decimal]]


def asked_quantities(items: Sequence[Mapping[str, Any]] | None) -> dict[int, Decimal]:
    """Quantity by order item; of two entries for one item the later counts (recording leaves open which)."""
    return {int(one["order_item_id"]): amount(one, "qty") for one in items or () if one.get("order_item_id")}


def ship(store: Store, order: Document, body: Mapping[str, Any]) -> str:
    """Make a shipment and move the order; returns its id, as text. Raises Refusal."""
    asked = asked_quantities(body.get("items"))
    planned = _plan(order, asked)
    tracks = body.get("tracks") or []
    messages = _messages(order, asked, planned, tracks)
    if messages:
        raise document_refused("Shipment", messages)
    shipment = _document(store, order, planned)
    if _source(body) not in SOURCES:
        raise Refusal(400, SAVE_FAILED)
    shipment["extension_attributes"] = {"source_code": _source(body)}
    _register(store, order, planned)
    shipment["tracks"] = [_track(store, shipment, track) for track in tracks]
    if body.get("comment") and body["comment"].get("comment"):
        notified = int(bool(body.get("notify") and body.get("append_comment")))
        shipment["comments"].append(
            _comment(store, shipment, {**body["comment"], "is_customer_notified": notified})
        )
    store.add("shipments", shipment)
    for track in shipment["tracks"]:
        store.note("tracks", track, is_new=True)
    settle_state(store, order, in_process=True)
    return str(shipment["entity_id"])


def _plan(order: Document, asked: Mapping[int, Decimal]) -> Planned:
    """The lines that would be in the shipment; nothing asked means all that is left."""
    planned: Planned = []
    for item in order["items"]:
        left = to_ship(order, item)
        if item.get("is_virtual") or left <= 0:
            continue
        wanted = asked.get(item["item_id"], Decimal(0)) if asked else left
        quantity = whole(item, min(wanted, left))
        if quantity > 0:
            planned.append((item, quantity))
    return planned


def _messages(
    order: Document, asked: Mapping[int, Decimal], planned: Planned, tracks: Sequence[Mapping[str, Any]]
) -> list[str]:
    messages = []
    if order.get("state") in ("payment_review", "holded", "canceled") or order.get("is_virtual"):
        messages.append(NOT_READY % order.get("status"))
    elif not can_ship(order):
        messages.append(NOTHING_TO_SHIP)
    if not planned:
        messages.append(NO_PRODUCTS)
    if any(not track.get("track_number") for track in tracks):
        messages.append(NO_TRACK_NUMBER)
    return messages + _wrong_parts(order, asked)


def _wrong_parts(order: Document, asked: Mapping[int, Decimal]) -> list[str]:
    messages = []
    for item in order["items"]:
        head = parent_of(order, item) or item
        if item["item_id"] not in asked or head.get("product_type") != "bundle":
            continue
        if head is item and ships_separately(order, item):
            messages.append(WRONG_PART % (head["sku"], "Separately", "Bundle product options"))
        elif head is not item and not ships_separately(order, item):
            messages.append(WRONG_PART % (head["sku"], "Together", "Bundle product itself"))
    return messages


def _document(store: Store, order: Document, planned: Planned) -> Document:
    number = store.next_id("shipment")
    now = store.now()
    return {
        "billing_address_id": order.get("billing_address_id"),
        "created_at": now,
        "entity_id": number,
        "increment_id": f"{number:09d}",
        "order_id": order["entity_id"],
        "packages": [],
        **address_id(order),
        "store_id": order.get("store_id", 1),
        "total_qty": sum((quantity for _, quantity in planned), Decimal(0)),
        "updated_at": now,
        "items": [_line(store, number, item, quantity) for item, quantity in _listed(order, planned)],
        "tracks": [],
        "comments": [],
    }


def _listed(order: Document, planned: Planned) -> Planned:
    """The lines a shipment shows: the head of a bundle shipped in parts is listed too, with quantity 1."""
    listed: Planned = []
    for item, quantity in planned:
        head = parent_of(order, item)
        if head is not None and all(one is not head for one, _ in listed):
            listed.append((head, Decimal(1)))
        listed.append((item, quantity))
    return listed


def _line(store: Store, shipment: int, item: Document, quantity: Decimal) -> Document:
    taken: Document = {
        name: item[name] for name in ("name", "price", "product_id", "sku", "weight") if name in item
    }
    own = {"entity_id": store.next_id("shipment_item"), "parent_id": shipment}
    return {**taken, **own, "order_item_id": item["item_id"], "qty": quantity}


def _register(store: Store, order: Document, planned: Planned) -> None:
    """Move `qty_shipped`, also of the head of a bundle in parts and of the parts of a bundle as a whole."""
    for item, quantity in _listed(order, planned):
        add_quantity(store, item, "qty_shipped", quantity)
        if item.get("product_type") != "bundle" or is_shipping_dummy(order, item):
            continue
        for part in children_of(order, item):
            share = amount(part, "qty_ordered") / amount(item, "qty_ordered") * quantity
            add_quantity(store, part, "qty_shipped", whole(part, min(share, simple_to_ship(part))))


def _source(body: Mapping[str, Any]) -> str:
    arguments = body.get("arguments") or {}
    return str((arguments.get("extension_attributes") or {}).get("source_code") or "default")


def save(store: Store, entity: Mapping[str, Any]) -> Document:
    """The older `POST /V1/shipment`: a shipment comes to be, the order stays as it is."""
    order = store.order(str(entity.get("order_id") or 0))
    number = store.next_id("shipment")
    items = [
        {
            "entity_id": store.next_id("shipment_item"),
            "parent_id": number,
            "order_item_id": item.get("order_item_id"),
            "qty": item.get("qty"),
        }
        for item in entity.get("items") or []
    ]
    now = store.now()
    shipment = {
        "created_at": now,
        "entity_id": number,
        "increment_id": f"{number:09d}",
        "order_id": order["entity_id"],
        "packages": [],
        "updated_at": now,
        "items": items,
        "tracks": [],
        "comments": [],
    }
    store.add("shipments", shipment)
    return shipment


def add_track(store: Store, entity: Mapping[str, Any]) -> Document:
    """A track on a shipment; equal ones are not merged. Raises Refusal."""
    needed = ("order_id", "parent_id", "track_number", "carrier_code")
    shipment = store.shipments.get(entity.get("parent_id") or 0)
    complete = all(entity.get(name) for name in needed)
    if not complete or shipment is None or shipment["order_id"] != entity["order_id"]:
        raise Refusal(400, TRACK_FAILED)
    track = _track(store, shipment, entity)
    shipment["tracks"].append({**track, "description": track["description"] or None})
    store.note("tracks", track, is_new=True)
    return track


def _track(store: Store, shipment: Document, given: Mapping[str, Any]) -> Document:
    now = store.now()
    stamps = {"order_id": shipment["order_id"], "created_at": now, "updated_at": now}
    keys = {"entity_id": store.next_id("track"), "parent_id": shipment["entity_id"]}
    told = ("weight", "qty", "description", "track_number", "title", "carrier_code")
    return {**stamps, **keys, **{name: given.get(name) for name in told}}


def delete_track(store: Store, number: str) -> bool:
    """Take a track away; true whether or not it was there."""
    for shipment in store.shipments.values():
        shipment["tracks"] = [one for one in shipment["tracks"] if one["entity_id"] != int(number)]
    return True


def add_comment(store: Store, number: str, entity: Mapping[str, Any]) -> Document:
    """A comment on a shipment, found by the body's `parent_id`; the reply has no date. Raises Refusal."""
    shipment = store.shipments.get(entity.get("parent_id") or 0)
    if shipment is None or not entity.get("comment"):
        raise Refusal(400, "Could not save the shipment comment.")
    comment = _comment(store, shipment, entity)
    shipment["comments"].append(comment)
    return {name: value for name, value in comment.items() if name != "created_at"}


def _comment(store: Store, shipment: Document, given: Mapping[str, Any]) -> Document:
    return {
        "is_customer_notified": given.get("is_customer_notified") or 0,
        "parent_id": shipment["entity_id"],
        "comment": given.get("comment"),
        "is_visible_on_front": given.get("is_visible_on_front") or 0,
        "created_at": store.now(),
        "entity_id": store.next_id("shipment_comment"),
    }
