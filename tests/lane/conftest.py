"""A world per test, on SQLite and on PostgreSQL; the store's own suite runs on every PostgreSQL that there is."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers import PostgresServer
from tests.stub import Shop
from tests.world import World

MakeWorld = Callable[..., World]


@pytest.fixture(params=["sqlite", "postgres_wheel"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh, empty database of either kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'connector.db'}"
        return
    server: PostgresServer = request.getfixturevalue(request.param)
    with server.database() as url:
        yield url


@pytest.fixture
def make_world(database_url: str) -> Iterator[MakeWorld]:
    """Makes worlds on one fresh database: the first migrates it, further ones are further processes."""
    made: list[World] = []

    def make(**config: object) -> World:
        shop = config.pop("shop", None) or (made[0].shop if made else None)
        assert shop is None or isinstance(shop, Shop)
        native_key, increments = bool(config.pop("native_key", False)), bool(config.pop("increments", False))
        world = World(
            database_url, shop, migrate=not made, native_key=native_key, increments=increments, **config
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
