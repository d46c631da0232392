"""Payments in the Acumatica simulator: applied to orders and invoices, released, voided, entered by people."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.contract.acumatica_site import Site, Stage, running_stage, wrapped

Shape = dict[str, Any]

SEED: Shape = {
    "customers": ["C1001", "C1002"],
    "known": {"payment_methods": ["CHECK", "VISA"], "cash_accounts": ["10200", "10600"]},
    "orders": [
        {
            "OrderNbr": "000123",
            "CustomerID": "C1001",
            "lines": [{"InventoryID": "A", "OrderQty": "2", "UnitPrice": "31.00"}],
        },
        {"OrderNbr": "000124", "CustomerID": "C1002", "Status": "Canceled", "UnpaidBalance": "5"},
    ],
}
PAID: Shape = {
    **wrapped(
        Type="Prepayment",
        CustomerID="C1001",
        PaymentMethod="VISA",
        CashAccount="10600",
        PaymentAmount=62,
        PaymentRef="AUTH-1",
        ExternalRef="100000045-pay",
        CurrencyID="USD",
        ApplicationDate="2025-08-20T00:00:00+00:00",
        Hold=False,
    ),
    "OrdersToApply": [wrapped(OrderType="SO", OrderNbr="000123", AppliedToOrder=62)],
}


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with running_stage() as one:
        yield one


@pytest.fixture
def site(stage: Stage) -> Iterator[Site]:
    with stage.site(SEED) as one:
        yield one


def _value(body: Shape, name: str) -> Any:
    return body[name].get("value")


def _put(site: Site, **changes: Any) -> Shape:
    reply = site.call("PUT", "/Payment", {**PAID, **changes}, {"$expand": "OrdersToApply,DocumentsToApply"})
    assert reply.status_code == 200, reply.text
    made: Shape = reply.json()
    return made


def _read(site: Site, number: str, kind: str = "Prepayment") -> Shape:
    expand = "OrdersToApply,DocumentsToApply,ApplicationHistory"
    found: Shape = site.read(f"/Payment/{kind}/{number}", expand=expand)
    return found


def _order(site: Site) -> Shape:
    found: Shape = site.read("/SalesOrder/SO/000123", expand="Totals,Payments")
    return found


def _unpaid(site: Site) -> Any:
    return _value(_order(site)["Totals"], "UnpaidBalance")


def test_a_payment_keeps_what_it_was_sent_with_and_is_balanced(site: Site) -> None:
    made = _put(site)
    sent = {name: held for name, held in PAID.items() if name != "OrdersToApply"}
    assert {name: made[name] for name in sent} == sent
    assert (_value(made, "Status"), _value(made, "AppliedToOrders"), _value(made, "AvailableBalance")) == (
        "Balanced",
        62,
        0,
    )
    found = site.read("/Payment", filter="ExternalRef eq '100000045-pay'", expand="OrdersToApply")
    assert [one["ReferenceNbr"] for one in found] == [made["ReferenceNbr"]]


def test_a_payment_is_seen_at_its_order_and_moves_the_orders_cursor(site: Site) -> None:
    before = _value(_order(site), "LastModified")
    assert _unpaid(site) == 62
    made = _put(site)
    order = _order(site)
    assert (_value(order["Totals"], "UnpaidBalance"), _value(order, "LastModified") > before) == (0, True)
    row = order["Payments"][0]
    shown = {name: _value(row, name) for name in ("DocType", "AppliedToOrder", "ExternalRef", "Status")}
    assert row["ReferenceNbr"] == made["ReferenceNbr"]
    assert shown == {
        "DocType": "Prepayment",
        "AppliedToOrder": 62,
        "ExternalRef": "100000045-pay",
        "Status": "Balanced",
    }


def test_a_part_payment_leaves_the_rest_unpaid(site: Site) -> None:
    rows = [wrapped(OrderType="SO", OrderNbr="000123", AppliedToOrder=20.5)]
    made = _put(site, PaymentAmount={"value": 30}, OrdersToApply=rows)
    assert (_unpaid(site), _value(made, "AvailableBalance")) == (Decimal("41.50"), 9.5)


@pytest.mark.parametrize(
    ("changes", "place", "text"),
    [
        (wrapped(CustomerID="CUST999"), "CustomerID", "'Customer' cannot be found in the system."),
        (wrapped(PaymentMethod="SHELLS"), "PaymentMethod", "'Payment Method' cannot be found in the system."),
        (wrapped(CashAccount="99999"), "CashAccount", "'Cash Account' cannot be found in the system."),
        (wrapped(PaymentAmount=10), "PaymentAmount", "The applied amount exceeds the payment amount."),
    ],
)
def test_a_refused_payment_is_422_and_changes_no_order(
    site: Site, changes: Shape, place: str, text: str
) -> None:
    reply = site.call("PUT", "/Payment", {**PAID, **changes})
    assert (reply.status_code, reply.json()[place]["error"]) == (422, text)
    assert (_unpaid(site), site.read("/Payment")) == (62, [])


@pytest.mark.parametrize(
    ("row", "place", "text"),
    [
        ({"OrderNbr": "999999"}, "OrderNbr", "'Order Nbr.' cannot be found in the system."),
        ({"OrderNbr": "000124"}, "OrderNbr", "'Order Nbr.' cannot be found in the system."),
        ({"AppliedToOrder": 62.5}, "AppliedToOrder", "must be less than or equal to 62.00."),
    ],
)
def test_an_application_needs_an_open_order_of_the_customer_and_no_more_than_is_unpaid(
    site: Site, row: Shape, place: str, text: str
) -> None:
    rows = [{**wrapped(OrderType="SO", OrderNbr="000123", AppliedToOrder=1), **wrapped(**row)}]
    reply = site.call("PUT", "/Payment", {**PAID, "PaymentAmount": {"value": 70}, "OrdersToApply": rows})
    assert reply.status_code == 422
    assert text in reply.json()["OrdersToApply"][0][place]["error"]


def test_release_follows_the_status_and_a_payment_on_hold_is_not_released(site: Site) -> None:
    number = _value(_put(site, Hold={"value": True}), "ReferenceNbr")
    key = {"Type": "Prepayment", "ReferenceNbr": number}
    held = site.act("Payment", "ReleasePayment", **key)
    assert held.json()["exceptionMessage"] == "Document is On Hold and cannot be released."
    site.call("PUT", "/Payment", wrapped(**key, Hold=False))
    assert site.act("Payment", "ReleasePayment", **key).status_code == 204
    assert _value(_read(site, number), "Status") == "Open"
    again = site.act("Payment", "ReleasePayment", **key)
    assert again.json()["exceptionMessage"] == "Document Status is invalid for processing."


def test_a_released_payment_keeps_its_amount_whatever_is_sent(site: Site) -> None:
    number = _value(_put(site), "ReferenceNbr")
    key = {"Type": "Prepayment", "ReferenceNbr": number}
    site.act("Payment", "ReleasePayment", **key)
    reply = site.call("PUT", "/Payment", wrapped(**key, PaymentAmount=1, Description="late"))
    assert (_value(reply.json(), "PaymentAmount"), _value(reply.json(), "Description")) == (62, "late")


def test_voiding_makes_the_order_unpaid_again_and_leaves_a_voiding_document(site: Site) -> None:
    number = _value(_put(site), "ReferenceNbr")
    key = {"Type": "Prepayment", "ReferenceNbr": number}
    assert site.act("Payment", "VoidPayment", **key).status_code == 500
    site.act("Payment", "ReleasePayment", **key)
    assert site.act("Payment", "VoidPayment", **key).status_code == 204
    assert (_value(_read(site, number), "Status"), _unpaid(site)) == ("Voided", 62)
    voiding = _read(site, number, "Voided Payment")
    assert (_value(voiding, "PaymentAmount"), _value(voiding, "Status")) == (-62, "Closed")
    assert _order(site)["Payments"] == []
    assert (
        site.act("Payment", "VoidPayment", Type="Voided Payment", ReferenceNbr=number).status_code
        == site.act("Payment", "VoidPayment", **key).status_code
        == 500
    )


def test_an_unreleased_payment_can_be_deleted_and_a_released_one_not(site: Site) -> None:
    number = _value(_put(site), "ReferenceNbr")
    assert site.call("DELETE", f"/Payment/Prepayment/{number}").status_code == 204
    assert _unpaid(site) == 62
    paid = site.sim("POST", "orders/SO/000123/pay")
    kept = f"/Payment/Payment/{_value(paid, 'ReferenceNbr')}"
    assert site.call("DELETE", kept).status_code == 500
    assert _unpaid(site) == 0


def test_a_person_pays_by_card_at_the_orders_payments_tab(site: Site) -> None:
    given = {"amount": "12", "PaymentMethod": "VISA", "PaymentRef": "4711", "released": False}
    paid = site.sim("POST", "orders/SO/000123/pay", given)
    assert [_value(paid, name) for name in ("PaymentMethod", "PaymentRef", "Status")] == [
        "VISA",
        "4711",
        "Balanced",
    ]
    assert _unpaid(site) == 50


def test_payments_are_seeded_without_a_push(site: Site) -> None:
    seed = {"payments": [{"order": ["SO", "000123"], "PaymentMethod": "VISA", "PaymentAmount": "60"}]}
    made = site.sim("POST", "seed", seed)["payments"]
    assert _value(_read(site, made[0]["ReferenceNbr"], "Payment"), "Status") == "Open"
    assert _unpaid(site) == 2
    assert site.sim("GET", "push")["notifications"] == []
