"""Signing in by a local account, signing out, and the page of one's own account."""

import structlog
from fastapi import APIRouter, Request, Response

from connector.people import NotSignedIn, People, Refused, TooManyTries
from connector.web.console.pages import PageRoute, back_to, own_page, page
from connector.web.console.viewer import (
    Anybody,
    Form,
    Viewer,
    console_of,
    forget,
    key_of,
    remember,
)

log = structlog.get_logger(__name__)

router = APIRouter(route_class=PageRoute, include_in_schema=False)


def _people(request: Request) -> People:
    found: People = request.app.state.room.people
    return found


@router.get("/sign-in", name="show_sign_in")
def show_sign_in(request: Request, known: Anybody, next: str = "/") -> Response:
    """The page, or at once what was asked for, where somebody is signed in already."""
    if known is not None:
        return back_to(own_page(next))
    return _sign_in_page(request, next)


def _sign_in_page(
    request: Request, back: str, *, status: int = 200, name: str = "", wrong: str = ""
) -> Response:
    return page(
        request,
        "sign_in.html",
        status=status,
        back=own_page(back),
        name=name,
        wrong=wrong,
        oidc=console_of(request).oidc,
        nobody=not _people(request).everyone(),
    )


@router.post("/sign-in")
def sign_in(request: Request, form: Form) -> Response:
    """With a name and a password."""
    name, back = form.text("name"), form.text("next")
    address = request.client.host if request.client else ""
    agent = request.headers.get("user-agent", "")
    try:
        key = _people(request).sign_in(name, address, form.text("password", 5000), agent)
    except TooManyTries as error:
        log.warning("console.too_many_tries", name=name, address=address)
        return _sign_in_page(request, back, status=429, name=name, wrong=str(error))
    except NotSignedIn as error:
        log.warning("console.wrong_password", name=name, address=address)
        return _sign_in_page(request, back, status=401, name=name, wrong=str(error))
    return _signed_in(request, key, back)


def _signed_in(request: Request, key: str, back: str) -> Response:
    answer = back_to(own_page(back))
    remember(request, answer, key)
    return answer


@router.post("/sign-out")
def sign_out(request: Request, _form: Form, _known: Viewer) -> Response:
    """The session is over."""
    _people(request).sign_out(key_of(request))
    answer = back_to("/sign-in", "You are signed out.")
    forget(request, answer)
    return answer


# -- one's own account -------------------------------------------------------------------------------------


@router.get("/account")
def show_account(request: Request, known: Viewer) -> Response:
    """Who I am, my sessions, my password."""
    return page(request, "account.html", sessions=_people(request).sessions(known), wrong="")


@router.post("/account/password")
def change_password(request: Request, known: Viewer, form: Form) -> Response:
    """Another password; all other sessions are over."""
    new = form.text("new", 5000)
    try:
        if new != form.text("again", 5000):
            raise Refused("the new password and its repetition are not the same")
        _people(request).change_own_password(known, form.text("old", 5000), new)
    except Refused as error:
        sessions = _people(request).sessions(known)
        return page(request, "account.html", status=422, sessions=sessions, wrong=str(error))
    return back_to("/account", "Your password is changed; all your other sessions are over.")


@router.post("/account/sign-out-everywhere")
def sign_out_everywhere(request: Request, known: Viewer, _form: Form) -> Response:
    """All other sessions are over."""
    ended = _people(request).sign_out_everywhere(known)
    return back_to("/account", f"{ended} other session{'' if ended == 1 else 's'} ended.")
