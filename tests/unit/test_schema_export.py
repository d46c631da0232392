"""JSON Schema of the configuration file and the events: editors and reading agree."""

import jsonschema
import pytest
import yaml

from connector.configuration import json_schema
from connector.schema_export import export
from schemas.events import EVENT_TYPES
from tests.unit.configuration_sample import SYSTEMS, changed


def valid(text: str) -> bool:
    schema = json_schema(SYSTEMS)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema).is_valid(yaml.load(text, yaml.SafeLoader))


def test_the_schema_takes_a_right_file() -> None:
    assert valid(changed(("mode: live", 'mode: "live"'), ("concurrency: 2", 'concurrency: "${LIMIT}"')))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tenant:", "tennant:"),
        ("system: some-shop", "system: other"),
        ("    system: some-shop\n", ""),
        ("kind: password", "kind: oauth"),
        ("concurrency: 2", "concurrency: many"),
        ("event: order.created", "event: order.burnt"),
        ("title: UPS Ground", "titel: UPS Ground"),
        ("name: orders", "name: Orders"),
    ],
)
def test_the_schema_refuses_what_reading_refuses(old: str, new: str) -> None:
    assert not valid(changed((old, new), ("mode: live", 'mode: "live"')))


def test_everything_we_say_is_exported() -> None:
    exported = export(SYSTEMS)
    assert set(exported) == {"config", "event", *EVENT_TYPES}
    for schema in exported.values():
        jsonschema.Draft202012Validator.check_schema(schema)
