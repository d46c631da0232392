"""A running process takes the changed configuration file over: the new one as a whole, or the old one stays in force.

It is not taken where it does not load, or where unfinished work needs what is gone from it. What is under way ends with
what it began with. Who looks when: `tasks/app.py`, `web/reloading.py`.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import structlog

from connector import logs
from connector.bootstrap import Runtime
from connector.configuration import Loaded
from connector.errors import ConfigError
from connector.store import StoreUnavailable, takeovers, versions
from connector.store.takeovers import OFTEN
from schemas.config import Config

log = structlog.get_logger(__name__)

SETTLED = 1.0
"""Seconds for which a file must not have changed: an editor may be writing it."""

SOON = 2.0
"""Seconds until it is tried again where the database is away."""

_LOOKS = 6

_State = tuple[int, int, int] | None

_UNREAD: _State = (0, 0, 0)


class Following:
    """The runtime of a process, prepared, that follows its configuration file; `take_over` is done with a new one
    before it is in force."""

    def __init__(self, runtime: Runtime, take_over: Callable[[Runtime], None] = Runtime.prepare) -> None:
        self.runtime = runtime
        self._take_over = take_over
        self._file = runtime.settings.config
        self._lock = threading.Lock()
        self._seen = _UNREAD  # the file may have changed since it was loaded
        self._refused = ""
        self._again_at: float | None = None

    def look(self) -> Runtime:
        """Take the file over if it changed; cheap where it did not. The runtime to work with from now on."""
        if self._is_due(_state(self._file)):
            with self._lock:
                state = _settled(self._file)
                if self._is_due(state):  # no other thread was here
                    self._look(state)
        return self.runtime

    def _is_due(self, state: _State) -> bool:
        return state != self._seen or (self._again_at is not None and time.monotonic() >= self._again_at)

    def _look(self, state: _State) -> None:
        if state != self._seen:
            self._seen, self._refused = state, ""
        try:
            self._judge()
        except StoreUnavailable as error:
            log.warning("configuration.not_stored", reason=str(error))
            self._again_at = time.monotonic() + SOON

    def _judge(self) -> None:
        """Take it, or say why not, again and again as long as that is so: unfinished work ends some time."""
        try:
            loaded = self.runtime.load()
            if loaded.version != self.runtime.loaded.version:
                self._take(loaded)
        except ConfigError as error:
            self._refuse(str(error))
        except StoreUnavailable:
            raise
        except Exception as defect:  # told and tried again as others are, and left to the outermost loop
            self._refuse(f"{type(defect).__name__}: {defect}")
            raise
        else:
            with self.runtime.database.write() as tx:
                takeovers.taken(tx, self.runtime.owner)
            self._refused, self._again_at = "", None

    def _refuse(self, text: str) -> None:
        reason = self.runtime.redactor.text(text)
        if reason != self._refused:
            log.warning("configuration.not_taken", in_force=self.runtime.loaded.version, reason=reason)
        self._refused, self._again_at = reason, time.monotonic() + OFTEN
        with self.runtime.database.write() as tx:
            takeovers.refused(tx, self.runtime.owner, reason)

    def _take(self, loaded: Loaded) -> None:
        """Raises ConfigError where it cannot be taken."""
        with self.runtime.database.read() as tx:
            wrong = list(still_needed(loaded.config, versions.unfinished_users(tx)))
        if wrong:
            raise ConfigError("\n".join(f"{self._file}: {text}" for text in wrong))
        renewed, before = self.runtime.renewed(loaded), self.runtime.loaded
        self._take_over(renewed)
        logs.configure(renewed.settings.log_format, renewed.redactor)
        self.runtime = renewed
        log.info("configuration.taken", version=loaded.version, before=before.version)
        if loaded.config.lanes.sweep != before.config.lanes.sweep:
            log.warning("configuration.needs_restart", what="lanes.sweep: restart beat")
        if loaded.config.max_body != before.config.max_body:
            log.warning("configuration.needs_restart", what="max_body: restart web")


def still_needed(config: Config, used: Mapping[tuple[str, str], int]) -> Iterator[str]:
    """What is gone from a configuration while unfinished work needs it (`versions.unfinished_users`)."""
    known = {"connection": set(config.connections), "flow": {flow.name for flow in config.flows}}
    for (kind, name), count in sorted(used.items()):
        if name not in known[kind]:
            yield (
                f"{kind} {name} is gone from the file, but {count} unfinished entries or notices need it: put it "
                "back, or retry and ignore those first (connector log list)"
            )


def _settled(file: Path) -> _State:
    """What tells states of the file apart, once nobody has written it for a moment; None where there is no file.

    Who writes a file in place empties it first: an empty one is waited for longer.
    """
    state = _state(file)
    if state is None or (_holds_something(state) and abs(time.time_ns() - state[0]) > SETTLED * 1e9):
        return state
    for _ in range(_LOOKS):
        time.sleep(SETTLED)
        before, state = state, _state(file)
        if state == before and _holds_something(state):
            break
    return state


def _holds_something(state: _State) -> bool:
    return state is not None and state[1] > 0


def _state(file: Path) -> _State:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
