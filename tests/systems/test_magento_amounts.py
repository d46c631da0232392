"""What a pushed order comes to: lines, discounts, taxes and shipping that make up its total to the cent."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import Rejected
from connector.systems.magento.amounts import Reckoning, reckon, spread
from schemas.base import Money
from schemas.documents import Order
from tests.systems.magento_steps import erp_order, line, usd

CENTS = st.integers(min_value=0, max_value=10**7).map(lambda cents: Decimal(cents) / 100)


def rows(found: Reckoning) -> list[tuple[str, ...]]:
    """Of each line: price, total, discount and tax, as text."""
    return [
        tuple(f"{value:.2f}" for value in (row.price, row.total, row.discount, row.tax)) for row in found.rows
    ]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (erp_order(), [("10.00", "20.00", "0.00", "0.00")]),
        (
            erp_order(
                line("MUG", 2, discount=usd(2), total=usd(18)), line("CUP", 1), shipping=usd(0), total=usd(28)
            ),
            [("10.00", "20.00", "2.00", "0.00"), ("10.00", "10.00", "0.00", "0.00")],
        ),
        (
            erp_order(
                line("MUG", 2, discount=usd(2), total=usd(20)), line("CUP", 1), discount=usd(2), total=usd(33)
            ),
            [("10.00", "20.00", "2.00", "0.00"), ("10.00", "10.00", "0.00", "0.00")],
        ),
        (
            erp_order(
                line("MUG", 2, discount=usd(2), total=usd(18)), line("CUP", 1), discount=usd(7), total=usd(26)
            ),
            [("10.00", "20.00", "6.50", "0.00"), ("10.00", "10.00", "2.50", "0.00")],
        ),
        (
            erp_order(line("MUG", 2), line("CUP", 1), tax=usd("1.00"), total=usd(36)),
            [("10.00", "20.00", "0.00", "0.67"), ("10.00", "10.00", "0.00", "0.33")],
        ),
        (
            erp_order(line("MUG", 3, None, total=usd("10.00")), shipping=None, total=usd(10)),
            [("3.33", "10.00", "0.00", "0.00")],
        ),
        (
            erp_order(
                line("KIT", 1, "30", tax=usd(0), discount=usd(0)),
                line("MUG", 2, None, parent_reference="kit", tax=usd(2), discount=usd(3)),
                shipping=usd(0),
                tax=usd(2),
                discount=usd(3),
                total=usd(29),
            ),
            [("30.00", "30.00", "3.00", "2.00")],
        ),
    ],
    ids=[
        "plain",
        "a line's discount in its total",
        "a line's discount in the order's",
        "discounts of a line and of the order",
        "the order's tax",
        "a total without a price",
        "components counted in",
    ],
)
def test_what_is_known_of_the_whole_order_is_divided_among_its_lines(
    order: Order, expected: list[tuple[str, ...]]
) -> None:
    """The lines bear all discounts and taxes, since Magento invoices and refunds by lines."""
    found = reckon(order)
    assert rows(found) == expected
    assert order.total is not None
    assert found.grand_total == order.total.amount


def test_tax_beyond_that_of_the_lines_is_the_shippings() -> None:
    order = erp_order(line("MUG", 2, tax=usd("1.65")), tax=usd("2.06"), total=usd("27.06"))
    found = reckon(order)
    assert (found.rows[0].tax, found.shipping_tax, found.tax) == (
        Decimal("1.65"),
        Decimal("0.41"),
        Decimal("2.06"),
    )


def test_without_a_total_the_parts_make_it() -> None:
    order = erp_order(line("MUG", 2, discount=usd(1)), discount=usd(3), tax=usd(2), total=None)
    assert reckon(order).grand_total == Decimal(24)


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (erp_order(total=usd("25.01")), r"do not make up its total of 25\.01 USD: lines 20\.00, shipping 5"),
        (erp_order(line("MUG", 2, None)), r"line mug \(MUG\) of order SO-000123 has neither price nor total"),
        (erp_order(line("MUG", 0)), "SO-000123 has no lines with a quantity"),
        (
            erp_order(shipping=Money(amount=Decimal(5), currency="EUR")),
            "is in USD, but one of its amounts is 5 EUR",
        ),
    ],
    ids=["a cent too much", "no price", "no lines", "two currencies"],
)
def test_what_does_not_add_up_is_for_a_person(order: Order, words: str) -> None:
    with pytest.raises(Rejected, match=words):
        reckon(order)


@given(CENTS, st.lists(CENTS, min_size=1, max_size=30))
def test_shares_add_up_and_none_is_a_cent_off(amount: Decimal, weights: list[Decimal]) -> None:
    """Whatever is divided, nothing is lost and each share is within a cent of its due."""
    shares = spread(amount, weights)
    assert sum(shares) == amount
    whole = sum(weights) or Decimal(len(weights))
    for share, weight in zip(shares, weights if any(weights) else [Decimal(1)] * len(weights), strict=True):
        assert abs(share - amount * weight / whole) <= Decimal("0.01")


def test_in_another_currency_the_total_is_made_of_the_rounded_parts() -> None:
    order = erp_order(line("MUG", 3, "3.33"), line("CUP", 1, "0.05"), tax=usd("1.01"), total=usd("16.05"))
    found = reckon(order).at_rate(Decimal("0.9"))
    assert found.subtotal == sum(row.total for row in found.rows)
    assert found.grand_total == found.subtotal + found.shipping + found.tax
    assert abs(found.grand_total - Decimal("16.05") / Decimal("0.9")) < Decimal("0.05")
