"""`docs/configuration.md` names each key of the configuration with its default, and none that is not there."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from connector.systems.catalogue import adapters
from schemas.config import Config, ConnectionSettings, Flow, Token
from tests.guards.tree import ROOT

PAGE = ROOT / "docs" / "configuration.md"
REQUIRED = "required"
COMPOSED = "composed"  # a list, a set, or nothing at all: the page says it in words
SECTIONS = {"alerts", "connections", "console", "flows", "tokens"}
Keys = dict[str, str]


def _keys(model: type[BaseModel], before: str = "", given: object = None) -> Iterator[tuple[str, str]]:
    """Each key's path with its default as text; `given` is the model's own default, where it has one."""
    for name, field in model.model_fields.items():
        path = before + (field.alias or name)
        default = getattr(given, name) if isinstance(given, BaseModel) else field.default
        plain = False
        inner: list[tuple[str, str]] = []
        for suffix, one in _options(field.annotation):
            if isinstance(one, type) and issubclass(one, BaseModel):
                inner += _keys(one, f"{path}{suffix}.", default)
            else:
                plain = True
        yield from [(path, _said(field, default))] if plain else []
        yield from inner
    extra = model.__annotations__.get("__pydantic_extra__")
    if extra is not None:
        for _, one in _options(get_args(extra)[1]):
            row = f"{before}VALUE"
            if isinstance(one, type) and issubclass(one, BaseModel):
                yield from _keys(one, f"{row}.")
            else:
                yield row, REQUIRED


def _options(annotation: Any, suffix: str = "") -> Iterator[tuple[str, Any]]:
    """What may stand there: (suffix of the path, type)."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _options(arguments[0], suffix)
    elif origin is Union or type(annotation).__name__ == "UnionType":
        for one in arguments:
            yield from _options(one, suffix) if one is not type(None) else ()
    elif origin is tuple:
        yield from _options(arguments[0], f"{suffix}[]")
    elif origin is dict:
        yield from _options(arguments[1], f"{suffix}.NAME")
    else:
        yield suffix, annotation


def _said(field: FieldInfo, default: object) -> str:
    if field.is_required():
        return REQUIRED
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, int | float):
        return f"{default:.15g}"
    return f'"{default}"' if default == "" else default if isinstance(default, str) else COMPOSED


def _sections() -> dict[str, str]:
    parts = re.split(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _documented(title: str) -> Keys:
    """The rows of a section's tables: | `key` | type | default | meaning |."""
    rows = re.findall(r"^\| `([^`]+)` \|[^|]*\| ([^|]+) \|.+\|$", _sections()[title], re.MULTILINE)
    return {key: default.strip().strip("`") for key, default in rows}


COMMON = dict(_keys(ConnectionSettings))
EXPECTED: dict[str, Keys] = {
    "Connections": COMMON,
    "Flows": dict(_keys(Flow)),
    "Tokens": dict(_keys(Token)),
    "Console": {path: default for path, default in _keys(Config) if path.startswith("console.")},
    "Alerts": {path: default for path, default in _keys(Config) if path.startswith("alerts.")},
    "Lanes and limits": {
        path: default for path, default in _keys(Config) if re.split(r"[.\[]", path)[0] not in SECTIONS
    },
    **{
        f"Connections: {name}": dict(set(_keys(adapter.settings_model)) - set(COMMON.items()))
        for name, adapter in adapters().items()
    },
}


@pytest.mark.parametrize("title", EXPECTED)
def test_every_key_is_documented_and_no_other(title: str) -> None:
    assert sorted(_documented(title)) == sorted(EXPECTED[title])


@pytest.mark.parametrize("title", EXPECTED)
def test_every_default_is_documented_as_it_is(title: str) -> None:
    documented = _documented(title)
    known = {key: default for key, default in EXPECTED[title].items() if default != COMPOSED}
    assert {key: documented.get(key) for key in known} == known


def test_the_walk_through_the_models_sees_what_is_nested() -> None:
    """Lists, value tables, unions and models in models; else the tests above would compare too little."""
    assert EXPECTED["Flows"].keys() >= {
        "from",
        "preferences.require[].when",
        "mapping.ship_via.VALUE.title",
        "mapping.ship_via.default",
        "retry.give_up",
    }
    assert EXPECTED["Connections"]["timeouts.total"] == "30"
    assert EXPECTED["Lanes and limits"].keys() >= {"max_body", "lanes.sweep"}
