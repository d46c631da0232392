"""Events that no flow took: none matches, or this release cannot read them. They stand apart, until one takes them or
their time is over.
"""

from collections.abc import Iterable

import sqlalchemy as sa

from connector.store import tables
from connector.store.database import Transaction
from connector.store.intake import EventRow
from connector.store.tables import event


def unrouted(tx: Transaction, limit: int = 50, below: int | None = None) -> list[EventRow]:
    """Events that no flow took, newest first, from behind the id `below`."""
    statement = sa.select(event).where(sa.text(tables.UNROUTED)).order_by(event.c.id.desc()).limit(limit)
    if below is not None:
        statement = statement.where(event.c.id < below)
    return [EventRow(**row) for row in tx.rows(statement)]


def route_again(tx: Transaction, ids: Iterable[int]) -> int:
    """Put events that no flow took before the router once more; how many were such."""
    here = sa.and_(event.c.id.in_(list(ids)), event.c.state == "unrouted")
    return tx.run(event.update().where(here).values(state="new"))
