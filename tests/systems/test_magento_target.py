"""The shipment recipe end to end against the simulated shop: look, ship, read back, and what goes wrong on
the way."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from connector.errors import (
    MappingMissing,
    OutcomeUnknown,
    Partial,
    Rejected,
)
from connector.planned import PaymentStep
from connector.reference import marker
from connector.systems.base import Effect, Recipe
from schemas.base import DocumentRef, Money
from tests.systems import magento_data as data
from tests.systems.magento_shop import REFERENCE, shop, step

NUMBER = "000000101"


def test_find_nothing_then_ship_then_read_back() -> None:
    """The shipment bears lines, tracking numbers, note and marker, and is known by number and key."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 3, "CUP": 2})
        effect = running.deliver(step({"MUG": 2, "CUP": 1}, tracks=("1Z1", "1Z2", "1Z1", "")))
        (made,) = running.shipments()
        assert running.held() == [{"MUG": 2, "CUP": 1}]
        assert [(t["track_number"], t["carrier_code"], t["title"]) for t in made["tracks"]] == [
            ("1Z1", "ups", "UPS Ground"),
            ("1Z2", "ups", "UPS Ground"),
        ]
        assert [c["comment"] for c in made["comments"]] == [f"Shipped by the warehouse\n{marker(REFERENCE)}"]
        assert effect.document == DocumentRef(
            connection="shop", kind="shipment", number=made["increment_id"], key=str(made["entity_id"])
        )
        assert effect.seen == {
            "lines": "2 × MUG, 1 × CUP",
            "tracking": "UPS Ground 1Z1, UPS Ground 1Z2",
            "note": f"Shipped by the warehouse\n{marker(REFERENCE)}",
        }


def test_the_link_of_the_order_is_learnt() -> None:
    """An order that bears its number here was born here: the pair leads from here to the source."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})
        (link,) = running.deliver(step({"MUG": 1})).links
        assert (link.target.connection, link.target.number) == ("erp", "SO-000123")
        assert (link.source.kind, link.source.number) == ("order", NUMBER)
        assert link.source.key == str(running.shipments()[0]["order_id"])


def test_an_order_that_we_carried_here_is_linked_from_the_source() -> None:
    """An order found by the source's number in ext_order_id was born there."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 1}, ext_order_id="SO-000123")
        (link,) = running.deliver(step({"MUG": 1}, number=None)).links
        assert (link.source.connection, link.source.number) == ("erp", "SO-000123")
        assert link.target.number == NUMBER


def test_a_second_try_adopts_what_it_finds() -> None:
    """The same step twice makes one shipment, and the same effect."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 3})
        first, second = (running.deliver(step({"MUG": 1}, tracks=("1Z1",))) for _ in range(2))
        assert first == second
        assert running.held() == [{"MUG": 1}]
        assert len(running.requests("/ship")) == 1


def test_each_find_looks_at_every_shipment_of_the_order() -> None:
    """Both shipments that bear the reference are found, for the pipeline to say `doubled`."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 3})
        running.deliver(step({"MUG": 1}))
        order = running.shipments()[0]["order_id"]
        again = {"comment": f"again {marker(REFERENCE)}", "is_visible_on_front": 0}
        running.ships(order, items=[], appendComment=True, comment=again)
        found = running.recipe(step({"MUG": 1}), lambda recipe: recipe.find())
        assert len(found) == 2


def test_no_more_than_is_left_is_asked_for() -> None:
    """Magento would clamp 5 to 3 in silence; both numbers are told and nothing is sent."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 3})
        with pytest.raises(Rejected, match=r"5 of MUG asked, but 3 left to ship on order 000000101"):
            running.deliver(step({"MUG": 5}))
        assert running.requests("/ship") == []


def test_a_fraction_of_what_is_sold_whole_is_refused() -> None:
    """Magento would ship 1 of 1.5."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 3})
        with pytest.raises(Rejected, match=r"1\.5 of MUG asked, but order 000000101 counts whole ones"):
            running.deliver(step({"MUG": "1.5"}))


def test_an_order_that_shipped_in_full_says_by_which_shipment() -> None:
    """Somebody shipped it by hand."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})
        running.ships(running.first_order()["entity_id"], items=[])
        (made,) = running.shipments()
        with pytest.raises(Rejected, match=f"already shipped in full by {made['increment_id']}"):
            running.deliver(step({"MUG": 1}))


def test_a_reply_lost_after_the_commit_is_found_again() -> None:
    """The outcome is unknown; the next try looks, finds and adopts."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 2})
        running.fault(kind="reply_lost", path=".*/ship$", method="POST", when={"once": True})
        with pytest.raises(OutcomeUnknown):
            running.deliver(step({"MUG": 1}))
        running.deliver(step({"MUG": 1}))
        assert running.held() == [{"MUG": 1}]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "save_failed"},
        {"kind": "malformed"},
        {"kind": "status", "status": 500, "body": {"message": "Internal Error. Report ID: webapi-1"}},
        {"kind": "status", "status": 503, "body": "<html>Backend fetch failed</html>"},
    ],
    ids=["save failed", "malformed", "500", "503 page"],
)
def test_untrustworthy_answers_to_a_write_are_unknown(fault: dict[str, Any]) -> None:
    """Whether or not it was done, one shipment stands after the next try."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 2})
        running.fault(path=".*/ship$", method="POST", when={"once": True}, **fault)
        with pytest.raises(OutcomeUnknown):
            running.deliver(step({"MUG": 1}))
        running.deliver(step({"MUG": 1}))
        assert running.held() == [{"MUG": 1}]


def test_a_shipment_that_cannot_be_read_back_is_unknown() -> None:
    """It was made, so the next try must look and not make another."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 2})
        running.fault(
            kind="status", status=503, path=r".*/shipment/\d+", when={"once": True}, body="<p>busy</p>"
        )
        with pytest.raises(OutcomeUnknown, match="was made at shop, but cannot be read"):
            running.deliver(step({"MUG": 1}))
        running.deliver(step({"MUG": 1}))
        assert running.held() == [{"MUG": 1}]


def test_a_clamp_behind_our_back_is_caught_by_reading_back() -> None:
    """Somebody ships one of two between our look and our call: Magento ships 1 of our 2 without a word."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 2})

        async def interrupted(recipe: Recipe) -> Effect:
            assert await recipe.find() == ()
            await asyncio.to_thread(
                running.ships,
                running.first_order()["entity_id"],
                items=[{"order_item_id": running.first_order()["items"][0]["item_id"], "qty": 1}],
            )
            return await recipe.verify(await recipe.create())

        with pytest.raises(Partial, match=r"MUG \(item \d+\): asked 2, there 1"):
            running.recipe(step({"MUG": 2}), interrupted)
        assert running.held() == [{"MUG": 1}, {"MUG": 1}]


def test_a_clamped_shipment_is_caught_when_it_is_adopted_too() -> None:
    """A later try finds the clamped shipment and compares it like a new one."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 3, "CUP": 1})
        running.deliver(step({"MUG": 1}, tracks=("1Z1",)))
        with pytest.raises(Partial) as caught:
            running.deliver(step({"MUG": 2, "CUP": 1}, tracks=("1Z1", "1Z9")))
        assert "MUG (item" in caught.value.message
        assert "asked 2, there 1" in caught.value.message
        assert "asked 1, there 0" in caught.value.message
        assert "tracking number 1Z9 (ups) is missing" in caught.value.message


def test_a_refusal_because_somebody_was_faster_is_told_in_words() -> None:
    """All was shipped between our look and our call; Magento's own words would not say by whom."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})

        async def interrupted(recipe: Recipe) -> Effect:
            await recipe.find()
            await asyncio.to_thread(running.ships, running.first_order()["entity_id"], items=[])
            return await recipe.create()

        with pytest.raises(Rejected, match="already shipped in full by 0"):
            running.recipe(step({"MUG": 1}), interrupted)


def test_a_refusal_because_our_earlier_try_went_through_adopts_it() -> None:
    """A request that we gave up on took effect after our look; it is found after the refusal."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})

        async def overtaken(recipe: Recipe) -> Effect:
            await recipe.find()
            await asyncio.to_thread(running.deliver, step({"MUG": 1}))
            return await recipe.verify(await recipe.create())

        effect = running.recipe(step({"MUG": 1}), overtaken)
        assert effect.document.number == running.shipments()[0]["increment_id"]
        assert running.held() == [{"MUG": 1}]


@pytest.mark.parametrize(
    ("recorded", "words"),
    [
        ("order.get.holded", "000000009 @ shop is holded there, .* release it"),
        ("order.get.payment_review", "000000011 @ shop is payment_review there, .* accept or deny it"),
        ("order.get.canceled", "000000008 @ shop is canceled there, .* does not come back"),
        ("order.get.closed", "000000007 @ shop is closed there, which freezes: shipments. .* refunded"),
    ],
)
def test_states_that_forbid_a_shipment(recorded: str, words: str) -> None:
    """Held, in review, cancelled and closed orders ship nothing; nothing is sent."""
    with shop() as running:
        body = data.body(recorded)
        running.seed({"orders": [body]})
        with pytest.raises(Rejected, match=words):
            running.deliver(step({"WIDGET-A": 1}, number=body["increment_id"]))
        assert running.requests("/ship") == []


def test_an_order_of_virtual_goods_ships_nothing() -> None:
    """An empty list of items would ship everything, so none is sent."""
    with shop() as running:
        running.seed({"orders": [data.body("order.get.virtual")]})
        with pytest.raises(Rejected, match="nothing left to ship"):
            running.deliver(step({"GIFTCARD-V": 1}, number="000000018"))
        assert running.requests("/ship") == []


def test_lines_without_goods_ship_nothing() -> None:
    """A line of quantity 0 is no reason to call."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})
        with pytest.raises(Rejected, match="nothing of shipment 004711 @ erp ships"):
            running.deliver(step({"MUG": 0}))


@pytest.mark.parametrize("first", ["together", "separately"])
@pytest.mark.parametrize(
    ("recorded", "sku", "form", "shipped"),
    [
        ("order.get.bundle_together", "KIT-T", "together", {"KIT-T": 1}),
        ("order.get.bundle_separately", "KIT-S", "separately", {"WIDGET-A": 1, "WIDGET-B": 2}),
    ],
)
@pytest.mark.parametrize("named", ["bundle", "components"])
def test_a_bundle_ships_in_its_own_form_however_it_is_named(
    recorded: str, sku: str, form: str, shipped: dict[str, int], named: str, first: str
) -> None:
    """The order does not say how a bundle ships; Magento's refusal of the other form does, and is followed
    once."""
    with shop() as running:
        body = data.body(recorded)
        running.seed({"orders": [body], "shipment_types": {sku: form}})
        lines: dict[str, int | str] = {sku: 1} if named == "bundle" else {"WIDGET-A": 1, "WIDGET-B": 2}
        effect = running.deliver(step(lines, number=body["increment_id"]), bundles=first)
        (made,) = running.held()
        assert {key: made[key] for key in shipped} == shipped
        assert set(made) <= {*shipped, sku}
        assert len(running.requests("/ship")) == (1 if first == form else 2)
        assert running.deliver(step(lines, number=body["increment_id"]), bundles=first) == effect


def test_components_that_make_no_whole_bundle_are_refused_after_magento_said_so() -> None:
    """One component alone of a bundle that ships together."""
    with shop() as running:
        body = data.body("order.get.bundle_together")
        running.seed({"orders": [body], "shipment_types": {"KIT-T": "together"}})
        with pytest.raises(MappingMissing, match="KIT-T of order 000000020 ships as a whole"):
            running.deliver(step({"WIDGET-A": 1}, number=body["increment_id"]))
        assert running.shipments() == []


def test_a_configurable_ships_as_its_parent() -> None:
    """The variant's SKU stands on two items; the parent's ships."""
    with shop() as running:
        body = data.body("order.get.configurable")
        running.seed({"orders": [body]})
        running.deliver(step({"SHIRT-M": 1}, number=body["increment_id"]))
        (made,) = running.shipments()
        assert [item["order_item_id"] for item in made["items"]] == [21]


def test_the_source_of_the_stock_is_named_where_it_is_set() -> None:
    """Shops with several sources want it."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})
        running.deliver(step({"MUG": 1}), source_code="default")
        (sent,) = running.requests("/ship")
        assert sent["body"]["arguments"] == {"extension_attributes": {"source_code": "default"}}


@pytest.mark.parametrize("notify", [True, False])
def test_the_customer_is_told_where_the_flow_says_so(notify: bool) -> None:
    """`notify` goes out as it was planned."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})
        running.deliver(step({"MUG": 1}, notify=notify))
        (sent,) = running.requests("/ship")
        assert (sent["body"]["notify"], sent["body"]["appendComment"]) == (notify, True)


def test_tracking_numbers_that_came_later_are_added_to_our_shipment() -> None:
    """Only those that are missing; the second try adds nothing."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})
        running.deliver(step({"MUG": 1}, tracks=("1Z1",)))
        effects = [running.deliver(step({"MUG": 1}, tracks=("1Z1", "1Z2", "1Z3"))) for _ in range(2)]
        (made,) = running.shipments()
        assert [(t["track_number"], t["title"]) for t in made["tracks"]] == [
            ("1Z1", "UPS Ground"),
            ("1Z2", "UPS Ground"),
            ("1Z3", "UPS Ground"),
        ]
        assert effects[0] == effects[1]
        assert effects[0].seen["tracking"] == "UPS Ground 1Z1, UPS Ground 1Z2, UPS Ground 1Z3"
        assert len(running.requests("/shipment/track")) == 2


def test_a_track_whose_reply_was_lost_is_found_again() -> None:
    """Magento would take the same number twice."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})
        running.deliver(step({"MUG": 1}))
        running.fault(kind="reply_lost", path="/shipment/track$", when={"once": True})
        with pytest.raises(OutcomeUnknown):
            running.deliver(step({"MUG": 1}, tracks=("1Z1",)))
        running.deliver(step({"MUG": 1}, tracks=("1Z1",)))
        (made,) = running.shipments()
        assert [track["track_number"] for track in made["tracks"]] == ["1Z1"]


def test_a_track_that_was_accepted_and_not_kept_is_told() -> None:
    """It is read back, and missed."""
    with shop() as running:
        running.order(NUMBER, {"MUG": 1})
        running.deliver(step({"MUG": 1}))
        running.fault(kind="not_kept", path="/shipment/track$")
        with pytest.raises(Partial, match=r"tracking number 1Z1 \(ups\) is missing"):
            running.deliver(step({"MUG": 1}, tracks=("1Z1",)))


def test_steps_that_a_shop_does_not_take_are_a_defect_of_the_plan() -> None:
    """Payments are invoices here."""
    payment = PaymentStep(
        **step({}).model_dump(include={"key", "reference", "document", "order"}),
        amount=Money(amount=Decimal(1), currency="USD"),
    )
    with shop() as running, pytest.raises(TypeError, match="takes no payment steps"):
        running.deliver(payment)
