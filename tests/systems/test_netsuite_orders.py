"""Customers and sales orders end to end against the simulated account: look, enter once, read back, refuse in words."""

from decimal import Decimal

import pytest

from connector.errors import Doubled, MappingMissing, OutcomeUnknown, Partial, Rejected
from connector.systems.base import Comparing, Recipe
from connector.systems.netsuite.customers import external_id
from schemas.base import DocumentRef
from schemas.documents import Address
from tests.systems.netsuite_site import Site, site
from tests.systems.netsuite_steps import (
    CONNECTION,
    REFERENCE,
    SHOP,
    bought_by,
    customer_step,
    line,
    money,
    order_step,
)

TWO = (line("MUG", 2, "10.00"), line("CUP", 1, "4.50"))


def _lines(running: Site, kind: str = "salesOrder") -> list[tuple[str, str, str]]:
    (made,) = running.records(kind)
    return [(row["item"]["id"], f"{row['quantity']}", f"{row['amount']}") for row in made["item"]["items"]]


# -- orders ------------------------------------------------------------------------------------------------


def test_an_order_is_entered_once_with_our_reference_and_known_by_number_and_id() -> None:
    with site() as running:
        first = running.order(order_step(*TWO, shipping=money("5.00"), notes="Leave at the gate"))
        again = running.order(order_step(*TWO, shipping=money("5.00")))
        (made,) = running.records("salesOrder")
        assert (first.adopted, again.adopted) == (False, True)
        assert first.effect.document == again.effect.document
        assert first.effect.document == DocumentRef(
            connection=CONNECTION, kind="order", number=made["tranId"], key=made["id"]
        )
        assert (made["externalId"], made["otherRefNum"], made["memo"]) == (
            REFERENCE,
            "100000101",
            "Leave at the gate",
        )
        assert (made["total"], made["shippingCost"]) == (Decimal("29.5"), Decimal(5))
        assert _lines(running) == [("301", "2", "20"), ("302", "1", "4.5")]
        assert made["entity"]["id"] == "501"
        assert made["shippingAddress"]["addressee"] == "Ada Lowe"
        assert first.effect.seen["total"] == "29.5 USD"


def test_the_day_of_an_order_is_the_accounts_own() -> None:
    with site() as running:
        running.order(order_step(*TWO), time_zone="Europe/Berlin")
        assert [one["tranDate"] for one in running.records("salesOrder")] == ["2026-11-21"]


def test_an_order_whose_answer_was_lost_is_found_and_not_entered_again() -> None:
    with site() as running:
        running.fault(kind="reply_lost", method="POST", path="/salesOrder", when={"once": True})
        with pytest.raises(OutcomeUnknown):
            running.order(order_step(*TWO))
        assert running.order(order_step(*TWO)).adopted
        assert len(running.records("salesOrder")) == 1


def test_an_order_that_came_to_stand_since_we_looked_is_taken_for_ours() -> None:
    """A late request of ours: the account refuses the second one with the same external id."""
    with site() as running:
        running.order(order_step(*TWO))

        async def blind(recipe: Recipe) -> str:
            return (await recipe.create()).document.number

        number = running.recipe(order_step(*TWO), blind, bought_by("501"))
        assert number == running.records("salesOrder")[0]["tranId"]
        assert len(running.records("salesOrder")) == 1


def test_tax_that_the_account_calculates_otherwise_needs_a_person_who_sees_both_sides() -> None:
    with site(tax_rate="10") as running:
        with pytest.raises(Partial, match=r"total: asked 26, there 26\.95 \(tax 2\.45 instead of 1\.5\)"):
            running.order(order_step(*TWO, tax=money("1.50")))
        assert running.order(order_step(*TWO, tax=money("1.50")), orders={"tolerance": "0.95"}).adopted


def test_tax_and_shipping_may_be_lines_of_their_own() -> None:
    with site() as running:
        items = {"shipping": "303", "tax": "304"}
        step = order_step(*TWO, shipping=money("5.00"), tax=money("1.50"))
        running.order(step, items=items)
        assert _lines(running)[2:] == [("303", "1", "5"), ("304", "1", "1.5")]
        assert "shippingCost" not in running.records("salesOrder")[0]


def test_discounts_of_lines_are_taken_off_their_amounts() -> None:
    with site() as running:
        discounted = (line("MUG", 3, "10.00", discount=money("1.00")), line("CUP", 1, "4.50"))
        running.order(order_step(*discounted, discount=money("1.00")))
        assert _lines(running) == [("301", "3", "29"), ("302", "1", "4.5")]


def test_a_discount_that_no_line_bears_needs_a_discount_item() -> None:
    with site() as running:
        step = order_step(*TWO, discount=money("2.00"))
        with pytest.raises(
            Rejected, match=r"2\.00 USD of the discount of order 100000101 stand on no line"
        ) as caught:
            running.order(step)
        assert caught.value.code == "money"
        assert running.records("salesOrder") == []


def test_a_discount_item_bears_the_whole_discount_at_the_head() -> None:
    with site() as running:
        item = {"id": "305", "itemId": "WEB DISCOUNT", "type": "discountItem", "basePrice": "0"}
        running.post("seed", {"items": [item]})
        discounted = (line("MUG", 3, "10.00", discount=money("1.00")), line("CUP", 1, "4.50"))
        running.order(order_step(*discounted, discount=money("3.00")), items={"discount": "305"})
        (made,) = running.records("salesOrder")
        assert _lines(running) == [("301", "3", "30"), ("302", "1", "4.5")]
        assert made["total"] == Decimal("31.5")


def test_an_order_that_does_not_add_up_is_not_entered() -> None:
    with site() as running:
        with pytest.raises(
            Rejected, match=r"does not add up: lines 24\.50, .* make 24\.50 USD, its total is 25\.00"
        ):
            running.order(order_step(*TWO, total=money("25.00")))
        assert running.records("salesOrder") == []


def test_articles_that_are_not_there_are_named_all_together() -> None:
    with site() as running:
        with pytest.raises(MappingMissing, match="no active item whose itemid is HAT, CAP"):
            running.order(order_step(line("HAT", 1, "1.00"), line("CAP", 1, "1.00"), *TWO))
        assert running.records("salesOrder") == []


def test_an_order_that_was_entered_by_hand_is_compared_field_by_field() -> None:
    with site() as running:
        lines = [
            {"item": "MUG", "quantity": "2", "rate": "10.00"},
            {"item": "CUP", "quantity": "1", "rate": "4.00"},
        ]
        by_hand = {"entity": "501", "otherRefNum": "100000101", "lines": lines, "state": "unbilled"}

        async def compare(recipe: Recipe) -> list[str]:
            assert isinstance(recipe, Comparing)
            return [one.label for one in await recipe.compare() if one.differs]

        assert running.recipe(order_step(*TWO), compare, bought_by("501")) == [
            "lines",
            "currency",
            "shipping",
            "total",
        ]
        running.post("seed", {"salesOrders": [by_hand]})
        assert running.recipe(order_step(*TWO), compare, bought_by("501")) == ["lines", "total"]


def test_a_currency_without_an_id_is_refused_before_anything_is_sent() -> None:
    with site() as running:
        euro = line("MUG", 1, "10.00", total=money("10.00", "EUR"))
        step = order_step(euro, currency="EUR", total=money("10.00", "EUR"))
        with pytest.raises(Rejected, match="is in EUR: add the internal id"):
            running.order(step)
        running.order(step, currencies={"USD": "1", "EUR": "2"})
        assert [one["currency"]["id"] for one in running.records("salesOrder")] == ["2"]


def test_an_order_that_somebody_changed_meanwhile_is_said_with_both_sides() -> None:
    with site() as running:
        running.order(order_step(*TWO))
        (made,) = running.records("salesOrder")
        row = made["item"]["items"][0]
        running.post(
            f"edit/salesOrder/{made['id']}", {"item": {"items": [{"line": row["line"], "quantity": 3}]}}
        )
        with pytest.raises(Partial, match=r"lines: asked 2 × item 301 for 20, .*, there 3 × item 301 for 30"):
            running.order(order_step(*TWO))


def test_components_that_travel_by_themselves_are_lines_without_an_amount() -> None:
    with site() as running:
        kit = line("MUG", 1, "12.00", ships="never", reference="k")
        part = line("CUP", 2, "0.00", parent_reference="k")
        hidden = line("HAT", 1, "0.00", parent_reference="k", ships="with_parent")
        running.order(order_step(kit, part, hidden))
        assert _lines(running) == [("301", "1", "12"), ("302", "2", "0")]


# -- customers ---------------------------------------------------------------------------------------------


def test_a_customer_is_made_once_for_all_orders_of_who_bought() -> None:
    with site() as running:
        first = running.run(customer_step())
        again = running.run(customer_step())
        made = running.records("customer")[-1]
        assert (first.adopted, again.adopted) == (False, True)
        assert first.effect.document.key == again.effect.document.key == made["id"]
        assert (made["firstName"], made["lastName"], made["email"]) == ("Ada", "Lowe", "ada@example.com")
        assert made["externalId"] == external_id(DocumentRef(connection=SHOP, kind="customer", number="77"))


def test_a_firm_is_made_under_its_name() -> None:
    with site() as running:
        running.run(customer_step(bill_to=Address(name="Ada Lowe", company="Lowe Ltd", phone="555-0100")))
        made = running.records("customer")[-1]
        assert (made["companyName"], made["isPerson"], made["phone"]) == ("Lowe Ltd", False, "555-0100")


def test_a_customer_with_the_address_is_found_and_left_as_it_is() -> None:
    with site() as running:
        (key,) = running.post("seed", {"customers": [{"companyName": "Lowe", "email": "Ada@Example.com"}]})[
            "customers"
        ]
        done = running.run(customer_step())
        assert (done.adopted, done.effect.document.key, done.effect.ours) == (True, key, False)
        assert len(running.records("customer")) == 2


def test_several_customers_with_one_address_are_named() -> None:
    with site() as running:
        same = [{"companyName": name, "email": "ada@example.com"} for name in ("One", "Two")]
        running.post("seed", {"customers": same})
        with pytest.raises(Doubled, match=r"2 customers of netsuite-main have the address ada@example\.com"):
            running.run(customer_step())


def test_who_has_no_address_is_the_guest_customer_and_without_one_a_person_is_asked() -> None:
    with site() as running:
        with pytest.raises(Rejected, match=r"set customers\.guest"):
            running.run(customer_step(email=""))
        done = running.run(customer_step(email=""), customers={"guest": "501"})
        assert (done.effect.document.key, done.effect.document.number) == ("501", "WEB")


def test_everybody_may_be_the_guest_customer_who_has_to_be_there() -> None:
    with site() as running:
        done = running.run(customer_step(), customers={"by": "guest", "guest": "501"})
        assert done.effect.document.key == "501"
        with pytest.raises(Rejected, match=r"customer 999 @ netsuite-main, customers\.guest"):
            running.run(customer_step(), customers={"by": "guest", "guest": "999"})
