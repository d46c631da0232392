"""Records of the simulated account: making, finding, changing and deleting them, and what is refused or passed over."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.contract.netsuite_site import Site, order, running_site, sample

LINES = {"items": [{"item": {"id": "98"}, "quantity": 2}, {"item": {"id": "99"}}]}
NEW: dict[str, Any] = {"entity": {"id": "110"}, "item": LINES}
STRICT = "X_NetSuite_PropertyNameValidation"


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


def test_a_record_is_made_with_204_and_found_by_id_and_by_external_id(site: Site) -> None:
    reply = site.call("POST", "salesOrder", {**NEW, "externalId": "shop-100"})
    assert (reply.status_code, reply.content) == (204, b"")
    number = reply.headers["location"].removeprefix(f"{site.url}/services/rest/record/v1/salesOrder/")
    by_id = site.read(f"salesOrder/{number}")
    assert by_id == site.read("salesOrder/eid:shop-100")
    assert (by_id["id"], by_id["externalId"], by_id["total"]) == (number, "shop-100", Decimal(45))


def test_every_request_of_oracles_tutorial_on_orders_is_taken(site: Site) -> None:
    """Those that the account has the records for: they differ in the case of names and in how they write references."""
    asked = [one for one in sample("salesorder-requests")["requests"] if one["purpose"].startswith("create")]
    assert len(asked) == 6
    for one in asked:
        reply = site.call("POST", one["path"], _as_json(one["body"]))
        assert reply.status_code == 204, (one["purpose"], reply.text)


def _as_json(body: Any) -> Any:
    """Plain numbers, which httpx can send."""
    if isinstance(body, dict):
        return {key: _as_json(value) for key, value in body.items()}
    if isinstance(body, list):
        return [_as_json(one) for one in body]
    return float(body) if isinstance(body, Decimal) else body


def test_sublists_are_links_unless_they_are_expanded(site: Site) -> None:
    number = site.make("salesOrder", NEW)
    assert set(site.read(f"salesOrder/{number}")["item"]) == {"links"}
    rows = site.whole(f"salesOrder/{number}")["item"]["items"]
    assert [(one["line"], one["item"]["refName"], one["quantity"]) for one in rows] == [
        (1, "MUG", 2),
        (4, "LAMP", 1),
    ]
    assert [set(one) for one in site.read(f"salesOrder/{number}/item")["items"]] == [{"links"}, {"links"}]
    assert site.read(f"salesOrder/{number}/item/4")["item"]["id"] == "99"
    assert site.read(f"salesOrder/{number}/item?expandSubResources=true")["items"] == rows


def test_an_order_read_back_has_the_members_of_oracles_sample(site: Site) -> None:
    known = sample("salesorder-get")["body"]
    shown = site.read(f"salesOrder/{site.make('salesOrder', NEW)}")
    ours = {
        "externalId",
        "transactionNumber",
        "taxDetails",
        "source",
        "refName",
        "tranId",
        "shippingTaxAmount",
    }
    assert set(shown) - ours - set(known) <= {"taxTotal"}
    assert set(shown["entity"]) == set(known["entity"])
    assert shown["currencysymbol"] == known["currencysymbol"]


@pytest.mark.parametrize(
    ("form", "shown"), [("object", {"id": "A", "refName": "Pending Approval"}), ("text", "A")]
)
def test_a_status_is_an_object_or_a_letter(form: str, shown: object) -> None:
    with running_site(status_form=form) as site:
        made = site.read(f"salesOrder/{site.make('salesOrder', NEW)}")
    assert (made["status"], made["orderStatus"]) == (shown, shown)


def test_a_put_to_an_external_id_makes_a_record_once_and_changes_it_after_that(site: Site) -> None:
    body = {"companyName": "Upsert Ltd", "email": "one@example.com"}
    first = site.make("customer/eid:web-8", body, "PUT")
    assert site.make("customer/eid:web-8", {"email": "two@example.com"}, "PUT") == first
    found = site.read("customer/eid:web-8")
    assert (found["companyName"], found["email"]) == ("Upsert Ltd", "two@example.com")
    assert site.refused("PUT", f"customer/{first}", body)[1] == "INVALID_ID"


@pytest.mark.parametrize(
    ("form", "code", "text"),
    [
        ("user_error", "USER_ERROR", "This record already exists."),
        ("dup_rcrd", "DUP_RCRD", "This record already"),
    ],
)
def test_an_external_id_is_taken_once_per_type(form: str, code: str, text: str) -> None:
    with running_site(duplicate_form=form) as site:
        number = site.make("salesOrder", {**NEW, "externalId": "once"})
        status, said, detail = site.refused("POST", "salesOrder", {**NEW, "externalId": "once"})
        assert (status, said, text in detail) == (400, code, True)
        assert len(site.sim("GET", "state")["records"]["salesOrder"]) == 1
        site.make("customer", {"companyName": "Other", "externalId": "once"})
        other = site.make("salesOrder", NEW)
        assert site.refused("PATCH", f"salesOrder/{other}", {"externalId": "once"})[1] == code
        assert site.call("DELETE", f"salesOrder/{number}").status_code == 204
        site.make("salesOrder", {**NEW, "externalId": "once"})


def test_a_second_customer_of_the_same_name_is_refused_as_an_entity(site: Site) -> None:
    status, code, text = site.refused("POST", "customer", {"companyName": "Example Ltd"})
    assert (status, code) == (400, "USER_ERROR")
    assert "This entity already exists." in text


def test_misspelt_names_are_passed_over_in_silence_and_refused_only_on_demand(site: Site) -> None:
    body = {
        **NEW,
        "mmemo": "lost",
        "item": {"items": [{"item": {"id": "98"}, "quantitty": 7}]},
    }
    number = site.make("salesOrder", body)
    made = site.whole(f"salesOrder/{number}")
    assert "mmemo" not in made
    assert made["item"]["items"][0]["quantity"] == 1
    reply = site.call("POST", "salesOrder", body, **{STRICT: "Error"})
    assert reply.status_code == 400
    paths = [one["o:errorPath"] for one in reply.json()["o:errorDetails"]]
    assert sorted(paths) == ["item.items[0].quantitty", "mmemo"]
    assert site.call("POST", "salesOrder", NEW, **{STRICT: "Error"}).status_code == 204
    assert site.refused("POST", "salesOrder", NEW, **{STRICT: "Perhaps"})[1] == "INVALID_REQUEST"


def test_custom_fields_are_those_of_the_account() -> None:
    with running_site(custom_fields=["custbody_shop"]) as site:
        body = {**NEW, "custbody_shop": "web"}
        number = (
            site.call("POST", "salesOrder", body, **{STRICT: "Error"}).headers["location"].rsplit("/", 1)[1]
        )
        assert site.read(f"salesOrder/{number}")["custbody_shop"] == "web"
        other = {**NEW, "custbody_other": "web"}
        assert site.refused("POST", "salesOrder", other, **{STRICT: "Error"})[1] == "INVALID_CONTENT"


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        ({"item": LINES}, "FIELD_PARAM_REQD", "Please enter a value for [entity]"),
        (
            {**NEW, "entity": {"id": "999"}},
            "INVALID_CONTENT",
            "Invalid Field Value 999 for the following field: entity",
        ),
        (
            {**NEW, "item": {"items": [{"item": {"id": "9999"}}]}},
            "INVALID_CONTENT",
            "You have entered an Invalid Field Value 9999 for the following field: item",
        ),
        ({"entity": {"id": "110"}}, "USER_ERROR", "at least one line item"),
        ({**NEW, "item": {"items": []}}, "USER_ERROR", "at least one line item"),
        (
            {**NEW, "item": {"items": [{"item": {"id": "98"}, "quantity": 0}]}},
            "USER_ERROR",
            "positive amount",
        ),
        ({**NEW, "item": {"items": [{"quantity": 1}]}}, "FIELD_PARAM_REQD", "item.items[0].item"),
        ({**NEW, "item": {"items": [{"item": {"id": "55"}, "amount": -1}]}}, "USER_ERROR", "positive amount"),
        ({**NEW, "item": [{"item": {"id": "98"}}]}, "INVALID_CONTENT", "item"),
        ({**NEW, "tranDate": "27.11.2026"}, "INVALID_CONTENT", "tranDate"),
        ({**NEW, "shippingCost": "much"}, "INVALID_CONTENT", "shippingCost"),
        ({**NEW, "shipComplete": "yes"}, "INVALID_CONTENT", "shipComplete"),
        ({**NEW, "handlingMode": {"id": "CHARGE"}}, "INVALID_CONTENT", "handlingMode"),
        ({**NEW, "currency": {"refName": "US Dollar"}}, "INVALID_CONTENT", "currency"),
    ],
)
def test_what_the_account_refuses_leaves_no_order_behind(
    site: Site, body: dict[str, Any], code: str, text: str
) -> None:
    status, said, detail = site.refused("POST", "salesOrder", body)
    assert (status, said) == (400, code)
    assert text in detail
    assert site.sim("GET", "state")["records"]["salesOrder"] == []


def test_the_forms_of_an_account_may_ask_for_more() -> None:
    with running_site(required_fields=["salesOrder.location"]) as site:
        assert site.refused("POST", "salesOrder", NEW)[1:] == (
            "FIELD_PARAM_REQD",
            "Please enter a value for [location]",
        )
        site.make("salesOrder", {**NEW, "location": 6})


def test_a_body_that_is_no_json_object_is_malformed(site: Site) -> None:
    headers = {"Authorization": f"Bearer {site.token}"}
    for content in (b"{", b"[]", b"1"):
        reply = site.client.post("/services/rest/record/v1/salesOrder", content=content, headers=headers)
        assert reply.json()["o:errorDetails"][0]["o:errorCode"] == "INVALID_REQUEST"


def test_a_record_that_there_is_not_and_an_id_that_cannot_be_are_told_apart(site: Site) -> None:
    assert site.refused("GET", "customer/4711") == (404, "NONEXISTENT_ID", "Record does not exist.")
    assert site.refused("GET", "customer/eid:nobody")[:2] == (404, "NONEXISTENT_ID")
    known = next(
        one["body"] for one in sample("error-bodies")["cases"] if one["when"] == "malformed id in the path"
    )
    assert site.call("GET", "customer/000").json() == known
    assert site.refused("GET", "customer/eid:with blank")[1] == "INVALID_ID"
    assert site.refused("GET", "nothing/1")[0] == 404
    assert site.refused("DELETE", "customer")[0] == 405


def test_a_patch_changes_the_line_it_names_and_adds_the_line_it_does_not(site: Site) -> None:
    number = site.make("salesOrder", NEW)
    rows = [{"line": 4, "quantity": 3}, {"item": {"id": "55"}, "rate": "1.5"}]
    assert (
        site.call("PATCH", f"salesOrder/{number}", {"memo": "now", "item": {"items": rows}}).status_code
        == 204
    )
    made = site.whole(f"salesOrder/{number}")
    lines = [(one["line"], one["quantity"], one["amount"]) for one in made["item"]["items"]]
    assert lines == [(1, 2, 25), (4, 3, 60), (7, 1, Decimal("1.5"))]
    assert (made["memo"], made["total"]) == ("now", Decimal("86.5"))
    only = {"item": {"items": [{"item": {"id": "99"}, "rate": 50}]}}
    assert site.call("PATCH", f"salesOrder/{number}?replace=item", only).status_code == 204
    assert site.read(f"salesOrder/{number}")["total"] == 50


def test_a_patch_that_is_refused_changes_nothing(site: Site) -> None:
    number = site.make("salesOrder", NEW)
    before = site.whole(f"salesOrder/{number}")
    rows = [{"line": 1, "quantity": 9}, {"item": {"id": "55"}, "amount": -1000}]
    assert (
        site.refused("PATCH", f"salesOrder/{number}", {"memo": "lost", "item": {"items": rows}})[1]
        == "USER_ERROR"
    )
    assert site.whole(f"salesOrder/{number}") == before


def test_a_record_that_others_stand_on_is_not_deleted(site: Site) -> None:
    made = site.seed(order("invoiced"))[0]
    assert "dependent" in site.refused("DELETE", f"salesOrder/{made['id']}")[2]
    assert "dependent" in site.refused("DELETE", "customer/110")[2]
    for path in (f"invoice/{made['invoice']}", f"itemFulfillment/{made['itemFulfillment']}"):
        assert site.call("DELETE", path).status_code == 204
        assert site.refused("GET", path)[0] == 404
    assert site.read(f"salesOrder/{made['id']}")["status"]["id"] == "B"
    assert site.call("DELETE", f"salesOrder/{made['id']}").status_code == 204


def test_a_collection_gives_ids_in_pages_and_finds_by_conditions(site: Site) -> None:
    for name in ("Second Ltd", "Third Ltd"):
        site.make("customer", {"companyName": name, "email": f"{name[:3]}@example.com"})
    page = site.read("customer?limit=2")
    assert (page["count"], page["hasMore"], page["totalResults"]) == (2, True, 3)
    assert [set(one) for one in page["items"]] == [{"links", "id"}] * 2
    following = next(one["href"] for one in page["links"] if one["rel"] == "next")
    last = site.read(following.removeprefix(site.url))
    assert (last["count"], last["hasMore"], last["offset"]) == (1, False, 2)
    assert site.read('customer?q=email IS "shop@example.com"')["items"][0]["id"] == "110"
    assert (
        site.read('customer?q=companyName CONTAIN "ltd" AND email IS_NOT "shop@example.com"')["totalResults"]
        == 2
    )
    assert site.read('customer?q=externalId IS "web-7|web-8"')["totalResults"] == 1
    assert site.refused("GET", "customer?q=email LIKES x")[1] == "INVALID_REQUEST"
    assert site.refused("GET", "customer?limit=1001")[1] == "INVALID_REQUEST"
    assert site.refused("GET", "customer?limit=2&offset=1")[1] == "INVALID_REQUEST"


def test_fields_choose_what_is_shown_and_enums_can_be_simple(site: Site) -> None:
    number = site.make("salesOrder", NEW)
    shown = site.read(f"salesOrder/{number}?fields=total,status&simpleEnumFormat=true")
    assert shown == {"links": shown["links"], "id": number, "total": 45, "status": "A"}


def test_the_tax_and_the_shipping_make_up_the_total() -> None:
    with running_site(tax_rate="8.25", tax_shipping=True) as site:
        lines = {"items": [*LINES["items"], {"item": {"id": "55"}, "rate": -3}]}
        made = site.read(f"salesOrder/{site.make('salesOrder', {**NEW, 'item': lines, 'shippingCost': 10})}")
        assert (made["subtotal"], made["taxTotal"], made["shippingTaxAmount"]) == (
            42,
            Decimal("4.54"),
            Decimal("0.83"),
        )
        assert made["total"] == Decimal("56.54")
        less = {**NEW, "discountItem": {"id": "99"}, "discountRate": "-10%"}
        assert site.read(f"salesOrder/{site.make('salesOrder', less)}")["discountTotal"] == Decimal("-4.5")
