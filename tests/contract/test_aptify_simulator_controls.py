"""What people do at the simulated site besides, what seeds it takes, and how stock is moved."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.aptify_site import LAMP, MUG, PERSON, SEAT, Site, running_site


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


def _order(**more: Any) -> dict[str, Any]:
    lines = [{"product": "MUG", "quantity": "2"}, {"product": "Lamp", "location": "Annex", "price": "18.00"}]
    return {"person": PERSON, "lines": lines, **more}


def test_a_person_takes_an_order_and_ships_it(site: Site) -> None:
    made = site.sim("POST", "orders", _order(fields={"PONumber": "P-1"}))
    assert made["entity"] == "Orders"
    order = site.order_state(made["id"])
    assert [(one["Product"], one["InventoryLocation"]) for one in order["lines"]] == [
        ("Mug", "Main Warehouse"),
        ("Lamp", "Annex"),
    ]
    site.sim("POST", f"orders/{made['id']}/ship")
    assert site.order_state(made["id"])["OrderStatus"] == "Shipped"


@pytest.mark.parametrize(
    ("state", "status"),
    [("taken", "Taken"), ("shipped", "Shipped"), ("cancelled", "Cancelled"), ("locked", "Taken")],
)
def test_seeds_have_orders_in_any_state_under_ids_of_their_own(site: Site, state: str, status: str) -> None:
    made = site.sim("POST", "seed", {"orders": [_order(id=7001, state=state)]})
    assert made["orders"] == [7001]
    order = site.order_state(7001)
    assert (order["OrderStatus"], order["Locked"]) == (status, state == "locked")
    assert site.take() == 7002


def test_stock_is_bought_adjusted_and_moved_with_entries_that_stay(site: Site) -> None:
    site.sim("POST", "inventory/purchase", {"product": "MUG", "quantity": "100"})
    site.sim("POST", "inventory/adjustment", {"product": "MUG", "quantity": "-10", "comments": "Broken"})
    site.sim("POST", "inventory/transfer", {"product": "MUG", "quantity": "40", "to": "Annex"})
    assert (site.stock(MUG), site.stock(MUG, 2)) == ((550, 0, 0, 550), (40, 0, 0, 40))
    entries = site.state()["records"]["Product Inventory Ledger Entries"]
    assert [(one["EntryType"], one["Quantity"]) for one in entries] == [
        ("Purchase", 100),
        ("Adjustment", -10),
        ("Transfer", 40),
    ]
    text = site.refused("Product Inventory Ledger Entries", entries[0]["ID"], Quantity=1)
    assert "cannot be changed" in text


def test_stock_is_moved_by_a_new_ledger_entry_and_never_written_itself(site: Site) -> None:
    entry: dict[str, Any] = {
        "ProductID": MUG,
        "EntryType": "Purchase",
        "Quantity": 5,
        "InventoryLocationID": 2,
    }
    site.save("Product Inventory Ledger Entries", **entry)
    assert site.stock(MUG, 2) == (5, 0, 0, 5)
    row = site.state()["inventory"][0]
    assert "cannot be changed" in site.refused("Product Inventory", row["ID"], QuantityOnHand=1)
    assert "Gift" in site.refused("Product Inventory Ledger Entries", ProductID=MUG, EntryType="Gift")


def test_movements_that_cannot_be_are_refused(site: Site) -> None:
    for kind, body, word in [
        ("purchase", {"product": "MUG", "quantity": "0"}, "more than 0"),
        ("adjustment", {"product": "LAMP", "quantity": "-6"}, "not 6 units"),
        ("transfer", {"product": "LAMP", "quantity": "6", "to": "Annex"}, "not 6 units"),
        ("transfer", {"product": "LAMP", "quantity": "1"}, "second location"),
        ("purchase", {"product": "SEAT", "quantity": "1"}, "not tracked"),
        ("purchase", {"product": "MUG", "quantity": "1", "location": "Moon"}, "Moon"),
        ("purchase", {"product": "CUP", "quantity": "1"}, "CUP"),
        ("theft", {"product": "MUG", "quantity": "1"}, "theft"),
    ]:
        reply = site.client.post(f"/_sim/inventory/{kind}", json=body)
        assert (reply.status_code, word in reply.json()["error"]) == (400, True), reply.text
    assert (site.stock(MUG), site.stock(LAMP)) == ((500, 0, 0, 500), (5, 0, 0, 5))


def test_people_change_records_by_the_rules(site: Site) -> None:
    site.sim("POST", f"edit/Persons/{PERSON}", {"Phone": "1"})
    assert site.record("Persons", PERSON)["Phone"] == "1"
    made = site.sim("POST", "edit/Companies/-1", {"Name": "By hand"})
    assert site.record("Companies", made["id"])["Name"] == "By hand"


def test_people_and_seeds_that_do_not_fit_are_told_why(site: Site) -> None:
    for path, body, word in [
        ("seed", {"customers": []}, "customers"),
        ("seed", {"orders": [_order(person=4711)]}, "4711"),
        ("seed", {"orders": [{"person": PERSON, "lines": [{"product": "CUP"}]}]}, "CUP"),
        ("seed", {"persons": [{"fields": {"Colour": "red"}}]}, "Colour"),
        ("seed", {"persons": [{"id": PERSON}]}, str(PERSON)),
        ("seed", {"persons": [{"stock": {"Annex": "1"}}]}, "stock"),
        ("seed", {"records": {"Gadgets": []}}, "Gadgets"),
        ("seed", {"views": [{"name": "x", "entity": "Gadgets"}]}, "Gadgets"),
        ("orders", {"person": PERSON}, "lines"),
        ("orders/4711/ship", {}, "4711"),
        ("orders/x/ship", {}, "x"),
        ("options", {"nothing": 1}, "nothing"),
        ("options", {"status_ids": {}}, "status_ids"),
        ("options", {"ship_without": ["lunch"]}, "ship_without"),
        ("edit/Gadgets/1", {}, "Gadgets"),
        ("edit/Persons/4711", {"Phone": "1"}, "4711"),
    ]:
        reply = site.client.post(f"/_sim/{path}", json=body)
        assert reply.status_code == 400, path
        assert word in reply.json()["error"]
    assert site.client.post("/_sim/nothing").status_code == 404


def test_a_seed_that_fails_leaves_nothing(site: Site) -> None:
    seed = {"persons": [{"id": 600}], "products": [{"id": SEAT}]}
    assert site.client.post("/_sim/seed", json=seed).status_code == 400
    assert site.call("GET", "GetRecord/Persons/600").status_code == 404


def test_the_switches_are_shown_and_the_clock_can_be_put_forward(site: Site) -> None:
    assert site.sim("GET", "options")["failed_save"] == "text"
    site.sim("POST", "clock/advance", {"seconds": 90})
    assert site.read("CheckConnection") == "2026-11-27T09:31:30Z"


def test_the_web_server_can_misbehave(site: Site) -> None:
    page = {"kind": "status", "status": 503, "body": "<html>", "path": "GetRecord", "when": {"once": True}}
    site.sim("POST", "faults", [page, {"kind": "malformed", "path": "GetRecord", "when": {"once": True}}])
    assert site.call("GET", f"GetRecord/Products/{MUG}").status_code == 503
    assert "Bad gatew" in site.call("GET", f"GetRecord/Products/{MUG}").text
    site.sim("POST", "faults", {"kind": "rate_limit", "retry_after": 7, "when": {"once": True}})
    reply = site.call("GET", "CheckConnection")
    assert (reply.status_code, reply.headers["retry-after"]) == (429, "7")
