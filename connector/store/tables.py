"""The tables, and the unique constraints that carry the promises.

Only `connector.store` knows SQL. Times are aware UTC, amounts stand as text inside JSON documents.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """An aware UTC moment: `timestamptz` in PostgreSQL, sortable text of fixed width in SQLite."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """DateTime with a zone where there are zones, else text."""
        return dialect.type_descriptor(String(32) if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse naive moments; in SQLite write microseconds always, so that text sorts as time."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        moment = value.astimezone(UTC)
        return (
            moment.replace(tzinfo=None).isoformat(" ", "microseconds") if dialect.name == "sqlite" else moment
        )

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Always aware UTC."""
        if value is None:
            return None
        return (
            datetime.fromisoformat(value).replace(tzinfo=UTC)
            if isinstance(value, str)
            else value.astimezone(UTC)
        )


class Words(TypeDecorator[str]):
    """Text of any length; PostgreSQL cannot hold NUL characters, and nobody needs them."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Without NULs."""
        return value.replace("\x00", "") if value else value


TO_ROUTE = "state IN ('new', 'fetched')"

Key = BigInteger().with_variant(Integer, "sqlite")
Json = JSON().with_variant(JSONB, "postgresql")


def _key() -> Column[int]:
    return Column("id", Key, primary_key=True, autoincrement=True)


config_version = Table(
    "config_version",
    metadata,
    Column("version", String(16), primary_key=True),
    Column("text", Words, nullable=False),
    Column("created_at", Moment, nullable=False),
)

notice = Table(
    "notice",
    metadata,
    _key(),
    Column("connection", String(63), nullable=False),
    Column("lane", String(80), nullable=False),
    Column("transport_id", String(255), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("number", String(255), nullable=False),
    Column("ordering", BigInteger, nullable=False),
    Column("status", String(16), nullable=False),
    Column("code", String(64), nullable=False),
    Column("reason", Words, nullable=False),
    Column("payload", Words, nullable=False),
    Column("event_id", Key, ForeignKey("event.id"), nullable=True),
    Column("received_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("failed_since", Moment, nullable=True),
    Column("token", BigInteger, nullable=True),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("connection", "transport_id", "kind", "number"),
    Index(
        "ix_notice_due",
        "lane",
        "due_at",
        postgresql_where=text("status IN ('received', 'retrying', 'fetching')"),
    ),
    Index("ix_notice_status", "status", "id"),
    sqlite_autoincrement=True,
)

event = Table(
    "event",
    metadata,
    _key(),
    Column("source", String(63), nullable=False),
    Column("type", String(64), nullable=False),
    Column("document", String(255), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("transport_id", String(255), nullable=False),
    Column("via", String(16), nullable=False),
    Column("time", Moment, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("state", String(16), nullable=False),
    Column("data", Json, nullable=False),
    UniqueConstraint("source", "type", "document", "revision"),
    Index("ix_event_to_route", "id", postgresql_where=text(TO_ROUTE), sqlite_where=text(TO_ROUTE)),
    Index("ix_event_document", "source", "document"),
    sqlite_autoincrement=True,
)

context = Table(
    "context",
    metadata,
    Column("event_id", Key, ForeignKey("event.id"), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("number", String(255), primary_key=True),
    Column("document", Json, nullable=False),
    Column("stored_at", Moment, nullable=False),
)

fact = Table(
    "fact",
    metadata,
    Column("source", String(63), primary_key=True),
    Column("type", String(64), primary_key=True),
    Column("document", String(255), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("holds", Boolean, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

entry = Table(
    "connector_log",
    metadata,
    _key(),
    Column("event_id", Key, ForeignKey("event.id"), nullable=False),
    Column("flow", String(63), nullable=False),
    Column("type", String(64), nullable=False),
    Column("source", String(63), nullable=False),
    Column("source_number", String(255), nullable=False),
    Column("target", String(63), nullable=False),
    Column("target_number", String(255), nullable=False),
    Column("lane", String(80), nullable=False),
    Column("status", String(16), nullable=False),
    Column("code", String(64), nullable=False),
    Column("reason", Words, nullable=False),
    Column("replan", Boolean, nullable=False),
    Column("plan", Json, nullable=True),
    Column("config_version", String(16), nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("failed_since", Moment, nullable=True),
    Column("token", BigInteger, nullable=True),
    Column("wait_kind", String(32), nullable=True),
    Column("wait_connection", String(63), nullable=True),
    Column("wait_number", String(255), nullable=True),
    Column("wait_until", Moment, nullable=True),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("event_id", "flow"),
    Index("ix_connector_log_lane", "lane", "status", "due_at", "id"),
    Index("ix_connector_log_status", "status", "id"),
    Index("ix_connector_log_source_number", "source_number"),
    Index("ix_connector_log_target_number", "target_number"),
    Index("ix_connector_log_wait", "wait_kind", "wait_connection", "wait_number"),
    sqlite_autoincrement=True,
)

entry_key = Table(
    "entry_key",
    metadata,
    Column("entry_id", Key, ForeignKey("connector_log.id"), primary_key=True),
    Column("connection", String(63), primary_key=True),
    Column("number", String(255), primary_key=True),
    Column("target", String(63), nullable=False),
    Index("ix_entry_key_order", "connection", "number", "target", "entry_id"),
)

journal = Table(
    "journal",
    metadata,
    _key(),
    Column("entry_id", Key, ForeignKey("connector_log.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("old", String(16), nullable=True),
    Column("new", String(16), nullable=False),
    Column("code", String(64), nullable=False),
    Column("reason", Words, nullable=False),
    Column("actor", String(128), nullable=False),
    Index("ix_journal_entry", "entry_id", "id"),
    sqlite_autoincrement=True,
)

step = Table(
    "step",
    metadata,
    _key(),
    Column("entry_id", Key, ForeignKey("connector_log.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("key", String(512), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("reference", String(64), nullable=False),
    Column("spec", Json, nullable=False),
    Column("doubt_spec", Json, nullable=True),
    Column("doubt_at", Moment, nullable=True),
    Column("before", String(64), nullable=True),
    Column("after", String(64), nullable=True),
    Column("done_at", Moment, nullable=True),
    Column("wanted", Boolean, nullable=False),
    Column("adopted", Boolean, nullable=False),
    Column("document", Json, nullable=True),
    Column("seen", Json, nullable=True),
    UniqueConstraint("entry_id", "key"),
    sqlite_autoincrement=True,
)

attempt = Table(
    "attempt",
    metadata,
    _key(),
    Column("entry_id", Key, ForeignKey("connector_log.id"), nullable=True),
    Column("notice_id", Key, ForeignKey("notice.id"), nullable=True),
    Column("number", Integer, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("code", String(64), nullable=False),
    Column("reason", Words, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("exchanges", Json, nullable=False),
    Index("ix_attempt_entry", "entry_id", "id"),
    Index("ix_attempt_notice", "notice_id", "id"),
    sqlite_autoincrement=True,
)

link = Table(
    "link",
    metadata,
    _key(),
    Column("kind", String(32), nullable=False),
    Column("source_connection", String(63), nullable=False),
    Column("source_number", String(255), nullable=False),
    Column("source_key", String(255), nullable=True),
    Column("target_connection", String(63), nullable=False),
    Column("target_number", String(255), nullable=False),
    Column("target_key", String(255), nullable=True),
    Column("origin", String(16), nullable=False),
    Column("entry_id", Key, ForeignKey("connector_log.id"), nullable=True),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("kind", "source_connection", "source_number", "target_connection", "target_number"),
    Index("ix_link_target", "kind", "target_connection", "target_number"),
    sqlite_autoincrement=True,
)

lane = Table(
    "lane",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("connection", String(63), nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("owner", String(128), nullable=True),
    Column("lease_until", Moment, nullable=True),
    Column("paused", Boolean, nullable=False),
    Column("code", String(64), nullable=False),
    Column("reason", Words, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("closed_until", Moment, nullable=True),
    Column("seat", Words, nullable=True),
    Column("updated_at", Moment, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    _key(),
    Column("at", Moment, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("action", String(32), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("detail", Json, nullable=False),
    sqlite_autoincrement=True,
)
