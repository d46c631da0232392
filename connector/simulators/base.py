"""The ground under all simulators: requests in, replies out, faults between, and the `/_sim` control paths.

It knows no vendor. A simulator subclasses `Simulator` and answers `handle`, `state` and `seed`.
"""

import abc
import asyncio
import json
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from connector.simulators.faults import (
    FAULT_KINDS,
    DelayFault,
    Fault,
    FaultError,
    Faults,
    RateLimitFault,
    StatusFault,
)
from connector.simulators.serving import Served, hang_up, run, serve

__all__ = [
    "FAULT_KINDS",
    "Fault",
    "FaultError",
    "Faults",
    "Received",
    "Reply",
    "SeedError",
    "Served",
    "Simulator",
    "hang_up",
    "run",
    "serve",
    "to_json",
]

_CONTROL = "/_sim/"
_KEPT_REQUESTS = 10_000


class SeedError(ValueError):
    """What was posted to `/_sim/seed` cannot be taken; the text says why."""


@dataclass(frozen=True)
class Received:
    """A request as it came. `path` is decoded, `raw_path` is not; header names are lower-case."""

    method: str
    path: str
    raw_path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    base_url: str
    faults: Sequence[Fault] = ()
    """Those of the simulator's own kinds which this request suffers."""

    @property
    def query_pairs(self) -> list[tuple[str, str]]:
        """The decoded query in its order, blank values kept."""
        return parse_qsl(self.query, keep_blank_values=True)

    def json(self) -> Any:
        """The body read as JSON, numbers with a fraction as Decimal. Raises ValueError."""
        return json.loads(self.body, parse_float=Decimal)


@dataclass(frozen=True)
class Reply:
    """An answer: status, bytes and headers in order (a name may repeat)."""

    status: int = 200
    body: bytes = b""
    headers: Sequence[tuple[str, str]] = ()

    @classmethod
    def of(cls, value: object, status: int = 200, headers: Sequence[tuple[str, str]] = ()) -> "Reply":
        """A JSON reply; Decimals become JSON numbers, digit by digit."""
        kind = ("Content-Type", "application/json; charset=utf-8")
        return cls(status, to_json(value).encode(), (kind, *headers))

    @classmethod
    def text(
        cls,
        value: str,
        status: int = 200,
        content_type: str = "text/plain; charset=utf-8",
    ) -> "Reply":
        """A reply of plain text."""
        return cls(status, value.encode(), (("Content-Type", content_type),))

    def with_headers(self, *headers: tuple[str, str]) -> "Reply":
        """The same reply with further headers."""
        return replace(self, headers=(*self.headers, *headers))


def to_json(value: object) -> str:
    """JSON text of a value; Decimals are written as numbers exactly as they stand, never through float."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(str(key))}:{to_json(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(to_json(one) for one in value) + "]"
    return json.dumps(value)


@dataclass
class _Log:
    """What arrived, oldest first; of many requests the newest are kept."""

    rows: deque[dict[str, object]] = field(default_factory=lambda: deque(maxlen=_KEPT_REQUESTS))

    def note(self, received: Received, status: int | None, faults: Sequence[Fault]) -> None:
        self.rows.append(
            {
                "method": received.method,
                "path": received.path,
                "query": received.query,
                "headers": {name: _shortened(name, text) for name, text in received.headers.items()},
                "body": _readable(received.body),
                "status": status,
                "faults": [fault.kind for fault in faults],
            }
        )


def _shortened(name: str, text: str) -> str:
    return f"{text.split(' ', 1)[0]} …" if name.endswith("authorization") else text


def _readable(body: bytes) -> object:
    try:
        return json.loads(body, parse_float=Decimal) if body else None
    except ValueError:
        return body.decode(errors="replace")


class Simulator(abc.ABC):
    """One vendor's stand-in. `app` is its ASGI application; `lock` guards its state.

    `handle`, `state`, `seed` and `control` are called with the lock held, one at a time, so that each
    request is atomic; they must not wait.
    """

    fault_kinds: ClassVar[Mapping[str, type[Fault]]] = {}
    """The simulator's own kinds of fault; those due arrive in `Received.faults`."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.faults = Faults(self.fault_kinds)
        self._log = _Log()
        self.app: ASGIApp = self._serve_request

    @abc.abstractmethod
    def handle(self, received: Received) -> Reply:
        """Answer one request on the vendor's paths."""

    @abc.abstractmethod
    def state(self) -> object:
        """What the vendor would hold, as JSON."""

    @abc.abstractmethod
    def seed(self, wanted: Any) -> object:
        """Take a starting state; returns what to answer as JSON. Raises SeedError."""

    def control(self, received: Received) -> Reply | None:
        """Answer a further `/_sim/…` path of this simulator's own; None means there is no such path."""
        return None

    def expired_token_reply(self, received: Received) -> Reply:
        """What this vendor answers to a token that has expired."""
        return Reply(401)

    def rate_limited_reply(self, received: Received) -> Reply:
        """What this vendor answers to one request too many; `Retry-After` is added by the caller."""
        return Reply.text("Too Many Requests", 429)

    async def _serve_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"a simulator speaks HTTP, not {scope['type']}")
        received = await _receive(scope, receive)
        if received.path.startswith(_CONTROL):
            reply: Reply | None = self._control(received)
        else:
            reply = await self._suffer(received)
        if reply is None:
            await hang_up(scope, receive)
            return
        response = Response(reply.body, reply.status)
        for name, text in reply.headers:
            response.headers.append(name, text)
        await response(scope, receive, send)

    async def _suffer(self, received: Received) -> Reply | None:
        """The reply with the faults applied; None means the connection is closed without one."""
        with self.lock:
            faults = self.faults.pick(received.method, received.path)
        await _wait(faults, "delay")
        with self.lock:
            reply = self._answer_with(
                replace(received, faults=[f for f in faults if f.kind in self.fault_kinds]),
                faults,
            )
            self._log.note(received, None if reply is None else reply.status, faults)
        await _wait(faults, "delay_after")
        return reply

    def _answer_with(self, received: Received, faults: Sequence[Fault]) -> Reply | None:
        fault = next((one for one in faults if not isinstance(one, DelayFault)), None)
        before = _BEFORE.get(fault.kind) if fault else None
        if fault and before:
            return before(self, received, fault)
        reply = self.handle(received)
        after = _AFTER.get(fault.kind) if fault else None
        return after(reply, fault) if fault and after else reply

    def _control(self, received: Received) -> Reply:
        name = received.path.removeprefix(_CONTROL)
        with self.lock:
            try:
                answer = _CONTROLS.get((received.method, name))
                reply = answer(self, received) if answer else self.control(received)
            except (FaultError, SeedError) as error:
                return Reply.of({"error": str(error)}, 400)
            except ValueError as error:
                return Reply.of({"error": f"the body is not JSON: {error}"}, 400)
        return reply or Reply.of({"error": f"no {received.method} {received.path}"}, 404)


async def _receive(scope: Scope, receive: Receive) -> Received:
    request = Request(scope, receive)
    return Received(
        method=request.method,
        path=scope["path"],
        raw_path=scope.get("raw_path", scope["path"].encode()).decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=dict(request.headers),
        body=await request.body(),
        base_url=str(request.base_url).rstrip("/"),
    )


async def _wait(faults: Sequence[Fault], kind: str) -> None:
    for fault in faults:
        if isinstance(fault, DelayFault) and fault.kind == kind:
            await asyncio.sleep(fault.seconds)


def _status(fault: Fault) -> Reply:
    if not isinstance(fault, StatusFault):
        raise TypeError(f"{fault.kind} is not a status fault")
    made = (
        Reply.text(fault.body, fault.status)
        if isinstance(fault.body, str)
        else Reply.of(fault.body, fault.status)
    )
    named = {name.lower() for name in fault.headers}
    kept = [(name, text) for name, text in made.headers if name.lower() not in named]
    return replace(made, headers=(*kept, *fault.headers.items()))


def _rate_limit(simulator: Simulator, received: Received, fault: Fault) -> Reply:
    reply = simulator.rate_limited_reply(received)
    if isinstance(fault, RateLimitFault) and fault.retry_after is not None:
        return reply.with_headers(("Retry-After", str(fault.retry_after)))
    return reply


_BEFORE: dict[str, Callable[[Simulator, Received, Fault], Reply | None]] = {
    "status": lambda simulator, received, fault: _status(fault),
    "rate_limit": _rate_limit,
    "expired_token": lambda simulator, received, fault: simulator.expired_token_reply(received),
    "drop": lambda simulator, received, fault: None,
    "down": lambda simulator, received, fault: None,
}

_AFTER: dict[str, Callable[[Reply, Fault], Reply | None]] = {
    "status_after": lambda reply, fault: _status(fault),
    "reply_lost": lambda reply, fault: None,
    "malformed": lambda reply, fault: Reply.text("<html><body>Bad gatew", 200, "text/html"),
}


def _add_faults(simulator: Simulator, received: Received) -> Reply:
    simulator.faults.add(received.json())
    return Reply.of(simulator.faults.listed())


def _clear_faults(simulator: Simulator, received: Received) -> Reply:
    simulator.faults.clear()
    return Reply(204)


def _clear_requests(simulator: Simulator, received: Received) -> Reply:
    simulator._log.rows.clear()
    return Reply(204)


_CONTROLS: dict[tuple[str, str], Callable[[Simulator, Received], Reply]] = {
    ("POST", "faults"): _add_faults,
    ("GET", "faults"): lambda simulator, received: Reply.of(simulator.faults.listed()),
    ("DELETE", "faults"): _clear_faults,
    ("GET", "requests"): lambda simulator, received: Reply.of(list(simulator._log.rows)),
    ("DELETE", "requests"): _clear_requests,
    ("GET", "state"): lambda simulator, received: Reply.of(simulator.state()),
    ("POST", "seed"): lambda simulator, received: Reply.of(simulator.seed(received.json())),
}
