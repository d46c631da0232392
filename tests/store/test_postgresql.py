"""What a session at PostgreSQL keeps to, so that one that vanished or stands still holds nobody up for long."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from connector.store import Database, StoreUnavailable, Transaction, lanes, versions
from tests.world import until


@pytest.fixture(name="connect")
def fixture_connect(postgres_url: str) -> Iterator[Callable[[str], Database]]:
    """Opens the one database, with settings of the caller's own in the URL; every one is closed afterwards."""
    opened: list[Database] = []

    def connect(setting: str = "") -> Database:
        url = sa.make_url(postgres_url)
        more = {"options": f"-c {setting}"} if setting else {}
        opened.append(Database(url.update_query_dict(more).render_as_string(hide_password=False)))
        return opened[-1]

    database = connect()
    database.migrate()
    with database.write() as tx:
        lanes.declare(tx, [("shop", "shop")])
    yield connect
    for one in opened:
        one.close()


def shown(database: Database, setting: str) -> str:
    with database.read() as tx:
        return str(tx.value(sa.text(f"SHOW {setting}")))


@contextmanager
def holding(database: Database, lane: str) -> Iterator[Transaction]:
    """A transaction that holds a lane's row."""
    with database.write() as tx:
        lanes.lock(tx, lane)
        yield tx


def backend(tx: Transaction) -> int:
    return int(tx.value(sa.select(sa.func.pg_backend_pid())))


def is_gone(database: Database, pid: int) -> bool:
    with database.read() as tx:
        here = sa.text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid").bindparams(pid=pid)
        return not tx.value(here)


def test_no_session_waits_for_ever(connect: Callable[[str], Database]) -> None:
    database = connect("")
    assert shown(database, "lock_timeout") == "30s"
    assert shown(database, "idle_in_transaction_session_timeout") == "1min"
    assert shown(database, "client_connection_check_interval") == "10s"


def test_what_the_url_says_goes_before_our_settings(connect: Callable[[str], Database]) -> None:
    assert shown(connect("lock_timeout=7s"), "lock_timeout") == "7s"


def test_a_row_that_somebody_holds_too_long_is_said_to_be_unavailable(
    connect: Callable[[str], Database],
) -> None:
    database = connect("lock_timeout=50ms")

    def wait_for_it() -> None:
        with holding(database, "shop"):
            pass

    with holding(connect(""), "shop"), pytest.raises(StoreUnavailable, match="lock timeout"):
        wait_for_it()
    wait_for_it()


def test_a_transaction_that_stands_still_is_ended_and_what_it_held_is_free(
    connect: Callable[[str], Database],
) -> None:
    frozen, awake = connect("idle_in_transaction_session_timeout=50ms"), connect("")

    def stand_still() -> None:
        with holding(frozen, "shop") as tx:
            pid = backend(tx)
            until(lambda: is_gone(awake, pid))
            with holding(awake, "shop") as other:
                assert backend(other) != pid
            versions.note(tx, "somebody", "test", "one", {})

    with pytest.raises(StoreUnavailable):
        stand_still()
    with holding(frozen, "shop") as tx:
        assert tx.value(sa.text("SELECT count(*) FROM audit")) == 0


def test_a_transaction_that_stood_still_cannot_commit(connect: Callable[[str], Database]) -> None:
    frozen, awake = connect("idle_in_transaction_session_timeout=50ms"), connect("")

    def stand_still() -> None:
        with frozen.write() as tx:
            versions.note(tx, "somebody", "test", "one", {})
            pid = backend(tx)
            until(lambda: is_gone(awake, pid))

    with pytest.raises(StoreUnavailable):
        stand_still()
    with awake.read() as tx:
        assert tx.value(sa.text("SELECT count(*) FROM audit")) == 0


def test_whoever_migrates_waits_for_another_who_does_as_long_as_it_takes(
    connect: Callable[[str], Database],
) -> None:
    """The lock's own time-out is lifted there, and holds again for the tables' locks."""
    seen: list[str] = []
    database = connect("")

    def look(*execution: object) -> None:
        statement = str(execution[2])
        if statement.startswith(("SET LOCAL lock_timeout", "SELECT pg_advisory_xact_lock")):
            seen.append(statement.split("(")[0])

    sa.event.listen(database.engine, "before_cursor_execute", look)
    database.migrate()
    assert seen == [
        "SET LOCAL lock_timeout = 0",
        "SELECT pg_advisory_xact_lock",
        "SET LOCAL lock_timeout = 30000",
    ]


def test_a_statement_is_planned_for_its_values_however_often_it_was_executed(
    connect: Callable[[str], Database],
) -> None:
    """A prepared one is planned for any value from the eleventh time on: no partial index serves it then."""
    with connect("").read() as tx:
        for _ in range(12):
            lanes.due(tx, "shop")
        assert tx.value(sa.text("SELECT count(*) FROM pg_prepared_statements")) == 0
