"""The data of an event, corrected by a person so that an entry of it can go on: shown as a difference, then applied.

What makes it this event stays: its document and its orders. What is done of the entry stays done.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from connector import acts, story
from connector.configuration_errors import explained
from connector.operate import Done, Outdated, Refused, Unknown
from connector.status import Status
from connector.storable import unstorable
from connector.store import Database, Transaction, contexts, corrections, entries, intake, steps, versions
from connector.store.entries import EntryRow, Move
from connector.store.intake import EventRow
from connector.work import Bell
from schemas.events import EVENT_TYPES, InventoryChanged

_KNOWN_BY = ("number", "key", "replaces", "replaced_by")
_LEVEL_KNOWN_BY = ("sku", "warehouse", "changed_at", "key")

_PATH = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


@dataclass(frozen=True)
class Change:
    """One value that would be another: JSON kinds, None where there is none."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Mistake:
    """What is wrong at a path, and what would be right."""

    path: str
    what: str


@dataclass(frozen=True)
class Edit:
    """What an edit changes, and what is wrong with it. `fingerprint` names the data that it was compared with."""

    fingerprint: str
    changes: tuple[Change, ...]
    problems: tuple[Mistake, ...]


class NotValid(ValueError):
    """The edit cannot be applied; `problems` say why."""

    def __init__(self, problems: Sequence[Mistake]) -> None:
        super().__init__("; ".join(f"{one.path}: {one.what}" if one.path else one.what for one in problems))
        self.problems = tuple(problems)


class Editing:
    """Corrects the data of the events of entries that a person may have go on."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def data_of(self, entry_id: int) -> tuple[Mapping[str, Any], str]:
        """What an edit begins with: the data, and its fingerprint; raises Unknown, Refused."""
        with self._database.read() as tx:
            _, event = _editable(tx, entry_id)
        return event.data, corrections.fingerprint(event.data)

    def preview(self, entry_id: int, new_data: object, expected: str = "") -> Edit:
        """What would change; raises Unknown, Refused, NotValid where it holds what cannot be stored or shown, and
        Outdated where the data is not that of the fingerprint `expected`."""
        with self._database.read() as tx:
            row, event = _editable(tx, entry_id)
            return _judged(tx, row, event, new_data, expected)[0]

    def apply(self, entry_id: int, new_data: object, expected: str, actor: str, reason: str) -> Done:
        """Replace the data, keep the difference in the audit, and plan the entry anew; raises Unknown, Refused,
        NotValid, Outdated."""
        with self._database.write() as tx:
            known = entries.get(tx, [entry_id]).get(entry_id)
            if known is not None:
                corrections.lock(tx, known.event_id)
            row, event = _editable(tx, entry_id, lock=True)
            edit, data = _judged(tx, row, event, new_data, expected)
            if edit.problems or not edit.changes:
                raise NotValid(edit.problems or (Mistake("", "nothing is changed: a retry does as much"),))
            corrections.correct(tx, event.id, event.document, data)
            entries.move(tx, _moves(row, actor, reason))
            changes = [asdict(one) for one in edit.changes]
            detail = {"was": row.status, "reason": reason, "event": event.id, "changes": changes}
            versions.note(tx, actor, "edit", f"entry {row.id}", detail)
            return Done(_sentence(tx, row, len(changes)), frozenset({Bell("route")}))


def _editable(tx: Transaction, entry_id: int, *, lock: bool = False) -> tuple[EntryRow, EventRow]:
    row = entries.get(tx, [entry_id], lock=lock).get(entry_id)
    if row is None:
        raise Unknown(f"there is no entry {entry_id}")
    event = intake.get_events(tx, [row.event_id])[row.event_id]
    why_not = acts.act_of(row, "edit", acts.Known(pruned=not event.data)).why_not
    if why_not:
        raise Refused(f"entry {row.id} {why_not}")
    return row, event


def _moves(row: EntryRow, actor: str, reason: str) -> list[Move]:
    """What would be tried again by itself is held first: there is no other way back to a new plan."""
    said = f"edited: {reason}"
    again = Move(row.id, Status.QUEUED, "by hand", said, actor=actor, replan=True, fresh=True)
    if row.status == Status.RETRYING:
        return [Move(row.id, Status.HELD, "by hand", said, actor=actor), again]
    return [again]


def _sentence(tx: Transaction, row: EntryRow, changed: int) -> str:
    """What becomes of it, of what is done, and of the same event on other flows, which nobody asked to have go on."""
    values = "1 value" if changed == 1 else f"{changed} values"
    told = [f"entry {row.id} is planned anew with {values} corrected"]
    done = [step.key for step in steps.of_entries(tx, [row.id]).get(row.id, ()) if step.done_at]
    if done:
        told.append(f"{', '.join(done)} is done and stays as it was written")
    others = [one for one in entries.of_events(tx, [row.event_id]) if one.id != row.id]
    told += [
        f"entry {one.id} (flow {one.flow}, {one.status}) is of the same event and left as it is, until it is planned "
        "anew"
        for one in others
    ]
    return "; ".join(told)


# -- judging -----------------------------------------------------------------------------------------------


def _judged(
    tx: Transaction, row: EntryRow, event: EventRow, new: object, expected: str
) -> tuple[Edit, Mapping[str, Any]]:
    """The edit, and the new data as it would be stored; raises NotValid where nobody could store it."""
    if wrong := [Mistake(_path(path), what) for path, what in unstorable(new)]:
        raise NotValid(wrong)
    fingerprint = corrections.fingerprint(event.data)
    if expected not in ("", fingerprint):
        raise Outdated(
            f"the data of entry {row.id} was changed since you looked, by somebody else or by {row.source}: nothing "
            "was done; look again"
        )
    model = EVENT_TYPES[event.type]
    try:
        data = model.model_validate(new).model_dump(mode="json")
    except ValidationError as error:
        mistakes = tuple(Mistake(_path(path), what) for path, what in explained(error, model))
        found = tuple(_differences(event.data, story.plain(new)))
        return Edit(fingerprint, found, mistakes), {}
    changes = tuple(_differences(_as_read(event), data))
    problems = (*_fixed(event, changes, data), *_fetched(tx, event, changes))
    return Edit(fingerprint, changes, problems), data


def _as_read(event: EventRow) -> Mapping[str, Any]:
    """The stored data with all that it leaves out; as it stands where this release cannot read it."""
    try:
        return EVENT_TYPES[event.type].model_validate(event.data).model_dump(mode="json")
    except ValidationError:
        return event.data


def _fixed(event: EventRow, changes: Sequence[Change], data: Mapping[str, Any]) -> Iterator[Mistake]:
    """What makes it this event: its document, and its orders, by which it keeps its place among others."""
    kind = EVENT_TYPES[event.type].kind
    members = _LEVEL_KNOWN_BY if event.type == InventoryChanged.type else _KNOWN_BY
    for one in changes:
        if one.path in {f"{kind}.{member}" for member in members}:
            yield Mistake(one.path, f"it is known by this: it must stay {json.dumps(one.before)}")
    before, after = _orders(event.data, kind), _orders(data, kind)
    if before != after:
        yield Mistake(kind, f"the orders that it belongs to must stay {', '.join(sorted(before)) or 'none'}")


def _orders(data: Mapping[str, Any], kind: str) -> set[str]:
    """The orders that a document names; an order itself is known by its number."""
    document = data.get(kind)
    if kind == "order" or not isinstance(document, Mapping):
        return set()
    named = [document, *(document.get("lines") or ())]
    return {str(one["order"]) for one in named if isinstance(one, Mapping) and one.get("order")}


def _fetched(tx: Transaction, event: EventRow, changes: Sequence[Change]) -> Iterator[Mistake]:
    """Orders that were fetched stand beside the event, and go before those that came with it."""
    if "order" in contexts.context_of(tx, [event.id]).get(event.id, {}):
        what = f"it was fetched from {event.source}, which goes before what stands here: correct it there"
        yield from (Mistake(one.path, what) for one in changes if one.path.startswith("orders["))


def _differences(before: Any, after: Any, path: str = "") -> Iterator[Change]:
    """Each value that differs, by its path; what is there on one side only is told value by value too."""
    old, new = _members(before), _members(after)
    if old is None and new is None:
        if before != after:
            yield Change(path, before, after)
        return
    if not old and not new:
        return
    for key in dict.fromkeys((*(old or {}), *(new or {}))):
        below = _path((key,)) if not path else path + (f"[{key}]" if isinstance(key, int) else f".{key}")
        yield from _differences((old or {}).get(key), (new or {}).get(key), below)


def _members(value: Any) -> Mapping[str | int, Any] | None:
    if isinstance(value, Mapping):
        return value
    return dict(enumerate(value)) if isinstance(value, list | tuple) else None


def _path(parts: Sequence[str | int]) -> str:
    """`shipment.lines[0].quantity`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).removeprefix(".")


# -- editing by paths --------------------------------------------------------------------------------------


def with_values(data: Mapping[str, Any], values: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The data with other values at these paths (`shipment.lines[0].quantity`); raises ValueError for a path that leads
    nowhere. A value is a text, which the model reads; or JSON, where it is null or begins with {, [ or a quote."""
    found: dict[str, Any] = deepcopy(dict(data))
    for path, text in values:
        _set(found, path, _value(text))
    return found


def _set(data: dict[str, Any], path: str, value: Any) -> None:
    parts: list[str | int] = [int(index) if index else name for name, index in _PATH.findall(path)]
    if not parts or _path(parts) != path:
        raise ValueError(f"{path!r} is no path: write it as shipment.lines[0].quantity")
    here: Any = data
    for part, following in zip(parts, [*parts[1:], None], strict=True):
        if isinstance(part, str) and not isinstance(here, dict):
            raise ValueError(f"{path}: there is no {part} in it")
        if isinstance(part, int) and not (isinstance(here, list) and part <= len(here)):
            raise ValueError(f"{path}: there is no [{part}] in it")
        if isinstance(here, list) and part == len(here):
            here.append(None)
        if following is None:
            here[part] = value
            return
        below = here.get(part) if isinstance(here, dict) else here[part]
        if below is None:
            below = here[part] = {} if isinstance(following, str) else []
        here = below


def _value(text: str) -> Any:
    is_json = text == "null" or text.startswith(("{", "[", '"'))
    return json.loads(text, parse_float=Decimal) if is_json else text
