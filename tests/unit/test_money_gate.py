"""The money gate: no refund passes whose parts do not make up its total, or that gives back more than was paid."""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import Rejected
from connector.money_gate import Gate, checked, passed, rounded
from connector.systems.magento.billing import read_refund
from connector.systems.magento.billing_wire import CreditMemo
from connector.systems.magento.source import read_order
from schemas.base import Money, minor_unit
from schemas.documents import Order, Refund
from schemas.refunds import RefundRules
from tests.contract.test_magento_readings import MEMOS, order_of

EXACT = Context(prec=200)
CURRENCIES = {"JPY": 0, "USD": 2, "KWD": 3}
"""A currency for each number of decimals."""
ROUNDING = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN}
MONEY = {"shipping", "tax", "adjustment_refund", "adjustment_fee", "total", "store_credit", "gift_cards"}

largest = Decimal(10) ** 18
amounts = st.decimals(-largest, largest, places=6) | st.just(Decimal("0.005")) | st.just(Decimal("-0.5"))
prices = st.decimals(0, 10**9, places=3)
currencies = st.sampled_from(sorted(CURRENCIES))
rules_of_rounding = st.sampled_from(sorted(ROUNDING))


def money(text: str) -> Money:
    amount, _, currency = text.partition(" ")
    return Money(amount=Decimal(amount), currency=currency or "USD")


def refund(*lines: str, currency: str = "USD", **members: Any) -> Refund:
    """A refund of these lines, each `total` or `total-discount`; amounts are texts, with their currency behind them."""
    rows = []
    for number, text in enumerate(lines):
        total, _, discount = text.partition("-")
        rows.append({"sku": f"S{number}", "quantity": "1", "total": money(total)})
        if discount:
            rows[-1]["discount"] = money(discount)
    given = {name: money(value) if name in MONEY else value for name, value in members.items()}
    return Refund.model_validate(
        {"number": "CM1", "order": "1001", "currency": currency, "lines": rows, **given}
    )


def order(paid: str | None = "100.00", refunded: str | None = None) -> Order:
    said = {"paid": paid, "refunded": refunded}
    return Order.model_validate(
        {"number": "1001", "currency": "USD", **{name: money(text) for name, text in said.items() if text}}
    )


def rules(**changes: Any) -> RefundRules:
    return RefundRules.model_validate(changes)


def sentence(of: Refund, known: Order | None = None, **changes: Any) -> str:
    return checked(of, known, rules(**changes)).sentence


def columns(gate: Gate) -> dict[str, tuple[str, str]]:
    return {row.label: (row.counted, row.said) for row in gate.rows}


# -- parts and total -----------------------------------------------------------------------------------------


def test_parts_that_make_up_the_total_pass_and_both_columns_are_kept() -> None:
    of = refund(
        "20.00-2.00",
        "5.00",
        shipping="4.00",
        tax="1.50",
        adjustment_refund="3.00",
        adjustment_fee="1.00",
        total="30.5",
    )
    gate = passed(of, order(refunded="40.00"), rules())
    assert (gate.currency, gate.sentence) == ("USD", "")
    assert columns(gate) == {
        "lines": ("23.00", ""),
        "shipping": ("4.00", "4.00"),
        "tax": ("1.50", "1.50"),
        "adjustment refund": ("3.00", "3.00"),
        "adjustment fee": ("-1.00", "1.00"),
        "total": ("30.50", "30.5"),
        "given back of the order": ("40.00", "40.00"),
        "paid for the order": ("100.00", "100.00"),
    }


@pytest.mark.parametrize("total", ["24.99", "25.01", "250.00", "0.00"])
def test_a_total_that_is_off_by_a_cent_is_refused_with_both_columns(total: str) -> None:
    with pytest.raises(Rejected) as refused:
        passed(refund("20.00", tax="5.00", total=total), order(), rules())
    assert refused.value.code == "money"
    text = refused.value.message
    assert text.startswith(f"refund CM1: its parts add up to 25.00, and its total is {total}")
    for column in ("lines 20.00", "tax 5.00 (source: 5.00)", f"total 25.00 (source: {total})"):
        assert column in text


def test_a_refund_of_an_adjustment_alone_adds_up() -> None:
    assert sentence(refund(adjustment_refund="1.50", total="1.5"), order()) == ""


def test_a_total_without_any_parts_is_refused() -> None:
    assert "its parts add up to 0.00, and its total is 1.00" in sentence(refund(total="1.00"))


def test_a_refund_that_would_take_money_is_refused() -> None:
    assert sentence(refund("5.00", adjustment_fee="6.00", total="-1.00")).startswith("its total is -1.00")


@given(
    st.lists(st.tuples(prices, prices), max_size=6),
    st.tuples(prices, prices, prices, prices),
    currencies,
    rules_of_rounding,
    st.integers(-3, 3),
)
def test_exactly_the_sum_of_the_rounded_parts_passes(
    lines: list[tuple[Decimal, Decimal]],
    others: tuple[Decimal, ...],
    currency: str,
    rounding: Literal["half_up", "half_even"],
    off: int,
) -> None:
    unit = minor_unit(currency)

    def whole(amount: Decimal) -> Decimal:
        return amount.quantize(unit, ROUNDING[rounding])

    shipping, tax, back, fee = others
    total = sum((whole(total - discount) for total, discount in lines), Decimal(0))
    total += whole(shipping) + whole(tax) + whole(back) - whole(fee) + off * unit
    in_currency = {"currency": currency}
    of = Refund.model_validate(
        {
            "number": "CM1",
            "order": "1",
            "currency": currency,
            "lines": [
                {
                    "sku": "A",
                    "quantity": "1",
                    "total": {"amount": one, **in_currency},
                    "discount": {"amount": less, **in_currency},
                }
                for one, less in lines
            ],
            "shipping": {"amount": shipping, **in_currency},
            "tax": {"amount": tax, **in_currency},
            "adjustment_refund": {"amount": back, **in_currency},
            "adjustment_fee": {"amount": fee, **in_currency},
            "total": {"amount": total, **in_currency},
        }
    )
    assert ("add up" in sentence(of, rounding=rounding)) == (off != 0)
    assert "add up" not in sentence(of, rounding=rounding, tolerance=abs(off) * unit)


# -- rounding ------------------------------------------------------------------------------------------------


@given(amounts, currencies, rules_of_rounding)
def test_amounts_are_rounded_to_whole_coins_by_the_rule_of_the_flow(
    amount: Decimal, currency: str, rounding: Literal["half_up", "half_even"]
) -> None:
    found = rounded(amount, currency, rules(rounding=rounding))
    assert found.as_tuple().exponent == -CURRENCIES[currency]
    assert abs(EXACT.subtract(found, amount)) * 2 <= minor_unit(currency)
    assert found == EXACT.quantize(amount, minor_unit(currency)) or rounding == "half_up"


@pytest.mark.parametrize(
    ("text", "half_up", "half_even"),
    [
        ("0.5 JPY", "1", "0"),
        ("1.5 JPY", "2", "2"),
        ("-0.5 JPY", "-1", "-0"),
        ("0.005 USD", "0.01", "0.00"),
        ("0.015 USD", "0.02", "0.02"),
        ("2.675 USD", "2.68", "2.68"),
        ("-2.665 USD", "-2.67", "-2.66"),
        ("0.0005 KWD", "0.001", "0.000"),
        ("0.0025 KWD", "0.003", "0.002"),
        ("1234567890123456789.004999999999999999999999999999 USD", *["1234567890123456789.00"] * 2),
    ],
)
def test_a_half_goes_up_or_to_the_even_coin(text: str, half_up: str, half_even: str) -> None:
    one = money(text)
    assert str(rounded(one.amount, one.currency, rules(rounding="half_up"))) == half_up
    assert str(rounded(one.amount, one.currency, rules(rounding="half_even"))) == half_even


def test_which_rule_rounds_decides_whether_the_parts_add_up() -> None:
    of = refund("10.005", "10.005", total="20.02")
    assert sentence(of, rounding="half_up") == ""
    assert sentence(of, rounding="half_even") == "its parts add up to 20.00, and its total is 20.02"


def test_each_line_is_rounded_by_itself_after_its_discount() -> None:
    of = refund("10.004-0.006", "3.333", "3.333", "3.333", total="19.99")
    assert columns(checked(of, None, rules()))["lines"] == ("19.99", "")
    assert sentence(of) == ""


def test_a_currency_without_cents_is_counted_in_whole_units() -> None:
    of = refund("1000 JPY", "99.5 JPY", currency="JPY", total="1100 JPY")
    assert columns(checked(of, None, rules()))["total"] == ("1100", "1100")
    assert sentence(of) == ""


# -- tolerance -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tolerance", "total", "passes"),
    [("0.00", "25.01", False), ("0.01", "25.01", True), ("0.01", "24.99", True), ("0.01", "25.02", False)],
)
def test_parts_and_total_may_differ_by_the_tolerance_and_not_by_more(
    tolerance: str, total: str, passes: bool
) -> None:
    assert (sentence(refund("25.00", total=total), tolerance=tolerance) == "") == passes


def test_what_is_paid_may_be_exceeded_by_the_tolerance_and_not_by_more() -> None:
    assert sentence(refund("100.02", total="100.02"), order(), tolerance="0.02") == ""
    assert "100.02 of order 1001" in sentence(refund("100.02", total="100.02"), order(), tolerance="0.01")


# -- currencies ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("of", "known", "text"),
    [
        (refund("20.00", total="20.00 EUR"), None, "its total is in EUR, and the refund in USD"),
        (refund("20.00", shipping="5 EUR", total="25.00"), None, "its shipping is in EUR"),
        (refund("20.00 EUR", total="20.00"), None, "line S0 is in EUR, and the refund in USD"),
        (refund("20.00-1.00 EUR", total="20.00"), None, "line S0 is in EUR"),
        (refund("20.00", store_credit="1.00 EUR", total="20.00"), None, "its store credit is in EUR"),
        (refund("20.00", total="20.00"), order("100.00 EUR"), "what was paid for order 1001 is in EUR"),
        (refund("20.00", total="20.00"), order("100.00", "20.00 EUR"), "given back of order 1001 is in EUR"),
    ],
    ids=["total", "shipping", "line", "discount", "store credit", "paid", "given back"],
)
def test_amounts_in_another_currency_are_refused_and_never_counted_together(
    of: Refund, known: Order | None, text: str
) -> None:
    gate = checked(of, known, rules(tolerance="1000"))
    assert text in gate.sentence
    assert gate.rows == ()
    with pytest.raises(Rejected) as refused:
        passed(of, known, rules())
    assert refused.value.code == "money"
    assert text in refused.value.message


# -- no more than was paid -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("total", "refunded", "back"),
    [
        ("100.00", None, ""),
        ("100.01", None, "100.01"),
        ("20.00", "100.00", ""),
        ("20.00", "100.01", "100.01"),
        ("30.00", "80.00", ""),
        ("100.01", "80.00", "100.01"),
    ],
    ids=[
        "all that was paid",
        "a cent more",
        "the last of several",
        "several that are a cent more together",
        "one that the sum at the source counts already, or may",
        "one that is more by itself",
    ],
)
def test_no_more_goes_back_than_was_paid_all_refunds_of_the_order_together(
    total: str, refunded: str | None, back: str
) -> None:
    of, known = refund(total, total=total), order("100.00", refunded)
    expected = f"{back} of order 1001 would be given back, and 100.00 was paid"
    assert sentence(of, known) == (expected if back else "")
    if back:
        with pytest.raises(Rejected, match=f"given back of the order {back}.*paid for the order 100.00"):
            passed(of, known, rules())


def test_an_order_for_which_nothing_was_paid_gives_nothing_back() -> None:
    assert "0.00 was paid" in sentence(refund("1.00", total="1.00"), order("0"))


@pytest.mark.parametrize("known", [None, order(paid=None), order(paid=None, refunded="999.00")])
def test_where_it_is_not_known_what_was_paid_only_the_sum_is_looked_at(known: Order | None) -> None:
    gate = passed(refund("500.00", total="500.00"), known, rules())
    assert "paid for the order" not in columns(gate)
    assert "add up" in sentence(refund("500.00", total="499.00"), known)


def test_everything_that_does_not_hold_is_told_at_once() -> None:
    found = sentence(refund("100.00", total="150.00"), order())
    assert "add up to 100.00" in found
    assert "150.00 of order 1001 would be given back" in found


# -- what shops said -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("rounding", ROUNDING)
@pytest.mark.parametrize("body", MEMOS.values(), ids=MEMOS.keys())
def test_every_recorded_credit_memo_passes_as_it_stands(body: dict[str, Any], rounding: str) -> None:
    at_shop = order_of(body)
    gate = passed(
        read_refund(CreditMemo.model_validate(body), at_shop),
        read_order(at_shop, "shop"),
        rules(rounding=rounding),
    )
    assert {"total", "paid for the order"} <= columns(gate).keys()
