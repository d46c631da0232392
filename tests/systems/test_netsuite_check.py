"""What `connector check` says of an account, and what the settings refuse before anything runs."""

from typing import Any

import pytest
from pydantic import ValidationError

from connector.errors import CredentialsRefused, Rejected
from connector.planned import CancelStep
from connector.systems.base import Checked, Known
from connector.systems.http import Http
from connector.systems.netsuite.adapter import NetSuiteAdapter
from connector.systems.netsuite.settings import NetSuiteSettings
from schemas.config import Flow
from tests.systems.netsuite_site import Site, site
from tests.systems.netsuite_steps import CONNECTION, common

TBA = {"kind": "tba", "consumer_key": "k", "consumer_secret": "s", "token_id": "t", "token_secret": "u"}
PLAIN: dict[str, Any] = {
    "system": "netsuite",
    "base_url": "https://1234567-sb1.suitetalk.api.netsuite.com",
    "account": "1234567-sb1",
    "auth": TBA,
}


def _checked(running: Site, **more: Any) -> Checked:
    async def run(adapter: NetSuiteAdapter, http: Http) -> Checked:
        return await adapter.check(http)

    return running.job(run, **more)


def test_a_check_logs_in_reads_and_changes_nothing() -> None:
    with site() as running:
        checked = _checked(running, items={"shipping": "303"}, customers={"guest": "501"})
        said = "\n".join(checked.findings)
        assert "logged in by OAuth 2.0" in said
        assert "0 sales orders can be read" in said
        assert "shipping is entered as item SHIPPING" in said
        assert "go to customer WEB" in said
        assert any("without TLS" in one for one in checked.warnings)
        assert {one["method"] for one in running.requests() if "/record/" in one["path"]} <= {"GET"}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"currencies": {"USD": "2"}}, "USD is 2, but 2 is EUR there"),
        ({"items": {"tax": "99999"}}, r"items\.tax is 99999, but there is no such item"),
        ({"customers": {"guest": "99999"}}, r"customers\.guest is 99999, which is not there"),
    ],
)
def test_an_id_of_the_settings_that_is_wrong_is_said_with_what_is_there(
    wrong: dict[str, Any], says: str
) -> None:
    with site() as running, pytest.raises(Rejected, match=says):
        _checked(running, **wrong)


def test_a_check_with_wrong_credentials_is_refused() -> None:
    with site() as running, pytest.raises(CredentialsRefused):
        _checked(running, auth=running.auth() | {"client_id": "another"})


def test_token_based_log_in_is_warned_of() -> None:
    with site() as running:
        checked = _checked(running, auth=running.auth("tba"))
        assert any("2027.1" in one for one in checked.warnings)


# -- the settings ------------------------------------------------------------------------------------------


def test_the_realm_of_a_sandbox_is_written_with_an_underscore() -> None:
    settings = NetSuiteSettings.model_validate(PLAIN)
    assert settings.realm == "1234567_SB1"
    assert settings.limits.concurrency == 4


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"customers": {"by": "guest"}}, "give customers.guest"),
        ({"time_zone": "Mars/Olympus"}, "is no time zone"),
        ({"items": {"shipping": "SHIP"}}, "shipping"),
        ({"currencies": {}}, "currencies"),
        ({"auth": {"kind": "oauth1"}}, "oauth2"),
    ],
)
def test_settings_that_cannot_work_are_refused(more: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        NetSuiteSettings.model_validate(PLAIN | more)


@pytest.mark.parametrize(
    ("flow", "where"),
    [
        ({"event": "shipment.voided"}, ("event",)),
        (
            {"event": "shipment.confirmed", "write_back": {"freight": {"amount": "applied"}}},
            ("write_back", "freight"),
        ),
        (
            {"event": "shipment.confirmed", "write_back": {"fields": {"line": {"custcol_a": "x"}}}},
            ("write_back", "fields"),
        ),
        ({"event": "invoice.released", "write_back": {"capture": True}}, ("write_back", "capture")),
    ],
)
def test_a_flow_that_asks_for_what_has_no_place_is_refused_with_the_file(
    flow: dict[str, Any], where: tuple[str, ...]
) -> None:
    wanted = Flow.model_validate({"name": "x", "from": "magento-us", "to": CONNECTION, **flow})
    assert [path for path, _ in NetSuiteSettings.model_validate(PLAIN).refuses(wanted)] == [where]


def test_a_plain_flow_is_taken() -> None:
    notes = {"event": "shipment.confirmed", "write_back": {"notes": "x", "tracking": True}}
    wanted = Flow.model_validate({"name": "x", "from": "magento-us", "to": CONNECTION, **notes})
    assert list(NetSuiteSettings.model_validate(PLAIN).refuses(wanted)) == []


def test_a_step_that_is_not_taken_is_refused_in_words() -> None:
    with site() as running:

        async def run(adapter: NetSuiteAdapter, http: Http) -> None:
            adapter.recipe(http, CancelStep(**common("cancel", "1")), Known())

        with pytest.raises(Rejected, match="takes no cancel"):
            running.job(run)
