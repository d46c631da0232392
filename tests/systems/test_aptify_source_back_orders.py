"""An Aptify order that ships in part: its back orders, what a storefront is told of them, and what was turned back."""

from collections.abc import Iterator
from typing import Any

import pytest

from connector.preferences import compile_preferences
from connector.templates import compile_template
from schemas.config import Mapping, Preferences
from tests.contract.aptify_site import CANCELLATION, LAMP, MUG, SEAT, line
from tests.systems.aptify_source_site import CONNECTION, Origin, fact, lines, mark, origin, placed, usd


@pytest.fixture
def site() -> Iterator[Origin]:
    with origin() as running:
        yield running


# -- back orders -----------------------------------------------------------------------------------------------


def test_an_order_that_shipped_in_part_is_told_as_it_wasplaced(site: Origin) -> None:
    number = placed(site, line(MUG, 5), line(LAMP, 2), line(SEAT, 1))
    before = site.order(number)
    mugs, lamps = site.ship_partially(number, 3, 0, 1)

    order = site.order(number)

    assert (order.state, order.status) == ("part_shipped", "Shipped")
    assert lines(order) == [("MUG", 5, 3, 0), ("LAMP", 2, 0, 0), ("SEAT", 1, 1, 0)]
    assert [one.reference for one in order.lines] == [one.reference for one in before.lines]
    assert (order.total, order.unpaid_balance) == (before.total, before.unpaid_balance)
    assert order.custom == {
        "back_ordered": "2 × MUG, 2 × LAMP",
        "back_orders": f"{mugs}, {lamps}",
        "cancelled": "",
        "returned": "",
    }


def test_a_flow_can_ask_whether_something_is_on_back_order_and_say_what(site: Origin) -> None:
    number = placed(site, line(LAMP, 3))
    asked = {"require": [{"name": "on back order", "when": "order.custom['back_ordered'] != ''"}]}
    preferences = compile_preferences(Preferences.model_validate(asked), "order.updated", (), Mapping())
    note = compile_template("{{ order.custom.back_ordered }} will follow.", {"order"})

    before = fact(site.fetch("order", number), "order.updated").data
    site.ship_partially(number, 1)
    after = fact(site.fetch("order", number), "order.updated").data

    assert [preferences.evaluate(one).passed for one in (before, after)] == [False, True]
    assert note.render(order=after.document) == "2 × LAMP will follow."


def test_each_step_of_a_back_order_is_a_change_of_the_order_that_wasplaced(site: Origin) -> None:
    number = placed(site, line(MUG, 5), line(LAMP, 2))
    marks = [mark(site.fetch("order", number))]

    mugs, lamps = site.ship_partially(number, 3, 0)
    marks.append(mark(site.fetch("order", number)))
    site.site.ship(mugs)
    marks.append(mark(site.fetch("order", number)))
    half = site.order(number)
    site.work(lamps, "cancel")
    marks.append(mark(site.fetch("order", number)))
    whole = site.order(number)

    assert len(set(marks)) == len(marks)
    assert max(map(len, marks)) <= 255
    assert (half.state, half.custom["back_ordered"], half.confirmed_shipments) == (
        "part_shipped",
        "2 × LAMP",
        2,
    )
    assert (whole.state, whole.custom["back_ordered"], whole.custom["cancelled"]) == (
        "shipped",
        "",
        "2 × LAMP",
    )
    assert lines(whole) == [("MUG", 5, 5, 0), ("LAMP", 2, 0, 2)]


def test_a_back_order_says_nothing_itself_but_leads_to_the_order_that_wasplaced(site: Origin) -> None:
    number = placed(site, line(MUG, 9))
    [first] = site.ship_partially(number, 3)
    [second] = site.ship_partially(first, 2)

    for back_order in (first, second):
        fetched = site.fetch("order", back_order)
        assert fetched.facts == ()
        assert [str(lead) for lead in fetched.leads] == [f"order {number} @ {CONNECTION}"]
    assert site.fetch("order", number).leads == ()


def test_a_back_order_that_shipped_in_part_is_still_the_order_that_wasplaced(site: Origin) -> None:
    number = placed(site, line(MUG, 9))
    [first] = site.ship_partially(number, 3)
    [second] = site.ship_partially(first, 2)

    order = site.order(number)

    assert lines(order) == [("MUG", 9, 5, 0)]
    assert (order.custom["back_ordered"], order.custom["back_orders"]) == ("4 × MUG", str(second))
    assert order.confirmed_shipments == 2


def test_a_line_of_a_back_order_that_names_no_original_is_known_by_its_product(site: Origin) -> None:
    number = placed(site, line(MUG, 5), line(LAMP, 2))
    mugs, _ = site.ship_partially(number, 3, 0)
    [row] = site.site.lines(mugs)
    site.site.sim("POST", f"edit/OrderLines/{row['ID']}", {"OriginalOrderDetailID": -1})

    assert lines(site.order(number)) == [("MUG", 5, 3, 0), ("LAMP", 2, 0, 0)]


def test_where_two_lines_have_one_product_it_becomes_a_line_of_its_own(site: Origin) -> None:
    number = placed(site, line(MUG, 5), line(MUG, 1, Price="10"))
    [mugs] = site.ship_partially(number, 3, 1)
    [row] = site.site.lines(mugs)
    site.site.sim("POST", f"edit/OrderLines/{row['ID']}", {"OriginalOrderDetailID": -1})

    assert lines(site.order(number)) == [("MUG", 3, 3, 0), ("MUG", 1, 1, 0), ("MUG", 2, 0, 0)]


def test_a_whole_order_that_waits_is_on_back_order(site: Origin) -> None:
    number = placed(site, line(LAMP, 3))
    site.site.save("Orders", number, OrderStatusID=3)

    order = site.order(number)

    assert (order.state, order.status, order.custom["back_ordered"]) == ("open", "Back-Ordered", "3 × LAMP")


def test_without_a_view_of_back_orders_an_order_is_what_its_record_says(site: Origin) -> None:
    number = placed(site, line(MUG, 5))
    [mugs] = site.ship_partially(number, 3)
    without: dict[str, Any] = {"views": {"back_orders": None}}

    assert lines(site.order(number, **without)) == [("MUG", 3, 3, 0)]
    assert site.fetch("order", mugs, **without).leads[0].number == str(number)


def test_payments_that_move_with_a_back_order_stay_payments_of_the_order(site: Origin) -> None:
    number = placed(site, line(MUG, 4), InitialPaymentAmount="50.00", PayTypeID=2)
    site.ship_partially(number, 1)

    order = site.order(number)

    assert (order.total, order.paid, order.unpaid_balance) == (usd("50"), usd("50"), usd("0"))


# -- returns ---------------------------------------------------------------------------------------------------


def test_what_a_cancellation_order_turned_back_is_said_on_the_order(site: Origin) -> None:
    number = placed(site, line(MUG, 5), line(LAMP, 1))
    site.site.ship(number)
    before = mark(site.fetch("order", number))
    mug = site.site.lines(number)[0]["ID"]
    [returned] = site.work(number, "turn_back", lines=[{"line": mug, "quantity": 2}])

    fetched = site.fetch("order", returned)
    order = site.order(number)

    assert (fetched.facts, [lead.number for lead in fetched.leads]) == ((), [str(number)])
    assert order.custom["returned"] == "2 × MUG"
    assert lines(order) == [("MUG", 5, 5, 0), ("LAMP", 1, 1, 0)]
    assert (order.total, order.state) == (usd("82.50"), "shipped")
    assert mark(site.fetch("order", number)) != before


def test_a_cancellation_order_that_has_not_shipped_has_turned_nothing_back(site: Origin) -> None:
    number = placed(site, line(MUG, 5))
    site.site.ship(number)
    [row] = site.site.lines(number)
    site.site.take(
        line(MUG, -2, OriginalOrderDetailID=row["ID"]), OrderTypeID=CANCELLATION, OriginalOrderID=number
    )

    assert site.order(number).custom["returned"] == ""
