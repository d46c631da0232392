"""What a request says: forms and JSON alike, and a record to be saved with its sub-type records.

A form's values are texts; sub-types stand in it as JSON. Keys are read without regard to case.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qsl

from connector.simulators.aptify import values
from connector.simulators.aptify.entities import Entity, entity_of, key_of
from connector.simulators.aptify.errors import Refused, failure
from connector.simulators.aptify.site import Site
from connector.simulators.base import Received

_RESERVED = frozenset(("id", "entityname", "subtypes", "entitydata", "action"))


@dataclass
class Sent:
    """One record to be saved: -1 makes a new one. `values` are by the fields' names in entities.py."""

    entity: Entity
    id: int
    values: dict[str, Any] = field(default_factory=dict)
    sub_types: "list[Sent]" = field(default_factory=list)
    number: int | None = None
    """The id that a new record is to have; only seeds say."""

    @property
    def is_new(self) -> bool:
        """Whether it is to be made."""
        return self.id < 0


def read_body(received: Received) -> dict[str, Any]:
    """A form or a JSON object. Raises VendorError (400)."""
    kind = received.headers.get("content-type", "")
    if not received.body.strip():
        return {}
    if "json" in kind:
        return as_object(parsed(received.body.decode(errors="replace")))
    if "multipart/form-data" in kind:
        return _parts(kind, received.body)
    if "form-urlencoded" not in kind:
        raise failure(f"The request entity's media type '{kind}' is not supported for this resource.", 415)
    return dict(parse_qsl(received.body.decode(errors="replace"), keep_blank_values=True))


def _parts(kind: str, body: bytes) -> dict[str, Any]:
    """The fields of a form in parts."""
    message = BytesParser().parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    found: dict[str, Any] = {}
    for part in message.walk():
        name, content = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            found[name] = content.decode(errors="replace")
    return found


def parsed(text: str) -> Any:
    """JSON, numbers with a fraction as Decimal. Raises VendorError (400)."""
    try:
        return json.loads(text, parse_float=Decimal)
    except ValueError as error:
        raise failure(f"The request is invalid: {error}", 400) from error


def as_object(value: Any) -> dict[str, Any]:
    """The value, which must be an object. Raises VendorError (400)."""
    if not isinstance(value, dict):
        raise failure("The request is invalid: an object is expected.", 400)
    return value


def as_rows(value: Any) -> Sequence[Mapping[str, Any]]:
    """A list of objects, or the JSON text of one. Raises VendorError (400)."""
    rows = parsed(value) if isinstance(value, str) and value.strip() else value or []
    if not isinstance(rows, list):
        raise failure("The request is invalid: a list is expected.", 400)
    return [as_object(row) for row in rows]


class Reader:
    """Reads records to be saved, by the names of one site."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def read(self, body: Mapping[str, Any], parent: Entity | None = None) -> Sent:
        """A record with its sub-type records. Raises Refused, and VendorError for what cannot be read at all."""
        given = {key_of(name): value for name, value in body.items()}
        entity = self._entity(str(given.get("entityname", "")), parent)
        sent = Sent(entity, self._number(given.get("id", -1)))
        for name, value in self._pairs(body, given):
            field_name = self._site.field_named(entity, name)
            if field_name is None:
                raise Refused(f"The field '{name}' does not exist in the entity '{entity.name}'.", name)
            sent.values[field_name] = self._value(entity, field_name, value)
        for row in as_rows(given.get("subtypes")):
            sent.sub_types.append(self.read(row, entity))
        return sent

    def _entity(self, name: str, parent: Entity | None) -> Entity:
        entity = entity_of(name)
        if entity is None:
            raise Refused(f"There is no entity '{name}'.", "EntityName")
        if parent is not None and entity.name not in parent.sub_types:
            raise Refused(f"The entity '{parent.name}' has no sub-type '{name}'.", "EntityName")
        return entity

    @staticmethod
    def _pairs(body: Mapping[str, Any], given: Mapping[str, Any]) -> list[tuple[str, Any]]:
        """Fields and values, out of the body itself or the older `EntityData`."""
        plain = [(name, value) for name, value in body.items() if key_of(name) not in _RESERVED]
        listed = [
            {key_of(name): value for name, value in row.items()} for row in as_rows(given.get("entitydata"))
        ]
        return plain + [(str(row.get("field", "")), row.get("value")) for row in listed]

    @staticmethod
    def _number(value: Any) -> int:
        try:
            return int(str(value))
        except ValueError as error:
            raise Refused(f"The ID '{value}' is not a number.", "ID") from error

    def _value(self, entity: Entity, name: str, value: Any) -> Any:
        kind = self._site.kind(entity, name)
        shown = self._site.shown(entity, name)
        try:
            read = values.read(kind, value, self._site.options)
        except ValueError as error:
            raise Refused(f"The value '{value}' of the field '{shown}' is {error}.", shown) from error
        if kind.startswith("ref:") and read is not None:
            target = entity_of(kind.removeprefix("ref:"))
            if target is not None and self._site.book.find(target, read) is None:
                raise Refused(
                    f"The field '{shown}' leads to a record {read} of {target.name}, which is not there.",
                    shown,
                )
        return read
