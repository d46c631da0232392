"""Starting entries over: what they did is looked for at the target again, and made anew where it is gone.

A person asks for it with us (`connector/operate.py`), or at the source (`Told.again`).
"""

from connector.status import IllegalMove, Status
from connector.store import entries, intake, links, steps, voids
from connector.store.database import Transaction
from connector.store.entries import EntryRow, Move

STARTED_OVER = "start over"
"""The code of the move."""

LEGAL = frozenset({Status.PUBLISHED, Status.ERRORED, Status.IGNORED})
"""From these an entry can be started over."""


class Voided(IllegalMove):
    """What was taken back is not made anew."""

    def __init__(self, entry_id: int, void: int) -> None:
        Exception.__init__(
            self,
            f"entry {entry_id} was taken back, by event {void}: it is not made anew; a shipment that is processed "
            "again comes as one of its own",
        )


def start_over(tx: Transaction, row: EntryRow, actor: str, reason: str) -> None:
    """Queue a locked entry with every step to be looked for, and forget the links that it made; raises IllegalMove."""
    void = _void_of(tx, row)
    if void is not None:
        raise Voided(row.id, void)
    moved = Move(row.id, Status.QUEUED, STARTED_OVER, reason, actor=actor, replan=True, fresh=True)
    entries.move(tx, [moved])
    steps.start_over(tx, row.id)
    links.drop_of_entry(tx, row.id)


def by_source(tx: Transaction, event_id: int, actor: str) -> list[int]:
    """Its source asks for an event once more: what can be started over is, and what was filtered is decided again.

    Returns the entries that go on; the others are under way anyway, or were ended by a later event.
    """
    ids = [row.id for row in entries.of_events(tx, [event_id])]
    reason = "its source asks for it once more"
    going_on: list[int] = []
    for row in entries.get(tx, ids, lock=True).values():
        if _void_of(tx, row) is not None:
            continue
        if row.status in LEGAL:
            start_over(tx, row, actor, reason)
        elif row.status == Status.FILTERED:
            again = Move(row.id, Status.QUEUED, STARTED_OVER, reason, actor=actor, replan=True, fresh=True)
            entries.move(tx, [again])
        else:
            continue
        going_on.append(row.id)
    return going_on


def _void_of(tx: Transaction, row: EntryRow) -> int | None:
    return voids.void_of(tx, intake.get_events(tx, [row.event_id])[row.event_id])
