"""Listings: what a source is asked to list page by page, polling without end or for one backfill; where each stands.

A listing is worked on by the owner of its lane, one page at a time; the page and what was heard are stored together.
A reconciliation is a listing too, of our own log: it asks no source, and its position is the entry it has come to.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from connector.status import Status
from connector.store import entries
from connector.store.database import Transaction
from connector.store.entries import EntryRow
from connector.store.intake import NOT_ROUTED_YET
from connector.store.tables import entry, event, listing, notice

Purpose = Literal["poll", "backfill", "reconcile"]
State = Literal["active", "done", "off", "reading"]

POLL: Literal["poll"] = "poll"
BACKFILL: Literal["backfill"] = "backfill"
RECONCILE: Literal["reconcile"] = "reconcile"


@dataclass(frozen=True)
class NewListing:
    """A listing to begin: documents of one kind that changed since then; `name` tells backfills of it apart. A
    reconciliation stands at its `position` from the beginning."""

    connection: str
    lane: str
    kind: str
    purpose: Purpose
    name: str = ""
    since: datetime | None = None
    until: datetime | None = None
    held: bool = False
    position: Mapping[str, str] | None = None


@dataclass(frozen=True)
class ListingRow:
    """A stored listing; one that is `reading` is a reconciliation, which no page is asked for.

    `newest` is the newest change seen in this round, which was begun at `began_at`; `heard` and `fresh` count documents
    heard of, and those not known in that version; `code` and `reason` say what is wrong."""

    id: int
    connection: str
    lane: str
    kind: str
    purpose: str
    name: str
    state: State
    since: datetime
    until: datetime | None
    held: bool
    position: Mapping[str, str] | None
    newest: datetime | None
    pages: int
    heard: int
    fresh: int
    rounds: int
    began_at: datetime | None
    due_at: datetime
    attempts: int
    failed_since: datetime | None
    code: str
    reason: str
    created_at: datetime
    updated_at: datetime

    @property
    def via(self) -> str:
        """How what it brings was heard of."""
        return RECONCILE if self.name.startswith(f"{RECONCILE}/") else self.purpose


def declare(tx: Transaction, wanted: Sequence[NewListing]) -> None:
    """These are polled from now on, from this moment or from where they stood; what else was polled rests."""
    begin(tx, wanted)
    names = sa.tuple_(listing.c.connection, listing.c.kind).in_(
        [(one.connection, one.kind) for one in wanted]
    )
    polled = listing.c.purpose == POLL
    tx.run(listing.update().where(polled, ~names, listing.c.state == "active").values(state="off"))
    tx.run(
        listing.update().where(polled, names, listing.c.state == "off").values(state="active", due_at=tx.now)
    )
    for one in wanted:  # shards may have been added or taken away
        here = sa.and_(polled, listing.c.connection == one.connection, listing.c.kind == one.kind)
        tx.run(listing.update().where(here, listing.c.lane != one.lane).values(lane=one.lane, taken=None))


def begin(tx: Transaction, wanted: Iterable[NewListing]) -> list[ListingRow]:
    """Begin listings, each once; the rows, new or known."""
    rows = list(wanted)
    same = (listing.c.connection, listing.c.kind, listing.c.purpose, listing.c.name)
    tx.insert_new(listing, [_values(tx, one) for one in rows], [listing.c.id])
    keys = [(one.connection, one.kind, one.purpose, one.name) for one in rows]
    return _rows(tx, sa.select(listing).where(tx.among(same, keys))) if keys else []


def _values(tx: Transaction, one: NewListing) -> dict[str, object]:
    return {
        "connection": one.connection,
        "lane": one.lane,
        "kind": one.kind,
        "purpose": one.purpose,
        "name": one.name,
        "state": "reading" if one.purpose == RECONCILE else "active",
        "since": one.since or tx.now,
        "until": one.until,
        "held": one.held,
        "position": one.position,
        "newest": None,
        "pages": 0,
        "heard": 0,
        "fresh": 0,
        "rounds": 0,
        "began_at": None,
        "due_at": tx.now,
        "attempts": 0,
        "failed_since": None,
        "code": "",
        "reason": "",
        "taken": None,
        "created_at": tx.now,
        "updated_at": tx.now,
    }


def is_due(tx: Transaction, lane: sa.ColumnElement[str] | str) -> sa.ColumnElement[bool]:
    """Listings of a lane that are due and in nobody's hands, or were left behind by an owner that vanished."""
    return sa.and_(listing.c.lane == lane, listing.c.state == "active", listing.c.due_at <= tx.now)


def due_lanes(tx: Transaction) -> Sequence[str]:
    """The lanes of which something is to be listed now."""
    due = sa.and_(listing.c.state == "active", listing.c.due_at <= tx.now, listing.c.taken.is_(None))
    return tx.values(sa.select(listing.c.lane).distinct().where(due))


def claim(tx: Transaction, lane: str, token: int, limit: int) -> list[ListingRow]:
    """Take due listings in hand, the longest due first."""
    due = sa.select(listing).where(is_due(tx, lane), listing.c.taken.is_(None))
    rows = _rows(tx, due.order_by(listing.c.due_at, listing.c.id).limit(limit).with_for_update())
    if rows:
        here = listing.c.id.in_([row.id for row in rows])
        began = sa.func.coalesce(listing.c.began_at, tx.now)
        tx.run(
            listing.update().where(here).values(taken=token, attempts=listing.c.attempts + 1, began_at=began)
        )
    return [replace(row, began_at=row.began_at or tx.now) for row in rows]


def recover(tx: Transaction, lane: str, token: int) -> int:
    """What a vanished owner was listing is listed again, from the last page that was stored."""
    lost = sa.and_(listing.c.lane == lane, listing.c.taken.is_not(None), listing.c.taken != token)
    return tx.run(listing.update().where(lost).values(taken=None))


def give_back(tx: Transaction, ids: Sequence[int]) -> None:
    """Listings that were not begun."""
    here = listing.c.id.in_(list(ids))
    tx.run(listing.update().where(here).values(taken=None, attempts=listing.c.attempts - 1))


def went_on(
    tx: Transaction,
    listing_id: int,
    *,
    heard: int,
    fresh: int,
    newest: datetime | None,
    position: Mapping[str, str] | None,
) -> None:
    """A page was stored, and there are more; the next one is due at once."""
    _progress(tx, listing_id, heard, fresh, newest=newest, position=position, due_at=tx.now)


def round_ended(
    tx: Transaction,
    listing_id: int,
    *,
    heard: int,
    fresh: int,
    since: datetime,
    again_after: float | None,
) -> None:
    """The last page was stored: the next round begins at `since`, after so many seconds; None: it is done for good."""
    values: dict[str, object] = {"rounds": listing.c.rounds + 1, "since": since, "began_at": None}
    if again_after is None:
        values |= {"state": "done"}
    else:
        values |= {"due_at": tx.now + timedelta(seconds=again_after)}
    _progress(tx, listing_id, heard, fresh, newest=None, position=None, **values)


def _progress(tx: Transaction, listing_id: int, heard: int, fresh: int, **values: object) -> None:
    tx.run(
        listing.update()
        .where(listing.c.id == listing_id)
        .values(
            pages=listing.c.pages + 1,
            heard=listing.c.heard + heard,
            fresh=listing.c.fresh + fresh,
            attempts=0,
            failed_since=None,
            code="",
            reason="",
            taken=None,
            updated_at=tx.now,
            **values,
        )
    )


def failed(tx: Transaction, listing_id: int, code: str, reason: str, delay: float) -> None:
    """A page could not be had; it is asked for again after `delay` seconds."""
    tx.run(
        listing.update()
        .where(listing.c.id == listing_id)
        .values(
            code=code,
            reason=reason,
            due_at=tx.now + timedelta(seconds=delay),
            failed_since=sa.func.coalesce(listing.c.failed_since, tx.now),
            taken=None,
            updated_at=tx.now,
        )
    )


def overview(tx: Transaction, purpose: str = "") -> list[ListingRow]:
    """Listings, by connection and kind."""
    statement = sa.select(listing).order_by(listing.c.connection, listing.c.kind, listing.c.id)
    return _rows(tx, statement.where(listing.c.purpose == purpose) if purpose else statement)


def get(tx: Transaction, ids: Sequence[int]) -> list[ListingRow]:
    """Listings by id."""
    return _rows(tx, sa.select(listing).where(listing.c.id.in_(list(ids))).order_by(listing.c.id))


def backfills(tx: Transaction, limit: int) -> list[ListingRow]:
    """The listings of backfills that people asked for, the newest first."""
    asked = sa.and_(listing.c.purpose == BACKFILL, ~listing.c.name.startswith(f"{RECONCILE}/"))
    return _rows(tx, sa.select(listing).where(asked).order_by(listing.c.id.desc()).limit(limit))


def same_backfill(tx: Transaction, row: ListingRow) -> list[ListingRow]:
    """The listings that were begun together with this one, oldest first."""
    here = sa.and_(listing.c.connection == row.connection, listing.c.purpose == row.purpose)
    return _rows(tx, sa.select(listing).where(here, listing.c.name == row.name).order_by(listing.c.id))


def notices_of(tx: Transaction, ids: Sequence[int]) -> Counter[str]:
    """How many of the notices that these listings brought are in which status."""
    statement = (
        sa.select(notice.c.status, sa.func.count().label("count"))
        .where(notice.c.listing_id.in_(list(ids)))
        .group_by(notice.c.status)
    )
    return Counter({row["status"]: row["count"] for row in tx.rows(statement)})


def _rows(tx: Transaction, statement: sa.Select[tuple[object, ...]]) -> list[ListingRow]:
    names = ListingRow.__dataclass_fields__
    return [ListingRow(**{name: row[name] for name in names}) for row in tx.rows(statement)]


def entries_of(tx: Transaction, ids: Sequence[int], types: Mapping[str, str]) -> Counter[str]:
    """How many entries of the documents that these listings brought are in which status; `types` is type -> kind."""
    columns = (entry.c.status, sa.func.count(entry.c.id.distinct()).label("count"))
    statement = _entries(sa.select(*columns), ids, types).group_by(entry.c.status)
    return Counter({row["status"]: row["count"] for row in tx.rows(statement)})


def held_entries(tx: Transaction, ids: Sequence[int], types: Mapping[str, str], limit: int) -> Sequence[int]:
    """Those of them that are held, the oldest first."""
    held = _entries(sa.select(entry.c.id).distinct(), ids, types).where(entry.c.status == Status.HELD)
    return tx.values(held.order_by(entry.c.id).limit(limit))


def to_route_of(tx: Transaction, ids: Sequence[int], types: Mapping[str, str]) -> int:
    """How many events of those documents are not routed yet, so that more entries may come of them."""
    counted = _events(sa.select(sa.func.count(event.c.id.distinct())), ids, types)
    return int(tx.value(counted.where(event.c.state.in_(NOT_ROUTED_YET))))


def _entries(statement: sa.Select[Any], ids: Sequence[int], types: Mapping[str, str]) -> sa.Select[Any]:
    return _events(statement, ids, types).join(entry, entry.c.event_id == event.c.id)


def _events(statement: sa.Select[Any], ids: Sequence[int], types: Mapping[str, str]) -> sa.Select[Any]:
    of_kind = sa.or_(
        *(
            sa.and_(event.c.type == type_, event.c.document == notice.c.number, notice.c.kind == kind)
            for type_, kind in types.items()
        )
    )
    return (
        statement.select_from(notice)
        .join(event, sa.and_(event.c.source == notice.c.connection, of_kind))
        .where(notice.c.listing_id.in_(list(ids)))
    )


def asked_for(
    tx: Transaction, connection: str, kind: str, numbers: Sequence[str], *, held: bool
) -> dict[str, int]:
    """Those of these documents that somebody asked for in the same way and that are not fetched yet, with the notice of
    each."""
    named = tx.among((notice.c.connection, notice.c.number), [(connection, number) for number in numbers])
    unfetched = notice.c.status.in_(("received", "fetching", "retrying"))
    here = sa.select(notice.c.number, notice.c.id).where(
        named, unfetched, notice.c.kind == kind, notice.c.via == "retrieve", notice.c.held.is_(held)
    )
    return {row["number"]: row["id"] for row in tx.rows(here.order_by(notice.c.id.desc()))}


# -- reconciliations -----------------------------------------------------------------------------------------


def named(tx: Transaction, purpose: Purpose, connection: str, kind: str, prefix: str) -> list[ListingRow]:
    """The listings of this purpose whose names begin so, oldest first."""
    here = sa.select(listing).where(
        listing.c.connection == connection, listing.c.kind == kind, listing.c.purpose == purpose
    )
    named_so = here.where(listing.c.name.startswith(prefix, autoescape=True))
    return _rows(tx, named_so.order_by(listing.c.id))


def locked(tx: Transaction, listing_id: int) -> ListingRow | None:
    """One listing, locked until the end of the transaction."""
    found = _rows(tx, sa.select(listing).where(listing.c.id == listing_id).with_for_update())
    return found[0] if found else None


def read_on(
    tx: Transaction, listing_id: int, position: Mapping[str, str], *, heard: int, state: State
) -> None:
    """A reconciliation has had so many more entries read, and has come to this position."""
    _progress(tx, listing_id, heard, 0, position=position, state=state)


def found_entries(
    tx: Transaction, ids: Sequence[int], flow: str, type_: str, limit: int = 500
) -> list[EntryRow]:
    """The entries of a flow, and of its event type, that these listings brought into the log, oldest first; not those
    that it had before."""
    brought = (
        sa.select(entry.c.id)
        .join(event, event.c.id == entry.c.event_id)
        .join(
            notice,
            sa.and_(
                notice.c.connection == event.c.source,
                notice.c.number == event.c.document,
                notice.c.transport_id == event.c.transport_id,
                event.c.type == type_,
            ),
        )
        .where(notice.c.listing_id.in_(list(ids)), entry.c.flow == flow)
    )
    statement = sa.select(entry).where(entry.c.id.in_(brought)).order_by(entry.c.id)
    return entries.rows_of(tx, statement.limit(limit))
