"""Access tokens at rest: sealed with `CONNECTOR_SECRET_KEY` (Fernet), so that many processes share one seat.

Without a key nothing is stored, and each process logs in for itself.
"""

import base64
import hashlib
import json
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken

from connector.systems.http import Token


class Seal:
    """Seals and opens tokens; `secret` is any text, stretched to a key."""

    def __init__(self, secret: str | None) -> None:
        key = (
            hashlib.scrypt(secret.encode(), salt=b"connector.seat", n=2**14, r=8, p=1, dklen=32)
            if secret
            else None
        )
        self._fernet = Fernet(base64.urlsafe_b64encode(key)) if key else None

    def seal_token(self, token: Token | None) -> str | None:
        """The token as sealed text, or None where there is no token or no key."""
        if token is None or self._fernet is None:
            return None
        body = {
            "value": token.value,
            "expires_at": token.expires_at.isoformat() if token.expires_at else None,
            "refresh": token.refresh,
            "extra": dict(token.extra),
        }
        return self._fernet.encrypt(json.dumps(body).encode()).decode()

    def open_token(self, sealed: str | None) -> Token | None:
        """The token, or None where there is none or it was sealed with another key (a new log-in replaces it)."""
        if sealed is None or self._fernet is None:
            return None
        try:
            body = json.loads(self._fernet.decrypt(sealed))
        except InvalidToken:
            return None
        expires = body["expires_at"]
        return Token(
            body["value"],
            datetime.fromisoformat(expires) if expires else None,
            body["refresh"],
            body["extra"],
        )
