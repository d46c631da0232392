"""Which revision of a fact is meant by an event that does not say so: the one that holds, or the next one.

A void takes back the last confirmation that is known. What facts are is `facts.py`, how levels count `levels.py`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from connector.store import facts, levels
from connector.store.database import Transaction
from connector.store.levels import LevelChange
from connector.store.tables import event
from schemas.events import LEVELS, ShipmentConfirmed, ShipmentVoided

BY_HAND = "by hand"
"""How a void was heard of that a person made (`connector/operate.py`)."""

Fact = tuple[str, str, str]
"""Source, type and document."""


@dataclass(frozen=True)
class Said:
    """What an event says of its fact; `revision` None: nothing."""

    fact: Fact
    transport_id: str
    revision: int | None
    data: Mapping[str, Any]

    @property
    def is_level(self) -> bool:
        """Does it tell how something stands?"""
        return self.fact[1] in LEVELS

    @property
    def change(self) -> LevelChange:
        """It, as the change of a level."""
        at = levels.changed_at(self.fact[1], self.data)
        return LevelChange(self.fact, at, self.transport_id, self.revision)


def of(tx: Transaction, said: Sequence[Said]) -> list[int]:
    """The revision of each: what it says, or what it means."""
    unsaid = {(one.fact, one.transport_id) for one in said if one.revision is None and not one.is_level}
    understood = meant(tx, unsaid)
    counted = levels.counted(tx, [one.change for one in said if one.is_level])
    return [
        counted[one.change] if one.is_level else one.revision or understood[one.fact, one.transport_id]
        for one in said
    ]


def meant(tx: Transaction, unsaid: Collection[tuple[Fact, str]]) -> dict[tuple[Fact, str], int]:
    """The revision that each of these means, of a fact and the id under which it was heard; 1 where none is known."""
    current = facts.current_revisions(tx, {key for key, _ in unsaid})
    confirmed = {key: (key[0], ShipmentConfirmed.type, key[2]) for key, _ in unsaid if _shipped(key)}
    last = facts.last_revisions(tx, set(confirmed.values()))
    found: dict[tuple[Fact, str], int] = {}
    for key, transport_id in unsaid:
        revision = current.get(key, 1)
        before = last.get(confirmed.get(key, key), revision)
        voids = key[1] == ShipmentVoided.type
        repeated = before < revision and _is_repeated(tx, key, before, transport_id)
        found[key, transport_id] = before if voids or repeated else revision
    return found


def _shipped(key: Fact) -> bool:
    return key[1] in (ShipmentConfirmed.type, ShipmentVoided.type)


def _is_repeated(tx: Transaction, key: Fact, revision: int, transport_id: str) -> bool:
    """Is it the very event by which a confirmation was told that its source took back since, delivered once more?"""
    source, _, document = key
    here = sa.and_(event.c.source == source, event.c.document == document, event.c.revision == revision)
    types = (ShipmentConfirmed.type, ShipmentVoided.type)
    columns = (event.c.type, event.c.transport_id, event.c.via)
    heard = {row["type"]: row for row in tx.rows(sa.select(*columns).where(here, event.c.type.in_(types)))}
    voided = heard.get(ShipmentVoided.type)
    told = voided is not None and voided["via"] != BY_HAND
    return told and heard[ShipmentConfirmed.type]["transport_id"] == transport_id


def stored(tx: Transaction, fresh: Mapping[tuple[str, str, str, int], Said]) -> None:
    """After new events: their facts hold; what a void takes back holds no longer, so that the next one is news; of
    levels the newest is known."""
    keys = [key for key, one in fresh.items() if not one.is_level]
    facts.remember(tx, keys)
    voided = [key for key in keys if key[1] == ShipmentVoided.type]
    confirmed = [(source, ShipmentConfirmed.type, document, last) for source, _, document, last in voided]
    facts.ended(tx, confirmed)
    levels.heard(tx, {one.change: key[3] for key, one in fresh.items() if one.is_level})
