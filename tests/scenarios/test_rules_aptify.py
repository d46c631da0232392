"""A shop's orders at an Aptify site: taken, shipped for good once, frozen afterwards; and what a shipping sets off.

One fleet of real processes on SQLite with the embedded broker; each scenario has an order of its own in it.
"""

from collections.abc import Iterator

import pytest

from connector.status import Status
from tests.scenarios.aptify import BACK_ORDERED, PACKED, SHIPPED_BACK, World, ledger, working


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with working(tmp_path_factory.mktemp("aptify") / "home") as world:
        yield world


def shipped_once(world: World, taken: str, before: tuple[int, int, int], mugs: int = 2) -> None:
    """The order is Shipped, and each process that this starts has run once."""
    order = world.order(taken)
    assert order["OrderStatus"] == "Shipped"
    on_hand, reserved, shipped = before
    assert world.mugs() == (on_hand - mugs, reserved - mugs, shipped + mugs)
    entries, balance = ledger(order)
    assert entries
    assert not balance
    per_sale = [(row["GLAccount"], row["OrderLineID"], row["DebitAmount"]) for row in order["gl_entries"]]
    assert len(set(per_sale)) == len(per_sale), "no entry stands there twice"
    assert [one["Product"] for one in order["subscriptions"]] == ["Journal"]
    assert len(order["schedules"]) == 1
    assert order["DateShipped"]


# -- shipping ----------------------------------------------------------------------------------------------------------


def test_a_packed_order_is_shipped_once_with_everything_that_sets_off(world: World) -> None:
    # Given an order of the shop which is taken at the site, with its lines and to the cent
    number, taken = world.ordered()
    order = world.order(taken)
    assert (order["PONumber"], order["OrderStatus"], order["GrandTotal"]) == (number, "Taken", 130)
    before = world.mugs()
    # When the station has packed it
    packed = world.packed(
        taken,
        ship_date="2026-11-26",
        packages=[{"tracking_number": "1Z-APTIFY-1"}],
    )
    record = world.until(Status.PUBLISHED, PACKED, packed)
    # Then it ships once, with tracking number, date and expense written before
    shipped_once(world, taken, before)
    order = world.order(taken)
    assert (order["TrackingNumber"], order["ShipExpense"]) == ("1Z-APTIFY-1", 9.5)
    assert order["DateShipped"].startswith("2026-11-26")
    assert f"Packed at the station as {packed}" in order["Comments"]
    # and what was proved is told
    seen = dict(record.steps[-1].seen or {})
    assert "on hand" in seen["inventory"]
    assert "debit" in seen["general ledger"]
    assert seen["subscriptions"] == "1 generated"
    assert seen["deferred income"] == "1 scheduled transaction group"
    # and the shop is told, by one shipment with the tracking number
    world.until(Status.PUBLISHED, SHIPPED_BACK, taken)
    (shipment,) = world.shop_shipments(number)
    assert [one["track_number"] for one in shipment["tracks"]] == ["1Z-APTIFY-1"]
    assert [(one["sku"], one["qty"]) for one in shipment["items"]] == [("MUG", 2)]


# -- crashes -----------------------------------------------------------------------------------------------------------


BEFORE_SHIPPING = 2
"""Saves that go before the one that ships: the freight and the note."""


@pytest.mark.parametrize(
    ("kind", "more"),
    [("drop", {}), ("delay", {"seconds": 2}), ("delay_after", {"seconds": 20})],
    ids=["before", "during", "after"],
)
def test_a_worker_that_is_killed_around_the_ship_call_leaves_the_order_shipped_once(
    world: World, kind: str, more: dict[str, object]
) -> None:
    # Given a taken order, and a site that has the shipping call before it, while it works, or after the commit
    _, taken = world.ordered()
    before = world.mugs()
    world.fault(kind, skip=BEFORE_SHIPPING, **more)
    packed = world.packed(taken)
    world.fleet.until(world.suffered, "the site has the ship call")
    # When the worker is killed, and another starts
    (worker,) = [one for one in world.fleet.processes if one.name == "worker" and one.exit_code is None]
    worker.kill()
    world.fleet.start_worker()
    # Then the order is shipped once: stock, General Ledger and subscription once
    world.until(Status.PUBLISHED, PACKED, packed)
    shipped_once(world, taken, before)


def test_a_reply_to_the_ship_call_that_is_lost_leaves_the_order_shipped_once(world: World) -> None:
    _, taken = world.ordered()
    before = world.mugs()
    world.fault("reply_lost", skip=BEFORE_SHIPPING)
    packed = world.packed(taken)
    world.until(Status.PUBLISHED, PACKED, packed)
    assert world.suffered()
    shipped_once(world, taken, before)


# -- what keeps an order from being shipped, and what is missing afterwards --------------------------------------------


def test_an_order_without_enough_stock_is_not_shipped_and_goes_on_once_there_is(world: World) -> None:
    # Given an order of more mugs than are there
    on_hand, _, _ = world.mugs()
    many = on_hand + 50
    _, taken = world.ordered({"sku": "MUG", "qty": many, "price": "12.50"})
    # When the station says that they were packed
    packed = world.packed(taken, many)
    refused = world.until(Status.ERRORED, PACKED, packed, "not ready").entry
    # Then nothing is shipped, and both numbers are told
    assert f"{many} of MUG at Main Warehouse are to leave, and {on_hand} are there" in refused.reason
    assert (world.order(taken)["OrderStatus"], world.mugs()[0]) == ("Taken", on_hand)
    # When more were bought, and a person has it go on
    world.site.sim("POST", "inventory/purchase", {"product": "MUG", "quantity": "1000"})
    world.fleet.runtime.operator.retry(refused.id, "ada")
    # Then it ships
    world.until(Status.PUBLISHED, PACKED, packed)
    assert world.order(taken)["OrderStatus"] == "Shipped"
    assert world.mugs()[0] == on_hand + 1000 - many


@pytest.mark.parametrize(
    ("process", "told"),
    [
        ("inventory", "the stock of MUG at Main Warehouse was not reduced by 2"),
        ("ledger", "there are no General Ledger entries for it: finance must post them"),
        ("schedules", "there is no Scheduled Transaction Group for the deferred income of JOURNAL: finance"),
        ("subscriptions", "no subscription was generated for JOURNAL: membership staff must add it"),
        ("date", "Date Shipped is blank"),
    ],
)
def test_a_process_that_left_nothing_is_named_with_who_can_mend_it_and_nothing_is_repeated(
    world: World, process: str, told: str
) -> None:
    # Given a site where shipping leaves one process out
    _, taken = world.ordered()
    world.site.sim("POST", "options", {"ship_without": [process]})
    try:
        # When an order is shipped
        packed = world.packed(taken)
        errored = world.until(Status.ERRORED, PACKED, packed, "partial").entry
    finally:
        world.site.sim("POST", "options", {"ship_without": []})
    # Then that is told, and the order, which has shipped, is not shipped again
    assert told in errored.reason
    assert world.order(taken)["OrderStatus"] == "Shipped"


def test_a_part_that_was_packed_ships_and_the_rest_becomes_a_back_order(world: World) -> None:
    # Given an order of fifty mugs
    number, taken = world.ordered({"sku": "MUG", "qty": 50, "price": "12.50"})
    world.until_heard(taken)
    on_hand, reserved, shipped = world.mugs()
    # When thirty were packed
    packed = world.packed(taken, 30)
    world.until(Status.PUBLISHED, PACKED, packed)
    # Then thirty have shipped, the order has thirty, and twenty are on a back order which stays reserved
    assert world.mugs() == (on_hand - 30, reserved - 30, shipped + 30)
    assert [one["Quantity"] for one in world.order(taken)["lines"]] == [30]
    (back_order,) = [
        one for one in world.site.state()["orders"] if str(one.get("OriginalOrderID") or "") == taken
    ]
    assert (back_order["OrderStatus"], back_order["PONumber"]) == ("Back-Ordered", number)
    assert [one["Quantity"] for one in back_order["lines"]] == [20]
    # and the shop is told of both: a shipment of thirty, and what will follow
    world.until(Status.PUBLISHED, SHIPPED_BACK, taken)
    (shipment,) = world.shop_shipments(number)
    assert [one["qty"] for one in shipment["items"]] == [30]
    world.until(Status.PUBLISHED, BACK_ORDERED, taken)
    assert "20 × MUG will follow" in world.shop_comments(number)


# -- what has shipped stays as it is -----------------------------------------------------------------------------------


def test_an_order_that_a_person_has_shipped_takes_no_other_date_and_nothing_is_written(world: World) -> None:
    # Given an order that somebody shipped at the site
    _, taken = world.ordered()
    world.site.sim("POST", f"orders/{taken}/ship", {})
    before = world.order(taken)
    # When the station tells of it with a date of its own
    packed = world.packed(taken, ship_date="2026-11-01")
    refused = world.until(Status.ERRORED, PACKED, packed, "frozen").entry
    # Then what is frozen is named, and nothing was written, not even what is still open
    assert "which freezes: date shipped (DateShipped)" in refused.reason
    names = ("DateShipped", "ShipExpense", "Comments")
    assert [world.order(taken)[name] for name in names] == [before[name] for name in names]
