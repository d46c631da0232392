"""The simulator's shipments as a shipping system writes onto them: what they take, what they refuse, what they drop."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.acumatica_site import SEED, Site, Stage, running_stage, wrapped

ROWS = [{"OrderType": {"value": "SO"}, "OrderNbr": {"value": "000124"}, "OrderLineNbr": {"value": 1}}]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with running_stage() as running:
        yield running


@pytest.fixture
def site(stage: Stage) -> Iterator[Site]:
    with stage.site(SEED, operation_seconds=0) as site:
        yield site


def _put(site: Site, body: dict[str, Any]) -> tuple[int, Any]:
    """A PUT of the seeded shipment, and what came back."""
    reply = site.call("PUT", "/Shipment", {**wrapped(ShipmentNbr="SH000045"), **body})
    return reply.status_code, reply.json()


def _read(site: Site) -> Any:
    return site.read(
        "/Shipment/SH000045",
        expand="Details,Packages,ShippingSettings,ShippingSettings/ShipToAddress",
        custom="Document.UsrDock,Packages/Packages.UsrSeal",
    )


def test_a_shipment_is_made_of_the_lines_and_quantities_that_are_put(site: Site) -> None:
    body = {**wrapped(CustomerID="C1002"), "Details": [{**ROWS[0], **wrapped(ShippedQty=3)}]}
    made = site.call("PUT", "/Shipment", body, {"$expand": "Details"}, {"If-None-Match": "*"}).json()
    assert [row["ShippedQty"]["value"] for row in made["Details"]] == [3]


@pytest.mark.parametrize(
    ("order", "body", "said"),
    [
        ({"Status": "On Hold"}, {}, "No sales order line can be found"),
        ({"OrderType": "QT"}, {}, "No sales order line can be found"),
        ({}, wrapped(WarehouseID="WEST"), "No sales order line can be found"),
        ({}, {"ShippedQty": {"value": 9}}, "exceeds the open quantity"),
    ],
)
def test_an_order_line_that_cannot_be_shipped_is_refused_beside_its_row(
    site: Site, order: dict[str, str], body: dict[str, Any], said: str
) -> None:
    lines = [{"LineNbr": 1, "InventoryID": "AALEGO500", "OrderQty": "4"}]
    (key,) = site.sim("POST", "seed", {"orders": [{"CustomerID": "C1002", "lines": lines, **order}]})[
        "orders"
    ]
    quantity = {name: body[name] for name in body if name == "ShippedQty"}
    row = {**wrapped(OrderType=key["OrderType"], OrderNbr=key["OrderNbr"], OrderLineNbr=1), **quantity}
    header = {name: value for name, value in body.items() if name not in quantity}
    reply = site.call("PUT", "/Shipment", {**header, "Details": [row]})
    assert reply.status_code == 422
    assert said in reply.text


def test_an_order_of_a_type_that_does_not_ship_says_so_to_the_action(site: Site) -> None:
    lines = [{"LineNbr": 1, "InventoryID": "AALEGO500", "OrderQty": "4"}]
    seed = {"orders": [{"OrderType": "QT", "OrderNbr": "QT000035", "lines": lines}]}
    site.sim("POST", "seed", seed)
    reply = site.act("SalesOrder", "SalesOrderCreateShipment", OrderType="QT", OrderNbr="QT000035")
    assert "Process Shipments is not checked" in reply.text


def test_an_open_shipment_takes_what_a_shipping_system_writes(site: Site) -> None:
    packages = [
        {
            **wrapped(BoxID="SMALL", TrackingNbr="1Z1", Weight=2.5),
            "custom": {"Packages": {"UsrSeal": {"type": "CustomStringField", "value": "S-1"}}},
        }
    ]
    status, _ = _put(
        site,
        {
            **wrapped(ShipVia="FEDEX", FreightPrice=9.5, OverrideFreightPrice=True, FreightCost=7),
            "Packages": packages,
            "custom": {"Document": {"UsrDock": {"type": "CustomStringField", "value": "4"}}},
        },
    )
    there = _read(site)
    assert status == 200
    assert (there["ShipVia"]["value"], there["FreightPrice"]["value"]) == ("FEDEX", 9.5)
    assert [row["TrackingNbr"]["value"] for row in there["Packages"]] == ["1Z999", "1Z1"]
    assert there["Packages"][1]["custom"]["Packages"]["UsrSeal"]["value"] == "S-1"
    assert there["custom"]["Document"]["UsrDock"]["value"] == "4"
    assert there["PackageWeight"]["value"] == 3.75


def test_freight_that_is_not_marked_as_overridden_is_dropped_in_silence(site: Site) -> None:
    assert _put(site, wrapped(FreightPrice=9.5))[0] == 200
    assert _read(site)["FreightPrice"]["value"] == 0


def test_an_address_needs_its_override_and_a_state_of_its_country(site: Site) -> None:
    site.sim("POST", "seed", {"known": {"states": ["US/TX"]}})
    address = wrapped(AddressLine1="1 Mill Lane", City="Austin", State="TX", Country="US")
    assert _put(site, {"ShippingSettings": {"ShipToAddress": address}})[0] == 200
    assert _read(site)["ShippingSettings"]["ShipToAddress"]["City"]["value"] == "Exampleville"
    override = wrapped(ShipToAddressOverride=True)
    assert _put(site, {"ShippingSettings": {**override, "ShipToAddress": address}})[0] == 200
    assert _read(site)["ShippingSettings"]["ShipToAddress"]["City"]["value"] == "Austin"
    wrong = {**address, **wrapped(State="BC")}
    status, body = _put(site, {"ShippingSettings": {**override, "ShipToAddress": wrong}})
    assert status == 422
    assert "'State'" in body["ShippingSettings"]["ShipToAddress"]["State"]["error"]


def test_a_package_row_is_deleted_by_its_id(site: Site) -> None:
    (row,) = _read(site)["Packages"]
    assert _put(site, {"Packages": [{"id": row["id"], "delete": True}]})[0] == 200
    assert _read(site)["Packages"] == []


@pytest.mark.parametrize(
    ("given", "said"), [({}, "cannot be empty"), (wrapped(BoxID="HUGE"), "cannot be found")]
)
def test_a_box_must_be_one_of_the_sites_where_it_has_a_list(
    site: Site, given: dict[str, Any], said: str
) -> None:
    site.sim("POST", "seed", {"known": {"boxes": ["SMALL"]}})
    status, body = _put(site, {"Packages": [{**wrapped(TrackingNbr="1Z1"), **given}]})
    assert status == 422
    assert said in body["Packages"][1]["BoxID"]["error"]


@pytest.mark.parametrize(
    "body",
    [
        wrapped(ShipVia="FEDEX"),
        wrapped(FreightPrice=9.5, OverrideFreightPrice=True),
        {"Packages": [wrapped(BoxID="SMALL", TrackingNbr="1Z1")]},
        {"custom": {"Document": {"UsrDock": {"type": "CustomStringField", "value": "4"}}}},
        {"ShippingSettings": wrapped(ShipToAddressOverride=True)},
    ],
)
def test_a_confirmed_shipment_takes_a_note_and_nothing_else(site: Site, body: dict[str, Any]) -> None:
    site.act("Shipment", "ConfirmShipment", ShipmentNbr="SH000045")
    status, answer = _put(site, body)
    assert (status, answer["Status"]["error"]) == (422, "The shipment is confirmed and cannot be changed.")
    assert _put(site, wrapped(note="at the dock"))[0] == 200
    site.act("Shipment", "CorrectShipment", ShipmentNbr="SH000045")
    assert _put(site, body)[0] == 200


def test_a_confirmed_shipment_is_deleted_only_after_it_was_corrected(site: Site) -> None:
    site.act("Shipment", "ConfirmShipment", ShipmentNbr="SH000045")
    assert site.call("DELETE", "/Shipment/SH000045").status_code == 500
    site.act("Shipment", "CorrectShipment", ShipmentNbr="SH000045")
    assert site.call("DELETE", "/Shipment/SH000045").status_code == 204
    assert site.read("/SalesOrder/SO/000123", expand="Shipments")["Shipments"] == []


def test_serial_numbers_that_are_assigned_when_used_keep_packages_and_confirmation_away(site: Site) -> None:
    site.sim("POST", "seed", {"known": {"serial_items": ["AALEGO500"]}})
    status, body = _put(site, {"Packages": [wrapped(BoxID="SMALL", TrackingNbr="1Z1")]})
    assert status == 422
    assert "unassigned Location and/or Lot/Serial Number" in body["Packages"][1]["TrackingNbr"]["error"]
    reply = site.act("Shipment", "ConfirmShipment", ShipmentNbr="SH000045")
    assert "item 'AALEGO500' have unassigned" in reply.json()["exceptionMessage"]


def test_some_members_alone_can_be_made_to_fail(site: Site) -> None:
    """So that a partial write-back can be played: refused with a text, or dropped in silence."""
    once = {"once": True}
    refused = {
        "kind": "fields_refused",
        "fields": ["Packages"],
        "text": "Full.",
        "path": "/Shipment$",
        "when": once,
    }
    site.sim("POST", "faults", refused)
    body = {**wrapped(ShipVia="FEDEX"), "Packages": [wrapped(BoxID="SMALL", TrackingNbr="1Z1")]}
    status, answer = _put(site, body)
    assert (status, answer["Packages"][1]["BoxID"]["error"]) == (422, "Full.")
    site.sim(
        "POST",
        "faults",
        {"kind": "fields_ignored", "fields": ["Packages"], "path": "/Shipment$", "when": once},
    )
    assert _put(site, body)[0] == 200
    there = _read(site)
    assert (there["ShipVia"]["value"], len(there["Packages"])) == ("FEDEX", 1)
