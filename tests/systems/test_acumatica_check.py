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

ENTITY_LIST = Path(__file__).parent.parent / "data" / "samples" / "acumatica-entity-list.json"

# -- pushes --------------------------------------------------------------------------------------------------


def test_the_simulators_push_of_a_confirmed_shipment_is_authentic_and_heard(site: Site) -> None:
    """What the site sends when a person confirms a shipment leads to that shipment, confirmed."""
    with Receiver() as receiver:
        site.post("push/destination", {"url": receiver.url, "header": "X-Connector-Secret", "secret": SECRET})
        site.post("shipments/SH000046/confirm", {})
        request = receiver.next()
    adapter = ADAPTER(CONNECTION, site.settings())
    assert adapter.authentic(request)
    (heard,) = adapter.hear(request)
    assert (heard.kind, heard.number) == ("shipment", "SH000046")
    assert heard.order > 2**53
    (fact,) = site.fetch(Wanted(heard.kind, heard.number)).facts
    assert fact.holds


# -- checking ------------------------------------------------------------------------------------------------


def test_check_tells_the_build_and_that_it_could_read(site: Site) -> None:
    """Good news is told in sentences, without a warning."""
    (checked,) = site.run(lambda adapter, http: adapter.check(http))
    assert any("answers at" in finding for finding in checked.findings)
    assert any("read shipments of Default/25.200.001" in finding for finding in checked.findings)
    assert checked.warnings == ()


def test_check_changes_nothing(site: Site) -> None:
    """It logs in, and reads."""
    site.run(lambda adapter, http: adapter.check(http))
    assert [(row["method"], row["path"]) for row in site.requests()] == [
        ("GET", "/entity"),
        ("POST", TOKEN_PATH),
        ("GET", "/entity/Default/25.200.001/Shipment"),
    ]


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
            "/entity/Default/25.200.001/Shipment",
            Rejected,
            "no rights",
        ),
    ],
)
def test_a_failing_check_says_what_is_wrong(
    site: Site, fault: dict[str, Any], path: str, error: type[CallError], words: str
) -> None:
    """Each stage of the check fails in words of its own."""
    site.fault(fault, path)
    with pytest.raises(error, match=words):
        site.run(lambda adapter, http: adapter.check(http))
