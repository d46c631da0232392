"""Who may do what: admin tokens, integration tokens as Bearer, OAuth 1.0a, and the access control list.

Texts and rules as recorded from Magento 2.4.7 (group `auth.`); lifetimes of admin tokens are one hour there.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote

from connector.simulators.base import Received
from connector.simulators.magento.errors import NOT_AUTHORIZED, Refusal, required

ADMIN_TOKEN_SECONDS = 3600
FUTURE_SECONDS = 600
SIGN_IN_REFUSED = (
    "The account sign-in was incorrect or your account is disabled temporarily."
    " Please wait and try again later."
)
TWO_FACTOR_REFUSED = "Please ask an administrator with sufficient access to configure 2FA first"
_JWT_KEY = b"simulator"
_OAUTH_NEEDS = (
    "oauth_consumer_key",
    "oauth_signature",
    "oauth_signature_method",
    "oauth_nonce",
    "oauth_timestamp",
    "oauth_token",
)


@dataclass(frozen=True)
class Integration:
    """One integration's four secrets and its permissions; no permissions listed means all of them."""

    consumer_key: str = "consumer-key"
    consumer_secret: str = "consumer-secret"
    token: str = "access-token"
    token_secret: str = "access-token-secret"
    resources: frozenset[str] | None = None

    def may(self, resource: str) -> bool:
        """Whether the access control list holds the resource."""
        return self.resources is None or resource in self.resources


@dataclass(frozen=True)
class Administrator:
    """The name and password for which an admin token is given."""

    username: str = "admin"
    password: str = "admin-password"


class Access:
    """Judges each request; remembers the nonces it has seen."""

    def __init__(self, integrations: Sequence[Integration], admin: Administrator) -> None:
        self._integrations = list(integrations)
        self._admin = admin
        self._nonces: set[tuple[str, str]] = set()

    def admin_token(self, body: Mapping[str, Any], now: datetime, two_factor: bool) -> str:
        """A token for name and password, good for an hour. Raises Refusal."""
        for name in ("username", "password"):
            if body.get(name) is None:
                raise required(name)
        if Administrator(body["username"], body["password"]) != self._admin:
            raise Refusal(401, SIGN_IN_REFUSED)
        if two_factor:
            raise Refusal(400, TWO_FACTOR_REFUSED)
        issued = int(now.timestamp())
        return _jwt({"uid": 1, "utypid": 2, "iat": issued, "exp": issued + ADMIN_TOKEN_SECONDS})

    def check(self, received: Received, resource: str, now: datetime, bearer_enabled: bool) -> None:
        """Return when the request may use the resource. Raises Refusal."""
        scheme, _, rest = received.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "oauth":
            allowed = self._signed(received, rest, now).may(resource)
        elif scheme.lower() == "bearer":
            allowed = self._bearer(rest.strip(), resource, now, bearer_enabled)
        else:
            allowed = False
        if not allowed:
            raise unauthorized(resource)

    def _bearer(self, token: str, resource: str, now: datetime, enabled: bool) -> bool:
        claims = _claims(token)
        if claims is not None:
            return bool(claims["exp"] > now.timestamp())
        return enabled and any(one.token == token and one.may(resource) for one in self._integrations)

    def _signed(self, received: Received, header: str, now: datetime) -> Integration:
        given = _oauth_parameters(header)
        for name in _OAUTH_NEEDS:
            if not given.get(name):
                raise required(name)
        integration = self._consumer(given["oauth_consumer_key"])
        self._take_nonce(integration, given["oauth_nonce"], given["oauth_timestamp"], now)
        self._check_token(integration, given["oauth_token"])
        _check_signature(received, given, integration)
        return integration

    def _consumer(self, key: str) -> Integration:
        if all(len(key) != len(one.consumer_key) for one in self._integrations):
            raise Refusal(401, "Consumer key is not the correct length")
        for one in self._integrations:
            if one.consumer_key == key:
                return one
        raise Refusal(401, "A consumer having the specified key does not exist")

    def _take_nonce(self, integration: Integration, nonce: str, timestamp: str, now: datetime) -> None:
        if not timestamp.isdigit() or not 0 < int(timestamp) <= now.timestamp() + FUTURE_SECONDS:
            raise Refusal(401, "An error occurred validating the nonce")
        used = (integration.consumer_key, nonce)
        if used in self._nonces:
            number = str(self._integrations.index(integration) + 1)
            raise Refusal(401, "The nonce is already being used by the consumer with ID %1", [number])
        self._nonces.add(used)

    def _check_token(self, integration: Integration, token: str) -> None:
        if len(token) != len(integration.token):
            raise Refusal(401, "The token length is invalid. Check the length and try again.")
        if token != integration.token:
            raise Refusal(401, "Specified token does not exist")


def unauthorized(resource: str) -> Refusal:
    """The 401 for a bad or expired token and for a missing permission alike."""
    return Refusal(401, NOT_AUTHORIZED, {"resources": resource})


def _oauth_parameters(header: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in header.split(","))
    return {unquote(name): unquote(value.strip('"')) for name, _, value in pairs if name}


def _check_signature(received: Received, given: Mapping[str, str], integration: Integration) -> None:
    method = given["oauth_signature_method"]
    if method != "HMAC-SHA256":
        raise Refusal(400, "Signature method %1 is not supported", [method])
    unsigned = {"oauth_signature", "realm"}
    signed = [(name, value) for name, value in given.items() if name not in unsigned] + received.query_pairs
    text = "&".join(sorted(f"{_quoted(name)}={_quoted(value)}" for name, value in signed))
    base = "&".join(_quoted(part) for part in (received.method, received.base_url + received.raw_path, text))
    key = f"{_quoted(integration.consumer_secret)}&{_quoted(integration.token_secret)}"
    digest = hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(base64.b64encode(digest).decode(), given["oauth_signature"]):
        raise Refusal(401, "The signature is invalid. Verify and try again.")


def _quoted(text: str) -> str:
    return quote(text, safe="-._~")


def _jwt(claims: Mapping[str, object]) -> str:
    parts = [_packed(json.dumps(one).encode()) for one in ({"alg": "HS256"}, claims)]
    return ".".join([*parts, _mark(".".join(parts))])


def _claims(token: str) -> dict[str, Any] | None:
    """The claims of a token we issued; None for anything else."""
    signed, _, mark = token.rpartition(".")
    if not signed or not hmac.compare_digest(_mark(signed).encode(), mark.encode()):
        return None
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(signed.split(".")[1] + "=="))
    return claims


def _mark(signed: str) -> str:
    return _packed(hmac.new(_JWT_KEY, signed.encode(), hashlib.sha256).digest())


def _packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
