"""Tokens for the API that people made, as rows. What they may do is judged where they are used."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from connector.store.database import Transaction
from connector.store.people_tables import api_token


@dataclass(frozen=True)
class ApiTokenRow:
    """One token; `digest` is a hash of what its bearer sends, which is stored nowhere."""

    id: int
    name: str
    digest: str
    scopes: Collection[str]
    sources: Collection[str]
    types: Collection[str]
    created_by: str
    created_at: datetime
    ends_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None


def add(tx: Transaction, row: Mapping[str, Any]) -> ApiTokenRow | None:
    """A new token, or None where the name is taken."""
    made = tx.insert_new(api_token, [{**row, "created_at": tx.now}], list(api_token.c))
    return ApiTokenRow(**made[0]) if made else None


def listed(tx: Transaction) -> list[ApiTokenRow]:
    """All tokens, those that are in use first, by name."""
    ordered = sa.select(api_token).order_by(api_token.c.revoked_at.is_not(None), api_token.c.name)
    return [ApiTokenRow(**row) for row in tx.rows(ordered)]


def valid(tx: Transaction, digest: str) -> ApiTokenRow | None:
    """The token of this digest, unless it has ended or was revoked."""
    here = sa.select(api_token).where(api_token.c.digest == digest, api_token.c.revoked_at.is_(None))
    row = tx.row(here.where(sa.or_(api_token.c.ends_at.is_(None), api_token.c.ends_at > tx.now)))
    return ApiTokenRow(**row) if row else None


def used(tx: Transaction, token_id: int) -> None:
    """It was used just now."""
    tx.run(api_token.update().where(api_token.c.id == token_id).values(used_at=tx.now))


def revoke(tx: Transaction, token_id: int) -> str | None:
    """It is valid no more; its name, or None where there is no such token that was."""
    here = sa.and_(api_token.c.id == token_id, api_token.c.revoked_at.is_(None))
    name: str | None = tx.value(sa.select(api_token.c.name).where(here))
    tx.run(api_token.update().where(here).values(revoked_at=tx.now))
    return name
