"""Tokens for the API that admins make, beside those of the configuration file: shown once, kept as a hash."""

import secrets
import threading
import time
from collections.abc import Collection, Sequence
from datetime import timedelta

from pydantic import SecretStr, ValidationError

from connector.people import Refused, digest
from connector.store import Database, api_tokens, versions
from connector.store.api_tokens import ApiTokenRow
from schemas.config import Token

PREFIX = "cnx_"
"""What every token begins with, so that scanners for leaked secrets and people can tell one."""

KEPT = 5.0
"""Seconds for which a token that was found is not looked for again: so late a revocation may take hold."""

NOTED = timedelta(minutes=5)
"""That a token is used is noted so often."""


class ApiTokens:
    """The tokens of one database, `reserved` being names that stand in the configuration."""

    def __init__(self, database: Database, reserved: Collection[str]) -> None:
        self._database = database
        self._reserved = frozenset(reserved)
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, tuple[str, Token]]] = {}

    def make(
        self,
        name: str,
        scopes: Collection[str],
        actor: str,
        *,
        sources: Collection[str] = (),
        types: Collection[str] = (),
        days: int | None = None,
    ) -> str:
        """A new token, in the clear: nobody can see it again. It ends after so many days, if at all. Raises Refused."""
        key = PREFIX + secrets.token_urlsafe(30)
        if not scopes:
            raise Refused("say what the token may do: give it at least one scope")
        token = _token(name, key, scopes, sources, types)
        if name in self._reserved:
            raise Refused(f"a token named {name} stands in the configuration file")
        with self._database.write() as tx:
            row = {
                "name": name,
                "digest": digest(key),
                "scopes": sorted(token.scopes),
                "sources": sorted(token.sources),
                "types": sorted(token.types),
                "created_by": actor,
                "ends_at": tx.now + timedelta(days=days) if days else None,
            }
            if api_tokens.add(tx, row) is None:
                raise Refused(f"there is, or was, a token named {name}: take another name")
            detail = {"scopes": row["scopes"], "sources": row["sources"], "days": days}
            versions.note(tx, actor, "make token", f"token {name}", detail)
        return key

    def listed(self) -> Sequence[ApiTokenRow]:
        """All of them, those in use first."""
        with self._database.read() as tx:
            return api_tokens.listed(tx)

    def revoke(self, token_id: int, actor: str) -> str:
        """It is valid no more, at the latest after some seconds; its name. Raises Refused."""
        with self._database.write() as tx:
            name = api_tokens.revoke(tx, token_id)
            if name is None:
                raise Refused("there is no such token that is still valid")
            versions.note(tx, actor, "revoke token", f"token {name}", {})
        with self._lock:
            self._known.clear()
        return name

    def caller(self, bearer: str | None) -> tuple[str, Token] | None:
        """The name and token of a caller, as `Ingest.caller` gives those of the file. Raises StoreUnavailable."""
        if bearer is None or not bearer.startswith(PREFIX):
            return None
        key = digest(bearer)
        with self._lock:
            until, found = self._known.get(key, (0.0, None))
        if found is not None and time.monotonic() < until:
            return found
        row = self._valid(key)
        if row is None:
            return None
        fresh = (row.name, _token(row.name, bearer, row.scopes, row.sources, row.types))
        with self._lock:
            self._known[key] = (time.monotonic() + KEPT, fresh)
        return fresh

    def _valid(self, key: str) -> ApiTokenRow | None:
        with self._database.read() as tx:
            row = api_tokens.valid(tx, key)
            old = row is not None and (row.used_at is None or tx.now - row.used_at > NOTED)
        if row is not None and old:
            with self._database.write() as tx:
                api_tokens.used(tx, row.id)
        return row


def _token(
    name: str, key: str, scopes: Collection[str], sources: Collection[str], types: Collection[str]
) -> Token:
    given = {"token": SecretStr(key), "scopes": frozenset(scopes), "sources": frozenset(sources)}
    if types:
        given["types"] = frozenset(types)
    try:
        return Token.model_validate(given)
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise Refused(f"token {name}: {said}") from error
