"""The tables that are derived from the others, for people to read fast: nothing of the pipeline rests on them.

They are filled by `digest.py` behind a mark. Grams serve PostgreSQL alone; in SQLite they are NULL, their index empty.
No foreign key leads to an entry: to check it would lock the entry's row, and its lane would have to wait.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY

from connector.store.columns import Code, Json, Key, Moment, Short, Words
from connector.store.tables import metadata

Grams = Text().with_variant(ARRAY(Text), "postgresql")

HAS_GRAMS = "grams IS NOT NULL"
HAS_CAUSE = "cause_id IS NOT NULL"

mark = Table(
    "mark",
    metadata,
    Column("name", Short(16), primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("top", BigInteger, nullable=False),
    Column("top_at", Moment, nullable=True),
    Column("fence", BigInteger, nullable=True),
)

cause = Table(
    "cause",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("fingerprint", Short(64), nullable=False),
    Column("target", Short(63), nullable=False),
    Column("step", Short(32), nullable=False),
    Column("code", Code(64), nullable=False),
    Column("pattern", Words, nullable=False),
    Column("lacking", Json, nullable=False),
    Column("first_at", Moment, nullable=False),
    Column("newest_at", Moment, nullable=False),
    UniqueConstraint("fingerprint"),
    sqlite_autoincrement=True,
)

digest = Table(
    "digest",
    metadata,
    Column("entry_id", Key, primary_key=True, autoincrement=False),
    Column("seen", BigInteger, nullable=False),
    Column("words", Words, nullable=False),
    Column("grams", Grams, nullable=True),
    Column("cause_id", Key, ForeignKey("cause.id"), nullable=True),
    Column("flow", Short(63), nullable=False),
    Column("errored_at", Moment, nullable=True),
    Index("ix_digest_grams", "grams", postgresql_using="gin", sqlite_where=text(HAS_GRAMS)),
    Index(
        "ix_digest_cause",
        *("cause_id", "flow", "errored_at", "entry_id"),
        postgresql_where=text(HAS_CAUSE),
        sqlite_where=text(HAS_CAUSE),
    ),
)

tally = Table(
    "tally",
    metadata,
    Column("bucket", Moment, primary_key=True),
    Column("flow", Short(63), primary_key=True),
    Column("status", Short(16), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("milliseconds", BigInteger, nullable=False),
    Column("slowest", BigInteger, nullable=False),
    Column("histogram", Json, nullable=False),
)

flow_route = Table(
    "flow_route",
    metadata,
    Column("flow", Short(63), primary_key=True),
    Column("type", Short(64), primary_key=True),
    Column("source", Short(63), primary_key=True),
    Column("target", Short(63), primary_key=True),
)
