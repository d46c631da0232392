"""Comparisons of steps, inspections of entries, and the editions of flows."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.String(32), "sqlite")
DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")
OPEN = sa.text("state = 'open'")
BEGUN = sa.text("before IS NOT NULL AND done_at IS NULL")


def upgrade() -> None:
    """Add what is new; nothing that is stored changes."""
    op.add_column("step", sa.Column("fields", DOCUMENT, nullable=True))
    op.add_column("step", sa.Column("compared_at", MOMENT, nullable=True))
    op.create_index("ix_step_begun", "step", ["entry_id"], postgresql_where=BEGUN, sqlite_where=BEGUN)
    _inspection()
    _flow_edition()


def _inspection() -> None:
    op.create_table(
        "inspection",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("lane", sa.String(80), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failed_since", MOMENT, nullable=True),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection")),
        sa.ForeignKeyConstraint(["entry_id"], ["connector_log.id"], name=op.f("fk_inspection_entry_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_inspection_entry", "inspection", ["entry_id", "id"])
    op.create_index(
        "ix_inspection_open", "inspection", ["lane", "due_at"], postgresql_where=OPEN, sqlite_where=OPEN
    )


def _flow_edition() -> None:
    op.create_table(
        "flow_edition",
        sa.Column("flow", sa.String(63), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("version", sa.String(16), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("flow", name=op.f("pk_flow_edition")),
    )
