"""A part of an order ships by the site's process flow; the rest becomes back orders, which a further shipment ships."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from connector.errors import OutcomeUnknown, Partial, Rejected
from tests.contract.aptify_site import JOURNAL, LAMP, MUG, SEAT, line
from tests.systems.aptify_site_given import Target, shipped, step_of, target

FIRST, SECOND = {"MUG": 2}, {"MUG": 1}


@pytest.fixture
def there() -> Iterator[Target]:
    """An order of three mugs and two lamps."""
    with target() as found:
        found.take(line(MUG, 3), line(LAMP, 2, InventoryLocationID=2))
        yield found


def _orders(there: Target) -> list[Any]:
    found: list[Any] = there.there.state()["orders"]
    return found


def _goods(order: Any) -> dict[str, int]:
    return {row["Product"]: int(row["Quantity"]) for row in order["lines"]}


def _flow(there: Target) -> list[Any]:
    return [row["body"] for row in there.requests("ProcessFlowsController")]


# -- the first part ----------------------------------------------------------------------------------------


def test_a_part_ships_and_the_rest_stands_on_one_back_order_for_each_product(there: Target) -> None:
    done = there.ship(FIRST)
    first, mugs, lamps = _orders(there)
    assert (first["OrderStatus"], _goods(first)) == ("Shipped", {"Mug": 2, "Lamp": 0})
    assert [(one["OrderStatus"], _goods(one)) for one in (mugs, lamps)] == [
        ("Back-Ordered", {"Mug": 1}),
        ("Back-Ordered", {"Lamp": 2}),
    ]
    seen = done["shipment"].effect.seen
    assert seen["back orders"] == f"{mugs['ID']} (1 of MUG), {lamps['ID']} (2 of LAMP)"
    assert seen["inventory"] == "MUG at Main Warehouse: on hand 500 → 498, reserved 3 → 1, shipped 0 → 2"


def test_the_flow_is_told_what_ships_of_which_line_and_from_where(there: Target) -> None:
    there.ship({"MUG": 2, "LAMP": 2})
    (body,) = _flow(there)
    mug, lamp = there.there.lines(1001)
    assert body == {
        "OrderID": "1001",
        "Lines": [
            {"OrderLineID": str(mug["ID"]), "Quantity": 2, "InventoryLocationID": "1"},
            {"OrderLineID": str(lamp["ID"]), "Quantity": 2, "InventoryLocationID": "2"},
        ],
    }


def test_an_order_that_ships_whole_needs_no_flow(there: Target) -> None:
    there.ship({"MUG": 3, "LAMP": 2}, settings={"flows": {}})
    assert _flow(there) == []


def test_without_the_flow_a_part_is_refused_before_anything_is_written(there: Target) -> None:
    with pytest.raises(Rejected) as refused:
        there.ship(FIRST, settings={"flows": {}})
    assert "a part of it would stay behind (1 of 3 MUG, 2 of 2 LAMP)" in refused.value.message
    assert "name it under flows.ship_partially of the connection" in refused.value.message
    assert there.written() == []


def test_what_moves_no_stock_goes_with_the_first_part() -> None:
    with target() as there:
        there.take(line(MUG, 3), line(SEAT, 2), line(JOURNAL, 1))
        seen = there.ship(FIRST)["shipment"].effect.seen
        first, mugs = _orders(there)
        assert _goods(first) == {"Mug": 2, "Seat": 2, "Journal": 1}
        assert _goods(mugs) == {"Mug": 1}
        assert seen["subscriptions"] == "1 generated"


def test_an_order_of_the_type_back_order_counts_as_well() -> None:
    with target(back_order_ar=0) as there:
        there.take(line(MUG, 3))
        assert there.ship(FIRST)["shipment"].effect.seen["back orders"].endswith("(1 of MUG)")


# -- failures ----------------------------------------------------------------------------------------------


def test_a_flow_that_ends_in_failure_ships_nothing_and_its_words_are_told(there: Target) -> None:
    there.fault("flow_failed", "ProcessFlows", message="The batch is closed.")
    with pytest.raises(
        Rejected, match=r"stands Taken .*process flow 'Ship Order Partially' failed: The batch"
    ):
        there.ship(FIRST)
    assert len(_orders(there)) == 1


UNKNOWN: Mapping[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "there is none": (
        {},
        {"flows": {"ship_partially": "Ship Some"}},
        "has no process flow Ship Some: have an administrator add it",
    ),
    "not ours to run": ({"forbidden_flows": ["Ship Order Partially"]}, {}, "answered 403"),
    "more parameters": (
        {"flows": {"Ship Order Partially": "cancellation"}},
        {},
        "The input parameter 'Reason' is missing",
    ),
}


@pytest.mark.parametrize(("options", "settings", "said"), UNKNOWN.values(), ids=list(UNKNOWN))
def test_a_flow_that_cannot_be_run_is_for_a_person(
    options: dict[str, Any], settings: dict[str, Any], said: str
) -> None:
    with target(**options) as there:
        there.take(line(MUG, 3))
        with pytest.raises(Rejected, match=said):
            there.ship(FIRST, settings=settings)
        assert _orders(there)[0]["OrderStatus"] == "Taken"


def test_a_lost_reply_of_the_flow_is_made_up_for_by_a_look(there: Target) -> None:
    there.fault("reply_lost", "ProcessFlows")
    seen = there.ship(FIRST)["shipment"].effect.seen
    assert len(_orders(there)) == 3
    assert len(_flow(there)) == 1
    assert seen["back orders"].count("of") == 2


def test_a_flow_that_did_not_arrive_stays_in_doubt(there: Target) -> None:
    there.fault("drop", "ProcessFlows")
    with pytest.raises(OutcomeUnknown):
        there.ship(FIRST)
    assert there.ship(FIRST)["shipment"].adopted is False
    assert len(_orders(there)) == 3


def test_a_product_that_stayed_behind_without_a_back_order_is_named_with_who_can_mend_it(
    there: Target,
) -> None:
    """A flow may lose what it did not ship."""

    async def ship(recipe: Any) -> Any:
        effect = await recipe.create()
        _, mugs, _ = _orders(there)
        there.there.sim("POST", f"orders/{mugs['ID']}/cancel")
        return await recipe.verify(effect)

    with pytest.raises(Partial, match="no back order was made for 1 of MUG: whoever enters orders must take"):
        there.recipe(step_of(shipped(FIRST), "shipment"), ship)


def test_a_later_try_still_misses_the_back_order_of_what_did_not_ship_at_all(there: Target) -> None:
    there.ship(FIRST)
    _, _, lamps = _orders(there)
    there.there.sim("POST", f"orders/{lamps['ID']}/cancel")
    with pytest.raises(Partial, match="no back order was made for LAMP: whoever enters orders must take"):
        there.ship(FIRST)


# -- what is left ------------------------------------------------------------------------------------------


def test_a_further_shipment_ships_the_back_order_and_leaves_the_first_order_alone(there: Target) -> None:
    there.ship(FIRST, tracks=("1Z1",))
    done = there.ship(SECOND, number="SH2", tracks=("1Z2",))
    first, mugs, lamps = _orders(there)
    assert (first["TrackingNumber"], mugs["TrackingNumber"], lamps["TrackingNumber"]) == ("1Z1", "1Z2", "")
    assert [one["OrderStatus"] for one in (first, mugs, lamps)] == ["Shipped", "Shipped", "Back-Ordered"]
    assert {one.effect.document.number for one in done.values()} == {str(mugs["ID"])}


def test_a_shipment_that_is_told_again_finds_its_own_order(there: Target) -> None:
    there.ship(FIRST, tracks=("1Z1",))
    there.ship(SECOND, number="SH2", tracks=("1Z2",))
    there.forget()
    for goods, track, number in ((FIRST, "1Z1", "SH1"), (SECOND, "1Z2", "SH2")):
        done = there.ship(goods, tracks=(track,), number=number)
        assert all(one.adopted for one in done.values())
    assert there.written() == []


def test_the_same_quantity_once_more_is_told_apart_by_its_tracking_number() -> None:
    with target() as there:
        there.take(line(MUG, 2))
        there.ship(SECOND, tracks=("1Z1",))
        there.ship(SECOND, number="SH2", tracks=("1Z2",))
        assert [one["OrderStatus"] for one in _orders(there)] == ["Shipped", "Shipped"]


def test_without_one_it_is_for_a_person_since_it_may_have_left_already() -> None:
    with target() as there:
        there.take(line(MUG, 2))
        there.ship(SECOND, tracks=())
        there.forget()
        with pytest.raises(Rejected, match=r"stands on \d+ \(1 of MUG\): whether this shipment is of that"):
            there.ship(SECOND, number="SH2", tracks=())
        assert there.written() == []


def test_what_a_back_order_leaves_behind_is_found_as_well() -> None:
    with target() as there:
        there.take(line(MUG, 6))
        for track, quantity in (("1Z1", 3), ("1Z2", 2), ("1Z3", 1)):
            there.ship({"MUG": quantity}, number=f"SH-{track}", tracks=(track,))
        told = [(one["OrderStatus"], _goods(one), one["TrackingNumber"]) for one in _orders(there)]
        assert told == [
            ("Shipped", {"Mug": 3}, "1Z1"),
            ("Shipped", {"Mug": 2}, "1Z2"),
            ("Shipped", {"Mug": 1}, "1Z3"),
        ]


def test_a_shipment_of_two_back_orders_is_for_a_person(there: Target) -> None:
    there.ship(FIRST)
    there.forget()
    with pytest.raises(Rejected) as refused:
        there.ship({"MUG": 1, "LAMP": 2}, number="SH2", tracks=("1Z2",))
    assert "(1 of MUG)" in refused.value.message
    assert "(2 of LAMP), which is more than one order for one shipment" in refused.value.message
    assert there.written() == []


def test_a_part_that_people_shipped_by_hand_is_found_by_what_it_holds(there: Target) -> None:
    mug, _ = there.there.lines(1001)
    there.there.sim("POST", "orders/1001/ship_partially", {"lines": [{"line": mug["ID"], "quantity": 2}]})
    there.forget()
    with pytest.raises(Rejected, match="whether this shipment is of that"):
        there.ship(FIRST)
    there.there.sim("POST", "edit/Orders/1001", {"TrackingNumber": "1Z1"})
    done = there.ship(FIRST, ship_date=None)
    assert done["shipment"].adopted
    assert there.written() == []


def test_more_than_a_back_order_holds_is_refused_before_anything_is_written(there: Target) -> None:
    there.ship(FIRST)
    there.forget()
    with pytest.raises(Rejected, match="3 of LAMP are meant, and order"):
        there.ship({"LAMP": 3}, number="SH2", tracks=("1Z2",))
    assert there.written() == []
