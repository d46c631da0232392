"""Which entries are meant, and how they are found fast: as streams that an index holds in order, newest first.

PostgreSQL's planner cannot know how what is asked for is spread over the ids: where the few that match are old, it
reads everything that is newer. So each stream is one that ends by itself: of one flow in one status, or of one status
(and of many flows, where these are too many).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from connector.status import Status
from connector.store.database import Transaction
from connector.store.digest_tables import digest, flow_route
from connector.store.tables import entry, entry_key, flow_edition, link

MARGIN = timedelta(hours=1)
"""Moments rise with ids, but for so much: a transaction may take long, and clocks differ."""

NEAR_ENOUGH = 500
"""Ids between which a moment need not be looked for more closely."""

MOST_STREAMS = 400
"""So many streams are merged at most; SQLite refuses more than 500, and PostgreSQL plans each of them."""


@dataclass(frozen=True)
class Filters:
    """What to list; an empty member asks for nothing.

    `connection` is source or target, `order` the number of an order at any connection; `since` (inclusive)
    and `until` (exclusive) bound when the entry was made; each word of `q` is looked for in the entry's numbers, those
    of its orders everywhere, customer, tracking numbers, flow and reason; `cause` is the cause of its present error.
    """

    status: tuple[str, ...] = ()
    flow: str = ""
    connection: str = ""
    type: str = ""
    order: str = ""
    q: str = ""
    since: datetime | None = None
    until: datetime | None = None
    cause: int | None = None


@dataclass(frozen=True)
class Wanted:
    """The same for the database: streams that together hold all that is meant, each entry once, within these ids.

    `above` (exclusive) and `below` (exclusive) bound the ids; `streams` are conditions that an index has in order.
    """

    conditions: tuple[sa.ColumnElement[bool], ...]
    streams: tuple[sa.ColumnElement[bool], ...]
    above: int | None = None
    below: int | None = None

    def within(self, above: int | None, below: int | None) -> "Wanted":
        """Only what lies between these ids as well."""
        lowest = [one for one in (above, self.above) if one is not None]
        highest = [one for one in (below, self.below) if one is not None]
        return replace(self, above=max(lowest, default=None), below=min(highest, default=None))

    def of(self, *more: sa.ColumnElement[bool]) -> "Wanted":
        """Only what is so as well."""
        return replace(self, conditions=(*self.conditions, *more))

    def ids(self, limit: int) -> sa.Select[tuple[int]]:
        """The ids, newest first, so many at most."""
        streams = [self._stream(one, limit) for one in self.streams]
        if len(streams) == 1:
            return streams[0]
        if not streams:
            return sa.select(entry.c.id).where(sa.false())
        merged = sa.union_all(*(sa.select(one.subquery().c.id) for one in streams)).subquery()
        return sa.select(merged.c.id).order_by(merged.c.id.desc()).limit(limit)

    def _stream(self, stream: sa.ColumnElement[bool], limit: int) -> sa.Select[tuple[int]]:
        statement = sa.select(entry.c.id).where(stream, *self.conditions, *self._bounds())
        return statement.order_by(entry.c.id.desc()).limit(limit)

    def _bounds(self) -> Iterator[sa.ColumnElement[bool]]:
        if self.above is not None:
            yield entry.c.id > self.above
        if self.below is not None:
            yield entry.c.id < self.below


def wanted(tx: Transaction, filters: Filters) -> Wanted:
    """All that is asked for but the words (`q`), which are looked for in `search.py`."""
    conditions = tuple(_conditions(filters))
    above = _around(tx, filters.since - MARGIN)[0] if filters.since is not None else None
    below = _around(tx, filters.until + MARGIN)[1] if filters.until is not None else None
    return Wanted(conditions, tuple(_streams(tx, filters)), above, below)


def _conditions(filters: Filters) -> Iterator[sa.ColumnElement[bool]]:
    if filters.connection:
        yield sa.or_(entry.c.source == filters.connection, entry.c.target == filters.connection)
    if filters.type:
        yield entry.c.type == filters.type
    if filters.since is not None:
        yield entry.c.created_at >= filters.since
    if filters.until is not None:
        yield entry.c.created_at < filters.until


# -- streams -----------------------------------------------------------------------------------------------


def _streams(tx: Transaction, filters: Filters) -> Sequence[sa.ColumnElement[bool]]:
    """Those of the narrowest index that fits what is asked for."""
    statuses = tuple(dict.fromkeys(filters.status))
    of_status = entry.c.status.in_(statuses) if statuses else sa.true()
    of_flow = entry.c.flow == filters.flow if filters.flow else sa.true()
    if filters.order:
        return [sa.and_(_of_order(filters.order), of_status, of_flow)]
    if filters.cause is not None:
        mine = sa.select(digest.c.entry_id).where(digest.c.cause_id == filters.cause)
        errored = entry.c.status == Status.ERRORED
        return [sa.and_(entry.c.id.in_(mine), errored, of_status, of_flow)]
    if filters.flow or filters.connection or filters.type:
        flows = [filters.flow] if filters.flow else _flows(tx, filters)
        each = statuses or tuple(Status)
        if len(flows) * len(each) > MOST_STREAMS:
            return [sa.and_(entry.c.flow.in_(flows), entry.c.status == status) for status in each]
        return [sa.and_(entry.c.flow == flow, entry.c.status == status) for flow in flows for status in each]
    return [entry.c.status == status for status in statuses] or [sa.true()]


def _flows(tx: Transaction, filters: Filters) -> Sequence[str]:
    """The flows that carried something of this type or connection, and those of which nothing is known yet."""
    here = [flow_route.c.type == filters.type] if filters.type else []
    if filters.connection:
        name = filters.connection
        here.append(sa.or_(flow_route.c.source == name, flow_route.c.target == name))
    known = sa.select(flow_route.c.flow)
    found = {*tx.values(known.where(*here))}
    return sorted(
        {*found, *tx.values(sa.select(flow_edition.c.flow).where(flow_edition.c.flow.not_in(known)))}
    )


@dataclass(frozen=True)
class Carried:
    """What stands in the log at all, by name: what a filter may ask for beside what is configured now."""

    flows: frozenset[str]
    connections: frozenset[str]
    types: frozenset[str]


def carried(tx: Transaction) -> Carried:
    """The flows, connections and event types of which there are, or were, entries."""
    rows = tx.rows(sa.select(flow_route))
    return Carried(
        frozenset(row["flow"] for row in rows),
        frozenset(row[side] for row in rows for side in ("source", "target")),
        frozenset(row["type"] for row in rows),
    )


def _of_order(number: str) -> sa.ColumnElement[bool]:
    """By its number where it was born, or by the number that it bears elsewhere."""
    of_key = sa.select(entry_key.c.entry_id)
    ours = of_key.join(
        link,
        sa.and_(
            link.c.target_connection == entry_key.c.connection, link.c.target_number == entry_key.c.number
        ),
    ).where(link.c.kind == "order", link.c.source_number == number)
    theirs = of_key.join(
        link,
        sa.and_(
            link.c.source_connection == entry_key.c.connection, link.c.source_number == entry_key.c.number
        ),
    ).where(link.c.kind == "order", link.c.target_number == number)
    return entry.c.id.in_(sa.union(of_key.where(entry_key.c.number == number), ours, theirs))


# -- moments -----------------------------------------------------------------------------------------------


def _around(tx: Transaction, moment: datetime) -> tuple[int, int | None]:
    """An id that was made before this moment, and one that was made then or later (None: none was), close to each
    other; by halving, from the primary key."""
    low = (tx.value(sa.select(sa.func.min(entry.c.id))) or 1) - 1
    high = tx.value(sa.select(sa.func.max(entry.c.id))) or 0
    if high and _made_at_or_before(tx, high)[1] < moment:
        return high, None
    while high - low > NEAR_ENOUGH:
        middle = (low + high) // 2
        found, made = _made_at_or_before(tx, middle)
        if made < moment:
            low = middle
        else:
            high = found
    return low, high


def _made_at_or_before(tx: Transaction, entry_id: int) -> tuple[int, datetime]:
    """The entry of this id, or the one before it, and when it was made."""
    statement = sa.select(entry.c.id, entry.c.created_at).where(entry.c.id <= entry_id)
    (row,) = tx.rows(statement.order_by(entry.c.id.desc()).limit(1))
    return row["id"], row["created_at"]
