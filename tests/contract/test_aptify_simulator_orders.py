"""Taking and changing orders at the simulated site: what is filled in, reserved, charged, paid and locked."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.contract.aptify_site import (
    BACK_ORDERED,
    JOURNAL,
    LAMP,
    MUG,
    OTHER_PERSON,
    PERSON,
    QUOTATION,
    REGULAR,
    SEAT,
    SHIPPED,
    Site,
    line,
    running_site,
)

CHARGES = {
    "records": {
        "Shipment Types": [
            {
                "id": 5,
                "fields": {
                    "Name": "Express",
                    "BaseCharge": "4",
                    "ChargePerUnit": "0.5",
                    "HandlingCharge": "1",
                },
            }
        ]
    }
}


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


def test_a_person_brings_company_address_and_phone_to_both_sides(site: Site) -> None:
    order = site.order_state(site.take())
    for side in ("ShipTo", "BillTo"):
        shown = [
            order[f"{side}{name}"] for name in ("ID", "CompanyID", "AddressID", "City", "ZipCode", "Phone")
        ]
        assert shown == [PERSON, 81, 71, "Exampleville", "12345", "555-0100"]
    assert order["BillToSameAsShipTo"] is True
    assert (order["OrderType"], order["OrderStatus"], order["Employee"]) == (
        "Regular",
        "Taken",
        "Integration User",
    )


def test_another_person_may_be_billed(site: Site) -> None:
    order = site.order_state(site.take(BillToID=OTHER_PERSON))
    assert (order["ShipToCity"], order["BillToCity"]) == ("Exampleville", "Otherton")
    assert order["BillToSameAsShipTo"] is False


def test_an_order_may_go_to_an_address_of_its_own(site: Site) -> None:
    order = site.order_state(site.take(ShipToAddrLine1="9 Elsewhere", ShipToCity="Farville"))
    assert (order["ShipToAddrLine1"], order["ShipToCity"], order["BillToCity"]) == (
        "9 Elsewhere",
        "Farville",
        "Farville",
    )


def test_while_billing_is_the_same_as_shipping_it_cannot_differ(site: Site) -> None:
    number = site.take()
    assert "BillToAddrLine1" in site.refused("Orders", number, BillToAddrLine1="Other")
    site.save("Orders", number, BillToAddrLine1="Other", BillToSameAsShipTo=0)
    assert site.order_state(number)["BillToAddrLine1"] == "Other"
    site.save("Orders", number, BillToSameAsShipTo=1)
    assert site.order_state(number)["BillToAddrLine1"] == "1 Main Street"


def test_lines_have_price_and_description_of_the_product_unless_they_say_otherwise(site: Site) -> None:
    number = site.take(line(MUG, 2), line(SEAT, 1, Price="45.00", Description="Aisle"))
    mug, seat = site.lines(number)
    assert (mug["Price"], mug["Description"], mug["Extended"]) == (Decimal("12.50"), "Mug", Decimal(25))
    assert (seat["Price"], seat["Description"], seat["Sequence"]) == (Decimal(45), "Aisle", 2)
    assert site.order_state(number)["GrandTotal"] == Decimal(70)


def test_an_open_order_can_be_changed_and_what_it_reserves_follows(site: Site) -> None:
    number = site.take(line(MUG, 5))
    [row] = site.lines(number)
    site.save("Orders", number, SubTypes=[{"ID": row["ID"], "EntityName": "OrderLines", "Quantity": 8}])
    assert site.stock(MUG) == (500, 8, 0, 492)
    site.save("OrderLines", row["ID"], ProductID=LAMP, Price="20.00", Quantity=2)
    assert (site.stock(MUG), site.stock(LAMP)) == ((500, 0, 0, 500), (5, 2, 0, 3))
    site.save("OrderLines", OrderID=number, ProductID=MUG, Quantity=1)
    assert [one["Product"] for one in site.lines(number)] == ["Lamp", "Mug"]
    assert site.order_state(number)["GrandTotal"] == Decimal("52.50")


def test_a_quotation_reserves_nothing_until_it_becomes_an_order(site: Site) -> None:
    number = site.take(line(MUG, 5), OrderTypeID=QUOTATION)
    assert site.stock(MUG)[1] == 0
    site.save("Orders", number, OrderTypeID=REGULAR)
    assert site.stock(MUG)[1] == 5


def test_more_than_there_is_can_be_promised(site: Site) -> None:
    site.take(line(MUG, 530))
    assert site.stock(MUG) == (500, 530, 0, -30)


def test_a_back_ordered_order_goes_on_holding_its_stock_and_ships_later(site: Site) -> None:
    number = site.take(line(MUG, 5))
    site.save("Orders", number, OrderStatusID=BACK_ORDERED)
    assert site.stock(MUG) == (500, 5, 0, 495)
    assert site.ship(number)["orderstatusid"] == SHIPPED


def test_charges_follow_from_the_shipment_type_and_goods_only(site: Site) -> None:
    site.sim("POST", "seed", CHARGES)
    goods = site.order_state(site.take(line(MUG, 3), ShipTypeID=5))
    assert (goods["ShippingCharge"], goods["HandlingCharge"]) == (Decimal("5.50"), Decimal(1))
    assert goods["GrandTotal"] == Decimal("44.00")
    nothing = site.order_state(site.take(line(JOURNAL, 1), ShipTypeID=5))
    assert (nothing["ShippingCharge"], nothing["HandlingCharge"]) == (0, 0)


def test_an_overridden_charge_is_marked_and_stays(site: Site) -> None:
    site.sim("POST", "seed", CHARGES)
    number = site.take(line(MUG, 3), ShipTypeID=5, ShippingCharge="9.99")
    [shipment] = site.order_state(number)["shipments"]
    assert (shipment["ShippingCharge"], shipment["OverrideShippingCalc"]) == (Decimal("9.99"), True)
    assert shipment["OverrideHandlingCalc"] is False
    site.save("OrderLines", site.lines(number)[0]["ID"], Quantity=10)
    order = site.order_state(number)
    assert (order["ShippingCharge"], order["GrandTotal"]) == (Decimal("9.99"), Decimal("135.99"))


def test_lines_to_two_places_make_two_shipments_with_tracking_of_their_own(site: Site) -> None:
    number = site.take(line(MUG, 1), line(LAMP, 1, ShipToID=OTHER_PERSON, ShipToAddressID=72))
    first, second = site.order_state(number)["shipments"]
    assert (first["ShipTo"], second["ShipTo"]) == ("Ada Example", "Ben Other")
    assert "TrackingNumber" in site.refused("Orders", number, TrackingNumber="1Z1")
    assert "2 shipments" in site.refused("Orders", number, ShippingCharge="3.00")
    site.save("OrderShipments", second["ID"], ShipTrackingNum="1Z2", ShippingCharge="3.00")
    change = {"ID": first["ID"], "EntityName": "OrderShipments", "ShipTrackingNum": "1Z1"}
    site.save("Orders", number, SubTypes=[change])
    order = site.order_state(number)
    assert [one["ShipTrackingNum"] for one in order["shipments"]] == ["1Z1", "1Z2"]
    assert order["ShippingCharge"] == Decimal(3)


def test_a_new_destination_of_the_order_takes_its_lines_along(site: Site) -> None:
    number = site.take(line(MUG, 1), line(LAMP, 1))
    site.save("Orders", number, ShipToID=OTHER_PERSON)
    order = site.order_state(number)
    assert [one["ShipToAddress"] for one in order["lines"]] == ["2 Side Street", "2 Side Street"]
    assert (order["ShipToCity"], len(order["shipments"])) == ("Otherton", 1)


def test_tax_is_of_the_taxable_lines() -> None:
    with running_site(tax_rate="8.25") as site:
        order = site.order_state(site.take(line(MUG, 1)))
        assert (order["CALC_SalesTax"], order["GrandTotal"]) == (Decimal("1.03"), Decimal("13.53"))


def test_a_first_payment_and_further_ones_lower_the_balance(site: Site) -> None:
    number = site.take(InitialPaymentAmount="10.00", PayTypeID=2)
    assert site.order_state(number)["Balance"] == Decimal(15)
    site.save("Payments", OrderID=number, Amount="5.00")
    site.sim("POST", f"orders/{number}/pay")
    order = site.order_state(number)
    assert [one["Amount"] for one in order["payments"]] == [Decimal(10), Decimal(5), Decimal(10)]
    assert order["Balance"] == 0


def test_a_locked_orders_lines_are_the_warehouses_but_it_can_ship(site: Site) -> None:
    number = site.take()
    site.sim("POST", f"orders/{number}/lock")
    [row] = site.lines(number)
    assert "locked" in site.refused("Orders", number, SubTypes=[line(LAMP, 1)])
    assert "locked" in site.refused("OrderLines", row["ID"], Quantity=3)
    site.save("Orders", number, TrackingNumber="1Z1")
    assert site.ship(number)["orderstatusid"] == SHIPPED


def test_an_order_may_be_made_as_shipped_or_not_at_all(site: Site) -> None:
    number = site.take(OrderStatusID=SHIPPED)
    assert site.order_state(number)["OrderStatus"] == "Shipped"
    text = site.refused("Orders", ShipToID=PERSON, SubTypes=[line(LAMP, 90)], OrderStatusID=SHIPPED)
    assert "not enough inventory" in text
    assert [one["ID"] for one in site.state()["orders"]] == [number]
