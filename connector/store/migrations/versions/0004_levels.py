"""The newest change of each level, and the index by which a change that is heard again is known."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

MOMENT = sa.DateTime(timezone=True).with_variant(sa.String(32), "sqlite")
LEVEL = sa.text("type = 'inventory.changed'")


def upgrade() -> None:
    """Add what is new; nothing that is stored changes."""
    op.add_column("fact", sa.Column("newest", sa.Integer(), nullable=True))
    op.add_column("fact", sa.Column("newest_at", MOMENT, nullable=True))
    op.create_index(
        "ix_event_level",
        "event",
        ["document", "transport_id", "source"],
        postgresql_where=LEVEL,
        sqlite_where=LEVEL,
    )
