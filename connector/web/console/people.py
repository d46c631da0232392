"""The page of accounts and of tokens for the API, for admins."""

from collections.abc import Callable
from typing import get_args

from fastapi import APIRouter, Request, Response

from connector.people import Refused
from connector.web.asked import RowId
from connector.web.console.pages import PageRoute, back_to, page
from connector.web.console.viewer import Admin, Form, Posted
from connector.web.problems import NOT_VALID, Problem
from connector.web.room import Here, Room
from schemas.console import ROLES, Role
from schemas.events import EventType

router = APIRouter(prefix="/people", route_class=PageRoute, include_in_schema=False)

SCOPES = ("read", "operate", "configure", "publish")


@router.get("")
def show_people(request: Request, room: Here, _admin: Admin) -> Response:
    """Who may sign in, and which tokens there are."""
    return _page(request, room)


def _page(request: Request, room: Room, *, wrong: str = "", token: str = "", name: str = "") -> Response:
    config = request.app.state.runtime.loaded.config
    return page(
        request,
        "people.html",
        status=422 if wrong else 200,
        people=room.people.everyone(),
        tokens=room.tokens.listed(),
        configured=sorted(config.tokens.items()),
        connections=sorted(config.connections),
        types=get_args(EventType),
        roles=ROLES,
        scopes=SCOPES,
        wrong=wrong,
        made=token,
        made_name=name,
    )


def _role(form: Posted) -> Role:
    given = form.text("role")
    for role in ROLES:
        if role == given:
            return role
    raise Problem(NOT_VALID, f"there is no role {given!r}: choose one of {', '.join(ROLES)}")


@router.post("")
def add_person(request: Request, room: Here, admin: Admin, form: Form) -> Response:
    """A new account."""
    name, role = form.text("name", 128), _role(form)
    try:
        room.people.add(name, role, form.text("password", 5000), admin.name)
    except Refused as error:
        return _page(request, room, wrong=str(error))
    return back_to("/people", f"{name} may sign in as {role}.")


@router.post("/change")
def change_person(request: Request, room: Here, admin: Admin, form: Form) -> Response:
    """Another role, another password, shut out, or let in again."""
    name, deed = form.text("name", 128), form.text("deed")
    deeds: dict[str, tuple[Callable[[], object], str]] = {
        "role": (lambda: room.people.set_role(name, _role(form), admin.name), "has another role now"),
        "password": (
            lambda: room.people.set_password(name, form.text("password", 5000), admin.name),
            "has another password now; all of their sessions are over",
        ),
        "disable": (lambda: room.people.set_disabled(name, True, admin.name), "cannot sign in any more"),
        "enable": (lambda: room.people.set_disabled(name, False, admin.name), "can sign in again"),
    }
    if deed not in deeds:
        raise Problem(NOT_VALID, f"there is nothing like {deed!r} to be done to an account")
    act, said = deeds[deed]
    try:
        act()
    except Refused as error:
        return _page(request, room, wrong=str(error))
    return back_to("/people", f"{name} {said}.")


@router.post("/tokens")
def make_token(request: Request, room: Here, admin: Admin, form: Form) -> Response:
    """A new token, which this page alone shows."""
    name, days = form.text("name", 63), form.text("days", 5)
    if days and not (days.isascii() and days.isdecimal() and 1 <= int(days) <= 3650):
        return _page(request, room, wrong="a token lasts from 1 to 3650 days")
    try:
        key = room.tokens.make(
            name,
            form.all("scopes"),
            admin.name,
            sources=form.all("sources"),
            types=form.all("types"),
            days=int(days) if days else None,
        )
    except Refused as error:
        return _page(request, room, wrong=str(error))
    return _page(request, room, token=key, name=name)


@router.post("/tokens/{token_id}/revoke")
def revoke_token(token_id: RowId, request: Request, room: Here, admin: Admin, _form: Form) -> Response:
    """It is valid no more."""
    try:
        name = room.tokens.revoke(token_id, admin.name)
    except Refused as error:
        return _page(request, room, wrong=str(error))
    return back_to("/people", f"The token {name} is valid no more.")
