"""The judgement of what a member ordered: what is spoilt is named by the point that it concerns."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.demo_given import World, put, right_world

TAKEN, SHIPPED, PROVED = "000000001 is 1001 in Aptify", "1001 is", "D-1001 tells what shipping set off"
TOLD = "000000001 was shipped in the members' shop"


@pytest.fixture(name="world")
def fixture_world() -> World:
    """A demo that came out right."""
    return right_world()


def _shipment(world: World) -> dict[str, Any]:
    return world.members["shipments"][0]


def _without(world: World, name: str) -> None:
    """The entry of the shipping tells everything but this."""
    records = [
        replace(
            one,
            steps=tuple(
                replace(step, seen={key: value for key, value in step.seen.items() if key != name})
                if step.seen
                else step
                for step in one.steps
            ),
        )
        for one in world.log.records
    ]
    put(world, log=replace(world.log, records=records))


SPOILT: list[tuple[str, Callable[[World], Any], list[str]]] = [
    ("it is a cent less", lambda w: w.aptify[0].update(GrandTotal=Decimal("129.99")), [TAKEN]),
    ("it bears another number", lambda w: w.aptify[0].update(PONumber="000000002"), ["000000001 is 1001"]),
    (
        "it was taken twice",
        lambda w: w.aptify.append(w.aptify[0] | {"ID": 1002}),
        [TAKEN, "as many documents"],
    ),
    ("it was not shipped", lambda w: w.aptify[0].update(OrderStatus="Taken"), [SHIPPED]),
    ("nothing is tracked", lambda w: w.aptify[0].update(TrackingNumber=""), [SHIPPED]),
    ("it has no date", lambda w: w.aptify[0].update(DateShipped=None), [SHIPPED]),
    ("the stock is as before", lambda w: w.stock[0].update(QuantityOnHand=Decimal(500)), [SHIPPED]),
    ("it left the stock twice", lambda w: w.stock[0].update(QuantityShipped=Decimal(4)), [SHIPPED]),
    ("the ledger does not balance", lambda w: w.aptify[0]["gl_entries"].pop(), [SHIPPED]),
    ("there is no ledger", lambda w: w.aptify[0]["gl_entries"].clear(), [SHIPPED]),
    ("two subscriptions", lambda w: w.aptify[0]["subscriptions"].append({}), [SHIPPED]),
    ("no income is deferred", lambda w: w.aptify[0]["schedules"].clear(), [SHIPPED]),
    ("the ledger was not looked at", lambda w: _without(w, "general ledger"), [PROVED]),
    (
        "dispatch was told twice",
        lambda w: put(w, log=replace(w.log, records=[*w.log.records, w.log.records[-1]])),
        [PROVED],
    ),
    ("another tracking number", lambda w: _shipment(w)["tracks"][0].update(track_number="1Z"), [TOLD]),
    ("a mug less was shipped", lambda w: _shipment(w)["items"][0].update(qty=Decimal(1)), [TOLD]),
    (
        "it was shipped twice in the shop",
        lambda w: w.members["shipments"].append(_shipment(w)),
        [TOLD, "as many documents"],
    ),
]


def test_a_demo_that_came_out_right_has_nothing_to_say(world: World) -> None:
    assert world.failed() == []


@pytest.mark.parametrize(("spoil", "named"), [row[1:] for row in SPOILT], ids=[row[0] for row in SPOILT])
def test_what_is_spoilt_is_named(world: World, spoil: Callable[[World], Any], named: list[str]) -> None:
    spoil(world)
    failed = world.failed()
    assert len(failed) == len(named), failed
    assert all(words in text for words, text in zip(named, failed, strict=True)), failed
