"""Sales orders at Acumatica as a target: entered, found again, adopted, and read back to the cent."""

from decimal import Decimal
from typing import Any

import pytest

from connector.errors import Doubled, OutcomeUnknown, Partial, RateLimited, Rejected, Unavailable
from connector.planned import OrderStep
from connector.reference import marker
from tests.systems.acumatica_target_site import (
    Done,
    TargetSite,
    customer_step,
    line,
    linked,
    made,
    new_number,
    order_step,
    usd,
)
from tests.systems.acumatica_target_site import served_site as served_site
from tests.systems.acumatica_target_site import site as site

ORDERS = "/SalesOrder$"


def _there(site: TargetSite, done: Done) -> dict[str, Any]:
    """The order as the vendor holds it."""
    number = done.effect.document.number
    return next(
        one
        for one in site.documents("SalesOrder")
        if f"{one['OrderType']['value']}-{one['OrderNbr']['value']}" == number
    )


def _named(site: TargetSite, number: str) -> list[dict[str, Any]]:
    return [one for one in site.documents("SalesOrder") if one["ExternalRef"].get("value") == number]


def _enter(site: TargetSite, number: str, **fields: Any) -> str:
    """An order that a person entered; gives its number in our form."""
    details = [{"InventoryID": "24-MB01", "OrderQty": "2", "UnitPrice": "34.00"}]
    entered = site.post(
        "enter/SalesOrder",
        {"CustomerID": "C1001", "ExternalRef": number, "Hold": False, "Details": details} | fields,
    )
    return f"SO-{entered['OrderNbr']['value']}"


def test_an_order_is_entered_with_all_that_it_bears(site: TargetSite) -> None:
    """Reference, marker, lines, prices, shipping, addresses and the day at the site."""
    number = new_number()
    step = order_step(number)
    done = site.order(step, time_zone="Asia/Tokyo")
    there = _there(site, done)
    plain: dict[str, Any] = {name: one.get("value") for name, one in there.items() if isinstance(one, dict)}
    assert not done.adopted
    assert (plain["ExternalRef"], plain["CustomerID"], plain["Status"]) == (number, "C1001", "Open")
    assert plain["note"] == f"From the shop\n{marker(step.reference)}"
    assert (plain["ShipVia"], plain["PaymentMethod"], plain["CurrencyID"]) == (
        "UPSGROUND",
        "CREDITCARD",
        "USD",
    )
    assert plain["OrderTotal"] == Decimal("109.5")
    (sent,) = site.requests("PUT")
    assert sent["headers"]["if-none-match"] == "*"
    assert sent["body"]["Date"] == {"value": "2026-03-03T00:00:00+09:00"}
    rows = [
        tuple(
            row[name]["value"]
            for name in ("InventoryID", "OrderQty", "UnitPrice", "DiscountAmount", "ExternalRef")
        )
        for row in there["Details"]
    ]
    assert rows == [("24-MB01", 2, 34, 0, "11"), ("24-WG02", 1, Decimal("36.5"), 3, "12")]
    assert there["Totals"]["Freight"]["value"] == 8
    assert there["ShipToAddress"]["City"]["value"] == there["BillToAddress"]["City"]["value"] == "Austin"
    assert there["BillToContact"]["Email"]["value"] == "ada@example.com"
    assert done.effect.seen["total"] == "109.50 USD"


def test_an_order_goes_to_the_customer_that_its_first_step_made(site: TargetSite) -> None:
    """Both steps as the pipeline runs them, on one another."""
    customer = site.run(customer_step("first@example.com", "77")).effect.document.number
    done = site.order(order_step(new_number()), customer)
    assert _there(site, done)["CustomerID"]["value"] == customer


def test_settings_say_warehouse_branch_hold_type_and_where_the_number_stands(site: TargetSite) -> None:
    """Each one ends in the field that it names."""
    number = new_number()
    orders = {"warehouse": "EAST", "branch": "WEB", "hold": True, "type": "WB", "customer_order": True}
    there = _there(site, site.order(order_step(number), orders=orders))
    names = ("OrderType", "Branch", "Status", "CustomerOrder")
    assert [there[name]["value"] for name in names] == ["WB", "WEB", "On Hold", number]
    assert {row["WarehouseID"]["value"] for row in there["Details"]} == {"EAST"}


@pytest.mark.parametrize("field", ["CustomerOrder", "PaymentRef", "Document.UsrWebNbr"])
def test_an_order_is_found_by_the_field_that_the_source_reads(site: TargetSite, field: str) -> None:
    """A field of the contract or a custom one; a second try finds the first one's order by it."""
    step = order_step(new_number())
    first = site.order(step, order_reference=field)
    second = site.order(step, order_reference=field)
    assert (first.adopted, second.adopted) == (False, True)
    assert first.effect.document == second.effect.document


def test_the_number_itself_may_be_the_storefronts(site: TargetSite) -> None:
    """Where orders are numbered by hand; where they are not, it is said that the number was not taken."""
    with pytest.raises(Partial, match="OrderNbr: asked"):
        site.order(order_step(new_number()), order_reference="OrderNbr")
    site.post("options", {"manual_numbers": True})
    try:
        number = new_number()
        done = site.order(order_step(number), order_reference="OrderNbr")
        again = site.order(order_step(number), order_reference="OrderNbr")
    finally:
        site.post("options", {"manual_numbers": False})
    assert done.effect.document.number == f"SO-{number}"
    assert again.adopted


# -- money -----------------------------------------------------------------------------------------------------------


def test_a_tax_that_the_site_does_not_compute_is_a_difference_to_the_cent(site: TargetSite) -> None:
    """Both sides are named, and the order stands; a tolerance of the settings may let it pass."""
    step = order_step(new_number(), content={"tax": usd("0.07"), "total": usd("109.57")})
    with pytest.raises(Partial, match=r"total: asked 109\.57 \(tax 0\.07\), there 109\.50 \(tax 0\.0*\)"):
        site.order(step)
    done = site.order(step, orders={"total_tolerance": "0.07"})
    assert done.adopted


def test_the_storefronts_tax_can_be_given(site: TargetSite) -> None:
    """As one row of the configured tax, which the site is told not to compute."""
    step = order_step(new_number(), content={"tax": usd("9.04"), "total": usd("118.54")})
    there = _there(site, site.order(step, orders={"taxes": "given", "tax_id": "WEBTAX"}))
    (row,) = there["TaxDetails"]
    assert (row["TaxID"]["value"], row["TaxAmount"]["value"]) == ("WEBTAX", Decimal("9.04"))
    assert row["TaxableAmount"]["value"] == Decimal("101.5")
    assert there["OrderTotal"]["value"] == Decimal("118.54")


def test_a_discount_that_no_line_bears_is_taken_off_the_shipping(site: TargetSite) -> None:
    """Storefronts count the discount on shipping among the order's."""
    step = order_step(new_number(), content={"discount": usd("7.00"), "total": usd("105.50")})
    there = _there(site, site.order(step))
    assert there["Totals"]["Freight"]["value"] == 4


def test_a_price_that_does_not_come_to_the_lines_total_is_made_to(site: TargetSite) -> None:
    """Three for 10.00 at a shop whose prices hold the tax: the total counts, not the rounded price."""
    one = line("1", "24-MB01", "3", "3.33", total=usd("10.00"))
    done = site.order(order_step(new_number(), [one], {"discount": None, "total": usd("18.00")}))
    assert _there(site, done)["Details"][0]["UnitPrice"]["value"] == Decimal("3.333333")


def test_a_configurable_is_one_line_and_a_bundle_that_ships_in_parts_is_priced_as_a_whole(
    site: TargetSite,
) -> None:
    """Components that travel inside are left out, those that travel by themselves come without an amount; the
    discount of a component is taken off the line that bears the price."""
    lines = [
        line("1", "SHIRT-BLUE-M", "1", "20.00"),
        line("2", "SHIRT-BLUE-M", "1", None, parent_reference="1", ships="with_parent"),
        line("3", "KIT-1", "1", "50.00", ships="never"),
        line("4", "KIT-PART", "2", None, parent_reference="3", discount=usd("5.00")),
    ]
    content = {"discount": usd("5.00"), "total": usd("73.00")}
    there = _there(site, site.order(order_step(new_number(), lines, content)))
    rows = [
        (row["InventoryID"]["value"], row["OrderQty"]["value"], row["Amount"]["value"])
        for row in there["Details"]
    ]
    assert rows == [("SHIRT-BLUE-M", 1, 20), ("KIT-1", 1, 45), ("KIT-PART", 2, 0)]


def test_what_the_site_changed_of_an_order_of_ours_is_partial(site: TargetSite) -> None:
    """A quantity, a line more, another carrier: each is named with both sides when the order is looked at again."""
    step = order_step(new_number())
    key = site.order(step).effect.document.number.removeprefix("SO-")
    extra = {"InventoryID": "KIT-1", "OrderQty": "1", "UnitPrice": "1.00"}
    changed = {"ShipVia": "TRUCK", "Details": [{"LineNbr": 1, "OrderQty": "1"}, extra]}
    site.post(f"edit/SalesOrder/SO/{key}", changed)
    with pytest.raises(Partial) as raised:
        site.order(step)
    said = raised.value.message
    assert "ship via: asked UPSGROUND, there TRUCK" in said
    assert "24-MB01: asked 2 for 68.00, there 1" in said
    assert "KIT-1: asked 0 for 0, there 1" in said


# -- finding ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["reply_lost", "malformed"])
def test_an_order_whose_reply_was_lost_is_found_by_the_next_try(site: TargetSite, kind: str) -> None:
    """It is in doubt, then found by number and marker, and stands there once."""
    step = order_step(new_number())
    site.fault(kind, "PUT", ORDERS)
    with pytest.raises(OutcomeUnknown):
        site.order(step)
    assert site.order(step).adopted
    assert len(_named(site, step.content.number)) == 1


def test_an_order_that_a_person_entered_under_the_number_is_adopted(site: TargetSite) -> None:
    """It is taken as it stands, and says who entered it and where it differs."""
    number = new_number()
    entered = _enter(site, number)
    done = site.order(order_step(number))
    assert (done.adopted, done.effect.document.number) == (True, entered)
    assert done.effect.seen["entered by"] == "somebody else, and adopted"
    assert "24-WG02: asked 1 for 33.50, there 0 for 0" in done.effect.seen["differences"]


def test_a_cancelled_order_of_somebody_else_does_not_count(site: TargetSite) -> None:
    """The number was used for a try, so ours is entered."""
    number = new_number()
    key = _enter(site, number).removeprefix("SO-")
    site.post(f"orders/SO/{key}/cancel")
    assert not site.order(order_step(number)).adopted


def test_two_orders_under_one_number_are_doubled(site: TargetSite) -> None:
    """None of them is chosen; one with our marker counts alone."""
    number = new_number()
    _enter(site, number)
    _enter(site, number)
    step = order_step(number)
    with pytest.raises(Doubled):
        site.order(step)
    ours = _enter(site, number)
    body = {"note": f"ours\n{marker(step.reference)}"}
    site.post(f"edit/SalesOrder/SO/{ours.removeprefix('SO-')}", body)
    with pytest.raises(Partial, match=ours):
        site.order(step)


def test_the_order_of_another_storefront_is_not_taken_for_ours(site: TargetSite) -> None:
    """It bears another marker; where a link says that it is the order after all, it is adopted."""
    number = new_number()
    step = order_step(number)
    done = site.order(step.model_copy(update={"reference": "another2another2anot"}))
    with pytest.raises(Rejected, match="another flow or storefront") as raised:
        site.order(step)
    assert raised.value.code == "ambiguous order"
    known = made(step, "C1001")
    again = site.run(step, type(known)(linked(done.effect).order, known.made))
    assert again.adopted


def test_a_quote_in_a_number_does_not_break_the_search(site: TargetSite) -> None:
    """OData doubles it."""
    step = order_step("O'Neil's 1")
    assert not site.order(step).adopted
    assert site.order(step).adopted


# -- refusals --------------------------------------------------------------------------------------------------------


def test_an_unknown_article_is_refused_with_its_line(site: TargetSite) -> None:
    """The line, the field, the value as sent, and the vendor's words; nothing stands there."""
    number = new_number()
    step = order_step(number, [line("1", "24-MB01", "1", "1.00"), line("2", "NOPE", "1", "1.00")])
    with pytest.raises(Rejected) as raised:
        site.order(step)
    assert "line 2: InventoryID 'NOPE': 'Inventory ID' cannot be found in the system." in raised.value.message
    assert raised.value.field == "Details.InventoryID"
    assert _named(site, number) == []


def test_an_unknown_customer_is_refused_with_its_number(site: TargetSite) -> None:
    """It was there a moment ago, so a person must look."""
    with pytest.raises(Rejected, match="CustomerID 'C9999': 'Customer' cannot be found in the system"):
        site.order(order_step(new_number()), "C9999")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "rate_limit"}, RateLimited),
        ({"kind": "long_operation"}, Unavailable),
        ({"kind": "status", "status": 412, "body": {"message": "It exists."}}, OutcomeUnknown),
        (
            {"kind": "status", "status": 503, "body": "<html><title>Maintenance</title></html>"},
            OutcomeUnknown,
        ),
        (
            {
                "kind": "status",
                "status": 500,
                "body": {"exceptionMessage": "Another process has added the 'SOOrder' record."},
            },
            OutcomeUnknown,
        ),
        (
            {
                "kind": "status",
                "status": 500,
                "body": {
                    "message": "An error has occurred.",
                    "exceptionMessage": "The period is closed.",
                    "exceptionType": "PX.Data.PXException",
                },
            },
            Rejected,
        ),
        ({"kind": "status", "status": 403, "body": {"message": "No rights."}}, Rejected),
        (
            {
                "kind": "status",
                "status": 500,
                "body": {"exceptionMessage": "API Login Limit", "exceptionType": "PX.Data.PXException"},
            },
            RateLimited,
        ),
    ],
)
def test_a_refused_write_says_what_it_means(
    site: TargetSite, fault: dict[str, Any], error: type[Exception]
) -> None:
    """What may have been done is looked for, what was not is tried again, what a person must mend is said."""
    step: OrderStep = order_step(new_number())
    site.fault(method="PUT", path=ORDERS, **fault)
    with pytest.raises(error) as raised:
        site.order(step)
    assert type(raised.value) is error
    assert not site.order(step).adopted
