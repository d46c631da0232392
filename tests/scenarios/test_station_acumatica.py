"""A shipment that is processed at the station is written back to Acumatica, taken back when it is voided, and mended.

One fleet of real processes, on PostgreSQL with Redis (what goes to Sage 100 runs on SQLite); each scenario has its own
orders in it.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from connector.status import Status
from tests.scenarios.fleet import control
from tests.scenarios.station import SKU, Station, working

FLOW, VOIDS, ONWARD = "to-acumatica", "void-in-acumatica", "to-magento"


@pytest.fixture(scope="module", params=["postgresql and redis"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    with working(request, tmp_path_factory) as world:
        yield world


def refuse_packages(world: Station) -> None:
    """Acumatica takes no packages for the time being: a write-back comes only in part."""
    refused = {
        "kind": "fields_refused",
        "path": "/Shipment$",
        "fields": ["Packages"],
        "text": "Serial items are used.",
    }
    control(world.fleet.erp, "POST", "faults", refused)


def heal(world: Station) -> None:
    control(world.fleet.erp, "DELETE", "faults")


def half_written(world: Station) -> tuple[str, str]:
    """An order and its shipment, of which only a part has reached Acumatica."""
    order = world.erp_order()
    refuse_packages(world)
    shipment = world.ship(order)
    entry = world.until(Status.ERRORED, FLOW, shipment).entry
    assert entry.code == "partial"
    heal(world)
    return order, shipment


def holds_once(world: Station, order: str, shipment: str) -> dict[str, Any]:
    """The one shipment of the order in Acumatica, after seeing that each value stands there exactly once."""
    (there,) = world.erp_shipments(order)
    tracking = world.at_station_tracking(shipment)
    assert Decimal(there["FreightPrice"]) == Decimal("9.50")
    assert [package["TrackingNbr"] for package in there["Packages"]] == tracking
    assert there["note"].count("Tracking Number:") == 1
    assert there["ShipVia"] == "UPSGROUND"
    assert [(line["InventoryID"], Decimal(line["ShippedQty"])) for line in there["Details"]] == [
        (SKU, Decimal(3))
    ]
    return there


def test_a_processed_shipment_stands_in_the_erp_with_freight_tracking_notes_and_fields(
    world: Station,
) -> None:
    # Given an order in the ERP; when it is shipped at the station
    order = world.erp_order()
    shipment = world.ship(order, bol="BOL-7")
    # Then one shipment stands there, with each part that the flow writes
    record = world.until(Status.PUBLISHED, FLOW, shipment)
    there = holds_once(world, order, shipment)
    assert there["ShipmentNbr"] in record.entry.target_number
    for said in ("Ship Date: ", "Total Weight: ", "BOL: BOL-7"):
        assert said in there["note"]
    assert {step.kind for step in record.steps} == {"shipment", "freight", "tracking", "note", "fields"}


def test_the_same_told_twice_and_a_lost_reply_leave_it_there_once(world: Station) -> None:
    # Given an ERP that does what it is asked and does not answer, once
    order = world.erp_order()
    lost = {"kind": "reply_lost", "path": "/Shipment$", "method": "PUT", "when": {"once": True}}
    control(world.fleet.erp, "POST", "faults", lost)
    # When a shipment is told three times
    shipment = world.ship(order)
    world.until(Status.PUBLISHED, FLOW, shipment)
    for _ in range(2):
        world.resend(shipment)
    # Then everything stands there once
    holds_once(world, order, shipment)
    assert len(world.entries(FLOW, shipment)) == 1


def test_an_open_shipment_of_the_order_is_taken_and_not_made_again(world: Station) -> None:
    # Given a shipment that somebody prepared in the ERP
    order = world.erp_order()
    kind, number = order.split("-")
    prepared = {"ShipmentNbr": f"PRE{number}", "Status": "Open", "orders": [[kind, number]], "ShipVia": "PICKUP",
                "lines": [{"InventoryID": SKU, "ShippedQty": "3"}]}  # fmt: skip
    control(world.fleet.erp, "POST", "seed", {"shipments": [prepared]})
    # When the order is shipped at the station
    shipment = world.ship(order)
    # Then that one is filled in
    world.until(Status.PUBLISHED, FLOW, shipment)
    assert holds_once(world, order, shipment)["ShipmentNbr"] == f"PRE{number}"


def test_a_void_takes_back_freight_notes_tracking_and_the_shipment(world: Station) -> None:
    # Given a shipment that was written back
    order = world.erp_order()
    shipment = world.ship(order)
    world.until(Status.PUBLISHED, FLOW, shipment)
    # When it is voided at the station
    world.at_station(shipment, "void")
    # Then nothing of it stands in the ERP
    world.until(Status.PUBLISHED, VOIDS, shipment)
    assert world.erp_shipments(order) == []
    # and processed again, it is there once more
    world.at_station(shipment, "process")
    world.until_again(Status.PUBLISHED, FLOW, shipment, 2)
    holds_once(world, order, shipment)


def test_an_order_whose_type_ships_nothing_is_refused_in_words(world: Station) -> None:
    # Given a quote, of whose type 'Process Shipments' is not checked
    order = world.erp_order(OrderType="QT")
    # When it was shipped all the same
    shipment = world.ship(order)
    # Then the log says what the ERP says, and what can be done
    entry = world.until(Status.ERRORED, FLOW, shipment).entry
    assert "Process Shipments" in entry.reason


def test_a_shipment_whose_ship_via_has_no_row_names_it_and_goes_on_when_the_row_is_there(
    world: Station,
) -> None:
    # Given two shipments by a service that no table has
    shipments = [world.ship(world.erp_order(), service="Pigeon Post") for _ in range(2)]
    for one in shipments:
        entry = world.until(Status.ERRORED, FLOW, one).entry
        assert entry.code == "mapping"
        assert '"UPS Pigeon Post": …' in entry.reason
    # When the row is added to the file, the count is shown first, and releasing is confirmed
    config = world.fleet.home / "connector.yaml"
    before = config.read_text("utf-8")
    config.write_text(
        before.replace(
            "    UPS Ground: UPSGROUND\n", "    UPS Ground: UPSGROUND\n    UPS Pigeon Post: UPSGROUND\n"
        )
    )
    shown = world.command_without_answer("log", "release")
    assert "UPS Pigeon Post" in shown
    assert "2" in shown
    assert world.entries(FLOW, shipments[0])[0].status == Status.ERRORED
    world.restart()
    world.command("log", "release", "--yes")
    # Then both are carried
    for one in shipments:
        world.until(Status.PUBLISHED, FLOW, one)


# -- a write-back of which only a part arrived, and the five ways out --


def test_a_partial_write_back_shows_what_is_expected_and_what_stands_there(world: Station) -> None:
    _, shipment = half_written(world)
    entry = world.record(FLOW, shipment).entry
    story = " ".join(world.command("log", "show", str(entry.id)).split())
    for said in ("Tracking Number", world.at_station_tracking(shipment)[0], "Serial items are used."):
        assert said in story
    for way in ("retry", "ignore", "start-over", "reprocess", "resolve"):
        assert f"connector log {way}" in story


def test_retry_writes_only_what_is_missing(world: Station) -> None:
    order, shipment = half_written(world)
    entry = world.record(FLOW, shipment).entry
    control(world.fleet.erp, "DELETE", "requests")
    world.command("log", "retry", str(entry.id))
    world.until(Status.PUBLISHED, FLOW, shipment)
    holds_once(world, order, shipment)
    written = [
        json.dumps(one["body"])
        for one in control(world.fleet.erp, "GET", "requests")
        if one["method"] == "PUT"
    ]
    assert not [one for one in written if "FreightPrice" in one]


def test_ignore_leaves_it_with_a_reason_until_it_is_taken_back(world: Station) -> None:
    # Given a partial write-back that a person leaves as it is
    order, shipment = half_written(world)
    entry = world.record(FLOW, shipment).entry
    world.command("log", "ignore", str(entry.id), "--reason", "not wanted today")
    assert world.until(Status.IGNORED, FLOW, shipment).entry.reason == "not wanted today"
    (there,) = world.erp_shipments(order)
    assert (there["Packages"], Decimal(there["FreightPrice"])) == ([], Decimal("9.50"))
    # When it is taken back, then what was missing is written, and the rest stands once
    world.command("log", "retry", str(entry.id))
    world.until(Status.PUBLISHED, FLOW, shipment)
    holds_once(world, order, shipment)


@pytest.mark.parametrize("by", ["command", "button"])
def test_start_over_makes_anew_what_was_deleted_in_the_erp(world: Station, by: str) -> None:
    # Given a partial write-back whose shipment somebody deletes in the ERP
    order, shipment = half_written(world)
    entry = world.record(FLOW, shipment).entry
    (there,) = world.erp_shipments(order)
    control(world.fleet.erp, "POST", f"delete/Shipment/{there['ShipmentNbr']}")
    assert world.erp_shipments(order) == []
    # When it is started over, by command or by the Write-Back button at the station
    if by == "command":
        world.command("log", "start-over", str(entry.id), "--reason", "deleted in the ERP")
    else:
        world.at_station(shipment, "write-back")
    # Then it stands there again, each value once
    world.fleet.until(lambda: world.entries(FLOW, shipment)[0].status == Status.PUBLISHED, "it is made anew")
    holds_once(world, order, shipment)


def test_reprocess_replaces_the_half_by_the_shipment_that_was_processed_anew(world: Station) -> None:
    # Given a partial write-back; when its shipment is deleted at the station and processed again under a new number
    order, shipment = half_written(world)
    world.at_station(shipment, "delete")
    world.until(Status.PUBLISHED, VOIDS, shipment)
    again = world.ship(order)
    # Then the new one stands there, and the old entry is over
    world.until(Status.PUBLISHED, FLOW, again)
    holds_once(world, order, again)
    assert world.record(FLOW, shipment).entry.status == Status.SUPERSEDED


def test_reprocess_by_command_where_the_station_has_not_told_of_the_deletion(world: Station) -> None:
    # Given a station that deletes without a word
    order, shipment = half_written(world)
    control(world.ships, "DELETE", "targets")
    world.at_station(shipment, "delete")
    world.tell_station()
    # When a person says so
    entry = world.record(FLOW, shipment).entry
    world.command("log", "reprocess", str(entry.id), "--reason", "deleted at the station")
    world.until(Status.PUBLISHED, VOIDS, shipment)
    assert world.erp_shipments(order) == []
    # Then the order is free for the new shipment
    again = world.ship(order)
    world.until(Status.PUBLISHED, FLOW, again)
    holds_once(world, order, again)


def test_resolve_by_hand_is_believed_once_it_was_read_back(world: Station) -> None:
    order, shipment = half_written(world)
    entry = world.record(FLOW, shipment).entry
    # Given a person who says that it is done, although it is not
    refused = world.fleet.run("log", "resolve", str(entry.id), "--reason", "typed in")
    assert refused.returncode == 1
    assert "Tracking Number" in refused.stdout + refused.stderr
    assert world.record(FLOW, shipment).entry.status == Status.ERRORED
    # When the exact values are typed in, and it is said again
    (there,) = world.erp_shipments(order)
    wanted = next(step for step in world.record(FLOW, shipment).steps if step.kind == "tracking").spec
    names = {
        "TrackingNbr": "tracking_number",
        "Weight": "weight",
        "BoxID": "box",
        "CustomRefNbr1": "reference",
    }
    packages = [{name: one[own] for name, own in names.items() if one[own]} for one in wanted["packages"]]
    control(world.fleet.erp, "POST", f"edit/Shipment/{there['ShipmentNbr']}", {"Packages": packages})
    world.command("log", "resolve", str(entry.id), "--reason", "typed in")
    # Then it is resolved, and stands there once
    world.until(Status.RESOLVED, FLOW, shipment)
    holds_once(world, order, shipment)


# -- ways in --


def test_a_file_in_the_watched_folder_is_taken_like_a_message(world: Station) -> None:
    # Given a station that can only drop files
    order = world.erp_order()
    control(world.ships, "DELETE", "targets")
    shipment = world.ship(order)
    world.tell_station()
    (told,) = world.told_of(shipment)
    # When it drops one
    (world.folder / f"{shipment}.json").write_text(json.dumps(told))
    # Then it is written back, and the file is set aside
    world.until(Status.PUBLISHED, FLOW, shipment)
    holds_once(world, order, shipment)
    world.fleet.until((world.folder / "done" / f"{shipment}.json").exists, "the file is moved")


def test_a_file_can_be_published_by_hand(world: Station) -> None:
    order = world.erp_order()
    control(world.ships, "DELETE", "targets")
    shipment = world.ship(order)
    world.tell_station()
    file = world.fleet.home / f"{shipment}.json"
    file.write_text(json.dumps(world.told_of(shipment)[0]))
    world.command("publish", "--from", "station", str(file))
    world.until(Status.PUBLISHED, FLOW, shipment)
    holds_once(world, order, shipment)


def test_what_the_station_shipped_goes_on_to_the_shop_once_the_erp_confirms_it(world: Station) -> None:
    # Given an order that the shop knows, and that is shipped at the station
    planted = control(
        world.fleet.shop, "POST", "seed", {"order": {"lines": [{"sku": SKU, "qty": 3, "price": "12.50"}]}}
    )
    order = world.erp_order(ExternalRef=planted["order"]["increment_id"])
    shipment = world.ship(order)
    world.until(Status.PUBLISHED, FLOW, shipment)
    (there,) = world.erp_shipments(order)
    # When somebody confirms the shipment in the ERP
    world.fleet.listen_to_erp()
    control(world.fleet.erp, "POST", f"shipments/{there['ShipmentNbr']}/confirm")
    # Then it is no echo: it goes on to the shop, with the tracking number of the station
    world.until(Status.PUBLISHED, ONWARD, there["ShipmentNbr"])
    (made,) = [
        one
        for one in control(world.fleet.shop, "GET", "state")["shipments"]
        if one["order_id"] == planted["order"]["entity_id"]
    ]
    assert [track["track_number"] for track in made["tracks"]] == world.at_station_tracking(shipment)
