"""The processes by themselves: `up` from start to end, one worker on SQLite, and no work on an unprepared database."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from connector import embedded
from connector.commands.processes import worker_lock
from tests.scenarios.configured import Timing
from tests.scenarios.fleet import Fleet, prepared, running, shipped_once
from tests.scenarios.parcels import Parcel
from tests.servers import PostgresServer


def test_sqlite_bears_one_worker_and_refuses_a_second(tmp_path: Path) -> None:
    with running(tmp_path / "home", None, None) as fleet:
        # Given a worker on a SQLite database
        fleet.start_web()
        first = fleet.start_worker()
        lock = worker_lock(fleet.runtime.settings.database_url)
        assert lock is not None
        fleet.until(
            lambda: lock.exists() and lock.read_text().strip() == str(first.popen.pid), "it has the lock"
        )
        # When a second is started
        second = fleet.run("worker")
        # Then it is refused in a sentence, and the first goes on working
        assert second.returncode == 2
        assert f"a worker already runs on {tmp_path}" in second.stderr
        assert "Traceback" not in second.stderr
        parcel = Parcel(301)
        fleet.seed(parcel)
        assert fleet.push(parcel).status_code == 202
        shipped_once(fleet, [parcel])
        # and its place is free once it was killed
        first.kill()
        fleet.start_worker()
        fleet.start(
            "beat"
        )  # the lane may be the killed one's until its lease has run out: somebody must ring then
        next_parcel = Parcel(302)
        fleet.seed(next_parcel)
        fleet.push(next_parcel)
        shipped_once(fleet, [next_parcel])


def test_up_runs_everything_until_it_is_interrupted_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        # Given a configuration, and nothing else: no database, no broker
        fleet = prepared(stack, tmp_path / "home", None, None, Timing())
        stack.callback(fleet.stop)
        parcel = Parcel(311)
        fleet.seed(parcel)
        # When everything is started by one command, and a push notification is posted
        up = fleet.start("up", "up", "--port", str(fleet.web.base_url.port))
        fleet.until(lambda: ready(fleet) or up.exit_code is not None, "web is ready")
        assert up.exit_code is None, up.text
        assert fleet.push(parcel).status_code == 202
        # Then it is shipped
        shipped_once(fleet, [parcel])
        # When it is interrupted
        started = descendants(up.popen.pid)
        broker = embedded.locate(fleet.home).pid
        assert broker is not None
        assert len(started) >= 3
        os.kill(up.popen.pid, signal.SIGINT)
        # Then it ends in good order, with its children and its broker
        assert up.wait() == 0, up.text
        assert up.text.rstrip().endswith("stopped")
        fleet.until(lambda: not [pid for pid in {*started, broker} if alive(pid)], "all of it is gone")


def test_up_stops_the_others_when_one_process_ends_by_itself(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        # Given everything up
        fleet = prepared(stack, tmp_path / "home", None, None, Timing())
        stack.callback(fleet.stop)
        up = fleet.start("up", "up", "--port", str(fleet.web.base_url.port))
        fleet.until(lambda: ready(fleet) or up.exit_code is not None, "web is ready")
        started = descendants(up.popen.pid)
        # When the worker is killed
        lock = worker_lock(fleet.runtime.settings.database_url)
        assert lock is not None
        fleet.until(lambda: lock.exists() and lock.read_text().strip(), "the worker runs")
        os.kill(int(lock.read_text()), signal.SIGKILL)
        # Then it says which one ended, and stops the others
        assert up.wait() == 1
        assert "worker ended by itself" in up.text
        fleet.until(lambda: not [pid for pid in started if alive(pid)], "all of it is gone")


def ready(fleet: Fleet) -> bool:
    """Do web, database and broker say that they are there?"""
    try:
        return fleet.web.get("/health/ready").is_success
    except httpx.TransportError:
        return False


@pytest.fixture
def unprepared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Fleet]:
    """A configuration with an empty database, where nobody has migrated."""
    with contextlib.ExitStack() as stack:
        url = None
        if request.param != "sqlite":
            server: PostgresServer = request.getfixturevalue(request.param)
            url = stack.enter_context(server.database())
        yield prepared(stack, tmp_path / "home", url, None, Timing())


@pytest.mark.parametrize(
    ("unprepared", "command"), [("sqlite", "web"), ("postgres_wheel", "worker")], indirect=["unprepared"]
)
def test_nothing_works_on_a_database_that_was_not_migrated(unprepared: Fleet, command: str) -> None:
    # When a process is started on it
    ended = unprepared.run(command, *(["--port", "0"] if command == "web" else []))
    # Then it says what to do, and ends
    assert ended.returncode == 2, ended.stderr
    assert "connector migrate" in ended.stderr
    assert "Traceback" not in ended.stderr
    # When that is done
    assert unprepared.run("migrate").returncode == 0
    # Then the database is one that can be worked on
    unprepared.runtime.database.check_schema()


# -- processes ---------------------------------------------------------------------------------------------


def descendants(pid: int) -> set[int]:
    """The children of a process, theirs, and so on."""
    parents = dict(filter(None, map(parentage, Path("/proc").iterdir())))
    found = {pid}
    while True:
        more = {child for child, parent in parents.items() if parent in found} - found
        if not more:
            return found - {pid}
        found |= more


def parentage(entry: Path) -> tuple[int, int] | None:
    """Process id and parent's id of one entry of /proc; None for what is no process, or none any more."""
    try:
        return int(entry.name), int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except (ValueError, OSError):
        return None


def alive(pid: int) -> bool:
    """Is it there, and no zombie that nobody has buried yet?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
