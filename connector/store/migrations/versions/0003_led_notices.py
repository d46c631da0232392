"""Which notice led to a notice."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LED = sa.text("led_by IS NOT NULL")


def upgrade() -> None:
    """Add what is new; nothing that is stored changes."""
    op.add_column("notice", sa.Column("led_by", KEY, nullable=True))
    op.create_index("ix_notice_led_by", "notice", ["led_by"], postgresql_where=LED, sqlite_where=LED)
