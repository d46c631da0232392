"""Every Celery queue has a task that is sent to it and a worker that drains it; every beat has a task."""

import importlib
import shlex
from collections.abc import Iterable
from typing import Any

import pytest

from connector.wake import TASKS
from tests.guards.tree import ROOT


@pytest.fixture(name="app")
def fixture_app() -> Any:
    """The Celery application with all its tasks, imported late: a broken one fails these tests only."""
    app = importlib.import_module("tasks.app").app
    app.loader.import_default_modules()
    return app


def _queues(app: Any) -> set[str]:
    return {queue.name for queue in app.conf.task_queues}


def _own_tasks(app: Any) -> set[str]:
    return {name for name in app.tasks if not name.startswith("celery.")}


def drained(procfile: str, queues: Iterable[str]) -> set[str]:
    """The queues that a Procfile's workers drain: those named by `-Q` or `--queues`, all where none is."""
    every: set[str] = set()
    for line in procfile.splitlines():
        _, _, command = line.partition(":")
        words = shlex.split(command)
        if "worker" not in words:
            continue
        named = [words[at + 1] for at, word in enumerate(words) if word in ("-Q", "--queues")]
        every |= {name for names in named for name in names.split(",")} if named else set(queues)
    return every


@pytest.mark.parametrize(
    ("procfile", "expected"),
    [
        ("web: connector web\n", set()),
        ("web: connector web\nworker: connector worker\n", {"deliver", "route"}),
        ("one: connector worker -Q route\n", {"route"}),
        ("one: connector worker --queues route,deliver\n", {"deliver", "route"}),
    ],
)
def test_a_procfile_says_what_its_workers_drain(procfile: str, expected: set[str]) -> None:
    assert drained(procfile, ["deliver", "route"]) == expected


def test_every_queue_has_a_worker(app: Any) -> None:
    queues = _queues(app)
    assert queues
    assert queues <= drained((ROOT / "Procfile").read_text(), queues)


def test_every_queue_has_a_task_and_every_task_a_queue(app: Any) -> None:
    assert set(TASKS) == _queues(app)
    assert set(TASKS.values()) == _own_tasks(app)


def test_every_beat_has_a_task(app: Any) -> None:
    from tasks.app import schedule

    schedule(2)
    beats = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert beats
    assert beats <= _own_tasks(app)
