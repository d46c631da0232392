"""Judges requests to Magento by the vendor's Swagger document: do path, parameters and body exist and fit?

Unknown members are refused at every depth and types are checked. `required` counts only for the top members
of a body (`entity`, `statusHistory`): the deeper lists come from code comments, and the server does not
enforce them (a track without `weight`, an order without `customer_email` are accepted). Members are expected
in the document's spelling. `fields` is allowed everywhere, though the document does not list it.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator

DOCUMENT = Path(__file__).parent.parent / "data" / "magento-openapi-2.4.8-sales-inventory.json"
VALIDATED: Counter[str] = Counter()
"""How many requests were judged good, by method and path template."""

_SPELLINGS = {
    "filter_groups": "filterGroups",
    "condition_type": "conditionType",
    "sort_orders": "sortOrders",
    "page_size": "pageSize",
    "current_page": "currentPage",
}


class NotInDocument(AssertionError):
    """A request which the vendor's document does not allow; the text says where."""


def validate_magento_request(method: str, path: str, query: Mapping[str, str], body: Any) -> str:
    """Check one request and count it; returns the path template it meets. Raises NotInDocument.

    `path` may begin with `/rest` and a store code; `query` holds decoded names and values; `body` is decoded
    JSON, None where there is none.
    """
    template, operation = _operation(method.lower(), re.sub(r"^/rest(/\w+)?(?=/V1)", "", path))
    parameters = operation.get("parameters", [])
    problems = [*_path_problems(template, path, parameters), *_query_problems(query, parameters)]
    problems += _body_problems(body, parameters)
    if problems:
        raise NotInDocument(f"{method} {path}: {'; '.join(problems)}")
    VALIDATED[f"{method.upper()} {template}"] += 1
    return template


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(DOCUMENT.read_text())
    document["definitions"] = {name: _closed(one) for name, one in document["definitions"].items()}
    return document


def _closed(schema: Any) -> Any:
    """A schema that refuses unknown members and requires none."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(one) for name, one in schema.items() if not _is_required_list(name, one)}
    if "properties" in schema and isinstance(schema["properties"], dict):
        closed["additionalProperties"] = False
    return closed


def _is_required_list(name: str, value: Any) -> bool:
    return name == "required" and isinstance(value, list)


def _operation(method: str, path: str) -> tuple[str, dict[str, Any]]:
    fits = [
        (template, operations[method])
        for template, operations in _document()["paths"].items()
        if method in operations and _pattern(template).fullmatch(path.rstrip("/"))
    ]
    if not fits:
        raise NotInDocument(f"no {method.upper()} {path}")
    return min(fits, key=lambda one: one[0].count("{"))


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "([^/]+)", template.rstrip("/")))


def _path_problems(template: str, path: str, parameters: list[dict[str, Any]]) -> Iterator[str]:
    found = _pattern(template).search(path)
    values = dict(zip(re.findall(r"\{(\w+)\}", template), found.groups() if found else (), strict=True))
    for parameter in parameters:
        if (
            parameter["in"] == "path"
            and parameter["type"] == "integer"
            and not values[parameter["name"]].isdigit()
        ):
            yield f"{parameter['name']} is not a whole number"


def _query_problems(query: Mapping[str, str], parameters: list[dict[str, Any]]) -> Iterator[str]:
    known = {one["name"]: one["type"] for one in parameters if one["in"] == "query"}
    for name, value in query.items():
        spelt = _spelt(name)
        if name == "fields" or (name == "searchCriteria" and any("searchCriteria" in one for one in known)):
            continue
        if spelt not in known:
            yield f"no query parameter {name}"
        elif known[spelt] == "integer" and not value.isdigit():
            yield f"{name} is not a whole number"


def _spelt(name: str) -> str:
    numbered = re.sub(r"\[\d+\]", "[0]", name)
    return re.sub(r"\w+", lambda found: _SPELLINGS.get(found.group(), found.group()), numbered)


def _body_problems(body: Any, parameters: list[dict[str, Any]]) -> Iterator[str]:
    declared = next((one["schema"] for one in parameters if one["in"] == "body"), None)
    if declared is None:
        if body is not None:
            yield "a body where none belongs"
        return
    schema = {
        **_closed(declared),
        "required": declared.get("required"),
        "definitions": _document()["definitions"],
    }
    if schema["required"] is None:
        del schema["required"]
    for error in Draft4Validator(schema).iter_errors({} if body is None else body):
        yield f"{'.'.join(map(str, error.absolute_path)) or 'body'}: {error.message:.200}"
