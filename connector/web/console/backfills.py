"""Backfills: everything that changed at a source in a time, begun, watched, and posted once it was looked at."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from connector import moments
from connector.retrieval import Backfill, NotAvailable
from connector.web.console.pages import PageRoute, back_to, page
from connector.web.console.retrieve import KINDS, asking, retrieval_of
from connector.web.console.together import carried_out, told
from connector.web.console.viewer import Form, Operator, Viewer
from connector.web.problems import NOT_FOUND, Problem

router = APIRouter(prefix="/retrieve/backfills", route_class=PageRoute, include_in_schema=False)


@router.post("")
def begin(request: Request, known: Operator, form: Form) -> Response:
    """Begin it, or find the one that was begun with the same words."""
    connection, _, kind = form.text("listed").partition(" ")
    given = {name: form.text(name) for name in ("listed", "since", "until", "then")}
    try:
        since = _moment(given["since"])
        if since is None:
            raise ValueError("say since when")
        rows, bells = retrieval_of(request).backfill(
            connection,
            since,
            _moment(given["until"]),
            [kind] if kind else [],
            known.name,
            post=given["then"] == "post",
        )
    except (NotAvailable, ValueError) as error:
        return asking(request, given, wrong=str(error), about="backfill")
    request.app.state.room.bells.pull(bells)
    return back_to(f"/retrieve/backfills/{rows[0].id}")


def _moment(text: str) -> datetime | None:
    return moments.read(text, datetime.now(UTC)) if text else None


@router.get("/{listing_id}")
def show(request: Request, known: Viewer, listing_id: str) -> Response:
    """How far it is, live; what is held can be posted."""
    backfill = _backfill(request, listing_id)
    held = retrieval_of(request).held_by(backfill) if backfill.progress.entries["held"] else ()
    posting = request.app.state.room.bulk.preview(held, "retry") if held and known.may("operator") else None
    return page(request, "backfill.html", **_shown(backfill), posting=posting, kinds=KINDS)


@router.post("/{listing_id}")
def post(request: Request, known: Operator, form: Form, listing_id: str) -> Response:
    """Post what it brought and is held, as it was shown."""
    backfill = _backfill(request, listing_id)
    held = retrieval_of(request).held_by(backfill)
    outcome = carried_out(request, held, "retry", form, known)
    return back_to(f"/retrieve/backfills/{backfill.first.id}", told(outcome, "posted"))


def _backfill(request: Request, listing_id: str) -> Backfill:
    try:
        known = listing_id.isascii() and listing_id.isdecimal() and len(listing_id) <= 18
        return retrieval_of(request).backfill_of(int(listing_id) if known else 0)
    except KeyError as error:
        raise Problem(NOT_FOUND, f"there is no backfill {listing_id}") from error


def _shown(backfill: Backfill) -> dict[str, Any]:
    progress = backfill.progress
    total = sum(progress.notices.values())
    return {
        "backfill": backfill,
        "progress": progress,
        "total": total,
        "fetched": total - progress.open,
        "going_on": not progress.finished or any(progress.entries[one] for one in ("queued", "delivering")),
    }
