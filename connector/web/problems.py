"""Every refusal as an RFC 9457 problem document; the table of kinds is the contract, callers may rely on `type`.

What is refused where is decided by the endpoints; here is only how it is said, and that nothing internal is told.
"""

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from connector.operate import Outdated, Unknown
from connector.status import IllegalMove
from connector.store import StoreUnavailable

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = "5"
"""Seconds after which a caller may try again when the database was away."""


@dataclass(frozen=True)
class Kind:
    """One kind of problem: `slug` is the last part of its type, `title` the same for all of its kind."""

    slug: str
    status: int
    title: str

    @property
    def uri(self) -> str:
        """The problem's `type`."""
        return f"urn:connector:problem:{self.slug}"


MALFORMED = Kind("malformed", 400, "The request cannot be read")
UNKNOWN_CALLER = Kind("unknown-caller", 401, "The caller is not known")
NOT_ALLOWED = Kind("not-allowed", 403, "The token does not cover this")
NOT_FOUND = Kind("not-found", 404, "There is no such thing")
TOO_SLOW = Kind("too-slow", 408, "The request took too long to arrive")
ILLEGAL_MOVE = Kind("illegal-move", 409, "This cannot be done in the present status")
OUTDATED = Kind("outdated", 409, "It is not as it was when you looked")
NOT_WRITABLE = Kind("not-writable", 409, "The file cannot be changed from here")
TOO_LARGE = Kind("too-large", 413, "The request is too large")
WRONG_MEDIA_TYPE = Kind("wrong-media-type", 415, "The content type is not taken here")
NOT_VALID = Kind("not-valid", 422, "The request does not say what is needed")
DEFECT = Kind("defect", 500, "The connector failed")
NOT_STORED = Kind("not-stored", 503, "The database is away")


class Fault(BaseModel):
    """One mistake: `where` it stands (a JSON path, a header, a parameter), and `what` is wrong there."""

    where: str
    what: str


class ProblemDocument(BaseModel):
    """An RFC 9457 problem document."""

    type: str = Field(description="stable; what a program should look at")
    title: str
    status: int
    detail: str = Field(description="for people")
    instance: str | None = Field(default=None, description="names this very failure in our log")
    errors: list[Fault] | None = None


class Problem(HTTPException):
    """A refusal. `errors` are (where, what)."""

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        errors: Iterable[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(kind.status, detail, dict(headers or {}))
        self.kind = kind
        self.errors = tuple(errors)


class ProblemResponse(Response):
    """A problem document on the wire."""

    media_type = MEDIA_TYPE

    def __init__(
        self, document: Mapping[str, Any], status: int, headers: Mapping[str, str] | None = None
    ) -> None:
        # What is echoed may hold half a surrogate pair: as a JSON escape it can be sent, as UTF-8 it cannot.
        content = json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace")
        super().__init__(content, status, headers, MEDIA_TYPE)


def respond(problem: Problem) -> ProblemResponse:
    """The answer to a refusal."""
    kind = problem.kind
    document: dict[str, Any] = {
        "type": kind.uri,
        "title": kind.title,
        "status": kind.status,
        "detail": problem.detail,
    }
    if problem.errors:
        document["errors"] = [{"where": where, "what": what} for where, what in problem.errors]
    return ProblemResponse(document, kind.status, problem.headers)


def documented(*kinds: Kind) -> dict[int | str, dict[str, Any]]:
    """What an endpoint may refuse, for the OpenAPI document."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
    return {kind.status: {"description": kind.title, "content": content} for kind in kinds}


def for_callers(*kinds: Kind) -> dict[int | str, dict[str, Any]]:
    """What an endpoint of the API may refuse: whoever has no right to it, and more."""
    return documented(UNKNOWN_CALLER, NOT_ALLOWED, NOT_STORED, *kinds)


# -- whatever else goes wrong ------------------------------------------------------------------------------


def install(app: FastAPI) -> None:
    """Answer every error of this application with a problem document."""
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(StoreUnavailable, _not_stored)
    app.add_exception_handler(Unknown, _not_found)
    app.add_exception_handler(IllegalMove, _illegal_move)
    app.add_exception_handler(Outdated, _outdated)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _defect)


def _refused(request: Request, error: Exception) -> Response:
    """Ours, or the framework's own: nothing at this address, or not with this method."""
    if isinstance(error, Problem):
        return respond(error)
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    if error.status_code == NOT_FOUND.status:
        return respond(Problem(NOT_FOUND, "nothing is served at this address"))
    title = HTTPStatus(error.status_code).phrase
    detail = f"{request.method} is not taken here" if error.status_code == 405 else error.detail
    document = {"type": "about:blank", "title": title, "status": error.status_code, "detail": detail}
    return ProblemResponse(document, error.status_code, error.headers)


def _not_valid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
    faults = [
        (_place(each["loc"]), str(each["msg"]).removeprefix("Value error, ")) for each in error.errors()
    ]
    detail = "; ".join(f"{where}: {what}" for where, what in faults)
    return respond(Problem(NOT_VALID, detail, errors=faults))


def _place(loc: tuple[str | int, ...]) -> str:
    """`query.limit`, `body.reason`, `body[0]`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).removeprefix(".")


def _not_stored(_request: Request, error: Exception) -> Response:
    log.error("web.not_stored", error=str(error))
    detail = "the database cannot be used at the moment, so nothing is acknowledged: send the same again"
    return respond(Problem(NOT_STORED, detail, headers={"Retry-After": RETRY_AFTER}))


def _not_found(_request: Request, error: Exception) -> Response:
    return respond(Problem(NOT_FOUND, str(error)))


def _illegal_move(_request: Request, error: Exception) -> Response:
    return respond(Problem(ILLEGAL_MOVE, str(error)))


def _outdated(_request: Request, error: Exception) -> Response:
    return respond(Problem(OUTDATED, str(error)))


def _gone(_request: Request, _error: Exception) -> Response:
    """Nobody reads this any more; but it is no failure of ours."""
    return respond(Problem(MALFORMED, "the connection was closed before the whole request had arrived"))


def _defect(_request: Request, error: Exception) -> Response:
    """Say nothing of what happened but a name to find it by; the server logs the trace itself."""
    instance = uuid.uuid4().urn
    log.error("web.defect", instance=instance, error=type(error).__name__)
    document = {
        "type": DEFECT.uri,
        "title": DEFECT.title,
        "status": DEFECT.status,
        "detail": "a defect of the connector; its log holds the cause under the instance named here",
        "instance": instance,
    }
    return ProblemResponse(document, DEFECT.status, {"Connection": "close"})  # the server does so anyhow
