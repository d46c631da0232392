"""`POST /api/retrieve` has a document fetched from its source; `GET /api/retrieve/{notice}` says what came of it."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from connector import story
from connector.retrieval import NotAvailable
from connector.web import problems
from connector.web.auth import Operator, Reader
from connector.web.problems import Problem, documented
from connector.web.room import Here
from schemas.documents import DocumentKind

router = APIRouter()

_CALLER = documented(problems.UNKNOWN_CALLER, problems.NOT_ALLOWED, problems.NOT_STORED)
_ASK = _CALLER | documented(problems.NOT_VALID)
_LOOK = _CALLER | documented(problems.NOT_FOUND)

LARGEST_ID = 2**63 - 1


class RetrieveAsked(BaseModel):
    """Which document, at which connection; is what comes of it delivered at once, or held?"""

    model_config = ConfigDict(extra="forbid")

    connection: str = Field(min_length=1, max_length=63)
    kind: DocumentKind
    number: str = Field(min_length=1, max_length=255)
    post: bool = False


class RetrieveOrdered(BaseModel):
    """It is stored and will be fetched; `notice` is where to look."""

    notice: int


@router.post("/retrieve", status_code=202, responses=_ASK)
def retrieve(asked: RetrieveAsked, room: Here, caller: Operator) -> RetrieveOrdered:
    """Have a document fetched through its source's lane."""
    try:
        ordered = room.retrieval.ask(asked.connection, asked.kind, asked.number, caller.name, post=asked.post)
    except NotAvailable as error:
        raise Problem(problems.NOT_VALID, str(error)) from error
    room.bells.pull(ordered.bells)
    return RetrieveOrdered(notice=ordered.notice_id)


@router.get("/retrieve/{notice_id}", responses=_LOOK)
def retrieved(notice_id: str, room: Here, caller: Reader) -> dict[str, Any]:
    """What came of it so far: the notice, the events and entries of the document, and whether more may still come."""
    try:
        known = notice_id.isdecimal() and len(notice_id) <= len(str(LARGEST_ID))
        found = room.retrieval.result(min(int(notice_id), LARGEST_ID) if known else 0)
    except KeyError as error:
        raise Problem(problems.NOT_FOUND, f"there is no notice {notice_id}") from error
    return {
        "finished": found.finished,
        "notice": story.plain(found.notice),
        "events": story.plain(found.events),
        "entries": story.plain(found.entries),
    }
