"""Who gets at the console, over HTTP: hosts, cookies, forms of other sites, roles, headers; tokens that admins make."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from connector.web.console.pages import own_page
from schemas.console import ROLES, Role
from tests.web import site as given
from tests.web.site import Site, bearer, running
from tests.web.visiting import PASSWORD, hidden, signed_in


@pytest.fixture(name="site", scope="module")
def fixture_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(tmp_path_factory.mktemp("console")) as found:
        for role in ROLES:
            found.people.add(role, role, PASSWORD, "tests")
        yield found


@pytest.fixture(name="secure")
def fixture_secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Behind a proxy that ends TLS."""
    monkeypatch.setattr(
        given, "CONFIG", given.CONFIG + "console: {public_url: 'https://connector.example.com'}\n"
    )
    with running(tmp_path) as found:
        found.people.add("admin", "admin", PASSWORD, "tests")
        yield found


def csrf(client: httpx.Client) -> str:
    return hidden(client.get("/account").text)["csrf"]


def test_every_page_forbids_scripts_of_others_frames_and_keeping(site: Site) -> None:
    with signed_in(site) as client:
        headers = client.get("/account").headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "frame-ancestors 'none'" in policy
    assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")


def test_the_cookie_is_for_us_alone(site: Site) -> None:
    with httpx.Client(base_url=site.client.base_url) as client:
        answer = client.post("/sign-in", data={"name": "viewer", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_behind_tls_the_cookie_is_secure_and_bound_to_the_host(secure: Site) -> None:
    headers = {"Host": "connector.example.com", "Origin": "https://connector.example.com"}
    answer = secure.client.post("/sign-in", data={"name": "admin", "password": PASSWORD}, headers=headers)
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-connector-session=")
    assert "Secure" in cookie
    assert "Path=/" in cookie


def test_a_name_that_somebody_has_point_to_us_is_not_served(site: Site, secure: Site) -> None:
    refused = site.client.get("/sign-in", headers={"Host": "evil.example"})
    assert (refused.status_code, "console.public_url" in refused.text) == (403, True)
    refused = secure.client.get("/sign-in", headers={"Host": "evil.example"})
    assert (refused.status_code, "https://connector.example.com" in refused.text) == (403, True)


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}],
)
def test_a_form_of_another_site_is_refused(site: Site, headers: dict[str, str]) -> None:
    with signed_in(site) as client:
        token = csrf(client)
        refused = client.post("/sign-out", data={"csrf": token}, headers=headers)
        assert (refused.status_code, "another site" in refused.text) == (403, True)
        assert client.get("/account").status_code == 200


def test_a_form_without_the_sessions_token_is_refused(site: Site) -> None:
    with signed_in(site) as client, signed_in(site) as other:
        for wrong in ("", "made up", csrf(other)):
            refused = client.post("/sign-out", data={"csrf": wrong})
            assert (refused.status_code, "another session" in refused.text) == (403, True)


def test_who_is_nobody_is_sent_to_sign_in_and_changes_nothing(site: Site) -> None:
    asked = site.client.get("/people?x=1")
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?next=%2Fpeople%3Fx%3D1")
    posted = site.client.post("/people", data={"name": "eve", "role": "admin", "password": PASSWORD})
    assert posted.status_code == 303
    assert "eve" not in [one.name for one in site.people.everyone()]


@pytest.mark.parametrize("name", ["viewer", "operator"])
def test_only_admins_manage_people(site: Site, name: Role) -> None:
    with signed_in(site, name) as client:
        assert client.get("/people").status_code == 403
        form = {"csrf": csrf(client), "name": "eve", "role": "admin", "password": PASSWORD}
        assert client.post("/people", data=form).status_code == 403
    assert "eve" not in [one.name for one in site.people.everyone()]


@pytest.mark.parametrize(
    "address", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", ""]
)
def test_after_signing_in_nobody_is_sent_elsewhere(address: str) -> None:
    assert own_page(address) == "/"


def test_a_token_that_an_admin_makes_opens_the_api_until_it_is_revoked(site: Site) -> None:
    with signed_in(site, "admin") as client:
        form = {"csrf": csrf(client), "name": "reports", "scopes": "read"}
        shown = client.post("/people/tokens", data=form).text
        found = re.search(r'id="made">([^<]+)<', shown)
        assert found is not None
        assert site.client.get("/api/stats", headers=bearer(found[1])).status_code == 200
        refused = site.client.post("/api/entries/1/retry", headers=bearer(found[1]))
        assert (refused.status_code, "needs the scope operate" in refused.text) == (403, True)
        number = re.search(r"/people/tokens/(\d+)/revoke", client.get("/people").text)
        assert number is not None
        assert found[1] not in client.get("/people").text
        client.post(f"/people/tokens/{number[1]}/revoke", data={"csrf": csrf(client)})
        assert site.client.get("/api/stats", headers=bearer(found[1])).status_code == 401


def test_the_file_of_a_page_may_be_kept_and_no_other_file_is_served(site: Site) -> None:
    page = site.client.get("/sign-in").text
    address = re.search(r'href="(/static/[^"]+console.css)"', page)
    assert address is not None
    assert "immutable" in site.client.get(address[1]).headers["cache-control"]
    for wrong in ("/static/0/console.css", address[1].replace("console.css", "..%2F..%2Fpages.py")):
        assert site.client.get(wrong).status_code == 404
