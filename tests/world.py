"""A small world for tests of the heart: a stub source and a stub target, real stages, a real database.

No HTTP is spoken here: that is tested with the adapters and the simulators. The ends of the world are `stub.py`.
"""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from connector import configuration
from connector.bulk import Bulk
from connector.comparing import Compare
from connector.complete import Complete
from connector.deliver import Deliver
from connector.lane import Drained, LaneRunner
from connector.loop import Loop
from connector.operate import Operator
from connector.poll import Poll, polled
from connector.reconciling import Reconciling
from connector.redact import Redactor
from connector.releasing import Releasing
from connector.retrieval import Retrieval
from connector.route import Router
from connector.sealing import Seal
from connector.shards import lane_of, lanes_of
from connector.store import Database, entries, flow_editions, intake, lanes, listings, steps, versions
from connector.store.entries import EntryRow
from connector.store.intake import NewEvent, NewNotice, Receipt
from connector.store.steps import StepRow
from connector.store.tables import attempt, journal, lane, link
from connector.sweep import Sweeper
from connector.systems.base import Effect, Fact, Fetched, Wanted
from connector.systems.http import Http, Slots
from connector.wake import MemoryRinger
from connector.work import Bell, Connection
from schemas.base import DocumentRef
from schemas.documents import Order
from schemas.events import ShipmentConfirmed
from tests.stub import Shop, StubAdapter, StubRecipe, StubSettings

T = TypeVar("T")

SEAL = Seal("a secret key of every world")  # made once: a key is derived slowly, on purpose

CONFIG = """
connections:
  erp: {system: stub, base_url: "http://127.0.0.1:9", settle: 0, timeouts: {connect: 0.1, total: 0.2}, poll: %(poll)s}
  shop: {system: stub, base_url: "http://127.0.0.1:9", settle: %(settle)s, lanes: %(lanes)s,
         limits: {concurrency: %(concurrency)s}, timeouts: {connect: 0.1, total: 0.2}}
  %(more)s
flows:
  - name: shipments
    event: shipment.confirmed
    from: erp
    to: shop
    mode: "%(mode)s"
    context: %(context)s
    preferences: {require: %(require)s}
    mapping: {ship_via: %(ship_via)s}
    retry: {first: %(first)s, longest: %(longest)s, give_up: %(give_up)s}
    wait_deadline: %(wait_deadline)s
%(flows)s
lanes: {lease: %(lease)s, renew: %(renew)s, budget: %(budget)s, breaker_failures: %(breaker)s, breaker_probe: %(probe)s}
"""

DEFAULTS: dict[str, object] = {
    "settle": 0,
    "lanes": 1,
    "concurrency": 4,
    "mode": "live",
    "context": "[]",
    "require": "[]",
    "give_up": 3600,
    "wait_deadline": 3600,
    "lease": 90,
    "renew": 10,
    "budget": 60,
    "poll": "null",
    "flows": "",
    "ship_via": "{UPS: {carrier_code: ups, title: UPS}}",
    "more": "",
    "breaker": 50,
    "probe": 0.3,
    "first": 0.05,
    "longest": 0.2,
}


def shipment(number: str, *orders: str, via: str = "UPS", status: str = "Confirmed") -> dict[str, Any]:
    """A shipment's data of one line per order, with one tracking number."""
    return {
        "number": number,
        "status": status,
        "ship_via": via,
        "lines": [{"order": order, "sku": "A", "quantity": "1"} for order in orders or ("1",)],
        "packages": [{"tracking_number": f"T-{number}"}],
    }


class World:
    """The stages on one database, as one process has them; several worlds on one database are several processes."""

    def __init__(
        self,
        url: str,
        shop: Shop | None = None,
        *,
        migrate: bool = True,
        native_key: bool = False,
        increments: bool = False,
        adapter: type[StubAdapter] = StubAdapter,
        **config: object,
    ):
        self.loaded = configuration.parse(CONFIG % (DEFAULTS | config), {"stub": StubSettings}, {})
        self.shop = shop or Shop()
        self.database = Database(url)
        if migrate:
            self.database.migrate()
        self.loop = Loop()
        self.ringer = MemoryRinger()
        self.owner = f"world-{id(self)}"
        self.stop = threading.Event()
        self.connections = {
            name: self._connection(name, adapter, native_key, increments)
            for name in self.loaded.config.connections
        }
        capabilities = {
            name: connection.adapter.capabilities for name, connection in self.connections.items()
        }
        self.router = Router(
            self.database, self.loaded.config, self.loaded.flows, self.loaded.version, capabilities
        )
        self.sweeper = Sweeper(self.database)
        self.retrieval = Retrieval(self.database, self.loaded.config, capabilities, self.lane_for)
        self.reconciling = Reconciling(self.database, self.loaded.config, capabilities, self.retrieval)
        self.operator = Operator(
            self.database, self.loaded.config, self.lane_for, lambda name, kind: kind == "shipment"
        )
        self.bulk = Bulk(self.database, self.operator)
        self.releasing = Releasing(self.database, self.loaded.flows)
        with self.database.write() as tx:
            versions.store(tx, self.loaded.version, self.loaded.text)
            lanes.declare(tx, lanes_of(self.loaded.config))
            listings.declare(tx, polled(self.loaded.config, self.connections))
            flows = {name: compiled.flow for name, compiled in self.loaded.flows.items()}
            flow_editions.declare(tx, flows, self.loaded.version)

    def _connection(
        self, name: str, kind: type[StubAdapter], native_key: bool, increments: bool
    ) -> Connection:
        settings = self.loaded.config.connections[name]
        adapter = kind(name, settings)
        adapter.shop, adapter.native_key, adapter.increments = self.shop, native_key, increments
        return Connection(name, settings, adapter)

    def lane_for(self, connection: str, number: str) -> str:
        """The lane for a document."""
        return lane_of(self.loaded.config, connection, ((connection, number),))

    def runner(self, name: str) -> LaneRunner:
        """What drains the lanes of a connection."""
        connection = self.connections[name]
        return LaneRunner(
            connection=connection,
            works=(Complete(self.loaded.config, self.lane_for), Deliver(), Poll(self.lane_for), Compare()),
            database=self.database,
            loop=self.loop,
            seal=SEAL,
            settings=self.loaded.config.lanes,
            owner=self.owner,
            make_slots=lambda: Slots(name, connection.settings),
            redactor=Redactor(["a-known-secret"]),
        )

    # -- what happens in it --

    def publish(self, *shipments: dict[str, Any], revision: int | None = None) -> list[Receipt]:
        """Events as a publisher would hand them in."""
        events = [
            NewEvent(
                "erp",
                "shipment.confirmed",
                one["number"],
                revision,
                f"ce-{one['number']}",
                "http",
                datetime.now(UTC),
                ShipmentConfirmed.model_validate({"shipment": one}).model_dump(mode="json"),
            )
            for one in shipments
        ]
        with self.database.write() as tx:
            return intake.store_events(tx, events)

    def notice(self, number: str, transport: str) -> Receipt:
        """A push that names a shipment."""
        with self.database.write() as tx:
            return intake.store_notices(
                tx, [NewNotice("erp", "erp", transport, "shipment", number, 0, "{}")]
            )[0]

    def at_source(
        self, number: str, *orders: str, holds: bool = True, balance: str = "0.00", **more: Any
    ) -> None:
        """What the source answers when the shipment is fetched."""
        data = ShipmentConfirmed.model_validate({"shipment": shipment(number, *orders, **more)})
        fact = Fact("shipment.confirmed", holds, datetime.now(UTC), data)
        money = {"amount": balance, "currency": "USD"}
        context = tuple(
            Order.model_validate({"number": order, "currency": "USD", "unpaid_balance": money})
            for order in orders or ("1",)
        )
        self.shop.documents[number] = Fetched(
            DocumentRef(connection="erp", kind="shipment", number=number), (fact,), context
        )

    def route(self) -> set[Bell]:
        """Route what is new."""
        return self.router.run()

    def drain(self, lane: str = "shop") -> Drained:
        """Own a lane once."""
        return self.runner(lane.split("/")[0]).drain(lane, self.stop.is_set)

    def run(self, seconds: float | None = None) -> None:
        """Sweep, route and drain until nothing moves (what is due far ahead stays), or for so many seconds."""
        ends_at, quiet = time.monotonic() + (seconds or 20), 0
        while quiet < 3 and (time.monotonic() < ends_at or not seconds):
            assert seconds or time.monotonic() < ends_at, "it does not come to rest"
            bells = self.sweeper.run()
            self.route()
            done = sum(self.drain(bell.lane).done for bell in bells if bell.queue in ("deliver", "poll"))
            done += sum(self.drain(name).done for name in self._due())
            quiet = 0 if done or Bell("route") in bells or self._soon() else quiet + 1
            if not done:
                time.sleep(0.02)

    def _due(self) -> list[str]:
        with self.database.read() as tx:
            return list(lanes.with_due_work(tx))

    def _soon(self) -> bool:
        """Is something due soon: a first retry after a second, a quarter later at most?"""
        with self.database.read() as tx:
            rows = entries.unfinished(tx)
            closed = any(row.closed_until and row.closed_until > tx.now for row in lanes.overview(tx))
        soon = datetime.now(UTC) + timedelta(seconds=1.3)
        return closed or any(
            row.status in ("retrying", "queued", "waiting") and row.due_at < soon for row in rows
        )

    # -- what stands in it --

    def entry(self, number: str) -> EntryRow:
        """The entry of a shipment."""
        with self.database.read() as tx:
            (row,) = [row for row in entries.newest(tx, 10_000) if row.source_number == number]
            return row

    def all_entries(self) -> list[EntryRow]:
        """Every entry, oldest first."""
        with self.database.read() as tx:
            return list(reversed(entries.newest(tx, 10_000)))

    def steps_of(self, entry_id: int) -> list[StepRow]:
        """The steps of an entry."""
        with self.database.read() as tx:
            return steps.of_entries(tx, [entry_id]).get(entry_id, [])

    @property
    def now(self) -> datetime:
        """The time by the database's clock."""
        with self.database.read() as tx:
            return tx.now

    def statuses(self) -> Counter[str]:
        """How many entries are in which status."""
        with self.database.read() as tx:
            return Counter(str(row.status) for row in entries.newest(tx, 100_000))

    def steps(self, number: str) -> list[StepRow]:
        """The steps of a shipment's entry."""
        return self.steps_of(self.entry(number).id)

    def journal(self, number: str) -> list[str]:
        """The moves of a shipment's entry, as `old>new`."""
        entry_id = self.entry(number).id
        with self.database.read() as tx:
            rows = tx.rows(journal.select().where(journal.c.entry_id == entry_id).order_by(journal.c.id))
        return [f"{row['old'] or ''}>{row['new']}" for row in rows]

    def attempts(self, number: str) -> list[Any]:
        """The tries at a shipment's entry."""
        entry_id = self.entry(number).id
        with self.database.read() as tx:
            return list(
                tx.rows(attempt.select().where(attempt.c.entry_id == entry_id).order_by(attempt.c.id))
            )

    def links(self) -> set[tuple[str, str]]:
        """All links, as (source, target) in words."""
        with self.database.read() as tx:
            return {
                (
                    f"{r['source_connection']}:{r['source_number']}",
                    f"{r['target_connection']}:{r['target_number']}",
                )
                for r in tx.rows(link.select())
            }

    def expire_leases(self) -> None:
        """As if the owners' leases had run out by now."""
        with self.database.write() as tx:
            tx.run(
                lane.update()
                .where(lane.c.lease_until.isnot(None))
                .values(lease_until=tx.now - timedelta(seconds=1))
            )

    def close(self) -> None:
        """End its loop and its connections."""
        self.stop.set()
        self.loop.close()
        self.database.close()


# -- what happens at the same moment --


def begin(work: Callable[[], T]) -> "Future[T]":
    """Do something on a thread of its own, which keeps nobody from ending."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # whoever asks for the result is told
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def until(holds: Callable[[], bool], patience: float = 20) -> None:
    """Wait for what another thread brings about; raises TimeoutError where it never does."""
    ends_at = time.monotonic() + patience
    while not holds():
        if time.monotonic() > ends_at:
            raise TimeoutError("it was waited for in vain")
        time.sleep(0.005)


class Door:
    """Stands in a call of the stub: who comes is noted, and stays there until it is opened."""

    def __init__(self) -> None:
        self.came: list[str] = []
        self._opened = threading.Event()

    def open(self) -> None:
        """Let everybody through, from now on."""
        self._opened.set()

    async def enter(self, who: str) -> None:
        """Returns when it is open."""
        self.came.append(who)
        await asyncio.to_thread(self._opened.wait, 60)


def hold_creates(patch: pytest.MonkeyPatch, door: Door, *orders: str) -> None:
    """Shipments of these orders are created behind the door."""
    create = StubRecipe.create

    async def held(self: StubRecipe) -> Effect:
        if self._step.order.order.number in orders:
            await door.enter(self._step.order.order.number)
        return await create(self)

    patch.setattr(StubRecipe, "create", held)


def hold_replies(patch: pytest.MonkeyPatch, door: Door, *numbers: str) -> None:
    """What the source says of these documents at the moment it is asked arrives through the door."""
    fetch = StubAdapter.fetch

    async def held(self: StubAdapter, http: Http, wanted: Wanted) -> Fetched:
        fetched = await fetch(self, http, wanted)
        if wanted.number in numbers:
            await door.enter(wanted.number)
        return fetched

    patch.setattr(StubAdapter, "fetch", held)
