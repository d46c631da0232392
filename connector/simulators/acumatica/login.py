"""The paths beside the endpoint: log-in, log-out, tokens, OpenID discovery and the list of endpoints.

They only translate; who may have a session or a token is decided in sessions.py.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from connector.simulators.acumatica.contract import ENDPOINT, VERSION
from connector.simulators.acumatica.errors import VendorError, invalid_request
from connector.simulators.acumatica.sessions import SESSION, TICKET, Session, Sessions
from connector.simulators.base import Received, Reply

_FORM = "application/x-www-form-urlencoded"
_BUILD = "25.200.0248"


def log_in(received: Received, sessions: Sessions) -> Reply:
    """`POST /entity/auth/login`, JSON or form: 204 with the cookies of the session."""
    session = sessions.log_in(_credentials(received))
    return Reply(204, headers=_cookies(session))


def _credentials(received: Received) -> Mapping[str, object]:
    if received.headers.get("content-type", "").startswith(_FORM):
        return _form(received)
    try:
        given = received.json()
    except ValueError as error:
        raise invalid_request(f"The request body is not JSON: {error}", "credentials") from error
    if not isinstance(given, dict) or not given.get("name"):
        raise invalid_request("The name field is required.", "credentials.Name")
    return given


def _form(received: Received) -> dict[str, str]:
    return dict(parse_qsl(received.body.decode(errors="replace"), keep_blank_values=True))


def _cookies(session: Session) -> list[tuple[str, str]]:
    """As recorded, each of the first pair twice; `secure` is left out since this is plain HTTP."""
    later = f"{session.ends + timedelta(days=3):%a, %d-%b-%Y %H:%M:%S} GMT"
    ticket = f"{TICKET}={session.ticket}; path=/; HttpOnly; SameSite=Lax"
    number = f"{SESSION}={session.id}; path=/; HttpOnly; SameSite=Lax"
    company = f"CompanyID={session.tenant}; expires={later}; path=/"
    set_cookies = [ticket, ticket, number, number, company, "UserBranch=1; path=/"]
    return [("Set-Cookie", one) for one in set_cookies]


def session_cookie(session: Session) -> tuple[str, str]:
    """The cookie of a session that a token with `api:concurrent_access` has just opened."""
    return ("Set-Cookie", f"{SESSION}={session.id}; path=/; HttpOnly; SameSite=Lax")


def log_out(received: Received, sessions: Sessions) -> Reply:
    """`POST /entity/auth/logout`: 204; without a Content-Length the web server answers 411 itself."""
    if "content-length" not in received.headers:
        return Reply.text("<h2>Length Required</h2>", 411, "text/html; charset=us-ascii")
    sessions.log_out(received.headers)
    gone = "Tue, 12-Oct-1999 00:00:00 GMT"
    return Reply(
        204, headers=[("Set-Cookie", f"{name}=; expires={gone}; path=/") for name in (TICKET, SESSION)]
    )


def token(received: Received, sessions: Sessions) -> Reply:
    """`POST /identity/connect/token`: the token, or 400 with an OAuth error."""
    no_store = [("Cache-Control", "no-store"), ("Pragma", "no-cache")]
    try:
        return Reply.of(sessions.grant(_form(received)), headers=no_store)
    except VendorError as error:
        return error.reply


def discovery(received: Received) -> Reply:
    """`GET /identity/.well-known/openid-configuration`."""
    identity = f"{received.base_url}/identity"
    return Reply.of(
        {
            "issuer": identity,
            "authorization_endpoint": f"{identity}/connect/authorize",
            "token_endpoint": f"{identity}/connect/token",
            "scopes_supported": [
                "api",
                "offline_access",
                "api:concurrent_access",
                "openid",
                "profile",
                "email",
            ],
            "grant_types_supported": ["authorization_code", "implicit", "password", "refresh_token"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }
    )


def endpoints() -> Reply:
    """`GET /entity`, answered without log-in too."""
    here = {"name": ENDPOINT, "version": VERSION, "href": f"/entity/{ENDPOINT}/{VERSION}/"}
    build = {"acumaticaBuildVersion": _BUILD, "databaseVersion": _BUILD}
    return Reply.of({"version": build, "endpoints": [here]})


def describe(session: Session) -> dict[str, object]:
    """A session for `GET /_sim/state`, without its ticket."""
    ends: datetime = session.ends
    return {"id": session.id[:6] + "…", "tenant": session.tenant, "ends": ends.isoformat()}
