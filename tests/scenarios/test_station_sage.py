"""What is shipped at the station reaches Sage 100: onto the order, or onto an invoice; a void takes it back.

One fleet of real processes, on SQLite with the embedded broker (what goes to Acumatica runs on PostgreSQL); each
scenario has its own orders in it.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from connector.status import Status
from tests.scenarios.fleet import control
from tests.scenarios.station import SAGE_STATION, SKU, Station, working

TO_INVOICE, TO_ORDER, VOIDS = "to-sage", "to-sage-order", "void-in-sage"
ON_ORDER = {"custom": {"invoice": "no"}}
"""A shipment for which no invoice is wanted."""


@pytest.fixture(scope="module", params=["sqlite and embedded valkey"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    with working(request, tmp_path_factory) as world:
        world.tell_station(SAGE_STATION)
        yield world


def order(world: Station, number: str) -> dict[str, Any]:
    """An order of Sage, with its lines."""
    (found,) = [one for one in world.sage_documents("orders") if one["SalesOrderNo"] == number]
    return found


def invoices(world: Station, number: str) -> list[dict[str, Any]]:
    """The open invoices of an order, with lines and tracking rows."""
    return [one for one in world.sage_documents("invoices") if one["SalesOrderNo"] == number]


def comments(lines: list[dict[str, Any]]) -> str:
    return "\n".join(line["CommentText"] for line in lines if line["ItemType"] == "4")


def amount(given: object) -> Decimal:
    return Decimal(str(given))


def test_without_an_invoice_freight_notes_ship_via_and_fields_stand_on_the_order(world: Station) -> None:
    # Given an order that bears some freight already
    number = world.sage_order(FreightAmt="3.00")
    # When it is shipped, and no invoice is wanted
    shipment = world.ship(number, **ON_ORDER)
    world.until(Status.PUBLISHED, TO_ORDER, shipment)
    # Then the order bears the freight besides, the notes as a comment line, the ship via, and the fields
    there = order(world, number)
    assert amount(there["FreightAmt"]) == amount("12.50")
    assert there["ShipVia"] == "UPSGROUND"
    assert there["UDF_CARRIER"] == "UPS"
    assert comments(there["lines"]).count(f"Tracking: {world.at_station_tracking(shipment)[0]}") == 1
    goods = next(line for line in there["lines"] if line["ItemCode"] == SKU)
    assert amount(goods["UDF_PACKED"]) == 3
    # and nothing was invoiced
    assert invoices(world, number) == []


def test_an_invoice_is_made_with_freight_ship_date_ship_via_and_a_tracking_row_a_package(
    world: Station,
) -> None:
    # Given an order; when it is shipped in two packages
    number = world.sage_order()
    packages = [{"tracking": f"1Z{number}{box}", "weight": "2.5"} for box in "AB"]
    shipment = world.ship(number, packages=packages)
    record = world.until(Status.PUBLISHED, TO_INVOICE, shipment)
    # Then there is one invoice, with the freight, and not the order
    (made,) = invoices(world, number)
    assert record.entry.target_number.startswith(made["InvoiceNo"])
    assert amount(made["FreightAmt"]) == amount("9.50")
    assert made["ShipVia"] == "UPSGROUND"
    assert amount(order(world, number)["FreightAmt"]) == 0
    # and a tracking row for each package, of which the first bears the freight
    rows = made["tracking"]
    assert [row["TrackingID"].rstrip("\0") for row in rows] == [one["tracking"] for one in packages]
    assert [amount(row["FreightAmt"]) for row in rows] == [amount("9.50"), 0]
    assert {row["Comment"].rstrip("\0") for row in rows} == {"ISS: UPS"}


def test_comments_and_charges_come_along_and_what_others_ship_is_back_ordered(world: Station) -> None:
    # Given an order with a comment, a miscellaneous charge and a line that is drop-shipped
    comment = {"ItemType": "4", "ItemCode": "/C", "CommentText": "Leave at the gate"}
    charge = {
        "ItemType": "5",
        "ItemCode": "/M",
        "ItemCodeDesc": "Gift wrap",
        "QuantityOrdered": "1",
        "UnitPrice": "2.00",
    }
    dropped = {"ItemCode": "DROPPED", "QuantityOrdered": "4", "DropShip": "Y"}
    number = world.sage_order(3, comment, charge, dropped)
    # When its goods are shipped
    shipment = world.ship(number)
    world.until(Status.PUBLISHED, TO_INVOICE, shipment)
    # Then the invoice has them all, and nothing of the drop-ship was shipped
    (made,) = invoices(world, number)
    assert "Leave at the gate" in comments(made["lines"])
    assert "/M" in {line["ItemCode"] for line in made["lines"]}
    back = next(line for line in made["lines"] if line["ItemCode"] == "DROPPED")
    assert (amount(back["QuantityShipped"]), amount(back["QuantityBackordered"])) == (amount(0), amount(4))


def test_another_address_stands_on_the_invoice_only(world: Station) -> None:
    # Given an order to one address; when it is shipped to another
    number = world.sage_order(ShipToName="Main Street", ShipToCity="Austin")
    elsewhere = {"name": "Second Street", "lines": ["2 Second St"], "city": "Dallas", "region": "TX",
                 "postal_code": "75201", "country": "US"}  # fmt: skip
    shipment = world.ship(number, ship_to=elsewhere)
    world.until(Status.PUBLISHED, TO_INVOICE, shipment)
    # Then the invoice has the other one, and the order keeps its own
    (made,) = invoices(world, number)
    assert (made["ShipToName"], made["ShipToCity"]) == ("Second Street", "Dallas")
    assert order(world, number)["ShipToCity"] == "Austin"


def test_the_freight_of_a_shipment_of_several_orders_is_divided_to_the_cent(world: Station) -> None:
    # Given three orders in one shipment, whose freight cannot be divided evenly
    numbers = [world.sage_order(1) for _ in range(3)]
    charges = {"currency": "USD", "applied": "10.00", "contract": "8.00", "list": "12.00"}
    shipment = world.ship(*numbers, charges=charges)
    world.until(Status.PUBLISHED, TO_INVOICE, shipment)
    # Then there is one invoice an order, and the first one takes the cent that is left
    shares = [amount(invoices(world, number)[0]["FreightAmt"]) for number in numbers]
    assert shares == [amount("3.34"), amount("3.33"), amount("3.33")]
    assert [len(invoices(world, number)) for number in numbers] == [1, 1, 1]


def test_a_second_shipment_raises_the_invoice_that_shipping_made(world: Station) -> None:
    # Given an order of five, of which two are invoiced by shipping
    number = world.sage_order(5)
    first = world.ship(number, items=[_part(number, "2")])
    world.until(Status.PUBLISHED, TO_INVOICE, first)
    # When the rest is shipped
    second = world.ship(number, items=[_part(number, "3")])
    world.until(Status.PUBLISHED, TO_INVOICE, second)
    # Then it is one invoice still, with both freights and both tracking numbers
    (made,) = invoices(world, number)
    assert amount(made["FreightAmt"]) == amount("19.00")
    assert [amount(line["QuantityShipped"]) for line in made["lines"] if line["ItemCode"] == SKU] == [5]
    assert len(made["tracking"]) == 2
    # and a void of the first takes back exactly its own
    world.at_station(first, "void")
    world.until(Status.PUBLISHED, VOIDS, first)
    (made,) = invoices(world, number)
    assert amount(made["FreightAmt"]) == amount("9.50")
    assert [row["TrackingID"].rstrip("\0") for row in made["tracking"]] == world.at_station_tracking(second)


def _part(number: str, quantity: str) -> dict[str, str]:
    return {"order": number, "line_key": "000001", "item": SKU, "quantity": quantity}


def test_a_void_takes_the_invoice_or_the_freight_and_the_comment_back(world: Station) -> None:
    # Given a shipment onto the order, and one onto an invoice
    plain, billed = world.sage_order(FreightAmt="1.00"), world.sage_order()
    shipments = [world.ship(plain, **ON_ORDER), world.ship(billed)]
    for flow, shipment in zip((TO_ORDER, TO_INVOICE), shipments, strict=True):
        world.until(Status.PUBLISHED, flow, shipment)
    # When both are voided
    for shipment in shipments:
        world.at_station(shipment, "void")
        world.until(Status.PUBLISHED, VOIDS, shipment)
    # Then the order bears what it bore, and there is no invoice
    there = order(world, plain)
    assert amount(there["FreightAmt"]) == amount("1.00")
    assert "Tracking:" not in comments(there["lines"])
    assert invoices(world, billed) == []


def test_an_order_that_is_being_invoiced_is_left_alone_and_a_person_is_told_why(world: Station) -> None:
    # Given an order with an open invoice that Invoice Data Entry made
    number = world.sage_order()
    control(world.sage, "POST", "seed", {"invoices": [{"order": number, "origin": "invoice_data_entry"}]})
    # When it was shipped all the same
    shipment = world.ship(number)
    # Then the log says so in Sage's own words, and nothing was written
    entry = world.until(Status.ERRORED, TO_INVOICE, shipment).entry
    assert (entry.code, "Currently being invoiced" in entry.reason) == ("being invoiced", True)
    assert amount(invoices(world, number)[0]["FreightAmt"]) == 0


def test_what_is_longer_than_its_field_is_refused_before_anything_is_sent(world: Station) -> None:
    # Given a tracking number that Sage's thirty characters cannot hold
    number = world.sage_order()
    shipment = world.ship(number, packages=[{"tracking": "1Z" + "9" * 40}])
    # Then the entry names field, length and text; and the invoice stands without the row
    entry = world.until(Status.ERRORED, TO_INVOICE, shipment).entry
    assert "TrackingID" in entry.reason
    assert "30" in entry.reason
    (made,) = invoices(world, number)
    assert made["tracking"] == []


@pytest.mark.parametrize("where", ["order", "invoice"])
def test_a_reply_that_is_lost_after_the_commit_leaves_the_freight_there_once(
    world: Station, where: str
) -> None:
    # Given an agent whose answer to the raising of the freight is lost
    number = world.sage_order()
    path = "/sales-orders/[0-9]+$" if where == "order" else "/invoices/[0-9]+$"
    lost = {"kind": "reply_lost", "path": path, "method": "PATCH", "when": {"once": True}}
    control(world.sage, "POST", "faults", lost)
    # When it is shipped
    shipment = world.ship(number, **(ON_ORDER if where == "order" else {}))
    world.until(Status.PUBLISHED, TO_ORDER if where == "order" else TO_INVOICE, shipment)
    # Then it was raised once
    header = order(world, number) if where == "order" else invoices(world, number)[0]
    assert amount(header["FreightAmt"]) == amount("9.50")


def test_half_a_write_back_is_mended_by_a_retry_once_sage_takes_it(world: Station) -> None:
    # Given a Sage that takes no tracking numbers for the time being
    number = world.sage_order()
    control(world.sage, "POST", "failing", {"table": "SO_InvoiceTracking", "column": "TrackingID"})
    shipment = world.ship(number)
    entry = world.until(Status.ERRORED, TO_INVOICE, shipment).entry
    assert entry.code == "partial"
    # When that is mended, and the entry retried
    control(world.sage, "DELETE", "failing")
    world.command("log", "retry", str(entry.id))
    world.until(Status.PUBLISHED, TO_INVOICE, shipment)
    # Then everything is there once
    (made,) = invoices(world, number)
    assert amount(made["FreightAmt"]) == amount("9.50")
    assert [row["TrackingID"].rstrip("\0") for row in made["tracking"]] == world.at_station_tracking(shipment)
