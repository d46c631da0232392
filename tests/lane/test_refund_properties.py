"""Whatever happens on the way, an order gives back no more than was paid for it, and no refund is booked twice.

Short histories on SQLite: messages twice and out of order, replies that are lost, workers that vanish, people who try
again. The cases one by one are in `test_refunds.py`.
"""

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.errors import CallError
from connector.operate import Refused
from connector.planned import PayoutStep, RefundStep, parse_step
from connector.status import IllegalMove
from connector.store import Database, claims, lanes
from connector.systems.base import Known
from schemas.base import DocumentRef
from tests.lane.refunds_given import (
    Books,
    RefundRecipe,
    RefundsAdapter,
    books_of,
    bought,
    credit,
    flows,
    lost_after,
    lost_before,
    tell,
)
from tests.stub import Shop
from tests.world import World

PAID = Decimal("100.00")
HAPPENS = ("nothing", "worked", "vanished before", "vanished after", "vanished between")


@dataclass(frozen=True)
class History:
    """Refunds by amount, in the order in which they were made; which of them is told when (each once at least), and
    what happens after each; what becomes of writes; what people do at the end, to which refund.

    `known`: does the source say what was paid and given back of the order? `billed` is what the target billed.
    """

    amounts: tuple[Decimal, ...]
    told: tuple[int, ...]
    happens: tuple[str, ...]
    behaviours: tuple[str, ...]
    by_hand: tuple[tuple[str, int], ...]
    known: bool
    billed: Decimal


@st.composite
def histories(draw: st.DrawFn) -> History:
    cents = st.integers(1, 6000).map(lambda number: Decimal(number).scaleb(-2))
    amounts = tuple(draw(st.lists(cents | st.just(Decimal("50.00")), min_size=1, max_size=3)))
    which = range(len(amounts))
    once = draw(st.permutations(which))
    told = (*once, *draw(st.lists(st.sampled_from(which), max_size=2)))
    happens = draw(st.lists(st.sampled_from(HAPPENS), min_size=len(told), max_size=len(told)))
    behaviours = draw(st.lists(st.sampled_from(["does", "lost before", "lost after"]), max_size=4))
    acts = st.tuples(st.sampled_from(["retry", "start over"]), st.sampled_from(which))
    by_hand = draw(st.lists(acts, max_size=2))
    billed = draw(st.sampled_from([PAID, Decimal("80.00")]))
    return History(
        amounts, told, tuple(happens), tuple(behaviours), tuple(by_hand), draw(st.booleans()), billed
    )


@pytest.fixture(scope="module", name="empty")
def fixture_empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of this release without any rows."""
    path = tmp_path_factory.mktemp("empty") / "connector.db"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    database.close()
    return path


@contextmanager
def processes(empty: Path) -> Iterator[Callable[[], World]]:
    """Makes worlds on one fresh database: each is another process, and all see one shop."""
    shop, made = Shop(), list[World]()
    with tempfile.TemporaryDirectory() as folder:
        path = shutil.copy(empty, Path(folder) / "connector.db")

        def start() -> World:
            url, flow = f"sqlite:///{path}", flows(pay_out="true")
            made.append(World(url, shop, migrate=False, adapter=RefundsAdapter, flows=flow, mode="off"))
            return made[-1]

        try:
            yield start
        finally:
            for world in made:
                world.close()


@given(histories())
@settings(max_examples=8, deadline=None)
def test_never_more_goes_back_than_was_paid_and_nothing_twice(empty: Path, history: History) -> None:
    with processes(empty) as start:
        world = start()
        books = books_of(world.shop)
        books.billed["1"] = history.billed
        behaviours = {"does": None, "lost before": lost_before, "lost after": lost_after}
        books.behaviours = [behaviours[name] for name in history.behaviours]
        for copy, (which, happens) in enumerate(zip(history.told, history.happens, strict=True)):
            _tell(world, history, which, copy)
            if happens == "worked":
                world.route()
                world.drain()
            elif happens != "nothing":
                _vanish(world, {"before": 0, "between": 1, "after": 2}[happens.removeprefix("vanished ")])
                world = start()
        world.run()
        for act, which in history.by_hand:
            if _act(world, act, f"CM{which}"):
                world.run()
        _judge(world, books, history)


def _tell(world: World, history: History, which: int, copy: int) -> None:
    """The source counts a refund and all that it made before."""
    so_far = sum(history.amounts[: which + 1], Decimal(0))
    orders = [bought(PAID, so_far)] if history.known else []
    tell(world, credit(f"CM{which}", history.amounts[which]), *orders, copy=copy)


def _vanish(world: World, writes: int) -> None:
    """A worker claims what is due, writes so many documents of each entry, and is never heard of again."""
    world.route()
    with world.database.write() as tx:
        lease = lanes.acquire(tx, "shop", "one that vanishes", 90)
        assert lease is not None
        claims.recover(tx, "shop", lease.token, lease.lost_until)
        claimed = claims.claim(tx, "shop", lease.token, 10)
    for row in claimed:
        asyncio.run(_written(world, row.id, writes))
    world.expire_leases()


async def _written(world: World, entry_id: int, writes: int) -> None:
    """What the worker did before it vanished: it looks first, as every worker does."""
    made = dict[str, DocumentRef]()
    books = books_of(world.shop)
    for row in world.steps_of(entry_id)[:writes]:
        step = parse_step(row.spec)
        assert isinstance(step, RefundStep | PayoutStep)
        if isinstance(step, PayoutStep) and not made:
            return
        recipe = RefundRecipe(books, step, Known(made=made))
        try:
            found = await recipe.find()
            effect = found[0] if found else await recipe.create()
        except CallError:
            return
        made[step.key] = effect.document


def _act(world: World, act: str, number: str) -> bool:
    """What a person asks for; does the entry's status allow it?"""
    entry_id = world.entry(number).id
    try:
        if act == "retry":
            world.operator.retry(entry_id, "anna")
        else:
            world.operator.start_over(entry_id, "anna", "once more")
    except (IllegalMove, Refused):
        return False
    return True


def _judge(world: World, books: Books, history: History) -> None:
    """What stands at the target, and what the log says of it."""
    limit = min(PAID, history.billed)
    assert books.refunded("1") <= limit
    booked, paid_out = (Counter(one.refund for one in kept.values()) for kept in (books.memos, books.payouts))
    assert booked == paid_out
    assert set(booked.values()) <= {1}
    amounts = {f"CM{number}": amount for number, amount in enumerate(history.amounts)}
    for one in (*books.memos.values(), *books.payouts.values()):
        assert one.amount == amounts[one.refund]
    entries = {row.source_number: (str(row.status), row.code) for row in world.all_entries()}
    assert len(world.all_entries()) == len(amounts)
    assert entries == {
        number: ("published", "") if number in booked else ("errored", "money") for number in amounts
    }
    if sum(history.amounts) <= limit:
        assert booked.keys() == amounts.keys()
