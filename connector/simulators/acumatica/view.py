"""Records as JSON: what `$expand`, `$select` and `$custom` let through, values wrapped, links added.

It only reads; a 422's errors are passed in and set beside the values they refuse.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from connector.simulators.acumatica.contract import ENDPOINT, VERSION
from connector.simulators.acumatica.errors import failure
from connector.simulators.acumatica.record import Entity, Record
from connector.simulators.acumatica.values import wrap

_ROOT = f"/entity/{ENDPOINT}/{VERSION}"

Errors = Mapping[tuple[str, str], str]
"""(record id, field) -> what is wrong with it."""


@dataclass
class Tree:
    """A set of slash-separated paths, as a tree of names."""

    below: dict[str, "Tree"] = field(default_factory=dict)

    @classmethod
    def of(cls, paths: Iterable[str]) -> "Tree":
        """The tree of some paths such as `Details/Allocations`."""
        root = cls()
        for path in paths:
            node = root
            for step in path.strip().split("/"):
                node = node.below.setdefault(step, cls())
        return root

    def names(self) -> set[str]:
        """The names at this level."""
        return set(self.below)


def everything(entity: Entity) -> Tree:
    """All that can be expanded of an entity."""
    return Tree({name: everything(inner) for name, inner in {**entity.details, **entity.linked}.items()})


@dataclass(frozen=True)
class View:
    """What of an entity is asked for; `select` None means every field."""

    expand: Tree = field(default_factory=Tree)
    select: Tree | None = None
    custom: tuple[str, ...] = ()


_KNOWN = frozenset({"$expand", "$select", "$custom", "$filter", "$top", "$skip"})


def read_view(query: Iterable[tuple[str, str]], entity: Entity) -> View:
    """The view that a query asks for. Raises VendorError (500) for a name that `$expand` cannot follow."""
    options = {name.lower(): text for name, text in query if name.lower() in _KNOWN}
    expand = Tree.of(_listed(options.get("$expand", "")))
    _check_expand(expand, entity)
    select = _listed(options.get("$select", ""))
    return View(expand, Tree.of(select) if select else None, tuple(_listed(options.get("$custom", ""))))


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _check_expand(tree: Tree, entity: Entity) -> None:
    for name, below in tree.below.items():
        if name == "files":
            continue
        inner = entity.details.get(name) or entity.linked.get(name)
        if inner is None:
            text = f"Could not find a property named '{name}' on type '{entity.name}'."
            raise failure(text, "Microsoft.Data.OData.ODataException")
        _check_expand(below, inner)


def show(record: Record, view: View, row: int = 1, errors: Errors | None = None) -> dict[str, object]:
    """A top-level record with its `_links.self`."""
    body = _entity(record, view.expand, view.select, row, errors or {}, record.entity)
    body["custom"] = _custom(record, view.custom)
    for detail in record.details if view.custom else ():
        _add_row_custom(record, detail, body, view.custom)
    body["_links"] = {"self": f"{_ROOT}/{record.entity.name}/{record.id}", **_files(record, record.entity)}
    return body


def _entity(
    record: Record,
    expand: Tree,
    select: Tree | None,
    row: int,
    errors: Errors,
    top: Entity,
) -> dict[str, object]:
    body: dict[str, object] = {"id": record.id, "rowNumber": row, "note": {"value": record.note}}
    body |= _fields(record, select, errors)
    body |= _rows(record, expand, select, errors, top)
    body["custom"] = {}
    if "files" in expand.names():
        body["files"] = []
    return body


def _fields(record: Record, select: Tree | None, errors: Errors) -> dict[str, object]:
    chosen = record.entity.fields if select is None else select.names()
    shown: dict[str, object] = {}
    for name in record.entity.fields:
        error = errors.get((record.id, name))
        if name in chosen or error:
            shown[name] = wrap(record.fields.get(name)) | ({"error": error} if error else {})
    return shown


def _rows(
    record: Record, expand: Tree, select: Tree | None, errors: Errors, top: Entity
) -> dict[str, object]:
    shown: dict[str, object] = {}
    for name, below in expand.below.items():
        inner = select.below.get(name) if select is not None else None
        narrowed = inner if inner is not None and inner.below else None
        if name in record.entity.details:
            rows = record.details.get(name, [])
            shown[name] = [
                _row(one, below, narrowed, number, errors, top) for number, one in enumerate(rows, 1)
            ]
        elif name in record.entity.linked:
            shown[name] = _entity(record.link(name), below, narrowed, 1, errors, top)
    return shown


def _row(
    record: Record, expand: Tree, select: Tree | None, number: int, errors: Errors, top: Entity
) -> dict[str, object]:
    body = _entity(record, expand, select, number, errors, top)
    if record.entity.view:
        body["_links"] = _files(record, top)
    return body


def _custom(record: Record, wanted: Iterable[str]) -> dict[str, object]:
    shown: dict[str, dict[str, object]] = {}
    for path in wanted:
        view, _, name = path.partition(".")
        held = record.custom.get(view, {}).get(name)
        if held is not None:
            shown.setdefault(view, {})[name] = held
    return dict(shown)


def _add_row_custom(record: Record, detail: str, body: dict[str, object], wanted: Iterable[str]) -> None:
    """`$custom=Details/Transactions.UsrX` shows a custom field on rows that `$expand` lets through."""
    paths = [path.removeprefix(f"{detail}/") for path in wanted if path.startswith(f"{detail}/")]
    shown = body.get(detail)
    if not paths or not isinstance(shown, list):
        return
    for row, held in zip(shown, record.details[detail], strict=True):
        row["custom"] = _custom(held, paths)


def _files(record: Record, top: Entity) -> dict[str, str]:
    place = record.entity.view or top.view
    return {"files:put": f"{_ROOT}/files/{top.graph}/{place}/{record.id}/{{filename}}"}
