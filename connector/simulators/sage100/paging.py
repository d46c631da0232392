"""Pages of the agent's lists: ordered by a key, continued behind the last row's key, so that nothing is skipped."""

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

from connector.simulators.sage100.refusals import Refusal

_Row = TypeVar("_Row")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
Key = tuple[str, ...]


def page(
    rows: Iterable[_Row], key: Callable[[_Row], Key], query: Mapping[str, str]
) -> tuple[list[_Row], str | None]:
    """The page that the query asks for, and the token of the next one. Raises Refusal."""
    size = query.get("pageSize", "50")
    if not size.isdigit() or not 1 <= int(size) <= 200:
        raise Refusal("malformed", f"pageSize is 1 to 200, not {size!r}.")
    ordered = sorted(rows, key=key)
    if "page" in query:
        after = _read(query["page"])
        ordered = [row for row in ordered if key(row) > after]
    here = ordered[: int(size)]
    return here, _token(key(here[-1])) if len(ordered) > len(here) else None


def changed_since(query: Mapping[str, str]) -> datetime:
    """The moment from which changes are wanted; without one, the beginning of time. Raises Refusal."""
    text = query.get("changedSince")
    if text is None:
        return datetime.min.replace(tzinfo=UTC)
    try:
        if not _MOMENT.fullmatch(text):
            raise ValueError(text)
        return datetime.fromisoformat(text)
    except ValueError:
        raise Refusal("malformed", f"changedSince {text!r} is not a moment in UTC.") from None


def _token(key: Key) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def _read(token: str) -> Key:
    try:
        return tuple(json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))))
    except ValueError:
        raise Refusal("malformed", f"page {token!r} was not given out.") from None
