"""The Acumatica simulator keeps the rules of documents: payments, shipments, actions, statuses.

How they are read and written is in test_acumatica_simulator.py.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.contract.acumatica_site import SEED, Site, Stage, running_site, running_stage, sample, wrapped

Shape = dict[str, Any]


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


def test_a_payment_lowers_the_unpaid_balance_and_voiding_it_raises_it_again(site: Site) -> None:
    assert _unpaid(site, "000124") == Decimal("62.00")
    payment = wrapped(Type="Payment", CustomerID="C1002", PaymentAmount=62, Hold=False)
    payment["OrdersToApply"] = [wrapped(OrderType="SO", OrderNbr="000124")]
    made = site.call("PUT", "/Payment", payment, {"$expand": "OrdersToApply"}).json()
    assert _value(made["OrdersToApply"][0], "AppliedToOrder") == 62
    assert _unpaid(site, "000124") == 0
    number = _value(made, "ReferenceNbr")
    assert site.act("Payment", "ReleasePayment", Type="Payment", ReferenceNbr=number).status_code == 204
    assert site.act("Payment", "VoidPayment", Type="Payment", ReferenceNbr=number).status_code == 204
    assert _unpaid(site, "000124") == Decimal("62.00")


def _unpaid(site: Site, number: str) -> Any:
    return _value(site.read(f"/SalesOrder/SO/{number}", expand="Totals")["Totals"], "UnpaidBalance")


def test_an_order_awaiting_payment_is_not_shipped_until_it_is_paid() -> None:
    line = {"InventoryID": "A", "OrderQty": "1", "UnitPrice": "5"}
    order = {"OrderNbr": "000001", "PrepaymentRequired": True, "lines": [line]}
    with running_site({"orders": [order]}) as site:
        assert _value(site.read("/SalesOrder/SO/000001"), "Status") == "Awaiting Payment"
        refused = site.act("SalesOrder", "SalesOrderCreateShipment", OrderType="SO", OrderNbr="000001")
        assert refused.json()["exceptionMessage"] == "Document Status is invalid for processing."
        site.sim("POST", "orders/SO/000001/pay", {"amount": "5"})
        assert _value(site.read("/SalesOrder/SO/000001"), "Status") == "Open"
        assert site.act(
            "SalesOrder", "SalesOrderCreateShipment", OrderType="SO", OrderNbr="000001"
        ).is_success
        assert _value(site.read("/SalesOrder/SO/000001"), "Status") == "Shipping"


def test_an_action_is_202_with_a_status_to_poll_and_the_number_is_found_by_reading_again(site: Site) -> None:
    body = {"entity": wrapped(OrderType="SO", OrderNbr="000124"), "parameters": {}}
    started = site.call("POST", "/SalesOrder/SalesOrderCreateShipment", body)
    assert started.status_code == 202
    assert started.content == b""
    documented = sample("action-status-locations")["trace"][0]["response"]["headers"]["Location"]
    assert started.headers["location"].rsplit("/", 2)[1] == documented.rsplit("/", 2)[1] == "status"
    assert site.poll(started.headers["location"]).status_code == 204
    order = site.read("/SalesOrder/SO/000124", expand="Shipments")
    assert _value(order["Shipments"][0], "ShipmentNbr") == "SH000046"


def test_an_order_that_is_wholly_on_shipments_answers_204_and_gets_no_further_one(site: Site) -> None:
    assert site.act("SalesOrder", "SalesOrderCreateShipment", OrderType="SO", OrderNbr="000124").is_success
    body = {"entity": wrapped(OrderType="SO", OrderNbr="000124"), "parameters": {}}
    assert site.call("POST", "/SalesOrder/SalesOrderCreateShipment", body).status_code == 204
    assert len(site.read("/SalesOrder/SO/000124", expand="Shipments")["Shipments"]) == 1


def test_the_fault_not_created_answers_204_and_does_nothing(site: Site) -> None:
    site.sim("POST", "faults", {"kind": "not_created", "path": "ConfirmShipment", "when": {"once": True}})
    assert site.call("POST", "/Shipment/ConfirmShipment", _shipment_action()).status_code == 204
    assert _value(site.read("/Shipment/SH000045"), "Status") == "Open"


def _shipment_action() -> Shape:
    return {"entity": wrapped(ShipmentNbr="SH000045", Type="Shipment")}


def test_immediate_actions_answer_204_with_a_location(site: Site) -> None:
    site.sim("POST", "options", {"actions": "immediate"})
    reply = site.call("POST", "/Shipment/ConfirmShipment", _shipment_action())
    assert (reply.status_code, "location" in reply.headers) == (204, True)
    assert _value(site.read("/Shipment/SH000045"), "Status") == "Confirmed"


def test_an_operation_has_no_effect_before_it_ends_and_blocks_its_screen_in_its_session_only(
    site: Site,
) -> None:
    site.sim("POST", "options", {"operations_held": True})
    started = site.call("POST", "/Shipment/ConfirmShipment", _shipment_action())
    blocked = site.call("GET", "/Shipment/SH000045")
    assert blocked.status_code == 409
    assert blocked.json()["message"].startswith(
        "A long operation is running for this screen in the current session."
    )
    assert site.call("GET", "/SalesOrder/SO/000123").status_code == 200
    first = site.token
    site.sign_in()
    assert _value(site.read("/Shipment/SH000045"), "Status") == "Open"
    site.token = first
    site.sim("POST", "options", {"operations_held": False})
    assert site.poll(started.headers["location"]).status_code == 204
    assert _value(site.read("/Shipment/SH000045"), "Status") == "Confirmed"


def test_confirm_and_correct_follow_the_status_machine(site: Site) -> None:
    key = {"ShipmentNbr": "SH000045"}
    early = site.act("Shipment", "CorrectShipment", **key)
    assert (early.status_code, early.json()["exceptionMessage"]) == (
        500,
        "Document Status is invalid for processing.",
    )
    assert site.act("Shipment", "ConfirmShipment", **key).status_code == 204
    assert _value(site.read("/SalesOrder/SO/000123"), "Status") == "Back Order"
    assert site.act("Shipment", "ConfirmShipment", **key).status_code == 500
    assert site.act("Shipment", "CorrectShipment", **key).status_code == 204
    assert _value(site.read("/Shipment/SH000045"), "Status") == "Open"
    assert _value(site.read("/SalesOrder/SO/000123"), "Status") == "Shipping"


def test_an_order_is_completed_when_all_of_it_is_on_confirmed_shipments(site: Site) -> None:
    made = site.sim("POST", "orders/SO/000123/ship")
    for number in ("SH000045", made["ShipmentNbr"]["value"]):
        site.sim("POST", f"shipments/{number}/confirm")
    order = site.read("/SalesOrder/SO/000123", expand="Details,Shipments")
    assert _value(order, "Status") == "Completed"
    assert {_value(one, "Status") for one in order["Shipments"]} == {"Confirmed"}
    assert all(_value(line, "Completed") for line in order["Details"])


def test_more_than_is_open_cannot_be_shipped(site: Site) -> None:
    line = wrapped(OrderType="SO", OrderNbr="000124", OrderLineNbr=1, ShippedQty=5)
    reply = site.call("PUT", "/Shipment", {**wrapped(Type="Shipment"), "Details": [line]})
    assert reply.status_code == 422
    assert "exceeds the open quantity" in reply.json()["Details"][0]["ShippedQty"]["error"]


def test_a_shipment_put_takes_all_open_lines_of_several_orders(site: Site) -> None:
    rows = [wrapped(OrderType="SO", OrderNbr=number) for number in ("000123", "000124")]
    made = site.call("PUT", "/Shipment", {"Details": rows}, {"$expand": "Details,Orders"}).json()
    assert [_value(row, "ShippedQty") for row in made["Details"]] == [1, 4]
    assert [_value(row, "OrderNbr") for row in made["Orders"]] == ["000123", "000124"]


def test_freight_and_tracking_are_written_to_a_shipment_and_its_package(site: Site) -> None:
    shipment = site.read("/Shipment/SH000045", expand="Packages")
    body: Shape = {
        "id": shipment["id"],
        "note": {"value": "Leave at front desk"},
        **wrapped(FreightPrice=12.5, OverrideFreightPrice=True),
        "Packages": [
            {"id": shipment["Packages"][0]["id"], **wrapped(TrackingNbr="1Z111")},
            wrapped(BoxID="LARGE"),
        ],
    }
    assert site.call("PUT", "/Shipment", body).status_code == 200
    written = site.read("/Shipment/SH000045", expand="Packages")
    assert [one["TrackingNbr"] for one in written["Packages"]] == [{"value": "1Z111"}, {}]
    assert (_value(written, "FreightPrice"), written["note"]["value"]) == (
        Decimal("12.5"),
        "Leave at front desk",
    )
    assert _value(written, "PackageCount") == 2


def test_a_deleted_shipment_frees_its_order_and_a_confirmed_one_stays(site: Site) -> None:
    assert site.call("DELETE", "/Shipment/SH000045").status_code == 204
    assert site.read("/SalesOrder/SO/000123", expand="Shipments")["Shipments"] == []
    made = site.sim("POST", "orders/SO/000124/ship")["ShipmentNbr"]["value"]
    site.sim("POST", f"shipments/{made}/confirm")
    assert site.call("DELETE", f"/Shipment/{made}").status_code == 500


def test_cancelling_needs_an_order_without_shipment_or_payment(site: Site) -> None:
    assert site.act("SalesOrder", "CancelSalesOrder", OrderType="SO", OrderNbr="000123").status_code == 500
    assert site.act("SalesOrder", "CancelSalesOrder", OrderType="SO", OrderNbr="000124").status_code == 204
    assert _value(site.read("/SalesOrder/SO/000124"), "Status") == "Canceled"
    assert site.act("SalesOrder", "ReopenSalesOrder", OrderType="SO", OrderNbr="000124").status_code == 204


def test_unknown_actions_and_entities_are_404(site: Site) -> None:
    assert site.raw("POST", "/Shipment/Teleport", json={"entity": {}}).status_code == 404
    assert site.raw("GET", "/Nonsense").status_code == 404
