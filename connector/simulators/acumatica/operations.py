"""Long operations: actions that run behind their 202, one per screen and session, and their status.

An effect happens when its operation ends, not when it is asked for; numbers are found by reading again.
"""

import asyncio
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from connector.simulators.acumatica.errors import VendorError, long_operation
from connector.simulators.acumatica.options import Options
from connector.simulators.acumatica.sessions import Session
from connector.simulators.base import Reply


@dataclass
class Operation:
    """One action under way or ended; `error` is what its status answers after it failed."""

    id: str
    session: str
    screen: str
    action: str
    running: bool = True
    error: VendorError | None = None


class Operations:
    """The operations of a site, the newest last."""

    def __init__(self, options: Options, lock: threading.RLock) -> None:
        self._options = options
        self._lock = lock
        self._all: dict[str, Operation] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._released = asyncio.Event()
        self.wake()

    def wake(self) -> None:
        """Let operations end, or keep them from it, as the options now say."""
        if self._options.operations_held:
            self._released.clear()
        else:
            self._released.set()

    def check_free(self, session: Session, screen: str) -> None:
        """Raises VendorError (409) while this session runs an operation on this screen."""
        if any(
            one.running and (one.session, one.screen) == (session.id, screen) for one in self._all.values()
        ):
            raise long_operation()

    def start(self, session: Session, screen: str, action: str, effect: Callable[[], None]) -> Operation:
        """Begin an operation whose effect comes later, under the simulator's lock."""
        operation = Operation(str(uuid.uuid4()), session.id, screen, action)
        self._all[operation.id] = operation
        task = asyncio.get_running_loop().create_task(self._run(operation, effect))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return operation

    async def _run(self, operation: Operation, effect: Callable[[], None]) -> None:
        await asyncio.sleep(self._options.operation_seconds)
        await self._released.wait()
        with self._lock:
            try:
                effect()
            except VendorError as error:
                operation.error = error
            finally:
                operation.running = False

    def status(self, screen: str, action: str, operation_id: str) -> Reply | None:
        """202 while running, 204 when done, the error when it failed; None for an unknown operation."""
        operation = self._all.get(operation_id.lower())
        if operation is None or (operation.screen, operation.action) != (screen, action):
            return None
        if operation.running:
            return Reply(202)
        return operation.error.reply if operation.error else Reply(204)

    def describe(self) -> list[dict[str, object]]:
        """Every operation, for `GET /_sim/state`."""
        return [
            {
                "id": one.id,
                "entity": one.screen,
                "action": one.action,
                "running": one.running,
                "failed": str(one.error) if one.error else None,
            }
            for one in self._all.values()
        ]
