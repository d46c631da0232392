"""What the shop gave back is booked in NetSuite, by how the order is billed there; and what keeps a refund from it.

One fleet of real processes on SQLite with the embedded broker; each scenario has an order of its own in it.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from connector.status import Status
from tests.scenarios.refunds import ORDERS, PAID_OUT, REFUNDS, SHOP, TOTAL, Refunds, amount, working


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Refunds]:
    with working(tmp_path_factory.mktemp("refunds") / "home") as world:
        yield world


@pytest.fixture(autouse=True)
def no_money_moved(world: Refunds) -> Iterator[None]:
    """Whatever a scenario does: nothing is asked for that moves money."""
    yield
    assert world.money_moved() == []


def billed(world: Refunds, *work: str, payment: str = "checkmo") -> str:
    """An order of the shop that stands in NetSuite, and was worked on there."""
    order = world.synced(payment)
    world.at_netsuite(order, *work)
    return order


def totals(documents: list[dict[str, Any]]) -> list[Decimal]:
    return [amount(one["total"]) for one in documents]


def goods(document: dict[str, Any]) -> dict[str, int]:
    """Article -> how many of it."""
    return {line["item"]["refName"]: int(line["quantity"]) for line in document["item"]["items"]}


def test_a_refund_of_an_invoiced_order_becomes_a_credit_memo_to_the_cent(world: Refunds) -> None:
    # Given an order of the shop that is invoiced in NetSuite
    order = billed(world, "fulfil", "invoice", "pay")
    # When the shop gives it back
    refund = world.refund(order)
    entry = world.until(Status.PUBLISHED, REFUNDS, refund)
    # Then one credit memo of the invoice stands there, over the same amount
    (memo,) = world.documents("creditMemo", order)
    assert entry.target_number == memo["tranId"]
    assert totals([memo]) == [world.shop_total(refund)] == [TOTAL]
    assert goods(memo) == {"MUG": 3, "LAMP": 2, "TAX": 1}
    # and it was not paid out
    assert world.documents("customerRefund", order) == []


def test_a_refund_of_a_cash_sale_becomes_a_cash_refund_to_the_cent(world: Refunds) -> None:
    # Given an order that is billed as a cash sale, by card
    order = billed(world, "fulfil", "cash_sale")
    # When the shop gives it back
    refund = world.refund(order)
    world.until(Status.PUBLISHED, REFUNDS, refund)
    # Then one cash refund stands there, over the same amount, and nothing else
    assert totals(world.documents("cashRefund", order)) == [world.shop_total(refund)] == [TOTAL]
    assert world.documents("creditMemo", order) == []


def test_a_refund_of_an_order_with_only_a_deposit_becomes_a_customer_refund(world: Refunds) -> None:
    # Given an order that is not billed, and paid in advance
    order = billed(world, "deposit")
    # When the shop gives it back
    refund = world.refund(order)
    entry = world.until(Status.PUBLISHED, REFUNDS, refund)
    # Then one customer refund stands there, over the same amount
    paid = [one for one in world.records("customerRefund") if one["tranId"] == entry.target_number]
    assert totals(paid) == [world.shop_total(refund)] == [TOTAL]


def test_a_credit_memo_is_paid_out_where_the_flow_says_so(world: Refunds) -> None:
    # Given an invoiced order whose refunds the flow pays out
    order = billed(world, "fulfil", "invoice", "pay", payment="banktransfer")
    # When the shop gives it back
    refund = world.refund(order)
    world.until(Status.PUBLISHED, PAID_OUT, refund)
    # Then credit memo and customer refund stand there, over the same amount
    assert totals(world.documents("creditMemo", order)) == [TOTAL]
    assert totals(world.documents("customerRefund", order)) == [TOTAL]


def test_a_refund_of_an_unbilled_order_waits_and_goes_on_by_itself_once_it_is_billed(world: Refunds) -> None:
    # Given an order that nobody billed
    order = world.synced()
    # When the shop gives it back
    refund = world.refund(order)
    # Then the refund waits, and says for what
    waiting = world.until(Status.WAITING, REFUNDS, refund, "not billed")
    assert world.sales_order(order)["tranId"] in waiting.reason
    # When it is billed
    world.at_netsuite(order, "fulfil", "invoice")
    # Then the refund goes on by itself
    world.until(Status.PUBLISHED, REFUNDS, refund)
    assert totals(world.documents("creditMemo", order)) == [TOTAL]


def test_a_refund_whose_order_is_not_there_waits_for_its_link(world: Refunds) -> None:
    # Given an order that NetSuite cannot take, for want of an article
    order = world.order({"sku": "VASE", "qty": 1, "price": "20.00"})
    stuck = world.until(Status.ERRORED, ORDERS, order)
    # When the shop gives it back
    refund = world.refund(order)
    # Then the refund waits, and names what blocks it
    waiting = world.until(Status.WAITING, REFUNDS, refund, "link")
    assert f"blocked by entry {stuck.id}" in waiting.reason
    # When the article is there, the order goes on, and is billed
    world.books.sim("POST", "seed", {"items": [{"itemId": "VASE", "type": "inventoryItem"}]})
    world.command("log", "retry", str(stuck.id))
    world.until(Status.PUBLISHED, ORDERS, order)
    world.at_netsuite(order, "fulfil", "invoice")
    # Then the refund goes on by itself
    world.until(Status.PUBLISHED, REFUNDS, refund)
    assert totals(world.documents("creditMemo", order)) == [world.shop_total(refund)]


def test_a_part_and_then_the_rest_become_two_documents_that_add_up(world: Refunds) -> None:
    # Given an invoiced order
    order = billed(world, "fulfil", "invoice", "pay")
    # When one mug is given back, and then the rest
    first = world.refund(order, skus={"MUG": 1}, shipping_amount=0)
    world.until(Status.PUBLISHED, REFUNDS, first)
    rest = world.refund(order)
    world.until(Status.PUBLISHED, REFUNDS, rest)
    # Then there is a credit memo for each, with its lines and to the cent
    one, other = world.documents("creditMemo", order)
    assert totals([one, other]) == [world.shop_total(first), world.shop_total(rest)]
    assert sum(totals([one, other])) == TOTAL
    assert (goods(one), goods(other)) == ({"MUG": 1, "TAX": 1}, {"MUG": 2, "LAMP": 2, "TAX": 1})


def test_shipping_an_adjustment_and_a_fee_are_given_back_to_the_cent(world: Refunds) -> None:
    # Given an invoiced order
    order = billed(world, "fulfil", "invoice", "pay")
    # When the shop gives a lamp and a part of the shipping back, 7.00 besides, and keeps a fee of 2.50
    more = {"shipping_amount": "3.00", "adjustment_positive": "7.00", "adjustment_negative": "2.50"}
    refund = world.refund(order, skus={"LAMP": 1}, **more)
    world.until(Status.PUBLISHED, REFUNDS, refund)
    # Then the credit memo has the lamp, the shipping and a line for either, and comes to the same
    (memo,) = world.documents("creditMemo", order)
    of_adjustment = [
        amount(line["amount"]) for line in memo["item"]["items"] if line["item"]["refName"] == "ADJUSTMENT"
    ]
    assert sorted(of_adjustment) == [amount("-2.50"), amount("7.00")]
    assert amount(memo["shippingCost"]) == amount("3.00")
    assert totals([memo]) == [world.shop_total(refund)]


def test_a_reply_that_is_lost_after_the_commit_leaves_one_document(world: Refunds) -> None:
    # Given an invoiced order, and a NetSuite whose answer to the next credit memo is lost
    order = billed(world, "fulfil", "invoice", "pay")
    world.fault("reply_lost", "POST", "/!transform/creditMemo")
    # When the shop gives it back
    refund = world.refund(order)
    entry = world.until(Status.PUBLISHED, REFUNDS, refund)
    # Then it was tried again, and one credit memo stands there
    assert world.books.sim("GET", "faults")[-1]["applied"] == 1
    assert len(world.record(REFUNDS, refund).attempts) > 1
    (memo,) = world.documents("creditMemo", order)
    assert (entry.target_number, totals([memo])) == (memo["tranId"], [TOTAL])


def test_a_refund_that_is_polled_and_then_retrieved_is_booked_once(world: Refunds) -> None:
    # Given a refund that polling heard of, and that was booked
    order = billed(world, "fulfil", "invoice", "pay")
    refund = world.refund(order)
    entry = world.until(Status.PUBLISHED, REFUNDS, refund)
    # When a person retrieves it besides, to be posted
    told = json.loads(world.command("retrieve", "refund", refund, "--from", SHOP, "--post", "--json"))
    # Then the first entry is found, and one credit memo stands there
    assert entry.id in [one["id"] for one in told["entries"]]
    assert [one.id for one in world.entries(REFUNDS, refund)] == [entry.id]
    assert totals(world.documents("creditMemo", order)) == [TOTAL]


def test_a_retrieved_refund_is_held_until_a_person_posts_it(world: Refunds) -> None:
    # Given an invoiced order, and a refund that nobody heard of
    order = billed(world, "fulfil", "invoice", "pay")
    with world.without_polling():
        refund = world.refund(order)
        # When a person retrieves it
        told = world.command("retrieve", "refund", refund, "--from", SHOP)
        # Then it is held, and the answer says how to post it
        held = world.until(Status.HELD, REFUNDS, refund)
        assert f"connector log retry {held.id}" in told
        assert world.documents("creditMemo", order) == []
        # When it is posted
        world.command("log", "retry", str(held.id))
        # Then it is booked
        world.until(Status.PUBLISHED, REFUNDS, refund)
    assert totals(world.documents("creditMemo", order)) == [TOTAL]


def test_more_than_is_left_in_netsuite_is_refused_with_both_amounts(world: Refunds) -> None:
    # Given an invoiced order, of which somebody credited a lamp by hand in NetSuite
    order = billed(world, "fulfil", "invoice", "pay")
    world.credit_by_hand(order, "LAMP")
    by_hand = totals(world.documents("creditMemo", order))
    # When the shop gives all of it back
    refund = world.refund(order)
    # Then that is for a person, who is told both amounts, and nothing is booked
    refused = world.until(Status.ERRORED, REFUNDS, refund)
    assert refused.code == "money"
    assert f"gives {TOTAL} USD back" in refused.reason
    assert f"{TOTAL - sum(by_hand)} USD are left" in refused.reason
    assert totals(world.documents("creditMemo", order)) == by_hand
