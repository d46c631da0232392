"""Views and data objects of the simulated site: by name, with conditions, prompts and pages."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.contract.aptify_site import (
    JOURNAL,
    LAMP,
    MUG,
    OTHER_PERSON,
    PERSON,
    SEAT,
    Site,
    line,
    running_site,
)


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


def _products(site: Site, condition: str) -> set[int]:
    return {one["ID"] for one in site.view("Connector Products Changed", "Products", Filter=condition)}


def test_a_view_answers_in_the_documented_shape(site: Site) -> None:
    site.take(PONumber="P-1")
    asked = {"Type": "viewbyname", "viewname": "connector orders changed", "viewentityname": "Orders"}
    shown = site.read("AptifyViews", **asked)
    assert (shown["count"], shown["columnwidthresize"]) == ("1", "FALSE")
    [row] = shown["result"]
    assert (row["row_number"], row["OrderStatusID"], row["OrderStatusID_Name"]) == (1, 1, "Taken")
    assert (row["OrderDate"], row["GrandTotal"]) == ("2026-11-27T09:30:00", Decimal("25.00"))


def test_a_view_that_is_not_provided_is_not_found(site: Site) -> None:
    for name, entity in [("Everything", "Orders"), ("Connector Orders Changed", "Products")]:
        asked = {"Type": "viewbyname", "ViewName": name, "viewEntityName": entity}
        assert site.call("GET", "AptifyViews", params=asked).status_code == 404
    assert site.call("GET", "AptifyViews", params={"Type": "calender"}).status_code == 400


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("Code='MUG'", {MUG}),
        ("code = 'mug'", {MUG}),
        ("Code=’LAMP’", {LAMP}),
        ("[Code] <> 'MUG' AND Price >= 50", {JOURNAL, SEAT}),
        ("Price > 12.5 AND (Code='LAMP' OR Code='SEAT')", {LAMP, SEAT}),
        ("Code='MUG' OR Price = 20 AND Code = 'SEAT'", {MUG}),
        ("NOT Code = 'MUG' AND NOT Code = 'LAMP'", {JOURNAL, SEAT}),
        ("Code LIKE '%A%'", {LAMP, JOURNAL, SEAT}),
        ("Code NOT LIKE '_UG'", {LAMP, JOURNAL, SEAT}),
        ("Code IN ('MUG', 'SEAT')", {MUG, SEAT}),
        ("ID NOT IN (101, 102)", {JOURNAL, SEAT}),
        ("Price BETWEEN 20 AND 50", {LAMP, SEAT}),
        ("DefaultInventoryLocationID IS NULL", {JOURNAL, SEAT}),
        ("DefaultInventoryLocationID IS NOT NULL", {MUG, LAMP}),
        ("IsSubscription = 1", {JOURNAL}),
        ("QuantityOnHand < 100 AND TrackInventory = 1", {LAMP}),
        ("DefaultInventoryLocationID_Name = 'Main Warehouse'", {MUG, LAMP}),
        ("Name = 'It''s'", set()),
    ],
)
def test_a_condition_is_like_a_where_clause(site: Site, condition: str, found: set[int]) -> None:
    assert _products(site, condition) == found


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        ("Colour = 'red'", "Invalid column name 'Colour'"),
        ("Code =", "Incorrect syntax"),
        ("Code 'MUG'", "Incorrect syntax near 'MUG'"),
        ("(Code = 'MUG'", "Incorrect syntax"),
        ("Code = 'MUG' Price = 1", "Incorrect syntax near 'Price'"),
        ("Price = 'cheap'", "Conversion failed"),
        ("Code = 'MUG", "Incorrect syntax"),
    ],
)
def test_a_condition_that_cannot_be_read_is_an_error_of_the_server(
    site: Site, condition: str, text: str
) -> None:
    asked = {"Type": "viewbyname", "ViewName": "Connector Products Changed", "viewEntityName": "Products"}
    reply = site.call("GET", "AptifyViews", params={**asked, "Filter": condition})
    assert reply.status_code == 500
    assert text in reply.json()["ExceptionMessage"]


def test_what_changed_since_a_moment_comes_oldest_first(site: Site) -> None:
    first, second = site.take(), site.take()
    since = site.clock.tick()
    third = site.take()
    site.clock.tick()
    site.save("Orders", first, Comments="again")
    rows = site.view("Connector Orders Changed", "Orders", Filter=f"DateUpdated >= '{since}'")
    assert [one["ID"] for one in rows] == [third, first]
    everything = site.view("Connector Orders Changed", "Orders")
    assert [one["ID"] for one in everything] == [second, third, first]


def test_prompts_take_pairs_or_bare_values(site: Site) -> None:
    wanted, other = site.take(PONumber="P-1"), site.take(PONumber="P-2")
    for data, found in [("PONumber='P-1'", [wanted]), ("P-2", [other]), ("PONumber=P-1|ShipToID=999", [])]:
        rows = site.view("Connector Orders by PO Number", "Orders", PromptData=data)
        assert [one["ID"] for one in rows] == found


def test_people_and_companies_are_found_by_their_address(site: Site) -> None:
    rows = site.view("Connector Persons by Email", "Persons", PromptData="Email=ADA@example.com")
    assert [one["ID"] for one in rows] == [PERSON]
    rows = site.view("Connector Companies by Email", "Companies", Filter="Email='office@example.com'")
    assert [one["Name"] for one in rows] == ["Example Ltd"]


def test_statuses_and_types_have_the_ids_of_the_site() -> None:
    ids = {"Taken": 11, "Shipped": 12, "Back-Ordered": 13, "Cancelled": 14, "Declined": 15}
    with running_site(status_ids=ids, back_order_ar=0) as site:
        rows = site.view("Connector Order Statuses", "Order Statuses")
        assert {one["Name"]: one["ID"] for one in rows} == ids
        kinds = [one["Name"] for one in site.view("Connector Order Types", "Order Types")]
        assert kinds == ["Regular", "Quotation", "Cancellation", "Back-Order"]
        number = site.take()
        assert site.save("Orders", number, OrderStatusID=12)["orderstatusid_name"] == "Shipped"


def test_a_page_has_five_hundred_rows_at_most(site: Site) -> None:
    people = [{"id": 2000 + one, "fields": {"LastName": f"No {one}"}} for one in range(510)]
    site.sim("POST", "seed", {"persons": people})
    every = {"Filter": "ID >= 2000"}
    for asked, ids in [
        ({}, range(2000, 2500)),
        ({"$top": "1000"}, range(2000, 2500)),
        ({"$top": "5", "$skip": "3"}, range(2003, 2008)),
        ({"$skip": "500"}, range(2500, 2510)),
    ]:
        rows = site.view("Connector Persons by Email", "Persons", **every, **asked)
        assert [one["ID"] for one in rows] == list(ids)
    rows = site.view("Connector Persons by Email", "Persons", **every, **{"$top": "1", "$skip": "7"})
    assert rows[0]["row_number"] == 8


def test_the_count_may_be_of_all_rows(site: Site) -> None:
    asked = {"Type": "viewbyname", "ViewName": "Connector Order Statuses", "viewEntityName": "Order Statuses"}
    assert site.read("AptifyViews", **asked, **{"$top": "1"})["count"] == "1"
    site.sim("POST", "options", {"view_count": "total"})
    assert site.read("AptifyViews", **asked, **{"$top": "1"})["count"] == "4"


def test_administrators_provide_views_of_some_columns(site: Site) -> None:
    seeded = {
        "name": "Unshipped",
        "entity": "Orders",
        "columns": ["ID", "PONumber"],
        "filter": "OrderStatus <> 'Shipped'",
        "sort": ["PONumber"],
        "prompts": ["ShipToID"],
    }
    site.sim("POST", "seed", {"views": [seeded]})
    site.take(PONumber="B")
    site.take(PONumber="A")
    site.take(PONumber="C", ShipToID=OTHER_PERSON)
    site.ship(site.take(PONumber="D"))
    rows = site.view("Unshipped", "Orders", PromptData=str(PERSON))
    assert [(one["PONumber"], set(one)) for one in rows] == [
        ("A", {"ID", "PONumber", "row_number"}),
        ("B", {"ID", "PONumber", "row_number"}),
    ]


def test_inventory_that_changed_is_seen(site: Site) -> None:
    since = site.clock.tick()
    site.take(line(MUG, 2))
    rows = site.view("Connector Inventory Changed", "Product Inventory", Filter=f"DateUpdated >= '{since}'")
    assert [(one["ProductID"], one["QuantityAvailable"]) for one in rows] == [(MUG, 498)]
    rows = site.view("Connector Products Changed", "Products", Filter=f"DateUpdated >= '{since}'")
    assert [(one["ID"], one["QuantityReserved"]) for one in rows] == [(MUG, 2)]


def test_a_data_object_answers_with_its_rows_and_a_cached_one_with_old_ones(site: Site) -> None:
    objects = [
        {"name": "spOrders__c", "entity": "Orders", "filter": "ShipToID = @PersonID", "columns": ["ID"]},
        {"name": "spCached__c", "entity": "Orders", "columns": ["ID"], "cached": True},
    ]
    site.sim("POST", "seed", {"dataObjects": objects})
    first = site.take()
    assert site.read("DataObjects/spOrders__c", PersonID=str(PERSON)) == [{"ID": first}]
    assert site.read("DataObjects/spOrders__c", personid="1") == []
    assert site.read("DataObjects/spCached__c") == [{"ID": first}]
    second = site.take()
    assert site.read("DataObjects/spCached__c") == [{"ID": first}]
    site.sim("POST", "cache/clear")
    assert site.read("DataObjects/spCached__c") == [{"ID": first}, {"ID": second}]
    assert site.call("GET", "DataObjects/spOrders__c").status_code == 500
    assert site.call("GET", "DataObjects/spNothing__c").status_code == 404
