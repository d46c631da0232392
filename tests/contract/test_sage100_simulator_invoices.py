"""Invoices through the simulated agent: which orders get one, what comes along, second shipments, undoing, posting."""

from collections.abc import Iterator

import pytest

from tests.contract.sage100_site import CHAIR, DESK, GIFT, LAMP, NOTE, Document, Site, running_site


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


def lines_by_order(invoice: Document) -> dict[str, Document]:
    return {line["OrderLineKey"]: line for line in invoice["lines"]}


def asked(order: str, **more: object) -> dict[str, object]:
    shipped = [{"OrderLineKey": DESK, "QuantityShipped": "2"}]
    return {"SalesOrderNo": order, "ExternalReference": "ref-x", "lines": shipped, **more}


def test_the_invoice_of_a_shipment_takes_along_what_the_shipment_does_not_show(site: Site) -> None:
    order = site.order()
    invoice = site.ok("POST", "invoices", asked(order, ShipDate="2026-11-26", FreightAmt="12.00"))
    lines = lines_by_order(invoice)
    assert lines[DESK]["QuantityShipped"] == "2"
    assert lines[DESK]["QuantityBackordered"] == "1"
    assert (lines[CHAIR]["QuantityShipped"], lines[CHAIR]["QuantityBackordered"]) == ("0", "4")
    assert (lines[LAMP]["QuantityShipped"], lines[LAMP]["QuantityBackordered"]) == ("0", "2")
    assert (lines[GIFT]["QuantityShipped"], lines[NOTE]["CommentText"]) == ("1", "Leave at the door")
    assert (invoice["NonTaxableAmt"], invoice["FreightAmt"], invoice["ShipDate"]) == (
        "203.00",
        "12.00",
        "2026-11-26",
    )
    assert (invoice["origin"], invoice["posted"], invoice["references"]) == ("starship", False, ["ref-x"])
    assert site.ok("GET", f"sales-orders/{order}")["CurrentInvoiceNo"] == invoice["InvoiceNo"]


def test_charges_and_drop_ships_stay_off_the_invoice_where_asked(site: Site) -> None:
    body = asked(site.order(), carry_charges=False, back_order_drop_ships=False)
    assert set(lines_by_order(site.ok("POST", "invoices", body))) == {DESK, CHAIR}


def test_another_ship_to_is_the_invoices_only(site: Site) -> None:
    order = site.order()
    body = asked(order, ShipToName="Neighbour", ShipToCity="Madison", ShipVia="FEDEX")
    invoice = site.ok("POST", "invoices", body)
    kept = site.ok("GET", f"sales-orders/{order}")
    assert (invoice["ShipToName"], invoice["ShipToCity"], invoice["ShipVia"]) == (
        "Neighbour",
        "Madison",
        "FEDEX",
    )
    assert (kept["ShipToName"], kept["ShipToCity"]) == ("American Business Futures", "Milwaukee")
    assert kept["ShipVia"] == "UPS GROUND"


def test_the_orders_freight_is_not_the_invoices(site: Site) -> None:
    assert site.invoice(site.order(FreightAmt="8.00"))["FreightAmt"] == "0.00"


def test_an_invoice_is_found_again_by_its_reference_and_not_made_twice(site: Site) -> None:
    order = site.order()
    made = site.ok("POST", "invoices", asked(order))
    for query in ({"reference": "ref-x"}, {"salesOrderNo": order}):
        found = site.ok("GET", "invoices", **query)["invoices"]
        assert [one["InvoiceNo"] for one in found] == [made["InvoiceNo"]]
    assert site.ok("GET", "invoices", reference="other")["invoices"] == []
    reply = site.call("POST", "invoices", asked(site.order()))
    assert (reply.json()["code"], reply.json()["document"]) == ("already_exists", made["InvoiceNo"])


@pytest.mark.parametrize("kind", ["M", "R", "Q", "P"])
def test_only_standard_and_back_orders_are_invoiced(site: Site, kind: str) -> None:
    assert site.refused("POST", "invoices", asked(site.order(OrderType=kind))) == "invalid_order_type"


def test_an_order_on_hold_is_not_invoiced(site: Site) -> None:
    order = site.order()
    site.sim("POST", "order", {"order": order, "columns": {"OrderStatus": "H"}})
    assert site.refused("POST", "invoices", asked(order)) == "on_hold"
    site.sim("POST", "order", {"order": order, "columns": {"OrderStatus": "O"}})
    assert site.ok("POST", "invoices", asked(order))["SalesOrderNo"] == order


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"OrderLineKey": DESK, "QuantityShipped": "4"}, "quantity"),
        ({"OrderLineKey": DESK, "QuantityShipped": "0"}, "quantity"),
        ({"OrderLineKey": "000099", "QuantityShipped": "1"}, "not_found"),
        ({"OrderLineKey": LAMP, "QuantityShipped": "1"}, "invalid_field"),
        ({"OrderLineKey": GIFT, "QuantityShipped": "1"}, "invalid_field"),
        ({"OrderLineKey": "1", "QuantityShipped": "1"}, "malformed"),
    ],
)
def test_what_cannot_be_shipped_leaves_no_invoice_behind(site: Site, line: dict[str, str], code: str) -> None:
    order = site.order()
    assert site.refused("POST", "invoices", asked(order, lines=[line])) == code
    assert site.ok("GET", "invoices")["invoices"] == []
    assert site.ok("GET", f"sales-orders/{order}")["CurrentInvoiceNo"] == ""


def test_an_invoice_of_invoice_data_entry_bars_its_order(site: Site) -> None:
    order = site.order()
    seeded = {"order": order, "origin": "invoice_data_entry", "shipped": {DESK: "1"}}
    number = site.sim("POST", "seed", {"invoices": [seeded]})["invoices"][0]
    reply = site.call("POST", "invoices", asked(order))
    assert (reply.status_code, reply.json()["code"]) == (409, "being_invoiced")
    assert reply.json()["last_error_msg"].startswith("Currently being invoiced")
    assert reply.json()["document"] == number
    body = {key: value for key, value in asked(order).items() if key != "SalesOrderNo"}
    assert site.refused("POST", f"invoices/{number}/shipments", body) == "being_invoiced"
    assert site.refused("PATCH", f"sales-orders/{order}", {"FreightAmt": "1.00"}) == "being_invoiced"
    assert site.refused("POST", f"sales-orders/{order}/lines", {"CommentText": "x"}) == "being_invoiced"
    assert site.refused("DELETE", f"invoices/{number}") == "being_invoiced"


@pytest.mark.parametrize("origin", ["starship", "shipping_data_entry"])
def test_a_second_shipment_goes_onto_an_open_invoice_of_shipping(site: Site, origin: str) -> None:
    order = site.order()
    seeded = {"order": order, "origin": origin, "shipped": {DESK: "1"}, "reference": "first"}
    number = site.sim("POST", "seed", {"invoices": [seeded]})["invoices"][0]
    reply = site.call("POST", "invoices", asked(order))
    assert (reply.json()["code"], reply.json()["document"]) == ("invoice_open", number)
    shipped = [
        {"OrderLineKey": DESK, "QuantityShipped": "2"},
        {"OrderLineKey": CHAIR, "QuantityShipped": "1"},
    ]
    body = {"ExternalReference": "second", "lines": shipped, "ShipDate": "2026-11-28"}
    invoice = site.ok("POST", f"invoices/{number}/shipments", body)
    lines = lines_by_order(invoice)
    assert (lines[DESK]["QuantityShipped"], lines[DESK]["QuantityBackordered"]) == ("3", "0")
    assert (lines[CHAIR]["QuantityShipped"], invoice["ShipDate"]) == ("1", "2026-11-28")
    assert (invoice["origin"], invoice["references"]) == (origin, ["first", "second"])
    assert site.refused("POST", f"invoices/{number}/shipments", body) == "already_exists"
    too_many = {"ExternalReference": "third", "lines": [{"OrderLineKey": DESK, "QuantityShipped": "1"}]}
    assert site.refused("POST", f"invoices/{number}/shipments", too_many) == "quantity"


def test_a_shipment_is_taken_off_an_invoice_again_but_not_the_only_one(site: Site) -> None:
    order = site.order()
    first = site.invoice(order)
    number = first["InvoiceNo"]
    body = {"ExternalReference": "second", "lines": [{"OrderLineKey": CHAIR, "QuantityShipped": "4"}]}
    site.ok("POST", f"invoices/{number}/shipments", body)
    back = site.ok("DELETE", f"invoices/{number}/shipments/second")
    assert (back["lines"], back["references"]) == (first["lines"], first["references"])
    assert site.refused("DELETE", f"invoices/{number}/shipments/second") == "not_found"
    assert site.refused("DELETE", f"invoices/{number}/shipments/{first['references'][0]}") == "last_shipment"


def test_a_deleted_invoice_frees_its_order(site: Site) -> None:
    order = site.order()
    number = site.invoice(order)["InvoiceNo"]
    assert site.refused("DELETE", f"sales-orders/{order}") == "invoice_open"
    site.ok("DELETE", f"invoices/{number}")
    assert site.refused("GET", f"invoices/{number}") == "not_found"
    assert site.ok("GET", f"sales-orders/{order}")["CurrentInvoiceNo"] == ""
    assert site.invoice(order)["InvoiceNo"] != number


def test_an_invoices_freight_is_raised_by_compare_and_set(site: Site) -> None:
    path = f"invoices/{site.invoice(site.order())['InvoiceNo']}"
    raised = {"FreightAmt": "7.50", "UDF_BOL": "B1", "expect": {"FreightAmt": "0"}}
    changed = site.ok("PATCH", path, raised)
    assert (changed["FreightAmt"], changed["UDF_BOL"]) == ("7.50", "B1")
    assert site.refused("PATCH", path, raised) == "expectation_failed"


def test_lines_of_an_invoice_take_user_defined_fields_and_comments(site: Site) -> None:
    path = f"invoices/{site.invoice(site.order())['InvoiceNo']}/lines"
    assert site.ok("PATCH", f"{path}/000001", {"UDF_LOT": "L1"})["UDF_LOT"] == "L1"
    line = site.ok("POST", path, {"CommentText": "Shipped by truck", "ExternalReference": "n1"})
    assert (line["ItemType"], line["OrderLineKey"]) == ("4", "")
    assert site.refused("DELETE", f"{path}/000001") == "invalid_field"
    site.ok("DELETE", f"{path}/{line['LineKey']}")
    assert site.refused("DELETE", f"{path}/{line['LineKey']}") == "not_found"


def test_posting_turns_the_invoice_into_history_and_the_rest_into_a_back_order(site: Site) -> None:
    order = site.order()
    number = site.invoice(order)["InvoiceNo"]
    site.sim("POST", "post", {"invoice": number})
    posted = site.ok("GET", f"invoices/{number}")
    assert (posted["posted"], posted["HeaderSeqNo"]) == (True, "000000")
    kept = site.ok("GET", f"sales-orders/{order}")
    desk = kept["lines"][0]
    assert (kept["OrderType"], kept["CurrentInvoiceNo"], kept["LastInvoiceOrderNo"]) == ("B", "", number)
    assert (desk["QuantityShipped"], desk["QuantityBackordered"]) == ("2", "1")
    writes = (
        ("PATCH", "", {"FreightAmt": "1.00"}),
        ("DELETE", "", None),
        ("POST", "/lines", {"CommentText": "x"}),
        ("PUT", "/tracking/0001", {"TrackingID": "1Z"}),
    )
    for method, path, body in writes:
        assert site.refused(method, f"invoices/{number}{path}", body) == "posted"


def test_the_next_invoice_has_only_what_is_left(site: Site) -> None:
    order = site.order()
    site.sim("POST", "post", {"invoice": site.invoice(order)["InvoiceNo"]})
    lines = lines_by_order(site.invoice(order, **{f"k{DESK}": "1"}))
    assert (lines[DESK]["QuantityOrdered"], lines[DESK]["QuantityBackordered"]) == ("1", "0")
    assert GIFT not in lines


def test_an_order_that_is_shipped_in_whole_is_gone_once_posted(site: Site) -> None:
    order = site.order({"ItemCode": "1001", "QuantityOrdered": "2"})
    site.sim("POST", "post", {"invoice": site.invoice(order)["InvoiceNo"]})
    assert site.refused("GET", f"sales-orders/{order}") == "not_found"
    history = site.ok("GET", "sales-order-history", salesOrderNo=order)["history"]
    assert [one["OrderStatus"] for one in history] == ["C"]


def test_a_part_of_a_write_back_can_be_made_to_fail(site: Site) -> None:
    path = f"invoices/{site.invoice(site.order())['InvoiceNo']}"
    failing = {"table": "SO_InvoiceHeader", "column": "UDF_BOL", "message": "No such BOL.", "times": 1}
    site.sim("POST", "failing", failing)
    assert site.ok("PATCH", path, {"FreightAmt": "5.00"})["FreightAmt"] == "5.00"
    reply = site.call("PATCH", path, {"ShipVia": "TRUCK", "UDF_BOL": "B1"})
    assert (reply.json()["code"], reply.json()["last_error_msg"]) == ("invalid_field", "No such BOL.")
    assert site.ok("GET", path)["ShipVia"] == "UPS GROUND"
    assert site.ok("PATCH", path, {"UDF_BOL": "B1"})["UDF_BOL"] == "B1"


def test_a_column_fails_until_it_is_mended(site: Site) -> None:
    order = site.order()
    site.sim("POST", "failing", {"table": "SO_SalesOrderHeader", "column": "FreightAmt"})
    for _ in range(2):
        assert site.refused("PATCH", f"sales-orders/{order}", {"FreightAmt": "5.00"}) == "invalid_field"
    site.sim("DELETE", "failing")
    assert site.ok("PATCH", f"sales-orders/{order}", {"FreightAmt": "5.00"})["FreightAmt"] == "5.00"


def test_a_kit_that_is_not_packed_is_back_ordered_with_its_parts(site: Site) -> None:
    kit = {"ItemCode": "1001", "QuantityOrdered": "1", "ExplodedKitItem": "Y"}
    part = {"ItemCode": "1002", "QuantityOrdered": "4", "SalesKitLineKey": "000001"}
    order = site.order(kit, part)
    invoice = site.invoice(order, **{f"k{CHAIR}": "4"})
    parent, child = invoice["lines"]
    assert (parent["ExplodedKitItem"], parent["QuantityBackordered"]) == ("Y", "1")
    assert (child["SalesKitLineKey"], child["QuantityShipped"]) == ("000001", "4")


def test_what_people_change_in_sage_is_told_as_a_change(site: Site) -> None:
    number = site.invoice(site.order())["InvoiceNo"]
    since = site.clock.tick()
    assert site.ok("GET", "invoices", changedSince=since)["invoices"] == []
    site.sim("POST", "invoice", {"invoice": number, "columns": {"FreightAmt": "3.00"}})
    changed = site.ok("GET", "invoices", changedSince=since)["invoices"]
    assert [(one["InvoiceNo"], one["FreightAmt"]) for one in changed] == [(number, "3.00")]


def test_the_state_shows_everything_with_its_tracking(site: Site) -> None:
    number = site.invoice(site.order())["InvoiceNo"]
    site.ok("PUT", f"invoices/{number}/tracking/0001", {"TrackingID": "1Z"})
    site.sim("POST", "failing", {"table": "SO_InvoiceHeader", "column": "ShipVia"})
    state = site.sim("GET", "state")
    book = state["companies"]["ABC"]
    assert [one["TrackingID"] for one in book["invoices"][0]["tracking"]] == ["1Z"]
    assert [one["column"] for one in state["failing"]] == ["ShipVia"]
    assert len(book["orders"]) == len(book["history"]) == len(book["customers"]) == 1
