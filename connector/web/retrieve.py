"""`POST /api/retrieve` has documents fetched from their source; `GET /api/retrieve/{notice}` says what came of each."""

from typing import Annotated, Any, Self

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, model_validator

from connector import story
from connector.retrieval import NotAvailable, Retrieved
from connector.retrieval_text import sentence
from connector.web import problems
from connector.web.auth import Operator, Reader
from connector.web.problems import Problem, for_callers
from connector.web.room import Here
from schemas.documents import DocumentKind

router = APIRouter()

_CALLER = for_callers()
_ASK = for_callers(problems.NOT_VALID)
_LOOK = for_callers(problems.NOT_FOUND)

LARGEST_ID = 2**63 - 1


MOST_NUMBERS = 500
"""Documents of one request, at most."""

Number = Annotated[str, Field(min_length=1, max_length=255)]


class RetrieveAsked(BaseModel):
    """Which document or documents, at which connection; is what comes of it delivered at once, or held? `of_order`: the
    numbers are of orders, and all documents of the kind that belong to them are meant."""

    model_config = ConfigDict(extra="forbid")

    connection: str = Field(min_length=1, max_length=63)
    kind: DocumentKind
    number: Number = Field(default="", description="one document; or else `numbers`")
    numbers: list[Number] = Field(default=[], max_length=MOST_NUMBERS, description="several documents")
    of_order: bool = False
    post: bool = False

    @model_validator(mode="after")
    def _one_or_several(self) -> Self:
        if bool(self.number) == bool(self.numbers):
            raise ValueError("give either number, for one document, or numbers, for several")
        return self


class RetrieveOrdered(BaseModel):
    """It is stored and will be fetched; `notice` is where to look."""

    notice: int


class RetrievesOrdered(BaseModel):
    """They are stored and will be fetched; `notices` is where to look, in the order of the numbers, each once. One that
    was asked for before and is not fetched yet is not asked for again."""

    notices: list[int]


@router.post("/retrieve", status_code=202, responses=_ASK)
def retrieve(asked: RetrieveAsked, room: Here, caller: Operator) -> RetrieveOrdered | RetrievesOrdered:
    """Have documents fetched through their source's lane."""
    where, kind, who = asked.connection, asked.kind, caller.name
    how = {"post": asked.post, "of_order": asked.of_order}
    try:
        if asked.number:
            ordered = [room.retrieval.ask(where, kind, asked.number, who, **how)]
        else:
            ordered = room.retrieval.ask_all(where, kind, asked.numbers, who, **how)
    except NotAvailable as error:
        raise Problem(problems.NOT_VALID, str(error)) from error
    room.bells.pull({bell for one in ordered for bell in one.bells})
    if asked.number:
        return RetrieveOrdered(notice=ordered[0].notice_id)
    return RetrievesOrdered(notices=[one.notice_id for one in ordered])


@router.get("/retrieve/{notice_id}", responses=_LOOK)
def retrieved(notice_id: str, room: Here, caller: Reader) -> dict[str, Any]:
    """What came of a document so far: the notice, the events and entries, and whether more may still come; of an order,
    the same for each of its `documents`."""
    try:
        known = notice_id.isdecimal() and len(notice_id) <= len(str(LARGEST_ID))
        found = room.retrieval.result(min(int(notice_id), LARGEST_ID) if known else 0)
    except KeyError as error:
        raise Problem(problems.NOT_FOUND, f"there is no notice {notice_id}") from error
    return _plain(found)


def _plain(found: Retrieved) -> dict[str, Any]:
    return {
        "finished": found.finished,
        "text": sentence(found),
        "notice": story.plain(found.notice),
        "events": story.plain(found.events),
        "entries": story.plain(found.entries),
        "documents": [_plain(one) for one in found.documents],
    }
