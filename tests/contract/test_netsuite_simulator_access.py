"""Who the simulated account lets in: signed assertions, requests signed with a token, and how many at a time."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from connector.simulators.netsuite.oauth1 import signature
from tests.contract.netsuite_site import DATA, QUERY, TOKEN, Site, assertion, running_site, sample


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


def _once(kind: str) -> dict[str, Any]:
    return {"kind": kind, "path": "/record/", "when": {"once": True}}


def body_of(when: str, evidence: str) -> Any:
    """An error's body as Oracle or a client has it."""
    cases = sample("error-bodies")["cases"]
    return next(one["body"] for one in cases if one["when"] == when and one["evidence"] == evidence)


@pytest.mark.parametrize(("key_type", "algorithm"), [("EC", "ES256"), ("RSA", "PS256")])
def test_an_assertion_signed_with_the_certificate_gets_a_bearer_token(key_type: str, algorithm: str) -> None:
    with running_site(signed_in=False, key_type=key_type) as site:
        held = site.credentials
        reply = site.ask(assertion(held))
        given = reply.json()
        assert (held["algorithm"], given["token_type"], given["expires_in"]) == (algorithm, "bearer", "3600")
        site.token = given["access_token"]
        assert site.read("customer/110")["companyName"] == "Example Ltd"


def test_a_given_public_key_is_what_assertions_are_verified_with() -> None:
    with running_site() as maker:
        held = maker.credentials
    with running_site(signed_in=False, public_key=held["public_key"]) as site:
        own = site.credentials
        assert own["private_key"] == ""
        assert site.ask(assertion({**own, "private_key": held["private_key"]})).status_code == 200


def test_an_assertion_by_another_key_gets_nothing(site: Site) -> None:
    with running_site(signed_in=False) as other:
        stranger = other.credentials["private_key"]
    reply = site.ask(assertion({**site.credentials, "private_key": stranger}))
    assert (reply.status_code, reply.json()) == (400, {"error": "invalid_grant"})
    assert "signature" in site.sim("GET", "state")["logins"][-1]


@pytest.mark.parametrize(
    ("header", "claims", "reason"),
    [
        ({"kid": "another"}, {}, "kid"),
        ({"typ": "at+jwt"}, {}, "typ"),
        ({"alg": "HS256"}, {}, "algorithm"),
        ({"alg": "PS256"}, {}, "algorithm"),
        ({}, {"iss": "another"}, "iss"),
        ({}, {"aud": "https://elsewhere.example/token"}, "aud"),
        ({}, {"scope": "restlets"}, "scope"),
        ({}, {"scope": "rest_webservices,everything"}, "scope"),
        ({}, {"iat": 1_000_000_000, "exp": 1_000_000_300}, "iat"),
        ({}, {"exp": 4_000_000_000}, "iat"),
        ({}, {"exp": "soon"}, "exp"),
    ],
)
def test_an_assertion_that_is_wrong_in_one_member_gets_nothing_and_the_audit_trail_says_why(
    site: Site, header: dict[str, str], claims: dict[str, Any], reason: str
) -> None:
    reply = site.ask(assertion(site.credentials, header, **claims))
    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_grant")
    assert reason in site.sim("GET", "state")["logins"][-1]


def test_scopes_may_be_a_list_divided_by_commas(site: Site) -> None:
    assert site.ask(assertion(site.credentials, scope="restlets,rest_webservices")).status_code == 200


def test_only_the_client_credentials_grant_is_known(site: Site) -> None:
    reply = site.client.post(TOKEN, data={"grant_type": "password"})
    assert (reply.status_code, reply.json()["error"]) == (400, "unsupported_grant_type")
    reply = site.client.post(TOKEN, data={"grant_type": "client_credentials"})
    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_request")
    assert site.ask("no.jwt").json()["error"] == "invalid_grant"


def test_a_token_ends_after_an_hour_and_the_reply_is_oracles(site: Site) -> None:
    site.sim("POST", "clock/advance", {"seconds": 3599})
    assert site.call("GET", "customer/110").status_code == 200
    site.sim("POST", "clock/advance", {"seconds": 2})
    reply = site.call("GET", "customer/110")
    assert reply.status_code == 401
    assert reply.json() == body_of("bad signature, nonce, timestamp or token", "help")
    site.sign_in()
    site.sim("POST", "tokens/expire")
    assert site.call("GET", "customer/110").status_code == 401


def test_every_path_of_the_account_asks_for_a_log_in(site: Site) -> None:
    for method, path in [
        ("GET", "/services/rest/record/v1/customer/110"),
        ("POST", QUERY),
        ("GET", "/services/rest/async/v1/job/1"),
    ]:
        assert site.client.request(method, path).status_code == 401


def test_a_request_signed_by_oauthlib_is_let_in_with_its_query(site: Site) -> None:
    reply = site.signed("GET", "customer?q=email%20IS%20%22shop%40example.com%22&limit=10")
    assert [one["id"] for one in reply.json()["items"]] == ["110"]
    made = site.signed("POST", "customer", {"companyName": "Signed Ltd"})
    assert made.status_code == 204


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"consumer_secret": "another"}, "InvalidSignature"),
        ({"token_secret": "another"}, "InvalidSignature"),
        ({"token_id": "another"}, "wrong oauth_token"),
        ({"consumer_key": "another"}, "wrong oauth_consumer_key"),
        ({"realm": "7654321"}, "wrong realm"),
        ({"timestamp": "1508242306"}, "InvalidTimestamp"),
    ],
)
def test_a_signed_request_that_is_wrong_in_one_thing_is_refused(
    site: Site, changes: dict[str, str], reason: str
) -> None:
    assert site.signed("GET", "customer/110", **changes).status_code == 401
    assert site.sim("GET", "state")["logins"] == [reason]


def test_a_nonce_works_once(site: Site) -> None:
    assert site.signed("GET", "customer/110", nonce="once").status_code == 200
    assert site.signed("GET", "customer/110", nonce="once").status_code == 401
    assert site.sim("GET", "state")["logins"] == ["NonceUsed"]


def test_the_signature_is_oracles_for_oracles_own_example() -> None:
    given = json.loads((DATA / "netsuite-tba-test-vectors.json").read_text())
    held = {name: "".join(parts) for name, parts in given["credentials"].items() if isinstance(parts, list)}
    for vector in given["vectors"]:
        url, _, query = vector["url"].partition("?")
        pairs = [
            ("oauth_consumer_key", held["consumerKey"]),
            ("oauth_token", held["tokenId"]),
            ("oauth_nonce", given["nonce"]),
            ("oauth_timestamp", given["timestamp"]),
            ("oauth_signature_method", given["signatureMethod"]),
            ("oauth_version", given["version"]),
            *(tuple(pair.split("=")) for pair in query.split("&") if pair),
        ]
        made = signature(vector["method"], url, pairs, held["consumerSecret"], held["tokenSecret"])
        assert made == "".join(vector["signatureBase64"]), vector["name"]


def test_one_request_more_than_the_account_serves_is_refused_with_oracles_body(site: Site) -> None:
    site.sim("POST", "hold", {"requests": 5})
    reply = site.call("GET", "customer/110")
    wanted = body_of("concurrency limit", "help")
    assert (reply.status_code, reply.json()) == (429, {**wanted, "o:errorCode": "USER_ERROR"})
    assert "retry-after" not in reply.headers
    assert site.call("POST", QUERY, {"q": "SELECT id FROM customer"}, Prefer="transient").status_code == 429
    assert site.ask(assertion(site.credentials)).status_code == 200
    site.sim("POST", "hold", {"requests": 4})
    assert site.call("GET", "customer/110").status_code == 200
    assert site.sim("GET", "state")["refused_for_concurrency"] == 2


@pytest.mark.parametrize(
    ("form", "status", "when"),
    [("fixture", 429, "concurrency limit"), ("400", 400, "concurrency limit sent as 400")],
)
def test_the_limit_is_also_said_as_clients_have_kept_it(form: str, status: int, when: str) -> None:
    with running_site(concurrency_form=form, concurrency=1) as site:
        site.sim("POST", "hold", {"requests": 1})
        reply = site.call("GET", "customer/110")
    wanted = body_of(when, "fixture")["o:errorDetails"][0]["o:errorCode"]
    assert (reply.status_code, reply.json()["o:errorDetails"][0]["o:errorCode"]) == (status, wanted)


def test_requests_that_take_their_time_count_together() -> None:
    with running_site(concurrency=2) as site:
        site.sim(
            "POST", "faults", {"kind": "delay", "path": "/customer/110", "seconds": 1.5, "when": {"times": 2}}
        )
        statuses: list[int] = []

        def ask() -> None:
            statuses.append(site.call("GET", "customer/110").status_code)

        slow = [threading.Thread(target=ask) for _ in range(2)]
        for thread in slow:
            thread.start()
        while site.sim("GET", "state")["in_flight"] < 2:
            assert not statuses, "the slow requests ended before they met"
        refused = site.call("GET", "customer/110").status_code
        for thread in slow:
            thread.join()
        assert (refused, statuses) == (429, [200, 200])
        assert site.call("GET", "customer/110").status_code == 200


def test_the_shared_faults_speak_netsuites_language(site: Site) -> None:
    site.sim("POST", "faults", [_once("rate_limit"), _once("expired_token")])
    assert site.refused("GET", "customer/110")[:2] == (429, "CONCURRENCY_LIMIT_EXCEEDED")
    assert site.refused("GET", "customer/110")[:2] == (401, "INVALID_LOGIN")
    site.sim("POST", "faults", [_once("record_changed"), _once("unexpected_error")])
    assert site.refused("PATCH", "customer/110", {"email": "x@example.com"})[:2] == (
        400,
        "RCRD_HAS_BEEN_CHANGED",
    )
    assert site.refused("PATCH", "customer/110", {"email": "x@example.com"})[:2] == (500, "UNEXPECTED_ERROR")
    assert site.read("customer/110")["email"] == "shop@example.com"
