"""Drains the publishers' stream: one task at a time listens for a while, and the sweeper starts the next."""

from redis.exceptions import LockError, RedisError

from connector.work import Bell
from tasks.app import app, process, stopping

LISTEN = 8.0
"""Seconds that one task listens."""

TURN = "connector:intake:turn"
TURN_LIFE = 3.0
"""Seconds until the next may listen when a listener vanishes; it lengthens its turn every second."""


@app.task(name="tasks.intake")
def intake() -> None:
    """Listen, unless a task of another process does; a second listener would do no harm, only occupy a thread."""
    runtime = process()
    turn = runtime.redis.lock(TURN, timeout=TURN_LIFE, blocking=False, thread_local=False)
    if not turn.acquire():
        return

    def over() -> bool:
        try:
            turn.extend(TURN_LIFE, replace_ttl=True)
        except LockError:  # Redis was flushed: somebody else may listen by now
            return True
        return stopping()

    try:
        runtime.ringer.heard(Bell("intake"))
        runtime.stream_drain(runtime.owner).run(LISTEN, over)
    finally:
        try:
            turn.release()
        except (LockError, RedisError):
            # The turn is gone with what Redis held, or ends by itself.
            runtime.ringer.heard(Bell("intake"))
