"""Signing in through the company's OpenID provider: there, back, and what the provider vouches for as a role of ours.

The protocol itself (code flow, PKCE, nonce, signatures) is authlib's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.base_client import OAuthError
from authlib.integrations.starlette_client import OAuth
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from connector.people import Refused
from connector.web.console.pages import SAFE, PageRoute, own_page
from connector.web.console.viewer import check_host, console_of, remember
from connector.web.problems import NOT_ALLOWED, NOT_FOUND, Problem
from schemas.console import Console, Oidc, Role

log = structlog.get_logger(__name__)

router = APIRouter(prefix="/sign-in/oidc", route_class=PageRoute, include_in_schema=False)

FAILURES = (httpx.HTTPError, AuthlibBaseError, RuntimeError, ValueError, KeyError)
"""The provider is away, its documents are not what they should be, or a token is not signed by it."""


@dataclass(frozen=True)
class Vouched:
    """Whom the provider vouches for: its own name for them, ours for the audit, and the role that follows."""

    issuer: str
    subject: str
    name: str
    role: Role


def client(console: Console) -> OAuth | None:
    """What speaks to the provider, where one is configured."""
    if console.oidc is None:
        return None
    oauth = OAuth()
    oauth.register(
        "company",
        client_id=console.oidc.client_id,
        client_secret=console.oidc.client_secret.get_secret_value(),
        server_metadata_url=f"{console.oidc.issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": console.oidc.scopes, "code_challenge_method": "S256", "timeout": 10},
    )
    return oauth


@router.get("")
async def begin(request: Request, next: str = "/") -> Response:
    """To the provider."""
    _, provider = _provider(request)
    request.session["next"] = own_page(next)
    back = f"{console_of(request).public_url}{request.url_for('oidc_back').path}"
    try:
        answer: Response = await provider.authorize_redirect(request, back)
    except FAILURES as error:
        log.warning("console.oidc_failed", error=repr(error))
        raise Problem(
            NOT_ALLOWED, "the log-in provider cannot be reached: try again, or tell an admin"
        ) from error
    return answer


@router.get("/back", name="oidc_back")
async def come_back(request: Request) -> Response:
    """From the provider: what it vouches for becomes a session."""
    oidc, provider = _provider(request)
    back = str(request.session.pop("next", "/"))
    try:
        token = await provider.authorize_access_token(request)
    except OAuthError as error:
        log.warning("console.oidc_refused", error=error.error, description=error.description)
        raise Problem(
            NOT_ALLOWED, f"the log-in was not completed: {error.description or error.error}"
        ) from error
    except FAILURES as error:
        log.warning("console.oidc_failed", error=repr(error))
        raise Problem(
            NOT_ALLOWED, "what the log-in provider answered cannot be believed: try again"
        ) from error
    claims = token.get("userinfo") or {}
    try:
        who = vouched(oidc, claims)
    except Problem:
        shut_out = request.app.state.room.people.shut_out
        await run_in_threadpool(shut_out, _issuer(oidc, claims), str(claims.get("sub", "")))
        raise
    agent = request.headers.get("user-agent", "")
    sign_in_as = request.app.state.room.people.sign_in_as
    try:
        key = await run_in_threadpool(sign_in_as, who.issuer, who.subject, who.name, who.role, agent)
    except Refused as error:
        raise Problem(NOT_ALLOWED, str(error)) from error
    answer = RedirectResponse(own_page(back), 303, headers=SAFE)
    remember(request, answer, key)
    return answer


def vouched(oidc: Oidc, claims: Mapping[str, Any]) -> Vouched:
    """Who these claims are about, and the highest role that they give; raises Problem where they give none."""
    subject, name = claims.get("sub"), claims.get(oidc.name_claim) or claims.get("sub")
    if not subject:
        raise Problem(NOT_ALLOWED, "the log-in provider does not say who this is")
    given = claims.get(oidc.roles.claim)
    values = {str(one) for one in (given if isinstance(given, list | tuple) else [given])}
    ranks: tuple[tuple[Role, frozenset[str]], ...] = (
        ("admin", oidc.roles.admin),
        ("operator", oidc.roles.operator),
        ("viewer", oidc.roles.viewer),
    )
    role = next((role for role, wanted in ranks if wanted & values), oidc.roles.otherwise)
    if role is None:
        raise Problem(
            NOT_ALLOWED, f"{name} has no role here: an admin has to give one at the log-in provider"
        )
    return Vouched(_issuer(oidc, claims), str(subject), str(name), role)


def _issuer(oidc: Oidc, claims: Mapping[str, Any]) -> str:
    return str(claims.get("iss") or oidc.issuer)


def _provider(request: Request) -> tuple[Oidc, Any]:
    check_host(request)
    oidc = console_of(request).oidc
    if oidc is None:
        raise Problem(NOT_FOUND, "no log-in provider is configured (console.oidc)")
    return oidc, request.app.state.oauth.company
