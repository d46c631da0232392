"""Events as a bridge of StarShip tells them, and how it signs: for the tests of the adapter, the web and the folder."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

from connector.systems.starship.settings import StarShipSettings

KEY = b"a signing key of 24 bytes or more"
SECRET = "whsec_" + base64.b64encode(KEY).decode()


def settings(**values: Any) -> StarShipSettings:
    """The settings of a connection."""
    return StarShipSettings.model_validate({"system": "starship", **values})


def goods(order: str = "000123", line: str = "1", quantity: str = "2", **more: Any) -> dict[str, Any]:
    """So much of a line, as items and contents say it."""
    return {
        "document_type": "SO",
        "order": order,
        "line_key": line,
        "item": f"SKU-{line}",
        "quantity": quantity,
        **more,
    }


def event(shipment: str = "S-1", **changes: Any) -> dict[str, Any]:
    """A shipment of one order in one package that was processed; None takes a member away."""
    given = {
        "event_id": f"event-{shipment}",
        "type": "processed",
        "occurred_at": "2026-01-31T12:00:00Z",
        "shipment_id": shipment,
        "processing": 1,
        "ship_date": "2026-01-31",
        "carrier": "UPS",
        "service": "Ground",
        "charges": {
            "currency": "USD",
            "list": "12.00",
            "contract": "8.10",
            "applied": "9.50",
            "handling": "1",
        },
        "weight_unit": "LB",
        "orders": [{"document_type": "SO", "key": "000123"}],
        "items": [goods()],
        "packages": [{"number": "1", "weight": "5.0", "tracking": "1Z1"}],
        **changes,
    }
    return {name: value for name, value in given.items() if value is not None}


def voided(shipment: str = "S-1", **changes: Any) -> dict[str, Any]:
    """The least that a void carries."""
    return {
        "event_id": f"void-{shipment}",
        "type": "voided",
        "occurred_at": "2026-01-31T13:00:00Z",
        "shipment_id": shipment,
        "processing": 1,
        "orders": [{"document_type": "SO", "key": "000123"}],
        **changes,
    }


def body(value: object) -> bytes:
    """As it is sent."""
    return json.dumps(value).encode()


def signed(content: bytes, key: bytes = KEY, message: str = "m-1", ago: float = 0) -> dict[str, str]:
    """The headers of a bridge that signs it so many seconds ago; written without the code under test."""
    moment = str(int(time.time() - ago))
    digest = hmac.new(key, b".".join((message.encode(), moment.encode(), content)), hashlib.sha256).digest()
    return {
        "webhook-id": message,
        "webhook-timestamp": moment,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }
