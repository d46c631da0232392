"""Whatever happens on the way, the newest quantity of each article stands at the target in the end.

Short histories on SQLite: changes out of order and more than once, replies that are lost, workers that vanish before or
after they wrote, people who have old entries go on. The cases one by one are in `test_inventory.py`.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.errors import CallError
from connector.operate import Refused
from connector.planned import InventoryStep, parse_step
from connector.status import IllegalMove, Status
from connector.store import Database, claims, lanes
from schemas.documents import Inventory
from tests.lane.inventory_given import (
    FLOW,
    ShelfAdapter,
    ShelfRecipe,
    cut_down,
    event,
    found,
    hear,
    level,
    lost_after,
    lost_before,
    lying,
    newest,
    news,
    refused,
    shelf_of,
)
from tests.stub import Shop
from tests.world import World

HAPPENS = ("nothing", "routed", "worked", "vanished before", "vanished after")
BEHAVIOURS = {
    "does": None,
    "lost before": lost_before,
    "lost after": lost_after,
    "refused": refused,
    "cut": cut_down,
}


@dataclass(frozen=True)
class History:
    """Changes by article and moment (the quantity says which), in the order in which they are told, some of them twice;
    how many are told together, and what happens then; what becomes of writes; entries that people have go on."""

    told: tuple[tuple[str, int], ...]
    portions: tuple[int, ...]
    happens: tuple[str, ...]
    behaviours: tuple[str, ...]
    by_hand: tuple[tuple[str, int], ...]

    @property
    def changes(self) -> tuple[Inventory, ...]:
        """The changes, as they are told."""
        return tuple(level(quantity=at * 10 + len(sku), at=at, sku=sku) for sku, at in self.told)


@st.composite
def histories(draw: st.DrawFn) -> History:
    moments = st.tuples(st.sampled_from(["A", "BB"]), st.integers(1, 6))
    once = draw(st.lists(moments, min_size=1, max_size=9, unique=True))
    again = draw(st.lists(st.sampled_from(once), max_size=4))
    told = tuple(draw(st.permutations([*once, *again])))
    portions = tuple(draw(st.lists(st.integers(1, 4), min_size=len(told), max_size=len(told))))
    happens = draw(st.lists(st.sampled_from(HAPPENS), min_size=len(told), max_size=len(told)))
    behaviours = draw(st.lists(st.sampled_from(sorted(BEHAVIOURS)), max_size=5))
    acts = st.tuples(st.sampled_from(["retry", "start over", "ignore"]), st.integers(0, 12))
    return History(told, portions, tuple(happens), tuple(behaviours), tuple(draw(st.lists(acts, max_size=4))))


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
            url = f"sqlite:///{path}"
            made.append(World(url, shop, migrate=False, adapter=ShelfAdapter, flows=FLOW, mode="off"))
            return made[-1]

        try:
            yield start
        finally:
            for world in made:
                world.close()


@given(histories())
@settings(max_examples=12, deadline=None)
def test_the_newest_quantity_of_each_article_stands_there_in_the_end(empty: Path, history: History) -> None:
    with processes(empty) as start:
        world = start()
        shelf = shelf_of(world.shop)
        shelf.behaviours = [BEHAVIOURS[name] for name in history.behaviours]
        left = list(history.changes)
        for size, happens in zip(history.portions, history.happens, strict=True):
            hear(world, *left[:size])
            left = left[size:]
            if happens in ("routed", "worked"):
                world.route()
            if happens == "worked":
                world.drain()
            elif happens.startswith("vanished"):
                _vanish(world, wrote=happens == "vanished after")
                world = start()
        world.run()
        for act, which in history.by_hand:
            _act(world, act, which)
        world.run()
        _mended(world)
        assert lying(world.shop) == newest(history.changes)
        assert not shelf.overlapped
        if not history.behaviours and not history.by_hand and "vanished after" not in history.happens:
            assert len(shelf.written) <= news(history.changes)


def _vanish(world: World, *, wrote: bool) -> None:
    """A worker claims what is due, writes it or not, and is never heard of again."""
    world.route()
    with world.database.write() as tx:
        lease = lanes.acquire(tx, "shop", "one that vanishes", 90)
        assert lease is not None
        claims.recover(tx, "shop", lease.token, lease.lost_until)
        claimed = claims.claim(tx, "shop", lease.token, 10)
    for row in claimed if wrote else ():
        (step,) = world.steps_of(row.id)
        parsed = parse_step(step.spec)
        assert isinstance(parsed, InventoryStep)
        try:
            asyncio.run(ShelfRecipe(shelf_of(world.shop), parsed).create())
        except CallError:
            continue
    world.expire_leases()


def _act(world: World, act: str, which: int) -> None:
    """What a person asks for, where the entry's status allows it."""
    rows = found(world)
    row = rows[which % len(rows)]
    try:
        if act == "retry":
            world.operator.retry(row.id, "anna")
        elif act == "ignore":
            world.operator.ignore(row.id, "anna", "not now")
        else:
            world.operator.start_over(row.id, "anna", "once more")
    except (IllegalMove, Refused):
        return
    world.run()


def _mended(world: World) -> None:
    """The target behaves, and what stands errored, or was ignored, has to go on: of each level the newest alone."""
    shelf_of(world.shop).behaviours.clear()
    for row in found(world):
        if row.status in (Status.ERRORED, Status.IGNORED):
            world.operator.retry(row.id, "anna")
            world.run()


def test_one_event_that_is_told_in_two_ways_is_one(empty: Path) -> None:
    with processes(empty) as start:
        world = start()
        first, second = hear(world, level(1, at=1)), hear(world, event(level(1, at=1)))
        assert (first[0].id, second[0].duplicate) == (second[0].id, True)
