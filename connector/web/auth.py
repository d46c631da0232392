"""Who calls: the bearer token's name and what it covers. Tokens stand in the configuration, or admins made them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from connector.web.problems import NOT_ALLOWED, UNKNOWN_CALLER, Problem
from connector.web.room import Here
from schemas.config import Token

Scope = Literal["publish", "read", "operate", "configure"]

CHALLENGE = {"WWW-Authenticate": "Bearer"}

_bearer = HTTPBearer(auto_error=False, description="a token of the configuration, under `tokens`")


@dataclass(frozen=True)
class Caller:
    """A known caller; `name` is the token's name in the configuration, and stands in the audit."""

    name: str
    token: Token

    def check(self, scope: Scope) -> None:
        """Raise Problem (403) unless the token has this scope."""
        if scope not in self.token.scopes:
            has = ", ".join(sorted(self.token.scopes))
            raise Problem(NOT_ALLOWED, f"this needs the scope {scope}; the token {self.name} has {has}")


def needs(scope: Scope) -> Callable[..., Awaitable[Caller]]:
    """A dependency: the caller, if its token has this scope; else 401 for an unknown one, 403."""

    async def caller(
        room: Here,
        given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Caller:
        bearer = given.credentials if given else None
        found = room.ingest.caller(bearer) or await run_in_threadpool(room.tokens.caller, bearer)
        if found is None:
            detail = (
                "send `Authorization: Bearer …` with a token of the configuration, or one that an admin made"
            )
            raise Problem(UNKNOWN_CALLER, detail, headers=CHALLENGE)
        who = Caller(*found)
        who.check(scope)
        return who

    return caller


Publisher = Annotated[Caller, Depends(needs("publish"))]
Reader = Annotated[Caller, Depends(needs("read"))]
Operator = Annotated[Caller, Depends(needs("operate"))]
