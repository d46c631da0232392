"""Signatures by Standard Webhooks: HMAC-SHA256 over "id.timestamp.body", in base64.

Source: the Standard Webhooks specification, version 1 (symmetric keys).
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

_PREFIX = "whsec_"


def key_of(secret: str) -> bytes:
    """The key in a secret `whsec_<base64>`. Raises ValueError."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError(f"not base64 after {_PREFIX}: {error}") from error
    if not secret.startswith(_PREFIX) or not key:
        raise ValueError(f"a secret is {_PREFIX} and a key in base64")
    return key


def signed(event_id: str, timestamp: int, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """The three headers; `timestamp` in unix seconds, one signature for each secret."""
    text = f"{event_id}.{timestamp}.".encode() + body
    digests = [hmac.new(key_of(secret), text, hashlib.sha256).digest() for secret in secrets]
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(one).decode()}" for one in digests),
    }
