"""The demo's judgement: what came out right passes, and whatever is spoilt is named by the point that it concerns."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connector.demo.cases import CASES
from connector.demo.stage import ERP, SHOP
from connector.status import Status
from tests.unit.demo_given import World, erp_order, put, record, right_world


@pytest.fixture(name="world")
def fixture_world() -> World:
    """A demo that came out right."""
    return right_world()


def test_a_demo_that_came_out_right_passes(world: World) -> None:
    assert world.failed() == []


SPOILT: list[tuple[str, Callable[[World], Any], list[str]]] = [
    (
        "a parcel arrives twice",
        lambda w: w.shop["shipments"].append(w.shop["shipments"][0]),
        ["SH000301, plain", "as many documents"],
    ),
    (
        "a parcel lacks a piece",
        lambda w: w.shop["shipments"][0]["items"][0].update(qty=Decimal(1)),
        ["SH000301, plain"],
    ),
    (
        "an entry is errored",
        lambda w: put(w, log=w.with_status(CASES[1].shipment, Status.ERRORED)),
        ["SH000302, part of the order", "1 entries and notices"],
    ),
    ("no reply was lost", lambda w: put(w, lost=0), ["SH000306: 0 reply"]),
    ("nothing was pushed twice", lambda w: put(w, pushes=1), ["SH000305: pushed once"]),
    (
        "the pushed order is a cent less",
        lambda w: w.order("A-SO-000209").update(grand_total=Decimal("82.41")),
        ["SO-000209 is A-SO-000209"],
    ),
    (
        "the pushed order is a stranger's",
        lambda w: w.order("A-SO-000209").update(ext_order_id="other"),
        ["SO-000209 is A-SO-000209"],
    ),
    (
        "the order did not wait for its money",
        lambda w: put(w, log=w.without(type="order.created", source=ERP)),
        ["SO-000209 was filtered", "SO-000209 is A-SO-000209"],
    ),
    (
        "the booked order is a cent more",
        lambda w: w.erp_order("SO-000210").update(OrderTotal=Decimal("77.75")),
        ["000005001 is SO-000210"],
    ),
    (
        "the payment is a cent less",
        lambda w: w.erp["Payment"][1].update(PaymentAmount=Decimal("77.73")),
        ["invoice 000000001 of the shop"],
    ),
    (
        "something is left to pay",
        lambda w: w.erp_order("SO-000210")["Totals"].update(UnpaidBalance=Decimal("0.01")),
        ["invoice 000000001 of the shop"],
    ),
    (
        "the shop invoices another amount",
        lambda w: w.shop["invoices"][0].update(grand_total=Decimal("72.47")),
        ["INV-INV000001 over"],
    ),
    (
        "the invoice is not told",
        lambda w: w.order("000005001").update(status_histories=[]),
        ["INV-INV000002 is told"],
    ),
    (
        "the tracking number is another",
        lambda w: w.shop["shipments"][-2]["tracks"][0].update(track_number="1Z"),
        ["000005001 was shipped"],
    ),
    (
        "the ERP has not cancelled",
        lambda w: w.erp_order("SO-000211").update(Status="Open"),
        ["000005002 is canceled"],
    ),
    (
        "the successor was not carried whole",
        lambda w: w.erp_order("SO-000213").update(OrderTotal=Decimal("44.98")),
        ["000005003 was edited"],
    ),
    (
        "one guest became two customers",
        lambda w: w.erp_order("SO-000213").update(CustomerID="C2003"),
        ["SO-000210, SO-000212, SO-000213"],
    ),
    (
        "the credit memo was not heard",
        lambda w: put(w, log=w.without(source_number="000000002")),
        ["credit memo 000000002"],
    ),
    (
        "the credit memo of an order that is not in NetSuite was carried",
        lambda w: put(w, log=w.with_status("000000002", Status.PUBLISHED)),
        ["credit memo 000000002"],
    ),
    (
        "our order was not heard again",
        lambda w: put(w, log=w.without(code="echo")),
        ["1 documents that we made"],
    ),
    (
        "an echo went back",
        lambda w: put(
            w,
            log=replace(
                w.log,
                records=[
                    *w.log.records,
                    record(30, "order.created", SHOP, "A", Status.PUBLISHED, echo_of=20, target=ERP),
                ],
            ),
        ),
        ["1 documents that we made"],
    ),
    (
        "an order stands twice",
        lambda w: w.erp["SalesOrder"].append(erp_order("SO-9", Decimal(1), "Open")),
        ["as many documents"],
    ),
]


@pytest.mark.parametrize(
    ("spoil", "named"), [row[1:] for row in SPOILT], ids=[row[0].replace(" ", "-") for row in SPOILT]
)
def test_whatever_is_spoilt_fails_the_points_that_it_concerns(
    world: World, spoil: Callable[[World], Any], named: list[str]
) -> None:
    """Those points and no others."""
    spoil(world)
    failed = world.failed()
    assert [any(part in text for text in failed) for part in named] == [True] * len(named), failed
    assert len(failed) == len(named), failed
