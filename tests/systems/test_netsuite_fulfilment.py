"""Item fulfillments end to end against the simulated account: which lines, packages, statuses, and what goes wrong."""

from decimal import Decimal
from typing import Any

import pytest

from connector.errors import MappingMissing, NotFound, OutcomeUnknown, Partial, Rejected
from connector.planned import OrderClue, ShipmentStep, StepLine, StepPackage
from connector.systems.base import Comparing, Field, Recipe
from schemas.base import DocumentRef
from tests.systems.netsuite_site import Site, site
from tests.systems.netsuite_steps import CONNECTION, REFERENCE, SHOP, linked, shipment_step

LINES = [{"item": "MUG", "quantity": "3", "rate": "10.00"}, {"item": "CUP", "quantity": "2", "rate": "4.50"}]


def _order(running: Site, lines: list[dict[str, str]] | None = None, **more: Any) -> dict[str, Any]:
    """An order of the shop that stands in the account already."""
    wanted = {
        "entity": "501",
        "otherRefNum": "100000101",
        "lines": lines or LINES,
        "state": "unbilled",
        **more,
    }
    found: dict[str, Any] = running.post("seed", {"salesOrders": [wanted]})["salesOrders"][0]
    return found


def _shipped(running: Site) -> list[list[tuple[int, int]]]:
    """Of each fulfillment, order line -> quantity."""
    return [
        [(row["orderLine"], int(row["quantity"])) for row in one["item"]["items"]]
        for one in running.records("itemFulfillment")
    ]


def test_a_shipment_takes_its_lines_and_no_others_with_packages_and_our_reference() -> None:
    with site() as running:
        order = _order(running)
        first = running.run(shipment_step({"MUG": 2}, tracks=("1Z1", "1Z2")))
        again = running.run(shipment_step({"MUG": 2}, tracks=("1Z1", "1Z2")))
        (made,) = running.records("itemFulfillment")
        assert (first.adopted, again.adopted) == (False, True)
        assert first.effect.document == again.effect.document
        assert first.effect.document.key == made["id"]
        assert _shipped(running) == [[(1, 2)]]
        assert (made["externalId"], made["shipStatus"]["id"], made["memo"]) == (
            REFERENCE,
            "C",
            "Shipped by the warehouse",
        )
        assert [(one["packageTrackingNumber"], one["packageDescr"]) for one in made["package"]["items"]] == [
            ("1Z1", "UPS Ground"),
            ("1Z2", "UPS Ground"),
        ]
        (link,) = first.effect.links
        assert link.source == DocumentRef(connection=SHOP, kind="order", number="100000101")
        assert (link.target.number, link.target.key) == (order["tranId"], order["id"])


def test_every_open_line_is_said_to_go_along_or_not() -> None:
    with site() as running:
        _order(running)
        running.run(shipment_step({"CUP": 1}))
        (sent,) = running.requests("POST", "/!transform/itemFulfillment")
        assert [(row["orderLine"], row["itemReceive"]) for row in sent["body"]["item"]["items"]] == [
            (1, False),
            (4, True),
        ]


def test_what_is_left_ships_with_the_next_shipment_and_not_twice() -> None:
    with site() as running:
        _order(running)
        running.run(shipment_step({"MUG": 3, "CUP": 1}))
        running.run(shipment_step({"CUP": 1}, reference="zzzzzzzzzzzzzzzzzzzz"))
        assert _shipped(running) == [[(1, 3), (4, 1)], [(4, 1)]]
        with pytest.raises(Rejected, match="1 of CUP asked, but 0 left on sales order") as caught:
            running.run(shipment_step({"CUP": 1}, reference="yyyyyyyyyyyyyyyyyyyy"))
        assert caught.value.code == "too much"
        assert len(running.records("itemFulfillment")) == 2


def test_one_article_on_several_lines_is_taken_from_each_as_far_as_it_goes() -> None:
    with site() as running:
        twice = [
            {"item": "MUG", "quantity": "1", "rate": "10"},
            {"item": "MUG", "quantity": "2", "rate": "9"},
        ]
        _order(running, twice)
        running.run(shipment_step({"MUG": 2}))
        assert _shipped(running) == [[(1, 1), (4, 1)]]


def test_a_line_of_an_order_that_was_born_here_is_named_by_its_own_number() -> None:
    with site() as running:
        twice = [
            {"item": "MUG", "quantity": "1", "rate": "10"},
            {"item": "MUG", "quantity": "2", "rate": "9"},
        ]
        order = _order(running, twice)
        here = OrderClue(order=DocumentRef(connection=CONNECTION, kind="order", number=order["tranId"]))
        lines = (StepLine(reference="4", sku="ANY", quantity=Decimal(1)),)
        running.run(shipment_step({}, order=here, lines=lines))
        assert _shipped(running) == [[(4, 1)]]


def test_the_order_of_a_link_is_taken_whatever_number_it_bears() -> None:
    with site() as running:
        order = _order(running, otherRefNum="ANOTHER")
        running.run(shipment_step({"MUG": 1}), linked(order["tranId"], order["id"]))
        assert _shipped(running) == [[(1, 1)]]


def test_a_shipment_whose_answer_was_lost_is_found_and_not_made_again() -> None:
    with site() as running:
        _order(running)
        running.fault(kind="reply_lost", method="POST", path="itemFulfillment", when={"once": True})
        with pytest.raises(OutcomeUnknown):
            running.run(shipment_step({"MUG": 1}))
        assert running.run(shipment_step({"MUG": 1})).adopted
        assert _shipped(running) == [[(1, 1)]]


def test_the_words_of_the_carrier_are_a_shipping_item() -> None:
    with site() as running:
        _order(running)
        package = StepPackage(tracking_number="1Z1", carrier_code="12", title="UPS Ground")
        running.run(shipment_step({"MUG": 1}, packages=(package,)))
        assert [one["shipMethod"]["id"] for one in running.records("itemFulfillment")] == ["12"]


def test_a_shipment_may_be_entered_as_packed_only() -> None:
    with site() as running:
        _order(running)
        running.run(shipment_step({"MUG": 1}), fulfillments={"status": "B"})
        assert [one["shipStatus"]["id"] for one in running.records("itemFulfillment")] == ["B"]


def test_a_shipment_that_lost_a_package_is_said_with_both_sides() -> None:
    with site() as running:
        _order(running)
        running.run(shipment_step({"MUG": 1}))
        with pytest.raises(Partial, match=r"tracking numbers: asked 1Z9, there nothing"):
            running.run(shipment_step({"MUG": 1}, tracks=("1Z9",)))


def test_a_shipment_of_ours_with_other_lines_is_said_with_both_sides() -> None:
    with site() as running:
        _order(running)
        running.run(shipment_step({"MUG": 1}))
        with pytest.raises(Partial, match="lines: asked 2 × MUG, there 1 × MUG"):
            running.run(shipment_step({"MUG": 2}))


def test_an_order_that_is_not_there_yet_is_waited_for() -> None:
    with site() as running:
        with pytest.raises(NotFound) as caught:
            running.run(shipment_step({"MUG": 1}))
        assert str(caught.value.missing) == "order 100000101 @ magento-us"


def test_two_orders_under_one_number_are_told_to_a_person() -> None:
    with site() as running:
        _order(running)
        _order(running)
        with pytest.raises(Rejected, match="has several sales orders for 100000101"):
            running.run(shipment_step({"MUG": 1}))


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("pending_approval", "is pending approval: approve it"),
        ("cancelled", "is cancelled"),
        ("closed", "is closed"),
    ],
)
def test_an_order_that_nothing_can_be_made_of_is_refused_in_words(state: str, says: str) -> None:
    with site() as running:
        _order(running, state=state)
        with pytest.raises(Rejected, match=says):
            running.run(shipment_step({"MUG": 1}))
        assert running.records("itemFulfillment") == []


def test_an_article_that_the_order_has_not_is_named_with_those_that_it_has() -> None:
    with site() as running:
        _order(running, [LINES[0]])
        with pytest.raises(MappingMissing, match=r"has no line for CUP \(its lines: MUG\)"):
            running.run(shipment_step({"CUP": 1}))


def test_charges_are_not_shipped_although_they_stand_on_the_order() -> None:
    with site() as running:
        charge = {"item": "SHIPPING", "quantity": "1", "rate": "5.00"}
        _order(running, [*LINES, charge])
        running.run(shipment_step({"MUG": 1}))
        assert _shipped(running) == [[(1, 1)]]


def test_a_fulfillment_that_was_entered_by_hand_is_compared_field_by_field() -> None:
    with site() as running:
        order = _order(running)
        step = shipment_step({"MUG": 2}, tracks=("1Z1",))
        assert [one.there for one in _compared(running, step)] == ["", "", ""]
        by_hand = {
            "lines": [{"orderLine": 1, "quantity": "2"}],
            "packages": [{"packageTrackingNumber": "1Z1"}],
        }
        running.post(f"orders/{order['id']}/fulfil", {**by_hand, "shipStatus": "B"})
        assert [(one.label, one.there, one.differs) for one in _compared(running, step)] == [
            ("lines", "2 × MUG", False),
            ("tracking numbers", "1Z1", False),
            ("status", "Packed", True),
        ]


def _compared(running: Site, step: ShipmentStep) -> tuple[Field, ...]:
    async def compare(recipe: Recipe) -> tuple[Field, ...]:
        assert isinstance(recipe, Comparing)
        return await recipe.compare()

    return running.recipe(step, compare)
