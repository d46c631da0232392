"""The contract as it is written out for people who write a bridge: examples, members, schema and the signing script."""

import json
import os
import re
import subprocess
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import jsonschema
import pytest
from pydantic import BaseModel

from connector.systems.base import WebhookRequest
from connector.systems.starship.adapter import StarShipAdapter
from connector.systems.starship.source import tell
from connector.systems.starship.wire import WireEvent
from tests.guards.tree import ROOT
from tests.systems.starship_given import SECRET, event, settings, voided

PAGE = (ROOT / "docs" / "starship-bridge.md").read_text(encoding="utf-8")
SCHEMA = json.loads((ROOT / "docs" / "starship-bridge.schema.json").read_text(encoding="utf-8"))
EXAMPLES = re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def members(model: type[BaseModel], before: str = "") -> Iterator[str]:
    """Each member's path, with [] for what is in lists; of a part, its own members."""
    for name, field in model.model_fields.items():
        inner, path = inside(field.annotation, before + name)
        if inner is None:
            yield before + name
        else:
            yield from members(inner, f"{path}.")


def inside(annotation: Any, path: str) -> tuple[type[BaseModel] | None, str]:
    """The model that stands there, if one does, and its path."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is tuple:
        return inside(arguments[0], f"{path}[]")
    if origin is types.UnionType or "Union" in str(origin):
        return inside(arguments[0], path)
    is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return (annotation if is_model else None), path


def test_every_member_is_documented_and_no_other() -> None:
    documented = re.findall(r"^\| `([a-z_.\[\]]+)` \|", PAGE, re.MULTILINE)
    assert sorted(documented) == sorted(members(WireEvent))
    assert "packages[].contents[].lot_serial" in documented


def test_the_examples_are_told_as_they_stand() -> None:
    shipped, taken_back = (tell(text.encode(), settings())[0] for text in EXAMPLES)
    assert (shipped.data.type, taken_back.data.type) == ("shipment.confirmed", "shipment.voided")
    assert shipped.data.document.number == taken_back.data.document.number
    assert shipped.data.order_numbers == taken_back.data.order_numbers == ("SO-000123",)


def test_the_schema_is_that_of_the_models() -> None:
    """Where the models changed on purpose, write `WireEvent.model_json_schema()` there, indented by 2."""
    assert WireEvent.model_json_schema() == SCHEMA


@pytest.mark.parametrize("value", [*map(json.loads, EXAMPLES), event(), voided()])
def test_what_can_be_told_is_valid_by_the_schema(value: object) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(value, SCHEMA, jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "changes",
    [
        {"orders": []},
        {"type": "posted"},
        {"charges": {"applied": "nine"}},
        {"charges": {"applied": -1}},
        {"shipment_id": 17},
        {"items": [{"item": "A", "quantity": ""}]},
    ],
)
def test_what_cannot_be_told_is_not_valid_by_the_schema(changes: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(event(**changes), SCHEMA, jsonschema.Draft202012Validator)


def test_the_script_signs_so_that_it_is_recognized(tmp_path: Path) -> None:
    """Everything of it is run as it stands, but that `curl` writes down what it would send."""
    (script,) = (
        text
        for text in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
        if "openssl" in text
    )
    curl = tmp_path / "curl"
    curl.write_text('#!/bin/sh\nfor one in "$@"; do printf "%s\\n" "$one"; done > sent\n')
    curl.chmod(0o755)
    (tmp_path / "event.json").write_text(EXAMPLES[0])
    environ = {
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "SECRET": SECRET,
        "CONNECTOR": "http://x",
    }
    subprocess.run(["sh", "-eu", "-c", script], cwd=tmp_path, env=environ, check=True)
    sent = (tmp_path / "sent").read_text().splitlines()
    headers = dict(line.split(": ", 1) for line in sent if re.match(r"[a-z-]+: ", line))
    request = WebhookRequest(headers, {}, EXAMPLES[0].encode())
    adapter = StarShipAdapter("ship", settings(webhook={"secret": SECRET}))
    assert adapter.authentic(request)
    assert adapter.tell(request)[0].transport_id == headers["webhook-id"]
    assert sent[-1] == "http://x/webhooks/starship-main"
