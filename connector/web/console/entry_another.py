"""Trying an entry's event with another configuration: a version that was in force, or, for who may change the
configuration, a text that is pasted. Nothing is written, nobody is called."""

import json
from typing import Any

from fastapi import APIRouter, Request, Response

from connector import story
from connector.explain_known import EventUnknown
from connector.store import versions
from connector.trying import NotTried, Tried, tried
from connector.web.asked import RowId
from connector.web.console.entry_shown import viewed
from connector.web.console.pages import PageRoute, page
from connector.web.console.viewer import Form, Operator
from connector.web.problems import NOT_ALLOWED, NOT_FOUND, NOT_VALID, Problem
from connector.web.room import Here, Room

router = APIRouter(route_class=PageRoute, include_in_schema=False)

MOST_VERSIONS = 50

LONGEST = 500_000
"""Characters of a pasted configuration, at most."""

DECISIONS = {
    "deliver": "would be delivered",
    "filtered": "would be filtered",
    "errored": "would be errored",
    "superseded": "would be superseded",
}


@router.get("/{entry_id:int}/another-configuration")
def choose(request: Request, room: Here, _known: Operator, entry_id: RowId) -> Response:
    """Which configuration is to be tried."""
    return _page(request, room, entry_id)


@router.post("/{entry_id:int}/another-configuration")
def try_it(request: Request, room: Here, known: Operator, form: Form, entry_id: RowId) -> Response:
    """What would be done otherwise than by the present one."""
    pasted, version = form.text("text", LONGEST), form.text("version")
    if pasted and not known.may("admin"):
        raise Problem(NOT_ALLOWED, "only an admin may try a text that was never in force")
    text = pasted or _kept(room, version)
    _, shown = viewed(request, room, entry_id)
    try:
        found = tried(request.app.state.runtime, shown.event.id, text)
    except (NotTried, EventUnknown) as error:
        return _page(
            request, room, entry_id, text=pasted, version=version, wrong=str(error).splitlines(), status=422
        )
    return _page(request, room, entry_id, text=pasted, version=version, found=found)


def _kept(room: Room, version: str) -> str:
    if not version:
        raise Problem(NOT_VALID, "choose a version, or paste a configuration")
    with room.database.read() as tx:
        text = versions.text_of(tx, version)
    if text is None:
        raise Problem(NOT_FOUND, f"no version {version} of the configuration is kept")
    return text


def _page(
    request: Request,
    room: Room,
    entry_id: int,
    *,
    text: str = "",
    version: str = "",
    found: Tried | None = None,
    wrong: list[str] | None = None,
    status: int = 200,
) -> Response:
    _, shown = viewed(request, room, entry_id)
    with room.database.read() as tx:
        kept = versions.listed(tx, MOST_VERSIONS)
    return page(
        request,
        "entry_another.html",
        status=status,
        view=shown,
        kept=kept,
        present=request.app.state.runtime.loaded.version,
        text=text,
        chosen=version,
        found=found,
        wrong=wrong or [],
        decisions=DECISIONS,
        value=_value,
    )


def _value(value: Any) -> str:
    """A value of either side: a text as it is, the rest as JSON."""
    value = story.plain(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
