"""Judging requests and replies by Acumatica's own OpenAPI document (Default/25.200.001).

Requests are held to it strictly, replies leniently in three points: missing required members, nulls, and
ids as text. The document leaves out log-in, tokens, the list of endpoints and status polls: those
are not judged.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jsonschema

VALIDATED: Counter[str] = Counter()
"""How many requests of each method and entity were held to the document in this run, and met it."""

DOCUMENT = Path(__file__).parent.parent / "data" / "acumatica-openapi-25.200.001.json"
ROOT = "/entity/Default/25.200.001"
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_REF = "#/components/schemas/"
_OPEN = frozenset({"HttpError", "CustomField"})
_OMITTED_STATUS = frozenset({"403", "404", "429"})
"""Answered to GET and PUT by real sites, and missing from the document."""


class ContractError(AssertionError):
    """A request or reply that the document does not allow; the text says where."""


def validate_acumatica_request(method: str, path: str, query: str, body: object) -> bool:
    """Hold a request to the document: path, query parameters, body without unknown members.

    `query` is the raw query string, `body` the parsed JSON or None. Gives False for a path that the document
    leaves out, else True. Raises ContractError.
    """
    operation = _operation(method, path)
    if operation is None:
        return False
    known = {
        _resolved(one)["name"] for one in operation.get("parameters", []) if _resolved(one)["in"] == "query"
    }
    for name, _ in parse_qsl(query, keep_blank_values=True):
        if name not in known:
            raise ContractError(f"{method} {path}: query parameter {name} is not one of {sorted(known)}")
    content = operation.get("requestBody")
    if content is None and body is not None:
        raise ContractError(f"{method} {path} takes no body")
    if content is not None:
        _check(content["content"]["application/json"]["schema"], body, True, f"{method} {path}")
    VALIDATED[f"{method.upper()} {path.split(ROOT)[-1].split('/')[1]}"] += 1
    return True


def validate_acumatica_reply(method: str, path: str, status: int, body: object) -> bool:
    """Hold a reply to the document: its status is listed, its body fits that status's schema, read leniently.

    Gives False for a path that the document leaves out, else True. Raises ContractError.
    """
    operation = _operation(method, path)
    if operation is None:
        return False
    where = f"{method} {path} -> {status}"
    if str(status) in _OMITTED_STATUS:
        return True
    if str(status) not in operation["responses"]:
        raise ContractError(f"{where}: the document lists {sorted(operation['responses'])}")
    content = _resolved(operation["responses"][str(status)]).get("content")
    if content is not None:
        _check(content["application/json"]["schema"], body, False, where)
    elif body is not None and status != 409:
        raise ContractError(f"{where}: a body is not expected")
    return True


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(DOCUMENT.read_text())
    return document


def _resolved(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """A parameter or response, its reference followed."""
    while "$ref" in node:
        target: Any = _document()
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


def _operation(method: str, path: str) -> Mapping[str, Any] | None:
    if not path.startswith(ROOT + "/") or "/status/" in path:
        return None
    relative = path.removeprefix(ROOT)
    template = _template(method, relative)
    operation: Mapping[str, Any] | None = _document()["paths"].get(template, {}).get(method.lower())
    if operation is None:
        raise ContractError(f"the document has no {method} {relative} (read as {template})")
    return operation


def _template(method: str, relative: str) -> str:
    """The document's path; keys and id are one here, though it lists `{ids}` and `{id}` side by side."""
    paths = _document()["paths"]
    if relative in paths:
        return relative
    entity, *rest = relative.strip("/").split("/")
    if method == "POST":
        return f"/{entity}/{{actionName}}"
    if len(rest) == 1 and _GUID.fullmatch(rest[0]):
        return f"/{entity}/{{id}}"
    if len(rest) >= 2 and rest[-2] == "files":
        return f"/{entity}/{{ids}}/files/{{filename}}"
    return f"/{entity}/{{ids}}"


def _check(schema: Mapping[str, Any], body: object, strict: bool, where: str) -> None:
    errors = sorted(
        _validator(json.dumps(schema), strict).iter_errors(body), key=lambda error: list(error.path)
    )
    if errors:
        found = "; ".join(
            f"{'/'.join(map(str, error.path)) or 'body'}: {error.message[:200]}" for error in errors
        )
        raise ContractError(f"{where}: {found}")


@cache
def _validator(schema: str, strict: bool) -> jsonschema.Draft202012Validator:
    components = _document()["components"]["schemas"]
    prepared = {name: _prepare(name, one, strict) for name, one in components.items()}
    return jsonschema.Draft202012Validator(
        {**_tidy(json.loads(schema), strict), "components": {"schemas": prepared}}
    )


def _prepare(name: str, schema: Mapping[str, Any], strict: bool) -> dict[str, Any]:
    """A component with its bases merged in, refusing unknown members.

    Rows may carry `delete`, and actions `parameters`, as in the vendor's own examples.
    """
    merged: dict[str, Any] = {"type": "object", "properties": {}, "required": []}
    for part in schema.get("allOf", [schema]):
        source = (
            _document()["components"]["schemas"][part["$ref"].removeprefix(_REF)] if "$ref" in part else part
        )
        merged["properties"] |= source.get("properties", {})
        merged["required"] += source.get("required", [])
    if "allOf" in schema and strict:
        merged["properties"]["delete"] = {"type": "boolean"}
    if "entity" in merged["properties"]:
        merged["properties"].setdefault("parameters", {"type": "object"})
    if name not in _OPEN:
        merged["additionalProperties"] = False
    tidied: dict[str, Any] = _tidy(merged, strict)
    return tidied


def _tidy(node: Any, strict: bool) -> Any:
    """OpenAPI 3.0 as JSON Schema: nullable becomes a type; for replies nulls pass and nothing is required."""
    if isinstance(node, list):
        return [_tidy(one, strict) for one in node]
    if not isinstance(node, dict):
        return node
    tidied = {
        key: _tidy(one, strict) for key, one in node.items() if key not in {"nullable", "required", "format"}
    }
    if strict and isinstance(node.get("required"), list):
        tidied["required"] = node["required"]
    if isinstance(node.get("type"), str) and (node.get("nullable") or not strict):
        tidied["type"] = [node["type"], "null"]
    return tidied
