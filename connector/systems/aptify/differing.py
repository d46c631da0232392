"""What would be changed of a record, however the site writes its values. Pure."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from connector.errors import NotUnderstood
from connector.systems.aptify.records import Record, as_text


def differing(record: Record, values: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """Those of these values that differ from what stands there; `zone` is the server's."""
    return {name: value for name, value in values.items() if not _same(record, name, value, zone)}


def _same(record: Record, name: str, value: Any, zone: ZoneInfo) -> bool:
    """Does the value stand there, however the site writes it? A date alone is the same at any time of that day."""
    there, wanted = record.text(name), as_text(value)
    if there == wanted:
        return True
    with suppress(ValueError, NotUnderstood):
        if isinstance(value, bool):
            return record.flag(name) == value
        if isinstance(value, Decimal):
            return record.number(name) == value
        stands = record.moment(name, zone)
        if stands is not None and len(wanted) == len("2026-01-31"):
            return stands.astimezone(zone).date() == date.fromisoformat(wanted)
        moment = datetime.fromisoformat(wanted)
        return stands == (moment if moment.tzinfo else moment.replace(tzinfo=zone))
    return False
