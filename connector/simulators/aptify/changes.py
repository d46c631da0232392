"""What a save really changes of a record."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connector.simulators.aptify.book import Record


def changes(record: Record, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that differ. A time is compared to the second, in which it was shown; no value is as good as 0."""
    computed = record.entity.computed | {"ID"}
    return {
        name: value
        for name, value in values.items()
        if name not in computed and _plain(record[name]) != _plain(value)
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(microsecond=0)
    return value or None
