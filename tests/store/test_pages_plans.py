"""What pages list beside entries is looked up in indices only, on a heap of finished rows."""

from connector.store import intake, strays
from tests.store.test_plans import fixture_world, looked_up, reading
from tests.world import World

__all__ = ["fixture_world"]


def test_notices_and_unrouted_events_are_listed_page_by_page_from_indices(world: World) -> None:
    looked_up(world, reading(world, strays.unrouted))
    looked_up(world, reading(world, lambda tx: strays.unrouted(tx, 50, 700)))
    looked_up(world, reading(world, lambda tx: intake.notices(tx, status=("errored",), below=700)))
    looked_up(world, reading(world, lambda tx: intake.notices_of_number(tx, ["erp", "shop"], "D77")))
