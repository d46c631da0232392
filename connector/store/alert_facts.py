"""What alerts are judged by: how much errored and why, what is late, which connections stand still, what was heard.

Asked every few seconds, so nothing here reads a table that grows: what is open is found by its status, what was heard
by an index of its own. No name, number or text of anybody's document is among it.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from connector.status import NoticeStatus, Status
from connector.store import tables
from connector.store.alert_tables import alert_message
from connector.store.database import Transaction
from connector.store.listings import POLL
from connector.store.tables import config_version, entry, event, lane, listing, notice

STRAYS = 1_000
"""Events without a flow that are looked at, the newest: a count that reaches this may be higher."""

RECENT = timedelta(days=1)
"""How long an event without a flow counts."""

FAILING = 3
"""Tries in vain after which a channel counts as failing."""

Kind = tuple[str, str]
"""Source and type of events."""


@dataclass(frozen=True)
class Errored:
    """So many entries of a flow errored for this cause; or, without a flow, notices of a connection."""

    flow: str
    connection: str
    code: str
    count: int


@dataclass(frozen=True)
class Late:
    """So many are on their way, the oldest since then: entries of a flow or, without one, notices of a connection."""

    flow: str
    connection: str
    count: int
    since: datetime


@dataclass(frozen=True)
class Waiting:
    """So many entries of a flow wait; the first is given up then."""

    flow: str
    count: int
    until: datetime


@dataclass(frozen=True)
class Stopped:
    """A connection, or a channel, that has not worked since then; `count` of what it is told beside."""

    name: str
    since: datetime
    count: int = 1


@dataclass(frozen=True)
class Stray:
    """So many events of one kind came lately that match no flow."""

    source: str
    type: str
    count: int


@dataclass(frozen=True)
class Facts:
    """Everything, at one moment of the database's clock. `heard`: when the last event of a kind came, or, where none
    ever did, since when one could have."""

    now: datetime
    errored: tuple[Errored, ...] = ()
    late: tuple[Late, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    paused: tuple[Stopped, ...] = ()
    failing: tuple[Stopped, ...] = ()
    polls: tuple[Stopped, ...] = ()
    strays: tuple[Stray, ...] = ()
    channels: tuple[Stopped, ...] = ()
    heard: Mapping[Kind, datetime] | None = None


def facts(tx: Transaction, failures: int, kinds: Collection[Kind], version: str) -> Facts:
    """What there is now. `failures` in a row open a circuit; `kinds` of events are listened for since this `version` of
    the configuration."""
    return Facts(
        now=tx.now,
        errored=(*_errored_entries(tx), *_errored_notices(tx)),
        late=(*_late_entries(tx), *_late_notices(tx)),
        waiting=_waiting(tx),
        paused=_paused(tx),
        failing=_failing(tx, failures),
        polls=_polls(tx),
        strays=_strays(tx),
        channels=_channels(tx),
        heard={kind: heard for kind in kinds if (heard := _heard(tx, kind, version)) is not None},
    )


_COUNT = sa.func.count().label("count")


def _errored_entries(tx: Transaction) -> tuple[Errored, ...]:
    group = (entry.c.flow, entry.c.target.label("connection"), entry.c.code)
    rows = sa.select(*group, _COUNT).where(entry.c.status == Status.ERRORED).group_by(*group)
    return tuple(Errored(**row) for row in tx.rows(rows.order_by(*group)))


def _errored_notices(tx: Transaction) -> tuple[Errored, ...]:
    group = (notice.c.connection, notice.c.code)
    rows = sa.select(*group, _COUNT).where(notice.c.status == NoticeStatus.ERRORED).group_by(*group)
    return tuple(Errored(flow="", **row) for row in tx.rows(rows.order_by(*group)))


def _late_entries(tx: Transaction) -> tuple[Late, ...]:
    """Since it failed first, or came into its status: one that a person had go on after weeks is not weeks late."""
    group = (entry.c.flow, entry.c.target.label("connection"))
    since = sa.func.min(sa.func.coalesce(entry.c.failed_since, entry.c.updated_at)).label("since")
    here = entry.c.status.in_((Status.QUEUED, Status.DELIVERING, Status.RETRYING))
    rows = sa.select(*group, _COUNT, since).where(here).group_by(*group)
    return tuple(Late(**row) for row in tx.rows(rows.order_by(*group)))


def _late_notices(tx: Transaction) -> tuple[Late, ...]:
    since = sa.func.min(sa.func.coalesce(notice.c.failed_since, notice.c.updated_at)).label("since")
    here = notice.c.status.in_((NoticeStatus.RECEIVED, NoticeStatus.FETCHING, NoticeStatus.RETRYING))
    rows = sa.select(notice.c.connection, _COUNT, since).where(here).group_by(notice.c.connection)
    return tuple(Late(flow="", **row) for row in tx.rows(rows.order_by(notice.c.connection)))


def _waiting(tx: Transaction) -> tuple[Waiting, ...]:
    until = sa.func.min(entry.c.wait_until).label("until")
    here = sa.and_(entry.c.status == Status.WAITING, entry.c.wait_until.is_not(None))
    rows = sa.select(entry.c.flow, _COUNT, until).where(here).group_by(entry.c.flow)
    return tuple(Waiting(**row) for row in tx.rows(rows.order_by(entry.c.flow)))


def _paused(tx: Transaction) -> tuple[Stopped, ...]:
    """A lane that is paused is touched by nobody but who lets it go on."""
    since = sa.func.min(lane.c.updated_at).label("since")
    rows = sa.select(lane.c.connection.label("name"), since).where(lane.c.paused).group_by(lane.c.connection)
    return tuple(Stopped(**row) for row in tx.rows(rows.order_by(lane.c.connection)))


def _failing(tx: Transaction, failures: int) -> tuple[Stopped, ...]:
    """Connections of which a lane's circuit is open, since the oldest of its work failed first."""
    here = sa.and_(lane.c.failures >= failures, lane.c.paused.is_(False))
    since: dict[str, datetime] = {}
    for row in tx.rows(sa.select(lane.c.name, lane.c.connection).where(here).order_by(lane.c.name)):
        known = [since[row["connection"]]] if row["connection"] in since else []
        firsts = [first for first in _first_failures(tx, row["name"]) if first is not None]
        if known or firsts:
            since[row["connection"]] = min(*known, *firsts, tx.now)
    return tuple(Stopped(name, at) for name, at in since.items())


def _first_failures(tx: Transaction, name: str) -> list[datetime | None]:
    parts: tuple[tuple[sa.Table, sa.ColumnElement[bool]], ...] = (
        (entry, entry.c.status == Status.RETRYING),
        (notice, notice.c.status == NoticeStatus.RETRYING),
        (listing, listing.c.state == "active"),
    )
    return [
        tx.value(sa.select(sa.func.min(table.c.failed_since)).where(table.c.lane == name, here))
        for table, here in parts
    ]


def _polls(tx: Transaction) -> tuple[Stopped, ...]:
    here = sa.and_(
        listing.c.purpose == POLL, listing.c.state == "active", listing.c.failed_since.is_not(None)
    )
    since = sa.func.min(listing.c.failed_since).label("since")
    rows = sa.select(listing.c.connection.label("name"), since, _COUNT).where(here)
    grouped = rows.group_by(listing.c.connection).order_by(listing.c.connection)
    return tuple(Stopped(**row) for row in tx.rows(grouped))


def _strays(tx: Transaction) -> tuple[Stray, ...]:
    columns = (event.c.source, event.c.type, event.c.received_at)
    newest = sa.select(*columns).where(sa.text(tables.UNROUTED)).order_by(event.c.id.desc()).limit(STRAYS)
    recent = [row for row in tx.rows(newest) if row["received_at"] > tx.now - RECENT]
    counts = Counter((row["source"], row["type"]) for row in recent)
    return tuple(Stray(*kind, count) for kind, count in sorted(counts.items()))


def _channels(tx: Transaction) -> tuple[Stopped, ...]:
    """Channels that got nothing through since the last that they did; `count` are the messages."""
    columns = (alert_message.c.channel, alert_message.c.id, alert_message.c.created_at)
    in_vain = sa.and_(alert_message.c.sent_at.is_(None), alert_message.c.attempts >= FAILING)
    rows = sorted(tx.rows(sa.select(*columns).where(in_vain)), key=lambda row: int(row["id"]))
    through = {name: _last_sent(tx, name) for name in {row["channel"] for row in rows}}
    since: dict[str, list[datetime]] = {}
    for row in rows:
        if row["id"] > through[row["channel"]]:
            since.setdefault(row["channel"], []).append(row["created_at"])
    return tuple(Stopped(name, moments[0], len(moments)) for name, moments in sorted(since.items()))


def _last_sent(tx: Transaction, channel: str) -> int:
    sent = sa.and_(alert_message.c.channel == channel, alert_message.c.sent_at.is_not(None))
    newest = sa.select(alert_message.c.id).where(sent).order_by(alert_message.c.id.desc()).limit(1)
    return int(tx.value(newest) or 0)


def _heard(tx: Transaction, kind: Kind, version: str) -> datetime | None:
    of_kind = sa.and_(event.c.source == kind[0], event.c.type == kind[1])
    last: Any = tx.value(sa.select(sa.func.max(event.c.received_at)).where(of_kind))
    declared = sa.select(config_version.c.created_at).where(config_version.c.version == version)
    found: datetime | None = last if last is not None else tx.value(declared)
    return found
