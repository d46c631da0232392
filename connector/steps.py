"""One step at its target: look for it, do it if it is not there, read it back.

It talks to the target and touches no database; what came of it is a value, which `deliver.py` records.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import structlog
from pydantic import ValidationError

from connector.errors import CallError, Doubled, OutcomeUnknown, Rejected, Unavailable
from connector.plan import Plan
from connector.planned import InventoryStep, Step, Undone, UndoStep, parse_step
from connector.store.claims import Claimed
from connector.store.steps import StepRow
from connector.systems.base import Comparing, Effect, Field, Increment, Known, Recipe
from connector.systems.http import Http
from connector.work import Connection, Job, Notes
from schemas.base import DocumentRef

log = structlog.get_logger(__name__)

_LOOKS = 3
"""So often an amount is looked at before it is changed, if others change it meanwhile."""


@dataclass(frozen=True)
class Delivery:
    """A claimed entry, and how many seconds a vendor may still be working on what was given up (`settle`)."""

    claimed: Claimed
    settle: float

    @cached_property
    def plan(self) -> Plan:
        """Its plan; raises ValidationError where another release stored one that this one cannot read."""
        return Plan.model_validate(self.claimed.entry.plan)

    def unsettled(self, step: StepRow) -> float:
        """For how many seconds a step that may have been started must only be looked for; 0 where it may be done. What
        is to be taken back must have settled too: it may still come to stand there."""
        undone = self.claimed.undone.get(step.spec.get("undoes", ""))
        moments = [at for at in (step.doubt_at, undone.doubt_at if undone else None) if at is not None]
        if not moments:
            return 0.0
        return max((max(moments) - self.claimed.claimed_at).total_seconds() + self.settle, 0.0)

    def __str__(self) -> str:
        return f"entry {self.claimed.entry.id}"


@dataclass(frozen=True)
class StepResult:
    """What came of one step: its effect if it is done, whether it may have been started, what went wrong.

    `unsettled`: it was not found, but may still turn up. `gone`: unwanted, looked for in vain, and settled. `fields`:
    what is expected and what stands there, read after a refusal.
    """

    step: StepRow
    effect: Effect | None = None
    adopted: bool = False
    started: bool = False
    unsettled: bool = False
    gone: bool = False
    simulated: bool = False
    error: CallError | None = None
    fields: tuple[Field, ...] = ()

    @property
    def done(self) -> bool:
        """Does its effect stand, read back?"""
        return self.effect is not None and not self.simulated


@dataclass(frozen=True)
class Begun:
    """An increment that is about to be written onto a document; without amounts: it is not, after all."""

    step_id: int
    before: Decimal | None
    after: Decimal | None
    document: DocumentRef | None


@dataclass
class StepRun:
    """One run of one step; `made` is what earlier steps of its entry made, by step key.

    `started`: a write was called. `created`: something of ours stands at the target.
    """

    job: Job
    row: StepRow
    http: Http
    connection: Connection
    notes: Notes
    made: Mapping[str, DocumentRef]
    started: bool = False
    created: bool = False

    async def run(self) -> StepResult:
        """Look, do, read back; an error of a call comes back in the result."""
        try:
            if self._nothing_to_take_back:
                return self._left_alone()
            if self._may_still_come:
                return StepResult(self.row, unsettled=True)
            recipe = self._recipe(self.row.spec)
            if isinstance(recipe, Increment):
                return await self._increment(recipe)
            return await self._adopt(recipe) or await self._do(recipe)
        except CallError as error:
            began = self.created or (self.started and isinstance(error, OutcomeUnknown))
            return StepResult(self.row, started=began, error=error)

    async def compare(self) -> tuple[Field, ...]:
        """What is expected and what stands there, where the target's recipe can say; reads only."""
        try:
            found = comparable(self._recipe(self.row.spec), self.row)
            return await found.compare() if found else ()
        except CallError as error:
            log.info("step.not_compared", step=self.row.key, reason=error.message)
            return ()

    async def _adopt(self, planned: Recipe) -> StepResult | None:
        """What stands there already; what was sent under earlier plans is looked for first."""
        for recipe in (*map(self._recipe, self.row.sent or ()), planned):
            if isinstance(recipe, Increment):
                continue
            effect = await _only(recipe)
            if effect is not None and self._dry:
                return StepResult(self.row, effect=effect, adopted=True, simulated=True)
            if effect is not None:
                self.created = True
                return StepResult(self.row, effect=await recipe.verify(effect), adopted=True)
        return None

    async def _do(self, recipe: Recipe) -> StepResult:
        if self._dry:
            return StepResult(self.row, simulated=True)
        if self.delivery.unsettled(self.row) and not recipe.native_key:
            return StepResult(self.row, unsettled=True)
        if not self.row.wanted:
            return StepResult(self.row, gone=True)
        self.started = True
        effect = await recipe.create()
        self.created = True
        effect = await recipe.verify(effect)
        if self.row.doubt_at is not None:
            # What a late request of ours left in the meantime would stand beside it.
            await _only(recipe)
        return StepResult(self.row, effect=effect)

    # -- amounts that are raised or lowered --

    async def _increment(self, recipe: Increment) -> StepResult:
        """Raise or lower an amount exactly once: what it was is committed before it is changed."""
        stands = await recipe.read()
        if self._dry:
            return StepResult(self.row, simulated=True)
        if self._never_took_effect(stands):
            return StepResult(self.row, effect=await recipe.effect(stands), adopted=True)
        if self._doubtful is not None and stands != self._doubtful.after:
            was = f"may have been raised from {self._doubtful.before} to {self._doubtful.after}"
            raise Rejected(
                f"the amount {was}, but now it is {stands}: somebody else changed it, so it is not known whether there "
                "is something to take back; set it to what it must be, then resolve this entry",
                code="changed",
            )
        begun = self._begun(recipe)
        if begun is not None and stands not in begun:
            raise Rejected(
                f"the amount was {begun[0]} and was to become {begun[1]}, but now it is {stands}: somebody else "
                "changed it; set it to what it must be, then resolve this entry",
                code="changed",
            )
        if not self.row.wanted and (begun is None or stands == begun[0]):
            return StepResult(self.row, gone=True)
        if begun is not None and stands == begun[0] != begun[1]:
            await self._resume(recipe, *begun)
        before, after = begun or await self._begin(recipe, stands)
        if (begun is None or stands == before) and before != after:
            await self._write(recipe, after, afresh=begun is None)
        self.created = True
        adopted = begun is not None and stands == after
        return StepResult(self.row, effect=await recipe.effect(after), adopted=adopted)

    async def _resume(self, recipe: Increment, before: Decimal, after: Decimal) -> None:
        """An increment that was begun earlier may have let others begin while it was stuck: it must be alone again."""
        await self.notes.commit(self.job, Begun(self.row.id, before, after, recipe.document))
        if await recipe.read() != before:
            raise Unavailable("the amount was changed at this moment; it is looked at once more", code="busy")

    async def _write(self, recipe: Increment, after: Decimal, *, afresh: bool) -> None:
        """What is refused, or never left, was not begun: nobody else needs to wait for it, nor to wonder about it."""
        self.started = True
        try:
            await recipe.write(after)
        except OutcomeUnknown:
            raise
        except CallError:
            if afresh:
                await self.notes.commit(self.job, Begun(self.row.id, None, None, None))
            raise

    def _begun(self, recipe: Increment) -> tuple[Decimal, Decimal] | None:
        """What the amount was and was to become, unless it stood on a document that was made anew since."""
        if self.row.before is None or self.row.after is None:
            return None
        stood_on = DocumentRef.model_validate(self.row.document) if self.row.document else None
        if stood_on and recipe.document and stood_on.kind != recipe.document.kind:
            raise Rejected(
                f"the amount of {stood_on} was {self.row.before} and was to become {self.row.after}, and by now it is "
                f"to stand on {recipe.document}: set both to what they must be, then resolve this entry",
                code="changed",
            )
        if stood_on and recipe.document and stood_on.number != recipe.document.number:
            return None
        return Decimal(self.row.before), Decimal(self.row.after)

    async def _begin(self, recipe: Increment, stands: Decimal) -> tuple[Decimal, Decimal]:
        """Commit what the amount is and becomes. From then on no other increment of ours begins on this document; one
        that was written between our look and the commit is seen by looking again."""
        for _ in range(_LOOKS):
            after = recipe.becomes(stands)
            await self.notes.commit(self.job, Begun(self.row.id, stands, after, recipe.document))
            again = await recipe.read()
            if again == stands:
                return stands, after
            stands = again
        await self.notes.commit(self.job, Begun(self.row.id, None, None, None))
        raise Unavailable(f"the amount changes again and again; it is {stands} now", code="busy")

    # -- taking back --

    @cached_property
    def _undone(self) -> Undone | None:
        """What this step takes back, if it takes back anything."""
        step = parse_step(self.row.spec)
        return self.delivery.claimed.undone.get(step.undoes) if isinstance(step, UndoStep) else None

    @property
    def _nothing_to_take_back(self) -> bool:
        return self._undone is None and self.row.kind == "undo"

    def _left_alone(self) -> StepResult:
        """What was never begun needs no taking back."""
        if self._dry:
            return StepResult(self.row, simulated=True)
        order = DocumentRef.model_validate(self.row.spec["order"]["order"])
        there = self.delivery.claimed.linked.get((order.connection, order.number)) or order
        return StepResult(self.row, effect=Effect(there, seen={"taken back": "nothing, it was not written"}))

    @property
    def _may_still_come(self) -> bool:
        """What is in doubt is taken back once it has settled: until then it may come to stand there."""
        doubtful = self._undone is not None and not self._undone.done
        return doubtful and not self._dry and self.delivery.unsettled(self.row) > 0

    @property
    def _doubtful(self) -> Undone | None:
        """What is to be taken back, where it is not known whether it was done and nothing was begun about it."""
        undone = self._undone
        return undone if undone is not None and not undone.done and self.row.before is None else None

    def _never_took_effect(self, stands: Decimal) -> bool:
        """An increment in doubt that is to be taken back: does the amount stand as it was before?"""
        return self._doubtful is not None and stands == self._doubtful.before

    # -- what is known --

    @property
    def delivery(self) -> Delivery:
        """The entry that the step belongs to."""
        delivery: Delivery = self.job.subject
        return delivery

    @property
    def _dry(self) -> bool:
        return self.delivery.plan.mode == "dry-run"

    def _recipe(self, spec: Mapping[str, Any]) -> Recipe | Increment:
        """How this is done there; a recipe may remember what its look has read, so it is used for one run."""
        step = parse_step(spec)
        known = known_to(self.delivery.claimed, step, self.connection.name, self.made, self._undone)
        return self.connection.adapter.recipe(self.http, step, known)


def comparable(recipe: Recipe | Increment, row: StepRow) -> Comparing | None:
    """How a step is compared with what stands there; None where its recipe cannot say."""
    if isinstance(recipe, Increment):
        return _AmountCompared(recipe, row)
    return recipe if isinstance(recipe, Comparing) else None


@dataclass(frozen=True)
class _AmountCompared(Comparing):
    """An amount, compared with what it was to become: as committed before the call, or else as it was first seen."""

    recipe: Increment
    row: StepRow

    async def compare(self) -> tuple[Field, ...]:
        stands, label = await self.recipe.read(), self.recipe.label
        told = next((one["expected"] for one in self.row.fields or () if one["label"] == label), None)
        known = self.row.after or told
        expected = self.recipe.becomes(stands) if known is None else Decimal(known)
        return (Field(label, f"{expected:f}", f"{expected if stands == expected else stands:f}"),)

    async def standing(self) -> Effect:
        return await self.recipe.effect(await self.recipe.read())


def known_to(
    claimed: Claimed,
    step: Step,
    connection: str,
    made: Mapping[str, DocumentRef],
    undone: Undone | None = None,
) -> Known:
    """What a recipe at this connection is told: an order that is its own is known by its own number."""
    if isinstance(step, InventoryStep):
        return Known()
    order = step.order.order
    own = order if order.connection == connection else None
    return Known(own or claimed.linked.get((order.connection, order.number)), made, undone)


def order_of(spec: Mapping[str, Any]) -> DocumentRef | None:
    """The order of a stored step, as its source knows it; None where it is about none, or another release wrote it
    differently."""
    try:
        return DocumentRef.model_validate(spec["order"]["order"])
    except (KeyError, TypeError, ValidationError):
        return None


def ready(step: StepRow, made: Mapping[str, DocumentRef], results: Sequence[StepResult]) -> bool:
    """Is everything done that must be done before? In a dry run, what would have been done counts."""
    done = {*made, *(one.step.key for one in results if one.simulated)}
    return set(parse_step(step.spec).needs) <= done


def gone_with_its_document(
    step: StepRow, planned: Sequence[StepRow], results: Sequence[StepResult]
) -> list[StepResult]:
    """A step that nobody wants any more cannot stand on a document that does not stand there itself."""
    gone = {one.step.key for one in results if one.gone}
    left = {one.key for one in planned} - gone
    return [] if step.wanted or set(parse_step(step.spec).needs) <= left else [StepResult(step, gone=True)]


async def _only(recipe: Recipe) -> Effect | None:
    """The one effect that stands at the target, or None; two are for a person."""
    found = await recipe.find()
    if len(found) > 1:
        numbers = " and ".join(effect.document.number for effect in found)
        raise Doubled(
            f"it stands in the target {len(found)} times, as {numbers}: undo all but one there, then retry"
        )
    return found[0] if found else None
