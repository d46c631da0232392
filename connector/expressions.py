"""The variables of CEL conditions, made from the document models: `order.unpaid_balance` is a number …

Pure. Declared flat and typed, so that a misspelt name or a wrong type fails when the configuration is read
and not when an event arrives. Deciding with the conditions is `connector/preferences.py`.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, get_args, get_origin

from cel_expr_python import cel

from connector.suggestion import nearest
from schemas.base import Model, Money, members, plain_type
from schemas.events import documents_of

LONGEST_SEEN = 1000
"""Characters of a value that a trace repeats; the document itself is stored beside it."""

_SCALARS: dict[Any, Any] = {
    bool: cel.Type.BOOL,
    int: cel.Type.INT,
    Decimal: cel.Type.DOUBLE,
    Money: cel.Type.DOUBLE,
    str: cel.Type.STRING,
    date: cel.Type.STRING,
    datetime: cel.Type.STRING,
}
_NO_CODE = re.compile(
    r"""//[^\n]*|r?('''.*?'''|\"\"\".*?\"\"\"|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")""", re.DOTALL
)
_PATH = re.compile(r"(?<![\w.)\]])[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*")
_MACRO = re.compile(r"([\w.\s]+?)\.\s*(?:exists|exists_one|all|filter|map)\s*\(\s*([A-Za-z_]\w*)\s*,")
_ERROR = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")


@dataclass(frozen=True)
class Variable:
    """One name a condition may use: its CEL type, and for a list of models, the model of its items."""

    name: str
    type: Any
    item: type[Model] | None = None


class ExpressionError(ValueError):
    """An expression that cannot be compiled; the text holds CEL's line:column and the nearest known names."""


@dataclass(frozen=True)
class Vocabulary:
    """The variables that conditions of one event type and context may use, and their CEL environment."""

    variables: Mapping[str, Variable]
    environment: Any

    def compile(self, text: str) -> Any:
        """The checked expression; raises ExpressionError unless it is right and true or false."""
        try:
            expression = self.environment.compile(text)
        except (RuntimeError, TypeError) as error:
            raise ExpressionError(self._explained(str(error))) from error
        misspelt = list(self._unknown_item_members(text))
        if misspelt:
            raise ExpressionError("; ".join(misspelt))
        if expression.return_type() != cel.Type.BOOL:
            kind = expression.return_type().name().lower()
            raise ExpressionError(
                f"a condition must be true or false, but this is of type {kind}: compare it"
            )
        return expression

    def named_in(self, text: str) -> tuple[str, ...]:
        """The variables that the expression names, each once, as they come."""
        found = (self._longest_variable(path) for path in _paths(text))
        return tuple(dict.fromkeys(name for name in found if name))

    def _longest_variable(self, path: str) -> str | None:
        parts = path.split(".")
        prefixes = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
        return next((prefix for prefix in prefixes if prefix in self.variables), None)

    def _explained(self, text: str) -> str:
        found = [self._one(line, column, what) for line, column, what in _ERROR.findall(text)]
        return "; ".join(found) if found else text

    def _one(self, line: str, column: str, what: str) -> str:
        what = what.removesuffix(" [INVALID_ARGUMENT]").replace(" (in container '')", "")
        at = f"{line}:{column}: {what}"
        unknown = re.search(r"undeclared reference to '([^']+)'", what)
        if unknown and "." in unknown[1]:
            return nearest(at, unknown[1], self.variables)
        if unknown:
            return nearest(at, unknown[1], {name.split(".")[0] for name in self.variables})
        if "(double, int)" in what or "(int, double)" in what:
            return f"{at}; amounts and quantities are compared with a decimal point: 0.0, not 0"
        return at

    def _unknown_item_members(self, text: str) -> Iterator[str]:
        """In `order.lines.exists(l, l.skuu == 'x')` CEL itself takes any member; the models know better."""
        bindings: dict[str, type[Model]] = {}
        bare = _without_strings(text)
        for owner, name in _MACRO.findall(bare):
            item = self._item(re.sub(r"\s", "", owner), bindings)
            if item:
                bindings[name] = item
        for path in _paths(text):
            head, *rest = path.split(".")
            if head in bindings and self._longest_variable(path) is None:
                yield from _unknown_member(bindings[head], head, rest)

    def _item(self, owner: str, bindings: Mapping[str, type[Model]]) -> type[Model] | None:
        if owner in self.variables:
            return self.variables[owner].item
        head, *rest = owner.split(".")
        if head not in bindings or len(rest) != 1:
            return None
        return _item_model(members(bindings[head]).get(rest[0]))


def vocabulary(event_type: str, context: Collection[str], mapped: Callable[[str, str], bool]) -> Vocabulary:
    """What conditions of this event type may say; `mapped(table, value)` asks the flow's value tables."""
    variables = {
        variable.name: variable
        for kind, model in documents_of(event_type, context).items()
        for variable in _variables(kind, model)
    }
    overload = cel.Overload(
        "mapped_string_string",
        return_type=cel.Type.BOOL,
        parameters=[cel.Type.STRING, cel.Type.STRING],
        is_member=False,
        impl=mapped,
    )
    environment = cel.NewEnv(
        variables={name: variable.type for name, variable in variables.items()},
        functions=[cel.FunctionDecl("mapped", [overload])],
    )
    return Vocabulary(variables, environment)


def value_of(name: str, documents: Mapping[str, Model]) -> Any:
    """A variable's own value (Decimal, Money, date …); None where it or a part of the way is absent."""
    kind, *rest = name.split(".")
    value: Any = documents.get(kind)
    for part in rest:
        value = None if value is None else getattr(value, part)
    return value


def as_cel(value: Any) -> Any:
    """The value as CEL compares it: amounts as numbers, moments and days as ISO text, models as maps."""
    if isinstance(value, Money):
        return float(value.amount)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date | datetime):
        return as_text(value)
    if isinstance(value, Model):
        return {name: as_cel(getattr(value, name)) for name in members(type(value))}
    if isinstance(value, tuple | list):
        return [as_cel(item) for item in value]
    if isinstance(value, Mapping):
        return {name: as_cel(item) for name, item in value.items()}
    return value


def as_text(value: Any) -> str:
    """The exact value for people: amounts as they are stored ("12.50"), lists with commas, models as JSON."""
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Money):
        return format(value.amount, "f")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date | datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, tuple | list) and any(isinstance(item, Model) for item in value):
        return _shortened(json.dumps([_dumped(item) for item in value], ensure_ascii=False))
    if isinstance(value, tuple | list):
        return _shortened(", ".join(as_text(item) for item in value))
    if isinstance(value, Mapping):
        return _shortened(", ".join(f"{name}: {as_text(item)}" for name, item in value.items()))
    return _shortened(str(value))


def _dumped(item: Any) -> Any:
    return item.model_dump(mode="json", exclude_defaults=True) if isinstance(item, Model) else item


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_SEEN else text[: LONGEST_SEEN - 1] + "…"


def _variables(prefix: str, model: type[Model]) -> Iterator[Variable]:
    for name, annotation in members(model).items():
        path = f"{prefix}.{name}"
        if annotation in _SCALARS:
            yield Variable(path, _SCALARS[annotation])
        elif isinstance(annotation, type) and issubclass(annotation, Model):
            yield from _variables(path, annotation)
        else:
            yield Variable(path, _composite(annotation), _item_model(annotation))


def _composite(annotation: Any) -> Any:
    if get_origin(annotation) is Literal and all(isinstance(value, str) for value in get_args(annotation)):
        return cel.Type.STRING
    if get_origin(annotation) is tuple:
        return cel.Type.List(_SCALARS.get(get_args(annotation)[0], cel.Type.DYN))
    if get_origin(annotation) is dict:
        return cel.Type.Map(*(_SCALARS.get(plain_type(one), cel.Type.DYN) for one in get_args(annotation)))
    return cel.Type.DYN


def _item_model(annotation: Any) -> type[Model] | None:
    item = get_args(annotation)[0] if get_origin(annotation) is tuple else None
    return item if isinstance(item, type) and issubclass(item, Model) else None


def _unknown_member(model: type[Model], said: str, rest: list[str]) -> Iterator[str]:
    for part in rest:
        known = members(model)
        if part not in known:
            yield nearest(f"{said} has no member {part!r}", part, known)
            return
        inner = known[part]
        if not (isinstance(inner, type) and issubclass(inner, Model) and inner is not Money):
            return
        model, said = inner, f"{said}.{part}"


def _without_strings(text: str) -> str:
    """Names inside of texts and comments are not names."""
    return _NO_CODE.sub("''", text).replace("`", "")


def _paths(text: str) -> list[str]:
    return [re.sub(r"\s", "", path) for path in _PATH.findall(_without_strings(text))]
