"""Talking to an account: refusals as our errors, external ids, pages, and writes whose answer says where they went."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connector.errors import (
    CallError,
    CredentialsRefused,
    Missing,
    NotFound,
    NotUnderstood,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)
from connector.systems.http import Reply, exact_json
from connector.systems.netsuite.client import Client, eid
from connector.systems.netsuite.refusals import DUPLICATE, judge
from connector.systems.netsuite.wire import Customer, ItemFulfillment, Ref, SalesOrder
from tests.systems.netsuite_names import unknown_in
from tests.systems.netsuite_site import site

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
MISSING = Missing("order", "100000101", "magento-us")


def _sample(name: str) -> Any:
    found = json.loads((SAMPLES / f"netsuite-{name}.json").read_text(encoding="utf-8"), parse_float=Decimal)
    return found["body"]


def _judged(status: int, body: object, *, writes: bool) -> CallError:
    error = judge(Reply(status, {}, json.dumps(body).encode(), writes), "netsuite-main", MISSING)
    assert error is not None
    return error


def _details(code: str, detail: str, **more: str) -> dict[str, Any]:
    return {"title": "Bad Request", "o:errorDetails": [{"detail": detail, "o:errorCode": code, **more}]}


# -- refusals ----------------------------------------------------------------------------------------------

CASES = {
    "bad signature, nonce, timestamp or token": (CredentialsRefused, "log-in"),
    "unknown item id in a line": (NotFound, "not there"),
    "SuiteQL column not available to the account or role": (Rejected, "INVALID_PARAMETER"),
    "required field missing": (Rejected, "FIELD_PARAM_REQD"),
    "duplicate transaction or external id": (Rejected, DUPLICATE),
    "duplicate customer": (Rejected, DUPLICATE),
    "malformed id in the path": (Rejected, "INVALID_ID"),
    "unknown reference": (Rejected, "INVALID_KEY_OR_REF"),
    "concurrency limit": (RateLimited, "concurrency"),
    "concurrency limit sent as 400": (RateLimited, "concurrency"),
    "maintenance; detail wording illustrative": (OutcomeUnknown, "server error"),
}


@pytest.mark.parametrize(
    "case", _sample("error-bodies")["cases"], ids=lambda one: f"{one['status']} {one['when']}"
)
def test_every_published_refusal_of_a_write_has_its_class(case: dict[str, Any]) -> None:
    kind, code = CASES[case["when"]]
    error = _judged(case["status"], case["body"], writes=True)
    assert (type(error), error.code) == (kind, code)
    assert case["body"]["o:errorDetails"][0]["detail"] in error.message


@pytest.mark.parametrize(
    ("status", "body", "read", "write"),
    [
        (500, _details("UNEXPECTED_ERROR", "An unexpected error occurred. Error ID: 1"), Unavailable, OutcomeUnknown),
        (400, _details("RCRD_HAS_BEEN_CHANGED", "Record has been changed"), Unavailable, Unavailable),
        (400, _details("IDEMPOTENCY_ERROR", "already submitted"), OutcomeUnknown, OutcomeUnknown),
        (400, _details("DUP_RCRD", "A record with this name exists"), Rejected, Rejected),
        (404, _details("NONEXISTENT_ID", "Record does not exist."), NotFound, NotFound),
        (403, _details("INSUFFICIENT_PERMISSION", "No permission"), CredentialsRefused, CredentialsRefused),
        (400, _details("SSS_REQUEST_LIMIT_EXCEEDED", "limit"), RateLimited, RateLimited),
        (302, {}, Rejected, Rejected),
    ],
)  # fmt: skip
def test_a_refusal_of_a_read_and_of_a_write(
    status: int, body: object, read: type[CallError], write: type[CallError]
) -> None:
    assert type(_judged(status, body, writes=False)) is read
    assert type(_judged(status, body, writes=True)) is write


def test_a_customer_that_is_not_there_is_waited_for_by_its_name() -> None:
    text = "Invalid Field Value 9999 for the following field: entity"
    error = _judged(400, _details("INVALID_KEY_OR_REF", text), writes=True)
    assert isinstance(error, NotFound)
    assert error.missing == Missing("customer", "9999", "netsuite-main")


def test_a_refusal_names_the_field_and_says_all_details() -> None:
    body = {
        "o:errorDetails": [
            {"detail": "One thing.", "o:errorCode": "USER_ERROR", "o:errorPath": "item.items[0].quantity"},
            {"detail": "Another.", "o:errorCode": "USER_ERROR"},
        ]
    }
    error = _judged(400, body, writes=True)
    assert error.field == "item.items[0].quantity"
    assert "One thing. [item.items[0].quantity]; Another." in error.message


def test_a_page_instead_of_json_is_no_refusal_of_the_content() -> None:
    reply = Reply(403, {}, b"<html><title>Blocked</title></html>", True)
    error = judge(reply, "netsuite-main", MISSING)
    assert isinstance(error, Unavailable)
    assert "Blocked" in error.message


def test_a_success_is_no_error() -> None:
    assert judge(Reply(204, {}, b"", True), "netsuite-main", MISSING) is None


# -- reading -----------------------------------------------------------------------------------------------


def test_statuses_and_references_are_read_as_text_and_as_objects() -> None:
    sample = _sample("salesorder-get")["body"]
    with pytest.raises(ValueError, match="came as a link only"):
        SalesOrder.model_validate(sample)
    order = SalesOrder.model_validate(sample | {"item": {"items": []}})
    assert (order.state, order.currency.id, order.currencysymbol) == ("A", "1", "USD")
    assert (order.total, order.number) == (Decimal("39.95"), "1")
    assert (
        SalesOrder.model_validate({"id": 18, "orderStatus": {"id": "F", "refName": "Pending Billing"}}).state
        == "F"
    )
    assert Ref.model_validate(None).id == ""
    assert str(Ref.model_validate({"id": "5", "refName": "Five"})) == "Five"


def test_packages_of_every_carriers_sublist_are_packages() -> None:
    there = ItemFulfillment.model_validate(
        {
            "id": "9",
            "item": {"items": []},
            "package": {"links": []},
            "packageUps": {"items": [{"packageTrackingNumberUps": "1Z1", "packageWeightUps": 2}]},
            "packageFedex": {
                "items": [{"packageTrackingNumberFedEx": "FX1", "packageWeightFedEx": Decimal("1.5")}]
            },
            "packageUsps": {"items": [{"packageTrackingNumberUsps": "94001"}]},
        }
    )
    assert [(one.tracking_number, one.weight) for one in there.packages] == [
        ("1Z1", Decimal(2)),
        ("FX1", Decimal("1.5")),
        ("94001", None),
    ]


def test_the_recorded_fulfillment_is_read() -> None:
    there = ItemFulfillment.model_validate(_sample("itemfulfillment-get-partial")["body"] | {"id": "511528"})
    assert [(line.sku, line.quantity) for line in there.item] == [("SKU-001-L", Decimal(5))]
    assert str(there.created_from) == "Transfer Order #TO0000160"


def test_a_query_is_read_page_by_page_with_its_parameters_bound() -> None:
    with site() as running:

        async def ask(client: Client) -> list[str]:
            page = await client.query_page(
                "SELECT i.id AS id, i.itemid AS itemid FROM item i WHERE i.itemid IN (?, ?) ORDER BY i.id",
                ("MUG", "CUP"),
                limit=1,
                offset=0,
            )
            assert page.more
            rows = await client.query(
                "SELECT i.itemid AS itemid FROM item i WHERE i.itemid IN (?, ?) ORDER BY i.id", "MUG", "CUP"
            )
            return [page.rows[0]["itemid"], *(row["itemid"] for row in rows)]

        assert running.client(ask) == ["MUG", "MUG", "CUP"]
        assert {one["headers"]["prefer"] for one in running.requests("POST", "/suiteql")} == {"transient"}


def test_a_record_that_is_not_there_is_not_found_or_none() -> None:
    with site() as running:

        async def ask(client: Client) -> Customer | None:
            with pytest.raises(NotFound) as caught:
                await client.get("customer", "99999", Customer, MISSING)
            assert caught.value.missing == MISSING
            return await client.find("customer", eid("nobody"), Customer)

        assert running.client(ask) is None


# -- writing -----------------------------------------------------------------------------------------------


def test_what_was_made_is_where_the_answer_says() -> None:
    with site() as running:

        async def write(client: Client) -> tuple[str, str, Customer | None]:
            made = await client.upsert(
                "customer", "cust-1", {"companyName": "Lowe", "email": "a@example.com"}
            )
            again = await client.upsert("customer", "cust-1", {"email": "b@example.com"})
            return made, again, await client.find("customer", eid("cust-1"), Customer)

        made, again, there = running.client(write)
        assert made == again
        assert there is not None
        assert (there.id, there.email) == (made, "b@example.com")


def test_a_misspelt_field_is_refused_and_not_left_out() -> None:
    """A custom field, so that the check of names at the end of each test lets it through."""
    with site(custom_fields=["custentity_rank"]) as running:
        body = {"companyName": "Lowe", "custentity_rnak": "1"}
        with pytest.raises(Rejected, match="custentity_rnak"):
            running.client(lambda client: client.upsert("customer", "cust-1", body))
        assert [one["companyName"] for one in running.records("customer")] == ["Web guests"]


def test_a_write_without_an_address_in_its_answer_may_have_happened() -> None:
    with site() as running:
        running.fault(kind="status", status=204, method="PUT", path="/customer/")
        with pytest.raises(OutcomeUnknown, match="without the address"):
            running.client(lambda client: client.upsert("customer", "cust-1", {"companyName": "Lowe"}))


def test_a_read_that_is_no_list_of_rows_is_not_understood() -> None:
    with site() as running:
        running.fault(kind="malformed", method="POST", path="/suiteql")
        with pytest.raises(NotUnderstood):
            running.client(lambda client: client.query("SELECT c.id AS id FROM currency c"))


def test_an_account_that_is_busy_with_others_is_rate_limited() -> None:
    with site(concurrency=5) as running:
        running.post("hold", {"requests": 5})
        with pytest.raises(RateLimited):
            running.client(lambda client: client.query("SELECT c.id AS id FROM currency c"))


@pytest.mark.parametrize("text", ["a b", "a|b", "ä", "", "a.b"])
def test_an_external_id_that_the_account_cannot_hold_is_a_defect(text: str) -> None:
    with pytest.raises(ValueError, match="external id"):
        eid(text)


def test_amounts_are_sent_as_the_very_numbers_they_are() -> None:
    value = {"rate": Decimal("0.10"), "rows": [Decimal("1E+2"), "x", True, None]}
    assert exact_json(value) == '{"rate":0.10,"rows":[100,"x",true,null]}'


@pytest.mark.parametrize(
    ("path", "body", "unknown"),
    [
        ("salesOrder", {"externalId": "a", "entitty": {"id": "1"}}, ["POST salesOrder: entitty"]),
        ("salesOrder", {"item": {"items": [{"quantty": 1, "rate": 2}]}}, ["POST salesOrder: item.quantty"]),
        ("salesOrder", {"shippingAddress": {"street": "x"}}, ["POST salesOrder: shippingAddress.street"]),
        ("salesOrder/1/!transform/itemFulfillment", {"package": {"items": [{"weight": 1}]}},
         ["POST itemFulfillment: package.weight"]),
        ("salesOrder/1/!transform/invoice", {"memo": "x", "item": {"items": [{"orderLine": 1}]}}, []),
        ("customer", {"companyName": "Lowe", "custentity_rank": "1"}, []),
    ],
)  # fmt: skip
def test_the_check_of_names_sees_each_one_that_is_not_known(
    path: str, body: dict[str, Any], unknown: list[str]
) -> None:
    sent = {"method": "POST", "path": f"/services/rest/record/v1/{path}", "body": body}
    assert unknown_in([sent]) == unknown
