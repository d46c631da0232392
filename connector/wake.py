"""Ringing: a message that says only "there is work", through Celery, and its twin in memory for tests.

Losing, doubling or reordering bells changes nothing: the work stands in SQL, and the sweeper rings again.
"""

from collections.abc import Iterable
from typing import Protocol

import structlog
from celery import Celery
from kombu.exceptions import OperationalError
from redis import Redis
from redis.exceptions import RedisError

from connector.work import Bell

log = structlog.get_logger(__name__)

TASKS = {
    "intake": "tasks.intake",
    "complete": "tasks.complete",
    "route": "tasks.route",
    "deliver": "tasks.deliver",
    "poll": "tasks.poll",
    "sweep": "tasks.sweep",
    "prune": "tasks.prune",
}
"""Queue -> the task that is sent to it."""

TRANSPORT = {
    "visibility_timeout": 3600,  # longer than any drain's budget
    "socket_timeout": 30,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 25,
    "global_keyprefix": "connector:celery:",
}
"""How every process of the fleet talks to the broker; the time-outs keep a dead link from hanging anybody."""


def sender(broker_url: str) -> Celery:
    """A Celery application that can only send."""
    app = Celery("connector", broker=broker_url, set_as_current=False)
    app.conf.update(task_serializer="json", accept_content=["json"], task_ignore_result=True)
    app.conf.broker_transport_options = TRANSPORT
    return app


class Ringer(Protocol):
    """Something that can ring."""

    def ring(self, bells: Iterable[Bell]) -> None:
        """Ring each bell, if the same one was not rung a moment ago. Never raises: the sweeper makes up for it."""

    def heard(self, bell: Bell) -> None:
        """The bell was answered: from now on it may be rung anew. Called before the work is claimed."""


class CeleryRinger:
    """Rings by Celery messages; a key in Redis keeps equal bells from piling up for `life` seconds at most."""

    def __init__(self, app: Celery, redis: Redis, life: float) -> None:
        self._app = app
        self._redis = redis
        self._life = max(int(life * 1000), 1)

    def ring(self, bells: Iterable[Bell]) -> None:
        """Ring, and say in the log when the broker is away."""
        try:
            for bell in bells:
                if self._redis.set(_key(bell), b"1", nx=True, px=self._life):
                    args = (bell.lane,) if bell.lane else ()
                    self._app.send_task(TASKS[bell.queue], args=args, queue=bell.queue, retry=False)
        except (RedisError, OperationalError, OSError) as error:
            log.warning("bell.not_rung", error=str(error))

    def heard(self, bell: Bell) -> None:
        """Clear the key."""
        try:
            self._redis.delete(_key(bell))
        except (RedisError, OSError) as error:
            log.warning("bell.not_cleared", error=str(error))


class MemoryRinger:
    """Keeps the bells that were rung and not yet heard, in order."""

    def __init__(self) -> None:
        self.rung: dict[Bell, None] = {}

    def ring(self, bells: Iterable[Bell]) -> None:
        """Remember each bell once."""
        self.rung.update(dict.fromkeys(bells))

    def heard(self, bell: Bell) -> None:
        """Forget it."""
        self.rung.pop(bell, None)


def _key(bell: Bell) -> str:
    return f"connector:bell:{bell.queue}:{bell.lane}"
