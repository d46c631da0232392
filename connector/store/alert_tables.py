"""The tables of alerts: what is wrong, what each channel was told of it, and the messages that are on their way.

`connector/store/tables.py` says how tables are named; the index here lets the last event of a kind be found.
"""

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, text

from connector.store.columns import Json, Key, Moment, Short, Words
from connector.store.tables import event, metadata

STANDING = "closed_at IS NULL"
UNSENT = "ended_at IS NULL"
"""Messages that were neither sent nor given up."""

NOT_THROUGH = "sent_at IS NULL"
"""Those, and the ones that were given up."""

Index("ix_event_heard", event.c.source, event.c.type, event.c.received_at)

alert = Table(
    "alert",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("kind", Short(32), nullable=False),
    Column("subject", Short(255), nullable=False),
    Column("severity", Short(16), nullable=False),
    Column("sentence", Words, nullable=False),
    Column("path", Words, nullable=False),
    Column("count", Integer, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("closed_at", Moment, nullable=True),
    Column("acknowledged_by", Short(128), nullable=True),
    Column("acknowledged_at", Moment, nullable=True),
    Index(
        "ix_alert_standing",
        "kind",
        "subject",
        unique=True,
        postgresql_where=text(STANDING),
        sqlite_where=text(STANDING),
    ),
    Index("ix_alert_closed", "closed_at"),
    sqlite_autoincrement=True,
)

alert_told = Table(
    "alert_told",
    metadata,
    Column("alert_id", Key, ForeignKey("alert.id"), primary_key=True),
    Column("channel", Short(63), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("severity", Short(16), nullable=False),
    Column("count", Integer, nullable=False),
    Column("closed_at", Moment, nullable=True),
)

alert_message = Table(
    "alert_message",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("key", Short(64), nullable=False),
    Column("channel", Short(63), nullable=False),
    Column("body", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("sent_at", Moment, nullable=True),
    Column("ended_at", Moment, nullable=True),
    Column("reason", Words, nullable=False),
    Index("ix_alert_message_unsent", "due_at", postgresql_where=text(UNSENT), sqlite_where=text(UNSENT)),
    Index(
        "ix_alert_message_failing",
        "attempts",
        postgresql_where=text(NOT_THROUGH),
        sqlite_where=text(NOT_THROUGH),
    ),
    Index("ix_alert_message_channel", "channel", "id"),
    sqlite_autoincrement=True,
)
