"""What a source told in whole becomes a stored event, whether it came by webhook or out of a listing.

One place for both, so that an event is the same one on either way. What is told once more on purpose has its entries
started over.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from connector.status import NoticeStatus
from connector.store import Transaction, intake, starting_over
from connector.store.intake import NewEvent, NewNotice, Receipt
from connector.systems.base import Told


@dataclass(frozen=True)
class Telling:
    """How events were told: by which connection, and on which way (`webhook`, `poll`, `backfill`).

    `lane_for` names the lane of a connection for a document. Entries of what is `held` wait for a person.
    """

    connection: str
    via: str
    lane_for: Callable[[str, str], str]
    held: bool = False
    listing_id: int | None = None

    def store(self, tx: Transaction, told: Sequence[Told]) -> list[Receipt]:
        """Store what was told, each event once per identity; the receipts stand in the order given. A known event that
        was told once more on purpose counts as new, once."""
        receipts = intake.store_events(tx, [self._event(one) for one in told])
        return [self._receipt(tx, one, receipt) for one, receipt in zip(told, receipts, strict=True)]

    def unreadable(self, transport_id: str, reason: str, payload: str = "") -> NewNotice:
        """What is authentic but not understood: kept for a person, as an errored notice."""
        return NewNotice(
            self.connection,
            self.lane_for(self.connection, ""),
            transport_id,
            kind="",
            number="",
            ordering=0,
            payload=payload,
            code="not understood",
            reason=reason,
            via=self.via,
            held=self.held,
            listing_id=self.listing_id,
        )

    def _event(self, told: Told) -> NewEvent:
        data = told.data
        return NewEvent(
            self.connection,
            data.type,
            data.document.number,
            told.revision,
            told.transport_id,
            self.via,
            told.time,
            data.model_dump(mode="json"),
            held=self.held,
        )

    def _receipt(self, tx: Transaction, told: Told, receipt: Receipt) -> Receipt:
        if not told.again or not receipt.duplicate or not self._asks_anew(tx, told, receipt.id):
            return receipt
        starting_over.by_source(tx, receipt.id, f"a person at {self.connection}")
        return Receipt(receipt.id, duplicate=False)

    def _asks_anew(self, tx: Transaction, told: Told, event_id: int) -> bool:
        """Is it asked for once more, rather than a repetition of the request by which that was asked? A notice, which
        has nothing left to fetch, remembers each."""
        if intake.get_events(tx, [event_id])[event_id].transport_id == told.transport_id:
            return False
        document = told.data.document
        asked = NewNotice(
            self.connection,
            self.lane_for(self.connection, document.number),
            f"again:{told.transport_id}",
            told.data.kind,
            document.number,
            told.revision or 0,
            payload="",
            event_id=event_id,
            via=self.via,
            held=self.held,
            listing_id=self.listing_id,
        )
        (noted,) = intake.store_notices(tx, [asked])
        if noted.duplicate:
            return False
        for status in (NoticeStatus.FETCHING, NoticeStatus.COMPLETED):
            intake.move_notices(tx, [noted.id], status, reason="asked for once more at its source")
        return True
