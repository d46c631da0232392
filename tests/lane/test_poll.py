"""Polling: what changed at a source is heard page by page, nothing is left out and nothing is fetched twice, whatever
changes while pages are read. Failures are `test_poll_failures.py`."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from connector.errors import Rejected
from connector.poll import polled
from connector.status import NoticeStatus
from connector.store.tables import listing
from connector.systems.base import Page, Window
from connector.systems.http import Http
from connector.work import Bell
from tests.lane.conftest import MakeWorld
from tests.lane.orders_given import at_source, flows, order, standing, statuses
from tests.lane.polling_given import POLL, again, changed, due, notices, poll_one_page, row, shipped
from tests.stub import StubAdapter
from tests.world import World


@pytest.fixture(name="database_url")
def fixture_database_url(tmp_path: Path) -> str:
    """SQLite is enough here: the statements behind it run on every database in `tests/store`."""
    return f"sqlite:///{tmp_path / 'connector.db'}"


@pytest.fixture(name="world")
def fixture_world(make_world: MakeWorld) -> World:
    """The erp is asked for its shipments once a minute, two at a time."""
    return make_world(poll=POLL)


# -- rounds and pages ----------------------------------------------------------------------------------------


def test_what_changed_is_heard_page_by_page_fetched_and_delivered(world: World) -> None:
    changed(world, "SH1", "SH2", "SH3", "SH4", "SH5")
    world.run()
    assert shipped(world) == ["SH1", "SH2", "SH3", "SH4", "SH5"]
    assert [window.size for window in world.shop.windows] == [2, 2, 2]
    stands = row(world)
    assert (stands.pages, stands.heard, stands.fresh, stands.rounds) == (3, 5, 5, 1)
    assert {notice.via for notice in notices(world)} == {"poll"}


def test_the_first_round_begins_when_polling_was_declared_and_looks_back_over_the_overlap(
    world: World,
) -> None:
    changed(world, "OLD", ago=3600)
    changed(world, "NEW", ago=60)
    world.run()
    assert shipped(world) == ["NEW"]
    (window,) = world.shop.windows
    assert row(world).created_at - window.since == timedelta(seconds=120)
    assert (window.until, window.position) == (None, None)


def test_a_round_is_over_until_it_is_due_again(world: World) -> None:
    changed(world, "SH1")
    world.run()
    world.run()
    assert len(world.shop.windows) == 1
    assert timedelta(seconds=0) < row(world).due_at - row(world).updated_at <= timedelta(seconds=60)


def test_the_next_round_begins_so_far_before_the_newest_change_as_the_overlap_says(world: World) -> None:
    changed(world, "SH1")
    world.run()
    again(world)
    newest = world.shop.changed["SH1"]
    assert timedelta(seconds=120) <= newest - world.shop.windows[-1].since
    assert world.shop.windows[-1].since >= world.shop.windows[0].since
    assert row(world).rounds == 2


def test_rounds_in_which_nothing_changed_begin_where_the_last_one_did(world: World) -> None:
    world.run()
    again(world)
    assert world.shop.windows[0] == world.shop.windows[1]


def test_a_version_that_was_heard_is_not_fetched_again_and_a_later_one_is(world: World) -> None:
    changed(world, "SH1")
    world.run()
    again(world)
    assert len(world.shop.fetched) == 1
    assert (row(world).heard, row(world).fresh) == (2, 1)
    changed(world, "SH1")
    again(world)
    assert len(world.shop.fetched) == 2
    assert shipped(world) == ["SH1"]


def test_what_becomes_visible_late_with_an_older_time_is_heard_within_the_overlap(world: World) -> None:
    changed(world, "SH2", ago=1)
    world.run()
    changed(world, "SH1", ago=100)
    again(world)
    assert shipped(world) == ["SH1", "SH2"]


def test_a_document_dated_in_the_future_does_not_blind_us(world: World) -> None:
    changed(world, "SH1", ago=-86_400 * 365)
    world.run()
    changed(world, "SH2")
    again(world)
    assert shipped(world) == ["SH1", "SH2"]
    assert len(world.shop.fetched) == 2


def test_push_and_poll_of_the_same_document_are_one_event(world: World) -> None:
    changed(world, "SH1")
    world.notice("SH1", "push-1")
    world.run()
    world.notice("SH1", "push-2")
    again(world)
    assert world.statuses() == {"published": 1}


# -- while pages are read ------------------------------------------------------------------------------------


def after_page(world: World, patch: pytest.MonkeyPatch, number: int, act: Callable[[], None]) -> None:
    """Something happens at the source right after its so-manieth page was read."""
    poll = StubAdapter.poll

    async def polled_then(self: StubAdapter, http: Http, window: Window) -> Page:
        page = await poll(self, http, window)
        if len(world.shop.windows) == number:
            act()
        return page

    patch.setattr(StubAdapter, "poll", polled_then)


def test_a_document_that_changes_after_its_page_was_read_is_heard_in_its_new_version(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in range(5):
        changed(world, f"SH{at}", ago=10 - at)
    after_page(world, monkeypatch, 1, lambda: changed(world, "SH0"))
    world.run()
    heard = [notice.transport_id for notice in notices(world) if notice.number == "SH0"]
    assert (len(heard), len(set(heard))) == (2, 2)
    assert shipped(world) == [f"SH{at}" for at in range(5)]


def test_a_document_that_moves_behind_the_page_being_read_lets_none_be_left_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages that were counted off would shift, and one document would be on neither."""
    for at in range(6):
        changed(world, f"SH{at}", ago=20 - at)
    after_page(world, monkeypatch, 1, lambda: changed(world, "SH1", "SH3"))
    world.run()
    assert shipped(world) == [f"SH{at}" for at in range(6)]


def test_a_new_document_between_two_pages_is_heard_in_this_round(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(world, "SH1", "SH2", "SH3", ago=5)
    after_page(world, monkeypatch, 1, lambda: changed(world, "SH9"))
    world.run()
    assert shipped(world) == ["SH1", "SH2", "SH3", "SH9"]
    assert row(world).rounds == 1


def test_a_long_round_looks_back_as_far_as_it_lasted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the overlap: what changed unseen while an hour of pages was read is older than the newest change."""
    for at in range(3):
        changed(world, f"SH{at}", ago=7200 - at)
    due(world, since=datetime.now(UTC) - timedelta(hours=3))
    world.runner("erp")
    poll_one_page(world)
    due(world, began_at=datetime.now(UTC) - timedelta(hours=1))
    changed(world, "SH2")
    world.run()
    changed(world, "LATE", ago=3000)
    again(world)
    assert "LATE" in shipped(world)


# -- what is polled ------------------------------------------------------------------------------------------


def test_the_sweeper_rings_for_a_lane_of_which_something_is_to_be_listed(world: World) -> None:
    assert Bell("poll", "erp") in world.sweeper.run()
    world.drain("erp")
    assert Bell("poll", "erp") not in world.sweeper.run()
    due(world)
    assert Bell("poll", "erp") in world.sweeper.run()


def test_a_connection_without_polling_is_not_asked(make_world: MakeWorld) -> None:
    world = make_world()
    changed(world, "SH1")
    world.run()
    assert (world.shop.windows, notices(world)) == ([], [])


def test_the_kinds_that_flows_need_are_polled_as_far_as_the_source_can_list_them(
    make_world: MakeWorld,
) -> None:
    """The stub lists shipments and orders; a flow that looks at orders would need payments, too."""
    world = make_world(poll=POLL, flows=flows())
    assert [one.kind for one in polled(world.loaded.config, world.connections)] == ["order", "shipment"]
    only = make_world(poll="{kinds: [order]}", flows=flows())
    assert [one.kind for one in polled(only.loaded.config, only.connections)] == ["order"]


def test_orders_and_shipments_are_listed_apart(make_world: MakeWorld) -> None:
    world = make_world(poll=POLL, flows=flows())
    changed(world, "SH1")
    at_source(world, order("77"))
    world.shop.changed["77"] = datetime.now(UTC)
    world.run()
    assert (statuses(world), standing(world, "shipment")) == (["published"], ["order of SH1"])
    assert (row(world, "order").heard, row(world, "shipment").heard) == (1, 1)


def test_a_kind_that_is_no_longer_polled_rests_and_goes_on_where_it_stood(make_world: MakeWorld) -> None:
    world = make_world(poll=POLL)
    changed(world, "SH1")
    world.run()
    since = row(world).since
    make_world()
    assert row(world).state == "off"
    due(world)
    assert Bell("poll", "erp") not in world.sweeper.run()
    changed(world, "SH2")
    back = make_world(poll=POLL)
    assert (row(back).state, row(back).since) == ("active", since)
    back.run()
    assert shipped(back) == ["SH1", "SH2"]


def test_a_restart_does_not_begin_anew(make_world: MakeWorld) -> None:
    world = make_world(poll=POLL)
    changed(world, "SH1")
    world.run()
    before = row(world)
    later = make_world(poll=POLL)
    assert row(later) == before
    with later.database.read() as tx:
        assert tx.value(sa.select(sa.func.count()).select_from(listing)) == 1


def test_a_document_that_cannot_be_fetched_does_not_hold_polling_up(world: World) -> None:
    changed(world, "SH1")
    world.shop.fetch_errors = [Rejected("you may not see it")]
    world.run()
    assert [notice.status for notice in notices(world)] == [NoticeStatus.ERRORED]
    changed(world, "SH2")
    again(world)
    assert shipped(world) == ["SH2"]
