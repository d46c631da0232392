"""Tracking rows, inventory and customers through the simulated agent."""

from collections.abc import Iterator

import pytest

from tests.contract.sage100_site import CUSTOMER, Site, running_site

ROW = {
    "TrackingID": "1Z999",
    "Comment": "ISS: UPS",
    "StarshipShipVia": "UPS",
    "FreightAmt": "9.10",
    "Weight": "12",
}


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site(padding="none") as running:
        yield running


@pytest.fixture
def invoice(site: Site) -> str:
    return f"invoices/{site.invoice(site.order())['InvoiceNo']}"


def test_a_package_gets_a_row_that_can_be_replaced_and_removed(site: Site, invoice: str) -> None:
    made = site.call("PUT", f"{invoice}/tracking/0001", {**ROW, "SendPackageToStarship": "Y"})
    assert (made.status_code, made.json()["FreightAmt"], made.json()["Weight"]) == (201, "9.10", "12.00")
    assert made.json()["FreightAmtAddedToInv"] == "0.00"
    again = site.call("PUT", f"{invoice}/tracking/0001", {**ROW, "TrackingID": "1Z000"})
    assert (again.status_code, again.json()["SendPackageToStarship"]) == (200, "N")
    site.ok("PUT", f"{invoice}/tracking/0002", ROW)
    rows = site.ok("GET", f"{invoice}/tracking")["tracking"]
    assert [(one["PackageNo"], one["TrackingID"]) for one in rows] == [("0001", "1Z000"), ("0002", "1Z999")]
    site.ok("DELETE", f"{invoice}/tracking/0001")
    assert site.refused("DELETE", f"{invoice}/tracking/0001") == "not_found"
    assert [one["PackageNo"] for one in site.ok("GET", f"{invoice}/tracking")["tracking"]] == ["0002"]


def test_a_row_that_is_there_is_not_overwritten_where_that_is_asked(site: Site, invoice: str) -> None:
    site.ok("PUT", f"{invoice}/tracking/0001", {**ROW, "if_absent": True})
    other = {**ROW, "TrackingID": "other", "if_absent": True}
    assert site.refused("PUT", f"{invoice}/tracking/0001", other) == "already_exists"
    assert site.ok("GET", f"{invoice}/tracking")["tracking"][0]["TrackingID"] == "1Z999"


@pytest.mark.parametrize(
    ("package", "change", "code"),
    [
        ("1", {}, "invalid_field"),
        ("0001", {"TrackingID": "x" * 31}, "too_long"),
        ("0001", {"Comment": "x" * 31}, "too_long"),
        ("0001", {"StarshipShipVia": "x" * 16}, "too_long"),
        ("0001", {"UpdatedFromStarship": "yes"}, "invalid_field"),
        ("0001", {"items": [{"ItemCode": "NO-SUCH", "Quantity": "1"}]}, "invalid_field"),
    ],
)
def test_a_row_that_sage_cannot_keep_is_refused(
    site: Site, invoice: str, package: str, change: dict[str, object], code: str
) -> None:
    assert site.refused("PUT", f"{invoice}/tracking/{package}", {**ROW, **change}) == code
    assert site.ok("GET", f"{invoice}/tracking")["tracking"] == []


def test_an_order_has_no_tracking(site: Site) -> None:
    assert site.refused("PUT", f"sales-orders/{site.order()}/tracking/0001", ROW) == "not_found"
    assert site.refused("PUT", "invoices/0009999/tracking/0001", ROW) == "not_found"


def test_posted_rows_move_to_history_and_are_still_found(site: Site, invoice: str) -> None:
    items = [{"ItemCode": "1001", "Quantity": "2"}]
    site.ok("PUT", f"{invoice}/tracking/0001", {**ROW, "items": items, "UDF_BOX": "A"})
    row = site.ok("GET", f"{invoice}/tracking")["tracking"][0]
    assert (row["table"], row["items"], row["UDF_BOX"]) == ("SO_InvoiceTracking", items, "A")
    site.sim("POST", "post", {"invoice": invoice.removeprefix("invoices/")})
    row = site.ok("GET", f"{invoice}/tracking")["tracking"][0]
    assert (row["table"], row["HeaderSeqNo"], row["TrackingID"]) == (
        "AR_InvoiceHistoryTracking",
        "000000",
        "1Z999",
    )


def test_tracking_numbers_arrive_padded_where_the_agent_strips_nothing(site: Site, invoice: str) -> None:
    site.ok("PUT", f"{invoice}/tracking/0001", ROW)
    site.sim("POST", "options", {"padding": "lists"})
    assert site.ok("GET", f"{invoice}/tracking")["tracking"][0]["TrackingID"] == "1Z999" + "\0" * 25


def test_inventory_is_told_per_item_and_warehouse(site: Site) -> None:
    rows = [
        {"ItemCode": "1001", "WarehouseCode": "001", "QuantityOnHand": "5.5"},
        {"ItemCode": "1001", "WarehouseCode": "000", "QuantityOnHand": "7", "QuantityOnSalesOrder": "2"},
        {"ItemCode": "1002", "WarehouseCode": "000", "QuantityOnHand": "0"},
    ]
    site.sim("POST", "seed", {"inventory": rows})
    found = site.ok("GET", "inventory", itemCode="1001")["inventory"]
    assert [(one["WarehouseCode"], one["QuantityOnHand"]) for one in found] == [("000", "7"), ("001", "5.5")]
    one = site.ok("GET", "inventory", pageSize="1", warehouseCode="000")
    two = site.ok("GET", "inventory", pageSize="1", warehouseCode="000", page=one["next_page"])
    assert [one["inventory"][0]["ItemCode"], two["inventory"][0]["ItemCode"]] == ["1001", "1002"]
    assert two["next_page"] is None
    assert site.ok("GET", "inventory", changedSince=site.clock.tick())["inventory"] == []


def test_a_customer_is_found_by_e_mail_and_made_with_the_next_number(site: Site) -> None:
    found = site.ok("GET", "customers", emailAddress="Orders@Example.test")["customers"]
    assert [one["CustomerNo"] for one in found] == ["ABF"]
    new = {"ARDivisionNo": "01", "CustomerName": "Walk-in", "EmailAddress": "new@example.test"}
    made = site.ok("POST", "customers", new)
    assert site.ok("GET", f"customers/01/{made['CustomerNo']}") == made
    assert site.refused("GET", "customers/02/ABF") == "not_found"


def test_a_customer_number_is_taken_once_per_division(site: Site) -> None:
    assert site.refused("POST", "customers", CUSTOMER) == "already_exists"
    assert site.ok("POST", "customers", {**CUSTOMER, "ARDivisionNo": "02"})["CustomerNo"] == "ABF"
    assert site.refused("POST", "customers", {**CUSTOMER, "ARDivisionNo": "2"}) == "invalid_field"
