"""The sweeper: rings again for whatever is due, and ends waits that are over. It delivers nothing itself."""

import structlog

from connector.status import Status
from connector.store import Database, Transaction, entries, lanes, waits
from connector.store.entries import Move
from connector.work import Bell

log = structlog.get_logger(__name__)


class Sweeper:
    """Looks at the whole store every few seconds; several at once do no harm."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def run(self) -> set[Bell]:
        """End and renew waits in one commit, then say which bells are to be rung."""
        with self._database.read() as tx:
            over = bool(waits.past_deadline(tx) or waits.to_look_again(tx) or waits.ended(tx))
        if over:
            with self._database.write() as tx:
                lanes.lock(tx, "@route")
                self._end_waits(tx)
        with self._database.read() as tx:
            bells = {Bell("deliver", lane) for lane in lanes.with_due_work(tx)}
            if lanes.planning_due(tx):
                bells.add(Bell("route"))
        return bells | {Bell("intake")}

    def _end_waits(self, tx: Transaction) -> None:
        moves = [
            Move(row.id, Status.ERRORED, "deadline", f"what it waited for did not come in time; {row.reason}")
            for row in waits.past_deadline(tx)
        ]
        ended = waits.ended(tx)
        moves += [
            Move(row.id, Status.QUEUED, "link came", "what it waited for is there", replan=True)
            for row in ended
        ]
        known = {move.entry_id for move in moves}
        moves += [
            Move(row.id, Status.QUEUED, "look again", "its target may have it by now")
            for row in waits.to_look_again(tx)
            if row.id not in known
        ]
        unique = {move.entry_id: move for move in reversed(moves)}
        entries.move(tx, list(unique.values()))
        if moves:
            log.info("waits.ended", entries=sorted(unique))
