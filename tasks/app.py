"""The Celery application: queues, safety settings, the beat, and this process's runtime.

Messages are bells: they carry a lane's name at most. Everything that matters stands in SQL.
"""

import os
import threading
from functools import cache
from typing import Any

from celery import Celery
from celery.signals import (
    after_task_publish,
    beat_init,
    setup_logging,
    task_postrun,
    worker_ready,
    worker_shutdown,
    worker_shutting_down,
)
from kombu import Queue

from connector.bootstrap import Runtime, runtime
from connector.broker import redis_client
from connector.progress import Pulse
from connector.reloading import Following
from connector.settings import from_environment
from connector.wake import TASKS, TRANSPORT
from connector.work import Bell

app = Celery("connector")
app.conf.update(
    imports=tuple(TASKS.values()),
    task_queues=[Queue(name) for name in TASKS],
    task_create_missing_queues=False,
    task_default_queue="sweep",
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_pool="threads",
    worker_concurrency=int(os.environ.get("CONNECTOR_WORKER_THREADS", "20")),
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_soft_shutdown_timeout=45.0,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,  # a broker may be away for a night
    broker_channel_error_retry=True,
    broker_transport_options=TRANSPORT,
)

KEPT_FREE = 4
"""Threads that lanes never take: the router, the sweeper and the stream must go on while every lane is busy."""

PRUNE_ASKED = 3600.0
"""Seconds between two questions whether to prune; a beat that is started anew every day asks in time all the same."""

_stopping = threading.Event()
_in_beat = threading.Event()


def stopping() -> bool:
    """Is this worker shutting down? Drains ask it, end their calls in flight and give the lane back."""
    return _stopping.is_set()


@cache
def _places() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(max(int(app.conf.worker_concurrency) - KEPT_FREE, 1))


def drain(queue: str, lane: str) -> None:
    """Own a lane until nothing is due there; where too many lanes are busy here, leave it to the next sweep."""
    process().ringer.heard(Bell(queue, lane))
    if not _places().acquire(blocking=False):
        return
    try:
        process().drain(lane, stopping)
    finally:
        _places().release()


@cache
def following() -> Following:
    """This process's runtime, made once and prepared for work, which follows its configuration file."""
    made = runtime()
    made.prepare()
    return Following(made)


def process() -> Runtime:
    """This process's runtime by the configuration file as it stands; what is begun with one ends with it."""
    return following().look()


def schedule(seconds: float) -> None:
    """Have the beat send the sweeper so often, and the pruning every hour."""
    app.add_periodic_task(seconds, app.signature("tasks.sweep", queue="sweep"), expires=300)
    app.add_periodic_task(PRUNE_ASKED, app.signature("tasks.prune", queue="prune"), expires=300)


@setup_logging.connect
def _keep_our_logging(**_: Any) -> None:
    """Celery would otherwise put its own handlers in place of ours."""


@worker_ready.connect
def _first_sweep(**_: Any) -> None:
    """Work may have waited while no worker ran."""
    process().sweep()


@cache
def _pulse() -> Pulse:
    return Pulse(redis_client(from_environment()), "beat" if _in_beat.is_set() else "worker")


@task_postrun.connect
def _got_on(**_: Any) -> None:
    """A task has ended: this worker gets on. Now and then what it counted is added to the fleet's sums."""
    if _pulse().beat():
        process().calls.hand_over(process().redis)


@beat_init.connect
def _begin_beat(**_: Any) -> None:
    _in_beat.set()


@after_task_publish.connect
def _rang(**_: Any) -> None:
    if _in_beat.is_set():
        _pulse().beat()


@worker_shutting_down.connect
def _stop(**_: Any) -> None:
    _stopping.set()


@worker_shutdown.connect
def _close(**_: Any) -> None:
    process().close()


@worker_shutdown.connect
def _end_pulse(**_: Any) -> None:
    _pulse().end()
