"""From each type of event to its steps: what is said to the target, in which order, and why it cannot be said.

Shipments, invoices and refunds are `test_planning_documents.py`, the parts of a shipment `test_write_back.py`; whether
an event is delivered at all is `test_plan.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, get_args

import pytest

from connector.asked import Planned
from connector.errors import MappingMissing
from connector.planned import (
    PLAIN,
    CancelStep,
    CommentStep,
    CustomerStep,
    InventoryStep,
    Manner,
    OrderStep,
    PlannedStep,
    StepOfOrder,
    parse_step,
)
from connector.reference import EventIdentity, external_reference
from schemas.base import DocumentRef
from schemas.events import EVENT_TYPES, LEVELS
from tests.unit.planning_given import (
    ERP_LIKE,
    IN_PARTS,
    SHIPS_ITSELF,
    event_of,
    kinds,
    only,
    order,
    planned,
    specs,
)

# -- what every step says ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """An event on a flow with these settings, to a target of this manner, and the kinds of steps that it leads to."""

    type: str
    manner: Manner
    expected: tuple[str, ...]
    flow: Mapping[str, Any] = field(default_factory=dict)

    def planned(self, **write_back: Any) -> Planned:
        """The steps; with this in the flow's write-back besides. A void takes back what a confirmation wrote."""
        settings = {**self.flow, "write_back": {**self.flow.get("write_back", {}), **write_back}}
        carried = {"1001": specs(replace(self, type="shipment.confirmed").planned())} if self.voids else {}
        return planned(event_of(self.type), manner=self.manner, carried=carried, **settings)

    @property
    def voids(self) -> bool:
        """Does it take something back?"""
        return self.type == "shipment.voided"


EVERYTHING: Mapping[str, Any] = {
    "write_back": {
        "freight": {"amount": "fixed", "value": "9.50"},
        "notes": "shipped",
        "fields": {"header": {"U_SHIPMENT": "{{ shipment.number }}"}},
        "ship_via": False,
        "confirm": True,
    }
}
INVOICED = {"write_back": EVERYTHING["write_back"] | {"create_invoice": True}}
SHIPPED_ORDER = {"write_back": {**EVERYTHING["write_back"], "confirm": False, "ship_date": False}}
PARTS_OF_A_SHIPMENT = ("freight", "tracking", "note", "fields")

CASES = [
    Case("order.created", PLAIN, ("order",)),
    Case("order.created", ERP_LIKE, ("customer", "order")),
    Case("order.updated", PLAIN, ("comment",)),
    Case("order.cancelled", ERP_LIKE, ("cancel",)),
    Case("shipment.confirmed", PLAIN, ("shipment",)),
    Case(
        "shipment.confirmed",
        IN_PARTS["shipment"],
        ("shipment", *PARTS_OF_A_SHIPMENT, "confirm"),
        EVERYTHING,
    ),
    Case("shipment.confirmed", IN_PARTS["order"], ("invoice", *PARTS_OF_A_SHIPMENT), INVOICED),
    Case("shipment.confirmed", SHIPS_ITSELF, ("ready", *PARTS_OF_A_SHIPMENT, "shipment"), SHIPPED_ORDER),
    Case("shipment.voided", PLAIN, ("undo",)),
    Case("shipment.voided", IN_PARTS["shipment"], ("undo",) * 4, EVERYTHING),
    Case("invoice.released", PLAIN, ("invoice",)),
    Case("invoice.released", ERP_LIKE, ("payment",)),
    Case("refund.issued", PLAIN, ("refund",)),
    Case("refund.issued", ERP_LIKE, ("refund", "payout"), {"refund": {"pay_out": True}}),
]
each_case = pytest.mark.parametrize(
    "case", CASES, ids=[f"{one.type}-{'-'.join(one.expected)}" for one in CASES]
)


@each_case
def test_each_event_leads_to_its_steps_in_the_target_s_manner(case: Case) -> None:
    assert tuple(kinds(case.planned())) == case.expected


@each_case
def test_each_step_says_which_document_and_which_order_it_is_about(case: Case) -> None:
    for step in case.planned()[1]:
        assert isinstance(step, PlannedStep)
        assert (step.order.order.number, step.order.order.key) == ("1001", "guid-1001")
        assert step.order.external_number == "W1001"
        assert step.document.connection == "erp"
        own = {"customer": "C77", "shipment": "SH1", "invoice": "INV1", "refund": "CM1"}
        assert step.document.number == own.get(step.document.kind, "1001")


@each_case
def test_each_step_bears_a_reference_of_its_own_that_is_made_of_flow_event_and_key(case: Case) -> None:
    made = case.planned(order_comment="told")[1]
    document = event_of(case.type).document.number
    identity = EventIdentity(source="erp", type=case.type, document=document)
    assert [step.reference for step in made] == [
        external_reference("one", identity, step.key) for step in made
    ]
    assert len({step.reference for step in made}) == len(made)


@each_case
def test_each_step_needs_only_what_is_done_before_it(case: Case) -> None:
    done: set[str] = set()
    for step in case.planned(order_comment="told")[1]:
        assert set(step.needs) <= done
        done.add(step.key)


@each_case
def test_each_step_is_stored_and_read_again_as_it_was(case: Case) -> None:
    for step in case.planned()[1]:
        assert parse_step(step.model_dump(mode="json")) == step


def test_every_type_of_event_leads_to_steps() -> None:
    """Levels, which belong to no order, are `test_planning_inventory.py`."""
    assert {case.type for case in CASES} == set(EVENT_TYPES) - LEVELS


def test_every_kind_of_step_comes_of_some_event() -> None:
    assert {kind for case in CASES for kind in case.expected} == {
        one.model_fields["kind"].default for one in get_args(StepOfOrder)
    }


def test_only_steps_that_make_a_document_link_it_to_ours() -> None:
    linked = {
        one.model_fields["kind"].default for one in (*get_args(StepOfOrder), InventoryStep) if one.linked
    }
    assert linked == {"customer", "order", "shipment", "invoice", "payment", "refund"}


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
