"""Events that name an order and have no entry by which it could be found: unrouted, not routed yet, or being fetched.

Which order an event names stands in its data alone, so they are looked through, the newest first, and not without end.
"""

import json
from collections.abc import Collection

import sqlalchemy as sa
from pydantic import ValidationError

from connector.status import NoticeStatus
from connector.store import intake, tables
from connector.store.database import Transaction
from connector.store.intake import EventRow
from connector.store.links import Place
from connector.store.tables import event, notice
from schemas.events import EVENT_TYPES

LOOKED_THROUGH = 2000
"""So many of the newest events of each such state are looked through."""

OPEN_NOTICES = (NoticeStatus.RECEIVED, NoticeStatus.FETCHING, NoticeStatus.RETRYING, NoticeStatus.ERRORED)
"""Something is still to be done about them, by us or by a person."""


def order_numbers(row: EventRow) -> tuple[str, ...]:
    """The orders that an event names at its source; none where this release cannot read its data."""
    try:
        return EVENT_TYPES[row.type].model_validate(row.data).order_numbers
    except (KeyError, ValidationError):
        return ()


def naming(tx: Transaction, places: Collection[Place]) -> dict[int, EventRow]:
    """Events that name the order and have no entry: not routed yet, unrouted, or waiting for their context."""
    if not places:
        return {}
    rows = [*_recent(tx, tables.UNROUTED, places), *_recent(tx, tables.TO_ROUTE, places), *_fetching(tx)]
    return {
        row.id: row for row in rows if {(row.source, number) for number in order_numbers(row)} & {*places}
    }


def _recent(tx: Transaction, state: str, places: Collection[Place]) -> list[EventRow]:
    """Of the newest events in this state, those whose data hold one of the numbers as a text."""
    here = sa.text(state)
    newest = tx.values(sa.select(event.c.id).where(here).order_by(event.c.id.desc()).limit(LOOKED_THROUGH))
    if not newest:
        return []
    data = sa.cast(event.c.data, sa.Text)
    named = [
        data.contains(json.dumps(number, ensure_ascii=False), autoescape=True)
        for number in {number for _, number in places}
    ]
    statement = sa.select(event).where(here, event.c.id >= newest[-1], sa.or_(*named))
    return [EventRow(**row) for row in tx.rows(statement.order_by(event.c.id))]


def _fetching(tx: Transaction) -> list[EventRow]:
    """Events whose context is being fetched: a notice that is not finished says so."""
    statement = (
        sa.select(notice.c.event_id).where(notice.c.status.in_(OPEN_NOTICES)).order_by(notice.c.id.desc())
    )
    ids = {event_id for event_id in tx.values(statement.limit(LOOKED_THROUGH)) if event_id is not None}
    return [row for row in intake.get_events(tx, ids).values() if row.state == "fetching"]
