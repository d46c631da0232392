"""`GET /metrics` for Prometheus: gauges of what stands in SQL, counters of what came since this process started.

Each scrape sees the whole fleet, whichever web process answers; scrape one of them, or take the maximum over them.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from importlib.metadata import version

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from redis import Redis
from redis.exceptions import RedisError
from starlette.concurrency import run_in_threadpool

from connector import calls, progress
from connector.bootstrap import Runtime
from connector.status import NoticeStatus, Status
from connector.store import Transaction, alerts, gauges, lanes, takeovers
from connector.store.gauges import Tally, Tops
from connector.stream import REFUSED, STREAM
from connector.wake import TASKS, TRANSPORT
from connector.web.auth import Reader
from connector.web.problems import for_callers

log = structlog.get_logger(__name__)

KEPT = 5.0
"""Seconds for which what is open is not counted again."""

KEPT_LONG = 60.0
"""Seconds for which what is finished is not counted again: that reads the whole of an index."""

LAG = 10.0
"""Seconds that numbers are left to settle: a smaller one may be committed after a larger one."""

UNDER_WAY = frozenset(
    {
        *(Status.QUEUED, Status.DELIVERING, Status.RETRYING, Status.WAITING),
        *(NoticeStatus.RECEIVED, NoticeStatus.FETCHING, NoticeStatus.RETRYING),
    }
)
"""To these something will happen by itself; their age tells whether it does."""

Sample = tuple[tuple[str, ...], float]
"""The values of a metric's labels, and its own."""

router = APIRouter(tags=["health"])


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    responses=for_callers(),
)
async def metrics(request: Request, _caller: Reader) -> PlainTextResponse:
    """How much stands where, how the lanes fare, what was heard, moved, tried and called; in Prometheus' text."""
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    collector: Metrics = request.app.state.metrics
    text = await run_in_threadpool(collector.text, encode)
    return PlainTextResponse(text, headers={"Content-Type": content_type})


class Metrics:
    """Collects for one web process; its counters begin at zero with it. The times are in seconds, as above."""

    def __init__(
        self, runtime: Runtime, *, kept: float = KEPT, kept_long: float = KEPT_LONG, lag: float = LAG
    ) -> None:
        self._runtime = runtime
        self._lock = threading.Lock()
        self._open = _Kept(_what_is_open, kept)
        self._finished = _Kept(_what_is_finished, kept_long)
        self._news = _News(lag)
        self._news.expect(flow.name for flow in runtime.loaded.config.flows)

    def follow(self, runtime: Runtime) -> None:
        """From now on, by this runtime: another configuration is in force."""
        with self._lock:
            self._runtime = runtime
            self._news.expect(flow.name for flow in runtime.loaded.config.flows)

    def text(self, encode: "Callable[[Metrics], bytes]") -> bytes:
        """Everything, encoded; raises StoreUnavailable."""
        with self._lock:
            return encode(self)

    def collect(self) -> Iterable[Metric]:
        """All families: what an encoder of prometheus-client asks for."""
        with self._runtime.database.read() as tx:
            stored = [
                *self._open.families(tx),
                *self._finished.families(tx),
                *_lanes(tx),
                *_marks(tx),
                _alerts(tx),
                *self._news.families(tx),
            ]
        return [_info(self._runtime), *stored, *_broker(self._runtime.redis)]


class _Kept:
    """Families that are made anew after so many seconds only."""

    def __init__(self, make: Callable[[Transaction], Iterable[Metric]], seconds: float) -> None:
        self._make = make
        self._seconds = seconds
        self._until = 0.0
        self._families: Sequence[Metric] = ()

    def families(self, tx: Transaction) -> Sequence[Metric]:
        """As they are, or were a moment ago."""
        if time.monotonic() >= self._until:
            self._families = list(self._make(tx))
            self._until = time.monotonic() + self._seconds
        return self._families


class _News:
    """Counters that go on from scrape to scrape: only rows that came since are read."""

    def __init__(self, lag: float) -> None:
        self._lag = lag
        self._counted: Tops | None = None
        self._seen: list[tuple[float, Tops]] = []
        self._events: Counter[tuple[str, ...]] = Counter()
        self._moves: Counter[tuple[str, ...]] = Counter()
        self._attempts: Counter[tuple[str, ...]] = Counter()

    def expect(self, flows: Iterable[str]) -> None:
        """Moves of these flows are counted from zero on, before there are any."""
        self._moves.update({(flow, str(status)): 0 for flow in flows for status in Status})

    def families(self, tx: Transaction) -> Iterator[Metric]:
        """The counters, with what has settled since the last time."""
        self._count(tx)
        yield _counter("events", "Events that were stored", "source type via", self._events)
        yield _counter("moves", "Entries that came into a status", "flow status", self._moves)
        yield _counter("attempts", "Tries at entries and notices", "connection work outcome", self._attempts)

    def _count(self, tx: Transaction) -> None:
        now, top = time.monotonic(), gauges.tops(tx)
        self._counted = self._counted or top
        self._seen.append((now, top))
        settled = [one for at, one in self._seen if at <= now - self._lag]
        if not settled:
            return
        before, upto = self._counted, settled[-1]
        _add(self._events, gauges.new_events(tx, before.event, upto.event))
        _add(self._moves, gauges.new_moves(tx, before.journal, upto.journal))
        _add(self._attempts, gauges.new_attempts(tx, before.attempt, upto.attempt))
        self._counted = upto
        self._seen = [(at, one) for at, one in self._seen if at > now - self._lag]


def _add(counter: Counter[tuple[str, ...]], tally: Tally) -> None:
    for labels, count in tally.items():
        counter[labels] += count


# -- from SQL ----------------------------------------------------------------------------------------------


def _what_is_open(tx: Transaction) -> Iterator[Metric]:
    found = gauges.open_entries(tx)
    yield _gauge(
        "entries",
        "Entries that are not finished",
        "flow target status",
        [((one.flow, one.target, one.status), one.count) for one in found],
    )
    yield _gauge(
        "entries_oldest_seconds",
        "Age of the oldest entry to which something will happen by itself",
        "flow target",
        _oldest(((one.flow, one.target), one.status, one.age) for one in found),
    )
    heard = gauges.open_notices(tx)
    yield _gauge(
        "notices",
        "Notices that are not finished",
        "connection status",
        [((one.connection, one.status), one.count) for one in heard],
    )
    yield _gauge(
        "notices_oldest_seconds",
        "Age of the oldest notice whose document is still to be fetched",
        "connection",
        _oldest(((one.connection,), one.status, one.age) for one in heard),
    )
    events = gauges.waiting_events(tx)
    yield _gauge("events_waiting", "Events that wait to be routed", "", [((), events.to_route)])
    yield _gauge("events_oldest_seconds", "Age of the oldest of those", "", [((), events.age)])
    yield _gauge("events_unrouted", "Events that match no flow", "", [((), events.unrouted)])


def _oldest(found: Iterable[tuple[tuple[str, ...], str, float]]) -> list[Sample]:
    ages: dict[tuple[str, ...], float] = {}
    for labels, status, age in found:
        ages[labels] = max(ages.get(labels, 0.0), age if status in UNDER_WAY else 0.0)
    return list(ages.items())


def _what_is_finished(tx: Transaction) -> Iterator[Metric]:
    yield _gauge(
        "entries_finished",
        "Entries that are finished",
        "status",
        [((status,), count) for status, count in gauges.finished_entries(tx).items()],
    )
    yield _gauge(
        "notices_finished",
        "Notices that are finished and not yet pruned",
        "status",
        [((status,), count) for status, count in gauges.finished_notices(tx).items()],
    )


def _lanes(tx: Transaction) -> Iterator[Metric]:
    rows = lanes.overview(tx)
    shown: tuple[tuple[str, str, Callable[[lanes.LaneRow], float]], ...] = (
        ("owned", "Does a worker own the lane?", lambda row: _after(row.lease_until, tx)),
        ("paused", "Is its connection paused, since its credentials were refused?", lambda row: row.paused),
        (
            "circuit_open",
            "Is nobody to call its system for a while?",
            lambda row: _after(row.closed_until, tx),
        ),
        ("failures", "Failures in a row", lambda row: row.failures),
    )
    for name, text, value in shown:
        samples = [((row.connection, row.name), float(value(row))) for row in rows]
        yield _gauge(f"lane_{name}", text, "connection lane", samples)


def _after(moment: datetime | None, tx: Transaction) -> bool:
    return moment is not None and moment > tx.now


def _marks(tx: Transaction) -> Iterator[Metric]:
    for name, text, mark in (
        ("sweep_age_seconds", "Seconds since somebody last looked for what is due", gauges.SWEPT),
        ("prune_age_seconds", "Seconds since the store was last pruned", gauges.PRUNED),
    ):
        age = gauges.since(tx, mark)
        yield _gauge(name, text, "", [((), age)] if age is not None else [])
    not_taken = len(takeovers.standing(tx))
    yield _gauge(
        "configuration_not_taken",
        "Processes that go on with an older configuration file, since the new one is wrong",
        "",
        [((), not_taken)],
    )


def _alerts(tx: Transaction) -> Metric:
    text = "Alerts that stand"
    return _gauge("alerts", text, "kind severity", list(alerts.standing_counts(tx).items()))


def _info(runtime: Runtime) -> Metric:
    labels = (version("connector"), runtime.loaded.version)
    return _gauge(
        "info", "The release and the version of the configuration", "release configuration", [(labels, 1)]
    )


# -- from the broker ---------------------------------------------------------------------------------------


def _broker(redis: Redis) -> list[Metric]:
    """What the broker says; where it is away, that it is."""
    try:
        found = [*_queues(redis), *_processes(redis), _calls(redis)]
    except (RedisError, OSError) as error:
        log.warning("metrics.no_broker", error=str(error))
        found = []
    return [_gauge("broker_up", "Does the broker answer?", "", [((), float(bool(found)))]), *found]


def _queues(redis: Redis) -> Iterator[Metric]:
    prefix = TRANSPORT["global_keyprefix"]
    bells = [((queue,), float(redis.llen(f"{prefix}{queue}"))) for queue in TASKS]
    yield _gauge("bells", "Bells that no worker has heard yet", "queue", bells)
    for name, text, key in (
        ("stream_events", "Events on the publishers' stream that are not stored yet", STREAM),
        ("stream_refused", "Events off the stream that could not be read", REFUSED),
    ):
        yield _gauge(name, text, "", [((), float(redis.xlen(key)))])


def _processes(redis: Redis) -> Iterator[Metric]:
    roles: tuple[progress.Role, ...] = ("worker", "beat")
    found = [((role,), float(progress.alive(redis, role))) for role in roles]
    yield _gauge("processes", "Processes that did something within two minutes", "role", found)


def _calls(redis: Redis) -> Metric:
    text = "Calls to the systems, by how they ended"
    family = HistogramMetricFamily("connector_http_call_seconds", text, labels=["connection", "ending"])
    for one in calls.summed_up(redis):
        total, buckets = 0, []
        for bound, count in zip((*calls.BOUNDS, None), one.buckets, strict=True):
            total += count
            buckets.append(("+Inf" if bound is None else str(bound / 1000), float(total)))
        family.add_metric([one.connection, one.ending], buckets, one.milliseconds / 1000)
    return family


# -- families ----------------------------------------------------------------------------------------------


def _gauge(name: str, text: str, labels: str, samples: Iterable[Sample]) -> Metric:
    family = GaugeMetricFamily(f"connector_{name}", text, labels=labels.split())
    for values, value in samples:
        family.add_metric(values, value)
    return family


def _counter(name: str, text: str, labels: str, counts: Counter[tuple[str, ...]]) -> Metric:
    family = CounterMetricFamily(f"connector_{name}", text, labels=labels.split())
    for values, count in sorted(counts.items()):
        family.add_metric(values, count)
    return family
