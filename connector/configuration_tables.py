"""What is wrong with value tables, found when the file is read: their rows, and what the target needs of a row.

Pure. Each mistake is told by its keys in the flow, or in the shared table; lines are found by `configuration.py`.
"""

from collections.abc import Iterator

from connector.errors import ConfigError
from connector.templates import compile_template
from connector.yaml_tree import Path
from schemas.config import CarrierService, ConnectionSettings, Flow, SharedTable, ShipViaTable
from schemas.events import LEVELS
from schemas.table_rows import carrier, right_of

Found = tuple[Path, str]
"""Where in the flow or the table, and what is wrong there."""


def wrong_tables(flow: Flow, target: ConnectionSettings | None) -> Iterator[Found]:
    """What is wrong with the tables of a flow, whose shared tables are joined; `target` None: not known."""
    needed = target.ship_via_members(flow.event) if target is not None else ()
    for name, table in flow.mapping:
        carriers = isinstance(table, ShipViaTable)
        for path, text in table.problems(carriers=carriers):
            yield ("mapping", name, *path), text
        rows = [(entry.path, entry.row) for entry in table.entries]
        if table.default != "error":
            rows.append((("default",), table.default))
        for path, row in rows:
            for member, text in carrier(row) if carriers else [("", right_of(row))]:
                place = (
                    "mapping",
                    name,
                    *path,
                    *([member] if member and isinstance(row, CarrierService) else []),
                )
                if member in needed and not text:
                    yield place, _missing(member, flow)
                yield from _wrong_text(text, place)
        if carriers:
            yield from _lacking_members(flow, needed)
    if flow.event in LEVELS:
        yield from _merged(flow)


def wrong_shared(table: SharedTable) -> Iterator[Found]:
    """What is wrong with a shared table, whoever uses it."""
    yield from table.forwards("").problems()
    rows = [(entry.path, entry.row) for entry in table.entries]
    for path, row in [*rows, (("default",), table.default)]:
        if isinstance(row, CarrierService):
            for member, text in row:
                yield from _wrong_text(text, (*path, member))
        else:
            yield from _wrong_text(row, path)


def _lacking_members(flow: Flow, needed: tuple[str, ...]) -> Iterator[Found]:
    """Rows of the shared table that do not say what the target needs; read backwards they have a code alone."""
    table = flow.mapping.ship_via
    for name, entry in table.shared_entries():
        for member in needed:
            if not getattr(carrier(entry.row), member):
                text = f"row {entry.name!r} of tables.{name}: {_missing(member, flow)}"
                yield ("mapping", "ship_via", "use"), text


def _merged(flow: Flow) -> Iterator[Found]:
    """Rows that become the same: the quantity of one would overwrite that of the other at the target."""
    for name in ("item", "warehouse"):
        seen: dict[str, str] = {}
        for entry in getattr(flow.mapping, name).entries:
            text = right_of(entry.row).strip()
            first = seen.setdefault(text, entry.name)
            if first != entry.name and "{" not in text:
                what = f"becomes {text!r} like row {first!r}: the quantity of one would overwrite that of the other"
                yield ("mapping", name, *entry.path), what


def _missing(member: str, flow: Flow) -> str:
    return f"{member} is missing: a flow of {flow.event} writes it to {flow.target}"


def _wrong_text(text: str, path: Path) -> Iterator[Found]:
    try:
        compile_template(text, {"value"})
    except ConfigError as error:
        yield path, str(error)
