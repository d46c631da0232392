"""The smallest edit of a YAML text: a member added to a mapping, or a text put in place of another; all else stays.

Pure. Comments, quotes, blanks and line ends are left to the letter. Whether the result means what is wanted is for who
asks to judge (`amending.py`): what this cannot do well (members that come with `<<` or `*name`) shows there.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.resolver import Resolver

from connector.yaml_tree import Path, compose, name_of, spelled

New = str | Mapping[str, str]
"""What is written: a text, or a mapping of texts."""

LONGEST = 120
"""Columns beyond which a member of a `{ }` begins a line of its own."""

_STEP = 2
_PLAIN = re.compile(r"\w(?:[\w ./+@()&'%=;<>*-]*[\w./+@()&'%=;<>*-])?")
_NUMBER = re.compile(r"[-+.]?[0-9][0-9a-fA-FoOxX_.:+-]*")
_SWITCH = frozenset({"y", "n"})
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_PLACE = re.compile(r"\$\{[^}]*\}?")
_ALIAS = re.compile(r"\s*:\s*\*[^\s,{}\[\]]+")
_REST = re.compile(r"[ \t]*(,?)[ \t]*(#[^\r\n]*)?(?=\r?\n)")
_RESOLVER = Resolver()


class NotEditable(Exception):
    """The text is written in a way that cannot be edited safely; the message says where."""


# -- what is asked for -------------------------------------------------------------------------------------


def with_member(
    text: str, path: Path, name: str, value: New, behind: Callable[[str], bool] = lambda name: True
) -> str:
    """The text with one more member in the mapping at `path`, which is made where it is not there.

    It comes behind the last member of which `behind` says so, else behind all; in the style of its neighbours.
    """
    edit = _Edit(text)
    node, missing = edit.descend(path)
    if any(isinstance(part, int) for part in missing):
        raise NotEditable(f"{spelled(path)} is not there")
    names = [*map(str, missing), name]
    if isinstance(node, MappingNode) and node.value:
        return edit.beside(node, names, value, behind)
    if isinstance(node, MappingNode):  # {}
        return edit.put(node.end_mark.index - 1, inline(names, value))
    raise NotEditable(f"{spelled(path[: len(path) - len(missing)])} is no mapping")


def with_text(text: str, path: Path, new: str) -> str:
    """The text with `new` in place of the scalar at `path`. Raises NotEditable where there is none."""
    edit = _Edit(text)
    node, missing = edit.descend(path)
    if missing or not isinstance(node, ScalarNode):
        raise NotEditable(f"{spelled(path)} is no text")
    begin, end = node.start_mark.index, node.end_mark.index
    written = text[begin:end]
    kept = written[len(written.rstrip()) :]  # of a | or > text, its end of the line
    return edit.put(begin, scalar(new) + kept, end)


# -- how it is written -------------------------------------------------------------------------------------


def scalar(text: str) -> str:
    """A value as it must be written to be read as this text, by any reader of YAML; plain where that is safe."""
    return _quoted(_PLACE.sub(lambda place: f"${place[0]}", text))


def key(text: str) -> str:
    """A key, likewise."""
    return _quoted(text.replace("${", "$${"))


def inline(names: Sequence[str], value: New) -> str:
    """`name: value` on one line, with further mappings around it: `ship_via: {UPS: {code: ups}}`."""
    first, *rest = names
    return f"{key(first)}: {'{' + inline(rest, value) + '}' if rest else _inline(value)}"


def _inline(value: New) -> str:
    if isinstance(value, str):
        return scalar(value)
    return "{" + ", ".join(f"{key(name)}: {scalar(each)}" for name, each in value.items()) + "}"


def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text) and not _means_more(text):
        return text
    written = json.dumps(text, ensure_ascii=False)  # a JSON text is a YAML text, where it can be printed
    return _UNPRINTABLE.sub(lambda one: f"\\u{ord(one[0]):04x}", written)


def _means_more(text: str) -> bool:
    """Would some reader take it for a number, a switch, a date or nothing?"""
    tag = _RESOLVER.resolve(ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    return tag != "tag:yaml.org,2002:str" or text.lower() in _SWITCH or bool(_NUMBER.fullmatch(text))


# -- where it is written -----------------------------------------------------------------------------------


class _Edit:
    """One edit of a text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._newline = "\r\n" if "\r\n" in text else "\n"
        root = compose(text)
        if root is None:
            raise NotEditable("the file is empty")
        self._root = root

    def descend(self, path: Path) -> tuple[Node, Path]:
        """The last node on the path that is there, and what of the path is not."""
        node = self._root
        for index, part in enumerate(path):
            following = _member(node, part)
            if following is None:
                return node, path[index:]
            node = following
        return node, ()

    def put(self, begin: int, new: str, end: int | None = None) -> str:
        """With something new there, in place of what stands up to `end`."""
        return self._text[:begin] + new + self._text[begin if end is None else end :]

    def beside(
        self, mapping: MappingNode, names: Sequence[str], value: New, behind: Callable[[str], bool]
    ) -> str:
        """In a mapping that has members."""
        wanted = [
            pair for pair in mapping.value if isinstance(pair[0], ScalarNode) and behind(name_of(pair[0]))
        ]
        last = wanted[-1] if wanted else mapping.value[-1]
        if mapping.flow_style:
            return self._in_braces(mapping, last, inline(names, value))
        column = last[0].start_mark.column
        step = self._deeper(last) if len(names) == 1 else None
        lines = _lines(names, value, column, step or self._step(), blocks=step is not None)
        return self._new_lines(self._end(*last), lines)

    def _in_braces(self, mapping: MappingNode, last: tuple[Node, Node], new: str) -> str:
        """Behind a member of a `{ }`: on its line, or on one of its own where the members have such."""
        end = self._end(*last)
        keys = [pair[0].start_mark for pair in mapping.value]
        at = keys.index(last[0].start_mark)
        around = keys[at - 1] if at else mapping.start_mark
        ending = self._line_end(end)
        column = end - (self._text.rfind("\n", 0, end) + 1)
        if around.line == keys[at].line and column + len(new) <= LONGEST:
            return self.put(end, f", {new}")
        begin = f"{self._newline}{' ' * keys[0].column}"
        rest = _REST.match(self._text, end)
        if rest is None:  # something follows on the line
            return self.put(end, f",{begin}{new}")
        comma = rest[1]
        return (
            self._text[:end]
            + ("" if comma else ",")
            + self._text[end:ending]
            + begin
            + new
            + comma
            + self._text[ending:]
        )

    def _new_lines(self, end: int, lines: Sequence[str]) -> str:
        return self.put(self._line_end(end), "".join(self._newline + line for line in lines))

    def _line_end(self, index: int) -> int:
        """The end of the line there, before its line feed."""
        found = self._text.find("\n", index)
        end = len(self._text) if found < 0 else found
        return end - 1 if end > index and self._text[end - 1] == "\r" else end

    def _end(self, name: Node, value: Node) -> int:
        """Behind the last character of a member; of what its line says besides, nothing counts."""
        if value.start_mark.index < name.end_mark.index:  # *name: it stands elsewhere
            alias = _ALIAS.match(self._text, name.end_mark.index)
            if alias is None:
                raise NotEditable(f"line {name.start_mark.line + 1} cannot be followed")
            return alias.end()
        end = int(value.end_mark.index)
        if end > value.start_mark.index and not _is_exact(value):  # its end is where the next one begins
            end = _behind_content(self._text, end)
        return end

    def _deeper(self, neighbour: tuple[Node, Node]) -> int | None:
        """How far the lines of a neighbour's value are indented; None where it has no lines of its own."""
        name, value = neighbour
        if not isinstance(value, MappingNode) or value.flow_style or not value.value:
            return None
        return int(value.value[0][0].start_mark.column - name.start_mark.column) or None

    def _step(self) -> int:
        """By how much this file indents."""
        for name, value in self._root.value:
            if isinstance(value, MappingNode) and not value.flow_style and value.value:
                return int(value.value[0][0].start_mark.column - name.start_mark.column) or _STEP
        return _STEP


def _lines(names: Sequence[str], value: New, column: int, step: int, *, blocks: bool) -> list[str]:
    """A member in lines of its own, each further name one step deeper; the value in one line unless `blocks`."""
    lines = [f"{' ' * (column + depth * step)}{key(name)}:" for depth, name in enumerate(names)]
    if not blocks or isinstance(value, str):
        return [*lines[:-1], f"{lines[-1]} {_inline(value)}"]
    deeper = " " * (column + len(names) * step)
    return [*lines, *(f"{deeper}{key(name)}: {scalar(each)}" for name, each in value.items())]


def _member(node: Node, part: str | int) -> Node | None:
    if isinstance(node, SequenceNode) and isinstance(part, int):
        return node.value[part] if part < len(node.value) else None
    pairs = node.value if isinstance(node, MappingNode) else []
    return next((value for key, value in pairs if isinstance(key, ScalarNode) and name_of(key) == part), None)


def _is_exact(value: Node) -> bool:
    """Is the end of this node where its last character is?"""
    if isinstance(value, ScalarNode):
        return value.style not in ("|", ">")
    return bool(getattr(value, "flow_style", False))


def _behind_content(text: str, end: int) -> int:
    """Back over blank lines and comments, which may as well belong to what follows."""
    while end:
        begin = text.rfind("\n", 0, end) + 1
        line = text[begin:end].strip()
        if line and not line.startswith("#"):
            return end - (len(text[begin:end]) - len(text[begin:end].rstrip()))
        end = max(begin - 1, 0)
    return end
