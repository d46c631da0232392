"""The tables and conditions of the flows as data for people: each row with where it stands, and when it last answered.

What the file says comes from the configuration, how often a row answered from the newest entries (`store/usage.py`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from connector.amending import fields_in
from connector.configuration import CompiledFlow
from connector.store import Transaction, usage
from connector.store.usage import Sample, Usage, Used
from schemas.config import Config, Flow
from schemas.table_rows import Entry, Row
from schemas.value_tables import FlowTable, ShipViaTable

DAYS = 30.0
"""Days that are looked back over, unless others are asked for."""


@dataclass(frozen=True)
class RowSeen:
    """One row, or the default (`value` is None). `rule` is how a mapped value names it; `table` is the shared table in
    which it stands, or empty; `wildcard`: it answers for more than one value."""

    value: str | None
    becomes: Mapping[str, str]
    rule: str
    table: str
    wildcard: bool
    times: int
    last: datetime | None


@dataclass(frozen=True)
class Lacked:
    """A value that had no row, and how often. `answered`: there is one by now."""

    value: str
    times: int
    last: datetime | None
    answered: bool


@dataclass(frozen=True)
class TableSeen:
    """One table of a flow. `use` is the shared table behind it, `shared_with` are the other flows that use that one;
    without a default (`has_default` False) a value without a row is an error."""

    name: str
    use: str
    backwards: bool
    ignores_case: bool
    has_default: bool
    shared_with: tuple[str, ...]
    rows: tuple[RowSeen, ...]
    lacked: tuple[Lacked, ...]


@dataclass(frozen=True)
class ConditionSeen:
    """One condition, how often it was asked and held, and when it held last. `group` is require or match."""

    name: str
    when: str
    group: str
    asked: int
    held: int
    last_held: datetime | None


@dataclass(frozen=True)
class FlowSeen:
    """One flow; `sample` says of which entries the numbers tell, `sentence` the same in words. `tables` are those
    that are asked, and that of ship via where one lacked a row: nothing else is looked up without a table."""

    flow: str
    event: str
    source: str
    target: str
    mode: str
    match: str
    conditions: tuple[ConditionSeen, ...]
    tables: tuple[TableSeen, ...]
    sample: Sample
    sentence: str


def of_flow(tx: Transaction, config: Config, compiled: CompiledFlow, days: float = DAYS) -> FlowSeen:
    """One flow, with what its entries of the last `days` say."""
    flow, used = compiled.flow, usage.of_flow(tx, compiled.flow.name, days)
    return FlowSeen(
        flow=flow.name,
        event=flow.event,
        source=flow.source,
        target=flow.target,
        mode=flow.mode,
        match=flow.preferences.match,
        conditions=tuple(_conditions(flow, used)),
        tables=tuple(
            _table(config, flow, name, table, used)
            for name, table in flow.mapping
            if table.asked or (isinstance(table, ShipViaTable) and any(of == name for of, _ in used.lacking))
        ),
        sample=used.sample,
        sentence=sentence(used.sample, days),
    )


def sentence(sample: Sample, days: float) -> str:
    """Which entries the numbers tell of."""
    if sample.since is None:
        return f"no entry of this flow was made in the last {days:g} days"
    what = "entry" if sample.entries == 1 else "entries"
    if sample.cut:
        return f"among the last {sample.entries} {what} of this flow, since {sample.since:%d %b %Y}"
    return f"among all {sample.entries} {what} of this flow in the last {days:g} days"


def _conditions(flow: Flow, used: Usage) -> Iterator[ConditionSeen]:
    preferences = flow.preferences
    for group, conditions in (("require", preferences.require), ("match", preferences.conditions)):
        for one in conditions:
            held = used.held.get(one.name, Used())
            yield ConditionSeen(one.name, one.when, group, used.asked[one.name], held.times, held.last)


def _table(config: Config, flow: Flow, name: str, table: FlowTable, used: Usage) -> TableSeen:
    rows = [_row(name, entry.row, entry, f"row {entry.name}", "", used) for entry in table.entries]
    backwards = ", read backwards" if table.backwards else ""
    for shared, entry in table.shared_entries():
        rule = f"row {entry.name} of tables.{shared}{backwards}"
        rows.append(_row(name, entry.row, entry, rule, shared, used))
    fallback = table.fallback
    if fallback is not None:
        shared = table.use or "" if fallback.rule != "default" else ""
        rows.append(_row(name, fallback.row, None, fallback.rule, shared, used))
    lacked = [
        Lacked(value, one.times, one.last, table.answer(value) is not None)
        for (of, value), one in used.lacking.items()
        if of == name
    ]
    return TableSeen(
        name=name,
        use=table.use or "",
        backwards=table.backwards,
        ignores_case=table.case == "ignore",
        has_default=fallback is not None,
        shared_with=_sharing(config, flow, table),
        rows=tuple(rows),
        lacked=tuple(sorted(lacked, key=lambda one: -one.times)),
    )


def _row(table: str, row: Row, entry: Entry | None, rule: str, shared: str, used: Usage) -> RowSeen:
    answered = used.rules.get((table, rule), Used())
    value = entry.value if entry else None
    wildcard = "*" in (value or "")
    return RowSeen(value, fields_in(table, row), rule, shared, wildcard, answered.times, answered.last)


def _sharing(config: Config, flow: Flow, table: FlowTable) -> tuple[str, ...]:
    users = {
        one.name for one in config.flows for _, each in one.mapping if table.use and each.use == table.use
    }
    return tuple(sorted(users - {flow.name}))
