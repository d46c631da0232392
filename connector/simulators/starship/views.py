"""Shipments, orders and deliveries as `/_sim` shows them, and the ship results that list what failed."""

from typing import Any

from connector.simulators.starship.bridge import Bridge, Delivery
from connector.simulators.starship.station import Shipment


def shipment(one: Shipment, bridge: Bridge) -> dict[str, Any]:
    """A shipment with its content, how its write-back stands, and the events it made, oldest first."""
    return {
        "shipment_id": one.number,
        "status": one.status,
        "processing": one.processing,
        "orders": [
            {"source": order.source, "document_type": order.document_type, "key": order.key}
            for order in one.orders
        ],
        "wanted": one.wanted.model_dump(mode="json", exclude_unset=True),
        "items": [item.model_dump(mode="json") for item in one.items],
        "packages": [package.model_dump(mode="json") for package in one.packages],
        **ship_result(one, bridge),
        "events": one.events,
    }


def ship_result(one: Shipment, bridge: Bridge) -> dict[str, Any]:
    """How the write-back of the newest event stands, and everything of the shipment that failed or was ignored."""
    deliveries = bridge.of(one.number)
    newest = one.events[-1]["event_id"] if one.events else None
    return {
        "write_back": _standing([each for each in deliveries if each.event["event_id"] == newest]),
        "failed": [_failure(each) for each in deliveries if each.status in ("failed", "ignored")],
    }


def _standing(deliveries: list[Delivery]) -> str:
    """The worst of them; none where nobody is told."""
    found = {one.status for one in deliveries}
    return next(
        (each for each in ("failed", "ignored", "sending", "held", "delivered") if each in found), "none"
    )


def _failure(one: Delivery) -> dict[str, Any]:
    """What a person needs to enter it by hand."""
    event = one.event
    fields = {
        "Ship Date": event.get("ship_date", ""),
        "Tracking Number": event.get("master_tracking", ""),
        "Total Weight": event.get("total_weight", ""),
        "Freight Amt.": event.get("charges", {}).get("applied", ""),
    }
    return {
        "event_id": event["event_id"],
        "type": event["type"],
        "url": one.url,
        "status": one.status,
        "answer": one.attempts[-1],
        "fields": fields,
    }


def delivery(one: Delivery) -> dict[str, Any]:
    """A delivery with its attempts."""
    return {
        "number": one.number,
        "url": one.url,
        "shipment_id": one.shipment,
        "status": one.status,
        "attempts": list(one.attempts),
        "event": one.event,
    }
