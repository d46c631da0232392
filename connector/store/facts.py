"""Facts: whether a document stands in the state that an event type speaks of, and for the how-manieth time."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from connector.store.database import Transaction
from connector.store.tables import fact
from schemas.events import LEVELS

_LEVELS = 7_240_113
"""PostgreSQL knows the lock on the counting of levels by this number."""


def observe(
    tx: Transaction, source: str, type_: str, document: str, holds: bool, mark: str = ""
) -> int | None:
    """Take note of whether a fact holds at its source; the revision that is meant if it does, else None.

    The revision is 1, and one more only after the document was seen to have left that state and reached it again.
    With a mark it is the fact of a change: each mark that differs from the last is one more; the first is none, unless
    it is a level.
    """
    if type_ in LEVELS:
        count_alone(tx)
    here = sa.and_(fact.c.source == source, fact.c.type == type_, fact.c.document == document)
    row = tx.row(sa.select(fact).where(here).with_for_update())
    if mark:
        return _changed(tx, here, row, mark, {"source": source, "type": type_, "document": document})
    if row is None:
        return 1 if holds else None
    revision = row["revision"] + (1 if holds and not row["holds"] else 0)
    if holds != row["holds"]:
        tx.run(fact.update().where(here).values(holds=holds, revision=revision, updated_at=tx.now))
    return revision if holds else None


def _changed(
    tx: Transaction,
    here: sa.ColumnElement[bool],
    row: sa.RowMapping | None,
    mark: str,
    key: Mapping[str, str],
) -> int | None:
    if row is None:
        revision = 1 if key["type"] in LEVELS else 0
        first = {**key, "revision": revision, "holds": True, "mark": mark, "updated_at": tx.now}
        tx.insert_new(fact, [first], [fact.c.revision])
        return revision or None
    if row["mark"] == mark:
        return None
    tx.run(fact.update().where(here).values(mark=mark, revision=row["revision"] + 1, updated_at=tx.now))
    return int(row["revision"]) + 1


def holds(tx: Transaction, source: str, type_: str, document: str) -> bool:
    """Does a fact hold at its source, as far as is known?"""
    here = sa.and_(fact.c.source == source, fact.c.type == type_, fact.c.document == document)
    return bool(tx.value(sa.select(fact.c.holds).where(here)))


def current_revisions(
    tx: Transaction, wanted: Collection[tuple[str, str, str]]
) -> dict[tuple[str, str, str], int]:
    """The revisions that are meant now: (source, type, document) -> revision, of those that are known."""
    if not wanted:
        return {}
    rows = tx.rows(sa.select(fact).where(tx.among((fact.c.source, fact.c.type, fact.c.document), wanted)))
    return {
        (row["source"], row["type"], row["document"]): row["revision"] + (0 if row["holds"] else 1)
        for row in rows
    }


def last_revisions(
    tx: Transaction, wanted: Collection[tuple[str, str, str]]
) -> dict[tuple[str, str, str], int]:
    """The revisions that held last, whether they still do: (source, type, document) -> revision, of those known."""
    if not wanted:
        return {}
    rows = tx.rows(sa.select(fact).where(tx.among((fact.c.source, fact.c.type, fact.c.document), wanted)))
    return {(row["source"], row["type"], row["document"]): row["revision"] for row in rows}


def count_alone(tx: Transaction) -> None:
    """Until the end of the transaction nobody else counts changes of levels: many are told of at the same moment, in
    any order, and rows that are locked one by one would lock each other up. SQLite has one writer anyway."""
    if tx.connection.dialect.name == "postgresql":
        tx.run(sa.select(sa.func.pg_advisory_xact_lock(_LEVELS, 0)))


def ended(tx: Transaction, keys: Iterable[tuple[str, str, str, int]]) -> None:
    """These facts hold no longer, at this revision; of a later one nothing is said."""
    for source, type_, document, revision in keys:
        here = sa.and_(fact.c.source == source, fact.c.type == type_, fact.c.document == document)
        same = sa.and_(here, fact.c.revision == revision, fact.c.holds)
        tx.run(fact.update().where(same).values(holds=False, updated_at=tx.now))


def remember(tx: Transaction, keys: Sequence[tuple[Any, ...]]) -> None:
    """After new events: the fact holds, at this revision or a later one that is known already."""
    rows = [
        {
            "source": s,
            "type": t,
            "document": d,
            "revision": r,
            "holds": True,
            "mark": "",
            "updated_at": tx.now,
        }
        for s, t, d, r in keys
    ]
    same = [fact.c.source, fact.c.type, fact.c.document]
    latest = {
        (row["source"], row["type"], row["document"]): row
        for row in sorted(rows, key=lambda row: row["revision"])
    }
    new = {tuple(row.values()) for row in tx.insert_new(fact, list(latest.values()), same)}
    known = [row for key, row in latest.items() if key not in new]
    tx.run(
        _LATER,
        [
            {"s": row["source"], "t": row["type"], "d": row["document"], "r": row["revision"], "now": tx.now}
            for row in known
        ],
    )


_LATER = (
    fact.update()
    .where(
        fact.c.source == sa.bindparam("s"),
        fact.c.type == sa.bindparam("t"),
        fact.c.document == sa.bindparam("d"),
        fact.c.revision < sa.bindparam("r"),
    )
    .values(revision=sa.bindparam("r"), holds=True, updated_at=sa.bindparam("now"))
)
