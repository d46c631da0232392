"""A world per test, on SQLite and on PostgreSQL; the store's own suite runs on every PostgreSQL that there is.

What stands above the lane itself, and asks the store nothing that differs, runs on one of both, test by test in turn.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from zlib import crc32

import pytest

from tests import migrated
from tests.stub import Shop, StubAdapter
from tests.world import World

MakeWorld = Callable[..., World]


ON_ONE = {
    "test_bulk",
    "test_bulk_notices",
    "test_comparing",
    "test_complete",
    "test_echoes",
    "test_editing",
    "test_facts_changed",
    "test_flow_edits",
    "test_folder",
    "test_freezes",
    "test_holding",
    "test_inventory",
    "test_inventory_flows",
    "test_mapping_overview",
    "test_orders",
    "test_parts",
    "test_passing_on",
    "test_poll",
    "test_ready",
    "test_reconciling",
    "test_refunds",
    "test_releasing",
    "test_reloading",
    "test_replanning",
    "test_retrieval",
    "test_retrieving_many",
    "test_retrieving_of_orders",
    "test_starting_over",
    "test_voids",
    "test_voids_in_doubt",
    "test_voids_whole",
}
"""Files whose tests run on one database each."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of each test of these files the one on SQLite, or the one on PostgreSQL, by its name."""
    left_out = [item for item in items if isinstance(item, pytest.Function) and _is_elsewhere(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _is_elsewhere(item: pytest.Function) -> bool:
    here = item.path.parent == Path(__file__).parent and item.path.stem in ON_ONE
    if not here or not hasattr(item, "callspec"):
        return False
    chosen = "sqlite" if crc32(item.originalname.encode()) % 2 else "postgres_wheel"
    return item.callspec.params.get("database_url", chosen) != chosen


@pytest.fixture(params=["sqlite", "postgres_wheel"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh database of either kind, with every table."""
    with migrated.database(request, tmp_path) as url:
        yield url


@pytest.fixture
def make_world(database_url: str) -> Iterator[MakeWorld]:
    """Makes worlds on one fresh database: the first migrates it, further ones are further processes."""
    made: list[World] = []

    def make(**config: object) -> World:
        shop = config.pop("shop", None) or (made[0].shop if made else None)
        assert shop is None or isinstance(shop, Shop)
        native_key, increments = bool(config.pop("native_key", False)), bool(config.pop("increments", False))
        adapter = config.pop("adapter", StubAdapter)
        assert isinstance(adapter, type)
        assert issubclass(adapter, StubAdapter)
        world = World(
            database_url,
            shop,
            migrate=not made,
            native_key=native_key,
            increments=increments,
            adapter=adapter,
            **config,
        )
        made.append(world)
        return world

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """A world with the default configuration."""
    return make_world()
