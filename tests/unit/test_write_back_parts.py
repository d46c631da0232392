"""What each part of a shipment's write-back says: the document, freight, tracking, notes, and fields."""

from datetime import date
from decimal import Decimal

import pytest

from connector.errors import MappingMissing, Rejected
from connector.planned import (
    ConfirmStep,
    FieldValue,
    FreightStep,
    InvoiceStep,
    NoteStep,
    Onto,
    ShipmentStep,
    TrackingStep,
)
from tests.unit.planning_given import only, order, usd
from tests.unit.write_back_given import ELSEWHERE, SHIPPED, fields, keys, shipped, written

# -- the document --------------------------------------------------------------------------------------------


def test_a_shipment_ships_its_lines_with_their_lots_on_its_day() -> None:
    line = {"order": "1001", "order_line": "7", "sku": "A", "name": "The A", "quantity": "2", "lot": "L9"}
    step = only(written(data=shipped(lines=[line])), ShipmentStep)
    assert [(one.reference, one.sku, one.name, one.quantity, one.lot) for one in step.lines] == [
        ("7", "A", "The A", Decimal(2), "L9")
    ]
    assert (step.ship_date, step.packages, step.notes) == (date(2026, 1, 31), (), "")


def test_a_flow_that_wants_no_ship_date_has_the_shipment_made_without_one() -> None:
    assert only(written(ship_date=False), ShipmentStep).ship_date is None


def test_an_invoice_for_a_shipment_bears_its_day_and_its_ship_via() -> None:
    mapped, steps = made = written("order", create_invoice=True)
    step = only(made, InvoiceStep)
    assert (step.ship_date, step.ship_to) == (date(2026, 1, 31), None)
    assert step.ship_via is not None
    assert step.ship_via.code == "ups_GND"
    assert [(one.table, one.value, one.rule) for one in mapped] == [("ship_via", "UPS", "row UPS")]
    assert (step.capture, step.when_open, step.total) == (False, False, None)
    assert "fields.ship_date:1001" not in [one.key for one in steps]


def test_an_invoice_bears_neither_day_nor_ship_via_where_the_flow_wants_none() -> None:
    step = only(written("order", create_invoice=True, ship_date=False, ship_via=False), InvoiceStep)
    assert (step.ship_date, step.ship_via) == (None, None)


@pytest.mark.parametrize(
    ("wanted", "there", "written_to"),
    [(True, ELSEWHERE, "Somebody Else"), (True, SHIPPED["ship_to"], None), (False, ELSEWHERE, None)],
    ids=["another address", "the same address", "not wanted"],
)
def test_an_invoice_bears_the_ship_to_only_where_it_differs_from_the_order_s(
    wanted: bool, there: dict[str, str], written_to: str | None
) -> None:
    made = written("order", shipped(ship_to=there), create_invoice=True, ship_to=wanted)
    step = only(made, InvoiceStep)
    assert (step.ship_to.name if step.ship_to else None) == written_to
    assert "fields.ship_to" not in keys(made)


@pytest.mark.parametrize(
    ("there", "asked"),
    [(ELSEWHERE, True), (SHIPPED["ship_to"], False), (None, False)],
    ids=["another address", "the same address", "none"],
)
def test_a_shipment_s_ship_to_is_set_only_where_it_differs(there: dict[str, str] | None, asked: bool) -> None:
    made = written("shipment", shipped(ship_to=there), ship_to=True)
    assert ("fields.ship_to" in keys(made)) == asked
    if asked:
        address = fields(made, "ship_to").ship_to
        assert address is not None
        assert address.name == "Somebody Else"


def test_without_its_order_a_ship_to_is_told_as_it_is() -> None:
    made = written("shipment", None, order("9999"), ship_to=True)
    assert fields(made, "ship_to").ship_to is not None


# -- its parts -----------------------------------------------------------------------------------------------


def test_freight_says_how_much_and_onto_what() -> None:
    step = only(written(freight={"amount": "applied"}), FreightStep)
    assert (step.amount, step.onto, step.replace_untracked) == (usd("9.50"), "shipment", False)
    replacing = only(written(freight={"existing": "replace_untracked"}), FreightStep)
    assert replacing.replace_untracked


def test_freight_may_go_onto_another_document_than_the_rest_and_does_not_wait_for_it() -> None:
    step = only(written("order", create_invoice=True, freight={"onto": "order"}), FreightStep)
    assert (step.onto, step.needs) == ("order", ())


def test_a_freight_that_the_shipment_does_not_say_ends_the_planning() -> None:
    with pytest.raises(Rejected, match="says no actual freight charge"):
        written(freight={"amount": "actual"})


def test_tracking_says_each_package_and_what_they_are_together() -> None:
    step = only(written(freight={}), TrackingStep)
    assert [
        (one.reference, one.tracking_number, one.box, one.weight, one.weight_unit) for one in step.packages
    ] == [
        ("1", "1Z1", "LARGE", Decimal("2.50"), "LB"),
        ("2", "1Z2", "", Decimal("1.25"), ""),
    ]
    assert {(one.carrier_code, one.title) for one in step.packages} == {("UPS", "Ground")}
    assert (step.carrier, step.weight, step.weight_unit) == ("UPS", Decimal("3.75"), "LB")
    assert step.freight == usd("9.50")


@pytest.mark.parametrize(
    ("said", "master"),
    [
        ({"pro": "P", "bol": "B", "master_tracking": "M"}, "P"),
        ({"bol": "B", "master_tracking": "M"}, "B"),
        ({"master_tracking": "M"}, "M"),
        ({}, ""),
    ],
)
def test_the_number_for_all_packages_is_that_of_the_freight_bill_or_the_master_s(
    said: dict[str, str], master: str
) -> None:
    assert only(written(data=shipped(**said)), TrackingStep).master == master


def test_a_shipment_without_packages_writes_no_tracking() -> None:
    assert "tracking" not in keys(written(data=shipped(packages=[])))


def test_packages_that_say_no_weight_have_none() -> None:
    step = only(written(data=shipped(packages=[{"tracking_number": "1Z1"}]), weight=True), TrackingStep)
    assert (step.weight, step.weight_unit) == (None, "")
    assert "fields.weight" not in keys(written(data=shipped(packages=[]), weight=True))


def test_a_source_without_carrier_and_service_is_known_by_its_ship_via() -> None:
    step = only(written(data=shipped(carrier="", service="")), TrackingStep)
    assert (step.carrier, step.packages[0].title) == ("UPS", "UPS")


@pytest.mark.parametrize("onto", ["order", "shipment"])
def test_a_note_goes_onto_the_target_s_document_as_the_flow_words_it(onto: Onto) -> None:
    rows = [
        {"tag": "Ship Date", "value": "{{ shipment.ship_date }}"},
        {"tag": "PRO", "value": "{{ shipment.pro }}"},
    ]
    step = only(written(onto, notes=rows), NoteStep)
    assert (step.notes, step.onto) == ("Ship Date: 2026-01-31", onto)


def test_a_note_that_says_nothing_is_not_written() -> None:
    assert "note" not in keys(written(notes="{{ shipment.pro }} "))


def test_the_ship_via_is_the_target_s_own_code() -> None:
    mapped, _ = made = written()
    service = fields(made, "ship_via").ship_via
    assert service is not None
    assert service.code == "ups_GND"
    assert [(one.value, one.rule) for one in mapped] == [("UPS", "row UPS")]


def test_a_ship_via_without_a_row_is_an_error_only_where_it_is_written() -> None:
    with pytest.raises(MappingMissing, match="DHL"):
        written(data=shipped(ship_via="DHL"))
    assert written(data=shipped(ship_via="DHL"), ship_via=False)[0] == ()


def test_a_shipment_without_a_ship_via_or_a_day_sets_none() -> None:
    assert keys(written(data=shipped(ship_via="", ship_date=None))) == ["shipment", "tracking"]


def test_date_and_weight_are_set_as_the_source_says_them() -> None:
    made = written(weight=True)
    assert fields(made, "ship_date").ship_date == date(2026, 1, 31)
    assert (fields(made, "weight").weight, fields(made, "weight").weight_unit) == (Decimal("3.75"), "LB")


def test_custom_fields_are_set_at_header_line_and_package() -> None:
    rules = {
        "header": {"U_SHIPMENT": "{{ shipment.number }}", "U_PRO": "{{ shipment.pro }}"},
        "line": {"U_QTY": {"value": "{{ line.quantity }}", "type": "number"}},
        "package": {"U_BOX": "{{ package.box }}"},
    }
    lines = [
        {"order": "1001", "order_line": str(place), "sku": sku, "quantity": "2"}
        for place, sku in enumerate("AB", start=1)
    ]
    made = written(data=shipped(lines=lines), fields=rules)
    assert fields(made, "header").fields == (FieldValue(name="U_SHIPMENT", text="SH1"),)
    quantity = (FieldValue(name="U_QTY", text="2", type="number"),)
    assert [(one.reference, one.fields) for one in fields(made, "line").lines] == [
        ("1", quantity),
        ("2", quantity),
    ]
    boxes = [one.fields for one in only(made, TrackingStep).packages]
    assert boxes == [(FieldValue(name="U_BOX", text="LARGE"),), ()]


def test_lines_without_values_are_not_named_and_without_any_there_is_no_step() -> None:
    rule = {"line": {"U_LOT": "{{ line.lot }}"}}
    lines = [
        {"order": "1001", "order_line": "1", "sku": "A", "quantity": "1", "lot": "L1"},
        {"order": "1001", "order_line": "2", "sku": "B", "quantity": "1"},
    ]
    assert [one.sku for one in fields(written(data=shipped(lines=lines), fields=rule), "line").lines] == ["A"]
    assert "fields.line" not in keys(written(fields=rule))


def test_custom_fields_may_go_onto_the_invoice_that_is_made_and_wait_for_it() -> None:
    rules = {"onto": "invoice", "header": {"U": "x"}, "line": {"L": "{{ line.sku }}"}}
    made = written("order", create_invoice=True, fields=rules)
    for part in ("header", "line"):
        assert (fields(made, part).onto, fields(made, part).needs) == ("invoice", ("invoice:1001",))


def test_only_a_shipment_is_confirmed() -> None:
    assert only(written(confirm=True), ConfirmStep).needs[0] == "shipment:1001"
    assert "confirm" not in keys(written("order", confirm=True))
    assert "confirm" not in keys(written("shipment", confirm=True, create_invoice=True))
