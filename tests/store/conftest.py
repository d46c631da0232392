"""A migrated database per test, on SQLite and on each PostgreSQL that there is."""

from collections.abc import Iterator

import pytest

from connector.store import Database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh database with every table."""
    made = Database(database_url)
    made.migrate()
    yield made
    made.close()
