"""What a person can do to entries and notices: retry, ignore; each with the name of who did it, in the audit."""

from collections.abc import Callable
from dataclasses import dataclass

from connector.status import BY_HAND, NOTICE_BY_HAND, NoticeStatus, Status, check_by_hand
from connector.store import Database, Transaction, entries, intake, versions
from connector.store.entries import EntryRow, Move
from connector.store.intake import NewNotice, NoticeRow
from connector.work import Bell
from schemas.config import Config
from schemas.events import EVENT_TYPES


class Unknown(Exception):
    """There is no entry or notice of this id."""


@dataclass(frozen=True)
class Done:
    """What was done, in a sentence, and the bells that it calls for."""

    sentence: str
    bells: frozenset[Bell]


class Operator:
    """Carries out what people ask. `fetches(connection, kind)`: can documents of this kind be fetched there?"""

    def __init__(
        self,
        database: Database,
        config: Config,
        lane_for: Callable[[str, str], str],
        fetches: Callable[[str, str], bool],
    ) -> None:
        self._database = database
        self._config = config
        self._lane_for = lane_for
        self._fetches = fetches

    def retry(self, entry_id: int, actor: str) -> Done:
        """Plan an entry anew and deliver what is left of it; a filtered one is fetched again first.

        Raises Unknown, or IllegalMove where the entry's status has no way back to queued.
        """
        with self._database.write() as tx:
            row = self._entry(tx, entry_id)
            done = self._go_on(tx, row, actor)
            versions.note(tx, actor, "retry", f"entry {entry_id}", {"was": row.status, "reason": row.reason})
            return done

    def _go_on(self, tx: Transaction, row: EntryRow, actor: str) -> Done:
        check_by_hand(f"entry {row.id}", row.status, BY_HAND)
        if row.status == Status.FILTERED:
            return self._fetch_again(tx, row, actor)
        if row.status == Status.RETRYING:
            entries.bring_forward(tx, row.id)
            return Done(f"entry {row.id} is tried again now", frozenset({Bell("deliver", row.lane)}))
        return self._queue(tx, row, actor)

    def _queue(self, tx: Transaction, row: EntryRow, actor: str) -> Done:
        reason = "posted" if row.status == Status.HELD else "retried by hand"
        entries.move(
            tx, [Move(row.id, Status.QUEUED, "by hand", reason, actor=actor, replan=True, fresh=True)]
        )
        return Done(
            f"entry {row.id} is queued: planned anew, what is done stays done", frozenset({Bell("route")})
        )

    def _fetch_again(self, tx: Transaction, row: EntryRow, actor: str) -> Done:
        """Facts may have changed at the source since it was filtered: ask there, then decide anew."""
        kind = EVENT_TYPES[row.type].kind
        if not self._fetches(row.source, kind):
            return self._queue(tx, row, actor)
        lane = self._lane_for(row.source, row.source_number)
        transport = f"again:{row.id}:{tx.now.isoformat()}"
        notice = NewNotice(row.source, lane, transport, kind, row.source_number, 0, "", event_id=row.event_id)
        intake.store_notices(tx, [notice])
        sentence = f"entry {row.id}: {kind} {row.source_number} is fetched anew from {row.source}, then decided again"
        return Done(sentence, frozenset({Bell("complete", lane)}))

    def ignore(self, entry_id: int, actor: str, reason: str) -> Done:
        """Leave an entry undelivered; raises Unknown or IllegalMove."""
        with self._database.write() as tx:
            row = self._entry(tx, entry_id)
            entries.move(tx, [Move(row.id, Status.IGNORED, "by hand", reason, actor=actor)])
            versions.note(tx, actor, "ignore", f"entry {entry_id}", {"was": row.status, "reason": reason})
            return Done(f"entry {row.id} is ignored: {reason}", frozenset({Bell("route")}))

    def retry_notice(self, notice_id: int, actor: str) -> Done:
        """Fetch a notice's document again; raises Unknown or IllegalMove, or ValueError where it names no document."""
        with self._database.write() as tx:
            row = self._notice(tx, notice_id)
            if not row.number:
                raise ValueError(
                    f"notice {notice_id} names no document ({row.reason}); correct its publisher, and ignore it"
                )
            check_by_hand(f"notice {row.id}", row.status, NOTICE_BY_HAND)
            if row.status == NoticeStatus.RETRYING:
                intake.bring_forward(tx, row.id)
            else:
                intake.move_notices(tx, [row.id], NoticeStatus.RECEIVED, reason="retried by hand")
            versions.note(
                tx, actor, "retry", f"notice {notice_id}", {"was": row.status, "reason": row.reason}
            )
            return Done(f"notice {row.id} is fetched again", frozenset({Bell("complete", row.lane)}))

    def ignore_notice(self, notice_id: int, actor: str, reason: str) -> Done:
        """Leave a notice; raises Unknown or IllegalMove."""
        with self._database.write() as tx:
            row = self._notice(tx, notice_id)
            intake.move_notices(tx, [row.id], NoticeStatus.IGNORED, code="by hand", reason=reason)
            versions.note(tx, actor, "ignore", f"notice {notice_id}", {"was": row.status, "reason": reason})
            if row.event_id is not None:
                # The event goes on without the context that nobody fetches any more.
                intake.give_up_fetching(tx, row.event_id)
            return Done(f"notice {row.id} is ignored: {reason}", frozenset({Bell("route")}))

    def _entry(self, tx: Transaction, entry_id: int) -> EntryRow:
        row = entries.get(tx, [entry_id], lock=True).get(entry_id)
        if row is None:
            raise Unknown(f"there is no entry {entry_id}")
        return row

    def _notice(self, tx: Transaction, notice_id: int) -> NoticeRow:
        row = intake.get_notice(tx, notice_id, lock=True)
        if row is None:
            raise Unknown(f"there is no notice {notice_id}")
        return row
