"""Which processes do not take the configuration file over as it stands now, and why: they go on with the one before.

A process says so again every so often (`OFTEN`); what was not said again is over. The rows stand beside the lanes, as
other marks do (`gauges.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select

from connector.store import lanes
from connector.store.database import Transaction
from connector.store.tables import lane

OFTEN = 30.0
"""Seconds after which a process says it again."""

_LASTS = timedelta(seconds=4 * OFTEN)
_FORGOTTEN = timedelta(days=1)
_MARK = "@configuration "


@dataclass(frozen=True)
class NotTaken:
    """A process (`host:pid`), and why it goes on with an older file: a line for each mistake, with file, line, key."""

    process: str
    reason: str


def refused(tx: Transaction, process: str, reason: str) -> None:
    """This process does not take the file over."""
    name = _name(process)
    lanes.declare(tx, [(name, "")])
    said = {"owner": process, "code": "not taken", "reason": reason, "updated_at": tx.now}
    tx.run(lane.update().where(lane.c.name == name).values(**said))
    tx.run(delete(lane).where(lane.c.name.startswith(_MARK), lane.c.updated_at < tx.now - _FORGOTTEN))


def taken(tx: Transaction, process: str) -> None:
    """This process works by the file."""
    tx.run(delete(lane).where(lane.c.name == _name(process)))


def standing(tx: Transaction) -> Sequence[NotTaken]:
    """The processes that go on with an older file, as far as they live."""
    here = lane.c.name.startswith(_MARK), lane.c.updated_at >= tx.now - _LASTS
    rows = tx.rows(select(lane.c.owner, lane.c.reason).where(*here).order_by(lane.c.name))
    return tuple(NotTaken(row["owner"], row["reason"]) for row in rows)


def _name(process: str) -> str:
    return f"{_MARK}{process[-64:]}"
