"""Where publishers hand in: `POST /events` and `POST /webhooks/{connection}`; answered after the commit, not before.
A GET there is answered where a system asks by it whether its webhook is wanted.

What is authentic, allowed and stored is decided in `connector/ingest.py` and `connector/cloudevents.py`.
"""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from connector import cloudevents
from connector.cloudevents import MalformedEvent, UnsupportedContentType
from connector.errors import Unavailable
from connector.ingest import Incoming, NotAllowed, NotAuthentic
from connector.store import StoreUnavailable
from connector.store.intake import Receipt
from connector.systems.base import WebhookRequest
from connector.web import problems
from connector.web.auth import Publisher
from connector.web.problems import Kind, Problem, documented
from connector.web.room import Here, Room
from schemas.events import Event

log = structlog.get_logger(__name__)

MOST_EVENTS = 500
"""Events of one batch."""

COMMIT = 25.0
"""Seconds for which a caller waits for the commit."""

NOT_VERIFIED = Kind("not-verified", 503, "Who sent this cannot be told at the moment")

router = APIRouter(tags=["hand in"])


class Taken(BaseModel):
    """What became of a request: where each thing stands, in the order given. All of it is committed."""

    id: str = Field(description="the first of `ids`", examples=["event:7", "notice:12"])
    ids: list[str]
    duplicate: bool = Field(description="all of it was known before, and stands under these ids")


_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"model": Taken, "description": "Known before; or authentic, but of no interest"},
    202: {"model": Taken, "description": "Committed"},
}
_REFUSALS = documented(problems.UNKNOWN_CALLER, problems.TOO_SLOW, problems.TOO_LARGE, problems.NOT_STORED)
_REFUSED_EVENTS = documented(problems.MALFORMED, problems.NOT_ALLOWED, problems.WRONG_MEDIA_TYPE)
_CLOUD_EVENT = {"schema": {"type": "object", "description": "`connector schema` prints it"}}
_AWAY: dict[int | str, dict[str, Any]] = {
    503: documented(NOT_VERIFIED)[503] | {"description": f"{problems.NOT_STORED.title}; {NOT_VERIFIED.title}"}
}
_EVENTS_BODY = {
    "required": True,
    "content": {
        cloudevents.STRUCTURED: _CLOUD_EVENT,
        cloudevents.BATCH: {"schema": {"type": "array", "items": _CLOUD_EVENT["schema"]}},
        cloudevents.JSON: {"schema": {"type": "object", "description": "data; attributes in ce- headers"}},
    },
}


@router.post(
    "/events",
    status_code=202,
    responses={**_ANSWERS, **_REFUSALS, **_REFUSED_EVENTS},
    openapi_extra={"requestBody": _EVENTS_BODY},
)
async def publish(request: Request, room: Here, caller: Publisher) -> JSONResponse:
    """Hand in CloudEvents: structured, binary or a batch, which is taken whole or refused whole."""
    body = await request.body()
    events = await run_in_threadpool(_read, dict(request.headers), body)
    try:
        room.ingest.allow(caller.token, events)
    except NotAllowed as error:
        raise Problem(problems.NOT_ALLOWED, str(error)) from error
    return await _store(room, room.ingest.events(events, "http"))


def _read(headers: dict[str, str], body: bytes) -> Sequence[Event]:
    try:
        events = cloudevents.read_http(headers, body)
    except UnsupportedContentType as error:
        raise Problem(problems.WRONG_MEDIA_TYPE, str(error)) from error
    except MalformedEvent as error:
        more = f", and {error.left_out} more" if error.left_out else ""
        detail = f"{len(error.problems)} mistakes are named in errors{more}" if more else str(error)
        raise Problem(problems.MALFORMED, detail, errors=error.problems) from error
    if len(events) > MOST_EVENTS:
        detail = f"a batch may have {MOST_EVENTS} events at most; this one has {len(events)}"
        raise Problem(problems.TOO_LARGE, detail)
    return events


@router.post(
    "/webhooks/{connection}",
    status_code=202,
    responses={**_ANSWERS, **_REFUSALS, **documented(problems.NOT_FOUND), **_AWAY},
)
async def hear(
    request: Request,
    room: Here,
    connection: Annotated[str, Path(description="its name in the configuration")],
) -> JSONResponse:
    """Hand in what a system pushes. What is authentic but not understood is kept, for a person to look at."""
    if connection not in room.connections:
        raise Problem(problems.NOT_FOUND, "no connection of this name is configured")
    handed = WebhookRequest(dict(request.headers), dict(request.query_params), await request.body())
    try:
        incoming = await run_in_threadpool(room.ingest.webhook, connection, handed)
    except NotAuthentic as error:
        # One answer whether the secret is wrong or webhooks are not configured: it tells nothing.
        raise Problem(problems.UNKNOWN_CALLER, str(error), headers={"WWW-Authenticate": "Webhook"}) from error
    except Unavailable as error:
        # Some systems never repeat what was refused, but everything that was answered with a 503.
        log.warning("webhook.not_verified", connection=connection, reason=error.message)
        detail = "the signature cannot be checked now, so nothing is acknowledged: send the same again"
        raise Problem(NOT_VERIFIED, detail, headers={"Retry-After": problems.RETRY_AFTER}) from error
    return await _store(room, incoming)


@router.get(
    "/webhooks/{connection}",
    response_class=PlainTextResponse,
    responses={
        405: documented(problems.NOT_FOUND)[404]
        | {"description": "Nothing is asked here that this connection could answer"}
    },
)
async def answer(
    request: Request,
    room: Here,
    connection: Annotated[str, Path(description="its name in the configuration")],
) -> PlainTextResponse:
    """Answer a system that asks, before it pushes, whether its webhook is wanted here."""
    found = room.connections.get(connection)
    said = found.adapter.challenge(dict(request.query_params)) if found else None
    if said is None:
        # One answer whether there is such a connection or not, and the one that any other method gets.
        raise HTTPException(405, headers={"Allow": "POST"})
    return PlainTextResponse(said, headers={"X-Content-Type-Options": "nosniff"})


async def _store(room: Room, incoming: Incoming) -> JSONResponse:
    future = asyncio.wrap_future(room.commits.submit(incoming))
    try:
        receipts = await asyncio.wait_for(future, COMMIT)
    except TimeoutError as error:
        raise StoreUnavailable(f"no commit within {COMMIT:.0f} s") from error
    duplicate = all(receipt.duplicate for receipt in receipts)
    if not duplicate:
        room.bells.pull(incoming.bells)
    if not receipts:
        return JSONResponse({"ids": []})
    return JSONResponse(_taken(incoming, receipts, duplicate), 200 if duplicate else 202)


def _taken(incoming: Incoming, receipts: Sequence[Receipt], duplicate: bool) -> dict[str, Any]:
    ids = [f"{incoming.kind}:{receipt.id}" for receipt in receipts]
    return Taken(id=ids[0], ids=ids, duplicate=duplicate).model_dump()
