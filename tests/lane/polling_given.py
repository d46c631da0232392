"""Shipments that change at the stub source, and what was heard of them by polling: for the tests of polling."""

from datetime import UTC, datetime, timedelta

from connector.store import intake, listings
from connector.store.listings import ListingRow
from connector.store.tables import listing
from tests.world import World

POLL = "{every: 60, overlap: 120, page: 2}"


def changed(world: World, *numbers: str, ago: float = 0) -> None:
    """These shipments stand at the source, and changed so many seconds ago."""
    for number in numbers:
        world.at_source(number, f"order of {number}")
        world.shop.changed[number] = datetime.now(UTC) - timedelta(seconds=ago)


def row(world: World, kind: str = "shipment") -> ListingRow:
    """What is polled, and where it stands."""
    with world.database.read() as tx:
        (found,) = [one for one in listings.overview(tx, listings.POLL) if one.kind == kind]
    return found


def due(world: World, **values: object) -> None:
    """As if a minute had passed."""
    with world.database.write() as tx:
        tx.run(listing.update().values(due_at=tx.now, **values))


def again(world: World) -> None:
    """One more round, and what comes of it."""
    due(world)
    world.run()


def shipped(world: World) -> list[str]:
    """The shipments that stand at the shop, by their numbers at the source."""
    return sorted(step.document.number for _, _, step in world.shop.shipments)


def notices(world: World) -> list[intake.NoticeRow]:
    """All notices."""
    with world.database.read() as tx:
        return list(intake.notices(tx))


def poll_one_page(world: World) -> None:
    """The lane is stopped once a page is stored."""
    pages = row(world).pages
    world.runner("erp").drain("erp", lambda: row(world).pages > pages)
    assert row(world).pages == pages + 1
