"""An event that a release cannot read is unrouted as well: listed, counted and told of like any that no flow took."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Put those that were set aside into the one state."""
    op.execute("UPDATE event SET state = 'unrouted' WHERE state = 'unreadable'")
