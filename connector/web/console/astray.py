"""Whoever comes with a browser to an address that there is not, or to a defect: a page instead of a document."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from connector.store import StoreUnavailable
from connector.web.console.pages import refused
from connector.web.console.viewer import whoever
from connector.web.problems import Problem

PROGRAMS = frozenset({"api", "docs", "events", "health", "metrics", "openapi.json", "webhooks"})
"""How the addresses begin that programs ask: they get documents, whatever they accept."""

Told = Callable[[Request, Exception], Awaitable[Response]]


def install(app: FastAPI) -> None:
    """Tell people what the application tells programs; what is logged of it stays."""
    for kind in (HTTPException, Exception):
        app.add_exception_handler(kind, _for_people(app.exception_handlers[kind]))


def _for_people(told: Callable[[Request, Any], Any]) -> Told:
    async def answer(request: Request, error: Exception) -> Response:
        document: Response = told(request, error)
        return await _page(request, error) if wants_page(request) else document

    return answer


async def _page(request: Request, error: Exception) -> Response:
    """The refusal, in the frame of whoever is signed in; of a defect nothing more is asked for that may fail too."""
    if isinstance(error, HTTPException):
        try:
            await whoever(request)
        except (Problem, StoreUnavailable) as other:
            return refused(request, other)
    return refused(request, error)


def wants_page(request: Request) -> bool:
    """Does a browser ask for something to look at? It names HTML before anything else."""
    accepted = request.headers.get("accept", "")
    page, document = accepted.find("text/html"), accepted.find("json")
    return page >= 0 and not 0 <= document < page and request.url.path.split("/")[1] not in PROGRAMS
