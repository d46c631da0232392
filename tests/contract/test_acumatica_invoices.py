"""Invoices in the Acumatica simulator: prepared from shipments, paid, released, read, taken back."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.contract.acumatica_site import Site, Stage, running_stage, wrapped

Shape = dict[str, Any]

SEED: Shape = {
    "orders": [
        {
            "OrderNbr": "000123",
            "CustomerID": "C1001",
            "CustomerOrder": "PO-7",
            "TaxTotal": "3.10",
            "Totals": {"Freight": "7.50", "OverrideFreightAmount": True},
            "lines": [
                {"InventoryID": "A", "OrderQty": "2", "UnitPrice": "15.50", "DiscountAmount": "1.01"},
                {"InventoryID": "B", "OrderQty": "1", "UnitPrice": "10.00"},
            ],
            "BillToAddress": {"City": "Exampleville"},
        }
    ],
    "shipments": [
        {
            "ShipmentNbr": "SH000045",
            "Status": "Confirmed",
            "orders": [["SO", "000123"]],
            "lines": [{"InventoryID": "A", "ShippedQty": "1"}],
        }
    ],
}
TOTAL = Decimal("50.59")
EXPAND = "Details,ApplicationsInvoice,FreightDetails,TaxDetails,BillToAddress,BillingSettings/BillToAddress"


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


def _prepare(site: Site, shipment: str = "SH000045") -> str:
    """Prepare the invoice; its number is found by reading the shipment again."""
    assert site.act("Shipment", "PrepareInvoice", ShipmentNbr=shipment).status_code == 204
    rows = site.read(f"/Shipment/{shipment}", expand="Orders", select="ShipmentNbr,Orders/InvoiceNbr")
    return str(_value(rows["Orders"][0], "InvoiceNbr"))


def _invoice(site: Site, number: str) -> Shape:
    found: Shape = site.read(f"/SalesInvoice/Invoice/{number}", expand=EXPAND)
    return found


def _release(site: Site, number: str) -> int:
    return site.act("SalesInvoice", "ReleaseSalesInvoice", Type="Invoice", ReferenceNbr=number).status_code


def _ship_rest(site: Site) -> str:
    number = str(_value(site.sim("POST", "orders/SO/000123/ship"), "ShipmentNbr"))
    site.sim("POST", f"shipments/{number}/confirm")
    return number


def test_an_invoice_bills_what_was_shipped_and_names_order_and_shipment(site: Site) -> None:
    invoice = _invoice(site, _prepare(site))
    assert [_value(invoice, name) for name in ("Type", "Status", "CustomerID", "CustomerOrder")] == [
        "Invoice",
        "Balanced",
        "C1001",
        "PO-7",
    ]
    line = invoice["Details"][0]
    assert {name: _value(line, name) for name in ("OrderType", "OrderNbr", "ShipmentNbr", "InventoryID")} == {
        "OrderType": "SO",
        "OrderNbr": "000123",
        "ShipmentNbr": "SH000045",
        "InventoryID": "A",
    }
    assert [_value(line, name) for name in ("Qty", "UnitPrice", "DiscountAmount", "Amount")] == [
        1,
        Decimal("15.5"),
        Decimal("0.50"),
        Decimal("15.00"),
    ]
    assert _value(invoice["BillToAddress"], "City") == "Exampleville"
    assert _value(invoice["BillingSettings"]["BillToAddress"], "City") == "Exampleville"


def test_several_invoices_of_an_order_add_up_to_its_total(site: Site) -> None:
    first = _invoice(site, _prepare(site))
    order = site.read("/SalesOrder/SO/000123", expand="Totals")
    assert _value(order, "OrderTotal") == TOTAL
    assert _value(order["Totals"], "UnbilledAmount") == TOTAL - _value(first, "Amount")
    second = _invoice(site, _prepare(site, _ship_rest(site)))
    for name, sum_of_both in (
        ("Amount", TOTAL),
        ("TaxTotal", Decimal("3.10")),
        ("FreightPrice", Decimal("7.5")),
        ("DetailTotal", Decimal("39.99")),
    ):
        assert _value(first, name) + _value(second, name) == sum_of_both
    assert (_value(first, "FreightPrice"), len(second["FreightDetails"])) == (Decimal("7.5"), 0)
    done = site.read("/SalesOrder/SO/000123", expand="Totals")["Totals"]
    assert (_value(done, "UnbilledAmount"), _value(done, "UnbilledQty")) == (0, 0)


def test_preparing_and_releasing_move_shipment_order_and_cursors(site: Site) -> None:
    stamps = []

    def states() -> list[Any]:
        order = site.read("/SalesOrder/SO/000123", expand="Shipments")
        shipment = site.read("/Shipment/SH000045")
        stamps.append((_value(order, "LastModified"), _value(shipment, "LastModifiedDateTime")))
        row = order["Shipments"][0]
        return [_value(shipment, "Status"), _value(row, "Status"), _value(row, "InvoiceNbr")]

    assert states() == ["Confirmed", "Confirmed", None]
    number = _prepare(site)
    assert states() == ["Invoiced", "Invoiced", number]
    assert _release(site, number) == 204
    assert states() == ["Completed", "Completed", number]
    orders, shipments = zip(*stamps, strict=True)
    assert len(set(orders)) == len(set(shipments)) == 3
    invoice = _invoice(site, number)
    assert _value(invoice, "LastModifiedDateTime") == _value(invoice, "LastModifiedDate")


def test_release_needs_an_invoice_off_hold_and_happens_once(site: Site) -> None:
    site.sim("POST", "options", {"invoices_on_hold": True})
    number = _prepare(site)
    assert _value(_invoice(site, number), "Status") == "On Hold"
    refused = site.act("SalesInvoice", "ReleaseSalesInvoice", Type="Invoice", ReferenceNbr=number)
    assert refused.json()["exceptionMessage"] == "Document is On Hold and cannot be released."
    reply = site.call("PUT", "/SalesInvoice", wrapped(Type="Invoice", ReferenceNbr=number, Hold=False))
    assert _value(reply.json(), "Status") == "Balanced"
    assert _release(site, number) == 204
    assert _value(_invoice(site, number), "Status") == "Open"
    assert _release(site, number) == 500
    site.call("PUT", "/SalesInvoice", wrapped(Type="Invoice", ReferenceNbr=number, Hold=True))
    assert _value(_invoice(site, number), "Status") == "Open"


def test_only_a_confirmed_shipment_is_invoiced_and_an_invoiced_one_is_not_corrected(site: Site) -> None:
    _prepare(site)
    assert site.act("Shipment", "PrepareInvoice", ShipmentNbr="SH000045").status_code == 500
    assert site.act("Shipment", "CorrectShipment", ShipmentNbr="SH000045").status_code == 500


def test_a_payment_of_the_order_moves_on_to_its_invoices_and_closes_with_them(site: Site) -> None:
    paid = site.sim("POST", "orders/SO/000123/pay")
    key = f"/Payment/Payment/{_value(paid, 'ReferenceNbr')}"
    first = _prepare(site)
    amount = _value(_invoice(site, first), "Amount")
    assert _value(_invoice(site, first), "PaymentTotal") == amount
    payment = site.read(key, expand="OrdersToApply,DocumentsToApply")
    assert _value(payment["OrdersToApply"][0], "AppliedToOrder") == TOTAL - amount
    assert _value(payment["DocumentsToApply"][0], "AmountPaid") == amount
    order = site.read("/SalesOrder/SO/000123", expand="Payments,Totals")
    assert _value(order["Payments"][0], "TransferredtoInvoice") == amount
    assert _value(order["Totals"], "UnpaidBalance") == 0
    assert _release(site, first) == 204
    assert _value(_invoice(site, first), "Status") == "Closed"
    assert _value(site.read(key), "Status") == "Open"
    assert _release(site, _prepare(site, _ship_rest(site))) == 204
    closed = site.read(key, expand="ApplicationHistory")
    assert (_value(closed, "Status"), len(closed["ApplicationHistory"])) == ("Closed", 2)


def test_a_payment_on_a_released_invoice_closes_it_and_makes_the_order_paid(site: Site) -> None:
    _ship_rest(site)
    numbers = [_prepare(site), _prepare(site, "SH000046")]
    for number in numbers:
        body: Shape = wrapped(Type="Payment", CustomerID="C1001", PaymentAmount=100, Hold=False)
        rows = [wrapped(DocType="INV", ReferenceNbr=number)]
        early = site.call("PUT", "/Payment", {**body, "DocumentsToApply": rows})
        assert (early.status_code, "cannot be found" in early.text) == (422, True)
        assert _release(site, number) == 204
        reply = site.call(
            "PUT", "/Payment", {**body, "DocumentsToApply": rows}, {"$expand": "DocumentsToApply"}
        )
        made = reply.json()
        assert _value(made["DocumentsToApply"][0], "DocType") == "Invoice"
        assert _value(_invoice(site, number), "Status") == "Open"
        site.act("Payment", "ReleasePayment", Type="Payment", ReferenceNbr=_value(made, "ReferenceNbr"))
        assert (_value(_invoice(site, number), "Status"), _value(_invoice(site, number), "Balance")) == (
            "Closed",
            0,
        )
    totals = site.read("/SalesOrder/SO/000123", expand="Totals")["Totals"]
    assert _value(totals, "UnpaidBalance") == 0
    site.sim("POST", f"act/Payment/Payment/{_value(made, 'ReferenceNbr')}/VoidPayment")
    assert _value(_invoice(site, numbers[-1]), "Status") == "Open"


def test_an_invoice_is_not_paid_beyond_its_balance(site: Site) -> None:
    number = _prepare(site)
    _release(site, number)
    body: Shape = wrapped(Type="Payment", CustomerID="C1001", PaymentAmount=100)
    rows = [wrapped(DocType="Invoice", ReferenceNbr=number, AmountPaid=100)]
    reply = site.call("PUT", "/Payment", {**body, "DocumentsToApply": rows})
    assert "less than or equal to" in reply.json()["DocumentsToApply"][0]["AmountPaid"]["error"]


def test_a_deleted_invoice_gives_shipment_and_payment_back_and_a_released_one_stays(site: Site) -> None:
    paid = site.sim("POST", "orders/SO/000123/pay")
    number = _prepare(site)
    assert site.call("DELETE", f"/SalesInvoice/Invoice/{number}").status_code == 204
    assert _value(site.read("/Shipment/SH000045"), "Status") == "Confirmed"
    payment = site.read(f"/Payment/Payment/{_value(paid, 'ReferenceNbr')}", expand="OrdersToApply")
    assert _value(payment["OrdersToApply"][0], "AppliedToOrder") == TOTAL
    again = _prepare(site)
    _release(site, again)
    assert site.call("DELETE", f"/SalesInvoice/Invoice/{again}").status_code == 500


def test_an_order_is_invoiced_as_a_whole_and_answers_204_when_nothing_is_left(site: Site) -> None:
    key = {"OrderType": "SO", "OrderNbr": "000123"}
    assert site.act("SalesOrder", "PrepareSalesInvoice", **key).status_code == 204
    assert len(site.read("/SalesInvoice")) == 1
    assert site.call("POST", "/SalesOrder/PrepareSalesInvoice", {"entity": wrapped(**key)}).status_code == 204
    assert len(site.read("/SalesInvoice")) == 1


def test_an_order_type_that_ships_nothing_is_invoiced_then_completed(site: Site) -> None:
    line = {"InventoryID": "SERVICE", "OrderQty": "3", "UnitPrice": "20"}
    site.sim("POST", "seed", {"orders": [{"OrderType": "IN", "OrderNbr": "000500", "lines": [line]}]})
    assert site.act("SalesOrder", "PrepareSalesInvoice", OrderType="IN", OrderNbr="000500").status_code == 204
    assert _value(site.read("/SalesOrder/IN/000500"), "Status") == "Invoiced"
    invoice = site.read("/SalesInvoice")[0]
    assert _value(invoice, "Amount") == 60
    assert _release(site, _value(invoice, "ReferenceNbr")) == 204
    assert _value(site.read("/SalesOrder/IN/000500"), "Status") == "Completed"


def test_a_direct_invoice_is_entered_with_lines_of_its_own(site: Site) -> None:
    body: Shape = {
        **wrapped(CustomerID="C1001", Type="Invoice", Hold=False),
        "Details": [wrapped(InventoryID="A", Qty=2, UnitPrice=4.25)],
    }
    made = site.call("PUT", "/SalesInvoice", body).json()
    assert (_value(made, "Status"), _value(made, "Amount"), _value(made, "Balance")) == ("Balanced", 8.5, 8.5)


def test_invoices_are_seeded_released_or_not(site: Site) -> None:
    made = site.sim("POST", "seed", {"invoices": [{"shipment": "SH000045", "released": True}]})["invoices"]
    assert _value(_invoice(site, made[0]["ReferenceNbr"]), "Status") == "Open"
    reply = site.client.post("/_sim/seed", json={"invoices": [{"shipment": "SH000045"}]})
    assert (reply.status_code, "Document Status is invalid" in reply.json()["error"]) == (400, True)


def test_what_a_seed_counts_as_paid_before_is_paid_on_the_invoice_too(site: Site) -> None:
    line = {"InventoryID": "A", "OrderQty": "1", "UnitPrice": "9"}
    order = {"OrderNbr": "000600", "UnpaidBalance": "0.00", "lines": [line]}
    shipment = {"ShipmentNbr": "SH000600", "Status": "Confirmed", "orders": [["SO", "000600"]]}
    site.sim("POST", "seed", {"orders": [order], "shipments": [shipment]})
    number = _prepare(site, "SH000600")
    assert _release(site, number) == 204
    assert [_value(_invoice(site, number), name) for name in ("Status", "Amount", "Balance")] == [
        "Closed",
        9,
        0,
    ]
