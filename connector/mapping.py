"""Value tables: what a value of the source becomes in the target's words, and by which row.

Pure. Where a table stands in the file says `schemas/value_tables.py`, which row answers `schemas/table_rows.py`;
matching order lines is the target's business.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from connector.errors import Lacking, MappingMissing, Rejected
from connector.templates import compile_template
from schemas.base import Model
from schemas.config import CarrierService, Mapping, ShipViaTable, ValueTable
from schemas.table_rows import carrier, right_of

TABLES: dict[str, type[ShipViaTable | ValueTable]] = {
    "ship_via": ShipViaTable,
    "payment_method": ValueTable,
    "order_status": ValueTable,
    "item": ValueTable,
    "warehouse": ValueTable,
}
"""The tables a flow's `mapping` may hold, by name; a condition asks `mapped('ship_via', …)`."""

PlainTable = Literal["payment_method", "order_status", "item", "warehouse"]
"""The tables that hold texts."""


class MappedValue(Model):
    """One look-up, stored with the entry: the value, and the rule that answered (`row FEDEX`, `row FED* of
    tables.carriers`, `default`)."""

    table: Literal["ship_via", "payment_method", "order_status", "item", "warehouse"] = "ship_via"
    value: str
    rule: str
    result: CarrierService | str

    @property
    def service(self) -> CarrierService:
        """What a ship via became; raises TypeError for a value of another table."""
        if not isinstance(self.result, CarrierService):
            raise TypeError(f"{self.table} holds no carrier services")
        return self.result

    @property
    def text(self) -> str:
        """What a value of a plain table became; raises TypeError for a ship via."""
        if not isinstance(self.result, str):
            raise TypeError(f"{self.table} holds no plain values")
        return self.result


Half = Literal["code", "carrier"]
"""Which half of a carrier service is needed: an order's shipping method, or what goes with tracking numbers."""


def look_up_ship_via(table: ShipViaTable, value: str, half: Half = "carrier") -> MappedValue:
    """The carrier service for a ship via.

    Raises MappingMissing where there is no row and no default; its message holds the row to add. Raises
    Rejected where a template of the row cannot be rendered with this value, or no code comes out that is needed.
    """
    wanted = value.strip()
    answer = table.answer(wanted)
    if answer is None:
        lacking = (Lacking("ship_via", wanted),)
        raise MappingMissing(_missing_carrier(table, wanted, half), lacking=lacking, field="ship_via")
    service = CarrierService(**{name: _rendered(text, wanted) for name, text in carrier(answer.row)})
    if half == "code" and not service.code:
        text = f"ship via {wanted!r} becomes no code by {answer.rule} of the ship-via table: give it one, code: …"
        raise Rejected(text, code="mapping", field="ship_via")
    return MappedValue(value=wanted, rule=answer.rule, result=service)


def look_up(name: PlainTable, table: ValueTable, value: str) -> MappedValue:
    """The target's value.

    Raises MappingMissing with the row to add, and Rejected where a template cannot be rendered with this value.
    """
    wanted = value.strip()
    answer = table.answer(wanted)
    if answer is None:
        lacking = (Lacking(name, wanted),)
        raise MappingMissing(_missing_value(name, table, wanted), lacking=lacking, field=name)
    return MappedValue(
        table=name, value=wanted, rule=answer.rule, result=_rendered(right_of(answer.row), wanted)
    )


def has_row(table: ShipViaTable | ValueTable, value: str) -> bool:
    """Would the look-up answer, by a row or by the default?"""
    return table.answer(value) is not None


@dataclass
class LookUps:
    """The look-ups of one entry: what was found, and every row that is lacking, so that all can be added at once.

    A value without a row has a stand-in until `complete` raises; nothing that was made with it is used.
    """

    tables: Mapping
    found: list[MappedValue] = field(default_factory=list)
    missing: list[MappingMissing] = field(default_factory=list)

    def ship_via(self, value: str, half: Half = "carrier") -> CarrierService:
        """The carrier service for a ship via. Raises Rejected for a template that fails."""
        try:
            return self._kept(look_up_ship_via(self.tables.ship_via, value, half)).service
        except MappingMissing as error:
            self.missing.append(error)
            return CarrierService()

    def text(self, name: PlainTable, value: str) -> str:
        """The target's value; the source's own where the flow does not map such values. Raises Rejected for a
        template that fails."""
        table: ValueTable = getattr(self.tables, name)
        if not table.asked:
            return value
        try:
            return self._kept(look_up(name, table, value)).text
        except MappingMissing as error:
            self.missing.append(error)
            return value

    def complete(self, also: str = "") -> tuple[MappedValue, ...]:
        """All that was found; raises MappingMissing with every row to add, where rows are lacking. `also` is what is
        wrong besides."""
        if self.missing:
            raise _together(self.missing, also)
        return tuple(self.found)

    def _kept(self, found: MappedValue) -> MappedValue:
        if found not in self.found:
            self.found.append(found)
        return found


def _together(missing: Sequence[MappingMissing], also: str) -> MappingMissing:
    texts = dict.fromkeys([*(one.message for one in missing), *([also] if also else [])])
    rows = dict.fromkeys(row for one in missing for row in one.lacking)
    return MappingMissing("; ".join(texts), lacking=tuple(rows), field=missing[0].field)


def _rendered(text: str, value: str) -> str:
    return compile_template(text, {"value"}).render(value=value)


def _missing_carrier(table: ShipViaTable, value: str, half: Half) -> str:
    where = _where("ship_via", table)
    if not value:
        row = "{code: …}" if half == "code" else "{carrier_code: custom, title: Shipping}"
        return (
            f"the ship via is empty, and {where} has no default: enter a ship via in the "
            f"source, or add the row  default: {row}"
        )
    quoted = json.dumps(value, ensure_ascii=False)  # a JSON text is a YAML text, whatever it holds
    row = "…" if half == "code" else f"{{carrier_code: custom, title: {quoted}}}"
    stands_for = "shipping method" if half == "code" else "carrier"
    return (
        f"ship via {value!r} has no row in {where}: add the row  {quoted}: {row}  "
        f"with the {stands_for} it stands for"
    )


def _missing_value(name: str, table: ValueTable, value: str) -> str:
    what = name.replace("_", " ")
    return (
        f"{what} {value!r} has no row in {_where(name, table)}: add the row  "
        f"{json.dumps(value, ensure_ascii=False)}: …  with the target's {what}, or a default"
    )


def _where(name: str, table: ShipViaTable | ValueTable) -> str:
    """The table that lacks the row, and the shared one that lacks it too."""
    shared = "" if table.use is None else f", nor in tables.{table.use}"
    return f"the flow's mapping.{name}{shared}{', read backwards' if table.backwards else ''}"
