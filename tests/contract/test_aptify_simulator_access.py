"""Who the simulated site lets in: log-in, tokens, and the 404 that stands for every refusal."""

import uuid
from collections.abc import Iterator

import pytest

from tests.contract.aptify_site import BASE, MUG, PERSON, Site, running_site


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


@pytest.mark.parametrize("provider", ["DomainUser", "DomainWithContainer", "SQL", "Web"])
def test_a_log_in_by_form_gives_a_token_for_its_provider(provider: str) -> None:
    with running_site(logged_in=False) as site:
        reply = site.log_in(provider)
        assert uuid.UUID(reply.json()["TokenId"]).version == 4
        assert site.read("UserInformation/")["UserName"] == "connector"


def test_a_log_in_by_query_or_by_json_gives_a_token_too(site: Site) -> None:
    address = f"{BASE}/Authentication/Login/DomainWithContainer"
    named = {"UserName": "connector", "Password": "password"}
    for reply in (site.client.get(address, params=named), site.client.post(address, json=named)):
        site.headers = {"AptifyAuthorization": f"DomainWithContainer {reply.json()['TokenId']}"}
        assert site.read("CheckConnection") == "2026-11-27T09:30:00Z"


def test_a_refused_log_in_is_answered_as_the_site_answers_it(site: Site) -> None:
    assert site.log_in(password="wrong").status_code == 404
    assert site.log_in("Nobody").status_code == 404
    site.sim("POST", "options", {"login_refused_status": 401})
    assert site.log_in(password="wrong").status_code == 401
    assert len(site.state()["logins"]) == 3


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"AptifyAuthorization": "DomainWithContainer"},
        {"AptifyAuthorization": f"DomainWithContainer {uuid.uuid4()}"},
    ],
)
def test_a_missing_or_bad_token_is_a_path_that_does_not_exist(site: Site, header: dict[str, str]) -> None:
    site.headers = header
    for method, path in [
        ("GET", "CheckConnection"),
        ("GET", "UserInformation/"),
        ("GET", f"GetRecord/Persons/{PERSON}"),
        ("POST", "GenericEntity/SaveData"),
        ("GET", "AptifyViews"),
        ("POST", "ProcessFlowsController/Ship Order"),
    ]:
        assert site.call(method, path).status_code == 404


def test_a_token_of_another_provider_is_not_accepted(site: Site) -> None:
    site.headers = {"AptifyAuthorization": site.headers["AptifyAuthorization"].replace("DomainWith", "SQL")}
    assert site.call("GET", "CheckConnection").status_code == 404


def test_nobody_can_tell_a_bad_token_from_a_record_that_is_not_there(site: Site) -> None:
    missing = site.call("GET", "GetRecord/Products/999")
    site.sim("POST", "tokens/expire")
    expired = site.call("GET", "GetRecord/Products/999")
    assert (missing.status_code, missing.text) == (expired.status_code, expired.text)


def test_a_token_ends_after_its_time_and_a_new_one_works() -> None:
    with running_site(token_seconds=600) as site:
        site.clock.tick(599)
        assert site.call("GET", "CheckConnection").status_code == 200
        site.clock.tick(1)
        assert site.call("GET", "CheckConnection").status_code == 404
        site.log_in()
        assert site.call("GET", f"GetRecord/Products/{MUG}").status_code == 200
        assert site.state()["tokens_given"] == 2


def test_an_expired_token_can_be_ordered_as_a_fault(site: Site) -> None:
    site.sim("POST", "faults", {"kind": "expired_token", "path": "GetRecord", "when": {"once": True}})
    assert site.call("GET", f"GetRecord/Products/{MUG}").status_code == 404
    assert site.call("GET", f"GetRecord/Products/{MUG}").status_code == 200


def test_the_services_may_stand_at_another_path_and_the_case_of_it_does_not_matter() -> None:
    with running_site(base_path="/Api/services") as site:
        assert site.client.get(f"{BASE}/CheckConnection", headers=site.headers).status_code == 404
        assert site.client.get("/api/SERVICES/checkconnection", headers=site.headers).status_code == 200


def test_what_arrived_is_listed_without_the_token(site: Site) -> None:
    site.read("CheckConnection")
    seen = site.sim("GET", "requests")[-1]
    assert (seen["path"], seen["status"]) == (f"{BASE}/CheckConnection", 200)
    assert seen["headers"]["aptifyauthorization"] == "DomainWithContainer …"
