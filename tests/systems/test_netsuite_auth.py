"""The two log-ins: OAuth 2.0 client credentials with a signed assertion, and token-based authentication."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from pydantic import SecretStr

from connector.errors import CredentialsRefused, NotUnderstood
from connector.systems.http import Reply
from connector.systems.netsuite.client import Client
from connector.systems.netsuite.settings import ClientCredentials, TokenBased
from connector.systems.netsuite.signing import signed
from connector.systems.netsuite.tokens import assertion, read_token, token_request
from tests.systems.netsuite_site import Site, site

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "netsuite-tba-test-vectors.json").read_text(encoding="utf-8")
)
NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
AUDIENCE = "https://1234567.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token"
ES256_KEY = ec.generate_private_key(ec.SECP256R1())
PS256_KEY = rsa.generate_private_key(public_exponent=65537, key_size=3072)


def _credentials(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, algorithm: str, *, escaped: bool = False
) -> ClientCredentials:
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return ClientCredentials.model_validate(
        {
            "kind": "oauth2",
            "client_id": "client-1",
            "certificate_id": "certificate-1",
            "private_key": pem.replace("\n", "\\n") if escaped else pem,
            "algorithm": algorithm,
        }
    )


def _part(text: str) -> Any:
    return json.loads(_decoded(text))


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _works(running: Site, **more: Any) -> str:
    async def ask(client: Client) -> str:
        rows = await client.query("SELECT c.id AS id FROM currency c WHERE c.symbol = ? ORDER BY c.id", "USD")
        return rows[0]["id"]

    return running.client(ask, **more)


# -- token-based -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda one: one["name"])
def test_the_signatures_of_the_vendors_own_examples_are_reproduced(vector: dict[str, Any]) -> None:
    has = {name: "".join(value) for name, value in VECTORS["credentials"].items() if isinstance(value, list)}
    auth = TokenBased(
        kind="tba",
        consumer_key=has["consumerKey"],
        consumer_secret=SecretStr(has["consumerSecret"]),
        token_id=SecretStr(has["tokenId"]),
        token_secret=SecretStr(has["tokenSecret"]),
    )
    header = signed(
        auth,
        VECTORS["credentials"]["realm"],
        vector["method"],
        vector["url"],
        nonce=VECTORS["nonce"],
        timestamp=VECTORS["timestamp"],
    )
    parts = dict(one.split("=", 1) for one in header.removeprefix("OAuth ").split(", "))
    assert unquote(parts["oauth_signature"].strip('"')) == "".join(vector["signatureBase64"])
    assert parts["realm"] == '"123456"'
    assert parts["oauth_signature_method"] == '"HMAC-SHA256"'


def test_a_body_is_not_part_of_a_token_based_signature() -> None:
    auth = TokenBased(
        kind="tba",
        consumer_key="k",
        consumer_secret=SecretStr("s"),
        token_id=SecretStr("t"),
        token_secret=SecretStr("u"),
    )
    header = signed(auth, "1", "POST", "https://x.example.com/services/rest/record/v1/salesOrder")
    assert "oauth_body_hash" not in header


def test_an_account_lets_token_based_calls_in() -> None:
    with site() as running:
        assert _works(running, auth=running.auth("tba")) == "1"
        assert running.requests("POST", "/oauth2/") == []


def test_wrong_token_secrets_are_credentials_refused_after_one_more_try() -> None:
    with site() as running:
        auth = running.auth("tba") | {"token_secret": "another-secret"}
        with pytest.raises(CredentialsRefused, match="Login Audit Trail"):
            _works(running, auth=auth)
        assert [one["status"] for one in running.requests("POST", "/suiteql")] == [401, 401]


# -- OAuth 2.0 ---------------------------------------------------------------------------------------------


def test_an_assertion_says_who_we_are_for_five_minutes() -> None:
    header, claims, _ = assertion(_credentials(ES256_KEY, "ES256"), AUDIENCE, NOW).split(".")
    assert _part(header) == {"typ": "JWT", "alg": "ES256", "kid": "certificate-1"}
    issued = int(NOW.timestamp())
    assert _part(claims) == {
        "iss": "client-1",
        "scope": "rest_webservices",
        "aud": AUDIENCE,
        "iat": issued,
        "exp": issued + 300,
    }


def test_an_es256_assertion_verifies_with_the_public_key_alone() -> None:
    header, claims, signature = assertion(_credentials(ES256_KEY, "ES256"), AUDIENCE, NOW).split(".")
    raw = _decoded(signature)
    assert len(raw) == 64
    der = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    ES256_KEY.public_key().verify(der, f"{header}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    with pytest.raises(InvalidSignature):
        ES256_KEY.public_key().verify(der, f"{header}.x{claims}".encode(), ec.ECDSA(hashes.SHA256()))


def test_a_ps256_assertion_verifies_with_a_salt_as_long_as_the_digest() -> None:
    header, claims, signature = assertion(_credentials(PS256_KEY, "PS256"), AUDIENCE, NOW).split(".")
    salted = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    PS256_KEY.public_key().verify(_decoded(signature), f"{header}.{claims}".encode(), salted, hashes.SHA256())


def test_a_key_may_stand_in_one_line_with_its_line_breaks_written_out() -> None:
    auth = _credentials(ES256_KEY, "ES256", escaped=True)
    assert auth.key().public_key() == ES256_KEY.public_key()


@pytest.mark.parametrize(
    ("key", "algorithm", "says"),
    [
        (ES256_KEY, "PS256", "PS256 needs an RSA key"),
        (PS256_KEY, "ES256", "ES256 needs an elliptic-curve key"),
        (ec.generate_private_key(ec.SECP384R1()), "ES256", "on the curve P-256"),
    ],
)
def test_a_key_that_is_none_for_the_algorithm_is_refused_in_words(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, algorithm: str, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        _credentials(key, algorithm).key()


def test_a_key_that_cannot_be_read_is_credentials_refused_and_nothing_is_sent() -> None:
    with site() as running:
        auth = running.auth() | {"private_key": "no key at all"}
        with pytest.raises(CredentialsRefused, match="no private key in PEM form"):
            _works(running, auth=auth)
        assert running.requests("POST", "/services/") == []


def test_the_request_for_a_token_is_a_form_that_changes_nothing() -> None:
    request = token_request(_credentials(ES256_KEY, "ES256"), "https://x.example.com", NOW)
    form = parse_qs((request.body or b"").decode())
    assert (request.method, request.writes) == ("POST", False)
    assert form["grant_type"] == ["client_credentials"]
    assert form["client_assertion_type"] == ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]


@pytest.mark.parametrize("life", ["3600", 3600])
def test_a_token_lives_as_long_as_its_answer_says(life: object) -> None:
    body = json.dumps({"access_token": "abc", "expires_in": life, "token_type": "bearer"}).encode()
    token = read_token(Reply(200, {}, body), NOW)
    assert token.value == "abc"
    assert token.expires_at == datetime(2026, 11, 27, 13, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b'{"access_token": "abc"}', b'{"access_token": "abc", "expires_in": "x"}']
)
def test_an_answer_without_token_or_life_is_not_understood(body: bytes) -> None:
    with pytest.raises(NotUnderstood):
        read_token(Reply(200, {}, body), NOW)


@pytest.mark.parametrize("kind", ["EC", "RSA"])
def test_an_account_gives_a_token_for_an_assertion_and_it_is_used_again(kind: str) -> None:
    with site(key_type=kind) as running:

        async def twice(client: Client) -> None:
            for _ in range(2):
                await client.query("SELECT c.id AS id FROM currency c ORDER BY c.id")

        running.client(twice)
        assert len(running.requests("POST", "/oauth2/v1/token")) == 1
        assert [one["status"] for one in running.requests("POST", "/suiteql")] == [200, 200]


def test_a_token_that_ended_early_is_replaced_once() -> None:
    with site() as running:

        async def after_the_end(client: Client) -> int:
            await client.query("SELECT c.id AS id FROM currency c ORDER BY c.id")
            running.post("tokens/expire")
            return len(await client.query("SELECT c.id AS id FROM currency c ORDER BY c.id"))

        assert running.client(after_the_end) > 0
        assert [one["status"] for one in running.requests("POST", "/suiteql")] == [200, 401, 200]
        assert len(running.requests("POST", "/oauth2/v1/token")) == 2


def test_a_mapping_that_does_not_know_us_is_credentials_refused() -> None:
    with site() as running:
        auth = running.auth() | {"certificate_id": "another"}
        with pytest.raises(CredentialsRefused, match="certificate id"):
            _works(running, auth=auth)
        assert running.requests("POST", "/suiteql") == []


def test_a_log_in_that_a_busy_account_refuses_once_is_tried_again() -> None:
    with site() as running:
        running.fault(kind="expired_token", method="POST", path="/suiteql", when={"once": True})
        assert _works(running, auth=running.auth("tba")) == "1"
        assert [one["status"] for one in running.requests("POST", "/suiteql")] == [401, 200]
