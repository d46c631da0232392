"""Items and warehouses in the target's words: in every kind of step that has lines, and in a plan that lacks rows."""

from typing import Any

import pytest

from connector.errors import Lacking, MappingMissing
from connector.plan import Plan, make_plan
from connector.planned import (
    FieldsStep,
    InvoiceStep,
    Manner,
    OrderStep,
    RefundStep,
    ShipmentStep,
    TrackingStep,
)
from connector.reference import EventIdentity
from schemas.events import EventData
from tests.unit.planning_given import event_of, only, order, planned
from tests.unit.test_plan import FLOW, IDENTITY, flow, line, shipped

SHIP_VIA = {"UPS": {"code": "ups_GND", "carrier_code": "ups", "title": "UPS Ground"}}
ITEMS = {"ship_via": SHIP_VIA, "item": {"A": "a-1"}}
WAREHOUSES = {"ship_via": SHIP_VIA, "warehouse": {"EAST": "e", "default": "w"}}
ERP = Manner(parts=frozenset({"tracking", "fields.line"}), onto="shipment")


def test_the_lines_of_an_order_have_the_target_s_skus_and_warehouses() -> None:
    lines = [
        {"reference": "1", "sku": "A", "quantity": "2", "warehouse": "EAST"},
        {"reference": "2", "sku": "A", "quantity": "1"},
        {"reference": "3", "sku": "THANKS", "quantity": "0", "kind": "comment", "warehouse": "WEST"},
    ]
    made = planned(event_of("order.created", lines=lines), mapping=ITEMS | WAREHOUSES)
    assert [(one.sku, one.warehouse) for one in only(made, OrderStep).content.lines] == [
        ("a-1", "e"),
        ("a-1", ""),
        ("THANKS", "w"),
    ]
    assert [(one.table, one.value, one.rule) for one in made[0]] == [
        ("ship_via", "UPS", "row UPS"),
        ("item", "A", "row A"),
        ("warehouse", "EAST", "row EAST"),
        ("warehouse", "WEST", "default"),
    ]


@pytest.mark.parametrize(
    ("type_", "kind"), [("shipment.confirmed", ShipmentStep), ("invoice.released", InvoiceStep)]
)
def test_the_lines_of_shipments_and_invoices_have_the_target_s_skus(type_: str, kind: Any) -> None:
    assert [one.sku for one in only(planned(event_of(type_), mapping=ITEMS), kind).lines] == ["a-1"]


def test_the_lines_of_refunds_have_the_target_s_skus() -> None:
    made = planned(event_of("refund.issued"), mapping=ITEMS)
    assert [one.sku for one in only(made, RefundStep).content.lines] == ["a-1"]


def test_what_is_in_packages_and_which_line_has_a_field_is_said_in_the_target_s_skus_too() -> None:
    package = {"tracking_number": "1Z1", "contents": [{"sku": "A", "quantity": "2"}]}
    made = planned(
        event_of("shipment.confirmed", packages=[package]),
        manner=ERP,
        mapping=ITEMS,
        write_back={"fields": {"line": {"UsrSku": "{{ line.sku }}"}}},
    )
    assert [one.sku for one in only(made, TrackingStep).packages[0].contents] == ["a-1"]
    (found,) = only(made, FieldsStep).lines
    assert (found.sku, found.fields[0].text) == ("a-1", "A")


def test_without_tables_lines_are_said_as_the_source_has_them() -> None:
    made = planned(event_of("order.created"))
    assert only(made, OrderStep).content == order()
    assert [one.table for one in made[0]] == ["ship_via"]


# -- what lacks --------------------------------------------------------------------------------------------


def test_a_plan_keeps_all_rows_that_lack_over_all_of_its_orders() -> None:
    data = shipped(line("1", "A"), line("2", "B"), line("2", "C"), via="DHL")
    tables = {"ship_via": SHIP_VIA, "item": {"A": "a-1"}}
    made = make_plan(IDENTITY, data, {}, flow(preferences={}, write_back={}, mapping=tables))
    assert (made.decision, made.code, made.steps) == ("errored", "mapping", ())
    assert made.lacking == (Lacking("ship_via", "DHL"), Lacking("item", "B"), Lacking("item", "C"))
    assert [f'"{value}": ' in made.reason for value in ("DHL", "B", "C")] == [True] * 3
    assert Plan.model_validate(made.model_dump(mode="json")).lacking == made.lacking


def test_rows_that_lack_are_kept_although_something_else_is_wrong_too() -> None:
    texts = {"notes": "{{ order.placed_at.year }}"}
    made = make_plan(IDENTITY, shipped(via="DHL"), {}, flow(preferences={}, write_back=texts))
    assert made.lacking == (Lacking("ship_via", "DHL"),)
    assert "cannot be filled in" in made.reason


def test_an_error_that_no_row_would_mend_lacks_nothing() -> None:
    texts = {"notes": "{{ order.placed_at.year }}"}
    made = make_plan(IDENTITY, shipped(), {}, flow(preferences={}, write_back=texts))
    assert (made.decision, made.code, made.lacking) == ("errored", "template", ())


def _plan_of(data: EventData, tables: dict[str, Any]) -> Plan:
    identity = EventIdentity(source="erp", type=data.type, document=data.document.number)
    declared = {"event": data.type, "context": [], "preferences": {}, "write_back": {}, "mapping": tables}
    return make_plan(identity, data, {}, flow(**{**FLOW, **declared}))


def test_with_the_rows_that_lacked_the_plan_is_made() -> None:
    data = event_of("order.created", ship_via="DHL")
    lacking = _plan_of(data, ITEMS).lacking
    assert lacking == (Lacking("ship_via", "DHL"),)
    added: dict[str, Any] = {"item": {"A": "a-1"}, "ship_via": {one.value: "dhl_EX" for one in lacking}}
    assert _plan_of(data, added).decision == "deliver"


def test_the_first_of_several_rows_is_named_by_the_error_itself() -> None:
    with pytest.raises(MappingMissing) as missing:
        planned(event_of("order.created", ship_via="DHL"), mapping={"item": {"B": "b"}})
    assert (missing.value.table, missing.value.value) == ("ship_via", "DHL")
    assert [row.table for row in missing.value.lacking] == ["ship_via", "item"]
