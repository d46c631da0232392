"""One owner at a time: leases, fencing, renewal, what a lost owner still learns, giving back at shutdown."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from connector.store import StoreUnavailable, Transaction, claims, entries, lanes, steps
from connector.store.lanes import LeaseLost
from connector.store.tables import lane
from tests.lane.conftest import MakeWorld
from tests.stub import Shop
from tests.world import Door, World, begin, hold_creates, shipment, until


def test_a_lane_that_is_owned_is_not_given_to_another(world: World) -> None:
    with world.database.write() as tx:
        assert lanes.acquire(tx, "shop", "first", 60) is not None
    with world.database.write() as tx:
        assert lanes.acquire(tx, "shop", "second", 60) is None


def test_an_expired_lease_is_taken_with_a_higher_token(world: World) -> None:
    with world.database.write() as tx:
        first = lanes.acquire(tx, "shop", "first", 60)
    world.expire_leases()
    with world.database.write() as tx:
        second = lanes.acquire(tx, "shop", "second", 60)
    assert first is not None
    assert second is not None
    assert second.token == first.token + 1
    assert second.lost_until is not None


def test_a_commit_with_an_old_token_leaves_nothing_behind(world: World) -> None:
    world.publish(shipment("SH1"))
    world.route()
    with world.database.write() as tx:
        first = lanes.acquire(tx, "shop", "first", 60)
    assert first is not None
    world.expire_leases()
    with world.database.write() as tx:
        lanes.acquire(tx, "shop", "second", 60)
    with pytest.raises(LeaseLost):
        _claim_as(world, first.token)
    assert world.entry("SH1").status == "queued"


def _claim_as(world: World, token: int) -> None:
    with world.database.write() as tx:
        claims.claim(tx, "shop", token, 10)
        lanes.fence(tx, "shop", token)


def test_a_lease_that_ran_out_is_no_good_even_if_nobody_took_it(world: World) -> None:
    with world.database.write() as tx:
        lease = lanes.acquire(tx, "shop", "first", 60)
    assert lease is not None
    world.expire_leases()
    with pytest.raises(LeaseLost), world.database.write() as tx:
        lanes.renew(tx, "shop", lease.token, 60)


def test_an_owner_renews_its_lease_while_it_works(make_world: MakeWorld) -> None:
    world = make_world(lease=3, renew=0.2, concurrency=1)
    world.publish(*(shipment(f"SH{n}", str(n)) for n in range(15)))
    world.route()
    world.shop.delay = 0.3
    assert world.drain().done == 15
    assert world.statuses() == {"published": 15}
    with world.database.read() as tx:
        assert tx.value(lane.select().with_only_columns(lane.c.token).where(lane.c.name == "shop")) == 1


def _once_called(world: World, calls: int, do: Callable[[], None]) -> threading.Thread:
    """Do something as soon as so many calls are under way."""

    def wait_then_do() -> None:
        until(lambda: len(world.shop.creates) >= calls)
        do()

    thread = threading.Thread(target=wait_then_do)
    thread.start()
    return thread


def test_no_new_call_starts_when_the_lease_is_lost_and_what_was_learnt_is_kept_as_late(
    make_world: MakeWorld,
) -> None:
    world = make_world(lease=90, renew=0.05, concurrency=2)
    world.publish(*(shipment(f"SH{n}", str(n)) for n in range(6)))
    world.route()
    world.shop.delay = 2
    lost = _once_called(world, 2, world.expire_leases)
    drained = world.drain()
    lost.join()
    assert drained.lost
    assert len(world.shop.shipments) == 2, "two calls were in flight, no further one started"
    late = [attempt for n in range(6) for attempt in world.attempts(f"SH{n}") if attempt["late"]]
    assert len(late) == 2
    world.shop.delay = 0
    world.run()
    assert world.statuses() == {"published": 6}
    assert len(world.shop.shipments) == 6, "what the lost owner had done was found, not repeated"


def test_two_owners_fighting_over_an_expired_lease_ship_once(make_world: MakeWorld) -> None:
    shop = Shop(delay=1)
    first, second = make_world(shop=shop, settle=4), make_world(shop=shop, settle=4)
    first.publish(shipment("SH1"))
    first.route()
    thread = threading.Thread(target=first.drain)
    thread.start()
    while not shop.creates:
        time.sleep(0.01)
    second.expire_leases()
    second.run()
    thread.join()
    second.run()
    assert len(shop.shipments) == 1
    assert second.statuses() == {"published": 1}
    assert any(attempt["late"] for attempt in second.attempts("SH1"))


def test_shutdown_finishes_calls_in_flight_and_gives_the_rest_back(make_world: MakeWorld) -> None:
    world = make_world(concurrency=2)
    world.publish(*(shipment(f"SH{n}", str(n)) for n in range(8)))
    world.route()
    world.shop.delay = 1
    _once_called(world, 2, world.stop.set)
    drained = world.drain()
    assert drained.done == 2
    assert world.statuses() == {"published": 2, "queued": 6}
    with world.database.write() as tx:
        assert lanes.acquire(tx, "shop", "the next", 60) is not None, "the lane was given back"
    given_back = [n for n in range(8) if "delivering>queued" in world.journal(f"SH{n}")]
    assert len(given_back) == 6
    assert all(world.steps(f"SH{n}")[0].doubt_at is None for n in given_back)


def test_a_drain_ends_when_its_budget_is_spent(make_world: MakeWorld) -> None:
    world = make_world(budget=1.5, concurrency=1)
    world.publish(*(shipment(f"SH{n}", str(n)) for n in range(30)))
    world.route()
    world.shop.delay = 0.2
    assert 0 < world.drain().done < 30
    with world.database.read() as tx:
        assert lanes.due(tx, "shop"), "the rest is due, so the bell is rung again"


def test_leases_use_the_clock_of_the_database(world: World) -> None:
    with world.database.write() as tx:
        lease = lanes.acquire(tx, "shop", "first", 60)
        assert lease is not None
        assert lease.until == tx.now + timedelta(seconds=60)


def test_a_defect_of_ours_on_one_entry_does_not_stop_the_others(world: World) -> None:
    world.publish(shipment("SH1", "1"), shipment("SH2", "2"))

    def defect(shop: Shop, step: object) -> None:
        raise ZeroDivisionError("a defect")

    world.shop.behaviours = [defect]
    world.run()
    assert world.statuses() == {"published": 1, "errored": 1}
    errored = next(world.entry(n) for n in ("SH1", "SH2") if world.entry(n).status == "errored")
    assert errored.code == "quarantined"
    assert "a defect" in errored.reason
    assert world.steps(errored.source_number)[0].doubt_at is not None


def test_an_owner_and_one_who_comes_late_cannot_lock_each_other_up(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody locks entries before their steps."""
    world, door = make_world(concurrency=1), Door()
    hold_creates(monkeypatch, door, "1")
    world.publish(shipment("SH1", "1"))
    world.route()
    held = world.entry("SH1").id
    with capture_logs() as logs:
        owner = begin(world.drain)
        until(lambda: door.came == ["1"])
        with world.database.write() as tx:
            entries.get(tx, [held], lock=True)
            door.open()
            time.sleep(0.4)
            steps.doubt(tx, [held], tx.now)
        owner.result()
    assert world.statuses() == {"published": 1}
    assert not [line for line in logs if line["event"] == "lane.commit_failed"]


def test_what_a_lost_owner_learnt_is_stored_although_the_database_is_away_for_a_moment(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, door = make_world(concurrency=1), Door()
    hold_creates(monkeypatch, door, "1")
    world.publish(shipment("SH1", "1"))
    world.route()
    owner = begin(world.drain)
    until(lambda: door.came == ["1"])
    world.expire_leases()
    away = iter([True])
    add = claims.add_attempts

    def unstable(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
        if next(away, False):
            raise StoreUnavailable("a deadlock was found")
        add(tx, rows)

    monkeypatch.setattr(claims, "add_attempts", unstable)
    door.open()
    assert owner.result().lost
    assert [attempt["late"] for attempt in world.attempts("SH1")] == [True]
