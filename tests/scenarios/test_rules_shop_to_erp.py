"""The rules of what goes from the shop to the ERP: orders with their customers, payments, cancellations, edited orders.

One fleet of real processes per place; each scenario has documents of its own in it.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from connector.status import Status
from tests.scenarios.both_ways import GUEST, SHOP, SKU, BothWays, amount, value, working
from tests.scenarios.wiring import Wiring

ORDERS, PAYMENTS = "orders-to-acumatica", "payments-to-acumatica"
CANCELLATIONS = "cancellations-to-acumatica"


@pytest.fixture(scope="module", params=["postgresql and redis"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BothWays]:
    """The shop's orders come as events and by polling; its invoices as events only."""
    with working(request, tmp_path_factory, Wiring(shop_polls="order")) as world:
        world.listen()
        yield world


def with_account(world: BothWays, account: int, email: str, **more: Any) -> str:
    """An order of somebody with an account."""
    return world.place_order(customer_id=account, customer_email=email, **more)


def test_an_order_of_the_shop_is_entered_in_the_erp_with_its_number_and_totals(world: BothWays) -> None:
    # Given a shop
    # When somebody orders there, with a coupon, tax and shipping
    coupon = {"code": "SPRING", "percent": "10"}
    number = world.place_order(4, coupon=coupon, tax_percent="8.25")
    # Then the order stands in the ERP once, under the ERP's own number
    order = world.published(ORDERS, number)
    assert world.erp_orders_of(number) == [order]
    # with the shop's number, the mapped shipping method, the goods, and the totals to the cent
    there, here = world.erp_order(order), world.shop_order(number)
    assert (value(there, "ExternalRef"), value(there, "ShipVia")) == (number, "UPSGROUND")
    assert [
        (value(one, "InventoryID"), Decimal(str(value(one, "OrderQty")))) for one in there["Details"]
    ] == [(SKU, Decimal(4))]
    assert amount(value(there, "OrderTotal")) == amount(here["grand_total"]) == amount("53.71")
    assert amount(value(there["Totals"], "UnpaidBalance")) == amount("53.71")
    # and the log tells both numbers, whichever it is asked by
    for asked in (number, order):
        story = world.story(asked)
        assert number in story
        assert order in story


def test_an_order_by_polling_alone_is_entered_in_the_erp(world: BothWays) -> None:
    # Given a shop that tells of nothing
    with world.deaf():
        # When somebody orders there
        number = world.place_order()
        # Then polling hears of it
        order = world.published(ORDERS, number)
    assert world.erp_orders_of(number) == [order]
    assert {notice.via for notice in world.record(ORDERS, number).notices} == {"poll"}


def test_an_order_of_a_known_customer_is_booked_on_that_customer(world: BothWays) -> None:
    # Given a customer of the ERP with an e-mail address
    # When somebody with that address orders in the shop
    order = world.published(ORDERS, with_account(world, 71, "grace@example.com"))
    # Then it is that customer's
    assert value(world.erp_order(order), "CustomerID") == "C1001"


def test_an_unknown_customer_is_made_once_and_found_by_the_next_order(world: BothWays) -> None:
    # Given an address that the ERP does not know
    email = "katherine@example.com"
    # When somebody with that address orders twice at the same time, and once more later
    numbers = [with_account(world, 72, email), with_account(world, 72, email)]
    orders = [world.published(ORDERS, number) for number in numbers]
    orders.append(world.published(ORDERS, with_account(world, 72, email)))
    # Then there is one customer, with all three orders
    (customer,) = [
        one for one in world.erp_documents("Customer") if value(one["MainContact"], "Email") == email
    ]
    assert {value(world.erp_order(one), "CustomerID") for one in orders} == {value(customer, "CustomerID")}
    assert value(customer, "AccountRef") == f"{SHOP}:72"


def test_an_order_without_an_account_is_booked_on_the_guest_customer(world: BothWays) -> None:
    # Given a shop where one need not have an account
    # When somebody orders without
    order = world.published(ORDERS, world.place_order(customer_email="dorothy@example.com"))
    # Then the ERP has it on the guest customer, and nobody new
    assert value(world.erp_order(order), "CustomerID") == GUEST
    addresses = [value(one["MainContact"], "Email") for one in world.erp_documents("Customer")]
    assert "dorothy@example.com" not in addresses


def test_an_invoice_of_the_shop_is_recorded_as_a_payment_of_the_order(world: BothWays) -> None:
    # Given an order that is carried to the ERP, and not paid
    number = world.place_order()
    order = world.published(ORDERS, number)
    assert amount(value(world.erp_order(order)["Totals"], "UnpaidBalance")) == amount("42.50")
    # When the shop invoices it
    invoice = world.invoice_in_shop(number)
    # Then the payment is recorded and applied, with the mapped method, and nothing is left to pay
    payment = world.published(PAYMENTS, invoice)
    (made,) = payments_of(world, order)
    assert f"PMT-{value(made, 'ReferenceNbr')}" == payment
    assert (amount(value(made, "PaymentAmount")), value(made, "PaymentMethod")) == (amount("42.50"), "CHECK")
    assert amount(value(world.erp_order(order)["Totals"], "UnpaidBalance")) == 0
    assert payment in world.story(number)


def payments_of(world: BothWays, order: str) -> list[dict[str, Any]]:
    """The payments in the ERP that are applied to an order."""
    nbr = order.partition("-")[2]
    return [
        one
        for one in world.erp_documents("Payment")
        if any(value(row, "OrderNbr") == nbr for row in one["OrdersToApply"])
    ]


def test_an_invoice_whose_order_is_stuck_waits_and_wakes_when_the_order_is_there(world: BothWays) -> None:
    # Given an order whose article the ERP does not have
    number = world.place_order(lines=[{"sku": "NOVELTY", "qty": 1, "price": "12.50"}])
    stuck = world.until(Status.ERRORED, ORDERS, number)
    assert "NOVELTY" in str(stuck.attempts) or "Inventory" in stuck.entry.reason
    # When the shop invoices it
    invoice = world.invoice_in_shop(number)
    # Then the payment waits for the order, and names the entry that keeps it waiting
    waiting = world.until(Status.WAITING, PAYMENTS, invoice).entry
    assert number in waiting.reason
    assert f"entry {stuck.entry.id}" in waiting.reason
    # When the article is there, and a person has the order go on
    world.erp("seed", {"items": ["NOVELTY"]})
    world.retry(stuck)
    # Then the order is entered, and paid
    order = world.published(ORDERS, number)
    world.published(PAYMENTS, invoice)
    assert amount(value(world.erp_order(order)["Totals"], "UnpaidBalance")) == 0


def test_a_shipping_method_without_a_mapping_stops_the_order_and_names_the_row_to_add(
    world: BothWays,
) -> None:
    # Given a shipping method that no table has
    # When somebody orders with it
    number = world.place_order(shipping_method="pigeon_pigeon")
    # Then the entry is errored, and says which row is missing
    entry = world.until(Status.ERRORED, ORDERS, number).entry
    assert entry.code == "mapping"
    assert "pigeon_pigeon" in entry.reason
    assert "mapping.ship_via" in entry.reason
    assert world.erp_orders_of(number) == []


def test_an_order_that_is_cancelled_in_the_shop_is_cancelled_in_the_erp(world: BothWays) -> None:
    # Given an order that is carried
    number = world.place_order()
    order = world.published(ORDERS, number)
    # When it is cancelled in the shop
    assert world.shop(f"orders/{number}/cancel") == {"done": True}
    # Then it is cancelled in the ERP
    world.published(CANCELLATIONS, number)
    assert value(world.erp_order(order), "Status") == "Canceled"
    # and the order's story tells so of both sides
    world.fleet.until(
        lambda: world.story(number).count("; cancelled (") == 2, "both sides are told as cancelled"
    )


def test_an_order_that_is_cancelled_before_it_was_carried_never_is(world: BothWays) -> None:
    # Given an order that cannot be carried
    number = world.place_order(shipping_method="pigeon_pigeon")
    made = world.until(Status.ERRORED, ORDERS, number)
    # When it is cancelled in the shop
    world.shop(f"orders/{number}/cancel")
    # Then its making is superseded, and there is nothing to cancel
    world.until(Status.SUPERSEDED, ORDERS, number)
    cancelled = world.until(Status.FILTERED, CANCELLATIONS, number).entry
    assert cancelled.code == "not carried"
    assert f"entry {made.entry.id}" in cancelled.reason
    assert world.erp_orders_of(number) == []


def test_a_cancellation_that_the_erp_forbids_is_told_in_words(world: BothWays) -> None:
    # Given an order that is carried, and on its way to the customer
    number = world.place_order()
    order = world.published(ORDERS, number)
    shipment = world.pack(order)
    # When it is cancelled in the shop
    world.shop(f"orders/{number}/cancel")
    # Then the entry says what stands in the way
    entry = world.until(Status.ERRORED, CANCELLATIONS, number).entry
    assert entry.code == "state forbids"
    assert shipment in entry.reason


def test_an_edited_order_replaces_its_ancestor_in_the_erp(world: BothWays) -> None:
    # Given an order that is carried
    number = world.place_order()
    order = world.published(ORDERS, number)
    # When it is edited in the shop, which cancels it and makes a successor
    successor = world.shop(f"orders/{number}/edit", {"skus": {SKU: 5}})["increment_id"]
    assert successor == f"{number}-1"
    # Then the ERP's order is cancelled, and the successor's is made
    world.published(CANCELLATIONS, number)
    new = world.published(ORDERS, successor)
    assert value(world.erp_order(order), "Status") == "Canceled"
    assert Decimal(str(value(world.erp_order(new)["Details"][0], "OrderQty"))) == 5
    assert world.erp_orders_of(successor) == [new]
    # and the order's story tells of both
    story = world.story(number)
    for said in (number, successor, order, new):
        assert said in story


def test_an_order_of_the_erp_that_is_edited_in_the_shop_is_left_alone_in_the_erp(world: BothWays) -> None:
    # Given an order that was born in the ERP, and stands in the shop
    order = world.paid_order()
    there = world.published("orders-to-magento", order)
    # When it is edited in the shop
    successor = world.shop(f"orders/{there}/edit", {"skus": {SKU: 2}})["increment_id"]
    # Then neither the successor nor the cancellation goes back to the ERP
    made = world.until(Status.FILTERED, ORDERS, successor).entry
    cancelled = world.until(Status.FILTERED, CANCELLATIONS, there).entry
    assert (made.code, cancelled.code) == ("echo", "echo")
    assert value(world.erp_order(order), "Status") == "Open"
    # and what the ERP ships goes to the successor
    world.published("shipments-to-magento", world.ship(order, 2))
    assert len(world.of_shop_order("shipments", successor)) == 1


def test_a_refund_in_the_shop_is_heard_of_and_listed_where_no_flow_carries_it(world: BothWays) -> None:
    # Given an order of the shop that is paid on both sides
    number = world.place_order()
    order = world.published(ORDERS, number)
    world.published(PAYMENTS, world.invoice_in_shop(number))
    before = world.erp_order(order)
    # When it is refunded in the shop, which is where returns take place
    memo = world.shop(f"orders/{number}/refund")["increment_id"]
    # Then the log lists the refund as an event that no flow carries, and the ERP is left alone
    world.fleet.until(lambda: world.events("refund.issued", memo) == ["unrouted"], "the refund is listed")
    assert world.erp_order(order) == before
