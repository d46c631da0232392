"""Errors: what is errored, grouped by its cause, each group with one thing to do; and what became of it afterwards."""

from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter, Request, Response

from connector.bulk import Outcome, Preview
from connector.bulk_notices import BulkNotices
from connector.cause_texts import Remedy
from connector.operate import Refused
from connector.people import Known
from connector.status import IllegalMove
from connector.store import Transaction, became, browse, entries, intake, lanes
from connector.store.entries import EntryRow
from connector.store.intake import NoticeRow
from connector.web.asked import RowId
from connector.web.console import rows, together
from connector.web.console.error_groups import GroupShown, filters_of, one_of, shown
from connector.web.console.pages import PageRoute, back_to, page
from connector.web.console.viewer import Form, Operator, Posted, Viewer
from connector.web.problems import NOT_FOUND, NOT_VALID, Problem

router = APIRouter(prefix="/errors", route_class=PageRoute, include_in_schema=False)

AT_ONCE = 5_000
"""Entries that are released in the same breath as their row is added; more are counted on a page of their own first."""

Action = Literal["retry", "ignore"]
Deed = Literal["retry", "ignore", "resume"]

DID = {"retry": "queued", "ignore": "ignored"}


@dataclass(frozen=True)
class Example:
    """One of a group: its address, its number and where that is, and what was said of it."""

    address: str
    number: str
    place: str
    reason: str


@router.get("")
def show(request: Request, _known: Viewer) -> Response:
    """All groups, what hurts most first, and connections that are paused."""
    room = request.app.state.room
    with room.database.read() as tx:
        groups = shown(tx, room.releasing)
        examples = {one.address: _examples(tx, one) for one in groups}
        counts = browse.counts(tx)
        paused = {row.connection: row for row in lanes.overview(tx) if row.paused}
        now = tx.now
    return page(
        request,
        "errors.html",
        groups=groups,
        examples=examples,
        counts=counts.entries,
        paused=list(paused.values()),
        now=now,
    )


def _examples(tx: Transaction, one: GroupShown) -> list[Example]:
    if one.group.kind == "notice":
        found = (intake.get_notice(tx, notice_id) for notice_id in one.group.ids)
        return [_of_notice(row) for row in found if row is not None]
    stored = entries.get(tx, one.group.ids)
    return [_of_entry(stored[entry_id]) for entry_id in one.group.ids if entry_id in stored]


def _of_entry(row: EntryRow) -> Example:
    return Example(f"/entries/{row.id}", row.source_number, f"{row.source} → {row.target}", row.reason)


def _of_notice(row: NoticeRow) -> Example:
    number = f"{row.kind} {row.number}" if row.number else f"notice {row.id}"
    return Example(f"/notices/{row.id}", number, row.connection, row.reason)


@router.post("/connections/{connection}/resume")
def resume(request: Request, known: Operator, _form: Form, connection: str) -> Response:
    """A paused connection goes on."""
    request.app.state.room.operator.resume(connection, known.name)
    return back_to("/errors", f"{connection} goes on now.")


# -- what became of it -------------------------------------------------------------------------------------


@router.get("/done/{after}-{upto}")
def show_done(request: Request, _known: Viewer, after: RowId, upto: RowId, by: str = "") -> Response:
    """What became of the entries that somebody acted on together, live until they have come to rest."""
    with request.app.state.room.database.read() as tx:
        found = became.of_lines(tx, by, after, upto)
        errored = entries.get(tx, found.errored) if found else {}
    if found is None:
        raise Problem(NOT_FOUND, "nobody did anything to several entries there")
    on_the_way = sum(found.by_status.get(one, 0) for one in ("queued", "delivering"))
    examples = [_of_entry(row) for row in errored.values()]
    return page(request, "errors_done.html", became=found, on_the_way=on_the_way, examples=examples)


# -- one group ---------------------------------------------------------------------------------------------


@router.get("/{key}")
def show_group(request: Request, _known: Viewer, key: str) -> Response:
    """Everything about one group, and the one thing to do."""
    one = one_of(request, key)
    room = request.app.state.room
    with room.database.read() as tx:
        examples, now = _examples(tx, one), tx.now
    form = rows.form_of(request, one.group.flows[0], *one.lacks[0]) if one.lacks else None
    stale = room.releasing.stale(one.group.flows) if one.means.remedy is Remedy.RELEASE else ()
    return page(
        request,
        "error_group.html",
        one=one,
        examples=examples,
        form=form,
        stale=stale,
        preview=_preview(request, one, "retry") if form and one.group.count <= AT_ONCE else None,
        cause=key,
        now=now,
    )


@router.get("/{key}/{deed}")
def show_deed(request: Request, _known: Operator, key: str, deed: Deed) -> Response:
    """What would be done to how many, before anything is."""
    one = one_of(request, key)
    stale = request.app.state.room.releasing.stale(one.group.flows) if one.group.lacking else ()
    return page(
        request,
        "error_deed.html",
        one=one,
        deed=deed,
        preview=_preview(request, one, "ignore" if deed == "ignore" else "retry"),
        stale=stale,
    )


@router.post("/{key}/{deed}")
def do(request: Request, known: Operator, form: Form, key: str, deed: Deed) -> Response:
    """Do it, to what was shown."""
    one = one_of(request, key)
    if deed == "resume":
        request.app.state.room.operator.resume(one.group.target, known.name)
    if deed != "ignore" and one.group.lacking and request.app.state.room.releasing.followed(one.group.flows):
        raise Refused(NOT_YET)
    return carried_out(request, one, "ignore" if deed == "ignore" else "retry", form, known)


NOT_YET = (
    "the running workers have not taken the configuration file over yet, so they would error again: nothing was "
    "released. They do that within seconds, unless they work with another file; look again in a moment"
)


def released(request: Request, key: str, form: Posted, known: Known, said: str) -> Response:
    """A row was added for a group: release it as it was shown, once the running processes know the row; `said` is told
    in any case."""
    one = one_of(request, key)
    if one.lacks:
        return back_to(one.address, f"{said} Another row is lacking still.")
    if not form.text("count"):
        return back_to(f"{one.address}/retry", said)
    if request.app.state.room.releasing.followed(one.group.flows):
        return back_to(one.address, f"{said} But {NOT_YET}.")
    try:
        return carried_out(request, one, "retry", form, known, said)
    except IllegalMove as error:
        return back_to(one.address, f"{said} But {error}.")


def carried_out(
    request: Request, one: GroupShown, action: Action, form: Posted, known: Known, said: str = ""
) -> Response:
    """To the page that shows what becomes of them."""
    reason = form.text("reason")
    if one.group.kind == "notice":
        outcome = _notices_carried_out(request, one, action, form, known, reason)
        return back_to("/errors", together.told(outcome, DID[action], ("notice", "notices")))
    with request.app.state.room.database.read() as tx:
        before = became.last_line(tx)
    outcome = together.carried_out(request, filters_of(one.group), action, form, known, reason)
    with request.app.state.room.database.read() as tx:
        last = became.last_line(tx)
    where = (
        f"/errors/done/{before}-{last}?by={together.quoted(known.name)}"
        if outcome.done and action == "retry"
        else "/errors"
    )
    return back_to(where, f"{said} {together.told(outcome, DID[action])}".strip())


def _notices_carried_out(
    request: Request,
    one: GroupShown,
    action: Action,
    form: Posted,
    known: Known,
    reason: str,
) -> Outcome:
    room = request.app.state.room
    try:
        confirm = together.confirm_of(form)
        outcome = BulkNotices(room.database, room.operator).carry_out(
            one.group, action, confirm, known.name, reason
        )
    except ValueError as error:
        raise Problem(NOT_VALID, str(error)) from error
    room.bells.pull(outcome.bells)
    return outcome


def _preview(request: Request, one: GroupShown, action: Action) -> Preview:
    room = request.app.state.room
    if one.group.kind == "notice":
        return BulkNotices(room.database, room.operator).preview(one.group, action)
    found: Preview = room.bulk.preview(filters_of(one.group), action)
    return found
