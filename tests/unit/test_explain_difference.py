"""What differs between two explanations of one event: flows, decisions, mapped values, steps, requests, by member."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from connector.configuration import compile_flows
from connector.explain import Explained, Explanation, Rehearsed
from connector.explain_difference import Change, FlowDifference, differences
from connector.explain_story import of_difference
from connector.plan import make_plan
from connector.planned import PLAIN, Manner
from connector.reference import EventIdentity
from connector.story import plain
from schemas.base import Money
from schemas.config import Config, ConnectionSettings
from schemas.documents import Order
from schemas.events import Event
from tests.unit.planning_given import IN_PARTS, event_of

DATA = event_of("shipment.confirmed")
EVENT = Event.model_validate(
    {
        "id": "e1",
        "type": "shipment.confirmed",
        "source": "erp",
        "subject": "SH1",
        "time": datetime(2026, 1, 31, tzinfo=UTC),
        "data": DATA,
    }
)
ORDER = Order(number="1001", currency="USD", unpaid_balance=Money(amount=Decimal("12.50"), currency="USD"))
ROW = {"code": "ups_GND", "carrier_code": "ups", "title": "UPS Ground"}
FLOW: dict[str, Any] = {
    "name": "shipments",
    "event": "shipment.confirmed",
    "from": "erp",
    "to": "shop",
    "context": ["order"],
    "preferences": {"require": [{"name": "small balance", "when": "order.unpaid_balance < 20.0"}]},
    "mapping": {"ship_via": {"UPS": ROW}},
    "write_back": {"notes": "Shipped"},
}


def explanation(
    *flows: Mapping[str, Any],
    manner: Manner = PLAIN,
    requests: Mapping[str, Mapping[str, Any] | None] | None = None,
    others: tuple[str, ...] = (),
    outcome: str = "this request would be sent",
) -> Explanation:
    """What these flows would do; `requests` by step key, else each step ends before the same one."""
    connections = {
        name: ConnectionSettings(system="some", base_url="http://127.0.0.1:9")
        for name in ("erp", "shop", "second")
    }
    config = Config.model_validate({"connections": connections, "flows": list(flows)})
    identity = EventIdentity(source="erp", type=EVENT.type, document="SH1")
    found = []
    for compiled in compile_flows(config).values():
        plan = make_plan(identity, DATA, {"1001": ORDER}, compiled, None, manner)
        steps = tuple(
            Rehearsed(step, (), (requests or {}).get(step.key, request()), outcome) for step in plan.steps
        )
        found.append(Explained(compiled.flow, plan, steps))
    return Explanation(event=EVENT, flows=tuple(found), others=others, lacking=())


def request(body: str = '{"items": [{"qty": 2}]}', **changes: Any) -> dict[str, Any]:
    return {"method": "POST", "url": "http://shop/ship", "headers": {}, "body": body} | changes


def one(present: Explanation, other: Explanation) -> FlowDifference:
    """The difference of the only flow there is."""
    (found,) = differences(present, other)
    return found


def changed(present: Explanation, other: Explanation, part: str) -> list[tuple[str, str, Any, Any]]:
    """The changes of this part: kind, member, present, other."""
    found = one(present, other)
    assert found.kind == "changed"
    return [(each.kind, each.member, each.present, each.other) for each in found.changes if each.part == part]


def told(present: Explanation, other: Explanation) -> str:
    """The story of the difference as text."""
    story = of_difference(("a.yaml", present), ("b.yaml", other), differences(present, other))
    return "\n".join(f"{part.title}|{line.label}|{line.text}" for part in story.parts for line in part.lines)


def write_back(**more: Any) -> dict[str, Any]:
    return FLOW | {"write_back": more}


# -- flows ---------------------------------------------------------------------------------------------------


def test_the_same_configuration_differs_in_nothing_and_that_is_said() -> None:
    found = one(explanation(FLOW), explanation(FLOW))
    assert (found.flow, found.kind, found.changes) == ("shipments", "same", ())
    text = told(explanation(FLOW), explanation(FLOW))
    assert "Flow shipments||nothing differs" in text
    assert "In short||Nothing differs: both would do the same." in text


def test_where_neither_carries_it_that_is_said() -> None:
    assert differences(explanation(), explanation()) == ()
    assert "Neither configuration carries it" in told(explanation(), explanation())


def test_flows_are_told_in_the_present_order_with_new_ones_last() -> None:
    first, second, third = (FLOW | {"name": name} for name in ("first", "second", "third"))
    found = differences(explanation(first, second), explanation(third, second))
    assert [(each.flow, each.kind) for each in found] == [
        ("first", "gone"),
        ("second", "same"),
        ("third", "added"),
    ]
    assert found[2].sentence == (
        "only the other configuration carries it: there is no such flow in the one that lacks it"
    )
    text = told(explanation(first, second), explanation(third, second))
    assert "What would be done differs on first, third." in text


def test_a_flow_that_carries_something_else_by_now_says_what() -> None:
    other = explanation(
        others=("shipments: it carries order.created from erp, not shipment.confirmed from erp",)
    )
    found = one(explanation(FLOW), other)
    assert found.kind == "gone"
    assert "shipments: it carries order.created from erp" in found.sentence


# -- decisions -----------------------------------------------------------------------------------------------


def test_a_decision_that_differs_is_told_with_its_sentence_and_its_condition() -> None:
    stricter = FLOW | {
        "preferences": {"require": [{"name": "small balance", "when": "order.unpaid_balance == 0.0"}]}
    }
    present, other = explanation(FLOW), explanation(stricter)
    decisions = {member: (old, new) for _, member, old, new in changed(present, other, "decision")}
    assert decisions["decision"] == ("deliver", "filtered")
    assert decisions["code"] == ("", "preference")
    assert "must be 0.00" in decisions["reason"][1]
    conditions = changed(present, other, "condition")
    assert ("changed", "when", "order.unpaid_balance < 20.0", "order.unpaid_balance == 0.0") in conditions
    assert ("changed", "passed", True, False) in conditions
    assert [each.kind for each in one(present, other).changes if each.part == "step"] == ["gone"]
    text = told(present, other)
    assert "Flow shipments|decision|differs" in text
    assert "Flow shipments|decision|deliver → filtered" in text
    assert "12.50 USD, must be 0.00" in text


def test_conditions_that_are_new_or_gone_are_named_by_the_order_they_were_asked_of() -> None:
    renamed = FLOW | {
        "preferences": {"require": [{"name": "any balance", "when": "order.unpaid_balance >= 0.0"}]}
    }
    found = one(explanation(FLOW), explanation(renamed)).changes
    assert [(each.kind, each.name) for each in found if each.part == "condition"] == [
        ("gone", "small balance (order 1001)"),
        ("added", "any balance (order 1001)"),
    ]


@pytest.mark.parametrize(
    ("changes", "member", "old", "new"),
    [
        ({"to": "second"}, "target", "shop", "second"),
        ({"mode": "dry-run"}, "mode", "live", "dry-run"),
        ({"retry": {"first": 60}}, "retry.first", 5.0, 60.0),
        ({"wait_deadline": 60}, "wait_deadline", 604800.0, 60.0),
    ],
)
def test_where_it_goes_and_how_it_is_tried_belongs_to_the_decision(
    changes: dict[str, Any], member: str, old: Any, new: Any
) -> None:
    assert changed(explanation(FLOW), explanation(FLOW | changes), "decision") == [
        ("changed", member, old, new)
    ]


def test_decisions_come_first_then_conditions_and_values_then_each_step_with_its_request() -> None:
    other = FLOW | {
        "mode": "held",
        "preferences": {"require": [{"name": "any balance", "when": "order.unpaid_balance >= 0.0"}]},
        "mapping": {"ship_via": {"UPS": ROW | {"title": "Other"}}},
    }
    found = one(explanation(FLOW), explanation(other, requests={"shipment:1001": request("{}")})).changes
    parts = [each.part for each in found]
    assert list(dict.fromkeys(parts)) == ["decision", "condition", "mapping", "step", "request"]
    assert parts == sorted(parts, key=list(dict.fromkeys(parts)).index)


# -- mapped values -------------------------------------------------------------------------------------------


def test_a_mapped_value_that_differs_is_told_member_by_member() -> None:
    other = FLOW | {"mapping": {"ship_via": {"UPS": ROW | {"title": "UPS Standard"}}}}
    assert changed(explanation(FLOW), explanation(other), "mapping") == [
        ("changed", "result.title", "UPS Ground", "UPS Standard")
    ]
    assert "Flow shipments|mapping ship_via UPS|differs" in told(explanation(FLOW), explanation(other))


def test_the_rule_that_answers_matters_even_where_the_value_stays() -> None:
    other = FLOW | {"mapping": {"ship_via": {"default": ROW}}}
    assert changed(explanation(FLOW), explanation(other), "mapping") == [
        ("changed", "rule", "row UPS", "default")
    ]


def test_a_value_that_only_one_of_them_maps_is_added_or_gone() -> None:
    other = FLOW | {"mapping": {"ship_via": {"DHL": ROW}}}
    found = one(explanation(FLOW), explanation(other)).changes
    assert [(each.kind, each.name) for each in found if each.part == "mapping"] == [("gone", "ship_via UPS")]


# -- steps and requests --------------------------------------------------------------------------------------


def test_steps_that_only_one_of_them_plans_are_added_or_gone() -> None:
    present = explanation(write_back(notes="Shipped"), manner=IN_PARTS["shipment"])
    other = explanation(write_back(confirm=True), manner=IN_PARTS["shipment"])
    found = one(present, other).changes
    assert [(each.kind, each.part, each.name) for each in found] == [
        ("gone", "step", "note:1001"),
        ("gone", "request", "note:1001"),
        ("added", "step", "confirm:1001"),
        ("added", "request", "confirm:1001"),
    ]
    text = told(present, other)
    assert "Flow shipments|step note:1001|only by the present configuration" in text
    assert "Flow shipments|step confirm:1001|only by the other configuration" in text
    assert "Flow shipments|notes|Shipped" in text


def test_a_step_that_differs_is_told_member_by_member() -> None:
    other = write_back(notes="On its way", notify_customer=True)
    assert changed(explanation(FLOW), explanation(other), "step") == [
        ("changed", "notes", "Shipped", "On its way"),
        ("changed", "notify_customer", False, True),
    ]


def test_members_in_lists_are_told_by_their_place() -> None:
    other = FLOW | {"mapping": {"ship_via": {"UPS": ROW | {"title": "Other"}}}}
    members = [member for _, member, *_ in changed(explanation(FLOW), explanation(other), "step")]
    assert members == ["packages[0].title", "packages[1].title"]


def test_a_step_that_comes_another_way_says_so() -> None:
    other = explanation(FLOW, outcome="it would end here: rejected: no")
    assert changed(explanation(FLOW), other, "step") == [
        ("changed", "outcome", "this request would be sent", "it would end here: rejected: no")
    ]


def asked(body: str = '{"items": [{"qty": 2}]}', **changes: Any) -> Explanation:
    return explanation(FLOW, requests={"shipment:1001": request(body, **changes)})


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (asked(url="http://shop/other"), ("changed", "url", "http://shop/ship", "http://shop/other")),
        (asked(method="PUT"), ("changed", "method", "POST", "PUT")),
        (asked(headers={"X-A": "1"}), ("added", "headers.X-A", None, "1")),
        (asked('{"items": [{"qty": 3}]}'), ("changed", "body.items[0].qty", 2, 3)),
        (asked('{"items": [{"qty": 2}, {"qty": 1}]}'), ("added", "body.items[1]", None, {"qty": 1})),
        (asked('{"items": [{}]}'), ("gone", "body.items[0].qty", 2, None)),
        (asked('{"items": [{"qty": "2"}]}'), ("changed", "body.items[0].qty", 2, "2")),
        (asked("<xml/>"), ("changed", "body", {"items": [{"qty": 2}]}, "<xml/>")),
    ],
)
def test_a_request_that_differs_is_told_member_by_member(
    other: Explanation, expected: tuple[str, str, Any, Any]
) -> None:
    assert changed(asked(), other, "request") == [expected]


def test_amounts_in_a_request_are_compared_as_amounts() -> None:
    assert one(asked('{"a": 9.50}'), asked('{"a":   9.5}')).kind == "same"
    assert changed(asked('{"a": 0.10}'), asked('{"a": 0.1000000000000000055}'), "request") != []


def test_a_request_that_is_no_longer_reached_is_gone() -> None:
    other = explanation(FLOW, requests={"shipment:1001": None})
    found = one(explanation(FLOW), other).changes
    assert [(each.kind, each.part, each.name) for each in found] == [("gone", "request", "shipment:1001")]


# -- told ----------------------------------------------------------------------------------------------------


def test_what_is_absent_is_told_as_not_there() -> None:
    text = told(asked(), asked('{"items": [{"qty": 2}], "notify": true}'))
    assert "Flow shipments|request shipment:1001|differs" in text
    assert "Flow shipments|body.notify|(not there) → true" in text
    assert "Flow shipments|body.notify|true → (not there)" in told(
        asked('{"items": [{"qty": 2}], "notify": true}'), asked()
    )


def test_several_members_of_one_part_stand_below_one_line() -> None:
    text = told(explanation(FLOW), explanation(write_back(notes="On its way", notify_customer=True)))
    assert text.count("step shipment:1001|differs") == 1


def test_both_configurations_are_named() -> None:
    text = told(explanation(FLOW), explanation(FLOW))
    assert "Compared|present|a.yaml" in text
    assert "Compared|other|b.yaml" in text


def test_differences_are_kept_in_json_kinds() -> None:
    change = Change("changed", "request", "shipment:1001", "body.amount", Decimal("9.50"), None)
    assert plain(FlowDifference("shipments", "changed", "it differs", (change,))) == {
        "flow": "shipments",
        "kind": "changed",
        "sentence": "it differs",
        "changes": [
            {
                "kind": "changed",
                "part": "request",
                "name": "shipment:1001",
                "member": "body.amount",
                "present": "9.50",
                "other": None,
            }
        ],
    }
