"""Listing what changed in an account: one page of the documents of a kind, by time of change, in order of their ids.

Ids grow and never change: going on behind the last one leaves nothing out while documents change. What the documents
say is read one by one (`source.py`).
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from connector.errors import NotUnderstood
from connector.systems.base import Heard, Page, Window
from connector.systems.netsuite.client import PAGE_SIZE, Client

TYPES: Mapping[str, tuple[str, ...]] = {
    "order": ("SalesOrd",),
    "shipment": ("ItemShip",),
    "invoice": ("CustInvc", "CashSale"),
}
"""What each kind of document is in SuiteQL's `transaction.type`."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_FORMAT = "'YYYY-MM-DD HH24:MI:SS'"
_CHANGED = "SYS_EXTRACT_UTC(t.lastmodifieddate)"
"""Without it SuiteQL speaks the time of the company's preferences (public client code)."""

BY_ID = "id:"
"""Before the internal id of a document that has no number."""


async def poll(client: Client, window: Window) -> Page:
    """One page; raises CallError. The position: the id of the last document listed, and when the listing began.

    What was listed may change again while later pages are asked for, so the newest change that is told is never later
    than the beginning.
    """
    position = window.position or {}
    after = position.get("after", "0")
    text, parameters = _query(window, after)
    found = await client.query_page(text, parameters, limit=min(window.size, PAGE_SIZE), offset=0)
    began = datetime.fromisoformat(position["began"]) if "began" in position else found.at
    ids = [int(row["id"]) for row in found.rows if row.get("id", "").isdecimal()]
    if len(ids) != len(found.rows) or (ids and min(ids) <= int(after)):
        raise NotUnderstood(f"{client.connection} lists {window.kind} documents without or against their ids")
    changes = [_moment(client, row) for row in found.rows]
    return Page(
        heard=tuple(
            _heard(window.kind, row, moment) for row, moment in zip(found.rows, changes, strict=True)
        ),
        newest=min(max(changes), began) if changes else None,
        position={"after": str(max(ids)), "began": began.isoformat()} if ids and found.more else None,
    )


def _query(window: Window, after: str) -> tuple[str, tuple[str, ...]]:
    types = TYPES[window.kind]
    places = ", ".join("?" for _ in types)
    until = f" AND {_CHANGED} < TO_TIMESTAMP(?, {_FORMAT})" if window.until else ""
    text = (
        f"SELECT t.id AS id, t.tranid AS tranid, t.status AS status, TO_CHAR({_CHANGED}, {_FORMAT}) AS changed "  # noqa: S608
        f"FROM transaction t WHERE t.type IN ({places}) AND {_CHANGED} >= TO_TIMESTAMP(?, {_FORMAT}){until} "
        "AND t.id > ? ORDER BY t.id"
    )
    moments = (_text(window.since), *((_text(window.until, up=True),) if window.until else ()))
    return text, (*types, *moments, after)


def _text(moment: datetime, *, up: bool = False) -> str:
    """In UTC and whole seconds, as SuiteQL compares them."""
    moment = moment.astimezone(UTC)
    if up and moment.microsecond:
        moment += _SECOND
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _moment(client: Client, row: Mapping[str, str]) -> datetime:
    said = row.get("changed", "")
    try:
        return datetime.strptime(said, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError as error:
        text = f"{client.connection} says {said!r} for the time of change of {row.get('tranid') or row.get('id')}"
        raise NotUnderstood(text, field="lastmodifieddate") from error


def _heard(kind: str, row: Mapping[str, str], changed: datetime) -> Heard:
    """Times of change have no fractions: the status tells two versions of one second apart."""
    number = row.get("tranid") or BY_ID + row["id"]
    transport_id = f"poll:{kind}:{number}:{changed:%Y-%m-%dT%H:%M:%S}:{row.get('status', '')}"
    return Heard(transport_id, kind, number, (changed - _EPOCH) // timedelta(microseconds=1))
