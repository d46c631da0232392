"""Changing the configuration file by the smallest edit: a row of a value table, a flow's mode, a condition's text.

Pure. A change is offered as an `Amendment` only where the new text loads, and where nothing but the wanted thing
differs from the old one. Writing it is `configuration_file.py`; how YAML is edited, `yaml_edit.py`.
"""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, get_args

from connector import yaml_edit
from connector.configuration import Loaded, version_of
from connector.mapping import TABLES
from connector.suggestion import nearest
from connector.yaml_edit import New, NotEditable
from connector.yaml_secrets import masked
from connector.yaml_tree import Path, Tree, read, spelled
from schemas.config import CarrierService, Config, Flow, Mode, SharedTable, ShipViaTable
from schemas.table_rows import Entry, Row, carrier, right_of
from schemas.value_tables import FlowTable

Load = Callable[[str], Loaded]
"""Reads a text as the configuration file is read; raises ConfigError."""

BECOMES = "becomes"
"""The one field of a row whose right side is a text alone."""

_LABELS = {
    "code": "shipping method, by its code at the target",
    "carrier_code": "carrier, by its code at the target",
    "title": "carrier, as people read it",
}
_MODES: tuple[Mode, ...] = get_args(Mode)


class NotAmended(Exception):
    """The change cannot be offered; the text says why, and what can be done."""


@dataclass(frozen=True)
class Amendment:
    """One change of the file, not made yet: the texts before and after, their difference in lines, the line (from 1)
    and keys of what is new, a sentence of what it does, and what else is to be known of it."""

    before: str
    after: str
    diff: str
    line: int
    path: str
    sentence: str
    notes: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Names the text that it changes."""
        return version_of(self.before)


@dataclass(frozen=True)
class FieldWanted:
    """One field of the form for a row. `choices` are what other rows say there; another text is taken too."""

    name: str
    label: str
    required: bool
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Suggestion:
    """A row like the one that lacks: its value, and its fields."""

    value: str
    fields: Mapping[str, str]


# -- what a row needs --------------------------------------------------------------------------------------


def fields_of(config: Config, flow: str, table: str, *, own: bool = False) -> tuple[FieldWanted, ...]:
    """What a new row of a flow's table must and may say; `own`: in the flow, though it uses a shared table.

    Raises NotAmended for an unknown flow or table.
    """
    place = _place(config, flow, table, own)
    rows = [entry.row for entry in place.table.entries]
    label = f"{table.replace('_', ' ')} at {place.flow.target}"
    if table != "ship_via":
        said = {entry.name if place.reversed else right_of(entry.row) for entry in place.table.entries}
        return (FieldWanted(BECOMES, label, required=True, choices=_choices(said)),)
    needed = {member for one in place.users for member in _needed(config, one)}
    if place.reversed:  # what others need of the row, who read it from left to right
        known = _choices({entry.name for entry in place.table.entries})
        others = [name for name in _LABELS if name in needed - {"code"}]
        more = [FieldWanted(name, f"for other flows: {_LABELS[name]}", required=True) for name in others]
        return (FieldWanted("code", label, required=True, choices=known), *more)
    told = {name for row in rows for name, text in carrier(row) if text}
    usual = {"code"} if place.flow.event.startswith("order.") else {"carrier_code", "title"}
    return tuple(
        FieldWanted(name, label, name in needed, _choices({str(getattr(carrier(row), name)) for row in rows}))
        for name, label in _LABELS.items()
        if name in (needed | told or usual)
    )


def suggested(config: Config, flow: str, table: str, value: str, most: int = 3) -> tuple[Suggestion, ...]:
    """The rows whose values are most like this one, the nearest first."""
    place = _place(config, flow, table, own=False)
    joined = place.own.joined(config.tables)
    entries = [*joined.entries, *(entry for _, entry in joined.shared_entries())]
    by_name = {entry.value.strip().casefold(): entry for entry in entries}
    near = difflib.get_close_matches(value.strip().casefold(), list(by_name), n=most, cutoff=0.5)
    return tuple(Suggestion(by_name[name].value, fields_in(table, by_name[name].row)) for name in near)


def fields_in(table: str, row: Row) -> dict[str, str]:
    """What a row says, by the names of the form."""
    if table != "ship_via":
        return {BECOMES: right_of(row)}
    return {name: text for name, text in carrier(row) if text}


def _needed(config: Config, flow: Flow) -> tuple[str, ...]:
    return config.connections[flow.target].ship_via_members(flow.event)


def _choices(said: set[str]) -> tuple[str, ...]:
    return tuple(sorted(said - {""}))


# -- a row -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Place:
    """Where a row of a flow's table belongs: a table of the file, its keys there, the flows that it serves.

    `own` is the flow's table, not joined; `users` are the flows that read it from left to right, `sharing` the names of
    all that use it; `reversed`: what a value becomes is the left side there.
    """

    flow: Flow
    own: FlowTable
    table: SharedTable | FlowTable
    path: Path
    users: tuple[Flow, ...]
    sharing: tuple[str, ...] = ()
    reversed: bool = False


def propose(
    load: Load,
    text: str,
    flow: str,
    table: str,
    value: str,
    row: Mapping[str, str],
    *,
    own: bool = False,
    name: str = "connector.yaml",
) -> Amendment:
    """One row more, in the shared table where the flow uses one, unless `own`. `row` holds the fields of `fields_of`.

    Raises ConfigError with the loader's words where the text before or after does not load, NotAmended otherwise.
    """
    config = load(text).config
    place, value = _place(config, flow, table, own), value.strip()
    wanted = fields_of(config, flow, table, own=own)
    said = _said(wanted, {field: each.strip() for field, each in row.items()})
    left, right, becomes = value, _right(place, table, said), said
    if place.reversed:
        left, right, becomes = _turned(place, said, value)
    path = (*place.path, *_rows_key(place, left))
    options = _options(place.table)
    after = _edited(lambda: yaml_edit.with_member(text, path, left, right, lambda key: key not in options))
    loaded = _checked(load, text, after, (*path, left), right)
    answer = getattr(loaded.flows[flow].flow.mapping, table).answer(value)
    if answer is None or fields_in(table, answer.row) != becomes:
        by = "nothing" if answer is None else answer.rule
        raise NotAmended(f"with the row {value!r} would be answered by {by} still: change that by hand")
    return _amendment(
        text,
        after,
        (*path, left),
        name,
        f"{table} {value!r} of flow {flow} becomes {_listed(becomes)}",
        _notes(place, table, flow),
    )


def _place(config: Config, flow_name: str, table: str, own: bool) -> _Place:
    index = _flow_index(config, flow_name)
    if table not in TABLES:
        raise NotAmended(nearest(f"there is no table {table!r}", table, TABLES))
    flow = config.flows[index]
    mine: FlowTable = getattr(flow.mapping, table)
    if mine.use is None or own:
        return _Place(flow, mine, mine, ("flows", index, "mapping", table), (flow,))
    uses = [(one, each.backwards) for one in config.flows for _, each in one.mapping if each.use == mine.use]
    return _Place(
        flow,
        mine,
        config.tables[mine.use],
        ("tables", mine.use),
        users=tuple(one for one, backwards in uses if not backwards),
        sharing=tuple(sorted({one.name for one, _ in uses})),
        reversed=mine.backwards,
    )


def _flow_index(config: Config, name: str) -> int:
    names = [flow.name for flow in config.flows]
    if name not in names:
        raise NotAmended(nearest(f"there is no flow {name!r}", name, names))
    return names.index(name)


def _said(wanted: Sequence[FieldWanted], row: Mapping[str, str]) -> dict[str, str]:
    known = [field.name for field in wanted]
    for name in row:
        if name not in known:
            raise NotAmended(f"a row has no {name} here: it has {', '.join(known)}")
    missing = [field.name for field in wanted if field.required and not row.get(field.name)]
    said = {name: row[name] for name in known if row.get(name)}
    if missing or not said:
        raise NotAmended(f"a row must say {', '.join(missing or known)}")
    return said


def _right(place: _Place, table: str, said: Mapping[str, str]) -> New:
    """The right side: a text alone where only a text can stand, or where the neighbours say no more than a code."""
    if table != "ship_via":
        return said[BECOMES]
    neighbours = [entry.row for entry in place.table.entries]
    alone = said.keys() == {"code"} and bool(neighbours) and all(isinstance(row, str) for row in neighbours)
    return said["code"] if alone else said


def _turned(place: _Place, said: Mapping[str, str], value: str) -> tuple[str, New, dict[str, str]]:
    """The left side of a row that is read backwards, its right side, and what the value becomes by it."""
    (name, left), *others = said.items()
    mappings = bool(others) or any(isinstance(entry.row, CarrierService) for entry in place.table.entries)
    return left, {"code": value, **dict(others)} if mappings else value, {name: left}


def _options(table: SharedTable | FlowTable) -> frozenset[str]:
    """The keys of a table that are no rows."""
    return frozenset(field.alias or name for name, field in type(table).model_fields.items())


def _rows_key(place: _Place, value: str) -> Path:
    """Rows stand beside the options, or under `rows`: there where the others are, and what is called like an option."""
    entries: tuple[Entry, ...] = place.table.entries
    apart = bool(entries) and all(entry.path[0] == "rows" and len(entry.path) == 2 for entry in entries)
    return ("rows",) if apart or value in _options(place.table) else ()


def _notes(place: _Place, table: str, flow: str) -> tuple[str, ...]:
    found: list[str] = []
    others = [name for name in place.sharing if name != flow]
    if others:
        found.append(f"the table is shared: {', '.join(others)} will use the row too")
    if not place.own.asked and not isinstance(place.own, ShipViaTable):
        what = table.replace("_", " ")
        found.append(
            f"until now the flow passes each {what} on as it is; from now on every other one needs a row, or a default"
        )
    return tuple(found)


def _listed(said: Mapping[str, str]) -> str:
    return ", ".join(each if name == BECOMES else f"{name} {each}" for name, each in said.items())


# -- other changes -----------------------------------------------------------------------------------------


def change_mode(load: Load, text: str, flow: str, mode: str, *, name: str = "connector.yaml") -> Amendment:
    """The same flow in another mode. Raises as `propose` does."""
    config = load(text).config
    if mode not in _MODES:
        raise NotAmended(f"there is no mode {mode!r}: a flow is {', '.join(_MODES)}")
    index = _flow_index(config, flow)
    if config.flows[index].mode == mode:
        raise NotAmended(f"flow {flow} is {mode} already")
    path: Path = ("flows", index, "mode")

    def edit() -> str:
        if path in read(text, _MARKED).lines:
            return yaml_edit.with_text(text, path, mode)
        return yaml_edit.with_member(text, path[:-1], "mode", mode, lambda key: key == "to")

    after = _edited(edit)
    _checked(load, text, after, path, mode)
    return _amendment(text, after, path, name, f"flow {flow} becomes {mode}")


def change_condition(
    load: Load, text: str, flow: str, condition: str, when: str, *, name: str = "connector.yaml"
) -> Amendment:
    """Another expression for a condition, which keeps its name. Raises as `propose` does."""
    config = load(text).config
    index = _flow_index(config, flow)
    preferences = config.flows[index].preferences
    groups = (("require", preferences.require), ("conditions", preferences.conditions))
    places = {one.name: (group, at) for group, listed in groups for at, one in enumerate(listed)}
    if condition not in places:
        raise NotAmended(nearest(f"flow {flow} has no condition {condition!r}", condition, places))
    group, at = places[condition]
    if getattr(preferences, group)[at].when == when:
        raise NotAmended(f"condition {condition!r} of flow {flow} asks that already")
    path: Path = ("flows", index, "preferences", group, at, "when")
    after = _edited(lambda: yaml_edit.with_text(text, path, when))
    _checked(load, text, after, path, when)
    return _amendment(text, after, path, name, f"condition {condition!r} of flow {flow} asks {when}")


# -- judging -----------------------------------------------------------------------------------------------


class _Marked(dict[str, str]):
    """In place of the environment: what would be filled in stays told apart from texts, and no secret is read."""

    def get(self, name: str, default: Any = None) -> str:
        """The name between two marks that no text of a file can hold."""
        return f"\x00{name}\x00"


_MARKED = _Marked()


def _edited(edit: Callable[[], str]) -> str:
    try:
        return edit()
    except NotEditable as error:
        raise NotAmended(f"{error}: change the file by hand") from error


def _checked(load: Load, before: str, after: str, path: Path, new: New) -> Loaded:
    """The new text loaded; it must differ from the old one in nothing but this."""
    loaded = load(after)
    wanted = deepcopy(read(before, _MARKED).value)
    _set(wanted, path, dict(new) if isinstance(new, Mapping) else new)
    if read(after, _MARKED).value != wanted:
        text = "is written in a way that other parts of the file depend on (& and *, or <<)"
        raise NotAmended(f"{spelled(path)} {text}: change it by hand")
    return loaded


def _set(value: Any, path: Path, new: Any) -> None:
    for part in path[:-1]:
        if isinstance(part, str) and value.get(part) is None:
            value[part] = {}
        value = value[part]
    value[path[-1]] = new


def _amendment(
    before: str, after: str, path: Path, name: str, sentence: str, notes: tuple[str, ...] = ()
) -> Amendment:
    tree: Tree = read(after, _MARKED)
    return Amendment(
        before, after, difference(before, after, name, name), tree.line(path), spelled(path), sentence, notes
    )


def difference(before: str, after: str, old: str, new: str) -> str:
    """Two texts as a unified diff, empty where they are the same; without the secrets that stand there in the clear."""
    lines = difflib.unified_diff(_lines(masked(before)), _lines(masked(after)), old, new)
    return "".join(_whole(line) for line in lines)


def _lines(text: str) -> list[str]:
    return [line for line in re.split(r"(?<=\n)", text) if line]


def _whole(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
