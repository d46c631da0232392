"""Reading what a request sends for a record: names, values and references, checked as the account would check them.

It only reads; what becomes of the values is writing.py's and transforms.py's to say.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from connector.simulators.base import Received
from connector.simulators.netsuite.account import Account
from connector.simulators.netsuite.contract import READ_ONLY, READ_ONLY_LINE, RECORD_TYPES
from connector.simulators.netsuite.errors import (
    invalid_reference,
    invalid_request,
    invalid_value,
    unknown_fields,
)
from connector.simulators.netsuite.labels import ENUMS
from connector.simulators.netsuite.record_type import RecordType

_CUSTOM = re.compile(r"cust(body|col|entity)_\w+")
_VALIDATION = "x-netsuite-propertynamevalidation"


@dataclass
class Sent:
    """What a body says: header values, and the rows of each sublist that it names. None clears a value."""

    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


def read_json(received: Received) -> Mapping[str, Any]:
    """A request's JSON object, {} for no body. Raises VendorError."""
    if not received.body.strip():
        return {}
    try:
        body = received.json()
    except ValueError as error:
        raise invalid_request() from error
    if not isinstance(body, dict):
        raise invalid_request()
    return body


def refuses_unknown(received: Received) -> bool:
    """Whether unknown names are refused, which is not the default. Raises VendorError for an unknown value."""
    given = received.headers.get(_VALIDATION, "Warning").lower()
    if given not in ("error", "warning", "ignore"):
        raise invalid_request(header="X-NetSuite-PropertyNameValidation")
    return given == "error"


class Reader:
    """Reads one body. Unknown names are collected, and refused together where the request wants that."""

    def __init__(self, account: Account, record_type: RecordType, strict: bool) -> None:
        self._account = account
        self._type = record_type
        self._strict = strict
        self._unknown: list[str] = []

    def read(self, body: Mapping[str, Any]) -> Sent:
        """Header and sublists. Raises VendorError."""
        sent = Sent()
        for given, value in body.items():
            name = self._type.names.get(given.lower()) or self._custom(given)
            if name is None:
                self._miss(given)
            elif name in self._type.sublists:
                sent.lines[name] = self._rows(name, value)
            elif name not in READ_ONLY:
                sent.values[name] = self._value(name, self._type.fields.get(name, "text"), value, name)
        if self._unknown and self._strict:
            raise unknown_fields(self._unknown)
        return sent

    def _miss(self, path: str) -> None:
        if path != "links":
            self._unknown.append(path)

    def _custom(self, given: str) -> str | None:
        """A custom field that the account has."""
        name, known = given.lower(), self._account.options.custom_fields
        return name if _CUSTOM.fullmatch(name) and (known is None or name in known) else None

    def _rows(self, sublist: str, value: Any) -> list[dict[str, Any]]:
        if not isinstance(value, dict) or not isinstance(value.get("items"), list):
            raise invalid_value(f"Invalid value for the following field: {sublist}", sublist)
        return [
            self._row(sublist, row, f"{sublist}.items[{place}]") for place, row in enumerate(value["items"])
        ]

    def _row(self, sublist: str, given: Any, path: str) -> dict[str, Any]:
        if not isinstance(given, dict):
            raise invalid_value("A line is not an object.", path)
        row: dict[str, Any] = {}
        for key, value in given.items():
            name = self._type.field_of(sublist, key) or self._custom(key)
            if name is None:
                self._miss(f"{path}.{key}")
            elif name not in READ_ONLY_LINE:
                kind = self._type.sublists[sublist].get(name, "text")
                row[name] = self._value(name, kind, value, f"{path}.{name}")
        return row

    def _value(self, name: str, kind: str, value: Any, path: str) -> Any:
        if value is None:
            return None
        if kind.startswith("ref:"):
            return self._reference(name, kind.removeprefix("ref:"), value, path)
        if kind == "enum":
            return _enum(name, value, path)
        read = _PLAIN.get(kind)
        try:
            return read(value) if read else value
        except (ValueError, InvalidOperation) as error:
            raise invalid_value(f"Invalid value for the following field: {name}", path) from error

    def _reference(self, name: str, target: str, value: Any, path: str) -> str:
        """The id behind `{"id": …}`, `{"externalId": …}` or a bare id."""
        key = value
        if isinstance(value, dict):
            key = f"eid:{value['externalId']}" if "externalId" in value else value.get("id")
        if isinstance(key, bool) or not isinstance(key, str | int | Decimal):
            raise invalid_value(f"Invalid value for the following field: {name}", path)
        found = self._target(target, str(key))
        if found is None:
            raise invalid_reference(key, name.lower(), path)
        return found

    def _target(self, target: str, key: str) -> str | None:
        """The id of what is referred to; types that the account keeps no records of are not looked up."""
        if target == "item":
            item = self._account.item(key)
            return item.id if item else None
        record_type = RECORD_TYPES.get(target)
        if record_type is None or (target == "location" and not any(self._account.all(record_type))):
            return self._any_transaction(key) if key.startswith("eid:") else key
        record = self._account.find(record_type, key)
        return record.id if record else None

    def _any_transaction(self, key: str) -> str | None:
        external = key.removeprefix("eid:")
        found = (one for one in self._account.transactions() if one.values.get("externalId") == external)
        return next((one.id for one in found), None)


def _enum(name: str, value: Any, path: str) -> str:
    key = value.get("id") if isinstance(value, dict) else value
    if not isinstance(key, str) or key not in ENUMS.get(name, {key}):
        raise invalid_value(f"Invalid value for the following field: {name}", path)
    return key


def _text(value: Any) -> str:
    if isinstance(value, dict | list | bool):
        raise ValueError("not a text")
    return str(value)


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise ValueError("not a number")
    return Decimal(value)


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("not true or false")
    return value


def _date(value: Any) -> str:
    """`2026-6-15` is taken too, as in Oracle's samples."""
    return date(*(int(part) for part in _text(value).split("-"))).isoformat()


_PLAIN: Mapping[str, Callable[[Any], Any]] = {
    "text": _text,
    "number": _number,
    "integer": lambda value: int(_number(value)),
    "boolean": _boolean,
    "date": _date,
}
