"""What stands on a refund's document at NetSuite (lines, shipping, fees, tax, rates), and what is refused."""

from decimal import Decimal

import pytest

from connector.errors import MappingMissing, NotFound, Partial, Rejected
from connector.planned import RefundStep
from connector.systems.base import Effect, Field, Known
from connector.systems.netsuite import refunding
from connector.systems.netsuite.client import Client
from connector.systems.netsuite.refunding import RefundRecipe
from schemas.base import DocumentRef
from schemas.refunds import RefundRules
from tests.systems.netsuite_refund_site import CONNECTION, Account, account, back, refund, served_account, usd

__all__ = ["account", "served_account"]


def _lines(account: Account, record: str, key: str) -> list[tuple[object, ...]]:
    """Article, quantity and amount of each line."""
    rows = account.record(record, key)["item"]["items"]
    return [(row["item"]["refName"], Decimal(row["quantity"]), Decimal(row["amount"])) for row in rows]


# -- lines -----------------------------------------------------------------------------------------------------


def test_a_part_of_one_line_is_given_back_and_no_other_line(account: Account) -> None:
    order = account.order("paid")

    done = account.run(refund(order, "18.00", back("MUG", "2", "20.00", discount=usd("2.00"))))

    assert _lines(account, "creditMemo", done.id) == [("MUG", 2, 18)]
    assert all("replace=item" in row["query"] for row in account.requests("POST", "transform/creditMemo"))


def test_several_refunds_of_an_order_have_a_document_each(account: Account) -> None:
    order = account.order("cash_sale")

    first = account.run(refund(order, "10.00", back("MUG", "1", "10.00"), number="R1"))
    second = account.run(refund(order, "20.00", back("MUG", "2", "20.00"), number="R2"))

    assert first.id != second.id
    assert {one["id"] for one in account.records("cashRefund", order)} == {first.id, second.id}


def test_more_pieces_than_are_left_are_refused(account: Account) -> None:
    order = account.order("paid")
    account.run(refund(order, "20.00", back("MUG", "2", "20.00"), number="R1"))

    with pytest.raises(Rejected) as refused:
        account.run(refund(order, "20.00", back("MUG", "2", "20.00"), number="R2"))

    assert refused.value.code == "too much"
    assert "2 of MUG" in refused.value.message
    assert len(account.records("creditMemo", order)) == 1


def test_an_article_that_the_order_has_not_is_named(account: Account) -> None:
    order = account.order("paid")

    with pytest.raises(MappingMissing, match="GUIDE"):
        account.run(refund(order, "5.00", back("GUIDE", "1", "5.00")))


def test_two_lines_of_one_article_become_one(account: Account) -> None:
    order = account.order("paid")

    done = account.run(refund(order, "29.00", back("MUG", "1", "9.00"), back("MUG", "2", "20.00")))

    assert _lines(account, "creditMemo", done.id) == [("MUG", 3, 29)]


def test_an_article_on_two_lines_is_taken_from_both(account: Account) -> None:
    lines = [
        {"item": "MUG", "quantity": "1", "rate": "10.00"},
        {"item": "MUG", "quantity": "2", "rate": "9.00"},
    ]
    order = account.order("paid", lines)

    done = account.run(refund(order, "28.00", back("MUG", "3", "28.00")))

    rows = account.record("creditMemo", done.id)["item"]["items"]
    assert sum(Decimal(row["quantity"]) for row in rows) == 3
    assert sum(Decimal(row["amount"]) for row in rows) == 28


def test_what_is_not_billed_yet_of_a_part_billed_order_is_waited_for(account: Account) -> None:
    order = account.order("fulfilled")
    mug = account.record("salesOrder", order.id)["item"]["items"][0]["line"]
    account.post(f"orders/{order.id}/invoice", {"lines": [{"orderLine": mug, "quantity": "3"}]})

    with pytest.raises(NotFound) as missing:
        account.run(refund(order, "25.50", back("LAMP", "1", "25.50")))

    assert missing.value.code == "not billed"


def test_a_refund_over_two_invoices_is_one_credit_memo_applied_to_both(account: Account) -> None:
    order = account.order("fulfilled")
    mug, lamp = (row["line"] for row in account.record("salesOrder", order.id)["item"]["items"])
    for line, quantity in ((mug, "3"), (lamp, "2")):
        account.post(f"orders/{order.id}/invoice", {"lines": [{"orderLine": line, "quantity": quantity}]})
    step = refund(order, "55.50", back("MUG", "3", "30.00"), back("LAMP", "1", "25.50"))

    done = account.run(step)

    memo = account.record("creditMemo", done.id)
    applied = [(row["doc"]["id"], row["amount"]) for row in memo["apply"]["items"] if row["apply"]]
    first, second = (one["id"] for one in account.records("invoice", order))
    assert applied == [(first, 30), (second, Decimal("25.50"))]
    assert account.run(step).adopted


def test_an_order_that_is_linked_is_found_by_its_own_number(account: Account) -> None:
    order = account.order("paid", otherRefNum="")
    linked = DocumentRef(connection=CONNECTION, kind="order", number=order.made["tranId"], key=order.id)

    done = account.run(refund(order, "10.00", back("MUG", "1", "10.00")), Known(order=linked))

    assert done.record == "creditMemo"


# -- amounts ---------------------------------------------------------------------------------------------------


def test_an_amount_without_lines_stands_on_the_adjustment_item(account: Account) -> None:
    order = account.order("paid")

    done = account.run(refund(order, "7.50", adjustment_refund="7.50"))

    assert _lines(account, "creditMemo", done.id) == [("ADJUSTMENT", 1, Decimal("7.50"))]


def test_without_an_adjustment_item_such_an_amount_is_refused_before_anything_is_sent(
    account: Account,
) -> None:
    order = account.order("paid")

    with pytest.raises(MappingMissing, match=r"items\.adjustment"):
        account.run(refund(order, "7.50", adjustment_refund="7.50"), items={})

    assert not account.requests("POST", "!transform")


def test_a_fee_is_taken_off(account: Account) -> None:
    order = account.order("cash_sale")

    done = account.run(refund(order, "16.00", back("MUG", "2", "20.00"), adjustment_fee="4.00"))

    assert _lines(account, "cashRefund", done.id) == [("MUG", 2, 20), ("ADJUSTMENT", 1, -4)]


@pytest.mark.parametrize(("given", "there"), [("", 0), ("2.00", 2)])
def test_of_the_shipping_so_much_comes_back_as_was_given_back(
    account: Account, given: str, there: int
) -> None:
    order = account.order("paid", shippingCost="5.00")
    total = Decimal(10) + there

    done = account.run(refund(order, f"{total:.2f}", back("MUG", "1", "10.00"), shipping=given or None))

    assert Decimal(account.record("creditMemo", done.id)["shippingCost"]) == there


def test_shipping_alone_may_be_given_back(account: Account) -> None:
    order = account.order("paid", shippingCost="5.00")

    done = account.run(refund(order, "5.00", shipping="5.00"))

    assert Decimal(account.record("creditMemo", done.id)["total"]) == 5


def test_shipping_stands_on_its_item_where_the_connection_has_one(account: Account) -> None:
    order = account.order("paid", shippingCost="5.00")
    items = {"adjustment": account.items["ADJUSTMENT"], "shipping": account.items["POSTAGE"]}

    done = account.run(refund(order, "13.00", back("MUG", "1", "10.00"), shipping="3.00"), items=items)

    assert _lines(account, "creditMemo", done.id) == [("MUG", 1, 10), ("POSTAGE", 1, 3)]


def test_the_discount_of_a_bill_is_not_taken_off_once_more(account: Account) -> None:
    order = account.order("paid")
    account.post(f"edit/invoice/{order.made['invoice']}", {"discountRate": "-1.00"})

    done = account.run(refund(order, "19.00", back("MUG", "2", "20.00", discount=usd("1.00"))))

    assert Decimal(account.record("creditMemo", done.id)["total"]) == 19


def test_tax_is_netsuites_own_and_the_total_is_compared_with_it(account: Account) -> None:
    account.post("options", {"tax_rate": "10"})
    order = account.order("paid")

    done = account.run(refund(order, "22.00", back("MUG", "2", "20.00"), tax="2.00"))

    assert Decimal(account.record("creditMemo", done.id)["total"]) == 22


def test_a_total_that_differs_by_a_cent_is_partial_with_both_sides(account: Account) -> None:
    account.post("options", {"tax_rate": "10"})
    order = account.order("paid")
    step = refund(order, "21.99", back("MUG", "2", "20.00"), tax="1.99")

    with pytest.raises(Partial) as partial:
        account.run(step)

    assert "21.99 USD" in partial.value.message
    assert "22.00 USD" in partial.value.message
    with pytest.raises(Partial):
        account.run(step)
    assert len(account.records("creditMemo", order)) == 1


def test_what_the_flow_tolerates_is_no_difference(account: Account) -> None:
    account.post("options", {"tax_rate": "10"})
    order = account.order("paid")
    rules = RefundRules(restock="always", tolerance=Decimal("0.01"))

    assert account.run(refund(order, "21.99", back("MUG", "2", "20.00"), tax="1.99", rules=rules)).record


def test_the_rate_and_currency_of_the_bill_are_carried(account: Account) -> None:
    order = account.order("paid", currency="EUR")
    account.post(f"edit/invoice/{order.made['invoice']}", {"exchangeRate": "1.08"})

    line = back("MUG", "1", "10.00").model_copy(update={"total": usd("10.00", "EUR")})
    done = account.run(refund(order, "10.00", line, currency="EUR"))

    memo = account.record("creditMemo", done.id)
    assert (memo["currencysymbol"], Decimal(memo["exchangeRate"])) == ("EUR", Decimal("1.08"))


def test_a_refund_in_another_currency_than_its_order_is_refused(account: Account) -> None:
    order = account.order("paid", currency="EUR")

    with pytest.raises(Rejected) as refused:
        account.run(refund(order, "10.00", back("MUG", "1", "10.00")))

    assert refused.value.code == "money"
    assert "USD" in refused.value.message
    assert "EUR" in refused.value.message


# -- stock and money -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("restock", "told", "article"),
    [
        ("as_told", True, "MUG"),
        ("as_told", False, "ADJUSTMENT"),
        ("never", True, "ADJUSTMENT"),
        ("always", False, "MUG"),
    ],
)
def test_goods_return_to_the_stock_by_the_rule(
    account: Account, restock: str, told: bool, article: str
) -> None:
    order = account.order("cash_sale")
    rules = RefundRules.model_validate({"restock": restock})

    done = account.run(refund(order, "10.00", back("MUG", "1", "10.00", restock=told), rules=rules))

    row = account.record("cashRefund", done.id)["item"]["items"][0]
    assert row["item"]["refName"] == article
    assert ("1 × MUG" in row.get("description", "")) == (article != "MUG")


def test_an_article_without_stock_is_given_back_as_itself(account: Account) -> None:
    order = account.order("paid", [{"item": "GUIDE", "quantity": "1", "rate": "5.00"}])

    done = account.run(refund(order, "5.00", back("GUIDE", "1", "5.00"), rules=RefundRules(restock="never")))

    assert _lines(account, "creditMemo", done.id) == [("GUIDE", 1, 5)]


@pytest.mark.parametrize("state", ["cash_sale", "deposit"])
def test_money_moves_only_where_the_flow_says_so(account: Account, state: str) -> None:
    refunds = {"payment_option": "7"}
    kept, moved = account.order(state), account.order(state)
    rules = RefundRules(restock="always", moves_money=True)

    account.run(refund(kept, "10.00", adjustment_refund="10.00"), refunds=refunds)
    assert not account.moved_money()

    done = account.run(refund(moved, "10.00", adjustment_refund="10.00", rules=rules), refunds=refunds)
    assert [row["id"] for row in account.moved_money()] == [done.id]


# -- done by hand ----------------------------------------------------------------------------------------------


def test_a_credit_that_a_person_entered_is_seen_as_the_refund(account: Account) -> None:
    order = account.order("paid")
    step = refund(order, "20.00", back("MUG", "2", "20.00"))
    by_hand = account.run(refund(order, "20.00", back("MUG", "2", "20.00"), number="HAND"))
    account.post(f"edit/creditMemo/{by_hand.id}", {"externalId": None})

    fields, effect = account.job(lambda client: _compared(client, step))

    assert [(one.expected, one.there) for one in fields] == [("20.00 USD", "20.00 USD")]
    assert (effect.document.number, effect.ours) == (by_hand.effect.document.number, False)


def test_a_refund_of_another_step_is_not_taken_for_it(account: Account) -> None:
    order = account.order("paid")
    account.run(refund(order, "10.00", back("MUG", "1", "10.00"), number="R1"))

    fields = account.job(
        lambda client: _fields(client, refund(order, "10.00", back("MUG", "1", "10.00"), number="R2"))
    )

    assert [(one.expected, one.there) for one in fields] == [("10.00 USD", "")]


def test_what_differs_by_a_cent_stands_beside_what_was_asked(account: Account) -> None:
    account.post("options", {"tax_rate": "10"})
    order = account.order("paid")
    step = refund(order, "21.99", back("MUG", "2", "20.00"), tax="1.99")
    with pytest.raises(Partial):
        account.run(step)

    fields = account.job(lambda client: _fields(client, step))

    assert [(one.expected, one.there, one.differs) for one in fields] == [("21.99 USD", "22.00 USD", True)]


def _recipe(client: Client, step: RefundStep) -> RefundRecipe:
    recipe = refunding.recipe(client, client.settings, step, Known())
    assert isinstance(recipe, RefundRecipe)
    return recipe


async def _fields(client: Client, step: RefundStep) -> tuple[Field, ...]:
    return await _recipe(client, step).compare()


async def _compared(client: Client, step: RefundStep) -> tuple[tuple[Field, ...], Effect]:
    recipe = _recipe(client, step)
    return await recipe.compare(), await recipe.standing()
