"""Value tables as they stand in the file: of a flow, or shared by several and read in both directions.

Which row of a table answers is `schemas/table_rows.py`; what an answer becomes, and what is said where none answers, is
`connector/mapping.py`.
"""

from collections.abc import Iterator
from collections.abc import Mapping as Map
from functools import cached_property
from itertools import combinations
from typing import Any, Literal, Self

from pydantic import (
    ConfigDict,
    Field,
    PrivateAttr,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from schemas.base import Model, Name
from schemas.table_rows import Answer, CarrierService, Entry, Problem, Row, Rows, carrier, right_of


class _Table(Model):
    """What every table has: rows, how they are compared, and what becomes of values without a row.

    A value that is called like an option (`default`, `case` …) has its row under `rows`.
    """

    model_config = ConfigDict(extra="allow")

    default: Any = "error"
    nested: Any = Field(default_factory=dict, alias="rows")
    case: Literal["exact", "ignore"] = "exact"

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The rows as they stand in the file, those under `rows` last."""
        beside: dict[str, Row] = self.__pydantic_extra__ or {}
        under: dict[str, Row] = self.nested
        return (
            *(Entry(value, row, value.strip(), (value,)) for value, row in beside.items()),
            *(Entry(value, row, value.strip(), ("rows", value)) for value, row in under.items()),
        )

    @cached_property
    def _own(self) -> Rows:
        """The table's own rows, ready to be asked."""
        return Rows(self.entries, self.case == "ignore")


class SharedTable(_Table):
    """A table under `tables:` that several flows use; a row is a text, or a carrier service for ship via."""

    __pydantic_extra__: dict[str, CarrierService | str]

    default: CarrierService | str = "error"
    nested: dict[str, CarrierService | str] = Field(default_factory=dict, alias="rows")

    def forwards(self, name: str) -> Rows:
        """As it is written: from left to right."""
        return Rows(self.entries, self.case == "ignore", f" of tables.{name}")

    def backwards(self, name: str) -> Rows:
        """From right to left: the text of a row, or its `code`, becomes the value it stands for. Rows that stand for
        more than one value, with a wildcard or a template, are read forwards only."""
        entries = [
            Entry(right_of(one.row), one.value.strip(), one.name, one.path)
            for one in self.entries
            if "*" not in one.value and not _filled_in(right_of(one.row))
        ]
        return Rows(tuple(entries), self.case == "ignore", f" of tables.{name}, read backwards")


class FlowTable(_Table):
    """A table of a flow. `use` names a shared table, which is asked where the flow's own rows do not answer;
    `backwards` reads it from right to left, without its default."""

    use: Name | None = None
    backwards: bool = False
    _shared: tuple[Name, SharedTable] | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _reads_something(self) -> Self:
        if self.backwards and self.use is None:
            raise ValueError("backwards reads a shared table from right to left: name it with use")
        return self

    @model_serializer(mode="wrap")
    def _with_what_is_joined(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Two editions of a flow differ too where only the shared table does."""
        written: dict[str, Any] = handler(self)
        shared = self._shared
        return (
            written if shared is None else written | {"use": {shared[0]: shared[1].model_dump(mode="json")}}
        )

    @property
    def asked(self) -> bool:
        """Does the flow map these values at all?"""
        return bool(self.entries) or self.default != "error" or self.use is not None

    def joined(self, tables: Map[str, SharedTable]) -> Self:
        """The same table with the shared one that it uses behind it; unchanged where there is none of that name."""
        if self.use is None or self.use not in tables:
            return self
        joined = self.model_copy()
        for name in ("_own", "_layers"):
            joined.__dict__.pop(name, None)
        joined._shared = (self.use, tables[self.use])
        return joined

    def answer(self, value: str) -> Answer | None:
        """The flow's own row, else the shared table's, else a default; None where nothing answers."""
        for rows in self._layers:
            if (found := rows.find(value)) is not None:
                return found
        return self.fallback

    def shared_entries(self) -> Iterator[tuple[Name, Entry]]:
        """The rows of the shared table as this one reads them, each with the name of that table."""
        if self._shared is not None:
            for entry in self._layers[1].entries:
                yield self._shared[0], entry

    def problems(self, *, carriers: bool = False) -> Iterator[Problem]:
        """What is wrong with the rows, alone and beside those of the shared table. `carriers`: is a row a carrier
        service here?"""
        yield from self._own.problems()
        if self._shared is None:
            return
        name, shared = self._shared
        plain = carriers or self.backwards
        for entry in shared.entries:
            if isinstance(entry.row, CarrierService) and not plain:
                text = f"row {entry.name!r} of tables.{name} is a carrier service, and a text is needed here"
                yield ("use",), text
            if self.backwards and not right_of(entry.row).strip():
                yield ("backwards",), f"row {entry.name!r} of tables.{name} has no code to be read backwards"
        if isinstance(shared.default, CarrierService) and not plain:
            yield ("use",), f"the default of tables.{name} is a carrier service, and a text is needed here"
        if self.backwards:
            yield from self._ambiguous(name, self._layers[1])

    def _ambiguous(self, name: str, rows: Rows) -> Iterator[Problem]:
        """Values of the right side that stand in several rows, unless an own row says which is meant."""
        for one, other in combinations(rows.entries, 2):
            if rows.folded(one.value) == rows.folded(other.value) and self._own.find(one.value) is None:
                both = f"rows {one.name!r} and {other.name!r} of tables.{name} both become {one.value!r}"
                yield ("backwards",), f"{both}: say which is meant with a row {one.value!r} of your own"

    @cached_property
    def _layers(self) -> tuple[Rows, ...]:
        if self._shared is None:
            return (self._own,)
        name, shared = self._shared
        return self._own, shared.backwards(name) if self.backwards else shared.forwards(name)

    @property
    def fallback(self) -> Answer | None:
        """The default that answers where no row does; None where that is an error."""
        if "default" in self.model_fields_set or self._shared is None or self.backwards:
            return None if self.default == "error" else Answer("default", self.default)
        name, shared = self._shared
        return None if shared.default == "error" else Answer(f"default of tables.{name}", shared.default)


class ShipViaTable(FlowTable):
    """The ship-via value table: one row per value of the source, and what becomes of other values. A row that is a
    text alone is a code."""

    __pydantic_extra__: dict[str, CarrierService | str]

    default: Literal["error"] | CarrierService = "error"
    nested: dict[str, CarrierService | str] = Field(default_factory=dict, alias="rows")

    @property
    def rows(self) -> dict[str, CarrierService]:
        """Value of the source -> what it becomes, by the flow's own rows."""
        return {entry.value: carrier(entry.row) for entry in self.entries}


class ValueTable(FlowTable):
    """A value table: one row per value of the source; `default` is `error`, or a Jinja2 template over `value`
    (`"{{ value }}"` takes the value as it is). A table without rows and default is not asked."""

    __pydantic_extra__: dict[str, str]

    default: str = "error"
    nested: dict[str, str] = Field(default_factory=dict, alias="rows")

    @property
    def rows(self) -> dict[str, str]:
        """Value of the source -> value of the target, by the flow's own rows."""
        return {entry.value: right_of(entry.row) for entry in self.entries}


class Mapping(Model):
    """The value tables of a flow: ship via, payment method, the status of an order, and of lines item and warehouse."""

    ship_via: ShipViaTable = ShipViaTable()
    payment_method: ValueTable = ValueTable()
    order_status: ValueTable = ValueTable()
    item: ValueTable = ValueTable()
    warehouse: ValueTable = ValueTable()

    def joined(self, tables: Map[str, SharedTable]) -> "Mapping":
        """The same tables, each with the shared one that it uses."""
        return self.model_copy(update={name: table.joined(tables) for name, table in self})


def _filled_in(text: str) -> bool:
    """Is it a template, which becomes another text for each value?"""
    return "{{" in text or "{%" in text
