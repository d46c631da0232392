"""How many calls went to each connection, how they ended and how long they took; counted here, summed up in the broker.

For dashboards alone: a broker that forgets them begins anew at zero, as counters may.
"""

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog
from redis import Redis
from redis.exceptions import RedisError

from connector.systems.http import Exchange

log = structlog.get_logger(__name__)

KEY = "connector:calls"

BOUNDS = (50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000)
"""Upper bounds of the buckets, in ms; what took longer stands in one more."""

_SUM = "ms"


@dataclass(frozen=True)
class Calls:
    """The calls to a connection that ended alike: `ending` is 2xx … 5xx, or `none` where no answer came.

    `buckets` are counts per bound of `BOUNDS`, and one more; `milliseconds` is the sum.
    """

    connection: str
    ending: str
    buckets: Sequence[int]
    milliseconds: int


class CallCounts:
    """Counts calls in this process, until they are added to the fleet's sums."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def of(self, connection: str) -> Callable[[Exchange], None]:
        """What takes note of each call to this connection; it does no I/O."""

        def observe(exchange: Exchange) -> None:
            ending = "none" if exchange.status is None else f"{exchange.status // 100}xx"
            bucket = bisect_left(BOUNDS, exchange.elapsed_ms)
            with self._lock:
                self._counts[f"{connection} {ending} {bucket}"] += 1
                self._counts[f"{connection} {ending} {_SUM}"] += exchange.elapsed_ms

        return observe

    def hand_over(self, redis: Redis) -> None:
        """Add what was counted to the fleet's sums; where the broker is away, they are kept for the next time."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        if not counts:
            return
        try:
            with redis.pipeline(transaction=True) as together:
                for name, count in counts.items():
                    together.hincrby(KEY, name, count)
                together.execute()
        except (RedisError, OSError) as error:
            log.warning("calls.not_counted", error=str(error))
            with self._lock:
                self._counts += counts


def summed_up(redis: Redis) -> list[Calls]:
    """The fleet's sums; raises RedisError."""
    stored: Mapping[bytes, bytes] = redis.hgetall(KEY)  # type: ignore[assignment]
    sums: dict[tuple[str, str], dict[str, int]] = {}
    for name, count in stored.items():
        connection, ending, what = name.decode().split(" ")
        sums.setdefault((connection, ending), {})[what] = int(count)
    return [
        Calls(
            connection,
            ending,
            [counts.get(str(bucket), 0) for bucket in range(len(BOUNDS) + 1)],
            counts.get(_SUM, 0),
        )
        for (connection, ending), counts in sorted(sums.items())
    ]
