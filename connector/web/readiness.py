"""Is what this process needs there? The answer is kept for a moment, so that anybody may ask as often as they like."""

import asyncio
import time
from typing import Literal

import structlog
from pydantic import BaseModel
from redis.exceptions import RedisError
from starlette.concurrency import run_in_threadpool

from connector.bootstrap import Runtime
from connector.store import SchemaMismatch, StoreUnavailable

log = structlog.get_logger(__name__)

KEPT = 1.0
"""Seconds for which an answer is given again."""

State = Literal["ok", "not ok"]


class Ready(BaseModel):
    """Each part by itself; `status` is ok where all are. The reasons stand in the log alone."""

    status: State
    database: State
    tables: State
    broker: State


class Readiness:
    """Asks the database and the broker of one process; concurrent callers share the asking."""

    def __init__(self, runtime: Runtime, kept: float = KEPT) -> None:
        self._runtime = runtime
        self._kept = kept
        self._asking = asyncio.Lock()
        self._until = 0.0
        self._last: Ready | None = None

    async def ask(self) -> Ready:
        """What is there now, or was a moment ago."""
        async with self._asking:
            if self._last is None or time.monotonic() >= self._until:
                self._last = await run_in_threadpool(self._look)
                self._until = time.monotonic() + self._kept
            return self._last

    def _look(self) -> Ready:
        database, tables = self._store()
        broker = self._broker()
        whole: State = "ok" if (database, tables, broker) == ("ok", "ok", "ok") else "not ok"
        return Ready(status=whole, database=database, tables=tables, broker=broker)

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

    def _broker(self) -> State:
        try:
            self._runtime.redis.ping()
        except (RedisError, OSError) as error:
            log.warning("web.not_ready", part="broker", reason=str(error))
            return "not ok"
        return "ok"
