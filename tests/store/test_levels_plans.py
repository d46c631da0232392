"""Changes of quantities are counted, known and judged by indices only, on a heap of finished shipments."""

from functools import partial

from tests.lane.inventory_given import FLOW, ShelfAdapter, event, hear, level, lying
from tests.store.test_plans import fixture_world, looked_up
from tests.world import World

__all__ = ["fixture_world"]


def test_changes_of_levels_are_counted_and_judged_by_indices(world: World) -> None:
    """What is heard, what is known, what is overtaken, and what is ended by it: each is found."""
    here = world.database.url.render_as_string(hide_password=False)
    levels = World(here, world.shop, migrate=False, adapter=ShelfAdapter, flows=FLOW, mode="off")
    try:
        for at in (1, 3, 2):
            changes = [level(at, at=at, sku=f"L{number}") for number in range(20)]
            looked_up(levels, partial(hear, levels, *changes))
            looked_up(levels, partial(hear, levels, *changes))
            looked_up(levels, partial(hear, levels, *(event(one, revision=at) for one in changes)))
            looked_up(levels, levels.route)
        looked_up(levels, levels.drain)
        assert set(lying(levels.shop).values()) == {3}
    finally:
        levels.close()
