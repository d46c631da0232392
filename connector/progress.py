"""Is work being done? The marks that working processes leave, and the judgement that supervisors ask for.

The judgement is made from SQL, for the fleet as a whole; a backlog alone is no fault, work that nobody takes is one.
What a single process shows of itself is a key in the broker that runs out: it lives as long as the process gets on.
"""

import os
import socket
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import structlog
from redis import Redis
from redis.exceptions import RedisError

from connector.store import Database, gauges
from connector.store.gauges import Heads
from schemas.config import Config

log = structlog.get_logger(__name__)

Role = Literal["worker", "beat"]

PATIENCE = 60.0
"""Seconds without a sweep, or with the same event before the router, after which nobody is at work."""

LIFE = 120.0
"""Seconds for which a process counts as getting on after it last did something."""

OFTEN = 5.0
"""Seconds between two marks of one process, at least."""

_KEY = "connector:alive:{role}:{host}:{process}"


# -- the fleet ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Progress:
    """What is being done: each part is a sentence about what is not, or empty.

    `sweeper`: nobody looks for what is due; `router`: events wait and none is routed; `lanes`: work is due at lanes
    that anybody could take, and nobody does.
    """

    sweeper: str = ""
    router: str = ""
    lanes: str = ""

    @property
    def faults(self) -> tuple[str, ...]:
        """The sentences."""
        return tuple(one for one in (self.sweeper, self.router, self.lanes) if one)


class Watch:
    """Looks at a store now and then; it remembers what the router had before it, so it is to be kept.

    `patience` is in seconds, and so is `standing`: how long the router may have the same before it. A lane may be left
    alone for the length of a drain longer, for others may be in the way.
    """

    def __init__(
        self, database: Database, config: Config, patience: float = PATIENCE, standing: float = PATIENCE
    ) -> None:
        self._database = database
        self._connections: Collection[str] = config.connections
        self._budget = config.lanes.budget
        self._patience = max(patience, 10 * config.lanes.sweep)
        self._standing = standing
        self.heads = Heads(None, None)
        self._standing_since = time.monotonic()

    def look(self) -> Progress:
        """What is being done now; raises StoreUnavailable."""
        with self._database.read() as tx:
            swept = gauges.since(tx, gauges.SWEPT)
            heads = gauges.heads(tx)
            neglected = gauges.neglected(tx, self._patience + self._budget, self._connections)
        return Progress(self._sweeper(swept), self._router(heads), _lanes(neglected))

    def _sweeper(self, swept: float | None) -> str:
        if swept is not None and swept <= self._patience:
            return ""
        ago = "never" if swept is None else f"last {swept:.0f} s ago"
        return f"nobody looks for what is due ({ago}): do beat, broker and worker run?"

    def _router(self, heads: Heads) -> str:
        if not heads.stands(self.heads):
            self.heads, self._standing_since = heads, time.monotonic()
        if heads.event is None and heads.entry is None:
            return ""
        stands = time.monotonic() - self._standing_since
        what = f"event {heads.event}" if heads.event is not None else f"entry {heads.entry}"
        return f"{what} has been next to be routed for {stands:.0f} s" if stands >= self._standing else ""

    def look_twice(self, pause: float = 0.5) -> Progress:
        """The same, for who has not looked before: where the router has work before it, wait until it has other."""
        progress = self.look()
        first = self.heads
        while self.heads.stands(first) and not progress.router:
            time.sleep(pause)
            progress = self.look()
        return progress


def _lanes(neglected: Collection[str]) -> str:
    return f"work is due and nobody takes it: {', '.join(neglected)}" if neglected else ""


# -- one process -------------------------------------------------------------------------------------------


class Pulse:
    """The sign of life of one process, renewed by what it does. A broker that is away costs the sign, not the work."""

    def __init__(self, redis: Redis, role: Role, often: float = OFTEN) -> None:
        self._redis = redis
        self._key = _key(role)
        self._often = often
        self._lock = threading.Lock()
        self._due = 0.0

    def beat(self) -> bool:
        """Something was done; was it time for another sign?"""
        with self._lock:
            if time.monotonic() < self._due:
                return False
            self._due = time.monotonic() + self._often
        try:
            self._redis.set(self._key, b"1", px=int(LIFE * 1000))
        except (RedisError, OSError) as error:
            log.warning("pulse.not_given", error=str(error))
        return True

    def end(self) -> None:
        """The process ends in good order."""
        try:
            self._redis.delete(self._key)
        except (RedisError, OSError) as error:
            log.warning("pulse.not_ended", error=str(error))


def alive(redis: Redis, role: Role, host: str = "*") -> int:
    """How many processes of this role get on, on one host (`*`: on all); raises RedisError."""
    pattern = _KEY.format(role=role, host=host, process="*")
    return sum(1 for _ in redis.scan_iter(match=pattern, count=500))


def this_host() -> str:
    """The name under which processes of this machine, or of this container, give signs."""
    return socket.gethostname()


def _key(role: Role) -> str:
    return _KEY.format(role=role, host=this_host(), process=os.getpid())
