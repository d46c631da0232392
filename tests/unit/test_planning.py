"""From each type of event to its steps: what is said to the target, in which order, and why it cannot be said.

Shipments and invoices are `test_planning_documents.py`; whether an event is delivered at all is `test_plan.py`.
"""

from typing import Any, get_args

import pytest

from connector.errors import MappingMissing
from connector.planned import (
    PLAIN,
    CancelStep,
    CommentStep,
    CustomerStep,
    Manner,
    OrderStep,
    Step,
    parse_step,
)
from connector.reference import EventIdentity, external_reference
from schemas.base import DocumentRef
from tests.unit.planning_given import ERP_LIKE, event_of, kinds, only, order, planned

# -- what every step says ------------------------------------------------------------------------------------

CASES: list[tuple[str, Manner, list[str]]] = [
    ("order.created", PLAIN, ["order"]),
    ("order.created", ERP_LIKE, ["customer", "order"]),
    ("order.updated", PLAIN, ["comment"]),
    ("order.cancelled", ERP_LIKE, ["cancel"]),
    ("shipment.confirmed", PLAIN, ["shipment"]),
    ("invoice.released", PLAIN, ["invoice"]),
    ("invoice.released", ERP_LIKE, ["payment"]),
]
IDS = [f"{type_}-{'-'.join(steps)}" for type_, _, steps in CASES]


@pytest.mark.parametrize(("type_", "manner", "expected"), CASES, ids=IDS)
def test_each_event_leads_to_its_steps_in_the_target_s_manner(
    type_: str, manner: Manner, expected: list[str]
) -> None:
    assert kinds(planned(event_of(type_), manner=manner)) == expected


@pytest.mark.parametrize(("type_", "manner", "expected"), CASES, ids=IDS)
def test_each_step_says_which_document_and_which_order_it_is_about(
    type_: str, manner: Manner, expected: list[str]
) -> None:
    for step in planned(event_of(type_), manner=manner)[1]:
        assert (step.order.order.number, step.order.order.key) == ("1001", "guid-1001")
        assert step.order.external_number == "W1001"
        assert step.document.connection == "erp"
        own = {"customer": "C77", "shipment": "SH1", "invoice": "INV1"}.get(step.document.kind, "1001")
        assert step.document.number == own


@pytest.mark.parametrize(("type_", "manner", "expected"), CASES, ids=IDS)
def test_each_step_bears_a_reference_of_its_own_that_is_made_of_flow_event_and_key(
    type_: str, manner: Manner, expected: list[str]
) -> None:
    data = event_of(type_)
    made = planned(data, manner=manner, write_back={"order_comment": "told"})[1]
    identity = EventIdentity(source="erp", type=type_, document=data.document.number)
    assert [step.reference for step in made] == [
        external_reference("one", identity, step.key) for step in made
    ]
    assert len({step.reference for step in made}) == len(made)


@pytest.mark.parametrize(("type_", "manner", "expected"), CASES, ids=IDS)
def test_each_step_is_stored_and_read_again_as_it_was(
    type_: str, manner: Manner, expected: list[str]
) -> None:
    for step in planned(event_of(type_), manner=manner)[1]:
        assert parse_step(step.model_dump(mode="json")) == step


def test_every_kind_of_step_comes_of_some_event() -> None:
    assert {kind for *_, steps in CASES for kind in steps} == {
        one.model_fields["kind"].default for one in get_args(Step)
    }


def test_comments_and_cancellations_are_no_documents_under_another_number() -> None:
    unlinked = {one.model_fields["kind"].default for one in get_args(Step) if not one.linked}
    assert unlinked == {"comment", "cancel"}


# -- orders --------------------------------------------------------------------------------------------------


def test_an_order_is_said_in_our_words_with_its_values_in_those_of_the_target() -> None:
    methods = {"payment_method": {"CHECK": "checkmo"}, "ship_via": {"UPS": "ups_GND"}}
    made = planned(event_of("order.created"), mapping=methods)
    step = only(made, OrderStep)
    assert step.content == order()
    assert step.ship_via is not None
    assert (step.ship_via.code, step.payment_method, step.needs) == ("ups_GND", "checkmo", ())
    assert [(one.table, one.value, one.rule) for one in made[0]] == [
        ("ship_via", "UPS", "row UPS"),
        ("payment_method", "CHECK", "row CHECK"),
    ]


def test_a_payment_method_that_the_flow_does_not_map_is_the_source_s_own() -> None:
    made = planned(event_of("order.created"))
    assert only(made, OrderStep).payment_method == "CHECK"
    assert [one.table for one in made[0]] == ["ship_via"]


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"ship_via": "", "lines": []}, False),
        (
            {"ship_via": "", "lines": [{"reference": "1", "sku": "E", "quantity": "1", "ships": "never"}]},
            False,
        ),
        ({"ship_via": "UPS", "lines": []}, True),
    ],
    ids=["no lines", "virtual goods", "ship via all the same"],
)
def test_where_nothing_is_shipped_no_shipping_method_is_needed(changes: dict[str, Any], asked: bool) -> None:
    step = only(planned(event_of("order.created", **changes)), OrderStep)
    assert (step.ship_via is not None) == asked


def test_goods_without_a_ship_via_are_an_error_that_names_the_row() -> None:
    with pytest.raises(MappingMissing, match="ship via is empty"):
        planned(event_of("order.created", ship_via=""))


@pytest.mark.parametrize(
    ("type_", "changes", "mapping", "row"),
    [
        ("order.created", {"ship_via": "DHL"}, {}, '"DHL": …  with the shipping method'),
        (
            "order.created",
            {"payment_method": "CARD"},
            {"ship_via": {"UPS": "ups_GND"}, "payment_method": {"CHECK": "checkmo"}},
            '"CARD": …  with the target\'s payment method',
        ),
        ("order.updated", {"status": "On Hold"}, {"order_status": {"Open": "processing"}}, '"On Hold": …'),
        ("shipment.confirmed", {"ship_via": "DHL"}, {}, '"DHL": {carrier_code: custom, title: "DHL"}'),
    ],
    ids=["order ship via", "order payment method", "change status", "shipment ship via"],
)
def test_a_value_without_a_row_is_an_error_that_holds_the_row_to_add(
    type_: str, changes: dict[str, Any], mapping: dict[str, Any], row: str
) -> None:
    with pytest.raises(MappingMissing) as missing:
        planned(event_of(type_, **changes), mapping=mapping)
    assert f"add the row  {row}" in missing.value.message


def test_the_customer_comes_first_and_the_order_needs_it() -> None:
    made = planned(event_of("order.created"), manner=ERP_LIKE)
    customer = only(made, CustomerStep)
    assert only(made, OrderStep).needs == (customer.key,)
    assert customer.document == DocumentRef(connection="erp", kind="customer", number="C77")
    assert (customer.email, customer.name, customer.guest) == ("ann@example.com", "Ann Example", False)
    assert customer.bill_to == order().bill_to
    assert customer.ship_to == order().ship_to


@pytest.mark.parametrize(
    ("changes", "number", "name", "guest"),
    [
        ({"customer": ""}, "ann@example.com", "Ann Example", True),
        ({"customer": "", "email": ""}, "1001", "Ann Example", True),
        ({"bill_to": None}, "C77", "Ann's Neighbour", False),
        ({"bill_to": {"company": "Example Ltd"}}, "C77", "Example Ltd", False),
        ({"bill_to": None, "ship_to": None}, "C77", "", False),
    ],
    ids=["guest", "without e-mail", "without billing address", "firm", "without addresses"],
)
def test_a_customer_is_known_by_what_the_order_says_of_them(
    changes: dict[str, Any], number: str, name: str, guest: bool
) -> None:
    customer = only(planned(event_of("order.created", **changes), manner=ERP_LIKE), CustomerStep)
    assert (customer.document.number, customer.name, customer.guest) == (number, name, guest)


# -- changes and cancellations -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flow", "status"),
    [
        ({"mapping": {"order_status": {"Open": "processing"}}}, "processing"),
        ({"mapping": {"order_status": {"default": "{{ value | lower }}"}}}, "open"),
        ({"write_back": {"order_status": "changed"}}, "changed"),
        (
            {"mapping": {"order_status": {"Open": "processing"}}, "write_back": {"order_status": "changed"}},
            "processing",
        ),
        ({}, ""),
    ],
    ids=["row", "default", "fixed", "row before fixed", "none"],
)
def test_a_change_sets_the_status_that_the_flow_says(flow: dict[str, Any], status: str) -> None:
    assert only(planned(event_of("order.updated"), **flow), CommentStep).status == status


def test_a_change_says_one_comment_not_two() -> None:
    texts = {"notes": "now {{ order.status }}", "order_comment": "not said", "order_status": "x"}
    step = only(planned(event_of("order.updated"), write_back=texts), CommentStep)
    assert step.notes == "now Open"


def test_a_cancellation_says_why_and_who_is_told() -> None:
    texts = {"notes": "cancelled as {{ order.status }}", "notify_customer": True}
    step = only(planned(event_of("order.cancelled"), write_back=texts), CancelStep)
    assert (step.notes, step.notify_customer) == ("cancelled as Open", True)
