"""Plans: what is done at the target, per order, and why nothing or less is done; references that never change."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.configuration import CompiledFlow, compile_flows
from connector.plan import Plan, make_plan
from connector.planned import ShipmentStep, StepLine, StepPackage
from connector.reference import EventIdentity, bears, external_reference, marked, marker
from schemas.base import DocumentRef, Money
from schemas.config import Config, ConnectionSettings
from schemas.documents import Order, Package, Refund, RefundLine, Shipment, ShipmentLine
from schemas.events import EventData, RefundIssued, ShipmentConfirmed

FLOW: dict[str, Any] = {
    "name": "shipments",
    "event": "shipment.confirmed",
    "from": "erp",
    "to": "shop",
    "context": ["order"],
    "preferences": {"require": [{"name": "nothing left to pay", "when": "order.unpaid_balance == 0.0"}]},
    "mapping": {"ship_via": {"UPS": {"carrier_code": "ups", "title": "UPS Ground"}}},
    "write_back": {"notes": "Order {{ order.number }}: {{ shipment.tracking_numbers | join(', ') }}"},
}
IDENTITY = EventIdentity(source="erp", type="shipment.confirmed", document="SH1")


def flow(**changes: Any) -> CompiledFlow:
    connections = {
        name: ConnectionSettings(system="some", base_url="http://127.0.0.1:9") for name in ("erp", "shop")
    }
    config = Config.model_validate({"connections": connections, "flows": [FLOW | changes]})
    return compile_flows(config)["shipments"]


def line(order: str, sku: str, quantity: str = "1") -> ShipmentLine:
    return ShipmentLine(
        order=order, order_line=f"{order}/{sku}", sku=sku, name=f"The {sku}", quantity=Decimal(quantity)
    )


def order(number: str, balance: str = "0.00", **more: Any) -> Order:
    return Order(
        number=number, currency="USD", unpaid_balance=Money(amount=Decimal(balance), currency="USD"), **more
    )


def shipped(
    *lines: ShipmentLine, via: str = "UPS", tracking: tuple[str, ...] = ("1Z1",)
) -> ShipmentConfirmed:
    packages = tuple(Package(tracking_number=number) for number in tracking)
    lines = lines or (line("1001", "A"),)
    return ShipmentConfirmed(
        shipment=Shipment(number="SH1", key="guid-1", ship_via=via, lines=lines, packages=packages)
    )


def ships(made: Plan) -> list[ShipmentStep]:
    """The steps that ship."""
    return [step for step in made.steps if isinstance(step, ShipmentStep)]


def plan(data: EventData | None = None, *orders: Order, echo_of: int | None = None, **changes: Any) -> Plan:
    known = {one.number: one for one in orders or (order("1001"),)}
    return make_plan(IDENTITY, data or shipped(), known, flow(**changes), echo_of)


# -- references --------------------------------------------------------------------------------------------

PARTS = st.tuples(
    st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,20}", fullmatch=True),
    st.builds(
        EventIdentity,
        source=st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,20}", fullmatch=True),
        type=st.sampled_from(["shipment.confirmed", "order.created"]),
        document=st.from_regex(r"[A-Z0-9/é-]{1,20}", fullmatch=True),
        revision=st.integers(1, 99),
    ),
    st.from_regex(r"shipment:[0-9]{1,9}", fullmatch=True),
)


@given(PARTS)
def test_a_reference_is_twenty_letters_and_digits_and_always_the_same(
    parts: tuple[str, EventIdentity, str],
) -> None:
    reference = external_reference(*parts)
    assert len(reference) == 20
    assert set(reference) <= set("abcdefghijklmnopqrstuvwxyz234567")
    assert external_reference(*parts) == reference


@given(PARTS, PARTS)
def test_different_effects_have_different_references(
    one: tuple[str, EventIdentity, str], other: tuple[str, EventIdentity, str]
) -> None:
    assert (external_reference(*one) == external_reference(*other)) == (one == other)


@pytest.mark.parametrize(
    "changed",
    [
        ("others", IDENTITY, "shipment:1001"),
        ("shipments", IDENTITY.model_copy(update={"source": "erp2"}), "shipment:1001"),
        ("shipments", IDENTITY.model_copy(update={"type": "shipment.voided"}), "shipment:1001"),
        ("shipments", IDENTITY.model_copy(update={"document": "SH2"}), "shipment:1001"),
        ("shipments", IDENTITY.model_copy(update={"revision": 2}), "shipment:1001"),
        ("shipments", IDENTITY, "shipment:1002"),
    ],
    ids=["flow", "source", "type", "document", "revision", "step"],
)
def test_a_reference_depends_on_each_of_its_parts(changed: tuple[str, EventIdentity, str]) -> None:
    assert external_reference(*changed) != external_reference("shipments", IDENTITY, "shipment:1001")


def test_a_reference_stays_what_it_was_in_every_release() -> None:
    """A reference that came out differently would hide every effect that stands in a target already."""
    assert external_reference("shipments", IDENTITY, "shipment:1001") == "n23ih3x5do7l3cijgmac"


def test_the_steps_bear_the_references_of_their_event_flow_and_order() -> None:
    both = plan(shipped(line("1001", "A"), line("1002", "B")), order("1001"), order("1002"))
    assert [step.reference for step in both.steps] == [
        external_reference("shipments", IDENTITY, "shipment:1001"),
        external_reference("shipments", IDENTITY, "shipment:1002"),
    ]


def test_a_plan_made_twice_is_the_same_to_the_letter() -> None:
    assert plan().model_dump_json() == plan().model_dump_json()


# -- markers -----------------------------------------------------------------------------------------------


@given(st.text(), PARTS)
def test_a_marked_text_bears_its_reference_and_no_other(
    text: str, parts: tuple[str, EventIdentity, str]
) -> None:
    reference, other = external_reference(*parts), external_reference("other-flow", parts[1], parts[2] + "0")
    assert bears(marked(text, reference), reference)
    assert not bears(marked(text, reference), other)


def test_the_marker_is_a_last_line_of_its_own() -> None:
    assert marked("Shipped today\n", "abc") == "Shipped today\n[ref:abc]"
    assert marked("  ", "abc") == marker("abc") == "[ref:abc]"


@pytest.mark.parametrize("text", [None, "", "[ref:ab]", "ref:abc", "abc"])
def test_a_text_without_the_marker_does_not_bear_the_reference(text: str | None) -> None:
    assert not bears(text, "abc")


# -- steps -------------------------------------------------------------------------------------------------


def test_a_shipment_becomes_one_step_with_everything_the_target_needs() -> None:
    made = plan(None, order("1001", external_number="000000042", key="guid-o"))
    (step,) = ships(made)
    assert made.decision == "deliver"
    assert step.key == "shipment:1001"
    assert step.document == DocumentRef(connection="erp", kind="shipment", number="SH1", key="guid-1")
    assert step.order.order == DocumentRef(connection="erp", kind="order", number="1001", key="guid-o")
    assert step.order.external_number == "000000042"
    assert step.lines == (StepLine(reference="1001/A", sku="A", name="The A", quantity=Decimal(1)),)
    assert step.notes == "Order 1001: 1Z1"
    assert not step.notify_customer


def test_each_tracking_number_becomes_a_package_with_the_carrier_of_the_mapping() -> None:
    made = plan(shipped(tracking=("1Z1", "", "1Z2", "1Z1")))
    assert ships(made)[0].packages == (
        StepPackage(tracking_number="1Z1", carrier_code="ups", title="UPS Ground"),
        StepPackage(tracking_number="1Z2", carrier_code="ups", title="UPS Ground"),
    )
    assert [(one.value, one.rule) for one in made.mapped] == [("UPS", "row UPS")]


def test_a_shipment_without_tracking_numbers_needs_no_carrier() -> None:
    made = plan(shipped(via="NOT MAPPED", tracking=()))
    assert made.decision == "deliver"
    assert (ships(made)[0].packages, made.mapped) == ((), ())


def test_the_customer_is_told_where_the_flow_says_so() -> None:
    assert ships(plan(write_back={"notify_customer": True}))[0].notify_customer


def test_a_flow_without_notes_writes_none() -> None:
    assert ships(plan(write_back={}))[0].notes == ""


def test_quantities_keep_every_digit_on_their_way_into_the_store() -> None:
    made = plan(shipped(line("1001", "A", "2.50"), line("1001", "B", "0.1000000000000000000001")))
    kept = Plan.model_validate_json(json.dumps(made.model_dump(mode="json")))
    assert [str(one.quantity) for one in ships(kept)[0].lines] == ["2.50", "0.1000000000000000000001"]
    assert kept == made


# -- several orders in one shipment ------------------------------------------------------------------------


def test_a_combined_shipment_becomes_one_step_per_order_with_that_orders_lines() -> None:
    data = shipped(line("1001", "A"), line("1002", "B"), line("1001", "C"))
    made = plan(data, order("1001"), order("1002"))
    assert [(step.key, [one.sku for one in step.lines]) for step in ships(made)] == [
        ("shipment:1001", ["A", "C"]),
        ("shipment:1002", ["B"]),
    ]
    assert ships(made)[1].notes == "Order 1002: 1Z1"


def test_an_order_that_is_not_wanted_is_left_out_and_said_while_the_others_go() -> None:
    data = shipped(line("1001", "A"), line("1002", "B"))
    made = plan(data, order("1001", balance="12.50"), order("1002"))
    assert made.decision == "deliver"
    assert [step.key for step in made.steps] == ["shipment:1002"]
    assert [(trace.order, trace.passed) for trace in made.preferences] == [("1001", False), ("1002", True)]
    (skipped,) = made.skipped
    assert skipped.startswith("order 1001: ")
    assert "nothing left to pay" in skipped


def test_where_no_order_is_wanted_the_entry_is_filtered_and_names_each_reason() -> None:
    data = shipped(line("1001", "A"), line("1002", "B"))
    made = plan(data, order("1001", balance="12.50"), order("1002", balance="3.00"))
    assert (made.decision, made.code, made.steps, made.skipped) == ("filtered", "preference", (), ())
    assert made.reason.count("nothing left to pay") == 2
    assert "order 1001" in made.reason
    assert "order 1002" in made.reason


def test_an_order_that_was_not_fetched_does_not_pass_a_condition_about_it() -> None:
    made = plan(shipped(line("1001", "A"), line("1002", "B")), order("1001"))
    assert [step.key for step in made.steps] == ["shipment:1001"]
    assert made.skipped[0].startswith("order 1002: ")


def test_each_condition_is_kept_with_the_value_that_was_seen() -> None:
    (trace,) = plan(None, order("1001", balance="12.50")).preferences
    (seen,) = trace.conditions
    assert seen.name == "nothing left to pay"
    assert "12.5" in json.dumps(seen.model_dump(mode="json"))


# -- why nothing is done -----------------------------------------------------------------------------------


def test_a_missing_mapping_is_an_error_that_shows_the_row_to_add() -> None:
    made = plan(shipped(via="DHL EXPRESS"))
    assert (made.decision, made.code, made.steps) == ("errored", "mapping", ())
    assert '"DHL EXPRESS": {carrier_code: ' in made.reason


def test_what_the_preferences_saw_is_kept_where_the_mapping_is_missing() -> None:
    assert [trace.passed for trace in plan(shipped(via="DHL")).preferences] == [True]


def test_a_default_row_answers_for_values_without_a_row() -> None:
    made = plan(
        shipped(via="DHL"),
        mapping={"ship_via": {"default": {"carrier_code": "custom", "title": "{{ value }}"}}},
    )
    assert ships(made)[0].packages == (
        StepPackage(tracking_number="1Z1", carrier_code="custom", title="DHL"),
    )
    assert made.mapped[0].rule == "default"


def test_a_flow_that_is_off_filters_before_anything_else() -> None:
    made = plan(shipped(via="DHL"), mode="off", echo_of=7)
    assert (made.decision, made.code, made.reason) == (
        "filtered",
        "mode off",
        "flow shipments is switched off",
    )
    assert made.preferences == ()


@pytest.mark.parametrize("mode", ["live", "held", "dry-run"])
def test_other_modes_plan_everything_and_keep_the_mode(mode: str) -> None:
    made = plan(mode=mode)
    assert (made.mode, made.decision, len(made.steps)) == (mode, "deliver", 1)


def test_our_own_document_is_an_echo_and_names_the_entry_that_made_it() -> None:
    made = plan(echo_of=42)
    assert (made.decision, made.code, made.steps) == ("filtered", "echo", ())
    assert made.reason == "echo of entry 42: the document came from us"


def test_a_note_that_cannot_be_rendered_is_an_error_in_words() -> None:
    made = plan(write_back={"notes": "{{ order.placed_at.year }}"})
    assert (made.decision, made.steps) == ("errored", ())
    assert made.reason


# -- what is counted of a refund ----------------------------------------------------------------------------


def refunded(total: str = "10.00", **changes: Any) -> Plan:
    line = RefundLine(sku="A", quantity=Decimal(1), total=Money(amount=Decimal("10.00"), currency="USD"))
    money = Money(amount=Decimal(total), currency="USD")
    refund = Refund(number="CM1", order="1001", currency="USD", lines=(line,), total=money)
    identity = IDENTITY.model_copy(update={"type": "refund.issued", "document": "CM1"})
    refunds = flow(event="refund.issued", write_back={}, **changes)
    paid = order("1001", paid=Money(amount=Decimal("10.00"), currency="USD"))
    return make_plan(identity, RefundIssued(refund=refund), {"1001": paid}, refunds)


def test_a_refund_that_adds_up_is_delivered_and_what_was_counted_is_kept() -> None:
    made = refunded()
    assert (made.decision, [step.kind for step in made.steps]) == ("deliver", ["refund"])
    assert made.gate is not None
    assert (made.gate.currency, made.gate.sentence) == ("USD", "")
    assert "paid for the order 10.00 (source: 10.00)" in map(str, made.gate.rows)


def test_a_refund_that_is_refused_keeps_what_was_counted_too() -> None:
    made = refunded("12.00")
    assert (made.decision, made.code, made.steps) == ("errored", "money", ())
    assert made.gate is not None
    assert made.gate.sentence in made.reason
    assert "total 10.00 (source: 12.00)" in map(str, made.gate.rows)


def test_what_was_counted_comes_back_from_the_store_as_it_was() -> None:
    made = refunded("12.00")
    assert Plan.model_validate_json(json.dumps(made.model_dump(mode="json"))) == made


def test_a_refund_that_is_not_wanted_is_not_counted() -> None:
    never = {"require": [{"name": "never", "when": "order.number == '9'"}]}
    made = refunded("12.00", preferences=never)
    assert (made.decision, made.gate) == ("filtered", None)


def test_nothing_is_counted_of_other_documents() -> None:
    assert plan().gate is None


# -- patience ----------------------------------------------------------------------------------------------


def test_the_plan_keeps_the_patience_of_its_flow() -> None:
    made = plan(retry={"first": 1, "longest": 2, "give_up": 3}, wait_deadline=60)
    assert (made.retry.first, made.retry.longest, made.retry.give_up, made.wait_deadline) == (1, 2, 3, 60)
