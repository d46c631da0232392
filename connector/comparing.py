"""What stands at the target is read back for a person, step by step: to be shown, to see that it was done by hand, or
to see that what was published stands there still.

A `Work` of the target connection's lane; it writes nothing there. Who asks for it is `operate.py`, or `reconciling.py`.
"""

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import structlog

from connector import reconciling, still_there
from connector.errors import CallError, NotFound, Rejected
from connector.planned import UndoStep, parse_step
from connector.retry import GiveBack, Pause, Person, Retry, Wait, verdict
from connector.status import Status
from connector.steps import comparable, known_to, order_of
from connector.store import Transaction, entries, inspections, links, steps, versions, voids, waits
from connector.store.claims import Claimed
from connector.store.entries import EntryRow, Move
from connector.store.inspections import InspectionRow
from connector.store.lanes import Lease
from connector.store.links import NewLink
from connector.store.steps import StepRow
from connector.systems.base import Effect, Field
from connector.systems.http import Http
from connector.work import Bell, Connection, Intent, Job, Notes, Outcome
from schemas.base import DocumentRef
from schemas.config import RetryPolicy

log = structlog.get_logger(__name__)

POLICY = RetryPolicy()
"""How long a target that cannot be read is asked again: as long as an entry whose flow says nothing else is tried."""


@dataclass(frozen=True)
class _Asked:
    """An inspection of an entry, and the steps that are looked at: those that are left, or all where none is."""

    row: InspectionRow
    claimed: Claimed
    raised: bool = False

    @property
    def steps(self) -> tuple[StepRow, ...]:
        """In order."""
        wanted = tuple(step for step in self.claimed.steps if step.wanted)
        return tuple(step for step in wanted if step.done_at is None) or wanted

    def __str__(self) -> str:
        return f"{self.row.purpose} of entry {self.claimed.entry.id}"


@dataclass(frozen=True)
class Look:
    """What was seen of one step: its fields, and its effect where nothing differs; else `problem` says why not.

    `comparable` False: this system cannot say what stands there of such a step.
    """

    step: StepRow
    fields: tuple[Field, ...] = ()
    standing: Effect | None = None
    problem: str = ""
    comparable: bool = True


@dataclass(frozen=True)
class _Result:
    """What one reading brought."""

    looks: tuple[Look, ...] = ()
    seen: tuple[still_there.Seen, ...] = ()
    defect: str = ""


@dataclass(frozen=True)
class Answer:
    """What a reading says as a whole."""

    code: Literal["same", "differs", "not comparable"]
    text: str


class Compare:
    """Reads back what stands at the target."""

    def recover(self, tx: Transaction, lease: Lease) -> int:
        """What a vanished owner was reading is read again."""
        return inspections.recover(tx, lease.lane, lease.token)

    def claim(self, tx: Transaction, lease: Lease, connection: Connection, limit: int) -> Sequence[Job]:
        """Inspections that are due, with the steps of their entries and what these may know."""
        rows = inspections.claim(tx, lease.lane, lease.token, limit) if limit > 0 else []
        found = entries.get(tx, {row.entry_id for row in rows})
        planned = steps.of_entries(tx, found)
        every = [step for one in planned.values() for step in one]
        orders = [order for step in every if (order := order_of(step.spec))]
        linked = links.counterparts(tx, "order", orders, connection.name)
        undone = voids.undone(
            tx, [step.spec["undoes"] for step in every if step.kind == "undo" and step.spec]
        )
        raised = inspections.raised_since(tx, {row.entry_id for row in rows if row.purpose == "reconcile"})
        claimed = {
            one: Claimed(entry, tuple(planned.get(one, ())), linked, tx.now, undone)
            for one, entry in found.items()
        }
        return [Job(self, _Asked(row, claimed[row.entry_id], row.entry_id in raised)) for row in rows]

    # -- at the target --

    async def run(self, job: Job, http: Http, connection: Connection, notes: Notes) -> Outcome:
        """Look at each step; an error that may pass comes back as the outcome's."""
        asked: _Asked = job.subject
        looks: list[Look] = []
        made = {
            step.key: DocumentRef.model_validate(step.document)
            for step in asked.claimed.steps
            if step.document and step.done_at is not None
        }
        try:
            if asked.row.purpose == "reconcile":
                seen = await still_there.read(asked.claimed, asked.raised, http, connection)
                return Outcome(job, _Result(seen=seen))
            for step in asked.steps:
                look = await _look(step, asked.claimed, made, http, connection)
                looks.append(look)
                if look.standing is not None:
                    made[step.key] = look.standing.document
        except CallError as error:
            return Outcome(job, _Result(tuple(looks)), (error,))
        return Outcome(job, _Result(tuple(looks)))

    def intend(self, tx: Transaction, lease: Lease, intent: Intent) -> CallError | None:
        """Reading changes nothing, so it has nothing to announce."""
        raise TypeError(f"{intent.job.subject} cannot intend anything")

    def quarantine(self, job: Job, defect: str) -> Outcome:
        """A reading on which our own code fails ends with that."""
        return Outcome(job, _Result(defect=defect))

    # -- in the owner's commit --

    def record(self, tx: Transaction, lease: Lease, outcomes: Sequence[Outcome]) -> set[Bell]:
        """Store what was seen; an entry that was done by hand is resolved."""
        # Entries before their steps, as everybody does: two holders cannot lock each other up.
        entries.get(tx, [outcome.job.subject.row.entry_id for outcome in outcomes], lock=True)
        bells: set[Bell] = set()
        for outcome in outcomes:
            asked, looks = outcome.job.subject, outcome.result.looks
            seen: Sequence[still_there.Seen] = ()
            if outcome.result.defect:
                text = f"our own code failed on it: {outcome.result.defect}"
                inspections.answered(tx, asked.row.id, "quarantined", text)
            elif outcome.errors:
                _failed(tx, asked, outcome.errors[0])
            elif asked.row.purpose == "reconcile":
                seen = reconciling.settle(tx, asked.row, outcome.result.seen)
            else:
                bells |= _answered(tx, asked, looks)
            every: Sequence[Look | still_there.Seen] = (*looks, *seen)
            steps.compared(
                tx, [(one.step.id, [asdict(field) for field in one.fields]) for one in every if one.fields]
            )
        answered = [outcome.job.subject.row for outcome in outcomes]
        runs = {row.reason for row in answered if row.purpose == "reconcile"}
        return bells | {bell for run in sorted(runs) for bell in reconciling.go_on(tx, run)}

    def record_late(self, tx: Transaction, lease: Lease, outcomes: Sequence[Outcome]) -> None:
        """It is read again by whoever has the lane now."""

    def give_back(self, tx: Transaction, jobs: Sequence[Job], reason: str) -> None:
        """They stay due."""
        inspections.give_back(tx, [job.subject.row.id for job in jobs])


async def _look(
    row: StepRow, claimed: Claimed, made: dict[str, DocumentRef], http: Http, connection: Connection
) -> Look:
    """Raises the errors that may pass; a refusal, and a document that is not there, are what was seen."""
    if not row.spec:
        return Look(row, problem="it is so old that it is not known any more what was asked")
    step = parse_step(row.spec)
    missing = [need for need in step.needs if need not in made]
    if missing:
        return Look(row, problem=f"it needs {', '.join(missing)}, which does not stand there as expected")
    undone = claimed.undone.get(step.undoes) if isinstance(step, UndoStep) else None
    known = known_to(claimed, step, connection.name, made, undone)
    if isinstance(step, UndoStep) and undone is None:
        return Look(row, standing=Effect(known.order or step.order.order, ours=False))
    recipe = comparable(connection.adapter.recipe(http, step, known), row)
    if recipe is None:
        return Look(row, comparable=False)
    try:
        fields = await recipe.compare()
        same = not any(field.differs for field in fields)
        return Look(row, fields, await recipe.standing() if same else None)
    except (Rejected, NotFound) as error:
        return Look(row, problem=error.message)


def answer(looks: Sequence[Look], target: str) -> Answer:
    """What was seen of all steps, in a sentence."""
    if not looks:
        return Answer("not comparable", f"no step is planned for it, so nothing at {target} can be compared")
    differing = [
        f"{field.label}: expected {_quoted(field.expected)}, at the target {_quoted(field.there)}"
        for look in looks
        for field in look.fields
        if field.differs
    ]
    differing += [f"{look.step.key}: {look.problem}" for look in looks if look.problem]
    beyond = [look.step.key for look in looks if not look.comparable]
    cannot = f"what stands at {target} of {', '.join(beyond)} cannot be compared" if beyond else ""
    if differing:
        return Answer("differs", "; ".join([*differing, *([cannot] if cannot else [])]))
    if cannot:
        return Answer("not comparable", cannot)
    count = sum(len(look.fields) for look in looks)
    return Answer("same", f"nothing differs at {target}: {count} value{'' if count == 1 else 's'} read back")


def _quoted(text: str) -> str:
    return f"{text.strip()!r}" if text.strip() else "nothing"


# -- in the owner's commit -------------------------------------------------------------------------------------


def _failed(tx: Transaction, asked: _Asked, error: CallError) -> None:
    row = asked.row
    elapsed = (tx.now - (row.failed_since or tx.now)).total_seconds()
    judged = verdict(error, attempt=row.attempts + 1, elapsed=elapsed, policy=POLICY, jitter=random.random())
    log.warning(
        "inspection.failed", inspection=row.id, entry=row.entry_id, code=error.code, reason=error.message
    )
    match judged:
        case Person():
            inspections.answered(tx, row.id, judged.code, judged.reason)
        case Retry() | Wait():
            inspections.failed(tx, row.id, judged.code, judged.reason, judged.delay)
        case Pause() | GiveBack():
            inspections.failed(tx, row.id, judged.code, judged.reason, 0)


def _answered(tx: Transaction, asked: _Asked, looks: Sequence[Look]) -> set[Bell]:
    row = asked.row
    now_is = entries.get(tx, [row.entry_id])[row.entry_id]
    found = answer(looks, now_is.target)
    log.info("inspection.answered", inspection=row.id, entry=now_is.id, code=found.code, answer=found.text)
    if row.purpose == "compare":
        inspections.answered(tx, row.id, found.code, found.text)
        return set()
    if now_is.status != Status.ERRORED:
        text = f"entry {now_is.id} is {now_is.status} by now, so it is not resolved; {found.text}"
        inspections.answered(tx, row.id, "moved on", text)
        return set()
    if found.code != "same":
        advised = (
            " (once you have seen to it: --unchecked takes your word)"
            if found.code == "not comparable"
            else ""
        )
        text = f"not resolved: {found.text}{advised}"
        inspections.answered(tx, row.id, found.code, text)
        versions.note(tx, row.actor, "not resolved", f"entry {now_is.id}", {"answer": found.text})
        return set()
    return _resolved(tx, row, now_is, looks, found)


def _resolved(
    tx: Transaction, row: InspectionRow, was: EntryRow, looks: Sequence[Look], found: Answer
) -> set[Bell]:
    """The steps are done, by hand; whoever waited for what stands there is woken."""
    done = [(look.step, look.standing) for look in looks if look.standing is not None]
    steps.finish(tx, [(step.id, effect.document, effect.seen, True) for step, effect in done])
    pairs = links.store(tx, [link for step, effect in done for link in _links(step, effect, row.entry_id)])
    numbers = [
        effect.document.number for _, effect in done if effect.document.kind not in ("customer", "order")
    ]
    move = Move(
        row.entry_id,
        Status.RESOLVED,
        "by hand",
        f"{row.reason} ({found.text})",
        actor=row.actor,
        target_number=was.target_number or ", ".join(dict.fromkeys(numbers)),
    )
    entries.move(tx, [move])
    inspections.answered(tx, row.id, found.code, f"resolved: {found.text}")
    versions.note(
        tx, row.actor, "resolved", f"entry {row.entry_id}", {"reason": row.reason, "answer": found.text}
    )
    woken = waits.wake(tx, pairs)
    orders = [(target.connection, target.number) for source, target in pairs if source.kind == "order"]
    waits.rekey(tx, links.births(tx, orders))
    return {Bell("route")} if woken else set()


def _links(row: StepRow, effect: Effect, entry_id: int) -> list[NewLink]:
    """What a person made there is our document under another number, found there rather than made by us."""
    step = parse_step(row.spec)
    own = [NewLink(step.document, effect.document, "created" if effect.ours else "found", entry_id)]
    learnt = [NewLink(link.source, link.target, "found", entry_id) for link in effect.links]
    return (own if step.linked else []) + learnt
