"""Transactions, moments and documents: the same on SQLite and PostgreSQL."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import StatementError

from connector.errors import ConfigError
from connector.store import Database, StoreUnavailable, intake, versions
from connector.store.tables import audit, config_version, event
from tests.servers import free_port
from tests.store.given import TIME, a_notice, an_event, at_once

MOMENTS = [
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC),
    datetime(2026, 1, 31, 12, 0, 0, 1, tzinfo=UTC),
    datetime(2026, 1, 31, 12, 0, 0, 100000, tzinfo=UTC),
    datetime(2026, 1, 31, 13, 0, 0, tzinfo=timezone(timedelta(minutes=30))),
    datetime(2026, 1, 31, 8, 0, 0, tzinfo=timezone(timedelta(hours=-5))),
    datetime(9998, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
]


def keep(database: Database, detail: Mapping[str, Any]) -> Any:
    """Store a document, and what is read back."""
    with database.write() as tx:
        versions.note(tx, "somebody", "test", "detail", detail)
    with database.read() as tx:
        return tx.value(sa.select(audit.c.detail))


def rows(database: Database) -> int:
    with database.read() as tx:
        return int(tx.value(sa.select(sa.func.count()).select_from(audit)))


# -- transactions ------------------------------------------------------------------------------------------


def test_a_transaction_that_ends_well_stands(database: Database) -> None:
    with database.write() as tx:
        versions.note(tx, "somebody", "test", "one", {})
    assert rows(database) == 1


def test_an_error_leaves_nothing_of_its_transaction(database: Database) -> None:
    def fails() -> None:
        with database.write() as tx:
            versions.note(tx, "somebody", "test", "one", {})
            intake.store_events(tx, [an_event()])
            raise KeyError("a defect")

    with pytest.raises(KeyError, match="a defect"):
        fails()
    with database.read() as tx:
        assert tx.value(sa.select(sa.func.count()).select_from(event)) == 0
    assert rows(database) == 0


def test_readers_neither_wait_for_a_writer_nor_see_what_is_not_committed(database: Database) -> None:
    with database.write() as tx:
        versions.note(tx, "somebody", "test", "one", {})
        assert rows(database) == 0
    assert rows(database) == 1


def test_writers_wait_for_each_other_and_none_fails(database: Database) -> None:
    """In SQLite there is one writer at a time; a deferred BEGIN would fail here with `database is locked`."""

    def write(index: int) -> None:
        for number in range(10):
            with database.write() as tx:
                before = tx.value(sa.select(sa.func.count()).select_from(audit))
                versions.note(tx, f"thread {index}", "test", f"{number}", {"before": before})

    at_once(write)
    assert rows(database) == 80


def test_the_clock_of_a_transaction_is_the_databases_and_in_utc(database: Database) -> None:
    with database.write() as first:
        assert first.now.tzinfo == UTC
        versions.note(first, "somebody", "test", "one", {})
    with database.write() as second:
        assert second.now >= first.now
        assert second.value(sa.select(audit.c.at)) == first.now


@pytest.mark.parametrize("url", ["mysql://127.0.0.1/x", "sqlite://", "sqlite:///:memory:"])
def test_a_database_that_cannot_keep_promises_is_refused_in_words(url: str) -> None:
    with pytest.raises(ConfigError, match=r"sqlite:///"):
        Database(url)


def test_a_database_that_is_away_is_said_to_be_unavailable() -> None:
    away = Database(f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/none")
    with pytest.raises(StoreUnavailable, match="cannot be used"), away.read() as tx:
        tx.value(sa.select(1))
    with pytest.raises(StoreUnavailable):
        away.check_schema()
    away.close()


def test_a_connection_that_is_cut_is_said_to_be_unavailable_and_the_next_one_works(postgres_url: str) -> None:
    database = Database(postgres_url)
    database.migrate()

    def write_on_a_cut_connection() -> None:
        with database.write() as tx:
            pid = tx.value(sa.select(sa.func.pg_backend_pid()))
            with database.write() as other:
                other.value(sa.select(sa.func.pg_terminate_backend(pid)))
            versions.note(tx, "somebody", "test", "one", {})

    with pytest.raises(StoreUnavailable):
        write_on_a_cut_connection()
    assert rows(database) == 0
    database.close()


def test_sqlite_writes_ahead_syncs_fully_waits_and_minds_its_references(tmp_path: Any) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new folder' / 'connector.db'}")
    with database.write() as tx:
        pragmas = {
            name: tx.value(sa.text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 10_000, "foreign_keys": 1}
    database.close()


# -- moments -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_a_moment_comes_back_as_it_was_in_utc_to_the_microsecond(
    database: Database, moment: datetime
) -> None:
    with database.write() as tx:
        tx.run(config_version.insert().values(version="v", text="", created_at=moment))
    with database.read() as tx:
        found = tx.value(sa.select(config_version.c.created_at))
    assert found == moment
    assert found.tzinfo == UTC


def test_moments_are_ordered_and_compared_as_time(database: Database) -> None:
    """Also where they are text: each of the same width, all in one zone."""
    with database.write() as tx:
        tx.run(
            config_version.insert(),
            [
                {"version": str(at), "text": "", "created_at": moment}
                for at, moment in enumerate(reversed(MOMENTS))
            ],
        )
    with database.read() as tx:
        column = config_version.c.created_at
        assert tx.values(sa.select(column).order_by(column)) == sorted(MOMENTS)
        later = tx.values(sa.select(column).where(column > TIME).order_by(column))
    assert later == sorted(moment for moment in MOMENTS if moment > TIME)


def test_a_moment_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="has no time zone"), database.write() as tx:
        tx.run(config_version.insert().values(version="v", text="", created_at=datetime(2026, 1, 1)))  # noqa: DTZ001


# -- documents ---------------------------------------------------------------------------------------------


def test_amounts_stand_in_documents_as_text_to_the_last_digit(database: Database) -> None:
    amounts = {
        "quantity": "2.50",
        "price": {"amount": "0.1000000000000000000001", "currency": "EUR"},
        "zero": "0.00",
    }
    assert keep(database, amounts) == amounts


def test_an_amount_that_is_no_text_is_refused_rather_than_rounded(database: Database) -> None:
    with pytest.raises((StatementError, TypeError), match="Decimal"):
        keep(database, {"quantity": Decimal("2.50")})


def test_documents_keep_every_kind_of_value(database: Database) -> None:
    document: dict[str, Any] = {
        "é\U0001f4e6": [None, True, False, -1, 2**53, "", {"a": []}],
        "quote": "'\"\\",
        "line": "a\nb\tc",
    }
    assert keep(database, document) == document


def test_nul_characters_are_left_out_of_documents_wherever_they_stand(database: Database) -> None:
    assert keep(database, {"a\x00b": ["x\x00", {"y": "\x00"}], "as text": "\\u0000"}) == {
        "ab": ["x", {"y": ""}],
        "as text": "\\u0000",
    }


def test_nul_characters_are_left_out_of_texts(database: Database) -> None:
    with database.write() as tx:
        (receipt,) = intake.store_notices(tx, [a_notice(payload="a\x00b", reason="c\x00", code="x")])
    with database.read() as tx:
        found = intake.get_notice(tx, receipt.id)
    assert found is not None
    assert (found.payload, found.reason) == ("ab", "c")
