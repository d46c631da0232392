"""What was heard: notices and events, deduplicated by unique constraints, with the context and revisions of facts."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from connector.reference import EventIdentity
from connector.status import NoticeStatus, check_notice_move
from connector.store import corrections, revisions, tables
from connector.store.columns import storable
from connector.store.database import Transaction
from connector.store.revisions import Said
from connector.store.tables import attempt, event, notice

MOST_NOTICES = 5000
"""Notices claimed at a time; a paused source may have heaped up many of one document."""


NOT_ROUTED_YET = frozenset({"new", "fetching", "fetched"})
"""The states of events of which entries may still come."""


@dataclass(frozen=True)
class NewNotice:
    """A notice to store; an errored one (authentic but not understood) has no document and a reason.

    `via` says how it was heard of. What comes of a `held` one waits for a person to post it. `led_by` is the notice of
    the document that led to this one.
    """

    connection: str
    lane: str
    transport_id: str
    kind: str
    number: str
    ordering: int
    payload: str
    code: str = ""
    reason: str = ""
    event_id: int | None = None
    via: str = "webhook"
    held: bool = False
    listing_id: int | None = None
    led_by: int | None = None


@dataclass(frozen=True)
class NoticeRow:
    """A stored notice."""

    id: int
    connection: str
    lane: str
    transport_id: str
    kind: str
    number: str
    ordering: int
    status: NoticeStatus
    code: str
    reason: str
    payload: str
    via: str
    held: bool
    event_id: int | None
    received_at: datetime
    due_at: datetime
    attempts: int
    failed_since: datetime | None


@dataclass(frozen=True)
class NewEvent:
    """An event to store; `revision` None takes the fact's current one. Entries of a `held` one wait for a person;
    `echo_of` is the entry whose effect it tells of."""

    source: str
    type: str
    document: str
    revision: int | None
    transport_id: str
    via: str
    time: datetime
    data: Mapping[str, Any]
    held: bool = False
    echo_of: int | None = None


@dataclass(frozen=True)
class EventRow:
    """A stored event. `state`: new (to be routed), fetching (its context), fetched, routed, unrouted."""

    id: int
    source: str
    type: str
    document: str
    revision: int
    transport_id: str
    via: str
    time: datetime
    received_at: datetime
    state: str
    held: bool
    echo_of: int | None
    data: Mapping[str, Any]

    @property
    def identity(self) -> EventIdentity:
        """What makes it this event."""
        return EventIdentity(
            source=self.source, type=self.type, document=self.document, revision=self.revision
        )


@dataclass(frozen=True)
class Receipt:
    """The id under which something stands, and whether it stood there before."""

    id: int
    duplicate: bool


# -- notices -----------------------------------------------------------------------------------------------------------


def store_notices(tx: Transaction, notices: Sequence[NewNotice]) -> list[Receipt]:
    """Store notices, each once per transport id and document, and say under which ids they stand."""
    same = (notice.c.connection, notice.c.number, notice.c.kind, notice.c.transport_id)
    rows = {_notice_key(new): _notice_values(tx, new) for new in notices}
    stored = tx.insert_new(notice, [rows[key] for key in sorted(rows)], [notice.c.id, *same])
    fresh = {tuple(row[column.name] for column in same): int(row["id"]) for row in stored}
    known: dict[tuple[Any, ...], int] = {}
    if len(fresh) < len(rows):
        statement = sa.select(notice.c.id, *same).where(tx.among(same, rows))
        known = {tuple(row[column.name] for column in same): int(row["id"]) for row in tx.rows(statement)}
    return [Receipt(fresh.get(key) or known[key], key not in fresh) for key in map(_notice_key, notices)]


def _notice_key(new: NewNotice) -> tuple[str, str, str, str]:
    return (new.connection, storable(new.number), new.kind, _transport_id(new))


def _transport_id(new: NewNotice) -> str:
    """An id that is longer than its column stands by its hash; it only serves to recognize a repetition."""
    text = storable(new.transport_id)
    return text if len(text) <= 255 else "long:" + hashlib.sha256(text.encode()).hexdigest()


def _notice_values(tx: Transaction, new: NewNotice) -> dict[str, Any]:
    return {
        "connection": new.connection,
        "lane": new.lane,
        "transport_id": _transport_id(new),
        "kind": new.kind,
        "number": new.number,
        "ordering": new.ordering,
        "status": NoticeStatus.ERRORED if new.code else NoticeStatus.RECEIVED,
        "code": new.code,
        "reason": new.reason,
        "payload": new.payload,
        "via": new.via,
        "held": new.held,
        "listing_id": new.listing_id,
        "led_by": new.led_by,
        "event_id": new.event_id,
        "received_at": tx.now,
        "due_at": tx.now,
        "attempts": 0,
        "failed_since": None,
        "token": None,
        "updated_at": tx.now,
    }


def claim_notices(tx: Transaction, lane: str, token: int, limit: int) -> list[NoticeRow]:
    """Claim due notices of a lane for its owner; the other due notices of a claimed document come along."""
    due = sa.and_(
        notice.c.lane == lane, notice.c.status.in_(("received", "retrying")), notice.c.due_at <= tx.now
    )
    busy = notice.alias("busy")
    fetching = sa.select(busy.c.kind, busy.c.number).where(busy.c.lane == lane, busy.c.status == "fetching")
    # Two fetches of one document at once could be recorded in the wrong order.
    due = sa.and_(due, sa.tuple_(notice.c.kind, notice.c.number).not_in(fetching))
    documents = tx.rows(
        sa.select(notice.c.kind, notice.c.number, sa.func.min(notice.c.id).label("first"))
        .where(due)
        .group_by(notice.c.kind, notice.c.number)
        .order_by(sa.text("first"))
        .limit(limit)
    )
    if not documents:
        return []
    wanted = sa.tuple_(notice.c.kind, notice.c.number).in_(
        [(row["kind"], row["number"]) for row in documents]
    )
    found = sa.select(notice).where(due, wanted).order_by(notice.c.id).limit(MOST_NOTICES)
    rows = tx.rows(
        found.with_for_update(skip_locked=True)
    )  # a person may be moving one of them at this moment
    ids = [row["id"] for row in rows]
    tx.run(
        notice.update()
        .where(notice.c.id.in_(ids))
        .values(status=NoticeStatus.FETCHING, token=token, attempts=notice.c.attempts + 1, updated_at=tx.now)
    )
    return [_notice(row, attempts=row["attempts"] + 1, status=NoticeStatus.FETCHING) for row in rows]


def move_notices(
    tx: Transaction,
    ids: Iterable[int],
    status: NoticeStatus,
    *,
    code: str = "",
    reason: str = "",
    delay: float = 0,
    given_back: bool = False,
) -> None:
    """Move notices to another status, due after `delay` seconds; raises IllegalMove. `given_back`: not tried."""
    wanted = list(ids)
    for row in tx.rows(
        sa.select(notice.c.id, notice.c.status).where(notice.c.id.in_(wanted)).with_for_update()
    ):
        check_notice_move(f"notice {row['id']}", NoticeStatus(row["status"]), status)
    since: Any = sa.func.coalesce(notice.c.failed_since, tx.now) if status == NoticeStatus.RETRYING else None
    tx.run(
        notice.update()
        .where(notice.c.id.in_(wanted))
        .values(
            status=status,
            code=code,
            reason=reason,
            due_at=tx.now + timedelta(seconds=delay),
            failed_since=since,
            attempts=notice.c.attempts - (1 if given_back else 0),
            token=None,
            updated_at=tx.now,
        )
    )


def bring_forward(tx: Transaction, notice_id: int) -> None:
    """Make a retrying notice due now; its status stays as it is."""
    tx.run(
        notice.update().where(notice.c.id == notice_id, notice.c.status == "retrying").values(due_at=tx.now)
    )


def recover_notices(tx: Transaction, lane: str, token: int) -> int:
    """Put back what an owner that vanished was fetching; fetching changes nothing at the vendor."""
    lost = sa.and_(notice.c.lane == lane, notice.c.status == "fetching", notice.c.token != token)
    ids = tx.values(sa.select(notice.c.id).where(lost))
    if ids:
        move_notices(
            tx, ids, NoticeStatus.RECEIVED, code="lane lost", reason="the worker that fetched it vanished"
        )
    return len(ids)


def notices(
    tx: Transaction,
    *,
    status: Sequence[str] = (),
    connection: str | None = None,
    limit: int = 50,
    below: int | None = None,
) -> list[NoticeRow]:
    """Notices, newest first, from behind the id `below`."""
    statement = sa.select(notice).order_by(notice.c.id.desc()).limit(limit)
    if below is not None:
        statement = statement.where(notice.c.id < below)
    if status:
        statement = statement.where(notice.c.status.in_(status))
    if connection:
        statement = statement.where(notice.c.connection == connection)
    return [_notice(row) for row in tx.rows(statement)]


def get_notice(tx: Transaction, notice_id: int, *, lock: bool = False) -> NoticeRow | None:
    """One notice, locked until the end of the transaction if asked."""
    statement = sa.select(notice).where(notice.c.id == notice_id)
    row = tx.row(statement.with_for_update() if lock else statement)
    return _notice(row) if row else None


def notices_of_number(tx: Transaction, connections: Sequence[str], number: str) -> list[NoticeRow]:
    """The notices of documents of this number at these connections, newest first, ten at most."""
    here = tx.among((notice.c.connection, notice.c.number), [(one, number) for one in connections])
    return [
        _notice(row) for row in tx.rows(sa.select(notice).where(here).order_by(notice.c.id.desc()).limit(10))
    ]


def led_notices(tx: Transaction, notice_id: int) -> list[NoticeRow]:
    """The notices of the documents that this one's document led to, oldest first."""
    led = sa.select(notice).where(notice.c.led_by == notice_id).order_by(notice.c.id)
    return [_notice(row) for row in tx.rows(led)]


def notice_attempts(tx: Transaction, notice_id: int) -> Sequence[sa.RowMapping]:
    """The tries at fetching it, oldest first."""
    return tx.rows(sa.select(attempt).where(attempt.c.notice_id == notice_id).order_by(attempt.c.id))


def _notice(row: sa.RowMapping, **changed: Any) -> NoticeRow:
    values = {name: row[name] for name in NoticeRow.__dataclass_fields__} | changed
    return NoticeRow(**(values | {"status": NoticeStatus(values["status"])}))


# -- events ------------------------------------------------------------------------------------------------------------


def store_events(tx: Transaction, events: Sequence[NewEvent]) -> list[Receipt]:
    """Store events, each once per identity, and say under which ids they stand.

    A void without a revision takes back the last confirmation that is known; the next confirmation is a new fact. A
    change of a level without a revision is one more.
    """
    same = (event.c.source, event.c.type, event.c.document, event.c.revision)
    said = [Said(_fact_key(new), storable(new.transport_id), new.revision, new.data) for new in events]
    keys = [(*one.fact, revision) for one, revision in zip(said, revisions.of(tx, said), strict=True)]
    rows = {key: _event_values(tx, new, key[3]) for key, new in zip(keys, events, strict=True)}
    stored = tx.insert_new(event, list(rows.values()), [event.c.id, *same])
    fresh = {tuple(row[column.name] for column in same): int(row["id"]) for row in stored}
    known: dict[tuple[Any, ...], int] = {}
    if len(fresh) < len(rows):
        statement = sa.select(event.c.id, *same).where(tx.among(same, rows))
        known = {tuple(row[column.name] for column in same): int(row["id"]) for row in tx.rows(statement)}
    revisions.stored(tx, {key: one for key, one in zip(keys, said, strict=True) if key in fresh})
    receipts, seen = [], set[tuple[Any, ...]]()
    for key in keys:
        receipts.append(Receipt(fresh.get(key) or known[key], key not in fresh or key in seen))
        seen.add(key)
    return receipts


def _event_values(tx: Transaction, new: NewEvent, revision: int) -> dict[str, Any]:
    return {
        "source": new.source,
        "type": new.type,
        "document": new.document,
        "revision": revision,
        "transport_id": new.transport_id,
        "via": new.via,
        "time": new.time,
        "received_at": tx.now,
        "state": "new",
        "held": new.held,
        "echo_of": new.echo_of,
        "data": new.data,
    }


def _fact_key(new: NewEvent) -> tuple[str, str, str]:
    return (new.source, new.type, storable(new.document))


def refresh_event(tx: Transaction, event_id: int, data: Mapping[str, Any]) -> bool:
    """Put newer data under an event that was heard again; did it change? What a person corrected stays so, as long as
    its source only says again what it had said."""
    old = tx.value(sa.select(event.c.data).where(event.c.id == event_id))
    if old == data or data in (corrections.lock(tx, event_id), corrections.told(tx, event_id)):
        return False
    corrections.overtaken(tx, event_id)
    tx.run(event.update().where(event.c.id == event_id).values(data=data))
    return True


def events_to_route(tx: Transaction, limit: int) -> list[EventRow]:
    """The oldest events that wait for routing."""
    statement = sa.select(event).where(sa.text(tables.TO_ROUTE)).order_by(event.c.id).limit(limit)
    return [EventRow(**row) for row in tx.rows(statement)]


def get_events(tx: Transaction, ids: Iterable[int]) -> dict[int, EventRow]:
    """Events by id."""
    return {row["id"]: EventRow(**row) for row in tx.rows(sa.select(event).where(event.c.id.in_(list(ids))))}


def events_of_document(tx: Transaction, source: str, types: Sequence[str], number: str) -> list[EventRow]:
    """Every event of these types about one document, oldest first."""
    here = sa.and_(event.c.source == source, event.c.type.in_(types), event.c.document == number)
    return [EventRow(**row) for row in tx.rows(sa.select(event).where(here).order_by(event.c.id))]


def set_state(tx: Transaction, ids: Iterable[int], state: str) -> None:
    """Set the state of events."""
    wanted = list(ids)
    if wanted:
        tx.run(event.update().where(event.c.id.in_(wanted)).values(state=state))


def give_up_fetching(tx: Transaction, event_id: int) -> None:
    """Have an event routed without the context that it was waiting for."""
    tx.run(event.update().where(event.c.id == event_id, event.c.state == "fetching").values(state="fetched"))
