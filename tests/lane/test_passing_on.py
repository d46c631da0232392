"""What we brought to a system goes on to a third one, never back, and not twice where a flow takes it there itself."""

from tests.lane.conftest import MakeWorld
from tests.lane.parts_given import CONFIRMED, tell
from tests.world import World, shipment

_STORE = """store:
    {system: stub, base_url: "http://127.0.0.1:9", settle: 0, timeouts: {connect: 0.1, total: 0.2}}"""
_ANY = "mapping: {ship_via: {default: {carrier_code: x, title: X}}}"
_FROM_SHOP = f"""
  - {{name: shop-to-store, event: shipment.confirmed, from: shop, to: store, {_ANY}}}
  - {{name: shop-to-erp, event: shipment.confirmed, from: shop, to: erp, {_ANY}}}
"""
_STRAIGHT = f"""
  - {{name: erp-to-store, event: shipment.confirmed, from: erp, to: store, {_ANY}}}
"""


def _told_by_the_shop(make_world: MakeWorld, flows: str) -> dict[str, tuple[str, str]]:
    """A shipment comes from the ERP to the shop, and the shop tells of it: what becomes of that, by flow."""
    world: World = make_world(more=_STORE, flows=flows)
    tell(world, CONFIRMED, shipment("SH1"))
    world.run()
    made = world.all_entries()[0].target_number
    tell(world, CONFIRMED, shipment(made), source="shop")
    world.run()
    return {row.flow: (row.status, row.code) for row in world.all_entries() if row.source == "shop"}


def test_what_was_brought_here_goes_on_to_a_third_system_and_not_back(make_world: MakeWorld) -> None:
    became = _told_by_the_shop(make_world, _FROM_SHOP)
    assert became == {"shop-to-store": ("published", ""), "shop-to-erp": ("filtered", "echo")}


def test_what_a_flow_takes_to_the_third_system_by_itself_is_an_echo_here(make_world: MakeWorld) -> None:
    became = _told_by_the_shop(make_world, _FROM_SHOP + _STRAIGHT)
    assert became == {"shop-to-store": ("filtered", "echo"), "shop-to-erp": ("filtered", "echo")}
