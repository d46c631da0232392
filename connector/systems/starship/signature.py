"""Who sent a request: symmetric signatures of Standard Webhooks 1.0 over id, time stamp and raw body. Pure.

Written out here and not taken from the package `standardwebhooks`: that knows one secret, the clock of its own call and
a fixed tolerance, and parses the body as well, while the check itself is some lines. Source: the specification at
github.com/standard-webhooks/standard-webhooks, "Signature scheme"; its published example is a test of ours.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Collection, Mapping

VERSION = "v1"
"""The scheme with a shared secret; `v1a` is the one with key pairs, which bridges do not use."""

_SECONDS = re.compile(r"[0-9]{1,12}")


def sign(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    """The signature that a request must bear, as `v1,<base64>`."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return f"{VERSION},{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"


def is_signed(
    headers: Mapping[str, str], body: bytes, keys: Collection[bytes], tolerance: float, now: float
) -> bool:
    """Does a signature of the request hold by one of the keys, and is its time stamp at most `tolerance` seconds off
    `now` (Unix seconds)? Lower-case header names; compared in constant time."""
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message_id or not _SECONDS.fullmatch(timestamp) or abs(now - int(timestamp)) > tolerance:
        return False
    given = [one.encode() for one in headers.get("webhook-signature", "").split()]
    found = False
    for key in keys:
        right = sign(key, message_id, timestamp, body).encode()
        for one in given:
            found |= hmac.compare_digest(right, one)
    return found
