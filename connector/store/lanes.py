"""Lanes in SQL: one owner at a time by a lease with a fencing token, the pause, the circuit, and the encrypted seat.

Every commit of an owner goes through `fence`, which locks the lane's row and raises where the token is not the last.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from connector.store import claims, inspections, listings, tables
from connector.store.database import Transaction
from connector.store.tables import entry, event, lane, notice


class LeaseLost(Exception):
    """Another owner has the lane, or the lease ran out: nothing of this transaction may stand."""


@dataclass(frozen=True)
class Lease:
    """What an owner holds. `lost_until` is when the lease of an owner that never gave it back ran out, else None."""

    lane: str
    token: int
    until: datetime
    lost_until: datetime | None
    failures: int
    seat: str | None


@dataclass(frozen=True)
class LaneRow:
    """A lane as people see it."""

    name: str
    connection: str
    owner: str | None
    lease_until: datetime | None
    paused: bool
    code: str
    reason: str
    failures: int
    closed_until: datetime | None


def declare(tx: Transaction, lanes: Iterable[tuple[str, str]]) -> None:
    """Make the rows of these (lane, connection) pairs that are not there yet."""
    tx.insert_new(
        lane,
        [
            {
                "name": name,
                "connection": connection,
                "token": 0,
                "owner": None,
                "lease_until": None,
                "paused": False,
                "code": "",
                "reason": "",
                "failures": 0,
                "closed_until": None,
                "seat": None,
                "updated_at": tx.now,
            }
            for name, connection in lanes
        ],
        [lane.c.name],
    )


def try_lock(tx: Transaction, name: str) -> bool:
    """Hold a lane's row until the end of the transaction, unless somebody does; raises KeyError for an unknown one."""
    here = sa.select(lane.c.token).where(lane.c.name == name)
    if tx.row(here.with_for_update(skip_locked=True)) is not None:
        return True
    if tx.row(here) is None:
        raise KeyError(f"lane {name} is not declared")
    return False


def lock_connection(tx: Transaction, connection: str) -> None:
    """Hold the rows of all lanes of a connection; in the order of their names, so that two holders cannot lock up."""
    rows = sa.select(lane.c.name).where(lane.c.connection == connection).order_by(lane.c.name)
    tx.rows(rows.with_for_update())


def lock(tx: Transaction, name: str) -> None:
    """Hold a lane's row until the end of the transaction; raises KeyError where the row is not declared."""
    if tx.row(sa.select(lane.c.token).where(lane.c.name == name).with_for_update()) is None:
        raise KeyError(f"lane {name} is not declared")


def acquire(tx: Transaction, name: str, owner: str, seconds: float) -> Lease | None:
    """Take the lane if nobody holds it, it is not paused, and its circuit is closed or due for a probe."""
    row = tx.row(sa.select(lane).where(lane.c.name == name).with_for_update())
    if row is None or row["paused"] or (row["closed_until"] or tx.now) > tx.now:
        return None
    if row["lease_until"] is not None and row["lease_until"] > tx.now:
        return None
    token, until = row["token"] + 1, tx.now + timedelta(seconds=seconds)
    tx.run(
        lane.update()
        .where(lane.c.name == name)
        .values(
            token=token,
            owner=owner,
            lease_until=until,
            closed_until=None,
            code="",
            reason="",
            updated_at=tx.now,
        )
    )
    return Lease(name, token, until, row["lease_until"], row["failures"], row["seat"])


def fence(tx: Transaction, name: str, token: int) -> bool:
    """Lock the lane's row and raise LeaseLost unless this token is the last one given and its lease still runs.

    Returns whether the connection may be called: another lane of it may have paused it.
    """
    columns = (lane.c.token, lane.c.lease_until, lane.c.paused)
    row = tx.row(sa.select(*columns).where(lane.c.name == name).with_for_update())
    if row is None or row["token"] != token or row["lease_until"] is None or row["lease_until"] <= tx.now:
        raise LeaseLost(f"lane {name}: token {token} is no longer valid")
    return not row["paused"]


def renew(tx: Transaction, name: str, token: int, seconds: float) -> None:
    """Lengthen a lease that is still ours; raises LeaseLost."""
    fence(tx, name, token)
    tx.run(lane.update().where(lane.c.name == name).values(lease_until=tx.now + timedelta(seconds=seconds)))


def release(tx: Transaction, name: str, token: int) -> None:
    """Give the lane back, if it is still ours."""
    tx.run(
        lane.update()
        .where(lane.c.name == name, lane.c.token == token)
        .values(owner=None, lease_until=None, updated_at=tx.now)
    )


def pause(tx: Transaction, connection: str, code: str, reason: str) -> None:
    """Stop all lanes of a connection until `resume`."""
    tx.run(
        lane.update()
        .where(lane.c.connection == connection, lane.c.paused.is_(False))
        .values(paused=True, code=code, reason=reason, updated_at=tx.now)
    )


def resume(tx: Transaction, connection: str) -> bool:
    """Let a paused connection go on, with its circuit closed; was it paused?"""
    was = tx.value(sa.select(sa.func.count()).where(lane.c.connection == connection, lane.c.paused))
    tx.run(
        lane.update()
        .where(lane.c.connection == connection)
        .values(paused=False, code="", reason="", failures=0, closed_until=None, updated_at=tx.now)
    )
    return bool(was)


def note_health(
    tx: Transaction, name: str, failures: int, closed_for: float | None, code: str, reason: str
) -> None:
    """Store failures in a row, and for how many seconds nobody shall call (None: the circuit stays as it is)."""
    values: dict[str, object] = {"failures": failures, "code": code, "reason": reason}
    if closed_for is not None:
        values["closed_until"] = tx.now + timedelta(seconds=closed_for)
    tx.run(lane.update().where(lane.c.name == name, lane.c.paused.is_(False)).values(**values))


def keep_seat(tx: Transaction, connection: str, sealed: str | None) -> None:
    """Keep the connection's sealed access token, for all its lanes and all processes."""
    tx.run(lane.update().where(lane.c.connection == connection).values(seat=sealed))


def sealed_seat(tx: Transaction, connection: str) -> str | None:
    """The connection's sealed access token."""
    seat: str | None = tx.value(sa.select(lane.c.seat).where(lane.c.connection == connection).limit(1))
    return seat


def overview(tx: Transaction) -> Sequence[LaneRow]:
    """All lanes by name."""
    columns = [lane.c[name] for name in LaneRow.__dataclass_fields__]
    return [
        LaneRow(**row)
        for row in tx.rows(sa.select(*columns).where(lane.c.connection != "").order_by(lane.c.name))
    ]


def with_due_work(tx: Transaction) -> Sequence[str]:
    """The lanes that somebody should take: free, not paused, and with due or left-behind work."""
    free = sa.and_(
        lane.c.paused.is_(False),
        sa.or_(lane.c.lease_until.is_(None), lane.c.lease_until <= tx.now),
        sa.or_(lane.c.closed_until.is_(None), lane.c.closed_until <= tx.now),
    )
    return tx.values(sa.select(lane.c.name).where(free, has_due_work(tx)).order_by(lane.c.name))


def has_due_work(tx: Transaction) -> sa.ColumnElement[bool]:
    """Does the lane of the enclosing select have work that is due?"""
    # Each a question of its own: with an OR inside, PostgreSQL looks for every blocked entry of every lane, and SQLite
    # through every notice of the lane.
    unfetched = sa.and_(notice.c.status.in_(("received", "retrying")), notice.c.due_at <= tx.now)
    return sa.or_(
        sa.exists().where(claims.claimable(tx, lane.c.name)).correlate(lane),
        sa.exists().where(entry.c.lane == lane.c.name, entry.c.status == "delivering"),
        sa.exists().where(notice.c.lane == lane.c.name, unfetched),
        sa.exists().where(notice.c.lane == lane.c.name, notice.c.status == "fetching"),
        sa.exists().where(listings.is_due(tx, lane.c.name)).correlate(lane),
        sa.exists().where(inspections.is_due(tx, lane.c.name)).correlate(lane),
    )


def due(tx: Transaction, name: str) -> bool:
    """Has this lane work that is due, whoever holds it?"""
    return bool(
        tx.value(sa.select(sa.func.count()).select_from(lane).where(lane.c.name == name, has_due_work(tx)))
    )


def planning_due(tx: Transaction) -> bool:
    """Are there events to route or entries to plan anew?"""
    events = sa.select(event.c.id).where(sa.text(tables.TO_ROUTE)).limit(1)
    entries = sa.select(entry.c.id).where(entry.c.replan, entry.c.status == "queued").limit(1)
    return tx.value(events) is not None or tx.value(entries) is not None
