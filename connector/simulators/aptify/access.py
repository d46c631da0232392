"""Who is let in: log-in with a user's name and password, and the token in `AptifyAuthorization`.

A token that is missing, bad or expired is answered as a path that does not exist.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.simulators.aptify.bodies import read_body
from connector.simulators.aptify.errors import VendorError, failure, not_found
from connector.simulators.aptify.options import Clock, Options
from connector.simulators.base import Received, Reply


@dataclass(frozen=True)
class Token:
    """Whose it is, and when it ends."""

    provider: str
    ends: datetime


class Access:
    """The site's log-in. `refused` holds the reasons, newest last: replies never say them."""

    def __init__(self, options: Options, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._tokens: dict[str, Token] = {}
        self.refused: list[str] = []
        self.given = 0

    def log_in(self, received: Received, provider: str) -> Reply:
        """A token for `UserName` and `Password`, out of the query or the body. Raises VendorError."""
        sent = {name.lower(): value for name, value in received.query_pairs}
        if received.method == "POST":
            sent |= {name.lower(): str(value) for name, value in read_body(received).items()}
        known = {one.lower(): one for one in self._options.providers}
        if provider.lower() not in known:
            raise self._refusal(f"there is no provider {provider!r}")
        if sent.get("username") != self._options.username or sent.get("password") != self._options.password:
            raise self._refusal("user name or password are wrong")
        token = str(uuid.uuid4())
        ends = self._clock.now() + timedelta(seconds=self._options.token_seconds)
        self._tokens[token] = Token(provider.lower(), ends)
        self.given += 1
        return Reply.of({"UserId": 11, "UserName": self._options.username, "TokenId": token})

    def _refusal(self, reason: str) -> VendorError:
        self.refused.append(reason)
        if self._options.login_refused_status == 404:
            return not_found("Authentication/Login")
        return failure("The login failed.", self._options.login_refused_status)

    def admit(self, received: Received) -> None:
        """Let a request in, or not. Raises VendorError (404)."""
        problem = self._problem(received.headers.get("aptifyauthorization", ""))
        if problem is not None:
            self.refused.append(problem)
            raise not_found(received.path)

    def _problem(self, header: str) -> str | None:
        provider, _, text = header.partition(" ")
        token = self._tokens.get(text.strip().lower())
        if token is None:
            return "no token, or one that is not known"
        if token.provider != provider.lower():
            return "the token was given for another provider"
        return None if self._clock.now() < token.ends else "the token has expired"

    def expire(self) -> None:
        """End all tokens."""
        self._tokens.clear()
