"""Quantities that change: however they are heard, the newest stands at the target in the end, by few writes."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from connector.store import claims, intake, lanes
from connector.store.intake import NewNotice
from tests.lane.conftest import MakeWorld
from tests.lane.inventory_given import (
    CHANGED,
    FLOW,
    OVERTAKEN,
    PUBLISHED,
    RETRY,
    SUPERSEDED,
    Shelf,
    ShelfAdapter,
    at_source,
    cut_down,
    event,
    found,
    hear,
    level,
    lost_after,
    lost_before,
    lying,
    refused,
    shelf_of,
    states,
)
from tests.stub import last
from tests.world import Door, World, begin, until


@pytest.fixture(name="world")
def fixture_world(make_world: MakeWorld) -> World:
    """Quantities go from the erp to the shop."""
    return make_world(adapter=ShelfAdapter, flows=FLOW, mode="off")


@pytest.fixture(name="shelf")
def fixture_shelf(world: World) -> Shelf:
    """What the shop keeps."""
    return shelf_of(world.shop)


@pytest.fixture(name="door")
def fixture_door(shelf: Shelf) -> Iterator[Door]:
    """A door before each write, open at the end."""
    shelf.door = Door()
    yield shelf.door
    shelf.door.open()


# -- newest wins ---------------------------------------------------------------------------------------------


def test_a_quantity_is_written_in_full(world: World, shelf: Shelf) -> None:
    hear(world, level(7, at=1))
    world.run()
    assert (states(world), lying(world.shop)) == ([PUBLISHED], {"A@WH1": Decimal(7)})
    assert found(world)[0].target_number == "A@WH1"


def test_what_stands_as_asked_already_is_left_alone(world: World, shelf: Shelf) -> None:
    shelf.levels["A", "WH1"] = Decimal(7)
    hear(world, level(7, at=1))
    world.run()
    assert (states(world), shelf.written) == ([PUBLISHED], [])


def test_of_many_changes_that_are_heard_together_the_newest_alone_is_written(
    world: World, shelf: Shelf
) -> None:
    hear(world, level(3, at=3), level(5, at=5), level(1, at=1), level(4, at=4))
    world.run()
    assert states(world) == [OVERTAKEN, PUBLISHED, OVERTAKEN, OVERTAKEN]
    assert shelf.written == [("A", Decimal(5))]
    with world.database.read() as tx:
        heard = intake.events_of_document(tx, "erp", [CHANGED], "A@WH1")
    newest_event = next(one.id for one in heard if one.data["inventory"]["available"] == "5")
    assert {row.reason for row in found(world) if row.code == "overtaken"} == {
        f"a later change of it is known: event {newest_event}"
    }


def test_an_older_change_that_is_heard_later_never_overwrites_a_newer_one(world: World, shelf: Shelf) -> None:
    hear(world, level(5, at=5))
    world.run()
    hear(world, level(3, at=3))
    world.run()
    assert states(world) == [PUBLISHED, OVERTAKEN]
    assert shelf.written == [("A", Decimal(5))]


def test_a_newer_change_supersedes_what_was_not_begun_and_says_which_entry_did(
    world: World, shelf: Shelf
) -> None:
    for at in (1, 2, 3):
        hear(world, level(at, at=at))
        world.route()
    assert states(world) == [SUPERSEDED, SUPERSEDED, ("queued", "")]
    first, second, third = found(world)
    assert (
        second.reason == f"made pointless by entry {third.id}: event {third.event_id} tells of a later change"
    )
    world.run()
    assert shelf.written == [("A", Decimal(3))]
    assert first.code == "superseded"


def test_levels_of_other_articles_warehouses_and_sources_do_not_supersede_each_other(
    make_world: MakeWorld,
) -> None:
    more = 'dock: {system: stub, base_url: "http://127.0.0.1:9"}'
    flows = FLOW + f"  - {{name: docks, event: inventory.changed, from: dock, to: shop, {RETRY}}}\n"
    world = make_world(adapter=ShelfAdapter, flows=flows, mode="off", more=more)
    hear(world, level(1, at=1), level(2, at=2, sku="B"), level(3, at=3, warehouse="WH2"))
    hear(world, event(level(4, at=4, sku="C"), source="dock"), event(level(5, at=5, sku="D"), source="dock"))
    world.run()
    assert set(states(world)) == {PUBLISHED}
    assert lying(world.shop) == {
        "A@WH1": Decimal(1),
        "B@WH1": Decimal(2),
        "A@WH2": Decimal(3),
        "C@WH1": Decimal(4),
        "D@WH1": Decimal(5),
    }


def test_of_one_moment_the_greater_revision_wins(world: World, shelf: Shelf) -> None:
    hear(world, event(level(2, at=1), revision=2), event(level(1, at=1), revision=1))
    world.run()
    assert states(world) == [PUBLISHED, OVERTAKEN]
    assert lying(world.shop) == {"A@WH1": Decimal(2)}


def test_of_one_moment_without_revisions_the_one_that_is_heard_later_wins(world: World, shelf: Shelf) -> None:
    """A source whose clock has whole seconds may change something twice in one."""
    hear(world, level(5, at=1), level(6, at=1), event(level(5, at=1), name="once more"))
    world.run()
    assert [row.status for row in found(world)][-1] == "published"
    assert lying(world.shop) == {"A@WH1": Decimal(5)}


def test_a_later_moment_wins_over_a_greater_revision(world: World, shelf: Shelf) -> None:
    hear(world, event(level(1, at=1), revision=9), event(level(2, at=2), revision=3))
    world.run()
    assert (states(world), lying(world.shop)) == ([OVERTAKEN, PUBLISHED], {"A@WH1": Decimal(2)})


def test_a_moment_that_lies_far_ahead_does_not_silence_its_level(world: World, shelf: Shelf) -> None:
    """A source's clock may be a little ahead of ours; a year is a mistake."""
    for quantity, ahead in ((1, timedelta(days=365)), (2, timedelta(minutes=11)), (3, timedelta(seconds=1))):
        changed_at = world.now + ahead
        hear(world, level(quantity, at=0).model_copy(update={"changed_at": changed_at}))
        world.run()
    assert states(world) == [PUBLISHED, PUBLISHED, OVERTAKEN]
    assert lying(world.shop) == {"A@WH1": Decimal(2)}


def test_a_change_that_is_heard_again_is_known(world: World, shelf: Shelf) -> None:
    first = hear(world, level(1, at=1), level(2, at=2))
    again = hear(world, level(2, at=2), level(1, at=1), level(1, at=1))
    assert [one.duplicate for one in first] == [False, False]
    assert [one.duplicate for one in again] == [True, True, True]
    assert [one.id for one in again] == [first[1].id, first[0].id, first[0].id]
    world.run()
    assert states(world) == [OVERTAKEN, PUBLISHED]


def test_an_id_that_a_publisher_uses_twice_hides_no_change(world: World, shelf: Shelf) -> None:
    hear(world, event(level(1, at=1), name="same"))
    (second,) = hear(world, event(level(2, at=2), name="same"))
    world.run()
    assert not second.duplicate
    assert lying(world.shop) == {"A@WH1": Decimal(2)}


def test_what_is_fetched_is_news_at_once_and_whenever_it_changes(world: World, shelf: Shelf) -> None:
    for at, quantity in ((1, 10), (1, 10), (2, 8)):
        at_source(world, level(quantity, at=at))
        with world.database.write() as tx:
            push = f"push-{shelf.reads}-{at}-{len(found(world))}-{quantity}-{tx.now.isoformat()}"
            intake.store_notices(tx, [NewNotice("erp", "erp", push, "inventory", "A@WH1", 0, "{}")])
        world.drain("erp")
        world.run()
    assert shelf.written == [("A", Decimal(10)), ("A", Decimal(8))]
    with world.database.read() as tx:
        said = [one.reason for one in reversed(intake.notices(tx))]
    assert [one.split(" ", 2)[2] for one in said if one.startswith("event")] == [CHANGED, CHANGED]
    assert said[1] == "inventory A@WH1 @ erp is as it was when it was heard of last"


# -- one after another ---------------------------------------------------------------------------------------


def test_a_change_that_is_under_way_ends_before_a_newer_one_is_written(
    world: World, shelf: Shelf, door: Door
) -> None:
    hear(world, level(1, at=1))
    world.route()
    drained = begin(world.drain)
    until(lambda: door.came == ["A"])
    hear(world, level(2, at=2))
    world.route()
    assert states(world) == [("delivering", ""), ("queued", "")]
    door.open()
    drained.result(20)
    world.run()
    assert shelf.written == [("A", Decimal(1)), ("A", Decimal(2))]
    assert not shelf.overlapped


def test_articles_are_written_beside_each_other(world: World, shelf: Shelf, door: Door) -> None:
    hear(world, *(level(1, at=1, sku=sku) for sku in "ABC"))
    world.route()
    drained = begin(world.drain)
    until(lambda: sorted(door.came) == ["A", "B", "C"])
    door.open()
    drained.result(20)
    assert states(world) == [PUBLISHED] * 3


def test_with_several_lanes_each_level_stays_in_one(make_world: MakeWorld) -> None:
    world = make_world(adapter=ShelfAdapter, flows=FLOW, mode="off", lanes=4)
    for at in (1, 2):
        hear(world, *(level(at, at=at, sku=f"S{number}") for number in range(12)))
        world.route()
    of_levels = {(row.source_number, row.lane) for row in found(world)}
    assert len(of_levels) == 12
    assert len({lane for _, lane in of_levels}) > 1
    world.run()
    assert Counter(states(world)) == {SUPERSEDED: 12, PUBLISHED: 12}
    assert set(lying(world.shop).values()) == {Decimal(2)}


# -- doubt, crashes and refusals -----------------------------------------------------------------------------


@pytest.mark.parametrize("lost", [lost_after, lost_before])
def test_a_lost_reply_is_looked_into_and_the_newer_quantity_stands_in_the_end(
    world: World, shelf: Shelf, lost: Callable[..., None]
) -> None:
    shelf.behaviours = [last(world.stop, lost)]
    hear(world, level(1, at=1))
    world.route()
    world.drain()
    world.stop.clear()
    assert states(world) == [("retrying", "outcome unknown")]
    hear(world, level(2, at=2))
    world.run()
    assert states(world) == [PUBLISHED, PUBLISHED]
    assert shelf.written[-1] == ("A", Decimal(2))
    assert lying(world.shop) == {"A@WH1": Decimal(2)}


def test_a_quantity_that_may_still_come_through_comes_to_rest_before_a_newer_one_is_written(
    make_world: MakeWorld,
) -> None:
    world = make_world(adapter=ShelfAdapter, flows=FLOW, mode="off", settle=30)
    shelf = shelf_of(world.shop)
    shelf.behaviours = [lost_before]
    hear(world, level(1, at=1))
    world.route()
    world.drain()
    hear(world, level(2, at=2))
    world.run(2)
    assert states(world) == [("retrying", "in doubt"), ("queued", "")]
    assert shelf.written == []
    shelf.levels["A", "WH1"] = Decimal(1)  # the request that was given up comes through
    world.run()
    assert states(world) == [PUBLISHED, PUBLISHED]
    assert lying(world.shop) == {"A@WH1": Decimal(2)}


def test_what_a_vanished_worker_may_have_written_is_followed_by_the_newest(
    world: World, shelf: Shelf
) -> None:
    hear(world, level(1, at=1))
    world.route()
    with world.database.write() as tx:
        lease = lanes.acquire(tx, "shop", "one that vanishes", 90)
        assert lease is not None
        assert len(claims.claim(tx, "shop", lease.token, 10)) == 1
    shelf.levels["A", "WH1"] = Decimal(1)  # it wrote, and was never heard of again
    hear(world, level(3, at=3))
    hear(world, level(2, at=2))
    world.route()
    assert states(world) == [("delivering", ""), ("queued", ""), OVERTAKEN]
    world.expire_leases()
    world.run()
    assert states(world) == [PUBLISHED, PUBLISHED, OVERTAKEN]
    assert shelf.written == [("A", Decimal(3))]


def test_what_is_kept_otherwise_than_asked_is_told_and_the_next_change_mends_it(
    world: World, shelf: Shelf
) -> None:
    shelf.behaviours = [cut_down]
    hear(world, level(5, at=1))
    world.run()
    assert states(world) == [("errored", "partial")]
    assert found(world)[0].reason == "asked 5, there 4"
    hear(world, level(6, at=2))
    world.run()
    assert states(world) == [SUPERSEDED, PUBLISHED]
    assert lying(world.shop) == {"A@WH1": Decimal(6)}


def test_of_a_level_that_is_refused_again_and_again_one_error_is_left(world: World, shelf: Shelf) -> None:
    shelf.behaviours = [refused, refused, refused]
    for at in (1, 2, 3):
        hear(world, level(at, at=at))
        world.run()
    assert states(world) == [SUPERSEDED, SUPERSEDED, ("errored", "mapping")]
    world.operator.retry(found(world)[-1].id, "ann")
    world.run()
    assert states(world)[-1] == PUBLISHED


def test_an_old_change_that_a_person_has_go_on_does_not_undo_a_newer_one(world: World, shelf: Shelf) -> None:
    hear(world, level(1, at=1))
    world.route()
    first = found(world)[0].id
    world.operator.ignore(first, "ann", "not now")
    hear(world, level(2, at=2))
    world.run()
    world.operator.retry(first, "ann")
    world.run()
    assert states(world) == [OVERTAKEN, PUBLISHED]
    assert shelf.written == [("A", Decimal(2))]


@pytest.mark.parametrize("act", ["retry", "start over"])
def test_an_old_change_that_was_published_is_not_written_again(world: World, shelf: Shelf, act: str) -> None:
    for at in (1, 2):
        hear(world, level(at, at=at))
        world.run()
    first = found(world)[0].id
    if act == "retry":
        world.operator.retry(first, "ann")
    else:
        world.operator.start_over(first, "ann", "once more")
    world.run()
    assert states(world) == [OVERTAKEN, PUBLISHED]
    assert shelf.written == [("A", Decimal(1)), ("A", Decimal(2))]


def test_a_published_quantity_that_was_changed_there_is_written_again_when_it_is_started_over(
    world: World, shelf: Shelf
) -> None:
    hear(world, level(1, at=1))
    world.run()
    shelf.levels["A", "WH1"] = Decimal(99)
    world.operator.start_over(found(world)[0].id, "ann", "somebody typed in 99")
    world.run()
    assert (states(world), lying(world.shop)) == ([PUBLISHED], {"A@WH1": Decimal(1)})
