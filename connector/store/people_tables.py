"""The tables of people: accounts, sessions, tokens for the API, tries to sign in, and views that were saved."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, UniqueConstraint

from connector.store.columns import Code, Json, Key, Moment, Short, Words
from connector.store.tables import metadata

person = Table(
    "person",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("name", Short(128), nullable=False),
    Column("role", Short(16), nullable=False),
    Column("password", Short(255), nullable=True),
    Column("issuer", Short(255), nullable=True),
    Column("subject", Short(255), nullable=True),
    Column("disabled", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=True),
    UniqueConstraint("name"),
    UniqueConstraint("issuer", "subject"),
    sqlite_autoincrement=True,
)

session = Table(
    "session",
    metadata,
    Column("key", Short(64), primary_key=True),
    Column("person_id", Key, ForeignKey("person.id"), nullable=False),
    Column("csrf", Short(64), nullable=False),
    Column("agent", Code(200), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Index("ix_session_person", "person_id"),
)

api_token = Table(
    "api_token",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("name", Short(63), nullable=False),
    Column("digest", Short(64), nullable=False),
    Column("scopes", Json, nullable=False),
    Column("sources", Json, nullable=False),
    Column("types", Json, nullable=False),
    Column("created_by", Short(128), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=True),
    Column("used_at", Moment, nullable=True),
    Column("revoked_at", Moment, nullable=True),
    UniqueConstraint("name"),
    UniqueConstraint("digest"),
    sqlite_autoincrement=True,
)

throttle = Table(
    "throttle",
    metadata,
    Column("key", Short(160), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("until", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

saved_view = Table(
    "saved_view",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("owner", Short(128), nullable=False),
    Column("name", Short(80), nullable=False),
    Column("query", Words, nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("owner", "name"),
    sqlite_autoincrement=True,
)
