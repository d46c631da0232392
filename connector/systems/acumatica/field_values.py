"""Custom fields of a shipment, its lines and its packages: which there are, how they are sent, and compared. Pure.

A name is that of a field of the contract, or a custom field as `View.Field` (`Document.UsrCarton`).
"""

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from connector.planned import FieldValue
from connector.systems.acumatica.shipment_standing import Open, days_of
from connector.systems.acumatica.writing import wrapped
from connector.systems.base import Field

_CUSTOM_TYPES = {
    "text": "CustomStringField",
    "number": "CustomDecimalField",
    "integer": "CustomIntField",
    "flag": "CustomBooleanField",
    "date": "CustomDateTimeField",
}


def fields_body(values: Sequence[FieldValue], zone: ZoneInfo) -> dict[str, Any]:
    """The members of a request that set these fields."""
    body: dict[str, Any] = {}
    custom: dict[str, dict[str, Any]] = {}
    for value in values:
        view, dot, name = value.name.rpartition(".")
        if dot:
            held = {"type": _CUSTOM_TYPES[value.type], "value": _sent(value, zone)}
            custom.setdefault(view, {})[name] = held
        else:
            body |= wrapped(**{name: _sent(value, zone)})
    return body | ({"custom": custom} if custom else {})


def customs(values: Sequence[FieldValue], detail: str = "") -> tuple[str, ...]:
    """What `$custom` has to ask for, so that these fields are read back; `detail` names the rows they stand on."""
    before = f"{detail}/" if detail else ""
    return tuple(dict.fromkeys(f"{before}{value.name}" for value in values if "." in value.name))


def compared(
    values: Sequence[FieldValue], there: Open | None, zone: ZoneInfo, suffix: str = ""
) -> tuple[Field, ...]:
    """Each field as it must be and as it stands; what means the same is written alike."""
    return tuple(
        Field(
            f"{value.name}{suffix}", value.text, _shown(value, there.text(value.name) if there else "", zone)
        )
        for value in values
    )


def day_start(day: date, zone: ZoneInfo) -> str:
    """A day as the contract writes it: `2025-08-20T00:00:00+03:00`."""
    return datetime.combine(day, time(), zone).isoformat()


def told(fields: Sequence[Field]) -> str:
    """What differs, both sides of each; empty where nothing does."""
    return "; ".join(
        f"{one.label}: asked {one.expected}, there {one.there or 'nothing'}" for one in fields if one.differs
    )


def _sent(value: FieldValue, zone: ZoneInfo) -> str | int | bool | Decimal:
    match value.type:
        case "number":
            return Decimal(value.text)
        case "integer":
            return int(value.text)
        case "flag":
            return value.text == "true"
        case "date":
            return day_start(date.fromisoformat(value.text), zone)
    return value.text


def _shown(value: FieldValue, there: str, zone: ZoneInfo) -> str:
    return value.text if _means_the_same(value, there, zone) else there


def _means_the_same(value: FieldValue, there: str, zone: ZoneInfo) -> bool:
    match value.type:
        case "number" | "integer":
            return _decimal(there) == Decimal(value.text)
        case "flag":
            return (there.lower() or "false") == value.text
        case "date":
            return date.fromisoformat(value.text) in days_of(_moment(there), zone)
    return there.strip() == value.text.strip()


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
