"""Connections to SQLite and PostgreSQL, and transactions with the database's own clock.

SQLite: WAL, writers `BEGIN IMMEDIATE`, busy time-out 10 s, synchronous FULL. PostgreSQL: psycopg 3, READ COMMITTED; a
worker that vanished, or stands still inside a transaction, holds its locks for a minute or so, not for hours.
"""

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from connector.errors import ConfigError
from connector.store import schema
from connector.store.columns import HALF_SURROGATE, storable

MIGRATION_LOCK = 0x636F6E6E  # any number, as long as every process takes the same


class StoreUnavailable(Exception):
    """The database cannot be reached or lost the connection; nothing was committed by the failed transaction."""


@dataclass(frozen=True)
class Transaction:
    """One transaction; `now` is the database's clock at its beginning."""

    connection: Connection
    now: datetime

    @property
    def is_sqlite(self) -> bool:
        """Is it SQLite, not PostgreSQL?"""
        return self.connection.dialect.name == "sqlite"

    def rows(self, statement: sa.Executable) -> Sequence[sa.RowMapping]:
        """Every row, as mappings from column name to value."""
        return self.connection.execute(statement).mappings().all()

    def row(self, statement: sa.Executable) -> sa.RowMapping | None:
        """The first row, or None."""
        return self.connection.execute(statement).mappings().first()

    def value(self, statement: sa.Executable) -> Any:
        """The first column of the first row, or None."""
        return self.connection.execute(statement).scalar()

    def values(self, statement: sa.Executable) -> Sequence[Any]:
        """The first column of every row."""
        return self.connection.execute(statement).scalars().all()

    def among(
        self, columns: Sequence[sa.Column[Any]], rows: Iterable[Sequence[Any]]
    ) -> sa.ColumnElement[bool]:
        """Do these columns (texts or whole numbers) hold one of these combinations? Any number, in one parameter.

        SQLite uses an index for `(a, b) IN (SELECT …)`, none for a list; PostgreSQL reckons with the list's length.
        """
        wanted = [[_storable(member) for member in row] for row in rows]
        members: list[Any]
        if self.is_sqlite:
            each = sa.func.json_each(json.dumps(wanted)).table_valued("value")
            members = [sa.func.json_extract(each.c.value, f"$[{at}]") for at in range(len(columns))]
        else:
            # Texts without a length: a cast to one would cut them in silence.
            kinds = [column.type if isinstance(column.type, sa.Integer) else sa.Text() for column in columns]
            lists = [
                sa.bindparam(None, [row[at] for row in wanted], postgresql.ARRAY(kind))
                for at, kind in enumerate(kinds)
            ]
            each = sa.func.unnest(*lists).table_valued(*(column.name for column in columns)).render_derived()
            members = list(each.c)
        return sa.tuple_(*columns).in_(sa.select(*members).select_from(each))

    def run(self, statement: sa.Executable, many: Sequence[Mapping[str, Any]] | None = None) -> int:
        """Execute, once or for each of `many`; the count of rows touched (of one statement)."""
        if many is not None and not many:
            return 0
        result = (
            self.connection.execute(statement, many)
            if many is not None
            else self.connection.execute(statement)
        )
        return int(getattr(result, "rowcount", -1))

    def insert_new(
        self, table: sa.Table, rows: Sequence[Mapping[str, Any]], returning: Sequence[sa.Column[Any]]
    ) -> Sequence[sa.RowMapping]:
        """Insert the rows that break no unique constraint and return those; the others are left as they are."""
        if not rows:
            return ()
        statement = self._insert(table).on_conflict_do_nothing().returning(*returning)
        return self.connection.execute(statement, list(rows)).mappings().all()

    def put(self, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert the rows; where one of the same primary key is there, bring that one up to date."""
        if not rows:
            return
        statement = self._insert(table)
        changed = {
            name: statement.excluded[name] for name in rows[0] if name not in table.primary_key.columns
        }
        upsert = statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=changed)
        self.connection.execute(upsert, list(rows))

    def _insert(self, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)


class Database:
    """One database, by SQLAlchemy URL (`sqlite:///…` or `postgresql+psycopg://…`)."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            if not self.url.database or self.url.database == ":memory:":
                raise ConfigError("an SQLite database needs a file: sqlite:////absolute/path/connector.db")
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
            self.engine = sa.create_engine(self.url, pool_size=pool_size, **_ENGINE)
            _prepare_sqlite(self.engine)
        else:
            if self.url.get_backend_name() != "postgresql":
                raise ConfigError(
                    f"{self.url.get_backend_name()} is not supported: the database URL starts with sqlite:/// "
                    "or postgresql+psycopg://"
                )
            self.url = self.url.set(drivername="postgresql+psycopg")
            patience = {name: value for name, value in _PATIENCE.items() if name not in self.url.query}
            self.engine = sa.create_engine(
                self.url, pool_size=pool_size, pool_pre_ping=True, connect_args=patience, **_ENGINE
            )
            _prepare_postgresql(self.engine)

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """A transaction that commits at the end and rolls back on any exception."""
        with self._transaction(self.engine) as transaction:
            yield transaction

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A transaction for reading: it takes no write lock in SQLite."""
        with self._transaction(self.engine.execution_options(reading=True)) as transaction:
            yield transaction

    @contextmanager
    def _transaction(self, engine: Engine) -> Iterator[Transaction]:
        try:
            with engine.begin() as connection:
                yield Transaction(connection, _clock(connection))
        except OperationalError as error:
            raise StoreUnavailable(f"the database cannot be used: {_first_line(error)}") from error
        except PoolTimeout as error:
            raise StoreUnavailable("every connection to the database is in use") from error
        except DBAPIError as error:
            if error.connection_invalidated or isinstance(error.orig, _CUT_OFF):
                raise StoreUnavailable(
                    f"the connection to the database broke: {_first_line(error)}"
                ) from error
            raise

    def close(self) -> None:
        """Close the pool."""
        self.engine.dispose()

    def migrate(self) -> str:
        """Bring the schema to this release's version, under a lock; returns that version."""
        with self.write() as tx:
            if not self.is_sqlite:
                tx.run(sa.text("SET LOCAL lock_timeout = 0"))
                tx.run(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
                tx.run(sa.text(f"SET LOCAL lock_timeout = {_SESSION['lock_timeout']}"))
            schema.bring_up(tx.connection)
        return schema.VERSIONS[-1]

    def check_schema(self) -> None:
        """Raise SchemaMismatch unless the schema is this release's."""
        try:
            with self.engine.connect() as connection:
                schema.check(connection)
        except OperationalError as error:
            raise StoreUnavailable(f"the database cannot be used: {_first_line(error)}") from error


def _json(value: Any) -> str:
    """JSON of which each text can be stored."""
    text = json.dumps(value, ensure_ascii=False)
    if "\\u0000" not in text and (text.isascii() or not HALF_SURROGATE.search(text)):
        return text
    return json.dumps(_storable(value), ensure_ascii=False)


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {_storable(key): _storable(member) for key, member in value.items()}
    return [_storable(item) for item in value] if isinstance(value, list | tuple) else value


_PATIENCE: dict[str, Any] = {
    # From the sixth execution psycopg would prepare a statement, from the eleventh PostgreSQL plans it for no values in
    # particular: then no partial index serves any more, and it reckons with the usual share of each status.
    "prepare_threshold": None,
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""How to connect to PostgreSQL (libpq's words; seconds, the last in ms), where the URL does not say otherwise."""

_SESSION = {"idle_in_transaction_session_timeout": "60000", "lock_timeout": "30000"}
"""What a session of ours keeps to, in ms; `?options=` in the URL goes before it."""

_SESSION_IF_KNOWN = {"client_connection_check_interval": "10000"}
"""So that the server itself sees a client that is gone: PostgreSQL 14 and later, where the system can tell."""

_CUT_OFF = (psycopg.errors.IdleInTransactionSessionTimeout, psycopg.errors.AdminShutdown)
"""What the server says when it ends a session that waited too long, or all of them; the driver may not notice."""

_ENGINE: dict[str, Any] = {
    "max_overflow": 20,
    "pool_timeout": 10,
    "json_serializer": _json,
    "hide_parameters": True,  # an error's text goes into logs, rows do not
}


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__


def _clock(connection: Connection) -> datetime:
    if connection.dialect.name == "sqlite":
        text = connection.exec_driver_sql("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')").scalar_one()
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    moment: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    return moment.astimezone(UTC)


def _prepare_postgresql(engine: Engine) -> None:
    """Settings by SQL, not with the connection: there an unknown one is refused, and by some poolers every one."""
    setting = "SELECT set_config(name, %s, false) FROM pg_settings WHERE name = %s AND source <> 'client'"

    @sa.event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: ConnectionPoolEntry) -> None:
        connection.autocommit = True
        for name, value in _SESSION.items():
            connection.execute(setting, (value, name))
        for name, value in _SESSION_IF_KNOWN.items():
            with suppress(psycopg.errors.InvalidParameterValue):
                connection.execute(setting, (value, name))
        connection.autocommit = False


def _prepare_sqlite(engine: Engine) -> None:
    """Take transactions into our own hands: the driver's own BEGIN is deferred and would fail on upgrade."""

    @sa.event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "busy_timeout = 10000",
            "synchronous = FULL",
            "foreign_keys = ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        _switch_to_wal(cursor)
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _switch_to_wal(cursor: sqlite3.Cursor) -> None:
    """The very first switch does not wait by itself for another process that is about to make it."""
    ends_at = time.monotonic() + 10
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > ends_at:
                raise
            time.sleep(0.05)
