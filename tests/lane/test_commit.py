"""Shared commits: what cannot be stored is set aside alone, and what a commit that failed held is not forgotten."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from structlog.testing import capture_logs

from connector import unrouted
from connector.errors import CallError, CredentialsRefused, RateLimited, Rejected
from connector.planned import ShipmentStep
from connector.store import Database, StoreUnavailable, Transaction, entries, facts, intake, lanes, steps
from connector.store.tables import context, entry, step
from connector.systems.base import Effect, Fetched, Wanted
from connector.systems.http import Http, Token
from tests.lane.conftest import MakeWorld
from tests.stub import Shop, StubAdapter, StubRecipe, raising
from tests.world import World, begin, shipment, until


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """The defects of these tests are logged with every local of every frame, which takes longer than the tests."""
    with capture_logs():
        yield


# -- one outcome that cannot be stored ---------------------------------------------------------------------------------


def _create_for_the_first_order(patch: pytest.MonkeyPatch, instead: Callable[[StubRecipe], Effect]) -> None:
    create = StubRecipe.create

    async def changed(self: StubRecipe) -> Effect:
        return instead(self) if self._step.order.order.number == "0" else await create(self)

    patch.setattr(StubRecipe, "create", changed)


def _many(world: World, count: int) -> None:
    world.publish(*(shipment(f"SH{n}", str(n)) for n in range(count)))
    world.route()


def test_an_effect_that_cannot_be_stored_is_set_aside_in_doubt_and_the_others_stand(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(concurrency=4)
    _many(world, 12)

    def unfit(recipe: StubRecipe) -> Effect:
        made = recipe._effect(world.shop.commit(recipe._step))
        return Effect(made.document, made.links, {"weight": {1, 2}})  # type: ignore[dict-item]

    with monkeypatch.context() as patch:
        _create_for_the_first_order(patch, unfit)
        assert world.drain().done == 12
    assert world.statuses() == {"published": 11, "errored": 1}
    assert world.entry("SH0").code == "quarantined"
    assert world.steps("SH0")[0].doubt_at is not None
    world.operator.retry(world.entry("SH0").id, "somebody")
    world.run()
    assert world.statuses() == {"published": 12}
    assert len(world.shop.shipments) == 12, "what stood there was found"


@pytest.mark.parametrize(
    "refusal",
    [
        Rejected("the comment \ud83d is refused"),
        Rejected("refused", code="c" * 65),
        Rejected("refused", code="c\x00"),
    ],
    ids=["half a surrogate", "long code", "NUL in the code"],
)
def test_a_refusal_in_words_that_no_database_holds_stops_nobody_else(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch, refusal: Rejected
) -> None:
    world = make_world(concurrency=4)
    _many(world, 12)

    def refuse(recipe: StubRecipe) -> Effect:
        raise refusal

    _create_for_the_first_order(monkeypatch, refuse)
    assert world.drain().done == 12
    assert world.statuses() == {"published": 11, "errored": 1}
    assert world.entry("SH0").status == "errored"
    assert len(world.shop.creates) == 11


def test_a_fetched_document_that_cannot_be_stored_is_set_aside_and_the_others_become_events(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(8):
        world.at_source(f"SH{number}", str(number))
        world.notice(f"SH{number}", f"push-{number}")
    observe = facts.observe

    def unfit(tx: Transaction, source: str, type_: str, document: str, holds: bool, mark: str) -> int | None:
        if document == "SH0":
            raise ZeroDivisionError("a defect")
        return observe(tx, source, type_, document, holds, mark)

    with monkeypatch.context() as patch:
        patch.setattr(facts, "observe", unfit)
        assert world.drain("erp").done == 8
    with world.database.read() as tx:
        said = {row.number: (str(row.status), row.code) for row in intake.notices(tx)}
    assert said.pop("SH0") == ("errored", "quarantined")
    assert set(said.values()) == {("completed", "")}


# -- a job that ends in an unusual way ---------------------------------------------------------------------------------


def _failing(*_: object) -> None:
    raise ZeroDivisionError("a defect")


def test_a_call_whose_announcement_cannot_be_stored_is_not_made_and_its_lane_goes_on(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(increments=True)
    _many(world, 1)
    with monkeypatch.context() as patch:
        patch.setattr(steps, "begin_increment", _failing)
        drained = begin(world.drain)
        until(drained.done)
    assert world.shop.writes == []
    assert world.entry("SH0").code == "quarantined"
    world.operator.retry(world.entry("SH0").id, "somebody")
    world.run()
    assert world.shop.writes == [Decimal("14.10")]
    assert world.statuses() == {"published": 1}


def test_an_announcement_that_cannot_be_stored_takes_no_outcome_along(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(increments=True, concurrency=2)
    _many(world, 2)
    world.route()
    (doomed,) = world.steps("SH1")
    begin_increment = steps.begin_increment

    def failing_for_one(tx: Transaction, step_id: int, *what: Any) -> None:
        if step_id == doomed.id:
            raise ZeroDivisionError("a defect")
        begin_increment(tx, step_id, *what)

    monkeypatch.setattr(steps, "begin_increment", failing_for_one)
    world.drain()
    assert world.entry("SH0").status == "published"
    assert world.entry("SH1").code == "quarantined"
    assert world.shop.writes == [Decimal("14.10")]


def test_a_job_that_is_cancelled_from_within_is_set_aside_and_its_slot_goes_on(make_world: MakeWorld) -> None:
    world = make_world(concurrency=1)
    _many(world, 3)

    def cancelled(shop: Shop, step: ShipmentStep) -> None:
        raise asyncio.CancelledError

    world.shop.behaviours = [cancelled]
    drained = begin(world.drain)
    until(drained.done)
    assert drained.result().done == 3
    assert world.statuses() == {"published": 2, "errored": 1}
    assert world.entry("SH0").code == "quarantined"
    assert world.steps("SH0")[0].doubt_at is not None


# -- a commit that fails once ------------------------------------------------------------------------------------------


def _fail_one_commit_with(patch: pytest.MonkeyPatch, name: str) -> None:
    """The first commit in which this function of `lanes` was called fails at its very end, as a deadlock would."""
    real, write = getattr(lanes, name), Database.write
    called: list[str] = []
    failed: list[str] = []

    def noted(tx: Transaction, *given: object) -> None:
        real(tx, *given)
        called.append(name)

    @contextmanager
    def failing(self: Database) -> Iterator[Transaction]:
        with write(self) as tx:
            yield tx
            if called and not failed:
                failed.append(name)
                raise StoreUnavailable("the connection broke")

    patch.setattr(lanes, name, noted)
    patch.setattr(Database, "write", failing)


def _lane(world: World, name: str) -> lanes.LaneRow:
    with world.database.read() as tx:
        (found,) = [row for row in lanes.overview(tx) if row.name == name]
        return found


def _drain_once(world: World, patch: pytest.MonkeyPatch, name: str, error: CallError) -> None:
    _many(world, 3)
    world.shop.behaviours = [raising(error)]
    with patch.context() as failing:
        _fail_one_commit_with(failing, name)
        world.drain()


def test_a_pause_whose_commit_fails_once_is_kept(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(concurrency=1)
    _drain_once(world, monkeypatch, "pause", CredentialsRefused("the token was revoked"))
    assert _lane(world, "shop").paused
    assert "revoked" in _lane(world, "shop").reason
    assert len(world.shop.creates) == 1


def test_an_open_circuit_whose_commit_fails_once_is_kept(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(concurrency=1)
    _drain_once(world, monkeypatch, "note_health", RateLimited("slow down", retry_after=1800))
    closed_until = _lane(world, "shop").closed_until
    assert closed_until is not None
    assert closed_until > datetime.now(UTC) + timedelta(minutes=20)
    assert not world.drain().owned


def test_an_access_token_whose_commit_fails_once_is_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = StubAdapter.fetch

    async def renewed() -> Token:
        return Token("an-access-token")

    async def logged_in(self: StubAdapter, http: Http, wanted: Wanted) -> Fetched:
        await http.seat.get(renewed)
        return await fetch(self, http, wanted)

    monkeypatch.setattr(StubAdapter, "fetch", logged_in)
    world.at_source("SH1")
    world.notice("SH1", "push-1")
    with monkeypatch.context() as patch:
        _fail_one_commit_with(patch, "keep_seat")
        world.drain("erp")
    with world.database.read() as tx:
        assert lanes.sealed_seat(tx, "erp") is not None


# -- rows that another release wrote -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(
            lambda tx, id_: _change(tx, step, step.c.entry_id == id_, spec={"of": "another"}), id="spec"
        ),
        pytest.param(
            lambda tx, id_: _change(tx, entry, entry.c.id == id_, plan={"of": "another"}), id="plan"
        ),
    ],
)
def test_an_entry_that_this_release_cannot_read_is_set_aside_and_the_others_are_delivered(
    world: World, changed: Callable[[Transaction, int], None]
) -> None:
    _many(world, 4)
    with world.database.write() as tx:
        changed(tx, entries.newest(tx, 4)[-1].id)
    assert world.drain().done == 4
    assert world.statuses() == {"published": 3, "errored": 1}
    assert (world.entry("SH0").status, world.entry("SH0").code) == ("errored", "quarantined")
    assert len(world.shop.creates) == 3


def _change(tx: Transaction, table: Any, where: Any, **values: object) -> None:
    assert tx.run(table.update().where(where).values(**values)) == 1


def test_an_event_whose_context_this_release_cannot_read_is_set_aside_and_the_others_are_routed(
    world: World,
) -> None:
    first, _ = world.publish(shipment("SH1", "1"), shipment("SH2", "2"))
    document = {"number": "1", "of": "another"}
    with world.database.write() as tx:
        tx.run(
            context.insert().values(
                event_id=first.id, kind="order", number="1", document=document, stored_at=tx.now
            )
        )
    world.run()
    assert world.statuses() == {"published": 1}
    assert world.entry("SH2").status == "published"
    with world.database.read() as tx:
        (listed,) = unrouted.listed(tx)
    assert listed.event.id == first.id
    assert listed.why.startswith("this release cannot read what is stored of it: ")
    # and a release that can is asked to
    with world.database.write() as tx:
        tx.run(context.delete())
    world.operator.route_again([first.id], "ann")
    world.run()
    assert world.statuses() == {"published": 2}
