"""The site's store: records by entity and id, with an undo log, so that a save that fails leaves nothing behind.

It knows no business rule.
"""

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

from connector.simulators.aptify.entities import ENTITIES, Entity
from connector.simulators.aptify.errors import Refused
from connector.simulators.aptify.options import Clock

_FIRST_ID = 1000
_BLANK = {"text": "", "flag": False, "money": Decimal(0), "number": Decimal(0)}


@dataclass(eq=False)
class Record:
    """One record. References are ids or None; names that begin with `_` are the simulator's own."""

    entity: Entity
    id: int
    values: dict[str, Any] = field(default_factory=dict)
    version: int = 1

    def __getitem__(self, name: str) -> Any:
        return self.values.get(name)

    def amount(self, name: str) -> Decimal:
        """A number, 0 where there is none."""
        return Decimal(self.values.get(name) or 0)

    @property
    def label(self) -> str:
        """How a refusal calls it."""
        return f"{self.entity.name} {self.id}"


class Book:
    """All records. Each entity counts its own ids."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._records: dict[str, dict[int, Record]] = {name: {} for name in ENTITIES}
        self._last = dict.fromkeys(ENTITIES, _FIRST_ID)
        self._of_order: dict[tuple[str, int], dict[int, Record]] = defaultdict(dict)
        self.changes = 0
        """How often anything was changed, undone or not."""
        self._undo: list[Callable[[], object]] | None = None

    def all(self, entity: Entity) -> Iterator[Record]:
        """The records of an entity, in the order of their making."""
        yield from list(self._records[entity.name].values())

    def find(self, entity: Entity, number: int | None) -> Record | None:
        """A record by its id."""
        return None if number is None else self._records[entity.name].get(number)

    def get(self, entity: Entity, number: int | None) -> Record:
        """A record that must be there. Raises Refused."""
        record = self.find(entity, number)
        if record is None:
            raise Refused(f"There is no record {number} in {entity.name}.", "ID")
        return record

    def where(self, entity: Entity, **values: Any) -> list[Record]:
        """The records with these values."""
        wanted = values.items()
        return [one for one in self.all(entity) if all(one[name] == value for name, value in wanted)]

    def of_order(self, entity: Entity, order: Record) -> list[Record]:
        """The records of an entity that belong to an order."""
        return list(self._of_order[entity.name, order.id].values())

    def add(self, entity: Entity, number: int | None = None, **values: Any) -> Record:
        """A new record. Raises Refused for an id that is taken."""
        made = self._last[entity.name] + 1 if number is None else number
        if made in self._records[entity.name]:
            raise Refused(f"There is a record {made} in {entity.name} already.", "ID")
        self._last[entity.name] = max(self._last[entity.name], made)
        blank = {name: _BLANK[kind] for name, kind in entity.fields.items() if kind in _BLANK}
        record = Record(entity, made, blank | {name: v for name, v in values.items() if v is not None})
        if "DateCreated" in entity.fields:
            record.values |= {"DateCreated": self.clock.now(), "DateUpdated": self.clock.now()}
        self._records[entity.name][made] = record
        belonging = self._belonging(record)
        belonging[made] = record
        self._note(lambda: (self._records[entity.name].pop(made), belonging.pop(made)))
        return record

    def _belonging(self, record: Record) -> dict[int, Record]:
        """The records of its entity that belong to the same order; to which, does not change."""
        return self._of_order[record.entity.name, record["OrderID"] or 0]

    def set(self, record: Record, **values: Any) -> None:
        """Change values; the version and the date of change follow."""
        changed = {name: value for name, value in values.items() if record[name] != value}
        if not changed:
            return
        before, version = dict(record.values), record.version
        record.values.update(changed)
        if "DateUpdated" in record.entity.fields:
            record.values["DateUpdated"] = self.clock.now()
        record.version += 1
        self._note(lambda: self._put_back(record, before, version))

    def touch(self, record: Record) -> None:
        """Note that a record was changed now, in what belongs to it."""
        self.set(record, DateUpdated=self.clock.now())

    def remove(self, record: Record) -> None:
        """Take a record out."""
        for held in (self._records[record.entity.name], self._belonging(record)):
            before = dict(held)
            del held[record.id]
            self._note(partial(self._refill, held, before))

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is changed inside is undone when an error leaves the block; blocks may stand in each other."""
        outer, self._undo = self._undo, []
        try:
            yield
        except BaseException:
            for undo in reversed(self._undo):
                undo()
            self._undo = outer
            raise
        inner, self._undo = self._undo, outer
        if outer is not None:
            outer.extend(inner)

    def _note(self, undo: Callable[[], object]) -> None:
        self.changes += 1
        if self._undo is not None:
            self._undo.append(undo)

    @staticmethod
    def _refill(held: dict[int, Record], before: dict[int, Record]) -> None:
        held.clear()
        held.update(before)

    @staticmethod
    def _put_back(record: Record, values: dict[str, Any], version: int) -> None:
        record.values.clear()
        record.values.update(values)
        record.version = version
