"""A shipment from its event to Sage 100 and back: planned by a flow, and every step of the plan run."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from connector.configuration import compile_flows
from connector.plan import Plan, make_plan
from connector.planned import FreightStep, PlannedStep, Undone, UndoStep, parse_step_of_order
from connector.reference import EventIdentity
from connector.systems.base import Known
from connector.systems.sage100.adapter import Sage100Adapter
from schemas.base import DocumentRef
from schemas.config import Config, ConnectionSettings
from schemas.documents import Shipment
from schemas.events import EventData, ShipmentConfirmed, ShipmentVoided
from tests.systems.sage100_site import AGENT, CONNECTION, SHIPPER, SOAP, Done, SageSite, sage, served_sage

__all__ = ["sage", "served_sage"]

INVOICED: dict[str, Any] = {
    "create_invoice": True,
    "tracking": True,
    "freight": {"amount": "applied"},
    "notes": [
        {"tag": "Ship Date", "value": "{{ shipment.ship_date }}"},
        {"tag": "PRO", "value": "{{ shipment.pro }}"},
    ],
    "fields": {"header": {"UDF_CARRIER": "{{ shipment.carrier }}"}},
}
ON_THE_ORDER: dict[str, Any] = {"freight": {"amount": "applied"}, "notes": "Shipped {{ shipment.ship_date }}"}


def shipment(*orders: str) -> Shipment:
    """Two widgets of each order, in a package of its own, for 10.01 in all."""
    return Shipment.model_validate(
        {
            "number": f"S{orders[0]}",
            "ship_date": "2026-01-31",
            "ship_via": "UPS Ground",
            "carrier": "UPS",
            "freight": {"amount": "10.01", "currency": "USD"},
            "lines": [{"order": one, "order_line": "1", "sku": "WIDGET", "quantity": "2"} for one in orders],
            "packages": [
                {
                    "tracking_number": f"1Z{one}",
                    "weight": "4",
                    "weight_unit": "LB",
                    "contents": [{"sku": "WIDGET", "quantity": "2", "order": one}],
                }
                for one in orders
            ],
        }
    )


def planned(data: EventData, write_back: dict[str, Any], adapter: Sage100Adapter, **carried: Any) -> Plan:
    """The plan of an event on a flow to this connection, whose own numbers the shipment's orders bear."""
    flow = {
        "name": "shipments-to-sage",
        "event": data.type,
        "from": SHIPPER,
        "to": CONNECTION,
        "mapping": {"ship_via": {"UPS Ground": "UPS GROUND"}},
        "write_back": write_back,
    }
    shipper = ConnectionSettings(system="shipper", base_url="https://ship.example.com", orders_of=CONNECTION)
    connections = {SHIPPER: shipper, CONNECTION: adapter.settings}
    config = Config.model_validate({"connections": connections, "flows": [flow]})
    identity = EventIdentity(source=SHIPPER, type=data.type, document=data.document.number)
    manner = adapter.capabilities.manner
    (compiled,) = compile_flows(config).values()
    plan = make_plan(identity, data, {}, compiled, None, manner, CONNECTION, **carried)
    assert plan.decision == "deliver", plan
    return plan


def run(
    site: SageSite, plan: Plan, adapter: Sage100Adapter, undone: Mapping[str, Undone] | None = None
) -> dict[str, Done]:
    """Every step of a plan, as an entry runs them: step key -> what became of it."""
    done: dict[str, Done] = {}
    made: dict[str, DocumentRef] = {}
    for step in plan.steps:
        what = (undone or {})[step.undoes] if isinstance(step, UndoStep) else None
        done[step.key] = site.run(step, Known(made=made, undone=what), adapter)
        made[step.key] = done[step.key].effect.document
    return done


def taken_back(
    plan: Plan, done: Mapping[str, Done], adapter: Sage100Adapter, goods: Shipment, rules: dict[str, Any]
) -> tuple[Plan, dict[str, Undone]]:
    """The plan of the void, and what is known of the steps that it takes back."""
    specs: dict[str, list[dict[str, Any]]] = {}
    undone: dict[str, Undone] = {}
    for step in plan.steps:
        assert isinstance(step, PlannedStep)
        specs.setdefault(step.order.order.number, []).append(step.model_dump(mode="json"))
        effect = done[step.key].effect
        before, after = (Decimal(0), step.amount.amount) if isinstance(step, FreightStep) else (None, None)
        original = parse_step_of_order(step.model_dump(mode="json"))
        undone[step.reference] = Undone(
            original, effect.document, effect.ours, done=True, before=before, after=after
        )
    void = planned(ShipmentVoided(shipment=goods), rules, adapter, carried=specs)
    return void, undone


def test_a_shipment_of_two_orders_is_invoiced_and_taken_back(sage: SageSite) -> None:
    numbers, adapter = (sage.order(), sage.order()), sage.adapter(AGENT)
    goods = shipment(*numbers)
    plan = planned(ShipmentConfirmed(shipment=goods), INVOICED, adapter)
    done = run(sage, plan, adapter)
    invoices = [done[f"invoice:{one}"].effect.document.number for one in numbers]
    there = [sage.agent(f"invoices/{one}") for one in invoices]
    assert [one["FreightAmt"] for one in there] == ["5.01", "5.00"]
    assert [(one["ShipDate"], one["ShipVia"]) for one in there] == [("2026-01-31", "UPS GROUND")] * 2
    for number, invoice in zip(numbers, invoices, strict=True):
        (row,) = sage.agent(f"invoices/{invoice}/tracking")["tracking"]
        assert (row["TrackingID"], row["Weight"]) == (f"1Z{number}", "4.00")
        order = sage.agent(f"sales-orders/{number}")
        assert (order["FreightAmt"], order["ShipVia"], order["UDF_CARRIER"]) == ("0.00", "UPS GROUND", "UPS")
    again = run(sage, Plan.model_validate({**plan.model_dump(), "steps": _without_freight(plan)}), adapter)
    assert all(one.adopted for one in again.values())

    void, undone = taken_back(plan, done, adapter, goods, {})
    run(sage, void, adapter, undone)
    for number in numbers:
        order = sage.agent(f"sales-orders/{number}")
        assert order["CurrentInvoiceNo"] == ""
        assert [one for one in order["lines"] if one["ItemType"] == "4"] == []


def _without_freight(plan: Plan) -> list[dict[str, Any]]:
    """An amount is not looked for, so it is raised by each run."""
    return [step.model_dump() for step in plan.steps if not isinstance(step, FreightStep)]


@pytest.mark.parametrize("way", [AGENT, SOAP])
def test_without_an_invoice_the_order_takes_freight_note_and_ship_via(sage: SageSite, way: str) -> None:
    number, adapter = sage.order(), sage.adapter(way)
    goods = shipment(number)
    plan = planned(ShipmentConfirmed(shipment=goods), ON_THE_ORDER, adapter)
    done = run(sage, plan, adapter)
    order = sage.agent(f"sales-orders/{number}")
    assert (order["FreightAmt"], order["ShipVia"]) == ("10.01", "UPS GROUND")
    assert any(one["CommentText"].startswith("Shipped 2026-01-31") for one in order["lines"])
    assert sage.agent(f"invoices?salesOrderNo={number}")["invoices"] == []

    void, undone = taken_back(plan, done, adapter, goods, {})
    run(sage, void, adapter, undone)
    order = sage.agent(f"sales-orders/{number}")
    assert order["FreightAmt"] == "0.00"
    assert not any("Shipped" in one["CommentText"] for one in order["lines"])
