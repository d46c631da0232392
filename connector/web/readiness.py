"""Is what this process needs there, is work being done? The answer is kept for a moment, so that anybody may ask."""

import asyncio
import time
from typing import Literal

import structlog
from pydantic import BaseModel
from redis.exceptions import RedisError
from starlette.concurrency import run_in_threadpool

from connector.bootstrap import Runtime
from connector.progress import PATIENCE, Progress, Watch
from connector.store import SchemaMismatch, StoreUnavailable, takeovers

log = structlog.get_logger(__name__)

KEPT = 1.0
"""Seconds for which an answer is given again."""

State = Literal["ok", "not ok", "unknown"]
Purpose = Literal["work", "intake"]


class Ready(BaseModel):
    """Each part by itself; `status` is ok where all that are asked for are. The reasons stand in the log alone.

    `sweeper`, `router`, `lanes` and `configuration` tell of the whole fleet, and are unknown without the database. The
    last is not ok where a process goes on with an older file, since the new one is wrong; nobody is unready for that.
    """

    status: State
    database: State
    tables: State
    broker: State
    sweeper: State
    router: State
    lanes: State
    configuration: State

    def for_(self, purpose: Purpose) -> "Ready":
        """The same for who only wants to hand something in: that needs the database, and nothing else to go on."""
        if purpose == "work":
            return self
        return self.model_copy(update={"status": _whole(self.database, self.tables)})


class Readiness:
    """Asks the database and the broker of one process; concurrent callers share the asking. `progress` says in
    words what was not being done then."""

    def __init__(self, runtime: Runtime, kept: float = KEPT, patience: float = PATIENCE) -> None:
        self._runtime = runtime
        self._watch = Watch(runtime.database, runtime.loaded.config, patience, standing=patience)
        self._kept = kept
        self._asking = asyncio.Lock()
        self._until = 0.0
        self._last: Ready | None = None
        self.progress = Progress()

    async def ask(self) -> Ready:
        """What is there now, or was a moment ago."""
        async with self._asking:
            if self._last is None or time.monotonic() >= self._until:
                self._last = await run_in_threadpool(self._look)
                self._until = time.monotonic() + self._kept
            return self._last

    def _look(self) -> Ready:
        database, tables = self._store()
        sweeper, router, lanes, configuration = self._work() if tables == "ok" else ("unknown",) * 4
        parts: dict[str, State] = {"database": database, "tables": tables, "broker": self._broker()}
        parts |= {"sweeper": sweeper, "router": router, "lanes": lanes}
        return Ready(status=_whole(*parts.values()), configuration=configuration, **parts)

    def _store(self) -> tuple[State, State]:
        try:
            self._runtime.database.check_schema()
        except StoreUnavailable as error:
            log.warning("web.not_ready", part="database", reason=str(error))
            return "not ok", "not ok"
        except SchemaMismatch as error:
            log.warning("web.not_ready", part="tables", reason=str(error))
            return "ok", "not ok"
        return "ok", "ok"

    def _work(self) -> tuple[State, State, State, State]:
        try:
            progress = self.progress = self._watch.look()
            with self._runtime.database.read() as tx:
                not_taken = takeovers.standing(tx)
        except StoreUnavailable as error:
            log.warning("web.not_ready", part="work", reason=str(error))
            return "unknown", "unknown", "unknown", "unknown"
        for fault in progress.faults:
            log.warning("web.not_ready", part="work", reason=fault)
        configuration: State = "not ok" if not_taken else "ok"
        return _state(progress.sweeper), _state(progress.router), _state(progress.lanes), configuration

    def _broker(self) -> State:
        try:
            self._runtime.redis.ping()
        except (RedisError, OSError) as error:
            log.warning("web.not_ready", part="broker", reason=str(error))
            return "not ok"
        return "ok"


def _state(fault: str) -> State:
    return "not ok" if fault else "ok"


def _whole(*parts: State) -> State:
    return "ok" if set(parts) == {"ok"} else "not ok"
