"""What people see first: of each flow and each connection how it fares, from rows of the store and the configuration.

Pure. Nothing here counts what is finished: what is open is counted by its status, what was done by the tallies.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import add
from typing import Literal
from urllib.parse import urlsplit

from connector.status import Status
from connector.store.gauges import OpenEntries, OpenNotices
from connector.store.lanes import LaneRow
from connector.store.listings import ListingRow
from connector.store.tallies import TallyRow, quantile
from schemas.config import Config, ConnectionSettings, Flow

TALLIED = (str(Status.PUBLISHED), str(Status.ERRORED))
"""The statuses of which the overview tells how many came."""

FIGURES: tuple[tuple[str, tuple[Status, ...]], ...] = (
    ("errored", (Status.ERRORED,)),
    ("waiting", (Status.WAITING,)),
    ("retrying", (Status.RETRYING,)),
    ("held", (Status.HELD,)),
    ("queued", (Status.QUEUED, Status.DELIVERING)),
)
"""What is open, by name, and the statuses that it stands for; errored and held wait for a person."""

UNDER_WAY = (Status.QUEUED, Status.DELIVERING, Status.RETRYING, Status.WAITING)

POINT = timedelta(minutes=30)
DAY = timedelta(days=1)
POINTS = DAY // POINT
"""A flow's sparkline: one point for each half hour of the last day."""

State = Literal["reachable", "failing", "stopped", "paused"]


# -- spans -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Span:
    """A length of time for a chart, in steps; `each` names one of them."""

    name: str
    label: str
    length: timedelta
    step: timedelta
    each: str

    def bounds(self, now: datetime) -> tuple[datetime, datetime]:
        """From when until when it is drawn: whole steps by the clock, the last one still under way."""
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        until = midnight + ((now - midnight) // self.step + 1) * self.step
        return until - self.length, until


SPANS = (
    Span("1h", "1 hour", timedelta(hours=1), timedelta(minutes=5), "5 minutes"),
    Span("24h", "24 hours", timedelta(days=1), timedelta(hours=1), "hour"),
    Span("7d", "7 days", timedelta(days=7), timedelta(hours=6), "6 hours"),
)
LAST_HOUR, LAST_DAY = SPANS[0], Span("day", "", DAY, POINT, "")


@dataclass(frozen=True)
class Slot:
    """One step of a chart: how many came into either status, and within how many milliseconds half of what was
    published came there, and 95 of 100 (None where nothing was)."""

    at: datetime
    published: int
    errored: int
    median: float | None
    high: float | None


def slots(rows: Iterable[TallyRow], span: Span, now: datetime) -> tuple[Slot, ...]:
    """Every step of the span, all flows together."""
    since, until = span.bounds(now)
    found: dict[tuple[datetime, str], list[TallyRow]] = {}
    for row in rows:
        found.setdefault((row.at, row.status), []).append(row)
    moments = [since + place * span.step for place in range((until - since) // span.step)]
    return tuple(
        _slot(at, found.get((at, TALLIED[0]), ()), found.get((at, TALLIED[1]), ())) for at in moments
    )


def _slot(at: datetime, published: Sequence[TallyRow], errored: Sequence[TallyRow]) -> Slot:
    return Slot(at, _count(published), _count(errored), *_latency(published))


def _count(rows: Iterable[TallyRow]) -> int:
    return sum(row.count for row in rows)


def _latency(published: Sequence[TallyRow]) -> tuple[float | None, float | None]:
    if not published:
        return None, None
    histogram = reduce(add, published).histogram
    return quantile(histogram, 0.5), quantile(histogram, 0.95)


# -- flows -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FlowState:
    """One flow. `mode` is `gone` where it stands no longer in the configuration; `open` counts by the names of
    `FIGURES`; `oldest` is how many seconds ago the oldest was made that is under way. `points`: those published."""

    name: str
    event: str
    source: str
    target: str
    mode: str
    hour: int
    day: int
    open: Mapping[str, int]
    oldest: float | None
    median: float | None
    high: float | None
    points: tuple[int, ...]
    silence: str = ""


def figures(entries: Iterable[OpenEntries]) -> dict[str, int]:
    """How many are open, by the names of `FIGURES`."""
    rows = list(entries)
    return {name: sum(row.count for row in rows if row.status in statuses) for name, statuses in FIGURES}


def flow_states(
    config: Config,
    entries: Sequence[OpenEntries],
    hour: Sequence[TallyRow],
    day: Sequence[TallyRow],
    silent: Mapping[str, str],
    now: datetime,
) -> tuple[FlowState, ...]:
    """Every flow of the configuration in its order, then those of which only entries are left. `silent` are the
    sentences of silence alarms by flow."""
    known = {flow.name: flow for flow in config.flows}
    left = {row.flow: row.target for row in entries if row.flow not in known}
    return (
        *(_flow(flow, entries, hour, day, silent.get(flow.name, ""), now) for flow in config.flows),
        *(_gone(name, target, entries) for name, target in sorted(left.items())),
    )


def _flow(
    flow: Flow,
    entries: Sequence[OpenEntries],
    hour: Sequence[TallyRow],
    day: Sequence[TallyRow],
    silence: str,
    now: datetime,
) -> FlowState:
    mine = [row for row in entries if row.flow == flow.name]
    published = [row for row in day if row.flow == flow.name and row.status == Status.PUBLISHED]
    counts = {row.at: row.count for row in published}
    since, _ = LAST_DAY.bounds(now)
    lately = [row for row in hour if row.flow == flow.name and row.status == Status.PUBLISHED]
    return FlowState(
        *(flow.name, flow.event, flow.source, flow.target, flow.mode),
        *(_count(lately), _count(published)),
        figures(mine),
        _oldest(mine),
        *_latency(published),
        tuple(counts.get(since + place * POINT, 0) for place in range(POINTS)),
        silence,
    )


def _gone(name: str, target: str, entries: Sequence[OpenEntries]) -> FlowState:
    mine = [row for row in entries if row.flow == name]
    return FlowState(
        name, "", "", target, "gone", 0, 0, figures(mine), _oldest(mine), None, None, (0,) * POINTS
    )


def _oldest(entries: Iterable[OpenEntries]) -> float | None:
    return max((row.age for row in entries if row.status in UNDER_WAY), default=None)


# -- connections -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ConnectionState:
    """One connection: `state` and a sentence why; `resumable` where a person can let it go on at once. `under_way` are
    entries on their way to it, `unfetched` documents that it is asked for; `polls`: what it is asked for regularly."""

    name: str
    system: str
    host: str
    state: State
    sentence: str
    settings: ConnectionSettings
    lanes: tuple[LaneRow, ...]
    polls: tuple[ListingRow, ...]
    under_way: int
    unfetched: int

    @property
    def resumable(self) -> bool:
        """Is it kept from being called?"""
        return self.state in ("paused", "stopped")


def connection_states(
    config: Config,
    lanes: Sequence[LaneRow],
    polls: Sequence[ListingRow],
    entries: Sequence[OpenEntries],
    notices: Sequence[OpenNotices],
    now: datetime,
) -> tuple[ConnectionState, ...]:
    """Every connection of the configuration, in its order."""
    return tuple(
        _connection(
            name,
            settings,
            tuple(row for row in lanes if row.connection == name),
            tuple(row for row in polls if row.connection == name and row.state == "active"),
            sum(row.count for row in entries if row.target == name and row.status in UNDER_WAY),
            sum(row.count for row in notices if row.connection == name and row.status != Status.ERRORED),
            config.lanes.breaker_failures,
            now,
        )
        for name, settings in config.connections.items()
    )


def _connection(
    name: str,
    settings: ConnectionSettings,
    lanes: tuple[LaneRow, ...],
    polls: tuple[ListingRow, ...],
    under_way: int,
    unfetched: int,
    failures: int,
    now: datetime,
) -> ConnectionState:
    state, sentence = judged(lanes, failures, now)
    host = urlsplit(settings.base_url).netloc
    return ConnectionState(
        name, settings.system, host, state, sentence, settings, lanes, polls, under_way, unfetched
    )


def judged(lanes: Sequence[LaneRow], failures: int, now: datetime) -> tuple[State, str]:
    """How a connection stands by its worst lane, and a sentence why; so many `failures` in a row open a circuit."""
    paused = next((row for row in lanes if row.paused), None)
    if paused is not None:
        why = paused.reason or paused.code
        if paused.code == "credentials refused":
            return "paused", f"Its log-in is refused, so nothing is sent: {why}"
        return "paused", f"Nothing is sent: {why}"
    closed = [row for row in lanes if row.closed_until is not None and row.closed_until > now]
    if any(row.code == "rate limited" for row in closed):
        return "stopped", "It asked us to wait; it is called again by itself."
    worst = max(lanes, key=lambda row: row.failures, default=None)
    if worst is None or (not closed and not worst.failures):
        return "reachable", ""
    row = closed[0] if closed else worst
    why = f": {row.reason}" if row.reason else ""
    if closed or worst.failures >= failures:
        return "stopped", f"Calls fail, so it is only tried now and then{why}"
    times = "The last call" if worst.failures == 1 else f"The last {worst.failures} calls"
    return "failing", f"{times} failed{why}"
