"""A world per test, on SQLite and on PostgreSQL; the store's own suite runs on every PostgreSQL that there is."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers import fresh_database
from tests.stub import Shop, StubAdapter
from tests.world import World

MakeWorld = Callable[..., World]


@pytest.fixture(params=["sqlite", "postgres_wheel"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh, empty database of either kind."""
    with fresh_database(request, tmp_path) as url:
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
