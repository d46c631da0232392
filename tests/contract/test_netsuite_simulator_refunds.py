"""Money that goes back in the simulated account: which refund fits which bill, and what it comes to."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.contract.netsuite_site import Site, order, running_site, sample


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site(tax_rate="10") as running:
        yield running


def applying(doc: str, **more: Any) -> dict[str, Any]:
    """A sublist with one row that applies to a document."""
    return {"items": [{"doc": {"id": doc}, "line": 0, "apply": True, **more}]}


def test_a_cash_sale_is_given_back_in_full_by_default_shipping_included(site: Site) -> None:
    sale = site.seed(order("cash_sale"))[0]["cashSale"]
    made = site.whole(
        f"cashRefund/{site.make(f'cashSale/{sale}/!transform/cashRefund', {'externalId': 'refund-1'})}"
    )
    assert (made["subtotal"], made["taxTotal"], made["shippingCost"]) == (45, Decimal("4.5"), 5)
    assert made["total"] == site.read(f"cashSale/{sale}")["total"] == Decimal("54.5")
    assert "status" not in made
    assert made["externalId"] == "refund-1"


def test_a_partial_refund_replaces_the_lines_and_charges_adjust_it(site: Site) -> None:
    sale = site.seed(order("cash_sale"))[0]["cashSale"]
    rows = [{"orderLine": 1, "quantity": 1}, {"item": {"id": "55"}, "amount": -2.5}]
    body = {"shippingCost": 0, "item": {"items": rows}}
    made = site.read(f"cashRefund/{site.make(f'cashSale/{sale}/!transform/cashRefund?replace=item', body)}")
    assert (made["subtotal"], made["taxTotal"], made["total"]) == (10, Decimal("1.25"), Decimal("11.25"))


def test_an_open_invoice_takes_a_credit_up_to_what_is_due(site: Site) -> None:
    invoice = site.seed(order("invoiced"))[0]["invoice"]
    path = f"invoice/{invoice}/!transform/creditMemo?replace=item"
    body = {"shippingCost": 0, "item": {"items": [{"orderLine": 1, "quantity": 1}]}}
    credit = site.make(path, {**body, "apply": applying(invoice, amount=13.75)})
    made = site.whole(f"creditMemo/{credit}")
    assert (made["total"], made["applied"], made["unapplied"]) == (Decimal("13.75"), Decimal("13.75"), 0)
    assert made["status"] == {"id": "B", "refName": "Fully Applied"}
    assert made["apply"]["items"][0]["due"] == Decimal("40.75")
    billed = site.read(f"invoice/{invoice}")
    assert (billed["amountRemaining"], billed["amountPaid"]) == (Decimal("40.75"), Decimal("13.75"))
    status, code, text = site.refused("POST", path, {**body, "apply": applying(invoice, amount=40.76)})
    assert (status, code) == (400, "USER_ERROR")
    assert "40.75" in text


def test_a_credit_that_is_applied_to_nothing_is_paid_out_by_a_customer_refund(site: Site) -> None:
    invoice = site.seed(order("paid"))[0]["invoice"]
    assert site.read(f"invoice/{invoice}")["status"]["id"] == "B"
    path = f"invoice/{invoice}/!transform/creditMemo"
    assert "exceeds" in site.refused("POST", path, {"apply": applying(invoice, amount=1)})[2]
    credit = site.make(path)
    assert site.read(f"creditMemo/{credit}")["unapplied"] == Decimal("54.5")
    body = {
        "customer": {"id": "110"},
        "apply": applying(credit, amount=50),
        "handlingMode": {"id": "SAVE_ONLY"},
    }
    refund = site.whole(f"customerRefund/{site.make('customerRefund', body)}")
    assert (refund["total"], refund["status"]["id"], refund["customer"]["id"]) == (50, "R", "110")
    assert "entity" not in refund
    assert site.read(f"creditMemo/{credit}")["amountRemaining"] == Decimal("4.5")
    assert "4.5" in site.refused("POST", "customerRefund", body)[2]
    rest = site.make(f"creditMemo/{credit}/!transform/customerRefund")
    assert site.read(f"customerRefund/{rest}")["total"] == Decimal("4.5")
    assert site.read(f"creditMemo/{credit}")["status"]["id"] == "B"
    assert "dependent" in site.refused("DELETE", f"creditMemo/{credit}")[2]


def test_a_deposit_is_given_back_by_a_customer_refund_which_shows_it_nowhere(site: Site) -> None:
    made = site.seed(order("deposit"))[0]
    deposit = made["customerDeposit"]
    assert site.read(f"customerDeposit/{deposit}")["payment"] == Decimal("54.5")
    assert site.read(f"customerDeposit/{deposit}")["salesOrder"]["id"] == made["id"]
    body = {"customer": {"id": "110"}, "deposit": applying(deposit, amount=14.5)}
    refund = site.whole(f"customerRefund/{site.make('customerRefund', body)}")
    assert (refund["total"], refund["deposit"]["items"]) == (Decimal("14.5"), [])
    over = {"customer": {"id": "110"}, "deposit": applying(deposit, amount=40.01)}
    assert "40" in site.refused("POST", "customerRefund", over)[2]
    site.make("customerRefund", {"customer": {"id": "110"}, "deposit": applying(deposit)})
    assert site.read(f"customerDeposit/{deposit}")["status"]["refName"] == "Fully Applied"


@pytest.mark.parametrize(
    ("state", "bill", "target"),
    [("invoiced", "invoice", "cashRefund"), ("cash_sale", "cashSale", "creditMemo")],
)
def test_a_refund_of_the_wrong_type_is_refused(site: Site, state: str, bill: str, target: str) -> None:
    made = site.seed(order(state))[0]
    status, code, _ = site.refused("POST", f"{bill}/{made[bill]}/!transform/{target}")
    assert (status, code) == (400, "INVALID_REQUEST")
    returned = site.make(f"salesOrder/{made['id']}/!transform/returnAuthorization", {"orderStatus": "B"})
    assert "comes from no" in site.refused("POST", f"returnAuthorization/{returned}/!transform/{target}")[2]


def test_nothing_is_refunded_of_an_order_that_was_not_billed(site: Site) -> None:
    number = site.seed(order("unbilled"))[0]["id"]
    for target in ("cashRefund", "creditMemo", "customerRefund"):
        assert site.refused("POST", f"salesOrder/{number}/!transform/{target}")[1] == "INVALID_REQUEST"
    returned = site.make(f"salesOrder/{number}/!transform/returnAuthorization", {"orderStatus": {"id": "B"}})
    for target in ("cashRefund", "creditMemo"):
        assert site.refused("POST", f"returnAuthorization/{returned}/!transform/{target}")[1] == "USER_ERROR"


@pytest.mark.parametrize(
    ("state", "bill", "target"),
    [("cash_sale", "cashSale", "cashRefund"), ("invoiced", "invoice", "creditMemo")],
)
def test_a_return_is_approved_and_then_refunded_without_the_shipping(
    site: Site, state: str, bill: str, target: str
) -> None:
    made = site.seed(order(state))[0]
    returned = site.make(f"{bill}/{made[bill]}/!transform/returnAuthorization")
    assert site.read(f"returnAuthorization/{returned}")["status"]["refName"] == "Pending Approval"
    path = f"returnAuthorization/{returned}/!transform/{target}"
    assert "Pending Approval" in site.refused("POST", path)[2]
    assert (
        site.call("PATCH", f"returnAuthorization/{returned}", {"orderStatus": {"id": "B"}}).status_code == 204
    )
    assert site.read(f"{target}/{site.make(path)}")["total"] == Decimal("49.5")


def test_an_account_may_want_the_goods_before_the_money(site: Site) -> None:
    site.sim("POST", "options", {"refund_before_receipt": False})
    sale = site.seed(order("cash_sale"))[0]["cashSale"]
    returned = site.make(f"cashSale/{sale}/!transform/returnAuthorization", {"orderStatus": "B"})
    path = f"returnAuthorization/{returned}/!transform/cashRefund"
    assert "Pending Receipt" in site.refused("POST", path)[2]
    site.make(f"returnAuthorization/{returned}/!transform/itemReceipt")
    assert site.read(f"returnAuthorization/{returned}")["status"]["refName"] == "Pending Refund"
    site.make(path)
    assert site.read(f"returnAuthorization/{returned}")["status"]["refName"] == "Refunded"


def test_a_seeded_tax_is_given_back_in_proportion(site: Site) -> None:
    sale = site.seed(order("cash_sale", taxTotal="3.71"))[0]["cashSale"]
    assert site.read(f"cashSale/{sale}")["taxTotal"] == Decimal("3.71")
    body = {"shippingCost": 0, "item": {"items": [{"orderLine": 2}]}}
    made = site.read(f"cashRefund/{site.make(f'cashSale/{sale}/!transform/cashRefund?replace=item', body)}")
    assert (made["taxTotal"], made["total"]) == (Decimal("1.65"), Decimal("21.65"))


def test_tax_details_override_what_would_be_computed(site: Site) -> None:
    sale = site.seed(order("cash_sale"))[0]["cashSale"]
    body = {"taxDetailsOverride": True, "taxDetails": {"items": [{"taxAmount": 4.44}]}}
    made = site.read(f"cashRefund/{site.make(f'cashSale/{sale}/!transform/cashRefund', body)}")
    assert (made["taxTotal"], made["total"]) == (Decimal("4.44"), Decimal("54.44"))


@pytest.mark.parametrize(
    ("fields", "moved"),
    [
        ({}, True),
        ({"handlingMode": {"id": "SAVE_ONLY"}}, False),
        ({"handlingMode": {"id": "MIMIC"}}, False),
        ({"handlingMode": {"id": "PROCESS"}}, True),
        ({"handlingMode": {"id": "SAVE_ONLY"}, "chargeIt": True}, True),
        ({"paymentOption": None}, False),
    ],
)
def test_what_would_move_real_money_is_seen(site: Site, fields: dict[str, Any], moved: bool) -> None:
    """The sale was paid by a card: without a handling mode its refund is processed too."""
    sale = site.seed(order("cash_sale", paymentOption="7"))[0]["cashSale"]
    if fields == {"paymentOption": None}:
        sale = site.seed(order("cash_sale"))[0]["cashSale"]
    refund = site.make(f"cashSale/{sale}/!transform/cashRefund", fields)
    rows = site.sim("GET", "state")["payment_operations"]
    assert [(one["record"], one["id"], one["moved"]) for one in rows] == [("cashRefund", refund, moved)]


def test_money_goes_back_only_to_whose_it_was(site: Site) -> None:
    other = site.make("customer", {"companyName": "Other Ltd"})
    deposit = site.seed(order("deposit"))[0]["customerDeposit"]
    wrong = {"customer": {"id": other}, "deposit": applying(deposit, amount=1)}
    assert site.refused("POST", "customerRefund", wrong)[1] == "INVALID_CONTENT"
    assert site.refused("POST", "customerRefund", {"deposit": applying(deposit)})[1] == "FIELD_PARAM_REQD"
    assert site.refused("POST", "customerRefund", {"customer": {"id": "110"}})[1] == "USER_ERROR"
    negative = {"customer": {"id": "110"}, "deposit": applying(deposit, amount=-1)}
    assert "positive amount" in site.refused("POST", "customerRefund", negative)[2]


def test_deleting_a_refund_takes_it_back(site: Site) -> None:
    deposit = site.seed(order("deposit"))[0]["customerDeposit"]
    refund = site.make("customerRefund", {"customer": {"id": "110"}, "deposit": applying(deposit)})
    assert site.read(f"customerDeposit/{deposit}")["status"]["id"] == "C"
    assert site.call("DELETE", f"customerRefund/{refund}").status_code == 204
    assert site.read(f"customerDeposit/{deposit}")["status"]["id"] == "B"


def test_an_invoice_is_paid_by_a_transform(site: Site) -> None:
    invoice = site.seed(order("invoiced"))[0]["invoice"]
    payment = site.read(f"customerPayment/{site.make(f'invoice/{invoice}/!transform/customerPayment')}")
    assert (payment["payment"], payment["applied"], payment["unapplied"]) == (
        Decimal("54.5"),
        Decimal("54.5"),
        0,
    )
    assert site.read(f"invoice/{invoice}")["amountRemaining"] == 0


def test_a_credit_is_applied_afterwards_and_again_with_another_amount(site: Site) -> None:
    invoice = site.seed(order("invoiced"))[0]["invoice"]
    credit = site.make(f"invoice/{invoice}/!transform/creditMemo")
    for amount in (54.5, 20):
        body = {"apply": applying(invoice, amount=amount)}
        assert site.call("PATCH", f"creditMemo/{credit}", body).status_code == 204
    assert site.read(f"creditMemo/{credit}")["applied"] == 20
    assert site.read(f"invoice/{invoice}")["amountRemaining"] == Decimal("34.5")
    too_much = {"apply": applying(invoice, amount=54.51)}
    assert site.refused("PATCH", f"creditMemo/{credit}", too_much)[1] == "USER_ERROR"
    assert site.read(f"creditMemo/{credit}")["applied"] == 20


def test_oracles_own_requests_for_refunds_and_transforms_are_taken() -> None:
    """Its ids are seeded; the transforms are asked of documents that were billed here."""
    with running_site() as site:
        site.sim(
            "POST",
            "seed",
            {"customers": [{"id": "4", "companyName": "Four Ltd"}], "items": [{"id": "5", "itemId": "FIVE"}]},
        )
        asked = {one["purpose"]: one for one in sample("transform-and-refund-requests")["requests"]}
        for purpose, total in (
            ("stand-alone cash refund", Decimal("12.5")),
            ("stand-alone credit memo", 1000),
        ):
            one = asked[purpose]
            body = json.loads(json.dumps(one["body"], default=float))
            assert site.read(f"{one['path']}/{site.make(one['path'], body)}")["total"] == total
        made = site.seed(order("cash_sale"), order("invoiced"))
        site.make(asked["cash sale to return authorization"]["path"].format(id=made[0]["cashSale"]))
        credit = json.loads(json.dumps(asked["invoice to credit memo"]["body"], default=float))
        credit["apply"]["items"][0]["doc"]["id"] = made[1]["invoice"]
        number = site.make(asked["invoice to credit memo"]["path"].format(id=made[1]["invoice"]), credit)
        assert site.read(f"creditMemo/{number}")["applied"] == Decimal("3.01")
