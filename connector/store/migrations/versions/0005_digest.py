"""What people search by, the causes of errors, tallies over time, and the index behind the list of a flow's entries."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0005"
down_revision = "0004"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.String(32), "sqlite")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
GRAMS = sa.Text().with_variant(ARRAY(sa.Text), "postgresql")
HAS_GRAMS = sa.text("grams IS NOT NULL")
HAS_CAUSE = sa.text("cause_id IS NOT NULL")


def upgrade() -> None:
    """Make the tables; they are filled from the journal's beginning, bit by bit, once the workers run."""
    _marks()
    _digests()
    _tallies()
    _routes()
    op.create_index("ix_connector_log_flow", "connector_log", ["flow", "status", "id"])


def _marks() -> None:
    mark = op.create_table(
        "mark",
        sa.Column("name", sa.String(16), primary_key=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("top", sa.BigInteger(), nullable=False),
        sa.Column("top_at", MOMENT, nullable=True),
    )
    rows = [{"name": name, "position": 0, "top": 0, "top_at": None} for name in ("journal", "link")]
    op.bulk_insert(mark, rows)


def _digests() -> None:
    op.create_table(
        "cause",
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("target", sa.String(63), nullable=False),
        sa.Column("step", sa.String(32), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("lacking", JSON, nullable=False),
        sa.Column("first_at", MOMENT, nullable=False),
        sa.Column("newest_at", MOMENT, nullable=False),
        sa.UniqueConstraint("fingerprint"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "digest",
        sa.Column("entry_id", KEY, primary_key=True, autoincrement=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("grams", GRAMS, nullable=True),
        sa.Column("cause_id", KEY, sa.ForeignKey("cause.id"), nullable=True),
        sa.Column("flow", sa.String(63), nullable=False),
        sa.Column("errored_at", MOMENT, nullable=True),
    )
    op.create_index("ix_digest_grams", "digest", ["grams"], postgresql_using="gin", sqlite_where=HAS_GRAMS)
    columns = ["cause_id", "flow", "errored_at", "entry_id"]
    op.create_index("ix_digest_cause", "digest", columns, postgresql_where=HAS_CAUSE, sqlite_where=HAS_CAUSE)


def _tallies() -> None:
    op.create_table(
        "tally",
        sa.Column("bucket", MOMENT, primary_key=True),
        sa.Column("flow", sa.String(63), primary_key=True),
        sa.Column("status", sa.String(16), primary_key=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("milliseconds", sa.BigInteger(), nullable=False),
        sa.Column("slowest", sa.BigInteger(), nullable=False),
        sa.Column("histogram", JSON, nullable=False),
    )


def _routes() -> None:
    """Which flows carried what between which connections: read once from all entries, so that none is missing."""
    op.create_table(
        "flow_route",
        sa.Column("flow", sa.String(63), primary_key=True),
        sa.Column("type", sa.String(64), primary_key=True),
        sa.Column("source", sa.String(63), primary_key=True),
        sa.Column("target", sa.String(63), primary_key=True),
    )
    op.execute(
        "INSERT INTO flow_route (flow, type, source, target) "
        "SELECT DISTINCT flow, type, source, target FROM connector_log"
    )
