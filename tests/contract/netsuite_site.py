"""A running NetSuite simulator as tests see it: a client that signs in by an assertion or by signed requests.

The signing here is written against RFC 7515 and oauthlib, not against the simulator's own verification.
"""

import base64
import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import httpx
import oauthlib.oauth1
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from connector.simulators import build
from connector.simulators.base import serve

RECORD = "/services/rest/record/v1"
QUERY = "/services/rest/query/v1/suiteql"
TOKEN = "/services/rest/auth/oauth2/v1/token"
SAMPLES = Path(__file__).parent.parent / "data" / "samples"
DATA = Path(__file__).parent.parent / "data"

SEED: dict[str, Any] = {
    "customers": [
        {"id": "110", "externalId": "web-7", "companyName": "Example Ltd", "email": "shop@example.com"}
    ],
    "items": [
        {"id": "98", "itemId": "MUG", "basePrice": "12.50"},
        {"id": "99", "itemId": "LAMP", "basePrice": "20.00"},
        {"id": "55", "itemId": "FEE", "type": "otherChargeSaleItem", "taxable": False},
    ],
}


def sample(name: str) -> Any:
    """The body of a sample, numbers exact."""
    return json.loads((SAMPLES / f"netsuite-{name}.json").read_text(), parse_float=Decimal)["body"]


def order(state: str, **changes: Any) -> dict[str, Any]:
    """An order of two mugs and a lamp, 45.00, with 5.00 of shipping."""
    lines = [{"item": "MUG", "quantity": "2", "rate": "12.50"}, {"item": "LAMP", "rate": "20.00"}]
    return {"entity": "110", "lines": lines, "shippingCost": "5.00", "state": state, **changes}


def encoded(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def assertion(credentials: Mapping[str, str], header: Mapping[str, Any] | None = None, **claims: Any) -> str:
    """A signed JWT as an integration would make it; `header` and `claims` replace single members."""
    now = int(time.time())
    head = {
        "typ": "JWT",
        "alg": credentials["algorithm"],
        "kid": credentials["certificate_id"],
        **(header or {}),
    }
    said = {
        "iss": credentials["client_id"],
        "scope": ["rest_webservices"],
        "aud": credentials["token_url"],
        "iat": now,
        "exp": now + 300,
        **claims,
    }
    signed = f"{encoded(json.dumps(head).encode())}.{encoded(json.dumps(said).encode())}"
    return f"{signed}.{encoded(_signed(credentials['private_key'], signed.encode()))}"


def _signed(pem: str, text: bytes) -> bytes:
    key = serialization.load_pem_private_key(pem.encode(), None)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(text, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    r, s = utils.decode_dss_signature(key.sign(text, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


@dataclass
class Site:
    """One simulator on a port, and how to talk to it."""

    url: str
    client: httpx.Client
    seeded: Any = None
    token: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def sim(self, method: str, path: str, body: object = None) -> Any:
        """A control path, which must succeed."""
        reply = self.client.request(method, f"/_sim/{path}", json=body)
        assert reply.is_success, reply.text
        return json.loads(reply.text, parse_float=Decimal) if reply.content else None

    @property
    def credentials(self) -> dict[str, str]:
        found: dict[str, str] = self.sim("GET", "credentials")
        return found

    def ask(self, jwt: str) -> httpx.Response:
        """Ask for a token with an assertion."""
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        form = {"grant_type": "client_credentials", "client_assertion_type": kind, "client_assertion": jwt}
        return self.client.post(TOKEN, data=form)

    def sign_in(self) -> None:
        """Hold a token from now on."""
        reply = self.ask(assertion(self.credentials))
        assert reply.status_code == 200, reply.text
        self.token = reply.json()["access_token"]

    def call(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """A call below the records, or of a whole path; header names with `_` for `-`."""
        address = path if path.startswith("/services") else f"{RECORD}/{path}"
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return self.client.request(
            method, address, json=body, headers={"Authorization": f"Bearer {self.token}", **named}
        )

    def signed(self, method: str, path: str, body: object = None, **changes: str) -> httpx.Response:
        """A call with token-based log-in, signed by oauthlib; `changes` replace credentials, nonce or timestamp."""
        held = {**self.credentials, **changes}
        client = oauthlib.oauth1.Client(
            held["consumer_key"],
            client_secret=held["consumer_secret"],
            resource_owner_key=held["token_id"],
            resource_owner_secret=held["token_secret"],
            signature_method=oauthlib.oauth1.SIGNATURE_HMAC_SHA256,
            realm=held["realm"],
            nonce=held.get("nonce"),
            timestamp=held.get("timestamp"),
        )
        url = f"{self.url}{path if path.startswith('/services') else f'{RECORD}/{path}'}"
        _, headers, _ = client.sign(url, cast(Any, method))
        return self.client.request(method, url, json=body, headers=headers)

    def read(self, path: str) -> Any:
        """A GET that must succeed, numbers exact."""
        reply = self.call("GET", path)
        assert reply.status_code == 200, reply.text
        return json.loads(reply.text, parse_float=Decimal)

    def whole(self, path: str) -> Any:
        """A record with its sublists."""
        return self.read(f"{path}?expandSubResources=true")

    def make(self, path: str, body: object = None, method: str = "POST") -> str:
        """A call that must make a record; gives its id."""
        reply = self.call(method, path, body)
        assert reply.status_code == 204, reply.text
        assert reply.content == b""
        return reply.headers["location"].rsplit("/", 1)[1]

    def refused(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, str, str]:
        """A call that must be refused: status, code and text of its first detail."""
        reply = self.call(method, path, body, **headers)
        assert not reply.is_success, reply.text
        first = reply.json()["o:errorDetails"][0]
        return reply.status_code, first["o:errorCode"], first["detail"]

    def query(self, text: str, *params: object, page: str = "") -> Any:
        """A SuiteQL statement, as it is answered."""
        reply = self.call("POST", f"{QUERY}{page}", {"q": text, "params": list(params)}, Prefer="transient")
        assert reply.status_code == 200, reply.text
        return reply.json()

    def rows(self, text: str, *params: object) -> list[dict[str, str]]:
        """Its rows without their links."""
        return [
            {name: value for name, value in row.items() if name != "links"}
            for row in self.query(text, *params)["items"]
        ]

    def seed(self, *orders: dict[str, Any]) -> list[dict[str, str]]:
        """Further orders; gives what was made of each."""
        made: list[dict[str, str]] = self.sim("POST", "seed", {"salesOrders": list(orders)})["salesOrders"]
        return made


@contextlib.contextmanager
def running_site(signed_in: bool = True, **options: object) -> Iterator[Site]:
    """A simulator on a server of its own, with a customer and three items, and a client that holds a token."""
    with (
        serve(build("netsuite", **options).app) as served,
        httpx.Client(base_url=served.url) as client,
    ):
        site = Site(served.url, client)
        site.seeded = site.sim("POST", "seed", SEED)
        if signed_in:
            site.sign_in()
        yield site
