"""What a person can do to entries and notices, each with the name of who did it, in the audit.

Retry, ignore, hold, start over, process again, resolve by hand, compare; acknowledge an alert. Doing it to many at
once is `bulk.py` and `releasing.py`, correcting the data is `editing.py`; what can be done in which status is told by
`acts.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from connector import acts
from connector.shards import lanes_of
from connector.status import (
    BY_HAND,
    NOTICE_BY_HAND,
    IllegalMove,
    NoticeStatus,
    Status,
    check_by_hand,
    check_move,
)
from connector.store import (
    Database,
    Transaction,
    alerts,
    entries,
    inspections,
    intake,
    lanes,
    starting_over,
    steps,
    strays,
    versions,
)
from connector.store.entries import EntryRow, Move
from connector.store.inspections import Purpose
from connector.store.intake import EventRow, NewEvent, NewNotice, NoticeRow
from connector.work import Bell
from schemas.config import Config
from schemas.events import EVENT_TYPES, ShipmentConfirmed, ShipmentVoided


class Unknown(Exception):
    """There is no entry, notice or alert of this id, or no connection of this name."""


class Refused(IllegalMove):
    """It cannot be done to this entry; the text says why, and what can be."""

    def __init__(self, text: str) -> None:
        Exception.__init__(self, text)


class Outdated(Refused):
    """What a person acts on is not any more as it was when they looked; nothing was done."""


class Pruned(Refused):
    """The entry's details are gone."""


@dataclass(frozen=True)
class Done:
    """What was done, in a sentence, and the bells that it calls for; `inspection` is where the answer will stand, where
    the target has to be read first."""

    sentence: str
    bells: frozenset[Bell]
    inspection: int | None = None


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
            done = self.go_on(tx, row, actor)
            versions.note(tx, actor, "retry", f"entry {entry_id}", {"was": row.status, "reason": row.reason})
            return done

    def go_on(self, tx: Transaction, row: EntryRow, actor: str) -> Done:
        """Retry a locked entry in a transaction of the caller's, who writes the audit; raises IllegalMove."""
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
            done = self.leave(tx, row, actor, reason)
            versions.note(tx, actor, "ignore", f"entry {entry_id}", {"was": row.status, "reason": reason})
            return done

    def leave(self, tx: Transaction, row: EntryRow, actor: str, reason: str) -> Done:
        """Ignore a locked entry in a transaction of the caller's, who writes the audit; raises IllegalMove."""
        entries.move(tx, [Move(row.id, Status.IGNORED, "by hand", reason, actor=actor)])
        return Done(f"entry {row.id} is ignored: {reason}", frozenset({Bell("route")}))

    def hold(self, entry_id: int, actor: str, reason: str) -> Done:
        """Keep an entry where it is until a person posts it; raises Unknown, IllegalMove, Refused.

        What is done of it stays done, and what is in doubt is looked for first once it is posted. What must come to
        rest before anything follows it is not held half-way.
        """
        with self._database.write() as tx:
            row = self._entry(tx, entry_id)
            check_move(f"entry {row.id}", row.status, Status.HELD)
            begun = row.type in acts.NOT_HELD_HALF_WAY and steps.begun(tx, [row.id])
            if begun or steps.raises(tx, row.id):
                raise Refused(f"entry {row.id} {acts.HALF_WAY}")
            entries.move(tx, [Move(row.id, Status.HELD, "by hand", reason, actor=actor)])
            versions.note(tx, actor, "hold", f"entry {row.id}", {"was": row.status, "reason": reason})
            sentence = f"entry {row.id} is held until a person posts it; later ones of its order may pass it"
            return Done(sentence, frozenset({Bell("deliver", row.lane)}))

    # -- an entry of which only a part stands at the target --

    def start_over(self, entry_id: int, actor: str, reason: str) -> Done:
        """Look for all that an entry did, and make anew what is gone; raises Unknown, IllegalMove, Refused."""
        with self._database.write() as tx:
            row = self._entry(tx, entry_id)
            done = self.begin_again(tx, row, actor, reason)
            versions.note(tx, actor, "start over", f"entry {row.id}", {"was": row.status, "reason": reason})
            return done

    def begin_again(self, tx: Transaction, row: EntryRow, actor: str, reason: str) -> Done:
        """Start a locked entry over in a transaction of the caller's, who writes the audit; raises IllegalMove."""
        if row.status not in starting_over.LEGAL:
            legal = "published, errored or ignored"
            raise Refused(f"entry {row.id} is {row.status}: it can be started over once it is {legal}")
        self._event(tx, row)
        starting_over.start_over(tx, row, actor, reason)
        sentence = (
            f"entry {row.id} is started over: what stands at {row.target} is kept, what is gone is made anew"
        )
        return Done(sentence, frozenset({Bell("route")}))

    def reprocess(self, entry_id: int, actor: str, reason: str) -> Done:
        """The source's shipment was deleted there without a word: take back what was written for it, so that the one
        that is processed again replaces it; raises Unknown, Refused."""
        with self._database.write() as tx:
            row = self._entry(tx, entry_id)
            confirmed = self._to_void(tx, row)
            void = NewEvent(
                row.source,
                ShipmentVoided.type,
                row.source_number,
                confirmed.revision,
                f"by hand:{row.id}",
                "by hand",
                tx.now,
                {**confirmed.data, "shipment": {**confirmed.data["shipment"], "state": "voided"}},
            )
            receipt = intake.store_events(tx, [void])[0]
            if receipt.duplicate:
                raise Refused(
                    f"shipment {row.source_number} @ {row.source} was voided already, by event {receipt.id}"
                )
            detail = {"was": row.status, "reason": reason, "event": receipt.id}
            versions.note(tx, actor, "reprocess", f"entry {row.id}", detail)
            sentence = (
                f"event {receipt.id} voids shipment {row.source_number}: what entry {row.id} wrote to {row.target} is "
                "taken back; the shipment that is processed again is carried as a new one"
            )
            return Done(sentence, frozenset({Bell("route")}))

    def _to_void(self, tx: Transaction, row: EntryRow) -> EventRow:
        """The event of an entry that can be taken back; raises Refused."""
        if row.type != ShipmentConfirmed.type:
            raise Refused(
                f"entry {row.id} tells of {row.type}: only a {ShipmentConfirmed.type} is processed again; "
                f"`connector log start-over {row.id}` has its effects looked for and made anew"
            )
        if not self.takes_back(row):
            raise Refused(
                f"no flow takes {ShipmentVoided.type} from {row.source} to {row.target}, so what was written there "
                "cannot be taken back: add one to the configuration, or undo it there by hand and ignore this entry"
            )
        if not steps.begun(tx, [row.id]):
            raise Refused(
                f"nothing of entry {row.id} was written to {row.target}, so there is nothing to take back: ignore it"
            )
        return self._event(tx, row)

    def takes_back(self, row: EntryRow) -> bool:
        """Does a flow take back what this entry writes, when its shipment is voided?"""
        flows = self._config.flows_of(ShipmentVoided.type, row.source)
        return any(flow.target == row.target and flow.mode != "off" for flow in flows)

    def _event(self, tx: Transaction, row: EntryRow) -> EventRow:
        """The entry's event, with its data; raises Pruned."""
        event = intake.get_events(tx, [row.event_id])[row.event_id]
        if not event.data:
            raise Pruned(
                f"entry {row.id} is so old that its details were pruned: have {row.source_number} published again by "
                f"{row.source}"
            )
        return event

    def resolve(self, entry_id: int, actor: str, reason: str, *, unchecked: bool = False) -> Done:
        """A person did it by hand at the target: read back there first, unless their word is taken (`unchecked`).

        Raises Unknown, or IllegalMove where the entry is not errored.
        """
        with self._database.write() as tx:
            row = self._entry(tx, entry_id)
            check_move(f"entry {row.id}", row.status, Status.RESOLVED)
            if not unchecked:
                return self._inspect(tx, row, "resolve", actor, reason)
            told = f"{reason} (on the word of {actor}; not read back)"
            entries.move(tx, [Move(row.id, Status.RESOLVED, "by hand", told, actor=actor)])
            detail = {"was": row.status, "reason": reason, "unchecked": True}
            versions.note(tx, actor, "resolve", f"entry {row.id}", detail)
            sentence = f"entry {row.id} is resolved on your word: nothing was read at {row.target}"
            return Done(sentence, frozenset({Bell("route")}))

    def compare(self, entry_id: int, actor: str) -> Done:
        """Read back what stands at the target of an entry; changes nothing. Raises Unknown, Refused."""
        with self._database.write() as tx:
            return self._inspect(tx, self._entry(tx, entry_id), "compare", actor, "")

    def _inspect(self, tx: Transaction, row: EntryRow, purpose: Purpose, actor: str, reason: str) -> Done:
        its_lanes = [lane for lane, connection in lanes_of(self._config) if connection == row.target]
        if not its_lanes:
            raise Refused(
                f"entry {row.id} went to {row.target}, which is no connection of the configuration any more"
            )
        lane = row.lane if row.lane in its_lanes else its_lanes[0]
        asked = inspections.ask(tx, row.id, lane, purpose, actor, reason)
        versions.note(tx, actor, purpose, f"entry {row.id}", {"was": row.status, "reason": reason})
        then = ", then it is resolved if nothing differs" if purpose == "resolve" else ""
        sentence = f"entry {row.id}: what stands at {row.target} is read back{then}"
        return Done(sentence, frozenset({Bell("deliver", lane)}), asked)

    # -- notices --

    def retry_notice(self, notice_id: int, actor: str, only_from: NoticeStatus | None = None) -> Done:
        """Fetch a notice's document again; raises Unknown or IllegalMove, or ValueError where it names no document.

        `only_from`: the status in which the person saw it; raises Outdated where it is in another by now.
        """
        with self._database.write() as tx:
            row = self._notice(tx, notice_id, only_from)
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

    def ignore_notice(
        self, notice_id: int, actor: str, reason: str, only_from: NoticeStatus | None = None
    ) -> Done:
        """Leave a notice; raises Unknown or IllegalMove, Outdated as above."""
        with self._database.write() as tx:
            row = self._notice(tx, notice_id, only_from)
            intake.move_notices(tx, [row.id], NoticeStatus.IGNORED, code="by hand", reason=reason)
            versions.note(tx, actor, "ignore", f"notice {notice_id}", {"was": row.status, "reason": reason})
            if row.event_id is not None:
                # The event goes on without the context that nobody fetches any more.
                intake.give_up_fetching(tx, row.event_id)
            return Done(f"notice {row.id} is ignored: {reason}", frozenset({Bell("route")}))

    def route_again(self, event_ids: Sequence[int], actor: str) -> Done:
        """Have events routed once more that no flow took: one may take them now. Raises Refused where none is such."""
        with self._database.write() as tx:
            count = strays.route_again(tx, event_ids)
            if not count:
                named = f"event {event_ids[0]} is not" if len(event_ids) == 1 else "none of these events is"
                raise Refused(f"{named} unrouted: `connector log list --unrouted` lists those that are")
            versions.note(tx, actor, "route again", f"{count} events", {"events": list(event_ids)})
            told = "1 event is" if count == 1 else f"{count} events are"
            return Done(
                f"{told} routed again; what no flow takes is listed here anew", frozenset({Bell("route")})
            )

    # -- connections --

    def resume(self, connection: str, actor: str) -> bool:
        """Let a connection go on at once that is paused, or of which the circuit is open; was it paused? What is due is
        taken up by the next sweep. Raises Unknown."""
        if connection not in self._config.connections:
            known = ", ".join(self._config.connections)
            raise Unknown(f"there is no connection {connection}; configured are {known}")
        with self._database.write() as tx:
            was_paused = lanes.resume(tx, connection)
            versions.note(tx, actor, "resume", f"connection {connection}", {"was_paused": was_paused})
            return was_paused

    # -- alerts --

    def acknowledge_alert(self, alert_id: int, actor: str) -> Done:
        """Somebody takes care of it, so that it is not told again; raises Unknown, or Refused where it is over."""
        with self._database.write() as tx:
            row = alerts.get(tx, alert_id)
            if row is None:
                raise Unknown(f"there is no alert {alert_id}")
            if row.closed_at is not None:
                raise Refused(f"alert {alert_id} is over since {row.closed_at.isoformat(timespec='seconds')}")
            alerts.acknowledge(tx, alert_id, actor)
            versions.note(
                tx, actor, "acknowledge", f"alert {alert_id}", {"kind": row.kind, "subject": row.subject}
            )
            return Done(f"alert {alert_id} is taken care of by {actor}: {row.sentence}", frozenset())

    def _entry(self, tx: Transaction, entry_id: int) -> EntryRow:
        row = entries.get(tx, [entry_id], lock=True).get(entry_id)
        if row is None:
            raise Unknown(f"there is no entry {entry_id}")
        return row

    def _notice(self, tx: Transaction, notice_id: int, only_from: NoticeStatus | None) -> NoticeRow:
        row = intake.get_notice(tx, notice_id, lock=True)
        if row is None:
            raise Unknown(f"there is no notice {notice_id}")
        if only_from not in (row.status, None):
            raise Outdated(f"notice {notice_id} was {only_from}, and is {row.status} by now")
        return row
