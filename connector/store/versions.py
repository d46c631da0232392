"""The versions of the configuration that were in force, and the audit of what people did."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from connector.store.database import Transaction
from connector.store.tables import audit as audited
from connector.store.tables import config_version, entry, notice

MOST_LINES = 500
"""Lines of one page of the audit, at most."""


@dataclass(frozen=True)
class AuditRow:
    """Who did what to what, and when; `detail` is what else was noted of it."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]


@dataclass(frozen=True)
class AuditPage:
    """Lines of the audit, newest first; `cursor` asks for the page after this one and is None on the last."""

    rows: tuple[AuditRow, ...]
    cursor: int | None


def store(tx: Transaction, version: str, text: str) -> None:
    """Keep a version of the file's text (secrets stand in it as `${NAME}`)."""
    tx.insert_new(
        config_version, [{"version": version, "text": text, "created_at": tx.now}], [config_version.c.version]
    )


@dataclass(frozen=True)
class Version:
    """A stored version, by its name, and when it was first stored."""

    version: str
    created_at: datetime


def listed(tx: Transaction, limit: int) -> Sequence[Version]:
    """The versions, the newest first."""
    columns = config_version.c.version, config_version.c.created_at
    newest = sa.select(*columns).order_by(config_version.c.created_at.desc(), config_version.c.version)
    return tuple(Version(**row) for row in tx.rows(newest.limit(limit)))


def text_of(tx: Transaction, version: str) -> str | None:
    """The text of a version."""
    found: str | None = tx.value(sa.select(config_version.c.text).where(config_version.c.version == version))
    return found


def note(tx: Transaction, actor: str, action: str, subject: str, detail: Mapping[str, Any]) -> None:
    """Write the audit: who did what to what."""
    tx.run(
        audited.insert().values(at=tx.now, actor=actor, action=action, subject=subject, detail=dict(detail))
    )


def forget_edits(event_ids: Sequence[int], tx: Transaction) -> None:
    """Of the edits of these events' data it is left who changed what (the paths), without any value."""
    ids = tx.values(sa.select(entry.c.id).where(entry.c.event_id.in_(event_ids)))
    of_entries = tx.among((audited.c.subject,), [(f"entry {one}",) for one in ids])
    rows = tx.rows(sa.select(audited.c.id, audited.c.detail).where(audited.c.action == "edit", of_entries))
    left = [
        {
            "of": row["id"],
            "left": {
                **row["detail"],
                "changes": [{"path": one["path"]} for one in row["detail"]["changes"]],
            },
        }
        for row in rows
    ]
    stripped = audited.update().where(audited.c.id == sa.bindparam("of"))
    tx.run(stripped.values(detail=sa.bindparam("left", type_=audited.c.detail.type)), left)


def audit(
    tx: Transaction,
    *,
    actor: str = "",
    action: str = "",
    subject: str = "",
    since: datetime | None = None,
    cursor: int | None = None,
    limit: int = 50,
) -> AuditPage:
    """What people did, newest first, from behind `cursor`; an empty text asks for nothing."""
    limit = max(1, min(limit, MOST_LINES))
    given = ((actor, audited.c.actor), (action, audited.c.action), (subject, audited.c.subject))
    statement = sa.select(audited).where(*(column == text for text, column in given if text))
    if since is not None:
        statement = statement.where(audited.c.at >= since)
    if cursor is not None:
        statement = statement.where(audited.c.id < cursor)
    found = tx.rows(statement.order_by(audited.c.id.desc()).limit(limit + 1))
    rows = tuple(AuditRow(**row) for row in found[:limit])
    return AuditPage(rows, rows[-1].id if len(found) > limit else None)


def unfinished_users(tx: Transaction) -> Mapping[tuple[str, str], int]:
    """What unfinished work still needs: ("flow"|"connection", name) -> how many entries or notices."""
    unfinished = ("held", "queued", "delivering", "retrying", "waiting", "errored")
    uses = (
        ("flow", entry.c.flow, entry.c.status.in_(unfinished)),
        ("connection", entry.c.source, entry.c.status.in_(unfinished)),
        ("connection", entry.c.target, entry.c.status.in_(unfinished)),
        ("connection", notice.c.connection, notice.c.status.in_(("received", "fetching", "retrying"))),
    )
    found: Counter[tuple[str, str]] = Counter()
    for kind, column, condition in uses:
        statement = (
            sa.select(column.label("name"), sa.func.count().label("uses")).where(condition).group_by(column)
        )
        for row in tx.rows(statement):
            found[kind, row["name"]] += row["uses"]
    return found
