"""An order is taken once, for a person who is found or made, and read back to the cent."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest

from connector.errors import Doubled, MappingMissing, NotFound, OutcomeUnknown, Partial, Rejected
from connector.planned import OrderStep
from connector.systems.base import Effect
from tests.contract.aptify_site import LAMP, MUG, PERSON, SEAT, line
from tests.systems.aptify_orders_given import ADDRESS, bought, sold, steps
from tests.systems.aptify_site_given import NUMBER, Done, Target, target, usd

REFERENCE = {"reference_field": "ExternalReference__c"}
BATCH = {"by": "batch"}


@pytest.fixture
def there() -> Iterator[Target]:
    """A site without orders, and with a field for our reference."""
    with target(custom_fields=["ExternalReference__c"]) as found:
        yield found


def _take(there: Target, step: OrderStep | None = None, **settings: Any) -> Done:
    return there.run(step or steps()[1], bought(), **settings)


def _orders(there: Target) -> list[Any]:
    found: list[Any] = there.there.state()["orders"]
    return found


# -- taking it ---------------------------------------------------------------------------------------------


def test_an_order_is_taken_whole_with_its_prices_and_its_number(there: Target) -> None:
    step = steps(shipping=usd("5.00"), total="70.00", write_back={"notes": "From the shop"})[1]
    done = _take(there, step)
    (order,) = _orders(there)
    assert (order["PONumber"], order["OrderStatus"], order["ShipToID"]) == (NUMBER, "Taken", PERSON)
    assert [(one["Product"], one["Quantity"], one["Price"]) for one in order["lines"]] == [
        ("Mug", 2, Decimal("12.5000")),
        ("Lamp", 2, Decimal("20.0000")),
    ]
    assert (order["ShippingCharge"], order["GrandTotal"], order["Comments"]) == (5, 70, "From the shop")
    assert done.effect.document.number == str(order["ID"])
    assert done.effect.seen == {"status": "Taken", "total": "70.00 USD"}
    assert there.written() == ["GenericEntity/SaveData"]


def test_prices_are_ours_whatever_the_site_asks_and_less_their_discount(there: Target) -> None:
    mug = sold("MUG", 3, "10.00", discount=usd("1.00"))
    _take(there, steps(mug, total="29.00")[1])
    (order,) = _orders(there)
    assert order["lines"][0]["Price"] == Decimal("9.6667")
    assert order["GrandTotal"] == 29


def test_where_the_site_s_prices_count_ours_are_neither_sent_nor_compared(there: Target) -> None:
    _take(there, steps(sold("MUG", 2, "10.00"), total="18.00")[1], orders={"ignore_prices": True})
    assert _orders(there)[0]["GrandTotal"] == 25


def test_shipping_that_is_free_is_said_so(there: Target) -> None:
    there.there.sim(
        "POST",
        "seed",
        {"records": {"Shipment Types": [{"id": 9, "fields": {"Name": "Air", "BaseCharge": "7.50"}}]}},
    )
    step = steps(shipping=usd("0.00"), ship_via="AIR", mapping={"ship_via": {"AIR": "9"}})[1]
    _take(there, step)
    (order,) = _orders(there)
    assert (order["ShipTypeID"], order["ShippingCharge"], order["GrandTotal"]) == (9, 0, 65)


def test_an_address_is_the_order_s_own_and_nothing_of_the_person_s_is_left_in_it(there: Target) -> None:
    there.there.sim("POST", "edit/Addresses/71", {"AddressLine2": "Flat 4"})
    _take(there)
    (order,) = _orders(there)
    told = [
        order[f"ShipTo{name}"] for name in ("AddrLine1", "AddrLine2", "City", "State", "ZipCode", "Phone")
    ]
    assert told == ["9 Long Road", "", "Sometown", "TX", "78701", "555-0142"]
    assert order["BillToSameAsShipTo"] is True


def test_another_address_of_the_bill_is_told_apart(there: Target) -> None:
    _take(there, steps(bill_to={**ADDRESS, "city": "Elsewhere"})[1])
    (order,) = _orders(there)
    assert (order["ShipToCity"], order["BillToCity"], order["BillToSameAsShipTo"]) == (
        "Sometown",
        "Elsewhere",
        False,
    )


def test_without_an_address_the_person_s_is_taken(there: Target) -> None:
    _take(there, steps(ship_to=None, bill_to=None)[1])
    assert _orders(there)[0]["ShipToCity"] == "Exampleville"


def test_defaults_of_the_connection_stand_on_every_order(there: Target) -> None:
    _take(there, orders={"defaults": {"OrderSourceID": "2", "OrderLevelID": "2"}})
    (order,) = _orders(there)
    assert (order["OrderSourceID"], order["OrderLevelID"]) == (2, 2)


def test_the_day_is_the_server_s(there: Target) -> None:
    step = steps(placed_at="2026-11-20T03:30:00Z")[1]
    _take(there, step, time_zone="America/Chicago")
    assert there.forms()[0]["OrderDate"] == "2026-11-19T21:30:00"


def test_a_line_leaves_the_inventory_location_that_the_flow_maps(there: Target) -> None:
    _take(there, steps(sold("LAMP", 1, "20.00", warehouse="2"), total="20.00")[1])
    assert _orders(there)[0]["lines"][0]["InventoryLocationID"] == 2
    with pytest.raises(MappingMissing, match=r"LAMP is to leave WEST, .*mapping\.warehouse"):
        _take(there, steps(sold("LAMP", 1, "20.00", warehouse="WEST"), number="7", total="20.00")[1])


def test_the_way_it_was_paid_is_an_id_there(there: Target) -> None:
    _take(there, steps(payment_method="2")[1])
    assert _orders(there)[0]["PayTypeID"] == 2


def test_components_travel_with_what_they_are_part_of(there: Target) -> None:
    rows = (
        sold("MUG", 2, "12.50"),
        sold("SEAT", 2, "0.00", parent_reference="mug", ships="with_parent"),
        {"reference": "note", "sku": "", "quantity": "1", "kind": "comment"},
    )
    _take(there, steps(*rows, total="25.00")[1])
    assert [one["ProductID"] for one in _orders(there)[0]["lines"]] == [MUG]


def test_an_order_may_come_back_shipped_by_itself() -> None:
    with target(auto_ship=True) as there:
        done = _take(there, steps(sold("SEAT", 2, "50.00"), total="100.00")[1])
        assert done.effect.seen["status"] == "Shipped"
        assert _take(there, steps(sold("SEAT", 2, "50.00"), total="100.00")[1]).adopted


# -- what is refused before anything is sent ---------------------------------------------------------------

WRONG: Mapping[str, tuple[OrderStep, str]] = {
    "a product that is not there": (
        steps(sold("CUP", 1, "4.00"), total="4.00")[1],
        "has no product with the code CUP: add it there, or map the item",
    ),
    "another currency": (
        steps(currency="CAD", lines=[], total="0.00")[1],
        "is in CAD, and erp sends it to a connection of USD",
    ),
    "amounts that do not add up": (
        steps(total="60.00")[1],
        r"come to 65\.00, with shipping 0\.00 and tax 0\.00, which is not its total of 60\.00",
    ),
}


@pytest.mark.parametrize(("step", "said"), WRONG.values(), ids=list(WRONG))
def test_what_cannot_be_said_there_is_refused_before_anything_is_sent(
    there: Target, step: OrderStep, said: str
) -> None:
    with pytest.raises(Rejected, match=said):
        _take(there, step)
    assert there.written() == []


def test_a_code_that_two_products_have_is_for_a_person(there: Target) -> None:
    there.there.sim("POST", "seed", {"products": [{"id": 199, "fields": {"Name": "Mug too", "Code": "MUG"}}]})
    with pytest.raises(Doubled, match="2 products of aptify-main have the code MUG: 101, 199"):
        _take(there)


# -- once --------------------------------------------------------------------------------------------------

WAYS: Mapping[str, dict[str, Any]] = {
    "by its number": {},
    "by our reference": REFERENCE,
    "as a batch": BATCH,
    "as a batch, by our reference": {**REFERENCE, **BATCH},
}
each_way = pytest.mark.parametrize("orders", WAYS.values(), ids=list(WAYS))


@each_way
def test_it_is_taken_once_and_found_again(there: Target, orders: dict[str, Any]) -> None:
    first = _take(there, orders=orders)
    again = _take(there, orders=orders)
    assert (first.adopted, again.adopted) == (False, True)
    assert first.effect.document == again.effect.document
    assert len(_orders(there)) == 1


@each_way
def test_a_lost_reply_leaves_one_order(there: Target, orders: dict[str, Any]) -> None:
    there.fault("reply_lost", "SaveData|Batch")
    with pytest.raises(OutcomeUnknown):
        _take(there, orders=orders)
    assert _take(there, orders=orders).adopted
    assert len(_orders(there)) == 1


@pytest.mark.parametrize(("orders", "key"), [({}, False), (BATCH, True)], ids=["a save", "a batch"])
def test_only_a_batch_has_a_key_that_spares_it_the_waiting(
    there: Target, orders: dict[str, Any], key: bool
) -> None:
    async def native(recipe: Any) -> Any:
        return recipe.native_key

    assert there.recipe(steps()[1], native, bought(), orders=orders) is key


async def _create(recipe: Any) -> Effect:
    effect: Effect = await recipe.create()
    return effect


def test_a_batch_that_comes_twice_is_answered_409_which_proves_that_it_arrived(there: Target) -> None:
    """Even where the look has not shown the order yet."""
    step = steps()[1]
    first = there.recipe(step, _create, bought(), orders=BATCH)
    again = there.recipe(step, _create, bought(), orders=BATCH)
    assert first.document == again.document
    assert len(_orders(there)) == 1
    one, other = there.requests("BatchCreateUpdateDelete")
    assert (one["path"], one["status"], other["status"]) == (other["path"], 200, 409)


def test_a_batch_that_was_not_applied_is_told_with_its_reason_and_what_to_do(there: Target) -> None:
    step = steps(ship_via="AIR", mapping={"ship_via": {"AIR": "99"}})[1]
    with pytest.raises(Rejected, match=r"did not apply the batch: .*leads to a record 99 of Shipment Types"):
        _take(there, step, orders=BATCH)
    with pytest.raises(Rejected, match=r"no order came of it: see there why.*orders\.by: save") as refused:
        _take(there, step, orders=BATCH)
    assert refused.value.code == "not applied"
    assert _orders(there) == []
    there.there.sim("POST", "seed", {"records": {"Shipment Types": [{"id": 99, "fields": {"Name": "Air"}}]}})
    assert not _take(there, step).adopted


def test_an_order_that_was_corrected_at_its_source_is_another_batch(there: Target) -> None:
    there.fault("save_failed", "Batch")
    with pytest.raises(Rejected):
        _take(there, orders=BATCH)
    _take(there, steps(sold("MUG", 1, "12.50"), total="12.50")[1], orders=BATCH)
    one, other = there.requests("BatchCreateUpdateDelete")
    assert one["path"] != other["path"]


@pytest.mark.parametrize("form", ["text", "exception", "json"])
def test_a_refusal_is_told_and_takes_nothing(form: str) -> None:
    with target(failed_save=form) as there:
        there.fault("save_failed", "SaveData", message="Members only.")
        with pytest.raises(Rejected, match=r"Save failed\. Members only\."):
            _take(there)
        assert _orders(there) == []


def test_orders_that_followed_from_it_bear_its_number_and_are_not_it(there: Target) -> None:
    _take(there, steps(sold("MUG", 3, "12.50"), total="37.50")[1])
    (order,) = _orders(there)
    part = {"line": order["lines"][0]["ID"], "quantity": 2}
    there.there.sim("POST", f"orders/{order['ID']}/ship_partially", {"lines": [part]})
    there.there.sim("POST", f"orders/{order['ID']}/turn_back")
    assert {one["PONumber"] for one in _orders(there)} == {NUMBER}

    async def look(recipe: Any) -> Any:
        return await recipe.find()

    (found,) = there.recipe(steps()[1], look, bought())
    assert found.document.number == str(order["ID"])


def test_one_that_was_cancelled_is_taken_anew_by_its_number(there: Target) -> None:
    _take(there)
    there.there.sim("POST", f"orders/{_orders(there)[0]['ID']}/cancel")
    assert not _take(there).adopted
    assert len(_orders(there)) == 2


def test_two_that_bear_its_number_are_for_a_person(there: Target) -> None:
    there.take()
    there.take()
    with pytest.raises(Doubled):
        _take(there)


# -- what comes of it --------------------------------------------------------------------------------------


def test_tax_that_aptify_reckons_otherwise_is_told_with_both_totals() -> None:
    with target(tax_rate="10") as there:
        with pytest.raises(Partial, match=r"Grand Total: asked 65\.00, there 71\.50"):
            _take(there)
        assert _take(there, steps(total="71.50", tax=usd("6.50"))[1]).adopted


def test_an_order_that_a_person_has_taken_is_compared_line_by_line(there: Target) -> None:
    step = steps()[1]
    assert [(one.label, one.expected, one.there) for one in there.compare(step, bought())] == [
        ("LAMP", "2", ""),
        ("MUG", "2", ""),
        ("Grand Total", "65.00", ""),
    ]
    with pytest.raises(NotFound, match="has no such order"):
        there.standing(step, bought())
    there.take(line(MUG, 1), line(SEAT, 1))
    told = [(one.label, one.expected, one.there) for one in there.compare(step, bought()) if one.differs]
    assert told == [
        ("LAMP", "2", "0"),
        ("MUG", "2", "1"),
        ("SEAT", "0", "1"),
        ("Grand Total", "65.00", "62.50"),
    ]


def test_one_that_was_taken_as_asked_stands_for_it(there: Target) -> None:
    number = there.take(line(MUG, 2), line(LAMP, 2))
    step = steps()[1]

    async def both(recipe: Any) -> Any:
        return await recipe.compare(), await recipe.standing()

    fields, effect = there.recipe(step, both, bought())
    assert not any(one.differs for one in fields)
    assert effect.document.number == str(number)


def test_what_is_sent_is_a_form_with_its_lines_in_json(there: Target) -> None:
    _take(there, orders=REFERENCE)
    (form,) = there.forms()
    rows = json.loads(form["SubTypes"])
    assert [(row["ID"], row["EntityName"], row["ProductID"]) for row in rows] == [
        (-1, "OrderLines", str(MUG)),
        (-1, "OrderLines", str(LAMP)),
    ]
    assert form["ExternalReference__c"] == steps()[1].reference
