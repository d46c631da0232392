"""Puts the real parts together: the only file that knows which class plays which role.

`Runtime` is what a process works with; each part is made when it is first asked for, so that a command which only
reads the log starts no broker client.
"""

import os
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from redis import Redis

from connector import cloudevents, configuration, logs, stream
from connector.broker import celery_url, redis_client
from connector.complete import Complete
from connector.configuration import Loaded
from connector.deliver import Deliver
from connector.ingest import Ingest, SharedCommits
from connector.lane import Drained, LaneRunner
from connector.loop import Loop
from connector.operate import Operator
from connector.redact import Redactor
from connector.route import Router, lane_of, lanes_of
from connector.sealing import Seal
from connector.settings import Settings, from_environment
from connector.store import Database, lanes, versions
from connector.store.intake import Receipt
from connector.sweep import Sweeper
from connector.systems.catalogue import adapters
from connector.systems.http import Limiter, Seat, Slots, limiter_for
from connector.wake import CeleryRinger, Ringer, sender
from connector.work import Bell, Connection
from schemas.events import Event


@dataclass
class Runtime:
    """The parts of one process, by its settings. `ringer` may be given (tests); else bells go through Celery."""

    settings: Settings
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    given_ringer: Ringer | None = None

    @cached_property
    def loaded(self) -> Loaded:
        """The configuration, checked; raises ConfigError."""
        models = {name: adapter.settings_model for name, adapter in adapters().items()}
        return configuration.load(self.settings.config, models, self.environ)

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
        fetches = {
            name: connection.adapter.capabilities.fetches for name, connection in self.connections.items()
        }
        return Router(self.database, self.loaded.config, self.loaded.flows, self.loaded.version, fetches)

    @cached_property
    def sweeper(self) -> Sweeper:
        """What is due, and what has waited too long."""
        return Sweeper(self.database)

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
        return Slots(connection, settings, redactor=self.redactor, limiter=limiter, seat=seat)

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
        """What a working process does first: check the schema, store the configuration's version, declare its lanes."""
        self.database.check_schema()
        with self.database.write() as tx:
            versions.store(tx, self.loaded.version, self.loaded.text)
            lanes.declare(tx, lanes_of(self.loaded.config))

    def drain(self, lane: str, stopping: Callable[[], bool] = lambda: False) -> Drained:
        """Own a lane until nothing is due there, then ring for what came of it."""
        connection = self.connections.get(lane.split("/")[0])
        if connection is None:
            return Drained()
        runner = LaneRunner(
            connection=connection,
            works=(Complete(self.loaded.config), Deliver()),
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

    def route(self) -> None:
        """Route what is new, and ring the lanes that were touched."""
        self.ringer.ring(self.router.run())

    def sweep(self) -> None:
        """Ring for whatever is due."""
        self.ringer.ring(self.sweeper.run())

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
        """Let go of what was made."""
        for name, close in (
            ("commits", "close"),
            ("loop", "close"),
            ("redis", "close"),
            ("database", "close"),
        ):
            if name in self.__dict__:
                getattr(self.__dict__[name], close)()


def runtime(settings: Settings | None = None, ringer: Ringer | None = None) -> Runtime:
    """The parts by the environment, with logging set up to redact what they know."""
    made = Runtime(settings or from_environment(), given_ringer=ringer)
    logs.configure(made.settings.log_format, made.redactor)
    return made
