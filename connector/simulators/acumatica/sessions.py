"""Log-in, tokens, cookies and seats: who is calling, in which session, of which tenant.

Seats are taken by sessions, not by tokens: a grant's session opens with its first call. It answers
nothing itself but refusals.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.cookies import SimpleCookie

from connector.simulators.acumatica.errors import (
    bad_credentials,
    invalid_request,
    not_logged_in,
    oauth,
    seats_taken,
    undefined_company,
)
from connector.simulators.acumatica.options import Options
from connector.simulators.acumatica.values import Clock

TICKET = ".ASPXAUTH"
SESSION = "ASP.NET_SessionId"
_SCOPES = frozenset({"api", "offline_access", "api:concurrent_access", "openid", "profile", "email"})


@dataclass
class Session:
    """One seat that is taken. `ends` moves with each call of a cookie session."""

    id: str
    tenant: str
    ends: datetime
    ticket: str = ""
    fresh: bool = False
    """Opened by the call that is being answered, so that its cookie must be sent."""


@dataclass
class _Grant:
    """One sign-in over OAuth, and its current token."""

    id: str
    tenant: str
    scope: str
    refresh_token: str | None
    refresh_ends: datetime


@dataclass(frozen=True)
class _Token:
    grant: _Grant
    ends: datetime


class Sessions:
    """Sessions, grants and tokens of one site."""

    def __init__(self, options: Options, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._open: dict[str, Session] = {}
        self._tokens: dict[str, _Token] = {}
        self._grants: dict[str, _Grant] = {}

    def open_sessions(self) -> list[Session]:
        """The sessions that hold a seat now."""
        now = self._clock.now()
        self._open = {name: one for name, one in self._open.items() if one.ends > now}
        return list(self._open.values())

    def grant(self, form: Mapping[str, str]) -> dict[str, object]:
        """The token reply for a form body. Raises VendorError with an OAuth error."""
        tenant = self._tenant_of_client(form)
        kind = form.get("grant_type")
        if kind == "password":
            return self._password_grant(form, tenant)
        if kind == "refresh_token":
            return self._refresh(form)
        raise oauth("unsupported_grant_type")

    def _tenant_of_client(self, form: Mapping[str, str]) -> str:
        client, _, tenant = form.get("client_id", "").partition("@")
        known = client.lower() == self._options.client_id.lower() and tenant in self._options.tenants
        if not known or form.get("client_secret") != self._options.client_secret:
            raise oauth("invalid_client")
        return tenant

    def _password_grant(self, form: Mapping[str, str], tenant: str) -> dict[str, object]:
        given = form.get("username"), form.get("password")
        if given != (self._options.username, self._options.password):
            raise oauth("invalid_grant", "Invalid username or password.")
        scopes = form.get("scope", "").split()
        if not {"api", "api:concurrent_access"} & set(scopes) or not set(scopes) <= _SCOPES:
            raise oauth("invalid_scope")
        refresh = uuid.uuid4().hex if "offline_access" in scopes else None
        ends = self._clock.now() + timedelta(seconds=self._options.refresh_seconds)
        grant = _Grant(uuid.uuid4().hex, tenant, " ".join(scopes), refresh, ends)
        if refresh:
            self._grants[refresh] = grant
        return self._token(grant)

    def _refresh(self, form: Mapping[str, str]) -> dict[str, object]:
        grant = self._grants.get(form.get("refresh_token", ""))
        if grant is None or grant.refresh_ends <= self._clock.now():
            raise oauth("invalid_grant")
        reply = self._token(grant)
        if grant.id in self._open:
            self._open[grant.id].ends = self._clock.now() + timedelta(seconds=self._options.token_seconds)
        return reply

    def _token(self, grant: _Grant) -> dict[str, object]:
        token = uuid.uuid4().hex + uuid.uuid4().hex
        seconds = self._options.token_seconds
        self._tokens[token] = _Token(grant, self._clock.now() + timedelta(seconds=seconds))
        reply: dict[str, object] = {"access_token": token, "expires_in": seconds, "token_type": "Bearer"}
        reply["scope"] = grant.scope
        return reply | ({"refresh_token": grant.refresh_token} if grant.refresh_token else {})

    def log_in(self, given: Mapping[str, object]) -> Session:
        """Open a cookie session. Raises VendorError: credentials, tenant, seats."""
        if given.get("company") and given.get("tenant"):
            raise invalid_request("The company and tenant parameters cannot be specified at the same time.")
        tenant = self._tenant(str(given.get("tenant") or given.get("company") or ""))
        if (given.get("name"), given.get("password")) != (self._options.username, self._options.password):
            raise bad_credentials()
        self._take_seat()
        session = Session(uuid.uuid4().hex[:24], tenant, self._idle_end(), uuid.uuid4().hex.upper() * 3)
        self._open[session.id] = session
        return session

    def _tenant(self, asked: str) -> str:
        """An empty tenant lands on the first; a site with one tenant takes any name."""
        tenants = self._options.tenants
        if not asked or len(tenants) == 1:
            return tenants[0]
        if asked not in tenants:
            raise undefined_company()
        return asked

    def _take_seat(self) -> None:
        if self._options.seats is not None and len(self.open_sessions()) >= self._options.seats:
            raise seats_taken(self._options.seat_form)

    def _idle_end(self) -> datetime:
        return self._clock.now() + timedelta(seconds=self._options.idle_seconds)

    def identify(self, headers: Mapping[str, str]) -> Session:
        """The session a call belongs to, opened where its grant has none. Raises VendorError: 401, seats."""
        session = self._find(headers)
        if session is None:
            raise not_logged_in()
        return session

    def _find(self, headers: Mapping[str, str]) -> Session | None:
        cookies = read_cookies(headers)
        scheme, _, value = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._of_token(value.strip(), cookies.get(SESSION))
        return self._of_cookies(cookies)

    def _of_cookies(self, cookies: Mapping[str, str]) -> Session | None:
        """Both cookies of the log-in are needed: a client has to keep the whole jar."""
        self.open_sessions()
        session = self._open.get(cookies.get(SESSION, ""))
        if session is None or not session.ticket or session.ticket != cookies.get(TICKET):
            return None
        session.ends = self._idle_end()
        return session

    def _of_token(self, value: str, cookie: str | None) -> Session | None:
        token = self._tokens.get(value)
        if token is None or token.ends <= self._clock.now():
            return None
        self.open_sessions()
        concurrent = "api:concurrent_access" in token.grant.scope.split()
        name = (cookie or uuid.uuid4().hex[:24]) if concurrent else token.grant.id
        session = self._open.get(name)
        if session is None:
            self._take_seat()
            session = self._open[name] = Session(name, token.grant.tenant, token.ends, fresh=concurrent)
        return session

    def log_out(self, headers: Mapping[str, str]) -> None:
        """Free the seat of the caller; without a session there is nothing to free."""
        cookies = read_cookies(headers)
        scheme, _, value = headers.get("authorization", "").partition(" ")
        token = self._tokens.get(value.strip()) if scheme.lower() == "bearer" else None
        self._open.pop(cookies.get(SESSION, ""), None)
        if token is not None:
            self._open.pop(token.grant.id, None)

    def expire_tokens(self) -> None:
        """Let every access token end now, as if its hour were over; refresh tokens and cookies stay."""
        now = self._clock.now()
        self._tokens = {value: _Token(one.grant, min(one.ends, now)) for value, one in self._tokens.items()}

    def revoke(self) -> None:
        """What an administrator does: every grant, token and session of this site ends."""
        self._tokens.clear()
        self._grants.clear()
        self._open.clear()

    def end_all(self) -> None:
        """What a restart of the site does: every session ends, tokens stay valid."""
        self._open.clear()


def read_cookies(headers: Mapping[str, str]) -> dict[str, str]:
    """The cookies of a request by name."""
    jar: SimpleCookie = SimpleCookie()
    jar.load(headers.get("cookie", ""))
    return {name: morsel.value for name, morsel in jar.items()}
