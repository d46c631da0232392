"""Saved views: filters of the list of entries under a name, each its owner's, or shown to everybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from connector.store.database import Transaction
from connector.store.people_tables import saved_view

MOST_OF_ONE = 50
"""Views of one owner, at most."""


class TooMany(Exception):
    """This owner has as many views as there may be; the text says so."""


@dataclass(frozen=True)
class ViewRow:
    """A saved view; `query` is what stands behind the question mark of its address."""

    id: int
    owner: str
    name: str
    query: str
    shared: bool
    created_at: datetime


def save(tx: Transaction, owner: str, name: str, query: str, *, shared: bool = False) -> bool:
    """Save a view; one of the same owner and name is overwritten, which is told by False. Raises TooMany."""
    mine = sa.and_(saved_view.c.owner == owner, saved_view.c.name == name)
    if tx.run(saved_view.update().where(mine).values(query=query, shared=shared)):
        return False
    count = sa.select(sa.func.count()).select_from(saved_view).where(saved_view.c.owner == owner)
    if int(tx.value(count)) >= MOST_OF_ONE:
        raise TooMany(f"{owner} has {MOST_OF_ONE} saved views, which is the most: delete one first")
    row = {"owner": owner, "name": name, "query": query, "shared": shared, "created_at": tx.now}
    tx.insert_new(saved_view, [row], [saved_view.c.id])
    return True


def seen_by(tx: Transaction, owner: str) -> Sequence[ViewRow]:
    """What somebody sees: their own, then what others share; each by name."""
    here = sa.or_(saved_view.c.owner == owner, saved_view.c.shared)
    others = sa.case((saved_view.c.owner == owner, 0), else_=1)
    ordered = sa.select(saved_view).where(here).order_by(others, saved_view.c.name, saved_view.c.id)
    return [ViewRow(**row) for row in tx.rows(ordered)]


def get(tx: Transaction, view_id: int) -> ViewRow | None:
    """One view, held until the end of the transaction."""
    row = tx.row(sa.select(saved_view).where(saved_view.c.id == view_id).with_for_update())
    return ViewRow(**row) if row else None


def share(tx: Transaction, view_id: int, *, shared: bool) -> None:
    """Show it to everybody, or no longer."""
    tx.run(saved_view.update().where(saved_view.c.id == view_id).values(shared=shared))


def delete(tx: Transaction, view_id: int) -> None:
    """Forget it."""
    tx.run(saved_view.delete().where(saved_view.c.id == view_id))
