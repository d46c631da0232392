"""What the shop gave back is booked in Acumatica, by how the order stands there; and what keeps a refund from it.

One fleet of real processes on SQLite with the embedded broker; each scenario has an order of its own in it.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
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
    TOTAL,
    UNKNOWN,
    Row,
    amount,
    each,
)
from tests.scenarios.refunds_acumatica import (
    AUTHORISATION,
    CANCELLATION,
    DEPOSIT,
    PAYOUT,
    ROWS,
    AcumaticaRefunds,
    working,
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AcumaticaRefunds]:
    with working(tmp_path_factory.mktemp("refunds") / "home") as world:
        yield world


def lines(document: dict[str, Any], quantity: str, *origin: str) -> list[tuple[Any, ...]]:
    """The lines: article, how many, and which line of which invoice they take back."""
    return [
        (line["InventoryID"], int(line[quantity]), *(line[name] for name in origin))
        for line in document["Details"]
    ]


# -- the rows of the table ---------------------------------------------------------------------------------------------


def test_a_refund_becomes_a_credit_memo_line_by_line_from_the_invoice(world: AcumaticaRefunds) -> None:
    # Given an order of the shop that is billed in Acumatica
    order = world.worked(REFUNDS, "bill")
    invoice = world.invoice(order)["ReferenceNbr"]
    # When the shop gives one mug back, and then the rest
    first = world.refund(order, skus={"MUG": 1}, shipping_amount=0)
    entry = world.until(Status.PUBLISHED, REFUNDS, first)
    rest = world.refund(order)
    world.until(Status.PUBLISHED, REFUNDS, rest)
    # Then a credit memo for each is released, over the same amount; they add up, and were not paid out
    totals = [world.shop_total(first), world.shop_total(rest)]
    assert world.booked(order) == {"Credit Memo": totals}
    assert sum(totals) == TOTAL
    one, other = world.memos(order)
    assert entry.target_number == f"CRM-{one['ReferenceNbr']}"
    assert {one["Status"], other["Status"]} == {"Open"}
    # and their lines are those of the invoice
    origin = ("OrigInvNbr", "OrigInvLineNbr")
    assert lines(one, "Qty", *origin) == [("MUG", 1, invoice, 1)]
    assert lines(other, "Qty", *origin) == [
        ("MUG", 2, invoice, 1),
        ("LAMP", 2, invoice, 2),
        ("SHIPPING", 1, None, None),
    ]


def test_a_refund_becomes_a_return_order_that_people_receive_and_credit(world: AcumaticaRefunds) -> None:
    # Given a billed order whose goods the flow takes back first
    order = world.worked(RETURNED, "bill")
    invoice = world.invoice(order)["ReferenceNbr"]
    # When the shop gives it back
    entry = world.until(Status.PUBLISHED, RETURNED, world.refund(order))
    # Then one return order stands there, line by line from the invoice, and nothing is credited yet
    assert world.booked(order) == {"RC": [TOTAL]}
    (back,) = world.returns(order)
    assert entry.target_number == f"RC-{back['OrderNbr']}"
    assert lines(back, "OrderQty", "InvoiceNbr", "InvoiceLineNbr") == [
        ("MUG", 3, invoice, 1),
        ("LAMP", 2, invoice, 2),
    ]
    # When people take the goods in, and release its credit memo
    world.receive(order)
    # Then that is over the same amount
    assert world.booked(order) == {"RC": [TOTAL], "Credit Memo": [TOTAL]}


def test_a_credit_memo_is_paid_out_where_the_flow_says_so(world: AcumaticaRefunds) -> None:
    # Given a billed order whose refunds the flow pays out
    order = world.worked(PAID_OUT, "bill")
    # When the shop gives it back
    world.until(Status.PUBLISHED, PAID_OUT, world.refund(order))
    # Then a credit memo and a customer refund of it stand there, over the same amount, and nothing is left of either
    assert world.booked(order) == {"Credit Memo": [TOTAL], "Refund": [TOTAL]}
    assert [one["Status"] for one in (*world.memos(order), *world.refunds(order))] == ["Closed", "Closed"]


def test_a_refund_of_an_order_that_is_only_paid_becomes_a_customer_refund(world: AcumaticaRefunds) -> None:
    # Given an order that is not billed, and paid in advance
    order = world.worked(REFUNDS, "prepay")
    # When the shop gives it back
    entry = world.until(Status.PUBLISHED, REFUNDS, world.refund(order))
    # Then one customer refund stands there, over the same amount
    assert world.booked(order) == {"Refund": [TOTAL]}
    (refund,) = world.refunds(order)
    assert (entry.target_number, refund["Status"]) == (f"REF-{refund['ReferenceNbr']}", "Closed")
    # and the payment is off the order, and paid back
    (payment,) = world.payments(order)
    assert (amount(payment["AvailableBalance"]), payment["Status"]) == (Decimal(0), "Closed")
    assert amount(world.sales_order(order)["Totals"]["UnpaidBalance"]) == TOTAL


def test_a_refund_of_an_unbilled_order_becomes_a_return_order_and_no_money(world: AcumaticaRefunds) -> None:
    # Given an order that was shipped, and is neither billed nor paid
    order = world.worked(RETURN_ONLY, "ship")
    # When the shop gives it back
    entry = world.until(Status.PUBLISHED, RETURN_ONLY, world.refund(order))
    # Then one return order of the type for authorisations stands there, and names no invoice
    assert world.booked(order) == {"RM": [TOTAL]}
    (back,) = world.returns(order)
    assert entry.target_number == f"RM-{back['OrderNbr']}"
    assert lines(back, "OrderQty", "InvoiceNbr") == [("MUG", 3, None), ("LAMP", 2, None)]


def test_an_unbilled_order_is_cancelled_where_all_of_it_is_given_back(world: AcumaticaRefunds) -> None:
    # Given an order of which nothing was shipped, billed or paid
    order = world.synced(CANCELLED)
    # When the shop gives it back
    entry = world.until(Status.PUBLISHED, CANCELLED, world.refund(order))
    # Then the order is cancelled, and there is no document besides
    there = world.sales_order(order)
    assert (entry.target_number, there["Status"]) == (f"SO-{there['OrderNbr']}", "Canceled")
    assert world.booked(order) == {}


# -- not there, not billed ---------------------------------------------------------------------------------------------


def test_refunds_whose_orders_are_not_there_wait_for_their_links_whatever_they_become(
    world: AcumaticaRefunds,
) -> None:
    # Given orders that Acumatica cannot take, for want of an article
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
    assert world.sales_order(orders["cancellation"])["Status"] == "Canceled"


@each(ROWS, AUTHORISATION, CANCELLATION)
def test_a_refund_of_an_unbilled_order_waits_and_goes_on_by_itself_once_it_is_billed(
    world: AcumaticaRefunds, row: Row
) -> None:
    # Given an order that nobody billed, and that was not paid in advance
    order = world.synced(row.flow)
    # When the shop gives it back
    refund = world.refund(order)
    # Then the refund waits, and says for what
    waiting = world.until(Status.WAITING, row.flow, refund, "not billed")
    assert world.sales_order(order)["OrderNbr"] in waiting.reason
    assert world.booked(order) == {}
    # When it is billed, or paid in advance
    world.work(order, *row.work)
    # Then the refund goes on by itself
    world.until(Status.PUBLISHED, row.flow, refund)
    assert world.booked(order) == row.becomes


# -- once --------------------------------------------------------------------------------------------------------------


@each(ROWS | {"deposit, taken off the order": replace(DEPOSIT, before=0)})
def test_a_reply_that_is_lost_after_the_commit_leaves_one_document(world: AcumaticaRefunds, row: Row) -> None:
    # Given an order, and an Acumatica whose answer to a request of its refund is lost
    order = world.worked(row.flow, *row.work)
    world.break_off(row)
    # When the shop gives it back
    refund = world.refund(order)
    world.until(Status.PUBLISHED, row.flow, refund)
    # Then it was tried again, and each document of the row stands there once
    assert world.broke_off()
    assert len(world.record(row.flow, refund).attempts) > 1
    assert world.booked(order) == row.becomes
    assert (world.sales_order(order)["Status"] == "Canceled") is (row is CANCELLATION)


def test_a_payout_that_is_refused_leaves_the_credit_and_a_retry_sends_it_alone(
    world: AcumaticaRefunds,
) -> None:
    # Given a billed order, and an Acumatica that refuses the next payout
    order = world.worked(PAID_OUT, "bill")
    world.break_off(PAYOUT, "status", status=403, body={"message": "You have no rights."})
    # When the shop gives it back
    refund = world.refund(order)
    refused = world.until(Status.ERRORED, PAID_OUT, refund)
    # Then the credit stands, and was not paid out
    assert "You have no rights." in refused.reason
    assert world.booked(order) == {"Credit Memo": [TOTAL]}
    # When a person retries it
    world.retry(refused)
    # Then the payout alone is sent
    world.until(Status.PUBLISHED, PAID_OUT, refund)
    assert world.booked(order) == PAYOUT.becomes


# -- no more than is left ----------------------------------------------------------------------------------------------


@each(ROWS, DEPOSIT, AUTHORISATION, CANCELLATION)
def test_more_than_is_left_in_acumatica_is_refused_with_both_amounts(
    world: AcumaticaRefunds, row: Row
) -> None:
    # Given a billed order, of which somebody credited a lamp by hand in Acumatica
    order = world.worked(row.flow, *row.work)
    world.credit_by_hand(order)
    # When the shop gives all of it back
    refused = world.until(Status.ERRORED, row.flow, world.refund(order))
    # Then that is for a person, who is told both amounts, and nothing is booked or paid out
    assert refused.code == "money"
    assert f"gives back {TOTAL} USD" in refused.reason
    assert f"{TOTAL - BY_HAND} USD is left" in refused.reason
    assert world.booked(order) == {"Credit Memo": [BY_HAND]}


def test_more_than_was_paid_in_advance_is_refused_with_both_amounts(world: AcumaticaRefunds) -> None:
    # Given an order of which only a part was paid in advance
    order = world.synced()
    world.prepay(order, "50.00")
    # When the shop gives all of it back
    refused = world.until(Status.ERRORED, REFUNDS, world.refund(order))
    # Then that is for a person, who is told both amounts; nothing is paid back, and nothing taken off the order
    assert refused.code == "money"
    assert f"gives back {TOTAL}" in refused.reason
    assert "50.00" in refused.reason
    assert world.booked(order) == {}
    assert amount(world.sales_order(order)["Totals"]["UnpaidBalance"]) == TOTAL - Decimal("50.00")


def test_a_credit_that_somebody_paid_out_meanwhile_is_not_paid_out_again(world: AcumaticaRefunds) -> None:
    # Given a refund whose credit stands, and whose payout was refused
    order = world.worked(PAID_OUT, "bill")
    world.break_off(PAYOUT, "status", status=403, body={"message": "You have no rights."})
    refund = world.refund(order)
    refused = world.until(Status.ERRORED, PAID_OUT, refund)
    # When somebody pays a lamp of it out by hand, and another retries the payout
    world.pay_out_by_hand(order)
    world.retry(refused)
    # Then that is for a person, who is told both amounts, and nothing is paid out besides
    world.fleet.until(lambda: "to be paid out" in world.entries(PAID_OUT, refund)[0].reason, "it is refused")
    (refused,) = world.entries(PAID_OUT, refund)
    assert f"{TOTAL} USD is to be paid out" in refused.reason
    assert f"{TOTAL - BY_HAND} USD is left" in refused.reason
    assert world.booked(order) == {"Credit Memo": [TOTAL], "Refund": [BY_HAND]}


def test_an_amount_alone_is_no_return_order(world: AcumaticaRefunds) -> None:
    # Given an order that is not billed
    order = world.synced(RETURN_ONLY)
    # When the shop gives 5.00 back, and no goods
    refund = world.refund(order, skus={"MUG": 0}, shipping_amount=0, adjustment_positive="5.00")
    # Then that is for a person, and nothing is made
    refused = world.until(Status.ERRORED, RETURN_ONLY, refund)
    assert refused.code == "no goods"
    assert world.booked(order) == {}


def test_an_order_is_not_cancelled_for_a_part_of_it(world: AcumaticaRefunds) -> None:
    # Given an order that is neither billed nor paid
    order = world.synced(CANCELLED)
    # When the shop gives a mug back
    refund = world.refund(order, skus={"MUG": 1}, shipping_amount=0)
    # Then that is for a person, who is told both amounts, and the order stands as it stood
    refused = world.until(Status.ERRORED, CANCELLED, refund)
    assert refused.code == "part"
    assert f"gives back {world.shop_total(refund)} USD" in refused.reason
    assert f"{TOTAL} USD was paid" in refused.reason
    assert world.sales_order(order)["Status"] == "Open"


def test_an_order_that_was_shipped_is_not_cancelled(world: AcumaticaRefunds) -> None:
    # Given an order that was shipped and not billed
    order = world.worked(CANCELLED, "ship")
    # When the shop gives it back
    refused = world.until(Status.ERRORED, CANCELLED, world.refund(order))
    # Then that is for a person, who is told of the shipment, and the order stands as it stood
    assert refused.code == "state forbids"
    assert "it has the shipments" in refused.reason
    assert world.sales_order(order)["Status"] != "Canceled"
