"""What is in a shipment of the StarShip simulator, what it costs, and what its events say: the bridge contract."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.contract.starship_site import ACUMATICA, LINES, SAMPLE, Site, Stage, running_stage


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with running_stage() as one:
        yield one


@pytest.fixture
def site(stage: Stage) -> Iterator[Site]:
    with stage.site() as one:
        yield one


def _shape(value: Any) -> Any:
    """A value's members and kinds, without what they hold; of a list, what its rows have."""
    if isinstance(value, dict):
        return {name: _shape(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_shape(one) for one in value[:1]]
    return type(value)


def test_a_processed_event_has_exactly_the_members_of_the_contract(site: Site) -> None:
    """Asked for with all that the contract's sample has, it is that sample."""
    order = {"source": "Acumatica", "document_type": "SO", "key": "000123"}
    line = {"line_key": "1", "item": "SKU", "quantity": "2"}
    site.sim("POST", "seed", {"orders": [{**order, "lines": [line]}]})
    asked = {
        name: value
        for name, value in SAMPLE.items()
        if name not in ("event_id", "type", "occurred_at", "shipment_id", "processing", "again", "status")
    }
    del asked["weight_unit"]
    package = {name: value for name, value in SAMPLE["packages"][0].items() if value != ""}
    event = site.process(*asked.pop("orders"), **{**asked, "packages": [package]})
    told = {"master_tracking": "1Z", "event_id": event["event_id"], "occurred_at": event["occurred_at"]}
    assert event == {**SAMPLE, **told}
    assert list(event) == list(SAMPLE)


def test_what_is_not_given_is_completed_in_the_same_members(site: Site) -> None:
    event = site.process()
    share = SAMPLE["orders"][0].copy()
    del share["freight_share"]
    wanted = _shape({**SAMPLE, "orders": [share]})
    got = _shape({**event, "notes": SAMPLE["notes"], "custom": SAMPLE["custom"]})
    got["ship_to"]["lines"] = wanted["ship_to"]["lines"]
    assert got == wanted


def test_the_same_work_makes_the_same_events(stage: Stage) -> None:
    """Only times differ, and with a clock that stands still not even they."""
    clock, told = datetime(2026, 1, 31, 12, tzinfo=UTC), []
    for _ in range(2):
        with stage.site(clock=lambda: clock) as fresh:
            number = fresh.new()
            for what in ("process", "void", "process"):
                fresh.act(number, what)
            told.append(fresh.shipment(number)["events"])
    assert told[0] == told[1]
    assert {one["occurred_at"] for one in told[0]} == {"2026-01-31T12:00:00Z"}
    assert len({one["event_id"] for one in told[0]}) == 3


def test_each_processing_is_counted_and_a_void_names_the_one_it_takes_back(site: Site) -> None:
    number = site.new(packages=[{"weight": "5"}])
    for what in ("process", "void", "process", "void"):
        site.act(number, what)
    events = site.shipment(number)["events"]
    assert [(one["type"], one["processing"]) for one in events] == [
        ("processed", 1),
        ("voided", 1),
        ("reprocessed", 2),
        ("voided", 2),
    ]
    assert [one["status"] for one in events] == ["Processed", "Open", "Processed", "Open"]
    first, taken_back, second, _ = events
    assert taken_back["charges"] == first["charges"]
    assert taken_back["packages"] == first["packages"] != second["packages"]


def test_only_items_are_packed_and_only_what_is_left_of_them(site: Site) -> None:
    """Comments, charges and drop-ships stay out; a deleted shipment gives back what it held."""
    kinds = [{"line_key": kind, "kind": kind} for kind in ("comment", "charge", "drop_ship")]
    order = site.enter("Sage 100", lines=[*LINES, *kinds])
    first = site.new(order, items=[{"order": "SO000099", "line_key": "1", "quantity": "1"}])
    rest = site.sim("POST", "shipments", {"orders": [order]})
    assert [(one["line_key"], one["quantity"]) for one in rest["items"]] == [("1", "1"), ("2", "1")]
    assert site.refusal(order) == "Nothing is left to ship of Sales Order SO000099"
    site.act(first, "delete")
    again = site.sim("POST", "shipments", {"orders": [order]})
    assert [(one["line_key"], one["quantity"]) for one in again["items"]] == [("1", "1")]


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"order": "SO000035", "line_key": "9"}, "has no line 9 that can be packed"),
        ({"order": "SO000036", "line_key": "1"}, "Sales Order SO000036 is not in this shipment"),
    ],
)
def test_a_line_that_is_not_of_the_shipment_is_refused(site: Site, item: dict[str, Any], said: str) -> None:
    assert said in site.refusal(ACUMATICA, items=[{**item, "quantity": "1"}])


def test_packages_hold_no_more_than_the_shipment_has(site: Site) -> None:
    part = {"order": "SO000035", "line_key": "1", "quantity": "2"}
    content = {"items": [{**part, "quantity": "1"}], "packages": [{"contents": [part]}]}
    assert "the shipment has only 1" in site.refusal(ACUMATICA, **content)


def test_items_are_the_sum_of_what_the_packages_hold(site: Site) -> None:
    part = {"order": "SO000035", "line_key": "1", "quantity": "1"}
    event = site.process(packages=[{"contents": [part]}, {"contents": [part], "weight": "2.5"}])
    assert [(one["line_key"], one["quantity"], one["unit"]) for one in event["items"]] == [("1", "2", "EA")]
    assert (event["total_weight"], [one["number"] for one in event["packages"]]) == ("3.5", ["1", "2"])


def test_tracking_numbers_are_given_or_made_anew_for_each_processing(site: Site) -> None:
    part = {"order": "SO000035", "line_key": "1", "quantity": "1"}
    number = site.new(packages=[{"tracking": "1ZGIVEN", "contents": [part]}, {"contents": [part]}])
    for what in ("process", "void", "process"):
        site.act(number, what)
    first, _, second = site.shipment(number)["events"]
    made = [event["packages"][1]["tracking"] for event in (first, second)]
    assert [event["packages"][0]["tracking"] for event in (first, second)] == ["1ZGIVEN"] * 2
    assert first["master_tracking"] == "1ZGIVEN"
    assert (len(set(made)), {len(one) for one in made}, {one[:2] for one in made}) == (2, {20}, {"1Z"})


@pytest.mark.parametrize(
    ("rule", "applied"),
    [
        ({}, "8.10"),
        ({"amount": "1.40"}, "9.50"),
        ({"percent": "10"}, "8.91"),
        ({"percent": "-10", "amount": "-1"}, "6.29"),
        ({"base": "list"}, "12.00"),
        ({"base": "list", "percent": "50", "maximum": "15"}, "15.00"),
        ({"minimum": "20"}, "20.00"),
        ({"fixed": "5", "percent": "10"}, "5.00"),
        ({"amount": "-100"}, "0.00"),
    ],
)
def test_the_freight_rule_makes_the_applied_charge(site: Site, rule: dict[str, str], applied: str) -> None:
    site.sim("POST", "options", {"freight": rule})
    charges = {"list": "12.00", "contract": "8.10", "handling": "1.00"}
    event = site.process(charges=charges)
    assert event["charges"] == {**charges, "currency": "USD", "applied": applied}


def test_an_applied_charge_that_is_given_stands(site: Site) -> None:
    site.sim("POST", "options", {"freight": {"amount": "5"}})
    charges = {"contract": "8.10", "applied": "0", "currency": "CAD"}
    event = site.process(charges=charges)
    assert (event["charges"]["applied"], event["charges"]["currency"]) == ("0.00", "CAD")


def test_a_shipment_goes_where_its_order_says_unless_told_otherwise(site: Site) -> None:
    order = site.enter("Sage 100", ship_to={"name": "A. Buyer", "lines": ["1 Example Street"]})
    number = site.new(order)
    plain = site.act(number, "process")["events"][-1]["ship_to"]
    site.act(number, "void")
    site.act(number, "edit", ship_to={"name": "Another", "country": "CA"})
    other = site.act(number, "process")["events"][-1]["ship_to"]
    assert (plain["name"], plain["lines"], plain["country"]) == ("A. Buyer", ["1 Example Street"], "US")
    assert (other["name"], other["lines"], other["country"]) == ("Another", [], "CA")


def test_the_contracts_liberties_can_be_switched_on(site: Site) -> None:
    """Numbers as JSON numbers, items left out where packages say their contents, voids with the least of members."""
    site.sim("POST", "options", {"numbers": "number", "items": "left_out", "voids": "short"})
    number = site.new(charges={"contract": "8.10"})
    site.act(number, "process")
    processed, voided = site.act(number, "void")["events"]
    assert "items" not in processed
    assert processed["charges"]["applied"] == Decimal("8.10")
    assert processed["packages"][0]["contents"][0]["quantity"] == 2
    assert list(voided) == ["event_id", "type", "occurred_at", "shipment_id", "processing", "orders"]
