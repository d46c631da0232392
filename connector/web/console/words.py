"""How values are said on pages: moments, lengths of time, counts, statuses. Pure."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from markupsafe import Markup

from connector.story import TONES

LONGEST_SAID = 1500
"""Characters of a sentence that is carried to the next page in a cookie."""


def moment(at: datetime | None) -> Markup:
    """A moment in UTC, to the second, which a program can read too; a dash where there is none."""
    if at is None:
        return Markup("–")
    utc = at.astimezone(UTC)
    iso = utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Markup('<time datetime="{}">{}</time>').format(iso, utc.strftime("%Y-%m-%d %H:%M:%SZ"))


def ago(at: datetime | None, now: datetime) -> Markup:
    """How long ago, with the moment itself as its title; what is to come is `in 5 min`."""
    if at is None:
        return Markup("–")
    utc = at.astimezone(UTC)
    length = now - utc
    text = f"{duration(length)} ago" if length >= timedelta(0) else f"in {duration(-length)}"
    if abs(length) < timedelta(seconds=1):
        text = "just now"
    said = utc.strftime("%Y-%m-%d %H:%M:%SZ")
    iso = utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(iso, said, text)


def duration(length: timedelta | float) -> str:
    """`340 ms`, `12 s`, `5 min`, `3 h`, `2 d`: a length of time (or its seconds) in its largest unit."""
    seconds = length.total_seconds() if isinstance(length, timedelta) else length
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def count(number: int, thing: str = "", things: str = "") -> str:
    """`1 entry`, `12 345 entries`; the plural is the singular with an s, unless it is given."""
    text = f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return f"{text} {thing if number == 1 else things or thing + 's'}" if thing else text


def tone(status: str) -> str:
    """How a status feels: good, bad, busy or quiet; the name of its colour."""
    return TONES.get(status, "plain")


def pretty(value: Any) -> str:
    """A value of JSON kinds as indented JSON; a text that holds JSON likewise, any other text as it is."""
    if isinstance(value, str):
        try:
            value = json.loads(value, parse_float=str)
        except (ValueError, RecursionError):  # no JSON, or nested deeper than anybody would read
            return str(value)
    try:
        return json.dumps(value, indent=2, ensure_ascii=False)
    except RecursionError:
        return str(value)


def packed(said: str) -> str:
    """A sentence as a cookie can hold it."""
    return base64.urlsafe_b64encode(said[:LONGEST_SAID].encode()).decode()


def unpacked(cookie: str) -> str:
    """The sentence of a cookie; empty where it holds none of ours."""
    try:
        return base64.urlsafe_b64decode(cookie.encode()).decode()
    except (binascii.Error, ValueError):
        return ""


FILTERS: Mapping[str, Callable[..., Any]] = {
    "moment": moment,
    "ago": ago,
    "duration": duration,
    "count": count,
    "tone": tone,
    "pretty": pretty,
}
