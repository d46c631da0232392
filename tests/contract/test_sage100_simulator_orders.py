"""Sales orders through the simulated agent: making, changing, comments, deleting, lists and what became of them."""

from collections.abc import Iterator

import pytest

from tests.contract.sage100_site import CHAIR, DESK, NOTE, Site, running_site

NEW = {"ARDivisionNo": "01", "CustomerNo": "ABF", "lines": [{"ItemCode": "1001", "QuantityOrdered": "3"}]}


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


def test_a_new_order_loads_prices_from_its_items_and_addresses_from_its_customer(site: Site) -> None:
    made = site.ok("POST", "sales-orders", {**NEW, "CustomerPONo": "WEB-1", "FreightAmt": "9.5"})
    assert made["SalesOrderNo"] == "0000001"
    assert (made["OrderType"], made["OrderStatus"], made["CurrentInvoiceNo"]) == ("S", "N", "")
    assert (made["ShipToName"], made["ShipVia"]) == ("American Business Futures", "UPS GROUND")
    line = made["lines"][0]
    assert (line["LineKey"], line["ItemCodeDesc"], line["UnitPrice"]) == (DESK, "Desk", "100")
    assert (line["ExtensionAmt"], made["NonTaxableAmt"], made["FreightAmt"]) == ("300.00", "300.00", "9.50")
    assert site.ok("GET", "sales-orders/0000001") == made


def test_an_order_is_found_again_by_its_reference_and_not_made_twice_with_it(site: Site) -> None:
    made = site.ok("POST", "sales-orders", {**NEW, "ExternalReference": "abc123"})
    found = site.ok("GET", "sales-orders", reference="abc123")["sales_orders"]
    assert [one["SalesOrderNo"] for one in found] == [made["SalesOrderNo"]]
    assert site.ok("GET", "sales-orders", reference="other")["sales_orders"] == []
    reply = site.call("POST", "sales-orders", {**NEW, "ExternalReference": "abc123"})
    assert (reply.json()["code"], reply.json()["document"]) == ("already_exists", made["SalesOrderNo"])


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"CustomerNo": "NOBODY"}, "invalid_field", "CustomerNo"),
        ({"ARDivisionNo": "1"}, "invalid_field", "ARDivisionNo"),
        ({"SalesOrderNo": "12"}, "invalid_field", "SalesOrderNo"),
        ({"ShipVia": "SIXTEEN LETTERS "}, "too_long", "ShipVia"),
        ({"Comment": "x" * 31}, "too_long", "Comment"),
        ({"FreightAmt": "1.234"}, "too_long", "FreightAmt"),
        ({"FreightAmt": "1234567890.00"}, "too_long", "FreightAmt"),
        ({"OrderDate": "2026-02-30"}, "invalid_field", "OrderDate"),
        ({"lines": [{"ItemCode": "NO-SUCH", "QuantityOrdered": "1"}]}, "invalid_field", "ItemCode"),
        ({"lines": [{"ItemCode": "", "QuantityOrdered": "1"}]}, "invalid_field", "ItemCode"),
        ({"lines": [{"ItemCode": "1001"}]}, "quantity", "QuantityOrdered"),
    ],
)
def test_what_the_business_object_refuses_leaves_no_order_behind(
    site: Site, change: dict[str, object], code: str, field: str
) -> None:
    reply = site.call("POST", "sales-orders", {**NEW, **change})
    assert (reply.json()["code"], reply.json()["field"], reply.json()["boi_return"]) == (code, field, 0)
    assert site.sim("GET", "state")["companies"]["ABC"]["orders"] == []


def test_a_line_needs_its_item_code(site: Site) -> None:
    assert site.refused("POST", "sales-orders", {**NEW, "lines": [{"QuantityOrdered": "1"}]}) == "malformed"


def test_shipped_and_back_ordered_make_up_the_quantity_ordered(site: Site) -> None:
    number = site.order()
    path = f"sales-orders/{number}/lines/{DESK}"
    wrong = {"QuantityShipped": "1", "QuantityBackordered": "1"}
    assert site.refused("PATCH", path, wrong) == "quantity"
    assert site.ok("PATCH", path, {**wrong, "QuantityBackordered": "2"})["QuantityShipped"] == "1"
    assert site.ok("PATCH", path, {"QuantityShipped": "2"})["QuantityBackordered"] == "1"


def test_freight_is_raised_by_compare_and_set(site: Site) -> None:
    path = f"sales-orders/{site.order(FreightAmt='10.00')}"
    raised = {"FreightAmt": "15.25", "expect": {"FreightAmt": "10"}}
    assert site.ok("PATCH", path, raised)["FreightAmt"] == "15.25"
    assert site.refused("PATCH", path, raised) == "expectation_failed"
    assert site.ok("GET", path)["FreightAmt"] == "15.25"


def test_an_expectation_of_a_text_overlooks_padding_only(site: Site) -> None:
    path = f"sales-orders/{site.order(ShipVia='UPS')}"
    assert (
        site.refused("PATCH", path, {"ShipVia": "FEDEX", "expect": {"ShipVia": "UP"}}) == "expectation_failed"
    )
    padded = {"ShipVia": "FEDEX", "expect": {"ShipVia": "UPS\0\0"}}
    assert site.ok("PATCH", path, padded)["ShipVia"] == "FEDEX"
    assert site.refused("PATCH", path, {"ShipVia": "UPS", "expect": {"NoColumn": ""}}) == "invalid_field"


def test_user_defined_fields_are_set_on_header_and_line(site: Site) -> None:
    number = site.order()
    assert site.ok("PATCH", f"sales-orders/{number}", {"UDF_PRO_NO": "PRO1"})["UDF_PRO_NO"] == "PRO1"
    line = site.ok("PATCH", f"sales-orders/{number}/lines/{CHAIR}", {"UDF_LOT": "L7"})
    assert (line["LineKey"], line["UDF_LOT"]) == (CHAIR, "L7")
    assert site.refused("PATCH", f"sales-orders/{number}", {"UDF_PRO_NO": "x" * 255}) == "too_long"


def test_only_user_defined_fields_that_there_are_can_be_written() -> None:
    with running_site(user_fields=["UDF_PRO_NO"]) as site:
        path = f"sales-orders/{site.order()}"
        assert site.ok("PATCH", path, {"UDF_PRO_NO": "1"})["UDF_PRO_NO"] == "1"
        assert site.refused("PATCH", path, {"UDF_OTHER": "1"}) == "invalid_field"


def test_a_ship_via_that_sage_does_not_know_is_refused(site: Site) -> None:
    number = site.order()
    site.sim("POST", "seed", {"ship_vias": ["UPS GROUND", "FEDEX 2DAY"]})
    assert site.refused("PATCH", f"sales-orders/{number}", {"ShipVia": "DHL"}) == "invalid_field"
    assert site.ok("PATCH", f"sales-orders/{number}", {"ShipVia": "FEDEX 2DAY"})["ShipVia"] == "FEDEX 2DAY"


def test_a_note_becomes_a_comment_line_and_can_be_taken_away_again(site: Site) -> None:
    number = site.order()
    body = {"CommentText": "Tracking 1Z9", "ExternalReference": "note1"}
    line = site.ok("POST", f"sales-orders/{number}/lines", body)
    assert (line["LineKey"], line["ItemCode"], line["ItemType"]) == ("000006", "/C", "4")
    assert site.refused("POST", f"sales-orders/{number}/lines", body) == "already_exists"
    order = site.ok("GET", f"sales-orders/{number}")
    assert [one["CommentText"] for one in order["lines"] if one["ExternalReference"] == "note1"] == [
        "Tracking 1Z9"
    ]
    site.ok("DELETE", f"sales-orders/{number}/lines/000006")
    assert site.refused("DELETE", f"sales-orders/{number}/lines/000006") == "not_found"
    assert site.ok("POST", f"sales-orders/{number}/lines", body)["LineKey"] == "000007"


def test_only_comment_lines_have_a_text_to_change(site: Site) -> None:
    number = site.order()
    changed = site.ok("PATCH", f"sales-orders/{number}/lines/{NOTE}", {"CommentText": "Ring twice"})
    assert changed["CommentText"] == "Ring twice"
    assert (
        site.refused("PATCH", f"sales-orders/{number}/lines/{DESK}", {"CommentText": "x"}) == "invalid_field"
    )


def test_a_deleted_order_is_gone_and_history_says_so(site: Site) -> None:
    number = site.order()
    quote = site.order(OrderType="Q")
    site.ok("DELETE", f"sales-orders/{number}")
    site.ok("DELETE", f"sales-orders/{quote}")
    assert site.refused("GET", f"sales-orders/{number}") == "not_found"
    history = site.ok("GET", "sales-order-history")["history"]
    assert {one["SalesOrderNo"]: one["OrderStatus"] for one in history} == {number: "X", quote: "Z"}
    assert site.ok("GET", "sales-order-history", salesOrderNo=quote)["history"][0]["OrderStatus"] == "Z"
    assert site.order() not in {number, quote}


def test_a_list_tells_changes_from_a_moment_on_page_by_page(site: Site) -> None:
    early = site.order()
    since = site.clock.tick()
    numbers = [site.order() for _ in range(5)]
    seen: list[str] = []
    query = {"changedSince": since, "pageSize": "2"}
    page = site.ok("GET", "sales-orders", **query)
    while page["next_page"]:
        seen += [one["SalesOrderNo"] for one in page["sales_orders"]]
        page = site.ok("GET", "sales-orders", page=page["next_page"], **query)
    seen += [one["SalesOrderNo"] for one in page["sales_orders"]]
    assert seen == numbers
    later = site.clock.tick()
    site.ok("PATCH", f"sales-orders/{early}", {"ShipVia": "TRUCK"})
    changed = site.ok("GET", "sales-orders", changedSince=later)["sales_orders"]
    assert [(one["SalesOrderNo"], one["changed_at"]) for one in changed] == [
        (early, later.replace("Z", ".000000Z"))
    ]
    assert (changed[0]["DateUpdated"], changed[0]["TimeUpdated"]) == ("2026-11-27", "09.53333")


def test_a_row_that_changes_while_a_list_is_paged_hides_no_other(site: Site) -> None:
    numbers = [site.order() for _ in range(3)]
    first = site.ok("GET", "sales-orders", pageSize="1")
    site.clock.tick()
    site.ok("PATCH", f"sales-orders/{numbers[0]}", {"ShipVia": "TRUCK"})
    rest = site.ok("GET", "sales-orders", page=first["next_page"])["sales_orders"]
    assert [one["SalesOrderNo"] for one in rest] == [numbers[1], numbers[2], numbers[0]]


@pytest.mark.parametrize(
    "query", [{"changedSince": "yesterday"}, {"pageSize": "0"}, {"page": "x"}, {"colour": "red"}]
)
def test_a_query_that_makes_no_sense_is_refused(site: Site, query: dict[str, str]) -> None:
    assert site.refused("GET", "sales-orders", **query) == "malformed"


def test_fixed_width_columns_arrive_padded_in_lists(site: Site) -> None:
    number = site.order(ShipVia="UPS")
    assert site.ok("GET", "sales-orders")["sales_orders"][0]["ShipVia"] == "UPS" + "\0" * 12
    assert site.ok("GET", f"sales-orders/{number}")["ShipVia"] == "UPS"
    site.sim("POST", "options", {"padding": "all"})
    assert site.ok("GET", f"sales-orders/{number}")["ShipVia"] == "UPS" + "\0" * 12
    site.sim("POST", "options", {"padding": "none"})
    assert site.ok("GET", "sales-orders")["sales_orders"][0]["ShipVia"] == "UPS"


def test_a_site_that_computes_tax_puts_it_onto_order_and_invoice() -> None:
    with running_site(tax_rate="5") as site:
        order = site.ok("POST", "sales-orders", NEW)
        assert (order["TaxableAmt"], order["SalesTaxAmt"]) == ("300.00", "15.00")
        given = site.ok("POST", "sales-orders", {**NEW, "SalesTaxAmt": "14.99"})
        assert given["SalesTaxAmt"] == "14.99"
        assert site.invoice(order["SalesOrderNo"])["SalesTaxAmt"] == "10.00"


def test_a_line_that_was_shipped_or_invoiced_is_not_deleted(site: Site) -> None:
    number = site.order(
        {"ItemCode": "1001", "QuantityOrdered": "3", "QuantityShipped": "1"}, {"ItemCode": "/C"}
    )
    assert site.ok("GET", f"sales-orders/{number}")["lines"][0]["QuantityBackordered"] == "2"
    assert site.refused("DELETE", f"sales-orders/{number}/lines/{DESK}") == "invalid_field"
    site.invoice(number, **{f"k{DESK}": "1"})
    assert site.refused("DELETE", f"sales-orders/{number}/lines/{CHAIR}") == "invalid_field"
