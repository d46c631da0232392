"""The page of an entry: what happened and why, in full; and what can be done about it, each deed by its own page."""

from typing import Annotated, get_args

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from connector import story
from connector.acts import Act, Name
from connector.operate import Done, Refused
from connector.web.asked import RowId
from connector.web.console import entry_another, entry_edit
from connector.web.console.entry_shown import cause_of, viewed
from connector.web.console.entry_view import EntryView, audited, by
from connector.web.console.pages import SAFE, PageRoute, back_to, page
from connector.web.console.viewer import Form, Operator, Posted, Viewer
from connector.web.problems import NOT_FOUND, NOT_VALID, Problem
from connector.web.room import Here, Room

router = APIRouter(prefix="/entries", route_class=PageRoute, include_in_schema=False)
router.include_router(entry_edit.router)
router.include_router(entry_another.router)


@router.get("/{entry_id:int}")
def show_entry(
    request: Request,
    room: Here,
    known: Viewer,
    entry_id: RowId,
    form: Annotated[str, Query(alias="as")] = "page",
) -> Response:
    """One entry, top to bottom; `?as=json` is the record as the API answers it."""
    record, shown = viewed(request, room, entry_id)
    if form == "json":
        told = story.entry_json(record, takes_back=room.operator.takes_back(record.entry))
        return JSONResponse(told, headers=SAFE)
    return page(
        request,
        "entry.html",
        record=record,
        view=shown,
        cause=cause_of(room, entry_id),
        may_act=known.may("operator"),
        audited=audited,
        by=by,
    )


# -- deeds -------------------------------------------------------------------------------------------------


@router.get("/{entry_id:int}/{act}")
def ask(request: Request, room: Here, _known: Operator, entry_id: RowId, act: str) -> Response:
    """What a deed would do, and what has to be said to have it done."""
    _, shown = viewed(request, room, entry_id)
    return page(request, "entry_act.html", view=shown, act=_act(shown, act), wrong="", form=Posted({}))


@router.post("/{entry_id:int}/{act}")
def do(request: Request, room: Here, known: Operator, form: Form, entry_id: RowId, act: str) -> Response:
    """Do it, in the name of who asks."""
    _, shown = viewed(request, room, entry_id)
    wanted = _act(shown, act)
    try:
        if wanted.why_not:
            raise Refused(f"entry {entry_id} {wanted.why_not}")
        done = _done(room, wanted.name, entry_id, known.name, form)
    except (Problem, Refused) as error:
        status, text = (
            (error.status_code, str(error.detail)) if isinstance(error, Problem) else (409, str(error))
        )
        _, shown = viewed(request, room, entry_id)
        return page(
            request,
            "entry_act.html",
            status=status,
            view=shown,
            act=_act(shown, act),
            wrong=text,
            form=form,
        )
    room.bells.pull(done.bells)
    return back_to(f"/entries/{entry_id}", f"{done.sentence[:1].upper()}{done.sentence[1:]}.")


def _act(shown: EntryView, name: str) -> Act:
    found = {act.name: act for act in (*shown.possible, *shown.impossible)}
    if name not in get_args(Name) or name == "edit":
        raise Problem(NOT_FOUND, f"nothing of the name {name} can be done to an entry")
    return next(act for act in found.values() if act.name == name)


def _done(room: Room, name: Name, entry_id: int, actor: str, form: Posted) -> Done:
    operator = room.operator
    if name == "retry":
        return operator.retry(entry_id, actor)
    if name == "compare":
        return operator.compare(entry_id, actor)
    reason = form.wanted("reason", "why, for those who look at it later")
    match name:
        case "hold":
            return operator.hold(entry_id, actor, reason)
        case "ignore":
            return operator.ignore(entry_id, actor, reason)
        case "resolve":
            if not form.has("entered"):
                raise Problem(NOT_VALID, "tick that you entered the values, once you did")
            return operator.resolve(entry_id, actor, reason, unchecked=form.has("unchecked"))
        case "start-over":
            return operator.start_over(entry_id, actor, reason)
        case "reprocess":
            return operator.reprocess(entry_id, actor, reason)
        case _:
            raise Problem(NOT_FOUND, f"nothing of the name {name} can be done to an entry")
