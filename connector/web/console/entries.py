"""The list of entries: filters as an address that can be shared, saved views, pages, and the same as a file."""

from typing import get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from connector import exporting
from connector.people import Known
from connector.status import Status
from connector.store import Transaction, browse, versions, views
from connector.store.browse import Filters
from connector.store.views import TooMany, ViewRow
from connector.web.asked import row_number
from connector.web.console.asking import Asked, Choices, Judged, judged
from connector.web.console.pages import SAFE, PageRoute, back_to, page
from connector.web.console.viewer import Form, Posted, Viewer, loaded_of
from connector.web.problems import NOT_ALLOWED, NOT_FOUND, NOT_VALID, Problem

router = APIRouter(route_class=PageRoute, include_in_schema=False)

ROWS = 100
"""Entries of one page."""

COUNTED = 1_000
"""So far it is counted how many match; beyond that it is only told that there are more."""

_MEDIA = {"csv": "text/csv; charset=utf-8; header=present", "json": "application/json"}


@router.get("/entries")
def list_entries(request: Request, known: Viewer) -> Response:
    """A page of the list; where something of the filters is wrong, the form as it was filled in, and no entries."""
    asked = Asked.of(request.query_params.multi_items())
    cursor = request.query_params.get("cursor") or None
    with request.app.state.room.database.read() as tx:
        choices = Choices.of(tx, loaded_of(request).config)
        meant = judged(asked, choices, tx.now)
        wrong = dict(meant.wrong)
        found, matching = browse.Page((), None), browse.Counted(0, more=False)
        if not wrong:
            try:
                found = browse.list_entries(tx, meant.filters, limit=ROWS, cursor=cursor)
            except ValueError as error:
                wrong[""] = str(error)
            else:
                matching = _matching(tx, meant.filters, found, cursor)
        saved = views.seen_by(tx, known.name)
        now = tx.now
    return page(
        request,
        "entries.html",
        status=422 if wrong else 200,
        now=now,
        asked=asked,
        choices=choices,
        statuses=tuple(Status),
        wrong=wrong,
        rows=found.rows,
        older=address(asked, cursor=found.cursor) if found.cursor else "",
        newest=address(asked),
        first=cursor is None,
        matching=matching,
        views=saved,
    )


def _matching(tx: Transaction, filters: Filters, found: browse.Page, cursor: str | None) -> browse.Counted:
    """How many there are: of a short list, what is seen; of the whole log nobody asks."""
    if cursor is None and found.cursor is None:
        return browse.Counted(len(found.rows), more=False)
    return (
        browse.Counted(0, more=True) if filters == Filters() else browse.count_entries(tx, filters, COUNTED)
    )


def address(asked: Asked, **more: str) -> str:
    """The list's address with these filters."""
    query = "&".join(part for part in (asked.query, urlencode(more)) if part)
    return f"/entries?{query}" if query else "/entries"


def meant_by(request: Request, tx: Transaction, asked: Asked) -> Judged:
    """What filters mean that come with a form, or of which a file is wanted; raises Problem where they are wrong."""
    meant = judged(asked, Choices.of(tx, loaded_of(request).config), tx.now)
    if meant.wrong:
        said = "; ".join(f"{name}: {text}" if name else text for name, text in meant.wrong.items())
        raise Problem(NOT_VALID, said)
    return meant


@router.get("/entries/export")
def export(request: Request, _known: Viewer, format: str = "csv") -> Response:
    """Exactly what is filtered, all pages of it, as one file; one that breaks off was cut off by a failure."""
    if format not in get_args(exporting.Format):
        raise Problem(NOT_VALID, f"there is no format {format}: a file is {' or '.join(exporting.FORMATS)}")
    database = request.app.state.room.database
    with database.read() as tx:
        filters = meant_by(request, tx, Asked.of(request.query_params.multi_items())).filters
    form: exporting.Format = "json" if format == "json" else "csv"
    name = f'attachment; filename="entries.{form}"'
    return StreamingResponse(
        exporting.export(database, filters, form),
        media_type=_MEDIA[form],
        headers={**SAFE, "Content-Disposition": name},
    )


# -- saved views; what others see stands in the audit --------------------------------------------------------


@router.post("/views")
def save_view(request: Request, known: Viewer, form: Form) -> Response:
    """These filters under a name; relative times stay so."""
    name, shared = form.wanted("name", "what the view is called", most=80), _shared(known, form)
    asked = Asked.read(form.text("query", most=4000))
    with request.app.state.room.database.write() as tx:
        meant_by(request, tx, asked)
        try:
            new = views.save(tx, known.name, name, asked.query, shared=shared)
        except TooMany as error:
            raise Problem(NOT_VALID, str(error)) from error
        if shared:
            versions.note(tx, known.name, "share view", f"view {name}", {"query": asked.query})
    return back_to(address(asked), f"View {name} is {'saved' if new else 'changed'}.")


def _shared(known: Known, form: Posted) -> bool:
    if form.has("shared") and not known.may("operator"):
        raise Problem(NOT_ALLOWED, "what everybody sees needs the role operator; save it for yourself")
    return form.has("shared")


@router.post("/views/{view_id}/share")
def share_view(request: Request, view_id: str, known: Viewer, form: Form) -> Response:
    """Show one's view to everybody, or no longer."""
    shared = _shared(known, form)
    with request.app.state.room.database.write() as tx:
        row = _own(tx, view_id, known)
        views.share(tx, row.id, shared=shared)
        action = "share view" if shared else "unshare view"
        versions.note(tx, known.name, action, f"view {row.name}", {"query": row.query})
    told = f"View {row.name} is seen by {'everybody' if shared else 'nobody but you'} now."
    return back_to(address(Asked.read(row.query)), told)


@router.post("/views/{view_id}/delete")
def delete_view(request: Request, view_id: str, known: Viewer, _form: Form) -> Response:
    """Forget one's own view; an admin also those that others share."""
    with request.app.state.room.database.write() as tx:
        row = _own(tx, view_id, known)
        views.delete(tx, row.id)
        if row.shared:
            versions.note(tx, known.name, "delete view", f"view {row.name}", {"owner": row.owner})
    return back_to(address(Asked.read(row.query)), f"View {row.name} is deleted.")


def _own(tx: Transaction, view_id: str, known: Known) -> ViewRow:
    row = views.get(tx, row_number(view_id, "view"))
    theirs = row is not None and (row.owner == known.name or (row.shared and known.may("admin")))
    if row is None or not theirs:
        raise Problem(NOT_FOUND, "there is no such view of yours")
    return row
