"""Data of events that a person corrected: what the source had told stands beside it, so that its repetition is known.

A source that tells the same once more must not undo a correction; one that tells of a change does.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from connector.store import contexts, versions
from connector.store.database import Transaction
from connector.store.tables import context, entry, event

TOLD = "told"
"""The kind of context that holds what the source told."""

SOURCE = "source"
"""Who ends a correction, in the audit."""

OVERTAKEN = "its source told of a change, which took the place of what was corrected by hand"


def fingerprint(data: Mapping[str, Any]) -> str:
    """Names the data of an event: it is another one as soon as anything differs."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def lock(tx: Transaction, event_id: int) -> Mapping[str, Any] | None:
    """The data of an event, which nobody else changes until the end of the transaction; None where it is not there.

    Events before their entries, as where a source is heard again: two holders cannot lock each other up.
    What only refers to it, as the notice of a retry that holds the entry, does not wait.
    """
    found: Mapping[str, Any] | None = tx.value(
        sa.select(event.c.data).where(event.c.id == event_id).with_for_update(key_share=True)
    )
    return found


def correct(tx: Transaction, event_id: int, document: str, data: Mapping[str, Any]) -> None:
    """Put corrected data under a locked event, and what its source had told beside it."""
    if told(tx, event_id) is None:
        old = tx.value(sa.select(event.c.data).where(event.c.id == event_id))
        contexts.store_context(tx, event_id, TOLD, {document: old})
    tx.run(event.update().where(event.c.id == event_id).values(data=data))


def told(tx: Transaction, event_id: int) -> Mapping[str, Any] | None:
    """What the source had told of a corrected event; None where it was not corrected."""
    here = sa.and_(context.c.event_id == event_id, context.c.kind == TOLD)
    found: Mapping[str, Any] | None = tx.value(sa.select(context.c.document).where(here))
    return found


def overtaken(tx: Transaction, event_id: int) -> None:
    """Its source told of a change: the correction is over, which the audit tells of each entry that rested on it."""
    if tx.run(context.delete().where(context.c.event_id == event_id, context.c.kind == TOLD)):
        for entry_id in tx.values(
            sa.select(entry.c.id).where(entry.c.event_id == event_id).order_by(entry.c.id)
        ):
            versions.note(
                tx, SOURCE, "overtaken", f"entry {entry_id}", {"event": event_id, "reason": OVERTAKEN}
            )
