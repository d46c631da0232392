"""A configuration's text without the secrets that stand in it in the clear, for whoever is shown what differs.

By the names of keys, so that a text of another release is masked as well; places as `${NAME}` stay. Pure.
"""

import re
from collections.abc import Iterator

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from connector.redact import MASK, is_sensitive
from connector.yaml_tree import compose, name_of

_PLACES = re.compile(r"(?:\$\{[^}]*\})+")

SECRET_BY_PLACE = frozenset({("alerts", "url"), ("auth", "token_id")})
"""Keys that hold a secret though their names do not say so, each with a key that stands around it."""

Span = tuple[int, int]


def masked(text: str) -> str:
    """The text with `***` for each such secret; nothing of it where it is no YAML, so that nothing slips through."""
    try:
        node = compose(text)
    except yaml.YAMLError:
        return f"{MASK}\n"
    spans = _spans(node, (), set(), secret=False) if node else ()
    for begin, end in sorted(spans, reverse=True):
        source = text[begin:end]
        text = text[:begin] + MASK + source[len(source.rstrip()) :] + text[end:]
    return text


def _spans(
    node: Node, around: tuple[str, ...], seen: set[tuple[int, bool]], *, secret: bool
) -> Iterator[Span]:
    """Where the secrets stand, each once though aliases may lead there again."""
    if (id(node), secret) in seen:
        return
    seen.add((id(node), secret))
    if isinstance(node, MappingNode):
        for key, value in node.value:
            name = name_of(key) if isinstance(key, ScalarNode) else ""
            yield from _spans(value, (*around, name), seen, secret=_is_secret(name, around))
    elif isinstance(node, SequenceNode):
        for item in node.value:  # several secrets under one name
            yield from _spans(item, around, seen, secret=secret)
    elif secret and isinstance(node, ScalarNode) and node.value and not _PLACES.fullmatch(node.value):
        yield node.start_mark.index, node.end_mark.index


def _is_secret(name: str, around: tuple[str, ...]) -> bool:
    return is_sensitive(name) or any((one, name) in SECRET_BY_PLACE for one in around)
