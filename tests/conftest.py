"""Fixtures for tests that need a real database or broker; each such test runs once per server that there is.

The servers from wheels are always there. Those from the system are skipped where they are not installed,
which CI refuses (`tests/guards/no_skips.py`).
"""

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import structlog

from connector.embedded import BrokerUnavailable
from tests import scratch, servers
from tests.contract.summary import contract_summary as contract_summary
from tests.contract.summary import pytest_sessionfinish as pytest_sessionfinish
from tests.contract.summary import pytest_terminal_summary as pytest_terminal_summary
from tests.contract.summary import pytest_testnodedown as pytest_testnodedown
from tests.guards.no_skips import pytest_make_collect_report as pytest_make_collect_report
from tests.guards.no_skips import pytest_runtest_makereport as pytest_runtest_makereport
from tests.servers import PostgresServer, RedisServer, ServerMissing, fresh_database

scratch.use_memory()  # before anything asks where temporary folders are

# A machine that is busy is no defect: no example has a time limit.
_PATIENT: Any = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("searching", **_PATIENT)
# What came through yesterday comes through today in CI; elsewhere each run looks for something new.
hypothesis.settings.register_profile("steady", derandomize=True, max_examples=25, **_PATIENT)
hypothesis.settings.load_profile("steady" if os.environ.get("CI") else "searching")

_SAID_PLAINLY = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
"""The usual one prints every local of every frame of an error, which takes longer than most tests."""


def _found(find: Callable[[], Path]) -> Path:
    try:
        return find()
    except (ServerMissing, BrokerUnavailable) as error:
        pytest.skip(str(error))


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """What a command sets up for its process must not reach the next test."""
    handlers, level = logging.root.handlers[:], logging.root.level
    structlog.reset_defaults()
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], _SAID_PLAINLY])
    yield
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    logging.captureWarnings(False)


@pytest.fixture(scope="session")
def postgres_wheel() -> Iterator[PostgresServer]:
    """A running PostgreSQL from the wheel."""
    with servers.running(PostgresServer, _found(servers.postgres_in_wheel)) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_system() -> Iterator[PostgresServer]:
    """A running PostgreSQL from the system's package."""
    with servers.running(PostgresServer, _found(servers.postgres_on_system)) as server:
        yield server


@pytest.fixture(scope="session")
def redis_wheel() -> Iterator[RedisServer]:
    """A running Valkey from the wheel."""
    with servers.running(RedisServer, _found(servers.valkey_in_wheel)) as server:
        yield server


@pytest.fixture(scope="session")
def redis_system() -> Iterator[RedisServer]:
    """A running Redis from the system's package."""
    with servers.running(RedisServer, _found(servers.redis_on_system)) as server:
        yield server


@pytest.fixture(params=["postgres_wheel", "postgres_system"])
def postgres_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """`postgresql+psycopg://…` of a fresh, empty database, on each PostgreSQL that there is."""
    server: PostgresServer = request.getfixturevalue(request.param)
    with server.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres_wheel", "postgres_system"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh, empty database: a SQLite file, then one on each PostgreSQL that there is."""
    with fresh_database(request, tmp_path) as url:
        yield url


@pytest.fixture(params=["redis_wheel", "redis_system"])
def redis_server(request: pytest.FixtureRequest) -> RedisServer:
    """An empty Valkey or Redis, each that there is; a test may `kill` and `start` it."""
    server: RedisServer = request.getfixturevalue(request.param)
    server.ensure_running()
    server.flush()
    return server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """`redis://127.0.0.1:…/0` of an empty Valkey or Redis; redis-py and kombu both take it."""
    return redis_server.url
