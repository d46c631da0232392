"""What came in and has no entry: notices whose document is not fetched, one of them whole, and unrouted events."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from connector import story, unrouted
from connector.operate import Unknown
from connector.status import NOTICE_BY_HAND, NOTICE_MOVES, IllegalMove, NoticeStatus
from connector.store import browse, gauges, intake
from connector.store.intake import NoticeRow
from connector.web.asked import listed, row_number
from connector.web.console import words
from connector.web.console.pages import PageRoute, back_to, page
from connector.web.console.viewer import Form, Operator, Viewer, loaded_of
from connector.web.problems import NOT_VALID, Problem

router = APIRouter(route_class=PageRoute, include_in_schema=False)

SECTION = "/entries"
"""Where these pages stand in the navigation."""

ROWS = 100
"""Rows of one page."""

TO_DO: dict[NoticeStatus, str] = {
    NoticeStatus.RECEIVED: "Nothing: its connection is asked for the document by itself.",
    NoticeStatus.FETCHING: "Nothing: the document is being fetched.",
    NoticeStatus.RETRYING: "Nothing: it is fetched again by itself. Retry does it now.",
    NoticeStatus.ERRORED: "Put right what the reason names, then retry. If it is of no interest, ignore it.",
    NoticeStatus.COMPLETED: "Nothing: its document was fetched.",
    NoticeStatus.IGNORED: "Nothing. Retry takes it back.",
}
UNREADABLE = (
    "It names no document, so there is nothing to fetch. Have its sender corrected and have it sent again, "
    "then ignore this one."
)


@router.get("/notices")
def list_notices(request: Request, _known: Viewer, connection: str = "", cursor: str = "") -> Response:
    """Those that are not finished, unless others are asked for; newest first."""
    asked: Any = listed(request.query_params.getlist("status"))
    wrong = [one for one in asked if one not in tuple(NoticeStatus)]
    if wrong:
        raise Problem(NOT_VALID, f"there is no status {', '.join(wrong)}: {', '.join(NoticeStatus)}")
    below = row_number(cursor, "cursor") if cursor else None
    wanted = asked or [str(one) for one in gauges.OPEN_NOTICES]
    with request.app.state.room.database.read() as tx:
        rows = intake.notices(tx, status=wanted, connection=connection, limit=ROWS + 1, below=below)
        now = tx.now
    query = {"status": ",".join(asked), "connection": connection}
    return page(
        request,
        "notices.html",
        path=SECTION,
        now=now,
        rows=rows[:ROWS],
        statuses=tuple(NoticeStatus),
        wanted=wanted,
        connection=connection,
        connections=tuple(loaded_of(request).config.connections),
        query=_query(query),
        older=_older("/notices", query, rows),
        first=below is None,
    )


@router.post("/notices/act")
def act_on_notices(request: Request, known: Operator, form: Form) -> Response:
    """Retry or ignore the notices that are ticked, each by itself: what cannot be done to one is told."""
    action, ids = form.text("action"), [row_number(one, "notice") for one in form.all("id")]
    if action not in ("retry", "ignore"):
        raise Problem(NOT_VALID, "a notice can be retried or ignored")
    if not ids:
        raise Problem(NOT_VALID, "no notice is ticked: go back and tick those that are meant")
    reason = form.wanted("reason", "why they are ignored") if action == "ignore" else ""
    room, done, refused = request.app.state.room, 0, list[str]()
    for one in ids:
        try:
            made = (
                room.operator.retry_notice(one, known.name)
                if action == "retry"
                else room.operator.ignore_notice(one, known.name, reason)
            )
        except (IllegalMove, ValueError) as error:
            refused.append(str(error))
        else:
            room.bells.pull(made.bells)
            done += 1
    told = f"{words.count(done, 'notice')} {'fetched again' if action == 'retry' else 'ignored'}."
    where = f"/notices/{ids[0]}" if form.has("one") else f"/notices{_query_of(form.text('query'))}"
    return back_to(where, " ".join([told, *refused]))


@router.get("/notices/{notice_id}")
def show_notice(request: Request, notice_id: str, _known: Viewer) -> Response:
    """One notice: what was sent to us, the tries at fetching its document, and what to do next."""
    with request.app.state.room.database.read() as tx:
        record = browse.notice_record(tx, row_number(notice_id, "notice"))
    if record is None:
        raise Unknown(f"there is no notice {notice_id}")
    row = record.notice
    unreadable = row.status == NoticeStatus.ERRORED and not row.number
    return page(
        request,
        "notice.html",
        path=SECTION,
        now=record.now,
        notice=row,
        changed=story.notice_changed(record),
        attempts=record.attempts,
        to_do=UNREADABLE if unreadable else TO_DO[row.status],
        may_retry=row.status in NOTICE_BY_HAND and bool(row.number),
        may_ignore=NoticeStatus.IGNORED in NOTICE_MOVES[row.status],
    )


@router.get("/unrouted")
def list_unrouted(request: Request, _known: Viewer, cursor: str = "") -> Response:
    """Events that no flow took, newest first, each with why."""
    below = row_number(cursor, "cursor") if cursor else None
    with request.app.state.room.database.read() as tx:
        rows = unrouted.listed(tx, ROWS + 1, below)
        now = tx.now
    older = _older("/unrouted", {}, [one.event for one in rows])
    first = below is None
    return page(request, "unrouted.html", path=SECTION, now=now, rows=rows[:ROWS], older=older, first=first)


@router.post("/unrouted/route")
def route_again(request: Request, known: Operator, form: Form) -> Response:
    """Have those that are ticked routed once more, by the flows that there are now."""
    ids = [row_number(one, "event") for one in form.all("id")]
    if not ids:
        raise Problem(NOT_VALID, "no event is ticked: go back and tick those that are meant")
    done = request.app.state.room.operator.route_again(ids, known.name)
    request.app.state.room.bells.pull(done.bells)
    return back_to("/unrouted", f"{done.sentence[0].upper()}{done.sentence[1:]}.")


def _query(values: dict[str, str]) -> str:
    return urlencode({name: value for name, value in values.items() if value}, safe=",")


def _query_of(text: str) -> str:
    return f"?{text}" if text else ""


def _older(where: str, query: dict[str, str], rows: Sequence[NoticeRow] | Sequence[Any]) -> str:
    """The address of the page behind this one, where there is one."""
    return f"{where}?{_query({**query, 'cursor': str(rows[ROWS - 1].id)})}" if len(rows) > ROWS else ""
