"""Links: which document at one connection is which at another, followed to an order's birth and to its counterpart."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from connector.store.database import Transaction
from connector.store.tables import link
from schemas.base import DocumentRef

Pair = tuple[DocumentRef, DocumentRef]


@dataclass(frozen=True)
class NewLink:
    """A link to store. `origin`: created (the target is our effect) or found (it was there, and we learnt of it)."""

    source: DocumentRef
    target: DocumentRef
    origin: Literal["created", "found"]
    entry_id: int | None = None


def store(tx: Transaction, new: Iterable[NewLink]) -> list[Pair]:
    """Store the links that are new and return their pairs; a pair that is known stays as it is."""
    rows = [
        {
            "kind": one.source.kind,
            "source_connection": one.source.connection,
            "source_number": one.source.number,
            "source_key": one.source.key,
            "target_connection": one.target.connection,
            "target_number": one.target.number,
            "target_key": one.target.key,
            "origin": one.origin,
            "entry_id": one.entry_id,
            "created_at": tx.now,
        }
        for one in new
    ]
    return [_pair(row) for row in tx.insert_new(link, rows, list(link.c))]


Place = tuple[str, str]
"""A document of known kind: (connection, number)."""


def births(tx: Transaction, orders: Iterable[Place]) -> dict[Place, Place]:
    """Where orders were born: links are followed from target to source, to the order itself where none leads on."""
    born = {place: place for place in orders}
    trail = {place: {place} for place in born}
    open_ends = set(born.values())
    while open_ends:
        here = tx.among((link.c.target_connection, link.c.target_number), open_ends)
        statement = sa.select(link).where(link.c.kind == "order", here).order_by(link.c.id.desc())
        back = {
            (row["target_connection"], row["target_number"]): (row["source_connection"], row["source_number"])
            for row in tx.rows(statement)
        }
        open_ends = set()
        for place, end in born.items():
            earlier = back.get(end)
            if earlier is not None and earlier not in trail[place]:
                trail[place].add(earlier)
                born[place] = earlier
                open_ends.add(earlier)
    return born


def birth(tx: Transaction, connection: str, number: str) -> Place:
    """Where one order was born."""
    return births(tx, [(connection, number)])[connection, number]


def counterparts(
    tx: Transaction, kind: str, numbers: Sequence[DocumentRef], connection: str
) -> Mapping[tuple[str, str], DocumentRef]:
    """What documents elsewhere are called at `connection`: (connection, number) of ours -> the counterpart there."""
    found: dict[tuple[str, str], DocumentRef] = {}
    wanted = {(ref.connection, ref.number) for ref in numbers}
    if not wanted:
        return found
    forward = tx.among((link.c.source_connection, link.c.source_number), wanted)
    backward = tx.among((link.c.target_connection, link.c.target_number), wanted)
    of_kind = sa.select(link).where(link.c.kind == kind)
    rows = (  # two questions: an OR of them would be answered by reading every link
        *tx.rows(of_kind.where(forward, link.c.target_connection == connection)),
        *tx.rows(of_kind.where(backward, link.c.source_connection == connection)),
    )
    for row in sorted(rows, key=lambda row: -row["id"]):
        source, target = _pair(row)
        ours, theirs = (source, target) if target.connection == connection else (target, source)
        found[ours.connection, ours.number] = theirs
    return found


def of_document(tx: Transaction, connection: str, number: str) -> Sequence[Pair]:
    """Every pair in which this number of this connection stands on either side, oldest first."""
    here = sa.or_(
        sa.and_(link.c.source_connection == connection, link.c.source_number == number),
        sa.and_(link.c.target_connection == connection, link.c.target_number == number),
    )
    return [_pair(row) for row in tx.rows(sa.select(link).where(here).order_by(link.c.id))]


def of_entry(tx: Transaction, entry_id: int) -> Sequence[Pair]:
    """The pairs that this entry made or learnt."""
    return [
        _pair(row) for row in tx.rows(sa.select(link).where(link.c.entry_id == entry_id).order_by(link.c.id))
    ]


def makers(tx: Transaction, kind: str, documents: Iterable[Place]) -> dict[Place, int]:
    """The entries that created these documents as their effects: what is ours must not come back as an event."""
    wanted = set(documents)
    if not wanted:
        return {}
    statement = sa.select(link).where(
        link.c.kind == kind,
        tx.among((link.c.target_connection, link.c.target_number), wanted),
        link.c.origin == "created",
    )
    return {(row["target_connection"], row["target_number"]): row["entry_id"] for row in tx.rows(statement)}


def _pair(row: sa.RowMapping) -> Pair:
    source = DocumentRef(
        connection=row["source_connection"],
        kind=row["kind"],
        number=row["source_number"],
        key=row["source_key"],
    )
    target = DocumentRef(
        connection=row["target_connection"],
        kind=row["kind"],
        number=row["target_number"],
        key=row["target_key"],
    )
    return source, target
