"""What a lane and the stages say to each other: connections, jobs, outcomes, bells, and what a `Work` is."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from connector.errors import CallError
from connector.store import Transaction
from connector.store.lanes import Lease
from connector.systems.base import Adapter
from connector.systems.http import Http
from schemas.config import ConnectionSettings


@dataclass(frozen=True)
class Connection:
    """One configured connection with its adapter."""

    name: str
    settings: ConnectionSettings
    adapter: Adapter


@dataclass(frozen=True)
class Job:
    """One claimed piece of work; `work` knows how to run it."""

    work: "Work"
    subject: Any
    claimed_at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class Outcome:
    """What came of a job. `errors` are those of its calls; `result` is the work's own."""

    job: Job
    result: Any
    errors: tuple[CallError, ...] = ()


@dataclass(frozen=True)
class Intent:
    """Something that must be committed before a job's next call; `committed` is done when it is."""

    job: Job
    payload: Any
    committed: "asyncio.Future[None]"

    def answer(self, failure: Exception | None) -> None:
        """Let the job go on, or have it fail; called on the loop."""
        if not self.committed.done():
            self.committed.set_exception(failure) if failure else self.committed.set_result(None)


class Notes(Protocol):
    """How a running job has something committed before it goes on."""

    async def commit(self, job: Job, payload: Any) -> None:
        """Returns when the owner of the lane has committed it; raises LeaseTooShort where the lane was lost."""


@dataclass(frozen=True)
class Bell:
    """A queue to ring, for a lane where it has one."""

    queue: str
    lane: str = ""


class Work(Protocol):
    """A kind of work that lanes do. Claiming and recording happen inside the owner's fenced transactions."""

    def recover(self, tx: Transaction, lease: Lease) -> int:
        """Take over what a vanished owner left; how many."""

    def claim(self, tx: Transaction, lease: Lease, connection: Connection, limit: int) -> Sequence[Job]:
        """Claim up to `limit` due jobs."""

    async def run(self, job: Job, http: Http, connection: Connection, notes: Notes) -> Outcome:
        """Do it; errors of calls come back inside the outcome."""

    def intend(self, tx: Transaction, lease: Lease, intent: Intent) -> CallError | None:
        """Store what a running job is about to do; why it must not do it now, or None."""

    def record(self, tx: Transaction, lease: Lease, outcomes: Sequence[Outcome]) -> set[Bell]:
        """Store what came of jobs; which bells are to be rung after the commit."""

    def record_late(self, tx: Transaction, lease: Lease, outcomes: Sequence[Outcome]) -> None:
        """Store what an owner learnt after it had lost the lane."""

    def give_back(self, tx: Transaction, jobs: Sequence[Job], reason: str) -> None:
        """Put back jobs that were never started."""

    def quarantine(self, job: Job, defect: str) -> Outcome:
        """The outcome of a job on which our own code failed: out of the way, for a person to look at."""


class LeaseGate:
    """What is left of a lease, on this process's monotonic clock, counted from before the lease was asked for."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until = 0.0

    def extend(self, asked_at: float) -> None:
        """The lease was given or renewed by a statement sent at `asked_at` (monotonic)."""
        self._until = asked_at + self._seconds

    def remaining(self) -> float:
        """Seconds left."""
        return self._until - time.monotonic()
