"""How often rows answered is read from the newest entries, however many there are behind them."""

from connector.store import Transaction, usage
from tests.store.test_plans import HEAP, fixture_world, looked_up, reading
from tests.world import World

__all__ = ["fixture_world"]


def test_usage_is_read_from_the_newest_entries_by_their_numbers(world: World) -> None:
    found: list[usage.Usage] = []

    def read(tx: Transaction) -> None:
        found.append(usage.of_flow(tx, "shipments", 30, newest=100, reach=HEAP // 2))

    looked_up(world, reading(world, read))
    assert (found[0].sample.entries, found[0].sample.cut) == (100, True)
    assert found[0].rules["ship_via", "row UPS"].times == 100
