"""The refund table at NetSuite: which document a refund becomes by how its order is billed, and what is refused."""

from decimal import Decimal

import pytest

from connector.errors import NotFound, OutcomeUnknown, Rejected
from connector.systems.netsuite.refund_standing import Credit, Relative, Standing
from connector.systems.netsuite.wire import Bill, SalesOrder
from schemas.refunds import RefundRules
from tests.systems.netsuite_refund_site import (
    CONNECTION,
    LINES,
    SHOP,
    Account,
    account,
    back,
    refund,
    served_account,
)

__all__ = ["account", "served_account"]

ROWS = {
    "cash_sale": "cashRefund",
    "invoiced": "creditMemo",
    "paid": "creditMemo",
    "deposit": "customerRefund",
}
each_row = pytest.mark.parametrize(("state", "record"), ROWS.items())


@each_row
def test_a_refund_becomes_the_document_that_fits_the_billing(
    account: Account, state: str, record: str
) -> None:
    order = account.order(state)

    done = account.run(refund(order, "20.00", back("MUG", "2", "20.00")))

    there = account.record(record, done.id)
    assert (done.record, done.adopted) == (record, False)
    assert (there["total"], there["externalId"]) == (20, refund(order, "20.00").reference)
    assert there["tranDate"] == "2026-11-20"
    assert not account.moved_money()


@each_row
def test_a_refund_whose_reply_was_lost_stands_once(account: Account, state: str, record: str) -> None:
    order = account.order(state)
    step = refund(order, "20.00", back("MUG", "2", "20.00"))
    account.fault("reply_lost", "POST", "/record/v1/")

    with pytest.raises(OutcomeUnknown):
        account.run(step)
    done = account.run(step)

    assert done.adopted
    assert [one["id"] for one in account.records(record) if one.get("externalId") == step.reference] == [
        done.id
    ]


@each_row
def test_more_than_is_left_is_refused_with_both_amounts(account: Account, state: str, record: str) -> None:
    order = account.order(state)
    before = len(account.records(record))

    with pytest.raises(Rejected) as refused:
        account.run(refund(order, "81.01", adjustment_refund="81.01"))

    assert refused.value.code == "money"
    assert "81.01 USD" in refused.value.message
    assert "81.00 USD" in refused.value.message
    assert len(account.records(record)) == before


@each_row
def test_what_was_given_back_already_is_not_given_back_again(
    account: Account, state: str, record: str
) -> None:
    order = account.order(state)
    account.run(refund(order, "51.00", back("LAMP", "2", "51.00")))

    with pytest.raises(Rejected) as refused:
        account.run(refund(order, "40.00", adjustment_refund="40.00", number="R2"))

    assert refused.value.code == "money"
    assert "40.00 USD back" in refused.value.message
    assert "30.00 USD are left" in refused.value.message


def test_what_a_deposit_paid_of_an_invoice_is_not_left_of_it() -> None:
    """NetSuite lists the application twice, as made of the deposit and as applied to the invoice."""
    deposit = Relative("1", "customerDeposit", "CD1", Decimal(81), frozenset({"9"}))
    applied = Relative("2", "depositApplication", "DA1", Decimal(50), frozenset({"1", "3"}))
    standing = Standing(SalesOrder(id="9"), (deposit, applied), {}, {})

    assert standing.deposit_left(deposit) == 31


def test_of_a_credit_of_something_else_only_what_is_applied_counts() -> None:
    bill = Relative("3", "invoice", "INV1", Decimal(81), frozenset({"9"}))
    credit = Relative("4", "creditMemo", "CM1", Decimal(500), frozenset({"3"}))
    rows = [
        {"doc": {"id": "3"}, "apply": True, "amount": 30},
        {"doc": {"id": "77"}, "apply": True, "amount": 470},
    ]
    memo = Credit.model_validate({"id": "4", "total": 500, "apply": {"items": rows}, "item": {"items": []}})
    invoice = Bill.model_validate({"id": "3", "total": 81, "item": {"items": []}})
    standing = Standing(SalesOrder(id="9"), (bill, credit), {"3": invoice}, {"4": memo})

    assert standing.left == standing.left_of(bill) == 51


def test_an_order_that_is_not_billed_is_waited_for(account: Account) -> None:
    order = account.order("unbilled")

    with pytest.raises(NotFound) as missing:
        account.run(refund(order, "20.00", back("MUG", "2", "20.00")))

    error = missing.value
    assert error.code == "not billed"
    assert (error.missing.kind, error.missing.number, error.missing.connection) == (
        "invoice",
        order.made["tranId"],
        CONNECTION,
    )


def test_an_order_that_was_billed_meanwhile_is_refunded(account: Account) -> None:
    order = account.order("fulfilled")
    step = refund(order, "20.00", back("MUG", "2", "20.00"))
    with pytest.raises(NotFound):
        account.run(step)

    account.post(f"orders/{order.id}/invoice")

    assert account.run(step).record == "creditMemo"


def test_an_order_that_is_not_there_is_named_as_its_source_knows_it(account: Account) -> None:
    with pytest.raises(NotFound) as missing:
        account.run(refund("999999999", "20.00", back("MUG", "2", "20.00")))

    error = missing.value
    assert (error.missing.kind, error.missing.number, error.missing.connection) == (
        "order",
        "999999999",
        SHOP,
    )
    assert error.code == "not found"


@pytest.mark.parametrize("state", ["cancelled", "closed"])
def test_an_order_that_ended_without_a_bill_is_for_a_person(account: Account, state: str) -> None:
    order = account.order(state)

    with pytest.raises(Rejected) as refused:
        account.run(refund(order, "20.00", back("MUG", "2", "20.00")))

    assert refused.value.code == state
    assert "was not billed" in refused.value.message


# -- not billed, and not to wait -------------------------------------------------------------------------------


RETURN = RefundRules(restock="always", unbilled="return_only")
CANCEL = RefundRules(restock="always", unbilled="cancel")


def test_an_unbilled_order_may_get_a_return_authorisation_of_these_lines_alone(account: Account) -> None:
    order = account.order("fulfilled")

    done = account.run(refund(order, "25.50", back("LAMP", "1", "25.50"), rules=RETURN))

    there = account.record("returnAuthorization", done.id)
    lines = [(line["item"]["refName"], line["quantity"]) for line in there["item"]["items"]]
    assert (done.record, lines) == ("returnAuthorization", [("LAMP", 1)])


def test_an_invoice_may_get_a_return_authorisation_where_the_flow_says_so(account: Account) -> None:
    order = account.order("paid")
    rules = RefundRules(restock="always", document="return_order")

    done = account.run(refund(order, "25.50", back("LAMP", "1", "25.50"), rules=rules))

    there = account.record("returnAuthorization", done.id)
    assert there["createdFrom"]["id"] == order.made["invoice"]
    assert not account.records("creditMemo", order)


def test_an_unbilled_order_is_closed_line_by_line(account: Account) -> None:
    order = account.order("unbilled")
    step = refund(order, "71.00", back("MUG", "2", "20.00"), back("LAMP", "2", "51.00"), rules=CANCEL)

    account.run(step)

    mug, lamp = account.record("salesOrder", order.id)["item"]["items"]
    assert (mug["quantity"], bool(mug.get("isClosed"))) == (1, False)
    assert lamp["isClosed"]


def test_lines_are_lowered_once_though_the_reply_was_lost(account: Account) -> None:
    order = account.order("unbilled")
    step = refund(order, "10.00", back("MUG", "1", "10.00"), rules=CANCEL)
    account.fault("reply_lost", "PATCH", "/record/v1/salesOrder")

    with pytest.raises(OutcomeUnknown):
        account.run(step)
    done = account.run(step)

    mug, _ = account.record("salesOrder", order.id)["item"]["items"]
    assert (done.adopted, mug["quantity"]) == (True, 2)


def test_an_order_of_which_all_lines_are_given_back_is_closed(account: Account) -> None:
    order = account.order("unbilled")

    account.run(refund(order, "81.00", back("MUG", "3", "30.00"), back("LAMP", "2", "51.00"), rules=CANCEL))

    assert account.record("salesOrder", order.id)["status"]["id"] == "H"


@pytest.mark.parametrize("rules", [RETURN, CANCEL], ids=["return_only", "cancel"])
def test_of_a_closed_line_nothing_is_left(account: Account, rules: RefundRules) -> None:
    """The article is on the order: there is nothing to mend in the item table."""
    order = account.order("unbilled")
    line = account.record("salesOrder", order.id)["item"]["items"][1]["line"]
    account.post(f"edit/salesOrder/{order.id}", {"item": {"items": [{"line": int(line), "isClosed": True}]}})

    with pytest.raises(Rejected, match="2 of LAMP are to be given back, 2 more than is left") as refused:
        account.run(refund(order, "51.00", back("LAMP", "2", "51.00"), rules=rules))

    assert refused.value.code == "too much"


def test_tax_and_shipping_that_are_given_back_leave_the_order_too(account: Account) -> None:
    """Else what is left of it would be billed with them, and an order of which nothing is left would stay open."""
    items = {"adjustment": account.items["ADJUSTMENT"], "tax": account.items["TAX"]}
    tax = {"item": "TAX", "quantity": "1", "rate": "8.10"}
    order = account.order("unbilled", lines=(*LINES, tax), shippingCost="5.00")

    first = refund(order, "13.00", back("MUG", "1", "10.00"), rules=CANCEL, tax="1.00", shipping="2.00")
    account.run(first, items=items)
    there = account.record("salesOrder", order.id)
    assert (there["total"], there["shippingCost"]) == (Decimal("81.10"), 3)
    mug, lamp, charge = there["item"]["items"]
    assert (mug["quantity"], lamp["quantity"], charge["amount"]) == (2, 2, Decimal("7.10"))

    rest = (back("MUG", "2", "20.00"), back("LAMP", "2", "51.00"))
    account.run(
        refund(order, "81.10", *rest, rules=CANCEL, number="R2", tax="7.10", shipping="3.00"), items=items
    )
    assert account.record("salesOrder", order.id)["status"]["id"] == "H"


def test_an_order_that_somebody_cancelled_is_left_as_it_is(account: Account) -> None:
    order = account.order("cancelled")

    done = account.run(refund(order, "10.00", back("MUG", "1", "10.00"), rules=CANCEL))

    assert (done.adopted, done.effect.ours) == (True, False)
    assert not account.requests("PATCH")


def test_what_was_fulfilled_cannot_be_cancelled(account: Account) -> None:
    order = account.order("fulfilled")

    with pytest.raises(Rejected) as refused:
        account.run(refund(order, "10.00", back("MUG", "1", "10.00"), rules=CANCEL))

    assert refused.value.code == "fulfilled"
    assert "return" in refused.value.message
    assert not account.requests("PATCH")


@pytest.mark.parametrize("rules", [RETURN, CANCEL], ids=["return_only", "cancel"])
def test_an_amount_without_lines_finds_nothing_to_return_or_close(
    account: Account, rules: RefundRules
) -> None:
    order = account.order("unbilled")

    with pytest.raises(Rejected) as refused:
        account.run(refund(order, "5.00", adjustment_refund="5.00", rules=rules))

    assert refused.value.code == "not billed"
    assert "names no lines" in refused.value.message
