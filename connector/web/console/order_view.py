"""What the page of an order shows, from its story: things with all their documents side by side, and time with a place
for each connection. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args
from urllib.parse import urlencode

from connector.store.orders import OrderRecord
from connector.story import Tone
from connector.timeline_models import Absent, Document, Happening, OrderStory, State, Subject
from connector.timeline_sides import Side
from schemas.base import DocumentRef
from schemas.config import Config

MOST_PLACES = 6
"""Connections that have a column of their own in time; what happens at more of them shares the last."""

PAUSE = timedelta(minutes=1)
"""A pause of so long is told between two lines of the story."""

TONES: Mapping[State, Tone] = {
    "needs somebody": "bad",
    "under way": "busy",
    "not carried": "quiet",
    "partly carried": "quiet",
    "settled": "good",
}

Key = tuple[str, str, str]


@dataclass(frozen=True)
class SideView:
    """The order at one connection, and where it is seen there."""

    side: Side
    address: str | None


@dataclass(frozen=True)
class Cell:
    """One document, and where it is seen."""

    document: Document
    address: str | None


@dataclass(frozen=True)
class Thing:
    """One order, shipment, invoice … with its documents at each connection, as `OrderView.places` has them."""

    kind: str
    cells: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Moment:
    """One line of the story: at which of `OrderView.places` (from 1; 0: none), after which pause, on which new day."""

    happening: Happening
    place: int
    connection: str
    pause: timedelta | None
    day: str
    address: str | None


@dataclass(frozen=True)
class Filter:
    """Only lines about this subject, or not only these any more: how many there are, and the query for it."""

    about: str
    count: int
    query: str
    chosen: bool


@dataclass(frozen=True)
class OrderView:
    """The page. `absent`: what of it is not there, by the heading under which it stands."""

    title: str
    tone: Tone
    absent: Mapping[str, tuple[Absent, ...]]
    sides: tuple[SideView, ...]
    places: tuple[str, ...]
    things: tuple[Thing, ...]
    moments: tuple[Moment, ...]
    filters: tuple[Filter, ...]
    filtered: bool


def view(record: OrderRecord, told: OrderStory, config: Config, kinds: Sequence[str] = ()) -> OrderView:
    """The page by the configuration in force; `kinds`: only these lines of the story (none: all)."""
    wanted = tuple(kind for kind in get_args(Subject) if kind in kinds)
    keys = {_key(ref): ref for link in record.links for ref in (link.source, link.target) if ref.key}
    places = _places(told)
    return OrderView(
        title=" = ".join(dict.fromkeys(side.number for side in told.sides if side.number is not None)),
        tone=TONES[told.state],
        absent=_by_target(told.absent),
        sides=tuple(_side(side, config, keys) for side in told.sides),
        places=places,
        things=tuple(_things(told.documents, places, config, keys)),
        moments=tuple(_moments(record, told, places, wanted)),
        filters=tuple(_filters(told, wanted)),
        filtered=bool(wanted),
    )


def _by_target(absent: Sequence[Absent]) -> dict[str, tuple[Absent, ...]]:
    """`Why it is not at shop`; where the order is there and something of it is not, `What is not at shop, and why`; of
    what no flow carries, `Why it went nowhere`."""
    found = {}
    for target in dict.fromkeys(one.target for one in absent):
        here = tuple(one for one in absent if one.target == target)
        itself = any(one.document.kind == "order" for one in here)
        heading = f"Why it is not at {target}" if itself else f"What is not at {target}, and why"
        found[heading if target else "Why it went nowhere"] = here
    return found


def _places(told: OrderStory) -> tuple[str, ...]:
    """Every connection that has to do with it, the one where it was born first."""
    others = [one.document.connection for one in told.documents]
    others += [name for entry in told.entries for name in (entry.document.connection, entry.target)]
    return tuple(dict.fromkeys([*(side.connection for side in told.sides), *others]))


def _key(ref: DocumentRef) -> Key:
    return (ref.connection, ref.kind, ref.number)


def _address(ref: DocumentRef, config: Config, keys: Mapping[Key, DocumentRef]) -> str | None:
    return config.page_of(keys.get(_key(ref), ref))


def _side(side: Side, config: Config, keys: Mapping[Key, DocumentRef]) -> SideView:
    if side.number is None:
        return SideView(side, None)
    ref = DocumentRef(connection=side.connection, kind="order", number=side.number)
    return SideView(side, _address(ref, config, keys))


# -- documents ---------------------------------------------------------------------------------------------


def _things(
    documents: Sequence[Document],
    places: Sequence[str],
    config: Config,
    keys: Mapping[Key, DocumentRef],
) -> Iterator[Thing]:
    """Documents that are the same thing elsewhere stand in one row."""
    by_key = {_key(one.document): one for one in documents}
    shown: set[Key] = set()
    for root in sorted(documents, key=lambda one: one.origin != "told"):
        if _key(root.document) in shown:
            continue
        together = list(_together(root, by_key, shown))
        cells = (
            tuple(
                Cell(one, _address(one.document, config, keys))
                for one in together
                if one.document.connection == place
            )
            for place in places
        )
        yield Thing(root.document.kind, tuple(cells))


def _together(root: Document, by_key: Mapping[Key, Document], shown: set[Key]) -> Iterator[Document]:
    open_ends = [root]
    shown.add(_key(root.document))
    while open_ends:
        one = open_ends.pop(0)
        yield one
        for key in map(_key, one.counterparts):
            if key in by_key and key not in shown:
                shown.add(key)
                open_ends.append(by_key[key])


# -- in time -----------------------------------------------------------------------------------------------


def _moments(
    record: OrderRecord, told: OrderStory, places: Sequence[str], kinds: Sequence[str]
) -> Iterator[Moment]:
    where = _connections(record, told)
    before: datetime | None = None
    for one in told.timeline:
        if kinds and one.about not in kinds:
            continue
        connection = where.get((one.about, one.id), "")
        new_day = before is None or one.at.date() != before.date()
        pause = one.at - before if before is not None and not new_day else None
        yield Moment(
            happening=one,
            place=min(places.index(connection) + 1, MOST_PLACES) if connection in places else 0,
            connection=connection,
            pause=pause if pause is not None and pause >= PAUSE else None,
            day=one.at.strftime("%A, %Y-%m-%d") if new_day else "",
            address=_page_of(one),
        )
        before = one.at


def _connections(record: OrderRecord, told: OrderStory) -> dict[tuple[str, int], str]:
    """Where each line of the story happened: an event at its source, an entry and a link at their target."""
    return {
        **{("event", one.id): one.document.connection for one in told.events},
        **{("notice", one.id): one.document.connection for one in told.notices},
        **{("entry", one.id): one.target for one in told.entries},
        **{("link", row.id): row.target.connection for row in record.links},
    }


def _page_of(one: Happening) -> str | None:
    """The page of ours about it."""
    pages = {"entry": "/entries/", "notice": "/notices/"}
    return f"{pages[one.about]}{one.id}" if one.about in pages else None


def _filters(told: OrderStory, wanted: Sequence[str]) -> Iterator[Filter]:
    for about, count in Counter(one.about for one in told.timeline).items():
        chosen = about in wanted
        kinds = [one for one in (*wanted, about) if one != about or not chosen]
        yield Filter(about, count, urlencode([("kind", one) for one in kinds]), chosen)
