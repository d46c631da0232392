"""Lines and amounts of invoices and credit memos of which the recording has no example: families, taxes, discounts."""

from decimal import Decimal
from typing import Any

import pytest

from connector.errors import NotUnderstood
from connector.systems.magento import wire
from connector.systems.magento.billing import read_invoice, read_refund
from connector.systems.magento.billing_wire import CreditMemo, Invoice


def item(key: int, sku: str, qty: int, row_total: int | None, **more: Any) -> dict[str, Any]:
    return {"order_item_id": key, "sku": sku, "qty": qty, "row_total": row_total, **more}


BILLED = {"entity_id": 1, "increment_id": "1", "order_id": 1, "state": 2, "order_currency_code": "USD"}
FAMILY = wire.Order.model_validate(
    {
        "entity_id": 1,
        "increment_id": "000000001",
        "items": [
            {"item_id": 1, "sku": "HEAD"},
            {"item_id": 2, "sku": "PART-1", "parent_item_id": 1},
            {"item_id": 3, "sku": "PART-2", "parent_item_id": 1},
        ],
    }
)


@pytest.mark.parametrize(
    ("rows", "charged"),
    [
        (
            [item(1, "HEAD", 1, None), item(2, "PART-1", 2, 50), item(3, "PART-2", 4, 40)],
            ["PART-1", "PART-2"],
        ),
        ([item(1, "HEAD", 1, 90), item(2, "PART-1", 2, 50), item(3, "PART-2", 4, 40)], ["PART-1", "PART-2"]),
        ([item(2, "PART-1", 2, 50)], ["PART-1"]),
        ([item(1, "HEAD", 1, None), item(2, "PART-1", 2, 50), item(3, "PART-2", 4, 0)], ["PART-1", "PART-2"]),
        ([item(1, "HEAD", 1, 90), item(2, "PART-1", 2, 0), item(3, "PART-2", 4, None)], ["HEAD"]),
        ([item(1, "HEAD", 1, 0), item(2, "PART-1", 1, 0)], ["HEAD"]),
    ],
    ids=[
        "priced parts",
        "priced parts, sum at the head",
        "one part",
        "a part for nothing",
        "priced head",
        "free",
    ],
)
def test_of_a_family_the_lines_that_bear_the_money_are_billed(rows: list[Any], charged: list[str]) -> None:
    """The same goods never stand there twice."""
    invoice = read_invoice(Invoice.model_validate({**BILLED, "grand_total": 90, "items": rows}), FAMILY)
    assert [line.sku for line in invoice.lines] == charged


def test_tax_that_hides_in_a_discount_is_taken_out_of_it() -> None:
    """With prices including tax the discount has tax in it; without it, lines, tax and shipping still add up."""
    body = {
        **BILLED,
        "grand_total": Decimal("113.10"),
        "tax_amount": Decimal("18.10"),
        "shipping_amount": 5,
        "discount_amount": Decimal("-11.90"),
        "discount_tax_compensation_amount": Decimal("1.90"),
        "items": [
            item(
                1,
                "HEAD",
                1,
                100,
                discount_amount="11.90",
                discount_tax_compensation_amount="1.90",
                tax_amount="18.10",
            )
        ],
    }
    invoice = read_invoice(Invoice.model_validate(body), FAMILY)
    assert invoice.discount is not None
    assert invoice.discount.amount == 10
    assert 100 + 5 + Decimal("18.10") - invoice.discount.amount == invoice.total.amount


def test_a_discount_on_shipping_lowers_the_shipping_that_is_given_back() -> None:
    """A refund has no discount of its own but those of its lines."""
    body = {**BILLED, "grand_total": 12, "shipping_amount": 5, "discount_amount": -3}
    body |= {"items": [item(1, "HEAD", 1, 10, discount_amount=2)]}
    refund = read_refund(CreditMemo.model_validate(body), FAMILY)
    assert refund.shipping is not None
    assert refund.shipping.amount == 4
    assert 10 - 2 + refund.shipping.amount == refund.total.amount


@pytest.mark.parametrize("change", [{"state": 9}, {"state": None}, {"order_currency_code": None}])
def test_an_invoice_that_says_too_little_is_not_understood(change: dict[str, Any]) -> None:
    """No state is guessed, and no currency."""
    with pytest.raises(NotUnderstood):
        read_invoice(Invoice.model_validate({**BILLED, "grand_total": 1, **change}), FAMILY)
