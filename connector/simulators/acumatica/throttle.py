"""The licence's requests-per-minute limit as an ASGI layer: slow past half of it, refuse a long queue.

Source: the vendor's integration guide. It stands in front of the simulator because waiting must not block
the other requests.
"""

import asyncio
import math
import time
from collections import deque

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from connector.simulators.acumatica.errors import too_many_requests
from connector.simulators.acumatica.options import Options

_UNLIMITED = frozenset({"/entity/auth/logout"})
"""Log-out skips the queue."""


class Throttle:
    """Counts the calls of the past minute, delays them, and declines what would wait too long."""

    def __init__(self, app: ASGIApp, options: Options) -> None:
        self._app = app
        self._options = options
        self._recent: deque[float] = deque()
        self._waiting = 0
        self.delayed = 0
        self.declined = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, late or not at all."""
        limit = self._options.requests_per_minute
        if limit is None or not _is_limited(scope):
            await self._app(scope, receive, send)
            return
        if await self._admit(limit):
            await self._app(scope, receive, send)
            return
        self.declined += 1
        reply = too_many_requests()
        await Response(reply.body, reply.status, dict(reply.headers))(scope, receive, send)

    async def _admit(self, limit: int) -> bool:
        wait = self._wait(limit)
        self._recent.append(time.monotonic() + wait)
        if wait <= 0:
            return True
        if self._waiting >= self._options.queue_length or wait > self._options.longest_wait_seconds:
            self._recent.pop()
            return False
        self.delayed += 1
        self._waiting += 1
        try:
            await asyncio.sleep(wait)
        finally:
            self._waiting -= 1
        return True

    def _wait(self, limit: int) -> float:
        """Seconds to wait: (seconds left in the minute) / (requests left), once half of the limit is used."""
        now, minute = time.monotonic(), self._options.minute_seconds
        while self._recent and self._recent[0] <= now - minute:
            self._recent.popleft()
        used = len(self._recent)
        if used < math.ceil(limit / 2):
            return 0.0
        left = minute - (now - self._recent[0])
        return max(left, 0.0) / max(limit - used, 1)

    def describe(self) -> dict[str, int]:
        """The counts, for `GET /_sim/state`."""
        return {"delayed": self.delayed, "declined": self.declined, "waiting": self._waiting}


def _is_limited(scope: Scope) -> bool:
    path = scope.get("path", "")
    return bool(path.startswith("/entity/") and path not in _UNLIMITED)
