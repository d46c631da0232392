"""Value tables: what a value of the source becomes in the target's words, and by which row.

Pure. Where a table stands in a flow says `schemas/config.py`; matching order lines is the target's business.
"""

import json
from typing import Literal

from connector.errors import MappingMissing
from connector.templates import compile_template
from schemas.base import Model
from schemas.config import CarrierService, ShipViaTable, ValueTable

TABLES: dict[str, type[ShipViaTable | ValueTable]] = {
    "ship_via": ShipViaTable,
    "payment_method": ValueTable,
    "order_status": ValueTable,
}
"""The tables a flow's `mapping` may hold, by name; a condition asks `mapped('ship_via', …)`."""


class MappedValue(Model):
    """One look-up, stored with the entry: the value, and the rule that answered (`row FEDEX`, `default`)."""

    table: Literal["ship_via", "payment_method", "order_status"] = "ship_via"
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
    """The carrier service for a ship via, compared exactly after trimming both sides.

    Raises MappingMissing where there is no row and no default; its message holds the row to add. Raises
    Rejected where a template of the row cannot be rendered with this value.
    """
    wanted = value.strip()
    rule, found = _rule(table, wanted)
    if not isinstance(found, CarrierService):
        raise MappingMissing(_missing_carrier(wanted, half), field="ship_via")
    service = CarrierService(**{name: _rendered(text, wanted) for name, text in found})
    return MappedValue(value=wanted, rule=rule, result=service)


def look_up(name: Literal["payment_method", "order_status"], table: ValueTable, value: str) -> MappedValue:
    """The target's value, compared exactly after trimming both sides.

    Raises MappingMissing with the row to add, and Rejected where a template cannot be rendered with this value.
    """
    wanted = value.strip()
    rule, found = _rule(table, wanted)
    if not isinstance(found, str):
        raise MappingMissing(_missing_value(name, wanted), field=name)
    return MappedValue(table=name, value=wanted, rule=rule, result=_rendered(found, wanted))


def has_row(table: ShipViaTable | ValueTable, value: str) -> bool:
    """Would the look-up answer, by a row or by the default?"""
    return _rule(table, value.strip())[1] is not None


def _rule(table: ShipViaTable | ValueTable, wanted: str) -> tuple[str, CarrierService | str | None]:
    for value, row in table.rows.items():
        if value.strip() == wanted:
            return f"row {wanted}", row
    return "default", None if table.default == "error" else table.default


def _rendered(text: str, value: str) -> str:
    return compile_template(text, {"value"}).render(value=value)


def _missing_carrier(value: str, half: Half) -> str:
    if not value:
        row = "…" if half == "code" else "{carrier_code: custom, title: Shipping}"
        return (
            "the ship via is empty, and the flow's mapping.ship_via has no default: enter a ship via in the "
            f"source, or add the row  default: {row}"
        )
    quoted = json.dumps(value, ensure_ascii=False)  # a JSON text is a YAML text, whatever it holds
    row = "…" if half == "code" else f"{{carrier_code: custom, title: {quoted}}}"
    stands_for = "shipping method" if half == "code" else "carrier"
    return (
        f"ship via {value!r} has no row in the flow's mapping.ship_via: add the row  {quoted}: {row}  "
        f"with the {stands_for} it stands for"
    )


def _missing_value(name: str, value: str) -> str:
    what = name.replace("_", " ")
    return (
        f"{what} {value!r} has no row in the flow's mapping.{name}: add the row  "
        f"{json.dumps(value, ensure_ascii=False)}: …  with the target's {what}, or a default"
    )
