"""Which rows and conditions decided lately, by the plans that stand with a flow's newest entries.

One pass over a bounded part of the log, by its primary key; what is said is true of that part, and `Sample` says which.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from connector.store.database import Transaction
from connector.store.tables import entry

NEWEST = 2_000
"""Entries of a flow that are read, at most."""

REACH = 50_000
"""The newest entries of all flows, among which those of one are looked for."""


@dataclass
class Used:
    """How often something was so, and when last: the moment at which the entry was made."""

    times: int = 0
    last: datetime | None = None

    def count(self, at: datetime) -> None:
        """Once more; the newest comes first."""
        self.times += 1
        self.last = self.last or at


@dataclass(frozen=True)
class Sample:
    """What was read: so many entries of a flow, the oldest made then. `cut`: there may be older ones within the days
    that were asked for."""

    entries: int
    since: datetime | None
    cut: bool


@dataclass
class Usage:
    """`rules`: (table, rule) as stored with a mapped value; `lacking`: (table, value) without a row; `asked` and
    `held`: conditions by name."""

    sample: Sample
    rules: dict[tuple[str, str], Used] = field(default_factory=dict)
    lacking: dict[tuple[str, str], Used] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    held: dict[str, Used] = field(default_factory=dict)


def of_flow(tx: Transaction, flow: str, days: float, newest: int = NEWEST, reach: int = REACH) -> Usage:
    """What decided the entries of a flow that were made in the last `days`, as far back as is read."""
    top = int(tx.value(sa.select(sa.func.max(entry.c.id))) or 0)
    floor, then = top - reach, tx.now - timedelta(days=days)
    plan = entry.c.plan
    columns = (
        entry.c.created_at,
        plan["mapped"].label("mapped"),
        plan["lacking"].label("lacking"),
        plan["preferences"].label("preferences"),
    )
    here = sa.select(*columns).where(entry.c.flow == flow, entry.c.id > floor)
    rows = tx.rows(here.order_by(entry.c.id.desc()).limit(newest + 1))
    within = [row for row in rows if row["created_at"] >= then]
    read = within[:newest]
    cut = len(within) > newest or (floor > 0 and _made(tx, floor) >= then)
    usage = Usage(Sample(len(read), read[-1]["created_at"] if read else None, cut))
    for row in read:
        _count(usage, row)
    return usage


def _made(tx: Transaction, after: int) -> datetime:
    """When the first entry behind this one was made."""
    first = sa.select(entry.c.created_at).where(entry.c.id > after).order_by(entry.c.id).limit(1)
    at: datetime = tx.value(first)
    return at


def _count(usage: Usage, row: sa.RowMapping) -> None:
    at: datetime = row["created_at"]
    for rule in {(one["table"], one["rule"]) for one in _members(row["mapped"])}:
        usage.rules.setdefault(rule, Used()).count(at)
    for lacking in {(one["table"], one["value"]) for one in _members(row["lacking"])}:
        usage.lacking.setdefault(lacking, Used()).count(at)
    for trace in _members(row["preferences"]):
        for condition in trace.get("conditions", ()):
            usage.asked[condition["name"]] += 1
            if condition["passed"]:
                usage.held.setdefault(condition["name"], Used()).count(at)


def _members(value: Any) -> Iterable[Mapping[str, Any]]:
    """What a plan of another release holds otherwise is passed over."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else ()
