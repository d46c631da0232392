"""One lane, drained by one owner: claim, run in slots, record in shared commits, give back.

The thread that calls `drain` owns the lane: it claims, renews and commits. The slots are coroutines on the process's
loop; each takes the next claimed job as soon as it is free. What the jobs are (documents to fetch, entries to
deliver) is said by the `Work`s, which `complete.py` and `deliver.py` provide; `work.py` says what a `Work` is.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

import structlog

from connector.errors import (
    CallError,
    CredentialsRefused,
    LeaseTooShort,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
)
from connector.loop import Loop
from connector.sealing import Seal
from connector.store import Database, StoreUnavailable, Transaction, lanes
from connector.store.lanes import Lease, LeaseLost
from connector.systems.http import Http, Slots
from connector.work import Bell, Connection, Intent, Job, Outcome, Work
from schemas.config import Lanes

log = structlog.get_logger(__name__)

CLAIM = 200  # jobs claimed at a time, at most
FLUSH = 0.05  # seconds between shared commits
FLUSH_SIZE = 300  # outcomes in one commit, at most


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


@dataclass
class Drained:
    """What a drain did."""

    owned: bool = False
    done: int = 0
    lost: bool = False
    bells: set[Bell] = field(default_factory=set)


class LaneRunner:
    """Drains the lanes of one connection in this process, one drain at a time per lane."""

    def __init__(
        self,
        connection: Connection,
        works: Sequence[Work],
        database: Database,
        loop: Loop,
        seal: Seal,
        settings: Lanes,
        owner: str,
        slots: Callable[[], Slots],
    ) -> None:
        self._connection = connection
        self._works = works
        self._database = database
        self._loop = loop
        self._seal = seal
        self._settings = settings
        self._owner = owner
        self._make_slots = slots

    def drain(self, lane: str, stopping: Callable[[], bool] = lambda: False) -> Drained:
        """Own the lane until nothing is due, the budget is spent, `stopping` says so, or the lease is lost."""
        gate = LeaseGate(self._settings.lease)
        asked_at = time.monotonic()
        with self._database.write() as tx:
            lease = lanes.acquire(tx, lane, self._owner, self._settings.lease)
            if lease is None:
                return Drained()
            recovered = sum(work.recover(tx, lease) for work in self._works)
        gate.extend(asked_at)
        if recovered:
            log.warning("lane.recovered", lane=lane, jobs=recovered, fencing=lease.token)
        return _Drain(self, lease, gate, stopping).run()

    async def _slots(self, lease: Lease) -> Slots:
        slots = self._make_slots()
        slots.seat.token = self._seal.open_token(lease.seat)
        return slots


class _Drain:
    """One ownership of one lane, from the first claim to the release."""

    def __init__(
        self, runner: LaneRunner, lease: Lease, gate: LeaseGate, stopping: Callable[[], bool]
    ) -> None:
        self._runner = runner
        self._lease = lease
        self._gate = gate
        self._stopping = stopping
        self._backlog: deque[Job] = deque()
        self._results: SimpleQueue[Outcome | Intent] = SimpleQueue()
        self._closing = False
        self._running = 0
        self._failures = lease.failures
        self._circuit: tuple[float, CallError] | None = None
        self._refusal: CredentialsRefused | None = None
        self._health_noted = False
        self._renewed_at = time.monotonic()
        self._ends_at = time.monotonic() + runner._settings.budget
        self._report = Drained(owned=True)

    # -- the owner's thread --

    def run(self) -> Drained:
        runner = self._runner
        self._slots = runner._loop.run(runner._slots(self._lease))
        self._wake = asyncio.Event()
        workers = [runner._loop.submit(self._work()) for _ in range(self._slots.size)]
        try:
            self._own()
        except LeaseLost as lost:
            self._report.lost = True
            log.warning("lane.lost", lane=self._lease.lane, fencing=self._lease.token, reason=str(lost))
        finally:
            self._wind_down(workers)
        return self._report

    def _own(self) -> None:
        more = True
        while True:
            self._renew()
            if self._must_stop():
                more = False
                self._give_back("the worker shuts down" if self._stopping() else "the lane pauses")
            elif more and len(self._backlog) < self._slots.size:
                more = self._claim()
            outcomes = self._collect()
            if outcomes:
                self._flush(outcomes)
                more = True
            elif not self._running and not more:
                return

    def _must_stop(self) -> bool:
        return (
            self._halted
            or self._stopping()
            or time.monotonic() > self._ends_at
            or self._gate.remaining() <= self._runner._connection.settings.timeouts.total
        )

    def _renew(self) -> None:
        settings = self._runner._settings
        if time.monotonic() - self._renewed_at < settings.renew:
            return
        asked_at = time.monotonic()
        try:
            with self._runner._database.write() as tx:
                lanes.renew(tx, self._lease.lane, self._lease.token, settings.lease)
        except StoreUnavailable as error:
            log.warning("lane.renewal_failed", lane=self._lease.lane, error=str(error))
            self._renewed_at = asked_at - settings.renew + 1
            if self._gate.remaining() <= 0:
                raise LeaseLost(f"the lease could not be renewed: {error}") from error
            return
        self._gate.extend(asked_at)
        self._renewed_at = asked_at

    def _claim(self) -> bool:
        """Claim into the backlog; is there probably more?"""
        # An open circuit is probed with one job, not with a lane full.
        limit = 1 if self._failures >= self._runner._settings.breaker_failures else CLAIM
        jobs: list[Job] = []
        with self._runner._database.write() as tx:
            lanes.fence(tx, self._lease.lane, self._lease.token)
            for work in self._runner._works:
                jobs += work.claim(tx, self._lease, self._runner._connection, limit - len(jobs))
                if len(jobs) >= limit:
                    break
        self._running += len(jobs)
        self._backlog.extend(jobs)
        if jobs:
            self._runner._loop.asyncio.call_soon_threadsafe(self._wake.set)
        return len(jobs) == CLAIM

    def _collect(self) -> list[Outcome | Intent]:
        """What is finished or intended: waits for the first a moment, then takes what comes until the commit is due."""
        found: list[Outcome | Intent] = []
        due = time.monotonic() + FLUSH
        while len(found) < FLUSH_SIZE and self._running > len(found):
            try:
                found.append(self._results.get(timeout=max(due - time.monotonic(), 0)))
            except Empty:
                break
        return found

    def _flush(self, found: list[Outcome | Intent]) -> None:
        """Commit outcomes and intents; as long as the lease lasts, a database that is away is waited for."""
        outcomes = [one for one in found if isinstance(one, Outcome)]
        intents = [one for one in found if isinstance(one, Intent)]
        try:
            bells = self._commit(outcomes, intents)
        except LeaseLost:
            self._forbid(intents)
            self._late(outcomes)
            raise
        for intent in intents:
            self._runner._loop.asyncio.call_soon_threadsafe(intent.committed.set_result, None)
        self._running -= len(outcomes)
        self._report.done += len(outcomes)
        self._report.bells |= bells

    def _commit(self, outcomes: list[Outcome], intents: list[Intent]) -> set[Bell]:
        while True:
            try:
                with self._runner._database.write() as tx:
                    lanes.fence(tx, self._lease.lane, self._lease.token)
                    for intent in intents:
                        intent.job.work.intend(tx, self._lease, intent)
                    return self._record(tx, outcomes)
            except StoreUnavailable as error:
                log.warning(
                    "lane.commit_failed", lane=self._lease.lane, error=str(error), outcomes=len(outcomes)
                )
                if self._gate.remaining() <= 0:
                    raise LeaseLost(f"the database was away too long: {error}") from error
                time.sleep(0.5)

    def _forbid(self, intents: list[Intent]) -> None:
        """The lane was lost: what was intended must not be done."""
        for intent in intents:
            refusal = LeaseTooShort("the lane was lost before the call could be announced")
            self._runner._loop.asyncio.call_soon_threadsafe(intent.committed.set_exception, refusal)

    def _record(self, tx: Transaction, outcomes: list[Outcome]) -> set[Bell]:
        bells: set[Bell] = set()
        for work in self._runner._works:
            own = [outcome for outcome in outcomes if outcome.job.work is work]
            if own:
                bells |= work.record(tx, self._lease, own)
        self._record_health(tx)
        if self._slots.seat.changed:
            sealed = self._runner._seal.seal_token(self._slots.seat.take())
            lanes.keep_seat(tx, self._runner._connection.name, sealed)
        return bells

    def _record_health(self, tx: Transaction) -> None:
        name, lane = self._runner._connection.name, self._lease.lane
        if self._health_noted:
            return
        if self._refusal is not None:
            lanes.pause(tx, name, self._refusal.code, self._refusal.message)
            log.error(
                "connection.paused", connection=name, code=self._refusal.code, reason=self._refusal.message
            )
        elif self._circuit is not None:
            seconds, error = self._circuit
            lanes.note_health(tx, lane, self._failures, seconds, error.code, error.message)
            log.warning("lane.circuit_open", lane=lane, seconds=round(seconds, 1), reason=error.message)
        elif self._failures != self._lease.failures:
            lanes.note_health(tx, lane, self._failures, None, "", "")
        self._health_noted = self._refusal is not None or self._circuit is not None

    def _give_back(self, reason: str) -> None:
        jobs: list[Job] = []
        while self._backlog:
            try:
                jobs.append(self._backlog.popleft())
            except IndexError:
                break
        if not jobs:
            return
        with self._runner._database.write() as tx:
            lanes.fence(tx, self._lease.lane, self._lease.token)
            for work in self._runner._works:
                own = [job for job in jobs if job.work is work]
                if own:
                    work.give_back(tx, own, reason)
        self._running -= len(jobs)

    def _wind_down(self, workers: "list[Future[None]]") -> None:
        """Let calls in flight end, store what they brought, close the slots, give the lane back."""
        if self._report.lost:
            self._backlog.clear()
        self._closing = True
        self._runner._loop.asyncio.call_soon_threadsafe(self._wake.set)
        late: list[Outcome] = []
        while not all(worker.done() for worker in workers) or not self._results.empty():
            for one in self._leftover():
                self._forbid([one]) if isinstance(one, Intent) else late.append(one)
        for worker in workers:
            worker.result()
        if late:
            self._late(late)
        self._runner._loop.run(self._slots.close())
        with self._runner._database.write() as tx:
            lanes.release(tx, self._lease.lane, self._lease.token)

    def _leftover(self) -> list[Outcome | Intent]:
        try:
            return [self._results.get(timeout=0.01)]
        except Empty:
            return []

    def _late(self, outcomes: list[Outcome]) -> None:
        with self._runner._database.write() as tx:
            for work in self._runner._works:
                own = [outcome for outcome in outcomes if outcome.job.work is work]
                if own:
                    work.record_late(tx, self._lease, own)

    # -- the slots, on the loop --

    async def _work(self) -> None:
        """One slot: takes the next job as soon as it is free, unless the system's health forbids another call."""
        while True:
            try:
                job = None if self._halted else self._backlog.popleft()
            except IndexError:
                job = None
            if job is not None:
                async with self._slots.job(self._gate) as http:
                    outcome = await self._run(job, http)
                self._judge_health(outcome)
                self._results.put(outcome)
            elif self._closing:
                return
            else:
                self._wake.clear()
                if self._halted or not self._backlog:
                    await self._wake.wait()

    async def commit(self, job: Job, payload: object) -> None:
        """Have something committed before a job's next call; raises LeaseTooShort where the lane was lost."""
        intent = Intent(job, payload, asyncio.get_running_loop().create_future())
        self._results.put(intent)
        await intent.committed

    async def _run(self, job: Job, http: Http) -> Outcome:
        try:
            return await job.work.run(job, http, self._runner._connection, self)
        except Exception as defect:  # the outermost loop of a slot: one bad job must not stop the lane
            log.exception("job.defect", lane=self._lease.lane, subject=str(job.subject))
            return job.work.quarantine(job, defect)

    @property
    def _halted(self) -> bool:
        return self._refusal is not None or self._circuit is not None

    def _judge_health(self, outcome: Outcome) -> None:
        """Refused credentials pause the connection; a system that does not answer opens the circuit."""
        settings = self._runner._settings
        if not outcome.errors:
            self._failures = 0
        for error in outcome.errors:
            match error:
                case CredentialsRefused():
                    self._refusal = error
                case RateLimited():
                    self._circuit = (error.retry_after or settings.breaker_probe, error)
                case NotSent() | OutcomeUnknown() | Unavailable():
                    self._failures += 1
                    if self._failures >= settings.breaker_failures:
                        self._circuit = (settings.breaker_probe, error)
                case _:
                    self._failures = 0
