"""The two ways in: an OAuth token, or a session with cookies; how each is opened, shown, and closed.

Where the token or the cookies are kept between calls is the matter of `Http.seat`; replies are judged by `replies.py`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import urlencode

from connector.errors import Missing, NotUnderstood
from connector.systems.acumatica.replies import LOGIN_SYMPTOMS, judge
from connector.systems.acumatica.settings import AcumaticaSettings, CookieLogin, PasswordGrant
from connector.systems.http import Http, Reply, Request, Seat, Token

ACCEPT = {"Accept": "application/json"}

_SCOPE = "api"
"""One session per grant, closed with its token; `offline_access` would hold the seat for longer."""

_TOKEN_SECONDS = 3600
_TENANT_COOKIE = "CompanyID"
_STATISTICS = ("requestid", "requeststat")
"""Cookies which change with every reply and are no part of the session (recording of endpoint 20.200.001)."""


class WayIn(Protocol):
    """How a connection is let in."""

    @property
    def name(self) -> str:
        """How it is called."""

    @property
    def closes(self) -> bool:
        """Does its session hold a seat until it is logged out?"""

    async def open(self, http: Http) -> Token:
        """Log in; raises CallError. No write: what a lost reply leaves is a session that ends by itself."""

    def headers(self, token: Token) -> Mapping[str, str]:
        """What each call shows."""

    def learn(self, seat: Seat, token: Token, reply: Reply) -> None:
        """Take from a reply what later calls have to show."""

    async def close(self, http: Http, token: Token) -> Reply:
        """Log out, so that the seat of the licence is free at once; raises CallError."""

    def landed(self, token: Token) -> str:
        """The tenant that the site says we are in, empty where it does not say."""


def way_in(settings: AcumaticaSettings, connection: str) -> WayIn:
    """The way in that the connection is configured for."""
    auth = settings.auth
    asked = Missing("session", settings.tenant, connection)
    if isinstance(auth, CookieLogin):
        return CookieSession(settings.base_url, settings.tenant, auth, asked)
    return OAuthGrant(settings.base_url, settings.tenant, auth, asked)


@dataclass(frozen=True)
class OAuthGrant:
    """An access token by password grant; its session ends with it, within the hour."""

    base_url: str
    tenant: str
    auth: PasswordGrant
    asked: Missing
    name: str = "OAuth"
    closes: bool = False

    async def open(self, http: Http) -> Token:
        """A new token."""
        form = {
            "grant_type": "password",
            "client_id": self.auth.client_of(self.tenant),
            "client_secret": self.auth.client_secret.get_secret_value(),
            "username": self.auth.username,
            "password": self.auth.password.get_secret_value(),
            "scope": _SCOPE,
        }
        request = Request(
            "POST",
            f"{self.base_url}/identity/connect/token",
            headers={**ACCEPT, "Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode(form).encode(),
        )
        started = datetime.now(UTC)
        reply = await http.send(request)
        if reply.status != 200:
            raise judge(reply, self.asked, LOGIN_SYMPTOMS)
        return _token(reply, self.asked, started)

    def headers(self, token: Token) -> Mapping[str, str]:
        """The bearer header."""
        return {"Authorization": f"Bearer {token.value}"}

    def learn(self, seat: Seat, token: Token, reply: Reply) -> None:
        """A token stays as it is."""

    async def close(self, http: Http, token: Token) -> Reply:
        """End the token's session."""
        return await http.send(_log_out(self.base_url, self.headers(token)))

    def landed(self, token: Token) -> str:
        """The client id names the tenant, so that there is nothing to find out."""
        return ""


@dataclass(frozen=True)
class CookieSession:
    """A session by name and password, held by cookies: the whole jar is sent with each call.

    `Token.value` is the jar as the log-in gave it, and stays, since it says which session it is; `Token.extra` is
    the jar as it now stands. It has no known end: a session that was idle too long is answered 401.
    """

    base_url: str
    tenant: str
    auth: CookieLogin
    asked: Missing
    name: str = "a cookie session"
    closes: bool = True

    async def open(self, http: Http) -> Token:
        """A new session; takes a seat of the licence until it is closed or was idle for long."""
        given = {
            "name": self.auth.username,
            "password": self.auth.password.get_secret_value(),
            "tenant": self.tenant,
        }
        if self.auth.branch:
            given["branch"] = self.auth.branch
        reply = await http.send(
            Request(
                "POST",
                f"{self.base_url}/entity/auth/login",
                headers={**ACCEPT, "Content-Type": "application/json"},
                body=_json(given),
            )
        )
        if reply.status != 204:
            raise judge(reply, self.asked, LOGIN_SYMPTOMS)
        jar = _merged({}, reply)
        if not jar:
            raise NotUnderstood(f"The answer to the {self.asked} holds no cookies")
        return Token(value=_cookie_header(jar), extra=jar)

    def headers(self, token: Token) -> Mapping[str, str]:
        """The jar as it now stands."""
        return {"Cookie": _cookie_header(token.extra)}

    def learn(self, seat: Seat, token: Token, reply: Reply) -> None:
        """Cookies that a reply sets anew replace the old ones; to be stored only where the session's own changed."""
        held = seat.token
        if held is None or held.value != token.value or "set-cookie" not in reply.headers:
            return
        jar = _merged(held.extra, reply)
        if _lasting(jar) != _lasting(held.extra):
            seat.changed = True
        seat.token = replace(held, extra=jar)

    async def close(self, http: Http, token: Token) -> Reply:
        """End the session."""
        return await http.send(_log_out(self.base_url, self.headers(token)))

    def landed(self, token: Token) -> str:
        """The cookie that names the tenant (recording of endpoint 20.200.001); a 204 does not prove it."""
        return token.extra.get(_TENANT_COOKIE, "")


def _log_out(base_url: str, headers: Mapping[str, str]) -> Request:
    """Without a Content-Length the web server answers 411; every POST of ours has one."""
    return Request("POST", f"{base_url}/entity/auth/logout", headers={**ACCEPT, **headers}, body=b"")


def _json(value: Mapping[str, str]) -> bytes:
    return json.dumps(value).encode()


def _token(reply: Reply, asked: Missing, started: datetime) -> Token:
    try:
        value = reply.json()
    except NotUnderstood as error:
        raise judge(reply, asked, LOGIN_SYMPTOMS) from error
    text = value.get("access_token") if isinstance(value, Mapping) else None
    if not isinstance(text, str) or not text:
        raise NotUnderstood(f"The answer to the {asked} holds no access_token")
    lifetime = str(value.get("expires_in", _TOKEN_SECONDS))
    seconds = int(lifetime) if lifetime.isascii() and lifetime.isdecimal() else _TOKEN_SECONDS
    return Token(value=text, expires_at=started + timedelta(seconds=seconds), refresh=None, extra={})


# -- cookies -------------------------------------------------------------------------------------------------


def _merged(jar: Mapping[str, str], reply: Reply) -> dict[str, str]:
    """The jar after a reply; a cookie that is set empty is gone."""
    merged = dict(jar)
    for line in filter(None, reply.headers.get("set-cookie", "").split("\n")):
        name, _, value = line.partition(";")[0].partition("=")
        merged[name.strip()] = value.strip()
    return {name: value for name, value in merged.items() if name and value}


def _lasting(jar: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in jar.items() if name not in _STATISTICS}


def _cookie_header(jar: Mapping[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in jar.items())
