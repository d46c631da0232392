"""One tenant's company: its records, their numbers, and which of them changed since somebody last asked.

It holds and finds; the rules of documents are in orders.py, shipments.py and payments.py.
"""

import re
import uuid
from collections.abc import Iterable

from connector.simulators.acumatica.contract import ENTITIES
from connector.simulators.acumatica.record import Entity, Record
from connector.simulators.acumatica.values import Clock

NEW = "<NEW>"
"""What a key shows before its record has a number."""

_ABOUT_ORDERS = {"Shipment": "Details", "Payment": "OrdersToApply"}


class Erp:
    """The records of one tenant. `customers` and `items` are those known; None means any is."""

    def __init__(self, tenant: str, clock: Clock) -> None:
        self.tenant = tenant
        self.clock = clock
        self.customers: set[str] | None = None
        self.items: set[str] | None = None
        self._records: dict[str, dict[tuple[str, ...], Record]] = {name: {} for name in ENTITIES}
        self._by_id: dict[str, Record] = {}
        self._changed: dict[str, Record] = {}
        self._deleted: list[Record] = []
        self._about: dict[tuple[str, tuple[str, ...]], dict[str, None]] = {}
        self._orders_of: dict[str, set[tuple[str, ...]]] = {}

    def all(self, entity: Entity) -> list[Record]:
        """Every record of an entity, oldest first."""
        return list(self._records[entity.name].values())

    def find(self, entity: Entity, key: Iterable[str]) -> Record | None:
        """The record with that key, compared without padding."""
        return self._records[entity.name].get(tuple(part.rstrip() for part in key))

    def by_id(self, entity: Entity, record_id: str) -> Record | None:
        """The record with that GUID."""
        record = self._by_id.get(record_id.lower())
        return record if record is not None and record.entity is entity else None

    def about(self, entity: Entity, order_key: tuple[str, ...]) -> list[Record]:
        """The shipments or payments that have a row about this order, oldest first."""
        return [self._by_id[one] for one in self._about.get((entity.name, order_key), {})]

    def next_number(self, entity: Entity) -> str:
        """The next automatic number: one above the highest, its prefix and width kept."""
        numbers = [key[-1] for key in self._records[entity.name]]
        parts = [found for number in numbers if (found := re.fullmatch(r"(.*?)(\d+)", number))]
        if not parts:
            return "000001"
        last = max(parts, key=lambda found: int(found.group(2)))
        return f"{last.group(1)}{int(last.group(2)) + 1:0{len(last.group(2))}}"

    def save(self, record: Record) -> None:
        """Store a record as it now is, with a new LastModified; a copy replaces its original."""
        record.fields[record.entity.modified] = self.clock.stamp()
        record.fields.setdefault("NoteID", record.id)
        self._records[record.entity.name][record.key] = record
        self._by_id[record.id] = record
        self._changed[record.id] = record
        self._index(record, order_keys(record))

    def delete(self, record: Record) -> None:
        """Remove a record."""
        del self._records[record.entity.name][record.key]
        del self._by_id[record.id]
        self._changed.pop(record.id, None)
        self._deleted.append(record)
        self._index(record, set())

    def _index(self, record: Record, keys: set[tuple[str, ...]]) -> None:
        before = self._orders_of.get(record.id, set())
        for key in before - keys:
            del self._about[record.entity.name, key][record.id]
        for key in keys - before:
            self._about.setdefault((record.entity.name, key), {})[record.id] = None
        self._orders_of[record.id] = keys

    def take_changes(self) -> tuple[list[Record], list[Record]]:
        """The records saved and those deleted since the last call."""
        changed, deleted = list(self._changed.values()), self._deleted
        self._changed, self._deleted = {}, []
        return changed, deleted


def order_keys(record: Record) -> set[tuple[str, ...]]:
    """The orders that a shipment ships, or a payment is applied to; none for an order itself."""
    rows = record.details.get(_ABOUT_ORDERS.get(record.entity.name, ""), [])
    return {(row.text("OrderType"), row.text("OrderNbr")) for row in rows}


def derived_id(*parts: str) -> str:
    """A steady GUID for a row that is computed from other documents."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "/".join(parts)))
