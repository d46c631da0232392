"""The metadata catalogue: which fields the records of this account have, as JSON Schema or in an OpenAPI document."""

from typing import Any

from connector.simulators.base import Received, Reply
from connector.simulators.netsuite import contract
from connector.simulators.netsuite.contract import RECORD_TYPES
from connector.simulators.netsuite.errors import invalid_request, no_such_path
from connector.simulators.netsuite.record_type import RecordType

_SWAGGER = "application/swagger+json"
_SCHEMA = "application/schema+json"
_KINDS: dict[str, dict[str, Any]] = {
    "number": {"type": "number", "format": "double"},
    "integer": {"type": "integer", "format": "int64"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "text": {"type": "string"},
}


def answer(received: Received, rest: tuple[str, ...]) -> Reply:
    """`/metadata-catalog`, with `?select=`, or of one record. Raises VendorError."""
    if received.method != "GET" or len(rest) > 1:
        raise no_such_path(received.path)
    accept = received.headers.get("accept", "")
    chosen = [_known(one, received.path) for one in _selected(received, rest)]
    if _SCHEMA in accept and len(rest) == 1:
        return _typed(_schema(chosen[0]), _SCHEMA)
    if _SWAGGER in accept:
        schemas = {one.name: _schema(one) for one in chosen}
        return _typed({"openapi": "3.0.1", "components": {"schemas": schemas}}, _SWAGGER)
    return Reply.of({"items": [{"name": one.name} for one in chosen]})


def _selected(received: Received, rest: tuple[str, ...]) -> list[str]:
    """The names asked for; a blank in the list is refused."""
    select = dict(received.query_pairs).get("select", "")
    if " " in select:
        raise invalid_request("Invalid value for the query parameter select.", parameter="select")
    return list(rest) or [one for one in select.split(",") if one] or list(RECORD_TYPES)


def _known(name: str, path: str) -> RecordType:
    record_type = contract.type_of(name)
    if record_type is None:
        raise no_such_path(path)
    return record_type


def _schema(record_type: RecordType) -> dict[str, Any]:
    fields = {name: _property(kind) for name, kind in record_type.fields.items()}
    for name, row in record_type.sublists.items():
        items = {"type": "object", "properties": {key: _property(kind) for key, kind in row.items()}}
        fields[name] = {"type": "object", "properties": {"items": {"type": "array", "items": items}}}
    return {"type": "object", "properties": fields}


def _property(kind: str) -> dict[str, Any]:
    if kind in _KINDS:
        return _KINDS[kind]
    named = {"id": {"type": "string"}, "refName": {"type": "string"}}
    return {"type": "object", "properties": {} if kind == "subrecord" else named}


def _typed(body: dict[str, Any], kind: str) -> Reply:
    reply = Reply.of(body)
    return Reply(200, reply.body, (("Content-Type", kind),))
