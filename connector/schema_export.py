"""JSON Schema of everything we say: the configuration file for editors, the events for publishers.

Made from the models, never written by hand; `connector schema` prints it.
"""

from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import models_json_schema

from schemas.config import Config, ConnectionSettings
from schemas.events import EVENT_TYPES, Event

DRAFT = "https://json-schema.org/draft/2020-12/schema"
REFERENCE = "#/$defs/{model}"
PLACE = {"type": "string", "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}"}
"""`${NAME}` may stand for a number or a truth value too."""


def export(systems: Mapping[str, type[ConnectionSettings]]) -> dict[str, dict[str, Any]]:
    """All schemas by name: `config`, `event` (the envelope), and each type's data (`order.created` …)."""
    events: dict[str, type[Any]] = {"event": Event, **EVENT_TYPES}
    exported = {name: {"$schema": DRAFT, **model.model_json_schema()} for name, model in events.items()}
    return {"config": json_schema(systems), **exported}


def json_schema(systems: Mapping[str, type[ConnectionSettings]]) -> dict[str, Any]:
    """JSON Schema of the configuration file; a connection is one of the systems, chosen by `system`."""
    models: list[type[Any]] = [Config, *systems.values()]
    references, document = models_json_schema(
        [(model, "validation") for model in models], ref_template=REFERENCE, title="Connector configuration"
    )
    definitions = document["$defs"]
    for name, model in systems.items():
        _choosable(definitions[_name(references[(model, "validation")])], name)
    config = definitions.pop(_name(references[(Config, "validation")]))
    one = {
        "oneOf": [references[(model, "validation")] for model in systems.values()],
        "discriminator": {"propertyName": "system"},
    }
    connections = config["properties"]["connections"]
    connections["patternProperties"] = dict.fromkeys(connections["patternProperties"], one)
    connections["additionalProperties"] = False
    return {"$schema": DRAFT, **_fillable(config), "$defs": _fillable(definitions)}


def _name(reference: Mapping[str, str]) -> str:
    return reference["$ref"].rsplit("/", 1)[1]


def _choosable(definition: dict[str, Any], system: str) -> None:
    """`system` is what tells the systems apart, so it is required and has one value."""
    definition["properties"]["system"] = {"const": system, "type": "string"}
    definition["required"] = sorted({"system", *definition.get("required", ())})


def _fillable(schema: Any) -> Any:
    """The schema with `${NAME}` allowed wherever a number or a truth value is asked for."""
    if isinstance(schema, list):
        return [_fillable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") in ("integer", "number", "boolean"):
        about = {key: schema[key] for key in ("title", "description", "default") if key in schema}
        return {**about, "anyOf": [{k: v for k, v in schema.items() if k not in about}, PLACE]}
    return {key: _fillable(value) for key, value in schema.items()}
