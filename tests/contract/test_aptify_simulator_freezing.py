"""What can no longer be changed of an order once it has shipped, area by area, and what still can."""

import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.contract.aptify_site import (
    CANCELLED,
    LAMP,
    MUG,
    OTHER_PERSON,
    QUOTATION,
    TAKEN,
    Site,
    line,
    running_site,
)


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


@pytest.fixture
def shipped(site: Site) -> int:
    number = site.take(line(MUG, 2), line(LAMP, 1), CampaignCodeID=1)
    site.ship(number)
    return number


ORDER_FIELDS: list[tuple[str, Any]] = [
    ("ShipToID", OTHER_PERSON),
    ("ShipToCompanyID", -1),
    ("ShipToAddressID", 72),
    ("ShipToAddrLine1", "Elsewhere"),
    ("ShipToCity", "Elsewhere"),
    ("ShipToZipCode", "99999"),
    ("BillToID", OTHER_PERSON),
    ("BillToCompanyID", -1),
    ("EmployeeID", 2),
    ("OrganizationID", 2),
    ("CampaignCodeID", 2),
    ("CampaignCodeID", -1),
    ("OrderStatusID", TAKEN),
    ("OrderStatusID", CANCELLED),
    ("OrderLevelID", 2),
    ("DateShipped", "2026-11-01T00:00:00"),
    ("DateShipped", ""),
    ("OrderTypeID", QUOTATION),
    ("ShippingCharge", "5.00"),
    ("HandlingCharge", "5.00"),
]


@pytest.mark.parametrize(("field", "value"), ORDER_FIELDS)
def test_a_frozen_field_is_refused_by_name_once_shipped_and_not_before(
    site: Site, field: str, value: Any
) -> None:
    number = site.take(line(MUG, 2), CampaignCodeID=1, DateShipped="2026-11-20T10:00:00")
    if field not in ("OrderStatusID", "OrderTypeID"):
        site.save("Orders", number, **{field: value, "BillToSameAsShipTo": 0})
        number = site.take(line(MUG, 2), CampaignCodeID=1)
    site.ship(number)
    before = site.order_state(number)
    text = site.refused("Orders", number, **{field: value})
    assert f"'{field}'" in text
    assert "has shipped" in text
    assert site.order_state(number) == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Price", "1.00"),
        ("Quantity", 1),
        ("ProductID", LAMP),
        ("ShipToID", OTHER_PERSON),
        ("ShipToCompanyID", -1),
        ("ShipToAddressID", 72),
        ("InventoryLocationID", 2),
    ],
)
def test_a_line_of_a_shipped_order_is_frozen(site: Site, shipped: int, field: str, value: Any) -> None:
    before = site.order_state(shipped)
    row = before["lines"][0]
    change = {"ID": row["ID"], "EntityName": "OrderLines", field: value}
    assert f"'{field}'" in site.refused("Orders", shipped, SubTypes=[change])
    assert f"'{field}'" in site.refused("OrderLines", row["ID"], **{field: value})
    assert site.order_state(shipped) == before


def test_lines_are_neither_added_to_a_shipped_order_nor_removed_from_it(site: Site, shipped: int) -> None:
    assert "cannot be added" in site.refused("Orders", shipped, SubTypes=[line(MUG, 1)])
    row = site.lines(shipped)[0]
    request = {"Action": "Delete", "EntityName": "OrderLines", "ID": row["ID"]}
    reply = site.call("POST", f"BatchCreateUpdateDelete/{uuid.uuid4()}", json=[request]).json()
    assert "cannot be removed" in reply["Results"][0]["Error"]
    assert len(site.lines(shipped)) == 2


def test_ledger_entries_cannot_be_changed_nor_added(site: Site, shipped: int) -> None:
    entry = site.order_state(shipped)["gl_entries"][0]
    assert "cannot be changed" in site.refused("GL Entries", entry["ID"], DebitAmount="1.00")
    assert "generated" in site.refused("GL Entries", OrderID=shipped, DebitAmount="1.00")


def test_the_address_and_phone_of_bill_to_can_be_changed_by_way_of_billing_same_as_shipping(
    site: Site, shipped: int
) -> None:
    assert "BillToAddressID" in site.refused("Orders", shipped, BillToAddressID=72)
    site.save("Orders", shipped, BillToSameAsShipTo=0, BillToAddressID=72, BillToPhone="555-0111")
    order = site.order_state(shipped)
    assert (order["BillToCity"], order["BillToPhone"], order["ShipToCity"]) == (
        "Otherton",
        "555-0111",
        "Exampleville",
    )
    site.save("Orders", shipped, BillToAddrLine1="PO Box 1")
    site.save("Orders", shipped, BillToSameAsShipTo=1)
    assert site.order_state(shipped)["BillToAddrLine1"] == "1 Main Street"


def test_a_save_that_repeats_frozen_fields_as_they_are_passes(site: Site, shipped: int) -> None:
    shown = site.record("Orders", shipped)
    same = {name: shown[name] for name in ("ShipToID", "CampaignCodeID", "OrderStatusID", "DateShipped")}
    site.save("Orders", shipped, **same, Comments="Left at the door")
    assert site.order_state(shipped)["Comments"] == "Left at the door"


def test_the_tracking_number_may_change_afterwards_where_the_site_lets_it(site: Site, shipped: int) -> None:
    [shipment] = site.order_state(shipped)["shipments"]
    site.save("Orders", shipped, TrackingNumber="1Z1", ShipExpense="4.20")
    site.save("OrderShipments", shipment["ID"], ShipTrackingNum="1Z1")
    site.sim("POST", "options", {"tracking_after_shipping": False})
    assert "TrackingNumber" in site.refused("Orders", shipped, TrackingNumber="1Z2")
    assert "ShipTrackingNum" in site.refused("OrderShipments", shipment["ID"], ShipTrackingNum="1Z2")
    order = site.order_state(shipped)
    assert (order["TrackingNumber"], order["ShipExpense"]) == ("1Z1", Decimal("4.20"))


def test_the_charges_of_a_shipped_orders_shipment_are_frozen(site: Site, shipped: int) -> None:
    [shipment] = site.order_state(shipped)["shipments"]
    assert "ShippingCharge" in site.refused("OrderShipments", shipment["ID"], ShippingCharge="5.00")


def test_people_in_the_client_are_refused_alike(site: Site, shipped: int) -> None:
    reply = site.client.post(f"/_sim/edit/Orders/{shipped}", json={"CampaignCodeID": 2})
    assert reply.status_code == 400
    assert "CampaignCodeID" in reply.json()["error"]


def test_a_cancelled_order_cannot_be_changed_but_for_its_comments(site: Site) -> None:
    number = site.take()
    site.save("Orders", number, OrderStatusID=CANCELLED)
    assert "PONumber" in site.refused("Orders", number, PONumber="P-1")
    assert "Cancelled" in site.refused("Orders", number, OrderStatusID=TAKEN)
    assert site.save("Orders", number, Comments="by phone")["comments"] == "by phone"
