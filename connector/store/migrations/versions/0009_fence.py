"""The transaction behind which the follower's numbers are settled."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the column; nothing that is stored changes."""
    op.add_column("mark", sa.Column("fence", sa.BigInteger(), nullable=True))
