"""Polling when workers vanish, pages arrive too late, and sources fail: nothing is lost, nothing is heard twice."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from connector.errors import CallError, CredentialsRefused, RateLimited, Rejected, Unavailable
from connector.store import lanes, listings
from connector.systems.base import Page, Window
from connector.systems.http import Http
from connector.work import Bell
from tests.lane.conftest import MakeWorld
from tests.lane.polling_given import POLL, again, changed, due, poll_one_page, row, shipped
from tests.servers import PostgresServer
from tests.stub import StubAdapter
from tests.world import Door, World, begin, until


@pytest.fixture(name="database_url")
def fixture_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """SQLite, and where several write at once PostgreSQL as well."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield f"sqlite:///{tmp_path / 'connector.db'}"
        return
    server: PostgresServer = request.getfixturevalue(request.param)
    with server.database() as url:
        yield url


on_both = pytest.mark.parametrize("database_url", ["sqlite", "postgres_wheel"], indirect=True)


@pytest.fixture(name="world")
def fixture_world(make_world: MakeWorld) -> World:
    """The erp is asked for its shipments once a minute, two at a time."""
    return make_world(poll=POLL)


@pytest.fixture(name="door")
def fixture_door(make_world: MakeWorld) -> Iterator[Door]:
    """A door that is open at the end, before the worlds are closed."""
    door = Door()
    yield door
    door.open()


# -- who vanishes --------------------------------------------------------------------------------------------


def test_a_worker_that_vanishes_between_the_page_and_its_commit_loses_nothing(world: World) -> None:
    changed(world, "SH1", "SH2", "SH3")
    with world.database.write() as tx:
        lease = lanes.acquire(tx, "erp", "one that vanishes", 90)
        assert lease is not None
        (taken,) = listings.claim(tx, "erp", lease.token, 10)
    world.expire_leases()
    world.run()
    assert shipped(world) == ["SH1", "SH2", "SH3"]
    assert (taken.id, row(world).rounds) == (row(world).id, 1)


@on_both
def test_a_worker_that_vanishes_between_two_pages_is_followed_from_the_next_page(world: World) -> None:
    for at in range(5):
        changed(world, f"SH{at}", ago=10 - at)
    poll_one_page(world)
    position = row(world).position
    assert position is not None
    with world.database.write() as tx:
        lease = lanes.acquire(tx, "erp", "one that vanishes", 90)
        assert lease is not None
        listings.claim(tx, "erp", lease.token, 10)
    world.expire_leases()
    world.run()
    assert world.shop.windows[1].position == position
    assert [window.since for window in world.shop.windows] == [world.shop.windows[0].since] * 3
    assert (shipped(world), row(world).heard) == ([f"SH{at}" for at in range(5)], 5)


@on_both
def test_a_page_that_arrives_after_the_lane_was_lost_is_read_again_by_the_new_owner(
    make_world: MakeWorld, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of it stands twice: neither its notices nor its counts."""
    world, other = make_world(poll=POLL), make_world(poll=POLL)
    changed(world, "SH1", "SH2")
    poll = StubAdapter.poll

    async def held(self: StubAdapter, http: Http, window: Window) -> Page:
        page = await poll(self, http, window)
        if self is world.connections["erp"].adapter:
            await door.enter("first")
        return page

    monkeypatch.setattr(StubAdapter, "poll", held)
    drained = begin(lambda: world.drain("erp"))
    until(lambda: door.came == ["first"])
    world.expire_leases()
    other.run()
    door.open()
    assert drained.result(20).lost
    other.run()
    assert shipped(world) == ["SH1", "SH2"]
    assert (row(world).heard, row(world).rounds, len(world.shop.fetched)) == (2, 1, 2)


@on_both
def test_two_workers_do_not_ask_for_the_same_page(
    make_world: MakeWorld, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, other = make_world(poll=POLL), make_world(poll=POLL)
    changed(world, "SH1")
    poll = StubAdapter.poll

    async def held(self: StubAdapter, http: Http, window: Window) -> Page:
        await door.enter("one")
        return await poll(self, http, window)

    monkeypatch.setattr(StubAdapter, "poll", held)
    drained = begin(lambda: world.drain("erp"))
    until(lambda: door.came == ["one"])
    assert not other.drain("erp").owned
    door.open()
    drained.result(20)
    assert len(world.shop.windows) == 1


# -- failures ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Unavailable("maintenance"), "unavailable"),
        (Rejected("no such filter"), "rejected"),
        (RateLimited("too many", retry_after=0.1), "rate limited"),
    ],
    ids=str,
)
def test_a_listing_that_fails_says_why_and_is_asked_for_again(
    world: World, error: CallError, code: str
) -> None:
    changed(world, "SH1")
    world.shop.poll_errors = [error]
    world.drain("erp")
    failed = row(world)
    assert (failed.code, failed.reason) == (code, error.message)
    assert failed.failed_since is not None
    assert failed.due_at > failed.updated_at
    with world.database.write() as tx:
        lanes.resume(tx, "erp")
    again(world)
    mended = row(world)
    assert (shipped(world), mended.code, mended.failed_since, mended.attempts) == (["SH1"], "", None, 0)


def test_a_listing_that_fails_again_and_again_is_asked_for_more_and_more_seldom(world: World) -> None:
    delays = []
    for _ in range(4):
        world.shop.poll_errors = [Unavailable("maintenance")]
        due(world)
        world.drain("erp")
        delays.append(row(world).due_at - row(world).updated_at)
    assert all(later > earlier * 1.1 for earlier, later in pairwise(delays))
    assert row(world).attempts == 4


def test_a_source_that_is_away_for_weeks_is_not_given_up(world: World) -> None:
    world.shop.poll_errors = [Unavailable("maintenance")]
    due(world, failed_since=datetime.now(UTC) - timedelta(days=60), attempts=1000)
    world.drain("erp")
    stands = row(world)
    assert (stands.state, stands.code) == ("active", "unavailable")
    assert stands.due_at - stands.updated_at <= timedelta(hours=1.25)


def test_refused_credentials_pause_the_connection_and_the_page_is_read_when_it_goes_on(world: World) -> None:
    changed(world, "SH1")
    world.shop.poll_errors = [CredentialsRefused("the log-in is refused")]
    world.drain("erp")
    assert row(world).code == "credentials refused"
    due(world)
    assert Bell("poll", "erp") not in world.sweeper.run()
    with world.database.write() as tx:
        lanes.resume(tx, "erp")
    world.run()
    assert shipped(world) == ["SH1"]


def test_a_page_on_which_our_own_code_fails_is_kept_and_stops_nothing_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(self: StubAdapter, http: Http, window: Window) -> Page:
        raise ZeroDivisionError("a defect")

    world.at_source("SH9")
    world.notice("SH9", "push-1")
    with monkeypatch.context() as patched:
        patched.setattr(StubAdapter, "poll", broken)
        world.run()
    assert shipped(world) == ["SH9"]
    assert row(world).code == "quarantined"
    assert "a defect" in row(world).reason
    changed(world, "SH1")
    again(world)
    assert shipped(world) == ["SH1", "SH9"]


def test_a_worker_that_stops_before_it_asked_leaves_the_page_due(world: World) -> None:
    changed(world, "SH1")
    world.stop.set()
    world.drain("erp")
    world.stop.clear()
    assert (row(world).attempts, world.shop.windows) == (0, [])
    world.run()
    assert shipped(world) == ["SH1"]
