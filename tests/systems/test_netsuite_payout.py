"""Paying a credit memo out at NetSuite: one customer refund, of what the credit memo has left, and no money moved."""

from decimal import Decimal

import pytest

from connector.errors import NotFound, OutcomeUnknown, Rejected
from connector.planned import RefundStep
from connector.systems.base import Known
from schemas.refunds import RefundRules
from tests.systems.netsuite_refund_site import Account, Done, account, back, payout, refund, served_account

__all__ = ["account", "served_account"]


def _booked(account: Account, state: str, rules: RefundRules | None = None) -> tuple[RefundStep, Done, Known]:
    """A refund of two mugs that stands at NetSuite, and what is known then."""
    order = account.order(state)
    step = refund(order, "20.00", back("MUG", "2", "20.00"), rules=rules or RefundRules(restock="always"))
    done = account.run(step)
    return step, done, Known(made={step.key: done.effect.document})


def test_a_credit_memo_is_paid_out_by_one_customer_refund(account: Account) -> None:
    step, memo, known = _booked(account, "paid")

    paid = account.run(payout(step), known)

    there = account.record("customerRefund", paid.id)
    assert there["apply"]["items"][0]["doc"]["id"] == memo.id
    assert Decimal(there["total"]) == 20
    assert there["externalId"] == payout(step).reference
    assert there["handlingMode"]["id"] == "SAVE_ONLY"
    assert not account.moved_money()


def test_a_payout_whose_reply_was_lost_stands_once(account: Account) -> None:
    step, memo, known = _booked(account, "paid")
    account.fault("reply_lost", "POST", "/record/v1/")

    with pytest.raises(OutcomeUnknown):
        account.run(payout(step), known)
    done = account.run(payout(step), known)

    found = [one for one in account.records("customerRefund") if one["externalId"] == payout(step).reference]
    assert (done.adopted, [one["id"] for one in found]) == (True, [done.id])
    assert Decimal(account.record("creditMemo", memo.id)["amountRemaining"]) == 0


@pytest.mark.parametrize("state", ["cash_sale", "deposit"])
def test_what_pays_by_itself_is_not_paid_out_once_more(account: Account, state: str) -> None:
    step, done, known = _booked(account, state)
    before = len(account.records("customerRefund"))

    found = account.run(payout(step), known)

    assert found.effect.document == done.effect.document
    assert "by itself" in found.effect.seen["paid out"]
    assert len(account.records("customerRefund")) == before


def test_a_credit_that_an_open_invoice_used_up_is_not_paid_out(account: Account) -> None:
    step, _, known = _booked(account, "invoiced")

    with pytest.raises(Rejected) as refused:
        account.run(payout(step), known)

    assert refused.value.code == "money"
    assert "20.00 USD" in refused.value.message
    assert "has 0.00 USD left" in refused.value.message


def test_a_return_is_no_credit_yet(account: Account) -> None:
    rules = RefundRules(restock="always", document="return_order")
    step, _, known = _booked(account, "paid", rules)

    with pytest.raises(Rejected) as refused:
        account.run(payout(step), known)

    assert refused.value.code == "not credited"


def test_without_the_refund_nothing_is_paid_out(account: Account) -> None:
    order = account.order("paid")
    step = refund(order, "20.00", back("MUG", "2", "20.00"))

    with pytest.raises(NotFound) as missing:
        account.run(payout(step))

    assert missing.value.missing.kind == "refund"
    assert not account.requests("POST", "!transform/customerRefund")


def test_account_and_payment_option_are_those_of_the_connection(account: Account) -> None:
    step, _, known = _booked(account, "paid")

    paid = account.run(payout(step), known, refunds={"account": "155", "payment_option": "7"})

    there = account.record("customerRefund", paid.id)
    assert (there["account"]["id"], there["paymentOption"]["id"]) == ("155", "7")
    assert not account.moved_money()


def test_money_moves_where_the_flow_says_so(account: Account) -> None:
    step, _, known = _booked(account, "paid", RefundRules(restock="always", moves_money=True))

    paid = account.run(payout(step), known, refunds={"payment_option": "7"})

    assert [row["id"] for row in account.moved_money()] == [paid.id]
