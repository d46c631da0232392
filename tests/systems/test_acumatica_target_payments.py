"""Payments at Acumatica as a target: recorded, applied, released, and finished by the next try where it broke off."""

from decimal import Decimal
from typing import Any

import pytest

from connector.errors import NotFound, OutcomeUnknown, Partial, Rejected
from connector.systems.base import Known
from schemas.base import Money
from tests.systems.acumatica_target_site import (
    TargetSite,
    customer_step,
    linked,
    new_number,
    order_step,
    payment_step,
)
from tests.systems.acumatica_target_site import served_site as served_site
from tests.systems.acumatica_target_site import site as site

PAYMENTS = "/Payment$"
RELEASE = "/Payment/ReleasePayment$"


def _ordered(site: TargetSite, **options: Any) -> tuple[str, Known]:
    """An order of 109.50, and what is known once it is linked."""
    number = new_number()
    return number, linked(site.order(order_step(number), **options).effect)


def _payments(site: TargetSite, number: str) -> list[dict[str, Any]]:
    """The payments that bear the reference of the step for this order."""
    reference = payment_step(number).reference
    return [one for one in site.documents("Payment") if one["ExternalRef"].get("value") == reference]


def _order(site: TargetSite, known: Known) -> dict[str, Any]:
    assert known.order is not None
    number = known.order.number.removeprefix("SO-")
    return next(one for one in site.documents("SalesOrder") if one["OrderNbr"]["value"] == number)


@pytest.mark.parametrize("actions", ["queued", "immediate"])
def test_a_payment_is_recorded_applied_and_released(site: TargetSite, actions: str) -> None:
    """By 202 with a status, and by 204; the order is paid, and the payment bears our reference."""
    site.post("options", {"actions": actions})
    number, known = _ordered(site)
    orders = {"payments": {"cash_accounts": {"CREDITCARD": "10600"}}}
    done = site.run(payment_step(number, notes="Paid in the shop"), known, orders)
    (there,) = _payments(site, number)
    plain: dict[str, Any] = {name: one.get("value") for name, one in there.items() if isinstance(one, dict)}
    assert (done.adopted, done.effect.document.number) == (False, f"PMT-{plain['ReferenceNbr']}")
    assert done.effect.seen == {"status": "Open", "amount": "109.50 USD"}
    assert (plain["Status"], plain["CustomerID"], plain["CashAccount"]) == ("Open", "C1001", "10600")
    assert plain["ExternalRef"] == plain["PaymentRef"] == payment_step(number).reference
    assert plain["note"].startswith("Paid in the shop\n[ref:")
    assert plain["Description"] == f"invoice I{number} @ magento-us"
    assert site.requests("PUT", "/Payment")[0]["body"]["ApplicationDate"] == {
        "value": "2026-03-03T00:00:00+00:00"
    }
    assert _order(site, known)["Totals"]["UnpaidBalance"]["value"] == 0


def test_settings_say_the_type_and_whether_payments_are_released(site: TargetSite) -> None:
    """A prepayment that is only recorded stays as it is when it is looked at again."""
    number, known = _ordered(site)
    orders = {"payments": {"type": "Prepayment", "release": False}}
    first = site.run(payment_step(number), known, orders)
    second = site.run(payment_step(number), known, orders)
    assert first.effect.document.number.startswith("PPM-")
    assert (second.adopted, second.effect.seen["status"]) == (True, "Balanced")
    assert site.requests("POST", "ReleasePayment") == []


def test_an_order_without_a_link_is_found_by_the_storefronts_number(site: TargetSite) -> None:
    """The link is learnt on the way; an order that is not there is waited for, and nothing is written."""
    number, known = _ordered(site)
    done = site.run(payment_step(number))
    (link,) = done.effect.links
    assert (link.source.number, link.target) == (number, known.order)
    unknown = new_number()
    with pytest.raises(NotFound) as raised:
        site.run(payment_step(unknown))
    assert str(raised.value.missing) == f"order {unknown} @ magento-us"
    assert _payments(site, unknown) == []


# -- broken off ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", PAYMENTS), ("POST", RELEASE), ("GET", "/Payment/ReleasePayment/status/")]
)
def test_a_payment_that_broke_off_is_finished_by_the_next_try(
    site: TargetSite, method: str, path: str
) -> None:
    """Recorded with the reply lost, released with the reply lost, the status not read: it stands once, released."""
    number, known = _ordered(site)
    site.fault("reply_lost", method, path)
    with pytest.raises(OutcomeUnknown):
        site.run(payment_step(number), known)
    done = site.run(payment_step(number), known)
    assert done.adopted
    (there,) = _payments(site, number)
    assert there["Status"]["value"] == "Open"
    assert _order(site, known)["Totals"]["UnpaidBalance"]["value"] == 0


def test_a_payment_that_was_recorded_and_not_released_is_released_by_the_next_try(site: TargetSite) -> None:
    """The release was refused for want of rights; once they are given, nothing is recorded anew."""
    number, known = _ordered(site)
    site.fault("status", "POST", RELEASE, status=403, body={"message": "You have no rights."})
    with pytest.raises(Rejected, match="stands Balanced, but is not released"):
        site.run(payment_step(number), known)
    site.simulator.delete("/_sim/requests")
    assert site.run(payment_step(number), known).effect.seen["status"] == "Open"
    assert site.requests("PUT") == []


@pytest.mark.parametrize("answer", [202, 204])
def test_a_release_that_is_accepted_and_not_done_is_looked_at_again(site: TargetSite, answer: int) -> None:
    """A 204 means done or not done, so the payment itself is read."""
    number, known = _ordered(site)
    site.fault("not_created", "POST", RELEASE, answer=answer)
    with pytest.raises(OutcomeUnknown, match="still stands Balanced"):
        site.run(payment_step(number), known)
    assert site.run(payment_step(number), known).effect.seen["status"] == "Open"


def test_a_release_that_takes_longer_than_our_patience_is_looked_at_again(site: TargetSite) -> None:
    """The operation is still running when the total time-out is over; it ends later, and is found."""
    number, known = _ordered(site)
    site.post("options", {"operations_held": True})
    with pytest.raises(OutcomeUnknown, match="still works on payment"):
        site.run(payment_step(number), known, timeouts={"connect": 0.3, "total": 0.3})
    site.post("options", {"operations_held": False})
    assert site.run(payment_step(number), known).effect.seen["status"] == "Open"
    assert len(_payments(site, number)) == 1


# -- refusals and differences ----------------------------------------------------------------------------------------


def test_an_order_that_is_paid_already_takes_no_second_payment(site: TargetSite) -> None:
    """Somebody recorded it by hand: it is named, and nothing is written."""
    number, known = _ordered(site)
    assert known.order is not None
    key = known.order.number.removeprefix("SO-")
    by_hand = site.post(f"orders/SO/{key}/pay", {"amount": "100.00"})["ReferenceNbr"]["value"]
    with pytest.raises(Rejected, match=rf"has 9\.50 USD left to pay.*Payment {by_hand} \(100\.00\)"):
        site.run(payment_step(number), known)
    assert site.requests("PUT", "/Payment") == []


def test_a_cent_too_much_is_within_a_tolerance_of_a_cent(site: TargetSite) -> None:
    """The order takes what it is open for."""
    number, known = _ordered(site)
    done = site.run(payment_step(number, "109.51"), known, {"total_tolerance": "0.01"})
    assert done.effect.seen["amount"] == "109.51 USD"
    assert _order(site, known)["Totals"]["UnpaidBalance"]["value"] == 0


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (Money(amount=Decimal(1), currency="EUR"), "currency"),
        (Money(amount=Decimal(0), currency="USD"), "no amount"),
    ],
)
def test_what_cannot_be_recorded_is_refused_before_it_is_sent(
    site: TargetSite, amount: Money, code: str
) -> None:
    """Another currency than the order's, and nothing at all."""
    number, known = _ordered(site)
    with pytest.raises(Rejected) as raised:
        site.run(payment_step(number).model_copy(update={"amount": amount}), known)
    assert raised.value.code == code
    assert site.requests("PUT", "/Payment") == []


def test_a_cancelled_order_takes_no_payment(site: TargetSite) -> None:
    """Where it was cancelled by hand."""
    number, known = _ordered(site)
    assert known.order is not None
    site.post(f"orders/SO/{known.order.number.removeprefix('SO-')}/cancel")
    with pytest.raises(Rejected, match="is cancelled"):
        site.run(payment_step(number), known)


def test_a_payment_that_was_voided_is_said_and_not_recorded_anew(site: TargetSite) -> None:
    """A person undid it on purpose."""
    number, known = _ordered(site)
    key = site.run(payment_step(number), known).effect.document.number.removeprefix("PMT-")
    site.post(f"act/Payment/Payment/{key}/VoidPayment")
    with pytest.raises(Partial, match="status: asked released, there Voided"):
        site.run(payment_step(number), known)
    assert len([one for one in _payments(site, number) if one["Type"]["value"] == "Payment"]) == 1


def test_an_amount_that_was_changed_there_is_partial(site: TargetSite) -> None:
    """Both sides are named."""
    number, known = _ordered(site)
    unreleased = {"payments": {"release": False}}
    key = site.run(payment_step(number), known, unreleased).effect.document.number.removeprefix("PMT-")
    order = _order(site, known)["OrderNbr"]["value"]
    rows = [{"OrderType": "SO", "OrderNbr": order, "AppliedToOrder": "9.50"}]
    site.post(f"edit/Payment/Payment/{key}", {"PaymentAmount": "100.00", "OrdersToApply": rows})
    with pytest.raises(Partial) as raised:
        site.run(payment_step(number), known, unreleased)
    assert "amount: asked 109.50 USD, there 100.00 USD" in raised.value.message
    assert "asked 109.50, there 9.50" in raised.value.message


def test_an_unknown_cash_account_is_refused_in_the_vendors_words(site: TargetSite) -> None:
    """With the value that the settings gave."""
    site.post("seed", {"known": {"cash_accounts": ["10200", "10600"]}})
    number, known = _ordered(site)
    with pytest.raises(Rejected, match="CashAccount '999': 'Cash Account' cannot be found"):
        site.run(payment_step(number), known, {"payments": {"cash_accounts": {"CREDITCARD": "999"}}})


def test_the_customer_of_the_order_pays(site: TargetSite) -> None:
    """Whoever that is at the site."""
    customer = site.run(customer_step("payer@example.com", "78")).effect.document.number
    number, known = _ordered(site, customer=customer)
    site.run(payment_step(number), known)
    assert [one["CustomerID"]["value"] for one in _payments(site, number)] == [customer]
