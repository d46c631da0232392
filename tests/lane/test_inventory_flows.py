"""Quantities on flows that are held, run dry, or say no; how many writes many changes become, and how few rows."""

import random
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from connector.store.tables import entry_key
from tests.lane.conftest import MakeWorld
from tests.lane.inventory_given import (
    FLOW,
    NOON,
    OVERTAKEN,
    PUBLISHED,
    SUPERSEDED,
    Shelf,
    ShelfAdapter,
    event,
    found,
    hear,
    level,
    lying,
    newest,
    news,
    shelf_of,
    states,
)
from tests.world import World


@pytest.fixture(name="world")
def fixture_world(make_world: MakeWorld) -> World:
    """Quantities go from the erp to the shop."""
    return make_world(adapter=ShelfAdapter, flows=FLOW, mode="off")


@pytest.fixture(name="shelf")
def fixture_shelf(world: World) -> Shelf:
    """What the shop keeps."""
    return shelf_of(world.shop)


# -- what the flow says --------------------------------------------------------------------------------------


def test_a_held_flow_holds_the_newest_change_alone(make_world: MakeWorld) -> None:
    flow = FLOW.replace("to: shop,", "to: shop, mode: held,")
    world = make_world(adapter=ShelfAdapter, flows=flow, mode="off")
    hear(world, level(1, at=1))
    world.run()
    hear(world, level(3, at=3))
    world.run()
    hear(world, level(2, at=2))
    world.run()
    assert states(world) == [("ignored", "superseded"), ("held", ""), OVERTAKEN]
    for row in found(world)[:2]:
        world.operator.retry(row.id, "ann")
    world.run()
    assert states(world) == [OVERTAKEN, PUBLISHED, OVERTAKEN]
    assert shelf_of(world.shop).written == [("A", Decimal(3))]


def test_what_a_person_asked_for_is_held_and_what_is_older_is_pointless(world: World, shelf: Shelf) -> None:
    """A level that was fetched is how things stand: an older change that comes later is no news."""
    hear(world, event(level(3, at=3), held=True))
    hear(world, level(2, at=2))
    world.run()
    assert (states(world), shelf.written) == ([("held", ""), OVERTAKEN], [])
    world.operator.retry(found(world)[0].id, "ann")
    world.run()
    assert (states(world), shelf.written) == ([PUBLISHED, OVERTAKEN], [("A", Decimal(3))])


def test_of_several_that_are_posted_together_the_newest_is_written(world: World, shelf: Shelf) -> None:
    for at in (2, 3):
        hear(world, event(level(at, at=at), held=True))
        world.route()
    assert states(world) == [("ignored", "superseded"), ("held", "")]
    for row in found(world):
        world.operator.retry(row.id, "ann")
    world.run()
    assert states(world) == [OVERTAKEN, PUBLISHED]
    assert shelf.written == [("A", Decimal(3))]


def test_a_dry_run_writes_nothing_and_looks_at_the_newest_alone(make_world: MakeWorld) -> None:
    flow = FLOW.replace("to: shop,", "to: shop, mode: dry-run,")
    world = make_world(adapter=ShelfAdapter, flows=flow, mode="off")
    hear(world, level(1, at=1), level(2, at=2))
    world.run()
    assert states(world) == [OVERTAKEN, ("simulated", "dry run")]
    assert (shelf_of(world.shop).written, shelf_of(world.shop).reads) == ([], 1)


def test_what_a_preference_refuses_is_not_carried_and_neither_is_anything_older(
    make_world: MakeWorld,
) -> None:
    require = "preferences: {require: [{name: something is left, when: 'inventory.available > 0.0'}]}"
    world = make_world(
        adapter=ShelfAdapter, flows=FLOW.replace("to: shop,", f"to: shop, {require},"), mode="off"
    )
    hear(world, level(4, at=1))
    world.route()
    hear(world, level(0, at=2))
    world.run()
    hear(world, level(3, at=1.5))
    world.run()
    assert states(world) == [SUPERSEDED, ("filtered", "preference"), OVERTAKEN]
    assert found(world)[1].reason == "something is left: inventory.available is 0, must be more than 0.0"


def test_articles_and_warehouses_are_said_in_the_target_s_words(make_world: MakeWorld) -> None:
    mapping = "mapping: {item: {A: a-1, default: error}, warehouse: {WH1: us-east}}"
    world = make_world(
        adapter=ShelfAdapter, flows=FLOW.replace("to: shop,", f"to: shop, {mapping},"), mode="off"
    )
    hear(world, level(1, at=1), level(2, at=2, sku="B", warehouse="WH2"))
    world.run()
    assert lying(world.shop) == {"a-1@us-east": Decimal(1)}
    assert states(world, "A") == [PUBLISHED]
    (wrong,) = found(world, "B", "WH2")
    assert (wrong.status, wrong.code) == ("errored", "mapping")
    assert "item 'B'" in wrong.reason
    assert "warehouse 'WH2'" in wrong.reason


@pytest.mark.parametrize(("setting", "written"), [("available", 7), ("on_hand", 9)])
def test_the_flow_says_which_quantity_is_written(make_world: MakeWorld, setting: str, written: int) -> None:
    flow = FLOW.replace("to: shop,", f"to: shop, write_back: {{inventory: {setting}}},")
    world = make_world(adapter=ShelfAdapter, flows=flow, mode="off")
    hear(world, level(7, at=1))
    world.run()
    assert lying(world.shop) == {"A@WH1": Decimal(written)}


def test_reconciling_looks_at_the_newest_change_of_a_level_only(world: World, shelf: Shelf) -> None:
    for at in (1, 2):
        hear(world, level(at, at=at, sku="A"), level(at, at=at, sku="B"))
        world.run()
    shelf.levels["B", "WH1"] = Decimal(99)
    run = world.reconciling.begin("levels", NOON - timedelta(days=1), None, "ann")
    world.run()
    report = world.reconciling.report(run.id)
    assert [(one.source_number, one.code) for one in report.differences] == [("B@WH1", "differs")]
    assert report.read["taken back"] == 2
    assert states(world, "A") == [PUBLISHED, PUBLISHED]


# -- many ----------------------------------------------------------------------------------------------------


def test_a_thousand_changes_of_twenty_levels_in_any_order_become_few_writes(
    world: World, shelf: Shelf
) -> None:
    changes = [
        level(random.Random(f"{sku}{at}").randint(0, 500), at=at, sku=f"S{sku}")
        for sku in range(20)
        for at in range(50)
    ]
    random.Random(5).shuffle(changes)
    for first in range(0, len(changes), 100):
        hear(world, *changes[first : first + 100])
        world.route()
        world.drain()
    world.run()
    assert lying(world.shop) == newest(changes)
    assert set(Counter(states(world))) <= {PUBLISHED, OVERTAKEN, SUPERSEDED}
    assert len(found(world)) == 1000
    assert len(shelf.written) <= news(changes)
    assert not shelf.overlapped


def test_a_level_keeps_few_keys_however_often_it_changes(world: World, shelf: Shelf) -> None:
    """What is over need not be asked whether it is still in the way of the next change."""
    for at in range(30):
        hear(world, level(at, at=at))
        world.route()
        if at % 3:
            world.drain()
    world.run()
    with world.database.read() as tx:
        keys = tx.value(sa.select(sa.func.count()).select_from(entry_key))
    assert keys == 1
