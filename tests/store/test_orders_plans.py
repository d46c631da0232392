"""Reading an order's story looks into indices only, on a heap of finished orders, by any of its numbers."""

from functools import partial

import pytest

from connector.store import numbers, orders
from connector.store.database import Transaction
from connector.store.numbers import NumberUnknown
from connector.store.orders import OrderRecord
from tests.store.test_plans import FIRST_ID, fixture_world, looked_up, reading
from tests.world import World, shipment

__all__ = ["fixture_world"]


def _told(found: list[OrderRecord], number: str, tx: Transaction) -> None:
    found.append(orders.record(tx, numbers.find(tx, number)))


@pytest.mark.parametrize("number", ["o77", "W77"])
def test_an_order_is_told_from_indices_by_any_of_its_numbers(world: World, number: str) -> None:
    found: list[OrderRecord] = []
    looked_up(world, reading(world, partial(_told, found, number)))
    assert found[0].places == (("erp", "o77"), ("shop", "W77"))
    assert [row.id for row in found[0].entries] == [FIRST_ID + 77]
    assert [row.document for row in found[0].events] == ["D77"]


def test_an_order_on_which_much_is_open_is_told_from_indices(world: World) -> None:
    """Something is queued behind another, unrouted, and being fetched."""
    world.publish(*(shipment(f"Q{n}", "q1") for n in range(5)))
    world.route()
    world.notice("Q1", "q")
    found: list[OrderRecord] = []
    looked_up(world, reading(world, partial(_told, found, "q1")))
    assert (len(found[0].entries), len(found[0].blockers), len(found[0].notices)) == (5, 4, 1)


def test_a_number_that_is_not_known_is_looked_for_in_indices_only(world: World) -> None:
    def ask(tx: Transaction) -> None:
        with pytest.raises(NumberUnknown, match="near it: o777"):
            numbers.find(tx, "o77777")

    looked_up(world, reading(world, ask))
