"""The access token that a connection's slots share, renewed by one of them at a time.

How a token is asked for is the adapter's knowledge; where it is stored, encrypted, is the lane's.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from connector.errors import CredentialsRefused


@dataclass(frozen=True)
class Token:
    """An access token. `expires_at` None: no known end; `extra`: what the system wants kept beside it."""

    value: str
    expires_at: datetime | None = None
    refresh: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)

    def usable(self, now: datetime, margin: float) -> bool:
        """Whether it will still be good in `margin` seconds."""
        lasts = self.expires_at is None or self.expires_at - now > timedelta(seconds=margin)
        return bool(self.value) and lasts


class Seat:
    """The connection's access token, shared by its slots and renewed by one of them at a time.

    `changed` tells the owner of the lane that there is something to store; `take()` says what and resets it.
    """

    def __init__(
        self, token: Token | None = None, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.token = token
        self.changed = False
        self._now = now
        self._renewing = asyncio.Lock()
        self._refusals = 0

    async def get(self, renew: Callable[[], Awaitable[Token]], *, margin: float = 60) -> Token:
        """A token that is good for `margin` seconds more; the first caller renews, the others wait for it.

        When the log-in is refused, all who waited are refused with it: each new try could lock the account.
        """
        refusals = self._refusals
        if token := self._usable(margin):
            return token
        async with self._renewing:
            if token := self._usable(margin):
                return token
            if self._refusals != refusals:
                raise CredentialsRefused("the log-in was refused a moment ago")
            return await self._renew(renew)

    def forget(self, token: Token) -> None:
        """The system refused this token: it is not used again. What it can be renewed with is kept."""
        if self.token is not None and self.token.value == token.value:
            self.token = replace(self.token, value="") if token.refresh else None
            self.changed = True

    def take(self) -> Token | None:
        """The token as it now stands, to be stored; resets `changed`."""
        self.changed = False
        return self.token

    def _usable(self, margin: float) -> Token | None:
        return self.token if self.token and self.token.usable(self._now(), margin) else None

    async def _renew(self, renew: Callable[[], Awaitable[Token]]) -> Token:
        try:
            self.token = await renew()
        except CredentialsRefused:
            self._refusals += 1
            raise
        self.changed = True
        return self.token
