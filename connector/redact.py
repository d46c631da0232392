"""Takes secrets out of what is logged, stored and shown: by known value, and by the name beside it.

Pure text work; it does not decide what is logged, and it does not encrypt anything.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

from pydantic import BaseModel, SecretStr

MASK = "***"
SHORTEST = 6  # a shorter value would blank out ordinary words and numbers
OVERHANG = 4096  # characters read beyond the limit, so that a secret across the cut is still seen whole

_WORD = (  # what the name of a secret ends with: access_token, X-Api-Key, oauth[signature]
    r"(?:pass[_-]?(?:word|wd)|pwd|secret|token|authorization|cookie|api[_-]?key|consumer[_-]?key"
    r"|private[_-]?key|assertion|signature)s?\]?"
)
_STEMS = (
    *("pass", "pwd", "secret", "token", "authorization", "cookie", "assertion", "signature"),
    *("apikey", "api_key", "api-key", "consumer", "private"),
)
_SENSITIVE = re.compile(rf"{_WORD}\Z", re.IGNORECASE)
_IN_JSON = re.compile(rf'{_WORD}"\s*:\s*', re.IGNORECASE)
_IN_FORM = re.compile(rf"({_WORD}=\"?)[^&\s\"'<>]+", re.IGNORECASE)
_IN_XML = re.compile(rf"({_WORD}(?:\s[^<>]{{0,200}})?>)[^<>]+(?=</)", re.IGNORECASE)
_IN_HEADER = re.compile(r"(Bearer|Basic)\s+(?=\S*[A-Z0-9=])[\w+/=.~\-]{6,}")
_DECODER = json.JSONDecoder()


class Redactor:
    """Replaces secrets by `***`. `secrets` are known values; those shorter than 6 characters are ignored.

    A known value is also found as JSON, XML, forms and addresses would spell it.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = frozenset(secret for secret in secrets if len(secret) >= SHORTEST)
        self._spellings = _spellings(self._secrets)

    def also(self, secrets: Iterable[str]) -> "Redactor":
        """One that knows these values too, such as an access token that was just given out."""
        more = self._secrets | {secret for secret in secrets if len(secret) >= SHORTEST}
        return self if more == self._secrets else Redactor(more)

    def text(self, text: str) -> str:
        """Free text, an address, a form body, JSON or XML, all else left as it was to the letter."""
        for spelling in self._spellings:
            text = text.replace(spelling, MASK)
        if _names_a_secret(text):
            text = _without_json_values(text)
            text = _IN_FORM.sub(rf"\g<1>{MASK}", text)
            text = _IN_XML.sub(rf"\g<1>{MASK}", text)
        return _IN_HEADER.sub(rf"\g<1> {MASK}", text)

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Headers, those that carry credentials or cookies masked whole."""
        return {name: MASK if is_sensitive(name) else self.text(value) for name, value in headers.items()}

    def json(self, value: Any) -> Any:
        """A value of JSON kind: what stands under a sensitive key is masked whole, strings are searched."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bytes):
            return self.text(value.decode("utf-8", "replace"))
        if isinstance(value, Mapping):
            return {key: self._member(key, member) for key, member in value.items()}
        if isinstance(value, list | tuple):
            return [self.json(item) for item in value]
        return value

    def body(self, body: bytes, content_type: str, limit: int = 16_384) -> str:
        """A body as text of at most `limit` characters, with a note where it was cut; bytes that are no text
        are only counted."""
        text = _decoded(body, content_type)
        if text is None:
            return f"({len(body)} bytes of {content_type or 'unknown type'})"
        clean = self.text(text[: limit + OVERHANG])
        cut = len(clean) > limit or len(text) > limit + OVERHANG
        return f"{clean[:limit]}… (cut, {len(body)} bytes in all)" if cut else clean

    def _member(self, key: object, member: Any) -> Any:
        sensitive = isinstance(key, str) and is_sensitive(key) and member is not None
        return MASK if sensitive else self.json(member)


def processor(redactor: Redactor) -> Callable[[Any, str, MutableMapping[str, Any]], MutableMapping[str, Any]]:
    """A structlog processor that redacts each event; it belongs directly before the renderer."""

    def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        clean: dict[str, Any] = redactor.json(event)
        return clean

    return redact


def secrets_in(value: Any) -> Iterator[str]:
    """Every `SecretStr` inside settings, however deep, in the clear: what a `Redactor` should know."""
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for _, member in value:
            yield from secrets_in(member)
    elif isinstance(value, Mapping):
        yield from secrets_in(list(value.values()))
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from secrets_in(item)


def _names_a_secret(text: str) -> bool:
    """Most documents name none, and plain searching is fifty times faster than the patterns."""
    lower = text.lower()
    return any(stem in lower for stem in _STEMS)


def is_sensitive(key: str) -> bool:
    """Does a key of this name hold a secret?"""
    return _SENSITIVE.search(key) is not None


@lru_cache(maxsize=256)
def _spellings(secrets: frozenset[str]) -> tuple[str, ...]:
    """Every way the secrets may be written, the longest first."""
    return tuple(sorted({way for secret in secrets for way in _ways(secret)}, key=len, reverse=True))


def _ways(secret: str) -> set[str]:
    as_json = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    slashed = {way.replace("/", "\\/") for way in as_json}
    in_address = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    return {secret, escape(secret), *in_address, *as_json, *slashed}


def _without_json_values(text: str) -> str:
    """Splices out the whole value after each sensitive JSON key; one cut off is dropped to the end."""
    parts, position = [], 0
    while found := _IN_JSON.search(text, position):
        parts += [text[position : found.end()], f'"{MASK}"']
        try:
            _, position = _DECODER.raw_decode(text, found.end())
        except (json.JSONDecodeError, RecursionError):
            return "".join(parts)
    return "".join(parts) + text[position:]


def _decoded(body: bytes, content_type: str) -> str | None:
    charset = re.search(r"charset=\"?([\w.\-]+)", content_type, re.IGNORECASE)
    try:
        return body.decode(charset[1] if charset else "utf-8")
    except LookupError:
        return body.decode("utf-8", "replace")
    except UnicodeDecodeError:
        return None
