"""Links: which document at one connection is which at another, followed to an order's birth and to its counterpart."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from connector.store.database import Transaction
from connector.store.tables import entry, link
from schemas.base import DocumentRef

Pair = tuple[DocumentRef, DocumentRef]


@dataclass(frozen=True)
class NewLink:
    """A link to store. `origin`: created (the target is our effect), found (it was there, and we learnt of it), or
    edited (the target replaces the source at the same connection)."""

    source: DocumentRef
    target: DocumentRef
    origin: Literal["created", "found", "edited"]
    entry_id: int | None = None


def store(tx: Transaction, new: Iterable[NewLink]) -> list[Pair]:
    """Store the links that are new and return their pairs; a pair that is known stays as it is."""
    rows = [
        {
            "kind": one.source.kind,
            "source_connection": one.source.connection,
            "source_number": one.source.number,
            "source_key": one.source.key,
            "target_kind": one.target.kind,
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


def lineage(tx: Transaction, orders: Iterable[Place]) -> dict[Place, tuple[Place, ...]]:
    """Each order, followed by the earlier ones of its connection that it replaces."""
    asked = list(orders)
    edits = _edits(tx, asked, later=False)
    return {place: tuple(_reached(edits, place)) for place in asked}


def _edits(tx: Transaction, orders: Iterable[Place], *, later: bool) -> dict[Place, list[DocumentRef]]:
    """Which orders were edited into which (or from which), as far as that leads from these."""
    columns = (link.c.source_connection, link.c.source_number)
    if not later:
        columns = (link.c.target_connection, link.c.target_number)
    edited = sa.select(link).where(link.c.kind == "order", link.c.origin == "edited").order_by(link.c.id)
    onward: dict[Place, list[DocumentRef]] = {}
    open_ends = set(orders)
    while open_ends:
        onward |= {place: [] for place in open_ends}
        for row in tx.rows(edited.where(tx.among(columns, open_ends))):
            source, target = _pair(row)
            here, there = (source, target) if later else (target, source)
            onward.setdefault(_place(here), []).append(there)
        open_ends = {_place(ref) for refs in onward.values() for ref in refs} - onward.keys()
    return onward


def _reached(edits: Mapping[Place, Sequence[DocumentRef]], place: Place) -> list[Place]:
    found = [place]
    for one in found:
        found += [_place(ref) for ref in edits.get(one, ()) if _place(ref) not in found]
    return found


def _last_editions(tx: Transaction, orders: Iterable[DocumentRef]) -> dict[Place, DocumentRef]:
    """Of these orders those that were edited since, and what they are by now."""
    edits = _edits(tx, map(_place, orders), later=True)
    last: dict[Place, DocumentRef] = {}
    for place in edits:
        reached = (ref for one in _reached(edits, place) for ref in edits.get(one, ()))
        ends = [ref for ref in reached if not edits.get(_place(ref))]
        if ends:
            last[place] = ends[0]
    return last


def counterparts(
    tx: Transaction, kind: str, numbers: Sequence[DocumentRef], connection: str
) -> Mapping[Place, DocumentRef]:
    """What documents elsewhere are called at `connection`: (connection, number) of ours -> the counterpart there.

    An order that we made and that was edited since is meant in its last edition, and each of its editions means the
    order from which it was made. The editions of an order that was born there are orders of their own.
    """
    wanted = set(map(_place, numbers))
    if not wanted:
        return {}
    trails = lineage(tx, wanted) if kind == "order" else {place: (place,) for place in wanted}
    found: dict[Place, DocumentRef] = {}
    inherited: dict[Place, DocumentRef] = {}
    made: list[DocumentRef] = []
    for row in _joining(tx, kind, trails, connection):
        source, target = _pair(row)
        theirs_is_target = target.connection == connection
        ours, theirs = (source, target) if theirs_is_target else (target, source)
        found[_place(ours)] = theirs
        if row["origin"] == "created" and theirs_is_target:
            made.append(theirs)
        elif row["origin"] == "created":
            inherited |= {place: theirs for place, trail in trails.items() if _place(ours) in trail}
    last = _last_editions(tx, made) if kind == "order" else {}
    known = inherited | found
    return {place: last.get(_place(known[place]), known[place]) for place in wanted if place in known}


def _joining(
    tx: Transaction, kind: str, trails: Mapping[Place, Sequence[Place]], connection: str
) -> list[sa.RowMapping]:
    """The links between these documents, with all that they replace, and that connection: the oldest one last."""
    forward = tx.among((link.c.source_connection, link.c.source_number), trails)
    places = {place for trail in trails.values() for place in trail}
    backward = tx.among((link.c.target_connection, link.c.target_number), places)
    of_kind = sa.select(link).where(link.c.kind == kind, link.c.origin != "edited")
    rows = (  # two questions: an OR of them would be answered by reading every link
        *tx.rows(of_kind.where(forward, link.c.target_connection == connection)),
        *tx.rows(of_kind.where(backward, link.c.source_connection == connection)),
    )
    return sorted(rows, key=lambda row: -row["id"])


def _place(ref: DocumentRef) -> Place:
    return (ref.connection, ref.number)


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
        link.c.target_kind == kind,
        tx.among((link.c.target_connection, link.c.target_number), wanted),
        link.c.origin == "created",
    )
    return {(row["target_connection"], row["target_number"]): row["entry_id"] for row in tx.rows(statement)}


def created_by(tx: Transaction, entry_ids: Iterable[int]) -> set[tuple[int, str, str]]:
    """The documents which these entries made: (entry, connection, number)."""
    columns = (link.c.entry_id, link.c.target_connection, link.c.target_number)
    here = sa.select(*columns).where(link.c.entry_id.in_(sorted(entry_ids)), link.c.origin == "created")
    return {(row["entry_id"], row["target_connection"], row["target_number"]) for row in tx.rows(here)}


def drop(tx: Transaction, documents: Iterable[DocumentRef]) -> None:
    """Forget what these documents, of one kind at one connection, are elsewhere: they stand there no longer."""
    for one in documents:
        tx.run(
            link.delete().where(
                link.c.target_number == one.number,
                link.c.target_connection == one.connection,
                link.c.target_kind == one.kind,
            )
        )


def drop_of_entry(tx: Transaction, entry_id: int) -> None:
    """Forget what an entry made, and what its own document was taken to be: both are looked for anew. What it learnt of
    other documents on the way stays."""
    own = sa.select(entry.c.id).where(
        entry.c.id == entry_id,
        entry.c.source == link.c.source_connection,
        entry.c.source_number == link.c.source_number,
    )
    made = sa.or_(link.c.origin == "created", sa.exists(own))
    tx.run(link.delete().where(link.c.entry_id == entry_id, made))


def origins(tx: Transaction, kind: str, documents: Iterable[Place]) -> dict[Place, set[str]]:
    """The connections from which we brought these documents, step by step back to where they were born."""
    trails = {place: {place} for place in documents}
    open_ends = set(trails)
    while open_ends:
        here = tx.among((link.c.target_connection, link.c.target_number), open_ends)
        made = sa.select(link).where(link.c.target_kind == kind, link.c.origin == "created", here)
        back: dict[Place, set[Place]] = {}
        for row in tx.rows(made):
            source, target = _pair(row)
            back.setdefault(_place(target), set()).add(_place(source))
        reached = {
            place: {one for end in trail for one in back.get(end, ())} - trail
            for place, trail in trails.items()
        }
        for place, new in reached.items():
            trails[place] |= new
        open_ends = {one for new in reached.values() for one in new}
    return {place: {connection for connection, _ in trail - {place}} for place, trail in trails.items()}


def met(tx: Transaction, kind: str, documents: Iterable[Place]) -> dict[Place, dict[str, int]]:
    """Documents that stood there when we came with the same one: place -> connection we came from -> the entry.

    They must not go back there; elsewhere they may go.
    """
    wanted = set(documents)
    if not wanted:
        return {}
    statement = sa.select(link).where(
        link.c.target_kind == kind,
        tx.among((link.c.target_connection, link.c.target_number), wanted),
        link.c.origin == "found",
        link.c.entry_id.is_not(None),
    )
    found: dict[Place, dict[str, int]] = {}
    for row in tx.rows(statement):
        place = (row["target_connection"], row["target_number"])
        found.setdefault(place, {})[row["source_connection"]] = row["entry_id"]
    return found


def _pair(row: sa.RowMapping) -> Pair:
    source = DocumentRef(
        connection=row["source_connection"],
        kind=row["kind"],
        number=row["source_number"],
        key=row["source_key"],
    )
    target = DocumentRef(
        connection=row["target_connection"],
        kind=row["target_kind"],
        number=row["target_number"],
        key=row["target_key"],
    )
    return source, target
