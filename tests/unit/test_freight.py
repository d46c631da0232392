"""How much freight is written back: which charge, each order's share to the smallest coin, or why there is none."""

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import Rejected
from connector.freight import share_of, shares
from schemas.base import Money, minor_unit
from schemas.config import Freight
from schemas.documents import Shipment

EXACT = Context(prec=200)
CURRENCIES = {"JPY": 0, "USD": 2, "KWD": 3, "CLF": 4}
"""A currency for each number of decimals that there is."""

largest = Decimal(10) ** 18
amounts = st.decimals(-largest, largest, places=6) | st.just(Decimal(0)) | st.just(Decimal("-0.01"))
orders = st.integers(1, 60).map(lambda count: tuple(f"SO{index}" for index in range(count)))
currencies = st.sampled_from(sorted(CURRENCIES))


def shipment(*numbers: str, **members: Any) -> Shipment:
    """A shipment of these orders, by default of one; amounts are given as texts with their currency."""
    lines = [{"order": number, "sku": "A", "quantity": "1"} for number in numbers or ("1",)]
    given = {name: money(value) if name in CHARGES else value for name, value in members.items()}
    return Shipment.model_validate({"number": "SH1", "lines": lines, **given})


CHARGES = {"freight", "freight_cost", "freight_list", "handling"}


def money(text: str) -> Money:
    amount, _, currency = text.partition(" ")
    return Money(amount=Decimal(amount), currency=currency or "USD")


def rule(amount: str = "applied", **more: Any) -> Freight:
    return Freight.model_validate({"amount": amount, **more})


def share(asked: Freight, of: Shipment, number: str = "1", currency: str = "USD") -> str:
    return str(share_of(asked, of, number, currency))


def refusal(asked: Freight, of: Shipment, currency: str = "USD") -> str:
    with pytest.raises(Rejected) as refused:
        share_of(asked, of, of.orders[0], currency)
    assert (refused.value.code, refused.value.field) == ("mapping", "freight")
    return refused.value.message


def summed(parts: Any) -> Decimal:
    total = Decimal(0)
    for part in parts:
        total = EXACT.add(total, part.amount)
    return total


# -- shares --------------------------------------------------------------------------------------------------


@given(amounts, currencies, orders)
def test_shares_add_up_to_the_amount_in_whole_coins(
    amount: Decimal, currency: str, numbers: tuple[str, ...]
) -> None:
    found = shares(Money(amount=amount, currency=currency), numbers)
    assert summed(found.values()) == amount.quantize(minor_unit(currency), ROUND_HALF_UP, EXACT)
    assert tuple(found) == numbers
    for one in found.values():
        assert one.currency == currency
        assert one.amount.as_tuple().exponent == -CURRENCIES[currency]


@given(amounts, currencies, orders)
def test_no_two_shares_differ_by_more_than_one_coin_and_the_first_orders_get_it(
    amount: Decimal, currency: str, numbers: tuple[str, ...]
) -> None:
    parts = [one.amount for one in shares(Money(amount=amount, currency=currency), numbers).values()]
    assert EXACT.subtract(max(parts), min(parts)) in (0, minor_unit(currency))
    assert parts == sorted(parts, reverse=True)


@pytest.mark.parametrize(
    ("total", "count", "expected"),
    [
        ("10.00 USD", 3, ["3.34", "3.33", "3.33"]),
        ("0.02 USD", 3, ["0.01", "0.01", "0.00"]),
        ("-0.01 USD", 2, ["0.00", "-0.01"]),
        ("0.00 USD", 2, ["0.00", "0.00"]),
        ("10 JPY", 3, ["4", "3", "3"]),
        ("1.000 KWD", 3, ["0.334", "0.333", "0.333"]),
        ("1.0000 CLF", 3, ["0.3334", "0.3333", "0.3333"]),
        ("9.995 USD", 1, ["10.00"]),
        ("9999999999999999998.99 USD", 2, ["4999999999999999999.50", "4999999999999999999.49"]),
    ],
)
def test_what_is_left_over_goes_to_the_first_orders(total: str, count: int, expected: list[str]) -> None:
    numbers = [str(index) for index in range(count)]
    assert [str(one.amount) for one in shares(money(total), numbers).values()] == expected


def test_digits_beyond_those_that_arithmetic_usually_keeps_do_not_round_an_amount_up() -> None:
    total = money("1234567890123456789.004999999999999999999999999999 USD")
    assert str(shares(total, ["1"])["1"].amount) == "1234567890123456789.00"


@given(
    st.decimals(0, largest, places=2),
    st.decimals(0, 1000, places=3),
    currencies,
    orders,
)
def test_a_percentage_is_shared_without_a_coin_lost(
    charge: Decimal, percent: Decimal, currency: str, numbers: tuple[str, ...]
) -> None:
    exact = EXACT.divide(EXACT.multiply(charge, percent), Decimal(100))
    whole = exact.quantize(minor_unit(currency), ROUND_HALF_UP, EXACT)
    of = shipment(*numbers, freight=f"{charge} {currency}")
    asked = rule("percentage", value=percent)
    if whole.adjusted() > 18:
        assert "which is no amount" in refusal(asked, of)
        return
    found = [share_of(asked, of, number) for number in numbers]
    assert summed(found) == whole


# -- which amount --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (rule(), "9.50 USD"),
        (rule("actual"), "8.10 USD"),
        (rule("list"), "12.00 USD"),
        (rule("percentage", value="110"), "10.45 USD"),
        (rule("percentage", value="50", of="list"), "6.00 USD"),
        (rule("percentage", value="33.333", of="actual"), "2.70 USD"),
        (rule("percentage", value="0"), "0.00 USD"),
        (rule("fixed", value="7.5"), "7.50 USD"),
        (rule(handling=True), "10.50 USD"),
        (rule("fixed", value="7.5", handling=True), "8.50 USD"),
        (rule("percentage", value="10", handling=True), "1.95 USD"),
        (rule("none"), "None"),
    ],
)
def test_the_rule_says_which_charge_is_taken(asked: Freight, expected: str) -> None:
    of = shipment(freight="9.50", freight_cost="8.10", freight_list="12.00", handling="1.00")
    assert share(asked, of) == expected


def test_handling_is_added_only_where_the_shipment_says_some() -> None:
    assert share(rule(handling=True), shipment(freight="9.50")) == "9.50 USD"


def test_handling_is_shared_with_the_freight() -> None:
    of = shipment("1", "2", freight="9.50", handling="1.01")
    assert [share(rule(handling=True), of, number) for number in ("1", "2")] == ["5.26 USD", "5.25 USD"]


def test_handling_in_another_currency_is_refused_in_words() -> None:
    text = refusal(rule(handling=True), shipment(freight="9.50 USD", handling="1.00 EUR"))
    assert "the handling of shipment SH1 is in EUR, and its freight in USD" in text


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (rule(), "applied"),
        (rule("actual"), "actual"),
        (rule("list"), "list"),
        (rule("percentage", value="110", of="actual"), "actual"),
    ],
)
def test_a_charge_that_the_shipment_does_not_say_is_named(asked: Freight, name: str) -> None:
    text = refusal(asked, shipment(handling="1.00"))
    assert text.startswith(f"shipment SH1 says no {name} freight charge")


@pytest.mark.parametrize(
    ("order_currency", "charge", "expected"),
    [("EUR", "9.50 USD", "5.00 EUR"), ("", "9.50 USD", "5.00 USD"), ("JPY", "9.50 USD", "5 JPY")],
    ids=["that of the order", "that of the charge where the order's is not known", "whole coins of it"],
)
def test_a_fixed_freight_is_in_the_currency_of_the_order(
    order_currency: str, charge: str, expected: str
) -> None:
    assert share(rule("fixed", value="5"), shipment(freight=charge), "1", order_currency) == expected


def test_a_fixed_freight_without_any_currency_is_refused() -> None:
    assert "names no currency" in refusal(rule("fixed", value="5"), shipment(), "")


def test_a_freight_that_no_amount_can_hold_is_refused_and_not_a_defect() -> None:
    of = shipment(freight="9000000000000000000.00")
    assert "comes to 18000000000000000000.00 USD" in refusal(rule("percentage", value="200"), of)


# -- shares that the source states ---------------------------------------------------------------------------


def stated(*parts: tuple[str, str], **members: Any) -> Shipment:
    """A shipment of the orders 1 and 2, whose freight its source has shared out."""
    given = [{"order": number, "amount": money(text)} for number, text in parts]
    return shipment("1", "2", freight_shares=given, **{"freight": "10.00"} | members)


def test_shares_that_the_source_states_are_taken() -> None:
    of = stated(("1", "7.00"), ("2", "3.00"))
    assert [share(rule(), of, number) for number in ("1", "2")] == ["7.00 USD", "3.00 USD"]


def test_shares_of_one_order_count_together() -> None:
    of = stated(("1", "4.00"), ("2", "3.00"), ("1", "3.00"))
    assert share(rule(), of, "1") == "7.00 USD"


@pytest.mark.parametrize(
    "asked",
    [rule("actual"), rule("fixed", value="10"), rule("percentage", value="100"), rule(handling=True)],
    ids=["actual", "fixed", "percentage", "with handling"],
)
def test_shares_of_the_applied_charge_say_nothing_about_another_amount(asked: Freight) -> None:
    of = stated(("1", "7.00"), ("2", "3.00"), freight_cost="10.00")
    assert share(asked, of, "1") == "5.00 USD"


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ((("1", "7.00"), ("2", "2.99")), "add up to 9.99 USD, and its freight is 10.00 USD"),
        ((("1", "5.00"), ("1", "5.00"), ("2", "5.00")), "add up to 15.00 USD"),
        ((("1", "10.00"),), "gives freight to 1, and ships 1, 2"),
        ((("1", "5.00"), ("2", "2.50"), ("3", "2.50")), "gives freight to 1, 2, 3, and ships 1, 2"),
        ((("1", "5.00"), ("2", "5.00 EUR")), "gives order 2 5.00 EUR of a freight in USD"),
        ((("1", "5.005"), ("2", "4.995")), "gives order 1 5.005 USD, which is no whole number of 0.01"),
    ],
    ids=["too little", "twice the same", "an order left out", "a foreign order", "currency", "split coin"],
)
def test_shares_that_do_not_fit_are_refused_and_say_why(
    parts: tuple[tuple[str, str], ...], text: str
) -> None:
    assert text in refusal(rule(), stated(*parts))


def test_shares_of_a_charge_that_is_not_said_are_refused() -> None:
    of = shipment("1", "2", freight_shares=[{"order": "1", "amount": money("5.00")}])
    assert "says no applied freight charge" in refusal(rule(), of)
