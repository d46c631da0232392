"""All pages of the console under one application, with the files that they load."""

import secrets

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import FileResponse
from starlette.middleware.sessions import SessionMiddleware

from connector.web.console import (
    alerts,
    astray,
    audit,
    backfills,
    entries,
    entry,
    errors,
    find,
    many,
    mappings,
    notices,
    oidc,
    order,
    overview,
    people,
    retrieve,
    settings,
    sign_in,
)
from connector.web.console.pages import STATIC, PageRoute, fingerprint
from connector.web.console.viewer import is_secure
from connector.web.problems import NOT_FOUND, Problem

PAGES = (
    sign_in,
    oidc,
    overview,
    entries,
    many,
    notices,
    find,
    entry,
    order,
    errors,
    retrieve,
    backfills,
    mappings,
    settings,
    alerts,
    people,
    audit,
)
"""Each has a router."""

KEPT = {"Cache-Control": "public, max-age=31536000, immutable"}

LOG_IN_SECONDS = 600
"""For so long a log-in may be at the provider."""

files = APIRouter(route_class=PageRoute, include_in_schema=False)


@files.get("/static/{version}/{name}")
def static(request: Request, version: str, name: str) -> Response:
    """A file that pages load. Its address changes with it, so it may be kept."""
    known = {path.name for path in STATIC.iterdir()}
    if name not in known or version != fingerprint(name):
        raise Problem(NOT_FOUND, "there is no such file")
    return FileResponse(STATIC / name, headers=KEPT)


def install(app: FastAPI) -> None:
    """Serve the console."""
    astray.install(app)
    for router in (files, *(one.router for one in PAGES)):
        app.include_router(router)
    runtime = app.state.runtime
    console = runtime.loaded.config.console
    app.add_middleware(
        SessionMiddleware,
        secret_key=runtime.settings.secret_key or secrets.token_hex(32),
        session_cookie="connector-log-in",
        max_age=LOG_IN_SECONDS,
        path="/sign-in/oidc",
        same_site="lax",
        https_only=is_secure(console),
    )
