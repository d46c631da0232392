"""The page of who did what to what, newest first, with filters in its address."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from connector.store import versions
from connector.web.asked import StrictlyAsked, Words
from connector.web.console.pages import PageRoute, page
from connector.web.console.viewer import Operator
from connector.web.problems import NOT_VALID, Problem
from connector.web.room import Here

router = APIRouter(prefix="/audit", route_class=PageRoute, include_in_schema=False)


class AuditWanted(StrictlyAsked):
    """Which lines: an empty field asks for nothing."""

    actor: Words = ""
    action: Words = ""
    subject: Words = ""
    cursor: Words = ""

    def older(self, cursor: int) -> str:
        """The address of the page behind this one."""
        asked = {name: value for name, value in self if value and name != "cursor"}
        return "/audit?" + urlencode({**asked, "cursor": cursor})


@router.get("")
def show_audit(
    request: Request, room: Here, _known: Operator, asked: Annotated[AuditWanted, Query()]
) -> Response:
    """Fifty lines of it."""
    if asked.cursor and not (asked.cursor.isdecimal() and len(asked.cursor) <= 18):
        raise Problem(NOT_VALID, f"{asked.cursor!r} is no place in the audit: begin at its first page")
    cursor = int(asked.cursor) if asked.cursor else None
    with room.database.read() as tx:
        found = versions.audit(
            tx, actor=asked.actor, action=asked.action, subject=asked.subject, cursor=cursor
        )
    older = asked.older(found.cursor) if found.cursor else ""
    return page(request, "audit.html", rows=found.rows, asked=asked, older=older)
