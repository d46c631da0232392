"""A Celery application with one task that does nothing, set up like ours: the measure to hold a lane against."""

import os

from celery import Celery

from connector.wake import TRANSPORT

app = Celery("noop", broker=os.environ["BENCH_BROKER"])
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    worker_prefetch_multiplier=4,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options=TRANSPORT | {"global_keyprefix": "noop:"},
)


@app.task  # type: ignore[untyped-decorator]
def nothing() -> None:
    """Do nothing."""


@app.task  # type: ignore[untyped-decorator]
def mark(key: str) -> None:
    """Say that all before it are done, or nearly."""
    from redis import Redis

    with Redis.from_url(os.environ["BENCH_BROKER"]) as redis:
        redis.set(key, "1")
