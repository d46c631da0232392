"""What a record of the simulated ERP is: an entity's shape, and one record or row of it.

The tables of real entities are in entities.py; behaviour is in the file of each document.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from connector.simulators.acumatica.values import Kind, Scalar, read


@dataclass(frozen=True)
class Entity:
    """One entity or detail row: fields by kind, rows under it, linked entities, what clients cannot set."""

    name: str
    fields: Mapping[str, Kind] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    details: Mapping[str, "Entity"] = field(default_factory=dict)
    linked: Mapping[str, "Entity"] = field(default_factory=dict)
    read_only: frozenset[str] = frozenset()
    title: str = ""
    graph: str = ""
    view: str = ""
    modified: tuple[str, ...] = ()


@dataclass
class Record:
    """One record, or one row of it. `facts` is what the ERP knows and the contract does not show."""

    entity: Entity
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    fields: dict[str, Scalar] = field(default_factory=dict)
    details: dict[str, list["Record"]] = field(default_factory=dict)
    linked: dict[str, "Record"] = field(default_factory=dict)
    custom: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    note: str = ""
    facts: dict[str, Scalar] = field(default_factory=dict)

    def copy(self) -> "Record":
        """A copy that shares nothing that can change; a refused write must leave no trace."""
        return Record(
            entity=self.entity,
            id=self.id,
            fields=dict(self.fields),
            details={name: [row.copy() for row in rows] for name, rows in self.details.items()},
            linked={name: one.copy() for name, one in self.linked.items()},
            custom={
                view: {name: dict(one) for name, one in names.items()} for view, names in self.custom.items()
            },
            note=self.note,
            facts=dict(self.facts),
        )

    @property
    def key(self) -> tuple[str, ...]:
        """The values of the key fields."""
        return tuple(self.text(name) for name in self.entity.keys)

    def text(self, name: str) -> str:
        """A field as text, empty when unset."""
        value = self.fields.get(name)
        return "" if value is None else str(value)

    def number(self, name: str) -> Decimal:
        """A field as an exact number, zero when unset."""
        value = self.fields.get(name)
        return value if isinstance(value, Decimal) else Decimal(value if isinstance(value, int) else 0)

    def flag(self, name: str) -> bool:
        """A field as true or false, false when unset."""
        return self.fields.get(name) is True

    def moment(self, name: str) -> datetime | None:
        """A field as a moment."""
        value = self.fields.get(name)
        return value if isinstance(value, datetime) else None

    def rows(self, name: str) -> list["Record"]:
        """The rows of a detail, to be changed in place."""
        return self.details.setdefault(name, [])

    def link(self, name: str) -> "Record":
        """The linked entity of that name, made when it is not there yet."""
        if name not in self.linked:
            self.linked[name] = Record(self.entity.linked[name])
        return self.linked[name]

    def default(self, **values: Scalar) -> None:
        """Set those of the fields that are unset."""
        for name, value in values.items():
            if self.fields.get(name) is None:
                self.fields[name] = value

    def put(self, **values: Scalar) -> None:
        """Set fields."""
        self.fields.update(values)


def new_row(entity: Entity, values: Mapping[str, object]) -> Record:
    """A record with plain (unwrapped) values. Raises ValueError for a name or value that does not fit."""
    record = Record(entity)
    for name, raw in values.items():
        if name not in entity.fields:
            raise ValueError(f"{entity.name} has no field {name}")
        record.fields[name] = read(entity.fields[name], raw)
    return record


def field_table(
    text: str = "",
    decimal: str = "",
    boolean: str = "",
    moment: str = "",
    integer: str = "",
    guid: str = "",
) -> dict[str, Kind]:
    """Field names by kind; replies list them in alphabetical order, as recorded."""
    by_kind = {
        Kind.TEXT: text,
        Kind.DECIMAL: decimal,
        Kind.BOOLEAN: boolean,
        Kind.MOMENT: moment,
        Kind.INTEGER: integer,
        Kind.GUID: guid,
    }
    named = {name: kind for kind, names in by_kind.items() for name in names.split()}
    return dict(sorted(named.items(), key=lambda item: item[0].lower()))
