"""What Celery is told: it outlives its broker, rings in time, and keeps threads for everybody."""

import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from celery.signals import worker_shutdown
from pydantic import ValidationError

from connector.wake import TASKS, TRANSPORT
from connector.work import Bell
from schemas.config import Lanes
from tasks import app as tasks_app
from tasks.complete import complete
from tasks.deliver import deliver

conf = tasks_app.app.conf


class Process:
    """In the runtime's place: notes what it is asked for. `during` happens inside a drain."""

    def __init__(self, during: Callable[[], None] = lambda: None) -> None:
        self.ringer = self
        self.answered: list[Bell] = []
        self.drained: list[str] = []
        self.closed = 0
        self._during = during

    def heard(self, bell: Bell) -> None:
        """The bell was answered."""
        self.answered.append(bell)

    def drain(self, lane: str, stopping: Callable[[], bool]) -> None:
        """Own a lane."""
        assert not stopping()
        self.drained.append(lane)
        self._during()

    def close(self) -> None:
        """Let go."""
        self.closed += 1


@pytest.fixture
def beat_schedule() -> Iterator[None]:
    """The beat's schedule is put back afterwards."""
    before = dict(conf.beat_schedule)
    yield
    conf.beat_schedule = before


# -- the broker --------------------------------------------------------------------------------------------------------


def test_a_broker_that_is_away_is_tried_again_without_end() -> None:
    assert conf.broker_connection_max_retries is None
    assert conf.broker_connection_retry_on_startup
    assert conf.broker_channel_error_retry


def test_a_drain_goes_on_while_the_broker_is_away() -> None:
    assert not conf.worker_cancel_long_running_tasks_on_connection_loss


def test_no_drain_may_last_as_long_as_the_broker_waits_before_it_delivers_a_message_again() -> None:
    visible_again = conf.broker_transport_options["visibility_timeout"]
    assert conf.broker_transport_options == TRANSPORT
    assert Lanes(budget=300).budget == 300
    with pytest.raises(ValidationError, match="budget"):
        Lanes(budget=visible_again)


def test_messages_are_plain_json_and_bring_no_results() -> None:
    assert (conf.task_serializer, conf.accept_content) == ("json", ["json"])
    assert conf.task_ignore_result


def test_a_bell_is_given_back_by_a_worker_that_vanishes_and_none_is_hoarded() -> None:
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1


# -- the beat ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("beat_schedule")
def test_a_sweep_outlives_a_busy_worker_and_a_clock_that_is_a_minute_off() -> None:
    """An older sweep is worth nothing; but where all are too old, nobody sweeps."""
    tasks_app.schedule(2)
    (planned,) = [one for one in conf.beat_schedule.values() if one["task"] == TASKS["sweep"]]
    assert planned["schedule"] == 2
    assert planned["options"]["queue"] == "sweep"
    assert 60 < planned["options"]["expires"] <= 3600


# -- the worker --------------------------------------------------------------------------------------------------------


def test_a_worker_that_ends_lets_go_of_its_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process()
    monkeypatch.setattr(tasks_app, "process", lambda: process)
    worker_shutdown.send(sender=None)
    assert process.closed == 1


@pytest.mark.parametrize(
    ("task", "queue"), [(deliver, "deliver"), (complete, "complete")], ids=["deliver", "complete"]
)
def test_lanes_leave_threads_to_the_router_the_sweeper_and_the_stream(
    monkeypatch: pytest.MonkeyPatch, task: Callable[[str], None], queue: str
) -> None:
    """A lane that finds no place is left to the next sweep, and its bell may be rung again at once."""
    process = Process(during=lambda: task("second"))
    monkeypatch.setattr(tasks_app, "process", lambda: process)
    places = threading.BoundedSemaphore(1)
    monkeypatch.setattr(tasks_app, "_places", lambda: places)
    task("first")
    assert process.drained == ["first"]
    assert process.answered == [Bell(queue, "first"), Bell(queue, "second")]
    process._during = lambda: None
    task("third")
    assert process.drained == ["first", "third"], "the place was given back"


def test_a_lane_that_fails_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ZeroDivisionError("a defect")

    process = Process(during=fail)
    places = threading.BoundedSemaphore(1)
    monkeypatch.setattr(tasks_app, "process", lambda: process)
    monkeypatch.setattr(tasks_app, "_places", lambda: places)
    for lane in ("first", "second"):
        with pytest.raises(ZeroDivisionError):
            deliver(lane)
    assert process.drained == ["first", "second"]


@pytest.mark.parametrize(("threads", "for_lanes"), [(20, 16), (6, 2), (5, 1), (2, 1)])
def test_as_many_lanes_at_a_time_as_there_are_threads_to_spare_and_one_at_least(
    monkeypatch: pytest.MonkeyPatch, threads: int, for_lanes: int
) -> None:
    monkeypatch.setattr(tasks_app, "app", SimpleNamespace(conf=SimpleNamespace(worker_concurrency=threads)))
    places = tasks_app._places.__wrapped__()
    assert [places.acquire(blocking=False) for _ in range(for_lanes + 1)] == [True] * for_lanes + [False]
