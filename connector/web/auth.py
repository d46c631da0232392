"""Who calls: the bearer token's name and what it covers. Tokens stand in the configuration; none is kept here."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from connector.web.problems import NOT_ALLOWED, UNKNOWN_CALLER, Problem
from connector.web.room import Here
from schemas.config import Token

Scope = Literal["publish", "read", "operate"]

CHALLENGE = {"WWW-Authenticate": "Bearer"}

_bearer = HTTPBearer(auto_error=False, description="a token of the configuration, under `tokens`")


@dataclass(frozen=True)
class Caller:
    """A known caller; `name` is the token's name in the configuration, and stands in the audit."""

    name: str
    token: Token


def needs(scope: Scope) -> Callable[..., Awaitable[Caller]]:
    """A dependency: the caller, if its token has this scope; else 401 for an unknown one, 403."""

    async def caller(
        room: Here,
        given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Caller:
        found = room.ingest.caller(given.credentials if given else None)
        if found is None:
            detail = "send `Authorization: Bearer …` with a token that stands in the configuration"
            raise Problem(UNKNOWN_CALLER, detail, headers=CHALLENGE)
        name, token = found
        if scope not in token.scopes:
            has = ", ".join(sorted(token.scopes))
            raise Problem(NOT_ALLOWED, f"this needs the scope {scope}; the token {name} has {has}")
        return Caller(name, token)

    return caller


Publisher = Annotated[Caller, Depends(needs("publish"))]
Reader = Annotated[Caller, Depends(needs("read"))]
Operator = Annotated[Caller, Depends(needs("operate"))]
