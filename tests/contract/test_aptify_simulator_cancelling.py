"""Cancelling at the simulated site: orders that were taken, and cancellation orders of those that shipped."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.contract.aptify_site import (
    CANCELLATION,
    CANCELLED,
    JOURNAL,
    LAMP,
    MUG,
    PERSON,
    SHIPPED,
    Site,
    line,
    running_site,
)


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


def _turn_back(site: Site, number: int, **work: Any) -> dict[str, Any]:
    """The cancellation order that a person makes."""
    [made] = site.sim("POST", f"orders/{number}/turn_back", work)["done"]
    order: dict[str, Any] = site.order_state(made["id"])
    return order


def test_a_taken_order_that_is_cancelled_gives_its_stock_back(site: Site) -> None:
    number = site.take(line(MUG, 9))
    assert site.save("Orders", number, OrderStatusID=CANCELLED)["orderstatusid_name"] == "Cancelled"
    assert site.stock(MUG) == (500, 0, 0, 500)


def test_neither_a_paid_nor_a_locked_nor_a_shipped_order_is_just_cancelled(site: Site) -> None:
    paid, locked, shipped = site.take(InitialPaymentAmount="5.00"), site.take(), site.take()
    site.sim("POST", f"orders/{locked}/lock")
    site.ship(shipped)
    for number, word in [(paid, "payments"), (locked, "warehouse"), (shipped, "has shipped")]:
        assert word in site.refused("Orders", number, OrderStatusID=CANCELLED)
    site.sim("POST", f"orders/{locked}/unlock")
    site.save("Orders", locked, OrderStatusID=CANCELLED)


def test_a_cancellation_order_puts_the_goods_back_and_the_ledger_the_other_way_round(site: Site) -> None:
    number = site.take(line(MUG, 10))
    site.ship(number)
    assert site.stock(MUG) == (490, 0, 10, 490)
    made = _turn_back(site, number, reason="Too many")
    assert (made["OrderType"], made["OrderStatus"], made["OriginalOrderID"]) == (
        "Cancellation",
        "Shipped",
        number,
    )
    assert (made["CancellationReason"], made["lines"][0]["Quantity"]) == ("Too many", -10)
    assert made["GrandTotal"] == Decimal("-125.00")
    assert site.stock(MUG) == (500, 0, 0, 500)
    original = site.order_state(number)
    assert original["OrderStatus"] == "Shipped"
    balances: dict[str, Decimal] = {}
    for entry in original["gl_entries"] + made["gl_entries"]:
        amount = entry["DebitAmount"] - entry["CreditAmount"]
        balances[entry["GLAccount"]] = balances.get(entry["GLAccount"], Decimal(0)) + amount
    assert set(balances) == {"Accounts Receivable", "Sales", "Cost of Goods Sold", "Inventory"}
    assert set(balances.values()) == {Decimal(0)}


def test_goods_that_do_not_go_back_to_stock_only_leave_what_was_shipped(site: Site) -> None:
    number = site.take(line(MUG, 10))
    site.ship(number)
    row = site.lines(number)[0]
    part = {"line": row["ID"], "quantity": 4, "not_returned_to_stock": True}
    made = _turn_back(site, number, lines=[part])
    assert site.stock(MUG) == (490, 0, 6, 490)
    assert {one["GLAccount"] for one in made["gl_entries"]} == {"Accounts Receivable", "Sales"}


def test_no_more_than_was_shipped_can_come_back(site: Site) -> None:
    number = site.take(line(MUG, 5))
    site.ship(number)
    row = site.lines(number)[0]
    _turn_back(site, number, lines=[{"line": row["ID"], "quantity": 3}])
    address = f"/_sim/orders/{number}/turn_back"
    reply = site.client.post(address, json={"lines": [{"line": row["ID"], "quantity": 3}]})
    assert (reply.status_code, "more than is left" in reply.json()["error"]) == (400, True)
    assert _turn_back(site, number)["lines"][0]["Quantity"] == -2
    assert "Nothing" in site.client.post(address, json={}).json()["error"]
    assert site.stock(MUG) == (500, 0, 0, 500)


def test_subscriptions_and_deferred_income_end_with_the_line_that_they_came_from(site: Site) -> None:
    number = site.take(line(JOURNAL, 2))
    site.ship(number)
    row = site.lines(number)[0]
    _turn_back(site, number, lines=[{"line": row["ID"], "quantity": 1}])
    assert site.order_state(number)["subscriptions"][0]["Status"] == "Active"
    made = _turn_back(site, number)
    order = site.order_state(number)
    assert [one["Status"] for one in order["subscriptions"] + order["schedules"]] == ["Cancelled"] * 2
    assert made["subscriptions"] == made["schedules"] == []


def test_only_what_has_shipped_is_turned_back_and_with_a_reason(site: Site) -> None:
    taken, shipped = site.take(), site.take()
    site.ship(shipped)
    for number, body, word in [(taken, {}, "Taken"), (shipped, {"reason": " "}, "reason")]:
        reply = site.client.post(f"/_sim/orders/{number}/turn_back", json=body)
        assert (reply.status_code, word in reply.json()["error"]) == (400, True)


def test_a_cancellation_order_saved_by_hand_takes_effect_when_it_ships_and_may_exchange(site: Site) -> None:
    number = site.take(line(MUG, 2))
    site.ship(number)
    row = site.lines(number)[0]
    back = line(MUG, -1, OriginalOrderDetailID=row["ID"])
    made = site.take(back, line(LAMP, 1), OrderTypeID=CANCELLATION, OriginalOrderID=number)
    assert (site.stock(MUG), site.stock(LAMP)) == ((498, 0, 2, 498), (5, 1, 0, 4))
    assert site.ship(made)["orderstatusid"] == SHIPPED
    assert (site.stock(MUG), site.stock(LAMP)) == ((499, 0, 1, 499), (4, 0, 1, 4))


def test_a_cancellation_order_names_an_order_that_shipped_and_its_lines(site: Site) -> None:
    taken, shipped = site.take(), site.take()
    site.ship(shipped)
    strange, own = site.lines(taken)[0]["ID"], site.lines(shipped)[0]["ID"]
    for original, row, quantity, word in [
        (taken, strange, -1, "OriginalOrderID"),
        (-1, own, -1, "OriginalOrderID"),
        (shipped, strange, -1, "OriginalOrderDetailID"),
        (shipped, own, -3, "Quantity"),
    ]:
        rows = [line(MUG, quantity, OriginalOrderDetailID=row)]
        wanted = {"ShipToID": PERSON, "OrderTypeID": CANCELLATION, "OriginalOrderID": original}
        assert word in site.refused("Orders", **wanted, SubTypes=rows)
