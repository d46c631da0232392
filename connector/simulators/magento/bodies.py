"""Reading request bodies as this vendor does: which members exist, of which type, and what is said otherwise.

Top members which are unknown are ignored in silence; deeper ones are refused. Both spellings, snake_case and
camelCase, are taken (Magento 2.4.7 recording, `error.unknown_property`, `error.unknown_top_property`,
`ship.misspelt_items_ships_all`, `ship.camel_case`).
"""

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from connector.simulators.base import Received
from connector.simulators.magento.errors import Fatal, Refusal, required, unsupported, wrong_type

Shape = str | Mapping[str, "Shape"] | Sequence["Shape"]
"""`int`, `float`, `string`, `bool` or `any`; an object's members; or a list of one shape."""

COMMENT: Shape = {"comment": "string", "is_visible_on_front": "int", "extension_attributes": "any"}
TRACK: Shape = {
    "track_number": "string",
    "title": "string",
    "carrier_code": "string",
    "extension_attributes": "any",
}
DOCUMENT_ITEM: Shape = {"order_item_id": "int", "qty": "float", "extension_attributes": "any"}

SHIP: Mapping[str, Shape] = {
    "items": [DOCUMENT_ITEM],
    "notify": "bool",
    "append_comment": "bool",
    "comment": COMMENT,
    "tracks": [TRACK],
    "packages": ["any"],
    "arguments": {"extension_attributes": {"source_code": "string", "ext_location_id": "string"}},
}
INVOICE: Mapping[str, Shape] = {
    "capture": "bool",
    "items": [DOCUMENT_ITEM],
    "notify": "bool",
    "append_comment": "bool",
    "comment": COMMENT,
    "arguments": {"extension_attributes": "any"},
}
REFUND: Mapping[str, Shape] = {
    "items": [DOCUMENT_ITEM],
    "notify": "bool",
    "append_comment": "bool",
    "is_online": "bool",
    "comment": COMMENT,
    "arguments": {
        "shipping_amount": "float",
        "adjustment_positive": "float",
        "adjustment_negative": "float",
        "extension_attributes": {"return_to_stock_items": ["int"]},
    },
}
TRACK_ENTITY: Mapping[str, Shape] = {
    "entity": {
        "entity_id": "int",
        "order_id": "int",
        "parent_id": "int",
        "track_number": "string",
        "title": "string",
        "carrier_code": "string",
        "weight": "float",
        "qty": "float",
        "description": "string",
        "created_at": "string",
        "updated_at": "string",
        "extension_attributes": "any",
    }
}
COMMENT_ENTITY: Mapping[str, Shape] = {
    "entity": {
        "entity_id": "int",
        "parent_id": "int",
        "comment": "string",
        "is_customer_notified": "int",
        "is_visible_on_front": "int",
        "created_at": "string",
        "extension_attributes": "any",
    }
}
STATUS_HISTORY: Mapping[str, Shape] = {
    "status_history": {
        "entity_id": "int",
        "parent_id": "int",
        "comment": "string",
        "status": "string",
        "is_customer_notified": "int",
        "is_visible_on_front": "int",
        "entity_name": "string",
        "created_at": "string",
        "extension_attributes": "any",
    }
}


def body_of(received: Received, shape: Mapping[str, Shape], needed: str | None = None) -> dict[str, Any]:
    """The members of a body in snake_case and of the right types. Raises Refusal or Fatal.

    `needed` names, as the vendor spells it, the top member that must be there.
    """
    read = _decoded(received)
    found = read if isinstance(read, dict) else {}
    members = {_snake(name): value for name, value in found.items()}
    if needed is not None and members.get(_snake(needed)) is None:
        raise required(needed)
    known = {name: value for name, value in members.items() if name in shape}
    return {name: _typed(name, value, shape[name]) for name, value in known.items()}


def _decoded(received: Received) -> Any:
    if not received.body:
        return None
    sent = received.headers.get("content-type", "")
    if not sent:
        raise Refusal(400, "Content-Type header is empty.")
    kind = sent.split(";")[0].strip().lower()
    if kind != "application/json":
        raise Refusal(400, f"Server cannot understand Content-Type HTTP header media type {kind}")
    try:
        return json.loads(received.body, parse_float=Decimal)
    except ValueError as error:
        raise Refusal(400, "Decoding error.") from error


def _snake(name: str) -> str:
    return re.sub(r"(?<=\w)(?=[A-Z])", "_", name).lower()


def _typed(name: str, value: Any, shape: Shape) -> Any:
    if value is None or shape == "any":
        return value
    if isinstance(shape, str):
        return _scalar(name, value, shape)
    if isinstance(shape, Mapping):
        return _object(value, shape)
    if not isinstance(value, list):
        raise Fatal
    return [_typed(name, one, shape[0]) for one in value]


def _object(value: Any, shape: Mapping[str, Shape]) -> dict[str, Any]:
    if value == []:
        return {}
    if not isinstance(value, dict):
        raise Fatal
    typed = {}
    for name, one in value.items():
        member = _snake(name)
        if member not in shape:
            raise unsupported(name)
        typed[member] = _typed(name, one, shape[member])
    return typed


def _scalar(name: str, value: Any, kind: str) -> Any:
    if kind == "bool":
        return bool(value)
    if kind == "string":
        return str(value)
    number = _number(value)
    if number is None or (kind == "int" and number != int(number)):
        raise wrong_type(value, kind, name)
    return int(number) if kind == "int" else number


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
