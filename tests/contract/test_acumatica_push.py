"""The Acumatica simulator pushes as documented: body, header, five attempts, parking, resending.

The vendor shows no push body of a shipment; rows are judged by the envelope of the inventory example.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.contract.acumatica_site import (
    SEED,
    Receiver,
    Site,
    Stage,
    eventually,
    running_receiver,
    running_stage,
    sample,
)

SHIPMENTS = "Shipments-Confirmed"


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with running_stage() as one:
        yield one


@pytest.fixture
def site(stage: Stage) -> Iterator[Site]:
    with stage.site(SEED, push_spacing_seconds=0.01) as one:
        yield one


def _listen(site: Site, receiver: Receiver, **options: object) -> None:
    wanted = {"url": receiver.url, "header": "X-Connector-Secret", "secret": "s3cret", "queries": [SHIPMENTS]}
    site.sim("POST", "push/destination", {**wanted, **options})


def _listed(site: Site) -> list[Any]:
    notifications: list[Any] = site.sim("GET", "push")["notifications"]
    return notifications


def _status(site: Site, status: str) -> bool:
    return all(one["status"] == status for one in _listed(site)) and bool(_listed(site))


def test_confirming_a_shipment_pushes_its_row_with_the_documented_members(site: Site) -> None:
    with running_receiver() as receiver:
        _listen(site, receiver)
        assert site.act("Shipment", "ConfirmShipment", ShipmentNbr="SH000045").status_code == 204
        eventually(lambda: len(receiver.bodies) == 1)
    body = receiver.bodies[0]
    assert set(body) == set(sample("push-notifications")["inventory_example"])
    assert (body["Query"], body["CompanyId"], body["Deleted"]) == (SHIPMENTS, "Company", [])
    row = body["Inserted"][0]
    assert (row["ShipmentNbr"].strip(), row["Status"]) == ("SH000045", "Confirmed")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?", row["LastModified"])
    assert re.fullmatch(
        r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d", body["AdditionalInfo"]["PXPerformanceInfoStartTime"]
    )
    assert receiver.headers[0]["x-connector-secret"] == "s3cret"


def test_the_time_stamp_is_net_ticks_above_what_a_double_holds_exactly(site: Site) -> None:
    with running_receiver() as receiver:
        _listen(site, receiver, queries=None)
        site.sim("POST", "shipments/SH000045/confirm")
        eventually(lambda: len(receiver.bodies) == 2)
    stamps = {body["TimeStamp"] for body in receiver.bodies}
    assert len(stamps) == 2
    for stamp in stamps:
        assert isinstance(stamp, int)
        assert stamp > 2**53
        moment = datetime(1, 1, 1, tzinfo=UTC) + timedelta(microseconds=stamp // 10)
        assert abs(datetime.now(UTC) - moment) < timedelta(minutes=5)


def test_an_update_deletes_the_old_row_and_inserts_the_new_one_with_keys_padded_differently(
    site: Site,
) -> None:
    with running_receiver() as receiver:
        _listen(site, receiver)
        site.sim("POST", "shipments/SH000045/confirm")
        shipment = site.read("/Shipment/SH000045")
        site.call("PUT", "/Shipment", {"id": shipment["id"], "note": {"value": "left at noon"}})
        eventually(lambda: len(receiver.bodies) == 2)
    update = next(body for body in receiver.bodies if body["Deleted"])
    inserted, deleted = update["Inserted"][0], update["Deleted"][0]
    assert inserted["ShipmentNbr"] != deleted["ShipmentNbr"]
    assert inserted["ShipmentNbr"].rstrip() == deleted["ShipmentNbr"] == "SH000045"


def test_a_shipment_that_leaves_the_inquiry_is_in_deleted_only(site: Site) -> None:
    site.sim("POST", "shipments/SH000045/confirm")
    with running_receiver() as receiver:
        _listen(site, receiver)
        site.sim("POST", "shipments/SH000045/correct")
        eventually(lambda: len(receiver.bodies) == 1)
    assert receiver.bodies[0]["Inserted"] == []
    assert receiver.bodies[0]["Deleted"][0]["ShipmentNbr"] == "SH000045"


def test_an_error_reply_is_tried_again_with_the_same_body(site: Site) -> None:
    with running_receiver(500, 503, 202) as receiver:
        _listen(site, receiver)
        site.sim("POST", "shipments/SH000045/confirm")
        eventually(lambda: _status(site, "delivered"))
    assert _listed(site)[0]["attempts"] == ["500", "503", "202"]
    assert receiver.bodies[0] == receiver.bodies[1] == receiver.bodies[2]


def test_after_five_attempts_a_notification_is_parked_and_can_be_sent_again_for_two_days(site: Site) -> None:
    with running_receiver(500, 500, 500, 500, 500, 200) as receiver:
        _listen(site, receiver)
        site.sim("POST", "shipments/SH000045/confirm")
        eventually(lambda: _status(site, "parked"))
        parked = _listed(site)[0]
        assert parked["attempts"] == ["500"] * 5
        site.sim("POST", f"push/{parked['number']}/resend")
        eventually(lambda: _status(site, "delivered"))
    assert len(receiver.bodies) == 6
    site.sim("POST", "clock", {"seconds": 2 * 24 * 3600 + 1})
    assert _listed(site) == []
    assert site.client.post(f"/_sim/push/{parked['number']}/resend").status_code == 404


def test_a_receiver_that_is_away_counts_as_a_failed_attempt(site: Site) -> None:
    with running_receiver() as receiver:
        _listen(site, receiver)
    site.sim("POST", "shipments/SH000045/confirm")
    eventually(lambda: _status(site, "parked"))
    assert _listed(site)[0]["attempts"][0].startswith("Connect")


def test_duplicates_on_demand_share_their_id(site: Site) -> None:
    with running_receiver() as receiver:
        _listen(site, receiver, copies=2)
        site.sim("POST", "shipments/SH000045/confirm")
        eventually(lambda: len(receiver.bodies) == 2)
    assert receiver.bodies[0] == receiver.bodies[1]


def test_a_notification_can_be_made_by_hand(site: Site) -> None:
    wanted = {"query": "InventoryQty", "rows": [{"InventoryID": "A", "QtyOnHand": 1.5}], "deleted": []}
    with running_receiver() as receiver:
        _listen(site, receiver, queries=None)
        assert site.sim("POST", "push", wanted)["numbers"] == [1]
        eventually(lambda: len(receiver.bodies) == 1)
    assert (receiver.bodies[0]["Query"], receiver.bodies[0]["Inserted"][0]["InventoryID"]) == (
        "InventoryQty",
        "A",
    )


def test_seeding_pushes_nothing_and_a_changed_order_pushes_its_keys(site: Site) -> None:
    with running_receiver() as receiver:
        _listen(site, receiver, queries=["Orders-Changed"])
        site.sim("POST", "seed", {"orders": [{"OrderNbr": "000200", "UnpaidBalance": "10"}]})
        site.sim("POST", "orders/SO/000200/pay", {"amount": "10"})
        eventually(lambda: len(receiver.bodies) == 1)
    row = receiver.bodies[0]["Inserted"][0]
    assert (row["OrderType"].strip(), row["OrderNbr"].strip()) == ("SO", "000200")
    assert len(_listed(site)) == 1


def test_a_push_goes_out_although_the_reply_to_the_action_was_lost(site: Site) -> None:
    with running_receiver() as receiver:
        _listen(site, receiver)
        site.sim("POST", "faults", {"kind": "status", "status": 503, "path": "/status/"})
        started = site.call(
            "POST", "/Shipment/ConfirmShipment", {"entity": {"ShipmentNbr": {"value": "SH000045"}}}
        )
        assert site.client.get(started.headers["location"]).status_code == 503
        eventually(lambda: len(receiver.bodies) == 1)


@pytest.mark.parametrize("wanted", [{"header": "X"}, {"url": "http://127.0.0.1:9/", "nonsense": 1}])
def test_a_destination_that_is_misspelt_is_refused(site: Site, wanted: dict[str, object]) -> None:
    assert site.client.post("/_sim/push/destination", json=wanted).status_code == 400


def test_each_inquiry_that_is_there_from_the_start_hears_its_documents(site: Site) -> None:
    with running_receiver() as receiver:
        _listen(site, receiver, queries=["Payments-Changed", "Invoices-Released"])
        site.sim("POST", "orders/SO/000124/pay", {"ExternalRef": "100000046-pay"})
        eventually(lambda: len(receiver.bodies) == 1)
        site.sim("POST", "shipments/SH000045/confirm")
        site.sim("POST", "act/Shipment/SH000045/PrepareInvoice")
        invoice = site.read("/SalesInvoice")[0]["ReferenceNbr"]["value"]
        site.sim("POST", f"act/SalesInvoice/Invoice/{invoice}/ReleaseSalesInvoice")
        eventually(lambda: len(receiver.bodies) == 2)
    paid, released = receiver.bodies
    assert paid["Query"] == "Payments-Changed"
    assert (paid["Inserted"][0]["ExternalRef"], paid["Inserted"][0]["Status"]) == ("100000046-pay", "Open")
    row = released["Inserted"][0]
    assert (released["Query"], row["ReferenceNbr"].strip(), row["Status"]) == (
        "Invoices-Released",
        invoice,
        "Closed",
    )


def test_an_inquiry_of_ones_own_has_its_columns_and_statuses_and_pads_its_keys(site: Site) -> None:
    columns = {"Order Nbr.": "OrderNbr", "Type": "OrderType", "State": "Status"}
    wanted = {"name": "Canceled", "entity": "SalesOrder", "columns": columns, "statuses": ["Canceled"]}
    assert "Canceled" in site.sim("POST", "push/inquiry", wanted)["inquiries"]
    with running_receiver() as receiver:
        _listen(site, receiver, queries=["Canceled"], copies=2)
        site.sim("POST", "edit/SalesOrder/SO/000124", {"Description": "still open"})
        site.sim("POST", "orders/SO/000124/cancel")
        eventually(lambda: len(receiver.bodies) == 2)
    assert receiver.bodies[0] == receiver.bodies[1]
    row = receiver.bodies[0]["Inserted"][0]
    assert row["State"] == "Canceled"
    assert row["Order Nbr."] != row["Order Nbr."].rstrip() == "000124"


def test_what_a_new_inquiry_shows_already_is_not_pushed_but_stands_in_deleted_when_it_changes(
    site: Site,
) -> None:
    wanted = {"name": "Open-Orders", "entity": "SalesOrder", "columns": ["OrderType", "OrderNbr", "ShipVia"]}
    site.sim("POST", "push/inquiry", wanted)
    with running_receiver() as receiver:
        _listen(site, receiver, queries=["Open-Orders"])
        site.sim("POST", "edit/SalesOrder/SO/000124", {"Description": "a column that is not shown"})
        site.sim("POST", "edit/SalesOrder/SO/000124", {"ShipVia": "FEDEX"})
        eventually(lambda: len(receiver.bodies) == 1)
    assert [receiver.bodies[0][side][0]["ShipVia"] for side in ("Deleted", "Inserted")] == [None, "FEDEX"]


def test_a_deleted_order_is_in_deleted_only(site: Site) -> None:
    with running_receiver() as receiver:
        _listen(site, receiver, queries=["Orders-Changed"])
        site.sim("POST", "delete/SalesOrder/SO/000124")
        eventually(lambda: len(receiver.bodies) == 1)
    assert (receiver.bodies[0]["Inserted"], receiver.bodies[0]["Deleted"][0]["OrderNbr"]) == ([], "000124")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"entity": "Teapot"}, "there is no entity Teapot"),
        ({"columns": ["Steam"]}, "SalesOrder has no field Steam"),
        ({"joins": 2}, "Extra inputs are not permitted"),
    ],
)
def test_an_inquiry_that_is_misspelt_is_refused(site: Site, changes: dict[str, object], text: str) -> None:
    wanted = {"name": "X", "entity": "SalesOrder", "columns": ["OrderNbr"], **changes}
    reply = site.client.post("/_sim/push/inquiry", json=wanted)
    assert (reply.status_code, text in reply.json()["error"]) == (400, True)
