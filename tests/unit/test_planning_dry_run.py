"""A dry run of a shipment whose target takes it in parts: every step is planned, looked at and told, and none is done.

What the lane makes of it is `tests/lane`; here one delivery is run, with a target that remembers what it was asked.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from connector.deliver import Deliver
from connector.plan import Plan
from connector.planned import Step
from connector.status import Status
from connector.steps import Delivery, StepResult
from connector.store.claims import Claimed
from connector.store.entries import EntryRow
from connector.store.steps import StepRow
from connector.systems.base import Adapter, Capabilities, Checked, Effect, Increment, Known
from connector.systems.http import Http, Slots
from connector.work import Connection, Job
from schemas.base import DocumentRef
from schemas.config import ConnectionSettings, RetryPolicy
from tests.unit.planning_given import IN_PARTS
from tests.unit.write_back_given import EVERYTHING, shipped, written

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
SETTINGS = ConnectionSettings(system="some", base_url="http://127.0.0.1:9")


@dataclass
class Target:
    """What the target was asked: to look, and to write."""

    looks: Counter[str] = field(default_factory=Counter)
    writes: list[str] = field(default_factory=list)
    standing: dict[str, str] = field(default_factory=dict)


@dataclass
class Part:
    """A step of any kind but freight."""

    target: Target
    step: Step
    native_key = True

    def _effect(self, number: str) -> Effect:
        return Effect(DocumentRef(connection="shop", kind=self.step.kind, number=number))

    async def find(self) -> tuple[Effect, ...]:
        self.target.looks[self.step.kind] += 1
        number = self.target.standing.get(self.step.kind)
        return (self._effect(number),) if number else ()

    async def create(self) -> Effect:
        self.target.writes.append(self.step.kind)
        return self._effect("1")

    async def verify(self, effect: Effect) -> Effect:
        return effect


@dataclass
class Freight(Increment):
    """Freight; in a dry run there may be no document yet that it stands on."""

    target: Target
    amount: Decimal = Decimal("9.50")
    document: DocumentRef | None = None

    async def read(self) -> Decimal:
        self.target.looks["freight"] += 1
        return Decimal(0)

    async def write(self, value: Decimal) -> None:
        self.target.writes.append("freight")

    async def effect(self, value: Decimal) -> Effect:
        return Effect(DocumentRef(connection="shop", kind="shipment", number="1"))


class Parts(Adapter):
    """A system that takes a shipment in parts."""

    settings_model = ConnectionSettings
    capabilities = Capabilities(target_of=frozenset({"shipment.confirmed"}), manner=IN_PARTS["shipment"])
    target: Target

    async def check(self, http: Http) -> Checked:
        return Checked(())

    def recipe(self, http: Http, step: Step, known: Known) -> Part | Freight:
        return Freight(self.target) if step.kind == "freight" else Part(self.target, step)


@dataclass
class Committed:
    """What a running delivery had committed before its calls."""

    payloads: list[Any] = field(default_factory=list)

    async def commit(self, job: Job, payload: Any) -> None:
        self.payloads.append(payload)


@dataclass(frozen=True)
class Run:
    """One delivery: its results by step, and what was asked of the target and of the store."""

    results: Mapping[str, StepResult]
    target: Target
    committed: Committed


STEPS = written("shipment", shipped(ship_to={"name": "Somebody Else"}), **EVERYTHING)[1]


def delivered(mode: Any, *rows: StepRow, **standing: str) -> Run:
    """Run one delivery of these steps (all, unless some are given), with what stands at the target by kind."""
    target, committed = Target(standing=standing), Committed()
    adapter = Parts("shop", SETTINGS)
    adapter.target = target
    job = Job(Deliver(), Delivery(Claimed(_entry(mode), rows or _rows(), {}, NOW), 0))

    async def run() -> Any:
        slots = Slots("shop", SETTINGS)
        async with slots.job() as http:
            outcome = await job.work.run(job, http, Connection("shop", SETTINGS, adapter), committed)
        await slots.close()
        assert outcome.errors == ()
        return outcome.result

    found = asyncio.run(run())
    assert found.exchanges == ()
    return Run({one.step.key: one for one in found.steps}, target, committed)


def _entry(mode: Any) -> EntryRow:
    plan = Plan(decision="deliver", mode=mode, retry=RetryPolicy(), wait_deadline=60)
    texts: dict[str, Any] = dict.fromkeys(
        ("flow", "type", "target_number", "lane", "code", "reason", "config_version"), ""
    )
    absent: dict[str, Any] = dict.fromkeys(
        ("failed_since", "wait_kind", "wait_connection", "wait_number", "wait_until")
    )
    return EntryRow(
        id=1,
        event_id=1,
        source="erp",
        source_number="SH1",
        target="shop",
        status=Status.DELIVERING,
        replan=False,
        plan=plan.model_dump(mode="json"),
        due_at=NOW,
        attempts=1,
        created_at=NOW,
        updated_at=NOW,
        **texts,
        **absent,
    )


def _rows() -> tuple[StepRow, ...]:
    absent: dict[str, Any] = dict.fromkeys(
        ("sent", "doubt_at", "before", "after", "done_at", "document", "seen")
    )
    return tuple(
        StepRow(
            id=position,
            entry_id=1,
            position=position,
            key=step.key,
            kind=step.kind,
            reference=step.reference,
            spec=step.model_dump(mode="json"),
            wanted=True,
            adopted=False,
            **absent,
        )
        for position, step in enumerate(STEPS)
    )


def test_the_steps_of_a_shipment_in_parts_wait_for_the_one_that_makes_it() -> None:
    assert [step.kind for step in STEPS] == [
        "shipment",
        "freight",
        "tracking",
        "note",
        *["fields"] * 6,
        "confirm",
    ]
    assert all(step.needs for step in STEPS[1:])


def test_a_dry_run_tells_of_every_part_although_what_they_go_onto_was_not_made() -> None:
    results = delivered("dry-run").results
    assert list(results) == [step.key for step in STEPS]
    assert all(one.simulated and not one.done and not one.started for one in results.values())


def test_a_dry_run_looks_for_every_part_and_writes_nothing_anywhere() -> None:
    run = delivered("dry-run")
    assert run.target.looks == Counter(step.kind for step in STEPS)
    assert (run.target.writes, run.committed.payloads) == ([], [])


def test_a_dry_run_says_what_stands_there_already_and_still_writes_nothing() -> None:
    run = delivered("dry-run", shipment="S77")
    there = run.results["shipment:1001"]
    assert there.effect is not None
    assert (there.effect.document.number, there.adopted, there.done) == ("S77", True, False)
    assert list(run.results) == [step.key for step in STEPS]
    assert run.target.writes == []


def test_the_same_delivery_live_does_every_part_in_its_order() -> None:
    run = delivered("live")
    assert run.target.writes == [step.kind for step in STEPS]
    assert all(one.done for one in run.results.values())
    assert len(run.committed.payloads) == 1


@pytest.mark.parametrize("mode", ["dry-run", "live"])
def test_a_part_whose_document_is_not_made_is_not_begun(mode: str) -> None:
    run = delivered(mode, *_rows()[1:])
    assert (run.results, run.target.writes, run.target.looks) == ({}, [], Counter())
