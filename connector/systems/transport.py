"""One connection to a system: a request goes out exactly once; a failure says whether it may have arrived.

It stands directly on httpcore, the engine of httpx, with no pool or client between that could send again,
follow redirects, keep cookies or rewrite an address. Lease, rate and records are the matter of `http.py`.
"""

import asyncio
import json
import os
import re
import ssl
import zlib
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import cache
from importlib.metadata import version
from typing import Any, NoReturn

import certifi
import httpcore

from connector.errors import CallError, NotSent, NotUnderstood, OutcomeUnknown, Rejected, Unavailable
from connector.redact import Redactor
from schemas.config import Timeouts

LARGEST_REPLY = 20 * 1024 * 1024  # bytes, also after decompressing
KEEP_ALIVE = 4.0  # seconds; shorter than any common server's own, so that we are the first to close
PROBE_PASSES = 4  # turns of the loop in which bytes that wait in memory come through TLS to a reader
USER_AGENT = f"connector/{version('connector')}"


def exact_json(value: Any) -> str:
    """JSON in which each Decimal is written out as the number that it is, never by way of a float."""
    match value:
        case Decimal():
            return format(value, "f")
        case Mapping():
            return (
                "{"
                + ",".join(f"{json.dumps(str(key))}:{exact_json(one)}" for key, one in value.items())
                + "}"
            )
        case list() | tuple():
            return "[" + ",".join(map(exact_json, value)) + "]"
    return json.dumps(value)


@dataclass(frozen=True)
class Request:
    """One call. `url` goes out byte for byte; `writes` says whether it can change anything at the system, so
    that a lost answer becomes OutcomeUnknown rather than Unavailable."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    writes: bool = False

    def with_headers(self, headers: Mapping[str, str]) -> "Request":
        """The same call with further headers."""
        return replace(self, headers={**self.headers, **headers})


@dataclass(frozen=True)
class Reply:
    """What the system answered. Header names are lower-case; repeated headers are joined by ", ", but each
    `set-cookie` stands on a line of its own. `writes` is the request's."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    writes: bool = False

    @property
    def sent_at(self) -> datetime:
        """When it was given, by the system's own clock: its `Date`, or now where that is missing or spoiled."""
        try:
            return parsedate_to_datetime(self.headers.get("date", "")).astimezone(UTC)
        except ValueError:
            return datetime.now(UTC)

    @property
    def text(self) -> str:
        """The body in the charset it names (else UTF-8), no byte order mark, unreadable bytes replaced."""
        named = re.search(r"charset=\"?([\w.\-]+)", self.headers.get("content-type", ""), re.IGNORECASE)
        try:
            return self.body.decode(named[1] if named else "utf-8", "replace").removeprefix("\ufeff")
        except LookupError:
            return self.body.decode("utf-8", "replace").removeprefix("\ufeff")

    def json(self) -> Any:
        """The body as JSON, numbers with a fraction as Decimal. Raises NotUnderstood, or OutcomeUnknown where
        the request was a write, with the first 200 characters of what came instead."""
        try:
            return json.loads(self.body, parse_float=Decimal, parse_constant=_no_number)
        except (ValueError, RecursionError):
            kind = OutcomeUnknown if self.writes else NotUnderstood
            start = Redactor().body(self.body, self.headers.get("content-type", ""), limit=200)
            raise kind(
                f"status {self.status} with something that is not JSON: {start or '(nothing)'}"
            ) from None


class _Unreadable(Exception):
    """The answer came, but is too large or wrongly compressed."""


class _Wire(httpcore.AsyncNetworkStream):
    """The stream of one connection. Of the present call it remembers whether anything was written (`asked`),
    and whether anything was read since (`heard`)."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self.asked = False
        self.heard = False

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        self.asked, self.heard = True, False
        await self._stream.write(buffer, timeout)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        data = await self._stream.read(max_bytes, timeout)
        self.heard = True
        return data

    async def aclose(self) -> None:
        await self._stream.aclose()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


@dataclass(frozen=True)
class _Line:
    """An open connection, with the stream below it."""

    connection: httpcore.AsyncHTTP11Connection
    wire: _Wire

    async def ready(self, origin: httpcore.Origin) -> bool:
        """Whether it leads there and is whole: a server that closed it meanwhile has made it readable."""
        connection = self.connection
        return (
            connection.can_handle_request(origin)
            and connection.is_available()
            and not connection.has_expired()
            and await self._quiet()
        )

    async def _quiet(self) -> bool:
        """Whether nothing came since the last answer. What was taken off the socket with it (TLS may announce
        its end in the same segment as the answer) is no longer readable there: only reading can tell."""
        probe = asyncio.ensure_future(self.wire.read(1))
        try:
            for _ in range(PROBE_PASSES):
                await asyncio.sleep(0)
        finally:
            probe.cancel()
        (end,) = await asyncio.gather(probe, return_exceptions=True)
        return isinstance(end, asyncio.CancelledError)


class Slot:
    """One connection to the system, kept open between calls; only the holder of `busy` may call."""

    def __init__(self, timeouts: Timeouts, tls: ssl.SSLContext) -> None:
        self.busy = asyncio.Lock()
        self._timeouts = timeouts
        self._tls = tls
        self._line: _Line | None = None

    async def call(self, request: Request) -> Reply:
        """Sends once and reads the whole answer. Raises NotSent, OutcomeUnknown (a write), Unavailable or
        NotUnderstood (a read), and Rejected where the request cannot be said in HTTP."""
        message = _message(request)
        line, whole = None, False
        try:
            async with asyncio.timeout(self._timeouts.total):
                line = await self._connected(message.url.origin)
                reply = await _exchange(line, message, request.writes)
            whole = True
            return reply
        except (*_TROUBLE, _Unreadable, OSError, UnicodeError) as problem:
            asked = line is not None and line.wire.asked
            raise self._verdict(problem, asked, request) from problem
        finally:
            if not whole:
                await self.close()

    async def close(self) -> None:
        """Closes the connection; the next call opens a new one, one that is under way ends with an error."""
        line, self._line = self._line, None
        if line is not None:
            await line.connection.aclose()

    async def _connected(self, origin: httpcore.Origin) -> _Line:
        if self._line is not None and await self._line.ready(origin):
            self._line.wire.asked = False
            return self._line
        await self.close()
        async with asyncio.timeout(self._timeouts.connect):
            wire = _Wire(await self._dial(origin))
        self._line = _Line(httpcore.AsyncHTTP11Connection(origin, wire, KEEP_ALIVE), wire)
        return self._line

    async def _dial(self, origin: httpcore.Origin) -> httpcore.AsyncNetworkStream:
        host = origin.host.decode()
        stream = await httpcore.AnyIOBackend().connect_tcp(host, origin.port)
        if origin.scheme == b"http":
            return stream
        async with AsyncExitStack() as undo:
            undo.push_async_callback(stream.aclose)
            secured = await stream.start_tls(self._tls, host)
            undo.pop_all()
        return secured

    def _verdict(self, problem: Exception, asked: bool, request: Request) -> CallError:
        """The one question of the transport: may it have arrived?"""
        host = request.url.split("/")[2]
        if not asked and isinstance(problem, httpcore.LocalProtocolError):
            return Rejected(f"the request cannot be said in HTTP: {problem}", code="request")
        if not asked:
            return NotSent(f"{host} cannot be reached: {_root(problem)}")
        what = self._words(problem)
        if request.writes:
            return OutcomeUnknown(f"{host} may have done it, but {what}")
        kind = NotUnderstood if isinstance(problem, _Unreadable) else Unavailable
        return kind(f"{host} was asked, but {what}")

    def _words(self, problem: Exception) -> str:
        if isinstance(problem, TimeoutError):
            return f"no whole answer came within {self._timeouts.total:g} seconds"
        if isinstance(problem, httpcore.ProtocolError):
            return f"the answer broke off or is not HTTP: {problem}"
        if isinstance(problem, _Unreadable):
            return str(problem)
        return f"the connection broke: {_root(problem)}"


_TROUBLE = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.ConnectionNotAvailable,
)


@cache
def trusted() -> ssl.SSLContext:
    """The public authorities and those of this machine: on-premises systems often have a private one."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    context.set_alpn_protocols(["http/1.1"])
    return context


_URL = re.compile(r"(https?)://(\[[\da-fA-F:.]+\]|[\w.\-]+)(?::(\d{1,5}))?((?:[/?][!\"$-~]*)?)", re.ASCII)


def _message(request: Request) -> httpcore.Request:
    """The request with its target exactly as it was built: a signature over the URL stays right."""
    found = _URL.fullmatch(request.url)
    if found is None or int(found[3] or 0) > 65535:
        raise Rejected("the address of the call cannot be sent as it is", code="request")
    scheme, host, port, rest = found.groups()
    target = rest if rest.startswith("/") else f"/{rest}"
    number = int(port or {"http": 80, "https": 443}[scheme])
    url = httpcore.URL(scheme=scheme, host=host.strip("[]"), port=number, target=target)
    headers = _headers(request, f"{host}:{port}" if port else host)
    return httpcore.Request(request.method, url, headers=headers, content=request.body or b"")


def _headers(request: Request, host: str) -> list[tuple[bytes, bytes]]:
    """The request's own headers after ours; who says how long the body is, is never the adapter."""
    ours = {"host": host, "user-agent": USER_AGENT, "accept": "*/*", "accept-encoding": "gzip"}
    given = {name.lower() for name in request.headers}
    headers = [(name, value) for name, value in ours.items() if name not in given]
    headers += [item for item in request.headers.items() if item[0].lower() not in _FRAMING]
    if request.body is not None or request.method in {"POST", "PUT", "PATCH"}:
        headers.append(("content-length", str(len(request.body or b""))))
    try:
        return [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers]
    except UnicodeEncodeError as problem:
        raise Rejected(f"a header cannot be said in HTTP: {problem.reason}", code="request") from None


_FRAMING = {"content-length", "transfer-encoding", "connection"}


async def _exchange(line: _Line, message: httpcore.Request, writes: bool) -> Reply:
    response = await line.connection.handle_async_request(message)
    try:
        if not line.wire.heard:  # bytes left over from the call before: they answer another request than ours
            raise httpcore.RemoteProtocolError("an answer came before the question")
        body = await _read(response)
    finally:
        await response.aclose()
    headers = _header_map(response.headers)
    return Reply(response.status, headers, _plain(body, headers), writes)


async def _read(response: httpcore.Response) -> bytes:
    body = bytearray()
    async for part in response.aiter_stream():
        body += part
        if len(body) > LARGEST_REPLY:
            raise _Unreadable(f"the answer is longer than {LARGEST_REPLY} bytes")
    return bytes(body)


def _plain(body: bytes, headers: Mapping[str, str]) -> bytes:
    """The body without its compression; only what we asked for is understood."""
    encoding = headers.get("content-encoding", "identity").lower()
    if encoding == "identity" or not body:
        return body
    if encoding not in {"gzip", "x-gzip"}:
        raise _Unreadable(f"the answer is compressed as {encoding!r}, which was not asked for")
    inflater = zlib.decompressobj(wbits=31)
    try:
        plain = inflater.decompress(body, LARGEST_REPLY + 1)
    except zlib.error as problem:
        raise _Unreadable("the answer is not the gzip that it says it is") from problem
    if len(plain) > LARGEST_REPLY or not inflater.eof:
        raise _Unreadable(f"the answer is incomplete, or longer than {LARGEST_REPLY} bytes when unpacked")
    return plain


def _header_map(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name_bytes, value_bytes in raw:
        name, value = name_bytes.decode("latin-1").lower(), value_bytes.decode("latin-1")
        joint = "\n" if name == "set-cookie" else ", "
        headers[name] = f"{headers[name]}{joint}{value}" if name in headers else value
    return headers


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def _root(problem: BaseException) -> str:
    """What was at the bottom of it, in words: the libraries in between only say that something failed."""
    while cause := problem.__cause__ or problem.__context__:
        problem = cause
    if isinstance(problem, BaseExceptionGroup):
        return _root(problem.exceptions[0])
    if isinstance(problem, TimeoutError | asyncio.CancelledError):
        return "it did not answer in time"
    if isinstance(problem, OSError) and not isinstance(problem, ssl.SSLError) and (problem.errno or 0) > 0:
        return os.strerror(problem.errno or 0)
    return str(problem) or type(problem).__name__
