"""Refunds at Acumatica that are no credit memos: return orders, authorisations, cancellations, refunds of deposits; and
the pay-out of a credit."""

from decimal import Decimal

import pytest

from connector.errors import NotFound, OutcomeUnknown, Partial, Rejected
from connector.systems.acumatica.settings import AcumaticaSettings
from tests.systems.acumatica_refunds_given import (
    BAGS,
    WATCH,
    WRITES,
    after,
    back,
    billed,
    compared,
    found,
    ordered,
    payout_step,
    plain,
    refund_step,
    rows,
    run,
    whole,
)
from tests.systems.acumatica_target_site import TargetSite, usd
from tests.systems.acumatica_target_site import served_site as served_site
from tests.systems.acumatica_target_site import site as site

RETURN = {"document": "return_order"}
PAYMENTS = "/Payment$"
RELEASE = "/Payment/ReleasePayment$"


# -- return orders ---------------------------------------------------------------------------------------------------


def test_a_return_order_takes_back_the_lines_of_the_invoice(site: TargetSite) -> None:
    """With shipping as its freight, by the type and the reason code of the settings."""
    order = billed(site)
    step = whole(order, rules=RETURN)
    orders = {"refunds": WRITES["refunds"] | {"reason_code": "RETURNED"}}
    done = run(site, step, order, orders=orders)
    (made,) = found(site, "SalesOrder", step.reference)
    there = plain(made)
    assert done.effect.document.number == f"RC-{there['OrderNbr']}"
    assert done.effect.seen == {"status": "Open", "total": "109.50 USD"}
    assert (there["CustomerOrder"], there["ExternalRefundRef"]) == (f"SO-{order.key}", step.content.number)
    assert [
        (row["InventoryID"], row["OrderQty"], row["Operation"], row["InvoiceNbr"], row["ReasonCode"])
        for row in rows(made)
    ] == [
        ("24-MB01", 2, "Receipt", order.invoice, "RETURNED"),
        ("24-WG02", 1, "Receipt", order.invoice, "RETURNED"),
    ]
    assert plain(made["Totals"])["Freight"] == 8


def test_a_return_order_counts_for_what_is_left_and_its_own_credit_memo_does_not_count_again(
    site: TargetSite,
) -> None:
    """After it was received and credited as before."""
    order = billed(site)
    done = run(site, refund_step(order, "68.00", (BAGS,), rules=RETURN), order)
    key = done.effect.document.number.removeprefix("RC-")
    rest = refund_step(order, "41.51", nth=1, adjustment_refund=usd("41.51"))
    for credited in (False, True):
        if credited:
            _credit(site, key)
        with pytest.raises(Rejected, match=r"41\.50 USD is left: 109\.50 is billed, of which 68\.00"):
            run(site, rest, order)


def test_the_type_of_return_orders_is_a_setting(site: TargetSite) -> None:
    """A cash return, for example."""
    order = billed(site)
    orders = {"refunds": WRITES["refunds"] | {"return_order_type": "CR"}}
    assert run(site, whole(order, rules=RETURN), order, orders=orders).effect.document.number.startswith(
        "CR-"
    )


def test_a_return_order_without_goods_is_refused_in_words(site: TargetSite) -> None:
    """An amount only cannot be returned."""
    order = billed(site)
    step = refund_step(order, "5.00", adjustment_refund=usd("5.00"), rules=RETURN)
    with pytest.raises(Rejected, match=r"let the flow's refund\.document be credit_memo") as raised:
        run(site, step, order)
    assert raised.value.code == "no goods"


def test_a_return_order_whose_reply_was_lost_is_adopted(site: TargetSite) -> None:
    """It stands once."""
    order = billed(site)
    step = whole(order, rules=RETURN)
    site.fault("reply_lost", "PUT", "/SalesOrder$")
    with pytest.raises(OutcomeUnknown):
        run(site, step, order)
    assert run(site, step, order).adopted
    assert len(found(site, "SalesOrder", step.reference)) == 1


def test_a_return_order_that_was_changed_is_partial(site: TargetSite) -> None:
    """Both sides are named."""
    order = billed(site)
    step = whole(order, rules=RETURN)
    key = run(site, step, order).effect.document.number.removeprefix("RC-")
    site.post(f"edit/SalesOrder/RC/{key}", {"Details": [{"LineNbr": 1, "OrderQty": "1"}]})
    with pytest.raises(Partial, match=r"total: asked 109\.50 USD, there 75\.50 USD"):
        run(site, step, order)


# -- orders that are not billed --------------------------------------------------------------------------------------


def test_the_return_of_an_order_that_is_not_billed_is_only_authorised(site: TargetSite) -> None:
    """No invoice is named; it does not count as credited once the order is billed."""
    order = ordered(site)
    step = whole(order, rules={"unbilled": "return_only"})
    done = run(site, step, order)
    (made,) = found(site, "SalesOrder", step.reference)
    assert done.effect.document.number == f"RM-{plain(made)['OrderNbr']}"
    assert [row.get("InvoiceNbr") for row in rows(made)] == [None, None]


def test_an_order_that_is_not_billed_is_cancelled_where_the_flow_says_so(site: TargetSite) -> None:
    """And found cancelled by the next try."""
    order = ordered(site)
    step = whole(order, rules={"unbilled": "cancel"})
    first, second = (run(site, step, order) for _ in range(2))
    assert (first.adopted, second.adopted) == (False, True)
    assert first.effect.seen == {"status": "Canceled"}
    assert first.effect.document == order.known.order


def test_an_order_is_not_cancelled_for_a_part_of_it(site: TargetSite) -> None:
    """Both amounts are named."""
    order = ordered(site)
    step = refund_step(order, "33.50", (WATCH,), rules={"unbilled": "cancel"})
    with pytest.raises(Rejected, match=r"gives back 33\.50 USD, and 109\.50 USD was paid") as raised:
        run(site, step, order)
    assert raised.value.code == "part"


def test_a_deposit_is_taken_off_the_order_and_refunded(site: TargetSite) -> None:
    """A customer refund against the payment; a part first, then the rest, and no more than that."""
    order = ordered(site, paid=True)
    first = run(site, refund_step(order, "33.50", (WATCH,)), order)
    there = _payments(site, first.effect.document.number)
    assert first.effect.seen == {"status": "Closed", "amount": "33.50 USD"}
    assert (there["Type"], there["CustomerID"]) == ("Refund", "C1001")
    assert _unpaid(site, order.key) == Decimal("33.50")
    run(site, refund_step(order, "76.00", (BAGS,), nth=1, shipping=usd("8.00")), order)
    assert _unpaid(site, order.key) == Decimal("109.50")
    with pytest.raises(Rejected, match=r"gives back 0\.01, and of the payments .* 0\.\d* is left") as raised:
        run(site, refund_step(order, "0.01", nth=2, adjustment_refund=usd("0.01")), order)
    assert raised.value.code == "money"


@pytest.mark.parametrize("when", [{"once": True}, {"every": 2}], ids=["taken off", "recorded"])
def test_a_refund_of_a_deposit_that_broke_off_is_finished_by_the_next_try(
    site: TargetSite, when: dict[str, object]
) -> None:
    """After the payment was taken off the order, and after the refund was recorded."""
    order = ordered(site, paid=True)
    step = refund_step(order, "33.50", (WATCH,))
    site.fault("reply_lost", "PUT", PAYMENTS, when=when)
    with pytest.raises(OutcomeUnknown):
        run(site, step, order)
    assert run(site, step, order).effect.seen["amount"] == "33.50 USD"
    assert len(found(site, "Payment", step.reference)) == 1
    assert _unpaid(site, order.key) == Decimal("33.50")


# -- paying out ------------------------------------------------------------------------------------------------------


def test_a_credit_memo_is_paid_out_by_a_customer_refund(site: TargetSite) -> None:
    """Applied to the memo and released: both are closed."""
    order = billed(site)
    refund = run(site, whole(order), order)
    orders = {
        "refunds": WRITES["refunds"] | {"payment_method": "BANK"},
        "payments": {"cash_accounts": {"BANK": "10300"}},
    }
    done = site.run(payout_step(order, "109.50"), after(order, refund), orders)
    there = _payments(site, done.effect.document.number)
    assert done.effect.seen == {"status": "Closed", "amount": "109.50 USD"}
    assert (there["Type"], there["PaymentMethod"], there["CashAccount"]) == ("Refund", "BANK", "10300")
    memo = refund.effect.document.number.removeprefix("CRM-")
    (credited,) = [one for one in site.documents("SalesInvoice") if one["ReferenceNbr"]["value"] == memo]
    assert (plain(credited)["Status"], plain(credited)["Balance"]) == ("Closed", 0)


def test_the_orders_payment_method_pays_out_where_none_is_set(site: TargetSite) -> None:
    """As the order says it at the site."""
    order = billed(site)
    refund = run(site, whole(order), order)
    done = site.run(payout_step(order, "109.50"), after(order, refund), WRITES)
    assert _payments(site, done.effect.document.number)["PaymentMethod"] == "CREDITCARD"


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", PAYMENTS), ("POST", RELEASE), ("GET", "/Payment/ReleasePayment/status/")]
)
def test_a_pay_out_that_broke_off_is_finished_by_the_next_try(
    site: TargetSite, method: str, path: str
) -> None:
    """It stands once, released."""
    order = billed(site)
    known = after(order, run(site, whole(order), order))
    step = payout_step(order, "109.50")
    site.fault("reply_lost", method, path)
    with pytest.raises(OutcomeUnknown):
        site.run(step, known, WRITES)
    done = site.run(step, known, WRITES)
    assert (done.adopted, done.effect.seen["status"]) == (True, "Closed")
    assert len(found(site, "Payment", step.reference)) == 1


def test_more_than_is_left_of_the_credit_is_not_paid_out(site: TargetSite) -> None:
    """Both amounts are named; another currency is refused as well."""
    order = billed(site)
    known = after(order, run(site, refund_step(order, "33.50", (WATCH,)), order))
    with pytest.raises(
        Rejected, match=r"34\.00 USD is to be paid out, and of credit memo .* 33\.50 USD"
    ) as raised:
        site.run(payout_step(order, "34.00"), known, WRITES)
    assert raised.value.code == "money"
    with pytest.raises(Rejected, match=r"is in USD, 33\.50 EUR is to be paid out"):
        site.run(payout_step(order, "33.50", "EUR"), known, WRITES)
    assert site.requests("PUT", "/Payment") == []


def test_a_return_order_is_paid_out_once_it_is_credited(site: TargetSite) -> None:
    """Until then it is waited for."""
    order = billed(site)
    step = refund_step(order, "34.00", (back("11", "24-MB01", "1", "34.00"),), rules=RETURN)
    refund = run(site, step, order)
    number = refund.effect.document.number
    with pytest.raises(NotFound, match=f"return order {number} is not credited yet") as raised:
        site.run(payout_step(order, "34.00"), after(order, refund), WRITES)
    assert raised.value.code == "not billed"
    _credit(site, number.removeprefix("RC-"))
    done = site.run(payout_step(order, "34.00"), after(order, refund), WRITES)
    assert done.effect.seen == {"status": "Closed", "amount": "34.00 USD"}


def test_a_refund_that_pays_by_itself_needs_no_pay_out(site: TargetSite) -> None:
    """A deposit was refunded: nothing is written."""
    order = ordered(site, paid=True)
    refund = run(site, whole(order), order)
    site.simulator.delete("/_sim/requests")
    done = site.run(payout_step(order, "109.50"), after(order, refund), WRITES)
    assert (done.adopted, done.effect.document) == (True, refund.effect.document)
    assert site.requests("PUT") == []


@pytest.mark.parametrize("allowed", [False, True])
def test_a_refund_by_card_is_released_only_where_the_flow_lets_money_move(
    site: TargetSite, allowed: bool
) -> None:
    """Otherwise it stands Balanced, and a person is told."""
    site.post("seed", {"known": {"card_methods": ["CARD-PROC"]}})
    order = billed(site)
    known = after(order, run(site, whole(order), order))
    orders = {"refunds": WRITES["refunds"] | {"payment_method": "CARD-PROC"}}
    step = payout_step(order, "109.50", moves_money=allowed)
    if allowed:
        assert site.run(step, known, orders).effect.seen["status"] == "Closed"
        return
    with pytest.raises(Rejected, match=r"refund\.moves_money is false: it stands Balanced"):
        site.run(step, known, orders)
    (there,) = found(site, "Payment", step.reference)
    assert plain(there)["Status"] == "Balanced"


def test_a_customer_refund_that_was_voided_is_said_and_not_recorded_anew(site: TargetSite) -> None:
    """A person undid it on purpose."""
    order = billed(site)
    known = after(order, run(site, whole(order), order))
    step = payout_step(order, "109.50")
    key = site.run(step, known, WRITES).effect.document.number.removeprefix("REF-")
    site.post(f"act/Payment/Refund/{key}/VoidPayment")
    with pytest.raises(Partial, match="status: asked released, there Voided"):
        site.run(step, known, WRITES)


def test_a_pay_out_is_compared_with_what_stands_there(site: TargetSite) -> None:
    """Before and after it was made; of what pays by itself there is nothing to compare."""
    order = billed(site)
    known = after(order, run(site, whole(order), order))
    step = payout_step(order, "109.50")
    assert compared(site, step, known) == [("Payment Amount", "109.50 USD", "")]
    site.run(step, known, WRITES)
    assert compared(site, step, known) == [
        ("Payment Amount", "109.50 USD", "109.50 USD"),
        ("Status", "Closed", "Closed"),
    ]
    paid = ordered(site, paid=True)
    deposit = after(paid, run(site, whole(paid), paid))
    ((label, expected, there),) = compared(site, payout_step(paid, "109.50"), deposit)
    assert (label, expected) == ("Paid out by", there)


def test_a_deposit_and_a_cancellation_are_compared_too(site: TargetSite) -> None:
    """By amount, and by status."""
    paid, unpaid = ordered(site, paid=True), ordered(site)
    step, cancel = whole(paid), whole(unpaid, rules={"unbilled": "cancel"})
    run(site, step, paid)
    run(site, cancel, unpaid)
    assert compared(site, step, paid.known)[0] == ("Payment Amount", "109.50 USD", "109.50 USD")
    assert compared(site, cancel, unpaid.known) == [("Status", "Canceled", "Canceled")]


# -- settings --------------------------------------------------------------------------------------------------------


def test_return_orders_and_authorisations_have_types_of_their_own(site: TargetSite) -> None:
    """Or what was only authorised would count as credited."""
    with pytest.raises(ValueError, match="return_order_type and authorization_type are both 'RM'"):
        site.settings({"refunds": {"return_order_type": "RM"}})
    assert isinstance(site.settings(WRITES), AcumaticaSettings)


# -- helpers ---------------------------------------------------------------------------------------------------------


def _credit(site: TargetSite, key: str) -> None:
    """Take the goods of a return order in, and release its credit memo, as people do."""
    site.post(f"act/SalesOrder/RC/{key}/SalesOrderCreateReceipt")
    receipt = site.documents("Shipment")[-1]["ShipmentNbr"]["value"]
    site.post(f"shipments/{receipt}/confirm")
    site.post(f"act/Shipment/{receipt}/PrepareInvoice")
    memos = [plain(one) for one in site.documents("SalesInvoice")]
    number = max(one["ReferenceNbr"] for one in memos if one["Type"] == "Credit Memo")
    site.post(f"act/SalesInvoice/Credit Memo/{number}/ReleaseSalesInvoice")


def _payments(site: TargetSite, number: str) -> dict[str, object]:
    """The customer refund with this number in our form."""
    key = number.removeprefix("REF-")
    (found,) = [
        one
        for one in map(plain, site.documents("Payment"))
        if (one["Type"], one["ReferenceNbr"]) == ("Refund", key)
    ]
    return found


def _unpaid(site: TargetSite, key: str) -> Decimal:
    (order,) = [
        one
        for one in site.documents("SalesOrder")
        if (one["OrderType"]["value"], one["OrderNbr"]["value"]) == ("SO", key)
    ]
    unpaid: Decimal = order["Totals"]["UnpaidBalance"]["value"]
    return unpaid
