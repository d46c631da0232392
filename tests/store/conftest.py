"""A migrated database per test: on SQLite, and on one PostgreSQL of those that there are, test by test in turn."""

from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest

from connector.store import Database
from tests import migrated

POSTGRES = ("postgres_wheel", "postgres_system")

ON_ONE = {"test_prune"}
"""Files whose tests run on one database each, SQLite or PostgreSQL."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of each test that runs on both PostgreSQLs the one on the wheel's, or the one on the system's, by its name."""
    left_out = [item for item in items if isinstance(item, pytest.Function) and _is_elsewhere(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _is_elsewhere(item: pytest.Function) -> bool:
    if item.path.parent != Path(__file__).parent or not hasattr(item, "callspec"):
        return False
    turn = crc32(item.originalname.encode()) % 2
    if item.path.stem in ON_ONE:
        chosen = ("sqlite", "postgres_wheel")[turn]
        return bool(item.callspec.params.get("database_url", chosen) != chosen)
    params = item.callspec.params.values() if "database" in item.fixturenames else ()
    return any(one in POSTGRES and one != POSTGRES[turn] for one in params)


@pytest.fixture(params=["sqlite", *POSTGRES])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A fresh database with every table."""
    with migrated.database(request, tmp_path) as url:
        made = Database(url)
        yield made
        made.close()
