"""Alerts in SQL: opened, changed and closed by what is found, acknowledged by people; and what each channel was told.

A message is queued in the same transaction that says what was told by it, so a crash loses none; one whose sending was
not recorded is sent again under its key. What an alert is, and when it is told, is `connector/alerts/`.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from connector.store import lanes
from connector.store.alert_tables import alert, alert_message, alert_told
from connector.store.database import Transaction
from schemas.alerts import Severity

JUDGED = "@alerts"
"""The mark of the last judgement: one process at a time makes it."""

_STANDING = alert.c.closed_at.is_(None)
_UNSENT = alert_message.c.ended_at.is_(None)

BEATEN = "@heartbeat"
"""The mark of the last heartbeat outwards."""

Named = tuple[str, str]
"""Kind and subject of what is wrong: the same found again is the same alert."""

REMEMBERED = timedelta(days=14)
"""How long after its end an alert may still be told."""

MOST_ROWS = 200
"""Alerts of one list, at most."""

LEASE = 180.0
"""Seconds until a message that was taken to be sent, and of which nothing more was heard, is sent again."""


@dataclass(frozen=True)
class Condition:
    """Something that is wrong; `count` is how much of it there is, `path` where the console shows it."""

    kind: str
    subject: str
    severity: Severity
    sentence: str
    count: int = 1
    path: str = "/"

    @property
    def named(self) -> Named:
        """By what it is known again."""
        return self.kind, self.subject


@dataclass(frozen=True)
class AlertRow:
    """An alert. It stands until `closed_at`; an acknowledged one is not told again unless there is more of it."""

    id: int
    kind: str
    subject: str
    severity: Severity
    sentence: str
    path: str
    count: int
    opened_at: datetime
    changed_at: datetime
    closed_at: datetime | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None


@dataclass(frozen=True)
class Told:
    """What a channel was told of an alert last, and when; `over`: also that it is over."""

    at: datetime
    severity: Severity
    count: int
    over: bool


@dataclass(frozen=True)
class MessageRow:
    """A message on its way through a channel; `key` names it, also when it is sent twice."""

    id: int
    key: str
    channel: str
    body: Mapping[str, Any]
    created_at: datetime
    attempts: int


# -- what is wrong -----------------------------------------------------------------------------------------


def declare_marks(tx: Transaction) -> None:
    """Make the marks that are not there yet, as of now."""
    lanes.declare(tx, [(JUDGED, ""), (BEATEN, "")])


def refresh(tx: Transaction, found: Mapping[Named, Condition], unknown: Collection[Named] = ()) -> None:
    """Open what is new, change what is known, close what is over; what is `unknown` at the moment stays as it is."""
    standing = {(row.kind, row.subject): row for row in _rows(tx, _STANDING)}
    for name, row in standing.items():
        if name in found:
            _change(tx, row, found[name])
        elif name not in unknown:
            tx.run(alert.update().where(alert.c.id == row.id).values(closed_at=tx.now))
    new = [_new(tx, one) for name, one in found.items() if name not in standing]
    tx.insert_new(alert, new, [alert.c.id])


def _change(tx: Transaction, row: AlertRow, now: Condition) -> None:
    values: dict[str, Any] = {
        name: getattr(now, name)
        for name in ("severity", "sentence", "path", "count")
        if getattr(now, name) != getattr(row, name)
    }
    if values.keys() & {"severity", "count"}:
        values["changed_at"] = tx.now
    if values:
        tx.run(alert.update().where(alert.c.id == row.id).values(**values))


def _new(tx: Transaction, one: Condition) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "subject": one.subject,
        "severity": one.severity,
        "sentence": one.sentence,
        "path": one.path,
        "count": one.count,
        "opened_at": tx.now,
        "changed_at": tx.now,
    }


def listed(tx: Transaction, *, closed: bool = False, limit: int = MOST_ROWS) -> list[AlertRow]:
    """The alerts that stand, newest first; with `closed` also those that are over."""
    return _rows(tx, sa.true() if closed else _STANDING, limit=min(limit, MOST_ROWS))


def get(tx: Transaction, alert_id: int) -> AlertRow | None:
    """One alert, held until the end of the transaction."""
    found = tx.row(sa.select(alert).where(alert.c.id == alert_id).with_for_update())
    return None if found is None else AlertRow(**found)


def acknowledge(tx: Transaction, alert_id: int, actor: str) -> None:
    """Somebody knows."""
    values = {"acknowledged_by": actor, "acknowledged_at": tx.now}
    tx.run(alert.update().where(alert.c.id == alert_id).values(**values))


def standing_counts(tx: Transaction) -> Mapping[tuple[str, str], int]:
    """How many alerts stand, by kind and severity."""
    group = (alert.c.kind, alert.c.severity)
    rows = sa.select(*group, sa.func.count().label("rows")).where(_STANDING).group_by(*group)
    return {(row["kind"], row["severity"]): row["rows"] for row in tx.rows(rows)}


def _rows(tx: Transaction, here: Any, limit: int | None = None) -> list[AlertRow]:
    statement = sa.select(alert).where(here).order_by(alert.c.id.desc()).limit(limit)
    return [AlertRow(**row) for row in tx.rows(statement)]


# -- what was told -----------------------------------------------------------------------------------------


def to_tell(tx: Transaction, channel: str) -> list[tuple[AlertRow, Told | None]]:
    """The alerts that stand, or ended lately, with what this channel was told of them; oldest first."""
    lately = sa.or_(_STANDING, alert.c.closed_at > tx.now - REMEMBERED)
    of_channel = sa.and_(alert_told.c.alert_id == alert.c.id, alert_told.c.channel == channel)
    told = [alert_told.c[name].label(f"told_{name}") for name in ("at", "severity", "count", "closed_at")]
    joined = sa.select(alert, *told).outerjoin(alert_told, of_channel)
    return [_with_told(row) for row in tx.rows(joined.where(lately).order_by(alert.c.id))]


def _with_told(row: sa.RowMapping) -> tuple[AlertRow, Told | None]:
    known = AlertRow(**{name: row[name] for name in AlertRow.__dataclass_fields__})
    if row["told_at"] is None:
        return known, None
    over = row["told_closed_at"] is not None
    return known, Told(row["told_at"], row["told_severity"], row["told_count"], over)


def tell(tx: Transaction, channel: str, rows: Sequence[AlertRow], body: Mapping[str, Any]) -> None:
    """Queue a message about these alerts, and remember that the channel is told."""
    ids = [row.id for row in rows]
    tx.run(alert_told.delete().where(alert_told.c.channel == channel, alert_told.c.alert_id.in_(ids)))
    tx.run(
        alert_told.insert(),
        [
            {
                "alert_id": row.id,
                "channel": channel,
                "at": tx.now,
                "severity": row.severity,
                "count": row.count,
                "closed_at": row.closed_at,
            }
            for row in rows
        ],
    )
    tx.run(
        alert_message.insert().values(
            key=f"msg_{uuid.uuid4().hex}",
            channel=channel,
            body=dict(body),
            created_at=tx.now,
            due_at=tx.now,
            attempts=0,
            reason="",
        )
    )


# -- messages on their way ---------------------------------------------------------------------------------


def take(tx: Transaction) -> MessageRow | None:
    """The oldest message that is due, to be sent by the caller; nobody else takes it for a while."""
    due = sa.select(alert_message).where(_UNSENT, alert_message.c.due_at <= tx.now)
    row = tx.row(due.order_by(alert_message.c.id).limit(1).with_for_update(skip_locked=True))
    if row is None:
        return None
    attempts = row["attempts"] + 1
    _set(tx, row["id"], due_at=tx.now + timedelta(seconds=LEASE), attempts=attempts)
    return MessageRow(
        **{name: row[name] for name in MessageRow.__dataclass_fields__} | {"attempts": attempts}
    )


def any_due(tx: Transaction) -> bool:
    """Is there a message to take?"""
    due = sa.select(alert_message.c.id).where(_UNSENT, alert_message.c.due_at <= tx.now).limit(1)
    return tx.value(due) is not None


def sent(tx: Transaction, message_id: int, remark: str) -> None:
    """It went through; the remark says for whom it did not."""
    _set(tx, message_id, sent_at=tx.now, ended_at=tx.now, reason=remark)


def not_sent(tx: Transaction, row: MessageRow, reason: str, delay: float | None) -> None:
    """It did not go through: it is tried again after so many seconds, and what else goes through the channel not before
    it; or it is given up (None)."""
    if delay is None:
        _set(tx, row.id, ended_at=tx.now, reason=reason)
        return
    due = tx.now + timedelta(seconds=delay)
    _set(tx, row.id, due_at=due, reason=reason)
    behind = sa.and_(_UNSENT, alert_message.c.channel == row.channel, alert_message.c.due_at < due)
    tx.run(alert_message.update().where(behind).values(due_at=due))


def _set(tx: Transaction, message_id: int, **values: Any) -> None:
    tx.run(alert_message.update().where(alert_message.c.id == message_id).values(**values))
