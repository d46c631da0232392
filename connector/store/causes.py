"""Errors grouped by their cause: how many entries and notices, of which flows, since when, and some of them.

Counted by what is errored now. What errored a moment ago and was not digested yet is a group of its own, so that
nothing is missing. How a cause is recognised is `connector/causes.py`.
"""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from connector.causes import Cause, CauseGroup, cause_of
from connector.status import NoticeStatus, Status
from connector.store import entries
from connector.store.database import Transaction
from connector.store.digest_tables import cause, digest
from connector.store.tables import entry, notice

SOME = 5
"""So many ids of each group are told, the newest."""

MOST_NEW = 500
"""Of so many of those that errored a moment ago the flows are told."""

MOST_NOTICES = 2_000
"""So many errored notices are grouped, the newest."""

FETCH = "fetch"
"""The kind of step of a notice: its document is fetched."""


def groups(tx: Transaction) -> list[CauseGroup]:
    """Every cause for which something is errored now, the largest first, of equal ones the newest."""
    found = [*_of_entries(tx, sa.true()), *_not_digested(tx), *_of_notices(tx)]
    return sorted(found, key=lambda one: (-one.count, -one.newest.timestamp(), one.pattern))


def of_entries(tx: Transaction, ids: Collection[int]) -> dict[int, CauseGroup]:
    """The group of each of these entries that is errored and was looked at already."""
    here = sa.select(digest.c.entry_id, digest.c.cause_id).where(digest.c.entry_id.in_(ids))
    rows = tx.rows(here.join(entry, entry.c.id == digest.c.entry_id).where(_IS_CAUSED)) if ids else []
    caused = {row["entry_id"]: row["cause_id"] for row in rows}
    only = digest.c.cause_id.in_(set(caused.values()))
    groups = {one.id: one for one in _of_entries(tx, only)} if caused else {}
    return {entry_id: groups[cause_id] for entry_id, cause_id in caused.items() if cause_id in groups}


# -- entries -----------------------------------------------------------------------------------------------


def _of_entries(tx: Transaction, only: sa.ColumnElement[bool]) -> list[CauseGroup]:
    found: dict[int, list[sa.RowMapping]] = {}
    for row in tx.rows(_counts(only)):
        found.setdefault(row["cause_id"], []).append(row)
    known = {row["id"]: row for row in tx.rows(sa.select(cause).where(cause.c.id.in_(found)))}
    ids = _newest(tx, only) if found else {}
    return [_group(known[one], rows, ids.get(one, ())) for one, rows in found.items()]


_IS_CAUSED = sa.and_(digest.c.cause_id.is_not(None), entry.c.status == Status.ERRORED)

_CAUSED = (
    sa.select(digest.c.cause_id, digest.c.flow, digest.c.errored_at, digest.c.entry_id)
    .join(entry, entry.c.id == digest.c.entry_id)
    .where(_IS_CAUSED)
)
"""Errored entries with their causes: from two indexes, not from the rows."""


def _counts(only: sa.ColumnElement[bool]) -> sa.Select[Any]:
    each = _CAUSED.where(only).subquery()
    columns = (each.c.cause_id, each.c.flow)
    oldest, newest = sa.func.min(each.c.errored_at), sa.func.max(each.c.errored_at)
    counted = (sa.func.count().label("count"), oldest.label("oldest"), newest.label("newest"))
    return sa.select(*columns, *counted).group_by(*columns)


def _newest(tx: Transaction, only: sa.ColumnElement[bool]) -> dict[int, tuple[int, ...]]:
    """Some entries of each cause."""
    each = _CAUSED.where(only).subquery()
    place = sa.func.row_number().over(partition_by=each.c.cause_id, order_by=each.c.entry_id.desc())
    ranked = sa.select(each.c.cause_id, each.c.entry_id, place.label("place")).subquery()
    rows = tx.rows(sa.select(ranked).where(ranked.c.place <= SOME).order_by(ranked.c.place))
    found: dict[int, tuple[int, ...]] = {}
    for row in rows:
        found[row["cause_id"]] = (*found.get(row["cause_id"], ()), row["entry_id"])
    return found


def _not_digested(tx: Transaction) -> list[CauseGroup]:
    """What errored a moment ago."""
    has_cause = sa.select(digest.c.entry_id).where(
        digest.c.cause_id.is_not(None), digest.c.entry_id == entry.c.id
    )
    here = sa.and_(entry.c.status == Status.ERRORED, ~has_cause.exists())
    ids = tx.values(sa.select(entry.c.id).where(here).order_by(entry.c.id.desc()))
    if not ids:
        return []
    ends = [row.updated_at for row in entries.get(tx, {ids[0], ids[-1]}).values()]
    flows = tx.values(sa.select(entry.c.flow).where(entry.c.id.in_(ids[:MOST_NEW])).distinct())
    return [
        CauseGroup(
            kind="new",
            id=None,
            flows=tuple(sorted(flows)),
            target="",
            step="",
            code="",
            pattern="",
            lacking=(),
            count=len(ids),
            oldest=min(ends),
            newest=max(ends),
            ids=tuple(ids[:SOME]),
        )
    ]


def _group(known: sa.RowMapping, rows: Sequence[sa.RowMapping], ids: tuple[int, ...]) -> CauseGroup:
    return CauseGroup(
        kind="entry",
        id=known["id"],
        flows=tuple(sorted(row["flow"] for row in rows)),
        target=known["target"],
        step=known["step"],
        code=known["code"],
        pattern=known["pattern"],
        lacking=tuple((one["table"], one["value"]) for one in known["lacking"]),
        count=sum(row["count"] for row in rows),
        oldest=min(row["oldest"] for row in rows),
        newest=max(row["newest"] for row in rows),
        ids=ids,
    )


# -- notices -----------------------------------------------------------------------------------------------


def _of_notices(tx: Transaction) -> list[CauseGroup]:
    names = ("id", "connection", "number", "code", "reason", "updated_at")
    errored = notice.c.status == NoticeStatus.ERRORED
    newest = sa.select(*(notice.c[name] for name in names)).where(errored).order_by(notice.c.id.desc())
    found: dict[tuple[Cause, bool], list[sa.RowMapping]] = {}
    for row in tx.rows(newest.limit(MOST_NOTICES)):
        why = cause_of(flow="", target=row["connection"], step=FETCH, code=row["code"], reason=row["reason"])
        found.setdefault((why, bool(row["number"])), []).append(row)
    return [_notices(why, named, rows) for (why, named), rows in found.items()]


def _notices(why: Cause, named: bool, rows: Sequence[sa.RowMapping]) -> CauseGroup:
    moments = [row["updated_at"] for row in rows]
    return CauseGroup(
        kind="notice",
        id=None,
        flows=(),
        target=why.target,
        step=why.step,
        code=why.code,
        pattern=why.pattern,
        lacking=(),
        count=len(rows),
        oldest=min(moments),
        newest=max(moments),
        ids=tuple(row["id"] for row in rows[:SOME]),
        named=named,
    )
