"""The versions of the configuration that were in force, and the audit of what people did."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from connector.store.database import Transaction
from connector.store.tables import audit, config_version, entry, notice


def store(tx: Transaction, version: str, text: str) -> None:
    """Keep a version of the file's text (secrets stand in it as `${NAME}`)."""
    tx.insert_new(
        config_version, [{"version": version, "text": text, "created_at": tx.now}], [config_version.c.version]
    )


def text_of(tx: Transaction, version: str) -> str | None:
    """The text of a version."""
    found: str | None = tx.value(sa.select(config_version.c.text).where(config_version.c.version == version))
    return found


def note(tx: Transaction, actor: str, action: str, subject: str, detail: Mapping[str, Any]) -> None:
    """Write the audit: who did what to what."""
    tx.run(audit.insert().values(at=tx.now, actor=actor, action=action, subject=subject, detail=dict(detail)))


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
