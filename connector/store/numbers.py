"""Under which numbers an order is known: found by any of them, followed to all of them; and what stands near a number.

It knows links and numbers; what else is stored about an order is `orders.py`. No look-up reads a table that grows.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any

import sqlalchemy as sa

from connector.store import heard, lanes, levels, links
from connector.store.columns import storable
from connector.store.database import Transaction
from connector.store.intake import EventRow
from connector.store.links import Place
from connector.store.tables import entry_key, event, link, notice
from schemas.base import DocumentRef
from schemas.events import EVENT_TYPES

ORDER_TYPES = tuple(type_ for type_, data in EVENT_TYPES.items() if data.kind == "order")

CUSTOMER = "customer "
"""How the keys of entries begin that are no orders: by them entries of one customer keep behind each other."""

NEIGHBOURS = 25
"""Rows of an index that are read on either side of a number."""


@dataclass(frozen=True)
class LinkRow:
    """A stored link: what it joins, whether the target was created or found, by which entry, and when."""

    id: int
    source: DocumentRef
    target: DocumentRef
    origin: str
    entry_id: int | None
    created_at: datetime


def kind_of(type_: str) -> str:
    """The kind of document that an event type is about, also of a type that this release does not know."""
    return EVENT_TYPES[type_].kind if type_ in EVENT_TYPES else type_.partition(".")[0]


class NumberUnknown(LookupError):
    """No order of this number was heard of; the text names what is near, and what to do."""


class NumberAmbiguous(LookupError):
    """Several orders bear this number; the text names the connections at which they do."""


def find(tx: Transaction, number: str, connection: str | None = None) -> Place:
    """One place of the order that is meant; raises NumberUnknown, or NumberAmbiguous where no connection is given."""
    number = storable(number)
    found = known(tx, number, connection)
    if not found:
        raise NumberUnknown(_unknown(tx, number, connection))
    orders = {frozenset(numbers_of(tx, place)) for place in found}
    if len(orders) > 1:
        at = ", ".join(name for name, _ in found)
        raise NumberAmbiguous(
            f"{number} is the number of different orders at {at}: say which, with --connection"
        )
    return found[0]


def known(tx: Transaction, number: str, connection: str | None = None) -> list[Place]:
    """Where an order of this number was heard of, or made: at any connection, or only at the one given."""
    asked = [connection] if connection is not None else connections(tx)
    found = {name for name in _indexed(tx, number, asked) if connection in (None, name)}
    if not found:
        found = {row.source for row in heard.naming(tx, [(name, number) for name in asked]).values()}
    return [(name, number) for name in sorted(found)]


def _indexed(tx: Transaction, number: str, asked: Collection[str]) -> set[str]:
    """By entries and links at any connection, by events and notices at those that are asked about."""
    types = [(name, type_, number) for name in asked for type_ in ORDER_TYPES]
    pushed = [(name, number, "order") for name in asked]
    return {
        *tx.values(sa.select(entry_key.c.connection).where(entry_key.c.number == number).distinct()),
        *(row.source.connection for row in _orders_at(tx, "source", number)),
        *(row.target.connection for row in _orders_at(tx, "target", number)),
        *tx.values(
            sa.select(event.c.source).where(tx.among((event.c.source, event.c.type, event.c.document), types))
        ),
        *tx.values(
            sa.select(notice.c.connection).where(
                tx.among((notice.c.connection, notice.c.number, notice.c.kind), pushed)
            )
        ),
    }


def connections(tx: Transaction) -> list[str]:
    """Those that have lanes."""
    return sorted({row.connection for row in lanes.overview(tx)})


def _orders_at(tx: Transaction, side: str, number: str) -> list[LinkRow]:
    """The links in which an order of this number stands at this side, at whatever connection."""
    rows = _link_rows(tx, link.c[f"{side}_number"] == number)
    return [row for row in rows if getattr(row, side).kind == "order"]


def numbers_of(tx: Transaction, place: Place) -> tuple[Place, ...]:
    """Every number of the order at this place: links between orders, followed in both directions; its birth first."""
    found, open_ends = {place}, {place}
    while open_ends:
        pairs = [(row.source, row.target) for row in links_of(tx, open_ends)]
        of_orders = [pair for pair in pairs if all(ref.kind == "order" for ref in pair)]
        open_ends = {(ref.connection, ref.number) for pair in of_orders for ref in pair} - found
        found |= open_ends
    birth = links.birth(tx, *place)
    return (birth, *sorted(found - {birth}))


# -- links, with where they come from ----------------------------------------------------------------------


def links_of(tx: Transaction, places: Collection[Place]) -> list[LinkRow]:
    """The links in which a document of one of these numbers, of whatever kind, stands on either side."""
    wanted = [(number, connection) for connection, number in places]
    forward = _link_rows(tx, tx.among((link.c.source_number, link.c.source_connection), wanted))
    backward = _link_rows(tx, tx.among((link.c.target_number, link.c.target_connection), wanted))
    return list({row.id: row for row in (*forward, *backward)}.values())


def _link_rows(tx: Transaction, here: sa.ColumnElement[bool]) -> list[LinkRow]:
    return [_link(row) for row in tx.rows(sa.select(link).where(here).order_by(link.c.id))]


def _link(row: sa.RowMapping) -> LinkRow:
    source, target = (
        _side(row, "source", row["kind"]),
        _side(row, "target", row["target_kind"]),
    )
    return LinkRow(row["id"], source, target, row["origin"], row["entry_id"], row["created_at"])


def _side(row: sa.RowMapping, side: str, kind: str) -> DocumentRef:
    return DocumentRef(
        connection=row[f"{side}_connection"], kind=kind, number=row[f"{side}_number"], key=row[f"{side}_key"]
    )


# -- numbers that are not known ----------------------------------------------------------------------------


def _unknown(tx: Transaction, number: str, connection: str | None) -> str:
    """The sentence for a number that is not known: what it may be instead, and how its system is asked."""
    missing = f"no order {number} is known" + (f" at {connection}" if connection is not None else "")
    elsewhere = [f"it is known at {name}" for name, _ in known(tx, number)] if connection is not None else []
    said = [missing, *elsewhere, *(_other(row) for row in others(tx, number))]
    if close := near(tx, number):
        said.append("near it: " + ", ".join(f"{one} @ {name}" for name, one in close))
    asks = f"`connector retrieve order {number} --from {connection or 'CONNECTION'}` asks its system for it"
    return "; ".join(dict.fromkeys([*said, asks]))


def _other(row: EventRow) -> str:
    """What else bears the number: `shipment 7 @ shop belongs to order 42`."""
    of = ", ".join(heard.order_numbers(row))
    return f"{kind_of(row.type)} {row.document} @ {row.source}" + (
        f" belongs to order {of}" if of else " is not one"
    )


def near(tx: Transaction, number: str, count: int = 3) -> list[Place]:
    """The nearest orders: those that differ only in case or leading zeros, then of its neighbours those alike it."""
    asked = connections(tx)
    spelt = {number.upper(), number.lower(), number.lstrip("0"), *(number.zfill(width) for width in (6, 9))}
    same = [(name, one) for one in sorted(spelt - {number, ""}) for name in sorted(_indexed(tx, one, asked))]
    columns = (entry_key.c.number, link.c.source_number, link.c.target_number)
    beside = dict.fromkeys(place for column in columns for place in _neighbours(tx, column, number))
    alike = get_close_matches(number, {one: None for _, one in beside}, n=count, cutoff=0.6)
    found = [*same, *(place for one in alike for place in beside if place[1] == one)]
    return list(dict.fromkeys(found))[:count]


def _neighbours(tx: Transaction, column: sa.Column[Any], number: str) -> list[Place]:
    """The orders right before and right after, by the index in which numbers stand first."""
    ours = column.table.c
    kind: sa.ColumnElement[str] = sa.literal("order").label("kind") if ours is entry_key.c else link.c.kind
    connection = ours[column.name.replace("number", "connection")].label("connection")
    statement = sa.select(column.label("number"), connection, kind).limit(NEIGHBOURS)
    rows = (
        *tx.rows(statement.where(column < number).order_by(column.desc())),
        *tx.rows(statement.where(column > number).order_by(column)),
    )
    found = [(row["connection"], row["number"]) for row in rows if row["kind"] == "order"]
    return [place for place in found if not place[1].startswith((CUSTOMER, levels.KEY))]


def others(tx: Transaction, number: str) -> list[EventRow]:
    """The events of this document number that are about something else than an order."""
    types = [(name, type_) for name in connections(tx) for type_ in EVENT_TYPES if type_ not in ORDER_TYPES]
    here = tx.among(
        (event.c.source, event.c.type, event.c.document), [(name, type_, number) for name, type_ in types]
    )
    return [EventRow(**row) for row in tx.rows(sa.select(event).where(here).order_by(event.c.id))]
