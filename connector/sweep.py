"""The sweeper: rings again for whatever is due, ends waits that are over, and has what an edited flow had filtered
decided again. It delivers nothing itself."""

import structlog

from connector.status import Status
from connector.store import Database, Transaction, entries, flow_editions, lanes, listings, waits
from connector.store.entries import Move
from connector.store.waits import WAITING
from connector.work import Bell

log = structlog.get_logger(__name__)


DECIDED_AGAIN = 200
"""Filtered entries of edited flows that one sweep queues, at most."""

LATE = "what it waited for did not come in time"


class Sweeper:
    """Looks at the whole store every few seconds; several at once do no harm."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def run(self) -> set[Bell]:
        """End and renew waits in one commit, decide again what edited flows had filtered; the bells to be rung."""
        with self._database.read() as tx:
            over = bool(waits.past_deadline(tx) or waits.to_look_again(tx) or waits.ended(tx))
        if over:
            with self._database.write() as tx:
                lanes.lock(tx, "@route")
                self._end_waits(tx)
        self._decide_again()
        with self._database.read() as tx:
            polled = set(listings.due_lanes(tx))
            bells = {Bell("poll" if lane in polled else "deliver", lane) for lane in lanes.with_due_work(tx)}
            if lanes.planning_due(tx):
                bells.add(Bell("route"))
        return bells | {Bell("intake")}

    def _decide_again(self) -> None:
        with self._database.read() as tx:
            edited = flow_editions.unsettled(tx)
        if edited:
            with self._database.write() as tx:
                lanes.lock(tx, "@route")
                moved = flow_editions.decide_again(tx, DECIDED_AGAIN)
            log.info("flows.edited", flows=edited, entries=len(moved))

    def _end_waits(self, tx: Transaction) -> None:
        """Whoever is in several of the three is moved once, by the first."""
        moves = [waits.came(row.id) for row in waits.ended(tx)]
        moves += [
            Move(
                row.id,
                Status.ERRORED,
                "deadline",
                f"what it waited for did not come in time; {row.reason}",
                was=WAITING,
            )
            for row in waits.past_deadline(tx)
        ]
        moves += [
            Move(row.id, Status.QUEUED, "look again", "its target may have it by now", was=WAITING)
            for row in waits.to_look_again(tx)
        ]
        made = entries.move(tx, moves)
        if made:
            log.info("waits.ended", entries=sorted(one.entry_id for one in made))
