"""Refunds at Acumatica as credit memos: made, released, read back, and no more than what is billed."""

from decimal import Decimal
from typing import Any

import pytest

from connector.errors import NotFound, OutcomeUnknown, Partial, Rejected
from connector.systems.base import Known
from schemas.base import Money
from tests.systems.acumatica_refunds_given import (
    BAGS,
    WATCH,
    WRITES,
    back,
    billed,
    compared,
    found,
    ordered,
    plain,
    refund_step,
    rows,
    run,
    whole,
)
from tests.systems.acumatica_target_site import TargetSite, usd
from tests.systems.acumatica_target_site import served_site as served_site
from tests.systems.acumatica_target_site import site as site

MEMOS = "/SalesInvoice$"
RELEASE = "/SalesInvoice/ReleaseSalesInvoice$"


@pytest.mark.parametrize("actions", ["queued", "immediate"])
def test_a_refund_of_all_becomes_a_credit_memo_that_is_released(site: TargetSite, actions: str) -> None:
    """It bears our reference, the order and the lines of the invoice that it credits."""
    site.post("options", {"actions": actions})
    order = billed(site)
    step = whole(order, reason="too large")
    done = run(site, step, order)
    (memo,) = found(site, "SalesInvoice", step.reference)
    there = plain(memo)
    assert (done.adopted, done.effect.document.kind) == (False, "refund")
    assert done.effect.document.number == f"CRM-{there['ReferenceNbr']}"
    assert done.effect.seen == {"status": "Open", "total": "109.50 USD"}
    assert (there["Type"], there["Amount"], there["CustomerID"]) == (
        "Credit Memo",
        Decimal("109.50"),
        "C1001",
    )
    assert there["CustomerOrder"] == f"SO-{order.key}"
    assert there["note"] == f"too large\n[ref:{step.reference}]"
    assert [(row["InventoryID"], row["Qty"], row.get("OrigInvNbr")) for row in rows(memo)] == [
        ("24-MB01", 2, order.invoice),
        ("24-WG02", 1, order.invoice),
        ("SHIPPING", 1, None),
    ]
    assert site.requests("PUT", "/SalesInvoice")[0]["body"]["Date"] == {"value": "2026-03-09T00:00:00+00:00"}


def test_a_part_of_a_line_is_credited_by_quantity_and_amount(site: TargetSite) -> None:
    """One bag of two, half the discount of the watch stays where it is."""
    order = billed(site)
    step = refund_step(order, "33.00", (back("11", "24-MB01", "1", "34.00", discount=usd("1.00")),))
    run(site, step, order)
    (memo,) = found(site, "SalesInvoice", step.reference)
    (row,) = rows(memo)
    assert (row["Qty"], row["UnitPrice"], row["DiscountAmount"], row["Amount"]) == (1, 34, 1, 33)
    assert (row["OrigInvNbr"], row["OrigInvLineNbr"]) == (order.invoice, 1)


def test_an_amount_only_is_credited_by_the_item_for_adjustments(site: TargetSite) -> None:
    """What is given back on top, less the fee that is kept."""
    order = billed(site)
    step = refund_step(order, "4.50", adjustment_refund=usd("5.00"), adjustment_fee=usd("0.50"))
    run(site, step, order)
    (memo,) = found(site, "SalesInvoice", step.reference)
    assert [(row["InventoryID"], row["Amount"]) for row in rows(memo)] == [
        ("ADJUST", 5),
        ("ADJUST", Decimal("-0.50")),
    ]


@pytest.mark.parametrize(
    ("rule", "told", "item"),
    [
        ("as_told", False, "NO-STOCK"),
        ("as_told", True, "24-WG02"),
        ("never", True, "NO-STOCK"),
        ("always", False, "24-WG02"),
    ],
)
def test_goods_that_do_not_return_are_credited_by_an_item_without_stock(
    site: TargetSite, rule: str, told: bool, item: str
) -> None:
    """As the source says, never, or always."""
    order = billed(site)
    line = WATCH.model_copy(update={"restock": told})
    step = refund_step(order, "33.50", (line,), rules={"restock": rule})
    run(site, step, order)
    (memo,) = found(site, "SalesInvoice", step.reference)
    assert [(row["InventoryID"], row["Amount"]) for row in rows(memo)] == [(item, Decimal("33.50"))]


@pytest.mark.parametrize(
    ("content", "setting"),
    [
        ({"shipping": usd("8.00"), "total": usd("8.00")}, "shipping_item"),
        ({"adjustment_refund": usd("1.00"), "total": usd("1.00")}, "adjustment_item"),
        ({"lines": (WATCH,), "total": usd("33.50")}, "goods_item"),
    ],
)
def test_a_non_stock_item_that_is_not_set_is_asked_for(
    site: TargetSite, content: dict[str, Any], setting: str
) -> None:
    """Before anything is sent."""
    order = billed(site)
    step = refund_step(order, "1.00", rules={"restock": "never"}, **content)
    with pytest.raises(Rejected, match=rf"name it in orders\.refunds\.{setting}"):
        run(site, step, order, orders={})
    assert site.requests("PUT", "/SalesInvoice") == []


def test_the_storefronts_tax_is_given_where_the_settings_say_so(site: TargetSite) -> None:
    """As one row of the tax that the settings name."""
    order = billed(site)
    step = refund_step(order, "36.25", (back("11", "24-MB01", "1", "34.00"),), tax=usd("2.25"))
    run(site, step, order, orders=WRITES | {"taxes": "given", "tax_id": "WEBTAX"})
    (memo,) = found(site, "SalesInvoice", step.reference)
    (tax,) = [plain(one) for one in memo["TaxDetails"]]
    assert (tax["TaxID"], tax["TaxableAmount"], tax["TaxAmount"]) == ("WEBTAX", 34, Decimal("2.25"))


def test_a_total_that_comes_out_differently_is_partial_and_not_released(site: TargetSite) -> None:
    """Acumatica computes no tax here, and the storefront gave some back: both sides are named."""
    order = billed(site)
    step = refund_step(order, "36.25", (back("11", "24-MB01", "1", "34.00"),), tax=usd("2.25"))
    with pytest.raises(Partial, match=r"total: asked 36\.25 USD, there 34\.00 USD"):
        run(site, step, order)
    (memo,) = found(site, "SalesInvoice", step.reference)
    assert plain(memo)["Status"] == "Balanced"


def test_settings_may_leave_the_release_to_people(site: TargetSite) -> None:
    """The memo stands Balanced, also when it is looked at again."""
    order = billed(site)
    step = whole(order)
    orders = {"refunds": WRITES["refunds"] | {"release": False}}
    first, second = (run(site, step, order, orders=orders) for _ in range(2))
    assert (first.adopted, second.adopted) == (False, True)
    assert second.effect.seen["status"] == "Balanced"


# -- what is left ----------------------------------------------------------------------------------------------------


def test_several_refunds_of_one_order_are_credited_until_nothing_is_left(site: TargetSite) -> None:
    """The third one would give back more than is billed: both amounts are named, and nothing is written."""
    order = billed(site)
    run(site, refund_step(order, "76.00", (BAGS,), shipping=usd("8.00")), order)
    run(site, refund_step(order, "30.00", nth=1, adjustment_refund=usd("30.00")), order)
    site.simulator.delete("/_sim/requests")
    with pytest.raises(Rejected) as raised:
        run(site, refund_step(order, "3.51", nth=2, adjustment_refund=usd("3.51")), order)
    assert raised.value.code == "money"
    assert "gives back 3.51 USD" in raised.value.message
    assert "3.50 USD is left: 109.50 is billed, of which 106.00 was credited before" in raised.value.message
    assert site.requests("PUT") == []
    run(site, refund_step(order, "3.50", nth=3, adjustment_refund=usd("3.50")), order)


def test_more_than_was_billed_is_refused_with_both_amounts(site: TargetSite) -> None:
    """Before anything is written."""
    order = billed(site)
    with pytest.raises(Rejected, match=r"gives back 110\.00 USD, and of order SO-\d+ 109\.50 USD is left"):
        run(site, refund_step(order, "110.00", adjustment_refund=usd("110.00")), order)
    assert site.requests("PUT", "/SalesInvoice") == []


def test_goods_that_came_back_already_do_not_come_back_again(site: TargetSite) -> None:
    """The quantity that is left is named, however little money it is."""
    order = billed(site)
    run(site, refund_step(order, "34.00", (back("11", "24-MB01", "1", "34.00"),)), order)
    step = refund_step(order, "2.00", (back("11", "24-MB01", "2", "2.00"),), nth=1)
    with pytest.raises(Rejected, match=r"2 × 24-MB01 come back, and of order .* there are 1 left") as raised:
        run(site, step, order)
    assert raised.value.code == "quantity"


def test_a_credit_memo_that_a_person_entered_for_the_order_counts(site: TargetSite) -> None:
    """It names the order in Customer Order Nbr."""
    order = billed(site)
    memo = {"Type": "Credit Memo", "CustomerID": "C1001", "CustomerOrder": f"SO-{order.key}", "Hold": False}
    line = {"InventoryID": "ADJUST", "Qty": "1", "UnitPrice": "100.00"}
    site.post("enter/SalesInvoice", memo | {"Details": [line]})
    with pytest.raises(Rejected, match=r"of which 100\.00 was credited before"):
        run(site, refund_step(order, "10.00", adjustment_refund=usd("10.00")), order)


def test_another_orders_credit_memo_does_not_count(site: TargetSite) -> None:
    """Of the same customer."""
    first, second = billed(site), billed(site)
    run(site, whole(first), first)
    assert run(site, whole(second), second).effect.seen["total"] == "109.50 USD"


# -- prerequisites ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prepared", [False, True])
def test_an_order_that_is_not_billed_is_waited_for(site: TargetSite, prepared: bool) -> None:
    """Without an invoice, and with one that is not released."""
    order = billed(site, released=False) if prepared else ordered(site)
    with pytest.raises(NotFound, match=f"order SO-{order.key} is not billed yet") as raised:
        run(site, whole(order), order)
    assert raised.value.code == "not billed"
    assert str(raised.value.missing) == f"invoice SO-{order.key} @ acumatica-main"
    assert site.requests("PUT", "/SalesInvoice") == []


def test_an_order_that_is_not_there_is_waited_for(site: TargetSite) -> None:
    """By the storefront's number."""
    order = ordered(site)
    step = whole(order)
    unknown = step.order.model_copy(update={"order": step.order.order.model_copy(update={"number": "77"})})
    with pytest.raises(NotFound) as raised:
        site.run(step.model_copy(update={"order": unknown}), Known(), WRITES)
    assert str(raised.value.missing) == "order 77 @ magento-us"


def test_an_order_without_a_link_is_found_by_the_storefronts_number(site: TargetSite) -> None:
    """The link is learnt on the way."""
    order = billed(site)
    done = site.run(whole(order), Known(), WRITES)
    assert [(one.source.number, one.target) for one in done.effect.links] == [
        (order.number, order.known.order)
    ]


# -- broken off ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", MEMOS), ("POST", RELEASE), ("GET", "/SalesInvoice/ReleaseSalesInvoice/status/")],
)
def test_a_refund_that_broke_off_is_finished_by_the_next_try(
    site: TargetSite, method: str, path: str
) -> None:
    """Made with the reply lost, released with the reply lost, the status not read: it stands once, released."""
    order = billed(site)
    step = whole(order)
    site.fault("reply_lost", method, path)
    with pytest.raises(OutcomeUnknown):
        run(site, step, order)
    done = run(site, step, order)
    assert (done.adopted, done.effect.seen["status"]) == (True, "Open")
    assert len(found(site, "SalesInvoice", step.reference)) == 1


def test_a_credit_memo_that_could_not_be_released_is_released_by_the_next_try(site: TargetSite) -> None:
    """Once the rights are given, nothing is made anew."""
    order = billed(site)
    step = whole(order)
    site.fault("status", "POST", RELEASE, status=403, body={"message": "You have no rights."})
    with pytest.raises(Rejected, match="stands Balanced, but is not released"):
        run(site, step, order)
    site.simulator.delete("/_sim/requests")
    assert run(site, step, order).effect.seen["status"] == "Open"
    assert site.requests("PUT") == []


@pytest.mark.parametrize("answer", [202, 204])
def test_a_release_that_is_accepted_and_not_done_is_looked_at_again(site: TargetSite, answer: int) -> None:
    """The memo itself is read."""
    order = billed(site)
    site.fault("not_created", "POST", RELEASE, answer=answer)
    with pytest.raises(OutcomeUnknown, match="still stands Balanced"):
        run(site, whole(order), order)


# -- comparing -------------------------------------------------------------------------------------------------------


def test_a_refund_is_compared_with_what_stands_there_and_nothing_is_written(site: TargetSite) -> None:
    """Before it is made, as it was made, and after its credit memo was changed by hand."""
    order = billed(site)
    step = whole(order)
    unreleased = {"refunds": WRITES["refunds"] | {"release": False}}
    assert compared(site, step, order.known) == [("Total", "109.50 USD", "")]
    key = run(site, step, order, orders=unreleased).effect.document.number.removeprefix("CRM-")
    assert compared(site, step, order.known) == [
        ("Total", "109.50 USD", "109.50 USD"),
        ("Status", "Open", "Balanced"),
    ]
    site.post(f"edit/SalesInvoice/Credit Memo/{key}", {"Details": [{"LineNbr": 3, "UnitPrice": "7.00"}]})
    site.post(f"act/SalesInvoice/Credit Memo/{key}/ReleaseSalesInvoice")
    site.simulator.delete("/_sim/requests")
    assert compared(site, step, order.known) == [
        ("Total", "109.50 USD", "108.50 USD"),
        ("Status", "Open", "Open"),
    ]
    assert [row["method"] for row in site.requests(path="/entity/Default") if row["method"] != "GET"] == []


def test_a_credit_memo_that_a_person_made_instead_is_recognised_by_its_total(site: TargetSite) -> None:
    """The only one for the order, without a marker of ours."""
    order = billed(site)
    memo = {"Type": "Credit Memo", "CustomerID": "C1001", "CustomerOrder": f"SO-{order.key}", "Hold": False}
    line = {"InventoryID": "ADJUST", "Qty": "1", "UnitPrice": "5.00"}
    made = plain(site.post("enter/SalesInvoice", memo | {"Details": [line]}))
    site.post(f"act/SalesInvoice/Credit Memo/{made['ReferenceNbr']}/ReleaseSalesInvoice")
    step = refund_step(order, "5.00", adjustment_refund=usd("5.00"))
    assert compared(site, step, order.known) == [
        ("Total", "5.00 USD", "5.00 USD"),
        ("Status", "Open", "Open"),
    ]


# -- currencies ------------------------------------------------------------------------------------------------------


def test_a_refund_in_another_currency_than_the_orders_is_refused(site: TargetSite) -> None:
    """Before anything is written."""
    order = billed(site)
    euro = Money(amount=Decimal("5.00"), currency="EUR")
    step = refund_step(order, "5.00", currency="EUR", total=euro, adjustment_refund=euro)
    with pytest.raises(Rejected, match=f"order SO-{order.key} is in USD, refund .* in EUR") as raised:
        run(site, step, order)
    assert raised.value.code == "currency"
    assert site.requests("PUT", "/SalesInvoice") == []


def test_an_order_in_euro_is_credited_in_euro(site: TargetSite) -> None:
    """Whatever the site's own currency is."""
    order = billed(site, currency="EUR")
    euro = Money(amount=Decimal("5.00"), currency="EUR")
    step = refund_step(order, "5.00", currency="EUR", total=euro, adjustment_refund=euro)
    assert run(site, step, order).effect.seen["total"] == "5.00 EUR"
    (memo,) = found(site, "SalesInvoice", step.reference)
    assert plain(memo)["Currency"] == "EUR"


def test_nothing_is_no_refund(site: TargetSite) -> None:
    """A memo over nothing is not made."""
    order = billed(site)
    with pytest.raises(Rejected, match="gives nothing back"):
        run(site, refund_step(order, "0.00"), order)
