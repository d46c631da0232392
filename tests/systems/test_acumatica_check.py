"""The Acumatica adapter's `check`, and pushes as the simulator sends them, over HTTP."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connector.errors import CallError, CredentialsRefused, RateLimited, Rejected, Unavailable
from connector.systems.acumatica.adapter import ADAPTER
from connector.systems.base import Wanted
from tests.systems.acumatica_site import CONNECTION, SECRET, TOKEN_PATH, Receiver, Site
from tests.systems.acumatica_site import site as site

ENDPOINT = "/entity/Default/25.200.001"
ENTITY_LIST = Path(__file__).parent.parent / "data" / "samples" / "acumatica-entity-list.json"


def listen(site: Site, receiver: Receiver, query: str) -> None:
    """Have the pushes of one inquiry sent to the receiver."""
    there = {"url": receiver.url, "header": "X-Connector-Secret", "secret": SECRET, "queries": [query]}
    site.post("push/destination", there)


# -- pushes --------------------------------------------------------------------------------------------------


def test_the_simulators_push_of_a_confirmed_shipment_is_authentic_and_heard(site: Site) -> None:
    """What the site sends when a person confirms a shipment leads to that shipment, confirmed."""
    with Receiver() as receiver:
        listen(site, receiver, "Shipments-Confirmed")
        site.post("shipments/SH000046/confirm", {})
        request = receiver.next()
    adapter = ADAPTER(CONNECTION, site.settings())
    assert adapter.authentic(request)
    (heard,) = adapter.hear(request)
    assert (heard.kind, heard.number) == ("shipment", "SH000046")
    assert heard.order > 2**53
    (fact,) = site.fetch(Wanted(heard.kind, heard.number)).facts
    assert fact.holds


@pytest.mark.parametrize(
    ("query", "work", "kind", "number"),
    [
        ("Orders-Changed", "orders/SO/000124/pay", "order", "SO-000124"),
        ("Payments-Changed", "orders/SO/000124/pay", "payment", "PMT-000001"),
        (
            "Invoices-Released",
            "act/SalesInvoice/Invoice/INV000001/ReleaseSalesInvoice",
            "invoice",
            "INV-INV000001",
        ),
    ],
)
def test_each_kind_of_document_is_heard_by_its_inquiry(
    site: Site, query: str, work: str, kind: str, number: str
) -> None:
    """What a person does leads to a document that can be fetched under the number that was heard."""
    site.post("seed", {"invoices": [{"shipment": "SH000045"}]})
    with Receiver() as receiver:
        listen(site, receiver, query)
        site.post(work, {})
        request = receiver.next()
    (heard,) = ADAPTER(CONNECTION, site.settings()).hear(request)
    assert (heard.kind, heard.number) == (kind, number)
    assert site.fetch(Wanted(heard.kind, heard.number)).document.number == number


# -- checking ------------------------------------------------------------------------------------------------


def test_check_tells_the_build_and_that_it_could_read(site: Site) -> None:
    """Good news is told in sentences, without a warning."""
    (checked,) = site.run(lambda adapter, http: adapter.check(http))
    assert any("answers at" in finding for finding in checked.findings)
    assert (
        "logged in to tenant Company as apiuser by OAuth, and read orders (by LastModified), shipments (by "
        "LastModifiedDateTime), invoices (by LastModifiedDateTime), payments (by LastModifiedDateTime) of "
        "Default/25.200.001"
    ) in checked.findings
    assert checked.warnings == ()


def test_check_changes_nothing(site: Site) -> None:
    """It logs in, and reads."""
    site.run(lambda adapter, http: adapter.check(http))
    assert [(row["method"], row["path"]) for row in site.requests()] == [
        ("GET", "/entity"),
        ("POST", TOKEN_PATH),
        *(("GET", f"{ENDPOINT}/{name}") for name in ("SalesOrder", "Shipment", "SalesInvoice", "Payment")),
    ]


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (403, {"message": "Access denied."}, "no rights"),
        (500, {"exceptionMessage": "Optimization cannot be performed.The following fields: X"}, "computed"),
        (
            500,
            {"exceptionMessage": "Could not find a property named 'LastModifiedDateTime' on type 'Payment'."},
            "set `modified` of the connection",
        ),
    ],
)
def test_check_warns_of_a_kind_of_document_that_cannot_be_listed(
    site: Site, status: int, body: object, words: str
) -> None:
    """A user without rights to payments, or an endpoint without a field, is no reason to refuse the rest."""
    site.fault({"kind": "status", "status": status, "body": body}, f"{ENDPOINT}/Payment")
    (checked,) = site.run(lambda adapter, http: adapter.check(http))
    (warning,) = checked.warnings
    assert "payment list" in warning
    assert words in warning
    assert not any("payments" in finding for finding in checked.findings)


def test_check_warns_of_a_connection_that_would_hear_of_nothing(site: Site) -> None:
    """A source needs pushes or polling; a mere target needs neither."""
    (checked,) = site.run(lambda adapter, http: adapter.check(http), webhook=None)
    assert checked.warnings == (
        "neither webhook nor poll is set: nothing that happens here will be heard of",
    )
    (checked,) = site.run(lambda adapter, http: adapter.check(http), webhook=None, poll={"every": 60})
    assert checked.warnings == ()


@pytest.mark.parametrize("wrap", [lambda body: body, lambda body: body["endpoints"]], ids=["26", "earlier"])
def test_check_warns_of_an_endpoint_that_is_not_listed(site: Site, wrap: Callable[[Any], Any]) -> None:
    """Both forms of the list are read; a custom endpoint may be right all the same."""
    listed = wrap(json.loads(ENTITY_LIST.read_text())["body"]["body"])
    body = json.loads(json.dumps(listed).replace("25.200.001", "24.200.001"))
    site.fault({"kind": "status", "status": 200, "body": body}, "/entity")
    (checked,) = site.run(lambda adapter, http: adapter.check(http))
    (warning,) = checked.warnings
    assert "Default/25.200.001 is not listed (listed are: Default/20.200.001, Default/24.200.001)" in warning


def test_check_goes_on_where_the_list_wants_a_log_in(site: Site) -> None:
    """A site that hides its endpoints is warned of, not refused."""
    site.fault({"kind": "status", "status": 401, "body": ""}, "/entity")
    (checked,) = site.run(lambda adapter, http: adapter.check(http))
    assert checked.warnings == ("the site does not list its endpoints without a log-in",)


@pytest.mark.parametrize(
    ("fault", "path", "error", "words"),
    [
        (
            {"kind": "status", "status": 503, "body": "<html><title>Down</title>"},
            "/entity",
            Unavailable,
            "web page",
        ),
        ({"kind": "malformed"}, "/entity", Unavailable, "web page"),
        (
            {"kind": "status", "status": 400, "body": {"error": "invalid_client"}},
            TOKEN_PATH,
            CredentialsRefused,
            "log-in",
        ),
        ({"kind": "seat_limit", "form": "html"}, TOKEN_PATH, RateLimited, "API seats"),
        (
            {"kind": "status", "status": 403, "body": {"message": "Access denied."}},
            None,
            Rejected,
            "no rights",
        ),
    ],
)
def test_a_failing_check_says_what_is_wrong(
    site: Site, fault: dict[str, Any], path: str | None, error: type[CallError], words: str
) -> None:
    """Each stage of the check fails in words of its own."""
    site.fault(fault if path else fault | {"path": f"^{ENDPOINT}/"}, path)
    with pytest.raises(error, match=words):
        site.run(lambda adapter, http: adapter.check(http))
