"""Entries are delivered: each remaining step is looked for, done if it is not there, and read back.

A `Work` of the target connection's lane. `run` talks to the target and touches no database; `record` stores what came
of it in the owner's fenced commit.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

import structlog

from connector.errors import CallError, NotFound, Rejected, Unavailable
from connector.planned import parse_step
from connector.retry import GiveBack, Pause, Person, Retry, Verdict, Wait, verdict
from connector.status import Status
from connector.steps import Begun, Delivery, StepResult, StepRun, gone_with_its_document, order_of, ready
from connector.store import Transaction, claims, entries, links, steps, voids, waits
from connector.store.claims import Claimed
from connector.store.entries import Move
from connector.store.lanes import Lease
from connector.store.links import NewLink
from connector.store.steps import StepRow
from connector.systems.http import Http
from connector.work import Bell, Connection, Intent, Job, Notes, Outcome
from schemas.base import DocumentRef

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Result:
    """What came of one try at an entry."""

    started_at: datetime
    ended_at: datetime
    steps: tuple[StepResult, ...] = ()
    exchanges: tuple[Mapping[str, Any], ...] = ()
    defect: str = ""


IN_HAND = frozenset({Status.DELIVERING})


class Deliver:
    """Runs the steps of entries at their target."""

    def recover(self, tx: Transaction, lease: Lease) -> int:
        """What a vanished owner was delivering is queued again, in doubt."""
        return claims.recover(tx, lease.lane, lease.token, lease.lost_until)

    def claim(self, tx: Transaction, lease: Lease, connection: Connection, limit: int) -> Sequence[Job]:
        """Claim due entries with their steps and the numbers their orders bear at the target."""
        rows = claims.claim(tx, lease.lane, lease.token, limit) if limit > 0 else []
        planned = steps.of_entries(tx, [row.id for row in rows])
        orders = [order for found in planned.values() for step in found if (order := order_of(step.spec))]
        linked = links.counterparts(tx, "order", orders, connection.name)
        taken_back = [
            step.spec["undoes"]
            for found in planned.values()
            for step in found
            if step.kind == "undo" and step.spec
        ]
        undone = voids.undone(tx, taken_back)
        claimed = [Claimed(row, tuple(planned.get(row.id, ())), linked, tx.now, undone) for row in rows]
        return [Job(self, Delivery(one, connection.settings.settle)) for one in claimed]

    # -- at the target --

    async def run(self, job: Job, http: Http, connection: Connection, notes: Notes) -> Outcome:
        """Run the steps that are left; steps of other orders go on when one is refused."""
        started_at, results = datetime.now(UTC), list[StepResult]()
        job.subject.plan  # noqa: B018 - read before anything is sent: one that cannot be read is a defect
        made = _made(job.subject.claimed.steps)
        for step in job.subject.claimed.steps:
            if step.done_at is not None:
                continue
            if not ready(step, made, results):
                results += gone_with_its_document(step, job.subject.claimed.steps, results)
                continue
            run = StepRun(job, step, http, connection, notes, made)
            result = await run.run()
            if isinstance(result.error, Rejected):
                result = replace(result, fields=await run.compare())
            results.append(result)
            if result.done and result.effect is not None:
                made[step.key] = result.effect.document
            if result.error is not None and not isinstance(result.error, Rejected | NotFound):
                break
        errors = tuple(result.error for result in results if result.error is not None)
        exchanges = tuple(exchange.as_dict() for exchange in http.exchanges)
        return Outcome(job, _Result(started_at, datetime.now(UTC), tuple(results), exchanges), errors)

    def intend(self, tx: Transaction, lease: Lease, intent: Intent) -> CallError | None:
        """What an amount was and will be, before the call that changes it; one after the other on one document."""
        begun: Begun = intent.payload
        if begun.before is None or begun.after is None:
            steps.begin_increment(tx, begun.step_id, None, None, None)
            return None
        other = steps.raising(tx, begun.document, begun.step_id) if begun.document else None
        if other is not None:
            return Unavailable(
                f"entry {other} is changing an amount on {begun.document} at this moment", code="busy"
            )
        steps.begin_increment(tx, begun.step_id, str(begun.before), str(begun.after), begun.document)
        return None

    def quarantine(self, job: Job, defect: str) -> Outcome:
        """An errored entry; whether something was sent is not known, so it is looked for first."""
        now = datetime.now(UTC)
        return Outcome(job, _Result(now, now, defect=defect))

    # -- in the owner's commit --

    def record(self, tx: Transaction, lease: Lease, outcomes: Sequence[Outcome]) -> set[Bell]:
        """Store steps, links, moves and tries; whoever waited for these links is woken."""
        # Entries before their steps, as everybody does: two holders cannot lock each other up.
        entries.get(tx, [outcome.job.subject.claimed.entry.id for outcome in outcomes], lock=True)
        steps.finish(tx, [finished for outcome in outcomes for finished in _finished(outcome)])
        steps.compared(tx, [compared for outcome in outcomes for compared in _compared(outcome)])
        for outcome in outcomes:
            self._record_loose_ends(tx, outcome)
        pairs = links.store(tx, [link for outcome in outcomes for link in _learnt_links(outcome)])
        moves = [replace(self._judge(tx, outcome), was=IN_HAND) for outcome in outcomes]
        entries.move(tx, moves)
        tries = [
            _attempt(lease, outcome, move, late=False) for outcome, move in zip(outcomes, moves, strict=True)
        ]
        claims.add_attempts(tx, tries)
        for outcome, move in zip(outcomes, moves, strict=True):
            self._record_voids(tx, outcome)
            _say(outcome, move)
        woken = waits.wake(tx, pairs)
        orders = [(target.connection, target.number) for source, target in pairs if source.kind == "order"]
        waits.rekey(tx, links.births(tx, orders))
        waiting = any(move.to == Status.WAITING for move in moves)
        return {Bell("route")} if woken or waiting else set()

    def _record_loose_ends(self, tx: Transaction, outcome: Outcome) -> None:
        """Steps that may have been begun are in doubt; steps that nobody wants any more and that settled are gone."""
        result = outcome.result
        begun = [one.step.key for one in result.steps if one.started and one.effect is None]
        if begun or result.defect:
            steps.doubt(tx, [outcome.job.subject.claimed.entry.id], tx.now, begun)
        steps.forget_unwanted(tx, [one.step.id for one in result.steps if one.gone])

    def _record_voids(self, tx: Transaction, outcome: Outcome) -> None:
        """A document that was taken back is linked no longer, and nothing is carried of it any more."""
        claimed: Claimed = outcome.job.subject.claimed
        done = [one for one in outcome.result.steps if one.done and one.step.kind == "undo"]
        undone = [
            claimed.undone[one.step.spec["undoes"]]
            for one in done
            if one.step.spec["undoes"] in claimed.undone
        ]
        links.drop(tx, [one.document for one in undone if one.document and one.step.linked and one.ours])
        if done:
            voids.end_stuck(tx, claimed.entry)

    def _judge(self, tx: Transaction, outcome: Outcome) -> Move:
        """The one move that follows from an outcome."""
        delivery, result = outcome.job.subject, outcome.result
        entry_id = delivery.claimed.entry.id
        if result.defect:
            return Move(
                entry_id, Status.ERRORED, "quarantined", f"our own code failed on it: {result.defect}"
            )
        if outcome.errors:
            return self._after_errors(tx, delivery, outcome)
        if any(one.unsettled for one in result.steps):
            return self._unsettled(delivery, result.steps)
        if any(one.simulated for one in result.steps):
            return Move(entry_id, Status.SIMULATED, "dry run", _would(result.steps))
        documents = _documents(delivery.claimed, result.steps)
        if not documents and delivery.plan.decision != "deliver":
            reason = "nothing of what may have been sent stands there; decided anew"
            return Move(entry_id, Status.QUEUED, "looked", reason, replan=True)
        return Move(
            entry_id,
            Status.PUBLISHED,
            "",
            _published(documents, result.steps),
            target_number=_numbers(documents),
        )

    def _unsettled(self, delivery: Delivery, results: Sequence[StepResult]) -> Move:
        """Look again soon, and at the latest when the vendor can no longer be working on what we sent."""
        left = max(delivery.unsettled(one.step) for one in results if one.unsettled)
        delay = min(delivery.plan.retry.first * 2 ** min(delivery.claimed.entry.attempts, 6), left + 0.1)
        reason = (
            f"it may have been sent before; it is looked for until it has settled, {left:.0f} s more at most"
        )
        return Move(delivery.claimed.entry.id, Status.RETRYING, "in doubt", reason, delay)

    def _after_errors(self, tx: Transaction, delivery: Delivery, outcome: Outcome) -> Move:
        entry = delivery.claimed.entry
        elapsed = (tx.now - (entry.failed_since or tx.now)).total_seconds()
        judged = [
            verdict(
                error,
                attempt=entry.attempts,
                elapsed=elapsed,
                policy=delivery.plan.retry,
                jitter=random.random(),
            )
            for error in outcome.errors
        ]
        documents = _documents(delivery.claimed, outcome.result.steps)
        match min(judged, key=_urgency):
            case Pause() | GiveBack() as back:
                return Move(entry.id, Status.QUEUED, back.code, back.reason)
            case Retry() as retry:
                return Move(entry.id, Status.RETRYING, retry.code, retry.reason, retry.delay)
            case Wait() as wait:
                return self._wait(tx, delivery, wait)
            case Person() as person:
                return Move(
                    entry.id,
                    Status.ERRORED,
                    "partial" if documents else person.code,
                    "; ".join(dict.fromkeys(error.message for error in outcome.errors))
                    + (f" (done: {_numbers(documents)})" if documents else ""),
                    target_number=_numbers(documents) or None,
                )

    def _wait(self, tx: Transaction, delivery: Delivery, wait: Wait) -> Move:
        entry, missing = delivery.claimed.entry, wait.missing
        ref = DocumentRef(connection=missing.connection, kind=missing.kind, number=missing.number)
        here = (missing.connection, missing.number)
        linked = links.counterparts(tx, missing.kind, [ref], entry.target).get(here)
        if linked is not None and here not in delivery.claimed.linked:
            return Move(entry.id, Status.QUEUED, "link came", f"{missing} is known by now", replan=True)
        if linked is not None:
            return Move(
                entry.id, Status.ERRORED, "not found", f"{missing} is linked to {linked}, but: {wait.reason}"
            )
        blocker = waits.blocker(tx, entry.id, f"{missing.kind}.created")
        named = f"; blocked by entry {blocker.id}, which is {blocker.status}" if blocker else ""
        return Move(
            entry.id,
            Status.WAITING,
            "link" if wait.code == NotFound.reason else wait.code,
            f"waits for {missing}: {wait.reason}{named}",
            wait.delay,
            waits_for=missing,
            wait_deadline=delivery.plan.wait_deadline,
        )

    def record_late(self, tx: Transaction, lease: Lease, outcomes: Sequence[Outcome]) -> None:
        """What was learnt after the lane was lost: kept as a late try, and whatever was begun is looked for first."""
        rows = entries.get(tx, [outcome.job.subject.claimed.entry.id for outcome in outcomes], lock=True)
        for outcome in outcomes:
            entry_id = outcome.job.subject.claimed.entry.id
            begun = [one.step.key for one in outcome.result.steps if one.started or one.effect is not None]
            if begun or outcome.result.defect:
                steps.doubt(tx, [entry_id], tx.now, begun)
            now_is = rows[entry_id].status
            move = Move(entry_id, now_is, "late", "learnt after the lane was lost: " + _learnt(outcome))
            claims.add_attempts(tx, [_attempt(lease, outcome, move, late=True)])
            log.warning(
                "entry.late", entry=entry_id, lane=lease.lane, fencing=lease.token, learnt=_learnt(outcome)
            )

    def give_back(self, tx: Transaction, jobs: Sequence[Job], reason: str) -> None:
        """Entries that were never started are queued again."""
        entries.move(
            tx,
            [
                Move(job.subject.claimed.entry.id, Status.QUEUED, "given back", reason, given_back=True)
                for job in jobs
            ],
        )


def _made(planned: Sequence[StepRow]) -> dict[str, DocumentRef]:
    """What earlier tries made, by step key."""
    return {
        step.key: DocumentRef.model_validate(step.document)
        for step in planned
        if step.document and step.done_at is not None
    }


def _finished(outcome: Outcome) -> list[tuple[int, DocumentRef, Mapping[str, str], bool]]:
    return [
        (one.step.id, one.effect.document, one.effect.seen, one.adopted)
        for one in outcome.result.steps
        if one.effect is not None and not one.simulated
    ]


def _compared(outcome: Outcome) -> list[tuple[int, list[dict[str, str]]]]:
    return [
        (one.step.id, [asdict(found) for found in one.fields]) for one in outcome.result.steps if one.fields
    ]


def _learnt_links(outcome: Outcome) -> list[NewLink]:
    """Our document and what was made of it, and whatever else was learnt on the way."""
    entry_id, found = outcome.job.subject.claimed.entry.id, list[NewLink]()
    for one in outcome.result.steps:
        if one.effect is not None and not one.simulated:
            step = parse_step(one.step.spec)
            if step.linked:
                origin: Literal["created", "found"] = "created" if one.effect.ours else "found"
                found.append(NewLink(step.document, one.effect.document, origin, entry_id))
            found += [NewLink(link.source, link.target, "found", entry_id) for link in one.effect.links]
    return found


_URGENCY: tuple[type[Verdict], ...] = (Pause, GiveBack, Retry, Wait, Person)


def _urgency(judged: Verdict) -> int:
    """What must be dealt with first where the steps of an entry failed in several ways."""
    return _URGENCY.index(type(judged))


def _documents(claimed: Claimed, results: Iterable[StepResult]) -> list[DocumentRef]:
    """What stands at the target by now: from earlier tries and from this one. What was only found to be ready does not
    count."""
    earlier = [
        DocumentRef.model_validate(step.document)
        for step in claimed.steps
        if step.done_at and step.document and step.kind != "ready"
    ]
    return earlier + [
        one.effect.document
        for one in results
        if one.effect is not None and not one.simulated and one.step.kind != "ready"
    ]


def _numbers(documents: Sequence[DocumentRef]) -> str:
    """The numbers people know it by: an order's customer, and the order of a document, come along unsaid."""
    told = [one for one in documents if one.kind != "customer"] or documents
    told = [one for one in told if one.kind != "order"] or told
    return ", ".join(dict.fromkeys(document.number for document in told))


def _published(documents: Sequence[DocumentRef], results: Sequence[StepResult]) -> str:
    """What stands there now, each document once; those on which nothing had to be done stood there already."""
    written = {one.effect.document for one in results if one.effect is not None and not one.adopted}
    found = {one.effect.document for one in results if one.effect is not None} - written
    told = dict.fromkeys(documents)
    if told.keys() <= found:
        return ", ".join(map(str, told)) + "; it stood there already and was adopted"
    return ", ".join(f"{one} (stood there already)" if one in found else str(one) for one in told)


def _would(results: Sequence[StepResult]) -> str:
    said = [
        f"{one.effect.document} stands there already" if one.effect else f"{one.step.kind} would be created"
        for one in results
    ]
    return "; ".join(said)


def _learnt(outcome: Outcome) -> str:
    said = [str(one.effect.document) for one in outcome.result.steps if one.effect is not None]
    return ", ".join(said + [error.message for error in outcome.errors]) or outcome.result.defect or "nothing"


def _attempt(lease: Lease, outcome: Outcome, move: Move, *, late: bool) -> dict[str, Any]:
    entry, result = outcome.job.subject.claimed.entry, outcome.result
    return {
        "entry_id": entry.id,
        "notice_id": None,
        "number": entry.attempts,
        "token": lease.token,
        "started_at": result.started_at,
        "ended_at": result.ended_at,
        "outcome": move.to,
        "code": move.code,
        "reason": move.reason,
        "late": late,
        "exchanges": list(result.exchanges),
    }


_LEVELS = {Status.ERRORED: "error", Status.RETRYING: "warning", Status.WAITING: "warning"}


def _say(outcome: Outcome, move: Move) -> None:
    entry = outcome.job.subject.claimed.entry
    emit = getattr(log, _LEVELS.get(move.to, "info"))
    emit(
        f"entry.{move.to}",
        entry=entry.id,
        flow=entry.flow,
        document=entry.source_number,
        connection=entry.target,
        code=move.code,
        reason=move.reason,
        attempt=entry.attempts,
    )
