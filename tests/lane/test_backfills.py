"""Everything that changed at a source in a time is fetched once, held or posted, and it is told how far it is."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connector.errors import Rejected
from connector.retrieval import NotAvailable, Progress
from connector.store import lanes, listings
from connector.store.tables import listing
from connector.work import Bell
from tests.lane.conftest import MakeWorld
from tests.lane.orders_given import at_source, flows, order, statuses
from tests.lane.polling_given import POLL, changed, due, shipped
from tests.lane.retrieval_given import NOW, SINCE, begun, recorded
from tests.world import World, until


@pytest.fixture(name="database_url")
def fixture_database_url(tmp_path: Path) -> str:
    """SQLite is enough here: the statements behind it run on every database in `tests/store`."""
    return f"sqlite:///{tmp_path / 'connector.db'}"


def progress(world: World, ids: list[int]) -> Progress:
    """How far it is, when everything has come to an end."""
    world.run()
    return world.retrieval.progress(ids)


@pytest.fixture(name="stock")
def fixture_stock(make_world: MakeWorld) -> World:
    """Seven shipments changed in the last days, hour by hour, two of them before the time that is asked for."""
    world = make_world(poll="null")
    for at in range(5):
        changed(world, f"SH{at}", ago=3600 * (at + 1))
    changed(world, "OLD1", "OLD2", ago=86_400 * 3)
    return world


def test_a_backfill_hears_everything_of_its_time_and_holds_it(stock: World) -> None:
    ids = begun(stock)
    found = progress(stock, ids)
    assert found.finished
    assert (found.notices, found.entries) == ({"completed": 5}, {"held": 5})
    assert (found.listings[0].state, found.listings[0].heard) == ("done", 5)
    assert stock.shop.creates == []
    windows = stock.shop.windows
    assert {window.since for window in windows} == {SINCE}, "no overlap: the time is what was asked for"


def test_a_backfill_is_finished_when_what_it_fetched_is_routed_too(stock: World) -> None:
    ids = begun(stock)
    until(lambda: stock.drain("erp").done == 0 and stock.retrieval.progress(ids).notices["completed"] == 5)
    found = stock.retrieval.progress(ids)
    assert (found.listed, found.open, found.to_route, found.entries) == (True, 0, 5, {})
    assert not found.finished
    stock.route()
    found = stock.retrieval.progress(ids)
    assert (found.to_route, found.finished, found.entries) == (0, True, {"held": 5})


def test_a_backfill_that_is_posted_delivers(stock: World) -> None:
    found = progress(stock, begun(stock, post=True))
    assert found.entries == {"published": 5}
    assert shipped(stock) == [f"SH{at}" for at in range(5)]


def test_a_backfill_ends_where_its_time_ends(stock: World) -> None:
    progress(stock, begun(stock, until=NOW - timedelta(hours=2, minutes=30)))
    assert sorted(wanted.number for wanted in stock.shop.fetched) == ["SH2", "SH3", "SH4"]


@pytest.mark.parametrize(
    ("since", "why"),
    [(NOW + timedelta(days=400), "has not begun yet"), (datetime(1, 1, 2, tzinfo=UTC), "begins too early")],
)
def test_a_time_in_which_nothing_can_have_changed_is_refused(stock: World, since: datetime, why: str) -> None:
    with pytest.raises(NotAvailable, match=why):
        begun(stock, since)


def test_a_backfill_without_an_end_ends_at_the_moment_it_was_begun(stock: World) -> None:
    ids = begun(stock)
    (row,) = stock.retrieval.progress(ids).listings
    changed(stock, "NEW", ago=-60)
    assert progress(stock, ids).notices == {"completed": 5}
    assert row.until is not None
    assert row.until - row.created_at <= timedelta(seconds=1)


def test_the_same_backfill_again_finds_the_first_and_begins_nothing(stock: World) -> None:
    ids = begun(stock)
    progress(stock, ids)
    asked = len(stock.shop.windows)
    assert begun(stock) == ids
    assert progress(stock, ids).finished
    assert len(stock.shop.windows) == asked


@pytest.mark.parametrize(
    "other",
    [
        lambda world: begun(world, since=SINCE + timedelta(hours=1)),
        lambda world: begun(world, until=NOW),
        lambda world: begun(world, post=True),
    ],
    ids=["another beginning", "another end", "posted"],
)
def test_another_backfill_is_another_one_and_fetches_nothing_twice(
    stock: World, other: Callable[[World], list[int]]
) -> None:
    ids = begun(stock)
    progress(stock, ids)
    fetched = len(stock.shop.fetched)
    again = other(stock)
    assert set(again).isdisjoint(ids)
    found = progress(stock, again)
    assert found.finished
    assert (found.listings[0].fresh, len(stock.shop.fetched)) == (0, fetched)


def test_a_backfill_goes_on_where_it_stood_when_its_worker_vanished(make_world: MakeWorld) -> None:
    world = make_world(poll=POLL.replace("60", "86400"))
    for at in range(6):
        changed(world, f"SH{at}", ago=3600 * (at + 1))
    with world.database.write() as tx:
        tx.run(listing.update().values(state="off"))  # polling is not what is looked at here
    ids = begun(world, post=True)
    world.runner("erp").drain("erp", lambda: world.retrieval.progress(ids).listings[0].pages > 0)
    with world.database.write() as tx:
        lease = lanes.acquire(tx, "erp", "one that vanishes", 90)
        assert lease is not None
        assert listings.claim(tx, "erp", lease.token, 10) != []
    world.expire_leases()
    found = progress(world, ids)
    assert (found.finished, found.listings[0].pages, found.listings[0].heard) == (True, 3, 6)
    assert shipped(world) == [f"SH{at}" for at in range(6)]


def test_a_backfill_fetches_nothing_again_that_polling_heard(make_world: MakeWorld) -> None:
    world = make_world(poll=POLL)
    changed(world, "SH1", ago=5)
    world.run()
    found = progress(world, begun(world))
    assert shipped(world) == ["SH1"]
    assert (found.listings[0].heard, found.listings[0].fresh) == (1, 0)


def test_a_backfill_without_an_end_leaves_to_polling_what_polling_has_not_heard_yet(
    make_world: MakeWorld,
) -> None:
    """A person who asks for the last days must not have what happens today held."""
    world = make_world(poll=POLL)
    changed(world, "OLD", ago=3600)
    world.run()
    changed(world, "SH1")
    assert progress(world, begun(world)).entries == {"held": 1}
    assert shipped(world) == []
    due(world)
    world.run()
    assert shipped(world) == ["SH1"]


def test_progress_tells_what_is_still_to_be_listed_and_to_be_fetched(stock: World) -> None:
    ids = begun(stock)
    found = stock.retrieval.progress(ids)
    assert (found.listed, found.finished, found.open) == (False, False, 0)
    stock.runner("erp").drain("erp", lambda: stock.retrieval.progress(ids).listed)
    found = stock.retrieval.progress(ids)
    assert (found.listed, found.open + found.notices["completed"]) == (True, 5)
    assert progress(stock, ids).open == 0


def test_a_backfill_that_cannot_go_on_says_why(stock: World) -> None:
    stock.shop.poll_errors = [Rejected("no such filter")]
    ids = begun(stock)
    stock.drain("erp")
    (row,) = stock.retrieval.progress(ids).listings
    assert (row.state, row.code, row.reason) == ("active", "rejected", "no such filter")
    due(stock)
    assert progress(stock, ids).finished


@pytest.mark.parametrize(
    ("connection", "kinds", "until", "said"),
    [
        ("nowhere", set(), None, "there is no connection 'nowhere'"),
        (
            "erp",
            {"refund"},
            None,
            "refund documents cannot be listed at erp: it can be asked for order, shipment",
        ),
        ("erp", set(), SINCE, "before it begins"),
        ("erp", set(), SINCE - timedelta(days=1), "before it begins"),
    ],
)
def test_a_backfill_that_makes_no_sense_is_refused(
    world: World, connection: str, kinds: set[str], until: datetime | None, said: str
) -> None:
    with pytest.raises(NotAvailable) as refused:
        world.retrieval.backfill(connection, SINCE, until, kinds, "ann", post=False)
    assert said in str(refused.value)
    assert recorded(world) == []


def test_a_backfill_of_no_kind_in_particular_lists_all_that_the_source_can_list(
    make_world: MakeWorld,
) -> None:
    world = make_world(flows=flows())
    changed(world, "SH1", ago=3600)
    at_source(world, order("77"))
    world.shop.changed["77"] = NOW - timedelta(hours=1)
    rows, bells = world.retrieval.backfill("erp", SINCE, None, set(), "ann", post=True)
    assert sorted(row.kind for row in rows) == ["order", "shipment"]
    assert bells == {Bell("poll", "erp")}
    found = progress(world, [row.id for row in rows])
    assert found.entries == {"published": 2}
    assert statuses(world) == ["published"]
