"""What will be done at the target, as values: ordered steps, each with its external reference.

Pure. A step is written in our own words; the target's adapter knows how to find it, do it and read it back.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from connector.configuration import CompiledFlow
from connector.errors import Rejected
from connector.mapping import MappedValue, look_up_ship_via
from connector.preferences import PreferencesTrace
from schemas.base import DocumentRef, Identifier, Model, Name, Quantity
from schemas.config import Flow, RetryPolicy
from schemas.documents import Order, Shipment
from schemas.events import EventData, ShipmentConfirmed


class EventIdentity(Model):
    """What makes two hearings the same event: source connection, type, document and revision of the fact."""

    source: Name
    type: str
    document: Identifier
    revision: int = 1

    def __str__(self) -> str:
        return f"{self.type} {self.document} @ {self.source}" + (
            f" #{self.revision}" if self.revision > 1 else ""
        )


class StepLine(Model):
    """So much of one order line; `reference` is its key at the source, and the SKU finds it where that fails."""

    reference: str = ""
    sku: str
    name: str = ""
    quantity: Quantity


class StepPackage(Model):
    """One package as the target is told of it: tracking number, and carrier as the mapping says."""

    tracking_number: str
    carrier_code: str
    title: str


class OrderClue(Model):
    """How the target may find the order: its number at the source, and the number it bears in the other world."""

    order: DocumentRef
    external_number: str | None = None


class ShipmentStep(Model):
    """Ship these lines of one order at the target, in these packages, with this note."""

    kind: Literal["shipment"] = "shipment"
    key: Annotated[str, Field(min_length=1, max_length=512)]
    reference: Identifier
    document: DocumentRef
    order: OrderClue
    lines: tuple[StepLine, ...]
    packages: tuple[StepPackage, ...] = ()
    notes: str = ""
    notify_customer: bool = False


Step = ShipmentStep


def external_reference(flow: str, identity: EventIdentity, step_key: str) -> str:
    """The deterministic reference that we leave in the target: 20 letters and digits, the same on every attempt."""
    parts = (flow, identity.source, identity.type, identity.document, str(identity.revision), step_key)
    digest = hashlib.sha256(json.dumps(parts).encode()).digest()
    return base64.b32encode(digest[:13]).decode().rstrip("=")[:20].lower()


def marker(reference: str) -> str:
    """How a reference is written into free text."""
    return f"[ref:{reference}]"


def marked(text: str, reference: str) -> str:
    """The text with the marker as a last line of its own."""
    return f"{text.rstrip()}\n{marker(reference)}" if text.strip() else marker(reference)


def bears(text: str | None, reference: str) -> bool:
    """Does this text of the target bear the reference?"""
    return marker(reference) in (text or "")


# -- planning ----------------------------------------------------------------------------------------------------------


class Plan(Model):
    """What was decided about one event on one flow, and why; stored with the entry (its steps in a table of their own).

    `decision` is deliver, filtered or errored, with `code` and `reason`; `skipped` says which orders of a combined
    shipment are left out, and why, while others are delivered.
    """

    decision: Literal["deliver", "filtered", "errored"]
    code: str = ""
    reason: str = ""
    mode: Literal["on", "held", "dry_run", "off"]
    retry: RetryPolicy
    wait_deadline: float
    preferences: tuple[PreferencesTrace, ...] = ()
    mapped: tuple[MappedValue, ...] = ()
    skipped: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()


def make_plan(
    identity: EventIdentity,
    data: EventData,
    orders: Mapping[str, Order],
    compiled: CompiledFlow,
    echo_of: int | None = None,
) -> Plan:
    """Decide about one event on one flow. `orders` is the context, by number; `echo_of` is the entry that made the
    event's document, if it came from us."""
    flow = compiled.flow
    frame = Plan(decision="deliver", mode=flow.mode, retry=flow.retry, wait_deadline=flow.wait_deadline)
    if flow.mode == "off":
        return _changed(
            frame, decision="filtered", code="mode off", reason=f"flow {flow.name} is switched off"
        )
    if echo_of is not None:
        return _changed(
            frame,
            decision="filtered",
            code="echo",
            reason=f"echo of entry {echo_of}: the document came from us",
        )
    if not isinstance(data, ShipmentConfirmed):
        reason = f"this release does not deliver {data.type} events yet"
        return _changed(frame, decision="errored", code="not supported", reason=reason)
    return _plan_shipment(identity, data, orders, compiled, frame)


def _plan_shipment(
    identity: EventIdentity,
    data: ShipmentConfirmed,
    orders: Mapping[str, Order],
    compiled: CompiledFlow,
    frame: Plan,
) -> Plan:
    """One step for each order of the shipment whose preferences say yes."""
    traces = tuple(compiled.preferences.evaluate(data, orders.get(number)) for number in data.order_numbers)
    wanted = [number for number, trace in zip(data.order_numbers, traces, strict=True) if trace.passed]
    refused = [
        f"order {n}: {t.sentence}" for n, t in zip(data.order_numbers, traces, strict=True) if not t.passed
    ]
    frame = _changed(frame, preferences=traces, skipped=tuple(refused) if wanted else ())
    if not wanted:
        return _changed(frame, decision="filtered", code="preference", reason="; ".join(refused))
    try:
        mapped = _map_ship_via(data.shipment, compiled.flow)
        frame = _changed(frame, mapped=mapped)
        steps = tuple(
            _shipment_step(identity, data.shipment, n, orders.get(n), compiled, mapped) for n in wanted
        )
    except Rejected as error:
        return _changed(frame, decision="errored", code=error.code, reason=error.message)
    return _changed(frame, steps=steps)


def _map_ship_via(shipment: Shipment, flow: Flow) -> tuple[MappedValue, ...]:
    """The carrier is needed for tracking numbers only."""
    return (look_up_ship_via(flow.mapping.ship_via, shipment.ship_via),) if shipment.tracking_numbers else ()


def _shipment_step(
    identity: EventIdentity,
    shipment: Shipment,
    number: str,
    order: Order | None,
    compiled: CompiledFlow,
    mapped: tuple[MappedValue, ...],
) -> ShipmentStep:
    key = f"shipment:{number}"
    return ShipmentStep(
        key=key,
        reference=external_reference(compiled.flow.name, identity, key),
        document=DocumentRef(
            connection=identity.source, kind="shipment", number=shipment.number, key=shipment.key
        ),
        order=OrderClue(
            order=DocumentRef(
                connection=identity.source, kind="order", number=number, key=order.key if order else None
            ),
            external_number=order.external_number if order else None,
        ),
        lines=tuple(
            StepLine(reference=line.order_line, sku=line.sku, name=line.name, quantity=line.quantity)
            for line in shipment.lines
            if line.order == number
        ),
        packages=tuple(
            StepPackage(tracking_number=tracking, carrier_code=m.result.carrier_code, title=m.result.title)
            for m in mapped
            for tracking in shipment.tracking_numbers
        ),
        notes=compiled.notes.render(shipment=shipment, order=order),
        notify_customer=compiled.flow.write_back.notify_customer,
    )


def unplannable(flow: Flow, defect: Exception) -> Plan:
    """The plan where our own code failed on an event: out of the way of the others, for a person to look at."""
    return Plan(
        decision="errored",
        code="quarantined",
        reason=f"our own code failed on it: {type(defect).__name__}: {defect}",
        mode=flow.mode,
        retry=flow.retry,
        wait_deadline=flow.wait_deadline,
    )


def _changed(plan: Plan, **values: object) -> Plan:
    return plan.model_copy(update=values)
