"""The invoice of what was shipped at Sage 100, with its freight and tracking rows; and taken back while it is open."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connector.errors import OutcomeUnknown, Rejected
from connector.planned import StepPackage
from connector.systems.base import Known
from schemas.config import CarrierService
from tests.systems.sage100_site import (
    ADDRESS,
    SageSite,
    fields_step,
    freight_step,
    here,
    invoice_step,
    made,
    sage,
    served_sage,
    tracking_step,
    udf,
    undo,
)

__all__ = ["sage", "served_sage"]

WIDGETS = ("000001", "WIDGET", "2")


def invoice(site: SageSite, number: str) -> dict[str, Any]:
    found: dict[str, Any] = site.agent(f"invoices/{number}")
    return found


def rows(site: SageSite, number: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = site.agent(f"invoices/{number}/tracking")["tracking"]
    return found


def test_an_invoice_is_made_for_what_was_shipped(sage: SageSite) -> None:
    number = sage.order(ShipVia="UPS GROUND")
    step = invoice_step(here(number), WIDGETS, ship_via=CarrierService(code="FEDEX 2DAY"))
    done = sage.run(step)
    there = invoice(sage, done.effect.document.number)
    assert (there["SalesOrderNo"], there["ShipDate"], there["ShipVia"]) == (
        number,
        "2026-01-31",
        "FEDEX 2DAY",
    )
    assert (there["FreightAmt"], there["origin"]) == ("0.00", "starship")
    shipped = {one["ItemCode"]: Decimal(one["QuantityShipped"]) for one in there["lines"]}
    assert shipped == {"WIDGET": 2, "GADGET": 0}


def test_comments_and_charges_come_along_and_drop_ships_are_back_ordered(sage: SageSite) -> None:
    number = sage.order(
        {"ItemCode": "WIDGET", "QuantityOrdered": "2"},
        {"ItemCode": "/C", "CommentText": "Leave at the gate"},
        {"ItemCode": "/HANDLING", "QuantityOrdered": "1", "UnitPrice": "4.00"},
        {"ItemCode": "DROPPED", "QuantityOrdered": "3", "DropShip": "Y"},
    )
    lines = invoice(sage, sage.run(invoice_step(here(number), WIDGETS)).effect.document.number)["lines"]
    assert [one["ItemCode"] for one in lines] == ["WIDGET", "/C", "/HANDLING", "DROPPED"]
    assert Decimal(lines[3]["QuantityBackordered"]) == 3


def test_another_ship_to_stands_on_the_invoice_only(sage: SageSite) -> None:
    number = sage.order(ShipToName="Order's own")
    step = invoice_step(here(number), WIDGETS, ship_to=ADDRESS)
    there = invoice(sage, sage.run(step).effect.document.number)
    assert (there["ShipToName"], there["ShipToCity"]) == ("Lowe Ltd", "Austin")
    assert sage.agent(f"sales-orders/{number}")["ShipToName"] == "Order's own"


@pytest.mark.parametrize("origin", ["starship", "shipping_data_entry"])
def test_a_second_shipment_goes_onto_the_open_invoice_that_shipping_made(sage: SageSite, origin: str) -> None:
    number = sage.order()
    opened = sage.invoice(number, origin, shipped={"000001": "2"})
    done = sage.run(invoice_step(here(number), WIDGETS, shipment="S2", ship_to=ADDRESS))
    there = invoice(sage, opened)
    assert done.effect.document.number == opened
    assert Decimal(there["lines"][0]["QuantityShipped"]) == 4
    assert there["ShipToName"] == "Lowe Ltd"


def test_an_invoice_of_invoice_data_entry_is_left_alone(sage: SageSite) -> None:
    number = sage.order()
    opened = sage.invoice(number, "invoice_data_entry", shipped={"000001": "1"})
    before = invoice(sage, opened)
    with pytest.raises(Rejected) as caught:
        sage.run(invoice_step(here(number), WIDGETS))
    assert caught.value.code == "being invoiced"
    assert "Currently being invoiced" in caught.value.message
    assert "Post or delete that invoice" in caught.value.message
    assert invoice(sage, opened) == before


def test_an_order_on_hold_is_for_a_person(sage: SageSite) -> None:
    number = sage.order()
    sage.post("order", {"order": number, "columns": {"OrderStatus": "H"}})
    with pytest.raises(Rejected) as caught:
        sage.run(invoice_step(here(number), WIDGETS))
    assert caught.value.code == "on hold"


def test_more_than_is_open_is_for_a_person(sage: SageSite) -> None:
    with pytest.raises(Rejected) as caught:
        sage.run(invoice_step(here(sage.order()), ("000001", "WIDGET", "9")))
    assert caught.value.code == "quantity"


def test_a_lost_reply_leaves_one_invoice(sage: SageSite) -> None:
    number = sage.order()
    step = invoice_step(here(number), WIDGETS)
    sage.fault("reply_lost", "POST", "/invoices$")
    with pytest.raises(OutcomeUnknown):
        sage.run(step)
    assert sage.run(step).adopted
    assert len(sage.agent(f"invoices?salesOrderNo={number}")["invoices"]) == 1


def test_a_session_that_dies_after_the_commit_leaves_one_invoice(sage: SageSite) -> None:
    number = sage.order()
    step = invoice_step(here(number), WIDGETS)
    sage.fault("com_failure", "POST", "/invoices$", after=True)
    with pytest.raises(OutcomeUnknown):
        sage.run(step)
    assert sage.run(step).adopted


def test_freight_is_added_to_the_invoice_and_the_order_keeps_its_own(sage: SageSite) -> None:
    number = sage.order(FreightAmt="3.00")
    step = invoice_step(here(number), WIDGETS)
    known = made(here(number), sage.run(step).effect.document.number)
    for shipment in ("S1", "S2"):
        done = sage.run(freight_step(here(number), "9.50", onto="invoice", shipment=shipment), known)
    assert invoice(sage, done.effect.document.number)["FreightAmt"] == "19.00"
    assert sage.agent(f"sales-orders/{number}")["FreightAmt"] == "3.00"


# -- tracking ----------------------------------------------------------------------------------------------------------


def invoiced(site: SageSite) -> tuple[str, Known]:
    """An order with an invoice of ours: the order's number, and what is known then."""
    number = site.order()
    return number, made(here(number), site.run(invoice_step(here(number), WIDGETS)).effect.document.number)


def test_each_package_is_a_row_and_the_first_carries_the_freight(sage: SageSite) -> None:
    number, known = invoiced(sage)
    done = sage.run(tracking_step(here(number), "1Z1", "1Z2"), known)
    first, second = rows(sage, done.effect.document.number)
    assert (first["PackageNo"], second["PackageNo"]) == ("0001", "0002")
    assert (first["TrackingID"], second["TrackingID"]) == ("1Z1", "1Z2")
    assert (first["FreightAmt"], second["FreightAmt"]) == ("9.50", "0.00")
    for row in (first, second):
        assert row["Comment"] == "ISS: UPS"
        assert (row["StarshipShipVia"], row["SendPackageToStarship"]) == ("UPS", "Y")
        assert (row["Weight"], row["FreightAmtAddedToInv"]) == ("12.50", "0.00")


def test_freight_shipments_bear_the_number_of_the_freight_bill_and_the_scac(sage: SageSite) -> None:
    number, known = invoiced(sage)
    packages = (StepPackage(tracking_number="", carrier_code="", title=""),) * 2
    step = tracking_step(
        here(number),
        packages=packages,
        master="PRO-77",
        scac="SAIA",
        carrier="Saia",
        weight=Decimal(10),
        weight_unit="KG",
    )
    there = rows(sage, sage.run(step, known).effect.document.number)
    assert [(one["TrackingID"], one["StarshipShipVia"], one["Weight"]) for one in there] == [
        ("PRO-77", "SAIA", "22.05")
    ] * 2


def test_a_second_shipment_takes_the_next_package_numbers(sage: SageSite) -> None:
    number, known = invoiced(sage)
    sage.run(tracking_step(here(number), "1Z1"), known)
    done = sage.run(tracking_step(here(number), "1Z2", shipment="S2"), known)
    there = rows(sage, done.effect.document.number)
    assert [(one["PackageNo"], one["TrackingID"], one["FreightAmt"]) for one in there] == [
        ("0001", "1Z1", "9.50"),
        ("0002", "1Z2", "9.50"),
    ]


def test_after_a_lost_reply_only_the_missing_row_is_written(sage: SageSite) -> None:
    number, known = invoiced(sage)
    step = tracking_step(here(number), "1Z1", "1Z2")
    sage.fault("reply_lost", "PUT", "/tracking/")
    with pytest.raises(OutcomeUnknown):
        sage.run(step, known)
    done = sage.run(step, known)
    assert [one["TrackingID"] for one in rows(sage, done.effect.document.number)] == ["1Z1", "1Z2"]
    assert sage.run(step, known).adopted


def test_packages_bear_their_user_defined_fields(sage: SageSite) -> None:
    number, known = invoiced(sage)
    package = StepPackage(tracking_number="1Z1", carrier_code="", title="", fields=(udf("UDF_BOX", "LARGE"),))
    done = sage.run(tracking_step(here(number), packages=(package,)), known)
    assert rows(sage, done.effect.document.number)[0]["UDF_BOX"] == "LARGE"


def test_a_shipment_without_any_number_writes_no_row(sage: SageSite) -> None:
    number, known = invoiced(sage)
    package = StepPackage(tracking_number="", carrier_code="", title="")
    done = sage.run(tracking_step(here(number), packages=(package,)), known)
    assert (done.adopted, rows(sage, done.effect.document.number)) == (True, [])


def test_rows_of_a_posted_invoice_are_found_in_its_history(sage: SageSite) -> None:
    number, known = invoiced(sage)
    step = tracking_step(here(number), "1Z1")
    posted = sage.run(step, known).effect.document.number
    sage.post("post", {"invoice": posted})
    assert rows(sage, posted)[0]["table"] == "AR_InvoiceHistoryTracking"
    assert sage.run(step, known).adopted


def test_fields_of_the_invoice_are_set_by_the_orders_lines(sage: SageSite) -> None:
    number, known = invoiced(sage)
    done = sage.run(
        fields_step(here(number), "header", onto="invoice", fields=(udf("UDF_PRO", "77"),)), known
    )
    assert invoice(sage, done.effect.document.number)["UDF_PRO"] == "77"


# -- taken back --------------------------------------------------------------------------------------------------------


def test_a_void_takes_back_tracking_freight_and_the_invoice_itself(sage: SageSite) -> None:
    number = sage.order()
    step = invoice_step(here(number), WIDGETS)
    first = sage.run(step)
    known = made(here(number), first.effect.document.number)
    tracking, freight = tracking_step(here(number), "1Z1"), freight_step(here(number), "9.50", onto="invoice")
    tracked, raised = sage.run(tracking, known), sage.run(freight, known)
    sage.run(*undo(tracking, tracked))
    assert rows(sage, first.effect.document.number) == []
    sage.run(*undo(freight, raised, ("0.00", "9.50")))
    assert invoice(sage, first.effect.document.number)["FreightAmt"] == "0.00"
    taking, undone = undo(step, first)
    assert [sage.run(taking, undone).adopted for _ in range(2)] == [False, True]
    live = sage.agent(f"sales-orders/{number}")
    assert live["CurrentInvoiceNo"] == ""


def test_a_void_takes_only_its_own_lines_off_an_invoice_of_several_shipments(sage: SageSite) -> None:
    number = sage.order()
    sage.run(invoice_step(here(number), WIDGETS))
    second = invoice_step(here(number), ("000001", "WIDGET", "1"), shipment="S2")
    done = sage.run(second)
    sage.run(*undo(second, done))
    there = invoice(sage, done.effect.document.number)
    assert Decimal(there["lines"][0]["QuantityShipped"]) == 2


def test_after_a_void_the_same_shipment_can_be_invoiced_anew(sage: SageSite) -> None:
    number = sage.order()
    step = invoice_step(here(number), WIDGETS)
    first = sage.run(step)
    sage.run(*undo(step, first))
    again = sage.run(step)
    assert not again.adopted
    assert invoice(sage, again.effect.document.number)["posted"] is False


def test_what_is_posted_is_no_longer_taken_back(sage: SageSite) -> None:
    number, known = invoiced(sage)
    step, tracking = invoice_step(here(number), WIDGETS), tracking_step(here(number), "1Z1")
    first, tracked = sage.run(step), sage.run(tracking, known)
    freight = freight_step(here(number), "9.50", onto="invoice")
    raised = sage.run(freight, known)
    sage.post("post", {"invoice": first.effect.document.number})
    undone = (undo(step, first), undo(tracking, tracked), undo(freight, raised, ("0.00", "9.50")))
    for taking, what in undone:
        with pytest.raises(Rejected) as caught:
            sage.run(taking, what)
        assert caught.value.code == "posted"
        assert "credit memo" in caught.value.message


def test_freight_of_an_invoice_that_a_person_deleted_is_gone_with_it(sage: SageSite) -> None:
    number, known = invoiced(sage)
    freight = freight_step(here(number), "9.50", onto="invoice")
    raised = sage.run(freight, known)
    headers = {"Authorization": "Bearer agent-token", "Idempotency-Key": f"delete-{number}"}
    sage.simulator.delete(f"/v1/companies/ABC/invoices/{raised.effect.document.number}", headers=headers)
    done = sage.run(*undo(freight, raised, ("0.00", "9.50")))
    assert done.effect.seen == {"freight": "gone with the invoice"}


def test_the_invoice_is_compared_field_by_field(sage: SageSite) -> None:
    number = sage.order()
    step = invoice_step(here(number), WIDGETS, ship_date=date(2026, 2, 1))
    sage.invoice(number, shipped={"000001": "1"})
    adapter = sage.adapter()

    async def whole(http: Any) -> Any:
        recipe: Any = adapter.recipe(http, step, Known())
        return await recipe.compare()

    fields = {one.label: (one.expected, one.there) for one in sage.job(adapter, whole)}
    assert fields["Shipped of line 000001"] == ("2", "1")
    assert fields["Ship Date"][0] == "2026-02-01"


def test_a_field_set_aside_tells_apart_two_shipments_with_one_freight_bill(sage: SageSite) -> None:
    number, known = invoiced(sage)
    package = (StepPackage(tracking_number="", carrier_code="", title=""),)
    adapter = sage.adapter(tracking_reference="UDF_TRACK_REF")
    for shipment in ("S1", "S2"):
        step = tracking_step(here(number), packages=package, master="PRO-1", scac="SAIA", shipment=shipment)
        done = [sage.run(step, known, adapter) for _ in range(2)]
        assert [one.adopted for one in done] == [False, True]
    assert len(rows(sage, done[0].effect.document.number)) == 2
