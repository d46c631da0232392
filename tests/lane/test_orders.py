"""Orders on their way to a target: after their customer, each once, in order, both ways; and what waits for them."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from connector.editing import Editing, with_values
from connector.errors import Rejected, Unavailable
from connector.store.entries import EntryRow
from connector.store.tables import entry_key
from schemas.documents import Order
from tests.lane.conftest import MakeWorld
from tests.lane.orders_given import (
    BOTH_WAYS,
    PAID,
    at_source,
    carried,
    flows,
    found,
    hear,
    one,
    order,
    seen,
    standing,
    statuses,
    tell,
)
from tests.stub import CustomersFirst, Shop, last, lost_reply, lost_request, raising
from tests.world import World, shipment


@pytest.fixture(name="database_url")
def fixture_database_url(tmp_path: Path) -> str:
    """SQLite is enough here: the statements behind it run on every database in `tests/store`."""
    return f"sqlite:///{tmp_path / 'connector.db'}"


@pytest.fixture(name="world")
def fixture_world(make_world: MakeWorld) -> World:
    """Orders go from the erp to a shop that needs their customers first."""
    return make_world(flows=flows(), adapter=CustomersFirst)


def bought(number: str = "1", email: str = "ann@example.com", **more: Any) -> Order:
    """An order of a customer."""
    return order(number, email=email, **more)


def made(world: World) -> list[str]:
    """What was made at the target, in order."""
    return [step.kind for _, _, step in world.shop.shipments]


def steps(world: World, row: EntryRow) -> list[tuple[str, bool]]:
    """Kinds of an entry's steps, and whether they are done."""
    return [(step.kind, step.done_at is not None) for step in world.steps(row.source_number)]


# -- the customer first --------------------------------------------------------------------------------------


def test_an_order_is_made_after_its_customer_and_is_told_who_that_is(world: World) -> None:
    seen(world, bought())
    world.run()
    assert made(world) == ["customer", "order"]
    known = world.shop.known["order:1"].made["customer:1"]
    assert (known.kind, known.number) == ("customer", "C0001")
    assert world.shop.shipments[1][2].needs == ("customer:1",)


def test_people_are_told_the_number_of_the_order_not_of_its_customer(world: World) -> None:
    seen(world, bought())
    world.run()
    assert (one(world).status, one(world).target_number) == ("published", "O0002")
    assert ("erp:1", "shop:O0002") in world.links()


@pytest.mark.parametrize("error", [Unavailable("not now"), Rejected("no such warehouse")])
def test_a_customer_that_was_made_is_not_made_again_when_the_order_fails(
    world: World, error: Exception
) -> None:
    world.shop.behaviours = [lambda shop, step: None, last(world.stop, raising(error))]
    seen(world, bought())
    world.drain()
    world.stop.clear()
    row = one(world)
    assert steps(world, row) == [("customer", True), ("order", False)]
    assert row.status == ("retrying" if isinstance(error, Unavailable) else "errored")
    if row.status == "errored":
        assert (row.code, "C0001" in row.reason) == ("partial", True)
        world.operator.retry(row.id, "somebody")
    world.run()
    assert (made(world), statuses(world)) == (["customer", "order"], ["published"])
    assert world.shop.known["order:1"].made["customer:1"].number == "C0001"


def test_without_its_customer_an_order_is_not_even_tried(world: World) -> None:
    world.shop.behaviours = [raising(Rejected("no such country"))]
    seen(world, bought())
    world.run()
    assert len(world.shop.creates) == 1
    assert (one(world).status, one(world).reason) == ("errored", "no such country")
    assert steps(world, one(world)) == [("customer", False), ("order", False)]


@pytest.mark.parametrize(
    ("behaviour", "creates"), [(lost_reply, 2), (lost_request, 3)], ids=["made", "not made"]
)
def test_a_customer_in_doubt_is_looked_for_before_anything_else(
    world: World, behaviour: Any, creates: int
) -> None:
    world.shop.behaviours = [behaviour]
    seen(world, bought())
    world.run()
    assert (made(world), statuses(world)) == (["customer", "order"], ["published"])
    assert len(world.shop.creates) == creates


def test_a_customer_that_has_not_settled_keeps_the_order_waiting_for_it(make_world: MakeWorld) -> None:
    world = make_world(flows=flows(), adapter=CustomersFirst, settle=3600)
    world.shop.behaviours = [lost_request]
    seen(world, bought())
    world.drain()
    world.operator.retry(one(world).id, "somebody")  # at once
    world.drain()
    assert (one(world).status, one(world).code) == ("retrying", "in doubt")
    assert len(world.shop.creates) == 1


def test_a_dry_run_tells_the_whole_chain_and_makes_nothing(make_world: MakeWorld) -> None:
    world = make_world(flows=flows(mode="dry-run"), adapter=CustomersFirst)
    seen(world, bought())
    world.run()
    row = one(world)
    assert (row.status, row.reason) == ("simulated", "customer would be created; order would be created")
    assert (world.shop.creates, world.links()) == ([], set())


# -- one customer, several orders ----------------------------------------------------------------------------


def together(world: World) -> int:
    """So many things were made at the same moment, at most, with everything being slow."""
    world.shop.delay = 0.1
    world.run()
    assert set(world.statuses()) == {"published"}
    return world.shop.most_at_once


def test_two_orders_of_one_customer_are_not_made_at_the_same_time(world: World) -> None:
    for number, email in (("1", "ann@example.com"), ("2", "Ann@Example.com")):
        seen(world, bought(number, email))
    assert together(world) == 1
    assert standing(world, "order") == ["1", "2"]


def test_two_orders_of_one_customer_that_were_unpaid_are_not_made_at_the_same_time(
    make_world: MakeWorld,
) -> None:
    """When they were filtered nobody planned their customers: they must know each other all the same."""
    world = make_world(flows=flows(require=PAID), adapter=CustomersFirst)
    for number in ("1", "2"):
        seen(world, bought(number, balance="9.00"))
    for number in ("1", "2"):
        seen(world, bought(number))
    assert together(world) == 1


def test_two_orders_of_one_customer_who_was_corrected_are_not_made_at_the_same_time(world: World) -> None:
    seen(world, bought("1", "amm@example.com"))
    world.shop.behaviours = [raising(Rejected("no such customer"))]
    world.run()
    number, editing = one(world, number="1").id, Editing(world.database)
    data, fingerprint = editing.data_of(number)
    corrected = with_values(data, [("order.email", "ann@example.com")])
    editing.apply(number, corrected, fingerprint, "maria", "misspelt")
    seen(world, bought("2", "ann@example.com"))
    assert together(world) == 1
    assert standing(world, "order") == ["1", "2"]


@pytest.mark.parametrize(
    "emails", [("ann@example.com", "bob@example.com"), ("", "")], ids=["others", "unknown"]
)
def test_orders_of_different_or_unknown_customers_are_made_side_by_side(
    world: World, emails: tuple[str, str]
) -> None:
    for number, email in zip(("1", "2"), emails, strict=True):
        seen(world, bought(number, email))
    assert together(world) == 2


def test_where_no_customer_is_needed_nobody_waits_for_another_of_theirs(make_world: MakeWorld) -> None:
    world = make_world(flows=flows())
    for number in ("1", "2"):
        seen(world, bought(number))
    assert together(world) == 2
    assert made(world) == ["order", "order"]


# -- what waits for an order ---------------------------------------------------------------------------------


@pytest.fixture(name="plain")
def fixture_plain(make_world: MakeWorld) -> World:
    """Orders and shipments go from the erp to the shop, where order 1 is not yet."""
    shop = Shop(orders_missing={"1"})
    return make_world(flows=flows(), shop=shop, wait_deadline=600)


def test_a_shipment_that_comes_before_its_order_is_woken_in_the_commit_that_links_it(plain: World) -> None:
    plain.publish(shipment("SH1", "1"))
    plain.route()
    plain.drain()
    waiting = plain.entry("SH1")
    assert (waiting.status, waiting.wait_number) == ("waiting", "1")
    seen(plain, order())
    assert plain.drain().done == 1
    assert (plain.entry("SH1").status, plain.entry("SH1").replan) == ("queued", True)
    plain.run()
    assert made(plain) == ["order", "shipment"]
    known = plain.shop.known["shipment:1"].order
    assert known is not None
    assert known.number == "O0001"


def test_a_shipment_behind_its_order_is_delivered_after_it_whatever_the_order_goes_through(
    plain: World,
) -> None:
    plain.shop.behaviours = [raising(Unavailable("not now")), lost_reply]
    seen(plain, order())
    plain.publish(shipment("SH1", "1"))
    plain.run()
    assert made(plain) == ["order", "shipment"]
    assert plain.statuses() == {"published": 2}


def test_the_order_that_is_stuck_is_named_by_the_shipment_that_waits_for_it(plain: World) -> None:
    plain.shop.behaviours = [raising(Rejected("no such customer"))]
    seen(plain, order())
    plain.publish(shipment("SH1", "1"))
    plain.route()
    plain.drain()
    stuck, waiting = one(plain), plain.entry("SH1")
    assert (stuck.status, waiting.status) == ("errored", "waiting")
    assert f"blocked by entry {stuck.id}, which is errored" in waiting.reason
    plain.operator.retry(stuck.id, "somebody")
    plain.run()
    assert plain.statuses() == {"published": 2}
    assert made(plain) == ["order", "shipment"]


def test_a_wait_that_is_over_names_what_it_waited_for_and_who_stood_in_its_way(make_world: MakeWorld) -> None:
    world = make_world(flows=flows(require=PAID), shop=Shop(orders_missing={"1"}), wait_deadline=0.5)
    seen(world, order(balance="3.00"))
    world.publish(shipment("SH1", "1"))
    world.run()
    over = world.entry("SH1")
    assert (over.status, over.code) == ("errored", "deadline")
    assert "order 1 @ erp" in over.reason
    assert f"blocked by entry {one(world).id}, which is filtered" in over.reason


# -- both ways -----------------------------------------------------------------------------------------------


def test_orders_of_both_sides_cross_and_nothing_goes_round(make_world: MakeWorld) -> None:
    """Each is heard of at its source and, as soon as it was made, at its target too, by several pushes."""
    world = make_world(flows=BOTH_WAYS)
    for at in range(6):
        at_source(world, order(f"SO{at}"))
        at_source(world, order(f"W{at}"), connection="shop")
        tell(world, f"SO{at}")
        tell(world, f"W{at}", "shop")
    world.run()
    places = {
        **dict.fromkeys(standing_at(world, "shop"), "shop"),
        **dict.fromkeys(standing_at(world, "erp"), "erp"),
    }
    for number, connection in places.items():
        at_source(world, order(number), connection=connection)
        for _ in range(2):
            tell(world, number, connection)
    world.run()
    assert len(standing(world, "order")) == len(set(standing(world, "order"))) == 12
    assert world.statuses() == {"published": 12, "filtered": 12}
    assert Counter(row.code for row in found(world) + found(world, source="shop")) == {"": 12, "echo": 12}


def standing_at(world: World, connection: str) -> list[str]:
    """The numbers of the orders that we made there."""
    prefix = f"{connection}:O"
    return [target.removeprefix(f"{connection}:") for _, target in world.links() if target.startswith(prefix)]


def test_what_is_told_of_an_order_by_its_number_elsewhere_keeps_its_order_with_the_rest(
    make_world: MakeWorld,
) -> None:
    """The keys of everything about an order are where it was born, whichever number it was told by."""
    world = make_world(flows=BOTH_WAYS)
    number = carried(world)
    at_source(world, order(number), connection="shop")
    hear(world, number, "shop")
    seen(world, order(number, "On Hold"), "shop")
    row = one(world, "order.updated", source="shop")
    with world.database.read() as tx:
        keys = tx.rows(entry_key.select().where(entry_key.c.entry_id == row.id))
    assert {(key["connection"], key["number"]) for key in keys} == {("erp", "1"), ("shop", number)}
