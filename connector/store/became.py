"""What became of the entries that somebody acted on together, by the lines of the audit which that act left."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from connector.status import Status
from connector.store.database import Transaction
from connector.store.tables import audit, entry

TOGETHER = ("bulk ", "release")
"""What actions on many entries begin with."""

MOST_LINES = 500
SOME = 20
"""So many entries that errored again are told."""

CHUNK = 5_000


@dataclass(frozen=True)
class Became:
    """Who did what and when, to how many entries, and in which status they are now; `errored` are some of those that
    errored (again)."""

    actor: str
    action: str
    at: datetime
    entries: int
    by_status: Mapping[str, int]
    errored: tuple[int, ...]


def last_line(tx: Transaction) -> int:
    """The id of the audit's newest line."""
    return int(tx.value(sa.select(sa.func.max(audit.c.id))) or 0)


def of_lines(tx: Transaction, actor: str, after: int, upto: int) -> Became | None:
    """What became of what this person did by the lines behind `after` up to `upto`; None where they did nothing."""
    here = sa.select(audit).where(audit.c.id > after, audit.c.id <= upto, audit.c.actor == actor)
    together = sa.or_(*(audit.c.action.startswith(one) for one in TOGETHER))
    lines = tx.rows(here.where(together).order_by(audit.c.id).limit(MOST_LINES))
    if not lines:
        return None
    ids = [int(one) for line in lines for one in line["detail"].get("entries", ())]
    by_status, errored = _statuses(tx, ids)
    first = lines[0]
    return Became(actor, first["action"], first["at"], len(ids), by_status, errored)


def _statuses(tx: Transaction, ids: Sequence[int]) -> tuple[Mapping[str, int], tuple[int, ...]]:
    found, errored = Counter[str](), list[int]()
    for begin in range(0, len(ids), CHUNK):
        here = sa.select(entry.c.id, entry.c.status).where(entry.c.id.in_(ids[begin : begin + CHUNK]))
        for row in tx.rows(here.order_by(entry.c.id)):
            found[row["status"]] += 1
            if row["status"] == Status.ERRORED and len(errored) < SOME:
                errored.append(row["id"])
    return dict(found), tuple(errored)
