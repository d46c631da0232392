"""Shipments with everything that can be written of them, and their steps in parts: for the tests of write-backs."""

from collections.abc import Mapping
from typing import Any

from connector.asked import Planned
from connector.planned import FieldsStep, Onto, Step
from schemas.documents import Order
from schemas.events import EventData
from tests.unit.planning_given import IN_PARTS, event_of, planned, usd

SHIPPED: Mapping[str, Any] = {
    "ship_date": "2026-01-31",
    "carrier": "UPS",
    "service": "Ground",
    "freight": usd("9.50"),
    "ship_to": {"name": "Ann's Neighbour", "country": "US"},
    "packages": [
        {"reference": "1", "tracking_number": "1Z1", "box": "LARGE", "weight": "2.50", "weight_unit": "LB"},
        {"reference": "2", "tracking_number": "1Z2", "weight": "1.25"},
    ],
}
EVERYTHING: Mapping[str, Any] = {
    "freight": {},
    "notes": "shipped {{ shipment.ship_date }}",
    "weight": True,
    "ship_to": True,
    "confirm": True,
    "fields": {"header": {"H": "{{ shipment.number }}"}, "line": {"L": "{{ line.sku }}"}},
}
ELSEWHERE = {"name": "Somebody Else", "country": "CA"}


def shipped(**changes: Any) -> EventData:
    return event_of("shipment.confirmed", **{**SHIPPED, **changes})


def written(
    onto: Onto = "shipment", data: EventData | None = None, *orders: Order, **write_back: Any
) -> Planned:
    """The steps at a target that takes all parts onto this document."""
    return planned(data or shipped(), *orders, manner=IN_PARTS[onto], write_back=write_back)


def step_of(made: Planned, key: str) -> Step:
    return {step.key: step for step in made[1]}[key]


def fields(made: Planned, part: str, number: str = "1001") -> FieldsStep:
    step = step_of(made, f"fields.{part}:{number}")
    assert isinstance(step, FieldsStep)
    assert step.part == part
    return step


def keys(made: Planned) -> list[str]:
    """The steps without the number of their order."""
    return [step.key.removesuffix(":1001") for step in made[1]]
