"""Access tokens at rest: sealed with `CONNECTOR_SECRET_KEY` (Fernet), so that many processes share one seat.

Without a key nothing is stored, and each process logs in for itself. A token is for the address and the log-in that it
was given for: a connection of the same name with others opens nothing.
"""

import base64
import hashlib
import json
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken
from pydantic import SecretStr

from connector.systems.http import Token
from schemas.config import ConnectionSettings

_TUNING = set(ConnectionSettings.model_fields) - {"system", "base_url"}
"""What says nothing of where and as whom is called."""


class Seal:
    """Seals and opens tokens; `secret` is any text, stretched to a key."""

    def __init__(self, secret: str | None) -> None:
        key = (
            hashlib.scrypt(secret.encode(), salt=b"connector.seat", n=2**14, r=8, p=1, dklen=32)
            if secret
            else None
        )
        self._fernet = Fernet(base64.urlsafe_b64encode(key)) if key else None

    def seal_token(self, token: Token | None, settings: ConnectionSettings) -> str | None:
        """The token of a connection as sealed text, or None where there is no token or no key."""
        if token is None or self._fernet is None:
            return None
        body = {
            "log_in": _log_in(settings),
            "value": token.value,
            "expires_at": token.expires_at.isoformat() if token.expires_at else None,
            "refresh": token.refresh,
            "extra": dict(token.extra),
        }
        return self._fernet.encrypt(json.dumps(body).encode()).decode()

    def open_token(self, sealed: str | None, settings: ConnectionSettings) -> Token | None:
        """The token, or None where there is none, or it was sealed with another key or for another log-in (a new one
        replaces it)."""
        if sealed is None or self._fernet is None:
            return None
        try:
            body = json.loads(self._fernet.decrypt(sealed))
        except InvalidToken:
            return None
        if body.get("log_in") != _log_in(settings):
            return None
        expires = body["expires_at"]
        return Token(
            body["value"],
            datetime.fromisoformat(expires) if expires else None,
            body["refresh"],
            body["extra"],
        )


def _log_in(settings: ConnectionSettings) -> str:
    """A fingerprint of the address, and of all that the system is told of us; the same in every process."""
    said = json.dumps(settings.model_dump(exclude=_TUNING), sort_keys=True, default=_plain)
    return hashlib.sha256(said.encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return sorted(map(str, value)) if isinstance(value, frozenset) else str(value)
