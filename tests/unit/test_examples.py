"""The examples in `deploy/examples/`: each can be used as it stands, and decides about orders as its page says."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connector.configuration import Loaded, parse
from connector.mapping import look_up_ship_via
from connector.plan import Plan, make_plan
from connector.planned import FreightStep, InventoryStep, Manner, OrderStep, PayoutStep, RefundStep, Step
from connector.reference import EventIdentity
from connector.systems.catalogue import adapters
from schemas.base import Money
from schemas.documents import Order
from schemas.events import EventData, InventoryChanged, OrderCreated
from tests.guards.tree import ROOT
from tests.unit.planning_given import event_of, order, usd

EXAMPLES = sorted((ROOT / "deploy" / "examples").glob("*.yaml"))
MODELS = {name: adapter.settings_model for name, adapter in adapters().items()}
SIGNING_SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def loaded(path: Path) -> Loaded:
    """The example, with a value for each variable that it names."""
    text = path.read_text(encoding="utf-8")
    names = set(re.findall(r"\$\{([A-Z0-9_]+)\}", text))
    environ = {name: "https://there.example" if name.endswith("_URL") else SIGNING_SECRET for name in names}
    return parse(text, MODELS, environ, name=path.name)


def named(name: str) -> Loaded:
    return loaded(ROOT / "deploy" / "examples" / name)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_can_be_used_as_it_stands_and_waits_for_a_person_to_look(path: Path) -> None:
    found = loaded(path)
    assert {flow.mode for flow in found.config.flows} == {"held"}
    readme = (path.parent / "README.md").read_text(encoding="utf-8")
    assert f"[{path.name}]({path.name})" in readme


def test_each_system_has_an_example() -> None:
    every = [*EXAMPLES, ROOT / "deploy" / "connector.example.yaml"]
    shown = {one.system for path in every for one in loaded(path).config.connections.values()}
    assert shown == set(MODELS)


# -- the sync preferences of orders, in both readings --------------------------------------------------------


def decided(example: str, **changes: Any) -> Plan:
    """What the example does with an order."""
    values = {"number": "SO-1", "currency": "USD", "type": "SO", "ship_via": "UPSGROUND", **changes}
    lines = [{"reference": "1", "sku": "A", "quantity": "1"}]
    order = Order.model_validate({"unpaid_balance": usd("12.50"), "lines": lines, **values})
    compiled = named(example).flows["orders-to-magento"]
    identity = EventIdentity(source="acumatica-main", type="order.created", document=order.number)
    return make_plan(identity, OrderCreated(order=order), {}, compiled)


PAID, TYPE, SHIPPED = {"unpaid_balance": usd("0.00")}, {"type": "WB"}, {"confirmed_shipments": 1}
UNMAPPED: dict[str, Any] = {"ship_via": "DHL"}

ORDERS: list[tuple[dict[str, Any], str, str]] = [
    # the order                    any of three   mapped, any of three, and paid
    ({}, "filtered", "filtered"),
    (PAID, "deliver", "deliver"),
    (TYPE, "deliver", "filtered"),
    ({"type": "EX"}, "deliver", "filtered"),
    (SHIPPED, "deliver", "filtered"),
    ({**SHIPPED, **TYPE}, "deliver", "filtered"),
    ({**PAID, **TYPE, **SHIPPED}, "deliver", "deliver"),
    ({"unpaid_balance": usd("0.01")}, "filtered", "filtered"),
    ({"unpaid_balance": usd("-1.00")}, "filtered", "filtered"),
    ({"unpaid_balance": None}, "filtered", "filtered"),
    ({"unpaid_balance": None, **TYPE}, "deliver", "filtered"),
    ({**UNMAPPED, **PAID}, "errored", "filtered"),
    ({**UNMAPPED, **TYPE}, "errored", "filtered"),
    (UNMAPPED, "filtered", "filtered"),
]


@pytest.mark.parametrize(("order", "any_of_three", "paid_too"), ORDERS)
def test_both_readings_of_the_preferences_decide_as_they_say(
    order: dict[str, Any], any_of_three: str, paid_too: str
) -> None:
    assert decided("order-sync-any.yaml", **order).decision == any_of_three
    assert decided("order-sync-paid.yaml", **order).decision == paid_too


def test_what_is_not_synced_says_why() -> None:
    made = decided("order-sync-paid.yaml", **TYPE)
    assert made.reason == "balance is 0.00: order.unpaid_balance is 12.50 USD, must be 0.00"
    missing = decided("order-sync-any.yaml", **UNMAPPED, **PAID)
    assert [(one.table, one.value) for one in missing.lacking] == [("ship_via", "DHL")]


def test_one_table_serves_orders_of_both_directions() -> None:
    flows = named("order-sync-paid.yaml").flows
    there, back = (flows[name].flow.mapping.ship_via for name in ("orders-to-magento", "orders-to-acumatica"))
    for value in ("UPSGROUND", "FEDEX2DAY"):
        code = look_up_ship_via(there, value, "code").service.code
        assert look_up_ship_via(back, code, "code").service.code == value
    (step,) = decided("order-sync-paid.yaml", **PAID).steps
    assert isinstance(step, OrderStep)
    assert step.ship_via is not None
    assert step.ship_via.code == "flatrate_flatrate"


# -- shipments of a shipping system --------------------------------------------------------------------------


def written_back(example: str, flow: str, manner: Manner) -> tuple[Step, ...]:
    money = {"freight": usd("10.00"), "freight_cost": usd("8.00"), "handling": usd("1.50")}
    data = event_of(
        "shipment.confirmed", ship_via="UPS GROUND Residential", ship_date="2026-11-20", bol="B1", **money
    )
    identity = EventIdentity(source="starship", type="shipment.confirmed", document="SH1")
    made = make_plan(identity, data, {}, named(example).flows[flow], manner=manner)
    assert made.decision == "deliver", made.reason
    return made.steps


def amount(steps: tuple[Step, ...]) -> Money:
    (found,) = [step.amount for step in steps if isinstance(step, FreightStep)]
    return found


def test_a_shipment_reaches_the_first_erp_with_freight_notes_and_fields_and_is_confirmed_last() -> None:
    manner = adapters()["acumatica"].capabilities.manner
    steps = written_back("starship-to-acumatica.yaml", "shipments-to-acumatica", manner)
    assert amount(steps) == usd("10.00")
    assert [step.kind for step in steps if step.kind != "fields"] == [
        "shipment",
        "freight",
        "tracking",
        "note",
        "confirm",
    ]
    assert [step.part for step in steps if step.kind == "fields"] == ["ship_via", "ship_date", "header"]
    assert [step.notes for step in steps if step.kind == "note"] == ["Shipped: 2026-11-20"]


def test_a_shipment_becomes_an_invoice_of_the_second_erp_with_its_freight() -> None:
    compiled = named("starship-to-sage100.yaml")
    settings = compiled.config.connections["sage100-main"]
    manner = adapters()["sage100"]("sage100-main", settings).capabilities.manner
    steps = written_back("starship-to-sage100.yaml", "shipments-to-sage100", manner)
    assert amount(steps) == usd("10.30"), "110 percent of 8.00, and 1.50 for handling"
    assert steps[0].kind == "invoice"
    assert steps[0].ship_via is not None
    assert (steps[0].ship_via.code, steps[0].charges) == ("UPS GRND", True)


def test_a_shipment_ships_the_order_of_the_association_after_all_that_is_written_onto_it() -> None:
    manner = adapters()["aptify"].capabilities.manner
    steps = written_back("shop-to-aptify.yaml", "shipments-to-aptify", manner)
    assert amount(steps) == usd("8.00")
    assert [step.kind for step in steps] == [
        "ready",
        "freight",
        "tracking",
        "note",
        "fields",
        "fields",
        "shipment",
    ]
    assert [step.part for step in steps if step.kind == "fields"] == ["ship_via", "ship_date"]
    assert [step.ship_via.code for step in steps if step.kind == "fields" and step.ship_via] == ["3"]


# -- orders and refunds of an association ----------------------------------------------------------------------


def at_the_association(flow: str, data: EventData) -> Plan:
    """What the example does with an event of the shop."""
    identity = EventIdentity(source="magento-us", type=data.type, document=data.document.number)
    manner = adapters()["aptify"].capabilities.manner
    compiled = named("shop-to-aptify.yaml").flows[flow]
    made = make_plan(identity, data, {"1001": order(paid=usd("20.00"))}, compiled, manner=manner)
    assert made.decision == "deliver", made.reason
    return made


def test_an_order_of_the_shop_is_taken_for_its_person_in_the_words_of_the_association() -> None:
    data = event_of("order.created", ship_via="flatrate_flatrate", payment_method="stripe")
    customer, taken = at_the_association("orders-to-aptify", data).steps
    assert customer.kind == "customer"
    assert isinstance(taken, OrderStep)
    assert taken.ship_via is not None
    assert (taken.ship_via.code, taken.payment_method) == ("3", "2")


def test_a_refund_becomes_a_cancellation_order_and_nothing_is_paid_out() -> None:
    (step,) = at_the_association("refunds-to-aptify", event_of("refund.issued")).steps
    assert isinstance(step, RefundStep)
    assert (step.rules.moves_money, step.rules.unbilled, step.rules.restock) == (False, "wait", "always")


# -- refunds -------------------------------------------------------------------------------------------------

REFUNDS = ["acumatica", "netsuite"]


def refunded(target: str, total: str = "10.00", paid: str = "20.00") -> Plan:
    """What the example does with a refund of an order for which this was paid."""
    data = event_of("refund.issued", total=usd(total), reason="broken")
    identity = EventIdentity(source="magento-us", type="refund.issued", document="CM1")
    compiled = named(f"refunds-to-{target}.yaml").flows[f"refunds-to-{target}"]
    return make_plan(identity, data, {"1001": order(paid=usd(paid))}, compiled)


@pytest.mark.parametrize("target", REFUNDS)
def test_a_refund_is_booked_and_paid_out_and_moves_no_money(target: str) -> None:
    made = refunded(target)
    assert made.decision == "deliver", made.reason
    booked, paid_out = made.steps
    assert isinstance(booked, RefundStep)
    assert isinstance(paid_out, PayoutStep)
    for step in (booked, paid_out):
        assert (step.rules.moves_money, step.rules.unbilled, step.rules.restock) == (False, "wait", "always")


@pytest.mark.parametrize("target", REFUNDS)
def test_a_refund_that_does_not_add_up_or_exceeds_what_was_paid_is_for_a_person(target: str) -> None:
    for made in (refunded(target, total="10.01"), refunded(target, paid="9.99")):
        assert (made.decision, made.code, made.steps) == ("errored", "money", ())


def test_a_refund_in_a_currency_that_the_books_do_not_keep_is_not_booked() -> None:
    money = {"amount": "10.00", "currency": "EUR"}
    line = {"sku": "A", "quantity": "1", "total": money}
    data = event_of("refund.issued", currency="EUR", total=money, lines=[line])
    identity = EventIdentity(source="magento-us", type="refund.issued", document="CM1")
    compiled = named("refunds-to-acumatica.yaml").flows["refunds-to-acumatica"]
    made = make_plan(identity, data, {"1001": order()}, compiled)
    assert (made.decision, made.code) == ("filtered", "preference")


# -- quantities ----------------------------------------------------------------------------------------------


def test_the_example_of_quantities_writes_what_is_available_of_the_warehouses_that_sell_online() -> None:
    compiled = named("inventory-to-shop.yaml").flows["inventory-to-magento"]

    def decided_about(warehouse: str) -> Plan:
        level = {"sku": "MUG", "warehouse": warehouse, "on_hand": "9", "available": "4"}
        data = InventoryChanged.model_validate({"inventory": {**level, "changed_at": "2026-01-31T12:00:00Z"}})
        identity = EventIdentity(source="acumatica-main", type=data.type, document=data.document.number)
        return make_plan(identity, data, {}, compiled)

    (step,) = decided_about("EAST").steps
    assert isinstance(step, InventoryStep)
    assert (step.sku, step.warehouse, step.quantity, step.in_stock) == ("MUG", "us-east", Decimal(4), True)
    assert decided_about("OUTLET").code == "preference"
