"""`GET /api/audit`: who did what to what, newest first."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from connector import story
from connector.store import versions
from connector.web import problems
from connector.web.asked import Moment, RowCursor, StrictlyAsked, Words
from connector.web.auth import Operator
from connector.web.problems import for_callers
from connector.web.room import Here

router = APIRouter()

_REFUSED = for_callers(problems.NOT_VALID)


class AuditAsked(StrictlyAsked):
    """Which lines: an empty parameter asks for nothing."""

    actor: Words = Field(default="", description="the token, or the user of the command line")
    action: Words = Field(default="", description="as retry, or bulk ignore")
    subject: Words = Field(default="", description="as entry 12")
    since: Moment = Field(default=None, description="done at or after")
    cursor: RowCursor = Field(default=None, description="from the page before")
    limit: int = Field(default=50, ge=1, le=versions.MOST_LINES)


@router.get("/audit", responses=_REFUSED)
def read_audit(room: Here, _caller: Operator, asked: Annotated[AuditAsked, Query()]) -> dict[str, Any]:
    """Who did what; `cursor` asks for the next page, and is null on the last."""
    with room.database.read() as tx:
        page = versions.audit(tx, **dict(asked))
    return {"audit": story.plain(page.rows), "cursor": page.cursor}
