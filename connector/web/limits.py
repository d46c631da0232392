"""What every request passes: the limit on its body, the time it may take to arrive, and its line in the log.

Plain ASGI, so that bodies are counted while they are read and none is held twice. No body, token or query is logged.
"""

import asyncio
import contextlib
import time
from dataclasses import dataclass

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connector.web.problems import TOO_LARGE, TOO_SLOW, Problem, respond

log = structlog.get_logger(__name__)

ARRIVAL = 30.0
"""Seconds in which a body must have arrived."""

LINGER = 2.0
"""Seconds for which the rest of a refused body is read and thrown away."""

LONGEST_LOGGED_PATH = 200

_ON_EVERY_ANSWER = {"X-Content-Type-Options": "nosniff"}
_CLOSE = {"Connection": "close"}


class BodyLimit:
    """Refuses bodies of more than `most` bytes, declared or not, and those that trickle."""

    def __init__(self, app: ASGIApp, most: int, arrival: float = ARRIVAL) -> None:
        self._app = app
        self._most = most
        self._arrival = arrival

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        body = _Body(receive, self._most, asyncio.get_running_loop().time() + self._arrival)
        if _declared(headers) > self._most:
            if b"expect" not in headers:  # who asks first has not sent anything yet
                await body.discard()
            await respond(body.too_large())(scope, receive, send)
            return
        await self._app(scope, body.receive, send)


@dataclass
class _Body:
    """One body while it arrives: `limit` in bytes, `until` on the loop's clock."""

    source: Receive
    limit: int
    until: float
    seen: int = 0
    whole: bool = False

    async def receive(self) -> Message:
        """The next message, counted; raises Problem."""
        if self.whole:
            return await self.source()
        try:
            async with asyncio.timeout_at(self.until):
                message = await self.source()
        except TimeoutError as error:
            detail = "the body had not arrived in time; send it again, in one go"
            raise Problem(TOO_SLOW, detail, headers=_CLOSE) from error
        self._count(message)
        if self.seen > self.limit:
            await self.discard()
            raise self.too_large()
        return message

    def _count(self, message: Message) -> None:
        self.seen += len(message.get("body", b""))
        self.whole = not message.get("more_body", False)

    async def discard(self) -> None:
        """Read the rest for a moment: closing on what is still being sent would take our answer along."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER):
                while not self.whole:
                    self._count(await self.source())

    def too_large(self) -> Problem:
        """The refusal."""
        return Problem(TOO_LARGE, f"a request may have {self.limit} bytes at most", headers=_CLOSE)


def _declared(headers: dict[bytes, bytes]) -> int:
    text = headers.get(b"content-length", b"")
    return int(text[:20]) if text.isdigit() else 0  # more digits than that are too many bytes anyway


class RequestLog:
    """One line per request, and the headers that every answer bears."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.monotonic()
        status = 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).update(_ON_EVERY_ANSWER)
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            _say(scope, status, round((time.monotonic() - started) * 1000))


def _say(scope: Scope, status: int, milliseconds: int) -> None:
    # As it was sent: decoded, it could forge lines of the log.
    path = scope.get("raw_path", b"").decode("ascii", "backslashreplace")[:LONGEST_LOGGED_PATH]
    connection = scope.get("path_params", {}).get("connection")
    told = {"connection": connection} if connection else {}
    log.info("web.request", method=scope["method"], path=path, status=status, ms=milliseconds, **told)
