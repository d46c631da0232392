"""Databases that bear this release's schema: copies of one that each process of tests migrates once.

Migrating anew for every test took longer than most tests. The migrations themselves are tried on empty databases, in
`tests/store/test_migrations.py`.
"""

import atexit
import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from connector.store import Database
from tests.servers import PostgresServer

_TEMPLATE = "migrated"


def sqlite_at(file: Path) -> str:
    """The URL of a fresh, migrated SQLite database, made as this file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_sqlite(), file)
    return f"sqlite:///{file}"


@contextlib.contextmanager
def on(server: PostgresServer) -> Iterator[str]:
    """The URL of a fresh, migrated database of a server; it is dropped afterwards."""
    _prepare(server)
    with server.database(template=_TEMPLATE) as url:
        yield url


@contextlib.contextmanager
def database(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """The URL of a fresh, migrated database: a file in `folder` for the parameter `sqlite`, else one on the server that
    the fixture of the parameter's name runs."""
    if request.param == "sqlite":
        yield sqlite_at(folder / "connector.db")
        return
    server: PostgresServer = request.getfixturevalue(request.param)
    with on(server) as url:
        yield url


@cache
def _sqlite() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="connector-migrated-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _migrate(f"sqlite:///{folder / 'template.db'}")
    return folder / "template.db"


def _prepare(server: PostgresServer) -> None:
    if not server.has(_TEMPLATE):
        server.create(_TEMPLATE)
        _migrate(server.url(_TEMPLATE))


def _migrate(url: str) -> None:
    made = Database(url)
    made.migrate()
    made.close()
