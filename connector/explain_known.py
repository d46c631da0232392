"""What is stored about an event that is explained: its orders, whether it is our echo, what it takes back, its links.

It asks the database what routing and delivering ask it, and changes nothing; without a database nothing is known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from connector.event_facts import Facts
from connector.planned import InventoryStep, Step, UndoStep
from connector.store import Database, entries, intake, links, steps, voids
from connector.store.entries import EntryRow
from connector.store.intake import EventRow
from connector.systems.base import Known
from schemas.base import DocumentRef, mistakes
from schemas.config import Config, Flow
from schemas.documents import Order
from schemas.events import LEVELS, MOST_REVISIONS, Event, ShipmentConfirmed, ShipmentVoided


class EventUnknown(Exception):
    """There is no such event, or this release cannot read it; the message says which."""


def stored_event(database: Database, event_id: int) -> tuple[Event, EventRow]:
    """A stored event by the id which the API and the log show; raises EventUnknown."""
    with database.read() as tx:
        row = intake.get_events(tx, [event_id]).get(event_id)
    if row is None:
        raise EventUnknown(f"there is no event {event_id}")
    told = {
        "id": row.transport_id or f"event:{row.id}",
        "type": row.type,
        "source": row.source,
        "subject": row.document,
        "time": row.time,
        "revision": row.revision,
        "data": row.data,
    }
    try:
        event = Event.model_validate(told)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in mistakes(error))
        raise EventUnknown(f"event {event_id} cannot be read by this release: {wrong}") from error
    return event, row


def as_row(event: Event) -> EventRow:
    """An event that was handed to us, as if it had just been stored: a change of a level without a revision would be
    one more than all that are known."""
    meant = MOST_REVISIONS if event.type in LEVELS else 1
    return EventRow(
        id=0,
        source=event.source,
        type=event.type,
        document=event.subject,
        revision=event.revision or meant,
        transport_id=event.id,
        via="file",
        time=event.time,
        received_at=datetime.now(UTC),
        state="new",
        held=False,
        echo_of=None,
        data=event.data.model_dump(mode="json"),
    )


@dataclass(frozen=True)
class Background:
    """What is known beside an event, by a configuration."""

    database: Database | None
    row: EventRow
    config: Config

    @cached_property
    def _facts(self) -> Facts | None:
        if self.database is None:
            return None
        with self.database.read() as tx:
            return Facts.of(tx, [self.row], self.config.orders_at)

    def orders(self) -> dict[str, Order]:
        """The orders which are stored beside the event, by number."""
        return dict(self._facts.orders.get(self.row.id, {})) if self._facts else {}

    def echo(self, flow: Flow) -> int | None:
        """The entry that brought the document here from where the flow would take it, as routing sees it."""
        return self._facts.echo(self.row, flow, self.config) if self._facts else None

    def taken_back(self) -> int | None:
        """The event that takes this shipment back, if one is known."""
        if self.database is None or self.row.type != ShipmentConfirmed.type:
            return None
        with self.database.read() as tx:
            return voids.void_of(tx, self.row)

    def later(self) -> int | None:
        """The event of a later change of the same level, if one is known."""
        return self._facts.overtaken_by(self.row) if self._facts else None

    def carried(self, flow: Flow) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """The steps which a void takes back at the flow's target, as they were planned: by order."""
        if self.database is None or self.row.type != ShipmentVoided.type:
            return {}
        row, types = self.row, [ShipmentConfirmed.type]
        with self.database.read() as tx:
            told = intake.events_of_document(tx, row.source, types, row.document)
            same = [event.id for event in told if event.revision == row.revision]
            carrying = [entry for entry in entries.of_events(tx, same) if entry.target == flow.target]
            own = (entry.id for entry in entries.of_events(tx, [row.id]) if entry.flow == flow.name)
            return voids.planned(tx, carrying, row, flow.target, next(own, 0)).specs

    def known(self, flow: Flow, step: Step) -> Known:
        """What a recipe would be told at the flow's target."""
        if isinstance(step, InventoryStep):
            return Known()
        order = step.order.order
        own = order if order.connection == flow.target else None
        if self.database is None:
            return Known(own)
        with self.database.read() as tx:
            linked = links.counterparts(tx, "order", [order], flow.target)
            undoes = [step.undoes] if isinstance(step, UndoStep) else []
            undone = voids.undone(tx, undoes)
            rows = [entry for entry in entries.of_events(tx, [self.row.id]) if entry.flow == flow.name]
            made = {
                one.key: DocumentRef.model_validate(one.document)
                for found in steps.of_entries(tx, map(_id, rows)).values()
                for one in found
                if one.document and one.done_at is not None
            }
        return Known(
            own or linked.get((order.connection, order.number)), made, next(iter(undone.values()), None)
        )


def _id(row: EntryRow) -> int:
    return row.id
