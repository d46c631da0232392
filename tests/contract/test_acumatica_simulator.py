"""The Acumatica simulator keeps the vendor's rules for reading and writing, and its judge judges.

Actions and statuses are in test_acumatica_documents.py, log-in and limits in test_acumatica_sessions.py, push
notifications in test_acumatica_push.py.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.contract.acumatica_site import ROOT, SEED, Site, Stage, running_stage, sample, wrapped
from tests.contract.openapi_acumatica import ContractError, validate_acumatica_request

Shape = dict[str, Any]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with running_stage() as one:
        yield one


@pytest.fixture
def site(stage: Stage) -> Iterator[Site]:
    with stage.site(SEED) as one:
        yield one


def _value(body: Shape, name: str) -> Any:
    return body[name].get("value")


def test_fields_are_wrapped_and_empty_ones_are_empty_objects(site: Site) -> None:
    order = site.read("/SalesOrder/SO/000123")
    assert order["OrderNbr"] == {"value": "000123"}
    assert order["Description"] == {}
    assert order["note"] == {"value": ""}
    assert order["rowNumber"] == 1
    assert order["custom"] == {}


def test_linked_and_detail_entities_come_only_under_expand(site: Site) -> None:
    plain = site.read("/SalesOrder/SO/000123")
    assert not {"Details", "Totals", "Shipments", "ShipToAddress"} & set(plain)
    expanded = site.read("/SalesOrder/SO/000123", expand="Details/Allocations,Totals,Shipments,ShipToAddress")
    assert _value(expanded["Totals"], "UnpaidBalance") == Decimal("0.00")
    assert [_value(line, "InventoryID") for line in expanded["Details"]] == ["AALEGO500", "CONBABY1"]
    assert expanded["Details"][0]["Allocations"] == []
    assert _value(expanded["ShipToAddress"], "City") == "Exampleville"
    assert _value(expanded["Shipments"][0], "ShipmentNbr") == "SH000045"


def test_a_shipment_shows_lines_packages_contents_and_orders(site: Site) -> None:
    shipment = site.read(
        "/Shipment/SH000045", expand="Details/Allocations,Packages/PackageContents,Orders,ShippingSettings"
    )
    assert _value(shipment["Details"][0], "OrderNbr") == "000123"
    assert _value(shipment["Details"][0], "ShippedQty") == 2
    package = shipment["Packages"][0]
    assert (_value(package, "TrackingNbr"), _value(package, "Weight")) == ("1Z999", Decimal("1.25"))
    assert _value(package["PackageContents"][0], "OrigOrderNbr") == "000123"
    assert _value(shipment["Orders"][0], "OrderNbr") == "000123"
    assert _value(shipment, "ShipVia") == "UPSGROUND"


def test_keys_may_be_split_by_a_bar_and_a_guid_finds_the_same_record(site: Site) -> None:
    order = site.read("/SalesOrder/SO/000123")
    assert site.read("/SalesOrder/SO|000123")["id"] == order["id"]
    assert site.read(f"/SalesOrder/{order['id']}")["OrderNbr"] == order["OrderNbr"]


@pytest.mark.parametrize("path", ["/SalesOrder/SO/999999", "/Shipment/00000000-0000-4000-8000-000000000000"])
def test_a_key_that_nothing_has_is_500_and_never_404(site: Site, path: str) -> None:
    reply = site.call("GET", path)
    text = sample("error-bodies")["cases"][0]["body"]["exceptionMessage"]
    assert reply.status_code == 500
    assert reply.json()["exceptionMessage"] == text
    assert reply.json()["exceptionType"].endswith("NoEntitySatisfiesTheConditionException")


def test_select_narrows_fields_and_those_of_details(site: Site) -> None:
    listed = site.read("/SalesOrder", select="OrderNbr,Shipments/ShipmentNbr", expand="Shipments", top="1")
    assert set(listed[0]) == {"id", "rowNumber", "note", "OrderNbr", "Shipments", "custom", "_links"}
    assert _value(listed[0]["Shipments"][0], "ShipmentNbr") == "SH000045"
    assert "Status" not in listed[0]["Shipments"][0]


def test_links_name_the_record_and_where_its_files_go(site: Site) -> None:
    order = site.read("/SalesOrder/SO/000123", select="OrderNbr")
    assert order["_links"]["self"] == f"/entity/Default/25.200.001/SalesOrder/{order['id']}"
    assert order["_links"]["files:put"].endswith(
        f"/PX.Objects.SO.SOOrderEntry/Document/{order['id']}/{{filename}}"
    )


def test_top_and_skip_page_in_a_steady_order(site: Site) -> None:
    first = site.read("/SalesOrder", top="1")
    second = site.read("/SalesOrder", top="1", skip="1")
    assert [_value(one[0], "OrderNbr") for one in (first, second)] == ["000123", "000124"]
    assert site.read("/SalesOrder", top="1", skip="2") == []


@pytest.mark.parametrize(
    ("condition", "numbers"),
    [
        ("OrderNbr eq '000123'", ["000123"]),
        ("OrderType eq 'SO' and CustomerOrder eq 'PO-7'", ["000123"]),
        ("OrderNbr ne '000123'", ["000124"]),
        ("CustomerID eq 'C1001' or CustomerID eq 'C1002'", ["000123", "000124"]),
        ("not (CustomerID eq 'C1001')", ["000124"]),
        ("startswith(ExternalRef, '1000') eq true", ["000123"]),
        ("substringof('0045', ExternalRef)", ["000123"]),
        ("endswith(OrderNbr, '4')", ["000124"]),
        ("OrderTotal gt 50", ["000124"]),
        ("OrderTotal le 40.99M", ["000123"]),
        ("Hold eq false and Totals/UnpaidBalance eq 0", ["000123"]),
        ("ShipToAddress/City eq 'exampleville'", ["000123"]),
        ("LastModified gt datetimeoffset'2024-07-15T10:31:28.402+03:00'", ["000123", "000124"]),
        ("LastModified lt datetimeoffset'2024-12-31'", []),
        ("ExternalRef eq null", ["000124"]),
    ],
)
def test_a_filter_selects_what_it_says(site: Site, condition: str, numbers: list[str]) -> None:
    assert [_value(one, "OrderNbr") for one in site.read("/SalesOrder", filter=condition)] == numbers


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        ("Hold eq 'false'", "incompatible types"),
        ("OrderTotal eq '40.99'", "incompatible types"),
        ("Nonsense eq 1", "Could not find a property"),
        ("OrderNbr is '000123'", "unknown operator"),
        ("LastModified gt datetimeoffset'2024-07-15T10:31:28.402 03:00'", "Syntax error"),
        ("Details/InventoryID eq 'AALEGO500'", "Optimization cannot be performed."),
    ],
)
def test_a_filter_the_erp_cannot_run_is_500(site: Site, condition: str, text: str) -> None:
    reply = site.call("GET", "/SalesOrder", query={"$filter": condition})
    assert reply.status_code == 500
    assert text in reply.json()["exceptionMessage"]


def test_last_modified_is_a_cursor_that_every_change_moves(site: Site) -> None:
    before = _value(site.read("/Shipment/SH000045"), "LastModifiedDateTime")
    condition = f"LastModifiedDateTime gt datetimeoffset'{before}'"
    assert site.read("/Shipment", filter=condition) == []
    site.sim("POST", "shipments/SH000045/confirm")
    assert [_value(one, "Status") for one in site.read("/Shipment", filter=condition)] == ["Confirmed"]


def test_a_delegate_field_breaks_lists_but_not_a_get_by_key_or_a_narrow_select(site: Site) -> None:
    site.sim("POST", "options", {"delegate_fields": ["SalesOrder.TaxTotal"]})
    reply = site.call("GET", "/SalesOrder")
    assert (reply.status_code, "TaxTotal: View" in reply.json()["exceptionMessage"]) == (500, True)
    assert len(site.read("/SalesOrder", select="OrderNbr")) == 2
    assert _value(site.read("/SalesOrder/SO/000123"), "TaxTotal") == 0


def test_custom_fields_come_only_when_asked_for(site: Site) -> None:
    held = {"Document": {"UsrChannel": {"type": "CustomStringField", "value": "web"}}}
    key = wrapped(OrderType="SO", OrderNbr="000123")
    assert site.call("PUT", "/SalesOrder", {**key, "custom": held}).json()["custom"] == {}
    assert site.read("/SalesOrder/SO/000123", custom="Document.UsrChannel")["custom"] == held
    found = site.read("/SalesOrder", filter="cf.String(f='Document.UsrChannel') eq 'web'")
    assert [_value(one, "OrderNbr") for one in found] == ["000123"]


def test_a_put_with_a_customer_only_is_completed_as_recorded(site: Site) -> None:
    """Held to the recording `salesorder-put-minimal`: the same fields, these with the same values."""
    recorded = sample("salesorder-put-minimal")
    reply = site.call("PUT", "/SalesOrder", recorded["request"]["body"])
    assert reply.status_code == 200
    made = reply.json()
    assert set(recorded["response"]["body"]) <= set(made)
    same = [
        "CurrencyID",
        "ControlTotal",
        "Hold",
        "LocationID",
        "OrderType",
        "Status",
        "OrderTotal",
        "CustomerID",
    ]
    assert {name: made[name] for name in same} == {name: recorded["response"]["body"][name] for name in same}


def test_an_unknown_field_is_ignored_in_silence(site: Site) -> None:
    """The recording `salesorder-put-expand-details` sent `Quantity` for `OrderQty`, and read-only totals."""
    recorded = sample("salesorder-put-expand-details")
    body = recorded["request"]["body"]
    with pytest.raises(ContractError, match="Quantity"):
        site.call("PUT", "/SalesOrder", body, {"$expand": "Details"})
    reply = site.raw("PUT", "/SalesOrder", params={"$expand": "Details"}, json=body)
    line = reply.json()["Details"][0]
    for name in ("InventoryID", "OrderQty", "UnitPrice", "LineNbr", "OpenQty", "UOM", "Operation"):
        assert line[name] == recorded["response"]["body"]["Details"][0][name]
    assert _value(reply.json(), "OrderTotal") == 0


def test_a_sent_number_gives_way_to_the_next_one_unless_numbering_is_manual(site: Site) -> None:
    body = wrapped(OrderType="SO", OrderNbr="100000099", CustomerID="C1001")
    assert _value(site.call("PUT", "/SalesOrder", body).json(), "OrderNbr") == "000125"
    site.sim("POST", "options", {"manual_numbers": True})
    assert _value(site.call("PUT", "/SalesOrder", body).json(), "OrderNbr") == "100000099"


def test_a_put_updates_by_keys_and_by_id_and_changes_lines(site: Site) -> None:
    order = site.read("/SalesOrder/SO/000124", expand="Details")
    line = order["Details"][0]["id"]
    body: Shape = {
        "id": order["id"],
        "Details": [{"id": line, **wrapped(OrderQty=5)}, wrapped(InventoryID="NEW")],
    }
    changed = site.call("PUT", "/SalesOrder", body, {"$expand": "Details"}).json()
    assert [_value(one, "OrderQty") for one in changed["Details"]] == [5, 0.0]
    removed = {**wrapped(OrderType="SO", OrderNbr="000124"), "Details": [{"id": line, "delete": True}]}
    assert len(site.call("PUT", "/SalesOrder", removed, {"$expand": "Details"}).json()["Details"]) == 1


def test_a_refused_put_is_422_with_the_entity_and_leaves_no_trace(site: Site) -> None:
    site.sim("POST", "seed", {"customers": ["C1001"], "items": ["AALEGO500"]})
    known = next(one for one in sample("error-bodies")["cases"] if one["when"] == "unknown customer")["body"]
    body = {**wrapped(CustomerID="CUST999"), "Details": [wrapped(InventoryID="NOPE", OrderQty=1)]}
    reply = site.call("PUT", "/SalesOrder", body)
    shown = reply.json()
    assert reply.status_code == 422
    assert shown["error"] == known["error"]
    assert shown["CustomerID"] == known["CustomerID"]
    assert shown["OrderNbr"] == known["OrderNbr"]
    assert shown["Details"][0]["InventoryID"]["error"] == "'Inventory ID' cannot be found in the system."
    assert len(site.read("/SalesOrder")) == 2


def test_an_empty_body_is_400_as_recorded(site: Site) -> None:
    reply = site.raw("PUT", "/SalesOrder")
    recorded = sample("put-empty-body-400")["response"]
    assert (reply.status_code, reply.json()) == (recorded["status"], recorded["body"])


@pytest.mark.parametrize("content", [b"{", b'"text"', b'{"CustomerID": "C1001"}'])
def test_a_body_that_is_not_a_wrapped_object_is_400(site: Site, content: bytes) -> None:
    reply = site.raw("PUT", "/SalesOrder", content=content, headers={"Content-Type": "application/json"})
    assert reply.status_code == 400
    assert reply.json()["message"] == "The request is invalid."


def test_if_match_and_if_none_match_refuse_with_412(site: Site) -> None:
    known = wrapped(OrderType="SO", OrderNbr="000123", Description="x")
    unknown = wrapped(OrderType="SO", OrderNbr="777777", CustomerID="C1001")
    assert site.call("PUT", "/SalesOrder", known, headers={"If-None-Match": "*"}).status_code == 412
    assert site.call("PUT", "/SalesOrder", unknown, headers={"If-Match": "*"}).status_code == 412
    assert site.call("PUT", "/SalesOrder", known, headers={"If-Match": "*"}).status_code == 200


def test_a_patch_without_a_target_is_404(site: Site) -> None:
    assert site.call("PATCH", "/SalesOrder", wrapped(OrderType="SO", OrderNbr="777777")).status_code == 404
    body = wrapped(OrderType="SO", OrderNbr="000123", Description="patched")
    assert _value(site.call("PATCH", "/SalesOrder", body).json(), "Description") == "patched"


def test_a_seed_that_does_not_fit_is_refused_with_the_reason(site: Site) -> None:
    wrong = [
        ({"orders": [{"OrderNbr": "000123"}]}, "there is an order"),
        ({"orders": [{"Nonsense": 1}]}, "has no field Nonsense"),
        ({"shipments": [{"orders": [["SO", "000999"]], "lines": [{"ShippedQty": 1}]}]}, "there is no order"),
        ({"order": []}, "Extra inputs are not permitted"),
    ]
    for seed, reason in wrong:
        reply = httpx.post(f"{site.url}/_sim/seed", json=seed)
        assert reply.status_code == 400
        assert reason in reply.json()["error"]


def test_a_reply_lost_after_the_commit_leaves_the_document_in_the_erp(site: Site) -> None:
    site.sim("POST", "faults", {"kind": "reply_lost", "method": "PUT", "when": {"once": True}})
    with pytest.raises(httpx.TransportError):
        site.call("PUT", "/SalesOrder", wrapped(CustomerID="C1001", ExternalRef="lost-1"))
    assert len(site.read("/SalesOrder", filter="ExternalRef eq 'lost-1'")) == 1


def test_the_state_shows_what_the_erp_holds(site: Site) -> None:
    documents = site.sim("GET", "state")["tenants"]["Company"]
    assert [_value(one, "OrderNbr") for one in documents["SalesOrder"]] == ["000123", "000124"]
    assert documents["Shipment"][0]["Packages"][0]["TrackingNbr"] == {"value": "1Z999"}


_SIMULATED = {"Customer", "SalesOrder", "Shipment", "SalesInvoice", "Payment"}
_SLIPS = {
    "Create a Payment for an Invoice and a Sales Order": "'1' is not of type 'integer'",
    "Create a Payment with a Credit Card Transaction Imported from Another System": "NeedsValidation",
    "Create a Return Order for Invoices": "'50' is not of type 'number'",
    "Create a Sales Order with Allocations": "'1' is not of type 'integer'",
    "Entry of a Direct Sales Invoice for a Shipped Order and Return: Confirm the Shipment": "ShipmentType",
    "Entry of a Direct Sales Invoice for a Shipped Order and Return: Prepare an Invoice for the Shipment": (
        "ShipmentType"
    ),
    "Create a Credit Memo": "LocationID",
    "Create a Direct Sales Invoice": "'Branch' was unexpected",
    "Create a Sales Invoice in a Non-Default Currency": "'Branch' was unexpected",
    "Entry of a Direct Sales Invoice: Create an Invoice": "'Branch' was unexpected",
    "Entry of a Direct Sales Invoice Along with a Return: Create an Invoice": "'Branch' was unexpected",
    "Entry of a Direct Sales Invoice for an Unshipped Sales Order: Create an Invoice for the RM Sales Order": (
        "'Branch' was unexpected"
    ),
    "Entry of a Direct Sales Invoice for a Partially Shipped Sales Order: Create an Invoice": (
        "'Branch' was unexpected"
    ),
    "Entry of a Credit Memo for an Unshipped Sales Order: Create a Credit Memo": "'Branch' was unexpected",
}
"""Where the vendor's examples break the vendor's document: numbers as text, fields that are not there."""


def test_the_judge_passes_the_vendors_own_requests_but_for_their_slips() -> None:
    refused: dict[str, str] = {}
    for one in sample("request-bodies")["requests"]:
        path, _, query = one["url"].replace("{endpoint}", ROOT).partition("?")
        if path.removeprefix(ROOT).split("/")[1] not in _SIMULATED:
            continue
        try:
            assert validate_acumatica_request(one["method"], path, query, one["body"])
        except ContractError as error:
            refused[one["purpose"]] = str(error)
    assert set(refused) == set(_SLIPS)
    assert all(_SLIPS[purpose] in text for purpose, text in refused.items())


def test_the_judge_refuses_what_the_document_does_not_know(site: Site) -> None:
    with pytest.raises(ContractError, match="orderby"):
        site.call("GET", "/SalesOrder", query={"$orderby": "OrderNbr"})
    with pytest.raises(ContractError, match="is not of type"):
        site.call("PUT", "/SalesOrder", {"CustomerID": "C1001"})
    with pytest.raises(ContractError, match="ShipmentType"):
        site.call("POST", "/Shipment/ConfirmShipment", {"entity": wrapped(ShipmentType="Shipment")})
    site.read("/SalesOrder")
    assert site.judged == 1
