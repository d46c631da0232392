"""Migrations: from nothing to this release's tables, once, whoever begins; other schemas are refused."""

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError

from connector.store import Database, SchemaMismatch, StoreUnavailable, schema, versions
from connector.store.tables import metadata
from tests.guards.tree import ROOT
from tests.store.given import at_once


@pytest.fixture
def empty(database_url: str) -> Iterator[Database]:
    """A database without tables."""
    made = Database(database_url)
    yield made
    made.close()


def tables(database: Database) -> set[str]:
    return set(sa.inspect(database.engine).get_table_names())


def test_an_empty_database_gets_every_table(empty: Database) -> None:
    version = empty.migrate()
    assert version
    assert tables(empty) == {*metadata.tables, "alembic_version"}
    empty.check_schema()


def test_migrating_again_changes_nothing_and_keeps_what_is_there(empty: Database) -> None:
    first = empty.migrate()
    with empty.write() as tx:
        versions.store(tx, "v1", "text")
    assert empty.migrate() == first
    with empty.read() as tx:
        assert versions.text_of(tx, "v1") == "text"


def test_threads_that_migrate_at_the_same_moment_do_no_harm(empty: Database) -> None:
    assert len(set(at_once(lambda _: empty.migrate(), 4))) == 1
    empty.check_schema()


def test_processes_that_migrate_at_the_same_moment_do_no_harm(empty: Database, database_url: str) -> None:
    program = "import sys; from connector.store import Database; print(Database(sys.argv[1]).migrate())"
    command = [sys.executable, "-c", program, database_url]
    processes = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    ends = [(process.communicate()[1], process.returncode) for process in processes]
    assert [code for _, code in ends] == [0, 0, 0], ends
    empty.check_schema()


def test_a_migration_that_fails_leaves_nothing_behind(empty: Database) -> None:
    with empty.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE audit (something_else INTEGER)"))
    with pytest.raises((DBAPIError, StoreUnavailable)):
        empty.migrate()
    assert tables(empty) == {"audit"}


# -- other schemas -----------------------------------------------------------------------------------------


def test_a_database_without_tables_is_refused_with_what_to_do(empty: Database) -> None:
    with pytest.raises(SchemaMismatch, match="no tables yet: run `connector migrate` once"):
        empty.check_schema()


def test_an_older_schema_is_refused_with_what_to_do(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "VERSIONS", (*schema.VERSIONS, "9999"))
    with pytest.raises(
        SchemaMismatch, match=r"is at schema \w+, this release needs 9999: run `connector migrate`"
    ):
        database.check_schema()


def test_a_newer_schema_is_refused_with_what_to_do(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(
        SchemaMismatch, match=r"schema 9999, which a newer release made.*run the newer release"
    ):
        database.check_schema()


def test_versions_are_those_of_the_migrations(database: Database) -> None:
    config = Config()
    config.set_main_option("script_location", "connector:store/migrations")
    revisions = [one.revision for one in ScriptDirectory.from_config(config).walk_revisions()]
    assert list(schema.VERSIONS) == revisions[::-1]


# -- the migrations make what the code expects ---------------------------------------------------------------


def test_alembic_sees_no_difference_between_migrations_and_tables(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


def test_the_migrated_schema_is_the_one_that_the_tables_would_make(database: Database) -> None:
    """Closer than alembic looks: keys, partial indexes, lengths and the numbering of rows."""
    migrated = described(database)
    with database.engine.begin() as connection:
        metadata.drop_all(connection)
        metadata.create_all(connection)
    assert migrated == described(database)


def described(database: Database) -> dict[str, Any]:
    return statements(database) if database.is_sqlite else reflected(database)


def statements(database: Database) -> dict[str, Any]:
    """SQLite keeps the statements; the order of members inside a table says nothing, and a column that was added later
    stands in the line of the one before it."""
    with database.engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")).all()
    between = re.compile(r"\n|,(?![^()]*\))")
    return {
        name: sorted(member.strip() for member in between.split(sql) if member.strip())
        for name, sql in rows
        if name in known(rows)
    }


def known(rows: Any) -> set[str]:
    return {name for name, _ in rows} - {"alembic_version", "sqlite_sequence"}


def reflected(database: Database) -> dict[str, Any]:
    """PostgreSQL's own words for columns, constraints and indexes."""
    columns = (
        "SELECT table_name || '.' || column_name, concat_ws(' ', data_type, character_maximum_length, is_nullable, "
        "column_default) FROM information_schema.columns WHERE table_schema = 'public'"
    )
    constraints = (
        "SELECT conname, conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace = 'public'::regnamespace AND contype <> 'n'"
    )
    indexes = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    with database.engine.connect() as connection:
        return {
            name: dict(connection.execute(sa.text(query)).all())
            for name, query in (("columns", columns), ("constraints", constraints), ("indexes", indexes))
        }
