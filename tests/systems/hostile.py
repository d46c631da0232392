"""A server that misbehaves by path and counts what reaches it; no HTTP library, and no assertions."""

import asyncio
import gzip
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Arrived:
    """One request as it came: `connection` counts from 0, `target` and `headers` are untouched."""

    connection: int
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name), None)


@dataclass
class Conversation:
    """One connection as its behaviour sees it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    server: "Hostile"

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """Ends the connection with RST rather than FIN."""
        plain: socket.socket = self.writer.get_extra_info("socket")
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Behaviour = Callable[[Conversation], Awaitable[bool]]  # True: the connection stays open for the next request


def answer(body: bytes = b"{}", status: str = "200 OK", *headers: str, length: int | None = None) -> bytes:
    """A reply that is well-formed, unless `length` lies."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", *headers]
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def saying(*parts: bytes, stay: bool = True) -> Behaviour:
    async def behave(conversation: Conversation) -> bool:
        for part in parts:
            await conversation.say(part)
        return stay

    return behave


async def silent(conversation: Conversation) -> bool:
    await conversation.server.over.wait()
    return False


async def reset(conversation: Conversation) -> bool:
    conversation.reset()
    return False


async def answer_and_reset(conversation: Conversation) -> bool:
    await conversation.say(answer())
    await asyncio.sleep(0.02)  # a reset throws away what the other side has not read yet
    conversation.reset()
    return False


async def slow(conversation: Conversation) -> bool:
    await asyncio.sleep(0.05)
    await conversation.say(answer(b'{"for": "nobody any more"}'))
    return True


async def afterthought(conversation: Conversation) -> bool:
    await conversation.say(answer(b'{"for": "you"}'))
    await asyncio.sleep(0.02)
    await conversation.say(answer(b'{"for": "nobody"}'))
    return True


async def trickle(conversation: Conversation) -> bool:
    await conversation.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while not conversation.server.over.is_set():
        await conversation.say(b"x")
        await asyncio.sleep(0.02)
    return False


async def too_long(conversation: Conversation) -> bool:
    await conversation.say(answer(b"short", length=500))
    return await silent(conversation)


async def endless(conversation: Conversation) -> bool:
    await conversation.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    while not conversation.server.over.is_set():
        await conversation.say(chunk)
    return False


BEHAVIOURS: dict[str, Behaviour] = {
    "/ok": saying(answer(b'{"total": 10.10}')),
    "/status/503": saying(answer(b'{"message": "maintenance"}', "503 Service Unavailable")),
    "/redirect": saying(answer(b"", "302 Found", "Location: /ok")),
    "/cookie": saying(answer(b"{}", "200 OK", "Set-Cookie: a=1; Path=/", "Set-Cookie: b=2, x; Path=/")),
    "/nothing": saying(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "/html": saying(answer(b"<html>a proxy says hello</html>")),
    "/mark": saying(answer(b'\xef\xbb\xbf{"n": 1}')),
    "/leak": saying(answer(b'{"access_token": "given-out-token", "echo": "Bearer seat-token-1"}')),
    "/gzip": saying(answer(gzip.compress(b'{"total": 1.50}'), "200 OK", "Content-Encoding: gzip")),
    "/gzip-broken": saying(answer(b"not gzip", "200 OK", "Content-Encoding: gzip")),
    "/gzip-cut": saying(answer(gzip.compress(b"x" * 999)[:-9], "200 OK", "Content-Encoding: gzip")),
    "/brotli": saying(answer(b"abc", "200 OK", "Content-Encoding: br")),
    "/silent": silent,
    "/close": saying(stay=False),
    "/reset": reset,
    "/half": saying(answer(b"only this", length=100), stay=False),
    "/half-head": saying(b"HTTP/1.1 200 OK\r\nContent-Ty", stay=False),
    "/too-long": too_long,
    "/garbage": saying(b"SSH-2.0-OpenSSH_9.2\r\n", stay=False),
    "/trickle": trickle,
    "/endless": endless,
    "/goodbye": saying(answer(), stay=False),
    "/goodbye-reset": answer_and_reset,
    "/twice": saying(answer(b'{"for": "you"}') + answer(b'{"for": "nobody"}')),
    "/twice-empty": saying(answer() + b"HTTP/1.1 204 No Content\r\n\r\n"),
    "/slow": slow,
    "/afterthought": afterthought,
    "/surplus": saying(answer(b"{}") + b"and more than was announced"),
}


@dataclass
class Hostile:
    """What arrived, and how many connections were made; `port` on 127.0.0.1."""

    port: int = 0
    scheme: str = "http"
    connections: int = 0
    open: int = 0
    arrived: list[Arrived] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def url(self, target: str) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}{target}"

    async def until_closed(self) -> None:
        """Returns when the server has no connection open any more."""
        await self._until(lambda: self.open == 0)

    async def until_arrived(self, count: int) -> None:
        await self._until(lambda: len(self.arrived) >= count)

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            self.changed.clear()
            await self.changed.wait()

    def _note(self, arrived: Arrived) -> None:
        self.arrived.append(arrived)
        self.changed.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number, self.connections, self.open = self.connections, self.connections + 1, self.open + 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                await self._converse(number, Conversation(reader, writer, self))
        finally:
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()
            self.open -= 1
            self.changed.set()

    async def _converse(self, number: int, conversation: Conversation) -> None:
        stay = True
        while stay:
            head = (await conversation.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            method, target, _ = first.split(" ")
            headers = tuple(
                (name, value.strip()) for name, _, value in (line.partition(":") for line in lines)
            )
            length = int(next((value for name, value in headers if name.lower() == "content-length"), "0"))
            if target.startswith("/deaf"):
                self._note(Arrived(number, method, target, headers, b""))
                return conversation.reset()
            body = await conversation.reader.readexactly(length)
            self._note(Arrived(number, method, target, headers, body))
            stay = await BEHAVIOURS.get(target.partition("?")[0], BEHAVIOURS["/ok"])(conversation)
        return None


@asynccontextmanager
async def hostile(tls: ssl.SSLContext | None = None) -> AsyncIterator[Hostile]:
    """A running server on a free port; on leaving, every connection is closed."""
    state = Hostile(scheme="https" if tls else "http")

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        state.tasks.add(task)
        with suppress(asyncio.CancelledError):  # asyncio's streams would report it as a failure
            await state.serve(reader, writer)
        state.tasks.discard(task)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        state.over.set()
        server.close()
        await server.wait_closed()
        for task in tuple(state.tasks):
            task.cancel()
        await asyncio.gather(*state.tasks, return_exceptions=True)


@asynccontextmanager
async def mute_listener() -> AsyncIterator[int]:
    """A port whose queue of connections is full and never emptied: further ones are not even acknowledged."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        try:
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(listener.getsockname())
            yield listener.getsockname()[1]
        finally:
            for filler in fillers:
                filler.close()


def closed_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
