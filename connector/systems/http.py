"""The one HTTP client that adapters are handed: it minds rate, lease and seat, and records each call.

It knows no vendor: answers come back whatever their status, and adapters translate them.

    Slots ── one per connection and process: N slots, one rate, one seat
      └─ job(gate) ── lends a free slot to one job, as an `Http`
           └─ Http.send(request) ── waits for the rate, asks the gate, calls, records an Exchange
                └─ Slot ── one connection to the system, kept between jobs (`transport.py`)
"""

import asyncio
import math
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog

from connector.errors import CallError, LeaseTooShort
from connector.redact import Redactor, secrets_in
from connector.systems.seat import Seat, Token
from connector.systems.transport import Reply, Request, Slot, exact_json, trusted
from schemas.config import ConnectionSettings, Timeouts

__all__ = [
    "Exchange",
    "Gate",
    "Http",
    "Limiter",
    "OpenGate",
    "Rate",
    "Reply",
    "Request",
    "Seat",
    "Slot",
    "Slots",
    "Token",
    "Unlimited",
    "exact_json",
]

_log = structlog.get_logger()


@dataclass(frozen=True)
class Exchange:
    """One call, fit to be kept: redacted, bodies cut with a note; `error` is empty where a reply came."""

    at: datetime
    method: str
    url: str
    request_headers: Mapping[str, str]
    request_body: str
    status: int | None
    reply_headers: Mapping[str, str]
    reply_body: str
    elapsed_ms: int
    error: str

    def as_dict(self) -> dict[str, Any]:
        """The same in JSON kinds; `at` in ISO 8601."""
        return asdict(self) | {"at": self.at.isoformat()}


class Gate(Protocol):
    """What a lane's lease still allows."""

    def remaining(self) -> float:
        """Seconds that are left of the lease, on a monotonic clock; infinite outside of lanes."""


class OpenGate:
    """The gate where there is no lease: `check`, log-in tests."""

    def remaining(self) -> float:
        """No end."""
        return math.inf


class Limiter(Protocol):
    """What a connection's rate allows."""

    async def acquire(self) -> None:
        """Returns when one more call may start."""


class Unlimited:
    """No rate is set."""

    async def acquire(self) -> None:
        """At once."""


class Rate:
    """At most `calls` in any window of `seconds`; whoever asked first goes first."""

    def __init__(
        self,
        calls: int,
        seconds: float = 60,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._started: deque[float] = deque(maxlen=calls)
        self._seconds = seconds
        self._clock = clock
        self._sleep = sleep
        self._turn = asyncio.Lock()

    async def acquire(self) -> None:
        """Returns when one more call may start."""
        async with self._turn:
            while (wait := self._wait()) > 0:
                await self._sleep(wait)
            self._started.append(self._clock())

    def _wait(self) -> float:
        if len(self._started) < (self._started.maxlen or 1):
            return 0
        return self._started[0] + self._seconds - self._clock()


@dataclass(frozen=True)
class _House:
    """What the slots of a connection have in common."""

    connection: str
    timeouts: Timeouts
    limiter: Limiter
    redactor: Redactor
    observe: Callable[[Exchange], None]
    seat: Seat


class Http:
    """What an adapter is handed: one job on one slot. `exchanges`: its calls in order, fit to be stored."""

    def __init__(self, slot: Slot, gate: Gate, house: _House) -> None:
        self.seat = house.seat
        self.exchanges: list[Exchange] = []
        self._slot = slot
        self._gate = gate
        self._house = house

    async def send(self, request: Request) -> Reply:
        """Sends once, whatever the method, and returns the answer, whatever its status; follows no redirect,
        keeps no cookie.

        Raises LeaseTooShort and NotSent (it surely did not go out), OutcomeUnknown (a write that may have
        gone out), Unavailable and NotUnderstood (a read without a usable answer), Rejected (not sendable).
        """
        async with self._slot.busy:
            await self._house.limiter.acquire()
            self._may_start()
            return await self._recorded(request)

    def _may_start(self) -> None:
        """A call that outlived the lease could take effect after the next owner looked and found nothing."""
        remaining, needed = self._gate.remaining(), self._house.timeouts.total
        if remaining <= needed:
            raise LeaseTooShort(f"{remaining:.1f} seconds are left of the lease, a call may take {needed:g}")

    async def _recorded(self, request: Request) -> Reply:
        at, began = datetime.now(UTC), time.monotonic()
        reply, error = None, "ended unexpectedly"
        try:
            reply = await self._slot.call(request)
            error = ""
            return reply
        except CallError as problem:
            error = f"{problem.reason}: {problem.message}"
            raise
        except asyncio.CancelledError:
            error = "cancelled while the call was under way"
            raise
        finally:
            self._record(request, reply, error, at, round((time.monotonic() - began) * 1000))

    def _record(
        self, request: Request, reply: Reply | None, error: str, at: datetime, elapsed_ms: int
    ) -> None:
        redactor = self._redactor()
        heard = reply.headers if reply else {}
        exchange = Exchange(
            at=at,
            method=request.method,
            url=redactor.text(request.url),
            request_headers=redactor.headers(request.headers),
            request_body=redactor.body(request.body or b"", _content_type(request.headers)),
            status=reply.status if reply else None,
            reply_headers=redactor.headers(heard),
            reply_body=redactor.body(reply.body, _content_type(heard)) if reply else "",
            elapsed_ms=elapsed_ms,
            error=redactor.text(error),
        )
        self.exchanges.append(exchange)
        self._house.observe(exchange)
        _log.debug(
            "http.call",
            connection=self._house.connection,
            method=exchange.method,
            url=exchange.url,
            status=exchange.status,
            elapsed_ms=elapsed_ms,
            error=exchange.error,
        )

    def _redactor(self) -> Redactor:
        token = self.seat.token
        return (
            self._house.redactor.also((token.value, token.refresh or "")) if token else self._house.redactor
        )


class Slots:
    """A connection's slots in this process; made, used and closed on one event loop.

    `size` is the connection's concurrency, and its rate is requests_per_minute, both divided by `lanes`.
    Secrets in the settings are redacted; `redactor` may know more. `observe` is called with every exchange.
    """

    def __init__(
        self,
        connection: str,
        settings: ConnectionSettings,
        *,
        redactor: Redactor | None = None,
        seat: Seat | None = None,
        observe: Callable[[Exchange], None] = lambda exchange: None,
        limiter: Limiter | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.size = max(1, settings.limits.concurrency // settings.lanes)
        self.seat = seat or Seat()
        self._house = _House(
            connection=connection,
            timeouts=settings.timeouts,
            limiter=limiter or limiter_for(settings),
            redactor=(redactor or Redactor()).also(secrets_in(settings)),
            observe=observe,
            seat=self.seat,
        )
        self._slots = tuple(Slot(settings.timeouts, tls or trusted()) for _ in range(self.size))
        self._free: asyncio.LifoQueue[Slot] = asyncio.LifoQueue()  # the last one used is the warmest
        for slot in self._slots:
            self._free.put_nowait(slot)

    @property
    def free(self) -> int:
        """How many jobs could start without waiting."""
        return self._free.qsize()

    @asynccontextmanager
    async def job(self, gate: Gate | None = None) -> AsyncIterator[Http]:
        """Lends a slot to one job, waiting until one is free. Without a gate there is no lease to mind."""
        slot = await self._free.get()
        try:
            yield Http(slot, gate or OpenGate(), self._house)
        finally:
            self._free.put_nowait(slot)

    async def close(self) -> None:
        """Closes every connection; a call that is under way ends with an error."""
        for slot in self._slots:
            await slot.close()


def limiter_for(settings: ConnectionSettings) -> Limiter:
    """This lane's part of the connection's rate; less than a call a minute becomes one in a longer window."""
    rate = settings.limits.requests_per_minute
    if rate is None:
        return Unlimited()
    calls = max(1, rate // settings.lanes)
    return Rate(calls, 60 * calls * settings.lanes / rate)


def _content_type(headers: Mapping[str, str]) -> str:
    return next((value for name, value in headers.items() if name.lower() == "content-type"), "")
