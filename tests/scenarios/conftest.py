"""The fixture of crash scenarios: a fresh database and an empty broker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.places import WHEELS, Place
from tests.servers import PostgresServer, RedisServer


@pytest.fixture(params=[WHEELS], ids=["wheels"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    postgres: PostgresServer = request.getfixturevalue(request.param[0])
    redis: RedisServer = request.getfixturevalue(request.param[1])
    redis.ensure_running()
    with postgres.database() as url:
        yield Place(tmp_path / "home", url, redis)
