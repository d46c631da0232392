"""One lane, drained by one owner: claim, run in slots, record in shared commits, give back.

The thread that calls `drain` owns the lane: it claims, renews and commits. The slots are coroutines on the process's
loop; each takes the next claimed job as soon as it is free. What the jobs are (documents to fetch, entries to
deliver) is said by the `Work`s, which `complete.py` and `deliver.py` provide; `work.py` says what a `Work` is.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from typing import TypeVar

import structlog

from connector.condition import Condition
from connector.errors import LeaseTooShort
from connector.health import Health
from connector.loop import Loop
from connector.redact import Redactor
from connector.sealing import Seal
from connector.store import Database, StoreUnavailable, Transaction, lanes
from connector.store.lanes import Lease, LeaseLost
from connector.systems.http import Http, Slots
from connector.work import Bell, Connection, Intent, Job, LeaseGate, Outcome, Work
from schemas.config import Lanes

T = TypeVar("T")

log = structlog.get_logger(__name__)

CLAIM_PER_SLOT = 8  # jobs claimed ahead: what is claimed when a worker vanishes is in doubt
IDLE_CLAIM = 0.5  # seconds until idle slots look for new work while others are busy
FLUSH = 0.05  # seconds between shared commits
FLUSH_SIZE = 300  # outcomes in one commit, at most
LATE_PATIENCE = (0.5, 2, 5)  # seconds between tries to keep what was learnt without the lane


@dataclass
class Drained:
    """What a drain did."""

    owned: bool = False
    done: int = 0
    lost: bool = False
    bells: set[Bell] = field(default_factory=set)


@dataclass(frozen=True)
class LaneRunner:
    """Drains the lanes of one connection in this process; `slots` makes fresh slots for one drain."""

    connection: Connection
    works: Sequence[Work]
    database: Database
    loop: Loop
    seal: Seal
    settings: Lanes
    owner: str
    make_slots: Callable[[], Slots]
    redactor: Redactor

    def drain(self, lane: str, stopping: Callable[[], bool] = lambda: False) -> Drained:
        """Own the lane until nothing is due, the budget is spent, `stopping` says so, or the lease is lost."""
        gate = LeaseGate(self.settings.lease)
        asked_at = time.monotonic()
        with self.database.write() as tx:
            lease = lanes.acquire(tx, lane, self.owner, self.settings.lease)
            if lease is None:
                return Drained()
            recovered = sum(work.recover(tx, lease) for work in self.works)
        gate.extend(asked_at)
        if recovered:
            log.warning("lane.recovered", lane=lane, jobs=recovered, fencing=lease.token)
        return _Drain(self, lease, gate, stopping).run()

    async def slots(self, lease: Lease) -> Slots:
        """Fresh slots, on the loop, with the access token that was stored last."""
        slots = self.make_slots()
        stored = self.seal.open_token(lease.seat, self.connection.settings)
        if stored is not None:
            slots.seat.token = stored
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
        self._works = deque(runner.works)
        self._backlog: deque[Job] = deque()
        self._results: SimpleQueue[Outcome | Intent] = SimpleQueue()
        self._closing = False
        self._paused = False
        self._running = 0
        self._health = Health(failures=lease.failures)
        self._condition = Condition(runner.connection, lease.lane, runner.seal, self._health)
        self._claimed_at = self._renewed_at = time.monotonic()
        self._ends_at = time.monotonic() + runner.settings.budget
        self._report = Drained(owned=True)

    # -- the owner's thread --

    def run(self) -> Drained:
        """Own the lane; what is under way when it ends is waited for and stored."""
        self._slots = self._runner.loop.run(self._runner.slots(self._lease))
        self._wake = asyncio.Event()
        self._workers = [self._runner.loop.submit(self._work()) for _ in range(self._slots.size)]
        try:
            self._own()
        except LeaseLost as lost:
            self._report.lost = True
            log.warning("lane.lost", lane=self._lease.lane, fencing=self._lease.token, reason=str(lost))
        finally:
            self._wind_down()
        return self._report

    def _own(self) -> None:
        more = True
        while True:
            self._renew()
            if self._must_stop():
                more = False
                self._give_back("the worker shuts down" if self._stopping() else "the lane pauses")
            elif self._has_room(more):
                more = self._claim()
            found = self._collect()
            if found:
                self._flush(found)
                more = True
            elif not self._running and not more:
                return
            if any(worker.done() for worker in self._workers):
                raise RuntimeError("a slot of the lane ended by itself")

    def _must_stop(self) -> bool:
        return (
            self._health.halted
            or self._paused
            or self._stopping()
            or time.monotonic() > self._ends_at
            or self._gate.remaining() <= self._runner.connection.settings.timeouts.total
        )

    def _has_room(self, more: bool) -> bool:
        """Is it worth asking for jobs? While some are slow, new ones may have come for the idle slots."""
        idle = time.monotonic() - self._claimed_at > IDLE_CLAIM
        return (more or idle) and len(self._backlog) < self._slots.size

    def _renew(self) -> None:
        settings = self._runner.settings
        if time.monotonic() - self._renewed_at < settings.renew:
            return
        asked_at = time.monotonic()
        try:
            with self._runner.database.write() as tx:
                lanes.renew(tx, self._lease.lane, self._lease.token, settings.lease)
        except StoreUnavailable as error:
            log.warning("lane.renewal_failed", lane=self._lease.lane, error=str(error))
            self._renewed_at = asked_at - settings.renew + 1
            if self._gate.remaining() <= 0:
                raise LeaseLost(f"the lease could not be renewed: {error}") from error
            return
        self._gate.extend(asked_at)
        self._renewed_at = asked_at

    def _fenced(self, do: Callable[[Transaction], T], *, whole_connection: bool = False) -> T:
        """Do something in a fenced transaction; as long as the lease lasts, a database that is away is waited for."""
        while True:
            try:
                with self._runner.database.write() as tx:
                    if whole_connection:
                        lanes.lock_connection(tx, self._runner.connection.name)
                    self._paused = not lanes.fence(tx, self._lease.lane, self._lease.token)
                    return do(tx)
            except StoreUnavailable as error:
                log.warning("lane.commit_failed", lane=self._lease.lane, error=str(error))
                if self._gate.remaining() <= 0:
                    raise LeaseLost(f"the database was away too long: {error}") from error
                time.sleep(0.5)

    def _claim(self) -> bool:
        """Claim into the backlog; is there probably more?"""
        self._claimed_at = time.monotonic()
        # An open circuit is probed with one job, not with a lane full.
        probing = self._health.failures >= self._runner.settings.breaker_failures
        limit = 1 if probing else CLAIM_PER_SLOT * self._slots.size
        jobs = self._fenced(lambda tx: self._claim_jobs(tx, limit))
        self._works.rotate(1)  # so that neither kind of work starves the other
        self._running += len(jobs)
        self._backlog.extend(jobs)
        if jobs:
            self._runner.loop.asyncio.call_soon_threadsafe(self._wake.set)
        return len(jobs) >= limit and not probing

    def _claim_jobs(self, tx: Transaction, limit: int) -> list[Job]:
        jobs: list[Job] = []
        for work in self._works:
            if len(jobs) < limit and not self._paused:
                jobs += work.claim(tx, self._lease, self._runner.connection, limit - len(jobs))
        return jobs

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
        """Commit outcomes and intents; an intent that is not committed is refused, whatever the reason."""
        outcomes = [one for one in found if isinstance(one, Outcome)]
        intents = [one for one in found if isinstance(one, Intent)]
        try:
            defects = self._stored(outcomes, intents)
        except LeaseLost:
            self._late(outcomes)
            raise
        for intent, defect in zip(intents, defects, strict=True):
            self._runner.loop.asyncio.call_soon_threadsafe(intent.answer, defect)
        self._running -= len(outcomes)
        self._report.done += len(outcomes)
        self._store_health()

    def _stored(self, outcomes: list[Outcome], intents: list[Intent]) -> list[Exception | None]:
        """Store them together, or one by one where that fails; why not for each intent, None where it was."""
        answers: list[Exception | None] | None = None
        try:
            answers, defect = self._tried(lambda tx: self._record(tx, outcomes, intents))
            if defect is not None:
                answers = self._store_one_by_one(outcomes, intents)
            return answers or []
        finally:
            if answers is None:
                self._forbid(intents)

    def _store_one_by_one(self, outcomes: list[Outcome], intents: list[Intent]) -> list[Exception | None]:
        """What cannot be stored must not take the others along; why for each intent, None where it was."""
        for outcome in outcomes:
            _, defect = self._tried(partial(self._record, outcomes=[outcome], intents=[]))
            if defect is not None:
                quarantined = self._quarantined(outcome.job, defect)
                self._fenced(partial(self._record, outcomes=[quarantined], intents=[]))
        answers = list[Exception | None]()
        for one in intents:
            refused, defect = self._tried(partial(self._record, outcomes=[], intents=[one]))
            answers += refused if refused is not None else [defect]
        return answers

    def _tried(
        self, store: Callable[[Transaction], list[Exception | None]]
    ) -> tuple[list[Exception | None] | None, Exception | None]:
        """Store something in a fenced transaction; what it answers, or why it cannot be stored."""
        try:
            return self._fenced(store), None
        except LeaseLost:
            raise
        except Exception as defect:  # the outermost loop over what a lane stores
            log.exception("lane.not_stored", lane=self._lease.lane)
            return None, defect

    def _record(
        self, tx: Transaction, outcomes: list[Outcome], intents: list[Intent]
    ) -> list[Exception | None]:
        """Store intents and outcomes; for each intent why it must not be done, or None."""
        answers = [intent.job.work.intend(tx, self._lease, intent) for intent in intents]
        for work in self._works:
            own = [outcome for outcome in outcomes if outcome.job.work is work]
            if own:
                self._report.bells |= work.record(tx, self._lease, own)
        return list(answers)

    def _forbid(self, intents: list[Intent]) -> None:
        """What was intended must not be done."""
        refusal = LeaseTooShort("the call could not be announced, so it was not made")
        for intent in intents:
            self._runner.loop.asyncio.call_soon_threadsafe(intent.answer, refusal)

    def _store_health(self) -> None:
        """Store what changed in the connection's health and seat; noted as stored only after the commit."""
        health, seat = self._health, self._slots.seat
        if health == self._condition.stored and not seat.changed:
            return
        token, kept = seat.take(), False
        try:
            self._fenced(lambda tx: self._condition.write(tx, health, token), whole_connection=True)
            kept = True
        finally:
            seat.changed |= not kept
        self._condition.written(health)

    def _give_back(self, reason: str) -> None:
        jobs = self._unstarted()
        if jobs:
            self._fenced(lambda tx: self._return(tx, jobs, reason))
            self._running -= len(jobs)

    def _unstarted(self) -> list[Job]:
        return list(iter(self._popped, None))

    def _return(self, tx: Transaction, jobs: list[Job], reason: str) -> None:
        for work in self._works:
            own = [job for job in jobs if job.work is work]
            if own:
                work.give_back(tx, own, reason)

    def _wind_down(self) -> None:
        """Nothing more is begun; calls in flight end, what they brought is stored, the lane is given back."""
        self._unstarted()
        self._closing = True
        self._runner.loop.asyncio.call_soon_threadsafe(self._wake.set)
        late: list[Outcome] = []
        while not all(worker.done() for worker in self._workers) or not self._results.empty():
            with suppress(Empty):
                one = self._results.get(timeout=0.01)
                self._forbid([one]) if isinstance(one, Intent) else late.append(one)
        self._runner.loop.run(self._slots.close())
        if late:
            self._late(late)
        with self._runner.database.write() as tx:
            lanes.release(tx, self._lease.lane, self._lease.token)
        for worker in self._workers:
            worker.result()

    def _late(self, outcomes: list[Outcome]) -> None:
        """Keep what was learnt without the lane; a database that is away is waited for, but not for ever."""
        for patience in LATE_PATIENCE:
            try:
                self._store_late(outcomes)
                return
            except StoreUnavailable as error:
                log.warning("lane.late_not_stored", lane=self._lease.lane, error=str(error))
                time.sleep(patience)
        self._store_late(outcomes)

    def _store_late(self, outcomes: list[Outcome]) -> None:
        with self._runner.database.write() as tx:
            for work in self._works:
                own = [outcome for outcome in outcomes if outcome.job.work is work]
                if own:
                    work.record_late(tx, self._lease, own)

    # -- the slots, on the loop --

    async def _work(self) -> None:
        """One slot: takes the next job as soon as it is free, unless the system's health forbids another call."""
        while True:
            job = None if self._health.halted else self._popped()
            if job is not None:
                async with self._slots.job(self._gate) as http:
                    outcome = await self._run(job, http)
                self._health = self._health.after(outcome.errors, self._runner.settings)
                self._results.put(outcome)
            elif self._closing:
                return
            else:
                self._wake.clear()
                if self._health.halted or not self._backlog:
                    await self._wake.wait()

    def _popped(self) -> Job | None:
        with suppress(IndexError):
            return self._backlog.popleft()
        return None

    async def commit(self, job: Job, payload: object) -> None:
        """Have something committed before a job's next call; raises LeaseTooShort where that could not be done."""
        intent = Intent(job, payload, asyncio.get_running_loop().create_future())
        self._results.put(intent)
        await intent.committed

    async def _run(self, job: Job, http: Http) -> Outcome:
        try:
            outcome = await job.work.run(job, http, self._runner.connection, self)
        except (
            Exception,
            asyncio.CancelledError,
        ) as defect:  # the outermost loop of a slot: a bad job must not stop it
            log.exception("job.defect", lane=self._lease.lane, subject=str(job.subject))
            return self._quarantined(job, defect)
        for error in outcome.errors:
            error.message = self._runner.redactor.text(error.message)
        return outcome

    def _quarantined(self, job: Job, defect: BaseException) -> Outcome:
        return job.work.quarantine(job, self._runner.redactor.text(f"{type(defect).__name__}: {defect}"))
