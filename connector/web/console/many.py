"""One act on many entries: first a page that says to what it would be done, then, once confirmed, what was done."""

from fastapi import APIRouter, Request, Response

from connector.bulk import ACTIONS, Action, Chosen, Confirm, ConfirmMismatch, Refusal
from connector.web.asked import LARGEST_ID, row_number
from connector.web.console import words
from connector.web.console.asking import Asked
from connector.web.console.entries import address, meant_by
from connector.web.console.pages import PageRoute, back_to, page
from connector.web.console.viewer import Form, Operator, Posted
from connector.web.problems import NOT_VALID, Problem

router = APIRouter(route_class=PageRoute, include_in_schema=False)

DOES: dict[Action, tuple[str, str, str]] = {
    "retry": (
        "Retry",
        "What is left of them is planned anew and delivered. What is held is posted, what is filtered decided again.",
        "retried",
    ),
    "ignore": ("Ignore", "Nothing more of them is sent. Retry takes that back.", "ignored"),
    "start-over": (
        "Start over",
        "All of them is looked for at the target again: what stands is kept, what was deleted there is made anew.",
        "started over",
    ),
}
"""What each act is called, does, and did."""


@router.post("/entries/bulk")
def preview(request: Request, _known: Operator, form: Form) -> Response:
    """What would be done, and to what: nothing is done yet."""
    return _preview(request, form)


def _preview(request: Request, form: Posted, *, changed: str = "", wrong: str = "") -> Response:
    action, asked, chosen = _action(form), Asked.read(form.text("query", most=4000)), _chosen(request, form)
    try:
        found = request.app.state.room.bulk.preview(chosen, action)
    except ValueError as error:
        raise Problem(NOT_VALID, str(error)) from error
    label, does, _ = DOES[action]
    return page(
        request,
        "many.html",
        status=409 if changed else 422 if wrong else 200,
        action=action,
        called=label,
        does=does,
        found=found,
        asked=asked,
        back=address(asked),
        ids=chosen if isinstance(chosen, tuple) else (),
        reason=form.text("reason"),
        changed=changed,
        wrong=wrong,
    )


@router.post("/entries/bulk/confirm")
def carry_out(request: Request, known: Operator, form: Form) -> Response:
    """Do it, where what was previewed is still so; else it is previewed anew."""
    action, chosen, reason = _action(form), _chosen(request, form), form.text("reason")
    confirm = Confirm(
        _number(form, "count"), _number(form, "upto"), form.wanted("digest", "what was previewed")
    )
    if action != "retry" and not reason:
        return _preview(request, form, wrong="Say why, for whoever asks later.")
    try:
        outcome = request.app.state.room.bulk.carry_out(chosen, action, confirm, known.name, reason)
    except ConfirmMismatch as error:
        return _preview(request, form, changed=str(error))
    request.app.state.room.bells.pull(outcome.bells)
    told = f"{words.count(outcome.done, 'entry', 'entries')} {DOES[action][2]}{_left(outcome.refused)}."
    return back_to(address(Asked.read(form.text("query", most=4000))), told)


def _left(refused: tuple[Refusal, ...]) -> str:
    if not refused:
        return ""
    why = ", ".join(f"{words.count(one.entries)} that {one.reason}" for one in refused)
    return f"; left as they are: {why}"


def _action(form: Posted) -> Action:
    wanted = form.text("action")
    if wanted not in ACTIONS:
        raise Problem(NOT_VALID, f"there is no act {wanted or 'without a name'}: {', '.join(ACTIONS)}")
    return wanted


def _chosen(request: Request, form: Posted) -> Chosen:
    """Those that were ticked, or all that the filters mean."""
    if form.text("which") != "all":
        ids = tuple(row_number(one, "entry") for one in form.all("id"))
        if not ids:
            raise Problem(NOT_VALID, "no entry is ticked: go back and tick those that are meant")
        return ids
    with request.app.state.room.database.read() as tx:
        return meant_by(request, tx, Asked.read(form.text("query", most=4000))).filters


def _number(form: Posted, name: str) -> int:
    text = form.text(name, most=19)
    if not (text.isascii() and text.isdecimal() and int(text) <= LARGEST_ID):
        raise Problem(NOT_VALID, "what was previewed is not said: open the list again")
    return int(text)
