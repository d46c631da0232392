"""The Acumatica simulator's customers: numbered, found by their address, refused with the entity itself."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.acumatica_site import Site, Stage, running_stage, sample, wrapped

Shape = dict[str, Any]

EMAIL = "buyer@example.com"
GUEST: Shape = {
    **wrapped(CustomerName="Example Buyer", CustomerClass="WEB"),
    "MainContact": {
        **wrapped(Email=EMAIL, Phone1="555-0100"),
        "Address": wrapped(AddressLine1="1 Example Street", City="Exampleville", Country="US"),
    },
}


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with running_stage() as one:
        yield one


@pytest.fixture
def site(stage: Stage) -> Iterator[Site]:
    with stage.site({"customers": ["C1001"], "known": {"customer_classes": ["WEB", "DEFAULT"]}}) as one:
        yield one


def _put(site: Site, **changes: object) -> Shape:
    reply = site.call("PUT", "/Customer", {**GUEST, **wrapped(**changes)})
    assert reply.status_code == 200, reply.text
    made: Shape = reply.json()
    return made


def test_a_customer_gets_the_next_number_whatever_was_sent_as_recorded(site: Site) -> None:
    recorded = sample("customer-put")
    made = site.call("PUT", "/Customer", recorded["request"]["body"]).json()
    shown = recorded["response"]["body"]
    assert set(shown) <= set(made)
    assert made["CustomerID"] == {"value": "C1002"} != recorded["request"]["body"]["CustomerID"]
    same = [name for name in shown if isinstance(shown[name], dict) and shown[name].get("value") is False]
    same += ["CustomerClass", "CurrencyID", "Terms", "Status", "TaxZone", "ShippingRule", "CustomerName"]
    assert {name: made[name] for name in same} == {name: shown[name] for name in same}


def test_a_customer_keeps_its_own_number_where_numbering_is_manual_and_needs_one(site: Site) -> None:
    site.sim("POST", "options", {"manual_customers": True})
    assert _put(site, CustomerID="WEB-7")["CustomerID"] == {"value": "WEB-7"}
    refused = site.call("PUT", "/Customer", GUEST)
    assert refused.status_code == 422
    assert refused.json()["CustomerID"]["error"] == "'Customer ID' cannot be empty."


def test_a_customer_is_found_by_the_address_of_its_main_contact(site: Site) -> None:
    number = _put(site)["CustomerID"]["value"]
    condition = f"MainContact/Email eq '{EMAIL.upper()}'"
    found = site.read("/Customer", filter=condition, expand="MainContact,MainContact/Address")
    assert [one["CustomerID"]["value"] for one in found] == [number]
    assert found[0]["MainContact"]["Address"]["City"] == {"value": "Exampleville"}
    assert found[0]["Email"] == {"value": EMAIL}
    assert site.read("/Customer", filter="MainContact/Email eq 'nobody@example.com'") == []


def test_a_quote_in_an_address_is_doubled_in_the_filter(site: Site) -> None:
    _put(site)
    site.call("PUT", "/Customer", {**GUEST, "MainContact": wrapped(Email="o'neil@example.com")})
    found = site.read("/Customer", filter="MainContact/Email eq 'o''neil@example.com'")
    assert len(found) == 1


@pytest.mark.parametrize(
    ("changes", "field", "text"),
    [
        ({"CustomerClass": "NOPE"}, "CustomerClass", "'Customer Class' cannot be found in the system."),
        ({"CustomerName": None}, "CustomerName", "'Customer Name' cannot be empty."),
    ],
)
def test_a_refused_customer_is_422_with_the_entity_and_is_not_there(
    site: Site, changes: dict[str, object], field: str, text: str
) -> None:
    reply = site.call("PUT", "/Customer", {**GUEST, **wrapped(**changes)})
    assert (reply.status_code, reply.json()[field]["error"]) == (422, text)
    assert reply.json()["error"].startswith("Inserting  'Customer' record raised at least one error.")
    assert len(site.read("/Customer")) == 1


def test_a_put_with_the_number_changes_the_customer_and_moves_its_cursor(site: Site) -> None:
    made = _put(site)
    condition = f"LastModifiedDateTime gt datetimeoffset'{made['LastModifiedDateTime']['value']}'"
    assert site.read("/Customer", filter=condition) == []
    number = made["CustomerID"]["value"]
    site.call("PUT", "/Customer", wrapped(CustomerID=number, CustomerName="Renamed"))
    assert [one["CustomerName"]["value"] for one in site.read("/Customer", filter=condition)] == ["Renamed"]


def test_an_order_for_a_new_customer_is_taken_and_for_an_inactive_one_refused(site: Site) -> None:
    number = _put(site)["CustomerID"]["value"]
    assert site.call("PUT", "/SalesOrder", wrapped(OrderType="SO", CustomerID=number)).status_code == 200
    site.call("PUT", "/Customer", wrapped(CustomerID=number, Status="Inactive"))
    refused = site.call("PUT", "/SalesOrder", wrapped(OrderType="SO", CustomerID=number))
    assert refused.json()["CustomerID"]["error"] == "The customer status is 'Inactive'."


def test_a_customer_is_not_deleted(site: Site) -> None:
    assert site.call("DELETE", "/Customer/C1001").status_code == 500
    assert len(site.read("/Customer")) == 1
