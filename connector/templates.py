"""Texts with places to fill in: Jinja2 in its sandbox, checked against the document models at load.

Pure. Only plain text comes out (no HTML escaping), and nothing here decides where the text goes.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, get_args, get_origin

import jinja2
from jinja2 import nodes
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

from connector.errors import ConfigError, Rejected
from connector.suggestion import nearest
from schemas.base import Model, members
from schemas.documents import Package, ShipmentLine
from schemas.events import EVENT_TYPES, documents_of

DOCUMENTS: Mapping[str, type[Model]] = {
    "line": ShipmentLine,
    "package": Package,
    **{kind: model for event_type in EVENT_TYPES for kind, model in documents_of(event_type).items()},
}
"""The documents, and parts of them, whose members are known when a template is loaded: order, shipment, line …"""


@dataclass(frozen=True)
class Template:
    """A text that was checked; `names` are the documents it may be rendered with."""

    text: str
    names: frozenset[str]
    _compiled: jinja2.Template = field(repr=False, compare=False)

    def render(self, **documents: object) -> str:
        """Fill in; raises Rejected, in words, where a document is missing or an expression fails."""
        known = {name: document for name, document in documents.items() if document is not None}
        try:
            return self._compiled.render(known)
        except (
            jinja2.TemplateError,
            ArithmeticError,
            LookupError,
            TypeError,
            ValueError,
            AttributeError,
        ) as error:
            raise Rejected(
                f"the template {self.text!r} cannot be filled in: {error}", code="template"
            ) from error


@lru_cache(maxsize=1024)
def _compile(text: str, names: frozenset[str]) -> Template:
    try:
        tree = _environment().parse(text)
        undefined = sorted(find_undeclared_variables(tree) - names - set(_environment().globals))
    except jinja2.TemplateSyntaxError as error:
        raise ConfigError(f"line {error.lineno} of the template: {error.message}") from error
    except jinja2.TemplateError as error:
        raise ConfigError(f"the template cannot be used: {error}") from error
    problems = [nearest(f"{name} is not known here", name, names) for name in undefined]
    problems += _Members(names).problems(tree)
    if problems:
        raise ConfigError("; ".join(problems))
    return Template(text, names, _environment().from_string(text))


def compile_template(text: str, names: Collection[str]) -> Template:
    """Check a text and make it ready; `names` are what it may name at the top (`shipment`, `order`, `value`).

    Raises ConfigError for syntax errors, for names that are not among `names`, and for members that the
    document models do not have, with the nearest ones they have.
    """
    return _compile(text, frozenset(names))


def _plain(value: object) -> object:
    """How a value is written unless the template says: nothing for None, lists with commas, no exponents."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, tuple | list):
        return ", ".join(str(_plain(item)) for item in value)
    return value


@lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined, autoescape=False, finalize=_plain, keep_trailing_newline=False
    )  # the texts go into notes of systems, never into our pages


@dataclass
class _Members:
    """Follows member accesses through the template's tree, as far as the document models tell their types."""

    names: frozenset[str]
    found: list[str] = field(default_factory=list)

    def problems(self, tree: nodes.Template) -> list[str]:
        self._visit(tree, {name: DOCUMENTS[name] for name in self.names if name in DOCUMENTS})
        return list(dict.fromkeys(self.found))

    def _visit(self, node: nodes.Node, scope: Mapping[str, Any]) -> None:
        if isinstance(node, nodes.Getattr):
            self._type_of(node, scope)
            return
        inner = self._loop_scope(node, scope) if isinstance(node, nodes.For) else _assigned(node, scope)
        for child in node.iter_child_nodes():
            outer = isinstance(node, nodes.For) and child is node.iter
            self._visit(child, scope if outer else inner)

    def _loop_scope(self, node: nodes.For, scope: Mapping[str, Any]) -> Mapping[str, Any]:
        targets = {name.name: None for name in _names(node.target)} | {"loop": None}
        if isinstance(node.target, nodes.Name):
            targets[node.target.name] = _item_type(self._type_of(node.iter, scope))
        return {**scope, **targets}

    def _type_of(self, node: nodes.Node, scope: Mapping[str, Any]) -> Any:
        """The type of an expression, or None where nothing is known; notes a member that does not exist."""
        if isinstance(node, nodes.Name):
            return scope.get(node.name)
        if (
            isinstance(node, nodes.Getitem)
            and isinstance(node.arg, nodes.Const)
            and isinstance(node.arg.value, int)
        ):
            return _item_type(self._type_of(node.node, scope))
        if isinstance(node, nodes.Getattr):
            return self._member(self._type_of(node.node, scope), node)
        for child in node.iter_child_nodes():
            self._visit(child, scope)
        return None

    def _member(self, owner: Any, node: nodes.Getattr) -> Any:
        if not (isinstance(owner, type) and issubclass(owner, Model)):
            return None
        known = members(owner)
        if node.attr not in known:
            self.found.append(
                nearest(f"{owner.__name__.lower()} has no member {node.attr!r}", node.attr, known)
            )
        return known.get(node.attr)


def _assigned(node: nodes.Node, scope: Mapping[str, Any]) -> Mapping[str, Any]:
    """A name that the template sets or declares itself says nothing about its type any more."""
    own = {
        name.name: None
        for kind in (nodes.Assign, nodes.AssignBlock, nodes.With, nodes.Macro)
        for statement in node.find_all(kind)
        for name in statement.find_all(nodes.Name)
        if name.ctx in ("store", "param")
    }
    return {**scope, **own} if own else scope


def _names(target: nodes.Node) -> list[nodes.Name]:
    return [target] if isinstance(target, nodes.Name) else list(target.find_all(nodes.Name))


def _item_type(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is tuple else None
