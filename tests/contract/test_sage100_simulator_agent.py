"""The simulated agent around its resources: credentials, keys of writes, bodies, faults, columns, the document."""

import csv
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from connector import simulators
from connector.simulators.sage100.agent import ROUTES
from connector.simulators.sage100.columns import TABLES
from connector.simulators.sage100.refusals import RETRYABLE, STATUSES
from tests.contract.sage100_openapi import NotInDocument, document, error_table, validate
from tests.contract.sage100_site import Site, running_site

COLUMNS = Path(__file__).parent.parent / "data" / "sage100-table-columns.csv"
NEW = {"ARDivisionNo": "01", "CustomerNo": "ABF", "lines": [{"ItemCode": "1001", "QuantityOrdered": "3"}]}


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


def test_the_simulator_is_found_by_its_name() -> None:
    assert type(simulators.build("sage100", token="t")).__name__ == "Sage100Simulator"


def test_health_names_the_companies_and_the_field_of_references(site: Site) -> None:
    reply = site.client.get("/v1/health")
    validate(reply)
    assert (reply.json()["companies"], reply.json()["external_reference_field"]) == (
        ["ABC"],
        "UDF_EXTERNAL_REF",
    )


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Basic agent-token"])
def test_without_the_right_token_nothing_is_told(site: Site, header: str) -> None:
    reply = httpx.get(f"{site.url}/v1/companies/ABC/sales-orders", headers={"Authorization": header})
    validate(reply)
    assert (reply.status_code, reply.json()["code"]) == (401, "credentials")


def test_an_unknown_company_or_path_is_not_found(site: Site) -> None:
    for path in ("/v1/companies/XYZ/sales-orders", "/v1/companies/ABC/nothing", "/v2"):
        reply = site.client.get(path)
        validate(reply)
        assert reply.json()["code"] == "not_found"


def test_a_write_needs_a_key(site: Site) -> None:
    reply = site.client.post("/v1/companies/ABC/sales-orders", json=NEW)
    validate(reply)
    assert (reply.status_code, reply.json()["code"]) == (400, "key_required")


def test_the_same_key_answers_the_first_result_again_and_no_other_body(site: Site) -> None:
    first = site.call("POST", "sales-orders", NEW, key="key-00001")
    again = site.call("POST", "sales-orders", NEW, key="key-00001")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    other = site.call("POST", "sales-orders", {**NEW, "Comment": "x"}, key="key-00001")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert len(site.ok("GET", "sales-orders")["sales_orders"]) == 1


def test_a_deletion_is_answered_again_too(site: Site) -> None:
    path = f"sales-orders/{site.order()}"
    assert site.call("DELETE", path, key="key-00002").status_code == 204
    assert site.call("DELETE", path, key="key-00002").status_code == 204
    assert site.call("DELETE", path, key="key-00003").status_code == 404


def test_a_refused_write_leaves_its_key_free(site: Site) -> None:
    wrong = {**NEW, "CustomerNo": "NOBODY"}
    assert site.call("POST", "sales-orders", wrong, key="key-00004").status_code == 422
    assert site.call("POST", "sales-orders", NEW, key="key-00004").status_code == 201


def test_a_lost_reply_is_made_good_by_the_same_key(site: Site) -> None:
    site.sim("POST", "faults", {"kind": "reply_lost", "method": "POST", "when": {"once": True}})
    with pytest.raises(httpx.RemoteProtocolError):
        site.call("POST", "sales-orders", NEW, key="key-00005")
    again = site.call("POST", "sales-orders", NEW, key="key-00005")
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert len(site.ok("GET", "sales-orders")["sales_orders"]) == 1


def test_a_crash_after_the_commit_leaves_an_order_and_no_key(site: Site) -> None:
    site.sim(
        "POST", "faults", {"kind": "com_failure", "after": True, "method": "POST", "when": {"once": True}}
    )
    body = {**NEW, "ExternalReference": "ref1"}
    reply = site.call("POST", "sales-orders", body, key="key-00006")
    assert (reply.json()["code"], reply.json()["retryable"]) == ("failed", False)
    assert len(site.ok("GET", "sales-orders", reference="ref1")["sales_orders"]) == 1
    assert site.call("POST", "sales-orders", body, key="key-00006").json()["code"] == "already_exists"


@pytest.mark.parametrize(
    "body",
    [
        {**NEW, "OrderStatus": "H"},
        {**NEW, "udf_lower": "x"},
        {**NEW, "Comment": 7},
        {**NEW, "lines": "1001"},
        {**NEW, "lines": []},
        {"CustomerNo": "ABF"},
        {**NEW, "ExternalReference": "with blank"},
        [],
    ],
)
def test_a_body_out_of_contract_is_refused(site: Site, body: object) -> None:
    assert site.refused("POST", "sales-orders", body) == "malformed"


def test_an_empty_expectation_is_refused(site: Site) -> None:
    path = f"sales-orders/{site.order()}"
    assert site.refused("PATCH", path, {"FreightAmt": "1.00", "expect": {}}) == "malformed"


@pytest.mark.parametrize(
    ("fault", "status", "code", "retryable"),
    [
        ({"kind": "pool_outage"}, 503, "unavailable", True),
        ({"kind": "com_lock"}, 423, "locked", True),
        ({"kind": "in_progress"}, 409, "in_progress", True),
        ({"kind": "com_failure"}, 500, "failed", False),
        ({"kind": "rate_limit", "retry_after": 3}, 429, "rate_limited", True),
        ({"kind": "expired_token"}, 401, "credentials", False),
    ],
)
def test_faults_are_answered_in_the_agents_form_and_nothing_is_written(
    site: Site, fault: dict[str, object], status: int, code: str, retryable: bool
) -> None:
    site.sim("POST", "faults", {**fault, "when": {"once": True}})
    reply = site.call("POST", "sales-orders", NEW)
    assert (reply.status_code, reply.json()["code"], reply.json()["retryable"]) == (status, code, retryable)
    assert site.ok("GET", "sales-orders")["sales_orders"] == []


def test_a_warning_does_not_stop_a_write(site: Site) -> None:
    site.sim("POST", "faults", {"kind": "boi_warning", "text": "Low stock.", "when": {"once": True}})
    assert site.ok("POST", "sales-orders", NEW)["warnings"] == ["Low stock."]
    assert "warnings" not in site.ok("POST", "sales-orders", NEW)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("seed", {"colour": "red"}),
        ("seed", {"company": "XYZ"}),
        ("seed", {"orders": [{"columns": {"ARDivisionNo": "01", "CustomerNo": "NOBODY"}, "lines": []}]}),
        ("post", {"invoice": "0000099"}),
        ("failing", {"table": "NO_Table", "column": "X"}),
        ("options", {"colour": "red"}),
        ("options", {"companies": ["XYZ"]}),
        ("options", {"padding": "some"}),
    ],
)
def test_a_control_that_makes_no_sense_is_refused(site: Site, path: str, body: object) -> None:
    assert site.client.post(f"/_sim/{path}", json=body).status_code == 400


def test_companies_keep_their_books_apart() -> None:
    with running_site(companies=["ABC", "XYZ"]) as site:
        site.order()
        reply = site.client.get("/v1/companies/XYZ/sales-orders")
        validate(reply)
        assert reply.json()["sales_orders"] == []


def test_columns_are_as_long_as_the_vendors() -> None:
    with COLUMNS.open(newline="", encoding="utf-8") as file:
        published = {(row["table"], row["column"]): row for row in csv.DictReader(file)}
    differing = {
        (table, name): (column.length, published[table, name]["length_or_precision"])
        for table, columns in TABLES.items()
        for name, column in columns.items()
        if column.kind != "date" and name != "CommentText"
        if str(column.length) != published[table, name]["length_or_precision"].split(",")[0]
    }
    assert differing == {}


def test_every_path_and_code_of_the_document_is_answered() -> None:
    """Each route of the simulator is in the document and the other way round; so are the codes."""
    answered = {f"{one.method} /v1/companies/{{company}}/{one.path}" for one in ROUTES} | {"GET /v1/health"}
    documented = {
        f"{method.upper()} {path}"
        for path, item in document()["paths"].items()
        for method in item
        if method != "parameters"
    }
    assert answered == documented
    assert error_table() == {code: (status, code in RETRYABLE) for code, status in STATUSES.items()}
    assert set(document()["components"]["schemas"]["Error"]["properties"]["code"]["enum"]) == set(
        error_table()
    )


@pytest.mark.parametrize(
    "change",
    [{"FreightAmt": 1.5}, {"Colour": "red"}, {"OrderStatus": "X"}, {"lines": None}, {"changed_at": "now"}],
)
def test_the_documents_judge_notices_what_is_not_in_it(site: Site, change: dict[str, object]) -> None:
    reply = site.call("GET", f"sales-orders/{site.order()}")
    changed = httpx.Response(200, json={**reply.json(), **change}, request=reply.request)
    with pytest.raises(NotInDocument):
        validate(changed)
