"""An order ships once: what must hold before, the one call that ships it, and what is said where it does not ship."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from connector.errors import CallError, MappingMissing, OutcomeUnknown, Partial, Rejected
from connector.systems.base import Effect, Known, Recipe
from schemas.base import DocumentRef
from tests.contract.aptify_site import JOURNAL, LAMP, MUG, QUOTATION, SEAT, line
from tests.systems.aptify_site_given import CONNECTION, NUMBER, Done, Target, shipped, step_of, target

WHOLE = {"MUG": 2}


def _refused(there: Target, goods: dict[str, int], **more: Any) -> str:
    """The shipment is refused; what was said, and nothing was written."""
    with pytest.raises(Rejected) as refused:
        there.ship(goods, **more)
    assert there.written() == []
    return refused.value.message


def _shipment(there: Target, number: int, **settings: Any) -> Done:
    """The shipment's own step is run, for an order that is known to be ready."""
    step = step_of(shipped(WHOLE), "shipment")
    document = DocumentRef(connection=CONNECTION, kind="order", number=str(number), key=str(number))
    return there.run(step, Known(made={f"ready:{NUMBER}": document}), **settings)


# -- the whole order ---------------------------------------------------------------------------------------


def test_everything_is_written_before_the_order_ships_and_each_field_once() -> None:
    with target() as there:
        number = there.take()
        done = there.ship(
            WHOLE,
            tracks=("1Z1", "1Z2"),
            freight={"amount": "9.50", "currency": "USD"},
            write_back={"freight": {}, "notes": "Shipped by the dock"},
        )
        assert list(done) == ["ready", "freight", "tracking", "note", "fields.ship_date", "shipment"]
        freight, tracking, note, date, ship = there.forms()
        assert (freight, tracking) == ({"ShipExpense": "9.5000"}, {"TrackingNumber": "1Z1, 1Z2"})
        assert note["Comments"].startswith("Shipped by the dock\n[ref:")
        assert (date, ship) == ({"DateShipped": "2026-11-20"}, {"OrderStatusID": "2"})
        order = there.there.order_state(number)
        assert (order["OrderStatus"], order["TrackingNumber"]) == ("Shipped", "1Z1, 1Z2")
        assert order["DateShipped"] == "2026-11-20T00:00:00"
        assert (order["ShipExpense"], order["ShippingCharge"]) == (9.5, 0)
        assert done["shipment"].effect.document.number == str(number)


def test_a_blank_date_is_filled_in_by_aptify() -> None:
    with target() as there:
        number = there.take()
        there.ship(WHOLE, ship_date=None)
        assert there.there.order_state(number)["DateShipped"] == "2026-11-27T09:30:00"


def test_what_has_shipped_is_not_shipped_again() -> None:
    with target() as there:
        there.take()
        first = there.ship(WHOLE)
        there.forget()
        again = there.ship(WHOLE)
        assert [one.adopted for one in again.values()] == [True] * len(again)
        assert there.written() == []
        assert again["shipment"].effect.document == first["shipment"].effect.document
        assert "not compared" in again["shipment"].effect.seen["inventory"]


def test_an_order_that_a_person_has_shipped_meanwhile_is_taken_as_it_stands() -> None:
    with target() as there:
        number = there.take()
        document = DocumentRef(connection=CONNECTION, kind="order", number=str(number), key=str(number))
        there.there.ship(number)
        there.forget()
        done = there.run(step_of(shipped(WHOLE), "shipment"), Known(made={f"ready:{NUMBER}": document}))
        assert done.adopted
        assert there.written() == []


def test_an_order_is_found_by_its_link_whatever_number_it_bears() -> None:
    with target() as there:
        number = there.take(PONumber="of the customer")
        linked = DocumentRef(connection=CONNECTION, kind="order", number=str(number), key=str(number))
        done = there.carry(shipped(WHOLE), Known(order=linked))
        assert done["shipment"].effect.document.number == str(number)


def test_an_order_is_found_by_the_number_that_it_bears_elsewhere() -> None:
    """A shipment of an ERP is of a shop's order, and so is the order here."""
    with target() as there:
        number = there.take(PONumber=f"W{NUMBER}")
        done = there.ship(WHOLE)
        (link,) = done["ready"].effect.links
        assert (link.source.number, link.target.number) == (NUMBER, str(number))


def test_an_order_that_is_not_there_is_waited_for_and_its_number_is_no_id_here() -> None:
    with target() as there:
        number = there.take(PONumber="")
        step = step_of(shipped(WHOLE), "ready")
        clue = step.order.model_copy(update={"external_number": str(number)})
        with pytest.raises(CallError, match=f"has no order with PONumber {NUMBER}") as missing:
            there.run(step.model_copy(update={"order": clue}))
        assert missing.value.missing.number == NUMBER  # type: ignore[attr-defined]


def test_two_orders_with_one_number_are_for_a_person_unless_one_is_cancelled() -> None:
    with target() as there:
        first, second = there.take(), there.take()
        with pytest.raises(Rejected, match=f"2 orders of aptify-main bear {NUMBER}: {first}, {second}"):
            there.ship(WHOLE)
        there.there.sim("POST", f"orders/{first}/cancel")
        assert there.ship(WHOLE)["shipment"].effect.document.number == str(second)


def test_what_moves_no_stock_ships_along_with_the_rest() -> None:
    with target() as there:
        there.take(line(), line(SEAT, 3), line(JOURNAL, 1))
        done = there.ship(WHOLE, settings={"flows": {}})
        assert "2 → 0" in done["shipment"].effect.seen["inventory"]


def test_a_drop_shipment_moves_no_stock_and_needs_none() -> None:
    with target() as there:
        there.take(line(LAMP, 60), DropShip=True)
        done = there.ship({"LAMP": 60})
        assert done["shipment"].effect.seen["inventory"] == "nothing tracked"


# -- how it is asked for -----------------------------------------------------------------------------------


def test_a_site_that_lets_no_save_ship_is_shipped_by_its_process_flow() -> None:
    with target(saving_ships=False) as there:
        number = there.take()
        there.ship(WHOLE, settings={"flows": {"ship": "Ship Order"}})
        assert there.written()[-1] == "ProcessFlowsController/Ship Order"
        assert there.there.order_state(number)["OrderStatus"] == "Shipped"


def test_without_that_flow_its_refusal_is_told() -> None:
    with target(saving_ships=False) as there:
        there.take()
        with pytest.raises(Rejected, match=r"stands Taken .*cannot be set to Shipped here"):
            there.ship(WHOLE)


@pytest.mark.parametrize("known", [True, False], ids=["by the settings", "by the site's view"])
def test_the_ids_of_statuses_are_the_site_s(known: bool) -> None:
    ids = {"Taken": 11, "Shipped": 12, "Back-Ordered": 13, "Cancelled": 14}
    said = {name: str(key) for name, key in ids.items()}
    settings: dict[str, Any] = {"statuses": said, "views": {"order_statuses": None}} if known else {}
    with target(status_ids=ids) as there:
        number = there.take()
        there.ship(WHOLE, settings=settings)
        assert there.forms()[-1] == {"OrderStatusID": "12"}
        assert there.there.order_state(number)["OrderStatus"] == "Shipped"


def test_a_status_that_nothing_tells_is_asked_for_before_it_ships() -> None:
    with target() as there:
        number = there.take()
        with pytest.raises(Rejected, match="say it under statuses of the connection"):
            _shipment(there, number, views={"order_statuses": None})
        assert there.written() == []


# -- before ------------------------------------------------------------------------------------------------


def test_everything_that_speaks_against_it_is_told_at_once_and_nothing_is_written() -> None:
    with target() as there:
        there.take(line(MUG, 3), line(LAMP, 6, InventoryLocationID=1), OrderTypeID=QUOTATION)
        said = _refused(there, {"MUG": 2, "LAMP": 6}, settings={"flows": {}})
        assert "it is a quotation" in said
        assert "a part of it would stay behind (1 of 3 MUG)" in said
        assert "flows.ship_partially" in said
        assert "6 of LAMP at Main Warehouse are to leave, and 5 are there" in said


def test_an_order_that_is_cancelled_does_not_ship() -> None:
    with target() as there:
        number = there.take()
        there.there.sim("POST", f"orders/{number}/cancel")
        assert "it is Cancelled, and only Taken and Back-Ordered orders ship" in _refused(there, WHOLE)


def test_a_line_without_an_inventory_location_is_named() -> None:
    with target() as there:
        number = there.take(line(SEAT, 1))
        there.there.sim("POST", f"edit/Products/{SEAT}", {"TrackInventory": True})
        (row,) = there.there.lines(number)
        assert f"line {row['ID']} (SEAT) has no inventory location" in _refused(there, {"SEAT": 1})


def test_lines_of_one_product_are_counted_together() -> None:
    with target() as there:
        there.take(line(LAMP, 3, InventoryLocationID=1), line(LAMP, 3, InventoryLocationID=1))
        said = _refused(there, {"LAMP": 6})
        assert "6 of LAMP at Main Warehouse are to leave, and 5 are there" in said


def test_an_order_that_the_warehouse_has_locked_ships() -> None:
    """Locked is what the warehouse works on, and what it works on ships."""
    with target() as there:
        number = there.take()
        there.there.sim("POST", f"orders/{number}/lock")
        there.ship(WHOLE)
        assert there.there.order_state(number)["OrderStatus"] == "Shipped"


def test_more_than_the_order_has_is_refused() -> None:
    with target() as there:
        there.take()
        assert "3 of MUG are meant, and order" in _refused(there, {"MUG": 3})


def test_an_article_that_the_order_has_not_asks_for_a_row_of_the_mapping() -> None:
    with target() as there:
        there.take()
        with pytest.raises(MappingMissing, match=r"no line for CUP \(its lines: MUG\).*mapping\.item"):
            there.ship({"CUP": 1})
        assert there.written() == []


def test_what_has_shipped_otherwise_is_refused_before_anything_is_written() -> None:
    with target() as there:
        number = there.take(line(MUG, 3))
        there.there.ship(number)
        there.forget()
        said = _refused(there, WHOLE)
        assert "has shipped" in said
        assert "3 of MUG" in said
        assert "this shipment is of 2 of MUG" in said


def test_what_is_frozen_of_an_order_that_has_shipped_is_refused_together_before_anything_is_written() -> None:
    names = {"Orders.CampaignCodeID": "CampaignID"}
    with target({"names": names, "freight_field": "ShippingCharge"}, names=names) as there:
        there.there.ship(there.take())
        there.forget()
        write_back = {
            "freight": {},
            "notes": "Gone",
            "fields": {"header": {"CampaignID": "1", "Dock__c": "4"}},
        }
        freight = {"amount": "9.50", "currency": "USD"}
        said = _refused(there, WHOLE, ship_date="2026-01-31", freight=freight, write_back=write_back)
        assert (
            "freezes: amounts (ShippingCharge), date shipped (DateShipped), campaign (CampaignCodeID)."
            in said
        )
        assert "Dock__c" not in said


def test_in_a_dry_run_the_look_alone_says_why_it_would_not_ship() -> None:
    """The shipment's own look holds it too, for what was ready once may not be ready any more."""
    with target() as there:
        number = there.take(line(LAMP, 2, InventoryLocationID=1))
        document = DocumentRef(connection=CONNECTION, kind="order", number=str(number), key=str(number))
        there.there.sim("POST", "inventory/adjustment", {"product": "LAMP", "quantity": -4})
        step = step_of(shipped({"LAMP": 2}), "shipment")

        async def look(recipe: Recipe) -> tuple[Effect, ...]:
            return await recipe.find()

        with pytest.raises(Rejected, match="2 of LAMP at Main Warehouse are to leave, and 1 are there"):
            there.recipe(step, look, Known(made={f"ready:{NUMBER}": document}))


# -- when it does not ship ---------------------------------------------------------------------------------


@pytest.mark.parametrize("shortage", ["failed_save", "unchanged"])
def test_a_shortage_that_shows_with_the_save_is_told_and_nothing_is_tried_again(shortage: str) -> None:
    """Without a view of the stock only Aptify itself knows."""
    with target(shortage=shortage) as there:
        number = there.take(line(LAMP, 6, InventoryLocationID=1))
        with pytest.raises(Rejected, match="was to be shipped, and stands Taken") as refused:
            there.ship({"LAMP": 6}, settings={"views": {"inventory": None}})
        assert "not enough inventory" in refused.value.message
        assert [one for one in there.forms() if "OrderStatusID" in one] == [{"OrderStatusID": "2"}]
        assert there.there.order_state(number)["OrderStatus"] == "Taken"


@pytest.mark.parametrize("form", ["text", "exception", "json"])
def test_a_refusal_by_the_site_is_told_in_its_words(form: str) -> None:
    with target(failed_save=form) as there:
        there.take()
        there.fault("save_failed", "SaveData", message="The period is closed.", skip=2)
        with pytest.raises(Rejected, match=r"stands Taken .*The period is closed\."):
            there.ship(WHOLE)


def test_after_a_refusal_a_retry_ships_and_writes_nothing_else_again() -> None:
    with target() as there:
        there.take()
        there.fault("save_failed", "SaveData", skip=2)
        with pytest.raises(Rejected):
            there.ship(WHOLE)
        there.forget()
        there.ship(WHOLE)
        assert there.forms() == [{"OrderStatusID": "2"}]


def test_an_order_that_ships_late_is_waited_for() -> None:
    with target(ship_seconds=60) as there:
        number = there.take()
        with ThreadPoolExecutor(1) as warehouse:
            done = warehouse.submit(_finish_once_it_is_asked_for, there)
            there.ship(WHOLE, settings={"shipping_patience": 60})
            done.result()
        assert there.there.order_state(number)["OrderStatus"] == "Shipped"
        assert [one for one in there.forms() if "OrderStatusID" in one] == [{"OrderStatusID": "2"}]


def _finish_once_it_is_asked_for(there: Target) -> None:
    while not there.there.sim("POST", "shipping/finish")["shipped"]:
        time.sleep(0.05)


def test_one_that_ships_later_than_patience_lasts_is_for_a_person_and_found_shipped_by_a_retry() -> None:
    with target(ship_seconds=60) as there:
        there.take()
        with pytest.raises(Rejected, match="stands Taken"):
            there.ship(WHOLE)
        there.there.sim("POST", "shipping/finish")
        there.forget()
        assert there.ship(WHOLE)["shipment"].adopted
        assert there.written() == []


def test_a_lost_reply_is_made_up_for_by_a_look_and_the_stock_is_still_compared() -> None:
    with target() as there:
        number = there.take()
        there.fault("reply_lost", "SaveData")
        done = _shipment(there, number)
        assert there.there.order_state(number)["OrderStatus"] == "Shipped"
        assert "on hand 500 → 498" in done.effect.seen["inventory"]
        assert there.forms() == [{"OrderStatusID": "2"}]


def test_a_save_that_did_not_arrive_stays_in_doubt_and_is_asked_for_once_more_later() -> None:
    with target() as there:
        number = there.take()
        there.fault("drop", "SaveData")
        with pytest.raises(OutcomeUnknown):
            _shipment(there, number)
        assert there.there.order_state(number)["OrderStatus"] == "Taken"
        assert not _shipment(there, number).adopted


def test_a_lost_reply_after_which_nothing_can_be_read_stays_in_doubt() -> None:
    with target() as there:
        number = there.take()
        there.fault("reply_lost", "SaveData")
        there.fault("status", "GetRecord/Orders", status=503, skip=2, when={})
        with pytest.raises(OutcomeUnknown):
            _shipment(there, number)
        there.there.sim("DELETE", "faults")
        assert _shipment(there, number).adopted


def test_something_else_than_was_asked_for_shipped_meanwhile() -> None:
    with target() as there:
        number = there.take(line(MUG, 3))
        there.there.ship(number)
        with pytest.raises(
            Partial, match="MUG shipped 3, and 2 were asked for: that cannot be changed any more"
        ):
            _shipment(there, number)


# -- by hand -----------------------------------------------------------------------------------------------


def test_what_stands_there_is_compared_for_a_person_who_ships_by_hand() -> None:
    with target() as there:
        number = there.take()
        step = step_of(shipped(WHOLE), "shipment")
        asked = [(one.label, one.expected, one.there) for one in there.compare(step)]
        assert asked == [("Order Status", "Shipped", "Taken"), ("MUG shipped", "2", "2")]
        there.there.ship(number)
        assert not any(one.differs for one in there.compare(step))
        assert there.standing(step).document.number == str(number)


def test_that_it_is_ready_needs_no_comparison() -> None:
    with target() as there:
        number = there.take()
        step = step_of(shipped(WHOLE), "ready")
        assert there.compare(step) == ()
        assert there.standing(step).document.number == str(number)
