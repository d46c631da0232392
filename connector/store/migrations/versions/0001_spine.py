"""The first schema: notices, events, the connector log with its journal, attempts, steps, links, lanes and audit.

Written out rather than made from `connector.store.tables`, which goes on changing: a migration never does.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.String(32), "sqlite")
DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Create every table, those that others refer to first."""
    _config_version()
    _event()
    _listing()
    _notice()
    _context()
    _fact()
    _connector_log()
    _entry_key()
    _journal()
    _step()
    _attempt()
    _link()
    _lane()
    _audit()


def _column(name: str, type_: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, type_, nullable=False)


def _optional(name: str, type_: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, type_, nullable=True)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _id() -> sa.Column[int]:
    return sa.Column("id", KEY, autoincrement=True, nullable=False)


def _primary(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"))


def _index(table: str, name: str, *columns: str, **where: Any) -> None:
    op.create_index(f"ix_{table}_{name}", table, list(columns), **where)


def _config_version() -> None:
    op.create_table(
        "config_version",
        _text("version", 16),
        _column("text", sa.Text()),
        _column("created_at", MOMENT),
        _primary("config_version", "version"),
    )


def _event() -> None:
    op.create_table(
        "event",
        _id(),
        _text("source", 63),
        _text("type", 64),
        _text("document", 255),
        _column("revision", sa.Integer()),
        _text("transport_id", 255),
        _text("via", 16),
        _column("time", MOMENT),
        _column("received_at", MOMENT),
        _text("state", 16),
        _column("held", sa.Boolean()),
        _optional("echo_of", KEY),
        _column("data", DOCUMENT),
        _primary("event", "id"),
        _unique("event", "source", "type", "document", "revision"),
        sqlite_autoincrement=True,
    )
    to_route = sa.text("state IN ('new', 'fetched')")
    op.create_index("ix_event_to_route", "event", ["id"], postgresql_where=to_route, sqlite_where=to_route)
    unrouted = sa.text("state = 'unrouted'")
    op.create_index("ix_event_unrouted", "event", ["id"], postgresql_where=unrouted, sqlite_where=unrouted)


def _listing() -> None:
    op.create_table(
        "listing",
        _id(),
        _text("connection", 63),
        _text("lane", 80),
        _text("kind", 32),
        _text("purpose", 16),
        _text("name", 80),
        _text("state", 16),
        _column("since", MOMENT),
        _optional("until", MOMENT),
        _column("held", sa.Boolean()),
        _optional("position", DOCUMENT),
        _optional("newest", MOMENT),
        _column("pages", sa.Integer()),
        _column("heard", sa.Integer()),
        _column("fresh", sa.Integer()),
        _column("rounds", sa.Integer()),
        _optional("began_at", MOMENT),
        _column("due_at", MOMENT),
        _column("attempts", sa.Integer()),
        _optional("failed_since", MOMENT),
        _text("code", 64),
        _column("reason", sa.Text()),
        _optional("taken", sa.BigInteger()),
        _column("created_at", MOMENT),
        _column("updated_at", MOMENT),
        _primary("listing", "id"),
        _unique("listing", "connection", "kind", "purpose", "name"),
        sqlite_autoincrement=True,
    )


def _notice() -> None:
    op.create_table(
        "notice",
        _id(),
        _text("connection", 63),
        _text("lane", 80),
        _text("transport_id", 255),
        _text("kind", 32),
        _text("number", 255),
        _column("ordering", sa.BigInteger()),
        _text("status", 16),
        _text("code", 64),
        _column("reason", sa.Text()),
        _column("payload", sa.Text()),
        _text("via", 16),
        _column("held", sa.Boolean()),
        _optional("event_id", KEY),
        _optional("listing_id", KEY),
        _column("received_at", MOMENT),
        _column("due_at", MOMENT),
        _column("attempts", sa.Integer()),
        _optional("failed_since", MOMENT),
        _optional("token", sa.BigInteger()),
        _column("updated_at", MOMENT),
        _primary("notice", "id"),
        _refers("notice", "event_id", "event"),
        _refers("notice", "listing_id", "listing"),
        _unique("notice", "connection", "number", "kind", "transport_id"),
        sqlite_autoincrement=True,
    )
    unfinished = sa.text("status IN ('received', 'retrying', 'fetching')")
    op.create_index("ix_notice_due", "notice", ["lane", "status", "due_at"], postgresql_where=unfinished)
    op.create_index("ix_notice_status", "notice", ["status", "id"])
    op.create_index("ix_notice_event", "notice", ["event_id"])
    op.create_index("ix_notice_listing", "notice", ["listing_id", "status"])


def _context() -> None:
    op.create_table(
        "context",
        _column("event_id", KEY),
        _text("kind", 32),
        _text("number", 255),
        _column("document", DOCUMENT),
        _column("stored_at", MOMENT),
        _primary("context", "event_id", "kind", "number"),
        _refers("context", "event_id", "event"),
    )
    op.create_index("ix_context_document", "context", ["number", "kind"])


def _fact() -> None:
    op.create_table(
        "fact",
        _text("source", 63),
        _text("type", 64),
        _text("document", 255),
        _column("revision", sa.Integer()),
        _column("holds", sa.Boolean()),
        _text("mark", 255),
        _column("updated_at", MOMENT),
        _primary("fact", "source", "type", "document"),
    )


def _connector_log() -> None:
    op.create_table(
        "connector_log",
        _id(),
        _column("event_id", KEY),
        _text("flow", 63),
        _text("type", 64),
        _text("source", 63),
        _text("source_number", 255),
        _text("target", 63),
        _text("target_number", 255),
        _text("lane", 80),
        _text("status", 16),
        _text("code", 64),
        _column("reason", sa.Text()),
        _column("replan", sa.Boolean()),
        _optional("plan", DOCUMENT),
        _text("config_version", 16),
        _column("due_at", MOMENT),
        _column("attempts", sa.Integer()),
        _optional("failed_since", MOMENT),
        _optional("token", sa.BigInteger()),
        _optional("wait_kind", sa.String(32)),
        _optional("wait_connection", sa.String(63)),
        _optional("wait_number", sa.String(255)),
        _optional("wait_until", MOMENT),
        _column("created_at", MOMENT),
        _column("updated_at", MOMENT),
        _primary("connector_log", "id"),
        _refers("connector_log", "event_id", "event"),
        _unique("connector_log", "event_id", "flow"),
        sqlite_autoincrement=True,
    )
    _indices_of_connector_log()


def _indices_of_connector_log() -> None:
    unfinished = sa.text("status IN ('queued', 'retrying', 'delivering')")
    _index("connector_log", "lane", "lane", "status", "due_at", "id", postgresql_where=unfinished)
    _index("connector_log", "status", "status", "id")
    to_plan = {"postgresql_where": sa.text("replan"), "sqlite_where": sa.text("replan = 1")}
    _index("connector_log", "replan", "id", **to_plan)
    waits = sa.text("wait_number IS NOT NULL")
    waited_for = ("wait_number", "wait_connection", "wait_kind")
    _index("connector_log", "wait", *waited_for, postgresql_where=waits, sqlite_where=waits)


def _entry_key() -> None:
    op.create_table(
        "entry_key",
        _column("entry_id", KEY),
        _text("connection", 63),
        _text("number", 255),
        _text("target", 63),
        _primary("entry_key", "entry_id", "connection", "number"),
        _refers("entry_key", "entry_id", "connector_log"),
    )
    op.create_index("ix_entry_key_order", "entry_key", ["number", "connection", "target", "entry_id"])


def _journal() -> None:
    op.create_table(
        "journal",
        _id(),
        _column("entry_id", KEY),
        _column("at", MOMENT),
        _optional("old", sa.String(16)),
        _text("new", 16),
        _text("code", 64),
        _column("reason", sa.Text()),
        _text("actor", 128),
        _primary("journal", "id"),
        _refers("journal", "entry_id", "connector_log"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_journal_entry", "journal", ["entry_id", "id"])


def _step() -> None:
    op.create_table(
        "step",
        _id(),
        _column("entry_id", KEY),
        _column("position", sa.Integer()),
        _text("key", 512),
        _text("kind", 32),
        _text("reference", 64),
        _column("spec", DOCUMENT),
        _optional("sent", DOCUMENT),
        _optional("doubt_at", MOMENT),
        _optional("before", sa.String(64)),
        _optional("after", sa.String(64)),
        _optional("done_at", MOMENT),
        _column("wanted", sa.Boolean()),
        _column("adopted", sa.Boolean()),
        _optional("document", DOCUMENT),
        _optional("seen", DOCUMENT),
        _primary("step", "id"),
        _refers("step", "entry_id", "connector_log"),
        _unique("step", "entry_id", "key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_step_reference", "step", ["reference"])


def _attempt() -> None:
    op.create_table(
        "attempt",
        _id(),
        _optional("entry_id", KEY),
        _optional("notice_id", KEY),
        _column("number", sa.Integer()),
        _column("token", sa.BigInteger()),
        _column("started_at", MOMENT),
        _column("ended_at", MOMENT),
        _text("outcome", 16),
        _text("code", 64),
        _column("reason", sa.Text()),
        _column("late", sa.Boolean()),
        _column("exchanges", DOCUMENT),
        _primary("attempt", "id"),
        _refers("attempt", "entry_id", "connector_log"),
        _refers("attempt", "notice_id", "notice"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_attempt_entry", "attempt", ["entry_id", "id"])
    op.create_index("ix_attempt_notice", "attempt", ["notice_id", "id"])


def _link() -> None:
    op.create_table(
        "link",
        _id(),
        _text("kind", 32),
        _text("source_connection", 63),
        _text("source_number", 255),
        _optional("source_key", sa.String(255)),
        _text("target_kind", 32),
        _text("target_connection", 63),
        _text("target_number", 255),
        _optional("target_key", sa.String(255)),
        _text("origin", 16),
        _optional("entry_id", KEY),
        _column("created_at", MOMENT),
        _primary("link", "id"),
        _refers("link", "entry_id", "connector_log"),
        _unique("link", "source_number", "source_connection", "kind", "target_connection", "target_number"),
        sqlite_autoincrement=True,
    )
    target = ["target_number", "target_connection", "kind", "source_connection"]
    op.create_index("ix_link_target", "link", target)
    op.create_index("ix_link_entry", "link", ["entry_id"])


def _lane() -> None:
    op.create_table(
        "lane",
        _text("name", 80),
        _text("connection", 63),
        _column("token", sa.BigInteger()),
        _optional("owner", sa.String(128)),
        _optional("lease_until", MOMENT),
        _column("paused", sa.Boolean()),
        _text("code", 64),
        _column("reason", sa.Text()),
        _column("failures", sa.Integer()),
        _optional("closed_until", MOMENT),
        _optional("seat", sa.Text()),
        _column("updated_at", MOMENT),
        _primary("lane", "name"),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        _id(),
        _column("at", MOMENT),
        _text("actor", 128),
        _text("action", 32),
        _text("subject", 255),
        _column("detail", DOCUMENT),
        _primary("audit", "id"),
        sqlite_autoincrement=True,
    )
