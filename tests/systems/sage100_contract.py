"""Holds requests to docs/sage100-agent.yaml: path, query, key and body. Replies are not judged here."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

PAGE = Path(__file__).parents[2] / "docs" / "sage100-agent.yaml"
NAME = "urn:sage100-agent"
Pairs = Mapping[str, str]


@cache
def document() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(PAGE.read_text(encoding="utf-8"))
    return document


def _valid(schema: Mapping[str, Any], value: object) -> None:
    registry = Registry().with_resource(NAME, DRAFT202012.create_resource(document()))
    absolute = json.loads(json.dumps(schema).replace('"#/', f'"{NAME}#/'))
    Draft202012Validator(absolute, registry=registry).validate(value)


def validate(method: str, path: str, query: Pairs, headers: Pairs, body: Any) -> None:
    """Raises where a request is none of the contract's."""
    item, found = _item(path)
    operation = item[method.lower()]
    parameters = [_resolved(one) for one in (*item.get("parameters", ()), *operation.get("parameters", ()))]
    known = {(one["in"], one["name"].lower()): one for one in parameters}
    for name, text in found.items():
        _valid(known["path", name.lower()]["schema"], text)
    for name, text in query.items():
        schema = known["query", name.lower()]["schema"]
        _valid(schema, int(text) if schema.get("type") == "integer" else text)
    if ("header", "idempotency-key") in known:
        _valid(known["header", "idempotency-key"]["schema"], headers["idempotency-key"])
    wanted = operation.get("requestBody")
    assert (body is not None) == (wanted is not None), f"{method} {path}: body {body!r}"
    if wanted is not None:
        _valid(wanted["content"]["application/json"]["schema"], body)


def _item(path: str) -> tuple[dict[str, Any], dict[str, str]]:
    for template, item in document()["paths"].items():
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
        if match := re.fullmatch(pattern, path):
            return item, match.groupdict()
    raise AssertionError(f"{path} is no path of the contract")


def _resolved(parameter: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in parameter:
        return parameter
    found: Any = document()
    for part in parameter["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    resolved: dict[str, Any] = found
    return resolved
