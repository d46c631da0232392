"""Bells are rung on a thread of their own, equal ones together: a broker that is away makes no publisher wait.

A bell that is lost changes nothing, since the sweeper rings again for whatever is due.
"""

import threading
from collections.abc import Iterable

from connector.wake import Ringer
from connector.work import Bell


class BellRope:
    """Rings what it is handed, soon. `close` rings what is left."""

    def __init__(self, ringer: Ringer) -> None:
        self._ringer = ringer
        self._bells: set[Bell] = set()
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="connector-bells", daemon=True)
        self._thread.start()

    def pull(self, bells: Iterable[Bell]) -> None:
        """Have these rung; returns at once."""
        with self._changed:
            self._bells.update(bells)
            self._changed.notify()

    def close(self) -> None:
        """Ring what is left, then stop."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while bells := self._next():
            self._ringer.ring(sorted(bells, key=lambda bell: (bell.queue, bell.lane)))

    def _next(self) -> set[Bell]:
        """What to ring now; empty when there is nothing left and we are closing."""
        with self._changed:
            self._changed.wait_for(lambda: self._bells or self._closing)
            bells, self._bells = self._bells, set()
            return bells
