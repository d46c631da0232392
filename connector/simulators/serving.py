"""Running a simulator on a real socket, in a thread or in the foreground, so that it can close that socket.

ASGI has no word for "hang up without a reply"; the protocol class below puts one into the scope's state.
"""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

_HANG_UP = "connector.hang_up"
_START_SECONDS = 10.0


class _HangUpProtocol(H11Protocol):
    """Puts the abort of its own transport where the application can reach it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state: dict[str, Any] = {**self.app_state, _HANG_UP: transport.abort}


async def hang_up(scope: Scope, receive: Receive) -> None:
    """Close the connection of this request without a reply; returns once the server has noticed.

    Raises ConnectionResetError where the application is not run by this module (an in-process transport).
    """
    abort = scope.get("state", {}).get(_HANG_UP)
    if abort is None:
        raise ConnectionResetError("the simulator hung up")
    abort()
    while (await receive())["type"] != "http.disconnect":
        continue


@dataclass(frozen=True)
class Served:
    """A running server; `url` has no trailing slash."""

    url: str


@contextlib.contextmanager
def serve(app: ASGIApp, port: int = 0, host: str = "127.0.0.1") -> Iterator[Served]:
    """Run an application in a daemon thread until the block is left; port 0 takes a free one.

    Raises OSError when the port is taken, RuntimeError when the server does not come up.
    """
    with _bind(host, port) as listener:
        server = uvicorn.Server(_config(app))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            _await_start(server, thread)
            yield Served(f"http://{host}:{listener.getsockname()[1]}")
        finally:
            server.should_exit = True
            thread.join(timeout=_START_SECONDS)


def run(app: ASGIApp, port: int, host: str = "127.0.0.1") -> None:
    """Run an application in the foreground until it is interrupted."""
    with _bind(host, port) as listener:
        uvicorn.Server(_config(app)).run(sockets=[listener])


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_HangUpProtocol,
        interface="asgi3",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=60,
    )


def _bind(host: str, port: int) -> socket.socket:
    """A listening socket, its protocol named: else asyncio leaves TCP_NODELAY off and replies wait 40 ms."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def _await_start(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the simulator's server did not start")
        time.sleep(0.005)
