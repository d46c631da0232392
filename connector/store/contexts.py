"""Context: the documents that were stored beside an event, so that its decision can be explained, and made anew."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from connector.status import Status
from connector.store.database import Transaction
from connector.store.tables import context, entry, event


def store_context(
    tx: Transaction, event_id: int, kind: str, documents: Mapping[str, Mapping[str, Any]]
) -> bool:
    """Store context documents (number -> document) beside an event; did anything change?"""
    old = context_of(tx, [event_id]).get(event_id, {}).get(kind, {})
    changed = {number: document for number, document in documents.items() if old.get(number) != document}
    for number, document in changed.items():
        here = sa.and_(context.c.event_id == event_id, context.c.kind == kind, context.c.number == number)
        values = {"document": document, "stored_at": tx.now}
        if number in old:
            tx.run(context.update().where(here).values(**values))
        else:
            tx.run(context.insert().values(event_id=event_id, kind=kind, number=number, **values))
    return bool(changed)


def context_of(
    tx: Transaction, event_ids: Sequence[int]
) -> dict[int, dict[str, dict[str, Mapping[str, Any]]]]:
    """The stored context of events: event id -> kind -> number -> document."""
    found: dict[int, dict[str, dict[str, Mapping[str, Any]]]] = {}
    if event_ids:
        for row in tx.rows(sa.select(context).where(context.c.event_id.in_(list(event_ids)))):
            found.setdefault(row["event_id"], {}).setdefault(row["kind"], {})[row["number"]] = row["document"]
    return found


def filtered_with_context(tx: Transaction, source: str, kind: str, number: str) -> Sequence[int]:
    """Events of a source that were decided with this document in their context, and have filtered entries."""
    statement = (
        sa.select(event.c.id)
        .distinct()
        .join(context, context.c.event_id == event.c.id)
        .join(entry, entry.c.event_id == event.c.id)
        .where(context.c.number == number, context.c.kind == kind, event.c.source == source)
        .where(entry.c.status == Status.FILTERED)
        .order_by(event.c.id)
    )
    return tx.values(statement)
