"""A YAML text as plain values that remember their lines: texts, true, false, null, lists and mappings.

Not a general YAML reader: numbers stay text as they are written (`0123`, `0.10`), only true and false are
booleans (YAML 1.2's core, so `mode: on` and `NO:` are texts), keys are texts and stand once, `${NAME}` and
`${NAME:-default}` are filled in. Problems are collected, not raised one by one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Path = tuple[str | int, ...]
Value = str | bool | None | list["Value"] | dict[str, "Value"]

MOST_VALUES = 200_000
"""Values of one text, at most: aliases of aliases make many of few."""

_PLACE = re.compile(r"\$?\$\{([^}]*)(\}?)")
_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)


class _Loader(yaml.SafeLoader):
    """Resolves true, false, null and merge keys; everything else plain is text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 PyYAML's own way


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]
)
_Loader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"^<<$"), ["<"])


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: its line (from 1), the key's path, what is wrong and what would be right."""

    line: int
    path: Path
    text: str

    def __str__(self) -> str:
        return f"{self.line}: {spelled(self.path)}: {self.text}" if self.path else f"{self.line}: {self.text}"


@dataclass(frozen=True)
class Tree:
    """What was read: the value, each path's line, what was filled in from the environment, the problems."""

    value: Value
    lines: Mapping[Path, int]
    filled: Mapping[Path, tuple[str, ...]]
    problems: tuple[Problem, ...]

    def line(self, path: Path) -> int:
        """The line of this path or, where the file has no such key, of the nearest key around it."""
        return self.lines[self.known(path)]

    def known(self, path: Path) -> Path:
        """The longest beginning of the path that stands in the file."""
        return next(path[:end] for end in range(len(path), -1, -1) if path[:end] in self.lines)


def spelled(path: Path) -> str:
    """A path as people write it: `flows[0].from`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def compose(text: str) -> Node | None:
    """The nodes of one YAML document, with their marks; None where it is empty. Raises yaml.YAMLError."""
    node: Node | None = yaml.compose(text, Loader=_Loader)
    return node


def name_of(key: ScalarNode) -> str:
    """A key as it is meant: nothing is filled into keys, but a value table's may hold any text."""
    text: str = key.value
    return text.replace("$${", "${")


def read(text: str, environ: Mapping[str, str]) -> Tree:
    """Read one YAML document; what cannot be read at all is one problem beside an empty value."""
    try:
        node = compose(text)
    except yaml.YAMLError as error:
        return Tree({}, {(): 1}, {}, (_unreadable(error),))
    if node is None:
        return Tree({}, {(): 1}, {}, ())
    reader = _Reader(environ)
    value = reader.value(node, ())
    return Tree(value, reader.lines, reader.filled, tuple(reader.problems))


def _unreadable(error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    hint = (
        "; inside of { } or [ ] a ${NAME} must stand in quotes"
        if mark and "${" in (mark.get_snippet() or "")
        else ""
    )
    return Problem(mark.line + 1 if mark else 1, (), f"this is not YAML: {what}{hint}")


@dataclass
class _Reader:
    """Walks the node tree once; `open` are the nodes around the present one: none may hold itself."""

    environ: Mapping[str, str]
    lines: dict[Path, int] = field(default_factory=dict)
    filled: dict[Path, tuple[str, ...]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    open: list[Node] = field(default_factory=list)
    left: int = MOST_VALUES

    def value(self, node: Node, path: Path) -> Value:
        self.lines.setdefault(path, node.start_mark.line + 1)
        self.left -= 1
        if self.left <= 0:
            if self.left == 0:
                self._wrong(
                    node, path, f"this text comes to more than {MOST_VALUES} values: use fewer aliases (*)"
                )
            return None
        if node in self.open:
            self._wrong(node, path, "an alias (*) that stands inside of what it names cannot be followed")
            return None
        self.open.append(node)
        try:
            return self._inner(node, path)
        finally:
            self.open.pop()

    def _inner(self, node: Node, path: Path) -> Value:
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        assert isinstance(node, ScalarNode)  # noqa: S101 YAML has three kinds of nodes
        return self._scalar(node, path)

    def _scalar(self, node: ScalarNode, path: Path) -> Value:
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        if kind == "null":
            return None
        if kind == "bool":
            return bool(node.value.lower() == "true")
        return _PLACE.sub(lambda place: self._fill(place, node, path), node.value)

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Value]:
        found: dict[str, Value] = {}
        merged: dict[str, Value] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self._wrong(key, path, "a key must be a plain text")
            elif key.tag.endswith(":merge"):
                merged |= self._merged(value, path)
            else:
                self._member(key, value, path, found)
        return merged | found

    def _member(self, key: ScalarNode, value: Node, path: Path, found: dict[str, Value]) -> None:
        name = name_of(key)
        here = (*path, name)
        if name in found:
            first = self.lines[here]
            self._wrong(key, here, f"the key stands twice, first in line {first}: keep one of them")
            return
        self.lines[here] = key.start_mark.line + 1
        found[name] = self.value(value, here)

    def _merged(self, node: Node, path: Path) -> dict[str, Value]:
        """What `<<: *name` brings; the mapping's own keys win, and of several mappings the first."""
        sources = node.value if isinstance(node, SequenceNode) else [node]
        merged: dict[str, Value] = {}
        for source in sources:
            value = self.value(source, path)
            if isinstance(value, dict):
                merged = value | merged
            else:
                self._wrong(source, path, "<< takes a mapping, as in <<: *name")
        return merged

    def _fill(self, place: re.Match[str], node: ScalarNode, path: Path) -> str:
        if place[0].startswith("$$"):
            return place[0][1:]
        named = _NAME.fullmatch(place[1])
        if named is None or not place[2]:
            self._wrong(
                node, path, f"{place[0]!r} is no place to fill in: write ${{NAME}} or ${{NAME:-default}}"
            )
            return ""
        name, default = named.groups()
        value = self.environ.get(name)
        if value:
            self.filled[path] = (*self.filled.get(path, ()), value)
            return value
        if default is None:
            self._wrong(
                node,
                path,
                f"the environment has no value for {name}: set it, or give a default: ${{{name}:-…}}",
            )
        return default or ""

    def _wrong(self, node: Node, path: Path, text: str) -> None:
        self.problems.append(Problem(node.start_mark.line + 1, path, text))
