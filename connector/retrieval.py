"""What a person asks a source for: documents by kind and number, all of a kind that belong to an order, or everything
that changed in a time (a backfill).

Both go through the source's lane like anything else, and are held until a person posts them, unless told otherwise.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connector import moments
from connector.shards import lanes_of
from connector.status import NoticeStatus, Status
from connector.store import Database, Transaction, entries, intake, listings, versions
from connector.store.entries import EntryRow
from connector.store.intake import EventRow, NewNotice, NoticeRow
from connector.store.listings import BACKFILL, POLL, ListingRow, NewListing
from connector.systems.base import OF_ORDER, Capabilities, Wanted
from connector.work import Bell
from schemas.config import Config
from schemas.events import EVENT_TYPES

_KINDS = {type_: model.kind for type_, model in EVENT_TYPES.items()}

MOST_HELD = 20_000
"""Held entries of one backfill that are told at once; those behind them come when these are posted."""

MOST_LETTERS = 240
"""Of a number, with room before it for what says that it is an order's."""


class NotAvailable(Exception):
    """What was asked for cannot be had from this connection; the text says what can."""


@dataclass(frozen=True)
class Ordered:
    """A document that will be fetched: its notice, and the bell to ring."""

    notice_id: int
    bells: frozenset[Bell]


@dataclass(frozen=True)
class Retrieved:
    """What came of a retrieval. `events` and `entries` are those of the document, new or known; `finished` says
    whether more may still come. Where the documents of an order were asked for, each of `documents` has its own."""

    notice: NoticeRow
    events: tuple[EventRow, ...]
    entries: tuple[EntryRow, ...]
    documents: tuple["Retrieved", ...] = ()

    @property
    def order(self) -> str:
        """The number of the order whose documents were asked for, or ""."""
        return Wanted(self.notice.kind, self.notice.number).order

    @property
    def settled(self) -> bool:
        """Is it finished, and is no entry on its way to the target at this moment?"""
        under_way = any(one.status in (Status.QUEUED, Status.DELIVERING) for one in self.all_entries)
        return self.finished and not under_way

    @property
    def finished(self) -> bool:
        """Is the document fetched, or refused, and everything that came of it routed?"""
        ended = self.notice.status in (NoticeStatus.COMPLETED, NoticeStatus.ERRORED, NoticeStatus.IGNORED)
        routed = not any(event.state in intake.NOT_ROUTED_YET for event in self.events)
        return ended and routed and all(one.finished for one in self.documents)

    @property
    def failed(self) -> bool:
        """Could it, or one of its documents, not be had?"""
        return self.notice.status == NoticeStatus.ERRORED or any(one.failed for one in self.documents)

    @property
    def all_entries(self) -> tuple[EntryRow, ...]:
        """Its entries, and those of its documents."""
        return (*self.entries, *(entry for one in self.documents for entry in one.all_entries))


@dataclass(frozen=True)
class Progress:
    """How far a backfill is: its listings, their notices by status, the entries of those documents by status, and how
    many of their events are not routed yet."""

    listings: tuple[ListingRow, ...]
    notices: Counter[str]
    entries: Counter[str]
    to_route: int

    @property
    def listed(self) -> bool:
        """Were all pages read?"""
        return all(row.state == "done" for row in self.listings)

    @property
    def open(self) -> int:
        """Documents that are not fetched yet."""
        return sum(self.notices[status] for status in ("received", "fetching", "retrying"))

    @property
    def finished(self) -> bool:
        """Is everything listed, fetched and routed?"""
        return self.listed and not self.open and not self.to_route


@dataclass(frozen=True)
class Backfill:
    """One backfill: its listings, one for each kind of document, and how far it is."""

    listings: tuple[ListingRow, ...]
    progress: Progress

    @property
    def first(self) -> ListingRow:
        """What all of them share: connection, time, held or posted. Its id names the backfill."""
        return self.listings[0]


class Retrieval:
    """Carries out what people ask of sources; `capabilities` says what each connection can."""

    def __init__(
        self,
        database: Database,
        config: Config,
        capabilities: Mapping[str, Capabilities],
        lane_for: Callable[[str, str], str],
    ) -> None:
        self._database = database
        self._config = config
        self._capabilities = capabilities
        self._lane_for = lane_for

    def ask(
        self, connection: str, kind: str, number: str, actor: str, *, post: bool, of_order: bool = False
    ) -> Ordered:
        """Have a document fetched; with `of_order` all documents of the kind that belong to the order of that number.
        Raises NotAvailable."""
        (ordered,) = self._ask(connection, kind, [number], actor, post=post, of_order=of_order, anew=True)
        return ordered

    def ask_all(
        self,
        connection: str,
        kind: str,
        numbers: Sequence[str],
        actor: str,
        *,
        post: bool,
        of_order: bool = False,
    ) -> list[Ordered]:
        """The same for many numbers, each once, in the order given; what somebody asked for before and is not fetched
        yet is not asked for again. Raises NotAvailable, and then nothing is asked for."""
        each = list(dict.fromkeys(numbers))
        return self._ask(connection, kind, each, actor, post=post, of_order=of_order, anew=False)

    def _ask(
        self,
        connection: str,
        kind: str,
        numbers: Sequence[str],
        actor: str,
        *,
        post: bool,
        of_order: bool,
        anew: bool,
    ) -> list[Ordered]:
        self._can(connection, kind, "fetches", "fetched from")
        if of_order:
            self._can(connection, kind, "fetches_of_order", "asked for by their order at")
        for number in numbers:
            if not 0 < len(number) <= MOST_LETTERS or not number.isprintable():
                raise NotAvailable(f"{number!r:.80} is no number of a document")
        numbers = [f"{OF_ORDER}{number}" if of_order else number for number in numbers]
        lanes = {number: self._lane_for(connection, number) for number in numbers}
        with self._database.write() as tx:
            known = {} if anew else listings.asked_for(tx, connection, kind, numbers, held=not post)
            transport = f"retrieve:{tx.now.isoformat()}"
            new = [
                NewNotice(connection, lane, transport, kind, number, 0, "", via="retrieve", held=not post)
                for number, lane in lanes.items()
                if number not in known
            ]
            receipts = intake.store_notices(tx, new)
            ids = known | {one.number: made.id for one, made in zip(new, receipts, strict=True)}
            named = numbers[0] if len(numbers) == 1 else f"{numbers[0]} and {len(numbers) - 1} more"
            detail = _asked_detail(numbers, post=post) | {"notices": [ids[number] for number in numbers]}
            versions.note(tx, actor, "retrieve", f"{kind} {named} @ {connection}", detail)
        return [Ordered(ids[number], frozenset({Bell("complete", lanes[number])})) for number in numbers]

    def result(self, notice_id: int) -> Retrieved:
        """What came of it so far; raises KeyError for an unknown notice."""
        with self._database.read() as tx:
            notice = intake.get_notice(tx, notice_id)
            if notice is None:
                raise KeyError(f"there is no notice {notice_id}")
            led = intake.led_notices(tx, notice_id) if Wanted(notice.kind, notice.number).order else []
            return _came_of(tx, notice, [_came_of(tx, one) for one in led])

    def backfill(
        self,
        connection: str,
        since: datetime,
        until: datetime | None,
        kinds: Collection[str],
        actor: str,
        *,
        post: bool,
        name: str = "",
    ) -> tuple[tuple[ListingRow, ...], frozenset[Bell]]:
        """Begin to list what changed at or after `since` and before `until`, or find the backfill that was begun with
        the same words (under the same `name`, where one is given); raises NotAvailable. `until` None: until now, or
        until where polling stands, which hears of the rest, and must not find it held."""
        polls = self._capabilities[connection].polls if connection in self._capabilities else frozenset()
        for kind in sorted(kinds):
            self._can(connection, kind, "polls", "listed at")
        if not polls:
            self._can(connection, "any", "polls", "listed at")
        if until is not None and until <= since:
            raise NotAvailable(f"the time ends ({until.isoformat()}) before it begins ({since.isoformat()})")
        if not since >= moments.EARLIEST:
            raise NotAvailable(f"the time begins too early ({since.isoformat()})")
        name = name or "/".join(
            (since.isoformat(), until.isoformat() if until else "", "post" if post else "held")
        )
        lane = next(lane for lane, owner in lanes_of(self._config) if owner == connection)
        with self._database.write() as tx:
            if since >= tx.now:
                raise NotAvailable(f"the time has not begun yet ({since.isoformat()}): nothing changed in it")
            polled = {
                row.kind: row.since
                for row in listings.overview(tx, POLL)
                if (row.connection, row.state) == (connection, "active")
            }
            wanted = [
                NewListing(
                    connection,
                    lane,
                    kind,
                    BACKFILL,
                    name,
                    since,
                    until or min(tx.now, polled.get(kind, tx.now)),
                    not post,
                )
                for kind in sorted(kinds or polls)
            ]
            rows = listings.begin(tx, wanted)
            versions.note(tx, actor, "backfill", connection, {"name": name, "kinds": sorted(kinds or polls)})
        return tuple(rows), frozenset({Bell("poll", lane)})

    def progress(self, listing_ids: Collection[int]) -> Progress:
        """How far these listings are."""
        ids = sorted(listing_ids)
        with self._database.read() as tx:
            return Progress(
                tuple(listings.get(tx, ids)),
                listings.notices_of(tx, ids),
                listings.entries_of(tx, ids, _KINDS),
                listings.to_route_of(tx, ids, _KINDS),
            )

    def backfills(self, most: int) -> list[Backfill]:
        """The backfills that were begun last, the newest first; their events and entries are not counted."""
        with self._database.read() as tx:
            found: dict[tuple[str, str], list[ListingRow]] = {}
            for row in listings.backfills(tx, most):
                found.setdefault((row.connection, row.name), []).insert(0, row)
            return [
                Backfill(
                    tuple(rows),
                    Progress(tuple(rows), listings.notices_of(tx, [row.id for row in rows]), Counter(), 0),
                )
                for rows in found.values()
            ]

    def backfill_of(self, listing_id: int) -> Backfill:
        """The backfill to which a listing belongs; raises KeyError where there is none."""
        with self._database.read() as tx:
            rows = [row for row in listings.get(tx, [listing_id]) if row.purpose == BACKFILL]
            if not rows:
                raise KeyError(f"there is no backfill {listing_id}")
            found = listings.same_backfill(tx, rows[0])
        return Backfill(tuple(found), self.progress([row.id for row in found]))

    def held_by(self, backfill: Backfill) -> tuple[int, ...]:
        """The entries of its documents that a person must post, oldest first."""
        ids = [row.id for row in backfill.listings]
        with self._database.read() as tx:
            return tuple(listings.held_entries(tx, ids, _KINDS, MOST_HELD))

    def _can(self, connection: str, kind: str, capability: str, said: str) -> None:
        capabilities = self._capabilities.get(connection)
        if capabilities is None:
            known = ", ".join(sorted(self._capabilities))
            raise NotAvailable(f"there is no connection {connection!r}: declared are {known}")
        able: frozenset[str] = getattr(capabilities, capability)
        if kind not in able:
            what = ", ".join(sorted(able)) or "nothing"
            raise NotAvailable(f"{kind} documents cannot be {said} {connection}: it can be asked for {what}")


def _came_of(tx: Transaction, notice: NoticeRow, documents: Sequence[Retrieved] = ()) -> Retrieved:
    types = [type_ for type_, model in EVENT_TYPES.items() if model.kind == notice.kind]
    events = intake.events_of_document(tx, notice.connection, types, notice.number)
    found = entries.of_events(tx, [event.id for event in events])
    return Retrieved(notice, tuple(events), tuple(found), tuple(documents))


def _asked_detail(numbers: Sequence[str], *, post: bool) -> dict[str, object]:
    return {"post": post} | ({"numbers": list(numbers)} if len(numbers) > 1 else {})
