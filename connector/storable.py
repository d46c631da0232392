"""Texts that a database can hold: JSON can spell a NUL character and half of a surrogate pair, but none holds them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

DEEPEST = 100
"""So far a value may be nested; nothing that we say comes near."""

Path = tuple[str | int, ...]


def printable(text: str) -> str:
    """No database holds a NUL character or half of a surrogate pair; a search for one would fail there."""
    if "\x00" in text or re.search("[\ud800-\udfff]", text):
        raise ValueError("holds a NUL character or half of a surrogate pair")
    return text


def unstorable(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Where a value of JSON kinds cannot be stored, and why; of a name that cannot be, the place where it stands."""
    if len(path) > DEEPEST:
        yield path[:1], "is nested too deeply"
        return
    try:
        for text in (value,) if isinstance(value, str) else value if isinstance(value, Mapping) else ():
            printable(text)
    except ValueError as error:
        yield path, str(error)
        return
    if isinstance(value, Mapping):
        for name, member in value.items():
            yield from unstorable(member, (*path, name))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from unstorable(item, (*path, index))
