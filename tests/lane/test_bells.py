"""When a lane is worth ringing for, and whom it serves first: no bell without work, no work that is left lying."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from connector.deliver import Deliver
from connector.errors import RateLimited
from connector.shards import ROUTER
from connector.store import StoreUnavailable, Transaction, intake, lanes
from connector.store.intake import NewNotice
from connector.store.tables import entry, event, notice, step
from connector.systems.base import Fetched, Wanted
from connector.systems.http import Http
from connector.work import Bell, Job
from tests.lane.conftest import MakeWorld
from tests.stub import StubAdapter, raising
from tests.world import Door, World, begin, hold_creates, shipment, until


@pytest.fixture
def door(make_world: MakeWorld) -> Iterator[Door]:
    """A door that is open at the end, before the worlds are closed."""
    door = Door()
    yield door
    door.open()


@pytest.fixture
def fleet(postgres_url: str) -> Iterator[World]:
    """A world on PostgreSQL, where several write at once."""
    world = World(postgres_url)
    yield world
    world.close()


def _due(world: World, lane: str = "shop") -> bool:
    """Is the lane due for its last owner, and for the sweeper? They agree."""
    with world.database.read() as tx:
        rung = lanes.due(tx, lane)
        assert (lane in lanes.with_due_work(tx)) == rung
        return rung


def _many(world: World, count: int) -> None:
    world.publish(*(shipment(f"SH{n}", str(n)) for n in range(count)))
    world.route()


def _heaps_up(world: World, lane: str, numbers: list[str]) -> None:
    """Many pushes at once, each with a transport id of its own."""
    with world.database.write() as tx:
        blank = intake._notice_values(tx, NewNotice(lane, lane, "", "shipment", "", 0, "{}"))
        rows: list[dict[str, Any]] = [
            blank | {"transport_id": f"push-{position}", "number": number}
            for position, number in enumerate(numbers)
        ]
        tx.run(notice.insert(), rows)


# -- no bell without work ----------------------------------------------------------------------------------------------


def test_a_lane_whose_only_due_entry_is_blocked_by_a_retrying_one_is_not_due_until_that_one_is(
    world: World,
) -> None:
    world.publish(shipment("SH1", "1"), shipment("SH2", "1"))
    world.route()
    later = entry.update().where(entry.c.source_number == "SH1")
    with world.database.write() as tx:
        tx.run(later.values(status="retrying", due_at=tx.now + timedelta(hours=1)))
    assert not _due(world)
    assert world.drain().done == 0
    with world.database.write() as tx:
        tx.run(later.values(due_at=tx.now))
    assert _due(world)
    world.run()
    assert world.statuses() == {"published": 2}


def test_a_router_that_finds_another_at_work_returns_at_once_and_what_came_meanwhile_is_rung_for(
    fleet: World,
) -> None:
    with fleet.database.write() as tx:
        lanes.lock(tx, ROUTER)
        fleet.publish(shipment("SH1"))
        routed = begin(fleet.route)
        until(routed.done)
        assert routed.result() == set()
    assert fleet.statuses() == {}
    assert Bell("route") in fleet.sweeper.run()
    fleet.run()
    assert fleet.statuses() == {"published": 1}


def test_a_router_rings_for_what_was_stored_after_its_last_look(
    fleet: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever stored it rang for a router that found another at work, and went away."""
    look = intake.events_to_route
    stored: list[object] = []

    def look_and_miss(tx: Transaction, limit: int) -> list[intake.EventRow]:
        found = look(tx, limit)
        if not found and not stored:
            stored.extend(fleet.publish(shipment("SH2", "2")))
        return found

    fleet.publish(shipment("SH1"))
    with monkeypatch.context() as patch:
        patch.setattr(intake, "events_to_route", look_and_miss)
        assert Bell("route") in fleet.route()


# -- no work that is left lying ----------------------------------------------------------------------------------------


def test_new_work_is_begun_by_idle_slots_while_a_slow_job_runs(
    make_world: MakeWorld, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(concurrency=4)
    hold_creates(monkeypatch, door, "1", "2")
    world.publish(shipment("SH1", "1"))
    world.route()
    drained = begin(world.drain)
    until(lambda: door.came == ["1"])
    world.publish(shipment("SH2", "2"))
    world.route()
    assert not world.drain().owned, "the bell finds the lane owned"
    until(lambda: door.came == ["1", "2"])
    door.open()
    assert drained.result(20).done == 2
    assert world.statuses() == {"published": 2}


def test_many_notices_of_one_document_come_in_parts_and_do_not_stop_its_lane(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert intake.MOST_NOTICES < 30_000, "one statement may have no more parameters"
    monkeypatch.setattr(intake, "MOST_NOTICES", 50)
    world.at_source("SH1")
    _heaps_up(world, "erp", ["SH1"] * 120)
    drained = world.drain("erp")
    assert drained.done == len(world.shop.fetched) == 3
    with world.database.read() as tx:
        assert {row["status"] for row in tx.rows(sa.select(notice))} == {"completed"}
        assert tx.value(sa.select(sa.func.count()).select_from(event)) == 1


def test_deliveries_are_not_kept_waiting_until_all_documents_are_fetched(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection may be the source of one flow and the target of another."""
    world = make_world(concurrency=1)
    documents = 220
    numbers = [f"N{position}" for position in range(documents)]
    fetched_before: list[int] = []
    world.shop.on_commit = lambda step: fetched_before.append(len(world.shop.fetched))
    world.at_source("N", holds=False)
    fetch = StubAdapter.fetch

    async def any_document(self: StubAdapter, http: Http, wanted: Wanted) -> Fetched:
        self.shop.documents[wanted.number] = self.shop.documents["N"]
        return await fetch(self, http, wanted)

    monkeypatch.setattr(StubAdapter, "fetch", any_document)
    _heaps_up(world, "shop", numbers)
    world.publish(shipment("SH1"))
    world.route()
    assert world.drain().done == documents + 1
    assert fetched_before[0] < documents / 2


# -- no more in hand than can be looked after --------------------------------------------------------------------------


def test_an_owner_claims_only_some_jobs_ahead_for_each_of_its_slots(
    make_world: MakeWorld, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is claimed when a worker vanishes is in doubt, begun or not."""
    world = make_world(concurrency=2)
    hold_creates(monkeypatch, door, *(str(n) for n in range(150)))
    _many(world, 150)
    drained = begin(world.drain)
    until(lambda: len(door.came) == 2)
    assert 2 <= world.statuses()["delivering"] <= 2 * 16
    world.stop.set()
    door.open()
    drained.result(20)
    assert world.statuses()["delivering"] == 0


def test_what_was_never_begun_is_given_back_without_doubt_though_the_store_is_away_for_a_moment(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(concurrency=1)
    _many(world, 20)
    world.shop.behaviours = [raising(RateLimited("slow down", retry_after=1800))]
    give_back = Deliver.give_back
    away: list[str] = []

    def once_away(self: Deliver, tx: Transaction, jobs: list[Job], reason: str) -> None:
        if not away:
            away.append(reason)
            raise StoreUnavailable("the connection broke")
        give_back(self, tx, jobs, reason)

    with monkeypatch.context() as patch:
        patch.setattr(Deliver, "give_back", once_away)
        drained = begin(world.drain)
        until(drained.done)
    assert away
    assert world.statuses() == {"queued": 19, "retrying": 1}
    with world.database.read() as tx:
        assert tx.values(sa.select(step.c.key).where(step.c.doubt_at.isnot(None))) == []


def test_an_entry_that_was_given_back_unbegun_counts_no_try(make_world: MakeWorld) -> None:
    world = make_world(concurrency=1)
    _many(world, 6)
    world.shop.behaviours = [raising(RateLimited("slow down", retry_after=1800))]
    world.drain()
    assert len(world.shop.creates) == 1
    for number in range(6):
        assert world.entry(f"SH{number}").attempts == len(world.attempts(f"SH{number}"))


def test_a_notice_that_was_given_back_unbegun_counts_no_try(world: World) -> None:
    for number in range(12):
        world.at_source(f"SH{number}", str(number))
        world.notice(f"SH{number}", f"push-{number}")
    world.shop.fetch_errors = [RateLimited("slow down", retry_after=1800)]
    world.drain("erp")
    with world.database.read() as tx:
        found = intake.notices(tx)
        tries = {row.number: len(intake.notice_attempts(tx, row.id)) for row in found}
    assert {row.number: row.attempts for row in found} == tries
    assert 0 in tries.values()
