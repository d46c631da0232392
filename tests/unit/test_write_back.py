"""A shipment's write-back in parts: which steps it is, in which order, of which order, and how it is taken back."""

from decimal import Decimal
from typing import Any

import pytest

from connector.asked import Planned
from connector.configuration import compile_flows
from connector.plan import Plan, make_plan
from connector.planned import (
    FreightStep,
    InvoiceStep,
    Manner,
    Onto,
    PlannedStep,
    ReadyStep,
    ShipmentStep,
    TrackingStep,
    UndoStep,
)
from connector.reference import EventIdentity, external_reference
from schemas.base import DocumentRef
from schemas.config import Config, ConnectionSettings
from schemas.documents import Order
from schemas.events import EventData
from tests.unit.planning_given import (
    IN_PARTS,
    PARTS,
    SHIPS_ITSELF,
    event_of,
    kinds,
    only,
    order,
    planned,
    specs,
    usd,
)
from tests.unit.write_back_given import (
    ELSEWHERE,
    EVERYTHING,
    SHIPPED,
    fields,
    keys,
    shipped,
    step_of,
    written,
)

# -- which steps, in which order -----------------------------------------------------------------------------

FIELDS = [
    "fields.ship_via",
    "fields.ship_date",
    "fields.weight",
    "fields.ship_to",
    "fields.header",
    "fields.line",
]


def test_onto_a_shipment_its_document_comes_first_and_its_confirmation_last() -> None:
    made = written("shipment", shipped(ship_to=ELSEWHERE), **EVERYTHING)
    assert keys(made) == ["shipment", "freight", "tracking", "note", *FIELDS, "confirm"]
    first, *parts, last = made[1]
    assert first.needs == ()
    assert {step.needs for step in parts} == {("shipment:1001",)}
    assert last.needs == tuple(step.key for step in (first, *parts))
    assert {getattr(step, "onto", "shipment") for step in parts} == {"shipment"}


def test_onto_an_order_no_document_is_made_and_nothing_is_waited_for() -> None:
    made = written("order", shipped(ship_to=ELSEWHERE), **EVERYTHING)
    assert keys(made) == [
        "freight",
        "note",
        *(one for one in FIELDS if one not in ("fields.ship_to", "fields.ship_date")),
    ]
    assert {step.needs for step in made[1]} == {()}
    assert {getattr(step, "onto", "") for step in made[1]} == {"order"}


def test_where_the_order_ships_it_is_seen_first_whether_it_can_and_shipped_last() -> None:
    write_back = {"freight": {}, "notes": "shipped", "fields": {"header": {"H": "{{ shipment.number }}"}}}
    made = planned(shipped(), manner=SHIPS_ITSELF, write_back=write_back)
    wanted = ("fields.ship_via", "fields.ship_date", "fields.header")
    assert keys(made) == ["ready", "freight", "tracking", "note", *wanted, "shipment"]
    first, *parts, last = made[1]
    assert first.needs == ()
    assert {step.needs for step in parts} == {("ready:1001",)}
    assert last.needs == tuple(step.key for step in (first, *parts))
    assert {getattr(step, "onto", "order") for step in parts} == {"order"}


def test_where_the_order_ships_its_date_goes_along_unless_the_flow_wants_none() -> None:
    dated = planned(shipped(), manner=SHIPS_ITSELF)
    assert keys(dated) == ["ready", "tracking", "fields.ship_via", "fields.ship_date", "shipment"]
    undated = planned(shipped(), manner=SHIPS_ITSELF, write_back={"ship_date": False, "ship_via": False})
    assert keys(undated) == ["ready", "tracking", "shipment"]
    assert only(undated, ShipmentStep).ship_date is None


@pytest.mark.parametrize(
    ("document", "numbers"),
    [
        ({}, ("1Z1", "1Z2")),
        ({"packages": [], "pro": "PRO7"}, ("PRO7",)),
        ({"packages": [{"tracking_number": ""}], "master_tracking": "M1"}, ("M1",)),
        ({"packages": []}, ()),
    ],
    ids=["its packages'", "the freight bill's", "the master's", "none"],
)
def test_what_is_ready_is_told_by_lines_and_tracking_numbers(
    document: dict[str, Any], numbers: tuple[str, ...]
) -> None:
    mapping = {"item": {"A": "MUG"}, "ship_via": {"UPS": {"code": "1"}}}
    step = only(planned(shipped(**document), manner=SHIPS_ITSELF, mapping=mapping), ReadyStep)
    assert step.tracking_numbers == numbers
    assert [(line.sku, line.quantity) for line in step.lines] == [("MUG", Decimal(2))]
    assert not step.linked


def test_a_comment_on_an_order_that_ships_comes_after_all_of_it() -> None:
    made = planned(shipped(), manner=SHIPS_ITSELF, write_back={"order_comment": "gone"})
    assert keys(made)[-2:] == ["shipment", "comment"]
    assert {"ready:1001", "shipment:1001"} <= set(made[1][-1].needs)


def test_with_an_invoice_that_is_made_the_parts_go_onto_it_and_the_rest_onto_the_order() -> None:
    made = written("order", shipped(ship_to=ELSEWHERE), create_invoice=True, **EVERYTHING)
    onto = {step.key.removesuffix(":1001"): getattr(step, "onto", "") for step in made[1]}
    assert onto == {
        "invoice": "",
        "freight": "invoice",
        "tracking": "invoice",
        "note": "order",
        "fields.ship_via": "order",
        "fields.weight": "order",
        "fields.header": "order",
        "fields.line": "order",
    }
    needs = {step.key.removesuffix(":1001"): step.needs for step in made[1]}
    assert {key for key, needed in needs.items() if needed} == {"freight", "tracking"}
    assert needs["freight"] == needs["tracking"] == ("invoice:1001",)


def test_freight_comes_before_tracking_numbers_since_it_may_depend_on_there_being_none() -> None:
    made = keys(written(freight={"existing": "replace_untracked"}))
    assert made.index("freight") < made.index("tracking")


def test_a_flow_that_says_nothing_writes_what_the_target_can_and_no_more() -> None:
    assert keys(written()) == ["shipment", "tracking", "fields.ship_via", "fields.ship_date"]
    assert keys(written("order")) == ["fields.ship_via"]
    assert keys(written("order", ship_date=True)) == ["fields.ship_via", "fields.ship_date"]


def test_an_order_with_nothing_to_be_written_has_no_steps() -> None:
    assert written("order", None, ship_via=False, ship_date=False) == ((), ())


SWITCHES = {"tracking": "tracking", "ship_via": "fields.ship_via", "ship_date": "fields.ship_date"}


@pytest.mark.parametrize(("switch", "key"), SWITCHES.items(), ids=list(SWITCHES))
@pytest.mark.parametrize(
    ("said", "can", "done"),
    [
        (None, True, True),
        (None, False, False),
        (True, True, True),
        (False, True, False),
        (False, False, False),
    ],
)
def test_a_switch_that_is_not_set_means_where_the_target_can(
    switch: str, key: str, said: bool | None, can: bool, done: bool
) -> None:
    manner = Manner(parts=PARTS if can else PARTS - {switch})
    made = planned(shipped(), manner=manner, write_back={} if said is None else {switch: said})
    assert (key in keys(made)) == done


@pytest.mark.parametrize("switch", ["charges", "back_order"])
@pytest.mark.parametrize(
    ("said", "can", "done"),
    [(None, True, True), (None, False, False), (True, True, True), (False, True, False)],
)
def test_an_invoice_bears_charges_and_back_orders_where_it_can_and_is_not_told_otherwise(
    switch: str, said: bool | None, can: bool, done: bool
) -> None:
    manner = Manner(parts=PARTS if can else PARTS - {switch}, onto="order")
    write_back = {"create_invoice": True} | ({} if said is None else {switch: said})
    step = only(planned(shipped(), manner=manner, write_back=write_back), InvoiceStep)
    assert getattr(step, switch) == done


@pytest.mark.parametrize("switch", ["weight", "confirm"])
def test_what_must_be_asked_for_is_not_done_by_itself(switch: str) -> None:
    key = {"weight": "fields.weight"}.get(switch, switch)

    def done(**write_back: Any) -> bool:
        return key in keys(written(**write_back))

    assert [done(), done(**{switch: False}), done(**{switch: True})] == [False, False, True]


def test_a_target_without_freight_is_told_of_none() -> None:
    made = planned(shipped(), manner=Manner(parts=PARTS - {"freight"}), write_back={"freight": {}})
    assert "freight" not in keys(made)
    assert only(made, TrackingStep).freight is None


@pytest.mark.parametrize("rule", [None, {"amount": "none"}])
def test_a_flow_without_freight_writes_none(rule: dict[str, Any] | None) -> None:
    made = written(freight=rule)
    assert "freight" not in keys(made)
    assert only(made, TrackingStep).freight is None


# -- several orders ------------------------------------------------------------------------------------------


def of_two(**changes: Any) -> EventData:
    """A shipment of the orders 1 and 2, with a package of each, one of both, and one that does not say."""
    lines = [
        {"order": number, "order_line": "1", "sku": sku, "quantity": "1"}
        for number, sku in (("1", "A"), ("2", "B"))
    ]
    contents = {
        number: {"sku": sku, "quantity": "1", "order": number} for number, sku in (("1", "A"), ("2", "B"))
    }
    packages = [
        {"tracking_number": "1Z1", "weight": "1", "weight_unit": "KG", "contents": [contents["1"]]},
        {"tracking_number": "1Z2", "weight": "2", "contents": [contents["2"]]},
        {"tracking_number": "1ZB", "weight": "4", "contents": [contents["1"], contents["2"]]},
        {"tracking_number": "1ZX", "weight": "8"},
    ]
    return shipped(lines=lines, packages=packages, freight=usd("10.01"), **changes)


def test_each_order_of_a_shipment_has_its_lines_its_packages_and_its_share() -> None:
    made = written("shipment", of_two(), order("1"), order("2"), freight={}, weight=True)
    assert [one.sku for one in _shipment(made, "1").lines] == ["A"]
    assert [one.sku for one in _shipment(made, "2").lines] == ["B"]
    first, second = _tracking(made, "1"), _tracking(made, "2")
    assert [one.tracking_number for one in first.packages] == ["1Z1", "1ZB", "1ZX"]
    assert [one.tracking_number for one in second.packages] == ["1Z2", "1ZB", "1ZX"]
    assert [[one.sku for one in package.contents] for package in second.packages] == [["B"], ["B"], []]
    weights = (Decimal(13), Decimal(14))
    assert (first.weight, second.weight) == weights
    assert (fields(made, "weight", "1").weight, fields(made, "weight", "2").weight) == weights
    assert (first.freight, second.freight) == (usd("5.01"), usd("5.00"))
    assert {step.needs for step in made[1] if step.key.endswith(":2")} == {(), ("shipment:2",)}


def test_the_shares_of_the_source_go_to_their_orders() -> None:
    given = [{"order": "1", "amount": usd("7.01")}, {"order": "2", "amount": usd("3.00")}]
    made = written("shipment", of_two(freight_shares=given), order("1"), order("2"), freight={})
    assert [_tracking(made, number).freight for number in ("1", "2")] == [usd("7.01"), usd("3.00")]


def _shipment(made: Planned, number: str) -> ShipmentStep:
    step = step_of(made, f"shipment:{number}")
    assert isinstance(step, ShipmentStep)
    return step


def _tracking(made: Planned, number: str) -> TrackingStep:
    step = step_of(made, f"tracking:{number}")
    assert isinstance(step, TrackingStep)
    return step


def decided(data: EventData, *orders: Order, onto: Onto = "shipment", **flow: Any) -> Plan:
    """The whole plan, with the preferences asked."""
    declared = {
        "name": "one",
        "event": data.type,
        "from": "erp",
        "to": "shop",
        "context": ["order"],
        "mapping": {"ship_via": {"UPS": {"code": "ups_GND", "carrier_code": "ups", "title": "UPS"}}},
    }
    connections = {
        name: ConnectionSettings(system="some", base_url="http://127.0.0.1:9") for name in ("erp", "shop")
    }
    config = Config.model_validate({"connections": connections, "flows": [declared | flow]})
    identity = EventIdentity(source="erp", type=data.type, document=data.document.number)
    known = {one.number: one for one in orders}
    return make_plan(identity, data, known, compile_flows(config)["one"], None, IN_PARTS[onto])


PAID: dict[str, Any] = {"preferences": {"require": [{"name": "paid", "when": "order.unpaid_balance == 0.0"}]}}


def test_an_order_that_is_refused_has_no_steps_and_the_other_one_keeps_its_share() -> None:
    made = decided(
        of_two(),
        order("1", unpaid_balance=usd("5.00")),
        order("2", unpaid_balance=usd("0.00")),
        write_back={"freight": {}},
        **PAID,
    )
    assert made.decision == "deliver"
    assert {step.key.rpartition(":")[2] for step in made.steps} == {"2"}
    assert [step.amount for step in made.steps if isinstance(step, FreightStep)] == [usd("5.00")]
    assert len(made.skipped) == 1
    assert made.skipped[0].startswith("order 1: ")


def test_a_part_that_cannot_be_said_makes_the_entry_errored_and_names_the_field() -> None:
    rule = {"header": {"U_SHIP": {"value": "{{ shipment.number }}", "length": 2}}}
    made = decided(shipped(), order(), write_back={"fields": rule})
    assert (made.decision, made.code, made.steps) == ("errored", "mapping", ())
    assert "field U_SHIP holds 2 characters" in made.reason


def test_a_dry_run_plans_every_part_with_its_needs_and_says_that_it_is_one() -> None:
    live, dry = (
        decided(shipped(), order(), mode=mode, write_back=EVERYTHING) for mode in ("live", "dry-run")
    )
    assert (dry.decision, dry.mode) == ("deliver", "dry-run")
    assert dry.steps == live.steps
    assert len({step.key for step in dry.steps}) == len(dry.steps) > 5


# -- taking back ---------------------------------------------------------------------------------------------


def voided(carried: Planned, *orders: Order, number: str = "1001", **shipment: Any) -> Planned:
    """The steps of the void of what was carried."""
    of_order = [spec for spec in specs(carried) if spec["order"]["order"]["number"] == number]
    data = event_of("shipment.voided", **{**SHIPPED, **shipment})
    return planned(data, *orders, numbers=(number,), carried={number: of_order}, manner=IN_PARTS["shipment"])


def test_a_void_takes_back_freight_notes_tracking_and_the_document_last_of_all() -> None:
    carried = written("shipment", shipped(ship_to=ELSEWHERE), **EVERYTHING)
    made = voided(carried)
    assert keys(made) == ["undo:note", "undo:tracking", "undo:freight", "undo:shipment"]
    assert kinds(made) == ["undo"] * 4
    *parts, document = made[1]
    assert {step.needs for step in parts} == {()}
    assert document.needs == tuple(step.key for step in parts)


def test_a_void_takes_back_the_invoice_that_was_made() -> None:
    carried = written("order", create_invoice=True, **EVERYTHING)
    made = voided(carried)
    assert keys(made) == ["undo:note", "undo:tracking", "undo:freight", "undo:invoice"]
    assert made[1][-1].needs == tuple(step.key for step in made[1][:-1])


def test_each_undo_names_the_step_it_takes_back_and_bears_a_reference_of_its_own() -> None:
    carried = written(freight={}, notes="shipped")
    originals = {step.key: step for step in carried[1]}
    identity = EventIdentity(source="erp", type="shipment.voided", document="SH1")
    for step in voided(carried)[1]:
        assert isinstance(step, UndoStep)
        original = originals[step.key.removeprefix("undo:")]
        assert step.undoes == original.reference
        assert step.original == original.model_dump(mode="json")
        assert step.reference == external_reference("one", identity, step.key)
        assert step.document == DocumentRef(connection="erp", kind="shipment", number="SH1", key="guid-SH1")
        assert isinstance(original, PlannedStep)
        assert step.order == original.order
        assert not step.linked
    references = {step.reference for step in (*carried[1], *voided(carried)[1])}
    assert len(references) == len(carried[1]) + len(voided(carried)[1])


def test_freight_is_taken_back_as_it_was_planned_whatever_the_shipment_says_now() -> None:
    (undo,) = [
        step
        for step in voided(written(freight={}), freight=usd("99.00"))[1]
        if isinstance(step, UndoStep) and step.original["kind"] == "freight"
    ]
    assert undo.original["amount"] == {"amount": "9.50", "currency": "USD"}


def test_what_was_set_and_not_added_stays() -> None:
    carried = written(confirm=True, weight=True, fields={"header": {"U": "x"}})
    assert keys(voided(carried)) == ["undo:tracking", "undo:shipment"]


def test_where_nothing_was_carried_there_is_nothing_to_take_back() -> None:
    data = event_of("shipment.voided", **SHIPPED)
    assert planned(data, manner=IN_PARTS["shipment"]) == ((), ())


def test_each_order_of_a_shipment_takes_back_its_own() -> None:
    carried = written("shipment", of_two(), order("1"), order("2"), freight={})
    made = voided(carried, order("1"), order("2"), number="2")
    assert [step.key for step in made[1]] == ["undo:tracking:2", "undo:freight:2", "undo:shipment:2"]
