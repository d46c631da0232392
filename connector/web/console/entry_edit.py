"""Correcting the data of an entry's event: as fields or as JSON, then what would change, then applied and retried."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from connector.editing import Edit, Mistake, NotValid, with_values
from connector.store.numbers import kind_of
from connector.web.asked import RowId
from connector.web.console.entry_shown import viewed
from connector.web.console.pages import PageRoute, back_to, page
from connector.web.console.viewer import Form, Operator, Posted
from connector.web.console.words import pretty
from connector.web.problems import Problem
from connector.web.room import Here, Room

router = APIRouter(route_class=PageRoute, include_in_schema=False)

MOST_FIELDS = 600
"""A document of more values is edited as JSON alone."""

LONGEST = 900_000
"""Characters of a document in a form, at most."""

_PATH = "at:"
"""How the names of fields of a document begin in the form."""


@dataclass(frozen=True)
class Field:
    """One value of the document: its path (`shipment.lines[0].sku`), its name within its group, and how it stands."""

    path: str
    name: str
    text: str


@dataclass(frozen=True)
class Group:
    """Values that stand together: those of the document itself, of one of its lines, of an address."""

    title: str
    fields: tuple[Field, ...]


@router.get("/{entry_id:int}/edit")
def show_edit(request: Request, room: Here, _known: Operator, entry_id: RowId) -> Response:
    """The data to be edited."""
    data, fingerprint = room.editing.data_of(entry_id)
    return _form(request, room, entry_id, fingerprint, pretty(data), data)


@router.post("/{entry_id:int}/edit/again")
def edit_again(request: Request, room: Here, _known: Operator, form: Form, entry_id: RowId) -> Response:
    """The same form with what was edited so far, as it was sent to be looked at."""
    text, fingerprint = form.text("data", LONGEST), form.text("fingerprint")
    try:
        data = _parsed(text)
    except ValueError as error:
        return _form(request, room, entry_id, fingerprint, text, wrong=str(error))
    return _form(request, room, entry_id, fingerprint, pretty(data), data, carried=text)


@router.post("/{entry_id:int}/edit/preview")
def preview(request: Request, room: Here, _known: Operator, form: Form, entry_id: RowId) -> Response:
    """What would change, and what is wrong with it; nothing is done."""
    text, carried, fingerprint = (
        form.text("json", LONGEST),
        form.text("data", LONGEST),
        form.text("fingerprint"),
    )
    stored, _ = room.editing.data_of(entry_id)
    data: Mapping[str, Any] = {}
    try:
        if form.has("as-json"):
            wanted = _parsed(text)
        else:
            data = _parsed(carried) if carried else stored
            text = pretty(data)
            wanted = with_values(data, _changed(data, form))
        edit = room.editing.preview(entry_id, wanted, fingerprint)
    except ValueError as error:
        return _form(
            request, room, entry_id, fingerprint, text, data, carried=carried, typed=form, wrong=str(error)
        )
    return _changes(request, room, entry_id, edit, json.dumps(wanted, ensure_ascii=False, default=str))


@router.post("/{entry_id:int}/edit")
def apply(request: Request, room: Here, known: Operator, form: Form, entry_id: RowId) -> Response:
    """Put it under the event, and have the entry go on."""
    text, fingerprint = form.text("data", LONGEST), form.wanted("fingerprint", "what was edited")
    try:
        wanted = _parsed(text)
        edit = room.editing.preview(entry_id, wanted, fingerprint)
    except ValueError as error:
        return _form(request, room, entry_id, fingerprint, text, wrong=str(error))
    try:
        reason = form.wanted("reason", "why, for those who look at it later")
        done = room.editing.apply(entry_id, wanted, fingerprint, known.name, reason)
    except (NotValid, Problem) as error:
        wrong = str(error.detail) if isinstance(error, Problem) else str(error)
        return _changes(request, room, entry_id, edit, text, wrong=wrong, status=422)
    room.bells.pull(done.bells)
    return back_to(f"/entries/{entry_id}", f"{done.sentence[:1].upper()}{done.sentence[1:]}.")


def _parsed(text: str) -> dict[str, Any]:
    """The JSON of the whole data; raises ValueError."""
    try:
        found = json.loads(text, parse_float=str)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"this is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise ValueError("the data must be one JSON object")
    return found


def _form(
    request: Request,
    room: Room,
    entry_id: int,
    fingerprint: str,
    text: str,
    data: Mapping[str, Any] | None = None,
    *,
    carried: str = "",
    typed: Posted | None = None,
    wrong: str = "",
) -> Response:
    """Data to be edited, as fields and as its JSON `text`; as JSON alone where there is no `data`. `carried` is that of
    an earlier edit, which the fields are about; `typed` are the fields as they were sent."""
    _, shown = viewed(request, room, entry_id)
    found = tuple(groups(data or {}, kind_of(shown.entry.type), typed or Posted({})))
    fits = sum(len(group.fields) for group in found) <= MOST_FIELDS
    return page(
        request,
        "entry_edit.html",
        status=422 if wrong else 200,
        view=shown,
        groups=found if fits else (),
        prefix=_PATH,
        fingerprint=fingerprint,
        text=text,
        carried=carried,
        wrong=wrong,
    )


def _changes(
    request: Request, room: Room, entry_id: int, edit: Edit, data: str, *, wrong: str = "", status: int = 200
) -> Response:
    _, shown = viewed(request, room, entry_id)
    mistakes: Sequence[Mistake] = edit.problems
    return page(
        request,
        "entry_edit_changes.html",
        status=422 if mistakes else status,
        view=shown,
        edit=edit,
        data=data,
        wrong=wrong,
    )


# -- the document as fields --------------------------------------------------------------------------------


def groups(data: Mapping[str, Any], kind: str, typed: Posted) -> Iterator[Group]:
    """Every value of the data in groups, the document's own first, as it was typed where it was; empty lists and
    objects have no values."""
    found: dict[str, list[Field]] = {kind: []}
    for path, value in _leaves(data):
        parent, _, name = path.rpartition(".")
        owner = parent or path
        sent = typed.has(_PATH + path)
        text = _lines(typed.text(_PATH + path, LONGEST)) if sent else _shown(value)
        found.setdefault(owner, []).append(Field(path, name, text))
    yield from (Group(title, tuple(fields)) for title, fields in found.items() if fields)


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, member in value.items():
            yield from _leaves(member, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _leaves(member, f"{path}[{index}]")
    else:
        yield path, value


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)


def _changed(data: Mapping[str, Any], form: Posted) -> list[tuple[str, str]]:
    """The paths whose fields were changed, with what was typed, as `with_values` takes it."""
    changed = []
    for path, value in _leaves(data):
        if not form.has(_PATH + path):
            continue
        typed = _lines(form.text(_PATH + path, LONGEST))
        if typed != _lines(_shown(value)).strip():
            changed.append((path, _spelled(typed, value)))
    return changed


def _lines(text: str) -> str:
    """Browsers send lines of a form with a carriage return."""
    return text.replace("\r\n", "\n")


def _spelled(typed: str, was: Any) -> str:
    """A text to the letter, where it could be taken for JSON; what was emptied, and was no text, has no value."""
    if not typed and not isinstance(was, str):
        return "null"
    return json.dumps(typed) if typed == "null" or typed.startswith(("{", "[", '"')) else typed
