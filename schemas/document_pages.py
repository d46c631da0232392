"""Where people find a document in the product itself: addresses of its pages, with places for its number and key.

Templates come from the configuration, or are a system's own; nothing here calls anybody.
"""

from collections.abc import Mapping
from string import Formatter
from typing import Annotated, Literal
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator

PageKind = Literal["order", "shipment", "invoice", "payment", "refund", "customer"]
"""The kinds of documents that have a page of their own in most products."""

PLACES = frozenset({"number", "key", "type", "short"})
"""What an address may have filled in: the number as we say it, the vendor's own key, and the two halves of a number
that begins with its type (`SO-000123`)."""


def _template(text: str) -> str:
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise ValueError(f"braces do not match: {error}") from error
    plain = all(not form and not conversion for _, name, form, conversion in parts if name is not None)
    names = {name for _, name, _, _ in parts if name is not None}
    if not plain or not names or names - PLACES:
        known = ", ".join(f"{{{name}}}" for name in sorted(PLACES))
        raise ValueError(f"must have a document filled in, by places out of {known}")
    host = urlsplit(parts[0][0])
    if host.scheme not in ("http", "https") or not host.hostname or not host.path:
        raise ValueError("must begin with http(s)://, a host and a /, with nothing filled in there")
    if host.username or host.password:
        raise ValueError("must hold no credentials")
    return text


PageTemplate = Annotated[str, AfterValidator(_template)]
"""The address of a page: `https://shop.example.com/backend/sales/order/view/order_id/{key}`."""


def address_of(template: str, number: str, key: str | None) -> str | None:
    """The address of one document, its values spelled as addresses spell them; None where a value is not known."""
    type_, dash, short = number.partition("-")
    known: Mapping[str, str | None] = {
        "number": number,
        "key": key,
        "type": type_ if dash else None,
        "short": short if dash else None,
    }
    wanted = {name: known[name] for _, name, _, _ in Formatter().parse(template) if name is not None}
    filled = {name: quote(value, safe="") for name, value in wanted.items() if value}
    return template.format(**filled) if filled.keys() == wanted.keys() else None
