"""Sync preferences: mistakes are found at load, only true passes, and the reason is kept in words."""

from decimal import Decimal
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import ConfigError
from connector.preferences import CompiledPreferences, PreferencesTrace, compile_preferences
from schemas.base import Money
from schemas.config import Mapping, Preferences
from schemas.documents import Address, Order, OrderLine, Shipment, ShipmentLine
from schemas.events import OrderCreated, ShipmentConfirmed

TABLES = Mapping.model_validate({"ship_via": {"UPSGROUND": {"carrier_code": "ups", "title": "UPS Ground"}}})
ORDERS = {
    "match": "any",
    "conditions": [
        {"name": "nothing left to pay", "when": "order.unpaid_balance == 0.0"},
        {"name": "always-synced type", "when": "order.type in ['WB', 'EX']"},
        {"name": "a shipment confirmed", "when": "order.confirmed_shipments > 0"},
    ],
}
SHIPMENT = Shipment(
    number="7", ship_via="UPSGROUND", lines=(ShipmentLine(order="SO-1", sku="A", quantity=Decimal(2)),)
)


def money(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


def order(**changes: Any) -> Order:
    return Order(**{"number": "SO-1", "currency": "USD", "type": "SO", **changes})


def compiled(
    preferences: dict[str, Any], event_type: str = "order.created", *context: str
) -> CompiledPreferences:
    return compile_preferences(Preferences.model_validate(preferences), event_type, context, TABLES)


def asked(when: str, **changes: Any) -> PreferencesTrace:
    """One required condition, asked of an order."""
    return compiled({"require": [{"name": "it", "when": when}]}).evaluate(
        OrderCreated(order=order(**changes))
    )


# -- deciding ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes", [{"unpaid_balance": money("0.00")}, {"type": "WB"}, {"type": "EX"}, {"confirmed_shipments": 1}]
)
def test_any_of_the_conditions_is_enough_where_the_flow_says_any(changes: dict[str, Any]) -> None:
    unpaid = {"unpaid_balance": money("5")}
    trace = compiled(ORDERS).evaluate(OrderCreated(order=order(**unpaid | changes)))
    assert (trace.passed, trace.sentence, trace.order) == (True, "", "SO-1")


def test_none_of_the_conditions_is_told_with_all_of_them() -> None:
    trace = compiled(ORDERS).evaluate(OrderCreated(order=order(unpaid_balance=money("12.50"))))
    assert not trace.passed
    assert trace.sentence == (
        "none of these holds: nothing left to pay: order.unpaid_balance is 12.50 USD, must be 0.00; "
        "always-synced type: order.type is 'SO', must be one of WB, EX; "
        "a shipment confirmed: order.confirmed_shipments is 0, must be more than 0"
    )


def test_all_of_the_conditions_are_needed_where_the_flow_says_all() -> None:
    every = compiled({**ORDERS, "match": "all"})
    right = order(unpaid_balance=money("0"), type="WB", confirmed_shipments=1)
    assert every.evaluate(OrderCreated(order=right)).passed
    trace = every.evaluate(OrderCreated(order=right.model_copy(update={"type": "SO"})))
    assert trace.sentence == "always-synced type: order.type is 'SO', must be one of WB, EX"


def test_required_conditions_are_needed_beside_the_others() -> None:
    both = {"require": [{"name": "open", "when": "order.state == 'open'"}], **ORDERS}
    trace = compiled(both).evaluate(OrderCreated(order=order(type="WB", state="held")))
    assert trace.sentence == "open: order.state is 'held', must be open"
    assert [each.group for each in trace.conditions] == ["require", "match", "match", "match"]


def test_preferences_without_conditions_let_everything_pass() -> None:
    assert compiled({}).evaluate(OrderCreated(order=order())).passed


def test_a_combined_shipment_is_asked_once_per_order() -> None:
    rules = compiled(
        {"require": [{"name": "nothing left to pay", "when": "order.unpaid_balance == 0.0"}]},
        "shipment.confirmed",
        "order",
    )
    data = ShipmentConfirmed(shipment=SHIPMENT)
    paid = rules.evaluate(data, order(number="SO-1", unpaid_balance=money("0")))
    unpaid = rules.evaluate(data, order(number="SO-2", unpaid_balance=money("0.01")))
    assert [(each.order, each.passed) for each in (paid, unpaid)] == [("SO-1", True), ("SO-2", False)]
    assert unpaid.sentence == "nothing left to pay: order.unpaid_balance is 0.01 USD, must be 0.00"


def test_an_order_that_could_not_be_fetched_lets_nothing_pass() -> None:
    rules = compiled(
        {"require": [{"name": "paid", "when": "order.unpaid_balance == 0.0"}]}, "shipment.confirmed", "order"
    )
    trace = rules.evaluate(ShipmentConfirmed(shipment=SHIPMENT), None)
    assert (trace.order, trace.passed) == (None, False)
    assert trace.conditions[0].problem == "order.unpaid_balance is not known"


def test_mapped_asks_the_value_tables_of_the_flow() -> None:
    rules = compiled(
        {"require": [{"name": "mapped", "when": "mapped('ship_via', shipment.ship_via)"}]},
        "shipment.confirmed",
    )
    assert rules.evaluate(ShipmentConfirmed(shipment=SHIPMENT)).passed
    strange = SHIPMENT.model_copy(update={"ship_via": "PIGEON"})
    trace = rules.evaluate(ShipmentConfirmed(shipment=strange))
    assert trace.sentence == (
        "mapped: shipment.ship_via is 'PIGEON', which has no row in the ship_via table of the flow"
    )


def test_preferences_are_asked_of_their_own_event_type_only() -> None:
    with pytest.raises(ValueError, match=r"preferences for order\.created were asked of shipment\.confirmed"):
        compiled(ORDERS).evaluate(ShipmentConfirmed(shipment=SHIPMENT))


# -- only the boolean true passes --------------------------------------------------------------------------

ABSENT = [
    "order.unpaid_balance == 0.0",
    "order.unpaid_balance != 5.0",
    "!(order.unpaid_balance > 0.0)",
    "order.unpaid_balance <= 0.0 && order.type == 'SO'",
    "order.ship_to.country == ''",
    "order.external_number != 'x'",
    "timestamp(order.placed_at) < timestamp('2030-01-01T00:00:00Z')",
]


@pytest.mark.parametrize("when", ABSENT)
def test_an_absent_value_never_passes_and_is_named(when: str) -> None:
    trace = asked(when)
    assert not trace.passed
    assert trace.conditions[0].problem.endswith("is not known")
    assert "is not known" in trace.sentence


def test_an_absent_value_does_not_matter_where_another_decides() -> None:
    assert asked("order.unpaid_balance == 0.0 || order.type == 'SO'").passed


@pytest.mark.parametrize(
    "when",
    [
        "order.confirmed_shipments / 0 == 1",
        "order.lines[0].sku == 'A'",
        "order.type.matches('[')",
        "int(order.type) == 1",
        "timestamp(order.type) > timestamp('2030-01-01T00:00:00Z')",
    ],
)
def test_an_expression_that_fails_does_not_pass_and_says_so(when: str) -> None:
    trace = asked(when)
    assert not trace.passed
    assert trace.conditions[0].problem.startswith("it cannot be evaluated")
    assert trace.conditions[0].problem in trace.sentence


def test_a_number_too_large_for_the_expressions_does_not_pass() -> None:
    trace = asked("order.confirmed_shipments > 0", confirmed_shipments=10**30)
    assert not trace.passed
    assert "cannot be evaluated" in trace.conditions[0].problem


@given(
    st.none() | st.decimals(min_value=-(10**12), max_value=10**12, places=2),
    st.sampled_from(["==", "<=", "<", ">", ">=", "!="]),
)
def test_a_comparison_passes_just_when_the_exact_amount_compares_so(
    amount: Decimal | None, operator: str
) -> None:
    balance = None if amount is None else money(str(amount))
    trace = asked(f"order.unpaid_balance {operator} 0.0", unpaid_balance=balance)
    compare = {"==": "__eq__", "<=": "__le__", "<": "__lt__", ">": "__gt__", ">=": "__ge__", "!=": "__ne__"}[
        operator
    ]
    assert trace.passed is (amount is not None and getattr(amount, compare)(Decimal(0)))
    assert trace.conditions[0].seen == {
        "order.unpaid_balance": "not known" if amount is None else format(amount, "f")
    }


@pytest.mark.parametrize("amount", ["1e-30", "-1e-30", "1234567890123456789"])
def test_no_amount_that_our_schemas_take_looks_like_zero_or_like_no_number(amount: str) -> None:
    assert not asked("order.unpaid_balance == 0.0", unpaid_balance=money(amount)).passed
    assert asked("order.unpaid_balance != 0.0", unpaid_balance=money(amount)).passed


def test_compiled_preferences_may_be_asked_by_many_threads() -> None:
    rules = compiled(ORDERS)
    answers: dict[str, set[bool]] = {"0.00": set(), "0.01": set()}

    def ask(balance: str) -> None:
        data = OrderCreated(order=order(unpaid_balance=money(balance)))
        answers[balance].update(rules.evaluate(data).passed for _ in range(200))

    threads = [Thread(target=ask, args=(balance,)) for balance in [*answers] * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {"0.00": {True}, "0.01": {False}}


# -- what conditions can say -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "when",
    [
        "order.ship_to.country == 'US'",
        "order.lines.exists(l, l.sku == 'A' && l.quantity >= 2.5)",
        "order.lines.all(l, l.price > 1.0)",
        "size(order.lines) == 1",
        "order.placed_at.startsWith('2026-01-31T12:00:00')",
        "timestamp(order.placed_at) >= timestamp('2026-01-31T00:00:00Z')",
        "order.type.startsWith('S') && !(order.status in ['Hold'])",
        "order.total == 12.5 // a comment, order.unknown",
        "order . number == 'SO-1'",
    ],
)
def test_conditions_reach_nested_values_lists_and_moments(when: str) -> None:
    line = OrderLine(reference="1", sku="A", quantity=Decimal("2.50"), price=money("9.99"))
    full = {
        "ship_to": Address(country="US"),
        "lines": (line,),
        "placed_at": "2026-01-31T12:00:00Z",
        "total": money("12.50"),
    }
    assert asked(when, **full).passed


def test_derived_values_are_variables_too() -> None:
    wanted = (
        "'SO-1' in shipment.orders && shipment.tracking_numbers.size() == 0 && shipment.total_weight == 0.0"
    )
    trace = compiled({"require": [{"name": "it", "when": wanted}]}, "shipment.confirmed").evaluate(
        ShipmentConfirmed(shipment=SHIPMENT)
    )
    assert trace.passed
    assert trace.conditions[0].seen == {
        "shipment.orders": "SO-1",
        "shipment.tracking_numbers": "",
        "shipment.total_weight": "0",
    }


def test_every_variable_that_is_named_is_seen_once_and_texts_are_not_names() -> None:
    trace = asked("order.type == 'order.status' || order.number == \"order.email\" || order.type == 'x'")
    assert trace.conditions[0].seen == {"order.type": "SO", "order.number": "SO-1"}
    assert trace.sentence.endswith("must satisfy " + trace.conditions[0].when)


def test_lists_of_lines_are_seen_as_json_with_exact_numbers() -> None:
    line = OrderLine(reference="1", sku="A", quantity=Decimal("2.50"))
    trace = asked("order.lines.exists(l, l.sku == 'B')", lines=(line,))
    assert trace.conditions[0].seen == {"order.lines": '[{"reference": "1", "sku": "A", "quantity": "2.50"}]'}


def test_a_trace_comes_back_from_json_as_it_was() -> None:
    trace = compiled(ORDERS).evaluate(OrderCreated(order=order()))
    assert PreferencesTrace.model_validate_json(trace.model_dump_json()) == trace


# -- mistakes at load --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "said"),
    [
        (
            "order.unpaid_balanse == 0.0",
            "1:6: undeclared reference to 'order.unpaid_balanse'; did you mean order.unpaid_balance",
        ),
        ("oder.type == 'SO'", "did you mean order.type"),
        ("order.ship_to.contry == 'US'", "did you mean order.ship_to.country"),
        ("order.unpaid_balance == 0", "compared with a decimal point: 0.0, not 0"),
        ("order.type == 1", "1:12: found no matching overload"),
        ("order.type ==", "1:14: Syntax error"),
        ("order.type", "must be true or false, but this is of type string"),
        ("has(order.type)", "must be true or false"),
        ("order.lines.exists(l, l.skuu == 'A')", "l has no member 'skuu'; did you mean sku"),
        ("order.lines.exists(l, l.sku.startsWith(l.nmae))", "l has no member 'nmae'; did you mean name"),
        ("mapped('shipvia', order.ship_via)", "unknown table 'shipvia'; did you mean ship_via"),
        ("mapped('ship_via', order.total)", "no matching overload for 'mapped'"),
        ("shipment.number == '7'", "undeclared reference to 'shipment.number'"),
        ("known(order.type)", "undeclared reference to 'known'"),
    ],
)
def test_a_mistake_is_found_at_load_with_its_place_and_the_nearest_names(when: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        asked(when)
    assert "condition 'it': " in str(refused.value)
    assert said in str(refused.value)


def test_the_order_of_a_shipment_is_known_only_with_the_context() -> None:
    paid = {"require": [{"name": "paid", "when": "order.unpaid_balance == 0.0"}]}
    with pytest.raises(ConfigError, match=r"undeclared reference to 'order\.unpaid_balance'"):
        compiled(paid, "shipment.confirmed")
    assert compiled(paid, "shipment.confirmed", "order").conditions[0].variables == ("order.unpaid_balance",)


def test_members_of_nested_lists_are_checked_as_well() -> None:
    when = "shipment.packages.exists(p, p.contents.exists(c, c.skuu == 'A'))"
    with pytest.raises(ConfigError, match="c has no member 'skuu'; did you mean sku"):
        compiled({"require": [{"name": "it", "when": when}]}, "shipment.confirmed")


def test_all_wrong_conditions_are_told_at_once() -> None:
    with pytest.raises(ConfigError, match=r"(?s)condition 'a'.*condition 'b'"):
        compiled({"require": [{"name": "a", "when": "1"}], "conditions": [{"name": "b", "when": "x"}]})
