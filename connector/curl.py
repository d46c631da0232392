"""A stored call as a curl command that a person can paste into a shell. Pure.

What was redacted when the call was stored stands there as `$TOKEN`, `$TOKEN_2` …; nothing else is left for the shell to
fill in, run or interpret, whatever a document's texts hold.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from connector.redact import MASK

_LEFT_TO_CURL = frozenset({"host", "content-length", "connection", "transfer-encoding", "accept-encoding"})
"""Headers that curl sets by itself, and rightly."""

_CUT = re.compile(r"… \(cut, \d+ bytes in all\)\Z|\A\(\d+ bytes of [^\n]*\)\Z")
"""How `redact.py` ends a body of which not all was kept, or says that none was."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_PLAIN = re.compile(r"[\w@%+=:,./-]+", re.ASCII)


def as_curl(call: Mapping[str, Any]) -> str:
    """The command for a stored exchange, one option a line; says so where the body is not whole."""
    names = (f"$TOKEN_{number}" if number > 1 else "$TOKEN" for number in count(1))
    url, body = str(call["url"]), str(call["request_body"] or "")
    options = [f"--request {_quoted(str(call['method']), names)}", f"--url {_quoted(url, names)}"]
    if re.search(r"[\[\]{}]", url):
        options.insert(0, "--globoff")
    for name, value in (call["request_headers"] or {}).items():
        if name.lower() not in _LEFT_TO_CURL:
            header = (
                f"{name}: {value}" if value else f"{name};"
            )  # curl leaves out a header that ends with its colon
            options.append(f"--header {_quoted(header, names)}")
    if body:
        options.append(f"--data-raw {_quoted(body, names)}")
    said = "# The body was not kept whole: it is cut off below.\n" if _CUT.search(body) else ""
    return f"{said}curl " + " \\\n  ".join(options)


def _quoted(text: str, names: Iterator[str]) -> str:
    """One word of a shell; each mask in it is a variable."""
    parts = [_word(part) for part in text.split(MASK)]
    words = [parts[0], *(f'"{next(names)}"{part}' for part in parts[1:])]
    return "".join(words) or "''"


def _word(text: str) -> str:
    """Control characters are spelled out: pasted as they are, a terminal would take them for keys."""
    if not text or _PLAIN.fullmatch(text):
        return text
    if not _CONTROLS.search(text):
        return "'" + text.replace("'", "'\\''") + "'"
    spelled = text.replace("\\", "\\\\").replace("'", "\\'")
    return "$'" + _CONTROLS.sub(lambda found: _escaped(found[0]), spelled) + "'"


def _escaped(character: str) -> str:
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return short.get(character) or "".join(f"\\x{byte:02x}" for byte in character.encode())
