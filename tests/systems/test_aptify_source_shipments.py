"""What Aptify's shipped orders say as shipments: goods, tracking numbers, charges, and the order that was placed."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from connector.errors import NotFound
from connector.systems.aptify.reading import Reader
from connector.systems.aptify.records import Record
from connector.systems.aptify.site import Site
from connector.systems.aptify.source import KINDS, OF_ORDER_KINDS, SOURCE_OF
from tests.contract.aptify_site import CANCELLATION, JOURNAL, LAMP, MUG, QUOTATION, SEAT, line
from tests.systems.aptify_source_site import Origin, facts, origin, usd

EXPRESS = {
    "id": 5,
    "fields": {
        "Name": "Express",
        "BaseCharge": "4",
        "ChargePerUnit": "0.5",
        "HandlingCharge": "1",
        "CostPerUnit": "0.25",
    },
}


@pytest.fixture
def site() -> Iterator[Origin]:
    with origin() as running:
        running.site.sim("POST", "seed", {"records": {"Shipment Types": [EXPRESS]}})
        yield running


def _lines(shipment: Any) -> list[tuple[str, str, str, int]]:
    """Order, its line, SKU, units."""
    return [(one.order, one.order_line, one.sku, int(one.quantity)) for one in shipment.lines]


def _ids(site: Origin, number: int) -> list[str]:
    return [str(row["ID"]) for row in site.site.lines(number)]


# -- what shipped ----------------------------------------------------------------------------------------------


def test_what_was_posted_to_the_general_ledger_is_told_where_that_is_asked_for(site: Origin) -> None:
    number = site.site.take(line(MUG, 2))
    site.site.ship(number)
    posted = site.site.order_state(number)["gl_entries"]
    debit, credit = (sum(row[side] for row in posted) for side in ("DebitAmount", "CreditAmount"))

    custom = site.shipment(number, tell_ledger=True).custom

    assert debit == credit > 0
    assert custom["general_ledger_debit"] == custom["general_ledger_credit"] == f"{debit:.2f}"
    for row in posted:
        side = "debit" if row["DebitAmount"] else "credit"
        assert f"{row['GLAccount']} " in custom["general_ledger"]
        assert side in custom["general_ledger"]
    assert site.shipment(number).custom == {}
    without = site.shipment(number, tell_ledger=True, views={"gl_entries": None}).custom
    assert without["general_ledger"] == ""


def test_a_shipped_order_is_a_confirmed_shipment_with_its_order(site: Origin) -> None:
    number = site.site.take(line(MUG, 2), line(LAMP, 1), PONumber="W-1", ShipTypeID=5)
    mug, lamp = _ids(site, number)
    site.clock.tick()
    site.site.ship(number)

    fetched = site.fetch("shipment", number)
    shipment = site.shipment(number)

    assert facts(fetched) == {"shipment.confirmed": True}
    assert (shipment.number, shipment.state, shipment.status) == (str(number), "confirmed", "Shipped")
    assert (shipment.ship_via, shipment.warehouse) == ("Express", "Main Warehouse")
    assert shipment.ship_date == date(2026, 11, 27)
    assert shipment.updated_at == site.clock.now.replace(microsecond=0)
    assert _lines(shipment) == [(str(number), mug, "MUG", 2), (str(number), lamp, "LAMP", 1)]
    assert [(one.number, one.external_number) for one in fetched.orders] == [(str(number), "W-1")]
    assert site.fetch("shipment", number, alone=True).orders == ()
    assert set(facts(fetched)) <= SOURCE_OF


@pytest.mark.parametrize("how", ["take", "cancel"])
def test_what_has_not_shipped_is_no_confirmed_shipment(site: Origin, how: str) -> None:
    number = site.site.take()
    if how == "cancel":
        site.work(number, "cancel")

    assert facts(site.fetch("shipment", number)) == {"shipment.confirmed": False}


def test_a_part_that_shipped_and_its_back_order_are_shipments_of_the_order_that_was_placed(
    site: Origin,
) -> None:
    number = site.site.take(line(MUG, 5), line(LAMP, 2), PONumber="W-1")
    mug, lamp = _ids(site, number)
    mugs, lamps = site.ship_partially(number, 3, 0)
    before = facts(site.fetch("shipment", mugs))
    site.site.ship(mugs)

    fetched = site.fetch("shipment", mugs)

    assert (before, facts(fetched)) == ({"shipment.confirmed": False}, {"shipment.confirmed": True})
    assert _lines(site.shipment(number)) == [(str(number), mug, "MUG", 3)]
    assert _lines(site.shipment(mugs)) == [(str(number), mug, "MUG", 2)]
    assert _lines(site.shipment(lamps)) == [(str(number), lamp, "LAMP", 2)]
    assert [(one.number, one.external_number) for one in fetched.orders] == [(str(number), "W-1")]
    assert fetched.orders[0].confirmed_shipments == 2
    assert fetched.orders[0] == site.order(number)


def test_a_back_order_of_a_back_order_belongs_to_the_order_that_was_placed(site: Origin) -> None:
    number = site.site.take(line(MUG, 9))
    [mug] = _ids(site, number)
    [first] = site.ship_partially(number, 3)
    [second] = site.ship_partially(first, 2)

    assert _lines(site.shipment(second)) == [(str(number), mug, "MUG", 4)]
    assert _lines(site.shipment(first)) == [(str(number), mug, "MUG", 2)]


def test_all_shipments_of_an_order_are_known_by_any_of_its_numbers(site: Origin) -> None:
    number = site.site.take(line(MUG, 5), line(LAMP, 2))
    taken = site.shipments_of(number)
    mugs, lamps = site.ship_partially(number, 3, 0)
    site.site.ship(lamps)

    assert taken == []
    assert site.shipments_of(number) == [str(number), str(lamps)]
    assert site.shipments_of(mugs) == [str(number), str(lamps)]
    assert OF_ORDER_KINDS <= KINDS


# -- what does not ship ----------------------------------------------------------------------------------------


def test_returns_and_quotations_are_no_shipments(site: Origin) -> None:
    number = site.site.take(line(MUG, 5))
    site.site.ship(number)
    [returned] = site.work(number, "turn_back")
    quotation = site.site.take(OrderTypeID=QUOTATION)

    assert site.site.order_state(returned)["OrderStatus"] == "Shipped"
    assert site.fetch("shipment", returned).facts == ()
    assert site.fetch("shipment", quotation).facts == ()
    assert site.shipments_of(number) == [str(number)]


def test_an_exchange_on_a_cancellation_order_is_no_shipment(site: Origin) -> None:
    number = site.site.take(line(MUG, 5))
    site.site.ship(number)
    [row] = site.site.lines(number)
    rows = [line(MUG, -1, OriginalOrderDetailID=row["ID"]), line(LAMP, 1)]
    exchange = site.site.take(*rows, OrderTypeID=CANCELLATION, OriginalOrderID=number)
    site.site.ship(exchange)

    assert site.fetch("shipment", exchange).facts == ()


def test_of_subscriptions_and_services_nothing_is_sent(site: Origin) -> None:
    meeting = {"id": 160, "fields": {"Name": "Annual Meeting", "Code": "MEET", "ProductType": "Meeting"}}
    site.site.sim("POST", "seed", {"products": [meeting]})
    mixed = site.site.take(line(MUG, 1), line(JOURNAL, 1), line(160, 1), line(SEAT, 1))
    alone = site.site.take(line(JOURNAL, 1), line(160, 1))
    for number in (mixed, alone):
        site.site.ship(number)

    assert [one.sku for one in site.shipment(mixed).lines] == ["MUG", "SEAT"]
    assert [(one.sku, one.ships) for one in site.order(mixed).lines] == [
        ("MUG", "itself"),
        ("JOURNAL", "never"),
        ("MEET", "never"),
        ("SEAT", "itself"),
    ]
    assert site.fetch("shipment", alone).facts == ()
    assert (site.order(alone).status, site.order(alone).confirmed_shipments) == ("Shipped", 0)
    assert site.shipments_of(alone) == []


def test_which_types_of_products_are_services_is_the_connections_choice(site: Origin) -> None:
    seat = {"id": 160, "fields": {"Name": "Webinar", "Code": "WEB", "ProductType": "E-Learning"}}
    site.site.sim("POST", "seed", {"products": [seat]})
    number = site.site.take(line(160, 1))
    site.site.ship(number)

    assert facts(site.fetch("shipment", number)) == {"shipment.confirmed": True}
    assert site.fetch("shipment", number, orders={"services": ["e-learning"]}).facts == ()


def test_what_somebody_else_sends_is_told_as_shipped_too(site: Origin) -> None:
    number = site.site.take(line(MUG, 2), DropShip=True)
    site.site.ship(number)

    assert [one.sku for one in site.shipment(number).lines] == ["MUG"]
    assert [one.drop_ship for one in site.order(number).lines] == [True]


# -- tracking and charges --------------------------------------------------------------------------------------


def test_tracking_numbers_are_those_of_the_order_and_of_its_shipments_each_once(site: Origin) -> None:
    number = site.site.take(line(MUG, 2), line(LAMP, 1, ShipTypeID=5), TrackingNumber="")
    one, other = [row["ID"] for row in site.site.order_state(number)["shipments"]]
    site.site.save("OrderShipments", one, ShipTrackingNum="1Z1")
    site.site.save("OrderShipments", other, ShipTrackingNum="1Z2; 1Z1")
    site.site.ship(number)
    single = site.site.take(TrackingNumber="1Z3, 1Z4")
    site.site.ship(single)

    assert [(package.reference, package.tracking_number) for package in site.shipment(number).packages] == [
        (str(other), "1Z1"),
        (str(other), "1Z2"),
    ]
    assert site.shipment(single).tracking_numbers == ("1Z3", "1Z4")


def test_where_a_record_brings_no_shipments_a_view_tells_of_them(site: Origin) -> None:
    number = site.site.take()
    [row] = site.site.order_state(number)["shipments"]
    site.site.save("OrderShipments", row["ID"], ShipTrackingNum="1Z9")
    bare = Record("Orders", str(number), {})

    def numbers(**more: Any) -> list[str]:
        found = site.job(lambda source: Reader(Site(source.client)).shipments_of(bare), **more)
        return [one.text("ShipTrackingNum") for one in found]

    assert numbers() == ["1Z9"]
    assert numbers(views={"order_shipments": None}) == []


def test_what_is_charged_and_what_it_costs_are_told_apart(site: Origin) -> None:
    number = site.site.take(line(MUG, 10), ShipTypeID=5)
    [back_order] = site.ship_partially(number, 6)
    overridden = site.site.take(line(MUG, 1), ShippingCharge="9.99", ShipExpense="3.10")

    shipment, rest, other = (site.shipment(one) for one in (number, back_order, overridden))

    assert (shipment.freight, shipment.freight_cost, shipment.handling) == (usd("7"), usd("1.50"), usd("1"))
    assert (rest.freight, rest.freight_cost, rest.handling) == (usd("6"), usd("1"), usd("1"))
    assert (other.freight, other.freight_cost) == (usd("9.99"), usd("3.10"))


def test_where_the_order_tells_no_charges_its_shipments_do() -> None:
    names = {"Orders.ShippingCharge": "CALC_ShippingCharge", "Orders.ShipExpense": "CALC_ShipExpense"}
    with origin(names=names) as site:
        site.site.sim("POST", "seed", {"records": {"Shipment Types": [EXPRESS]}})
        number = site.site.take(line(MUG, 10), ShipTypeID=5)

        shipment = site.shipment(number)

        assert (shipment.freight, shipment.freight_cost) == (usd("9"), usd("2.50"))


# -- dates -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["iso", "us"])
def test_the_day_of_shipping_is_the_servers(form: str) -> None:
    chicago = "America/Chicago"
    with origin({"time_zone": chicago}, zone=chicago, date_form=form) as site:
        site.jump(2026, 11, 28, 3, 30)
        number = site.site.take()
        site.site.ship(number)

        shipment = site.shipment(number)

        assert (shipment.ship_date, shipment.updated_at) == (date(2026, 11, 27), site.clock.now)


def test_a_day_that_was_entered_before_shipping_is_the_day_of_shipping(site: Origin) -> None:
    number = site.site.take(DateShipped="2026-11-25")
    site.site.ship(number)

    assert site.shipment(number).ship_date == date(2026, 11, 25)


def test_a_shipment_that_is_not_there_is_not_found(site: Origin) -> None:
    with pytest.raises(NotFound) as problem:
        site.fetch("shipment", "999")

    assert problem.value.missing.kind == "shipment"
