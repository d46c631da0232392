"""What the shop gave back is booked in NetSuite, by how the order is billed there; and what keeps a refund from it.

One fleet of real processes on SQLite with the embedded broker; each scenario has an order of its own in it.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from connector.status import Status
from tests.scenarios.refunds import (
    BY_HAND,
    CANCELLED,
    ORDERS,
    PAID_OUT,
    REFUNDS,
    RETURN_ONLY,
    RETURNED,
    SHOP,
    TOTAL,
    UNKNOWN,
    Row,
    amount,
    each,
)
from tests.scenarios.refunds_netsuite import (
    AUTHORISATION,
    CANCELLATION,
    DEPOSIT,
    PAID,
    PAYOUT,
    ROWS,
    NetSuiteRefunds,
    working,
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NetSuiteRefunds]:
    with working(tmp_path_factory.mktemp("refunds") / "home") as world:
        yield world


@pytest.fixture(autouse=True)
def no_money_moved(world: NetSuiteRefunds) -> Iterator[None]:
    """Whatever a scenario does: nothing is asked for that moves money."""
    yield
    assert world.money_moved() == []


def goods(document: dict[str, Any]) -> dict[str, int]:
    """Article -> how many of it."""
    return {line["item"]["refName"]: int(line["quantity"]) for line in document["item"]["items"]}


def open_lines(order: dict[str, Any]) -> dict[str, int]:
    """Article -> how many of it are still on the lines that are not closed."""
    lines = [line for line in order["item"]["items"] if not line.get("isClosed")]
    return {line["item"]["refName"]: int(line["quantity"]) for line in lines}


# -- the rows of the table ---------------------------------------------------------------------------------------------


def test_a_refund_of_an_invoiced_order_becomes_a_credit_memo_to_the_cent(world: NetSuiteRefunds) -> None:
    # Given an order of the shop that is invoiced in NetSuite
    order = world.worked(REFUNDS, *PAID)
    # When the shop gives it back
    refund = world.refund(order)
    entry = world.until(Status.PUBLISHED, REFUNDS, refund)
    # Then one credit memo of the invoice stands there, over the same amount, and it was not paid out
    assert world.booked(order) == {"creditMemo": [world.shop_total(refund)]} == {"creditMemo": [TOTAL]}
    (memo,) = world.documents("creditMemo", order)
    assert entry.target_number == memo["tranId"]
    assert goods(memo) == {"MUG": 3, "LAMP": 2, "TAX": 1}


def test_a_refund_of_a_cash_sale_becomes_a_cash_refund_to_the_cent(world: NetSuiteRefunds) -> None:
    # Given an order that is billed as a cash sale, by card
    order = world.worked(REFUNDS, "fulfil", "cash_sale")
    # When the shop gives it back
    refund = world.refund(order)
    world.until(Status.PUBLISHED, REFUNDS, refund)
    # Then one cash refund stands there, over the same amount, and nothing else
    assert world.booked(order) == {"cashRefund": [world.shop_total(refund)]} == {"cashRefund": [TOTAL]}


def test_a_refund_of_an_order_with_only_a_deposit_becomes_a_customer_refund(world: NetSuiteRefunds) -> None:
    # Given an order that is not billed, and paid in advance
    order = world.worked(REFUNDS, "deposit")
    # When the shop gives it back
    entry = world.until(Status.PUBLISHED, REFUNDS, world.refund(order))
    # Then one customer refund of the deposit stands there, over the same amount, and nothing else
    assert world.booked(order) == {"customerRefund": [TOTAL]}
    (paid,) = world.documents("customerRefund", order)
    assert entry.target_number == paid["tranId"]


def test_a_credit_memo_is_paid_out_where_the_flow_says_so(world: NetSuiteRefunds) -> None:
    # Given an invoiced order whose refunds the flow pays out
    order = world.worked(PAID_OUT, *PAID)
    # When the shop gives it back
    world.until(Status.PUBLISHED, PAID_OUT, world.refund(order))
    # Then credit memo and customer refund stand there, over the same amount
    assert world.booked(order) == {"creditMemo": [TOTAL], "customerRefund": [TOTAL]}
    # and nothing of the credit is left
    (memo,) = world.documents("creditMemo", order)
    assert amount(memo["amountRemaining"]) == 0


def test_a_refund_becomes_a_return_authorisation_of_the_bill_where_the_flow_says_so(
    world: NetSuiteRefunds,
) -> None:
    # Given an invoiced order whose goods the flow takes back first
    order = world.worked(RETURNED, *PAID)
    # When the shop gives a lamp back
    refund = world.refund(order, skus={"LAMP": 1}, shipping_amount=0)
    entry = world.until(Status.PUBLISHED, RETURNED, refund)
    # Then one return authorisation of the invoice stands there, of the lamp alone; nothing is credited
    (invoice,) = world.documents("invoice", order)
    (back,) = world.documents("returnAuthorization", order)
    assert (entry.target_number, back["createdFrom"]["id"]) == (back["tranId"], invoice["id"])
    assert goods(back) == {"LAMP": 1}
    assert list(world.booked(order)) == ["returnAuthorization"]


def test_a_refund_of_an_unbilled_order_becomes_a_return_authorisation_where_the_flow_says_so(
    world: NetSuiteRefunds,
) -> None:
    # Given an order that was shipped and not billed
    order = world.worked(RETURN_ONLY, "fulfil")
    # When the shop gives it back
    entry = world.until(Status.PUBLISHED, RETURN_ONLY, world.refund(order))
    # Then one return authorisation of the order stands there, and no money
    (back,) = world.documents("returnAuthorization", order)
    assert (entry.target_number, back["createdFrom"]["id"]) == (
        back["tranId"],
        world.sales_order(order)["id"],
    )
    assert goods(back) == {"MUG": 3, "LAMP": 2}
    assert list(world.booked(order)) == ["returnAuthorization"]


def test_lines_of_an_unbilled_order_are_closed_where_the_flow_says_so(world: NetSuiteRefunds) -> None:
    # Given an order of which nothing was shipped or billed
    order = world.synced(CANCELLED)
    # When the shop gives a mug and the lamps back
    part = world.refund(order, skus={"MUG": 1, "LAMP": 2}, shipping_amount=0)
    entry = world.until(Status.PUBLISHED, CANCELLED, part)
    # Then the lamps are closed, and two mugs are left
    there = world.sales_order(order)
    assert (entry.target_number, open_lines(there)) == (there["tranId"], {"MUG": 2, "TAX": 1})
    # and what is left to be billed is what is left paid
    tax = next(line for line in there["item"]["items"] if line["item"]["refName"] == "TAX")
    assert (amount(tax["amount"]), amount(there["shippingCost"])) == (amount("1.65"), amount("5.00"))
    # When it gives the rest back
    world.until(Status.PUBLISHED, CANCELLED, world.refund(order))
    # Then the order is closed, and there is no document besides
    assert world.sales_order(order)["status"]["refName"] == "Closed"
    assert world.booked(order) == {}


# -- not there, not billed ---------------------------------------------------------------------------------------------


def test_refunds_whose_orders_are_not_there_wait_for_their_links_whatever_they_become(
    world: NetSuiteRefunds,
) -> None:
    # Given orders that NetSuite cannot take, for want of an article
    orders = {name: world.order(*UNKNOWN, flow=row.flow) for name, row in ROWS.items()}
    stuck = {name: world.until(Status.ERRORED, ORDERS, order) for name, order in orders.items()}
    # When the shop gives them back
    refunds = {name: world.refund(order) for name, order in orders.items()}
    # Then the refunds wait, and name what blocks them
    for name, row in ROWS.items():
        waiting = world.until(Status.WAITING, row.flow, refunds[name], "link")
        assert f"blocked by entry {stuck[name].id}" in waiting.reason
    # When the article is there, and the orders go on and are worked on
    world.stock("VASE")
    for entry in stuck.values():
        world.retry(entry)
    for name, row in ROWS.items():
        world.until(Status.PUBLISHED, ORDERS, orders[name])
        world.work(orders[name], *row.work)
    # Then the refunds go on by themselves, and each becomes what its row says
    for name, row in ROWS.items():
        world.until(Status.PUBLISHED, row.flow, refunds[name])
        assert world.booked(orders[name]) == row.becomes
    assert world.sales_order(orders["cancellation"])["status"]["refName"] == "Closed"


@each(ROWS, AUTHORISATION, CANCELLATION)
def test_a_refund_of_an_unbilled_order_waits_and_goes_on_by_itself_once_it_is_billed(
    world: NetSuiteRefunds, row: Row
) -> None:
    # Given an order that nobody billed, and that was not paid in advance
    order = world.synced(row.flow)
    # When the shop gives it back
    refund = world.refund(order)
    # Then the refund waits, and says for what
    waiting = world.until(Status.WAITING, row.flow, refund, "not billed")
    assert world.sales_order(order)["tranId"] in waiting.reason
    assert world.booked(order) == {}
    # When it is billed, or paid in advance
    world.work(order, *row.work)
    # Then the refund goes on by itself
    world.until(Status.PUBLISHED, row.flow, refund)
    assert world.booked(order) == row.becomes


# -- once --------------------------------------------------------------------------------------------------------------


@each(ROWS, CANCELLATION)
def test_a_reply_that_is_lost_after_the_commit_leaves_one_document(world: NetSuiteRefunds, row: Row) -> None:
    # Given an order, and a NetSuite whose answer to the next document of a refund is lost
    order = world.worked(row.flow, *row.work)
    world.break_off(row)
    # When the shop gives it back
    refund = world.refund(order)
    entry = world.until(Status.PUBLISHED, row.flow, refund)
    # Then it was tried again, and each document of the row stands there once
    assert world.broke_off()
    assert len(world.record(row.flow, refund).attempts) > 1
    assert world.booked(order) == row.becomes
    made = [one["tranId"] for kind in row.becomes for one in world.documents(kind, order)]
    assert entry.target_number == ", ".join(made)


def test_a_reply_that_is_lost_lowers_the_lines_of_an_order_once(world: NetSuiteRefunds) -> None:
    # Given an order that is not billed, and a NetSuite whose answer to the next change of an order is lost
    order = world.synced(CANCELLED)
    world.break_off(CANCELLATION)
    # When the shop gives a mug back
    refund = world.refund(order, skus={"MUG": 1}, shipping_amount=0)
    world.until(Status.PUBLISHED, CANCELLED, refund)
    # Then it was tried again, and one mug less is ordered
    assert world.broke_off()
    assert len(world.record(CANCELLED, refund).attempts) > 1
    assert open_lines(world.sales_order(order)) == {"MUG": 2, "LAMP": 2, "TAX": 1}


def test_a_payout_that_is_refused_leaves_the_credit_and_a_retry_sends_it_alone(
    world: NetSuiteRefunds,
) -> None:
    # Given an invoiced order, and a NetSuite that refuses the next payout
    order = world.worked(PAID_OUT, *PAID)
    world.break_off(PAYOUT, "status", status=400, body={"o:errorDetails": [{"detail": "Not today."}]})
    # When the shop gives it back
    refund = world.refund(order)
    refused = world.until(Status.ERRORED, PAID_OUT, refund)
    # Then the credit stands, and was not paid out
    assert "Not today." in refused.reason
    assert world.booked(order) == {"creditMemo": [TOTAL]}
    # When a person retries it
    world.retry(refused)
    # Then the payout alone is sent
    world.until(Status.PUBLISHED, PAID_OUT, refund)
    assert world.booked(order) == PAYOUT.becomes


def test_a_retrieved_refund_is_held_until_a_person_posts_it(world: NetSuiteRefunds) -> None:
    # Given an invoiced order, and a refund that nobody heard of
    order = world.worked(REFUNDS, *PAID)
    with world.without_polling():
        refund = world.refund(order)
        # When a person retrieves it
        told = world.command("retrieve", "refund", refund, "--from", SHOP)
        # Then it is held, and the answer says how to post it
        held = world.until(Status.HELD, REFUNDS, refund)
        assert f"connector log retry {held.id}" in told
        assert world.booked(order) == {}
        # When it is posted
        world.command("log", "retry", str(held.id))
        # Then it is booked
        world.until(Status.PUBLISHED, REFUNDS, refund)
    assert world.booked(order) == {"creditMemo": [TOTAL]}


def test_refunds_are_retrieved_by_the_number_of_their_order_and_booked_once(world: NetSuiteRefunds) -> None:
    # Given an invoiced order
    order = world.worked(REFUNDS, *PAID)
    asking = ("retrieve", "refund", "--from", SHOP, "--post", "--of-order")
    # When a person asks for the refunds of an order that has none, and of one that is not there
    # Then each is told in a sentence of its own
    assert f"order {order} @ {SHOP} was found, not refunded yet" in world.command(*asking, order)
    unknown = world.fleet.run(*asking, "999999999")
    assert unknown.returncode == 1
    assert "was not found at the source: there is no order 999999999" in " ".join(unknown.stdout.split())
    # When the shop has given back twice, and the same is asked for, while polling hears of them too
    refunds = [world.refund(order, skus={sku: 1}, shipping_amount=0) for sku in ("MUG", "LAMP")]
    told = " ".join(world.command(*asking, order).split())
    # Then both are found, and each is booked once
    assert f"order {order} @ {SHOP} was found, with 2 refunds" in told
    for refund in refunds:
        entry = world.until(Status.PUBLISHED, REFUNDS, refund)
        assert [one.id for one in world.entries(REFUNDS, refund)] == [entry.id]
    assert sorted(world.booked(order)["creditMemo"]) == sorted(map(world.shop_total, refunds))


# -- to the cent, and no more than is left -----------------------------------------------------------------------------


def test_a_part_and_then_the_rest_become_two_documents_that_add_up(world: NetSuiteRefunds) -> None:
    # Given an invoiced order
    order = world.worked(REFUNDS, *PAID)
    # When one mug is given back, and then the rest
    first = world.refund(order, skus={"MUG": 1}, shipping_amount=0)
    world.until(Status.PUBLISHED, REFUNDS, first)
    rest = world.refund(order)
    world.until(Status.PUBLISHED, REFUNDS, rest)
    # Then there is a credit memo for each, with its lines and to the cent
    totals = [world.shop_total(first), world.shop_total(rest)]
    assert world.booked(order) == {"creditMemo": totals}
    assert sum(totals) == TOTAL
    one, other = world.documents("creditMemo", order)
    assert (goods(one), goods(other)) == ({"MUG": 1, "TAX": 1}, {"MUG": 2, "LAMP": 2, "TAX": 1})


def test_shipping_an_adjustment_and_a_fee_are_given_back_to_the_cent(world: NetSuiteRefunds) -> None:
    # Given an invoiced order
    order = world.worked(REFUNDS, *PAID)
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
    assert world.booked(order) == {"creditMemo": [world.shop_total(refund)]}


@each(ROWS, DEPOSIT, AUTHORISATION, CANCELLATION)
def test_more_than_is_left_in_netsuite_is_refused_with_both_amounts(world: NetSuiteRefunds, row: Row) -> None:
    # Given a billed order, of which somebody gave a lamp back by hand in NetSuite
    order = world.worked(row.flow, *row.work)
    world.back_by_hand(order)
    by_hand = world.booked(order)
    # When the shop gives all of it back
    refused = world.until(Status.ERRORED, row.flow, world.refund(order))
    # Then that is for a person, who is told both amounts, and nothing is booked or paid out
    assert refused.code == "money"
    assert f"gives {TOTAL} USD back" in refused.reason
    assert f"{TOTAL - BY_HAND} USD are left" in refused.reason
    assert world.booked(order) == by_hand
    assert list(by_hand.values()) == [[BY_HAND]]


def test_more_than_was_paid_in_advance_is_refused_with_both_amounts(world: NetSuiteRefunds) -> None:
    # Given an order of which only a part was paid in advance
    order = world.synced()
    world.work(order, "deposit", amount="50.00")
    # When the shop gives all of it back
    refused = world.until(Status.ERRORED, REFUNDS, world.refund(order))
    # Then that is for a person, who is told both amounts, and nothing is paid back
    assert refused.code == "money"
    assert f"gives {TOTAL} USD back" in refused.reason
    assert "50.00 USD are left" in refused.reason
    assert world.booked(order) == {}


def test_a_credit_that_an_open_invoice_used_up_is_not_paid_out(world: NetSuiteRefunds) -> None:
    # Given an order whose invoice nobody paid
    order = world.worked(PAID_OUT, "fulfil", "invoice")
    # When the shop gives it back
    refused = world.until(Status.ERRORED, PAID_OUT, world.refund(order))
    # Then the credit settles the invoice, and a person is told that nothing of it is left to be paid out
    assert refused.code == "partial"
    assert f"{TOTAL} USD are to be paid out" in refused.reason
    assert "0.00 USD left" in refused.reason
    assert world.booked(order) == {"creditMemo": [TOTAL]}


def test_more_goods_than_are_left_of_an_unbilled_order_are_not_returned(world: NetSuiteRefunds) -> None:
    # Given an order whose lamps somebody closed in NetSuite
    order = world.synced(RETURN_ONLY)
    world.close_by_hand(order, "LAMP")
    # When the shop gives all of it back
    refused = world.until(Status.ERRORED, RETURN_ONLY, world.refund(order))
    # Then that is for a person, who is told what is too much, and nothing is authorised
    assert refused.code == "too much"
    assert "2 of LAMP are to be given back, 2 more than is left" in refused.reason
    assert world.booked(order) == {}


def test_an_order_that_was_shipped_is_not_cancelled(world: NetSuiteRefunds) -> None:
    # Given an order that was shipped and not billed
    order = world.worked(CANCELLED, "fulfil")
    # When the shop gives it back
    refused = world.until(Status.ERRORED, CANCELLED, world.refund(order))
    # Then that is for a person, who is told what to do instead, and no line is closed
    assert refused.code == "fulfilled"
    assert "authorise a return there" in refused.reason
    assert open_lines(world.sales_order(order)) == {"MUG": 3, "LAMP": 2, "TAX": 1}
