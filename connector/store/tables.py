"""The tables, and the unique constraints that carry the promises.

Only `connector.store` knows SQL. Times are aware UTC, amounts stand as text inside JSON documents. No look-up of
the pipeline reads a whole table (`tests/store/test_plans.py`). Numbers stand first in indices: so they also serve who
knows no connection. One of some rows only serves SQLite where the statement says which, not where that is bound.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)

from connector.store.columns import Code, Json, Key, Moment, Short, Words

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


TO_ROUTE = "state IN ('new', 'fetched')"
"""Events that wait for the router; a fetched one is not fetched again, whatever context it still lacks."""

UNROUTED = "state = 'unrouted'"
LEVEL = "type = 'inventory.changed'"
"""Events of `schemas.events.LEVELS`, which are counted as they are heard."""

UNFINISHED = "status IN ('queued', 'retrying', 'delivering')"
UNFETCHED = "status IN ('received', 'retrying', 'fetching')"
LED = "led_by IS NOT NULL"
OPEN = "state = 'open'"
BEGUN = "before IS NOT NULL AND done_at IS NULL"
"""Steps whose amount is being raised or lowered."""


def _key() -> Column[int]:
    return Column("id", Key, primary_key=True, autoincrement=True)


config_version = Table(
    "config_version",
    metadata,
    Column("version", Short(16), primary_key=True),
    Column("text", Words, nullable=False),
    Column("created_at", Moment, nullable=False),
)

listing = Table(
    "listing",
    metadata,
    _key(),
    Column("connection", Short(63), nullable=False),
    Column("lane", Short(80), nullable=False),
    Column("kind", Short(32), nullable=False),
    Column("purpose", Short(16), nullable=False),
    Column("name", Short(80), nullable=False),
    Column("state", Short(16), nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment, nullable=True),
    Column("held", Boolean, nullable=False),
    Column("position", Json, nullable=True),
    Column("newest", Moment, nullable=True),
    Column("pages", Integer, nullable=False),
    Column("heard", Integer, nullable=False),
    Column("fresh", Integer, nullable=False),
    Column("rounds", Integer, nullable=False),
    Column("began_at", Moment, nullable=True),
    Column("due_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("failed_since", Moment, nullable=True),
    Column("code", Code(64), nullable=False),
    Column("reason", Words, nullable=False),
    Column("taken", BigInteger, nullable=True),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("connection", "kind", "purpose", "name"),
    sqlite_autoincrement=True,
)

notice = Table(
    "notice",
    metadata,
    _key(),
    Column("connection", Short(63), nullable=False),
    Column("lane", Short(80), nullable=False),
    Column("transport_id", Short(255), nullable=False),
    Column("kind", Short(32), nullable=False),
    Column("number", Short(255), nullable=False),
    Column("ordering", BigInteger, nullable=False),
    Column("status", Short(16), nullable=False),
    Column("code", Code(64), nullable=False),
    Column("reason", Words, nullable=False),
    Column("payload", Words, nullable=False),
    Column("via", Short(16), nullable=False),
    Column("held", Boolean, nullable=False),
    Column("event_id", Key, ForeignKey("event.id"), nullable=True),
    Column("listing_id", Key, ForeignKey("listing.id"), nullable=True),
    Column("led_by", Key, nullable=True),
    Column("received_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("failed_since", Moment, nullable=True),
    Column("token", BigInteger, nullable=True),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("connection", "number", "kind", "transport_id"),
    Index("ix_notice_due", "lane", "status", "due_at", postgresql_where=text(UNFETCHED)),
    Index("ix_notice_status", "status", "id"),
    Index("ix_notice_event", "event_id"),
    Index("ix_notice_listing", "listing_id", "status"),
    Index("ix_notice_led_by", "led_by", postgresql_where=text(LED), sqlite_where=text(LED)),
    sqlite_autoincrement=True,
)

flow_edition = Table(
    "flow_edition",
    metadata,
    Column("flow", Short(63), primary_key=True),
    Column("fingerprint", Short(64), nullable=False),
    Column("version", Short(16), nullable=False),
    Column("settled", Boolean, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

event = Table(
    "event",
    metadata,
    _key(),
    Column("source", Short(63), nullable=False),
    Column("type", Short(64), nullable=False),
    Column("document", Short(255), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("transport_id", Short(255), nullable=False),
    Column("via", Short(16), nullable=False),
    Column("time", Moment, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("state", Short(16), nullable=False),
    Column("held", Boolean, nullable=False),
    Column("echo_of", Key, nullable=True),
    Column("data", Json, nullable=False),
    UniqueConstraint("source", "type", "document", "revision"),
    Index("ix_event_to_route", "id", postgresql_where=text(TO_ROUTE), sqlite_where=text(TO_ROUTE)),
    Index("ix_event_unrouted", "id", postgresql_where=text(UNROUTED), sqlite_where=text(UNROUTED)),
    Index(
        "ix_event_level",
        "document",
        "transport_id",
        "source",
        postgresql_where=text(LEVEL),
        sqlite_where=text(LEVEL),
    ),
    sqlite_autoincrement=True,
)

context = Table(
    "context",
    metadata,
    Column("event_id", Key, ForeignKey("event.id"), primary_key=True),
    Column("kind", Short(32), primary_key=True),
    Column("number", Short(255), primary_key=True),
    Column("document", Json, nullable=False),
    Column("stored_at", Moment, nullable=False),
    Index("ix_context_document", "number", "kind"),
)

fact = Table(
    "fact",
    metadata,
    Column("source", Short(63), primary_key=True),
    Column("type", Short(64), primary_key=True),
    Column("document", Short(255), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("holds", Boolean, nullable=False),
    Column("mark", Short(255), nullable=False),
    Column("newest", Integer, nullable=True),
    Column("newest_at", Moment, nullable=True),
    Column("updated_at", Moment, nullable=False),
)

entry = Table(
    "connector_log",
    metadata,
    _key(),
    Column("event_id", Key, ForeignKey("event.id"), nullable=False),
    Column("flow", Short(63), nullable=False),
    Column("type", Short(64), nullable=False),
    Column("source", Short(63), nullable=False),
    Column("source_number", Short(255), nullable=False),
    Column("target", Short(63), nullable=False),
    Column("target_number", Short(255), nullable=False),
    Column("lane", Short(80), nullable=False),
    Column("status", Short(16), nullable=False),
    Column("code", Code(64), nullable=False),
    Column("reason", Words, nullable=False),
    Column("replan", Boolean, nullable=False),
    Column("plan", Json, nullable=True),
    Column("config_version", Short(16), nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("failed_since", Moment, nullable=True),
    Column("token", BigInteger, nullable=True),
    Column("wait_kind", Short(32), nullable=True),
    Column("wait_connection", Short(63), nullable=True),
    Column("wait_number", Short(255), nullable=True),
    Column("wait_until", Moment, nullable=True),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("event_id", "flow"),
    Index("ix_connector_log_lane", "lane", "status", "due_at", "id", postgresql_where=text(UNFINISHED)),
    Index("ix_connector_log_status", "status", "id"),
    Index("ix_connector_log_flow", "flow", "status", "id"),
    Index("ix_connector_log_replan", "id", postgresql_where=text("replan"), sqlite_where=text("replan = 1")),
    Index(
        "ix_connector_log_wait",
        "wait_number",
        "wait_connection",
        "wait_kind",
        postgresql_where=text("wait_number IS NOT NULL"),
        sqlite_where=text("wait_number IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)

entry_key = Table(
    "entry_key",
    metadata,
    Column("entry_id", Key, ForeignKey("connector_log.id"), primary_key=True),
    Column("connection", Short(63), primary_key=True),
    Column("number", Short(255), primary_key=True),
    Column("target", Short(63), nullable=False),
    Index("ix_entry_key_order", "number", "connection", "target", "entry_id"),
)

journal = Table(
    "journal",
    metadata,
    _key(),
    Column("entry_id", Key, ForeignKey("connector_log.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("old", Short(16), nullable=True),
    Column("new", Short(16), nullable=False),
    Column("code", Code(64), nullable=False),
    Column("reason", Words, nullable=False),
    Column("actor", Short(128), nullable=False),
    Index("ix_journal_entry", "entry_id", "id"),
    sqlite_autoincrement=True,
)

step = Table(
    "step",
    metadata,
    _key(),
    Column("entry_id", Key, ForeignKey("connector_log.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("key", Short(512), nullable=False),
    Column("kind", Short(32), nullable=False),
    Column("reference", Short(64), nullable=False),
    Column("spec", Json, nullable=False),
    Column("sent", Json, nullable=True),
    Column("doubt_at", Moment, nullable=True),
    Column("before", Short(64), nullable=True),
    Column("after", Short(64), nullable=True),
    Column("done_at", Moment, nullable=True),
    Column("wanted", Boolean, nullable=False),
    Column("adopted", Boolean, nullable=False),
    Column("document", Json, nullable=True),
    Column("seen", Json, nullable=True),
    Column("fields", Json, nullable=True),
    Column("compared_at", Moment, nullable=True),
    UniqueConstraint("entry_id", "key"),
    Index("ix_step_reference", "reference"),
    Index("ix_step_begun", "entry_id", postgresql_where=text(BEGUN), sqlite_where=text(BEGUN)),
    sqlite_autoincrement=True,
)

inspection = Table(
    "inspection",
    metadata,
    _key(),
    Column("entry_id", Key, ForeignKey("connector_log.id"), nullable=False),
    Column("lane", Short(80), nullable=False),
    Column("purpose", Short(16), nullable=False),
    Column("actor", Short(128), nullable=False),
    Column("reason", Words, nullable=False),
    Column("state", Short(16), nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("failed_since", Moment, nullable=True),
    Column("code", Code(64), nullable=False),
    Column("answer", Words, nullable=False),
    Column("token", BigInteger, nullable=True),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index("ix_inspection_entry", "entry_id", "id"),
    Index("ix_inspection_open", "lane", "due_at", postgresql_where=text(OPEN), sqlite_where=text(OPEN)),
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
    Column("outcome", Short(16), nullable=False),
    Column("code", Code(64), nullable=False),
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
    Column("kind", Short(32), nullable=False),
    Column("source_connection", Short(63), nullable=False),
    Column("source_number", Short(255), nullable=False),
    Column("source_key", Short(255), nullable=True),
    Column("target_kind", Short(32), nullable=False),
    Column("target_connection", Short(63), nullable=False),
    Column("target_number", Short(255), nullable=False),
    Column("target_key", Short(255), nullable=True),
    Column("origin", Short(16), nullable=False),
    Column("entry_id", Key, ForeignKey("connector_log.id"), nullable=True),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("source_number", "source_connection", "kind", "target_connection", "target_number"),
    Index("ix_link_target", "target_number", "target_connection", "kind", "source_connection"),
    Index("ix_link_entry", "entry_id"),
    sqlite_autoincrement=True,
)

lane = Table(
    "lane",
    metadata,
    Column("name", Short(80), primary_key=True),
    Column("connection", Short(63), nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("owner", Short(128), nullable=True),
    Column("lease_until", Moment, nullable=True),
    Column("paused", Boolean, nullable=False),
    Column("code", Code(64), nullable=False),
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
    Column("actor", Short(128), nullable=False),
    Column("action", Short(32), nullable=False),
    Column("subject", Short(255), nullable=False),
    Column("detail", Json, nullable=False),
    *(Index(f"ix_audit_{column}", column, "id") for column in ("actor", "action", "subject")),
    sqlite_autoincrement=True,
)
