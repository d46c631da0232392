"""Shipping an entire order at the simulated site: what it starts, what it refuses, and what is frozen afterwards."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.contract.aptify_site import (
    CANCELLED,
    JOURNAL,
    LAMP,
    MUG,
    PERSON,
    QUOTATION,
    SEAT,
    SHIPPED,
    TAKEN,
    Site,
    line,
    running_site,
)


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


def test_taking_an_order_reserves_its_stock_and_shipping_moves_it_to_shipped(site: Site) -> None:
    number = site.take(line(MUG, 50), line(SEAT, 3))
    assert site.stock(MUG) == (500, 50, 0, 450)
    assert site.ship(number)["orderstatusid"] == SHIPPED
    assert site.stock(MUG) == (450, 0, 50, 450)
    assert [row["ProductID"] for row in site.state()["inventory"] if row["ProductID"] == SEAT] == []


def test_shipping_books_as_much_on_one_side_as_on_the_other(site: Site) -> None:
    number = site.take(line(MUG, 2), line(JOURNAL, 1), ShippingCharge="7.25")
    assert site.order_state(number)["gl_entries"] == []
    site.ship(number)
    entries = site.order_state(number)["gl_entries"]
    assert sum(one["DebitAmount"] for one in entries) == sum(one["CreditAmount"] for one in entries)
    assert {(one["GLAccount"], one["DebitAmount"] - one["CreditAmount"]) for one in entries} == {
        ("Accounts Receivable", Decimal("132.25")),
        ("Sales", Decimal("-25.00")),
        ("Deferred Income", Decimal("-100.00")),
        ("Shipping Income", Decimal("-7.25")),
        ("Cost of Goods Sold", Decimal("8.00")),
        ("Inventory", Decimal("-8.00")),
    }


def test_deferred_income_gets_a_scheduled_group_and_other_orders_none(site: Site) -> None:
    plain, deferred = site.take(), site.take(line(JOURNAL, 1))
    site.ship(plain)
    site.ship(deferred)
    assert site.order_state(plain)["schedules"] == []
    [group] = site.order_state(deferred)["schedules"]
    parts = group["Scheduled Transactions"]
    assert (group["Amount"], len(parts)) == (Decimal(100), 12)
    assert sum(one["Amount"] for one in parts) == Decimal(100)
    assert parts[-1]["TransactionDate"] == "2027-10-27T09:30:00"


def test_a_subscription_product_gets_a_subscription_when_the_order_ships(site: Site) -> None:
    number = site.take(line(JOURNAL, 1), line(MUG, 1))
    assert site.order_state(number)["subscriptions"] == []
    site.ship(number)
    [subscription] = site.order_state(number)["subscriptions"]
    assert (subscription["SubscriberID"], subscription["EndDate"]) == (PERSON, "2027-11-27T09:30:00")


def test_a_blank_date_shipped_becomes_now_and_a_given_one_stays(site: Site) -> None:
    blank, given = site.take(), site.take(DateShipped="2026-11-20T08:00:00")
    now = site.clock.tick()
    site.ship(blank)
    site.ship(given)
    assert site.record("Orders", blank)["DateShipped"] == now
    assert site.record("Orders", given)["DateShipped"] == "2026-11-20T08:00:00"


def test_an_order_without_enough_stock_does_not_ship_at_all_and_a_message_is_shown(site: Site) -> None:
    number = site.take(line(MUG, 1), line(LAMP, 60))
    text = site.refused("Orders", number, OrderStatusID=SHIPPED, TrackingNumber="1Z")
    assert "not enough inventory of Lamp" in text
    order = site.order_state(number)
    assert (order["OrderStatus"], order["TrackingNumber"], order["gl_entries"]) == ("Taken", "", [])
    assert site.stock(MUG) == (500, 1, 0, 499)
    assert site.state()["messages"] == [text.removeprefix("Save failed. ")]


def test_a_site_may_save_all_but_the_status_of_an_order_that_is_short(site: Site) -> None:
    site.sim("POST", "options", {"shortage": "unchanged"})
    number = site.take(line(LAMP, 60))
    saved = site.save("Orders", number, OrderStatusID=SHIPPED, TrackingNumber="1Z")
    assert (saved["orderstatusid_name"], saved["trackingnumber"]) == ("Taken", "1Z")
    assert len(site.state()["messages"]) == 1


def test_stock_at_another_location_that_may_fulfil_directly_ships_in_the_place_of_the_default(
    site: Site,
) -> None:
    taken = site.take(line(LAMP, 10))
    assert site.lines(taken)[0]["InventoryLocation"] == "Annex"
    early = site.take(line(LAMP, 5))
    site.sim("POST", "inventory/adjustment", {"product": "LAMP", "quantity": "-3"})
    site.ship(early)
    assert site.lines(early)[0]["InventoryLocation"] == "Annex"
    assert site.stock(LAMP, 2) == (45, 10, 5, 35)


def test_a_location_that_a_person_has_chosen_is_where_the_order_ships_from_or_not_at_all(site: Site) -> None:
    number = site.take(line(LAMP, 10, InventoryLocationID=1))
    assert site.stock(LAMP) == (5, 10, 0, -5)
    assert "not enough inventory" in site.refused("Orders", number, OrderStatusID=SHIPPED)
    [row] = site.lines(number)
    change = {"ID": row["ID"], "EntityName": "OrderLines", "InventoryLocationID": 2}
    site.save("Orders", number, SubTypes=[change], OrderStatusID=SHIPPED)
    assert (site.stock(LAMP), site.stock(LAMP, 2)) == ((5, 0, 0, 5), (40, 0, 10, 40))


def test_a_shipped_order_does_not_ship_again(site: Site) -> None:
    number = site.take()
    site.ship(number)
    before = site.order_state(number)
    site.ship(number)
    assert site.order_state(number) == before
    reply = site.client.post(f"/_sim/orders/{number}/ship")
    assert (reply.status_code, "shipped already" in reply.json()["error"]) == (400, True)


def test_neither_quotations_nor_cancelled_orders_ship(site: Site) -> None:
    quotation = site.take(OrderTypeID=QUOTATION)
    assert site.stock(MUG) == (500, 0, 0, 500)
    assert "quotation" in site.refused("Orders", quotation, OrderStatusID=SHIPPED)
    cancelled = site.take()
    site.save("Orders", cancelled, OrderStatusID=CANCELLED)
    assert "Cancelled" in site.refused("Orders", cancelled, OrderStatusID=SHIPPED)


def test_a_drop_shipped_order_does_not_touch_the_stock(site: Site) -> None:
    number = site.take(line(MUG, 900), DropShip=1)
    assert site.ship(number)["orderstatusid"] == SHIPPED
    assert [row for row in site.state()["inventory"] if row["QuantityShipped"]] == []


@pytest.mark.parametrize(
    ("process", "empty"),
    [("ledger", "gl_entries"), ("schedules", "schedules"), ("subscriptions", "subscriptions")],
)
def test_a_process_of_shipping_can_be_left_out(site: Site, process: str, empty: str) -> None:
    site.sim("POST", "options", {"ship_without": [process]})
    number = site.take(line(JOURNAL, 1))
    site.ship(number)
    order = site.order_state(number)
    left = {name for name in ("gl_entries", "schedules", "subscriptions") if not order[name]}
    assert left == {empty}


def test_the_stock_and_the_date_can_be_left_out_too(site: Site) -> None:
    site.sim("POST", "options", {"ship_without": ["inventory", "date"]})
    number = site.take()
    site.ship(number)
    assert site.stock(MUG) == (500, 2, 0, 498)
    assert site.order_state(number)["DateShipped"] is None


def test_shipping_can_come_late(site: Site) -> None:
    site.sim("POST", "options", {"ship_seconds": 30})
    number, later = site.take(), site.take()
    assert site.ship(number)["orderstatusid_name"] == "Taken"
    site.clock.tick(29)
    assert site.record("Orders", number)["OrderStatus"] == "Taken"
    site.clock.tick(1)
    assert site.record("Orders", number)["OrderStatus"] == "Shipped"
    site.ship(later)
    assert site.sim("POST", "shipping/finish") == {"shipped": [later]}


def test_saving_may_not_ship_on_every_site(site: Site) -> None:
    site.sim("POST", "options", {"saving_ships": False})
    number = site.take()
    assert "OrderStatusID" in site.refused("Orders", number, OrderStatusID=SHIPPED)


def test_an_order_that_needs_no_fulfilment_ships_by_itself_where_the_site_wants_it() -> None:
    with running_site(auto_ship=True) as site:
        seats, lamps = site.take(line(SEAT, 1)), site.take(line(LAMP, 1))
        mugs = site.take(OrderStatusID=TAKEN)
        shown: dict[int, Any] = {one["ID"]: one["OrderStatus"] for one in site.state()["orders"]}
        assert shown == {seats: "Shipped", mugs: "Shipped", lamps: "Taken"}
