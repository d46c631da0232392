"""How Acumatica's shipments become ours: the recorded payload, the current contract, every gap; no HTTP."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from connector.errors import Missing, NotUnderstood, Rejected
from connector.systems.acumatica import shipments
from connector.systems.acumatica.parts import understood
from connector.systems.acumatica.wire import WireShipment
from schemas.base import Money
from schemas.documents import Address
from schemas.events import ShipmentConfirmed
from tests.systems.acumatica_given import CONNECTION, facts, read_shipment, sample, shipment_wire, wrapped

# -- recorded payloads ---------------------------------------------------------------------------------------


def test_the_recorded_shipment_of_an_older_contract_is_read() -> None:
    """Bare notes, `files` and a missing LastModifiedDateTime of the recording do not stand in the way."""
    wire = WireShipment.model_validate(sample("shipment-get-contract3")["body"][0])
    (fact,) = facts(wire)
    shipment = read_shipment(wire)
    assert (shipment.number, shipment.status, shipment.state) == ("019390", "Completed", "confirmed")
    assert shipment.orders == ("SO-00091972",)
    (line,) = shipment.lines
    assert (line.reference, line.order_line, line.sku, line.quantity) == ("1", "1", "ITEM-0001", Decimal(1))
    assert shipment.notes == "Leave at front desk"
    assert shipment.packages == ()
    assert shipment.ship_to == Address(
        name="Sample Person",
        company="Example Customer",
        lines=("1 Example Street",),
        city="Exampleville",
        region="VIC",
        postal_code="3000",
        country="AU",
        phone="+61 3 5550 0100",
        email="person@example.com",
    )
    assert fact.holds
    assert fact.time == datetime(2020, 3, 3, 0, 21, 59, 168282, tzinfo=UTC)


# -- shipments -----------------------------------------------------------------------------------------------


def test_a_confirmed_shipment_is_read_whole() -> None:
    """Lines, packages with contents, freight and note of the current contract arrive, exact and trimmed."""
    shipment = read_shipment(shipment_wire())
    (line,) = shipment.lines
    assert (line.order, line.order_line, line.sku) == ("SO-000123", "2", "AACOMPUT01")
    (package,) = shipment.packages
    assert (package.tracking_number, package.box, package.weight) == ("1Z999", "LARGE", Decimal("4.5"))
    assert [(content.sku, content.quantity) for content in package.contents] == [("AACOMPUT01", Decimal(2))]
    assert shipment.freight == Money(amount=Decimal("12.50"), currency="USD")
    assert shipment.freight_cost == Money(amount=Decimal("9.99"), currency="USD")
    assert (shipment.ship_via, shipment.warehouse, shipment.notes) == (
        "UPSGROUND",
        "WHOLESALE",
        "handle with care",
    )
    assert shipment.key == "b2fd55b9-c90b-4150-b3fe-49e9ea9b0e6e"


def test_the_ship_date_is_the_day_as_written() -> None:
    """Midnight in the site's zone is the day before in UTC; the calendar day is what counts."""
    assert read_shipment(shipment_wire()).ship_date == date(2025, 8, 20)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2025-08-20T10:31:28.4021234+03:00", datetime(2025, 8, 20, 7, 31, 28, 402123, tzinfo=UTC)),
        ("2025-08-20T10:31:28Z", datetime(2025, 8, 20, 10, 31, 28, tzinfo=UTC)),
        ("2025-08-20T10:31:28.34", datetime(2025, 8, 20, 16, 31, 28, 340000, tzinfo=UTC)),
        ("2025-01-20T10:31:28", datetime(2025, 1, 20, 17, 31, 28, tzinfo=UTC)),
    ],
)
def test_a_moment_without_a_zone_is_meant_in_the_sites(written: str, moment: datetime) -> None:
    """Dates may carry a zone or none, and fractions of any length."""
    (fact,) = facts(shipment_wire(LastModifiedDateTime=written), time_zone="America/Denver")
    assert fact.time == moment


@pytest.mark.parametrize(
    ("status", "holds"),
    [("On Hold", False), ("Open", False), ("Confirmed", True), ("Invoiced", True), ("Completed", True)],
)
def test_the_fact_holds_in_the_confirmed_statuses(status: str, holds: bool) -> None:
    """An unconfirmed shipment says so, rather than nothing: that it left the state matters."""
    (fact,) = facts(shipment_wire(Status=status))
    assert (fact.type, fact.holds) == ("shipment.confirmed", holds)
    assert isinstance(fact.data, ShipmentConfirmed)
    assert fact.data.shipment.state == ("confirmed" if holds else "open")


@pytest.mark.parametrize("status", ["Picked", "", None])
def test_a_status_in_neither_list_is_refused_in_words(status: str | None) -> None:
    """A guess could ship twice; the message names the lists to add it to."""
    with pytest.raises(Rejected, match="neither in confirmed_statuses nor in unconfirmed_statuses"):
        facts(shipment_wire(Status=status))


def test_the_lists_of_statuses_are_settings() -> None:
    """A site's own status counts once it stands in a list."""
    (fact,) = facts(shipment_wire(Status="Picked"), unconfirmed_statuses=["On Hold", "Open", "Picked"])
    assert not fact.holds


@pytest.mark.parametrize(
    "changes", [{"Operation": "Receipt"}, {"Type": "Transfer"}, {"Details": []}, {"Details": None}]
)
def test_a_shipment_by_which_nothing_leaves_is_no_fact(changes: dict[str, object]) -> None:
    """Returns, transfers between warehouses and shipments without lines are not reported as shipped."""
    assert facts(shipment_wire(**changes)) == ()


def test_a_line_of_zero_is_left_out_beside_others() -> None:
    """What was not shipped is not told to a storefront."""
    lines = [
        wrapped(LineNbr=number, OrderType="SO", OrderNbr="1", InventoryID="A", ShippedQty=quantity)
        for number, quantity in ((1, Decimal("0.0")), (2, Decimal(3)))
    ]
    assert [line.reference for line in read_shipment(shipment_wire(Details=lines)).lines] == ["2"]


def test_a_combined_shipment_names_each_of_its_orders_once() -> None:
    """The orders come from the lines, in their order."""
    lines = [
        wrapped(LineNbr=number, OrderType="SO", OrderNbr=order, InventoryID="A", ShippedQty=Decimal(1))
        for number, order in ((1, "000124"), (2, "000123"), (3, "000124"))
    ]
    wire = shipment_wire(Details=lines)
    assert shipments.shipment_orders(wire) == read_shipment(wire).orders == ("SO-000124", "SO-000123")


def test_a_line_without_an_order_belongs_to_the_only_one() -> None:
    """The shipment's own list of orders fills the gap where it is unambiguous."""
    lines = [wrapped(LineNbr=1, InventoryID="A", ShippedQty=Decimal(1))]
    assert read_shipment(shipment_wire(Details=lines)).orders == ("SO-000123",)
    two = [wrapped(OrderType="SO", OrderNbr=number) for number in ("1", "2")]
    with pytest.raises(NotUnderstood, match="Line 1 of shipment SH000045"):
        read_shipment(shipment_wire(Details=lines, Orders=two))


def test_freight_of_the_older_endpoint_is_read_under_its_name() -> None:
    """20.200.001 says FreightAmount where later endpoints say FreightPrice."""
    wire = shipment_wire(FreightPrice=None, FreightAmount=Decimal("3.10"))
    assert read_shipment(wire).freight == Money(amount=Decimal("3.10"), currency="USD")


def test_freight_without_a_currency_takes_the_configured_one_or_is_unknown() -> None:
    """An amount is never given a currency that nobody named."""
    wire = shipment_wire(FreightCurrencyID=None)
    assert read_shipment(wire).freight is None
    assert read_shipment(wire, currency="EUR").freight == Money(amount=Decimal("12.50"), currency="EUR")


def test_a_shipment_without_any_time_is_not_understood() -> None:
    """A fact needs its time; the words say which field is missing."""
    with pytest.raises(NotUnderstood, match="LastModifiedDateTime"):
        facts(shipment_wire(LastModifiedDateTime=None))


@pytest.mark.parametrize(
    ("changes", "member"),
    [
        ({"ShipmentNbr": None}, "number"),
        ({"Details": [wrapped(OrderType="SO", OrderNbr="1", ShippedQty=Decimal(-1))]}, "quantity"),
        ({"FreightPrice": 1.1}, "FreightPrice"),
        ({"ShipmentDate": "20/08/2025"}, "ShipmentDate"),
        ({"Details": "rows"}, "Details"),
    ],
)
def test_a_payload_of_another_shape_is_not_understood(changes: dict[str, object], member: str) -> None:
    """The message names the document and the member which is wrong."""
    with (
        pytest.raises(NotUnderstood, match=f"shipment SH000045 @ acumatica-main .*{member}"),
        understood(Missing("shipment", "SH000045", CONNECTION)),
    ):
        facts(shipment_wire(**changes))
