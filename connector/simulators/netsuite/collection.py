"""Lists of records: pages of ids, and the conditions of `?q=`; a condition that is not known is refused."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from connector.simulators.base import Received
from connector.simulators.netsuite.account import Record
from connector.simulators.netsuite.errors import invalid_request
from connector.simulators.netsuite.record_type import RecordType
from connector.simulators.netsuite.view import ROOT, View

MOST = 1000
_CONDITION = re.compile(r'\s*(\w+)\s+([A-Z_]+)(?:\s+("[^"]*"|\[[^\]]*\]|[^\s]+))?\s*')

_Test = Callable[[str, str], bool]


def _day(text: str) -> str:
    """ISO text of `11/27/2026`, `2026-11-27` and longer forms, so that days compare."""
    if re.match(r"\d{1,2}/\d{1,2}/\d{4}", text):
        month, day, year = text.split(" ")[0].split("/")
        return f"{year}-{int(month):02}-{int(day):02}"
    return text[:10]


_TESTS: Mapping[str, _Test] = {
    "IS": lambda have, want: have.lower() in [one.lower() for one in want.split("|")],
    "IS_NOT": lambda have, want: have.lower() != want.lower(),
    "CONTAIN": lambda have, want: want.lower() in have.lower(),
    "START_WITH": lambda have, want: have.lower().startswith(want.lower()),
    "END_WITH": lambda have, want: have.lower().endswith(want.lower()),
    "EMPTY": lambda have, want: have == "",
    "EMPTY_NOT": lambda have, want: have != "",
    "EQUAL": lambda have, want: have == want,
    "ANY_OF": lambda have, want: have in [one.strip() for one in want.split(",")],
    "ON": lambda have, want: _day(have) == _day(want),
    "AFTER": lambda have, want: _day(have) > _day(want),
    "BEFORE": lambda have, want: _day(have) < _day(want),
    "ON_OR_AFTER": lambda have, want: _day(have) >= _day(want),
    "ON_OR_BEFORE": lambda have, want: _day(have) <= _day(want),
}


def listed(
    received: Received, view: View, record_type: RecordType, records: Iterable[Record]
) -> dict[str, Any]:
    """One page of a collection: links and ids only. Raises VendorError."""
    condition = dict(received.query_pairs).get("q", "")
    found = [one for one in records if _holds(one, record_type, condition)]
    limit, offset = page_of(received)
    page = found[offset : offset + limit]
    return {
        **paging(f"{view.base_url}{ROOT}/{record_type.name}", len(found), len(page), limit, offset),
        "items": [{"links": view.link(record_type.name, one.id), "id": one.id} for one in page],
    }


def page_of(received: Received) -> tuple[int, int]:
    """Limit and offset of a request. Raises VendorError: no page is longer than 1000, and offsets are whole pages."""
    query = dict(received.query_pairs)
    limit, offset = _number(query, "limit", MOST), _number(query, "offset", 0)
    if not 1 <= limit <= MOST:
        raise invalid_request("Invalid value for the query parameter limit.", parameter="limit")
    if offset % limit:
        raise invalid_request("The offset must be divisible by the limit.", parameter="offset")
    return limit, offset


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isdecimal():
        raise invalid_request(f"Invalid value for the query parameter {name}.", parameter=name)
    return int(text)


def paging(address: str, total: int, count: int, limit: int, offset: int) -> dict[str, Any]:
    """What every page says of itself."""

    def link(rel: str, start: int) -> dict[str, str]:
        return {"rel": rel, "href": f"{address}?limit={limit}&offset={start}"}

    more = offset + count < total
    links = [link("next", offset + limit)] if more else []
    return {
        "links": [*links, link("self", offset)],
        "count": count,
        "hasMore": more,
        "offset": offset,
        "totalResults": total,
    }


def _holds(record: Record, record_type: RecordType, condition: str) -> bool:
    parts = re.split(r"\s+(AND|OR)\s+", condition) if condition else []
    result: bool | None = None
    for place in range(0, len(parts), 2):
        one = _one_holds(record, record_type, parts[place])
        joined = parts[place - 1] if place else "OR"
        result = one if result is None else (result and one if joined == "AND" else result or one)
    return result is not False


def _one_holds(record: Record, record_type: RecordType, text: str) -> bool:
    match = _CONDITION.fullmatch(text)
    name = record_type.names.get(match[1].lower()) if match else None
    if match is None or name is None or match[2] not in _TESTS:
        raise invalid_request(f"Invalid query condition: {text}", parameter="q")
    have = record.id if name == "id" else _as_text(record.values.get(name))
    return _TESTS[match[2]](have, (match[3] or "").strip('"[]'))


def _as_text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else format(value, "f") if isinstance(value, Decimal) else str(value)
