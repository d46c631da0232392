"""The follower: reads the journal behind a mark and derives what people search, group and count by.

One at a time in the whole fleet, in small commits, outside of the lanes. Numbers settle after a while: a smaller one
may be committed after a larger one, as late as its transaction lasts. So everything behind the settled mark is looked
at each time; what is derived already costs no more than that look. Tallies are counted of settled moves only, in the
commit that moves the mark.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from connector.store import tallies
from connector.store.database import Database, Transaction
from connector.store.deriving import derive, trails
from connector.store.digest_tables import cause, digest, mark
from connector.store.tables import entry, entry_key, journal, link

LAG = 10.0
"""Seconds that numbers are left to settle, at least."""

WINDOW = 500
"""Moves that one commit looks at."""

LINKS = 50
"""Links that one commit looks at: each leads to every entry of the orders that it joins."""

BUDGET = 1.0
"""Seconds of one run; what is left is done in the next."""

_FOLLOWED = {"journal": journal, "link": link}


@dataclass(frozen=True)
class Mark:
    """How far a table was followed: `position` is done for good; `top` was its highest number at `top_at`.

    `fence` is the transaction that found it at rest first: whoever may still hold a number up to `top` is older."""

    name: str
    position: int
    top: int
    top_at: datetime | None
    fence: int | None


class Follower:
    """Follows the journal and the links of one database; several at once do no harm."""

    def __init__(self, database: Database, *, window: int = WINDOW, lag: float = LAG) -> None:
        self._database = database
        self._window = window
        self._lag = lag

    def run(self, budget: float = BUDGET) -> int:
        """Derive what moved, for about so many seconds; how many rows were written."""
        with self._database.read() as tx:
            if not _behind(tx):
                return 0
        ends_at, looked_upto, written = time.monotonic() + budget, 0, 0
        while True:
            with self._database.write() as tx:
                step = self._step(tx, looked_upto)
            if step is None:
                return written
            looked_upto, written = step[0], written + step[1]
            if time.monotonic() >= ends_at:
                return written

    def _step(self, tx: Transaction, looked_upto: int) -> tuple[int, int] | None:
        """One commit: up to where the journal was looked at now, and how many rows were written. None where nothing is
        left to be done, or somebody else is at it."""
        marks = _locked(tx)
        if marks is None:
            return None
        moves, links = _observed(tx, marks["journal"]), _observed(tx, marks["link"])
        settled = self._settled(tx, moves)
        if moves.position < settled:
            upto, written = self._look(tx, moves.position, settled)
            tallies.add(tx, moves.position, upto)
            _advance(tx, "journal", upto)
            return upto, written
        settled = self._settled(tx, links)
        if links.position < settled:
            return looked_upto, self._follow_links(tx, links.position, settled)
        first = max(moves.position, looked_upto)
        upto, written = self._look(tx, first, None)
        return None if upto == first else (upto, written)

    def _settled(self, tx: Transaction, one: Mark) -> int:
        """Up to this number nothing new can come: it rests, and each transaction is over that may have got one before.

        In SQLite one writes at a time. A fence that is still to come is that of the database from which this one was
        restored.
        """
        if one.top_at is None or one.top_at > tx.now - timedelta(seconds=self._lag):
            return one.position
        if tx.is_sqlite:
            return one.top
        oldest = sa.func.txid_snapshot_xmin(sa.func.txid_current_snapshot())
        (seen,) = tx.rows(sa.select(sa.func.txid_current().label("own"), oldest.label("oldest")))
        fence = one.fence
        if fence is None or fence > seen["own"]:
            fence = seen["own"]
            tx.run(mark.update().where(mark.c.name == one.name).values(fence=fence))
        return one.top if seen["oldest"] >= fence else one.position

    def _look(self, tx: Transaction, after: int, last: int | None) -> tuple[int, int]:
        """Derive the entries that moved behind a number; up to where that was done, and how many rows were written."""
        here = journal.c.id > after if last is None else journal.c.id.between(after + 1, last)
        moves = sa.select(journal.c.id, journal.c.entry_id).where(here).order_by(journal.c.id)
        rows = tx.rows(moves.limit(self._window))
        newest = {row["entry_id"]: row["id"] for row in rows}
        there = sa.select(digest.c.entry_id, digest.c.seen).where(digest.c.entry_id.in_(newest))
        seen = {row["entry_id"]: row["seen"] for row in tx.rows(there)}
        written = derive(tx, [one for one, moved in newest.items() if seen.get(one, -1) < moved])
        if len(rows) == self._window or last is None:
            return (rows[-1]["id"] if rows else after), written
        return last, written

    def _follow_links(self, tx: Transaction, after: int, last: int) -> int:
        """Derive the entries of orders that got another number; how many rows were written."""
        of_orders = sa.and_(link.c.kind == "order", link.c.target_kind == "order")
        here = sa.select(link).where(link.c.id.between(after + 1, last), of_orders)
        window = min(self._window, LINKS)
        rows = tx.rows(here.order_by(link.c.id).limit(window))
        ends = {
            (row[f"{side}_connection"], row[f"{side}_number"])
            for row in rows
            for side in ("source", "target")
        }
        joined = {(number, name) for trail in trails(tx, ends).values() for name, number in trail}
        of_joined = tx.among((entry_key.c.number, entry_key.c.connection), joined)
        keyed = tx.values(sa.select(entry_key.c.entry_id).where(of_joined).distinct())
        _advance(tx, "link", rows[-1]["id"] if len(rows) == window else last)
        return derive(tx, keyed)


def forget(event_ids: Sequence[int], tx: Transaction) -> None:
    """Nobody is found by a name or an address any more that is no longer stored; the follower waits meanwhile."""
    tx.rows(sa.select(mark).order_by(mark.c.name).with_for_update())
    derive(tx, tx.values(sa.select(entry.c.id).where(entry.c.event_id.in_(event_ids))))


def forget_causes(tx: Transaction) -> None:
    """Causes of which nothing is errored any more go, with the names that may stand in their texts; the follower, which
    may be about to use one, waits meanwhile."""
    tx.rows(sa.select(mark).order_by(mark.c.name).with_for_update())
    used = sa.exists().where(digest.c.cause_id.is_not(None), digest.c.cause_id == cause.c.id)
    tx.run(cause.delete().where(~used))


def _marks(tx: Transaction, *, lock: bool = False) -> dict[str, Mark]:
    statement = sa.select(mark).order_by(mark.c.name)
    rows = tx.rows(statement.with_for_update(skip_locked=True) if lock else statement)
    return {row["name"]: Mark(**row) for row in rows}


def _locked(tx: Transaction) -> dict[str, Mark] | None:
    """The marks, held until the end of the transaction; None where somebody else holds them."""
    marks = _marks(tx, lock=True)
    return marks if marks.keys() == _FOLLOWED.keys() else None


def _behind(tx: Transaction) -> bool:
    return any(one.position < _top(tx, name) for name, one in _marks(tx).items())


def _top(tx: Transaction, name: str) -> int:
    return int(tx.value(sa.select(sa.func.max(_FOLLOWED[name].c.id))) or 0)


def _observed(tx: Transaction, one: Mark) -> Mark:
    """Note how high the numbers are, once all that was noted before is done."""
    if one.position < one.top or (top := _top(tx, one.name)) <= one.top:
        return one
    tx.run(mark.update().where(mark.c.name == one.name).values(top=top, top_at=tx.now, fence=None))
    return replace(one, top=top, top_at=tx.now, fence=None)


def _advance(tx: Transaction, name: str, position: int) -> None:
    tx.run(mark.update().where(mark.c.name == name).values(position=position))
