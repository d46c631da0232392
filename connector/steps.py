"""One step at its target: look for it, do it if it is not there, read it back.

It talks to the target and touches no database; what came of it is a value, which `deliver.py` records.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from connector.errors import CallError, Doubled, OutcomeUnknown, Rejected
from connector.plan import Plan
from connector.planned import parse_step
from connector.store.claims import Claimed
from connector.store.steps import StepRow
from connector.systems.base import Effect, Increment, Known, Recipe
from connector.systems.http import Http
from connector.work import Connection, Job, Notes
from schemas.base import DocumentRef


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
        """For how many seconds a step that may have been started must only be looked for; 0 where it may be done."""
        if step.doubt_at is None:
            return 0.0
        return max((step.doubt_at - self.claimed.claimed_at).total_seconds() + self.settle, 0.0)

    def __str__(self) -> str:
        return f"entry {self.claimed.entry.id}"


@dataclass(frozen=True)
class StepResult:
    """What came of one step: its effect if it is done, whether it may have been started, what went wrong.

    `unsettled`: it was not found, but may still turn up. `gone`: unwanted, looked for in vain, and settled.
    """

    step: StepRow
    effect: Effect | None = None
    adopted: bool = False
    started: bool = False
    unsettled: bool = False
    gone: bool = False
    simulated: bool = False
    error: CallError | None = None

    @property
    def done(self) -> bool:
        """Does its effect stand, read back?"""
        return self.effect is not None and not self.simulated


@dataclass(frozen=True)
class Begun:
    """An increment that is about to be written."""

    step_id: int
    before: Decimal
    after: Decimal


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
            recipe = self._recipe(self.row.spec)
            if isinstance(recipe, Increment):
                return await self._increment(recipe)
            return await self._adopt(recipe) or await self._do(recipe)
        except CallError as error:
            began = self.created or (self.started and isinstance(error, OutcomeUnknown))
            return StepResult(self.row, started=began, error=error)

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

    async def _increment(self, recipe: Increment) -> StepResult:
        """Raise or lower an amount exactly once: what it was is committed before it is changed."""
        stands = await recipe.read()
        begun = self.row.before is not None and self.row.after is not None
        before, after = Decimal(self.row.before or stands), Decimal(self.row.after or stands + recipe.amount)
        if self._dry:
            return StepResult(self.row, simulated=True)
        if begun and stands not in (before, after):
            raise Rejected(
                f"the amount was {before} and was to become {after}, but now it is {stands}: somebody else changed it; "
                "set it to what it must be, then ignore this entry",
                code="changed",
            )
        if not self.row.wanted and stands == before:
            return StepResult(self.row, gone=True)
        if not begun:
            await self.notes.commit(self.job, Begun(self.row.id, before, after))
        if stands == before and before != after:
            self.started = True
            await recipe.write(after)
        self.created = True
        return StepResult(self.row, effect=await recipe.effect(after), adopted=begun and stands == after)

    @property
    def delivery(self) -> Delivery:
        """The entry that the step belongs to."""
        delivery: Delivery = self.job.subject
        return delivery

    @property
    def _dry(self) -> bool:
        return self.delivery.plan.mode == "dry_run"

    def _recipe(self, spec: Mapping[str, Any]) -> Recipe | Increment:
        """How this is done there; a recipe may remember what its look has read, so it is used for one run."""
        step = parse_step(spec)
        order = step.order.order
        linked = self.delivery.claimed.linked.get((order.connection, order.number))
        return self.connection.adapter.recipe(self.http, step, Known(linked, self.made))


def order_of(spec: Mapping[str, Any]) -> DocumentRef | None:
    """The order of a stored step, as its source knows it; None where another release wrote it differently."""
    try:
        return DocumentRef.model_validate(spec["order"]["order"])
    except (KeyError, TypeError, ValidationError):
        return None


async def _only(recipe: Recipe) -> Effect | None:
    """The one effect that stands at the target, or None; two are for a person."""
    found = await recipe.find()
    if len(found) > 1:
        numbers = " and ".join(effect.document.number for effect in found)
        raise Doubled(
            f"it stands in the target {len(found)} times, as {numbers}: undo all but one there, then retry"
        )
    return found[0] if found else None
