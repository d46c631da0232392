"""Entries of the connector log: making, moving and reading them.

Every move goes through `move`, which refuses what the table of `connector.status` does not list and writes the
journal in the same transaction. Steps are `steps.py`, claiming is `claims.py`, waiting is `waits.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from connector.errors import Missing
from connector.status import BIRTHS, Status, check_move
from connector.store.database import Transaction
from connector.store.tables import entry, entry_key, journal

SYSTEM = "connector"
"""The actor of moves that no person asked for."""


@dataclass(frozen=True)
class NewEntry:
    """An entry to make. `keys` are the order keys (connection, number) it must not be passed on."""

    event_id: int
    flow: str
    type: str
    source: str
    source_number: str
    target: str
    lane: str
    config_version: str
    keys: frozenset[tuple[str, str]]
    plan: Mapping[str, Any] | None
    status: Status = Status.QUEUED


@dataclass(frozen=True)
class EntryRow:
    """A row of the connector log."""

    id: int
    event_id: int
    flow: str
    type: str
    source: str
    source_number: str
    target: str
    target_number: str
    lane: str
    status: Status
    code: str
    reason: str
    replan: bool
    plan: Mapping[str, Any] | None
    config_version: str
    due_at: datetime
    attempts: int
    failed_since: datetime | None
    wait_kind: str | None
    wait_connection: str | None
    wait_number: str | None
    wait_until: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Move:
    """One move of one entry, due after `delay` seconds.

    `was`: made only where the entry is still in one of these, because the decision came from an unlocked read.
    `fresh` forgets earlier tries, `given_back` the try that was not made.
    """

    entry_id: int
    to: Status
    code: str = ""
    reason: str = ""
    delay: float = 0
    actor: str = SYSTEM
    waits_for: Missing | None = None
    wait_deadline: float | None = None
    replan: bool = False
    fresh: bool = False
    given_back: bool = False
    was: frozenset[Status] | None = None
    target_number: str | None = None


def create(tx: Transaction, new: Sequence[NewEntry]) -> dict[tuple[int, str], int]:
    """Make the entries that are not there yet: (event id, flow) -> id of each one made now. Births are journalled."""
    for one in new:
        if one.status not in BIRTHS:
            raise ValueError(f"an entry cannot be born as {one.status}")
    rows = tx.insert_new(
        entry, [_entry_values(tx, one) for one in new], [entry.c.id, entry.c.event_id, entry.c.flow]
    )
    ids = {(int(row["event_id"]), str(row["flow"])): int(row["id"]) for row in rows}
    made = [(ids[one.event_id, one.flow], one) for one in new if (one.event_id, one.flow) in ids]
    tx.run(
        entry_key.insert(),
        [
            {"entry_id": entry_id, "connection": connection, "number": number, "target": one.target}
            for entry_id, one in made
            for connection, number in sorted(one.keys)
        ],
    )
    tx.run(
        journal.insert(),
        [journal_line(tx, entry_id, None, one.status, "", "routed", SYSTEM) for entry_id, one in made],
    )
    return ids


def _entry_values(tx: Transaction, one: NewEntry) -> dict[str, Any]:
    return {
        "event_id": one.event_id,
        "flow": one.flow,
        "type": one.type,
        "source": one.source,
        "source_number": one.source_number,
        "target": one.target,
        "target_number": "",
        "lane": one.lane,
        "status": one.status,
        "code": "",
        "reason": "",
        "replan": False,
        "plan": one.plan,
        "config_version": one.config_version,
        "due_at": tx.now,
        "attempts": 0,
        "failed_since": None,
        "token": None,
        "wait_kind": None,
        "wait_connection": None,
        "wait_number": None,
        "wait_until": None,
        "created_at": tx.now,
        "updated_at": tx.now,
    }


def journal_line(
    tx: Transaction, entry_id: int, old: Status | None, new: Status, code: str, reason: str, actor: str
) -> dict[str, Any]:
    """A line of the journal, to be inserted with the move that it tells of."""
    return {
        "entry_id": entry_id,
        "at": tx.now,
        "old": old,
        "new": new,
        "code": code,
        "reason": reason,
        "actor": actor,
    }


def set_plan(tx: Transaction, entry_id: int, plan: Mapping[str, Any], config_version: str, lane: str) -> None:
    """Put a new plan under an entry that was waiting for one."""
    tx.run(
        entry.update()
        .where(entry.c.id == entry_id)
        .values(plan=plan, config_version=config_version, lane=lane, replan=False, updated_at=tx.now)
    )


def add_keys(tx: Transaction, row: EntryRow, keys: Iterable[tuple[str, str]]) -> None:
    """From now on it neither passes others of these keys nor is passed: its data may name another customer by now."""
    new = [
        {"entry_id": row.id, "connection": connection, "number": number, "target": row.target}
        for connection, number in sorted(keys)
    ]
    tx.insert_new(entry_key, new, [entry_key.c.entry_id])


def move(tx: Transaction, moves: Sequence[Move]) -> list[Move]:
    """Move entries and write the journal; raises IllegalMove where a move is not listed, and then nothing stands.

    Returns the moves that were made: all, but those whose entry was no longer as `was` says.
    """
    ids = sorted({one.entry_id for one in moves})
    if not ids:
        return []
    locked = (
        sa.select(entry.c.id, entry.c.status)
        .where(entry.c.id.in_(ids))
        .order_by(entry.c.id)
        .with_for_update()
    )
    status = {row["id"]: Status(row["status"]) for row in tx.rows(locked)}
    made, lines = [], []
    for one in moves:
        old = status[one.entry_id]
        if one.was is not None and old not in one.was:
            continue
        check_move(f"entry {one.entry_id}", old, one.to)
        lines.append(journal_line(tx, one.entry_id, old, one.to, one.code, one.reason, one.actor))
        status[one.entry_id] = one.to
        made.append(one)
    tx.run(_MOVE, [_move_values(tx, one) for one in made])
    tx.run(journal.insert(), lines)
    return made


_MOVE = (
    entry.update()
    .where(entry.c.id == sa.bindparam("entry_id"))
    .values(
        status=sa.bindparam("new_status"),
        code=sa.bindparam("new_code"),
        reason=sa.bindparam("new_reason"),
        due_at=sa.bindparam("new_due"),
        replan=sa.bindparam("new_replan"),
        attempts=sa.case(
            (sa.bindparam("is_fresh", type_=sa.Boolean), 0),
            (sa.bindparam("is_given_back", type_=sa.Boolean), entry.c.attempts - 1),
            else_=entry.c.attempts,
        ),
        failed_since=sa.case(
            (
                sa.bindparam("failed", type_=sa.Boolean),
                sa.func.coalesce(entry.c.failed_since, sa.bindparam("at")),
            ),
            (sa.bindparam("keeps_failing", type_=sa.Boolean), entry.c.failed_since),
            else_=None,
        ),
        token=None,
        wait_kind=sa.bindparam("new_wait_kind"),
        wait_connection=sa.bindparam("new_wait_connection"),
        wait_number=sa.bindparam("new_wait_number"),
        wait_until=sa.case(
            (
                sa.bindparam("waits", type_=sa.Boolean),
                sa.func.coalesce(entry.c.wait_until, sa.bindparam("new_wait_until")),
            ),
            (sa.bindparam("keeps_waiting", type_=sa.Boolean), entry.c.wait_until),
            else_=None,
        ),
        target_number=sa.func.coalesce(sa.bindparam("new_target"), entry.c.target_number),
        updated_at=sa.bindparam("at"),
    )
)


def _move_values(tx: Transaction, one: Move) -> dict[str, Any]:
    waits = one.waits_for
    goes_on = one.to == Status.QUEUED and not one.fresh
    return {
        "entry_id": one.entry_id,
        "new_status": one.to,
        "new_code": one.code,
        "new_reason": one.reason,
        "new_due": tx.now + timedelta(seconds=one.delay),
        "new_replan": one.replan,
        "is_fresh": one.fresh,
        "is_given_back": one.given_back,
        "failed": one.to == Status.RETRYING,
        "keeps_failing": goes_on,
        "new_wait_kind": waits.kind if waits else None,
        "new_wait_connection": waits.connection if waits else None,
        "new_wait_number": waits.number if waits else None,
        "waits": waits is not None,
        "keeps_waiting": goes_on or one.to == Status.RETRYING,
        "new_wait_until": tx.now + timedelta(seconds=one.wait_deadline or 0),
        "new_target": one.target_number,
        "at": tx.now,
    }


def bring_forward(tx: Transaction, entry_id: int) -> None:
    """Make a retrying entry due now; its status stays as it is."""
    tx.run(
        entry.update().where(entry.c.id == entry_id, entry.c.status == Status.RETRYING).values(due_at=tx.now)
    )


def get(
    tx: Transaction, ids: Iterable[int], *, lock: bool = False, skip_locked: bool = False
) -> dict[int, EntryRow]:
    """Entries by id, locked until the end of the transaction if asked; `skip_locked` leaves out those that others hold,
    so that nobody is waited for."""
    statement = sa.select(entry).where(entry.c.id.in_(list(ids))).order_by(entry.c.id)
    locked = statement.with_for_update(skip_locked=skip_locked) if lock else statement
    return {row.id: row for row in rows_of(tx, locked)}


def of_events(tx: Transaction, event_ids: Iterable[int]) -> list[EntryRow]:
    """All entries of these events."""
    return rows_of(tx, sa.select(entry).where(entry.c.event_id.in_(list(event_ids))).order_by(entry.c.id))


def to_replan(tx: Transaction, limit: int) -> list[EntryRow]:
    """Queued entries that wait for a new plan, oldest first, locked; one that a person is moving is left for later."""
    here = sa.and_(entry.c.replan, entry.c.status == Status.QUEUED)
    statement = sa.select(entry).where(here).order_by(entry.c.id).limit(limit)
    return rows_of(tx, statement.with_for_update(skip_locked=True))


def errored(tx: Transaction, code: str, after: int, limit: int) -> list[EntryRow]:
    """Errored entries with this code behind an id, oldest first."""
    here = sa.and_(entry.c.status == Status.ERRORED, entry.c.id > after, entry.c.code == code)
    return rows_of(tx, sa.select(entry).where(here).order_by(entry.c.id).limit(limit))


def newest(tx: Transaction, limit: int) -> list[EntryRow]:
    """The newest entries."""
    return rows_of(tx, sa.select(entry).order_by(entry.c.id.desc()).limit(limit))


def unfinished(tx: Transaction) -> list[EntryRow]:
    """Entries to which something will happen by itself."""
    here = entry.c.status.in_((Status.QUEUED, Status.DELIVERING, Status.RETRYING, Status.WAITING))
    return rows_of(tx, sa.select(entry).where(here).order_by(entry.c.id))


def rows_of(tx: Transaction, statement: sa.Select[Any]) -> list[EntryRow]:
    """What a select of the whole table found."""
    return [to_row(row) for row in tx.rows(statement)]


def to_row(row: sa.RowMapping, **changed: Any) -> EntryRow:
    """A row of the table as a value."""
    values = {name: row[name] for name in EntryRow.__dataclass_fields__} | changed
    return EntryRow(**(values | {"status": Status(values["status"])}))
