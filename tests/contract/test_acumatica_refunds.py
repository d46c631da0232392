"""What the Acumatica simulator lets be credited and paid back, and what it refuses: credit memos, returns, refunds."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.contract.acumatica_site import SEED, Site, Stage, running_stage, wrapped


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with running_stage() as found:
        yield found


@pytest.fixture
def site(stage: Stage) -> Iterator[Site]:
    """Order 000123 with 2 × AALEGO500 at 15.50, shipped, billed and released as INV000001."""
    with stage.site(SEED) as found:
        found.sim("POST", "shipments/SH000045/confirm")
        found.sim("POST", "seed", {"invoices": [{"shipment": "SH000045", "released": True}]})
        yield found


def memo(quantity: float = 1, line: int = 1, **more: object) -> dict[str, object]:
    """A credit memo for so much of the invoice's line."""
    row = wrapped(
        InventoryID="AALEGO500",
        Qty=quantity,
        UnitPrice=15.5,
        OrigInvType="Invoice",
        OrigInvNbr="INV000001",
        OrigInvLineNbr=line,
    )
    fields: dict[str, object] = {"Type": "Credit Memo", "CustomerID": "C1001", "Hold": False}
    return {**wrapped(**(fields | more)), "Details": [row]}


def made(site: Site, entity: str, body: object) -> Any:
    """A document that is taken; gives its values."""
    reply = site.call("PUT", f"/{entity}", body)
    assert reply.status_code == 200, reply.text
    return {name: one.get("value") for name, one in reply.json().items() if isinstance(one, dict)}


def released(site: Site, body: object) -> str:
    """A credit memo, released; gives its number."""
    number: str = made(site, "SalesInvoice", body)["ReferenceNbr"]
    assert site.act("SalesInvoice", "ReleaseSalesInvoice", Type="Credit Memo", ReferenceNbr=number).is_success
    return number


def refund(doc_type: str, number: str, amount: float, **more: object) -> dict[str, object]:
    """A customer refund that pays a document back."""
    fields: dict[str, object] = {
        "Type": "Refund",
        "CustomerID": "C1001",
        "PaymentAmount": amount,
        "Hold": False,
    }
    rows = [wrapped(DocType=doc_type, ReferenceNbr=number, AmountPaid=amount)]
    return {**wrapped(**(fields | more)), "DocumentsToApply": rows}


def test_a_credit_memo_is_balanced_then_open_then_closed_by_a_refund(site: Site) -> None:
    """Its balance is what is not paid back of it yet."""
    number = released(site, memo())
    path = f"/SalesInvoice/Credit Memo/{number}"
    assert site.read(path)["Status"]["value"] == "Open"
    key = made(site, "Payment", refund("CRM", number, 15.5))["ReferenceNbr"]
    assert site.read(path)["Balance"]["value"] == Decimal("15.50")
    assert site.act("Payment", "ReleasePayment", Type="Refund", ReferenceNbr=key).is_success
    there = site.read(path)
    assert (there["Status"]["value"], there["Balance"]["value"]) == ("Closed", 0)
    paid = site.read(f"/Payment/Refund/{key}", expand="ApplicationHistory")
    assert paid["Status"]["value"] == "Closed"
    assert paid["ApplicationHistory"][0]["AdjustedRefNbr"]["value"] == number


@pytest.mark.parametrize("state", ["made", "released"])
def test_no_more_comes_back_of_a_line_than_was_billed(site: Site, state: str) -> None:
    """Over all credit memos, and within one."""
    if state == "made":
        made(site, "SalesInvoice", memo())
    else:
        released(site, memo())
    reply = site.call("PUT", "/SalesInvoice", memo(2))
    assert reply.status_code == 422
    assert "exceeds the quantity available for return (1" in reply.json()["Details"][0]["Qty"]["error"]


@pytest.mark.parametrize(("change", "line"), [({}, 7), ({"CustomerID": "C1002"}, 1)])
def test_only_a_line_that_was_billed_to_the_customer_comes_back(
    site: Site, change: dict[str, object], line: int
) -> None:
    """A line that is not there, and another customer's."""
    reply = site.call("PUT", "/SalesInvoice", memo(1, line, **change))
    assert reply.status_code == 422
    assert "cannot be found" in reply.json()["Details"][0]["OrigInvNbr"]["error"]


def test_an_invoice_that_is_not_released_credits_nothing(stage: Stage) -> None:
    """Its lines cannot come back yet."""
    with stage.site(SEED) as site:
        site.sim("POST", "shipments/SH000045/confirm")
        site.sim("POST", "seed", {"invoices": [{"shipment": "SH000045"}]})
        assert site.call("PUT", "/SalesInvoice", memo()).status_code == 422


@pytest.mark.parametrize(("valid", "total"), [(True, 16.5), (False, 15.5)])
def test_taxes_of_a_credit_memo_are_taken_only_as_valid_ones(site: Site, valid: bool, total: float) -> None:
    """Without the flag they are dropped in silence."""
    taxes = [wrapped(TaxID="TAX", TaxableAmount=15.5, TaxAmount=1.0)]
    body = memo(IsTaxValid=valid) | {"TaxDetails": taxes}
    assert made(site, "SalesInvoice", body)["Amount"] == total


@pytest.mark.parametrize(
    ("doc_type", "amount", "field"),
    [
        ("Credit Memo", 15.51, "AmountPaid"),
        ("Credit Memo", 1.0, "ReferenceNbr"),
        ("Invoice", 1.0, "ReferenceNbr"),
    ],
    ids=["too much", "not released", "an invoice"],
)
def test_a_refund_pays_back_open_credit_memos_and_no_more_than_is_left(
    site: Site, doc_type: str, amount: float, field: str
) -> None:
    """Each refusal stands beside the value that it is about."""
    number = "INV000001"
    if doc_type == "Credit Memo":
        is_open = field == "AmountPaid"
        number = released(site, memo()) if is_open else made(site, "SalesInvoice", memo())["ReferenceNbr"]
    reply = site.call("PUT", "/Payment", refund(doc_type, number, amount))
    assert reply.status_code == 422
    assert reply.json()["DocumentsToApply"][0][field]["error"]


def test_two_refunds_do_not_pay_the_same_credit_memo_back(site: Site) -> None:
    """The first one counts as soon as it is saved."""
    number = released(site, memo())
    made(site, "Payment", refund("Credit Memo", number, 10.0))
    reply = site.call("PUT", "/Payment", refund("Credit Memo", number, 5.51))
    assert reply.status_code == 422


def test_a_payment_is_no_way_to_pay_a_credit_memo(site: Site) -> None:
    """Only a refund is."""
    number = released(site, memo())
    assert site.call("PUT", "/Payment", refund("Credit Memo", number, 1.0, Type="Payment")).status_code == 422


def test_a_refund_takes_what_is_available_of_a_payment(site: Site) -> None:
    """What is applied to an order has to be taken off it first."""
    order = {"OrderType": "SO", "OrderNbr": "000124"}
    site.sim("POST", "orders/SO/000124/pay", {"amount": "20.00"})
    key = site.read("/Payment")[0]["ReferenceNbr"]["value"]
    body = refund("Payment", key, 5.0, CustomerID="C1002")
    assert site.call("PUT", "/Payment", body).status_code == 422
    rows = [wrapped(**order, AppliedToOrder=15.0)]
    made(site, "Payment", {**wrapped(Type="Payment", ReferenceNbr=key), "OrdersToApply": rows})
    made(site, "Payment", body)
    assert site.read(f"/Payment/Payment/{key}")["AvailableBalance"]["value"] == 0
    assert site.call("PUT", "/Payment", refund("Payment", key, 0.01, CustomerID="C1002")).status_code == 422


def test_a_return_order_is_received_and_credited(site: Site) -> None:
    """It is not shipped; its receipt leads to a credit memo, which the order names."""
    row = wrapped(
        InventoryID="AALEGO500",
        OrderQty=1,
        UnitPrice=15.5,
        InvoiceType="Invoice",
        InvoiceNbr="INV000001",
        InvoiceLineNbr=1,
    )
    body = {**wrapped(OrderType="RC", CustomerID="C1001", Hold=False), "Details": [row]}
    key = made(site, "SalesOrder", body)["OrderNbr"]
    named = {"OrderType": "RC", "OrderNbr": key}
    shipped = site.act("SalesOrder", "SalesOrderCreateShipment", **named)
    assert shipped.status_code == 500
    site.sim("POST", f"act/SalesOrder/RC/{key}/SalesOrderCreateReceipt")
    receipt = site.read("/Shipment")[-1]
    assert receipt["Operation"]["value"] == "Receipt"
    site.sim("POST", f"shipments/{receipt['ShipmentNbr']['value']}/confirm")
    site.sim("POST", f"act/Shipment/{receipt['ShipmentNbr']['value']}/PrepareInvoice")
    (bridge,) = site.read(f"/SalesOrder/RC/{key}", expand="Shipments")["Shipments"]
    assert bridge["InvoiceType"]["value"] == "Credit Memo"
    too_much = {**wrapped(OrderType="RC", CustomerID="C1001"), "Details": [row | wrapped(OrderQty=2)]}
    reply = site.call("PUT", "/SalesOrder", too_much)
    assert "available for return (1" in reply.json()["Details"][0]["OrderQty"]["error"]
