"""The judgement of what was packed at the stations: what is spoilt is named by the point that it concerns."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connector.demo.packed import INVOICED, SHARED
from connector.demo.stage import STATION
from connector.demo.station import Packed
from connector.status import Status
from tests.unit.demo_given import World, put, right_world

WRITTEN, IN_PART, AGAIN = "SH000311", "SH000312", "SH000313"
FIRST, SECOND = SHARED[0].number, SHARED[1].number


@pytest.fixture(name="world")
def fixture_world() -> World:
    """A demo that came out right."""
    return right_world()


def _seen(world: World, **values: Any) -> None:
    packed: Packed = replace(world.packed, **values)
    put(world, packed=packed)


def _line(world: World, order: str, place: int) -> dict[str, Any]:
    line: dict[str, Any] = world.sage_invoice(order)["lines"][place]
    return line


def _without_moves(world: World) -> None:
    records = [
        replace(one, journal=()) if one.entry.source_number == "1002" else one for one in world.log.records
    ]
    put(world, log=replace(world.log, records=records))


SPOILT: list[tuple[str, Callable[[World], Any], list[str]]] = [
    (
        "the freight is a cent less",
        lambda w: w.erp_shipment(WRITTEN).update(FreightPrice=Decimal("9.49")),
        ["1001 of SO-000214"],
    ),
    (
        "the freight was raised twice",
        lambda w: w.erp_shipment(AGAIN).update(FreightPrice=Decimal("19.00")),
        ["1003 of SO-000200"],
    ),
    (
        "the note is there twice",
        lambda w: w.erp_shipment(WRITTEN).update(note="Tracking Number: 1\nTracking Number: 1"),
        ["1001 of SO-000214"],
    ),
    (
        "the note is of the parcel that was voided",
        lambda w: w.erp_shipment(AGAIN).update(note="Tracking Number: 1Z0000000000000499"),
        ["1003 of SO-000200"],
    ),
    (
        "there are no packages",
        lambda w: w.erp_shipment(IN_PART).update(Packages=[]),
        ["1002 of SO-000199"],
    ),
    (
        "the package lacks its reference",
        lambda w: w.erp_shipment(IN_PART)["Packages"][0].update(CustomRefNbr1=None),
        ["1002 of SO-000199"],
    ),
    (
        "the custom field was not set",
        lambda w: w.cartons.pop(WRITTEN),
        ["1001 of SO-000214"],
    ),
    (
        "the ship via was not looked up",
        lambda w: w.erp_shipment(WRITTEN).update(ShipVia="UPS Ground"),
        ["1001 of SO-000214"],
    ),
    (
        "a piece is missing",
        lambda w: w.erp_shipment(WRITTEN)["Details"][0].update(ShippedQty=Decimal(1)),
        ["1001 of SO-000214"],
    ),
    (
        "the order has two shipments",
        lambda w: w.erp["Shipment"].append(w.erp_shipment(AGAIN) | {"ShipmentNbr": "SH000314"}),
        ["1003 of SO-000200", "as many documents"],
    ),
    (
        "the shipment was not confirmed",
        lambda w: w.erp_shipment(WRITTEN).update(Status="Open"),
        ["SH000311, which came from the station"],
    ),
    (
        "the confirmation did not go on",
        lambda w: put(w, log=w.with_status(WRITTEN, Status.FILTERED)),
        ["SH000311, which came from the station"],
    ),
    (
        "the shop has another tracking number",
        lambda w: w.shop["shipments"][-1]["tracks"][0].update(track_number="1Z"),
        ["000005004 was shipped"],
    ),
    (
        "all of it was written at once",
        _without_moves,
        ["1002 was written in part"],
    ),
    (
        "the field table does not name the tracking number",
        lambda w: _seen(w, lacking=()),
        ["1002 was written in part"],
    ),
    (
        "what stood there was written again",
        lambda w: _seen(w, mending=("FreightPrice", "Packages")),
        ["1002 was written in part"],
    ),
    (
        "something stood there after the void",
        lambda w: _seen(w, left=1),
        ["1003 was processed 2 times"],
    ),
    (
        "the void was not heard",
        lambda w: put(w, log=w.without(type="shipment.voided", source=STATION)),
        ["1003 was processed 2 times"],
    ),
    (
        "the message came once",
        lambda w: _seen(w, told=1),
        ["2001 of 0000101"],
    ),
    (
        "the first order bears too little",
        lambda w: w.sage_invoice(FIRST).update(FreightAmt="3.33"),
        ["0000101 is invoiced"],
    ),
    (
        "the second order bears the odd cent too",
        lambda w: w.sage_invoice(SECOND).update(FreightAmt="3.34"),
        ["0000102 is invoiced"],
    ),
    (
        "the charge did not come along",
        lambda w: w.sage_invoice(FIRST)["lines"].pop(2),
        ["0000101 is invoiced"],
    ),
    (
        "the comment is another",
        lambda w: _line(w, FIRST, 1).update(CommentText="Ring twice"),
        ["0000101 is invoiced"],
    ),
    (
        "the drop-ship line was shipped",
        lambda w: _line(w, FIRST, 3).update(QuantityShipped="1", QuantityBackordered="0"),
        ["0000101 is invoiced"],
    ),
    (
        "the goods come to a cent more",
        lambda w: w.sage_invoice(FIRST).update(NonTaxableAmt="17.26"),
        ["0000101 is invoiced"],
    ),
    (
        "the tracking row is there twice",
        lambda w: w.sage_invoice(FIRST)["tracking"].extend(w.sage_invoice(FIRST)["tracking"][:]),
        ["0000101 is invoiced"],
    ),
    (
        "the order has no note",
        lambda w: w.sage["orders"][0]["lines"].pop(),
        ["0000101 is invoiced"],
    ),
    (
        "an order is invoiced twice",
        lambda w: w.sage["invoices"].append(w.sage_invoice(FIRST)),
        ["0000101 is invoiced", "as many documents"],
    ),
    (
        "the invoice by hand was touched",
        lambda w: w.sage_invoice(INVOICED.number).update(FreightAmt="9.50"),
        ["2002 of 0000104"],
    ),
    (
        "nobody ignored the refused parcel",
        lambda w: put(w, log=w.with_status("2002", Status.ERRORED)),
        ["2002 of 0000104", "1 entries and notices"],
    ),
]


@pytest.mark.parametrize(
    ("spoil", "named"), [row[1:] for row in SPOILT], ids=[row[0].replace(" ", "-") for row in SPOILT]
)
def test_whatever_is_spoilt_at_the_stations_fails_the_points_that_it_concerns(
    world: World, spoil: Callable[[World], Any], named: list[str]
) -> None:
    """Those points and no others."""
    spoil(world)
    failed = world.failed()
    assert [any(part in text for text in failed) for part in named] == [True] * len(named), failed
    assert len(failed) == len(named), failed
