"""What people ask of sources: one document, or everything of two days, and what the audit says of it."""

from datetime import UTC, datetime, timedelta

from connector.retrieval import Retrieved
from connector.store.tables import audit
from tests.world import World

NOW = datetime.now(UTC)
SINCE = NOW - timedelta(days=2)


def retrieved(world: World, number: str = "SH1", kind: str = "shipment", *, post: bool = False) -> Retrieved:
    """Somebody asks for one, and everything comes to an end; or what waits is waited for a moment."""
    ordered = world.retrieval.ask("erp", kind, number, "ann", post=post)
    world.run(seconds=1 if world.shop.orders_missing else None)
    return world.retrieval.result(ordered.notice_id)


def recorded(world: World) -> list[tuple[str, str, str]]:
    """What people did: who, what, to what."""
    with world.database.read() as tx:
        return [(row["actor"], row["action"], row["subject"]) for row in tx.rows(audit.select())]


def begun(
    world: World, since: datetime = SINCE, until: datetime | None = None, *, post: bool = False
) -> list[int]:
    """Somebody begins a backfill of shipments; its listings."""
    rows, _ = world.retrieval.backfill("erp", since, until, {"shipment"}, "ann", post=post)
    return [row.id for row in rows]
