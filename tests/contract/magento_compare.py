"""Says where a reply differs from the recorded one, leaving out what no two runs of a shop share."""

import re
from collections.abc import Iterator
from typing import Any

import httpx

from tests.contract.magento_recording import Exchange

_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_TOKEN = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+")
_REPORT = re.compile(r"webapi-[0-9a-f]+")
_MADE_UP = frozenset({"protect_code", "billing_address_id", "shipping_address_id"})
_PARTS = frozenset(
    {"items", "comments", "tracks", "status_histories", "billing_address", "payment", "address"}
)


def masked(value: Any, part: str = "") -> Any:
    """A reply without what no two runs share: times, codes, ids of addresses, lines, tracks and comments."""
    if isinstance(value, dict):
        inside = "comment.part" if "comment" in value else part
        return {name: _masked_member(name, one, inside) for name, one in value.items()}
    if isinstance(value, list):
        return [masked(one, part) for one in value]
    if isinstance(value, str):
        return (
            "<token>" if _TOKEN.fullmatch(value) else _REPORT.sub("webapi-<id>", _TIME.sub("<time>", value))
        )
    return value


def _masked_member(name: str, value: Any, part: str) -> Any:
    if name in _MADE_UP or (name == "entity_id" and part.endswith(".part")):
        return f"<{name}>"
    inner = "list.part" if name in _PARTS and part else "list" if name == "items" else "list.part"
    return masked(value, inner)


def difference(exchange: Exchange, reply: httpx.Response) -> str | None:
    """What differs, in one line; None when status and body agree."""
    body = (
        reply.json() if reply.headers.get("content-type", "").startswith("application/json") else reply.text
    )
    if reply.status_code != exchange.status:
        return f"status {reply.status_code}, recorded {exchange.status}: {body!r:.200}"
    top = (
        "list"
        if isinstance(body, dict) and "total_count" not in body and "search_criteria" not in body
        else ""
    )
    differences = list(compare(masked(exchange.reply, top), masked(body, top)))
    return "; ".join(differences[:6]) if differences else None


def compare(recorded_value: Any, got: Any, where: str = "") -> Iterator[str]:
    """Each place where two JSON values differ."""
    if isinstance(recorded_value, dict) and isinstance(got, dict):
        for name in sorted({*recorded_value, *got}):
            missing = object()
            pair = recorded_value.get(name, missing), got.get(name, missing)
            if missing in pair:
                only = "recorded" if pair[1] is missing else "simulated"
                yield f"{where}.{name} only {only}"
            else:
                yield from compare(*pair, f"{where}.{name}")
    elif isinstance(recorded_value, list) and isinstance(got, list) and len(recorded_value) == len(got):
        for index, pair in enumerate(zip(recorded_value, got, strict=True)):
            yield from compare(*pair, f"{where}[{index}]")
    elif recorded_value != got or isinstance(recorded_value, bool) != isinstance(got, bool):
        yield f"{where or 'body'} {got!r:.80}, recorded {recorded_value!r:.80}"
