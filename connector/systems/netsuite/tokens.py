"""OAuth 2.0 client credentials: the signed assertion, the request for a token, and its answer.

Source: NetSuite help, section_162790605110 (POST Request to the Token Endpoint and the Access Token Response), and
RFC 7515, 7518, 7523. When a token is asked for is `client.py`; it lives for an hour, and none renews it.
"""

import base64
import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from connector.errors import NotUnderstood
from connector.systems.http import Reply, Request, Token
from connector.systems.netsuite.settings import ClientCredentials, PrivateKey

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"
SCOPE = "rest_webservices"
_LIFE = timedelta(minutes=5)
"""An assertion is used at once; NetSuite allows an hour at most."""

_SHORTEST_LIFE, _LONGEST_LIFE = 1, 24 * 3600
"""Seconds that a token can sensibly live."""

_COORDINATE = 32
"""Bytes of either half of an ES256 signature (RFC 7518, 3.4)."""


def token_request(auth: ClientCredentials, base_url: str, now: datetime) -> Request:
    """The request for an access token. It changes nothing, so a lost answer leaves nothing to look for."""
    url = base_url + TOKEN_PATH
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion(auth, url, now),
    }
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    return Request("POST", url, headers, urlencode(form).encode(), writes=False)


def assertion(auth: ClientCredentials, audience: str, now: datetime) -> str:
    """A JSON Web Token that says who we are, signed with the private key of the certificate; `audience` is the
    token endpoint."""
    header = {"typ": "JWT", "alg": auth.algorithm, "kid": auth.certificate_id}
    issued = int(now.timestamp())
    claims = {
        "iss": auth.client_id,
        "scope": SCOPE,
        "aud": audience,
        "iat": issued,
        "exp": issued + int(_LIFE.total_seconds()),
    }
    text = f"{_segment(header)}.{_segment(claims)}"
    return f"{text}.{_base64(_signature(auth.key(), text.encode()))}"


def read_token(reply: Reply, asked: datetime) -> Token:
    """The token of an answer (`expires_in` in seconds, as text or number); raises NotUnderstood."""
    body = reply.json()
    value = body.get("access_token") if isinstance(body, dict) else None
    if not isinstance(value, str) or not value:
        raise NotUnderstood("the token endpoint answered without an access token")
    text = str(body.get("expires_in", ""))
    seconds = int(text) if text.isascii() and text.isdecimal() else 0
    if not _SHORTEST_LIFE <= seconds <= _LONGEST_LIFE:
        raise NotUnderstood(f"the token endpoint answered with a life of {text or 'no'} seconds")
    return Token(value, expires_at=asked + timedelta(seconds=seconds))


def _signature(key: PrivateKey, text: bytes) -> bytes:
    """PS256: RSASSA-PSS with a salt as long as the digest. ES256: both coordinates, not the DER that libraries give."""
    if isinstance(key, EllipticCurvePrivateKey):
        r, s = decode_dss_signature(key.sign(text, ECDSA(SHA256())))
        return r.to_bytes(_COORDINATE, "big") + s.to_bytes(_COORDINATE, "big")
    return key.sign(text, PSS(MGF1(SHA256()), SHA256.digest_size), SHA256())


def _segment(value: dict[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
