"""What of a configuration is shown to nobody, however it is written."""

from collections.abc import Iterator

import pytest
from pydantic import BaseModel, SecretStr

from connector.redact import is_sensitive
from connector.systems.catalogue import adapters
from connector.yaml_secrets import SECRET_BY_PLACE, masked
from schemas.config import Config

PEM = """\
connections:
  books:
    auth:
      private_key: |
        -----BEGIN PRIVATE KEY-----
        s3cr3t-of-the-key
        -----END PRIVATE KEY-----
      token_id: s3cr3t-id
    base_url: https://books.example
"""


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("tokens: {a: {token: s3cr3t-token, scopes: [read]}}", "tokens: {a: {token: ***, scopes: [read]}}"),
        ("auth: {password: 'it''s-s3cr3t'}", "auth: {password: ***}"),
        ('auth: {password: "s3cr3t\\x21"}', "auth: {password: ***}"),
        ("auth:\n  secrets:\n    - s3cr3t-1\n    - s3cr3t-2\n", "auth:\n  secrets:\n    - ***\n    - ***\n"),
        ("a: {token: &t s3cr3t}\nb: {token: *t}\n", "a: {token: ***}\nb: {token: *t}\n"),
        ('a: {token: "$${s3cr3t}"}', "a: {token: ***}"),
        (
            "alerts: {channels: {c: {kind: slack, url: https://chat.example/s3cr3t}}}",
            "alerts: {channels: {c: {kind: slack, url: ***}}}",
        ),
        ("[s3cr3t", "***\n"),
    ],
)
def test_a_secret_in_the_clear_is_masked(text: str, left: str) -> None:
    assert masked(text) == left


def test_a_key_over_several_lines_is_masked_whole_and_the_rest_stays() -> None:
    shown = masked(PEM)
    assert "s3cr3t" not in shown
    assert "BEGIN" not in shown
    assert shown.endswith("      token_id: ***\n    base_url: https://books.example\n")


@pytest.mark.parametrize(
    "text", ['a: {token: "${TOKEN}"}', "flows:\n- {name: a, mode: off}\n", "", "a: {token: ''}"]
)
def test_what_is_no_secret_stays_to_the_letter(text: str) -> None:
    assert masked(text) == text


def _secrets(model: type[BaseModel], around: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, field in model.model_fields.items():
        said = repr(field.annotation) + repr(field.metadata)
        if SecretStr.__name__ in said:
            yield around, name
        for inner in _models(field.annotation):
            yield from _secrets(inner, (*around, name))


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for one in getattr(annotation, "__args__", ()):
        yield from _models(one)


def test_every_setting_that_is_a_secret_is_known_by_its_name_or_its_place() -> None:
    models: list[type[BaseModel]] = [Config, *(adapter.settings_model for adapter in adapters().values())]
    found = {one for model in models for one in _secrets(model, ())}
    assert len(found) > 15
    unknown = [
        (around, name)
        for around, name in found
        if not is_sensitive(name) and not any((one, name) in SECRET_BY_PLACE for one in around)
    ]
    assert unknown == []
