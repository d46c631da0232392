"""What a person asks a source for: one document by kind and number, or everything that changed in a time (a backfill).

Both go through the source's lane like anything else, and are held until a person posts them, unless told otherwise.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.shards import lanes_of
from connector.status import NoticeStatus, Status
from connector.store import Database, entries, intake, listings, versions
from connector.store.entries import EntryRow
from connector.store.intake import EventRow, NewNotice, NoticeRow
from connector.store.listings import BACKFILL, POLL, ListingRow, NewListing
from connector.systems.base import Capabilities
from connector.work import Bell
from schemas.config import Config
from schemas.events import EVENT_TYPES


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
    whether more may still come."""

    notice: NoticeRow
    events: tuple[EventRow, ...]
    entries: tuple[EntryRow, ...]

    @property
    def settled(self) -> bool:
        """Is it finished, and is no entry on its way to the target at this moment?"""
        under_way = any(one.status in (Status.QUEUED, Status.DELIVERING) for one in self.entries)
        return self.finished and not under_way

    @property
    def finished(self) -> bool:
        """Is the document fetched, or refused, and everything that came of it routed?"""
        ended = self.notice.status in (NoticeStatus.COMPLETED, NoticeStatus.ERRORED, NoticeStatus.IGNORED)
        return ended and not any(event.state in ("new", "fetching", "fetched") for event in self.events)


@dataclass(frozen=True)
class Progress:
    """How far a backfill is: its listings, their notices by status, and the entries of those documents by status."""

    listings: tuple[ListingRow, ...]
    notices: Counter[str]
    entries: Counter[str]

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
        """Is everything listed and fetched?"""
        return self.listed and not self.open


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

    def ask(self, connection: str, kind: str, number: str, actor: str, *, post: bool) -> Ordered:
        """Have a document fetched; raises NotAvailable."""
        (ordered,) = self._ask(connection, kind, [number], actor, post=post, anew=True)
        return ordered

    def ask_all(
        self, connection: str, kind: str, numbers: Sequence[str], actor: str, *, post: bool
    ) -> list[Ordered]:
        """Have many documents of a kind fetched, each once, in the order given; those that somebody asked for before
        and that are not fetched yet are not asked for again. Raises NotAvailable, and then none is asked for."""
        return self._ask(connection, kind, list(dict.fromkeys(numbers)), actor, post=post, anew=False)

    def _ask(
        self, connection: str, kind: str, numbers: Sequence[str], actor: str, *, post: bool, anew: bool
    ) -> list[Ordered]:
        self._can(connection, kind, "fetches", "fetched from")
        for number in numbers:
            if not 0 < len(number) <= 255 or not number.isprintable():
                raise NotAvailable(f"{number!r:.80} is no number of a document")
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
            versions.note(
                tx, actor, "retrieve", f"{kind} {named} @ {connection}", _asked_detail(numbers, post=post)
            )
        return [Ordered(ids[number], frozenset({Bell("complete", lanes[number])})) for number in numbers]

    def result(self, notice_id: int) -> Retrieved:
        """What came of it so far; raises KeyError for an unknown notice."""
        with self._database.read() as tx:
            notice = intake.get_notice(tx, notice_id)
            if notice is None:
                raise KeyError(f"there is no notice {notice_id}")
            types = [type_ for type_, model in EVENT_TYPES.items() if model.kind == notice.kind]
            events = intake.events_of_document(tx, notice.connection, types, notice.number)
            found = entries.of_events(tx, [event.id for event in events])
        return Retrieved(notice, tuple(events), tuple(found))

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
        name = name or "/".join(
            (since.isoformat(), until.isoformat() if until else "", "post" if post else "held")
        )
        lane = next(lane for lane, owner in lanes_of(self._config) if owner == connection)
        with self._database.write() as tx:
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
            types = {type_: model.kind for type_, model in EVENT_TYPES.items()}
            return Progress(
                tuple(listings.get(tx, ids)),
                listings.notices_of(tx, ids),
                listings.entries_of(tx, ids, types),
            )

    def _can(self, connection: str, kind: str, capability: str, said: str) -> None:
        capabilities = self._capabilities.get(connection)
        if capabilities is None:
            known = ", ".join(sorted(self._capabilities))
            raise NotAvailable(f"there is no connection {connection!r}: declared are {known}")
        able: frozenset[str] = getattr(capabilities, capability)
        if kind not in able:
            what = ", ".join(sorted(able)) or "nothing"
            raise NotAvailable(f"{kind} documents cannot be {said} {connection}: it can be asked for {what}")


def _asked_detail(numbers: Sequence[str], *, post: bool) -> dict[str, object]:
    return {"post": post} | ({"numbers": list(numbers)} if len(numbers) > 1 else {})
