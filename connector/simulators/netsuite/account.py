"""The account's store: records by type and id, external ids, numbers, and references from one record to another.

It knows no business rule; what a record's amounts and status are is computed from the others when it is read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from connector.simulators.netsuite.contract import CURRENCY, ITEM_TYPES, RECORD_TYPES
from connector.simulators.netsuite.errors import duplicate, invalid_id, nonexistent
from connector.simulators.netsuite.options import Clock, Options
from connector.simulators.netsuite.record_type import RecordType

_EXTERNAL = re.compile(r"[A-Za-z0-9_-]+")
_CURRENCIES = {
    "1": ("US Dollar", "USD"),
    "2": ("Euro", "EUR"),
    "3": ("British pound", "GBP"),
    "4": ("Canadian Dollar", "CAD"),
}
_FIRST_ID = 100
_FIRST_NUMBER = 1000


@dataclass
class Record:
    """One record: header values and sublists by name. References and enums are kept as their bare ids."""

    type: RecordType
    id: str
    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    tax_rate: Decimal = Decimal(0)
    """In percent of the taxable lines."""

    @property
    def items(self) -> list[dict[str, Any]]:
        """Its lines of goods and charges."""
        return self.lines.setdefault("item", [])

    def amount(self, name: str) -> Decimal:
        """A number of the header, 0 where there is none."""
        return Decimal(self.values.get(name) or 0)

    @property
    def source(self) -> str | None:
        """The id of the record that it was made from."""
        return self.values.get("createdFrom")

    @property
    def name(self) -> str:
        """How people call it: `Sales Order #SO1001`, an item's or a customer's name."""
        if self.type.is_transaction:
            return f"{self.type.label} #{self.values.get('tranId', '')}"
        names = ("itemId", "entityId", "name")
        return str(next((self.values[one] for one in names if one in self.values), self.id))


class Account:
    """All records. Internal ids are counted through all types."""

    def __init__(self, options: Options, clock: Clock) -> None:
        self.options = options
        self.clock = clock
        self._records: dict[str, dict[str, Record]] = {name: {} for name in RECORD_TYPES}
        self._last_id = _FIRST_ID
        self._last_number = dict.fromkeys(RECORD_TYPES, _FIRST_NUMBER)
        for number, (name, symbol) in _CURRENCIES.items():
            values = {"name": name, "symbol": symbol, "exchangeRate": Decimal(1)}
            self._records["currency"][number] = Record(CURRENCY, number, values)

    def all(self, *types: RecordType) -> Iterator[Record]:
        """The records of some types, by default of all, in the order of their making."""
        for one in types or RECORD_TYPES.values():
            yield from self._records[one.name].values()

    def transactions(self) -> Iterator[Record]:
        """All transactions."""
        return self.all(*(one for one in RECORD_TYPES.values() if one.is_transaction))

    def find(self, record_type: RecordType, key: str) -> Record | None:
        """A record by id or `eid:<external id>`."""
        if not key.startswith("eid:"):
            return self._records[record_type.name].get(key)
        external = key.removeprefix("eid:")
        return next((one for one in self.all(record_type) if one.values.get("externalId") == external), None)

    def located(self, record_type: RecordType, key: str, url: str) -> Record:
        """A record of a path. Raises VendorError (400 for a malformed id, 404 for one that there is not)."""
        if not key.startswith("eid:") and (not key.isdecimal() or key.startswith("0")):
            raise invalid_id(key, url)
        if key.startswith("eid:") and not _EXTERNAL.fullmatch(key.removeprefix("eid:")):
            raise invalid_id(key, url)
        record = self.find(record_type, key)
        if record is None:
            raise nonexistent()
        return record

    def transaction(self, number: str) -> Record | None:
        """A transaction of any type by its id."""
        return next((one for one in self.transactions() if one.id == number), None)

    def item(self, key: str) -> Record | None:
        """An item of any type by id or `eid:`."""
        found = (self.find(one, key) for one in ITEM_TYPES.values())
        return next((one for one in found if one is not None), None)

    def item_named(self, name: str) -> Record | None:
        """An item of any type by its itemId."""
        return next((one for one in self.all(*ITEM_TYPES.values()) if one.values["itemId"] == name), None)

    def made_from(self, record: Record, *types: RecordType) -> list[Record]:
        """The records of some types that were made from a record."""
        return [one for one in self.all(*types) if one.source == record.id]

    def add(self, record_type: RecordType, values: dict[str, Any], number: str | None = None) -> Record:
        """A new record with its id, number and dates. Raises VendorError for an external id or number that is taken."""
        record = Record(record_type, number or self._next_id(), {})
        self._last_id = max(self._last_id, int(record.id))
        self.check_unique(record, values)
        now = self.now()
        record.values = {"createdDate": now, "lastModifiedDate": now}
        if record_type.is_transaction:
            record.values |= {
                "tranId": self._next_number(record_type),
                "tranDate": now.date().isoformat(),
                "transactionNumber": record.id,
                "source": "restWebServices",
            }
        record.values |= values
        self._records[record_type.name][record.id] = record
        return record

    def check_unique(self, record: Record, values: dict[str, Any]) -> None:
        """External ids are unique per type; invoice numbers and names of customers and items are too."""
        names = ["externalId", "entityId", "itemId"] + ["tranId"] * (record.type.name == "invoice")
        for other in self.all(record.type):
            taken = [n for n in names if values.get(n) is not None and other.values.get(n) == values[n]]
            if taken and other is not record:
                raise duplicate(self.options.duplicate_form, entity=taken == ["entityId"])

    def remove(self, record: Record) -> None:
        """Take a record out."""
        del self._records[record.type.name][record.id]

    def touch(self, record: Record) -> None:
        """Note that a record was changed now."""
        record.values["lastModifiedDate"] = self.now()

    def now(self) -> datetime:
        """The present second: NetSuite keeps no fractions."""
        return self.clock.now().replace(microsecond=0)

    def _next_id(self) -> str:
        self._last_id += 1
        return str(self._last_id)

    def _next_number(self, record_type: RecordType) -> str:
        self._last_number[record_type.name] += 1
        return f"{record_type.prefix}{self._last_number[record_type.name]}"
