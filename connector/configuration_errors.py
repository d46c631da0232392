"""What pydantic finds wrong in the configuration, in the words and keys of the file.

Pure. Where in the file a key stands says `connector/yaml_tree.py`.
"""

from collections.abc import Iterable, Iterator
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from connector.suggestion import nearest
from connector.yaml_tree import Path
from schemas.base import mistakes, plain_type

_LIST, _MAPPING = "must be a list", "must be a mapping, key: value"
_WORDS = {
    "missing": "is missing",
    "tuple_type": _LIST,
    "list_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "dict_type": _MAPPING,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "string_type": "must be a text: put it into quotes",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "decimal_parsing": "must be a number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
}
_NAME = "is no name: use a-z, 0-9, - _ and . (63 characters at most), beginning with a letter or digit"


def explained(error: ValidationError, model: type[BaseModel]) -> Iterator[tuple[Path, str]]:
    """Each mistake as the path of keys (without pydantic's own additions) and what is wrong, in words.

    Values are repeated only where they are one of a few known words, so that no secret gets into a message.
    """
    for each in mistakes(error):
        loc = tuple(part for part in each["loc"] if part != "[key]")
        path, owners = _followed(model, loc)
        yield path, _text(each, path, owners)


def _text(error: Any, path: Path, owners: Iterable[type[BaseModel]]) -> str:
    kind: str = error["type"]
    if kind == "extra_forbidden":
        known = {key for owner in owners for key in _keys(owner)}
        return nearest("is not known here", str(path[-1]), known)
    if kind == "literal_error":
        return f"must be {error['ctx']['expected']}"
    if kind == "string_pattern_mismatch":
        return _NAME if "a-z0-9" in error["ctx"]["pattern"] else f"must look like {error['ctx']['pattern']}"
    if kind == "union_tag_invalid":
        tag, expected = error["ctx"]["tag"], error["ctx"]["expected_tags"]
        return f"{error['ctx']['discriminator']} must be one of {expected}, not {tag!r}"
    if kind == "union_tag_not_found":
        return f"{error['ctx']['discriminator']} is missing"
    if kind == "value_error":
        return str(error["ctx"]["error"])
    message: str = error["msg"]
    return _WORDS.get(kind, message[:1].lower() + message[1:]).replace("input should", "must")


def _followed(model: type[BaseModel], loc: Path) -> tuple[Path, list[type[BaseModel]]]:
    """The location without the names of union members, and the models that hold its last key."""
    path: list[str | int] = []
    types: list[Any] = [model]
    owners: list[type[BaseModel]] = [model]
    for part in loc:
        if len(types) > 1:  # a union: pydantic names the member it tried before it goes on
            types = [each for each in types if str(part).split("[")[0] in _tags(each)] or types[:1]
            continue
        owners = [each for each in types if _is_model(each)] or owners
        path.append(part)
        types = [option for each in types for option in _step(each, part)]
    return tuple(path), owners


def _tags(option: Any) -> set[Any]:
    """By which names pydantic calls a member of a union: its class, or the values of its discriminator."""
    literals = [field.annotation for field in option.model_fields.values()] if _is_model(option) else []
    values = {value for each in literals if get_origin(each) is Literal for value in get_args(each)}
    return {getattr(option, "__name__", "")} | values


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _step(annotation: Any, part: str | int) -> list[Any]:
    """The types that stand under this key or index; none where the part is no key of the file."""
    if _is_model(annotation):
        return _options(_keys(annotation).get(str(part))) or _extras(annotation, part)
    arguments = get_args(annotation)
    if get_origin(annotation) in (tuple, list, frozenset, set) and isinstance(part, int):
        return _options(arguments[0])
    if get_origin(annotation) is dict:
        return _options(arguments[1])
    return []


def _extras(model: type[BaseModel], part: str | int) -> list[Any]:
    """A model that takes any key (a value table) says in `__pydantic_extra__` what stands under it."""
    if model.model_config.get("extra") != "allow" or not isinstance(part, str):
        return []
    annotation = model.__annotations__.get("__pydantic_extra__")
    return [option for each in get_args(annotation)[1:] for option in _options(each)]


def _keys(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _options(annotation: Any) -> list[Any]:
    if annotation is None:
        return []
    plain = plain_type(annotation)
    if get_origin(plain) in (Union, UnionType):
        return [option for member in get_args(plain) for option in _options(member)]
    return [plain]
