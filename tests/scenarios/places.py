"""Where a fleet of a crash scenario lives: a database and a broker on real servers, from wheels or from the system."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.scenarios.configured import Timing
from tests.scenarios.fleet import Fleet, running
from tests.servers import RedisServer

QUICK = Timing(lease=4, renew=0.5, timeout=2)
"""A lease that soon runs out, with time-outs that fit into it."""


@dataclass(frozen=True)
class Place:
    """A fresh database and an empty broker, for one fleet."""

    home: Path
    database_url: str
    redis: RedisServer

    @contextmanager
    def fleet(self, timing: Timing = QUICK) -> Iterator[Fleet]:
        """Web and beat; the scenario starts the workers."""
        with running(self.home, self.database_url, self.redis.url, timing) as fleet:
            fleet.start("beat")
            fleet.start_web()
            yield fleet
