"""Orders that come into the Acumatica simulator from outside: what is taken, dropped, refused and computed."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.contract.acumatica_site import Site, eventually, running_site, wrapped

Shape = dict[str, Any]

SEED: Shape = {
    "customers": [
        {
            "CustomerID": "C1001",
            "CustomerName": "Example Customer",
            "MainContact": {
                "Email": "office@example.com",
                "Address": {"AddressLine1": "9 Main Street", "City": "Homeville"},
            },
        }
    ],
    "items": ["A", "B"],
    "known": {
        "warehouses": ["MAIN", "WEST"],
        "ship_vias": ["UPSGROUND"],
        "payment_methods": ["CHECK", "VISA"],
        "taxes": ["NYSTATETAX"],
        "order_types": ["SO", "IN"],
        "currencies": ["USD"],
    },
}
ORDER: Shape = {
    **wrapped(
        OrderType="SO",
        CustomerID="C1001",
        Date="2025-08-20T00:00:00+00:00",
        ExternalRef="100000045",
        CustomerOrder="PO-7",
        ShipVia="UPSGROUND",
        PaymentMethod="VISA",
        CurrencyID="USD",
        Hold=False,
    ),
    "note": {"value": "Please ring twice"},
    "Details": [
        wrapped(InventoryID="A", OrderQty=2, UnitPrice=15.5, LineDescription="Brick", WarehouseID="WEST"),
        wrapped(InventoryID="B", OrderQty=1, UnitPrice=10, DiscountAmount=1.25, ExternalRef="17"),
    ],
}


@pytest.fixture(scope="module")
def shared() -> Iterator[Site]:
    with running_site(SEED) as one:
        yield one


@pytest.fixture
def site(shared: Site) -> Iterator[Site]:
    """The shared site with every fault off; each test makes orders of its own."""
    shared.sim("DELETE", "faults")
    yield shared
    shared.sim("DELETE", "faults")


def _put(site: Site, expand: str = "Details,Totals", **changes: Any) -> Shape:
    reply = site.call("PUT", "/SalesOrder", {**ORDER, **changes})
    assert reply.status_code == 200, reply.text
    number = reply.json()["OrderNbr"]["value"]
    made: Shape = site.read(f"/SalesOrder/SO/{number}", expand=expand)
    return made


def _value(body: Shape, name: str) -> Any:
    return body[name].get("value")


def test_an_order_keeps_what_it_was_sent_with_and_gets_a_number(site: Site) -> None:
    made = _put(site)
    sent = {name: held for name, held in ORDER.items() if isinstance(held, dict) and name != "note"}
    assert {name: made[name] for name in sent} == sent
    assert made["note"] == {"value": "Please ring twice"}
    assert (_value(made, "Status"), _value(made, "OrderNbr").isdecimal()) == ("Open", True)
    line = made["Details"][0]
    assert [_value(line, name) for name in ("LineNbr", "LineDescription", "WarehouseID")] == [
        1,
        "Brick",
        "WEST",
    ]


def test_totals_are_computed_from_lines_discounts_and_charges(site: Site) -> None:
    made = _put(
        site,
        IsTaxValid={"value": True},
        TaxDetails=[wrapped(TaxID="NYSTATETAX", TaxAmount=3.1)],
        DiscountDetails=[wrapped(ExternalDiscountCode="SUMMER", DiscountAmount=5)],
        Totals=wrapped(OverrideFreightAmount=True, Freight=7.5, PremiumFreight=1),
    )
    totals = {name: _value(made["Totals"], name) for name in ("LineTotalAmount", "TaxTotal", "DiscountTotal")}
    assert totals == {"LineTotalAmount": Decimal("39.75"), "TaxTotal": Decimal("3.1"), "DiscountTotal": 5}
    total = Decimal("39.75") + Decimal("3.1") + Decimal("7.5") + 1 - 5
    assert _value(made, "OrderTotal") == _value(made["Totals"], "UnpaidBalance") == total
    assert (_value(made, "TaxTotal"), _value(made["Totals"], "UnbilledAmount")) == (Decimal("3.1"), total)


def test_taxes_count_only_where_the_site_is_told_not_to_compute_its_own(site: Site) -> None:
    taxes = [wrapped(TaxID="NYSTATETAX", TaxAmount=3.1)]
    assert _value(_put(site, TaxDetails=taxes), "TaxTotal") == 0
    told = _put(site, "TaxDetails", TaxDetails=taxes, DisableAutomaticTaxCalculation={"value": True})
    assert (_value(told, "TaxTotal"), len(told["TaxDetails"])) == (Decimal("3.1"), 1)


def test_freight_without_its_override_and_sent_totals_are_dropped_in_silence(site: Site) -> None:
    made = _put(site, Totals=wrapped(Freight=7.5, TaxTotal=4, UnpaidBalance=0))
    assert _value(made["Totals"], "Freight") == 0
    assert _value(made["Totals"], "UnpaidBalance") == _value(made, "OrderTotal") == Decimal("39.75")


def test_an_address_is_the_customers_unless_the_override_is_set(site: Site) -> None:
    address = wrapped(AddressLine1="1 Example Street", City="Exampleville", Country="US", PostalCode="12345")
    shown = "ShipToAddress,ShipToContact,BillToAddress"
    dropped = _put(site, shown, ShipToAddress=address)
    assert _value(dropped["ShipToAddress"], "City") == "Homeville"
    assert _value(dropped["ShipToContact"], "Email") == "office@example.com"
    kept = _put(
        site,
        shown,
        ShipToAddressOverride={"value": True},
        ShipToContactOverride={"value": True},
        ShipToAddress=address,
        ShipToContact=wrapped(Attention="Example Buyer", Email="buyer@example.com"),
    )
    assert {name: kept["ShipToAddress"][name] for name in address} == address
    assert _value(kept["ShipToContact"], "Attention") == "Example Buyer"
    assert _value(kept["BillToAddress"], "City") == "Homeville"
    changed = site.call("PUT", "/SalesOrder", {"id": kept["id"], **wrapped(Description="x")})
    assert changed.status_code == 200
    again = site.read(f"/SalesOrder/{kept['id']}", expand="ShipToAddress")
    assert _value(again["ShipToAddress"], "City") == "Exampleville"


@pytest.mark.parametrize(
    ("changes", "field", "title"),
    [
        ({"CustomerID": "CUST999"}, "CustomerID", "Customer"),
        ({"ShipVia": "PIGEON"}, "ShipVia", "Ship Via"),
        ({"PaymentMethod": "SHELLS"}, "PaymentMethod", "Payment Method"),
        ({"OrderType": "ZZ"}, "OrderType", "Order Type"),
        ({"CurrencyID": "ZWL"}, "CurrencyID", "Currency"),
    ],
)
def test_a_name_that_is_not_known_is_refused_beside_its_value(
    site: Site, changes: dict[str, str], field: str, title: str
) -> None:
    before = len(site.read("/SalesOrder", select="OrderNbr"))
    reply = site.call("PUT", "/SalesOrder", {**ORDER, **wrapped(**changes)})
    assert reply.status_code == 422
    assert reply.json()[field] == {
        "value": changes[field],
        "error": f"'{title}' cannot be found in the system.",
    }
    assert len(site.read("/SalesOrder", select="OrderNbr")) == before


@pytest.mark.parametrize(
    ("detail", "row", "field", "title"),
    [
        ("Details", {"InventoryID": "NOPE", "OrderQty": 1}, "InventoryID", "Inventory ID"),
        ("Details", {"InventoryID": "A", "WarehouseID": "MOON"}, "WarehouseID", "Warehouse"),
        ("TaxDetails", {"TaxID": "TITHE", "TaxAmount": 1}, "TaxID", "Tax ID"),
    ],
)
def test_an_unknown_name_in_a_row_is_refused_in_that_row(
    site: Site, detail: str, row: dict[str, object], field: str, title: str
) -> None:
    body = {**ORDER, "DisableAutomaticTaxCalculation": {"value": True}, detail: [wrapped(**row)]}
    reply = site.call("PUT", "/SalesOrder", body)
    assert reply.status_code == 422
    assert reply.json()[detail][0][field]["error"] == f"'{title}' cannot be found in the system."


def test_an_order_is_found_again_by_its_reference_and_a_change_moves_its_cursor(site: Site) -> None:
    made = _put(site, ExternalRef={"value": "ref-9"})
    condition = "ExternalRef eq 'ref-9' and OrderType eq 'SO'"
    assert [one["id"] for one in site.read("/SalesOrder", filter=condition)] == [made["id"]]
    since = f"{condition} and LastModified gt datetimeoffset'{_value(made, 'LastModified')}'"
    assert site.read("/SalesOrder", filter=since) == []
    site.call("PUT", "/SalesOrder", {"id": made["id"], **wrapped(ShipVia="UPSGROUND")})
    assert len(site.read("/SalesOrder", filter=since)) == 1


def test_nothing_but_a_look_keeps_a_second_order_with_the_same_reference_out(site: Site) -> None:
    for _ in range(2):
        body = {**ORDER, **wrapped(ExternalRef="twice-1")}
        assert site.call("PUT", "/SalesOrder", body, headers={"If-None-Match": "*"}).status_code == 200
    assert len(site.read("/SalesOrder", filter="ExternalRef eq 'twice-1'")) == 2


def test_insert_only_refuses_an_order_that_is_there(site: Site) -> None:
    made = _put(site)
    body = {**ORDER, "OrderNbr": made["OrderNbr"]}
    reply = site.call("PUT", "/SalesOrder", body, headers={"If-None-Match": "*"})
    assert reply.status_code == 412


@pytest.mark.parametrize(
    ("fault", "orders"),
    [
        ({"kind": "delay", "seconds": 1.5}, 1),
        ({"kind": "delay_after", "seconds": 2}, 1),
        ({"kind": "reply_lost"}, 1),
        ({"kind": "drop"}, 0),
    ],
)
def test_a_write_whose_reply_does_not_come_is_committed_or_not(site: Site, fault: Shape, orders: int) -> None:
    reference = f"lost-{fault['kind']}"
    site.sim("POST", "faults", {**fault, "method": "PUT", "when": {"once": True}})
    with pytest.raises(httpx.TransportError):
        site.raw("PUT", "/SalesOrder", json={**ORDER, **wrapped(ExternalRef=reference)}, timeout=0.3)
    condition = f"ExternalRef eq '{reference}'"
    if orders:
        eventually(lambda: len(site.read("/SalesOrder", filter=condition)) == orders)
    assert len(site.read("/SalesOrder", filter=condition)) == orders


@pytest.mark.parametrize(
    ("fault", "status", "orders"),
    [
        ({"kind": "status", "status": 503}, 503, 0),
        ({"kind": "status_after", "status": 500}, 500, 1),
        ({"kind": "malformed"}, 200, 1),
        ({"kind": "rate_limit"}, 429, 0),
        ({"kind": "rate_limit", "retry_after": 3}, 429, 0),
    ],
)
def test_a_write_that_is_answered_badly_is_committed_or_not(
    site: Site, fault: Shape, status: int, orders: int
) -> None:
    reference = f"bad-{fault['kind']}-{fault.get('retry_after')}"
    site.sim("POST", "faults", {**fault, "method": "PUT", "when": {"once": True}})
    reply = site.raw("PUT", "/SalesOrder", json={**ORDER, **wrapped(ExternalRef=reference)})
    assert reply.status_code == status
    assert reply.headers.get("retry-after") == (str(fault["retry_after"]) if "retry_after" in fault else None)
    assert len(site.read("/SalesOrder", filter=f"ExternalRef eq '{reference}'")) == orders


@pytest.mark.parametrize("answer", [202, 204])
def test_a_cancel_may_be_accepted_and_ignored(site: Site, answer: int) -> None:
    number = _value(_put(site), "OrderNbr")
    fault = {"kind": "not_created", "answer": answer, "path": "CancelSalesOrder", "when": {"once": True}}
    site.sim("POST", "faults", fault)
    body = {"entity": wrapped(OrderType="SO", OrderNbr=number)}
    started = site.call("POST", "/SalesOrder/CancelSalesOrder", body)
    assert started.status_code == answer
    if answer == 202:
        assert site.poll(started.headers["location"]).status_code == 204
    assert _value(site.read(f"/SalesOrder/SO/{number}"), "Status") == "Open"
    assert site.act("SalesOrder", "CancelSalesOrder", OrderType="SO", OrderNbr=number).status_code == 204
    assert _value(site.read(f"/SalesOrder/SO/{number}"), "Status") == "Canceled"


def test_an_order_without_shipment_or_payment_can_be_deleted(site: Site) -> None:
    number = _value(_put(site), "OrderNbr")
    assert site.call("DELETE", f"/SalesOrder/SO/{number}").status_code == 204
    assert site.call("GET", f"/SalesOrder/SO/{number}").status_code == 500
    shipped = _value(_put(site), "OrderNbr")
    site.sim("POST", f"orders/SO/{shipped}/ship")
    assert site.call("DELETE", f"/SalesOrder/SO/{shipped}").status_code == 500


def test_an_order_leaves_credit_hold_by_its_action(site: Site) -> None:
    site.sim("POST", "seed", {"orders": [{"OrderNbr": "777001", "Status": "Credit Hold"}]})
    key = {"OrderType": "SO", "OrderNbr": "777001"}
    assert site.act("SalesOrder", "ReleaseFromCreditHoldSalesOrder", **key).status_code == 204
    assert _value(site.read("/SalesOrder/SO/777001"), "Status") == "Open"
    assert site.act("SalesOrder", "ReleaseFromCreditHoldSalesOrder", **key).status_code == 500
