"""One tenant's company: its records, their numbers, and which of them changed since somebody last asked.

It holds and finds; the rules of documents are in orders.py, shipments.py, billing.py, invoices.py and payments.py.
"""

import re
import uuid
from collections.abc import Iterable

from connector.simulators.acumatica.entities import ENTITIES
from connector.simulators.acumatica.options import Options
from connector.simulators.acumatica.record import Entity, Record
from connector.simulators.acumatica.values import Clock

NEW = "<NEW>"
"""What a key shows before its record has a number."""

_FIRST = {"Customer": "C000001", "SalesInvoice": "INV000001"}
_ORDER = ("OrderType", "OrderNbr")
_ABOUT: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "Shipment": (("Details", _ORDER),),
    "SalesInvoice": (("Details", _ORDER), ("Details", ("ShipmentNbr",))),
    "Payment": (("OrdersToApply", _ORDER), ("DocumentsToApply", ("DocType", "ReferenceNbr"))),
}
"""Which rows of an entity name other documents, and in which fields; the orders stand first."""


class Erp:
    """The records of one tenant. `known` lists what may be referred to; what it does not list is not checked."""

    def __init__(self, tenant: str, clock: Clock, options: Options) -> None:
        self.tenant = tenant
        self.clock = clock
        self.options = options
        self.known: dict[str, set[str]] = {}
        self._records: dict[str, dict[tuple[str, ...], Record]] = {name: {} for name in ENTITIES}
        self._by_id: dict[str, Record] = {}
        self._changed: dict[str, Record] = {}
        self._deleted: list[Record] = []
        self._about: dict[tuple[str, tuple[str, ...]], dict[str, None]] = {}
        self._named_by: dict[str, set[tuple[str, ...]]] = {}

    def knows(self, kind: str, name: str) -> bool:
        """Whether a customer, item, warehouse, … of that name may be referred to."""
        return kind not in self.known or name in self.known[kind]

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

    def about(self, entity: Entity, key: tuple[str, ...]) -> list[Record]:
        """The shipments, invoices or payments with a row about the document of this key, oldest first."""
        return [self._by_id[one] for one in self._about.get((entity.name, key), {})]

    def next_number(self, entity: Entity) -> str:
        """The next automatic number: one above the highest, its prefix and width kept."""
        numbers = [key[-1] for key in self._records[entity.name]]
        parts = [found for number in numbers if (found := re.fullmatch(r"(.*?)(\d+)", number))]
        if not parts:
            return _FIRST.get(entity.name, "000001")
        last = max(parts, key=lambda found: int(found.group(2)))
        return f"{last.group(1)}{int(last.group(2)) + 1:0{len(last.group(2))}}"

    def save(self, record: Record) -> None:
        """Store a record as it now is, with a new LastModified; a copy replaces its original."""
        record.fields.update(dict.fromkeys(record.entity.modified, self.clock.stamp()))
        record.fields.setdefault("NoteID", record.id)
        self._records[record.entity.name][record.key] = record
        self._by_id[record.id] = record
        self._changed[record.id] = record
        self._index(record, _named_keys(record))

    def delete(self, record: Record) -> None:
        """Remove a record."""
        del self._records[record.entity.name][record.key]
        del self._by_id[record.id]
        self._changed.pop(record.id, None)
        self._deleted.append(record)
        self._index(record, set())

    def _index(self, record: Record, keys: set[tuple[str, ...]]) -> None:
        before = self._named_by.get(record.id, set())
        for key in before - keys:
            del self._about[record.entity.name, key][record.id]
        for key in keys - before:
            self._about.setdefault((record.entity.name, key), {})[record.id] = None
        self._named_by[record.id] = keys

    def take_changes(self) -> tuple[list[Record], list[Record]]:
        """The records saved and those deleted since the last call."""
        changed, deleted = list(self._changed.values()), self._deleted
        self._changed, self._deleted = {}, []
        return changed, deleted


def order_keys(record: Record) -> set[tuple[str, ...]]:
    """The orders that a shipment ships, an invoice bills, or a payment is applied to; none for an order itself."""
    return _keys(record, _ABOUT.get(record.entity.name, ())[:1])


def document_keys(payment: Record) -> set[tuple[str, ...]]:
    """The invoices that a payment is applied to."""
    return _keys(payment, _ABOUT["Payment"][1:])


def _named_keys(record: Record) -> set[tuple[str, ...]]:
    return _keys(record, _ABOUT.get(record.entity.name, ()))


def _keys(record: Record, places: Iterable[tuple[str, tuple[str, ...]]]) -> set[tuple[str, ...]]:
    found = {
        tuple(row.text(name) for name in names)
        for detail, names in places
        for row in record.details.get(detail, [])
    }
    return {key for key in found if key[-1]}


def derived_id(*parts: str) -> str:
    """A steady GUID for a row that is computed from other documents."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "/".join(parts)))
