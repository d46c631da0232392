"""Value tables: what a value of the source becomes in the target's words, and by which row.

Pure. Where a table stands in a flow says `schemas/config.py`; matching order lines is the target's business.
"""

import json
from typing import Literal

from connector.errors import MappingMissing
from connector.templates import compile_template
from schemas.base import Model
from schemas.config import CarrierService, ShipViaTable

TABLES: dict[str, type[ShipViaTable]] = {"ship_via": ShipViaTable}
"""The tables a flow's `mapping` may hold, by name; a condition asks `mapped('ship_via', …)`."""


class MappedValue(Model):
    """One look-up, stored with the entry: the value, and the rule that answered (`row FEDEX`, `default`)."""

    table: Literal["ship_via"] = "ship_via"
    value: str
    rule: str
    result: CarrierService


def look_up_ship_via(table: ShipViaTable, value: str) -> MappedValue:
    """The carrier service for a ship via, compared exactly after trimming both sides.

    Raises MappingMissing where there is no row and no default; its message holds the row to add. Raises
    Rejected where a template of the row cannot be rendered with this value.
    """
    wanted = value.strip()
    rule, found = _rule(table, wanted)
    if found is None:
        raise MappingMissing(_missing(wanted), field="ship_via")
    return MappedValue(value=wanted, rule=rule, result=_rendered(found, wanted))


def has_ship_via(table: ShipViaTable, value: str) -> bool:
    """Would the look-up answer, by a row or by the default?"""
    return _rule(table, value.strip())[1] is not None


def _rule(table: ShipViaTable, wanted: str) -> tuple[str, CarrierService | None]:
    for value, row in table.rows.items():
        if value.strip() == wanted:
            return f"row {wanted}", row
    return "default", None if table.default == "error" else table.default


def _rendered(service: CarrierService, value: str) -> CarrierService:
    return CarrierService(
        carrier_code=compile_template(service.carrier_code, {"value"}).render(value=value),
        title=compile_template(service.title, {"value"}).render(value=value),
    )


def _missing(value: str) -> str:
    if not value:
        return (
            "the ship via is empty, and the flow's mapping.ship_via has no default: enter a ship via in the "
            "source, or add the row  default: {carrier_code: custom, title: Shipping}"
        )
    quoted = json.dumps(value, ensure_ascii=False)  # a JSON text is a YAML text, whatever it holds
    row = f"{quoted}: {{carrier_code: custom, title: {quoted}}}"
    return (
        f"ship via {value!r} has no row in the flow's mapping.ship_via: add the row  {row}  "
        "with the carrier it stands for"
    )
