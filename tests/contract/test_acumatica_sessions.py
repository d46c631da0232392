"""The Acumatica simulator keeps the vendor's rules for log-in, tokens, tenants, seats and limits."""

import http.client
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.contract.acumatica_site import CLIENT, ROOT, SEED, Site, Stage, running_site, running_stage, sample

LOGIN = "/entity/auth/login"
LOGOUT = "/entity/auth/logout"
CREDENTIALS = {"name": "apiuser", "password": "password"}


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with running_stage() as one:
        yield one


@pytest.fixture
def site(stage: Stage) -> Iterator[Site]:
    with stage.site(SEED, signed_in=False) as one:
        yield one


def test_a_token_of_scope_api_opens_the_endpoint(site: Site) -> None:
    reply = site.sign_in()
    assert {name: reply.json()[name] for name in ("expires_in", "token_type", "scope")} == {
        "expires_in": 3600,
        "token_type": "Bearer",
        "scope": "api",
    }
    assert "refresh_token" not in reply.json()
    assert site.read("/SalesOrder/SO/000123")


def test_without_log_in_a_call_is_401_but_the_list_of_endpoints_is_open(site: Site) -> None:
    assert site.call("GET", "/SalesOrder").status_code == 401
    listed = site.client.get("/entity").json()
    documented = sample("entity-list")["body"]
    assert set(listed) == set(documented)
    assert set(listed["endpoints"][0]) == set(documented["endpoints"][0])
    assert listed["endpoints"][0]["href"] == f"{ROOT}/"


def test_discovery_names_the_token_endpoint_and_no_client_credentials(site: Site) -> None:
    found = site.client.get("/identity/.well-known/openid-configuration").json()
    assert found["token_endpoint"] == f"{site.url}/identity/connect/token"
    assert "client_credentials" not in found["grant_types_supported"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": CLIENT.partition("@")[0]}, "invalid_client"),
        ({"client_id": CLIENT.replace("Company", "Nowhere")}, "invalid_client"),
        ({"password": "wrong"}, "invalid_grant"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "made-up"}, "invalid_grant"),
    ],
)
def test_a_refused_grant_is_400_with_an_oauth_error(site: Site, changes: dict[str, str], error: str) -> None:
    reply = site.sign_in(**changes)
    assert (reply.status_code, reply.json()["error"]) == (400, error)


def test_a_token_ends_after_an_hour_and_a_refresh_goes_on_in_the_same_session(site: Site) -> None:
    refresh = site.sign_in("api offline_access").json()["refresh_token"]
    assert site.call("GET", "/SalesOrder").status_code == 200
    site.sim("POST", "clock", {"seconds": 3590})
    assert site.sign_in(grant_type="refresh_token", refresh_token=refresh).status_code == 200
    site.sim("POST", "clock", {"seconds": 20})
    assert site.call("GET", "/SalesOrder").status_code == 200
    assert len(site.sim("GET", "state")["sessions"]) == 1
    site.sim("POST", "clock", {"seconds": 3600})
    assert site.call("GET", "/SalesOrder").status_code == 401


def test_the_fault_expired_token_is_401(site: Site) -> None:
    site.sign_in()
    site.sim("POST", "faults", {"kind": "expired_token", "path": ROOT, "when": {"once": True}})
    assert site.call("GET", "/SalesOrder").status_code == 401
    assert site.call("GET", "/SalesOrder").status_code == 200


def test_a_cookie_log_in_is_204_and_needs_the_whole_jar(site: Site) -> None:
    reply = site.client.post(LOGIN, json=CREDENTIALS)
    recorded = sample("login-logout-204")["login"]["response"]
    assert reply.status_code == recorded["status"]
    named = {line.partition("=")[0] for line in reply.headers.get_list("set-cookie")}
    assert {".ASPXAUTH", "ASP.NET_SessionId", "CompanyID"} <= named
    assert named <= {line.partition("=")[0] for line in recorded["headers"]["Set-Cookie"]}
    assert site.call("GET", "/SalesOrder").status_code == 200
    del site.client.cookies["ASP.NET_SessionId"]
    assert site.call("GET", "/SalesOrder").status_code == 401


def test_a_cookie_log_in_takes_a_form_too_and_log_out_ends_it(site: Site) -> None:
    assert site.client.post(LOGIN, data={**CREDENTIALS, "tenant": "Company"}).status_code == 204
    kept = dict(site.client.cookies)
    assert site.client.post(LOGOUT).status_code == 204
    assert httpx.get(f"{site.url}{ROOT}/SalesOrder", cookies=kept).status_code == 401


def test_bad_credentials_are_500_as_recorded(site: Site) -> None:
    reply = site.client.post(LOGIN, json={**CREDENTIALS, "password": "wrong"})
    recorded = sample("login-bad-credentials-500")["response"]
    assert reply.status_code == recorded["status"]
    for name in ("message", "exceptionMessage", "exceptionType"):
        assert reply.json()[name] == recorded["body"][name]


def test_company_and_tenant_together_are_400(site: Site) -> None:
    reply = site.client.post(LOGIN, json={**CREDENTIALS, "tenant": "Company", "company": "Company"})
    assert reply.status_code == 400


def test_a_log_out_without_content_length_is_411(site: Site) -> None:
    address = urlsplit(site.url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port)
    connection.putrequest("POST", LOGOUT)
    connection.endheaders()
    assert connection.getresponse().status == 411
    connection.close()


def test_a_site_with_one_tenant_takes_any_name(site: Site) -> None:
    assert site.client.post(LOGIN, json={**CREDENTIALS, "company": "Whatever"}).status_code == 204
    assert site.client.cookies["CompanyID"] == "Company"


def test_of_several_tenants_an_unknown_one_is_500_and_none_lands_on_the_first_in_silence() -> None:
    with running_site(signed_in=False, tenants=("Company", "Other")) as site:
        site.sim("POST", "seed", {"tenant": "Other", **SEED})
        unknown = site.client.post(LOGIN, json={**CREDENTIALS, "tenant": "Nowhere"})
        assert unknown.status_code == 500
        assert unknown.json()["exceptionType"] == "PX.Data.PXUndefinedCompanyException"
        assert unknown.json()["exceptionMessage"] == "A proper company ID cannot be determined"
        assert site.client.post(LOGIN, json=CREDENTIALS).status_code == 204
        assert site.read("/SalesOrder") == []
        assert site.client.post(LOGOUT).status_code == 204
        assert site.client.post(LOGIN, json={**CREDENTIALS, "tenant": "Other"}).status_code == 204
        assert len(site.read("/SalesOrder")) == 2


@pytest.mark.parametrize(
    ("form", "status", "kind", "text"),
    [
        ("json", 500, "application/json", "API Login Limit"),
        ("text", 429, "text/plain", "The custom error module does not recognize this error."),
        ("html", 500, "text/html", "<title>API Login Limit</title>"),
    ],
)
def test_the_seat_limit_has_three_forms(site: Site, form: str, status: int, kind: str, text: str) -> None:
    site.sim("POST", "options", {"seats": 1, "seat_form": form})
    assert site.client.post(LOGIN, json=CREDENTIALS).status_code == 204
    refused = httpx.post(f"{site.url}{LOGIN}", json=CREDENTIALS)
    assert refused.status_code == status
    assert refused.headers["content-type"].startswith(kind)
    assert text in refused.text
    site.sim("DELETE", "sessions")
    site.sim("POST", "faults", {"kind": "seat_limit", "form": form, "when": {"once": True}})
    assert site.client.post(LOGIN, json=CREDENTIALS).text == refused.text


def test_a_cookie_log_in_takes_a_seat_and_its_log_out_frees_it(site: Site) -> None:
    site.sim("POST", "options", {"seats": 1})
    assert site.client.post(LOGIN, json=CREDENTIALS).status_code == 204
    assert len(site.sim("GET", "state")["sessions"]) == 1
    assert httpx.post(f"{site.url}{LOGIN}", json=CREDENTIALS).status_code == 500
    assert site.client.post(LOGOUT).status_code == 204
    assert site.sim("GET", "state")["sessions"] == []
    with httpx.Client(base_url=site.url) as other:
        assert other.post(LOGIN, json=CREDENTIALS).status_code == 204
        assert other.get(f"{ROOT}/SalesOrder").status_code == 200


def test_an_idle_cookie_session_ends_and_frees_its_seat(site: Site) -> None:
    site.sim("POST", "options", {"seats": 1})
    assert site.client.post(LOGIN, json=CREDENTIALS).status_code == 204
    site.sim("POST", "clock", {"seconds": 15 * 60})
    assert site.call("GET", "/SalesOrder").status_code == 200
    site.sim("POST", "clock", {"seconds": 15 * 60})
    assert site.call("GET", "/SalesOrder").status_code == 200
    site.sim("POST", "clock", {"seconds": 21 * 60})
    assert site.call("GET", "/SalesOrder").status_code == 401
    assert site.client.post(LOGIN, json=CREDENTIALS).status_code == 204


def test_a_log_in_without_a_name_is_400(site: Site) -> None:
    assert site.client.post(LOGIN, json={"password": "password"}).status_code == 400
    assert site.client.post(LOGIN, content=b"{").status_code == 400


def test_expired_tokens_are_401_and_a_refresh_or_a_new_grant_goes_on(site: Site) -> None:
    refresh = site.sign_in("api offline_access").json()["refresh_token"]
    site.sim("POST", "tokens/expire")
    assert site.call("GET", "/SalesOrder").status_code == 401
    assert site.sign_in(grant_type="refresh_token", refresh_token=refresh).status_code == 200
    assert site.call("GET", "/SalesOrder").status_code == 200


def test_revoked_credentials_end_every_token_refresh_and_session_until_one_logs_in_again(site: Site) -> None:
    refresh = site.sign_in("api offline_access").json()["refresh_token"]
    assert site.client.post(LOGIN, json=CREDENTIALS).status_code == 204
    site.sim("DELETE", "tokens")
    assert site.call("GET", "/SalesOrder").status_code == 401
    refused = site.sign_in(grant_type="refresh_token", refresh_token=refresh)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert site.sim("GET", "state")["sessions"] == []
    site.sim("POST", "options", {"password": "changed"})
    assert site.sign_in().status_code == 400
    assert site.sign_in(password="changed").status_code == 200
    assert site.call("GET", "/SalesOrder").status_code == 200


def test_a_token_takes_a_seat_with_its_first_call_and_frees_it_by_log_out_or_after_an_hour(
    site: Site,
) -> None:
    site.sim("POST", "options", {"seats": 1})
    site.sign_in()
    first = site.token
    assert site.call("GET", "/SalesOrder").status_code == 200
    site.sign_in()
    assert "API Login Limit" in site.call("GET", "/SalesOrder").text
    assert site.client.post(LOGOUT, headers={"Authorization": f"Bearer {first}"}).status_code == 204
    assert site.call("GET", "/SalesOrder").status_code == 200
    site.sim("POST", "clock", {"seconds": 3601})
    site.sign_in()
    assert site.call("GET", "/SalesOrder").status_code == 200


def test_concurrent_access_opens_a_session_for_each_call_without_a_cookie(site: Site) -> None:
    site.sim("POST", "options", {"seats": 2})
    site.sign_in("api:concurrent_access")
    bearer = {"Authorization": f"Bearer {site.token}"}
    first = httpx.get(f"{site.url}{ROOT}/SalesOrder", headers=bearer)
    again = httpx.get(f"{site.url}{ROOT}/SalesOrder", headers=bearer, cookies=dict(first.cookies))
    assert (first.status_code, again.status_code) == (200, 200)
    assert len(site.sim("GET", "state")["sessions"]) == 1
    assert httpx.get(f"{site.url}{ROOT}/SalesOrder", headers=bearer).status_code == 200
    assert httpx.get(f"{site.url}{ROOT}/SalesOrder", headers=bearer).status_code == 500


def test_past_half_of_the_limit_requests_wait_and_past_a_full_queue_they_are_429() -> None:
    limits: dict[str, Any] = {"requests_per_minute": 8, "minute_seconds": 4, "queue_length": 2}
    with running_site(SEED, **limits) as site, ThreadPoolExecutor(12) as pool:
        url, headers = f"{site.url}{ROOT}/SalesOrder", {"Authorization": f"Bearer {site.token}"}
        replies = list(pool.map(lambda _: httpx.get(url, headers=headers), range(12)))
        counts = site.sim("GET", "state")["throttle"]
    served = [reply for reply in replies if reply.status_code == 200]
    refused = [reply for reply in replies if reply.status_code == 429]
    assert len(served) + len(refused) == 12
    assert (len(refused), len(served) - counts["delayed"]) == (counts["declined"], 4)
    assert counts["delayed"] >= 2
    assert refused
    assert refused[0].text == "The custom error module does not recognize this error."
    assert "retry-after" not in refused[0].headers


def test_log_out_skips_the_request_queue() -> None:
    with running_site(signed_in=False, requests_per_minute=1, queue_length=0) as site:
        assert site.client.post(LOGIN, json=CREDENTIALS).status_code == 204
        assert site.client.get(f"{ROOT}/SalesOrder").status_code == 429
        assert site.client.post(LOGOUT).status_code == 204


def test_a_rate_limit_fault_may_name_a_retry_after(site: Site) -> None:
    site.sign_in()
    site.sim("POST", "faults", {"kind": "rate_limit", "retry_after": 7, "when": {"once": True}})
    reply = site.call("GET", "/SalesOrder")
    assert (reply.status_code, reply.headers["retry-after"]) == (429, "7")
