"""How many entries one lane drains in a second, beside a Celery task that does nothing, in the same run.

`python -m tests.bench.drain [ENTRIES]`: PostgreSQL with fsync on, a broker, and a target without delay in a process
of its own. An entry is one look-up and one write at the target over HTTP, then its outcome in a shared commit. The
two are run in turn, several rounds, because the machine's speed drifts; so is the lane with the follower beside it,
which digests what moved. Medians and the ratios are printed.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import structlog

from connector.bootstrap import FOLLOWED_EVERY
from connector.planned import Step
from connector.store import Database
from connector.store.digest import Follower
from connector.systems.base import Effect, Known
from connector.systems.http import Http, Request
from schemas.base import DocumentRef
from tests import servers
from tests.servers import PostgresServer, RedisServer
from tests.stub import StubAdapter
from tests.world import World, shipment

ROUNDS = 3


class HttpRecipe:
    """Looks with one GET, ships with one POST."""

    native_key = False

    def __init__(self, http: Http, url: str, step: Step) -> None:
        self._http, self._url, self._step = http, url, step

    async def find(self) -> tuple[Effect, ...]:
        (await self._http.send(Request("GET", f"{self._url}/shipments?ref={self._step.reference}"))).json()
        return ()

    async def create(self) -> Effect:
        body = self._step.model_dump_json().encode()
        headers = {"content-type": "application/json"}
        await self._http.send(Request("POST", f"{self._url}/shipments", headers, body, writes=True))
        return Effect(
            DocumentRef(connection="shop", kind="shipment", number=f"S-{self._step.document.number}")
        )

    async def verify(self, effect: Effect) -> Effect:
        return effect


@contextmanager
def child(*arguments: str, **environ: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A child process, ended by its process id."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env=os.environ | environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


@contextmanager
def follower(database: Database) -> Iterator[None]:
    """What moves is digested for those who read, as a worker does it beside its lanes."""
    done = threading.Event()

    def follow() -> None:
        while not done.wait(FOLLOWED_EVERY):
            Follower(database).run()

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def drained(
    database_url: str, target: str, count: int, concurrency: int, *, followed: bool
) -> tuple[float, float, float]:
    """Entries per second drained, events per second routed, CPU milliseconds of this process per drained entry."""
    world = World(database_url, concurrency=concurrency)
    url = target

    def recipe(self: StubAdapter, http: Http, step: Step, known: Known) -> HttpRecipe:
        return HttpRecipe(http, url, step)

    StubAdapter.recipe = recipe  # type: ignore[assignment,method-assign]
    for start in range(0, count, 500):
        world.publish(*(shipment(f"SH{n}", str(n)) for n in range(start, min(start + 500, count))))
    began = time.monotonic()
    world.route()
    routed = count / (time.monotonic() - began)
    began, cpu = time.monotonic(), time.process_time()
    done = 0
    with follower(world.database) if followed else nullcontext():
        while done < count:
            done += world.drain().done
    elapsed, used = time.monotonic() - began, time.process_time() - cpu
    assert world.statuses() == {"published": count}
    world.close()
    return count / elapsed, routed, used * 1000 / count


def no_ops(broker: str, count: int) -> float:
    """Celery tasks per second that one worker process with threads gets through."""
    from redis import Redis

    os.environ["BENCH_BROKER"] = broker
    from tests.bench.noop import app, mark, nothing

    for _ in range(count):
        nothing.apply_async()
    arguments = (
        "-m",
        "celery",
        "-A",
        "tests.bench.noop",
        "worker",
        "-P",
        "threads",
        "-c",
        "20",
        "-l",
        "error",
    )
    with (
        Redis.from_url(broker) as redis,
        child(*arguments, "--without-gossip", "--without-mingle", "--without-heartbeat"),
    ):
        while redis.llen("noop:celery") > count * 0.95:
            time.sleep(0.005)
        left, began = redis.llen("noop:celery"), time.monotonic()
        while redis.llen("noop:celery") > 0:
            time.sleep(0.005)
        rate: float = left / (time.monotonic() - began)
        mark.apply_async(("noop:done",))
        while not redis.get("noop:done"):
            time.sleep(0.01)
        redis.flushdb()
    app.close()
    return rate


def main(count: int) -> None:
    """Run the rounds and print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    lane: list[tuple[float, float, float]] = []
    beside: list[float] = []
    celery: list[float] = []
    port = servers.free_port()
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        (Path(place) / "pg").mkdir()
        (Path(place) / "redis").mkdir()
        postgres = PostgresServer(
            servers.postgres_in_wheel(), Path(place) / "pg", fsync="on", autovacuum="on"
        )
        redis = RedisServer(servers.valkey_in_wheel(), Path(place) / "redis")
        postgres.start()
        redis.start()
        try:
            with child("-m", "tests.bench.target", str(port)):
                time.sleep(1)
                for round_ in range(ROUNDS):
                    shop = f"http://127.0.0.1:{port}"
                    with postgres.database() as url:
                        lane.append(drained(url, shop, count, concurrency=8, followed=False))
                    with postgres.database() as url:
                        beside.append(drained(url, shop, count, concurrency=8, followed=True)[0])
                    celery.append(no_ops(redis.url, count))
                    print(
                        f"round {round_ + 1}: lane {lane[-1][0]:.0f}/s, with the follower {beside[-1]:.0f}/s, "
                        f"Celery no-op {celery[-1]:.0f}/s",
                        flush=True,
                    )
        finally:
            postgres.stop()
            redis.stop()
    drain = statistics.median(rate for rate, _, _ in lane)
    noop = statistics.median(celery)
    print(f"one lane, 8 slots, PostgreSQL, fsync on: {drain:.0f} entries/s, {lane[-1][2]:.2f} ms of CPU each")
    print(f"routing: {statistics.median(routed for _, routed, _ in lane):.0f} events/s")
    print(f"Celery no-op, threads 20: {noop:.0f} tasks/s")
    print(f"ratio lane / no-op: {drain / noop:.2f}")
    print(f"ratio with the follower / without: {statistics.median(beside) / drain:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
