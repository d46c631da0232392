"""A log-in provider for tests: OpenID Connect over real HTTP, with keys of its own, that lets in whoever it is told to.

It shares no code with the console; tokens are signed by authlib's own half for providers.
"""

import hashlib
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from authlib.jose import JsonWebKey, jwt
from fastapi import FastAPI, Form
from fastapi.responses import JSONResponse, RedirectResponse

from connector.simulators.base import serve


@dataclass
class Provider:
    """`claims` are what it says of the next who logs in; `sign_with` another key makes a forged token."""

    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "s-1", "email": "ove@example.com"})
    url: str = ""
    refuses: bool = False
    forged: bool = False
    _asked: dict[str, dict[str, str]] = field(default_factory=dict)
    _key: Any = field(
        default_factory=lambda: JsonWebKey.generate_key("RSA", 2048, {"kid": "one"}, is_private=True)
    )

    @property
    def app(self) -> FastAPI:
        """Its endpoints."""
        app = FastAPI()

        @app.get("/.well-known/openid-configuration")
        def metadata() -> dict[str, Any]:
            return {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
            }

        @app.get("/keys")
        def keys() -> dict[str, Any]:
            return {"keys": [self._key.as_dict(is_private=False)]}

        @app.get("/authorize")
        def authorize(
            state: str, nonce: str, redirect_uri: str, code_challenge: str, code_challenge_method: str
        ) -> RedirectResponse:
            assert code_challenge_method == "S256"
            if self.refuses:
                said = {"error": "access_denied", "error_description": "not you", "state": state}
                return RedirectResponse(f"{redirect_uri}?{urlencode(said)}")
            code = secrets.token_hex(8)
            self._asked[code] = {"nonce": nonce, "challenge": code_challenge}
            return RedirectResponse(f"{redirect_uri}?{urlencode({'code': code, 'state': state})}")

        @app.post("/token")
        def token(code: str = Form(), code_verifier: str = Form()) -> JSONResponse:
            asked = self._asked.pop(code)
            digest = urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()
            assert digest == asked["challenge"]
            return JSONResponse(
                {"access_token": "a", "token_type": "Bearer", "id_token": self._id_token(asked["nonce"])}
            )

        return app

    def _id_token(self, nonce: str) -> str:
        now = int(time.time())
        body = {
            "iss": self.url,
            "aud": "connector",
            "iat": now,
            "exp": now + 60,
            "nonce": nonce,
            **self.claims,
        }
        other = JsonWebKey.generate_key("RSA", 2048, {"kid": "one"}, is_private=True)
        key = other if self.forged else self._key
        signed: bytes = jwt.encode({"alg": "RS256", "kid": "one"}, body, key)
        return signed.decode()


@contextmanager
def providing() -> Iterator[Provider]:
    """A provider while the block runs."""
    provider = Provider()
    with serve(provider.app) as served:
        provider.url = served.url
        yield provider
