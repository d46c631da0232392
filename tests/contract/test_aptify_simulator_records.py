"""Reading and saving records at the simulated site: shapes, the case of keys, forms, and saves that fail."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest

from tests.contract.aptify_site import LAMP, MUG, PERSON, Site, line, running_site, sample


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


def _keys(value: Any) -> set[str]:
    """Every key, at every depth."""
    if isinstance(value, Mapping):
        return set(value) | {key for one in value.values() for key in _keys(one)}
    return {key for one in value for key in _keys(one)} if isinstance(value, list) else set()


def test_a_record_is_read_in_the_documented_shape(site: Site) -> None:
    wanted, shown = sample("getrecord-reply")["body"], site.read(f"GetRecord/Products/{MUG}")
    assert shown.keys() == wanted.keys()
    assert {name: type(value) for name, value in shown.items()} == {
        name: type(value) for name, value in wanted.items()
    }
    assert all(isinstance(text, str) for one in shown["fields"] for text in one.values())
    assert {"DefaultInventoryLocationID": "1", "linkedRecordName": "Main Warehouse"} in shown["fields"]
    assert {"Price": "12.5000"} in shown["fields"]
    assert {"TrackInventory": "1"} in shown["fields"]


def test_an_order_brings_its_lines_and_shipments(site: Site) -> None:
    number = site.take(line(MUG, 2), line(LAMP, 1))
    shown = site.read(f"GetRecord/Orders/{number}")
    lines, shipments = shown["subTypes"]
    assert (lines["entity"], len(lines["records"]), shipments["entity"]) == (
        "OrderLines",
        2,
        "OrderShipments",
    )
    assert {"ProductID": str(MUG), "linkedRecordName": "Mug"} in lines["records"][0]["fields"]
    assert {"CampaignCodeID": "-1"} in shown["fields"]


def test_sub_type_records_may_be_shown_flat(site: Site) -> None:
    site.sim("POST", "options", {"sub_record_form": "flat"})
    number = site.take()
    [row] = site.read(f"GetRecord/Orders/{number}")["subTypes"][0]["records"]
    assert (row["ProductID"], row["Quantity"], row["Product"]) == (str(MUG), "2", "Mug")


def test_an_entity_is_found_by_name_in_any_case_or_by_its_number(site: Site) -> None:
    wanted = site.read(f"GetRecord/Products/{MUG}")
    assert site.read(f"GetRecord/products/{MUG}") == wanted
    assert site.read(f"GetRecord/20/{MUG}") == wanted
    assert site.call("GET", "GetRecord/Gadgets/1").status_code == 404


@pytest.mark.parametrize(("case", "fits"), [("lower", str.islower), ("pascal", lambda key: key[0].isupper())])
def test_the_case_of_keys_is_the_sites(site: Site, case: str, fits: Any) -> None:
    site.sim("POST", "options", {"key_case": case})
    number = site.take()
    shown = site.read(f"GetRecord/Orders/{number}")
    saved = site.try_save("Orders", number, Comments="x").json()
    assert all(fits(key) for key in _keys(shown) | _keys(saved) if key[0].isalpha())


def test_a_save_answers_as_documented_with_and_without_sub_type_records(site: Site) -> None:
    plain = site.try_save("Companies", Name="New Ltd").json()
    assert (plain["EntityName"], plain["Name"], plain["Subtypes"]) == ("Companies", "New Ltd", [])
    whole = site.try_save("Orders", ShipToID=PERSON, SubTypes=[line()]).json()
    [row] = [one for one in whole["subtypes"] if one["entityname"] == "OrderLines"]
    assert (row["orderid"], row["sequence"], row["productid_name"]) == (whole["id"], 1, "Mug")
    named = sample("savedata")["cases"][1]["reply"]["subtypes"][0]
    assert {"id", "entityname", "sequence", "aptify_record_version"} <= named.keys() & row.keys()


def test_ids_may_come_as_texts(site: Site) -> None:
    site.sim("POST", "options", {"number_form": "text"})
    saved = site.try_save("Companies", Name="New Ltd").json()
    assert isinstance(saved["ID"], str)


def test_a_save_may_come_as_a_form_in_either_encoding_as_json_or_in_data(site: Site) -> None:
    body = {"ID": -1, "EntityName": "Orders", "ShipToID": PERSON, "SubTypes": [line()]}
    parts = {name: (None, json.dumps(value)) for name, value in {**body, "EntityName": 0}.items()}
    parts["EntityName"] = (None, "Orders")
    for more in (
        {"json": body},
        {"files": parts},
        {"data": {"Data": json.dumps(body)}},
        {"json": {"id": "-1", "entityname": "orders", "shiptoid": str(PERSON), "subtypes": [line()]}},
    ):
        reply = site.call("POST", "GenericEntity/SaveData", **more)
        assert reply.status_code == 200, reply.text
        assert len(site.lines(int(reply.json()["id"]))) == 1


def test_the_other_ways_to_save_do_the_same(site: Site) -> None:
    assert site.save("Companies", path="BasicGenericEntity/SaveData/7", Name="A Ltd")["id"] == 1001
    data = [{"Field": "Name", "Value": "B Ltd"}]
    assert site.save("Companies", path="GenericEntity/AddData/1", EntityData=data)["name"] == "B Ltd"


def test_a_change_raises_the_version_and_the_date_and_the_same_again_does_not(site: Site) -> None:
    before = site.read(f"GetRecord/Persons/{PERSON}")
    now = site.clock.tick()
    site.save("Persons", PERSON, Phone="555-0199")
    after = site.read(f"GetRecord/Persons/{PERSON}")
    assert after["AptifyRecordVersion"] == before["AptifyRecordVersion"] + 1
    assert {"DateUpdated": now} in after["fields"]
    site.clock.tick()
    site.save("Persons", PERSON, Phone="555-0199")
    assert site.read(f"GetRecord/Persons/{PERSON}") == after


def test_an_order_that_is_saved_as_it_is_has_not_changed_nor_has_its_stock(site: Site) -> None:
    number = site.take(line(MUG, 2), line(LAMP, 1, InventoryLocationID=2))
    before = site.state()
    site.clock.tick()
    rows = [
        {"ID": one["ID"], "EntityName": "OrderLines", "Quantity": str(one["Quantity"])}
        for one in site.lines(number)
    ]
    site.save("Orders", number, ShipToID=PERSON, SubTypes=rows)
    assert site.state() == before
    now = site.clock.tick()
    site.save("OrderLines", rows[0]["ID"], Quantity=3)
    assert site.record("Orders", number)["DateUpdated"] == now


def test_a_save_that_fails_names_the_field_and_leaves_nothing(site: Site) -> None:
    saves: list[tuple[str, int, dict[str, Any], str]] = [
        ("Orders", -1, {"ShipToID": PERSON, "Colour": "red"}, "Colour"),
        ("Orders", -1, {"ShipToID": 999}, "ShipToID"),
        ("Orders", -1, {"SubTypes": [line()]}, "ShipToID"),
        ("Orders", -1, {"ShipToID": PERSON, "SubTypes": [line(), line(999)]}, "ProductID"),
        ("Orders", -1, {"ShipToID": PERSON, "SubTypes": [line(quantity="many")]}, "Quantity"),
        ("Orders", -1, {"ShipToID": PERSON, "SubTypes": [line(quantity=-1)]}, "Quantity"),
        ("Orders", -1, {"ShipToID": PERSON, "DateShipped": "soon"}, "DateShipped"),
        ("Orders", 999, {"PONumber": "1"}, "999"),
        ("Gadgets", -1, {}, "Gadgets"),
        ("Persons", PERSON, {"SubTypes": [line()]}, "OrderLines"),
    ]
    for entity, number, fields, word in saves:
        assert word in site.refused(entity, number, **fields)
    assert site.state()["orders"] == []
    assert site.stock(MUG) == (500, 0, 0, 500)


def test_a_failed_save_is_answered_in_the_form_of_the_site(site: Site) -> None:
    wanted = "Save failed. There is no entity 'Gadgets'."
    assert site.try_save("Gadgets").text == wanted
    site.sim("POST", "options", {"failed_save": "exception"})
    reply = site.try_save("Gadgets")
    assert (reply.status_code, reply.json()["ExceptionMessage"]) == (500, wanted)
    site.sim("POST", "options", {"failed_save": "json"})
    reply = site.try_save("Gadgets")
    assert (reply.status_code, reply.json()) == (200, {"Result": "Failed", "ErrorString": wanted})


def test_a_script_of_the_site_may_refuse_a_save(site: Site) -> None:
    fault = {"kind": "save_failed", "message": "Not on a Friday.", "when": {"once": True}}
    site.sim("POST", "faults", fault)
    assert "Not on a Friday." in site.refused("Persons", PERSON, Phone="1")
    assert site.record("Persons", PERSON)["Phone"] == "555-0100"


def test_a_reply_can_be_lost_after_the_save(site: Site) -> None:
    site.sim("POST", "faults", {"kind": "status_after", "status": 504, "path": "SaveData"})
    assert site.try_save("Orders", ShipToID=PERSON, PONumber="P-1").status_code == 504
    assert [one["PONumber"] for one in site.state()["orders"]] == ["P-1"]


def test_fields_of_the_site_can_be_saved_and_only_those_that_it_has() -> None:
    with running_site(custom_fields=["ExternalReference__c"]) as site:
        number = site.take(ExternalReference__c="ref-1")
        assert site.record("Orders", number)["ExternalReference__c"] == "ref-1"
        assert "Other__c" in site.refused("Orders", number, Other__c="x")


def test_the_site_may_call_a_field_otherwise() -> None:
    with running_site(names={"Orders.TrackingNumber": "ShipTrackingNum"}) as site:
        number = site.take(ShipTrackingNum="1Z999")
        assert site.record("Orders", number)["ShipTrackingNum"] == "1Z999"
        assert "TrackingNumber" in site.refused("Orders", number, TrackingNumber="1Z")
        rows = site.view("Connector Orders Changed", "Orders", Filter="ShipTrackingNum='1z999'")
        assert [one["ID"] for one in rows] == [number]


def test_dates_are_local_to_the_server_and_may_be_written_as_in_the_united_states() -> None:
    with running_site(zone="America/New_York", date_form="us") as site:
        number = site.take(DateShipped="11/20/2026 3:05:00 PM")
        assert site.record("Orders", number)["DateShipped"] == "11/20/2026 3:05:00 PM"
        assert site.record("Orders", number)["OrderDate"] == "11/27/2026 4:30:00 AM"
        assert site.view("Connector Orders Changed", "Orders")[0]["DateShipped"] == "2026-11-20T15:05:00"


def test_what_is_computed_is_passed_over_in_silence(site: Site) -> None:
    number = site.take(GrandTotal="1.00")
    assert Decimal(site.record("Orders", number)["GrandTotal"]) == Decimal(25)


def test_a_body_that_cannot_be_read_is_a_bad_request(site: Site) -> None:
    headers = {**site.headers, "Content-Type": "application/json"}
    address = f"{site.base}/GenericEntity/SaveData"
    assert site.client.post(address, content=b"{", headers=headers).status_code == 400
    assert site.client.post(address, content=b"[]", headers=headers).status_code == 400
    assert site.client.post(address, content=b"x", headers=site.headers).status_code == 415
    assert site.try_save("Orders", ShipToID=PERSON, SubTypes="{").status_code == 400
