"""The JSON API over the connector log: reading it, and what a person may do, under the name of their token.

The records have the shapes that `connector log … --json` prints; they are made in `connector/story.py`.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from connector import story, unrouted
from connector.operate import Done, Unknown
from connector.status import NoticeStatus
from connector.store import browse, intake, lanes
from connector.web import (
    alerts,
    audit,
    bulk,
    edit,
    errors,
    export,
    orders,
    partial,
    problems,
    resume,
    retrieve,
)
from connector.web.asked import FiltersAsked, RowCursor, StrictlyAsked, Words, listed, printable, row_number
from connector.web.auth import Operator, Reader
from connector.web.problems import Problem, documented, for_callers
from connector.web.room import Here, Room

Record = dict[str, Any]

_CALLER = for_callers()
_LIST = for_callers(problems.NOT_VALID)
_ONE = for_callers(problems.NOT_FOUND)
_MOVE = _ONE | documented(problems.ILLEGAL_MOVE, problems.NOT_VALID)

router = APIRouter(prefix="/api", tags=["log"])
router.include_router(orders.router)
router.include_router(errors.router)
router.include_router(retrieve.router)
router.include_router(resume.router)
router.include_router(partial.router)
for part in (export, bulk, edit, audit):
    router.include_router(part.router)
router.include_router(alerts.router)


# -- what is asked for -------------------------------------------------------------------------------------


class EntriesAsked(FiltersAsked):
    """Which entries, and which page of them."""

    cursor: Words = Field(default="", description="from the page before")
    limit: int = Field(default=50, ge=1, le=browse.MOST_ROWS)


class NoticesAsked(StrictlyAsked):
    """Which notices."""

    status: Annotated[list[NoticeStatus], BeforeValidator(listed)] = Field(default=[])
    connection: Words = ""
    limit: int = Field(default=50, ge=1, le=browse.MOST_ROWS)


class UnroutedAsked(StrictlyAsked):
    """Which page of them."""

    cursor: RowCursor = Field(default=None, description="from the page before")
    limit: int = Field(default=50, ge=1, le=browse.MOST_ROWS)


class IgnoreAsked(StrictlyAsked):
    """Why it is left."""

    reason: Annotated[str, AfterValidator(printable), Field(min_length=1, max_length=1000, pattern=r"\S")]


class Carried(BaseModel):
    """What was done, in a sentence."""

    done: str


# -- reading -----------------------------------------------------------------------------------------------


@router.get("/entries", responses=_LIST)
def list_entries(room: Here, _caller: Reader, asked: Annotated[EntriesAsked, Query()]) -> Record:
    """Entries, newest first; `cursor` asks for the next page, and is null on the last."""
    with room.database.read() as tx:
        try:
            page = browse.list_entries(tx, asked.filters(), limit=asked.limit, cursor=asked.cursor or None)
        except ValueError as error:
            raise Problem(problems.NOT_VALID, str(error), errors=[("query.cursor", str(error))]) from error
    return {"entries": [_without(story.plain(row), "plan") for row in page.rows], "cursor": page.cursor}


@router.get("/entries/{entry_id}", responses=_ONE)
def show_entry(entry_id: str, room: Here, _caller: Reader) -> Record:
    """One entry with all that is stored about it, and what to do next."""
    with room.database.read() as tx:
        record = browse.entry_record(tx, row_number(entry_id, "entry"))
    if record is None:
        raise Unknown(f"there is no entry {entry_id}")
    return story.entry_json(record, takes_back=room.operator.takes_back(record.entry))


@router.get("/notices", responses=_LIST)
def list_notices(room: Here, _caller: Reader, asked: Annotated[NoticesAsked, Query()]) -> Record:
    """Notices, newest first, without their payloads."""
    with room.database.read() as tx:
        rows = intake.notices(tx, status=asked.status, connection=asked.connection or None, limit=asked.limit)
    return {"notices": [_without(story.plain(row), "payload") for row in rows]}


@router.get("/notices/{notice_id}", responses=_ONE)
def show_notice(notice_id: str, room: Here, _caller: Reader) -> Record:
    """One notice with its payload (redacted) and the tries at fetching its document."""
    with room.database.read() as tx:
        record = browse.notice_record(tx, row_number(notice_id, "notice"))
    if record is None:
        raise Unknown(f"there is no notice {notice_id}")
    return story.notice_json(record)


@router.get("/unrouted", responses=_LIST)
def list_unrouted(room: Here, _caller: Reader, asked: Annotated[UnroutedAsked, Query()]) -> Record:
    """Events that no flow took, newest first, each with why; `cursor` asks for the next page, null on the last."""
    with room.database.read() as tx:
        rows = unrouted.listed(tx, asked.limit + 1, asked.cursor)
    page = rows[: asked.limit]
    cursor = page[-1].event.id if len(rows) > len(page) else None
    return {"unrouted": story.plain(page), "cursor": cursor}


@router.get("/lanes", responses=_CALLER)
def list_lanes(room: Here, _caller: Reader) -> Record:
    """Every lane: who owns it, is it paused, is its circuit open, and why."""
    with room.database.read() as tx:
        rows = lanes.overview(tx)
    return {"lanes": story.plain(list(rows))}


@router.get("/stats", responses=_CALLER)
def show_stats(room: Here, _caller: Reader) -> Record:
    """How many entries and notices stand in each status, and since when the oldest unfinished entry."""
    with room.database.read() as tx:
        counts: Record = story.plain(browse.counts(tx))
    return counts


def _without(record: Mapping[str, Any], member: str) -> Record:
    return {name: value for name, value in record.items() if name != member}


# -- acting ------------------------------------------------------------------------------------------------


@router.post("/entries/{entry_id}/retry", responses=_MOVE)
def retry_entry(entry_id: str, room: Here, caller: Operator) -> Carried:
    """Plan an entry anew and deliver what is left of it; what is done stays done."""
    return _carried(room, room.operator.retry(row_number(entry_id, "entry"), caller.name))


@router.post("/entries/{entry_id}/ignore", responses=_MOVE)
def ignore_entry(entry_id: str, asked: IgnoreAsked, room: Here, caller: Operator) -> Carried:
    """Leave an entry undelivered."""
    number = row_number(entry_id, "entry")
    return _carried(room, room.operator.ignore(number, caller.name, asked.reason))


@router.post("/entries/{entry_id}/hold", responses=_MOVE)
def hold_entry(entry_id: str, asked: partial.ReasonAsked, room: Here, caller: Operator) -> Carried:
    """Keep an entry until a person posts it, which is what retry does then."""
    number = row_number(entry_id, "entry")
    return _carried(room, room.operator.hold(number, caller.name, asked.reason))


@router.post("/notices/{notice_id}/retry", responses=_MOVE)
def retry_notice(notice_id: str, room: Here, caller: Operator) -> Carried:
    """Fetch a notice's document again."""
    number = row_number(notice_id, "notice")
    try:
        return _carried(room, room.operator.retry_notice(number, caller.name))
    except ValueError as error:  # it names no document
        raise Problem(problems.ILLEGAL_MOVE, str(error)) from error


@router.post("/notices/{notice_id}/ignore", responses=_MOVE)
def ignore_notice(notice_id: str, asked: IgnoreAsked, room: Here, caller: Operator) -> Carried:
    """Leave a notice."""
    number = row_number(notice_id, "notice")
    return _carried(room, room.operator.ignore_notice(number, caller.name, asked.reason))


@router.post("/events/{event_id}/retry", responses=_MOVE)
def retry_event(event_id: str, room: Here, caller: Operator) -> Carried:
    """Have an event routed once more that no flow took."""
    return _carried(room, room.operator.route_again([row_number(event_id, "event")], caller.name))


def _carried(room: Room, done: Done) -> Carried:
    room.bells.pull(done.bells)
    return Carried(done=done.sentence)
