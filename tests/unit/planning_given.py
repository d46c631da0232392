"""Events about one order, shipment, invoice or refund, and their steps on a flow: for the tests of planning."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, TypeVar, get_args

from connector.asked import Asked, Planned
from connector.configuration import compile_flows
from connector.planned import (
    PLAIN,
    Manner,
    Onto,
    PlannedStep,
)
from connector.planning import steps_for
from connector.reference import EventIdentity
from schemas.base import Money
from schemas.config import Config, ConnectionSettings
from schemas.documents import Invoice, Order, Refund, Shipment
from schemas.events import EVENT_TYPES, EventData

S = TypeVar("S", bound=PlannedStep)
ERP_LIKE = Manner(customers=True, invoices="payment")
PARTS = frozenset(
    {
        "tracking",
        "ship_via",
        "ship_date",
        "weight",
        "ship_to",
        "confirm",
        "create_invoice",
        "charges",
        "back_order",
        "freight",
        "notes",
        "fields.header",
        "fields.line",
        "fields.package",
    }
)
IN_PARTS: Mapping[Onto, Manner] = MappingProxyType(
    {onto: Manner(parts=PARTS, onto=onto) for onto in get_args(Onto)}
)
"""Targets that take every part of a shipment as a step of its own, by the document which they go onto."""
SHIPS_ITSELF = Manner(parts=PARTS - {"confirm", "create_invoice"} | {"shipment"}, onto="order")
"""One where it is the order itself that ships."""
PLACED = datetime(2026, 1, 31, 12, tzinfo=UTC)


def usd(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


def order(number: str = "1001", **changes: Any) -> Order:
    values: dict[str, Any] = {
        "number": number,
        "key": f"guid-{number}",
        "external_number": f"W{number}",
        "currency": "USD",
        "status": "Open",
        "customer": "C77",
        "email": "ann@example.com",
        "bill_to": {"name": "Ann Example", "company": "Example Ltd", "country": "US"},
        "ship_to": {"name": "Ann's Neighbour", "country": "US"},
        "ship_via": "UPS",
        "payment_method": "CHECK",
        "lines": [{"reference": "1", "sku": "A", "name": "The A", "quantity": "2"}],
        "total": usd("20.00"),
    }
    return Order.model_validate(values | changes)


def event_of(type_: str, **document: Any) -> EventData:
    """An event of this type about one document."""
    model = EVENT_TYPES[type_]
    one: Order | Shipment | Invoice | Refund
    if model.kind == "order":
        one = order(**document)
    elif model.kind == "shipment":
        line = {
            "reference": "1",
            "order": "1001",
            "order_line": "1",
            "sku": "A",
            "name": "The A",
            "quantity": "2",
        }
        values = {"number": "SH1", "key": "guid-SH1", "ship_via": "UPS", "lines": [line]}
        values["packages"] = [{"tracking_number": "1Z1"}, {"tracking_number": "1Z2"}, {"tracking_number": ""}]
        one = Shipment.model_validate(values | document)
    elif model.kind == "refund":
        back = {"order_line": "1", "sku": "A", "name": "The A", "quantity": "1", "total": usd("10.00")}
        values = {"number": "CM1", "key": "guid-CM1", "order": "1001", "currency": "USD", "lines": [back]}
        one = Refund.model_validate(values | {"total": usd("10.00")} | document)
    else:
        line = {"order": "1001", "order_line": "1", "sku": "A", "name": "The A", "quantity": "2"}
        freight = {"order": "1001", "sku": "FREIGHT", "quantity": "0"}
        money: dict[str, Any] = {"currency": "USD", "total": usd("20.00"), "invoiced_at": PLACED}
        one = Invoice.model_validate({"number": "INV1", "lines": [line, freight], **money} | document)
    return model.model_validate({model.kind: one})


def planned(
    data: EventData,
    *orders: Order,
    manner: Manner = PLAIN,
    numbers: tuple[str, ...] | None = None,
    carried: Mapping[str, Sequence[Mapping[str, Any]]] = MappingProxyType({}),
    **flow: Any,
) -> Planned:
    """The steps for an event that takes back `carried`, on a flow with these settings beside its type and ends."""
    mapping = {"ship_via": {"UPS": {"code": "ups_GND", "carrier_code": "ups", "title": "UPS Ground"}}}
    declared = {"name": "one", "event": data.type, "from": "erp", "to": "shop", "mapping": mapping}
    if data.kind != "order":
        declared["context"] = ["order"]
    connections = {
        name: ConnectionSettings(system="some", base_url="http://127.0.0.1:9") for name in ("erp", "shop")
    }
    config = Config.model_validate({"connections": connections, "flows": [declared | flow]})
    identity = EventIdentity(source="erp", type=data.type, document=data.document.number)
    known = {one.number: one for one in orders or (order(),)}
    if isinstance(data.document, Order):
        known = {data.document.number: data.document}
    return steps_for(
        Asked(identity, data, known, compile_flows(config)["one"], manner, "erp", carried),
        numbers or data.order_numbers,
    )


def specs(made: Planned) -> list[Mapping[str, Any]]:
    """The steps as they are stored."""
    return [step.model_dump(mode="json") for step in made[1]]


def kinds(made: Planned) -> list[str]:
    return [step.kind for step in made[1]]


def only(made: Planned, kind: type[S]) -> S:
    (found,) = [step for step in made[1] if isinstance(step, kind)]
    return found
