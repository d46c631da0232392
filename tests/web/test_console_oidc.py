"""Signing in by OpenID Connect against a real provider over HTTP: there and back, roles, refusals, forged tokens."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.servers import free_port
from tests.web import site as given
from tests.web.provider import Provider, providing
from tests.web.site import Site, running

PUBLIC = "http://connector.test"

BEFORE = given.CONFIG

SECTION = """
console:
  public_url: {public}
  oidc:
    issuer: {issuer}
    client_id: connector
    client_secret: a-secret-of-the-client
    roles: {{claim: groups, admin: [it], operator: [operations]}}
"""


@pytest.fixture(name="provider", scope="module")
def fixture_provider() -> Iterator[Provider]:
    with providing() as provider:
        yield provider


@contextmanager
def configured(home: Path, issuer: str) -> Iterator[Site]:
    """A site that lets people log in there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(given, "CONFIG", BEFORE + SECTION.format(public=PUBLIC, issuer=issuer))
        with running(home) as site:
            yield site


@pytest.fixture(name="site", scope="module")
def fixture_site(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with configured(tmp_path_factory.mktemp("oidc"), provider.url) as site:
        yield site


@pytest.fixture(autouse=True)
def _a_good_provider(provider: Provider) -> None:
    provider.claims = {"sub": "s-1", "email": "ove@example.com", "groups": ["operations", "others"]}
    provider.refuses = provider.forged = False


def logged_in(site: Site, asked: str = "/account") -> httpx.Response:
    """What a browser is shown in the end that begins to log in and follows wherever it is sent."""
    ours = str(site.client.base_url)

    host = {"Host": "connector.test"}  # as a proxy passes it on, to which the public name leads
    with httpx.Client(timeout=30) as client:
        answer = client.get(f"{ours}/sign-in/oidc", params={"next": asked}, headers=host)
        while where := answer.headers.get("location"):
            own = where.removeprefix(PUBLIC)
            answer = client.get(ours + own, headers=host) if own.startswith("/") else client.get(where)
        return answer


def test_whom_the_provider_vouches_for_is_signed_in_with_the_role_of_their_group(site: Site) -> None:
    shown = logged_in(site)
    assert shown.status_code == 200, shown.text
    assert "ove@example.com" in shown.text
    assert "Role: operator" in shown.text
    assert "Change the password" not in shown.text


def test_who_is_in_none_of_the_groups_is_refused_in_a_sentence(site: Site, provider: Provider) -> None:
    provider.claims = {"sub": "s-2", "email": "eve@example.com", "groups": ["others"]}
    refused = logged_in(site)
    assert (refused.status_code, "eve@example.com has no role here" in refused.text) == (403, True)
    assert "eve@example.com" not in [one.name for one in site.people.everyone()]


def test_what_the_provider_refuses_is_told(site: Site, provider: Provider) -> None:
    provider.refuses = True
    refused = logged_in(site)
    assert (refused.status_code, "not you" in refused.text) == (403, True)


def test_a_token_that_the_provider_did_not_sign_is_not_believed(site: Site, provider: Provider) -> None:
    provider.forged = True
    refused = logged_in(site)
    assert (refused.status_code, "cannot be believed" in refused.text) == (403, True)


def test_an_answer_that_nobody_asked_for_is_refused(site: Site) -> None:
    answer = site.client.get("/sign-in/oidc/back?code=x&state=y", headers={"Host": "connector.test"})
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)


def test_a_provider_that_is_away_is_told(tmp_path: Path) -> None:
    with configured(tmp_path, f"http://127.0.0.1:{free_port()}") as site:
        refused = logged_in(site)
    assert (refused.status_code, "cannot be reached" in refused.text) == (403, True)
