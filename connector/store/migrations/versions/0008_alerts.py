"""Alerts, what each channel was told of them, their messages, and the index by which the last event is found."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0006"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.String(32), "sqlite")
DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")
STANDING = sa.text("closed_at IS NULL")
NOT_THROUGH = sa.text("sent_at IS NULL")
UNSENT = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """Add what is new; nothing that is stored changes."""
    op.create_index("ix_event_heard", "event", ["source", "type", "received_at"])
    _alert()
    op.create_table(
        "alert_told",
        sa.Column("alert_id", KEY, nullable=False),
        sa.Column("channel", sa.String(63), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("alert_id", "channel", name=op.f("pk_alert_told")),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_alert_told_alert_id")),
    )
    _message()


def _alert() -> None:
    op.create_table(
        "alert",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("acknowledged_by", sa.String(128), nullable=True),
        sa.Column("acknowledged_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_alert_standing",
        "alert",
        ["kind", "subject"],
        unique=True,
        postgresql_where=STANDING,
        sqlite_where=STANDING,
    )
    op.create_index("ix_alert_closed", "alert", ["closed_at"])


def _message() -> None:
    op.create_table(
        "alert_message",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(63), nullable=False),
        sa.Column("body", DOCUMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_message")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_alert_message_unsent",
        "alert_message",
        ["due_at"],
        postgresql_where=UNSENT,
        sqlite_where=UNSENT,
    )
    op.create_index(
        "ix_alert_message_failing",
        "alert_message",
        ["attempts"],
        postgresql_where=NOT_THROUGH,
        sqlite_where=NOT_THROUGH,
    )
    op.create_index("ix_alert_message_channel", "alert_message", ["channel", "id"])
