"""The rules of what goes from the ERP to the shop: orders, shipments, invoices, cancellations, whatever comes first.

One fleet of real processes per place; each scenario has documents of its own in it.
"""

from collections.abc import Iterator

import pytest

from connector.status import Status
from tests.scenarios.both_ways import PREFIX, SKU, BothWays, amount, working
from tests.scenarios.wiring import Wiring

ORDERS, SHIPMENTS, INVOICES = "orders-to-magento", "shipments-to-magento", "invoices-to-magento"
CANCELLATIONS, CHANGES = "cancellations-to-magento", "order-changes-to-magento"


@pytest.fixture(scope="module", params=["sqlite and embedded valkey"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BothWays]:
    """Orders and payments are pushed and polled; shipments and invoices are pushed only."""
    with working(request, tmp_path_factory, Wiring(erp_polls="order, payment", hurried=True)) as world:
        world.listen()
        yield world


def test_a_paid_order_is_made_in_the_shop_under_prefix_and_number(world: BothWays) -> None:
    # Given an order that is entered in the ERP, with a mapped shipping method, and paid
    order = world.paid_order()
    # When it is carried
    number = world.published(ORDERS, order)
    # Then it stands in the shop under the prefix and its number, and bears our reference
    assert number == PREFIX + order
    there = world.shop_order(number)
    (step,) = world.record(ORDERS, order).steps
    assert there["ext_order_id"] == step.reference
    # with the mapped shipping method, the goods, and the totals to the cent
    assert (
        there["extension_attributes"]["shipping_assignments"][0]["shipping"]["method"] == "flatrate_flatrate"
    )
    assert [(item["sku"], int(item["qty_ordered"])) for item in there["items"]] == [(SKU, 3)]
    assert (
        amount(there["grand_total"])
        == amount(world.erp_order(order)["OrderTotal"]["value"])
        == amount("37.50")
    )
    # and the log tells both numbers
    story = world.printed_story(order)
    assert order in story
    assert number in story


def test_any_one_of_the_three_preferences_is_enough(world: BothWays) -> None:
    # Given four orders with nothing paid: one of a type that is always synced, and three of the usual type
    always = world.enter_order(OrderType="WB")
    paid, shipped, neither = (world.enter_order() for _ in range(3))
    # When one of the three is paid, and a shipment of another is confirmed
    for one in (paid, shipped, neither):
        world.until(Status.FILTERED, ORDERS, one)
    world.pay(paid)
    shipment = world.ship(shipped, 1)
    # Then the three that meet one condition each are made in the shop
    alone = {always: "always-synced type", paid: "nothing left to pay", shipped: "a shipment confirmed"}
    for order, condition in alone.items():
        assert world.published(ORDERS, order) == PREFIX + order
        assert held_for(world, order) == {"entered in the ERP", condition}
    # and the fourth is filtered, with all three conditions named and the balance that was seen
    reason = world.record(ORDERS, neither).entry.reason
    for said in ("nothing left to pay", "always-synced type", "a shipment confirmed", "37.5"):
        assert said in reason
    # as is the shipment of the order that is not paid
    assert "nothing left to pay" in world.until(Status.FILTERED, SHIPMENTS, shipment).entry.reason


def held_for(world: BothWays, order: str) -> set[str]:
    """The names of the conditions that an order met when it was decided."""
    (trace,) = (world.record(ORDERS, order).entry.plan or {})["preferences"]
    return {one["name"] for one in trace["conditions"] if one["passed"]}


def test_a_shipping_method_without_a_mapping_stops_the_order_and_names_the_row_to_add(
    world: BothWays,
) -> None:
    # Given a paid order with a shipping method that no table has
    order = world.paid_order(ShipVia="PIGEON")
    # When it is planned
    entry = world.until(Status.ERRORED, ORDERS, order).entry
    # Then it is errored, and says which row is missing
    assert entry.code == "mapping"
    assert "PIGEON" in entry.reason
    assert "mapping.ship_via" in entry.reason
    assert not [one for one in world.shop_documents("orders") if one["increment_id"] == PREFIX + order]


def test_an_unpaid_order_is_carried_by_itself_once_a_payment_is_recorded(world: BothWays) -> None:
    # Given an order that is not paid, and so not carried
    order = world.enter_order()
    assert "37.5" in world.until(Status.FILTERED, ORDERS, order).entry.reason
    # When somebody records a payment, which makes the balance 0.00
    world.pay(order)
    assert amount(world.erp_order(order)["Totals"]["UnpaidBalance"]["value"]) == 0
    # Then it is carried without further ado
    assert world.published(ORDERS, order) == PREFIX + order


def test_an_unpaid_order_is_carried_once_polling_sees_the_payment(world: BothWays) -> None:
    # Given an ERP that pushes nothing, and an order that is not paid
    with world.deaf():
        order = world.enter_order()
        world.until(Status.FILTERED, ORDERS, order)
        # When somebody records a payment
        world.pay(order)
        # Then it is carried, and only polling has told of it
        assert world.published(ORDERS, order) == PREFIX + order
    assert {notice.via for notice in world.record(ORDERS, order).notices} == {"poll"}


@pytest.mark.parametrize("born", ["erp", "shop"])
def test_a_confirmed_shipment_stands_in_the_shop_against_its_order(world: BothWays, born: str) -> None:
    # Given an order on both sides, born in either
    order, there = born_in(world, born)
    # When its shipment is confirmed
    shipment = world.ship(order)
    # Then it stands in the shop once, on that order, with the goods and the tracking number
    number = world.published(SHIPMENTS, shipment)
    (made,) = world.of_shop_order("shipments", there)
    assert made["increment_id"] == number
    assert [(item["sku"], int(item["qty"])) for item in made["items"]] == [(SKU, 3)]
    assert [track["track_number"] for track in made["tracks"]] == [f"1Z{shipment}"]
    assert shipment in made["comments"][0]["comment"]
    # and the order's story tells the shipment's numbers on both sides, whichever number it is asked by
    for asked in (order, there):
        story = world.story(asked)
        assert shipment in story
        assert number in story


def born_in(world: BothWays, born: str) -> tuple[str, str]:
    """An order that stands, paid, on both sides: its numbers in the ERP and in the shop."""
    if born == "erp":
        order = world.paid_order()
        return order, world.published(ORDERS, order)
    there = world.place_order()
    order = world.published("orders-to-acumatica", there)
    invoice = world.invoice_in_shop(there)
    world.published("payments-to-acumatica", invoice)
    return order, there


def test_a_released_invoice_is_made_in_the_shop_and_said_on_the_order(world: BothWays) -> None:
    # Given an order of the ERP that is shipped
    order, there = born_in(world, "erp")
    shipment = world.ship(order)
    world.published(SHIPMENTS, shipment)
    # When its invoice is released
    invoice = world.bill(shipment)
    # Then the shop's order is invoiced, and says so
    number = world.published(INVOICES, invoice)
    (made,) = world.of_shop_order("invoices", there)
    assert made["increment_id"] == number
    assert amount(made["grand_total"]) == amount("37.50")
    assert f"Invoice {invoice} was released: 37.50 USD" in world.comments(there)
    assert invoice in world.story(order)


def test_a_released_invoice_of_an_order_that_the_shop_has_invoiced_only_updates_the_order(
    world: BothWays,
) -> None:
    # Given an order of the shop, which has invoiced it itself, and which is shipped by the ERP
    order, there = born_in(world, "shop")
    (own,) = world.of_shop_order("invoices", there)
    shipment = world.ship(order)
    world.published(SHIPMENTS, shipment)
    # When the ERP releases its invoice
    invoice = world.bill(shipment)
    # Then no second invoice is made, and the order says that it was released
    world.published(INVOICES, invoice)
    assert world.of_shop_order("invoices", there) == [own]
    assert f"Invoice {invoice} was released: 42.50 USD" in world.comments(there)


def test_partial_shipments_are_made_once_each_in_whatever_order_they_are_pushed(world: BothWays) -> None:
    # Given an order with two shipments, both confirmed while nothing is pushed
    order, there = born_in(world, "erp")
    with world.deaf():
        first, second = world.ship(order, 1), world.ship(order, 2)
    # When they are pushed last one first, and each twice
    for shipment in (second, first):
        row = {"ShipmentNbr": shipment.ljust(15), "Status": "Confirmed"}
        world.erp("push", {"query": "Shipments-Confirmed", "rows": [row], "copies": 2})
    # Then each stands in the shop once, with its own part of the goods
    numbers = {world.published(SHIPMENTS, first): 1, world.published(SHIPMENTS, second): 2}
    made = {
        one["increment_id"]: int(one["items"][0]["qty"]) for one in world.of_shop_order("shipments", there)
    }
    assert made == numbers


def test_a_shipment_that_comes_before_its_order_waits_and_wakes_when_the_order_is_there(
    world: BothWays,
) -> None:
    # Given an order that cannot be carried, since its shipping method has no row
    order = world.paid_order(ShipVia="PIGEON")
    stuck = world.until(Status.ERRORED, ORDERS, order)
    # When its shipment, which goes another way, is confirmed
    shipment = world.ship(order)
    # Then the shipment waits for the order, and names the entry that keeps it waiting
    waiting = world.until(Status.WAITING, SHIPMENTS, shipment).entry
    assert waiting.code == "link"
    assert order in waiting.reason
    assert f"entry {stuck.entry.id}" in waiting.reason
    # When the order is put right in the ERP, and a person has it go on
    world.erp(f"edit/SalesOrder/{order.replace('-', '/', 1)}", {"ShipVia": "UPSGROUND"})
    world.fleet.until(lambda: "UPSGROUND" in str(world.record(ORDERS, order).event.data), "the edit is heard")
    world.retry(stuck)
    # Then the shipment follows by itself
    assert world.published(ORDERS, order) == PREFIX + order
    world.published(SHIPMENTS, shipment)
    assert len(world.of_shop_order("shipments", PREFIX + order)) == 1


def test_a_shipment_whose_order_never_comes_ends_at_its_deadline(world: BothWays) -> None:
    # Given an order that is not carried
    order = world.paid_order(ShipVia="PIGEON")
    world.until(Status.ERRORED, ORDERS, order)
    # When a shipment of it goes by a flow that waits for a second
    shipment = world.ship(order, ship_via="HURRY")
    # Then it is errored, and says what it waited for
    entry = world.until(Status.ERRORED, "hurried-shipments", shipment).entry
    assert entry.code == "deadline"
    assert order in entry.reason


def test_an_order_that_is_cancelled_in_the_erp_is_cancelled_in_the_shop(world: BothWays) -> None:
    # Given an order that is carried, though it is not paid
    order = world.enter_order(OrderType="WB")
    there = world.published(ORDERS, order)
    # When it is cancelled in the ERP
    world.erp(f"orders/{order.replace('-', '/', 1)}/cancel")
    # Then it is cancelled in the shop
    world.published(CANCELLATIONS, order)
    assert world.shop_order(there)["state"] == "canceled"


def test_an_order_that_is_cancelled_before_it_was_carried_never_is(world: BothWays) -> None:
    # Given an order that is not paid, and so not carried
    order = world.enter_order()
    made = world.until(Status.FILTERED, ORDERS, order)
    # When it is cancelled in the ERP
    world.erp(f"orders/{order.replace('-', '/', 1)}/cancel")
    # Then its making is superseded, and there is nothing to cancel
    world.until(Status.SUPERSEDED, ORDERS, order)
    cancelled = world.until(Status.FILTERED, CANCELLATIONS, order).entry
    assert cancelled.code == "not carried"
    assert f"entry {made.entry.id}" in cancelled.reason


def test_a_cancellation_that_the_shop_silently_ignores_is_told(world: BothWays) -> None:
    # Given an order that is carried, and a shop that says yes to a cancellation and does nothing
    order = world.enter_order(OrderType="WB")
    there = world.published(ORDERS, order)
    world.fleet.fault("not_kept", "/cancel$", method="POST", when={"once": True})
    # When it is cancelled in the ERP
    world.erp(f"orders/{order.replace('-', '/', 1)}/cancel")
    # Then the entry says that the order still stands, and how
    entry = world.until(Status.ERRORED, CANCELLATIONS, order).entry
    world.fleet.heal()
    assert entry.code == "not canceled"
    assert f"did not cancel order {there}" in entry.reason
    assert "still new" in entry.reason


def test_a_shipment_that_the_shop_cuts_down_is_told_as_partial(world: BothWays) -> None:
    # Given an order that is carried, and a shop that takes its time over the next shipment
    order, there = born_in(world, "erp")
    world.fleet.ship_fault("delay", seconds=1.5)
    # When somebody ships two of three in the shop itself while our shipment of all three is on its way
    shipment = world.ship(order)
    world.fleet.until(lambda: world.fleet.faults_applied() > 0, "the shipment is on its way")
    world.shop(f"orders/{there}/ship", {"skus": {SKU: 2}})
    # Then the entry says what was asked for and what stands there
    entry = world.until(Status.ERRORED, SHIPMENTS, shipment).entry
    world.fleet.heal()
    assert entry.code == "partial"
    assert SKU in entry.reason
    assert "3" in entry.reason
    assert "1" in entry.reason


def test_a_new_status_in_the_erp_is_said_on_the_order_in_the_shop(world: BothWays) -> None:
    # Given an order that is carried
    order, there = born_in(world, "erp")
    # When it is completed in the ERP, by shipping all of it
    world.published(SHIPMENTS, world.ship(order))
    # Then the shop's order says so
    world.published(CHANGES, order)
    assert f"{order} is {world.erp_order(order)['Status']['value']} in the ERP" in world.comments(there)
