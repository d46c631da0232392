"""Judges calls of the Sage 100 agent by docs/sage100-agent.yaml: replies always, requests where they were accepted.

Codes of errors are held to the document's own table: status and whether they can be retried.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import yaml
from jsonschema import Draft202012Validator

DOCUMENT = Path(__file__).parents[2] / "docs" / "sage100-agent.yaml"


class NotInDocument(AssertionError):
    """A call which the document does not allow; the text says where."""


@cache
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
    return loaded


@cache
def error_table() -> dict[str, tuple[int, bool]]:
    """Code -> status, retryable, from the table in the document's description."""
    rows = re.findall(r"^\| (\w+) \| (\d{3}) \| (yes|no) \|", document()["info"]["description"], re.MULTILINE)
    return {code: (int(status), retryable == "yes") for code, status, retryable in rows}


def validate(reply: httpx.Response) -> None:
    """Check one call. Raises NotInDocument."""
    request = reply.request
    found = _operation(request.method, request.url.path)
    if found is None:
        if reply.status_code != 404:
            raise NotInDocument(f"{request.method} {request.url.path} is not in the document")
        _check(document()["components"]["responses"]["Error"], reply)
        return
    template, operation = found
    responses = operation["responses"]
    _check(_followed(responses.get(str(reply.status_code), responses["default"])), reply)
    if reply.is_success and request.content:
        _hold(operation["requestBody"]["content"]["application/json"]["schema"], request.content, "request")
    _check_parameters(template, operation, reply)


def _operation(method: str, path: str) -> tuple[str, dict[str, Any]] | None:
    for template, item in document()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) and method.lower() in item:
            return template, item[method.lower()]
    return None


def _check(response: dict[str, Any], reply: httpx.Response) -> None:
    if "content" not in response:
        if reply.content:
            raise NotInDocument(f"{reply.status_code} has a body: {reply.text}")
        return
    _hold(response["content"]["application/json"]["schema"], reply.content, str(reply.status_code))
    if not reply.is_success:
        code = reply.json()["code"]
        if (reply.status_code, reply.json()["retryable"]) != error_table()[code]:
            raise NotInDocument(f"{code}: {reply.status_code} {reply.text}")


def _check_parameters(template: str, operation: dict[str, Any], reply: httpx.Response) -> None:
    if not reply.is_success:
        return
    item = document()["paths"][template]
    wanted = [_followed(one) for one in (*item.get("parameters", []), *operation.get("parameters", []))]
    known = {one["name"] for one in wanted if one["in"] == "query"}
    unknown = set(reply.request.url.params) - known
    missing = [
        one["name"] for one in wanted if one["in"] == "header" and one["name"] not in reply.request.headers
    ]
    if unknown or missing:
        raise NotInDocument(f"{template}: accepted with {unknown}, without {missing}")


def _followed(node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    found: Any = document()
    for part in node["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)


def _hold(schema: dict[str, Any], content: bytes, where: str) -> None:
    whole = {**schema, "components": document()["components"]}
    errors = [
        f"{where} {'/'.join(map(str, error.absolute_path))}: {error.message}"
        for error in Draft202012Validator(whole).iter_errors(json.loads(content))
    ]
    if errors:
        raise NotInDocument("; ".join(errors))
