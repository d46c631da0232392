"""Shipping a part of an order at the simulated site, and the back orders that it leaves."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.contract.aptify_site import LAMP, MUG, SEAT, Site, line, running_site


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


def _part(row: dict[str, Any], quantity: int, **more: Any) -> dict[str, Any]:
    return {"line": row["ID"], "quantity": quantity, **more}


def _ship(site: Site, number: int, *parts: dict[str, Any]) -> list[int]:
    """Ship parts as a person does; the back orders."""
    done = site.sim("POST", f"orders/{number}/ship_partially", {"lines": list(parts)})["done"]
    return [one["id"] for one in done]


def test_thirty_of_fifty_as_in_the_vendors_example(site: Site) -> None:
    number = site.take(line(MUG, 50))
    assert site.stock(MUG) == (500, 50, 0, 450)
    [back] = _ship(site, number, _part(site.lines(number)[0], 30))
    assert site.stock(MUG) == (470, 20, 30, 450)
    original, left = site.order_state(number), site.order_state(back)
    assert (original["OrderStatus"], original["lines"][0]["Quantity"]) == ("Shipped", 30)
    assert (left["OrderType"], left["OrderStatus"], left["OriginalOrderID"]) == (
        "Regular",
        "Back-Ordered",
        number,
    )
    assert (left["lines"][0]["Quantity"], left["DateShipped"]) == (20, None)
    assert (original["GrandTotal"], left["GrandTotal"]) == (Decimal(375), Decimal(250))
    site.ship(back)
    assert site.stock(MUG) == (450, 0, 50, 450)


def test_more_than_there_is_ships_as_far_as_it_goes(site: Site) -> None:
    site.sim("POST", "inventory/adjustment", {"product": "MUG", "quantity": "-470"})
    number = site.take(line(MUG, 50))
    assert "not enough" in site.refused("Orders", number, OrderStatusID=2)
    _ship(site, number, _part(site.lines(number)[0], 30))
    assert site.stock(MUG) == (0, 20, 30, -20)


def test_one_back_order_is_made_per_product_that_is_left(site: Site) -> None:
    number = site.take(line(MUG, 4), line(LAMP, 2), line(MUG, 1, Price="10.00"), line(SEAT, 1))
    mug, lamp, cheap, seat = site.lines(number)
    backs = _ship(site, number, _part(mug, 3), _part(seat, 1))
    shown = [
        [
            (one["Product"], one["Quantity"], one["Price"], one["OriginalOrderDetailID"])
            for one in site.lines(back)
        ]
        for back in backs
    ]
    assert shown == [
        [("Mug", 1, Decimal("12.50"), mug["ID"]), ("Mug", 1, Decimal(10), cheap["ID"])],
        [("Lamp", 2, Decimal(20), lamp["ID"])],
    ]
    assert [one["Quantity"] for one in site.lines(number)] == [3, 0, 0, 1]


def test_a_location_can_be_chosen_for_what_ships(site: Site) -> None:
    number = site.take(line(LAMP, 5))
    [row] = site.lines(number)
    assert site.stock(LAMP) == (5, 5, 0, 0)
    _ship(site, number, _part(row, 3, location=2))
    assert (site.stock(LAMP), site.stock(LAMP, 2)) == ((5, 2, 0, 3), (47, 0, 3, 47))
    assert site.lines(number)[0]["InventoryLocation"] == "Annex"


def test_what_is_left_stays_reserved_where_it_was(site: Site) -> None:
    number = site.take(line(LAMP, 10))
    _ship(site, number, _part(site.lines(number)[0], 9))
    assert (site.stock(LAMP), site.stock(LAMP, 2)) == ((5, 0, 0, 5), (41, 1, 9, 40))


def test_all_of_it_makes_no_back_order_and_ships_the_order(site: Site) -> None:
    number = site.take(line(MUG, 2))
    assert _ship(site, number, _part(site.lines(number)[0], 2)) == []
    assert site.order_state(number)["OrderStatus"] == "Shipped"


def test_charges_are_computed_anew_and_the_ledger_is_of_what_shipped(site: Site) -> None:
    kind = {"id": 5, "fields": {"Name": "Express", "BaseCharge": "4", "ChargePerUnit": "0.5"}}
    site.sim("POST", "seed", {"records": {"Shipment Types": [kind]}})
    number = site.take(line(MUG, 10), ShipTypeID=5)
    [back] = _ship(site, number, _part(site.lines(number)[0], 6))
    original = site.order_state(number)
    assert (original["ShippingCharge"], site.order_state(back)["ShippingCharge"]) == (Decimal(7), Decimal(6))
    receivable = next(one for one in original["gl_entries"] if one["GLAccount"] == "Accounts Receivable")
    assert receivable["DebitAmount"] == Decimal("82.00")
    assert site.order_state(back)["gl_entries"] == []


def test_payments_beyond_what_shipped_move_by_credit_memo(site: Site) -> None:
    number = site.take(line(MUG, 4), InitialPaymentAmount="50.00", PayTypeID=2)
    [back] = _ship(site, number, _part(site.lines(number)[0], 1))
    original, left = site.order_state(number), site.order_state(back)
    assert [(one["PayType"], one["Amount"]) for one in original["payments"]] == [
        ("Credit Card", Decimal(50)),
        ("Credit Memo", Decimal("-37.50")),
    ]
    assert [(one["PayType"], one["Amount"]) for one in left["payments"]] == [
        ("Credit Memo", Decimal("37.50"))
    ]
    assert (original["Balance"], left["Balance"]) == (0, 0)


def test_what_cannot_ship_leaves_everything_as_it_was(site: Site) -> None:
    number = site.take(line(MUG, 4), line(LAMP, 60))
    mug, lamp = site.lines(number)
    before = {**site.state(), "messages": None}
    for parts, word in [
        ([_part(mug, 5)], "between 0 and 4"),
        ([_part(mug, -1)], "between 0 and 4"),
        ([_part(mug, 0)], "Nothing"),
        ([], "Nothing"),
        ([{"line": 4711, "quantity": 1}], "4711"),
        ([_part(mug, 1), _part(lamp, 60)], "not enough inventory of Lamp"),
        ([_part(mug, 1, location=9)], "9"),
    ]:
        reply = site.client.post(f"/_sim/orders/{number}/ship_partially", json={"lines": parts})
        assert (reply.status_code, word in reply.json()["error"]) == (400, True)
    assert {**site.state(), "messages": None} == before


def test_a_shipped_order_does_not_ship_in_parts(site: Site) -> None:
    number = site.take()
    site.ship(number)
    body = {"lines": [_part(site.lines(number)[0], 1)]}
    reply = site.client.post(f"/_sim/orders/{number}/ship_partially", json=body)
    assert "shipped already" in reply.json()["error"]


def test_back_orders_are_of_a_type_of_their_own_where_the_site_says_so() -> None:
    with running_site(back_order_ar=0) as site:
        number = site.take(line(MUG, 2))
        [back] = _ship(site, number, _part(site.lines(number)[0], 1))
        assert site.order_state(back)["OrderType"] == "Back-Order"


def test_back_orders_are_found_by_the_order_that_they_come_from(site: Site) -> None:
    number = site.take(line(MUG, 2), PONumber="P-1")
    [back] = _ship(site, number, _part(site.lines(number)[0], 1))
    rows = site.view("Connector Back Orders", "Orders", PromptData=f"OriginalOrderID={number}")
    assert [(one["ID"], one["PONumber"], one["OriginalOrderID_Name"]) for one in rows] == [
        (back, "P-1", str(number))
    ]
