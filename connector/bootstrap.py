"""Puts the real parts together: the only file that knows which class plays which role.

`Runtime` is what a process works with; each part is made when it is first asked for, so that a command which only
reads the log starts no broker client.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from redis import Redis

from connector import cloudevents, configuration, logs, stream
from connector.broker import celery_url, redis_client
from connector.bulk import Bulk
from connector.calls import CallCounts
from connector.comparing import Compare
from connector.complete import Complete
from connector.configuration import Loaded
from connector.configuration_file import ConfigurationFile
from connector.deliver import Deliver
from connector.editing import Editing
from connector.ingest import Ingest, SharedCommits
from connector.lane import Drained, LaneRunner
from connector.loop import Loop
from connector.operate import Operator
from connector.poll import Poll, polled
from connector.progress import OFTEN
from connector.reconciling import Reconciling
from connector.redact import Redactor
from connector.releasing import Releasing
from connector.retrieval import Retrieval
from connector.route import Router
from connector.sealing import Seal
from connector.settings import Settings, from_environment
from connector.shards import ROUTER, lane_of, lanes_of
from connector.store import Database, alerts, flow_editions, gauges, lanes, listings, versions
from connector.store.digest import Follower
from connector.store.intake import Receipt
from connector.store.prune import Pruned, Pruning
from connector.sweep import Sweeper
from connector.systems.base import Capabilities
from connector.systems.catalogue import adapters
from connector.systems.http import Limiter, Seat, Slots, limiter_for
from connector.wake import CeleryRinger, Ringer, sender
from connector.work import Bell, Connection
from schemas.config import ConnectionSettings
from schemas.events import Event

_SHARED = ("database", "loop", "owner", "redis", "ringer", "calls", "seal")
"""The parts that do not rest on the configuration, but for the life of a bell."""

FOLLOWED_EVERY = 1.0
"""Seconds between two looks at what moved, however often the store is swept."""

PRUNE_AFTER = 23 * 3600.0
"""Seconds after which the store is pruned again: asked every hour, that is once a day."""


@dataclass
class Runtime:
    """The parts of one process, by its settings. `ringer` may be given (tests); else bells go through Celery."""

    settings: Settings
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    given_ringer: Ringer | None = None
    _follow_at: float = field(default=0.0, init=False, repr=False)

    @cached_property
    def loaded(self) -> Loaded:
        """The configuration, checked; raises ConfigError."""
        return self.load()

    def load(self) -> Loaded:
        """The file as it stands now, checked; raises ConfigError."""
        return configuration.load(self.settings.config, _models(), self.environ)

    def read(self, text: str) -> Loaded:
        """A text as if it stood in the file; raises ConfigError."""
        return configuration.parse(text, _models(), self.environ, str(self.settings.config))

    @cached_property
    def file(self) -> ConfigurationFile:
        """The configuration file, to be changed."""
        return ConfigurationFile(self.settings.config, self.read, self.database, self.redactor)

    @cached_property
    def redactor(self) -> Redactor:
        """Knows every secret of the configuration."""
        return Redactor((*self.loaded.secrets, self.settings.secret_key or ""))

    @cached_property
    def database(self) -> Database:
        """The store; its schema is not checked here."""
        return Database(self.settings.database_url)

    @cached_property
    def connections(self) -> Mapping[str, Connection]:
        """Every configured connection with its adapter."""
        return {
            name: Connection(name, settings, adapters()[settings.system](name, settings))
            for name, settings in self.loaded.config.connections.items()
        }

    @cached_property
    def loop(self) -> Loop:
        """The loop that does HTTP."""
        return Loop()

    @cached_property
    def owner(self) -> str:
        """Who holds leases here, for people to read."""
        return f"{socket.gethostname()}:{os.getpid()}"

    @property
    def broker_url(self) -> str:
        """The broker, in kombu's words."""
        return celery_url(self.settings)

    @cached_property
    def redis(self) -> Redis:
        """A client of the broker; time-outs keep a dead link from hanging anybody."""
        return redis_client(self.settings)

    @cached_property
    def ringer(self) -> Ringer:
        """How bells are rung."""
        if self.given_ringer is not None:
            return self.given_ringer
        return CeleryRinger(sender(self.broker_url), self.redis, self.loaded.config.lanes.sweep)

    @cached_property
    def router(self) -> Router:
        """Stored events -> entries."""
        config, flows = self.loaded.config, self.loaded.flows
        return Router(self.database, config, flows, self.loaded.version, self.capabilities)

    @cached_property
    def sweeper(self) -> Sweeper:
        """What is due, and what has waited too long."""
        return Sweeper(self.database)

    @cached_property
    def follower(self) -> Follower:
        """What derives words, causes and tallies of what moved."""
        return Follower(self.database)

    @cached_property
    def ingest(self) -> Ingest:
        """What publishers hand in."""
        return Ingest(self.loaded.config, self.connections, self.redactor, self.lane_for)

    @cached_property
    def commits(self) -> SharedCommits:
        """The shared commits of ingest."""
        return SharedCommits(self.database)

    @cached_property
    def operator(self) -> Operator:
        """What people do."""
        return Operator(self.database, self.loaded.config, self.lane_for, self.fetches)

    @cached_property
    def bulk(self) -> Bulk:
        """What people do to many entries at once."""
        return Bulk(self.database, self.operator)

    @cached_property
    def editing(self) -> Editing:
        """What people correct."""
        return Editing(self.database)

    @cached_property
    def releasing(self) -> Releasing:
        """What lacked a row that is there by now."""
        return Releasing(self.database, self.loaded.flows)

    @cached_property
    def retrieval(self) -> Retrieval:
        """What people ask sources for."""
        return Retrieval(self.database, self.loaded.config, self.capabilities, self.lane_for)

    @cached_property
    def reconciling(self) -> Reconciling:
        """Compares the source and the target of a flow."""
        return Reconciling(self.database, self.loaded.config, self.capabilities, self.retrieval)

    @cached_property
    def capabilities(self) -> Mapping[str, Capabilities]:
        """What each connection can."""
        return {name: connection.adapter.capabilities for name, connection in self.connections.items()}

    def lane_for(self, connection: str, number: str) -> str:
        """The lane of a connection for one of its own documents."""
        return lane_of(self.loaded.config, connection, ((connection, number),))

    def fetches(self, connection: str, kind: str) -> bool:
        """Can this connection fetch documents of this kind?"""
        found = self.connections.get(connection)
        return found is not None and kind in found.adapter.capabilities.fetches

    def slots(self, connection: str, lane: str = "") -> Slots:
        """Fresh slots for one drain of a lane, or for one check; a lane's rate goes on from drain to drain."""
        settings = self.connections[connection].settings
        limiter = self._limiters.setdefault(lane or connection, limiter_for(settings))
        seat = self._seats.setdefault(connection, Seat())
        observe = self.calls.of(connection)
        return Slots(
            connection, settings, redactor=self.redactor, limiter=limiter, seat=seat, observe=observe
        )

    @cached_property
    def calls(self) -> CallCounts:
        """Counts every call of this process."""
        return CallCounts()

    @cached_property
    def _seats(self) -> dict[str, Seat]:
        return {}

    @cached_property
    def _limiters(self) -> dict[str, Limiter]:
        return {}

    @cached_property
    def seal(self) -> Seal:
        """Keeps access tokens from being read where they are stored."""
        return Seal(self.settings.secret_key)

    def prepare(self) -> None:
        """What a process does first that routes: introduce itself, then say which flows are in force."""
        self.introduce()
        with self.database.write() as tx:
            # What was begun by another edition of a flow is stored before this one is in force.
            lanes.lock(tx, ROUTER)
            listings.declare(tx, polled(self.loaded.config, self.connections))
            flows = {name: compiled.flow for name, compiled in self.loaded.flows.items()}
            flow_editions.declare(tx, flows, self.loaded.version)

    def introduce(self) -> None:
        """What a process does first that only hands work to others: check the schema, store the configuration's
        version, declare its lanes, and the marks. Those who route say what is in force."""
        self.database.check_schema()
        with self.database.write() as tx:
            versions.store(tx, self.loaded.version, self.loaded.text)
            lanes.declare(tx, lanes_of(self.loaded.config))
            gauges.declare_marks(tx)
            alerts.declare_marks(tx)

    def renewed(self, loaded: Loaded) -> "Runtime":
        """The parts by another configuration. What is not the configuration's is shared with this one; so are
        connections that stand there unchanged, with their access token and their rate."""
        made = Runtime(self.settings, self.environ, self.given_ringer)
        shared = {name: getattr(self, name) for name in _SHARED}
        made.__dict__.update(shared, loaded=loaded, redactor=self.redactor.also(loaded.secrets))
        if "commits" in self.__dict__:
            made.__dict__["commits"] = self.commits
        now, before = loaded.config.connections, self.loaded.config.connections
        same = {name for name in now if now[name] == before.get(name)}
        made.__dict__["connections"] = {
            name: self.connections[name] if name in same else connection
            for name, connection in made.connections.items()
        }
        seats, limiters = dict(self._seats), dict(self._limiters)  # other threads go on making some
        made._seats.update({name: seat for name, seat in seats.items() if name in same})
        made._limiters.update({lane: one for lane, one in limiters.items() if lane.split("/")[0] in same})
        return made

    def drain(self, lane: str, stopping: Callable[[], bool] = lambda: False) -> Drained:
        """Own a lane until nothing is due there, then ring for what came of it."""
        connection = self.connections.get(lane.split("/")[0])
        if connection is None:
            return Drained()
        runner = LaneRunner(
            connection=connection,
            works=(Complete(self.loaded.config, self.lane_for), Deliver(), Poll(self.lane_for), Compare()),
            database=self.database,
            loop=self.loop,
            seal=self.seal,
            settings=self.loaded.config.lanes,
            owner=f"{self.owner}:{threading.get_ident() % 100_000}",
            make_slots=lambda: self.slots(connection.name, lane),
            redactor=self.redactor,
        )
        drained = runner.drain(lane, stopping)
        self.ringer.ring(drained.bells)
        with self.database.read() as tx:
            again = lanes.due(tx, lane) if drained.owned else False
        if again:
            self.ringer.ring([Bell("deliver", lane)])
        return drained

    def route(self, in_force: Callable[[], bool] = lambda: True) -> None:
        """Route what is new, as long as this configuration is in force, and ring the lanes that were touched."""
        self.ringer.ring(self.router.run(in_force))

    def sweep(self) -> None:
        """Ring for whatever is due, and leave a mark that somebody does; then follow what moved."""
        self.ringer.ring(self.sweeper.run())
        with self.database.read() as tx:
            marked = gauges.since(tx, gauges.SWEPT)
        if marked is None or marked >= OFTEN:
            with self.database.write() as tx:
                gauges.mark(tx, gauges.SWEPT)
        if time.monotonic() >= self._follow_at:
            self.follower.run()
            self._follow_at = time.monotonic() + FOLLOWED_EVERY

    def pruning(self, *, rehearsal: bool = False, stopping: Callable[[], bool] = lambda: False) -> Pruning:
        """Take away what is only detail by now, as `retention` says; `rehearsal`: only count."""
        retention = self.loaded.config.retention
        return Pruning(self.database, retention, rehearsal=rehearsal, stopping=stopping)

    def prune_daily(self, stopping: Callable[[], bool]) -> Pruned | None:
        """Prune, unless that was begun within the last day or so; what was taken away, or None."""
        with self.database.write() as tx:
            due = gauges.mark(tx, gauges.PRUNED, older_than=PRUNE_AFTER)
        return self.pruning(stopping=stopping).run() if due else None

    def store_stream(self, events: Sequence[Event]) -> tuple[Receipt, ...]:
        """Commit events off the stream, then ring for routing."""
        store = self.ingest.events(events, "stream")
        with self.database.write() as tx:
            receipts = tuple(store(tx))
        self.ringer.ring([Bell("route")])
        return receipts

    def stream_drain(self, consumer: str) -> stream.Drain:
        """The publishers' stream, to be drained as this consumer."""
        return stream.Drain(self.redis, consumer, self._read_stream, self.store_stream)

    def _read_stream(self, message: bytes) -> Event:
        event = cloudevents.read_json(message)
        if event.source not in self.loaded.config.connections:
            raise ValueError(f"source: {event.source!r} is no connection of this connector")
        return event

    def close(self) -> None:
        """Let go of what was made; calls that were counted are not forgotten."""
        if "calls" in self.__dict__:
            self.calls.hand_over(self.redis)
        for name, close in (
            ("commits", "close"),
            ("loop", "close"),
            ("redis", "close"),
            ("database", "close"),
        ):
            if name in self.__dict__:
                getattr(self.__dict__[name], close)()


def _models() -> Mapping[str, type[ConnectionSettings]]:
    return {name: adapter.settings_model for name, adapter in adapters().items()}


def runtime(settings: Settings | None = None, ringer: Ringer | None = None) -> Runtime:
    """The parts by the environment, with logging set up to redact what they know."""
    made = Runtime(settings or from_environment(), given_ringer=ringer)
    logs.configure(made.settings.log_format, made.redactor)
    return made
