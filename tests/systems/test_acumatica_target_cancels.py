"""Cancelling orders and writing into their notes at Acumatica as a target, and what it takes from nobody."""

from typing import Any

import pytest

from connector.errors import NotFound, OutcomeUnknown, Rejected
from connector.planned import InvoiceStep
from connector.systems.base import Known
from tests.systems.acumatica_target_site import (
    TargetSite,
    cancel_step,
    comment_step,
    common,
    linked,
    new_number,
    order_step,
    payment_step,
)
from tests.systems.acumatica_target_site import served_site as served_site
from tests.systems.acumatica_target_site import site as site

CANCEL = "/SalesOrder/CancelSalesOrder$"


def _ordered(site: TargetSite, **options: Any) -> tuple[str, Known, str]:
    """Storefront's number, what is known once the order is linked, and the number at the site."""
    number = new_number()
    known = linked(site.order(order_step(number), **options).effect)
    assert known.order is not None
    return number, known, known.order.number.removeprefix("SO-")


def _order(site: TargetSite, key: str) -> dict[str, Any]:
    return next(one for one in site.documents("SalesOrder") if one["OrderNbr"]["value"] == key)


@pytest.mark.parametrize("actions", ["queued", "immediate"])
@pytest.mark.parametrize("hold", [False, True])
def test_an_order_is_cancelled_and_seen_to_be(site: TargetSite, actions: str, hold: bool) -> None:
    """By 202 with a status, and by 204; from Open and from On Hold."""
    site.post("options", {"actions": actions})
    number, known, key = _ordered(site, orders={"hold": hold})
    done = site.run(cancel_step(number), known)
    assert (done.adopted, done.effect.seen["status"]) == (False, "Canceled")
    assert _order(site, key)["Status"]["value"] == "Canceled"


def test_an_order_that_is_cancelled_already_is_left_alone(site: TargetSite) -> None:
    """Whoever did it, with a link or by the storefront's number; the link is learnt."""
    number, known, key = _ordered(site)
    site.post(f"orders/SO/{key}/cancel")
    assert site.run(cancel_step(number), known).adopted
    done = site.run(cancel_step(number))
    assert done.adopted
    assert [link.target for link in done.effect.links] == [known.order]
    assert site.requests("POST", "CancelSalesOrder") == []


def test_an_order_that_is_not_there_is_waited_for(site: TargetSite) -> None:
    """By the number at its source."""
    number = new_number()
    with pytest.raises(NotFound) as raised:
        site.run(cancel_step(number))
    assert str(raised.value.missing) == f"order {number} @ magento-us"


def test_an_order_with_a_shipment_is_not_cancelled(site: TargetSite) -> None:
    """The shipment is named; nothing is sent."""
    number, known, key = _ordered(site)
    shipment = site.post(f"orders/SO/{key}/ship")["ShipmentNbr"]["value"]
    with pytest.raises(Rejected, match=rf"shipments {shipment} \(Open\)"):
        site.run(cancel_step(number), known)
    assert site.requests("POST", "CancelSalesOrder") == []


def test_an_order_with_a_payment_is_cancelled_once_the_payment_is_voided(site: TargetSite) -> None:
    """The payment is named with what is applied."""
    number, known, _ = _ordered(site)
    payment = site.run(payment_step(number), known).effect.document.number.removeprefix("PMT-")
    with pytest.raises(Rejected, match=rf"payments Payment {payment} \(109\.50\)"):
        site.run(cancel_step(number), known)
    site.post(f"act/Payment/Payment/{payment}/VoidPayment")
    assert site.run(cancel_step(number), known).effect.seen["status"] == "Canceled"


def test_an_order_in_a_status_that_forbids_it_is_not_cancelled(site: TargetSite) -> None:
    """The status is named, and those that would allow it."""
    number = new_number()
    lines = [{"InventoryID": "24-MB01", "OrderQty": "1", "UnitPrice": "1.00"}]
    seeded = {"CustomerID": "C1001", "ExternalRef": number, "Status": "Completed", "lines": lines}
    site.post("seed", {"orders": [seeded]})
    with pytest.raises(
        Rejected, match=r"stands Completed, and not Awaiting Payment, Credit Hold, On Hold, Open"
    ):
        site.run(cancel_step(number))


@pytest.mark.parametrize("answer", [202, 204])
def test_a_cancellation_that_is_accepted_and_ignored_is_said(site: TargetSite, answer: int) -> None:
    """With the status that stands there; a retry does it."""
    number, known, _ = _ordered(site)
    site.fault("not_created", "POST", CANCEL, answer=answer)
    with pytest.raises(Rejected, match="ignored it: it stands Open") as raised:
        site.run(cancel_step(number), known)
    assert raised.value.code == "ignored"
    assert site.run(cancel_step(number), known).effect.seen["status"] == "Canceled"


def test_a_cancellation_whose_reply_was_lost_is_found_by_the_next_try(site: TargetSite) -> None:
    """It was cancelled after all."""
    site.post("options", {"actions": "immediate"})
    number, known, _ = _ordered(site)
    site.fault("reply_lost", "POST", CANCEL)
    with pytest.raises(OutcomeUnknown):
        site.run(cancel_step(number), known)
    assert site.run(cancel_step(number), known).adopted


def test_a_cancellation_that_is_refused_says_why_in_the_vendors_words(site: TargetSite) -> None:
    """The order is read once more: there is no better reason, so the vendor's stands beside the status."""
    number, known, _ = _ordered(site)
    body = {
        "exceptionMessage": "Document Status is invalid for processing.",
        "exceptionType": "PX.Data.PXException",
    }
    site.fault("status", "POST", CANCEL, status=500, body=body)
    with pytest.raises(Rejected, match=r"stands Open: .*Document Status is invalid for processing"):
        site.run(cancel_step(number), known)


def test_the_location_of_a_status_is_asked_for_at_our_own_address(site: TargetSite) -> None:
    """It may name an inner host, to which the log-in must not go; no such host is ever called."""
    number, known, _ = _ordered(site)
    location = "http://inner.example:8080/Site/entity/Default/25.200.001/SalesOrder/CancelSalesOrder/status"
    headers = {"Location": f"{location}/00000000-0000-4000-8000-000000000071"}
    site.fault("status", "POST", CANCEL, status=202, body="", headers=headers)
    with pytest.raises(OutcomeUnknown, match="its end is not known"):
        site.run(cancel_step(number), known)
    (asked,) = site.requests("GET", "/status/")
    assert asked["path"].endswith("/SalesOrder/CancelSalesOrder/status/00000000-0000-4000-8000-000000000071")


# -- notes -----------------------------------------------------------------------------------------------------------


def test_a_comment_goes_behind_the_note_once(site: TargetSite) -> None:
    """What stands there stays, our marker of the order among it."""
    number, known, key = _ordered(site)
    step = comment_step(number, "Customer called")
    first, second = site.run(step, known), site.run(step, known)
    assert (first.adopted, second.adopted) == (False, True)
    note = _order(site, key)["note"]["value"].splitlines()
    assert note[0] == "From the shop"
    assert note[2:] == ["Customer called", f"[ref:{step.reference}]"]
    assert site.order(order_step(number)).adopted


def test_a_comment_goes_to_the_order_that_was_made_a_moment_ago(site: TargetSite) -> None:
    """Its link is not stored yet, and another one with the same number does not confuse it."""
    number, known, key = _ordered(site)
    site.post("enter/SalesOrder", {"CustomerID": "C1001", "ExternalRef": number})
    assert known.order is not None
    step = comment_step(number, "By the way", needs=(f"order:{number}",))
    done = site.run(step, Known(made={f"order:{number}": known.order}))
    assert done.effect.document == known.order
    with pytest.raises(Rejected, match=rf"2 orders have ExternalRef {number}: SO-{key} and SO-"):
        site.run(comment_step(number, "By the way"))


def test_the_note_of_a_cancellation_is_written_before_it(site: TargetSite) -> None:
    """A cancelled order takes no changes."""
    number, known, key = _ordered(site)
    site.run(cancel_step(number, notes="Cancelled in the shop"), known)
    there = _order(site, key)
    assert there["Status"]["value"] == "Canceled"
    assert "Cancelled in the shop\n[ref:" in there["note"]["value"]


def test_a_status_cannot_be_set_by_a_comment(site: TargetSite) -> None:
    """The setting to take out is named."""
    number, known, _ = _ordered(site)
    with pytest.raises(Rejected, match="order_status"):
        site.run(comment_step(number, "x", status="Open"), known)


def test_an_invoice_is_taken_from_nobody(site: TargetSite) -> None:
    """Invoices are born here."""
    with pytest.raises(Rejected, match="takes no invoice") as raised:
        site.run(InvoiceStep(**common("x", new_number()), lines=()))
    assert raised.value.code == "not supported"
