"""The fixture of crash scenarios: a fresh database and an empty broker; where scenarios of a shared fleet run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.pairs import WHEELS
from tests.scenarios.places import Place
from tests.servers import PostgresServer, RedisServer

SHARED = ("fleet", "place", "world")
"""Fixtures by which the scenarios of a file share one fleet of processes for each of its parameters."""


@pytest.fixture(params=[WHEELS], ids=["wheels"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    postgres: PostgresServer = request.getfixturevalue(request.param[0])
    redis: RedisServer = request.getfixturevalue(request.param[1])
    redis.ensure_running()
    with postgres.database() as url:
        yield Place(tmp_path / "home", url, redis)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Who shares a fleet runs in one process: elsewhere each would start a fleet of its own. First of all, since xdist
    reads the groups in the same hook, and would be earlier where files of this folder are named on the command line."""
    for item in items:
        if not isinstance(item, pytest.Function) or item.path.parent != Path(__file__).parent:
            continue
        own = [name for name in SHARED if hasattr(item.module, name)]
        params = getattr(getattr(item, "callspec", None), "params", {})
        if own:
            chosen = "-".join(str(params.get(name, "")) for name in own)
            item.add_marker(pytest.mark.xdist_group(f"{item.path.stem}-{chosen}"))
