"""How a page is made: templates, the headers that keep a browser safe, and refusals as pages instead of documents."""

import hashlib
from collections.abc import Callable, Coroutine, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.routing import Match

from connector.operate import Unknown
from connector.people import Known
from connector.status import IllegalMove
from connector.store import StoreUnavailable
from connector.web.console import words
from connector.web.problems import DEFECT, NOT_ALLOWED, NOT_FOUND, NOT_STORED, NOT_VALID, Kind, Problem
from schemas.console import Role

HERE = Path(__file__).parent
STATIC = HERE / "static"

SAFE = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Nothing is loaded from elsewhere, no script stands in a page, nobody frames it, and nothing is kept on disk."""

NAVIGATION: tuple[tuple[str, str, Role], ...] = (
    ("/", "Overview", "viewer"),
    ("/entries", "Entries", "viewer"),
    ("/errors", "Errors", "viewer"),
    ("/retrieve", "Retrieve", "viewer"),
    ("/mappings", "Mappings", "viewer"),
    ("/alerts", "Alerts", "viewer"),
    ("/people", "People", "admin"),
    ("/audit", "Audit", "operator"),
)
"""Address, name, and the role from which on it is shown."""

TITLES: Mapping[Kind, str] = {
    NOT_ALLOWED: "You may not do this",
    NOT_VALID: "Something is missing or wrong",
}
"""How people are told what is called otherwise for programs."""

SAID = "said"
"""The cookie that carries a sentence to the next page."""


class SignInNeeded(Exception):
    """Nobody is signed in; the page is shown again after that."""


class PageRoute(APIRoute):
    """An endpoint of people: whatever is refused is told on a page, and who is not signed in is asked to."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint, with its refusals turned into pages."""
        handle = super().get_route_handler()

        async def serve(request: Request) -> Response:
            try:
                return await handle(request)
            except SignInNeeded:
                return to_sign_in(request)
            except (HTTPException, RequestValidationError, Unknown, IllegalMove, StoreUnavailable) as error:
                return refused(request, error)

        return serve


def to_sign_in(request: Request) -> Response:
    """To the sign-in page, and from there back to what was asked for, where that only looked."""
    query = f"?{request.url.query}" if request.url.query else ""
    back = request.url.path + query if request.method == "GET" else "/"
    where = request.url_for("show_sign_in").include_query_params(next=back)
    return RedirectResponse(f"{where.path}?{where.query}", 303, headers=SAFE)


def refused(request: Request, error: Exception) -> Response:
    """A page that says what was refused and why; raises nothing."""
    match error:
        case Problem(kind=kind):
            status, title, text = kind.status, TITLES.get(kind, kind.title), str(error.detail)
        case Unknown():
            status, title, text = NOT_FOUND.status, NOT_FOUND.title, str(error)
        case IllegalMove():
            status, title, text = 409, "This cannot be done now", str(error)
        case StoreUnavailable():
            status, title, text = (
                NOT_STORED.status,
                NOT_STORED.title,
                "Try again in a moment; nothing was done.",
            )
        case RequestValidationError():
            said = (f"{each['loc'][-1]}: {each['msg']}" for each in error.errors())
            status, title, text = 422, "That cannot be read", "; ".join(said)
        case HTTPException(status_code=404):
            status, title, text = 404, "There is no such page", "Nothing is at this address."
        case HTTPException(status_code=405):
            status, title, text = (
                405,
                "There is no page to look at here",
                "Only forms are sent to this address.",
            )
        case HTTPException():
            status, title, text = error.status_code, "The request was refused", str(error.detail)
        case _:
            status, title, text = (
                DEFECT.status,
                DEFECT.title,
                "This is a defect of the connector, not a mistake of yours. Its log holds the cause.",
            )
    return page(request, "refused.html", status=status, title=title, text=text, back=_way_back(request))


def _way_back(request: Request) -> str:
    """The page that this was asked from, where it is one of ours; else nothing. What only a form led to cannot be
    looked at again: then what stands above it."""
    try:
        told = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return ""
    if told.netloc not in own_places(request):
        return ""
    path, query = told.path, told.query
    while path.strip("/") and not _is_page(request, path):
        path, query = path.rpartition("/")[0], ""
    here = request.method == "GET" and path == request.url.path
    return "" if here or path in ("", "/", "/sign-in") else own_page(urlunsplit(("", "", path, query, "")))


def _is_page(request: Request, path: str) -> bool:
    scope = {"type": "http", "method": "GET", "path": unquote(path), "root_path": ""}
    return any(one.matches(scope)[0] is Match.FULL for one in request.app.routes)


def own_places(request: Request) -> set[str]:
    """Hosts and ports of which we are served."""
    public = request.app.state.runtime.loaded.config.console.public_url
    return {request.headers.get("host", ""), urlsplit(public or "").netloc}


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: object,
) -> HTMLResponse:
    """A page from a template, which always knows `known` (who is signed in, or None), `path` and `installation`."""
    known: Known | None = getattr(request.state, "known", None)
    said = request.cookies.get(SAID, "")
    frame = {
        "known": known,
        "said": words.unpacked(said),
        "csrf": known.csrf if known else "",
        "path": request.url.path,
        "installation": request.app.state.runtime.loaded.config.console.label,
        "navigation": [one for one in NAVIGATION if known is not None and known.may(one[2])],
        "release": version("connector"),
    }
    html = environment().get_template(template).render(**{**frame, **values})
    answer = HTMLResponse(html, status, headers={**SAFE, **(headers or {})})
    if said:
        answer.delete_cookie(SAID)
    return answer


def back_to(address: str, said: str = "") -> Response:
    """After something was done: to this page of ours, with a sentence that is shown once on top of it."""
    answer = RedirectResponse(address, 303, headers=SAFE)
    if said:
        answer.set_cookie(SAID, words.packed(said), max_age=60, httponly=True, samesite="strict")
    return answer


def own_page(address: str) -> str:
    """The address, where it is one of our own pages; else the first page."""
    own = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if own else "/"


@cache
def environment() -> Environment:
    """The templates; an undefined name is a defect, and is told as one."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"asset": asset}
    made.filters |= words.FILTERS
    return made


@cache
def asset(name: str) -> str:
    """The address of a file under `static`, another one whenever the file is another."""
    return f"/static/{fingerprint(name)}/{name}"


@cache
def fingerprint(name: str) -> str:
    """The beginning of a hash of the file."""
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
