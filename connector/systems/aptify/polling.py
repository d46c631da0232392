"""Listing what changed at a site: one page of a view that the administrator provides, in the order of its changes.

The view is sorted by DateUpdated and ID, oldest first. A page begins at the last change of the one before, so that
what changes meanwhile, and so moves to the end, takes nothing out of sight; what stands on both is heard of twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from connector.errors import Rejected
from connector.systems.aptify.client import MOST_ROWS, Client, quoted
from connector.systems.aptify.inventory_read import quantities
from connector.systems.aptify.reading import BY_ID, LISTED, Reader, view_of
from connector.systems.aptify.records import Record
from connector.systems.aptify.site import SHIPPED, Site, same
from connector.systems.base import Heard, Page, Window

CHANGED = "DateUpdated"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_LEAP = timedelta(hours=3)
"""No clock is ever put back by more."""


@dataclass(frozen=True)
class _Place:
    """Where a page begins: at a change, of which so many rows were listed, the last of them `last`; `began` is when
    the listing did."""

    since: str
    skip: int = 0
    last: str = ""
    began: str = ""

    def as_position(self) -> dict[str, str]:
        return {"since": self.since, "skip": str(self.skip), "last": self.last, "began": self.began}


async def poll(client: Client, window: Window) -> Page:
    """One page; raises CallError, Rejected where no view is named or it is not sorted.

    What was listed may change again while later pages are asked for, so the newest change that is told is never later
    than the beginning.
    """
    view, entity = view_of(client, window.kind), LISTED[window.kind].entity
    place = _place(client, window)
    again = 1 if place.skip else 0
    top = min(window.size + again, MOST_ROWS)
    rows, reply = await client.view_at(
        view, entity, _where(client, entity, window, place), skip=place.skip - again, top=top
    )
    began = datetime.fromisoformat(place.began) if place.began else reply.sent_at
    changes = _changes(client, view, rows)
    reader = Reader(Site(client))
    heard = [
        await _heard(reader, window.kind, row, moment) for row, moment in zip(rows, changes, strict=True)
    ]
    following = _following(client, place, rows, changes, began) if len(rows) >= top else None
    if again and [row.id for row in rows[:1]] != [place.last]:
        following = _Place(
            place.since, began=began.isoformat()
        )  # what was listed moved away: once more from there
    return Page(
        heard=tuple(one for one in heard if one is not None),
        newest=min(max(changes), began) if changes else None,
        position=following.as_position() if following else None,
    )


def _place(client: Client, window: Window) -> _Place:
    if window.position is None:
        return _Place(_text(_earliest(client, window.since)))
    given = window.position
    return _Place(given["since"], int(given["skip"]), given["last"], given["began"])


def _following(
    client: Client, place: _Place, rows: Sequence[Record], changes: Sequence[datetime], began: datetime
) -> _Place:
    """The next page begins at the latest change of this one; where that is where this one began, as after a change of
    many rows at once, behind its last row."""
    latest = _text(max(changes).astimezone(client.settings.zone))
    if latest > place.since:
        return _Place(latest, began=began.isoformat())
    listed = max(place.skip - 1, 0) + len(rows)
    return _Place(place.since, listed, rows[-1].id, began.isoformat())


def _where(client: Client, entity: str, window: Window, place: _Place) -> str:
    column = client.names.there(entity, CHANGED)
    until = f" AND {column} < {quoted(_text(_latest(client, window.until)))}" if window.until else ""
    return f"{column} >= {quoted(place.since)}{until}"


def _earliest(client: Client, moment: datetime) -> datetime:
    """The earliest that the server's clock shows from then on: where it is put back soon after, that is less."""
    zone = client.settings.zone
    shown, soon = moment.astimezone(zone), (moment + _LEAP).astimezone(zone)
    return min(shown.replace(tzinfo=None), soon.replace(tzinfo=None) - _LEAP)


def _latest(client: Client, moment: datetime) -> datetime:
    """The latest that the server's clock showed until then, in whole seconds."""
    zone = client.settings.zone
    shown, before = moment.astimezone(zone), (moment - _LEAP).astimezone(zone)
    latest = max(shown.replace(tzinfo=None), before.replace(tzinfo=None) + _LEAP)
    return latest + _SECOND if latest.microsecond else latest


def _text(moment: datetime) -> str:
    """As the server's clock shows it, without a zone, in whole seconds."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


def _changes(client: Client, view: str, rows: Sequence[Record]) -> list[datetime]:
    """When each row was changed; raises Rejected where they do not say, or are not in that order."""
    zone = client.settings.zone
    found = [row.moment(CHANGED, zone) for row in rows]
    changes = [one for one in found if one is not None]
    if len(changes) < len(rows) or not all(row.id for row in rows):
        text = f"view {view!r} of {client.connection} must show ID and {CHANGED} of every row"
        raise Rejected(text, code="view", field=CHANGED)
    for one, following in pairwise(changes):
        # Where the clock is put back, an hour comes twice: a row may be of its second time.
        if one > following.astimezone(zone).replace(fold=1).astimezone(UTC):
            text = f"view {view!r} of {client.connection} must be sorted by {CHANGED} and ID, oldest first"
            raise Rejected(text, code="view", field=CHANGED)
    return changes


async def _heard(reader: Reader, kind: str, row: Record, changed: datetime) -> Heard | None:
    """The times of a view may have no fractions: the status, or the quantities, tell two versions of one second apart.
    None for what is no document of the kind."""
    found = _level(row) if kind == "inventory" else await _order(reader, kind, row)
    if found is None:
        return None
    number, version = found
    transport_id = f"poll:{kind}:{number}:{row.text(CHANGED)}:{version}"
    return Heard(transport_id, kind, number, (changed - _EPOCH) // timedelta(microseconds=1))


async def _order(reader: Reader, kind: str, row: Record) -> tuple[str, str] | None:
    """A shipment is an order that shipped, as far as the view tells."""
    member = await reader.member(row)
    if kind == "shipment" and not (member.is_order and same(member.status, SHIPPED, "")):
        return None
    return row.id, member.status


def _level(row: Record) -> tuple[str, str] | None:
    """By the ids of product and location: the code is the product's, and is read with it."""
    for name in ("ProductID", "InventoryLocationID"):
        if not row.has(name):
            raise Rejected(f"the view of {row.entity} must show {name}", code="view", field=name)
    product, location = row.key("ProductID"), row.key("InventoryLocationID")
    return (f"{BY_ID}{product}@{location}", quantities((row,))) if product and location else None
