"""Who sent an Adobe I/O event: RSA-SHA256 signatures over the raw body, and the public keys that they are checked by.

Two signatures come with each delivery, and either suffices, so that keys can be changed. Source: Adobe I/O Events
webhook guide, security considerations. What an event says is `events.py`.
"""

import asyncio
import base64
import binascii
import math
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from connector.errors import CallError, NotUnderstood, Unavailable
from connector.systems.http import Request, Slots
from connector.systems.magento.event_settings import AdobeIo, public_key
from schemas.config import ConnectionSettings, Limits, Timeouts

_HEADERS = (
    ("x-adobe-digital-signature-1", "x-adobe-public-key1-path"),
    ("x-adobe-digital-signature-2", "x-adobe-public-key2-path"),
)
_KEY_PATH = re.compile(r"/[a-z]{1,16}/keys/pub-key-[0-9A-Za-z-]{1,64}\.pem")
"""`/prod/keys/pub-key-<uuid>.pem`; anything else is not fetched."""

LIFE = 24 * 3600.0
"""Seconds for which a fetched key is trusted; the guide's own upper limit."""

PAUSE = 2.0
"""Seconds without another fetch after one that brought no key: strangers must not make us call for each request."""

_TIMEOUTS = Timeouts(connect=2, total=4)


@dataclass(frozen=True)
class Signature:
    """One signature of a delivery, and the path under which its key is published."""

    value: bytes
    key_path: str

    def is_by(self, key: RSAPublicKey, body: bytes) -> bool:
        """Was it made over this very body, with the private half of this key?"""
        try:
            key.verify(self.value, body, PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return True


def signatures(headers: Mapping[str, str]) -> tuple[Signature, ...]:
    """The signatures that can be read in a delivery's headers, lower-case names."""
    found = []
    for name, path_name in _HEADERS:
        try:
            value = base64.b64decode(headers.get(name, ""), validate=True)
        except (binascii.Error, ValueError):
            continue
        if value:
            found.append(Signature(value, headers.get(path_name, "")))
    return tuple(found)


class PublicKeys:
    """The keys that one connection trusts: the pinned ones, or those of the key server, kept as long as is allowed.

    Fetching blocks the calling thread for some seconds at most, and is done by one thread at a time.
    """

    def __init__(self, webhook: AdobeIo, clock: Callable[[], float] = time.monotonic) -> None:
        self._pinned = tuple(public_key(pem) for pem in webhook.public_keys)
        self._server = webhook.key_server
        self._clock = clock
        self._fetched: dict[str, tuple[RSAPublicKey, float]] = {}
        self._quiet_until = -math.inf
        self._turn = threading.Lock()

    def vouch(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Does one of the signatures hold?

        Raises Unavailable where that cannot be told, since a key could not be fetched now.
        """
        unknown: Unavailable | None = None
        for signature in signatures(headers):
            try:
                if any(signature.is_by(key, body) for key in self._keys(signature.key_path)):
                    return True
            except Unavailable as problem:
                unknown = problem
        if unknown is not None:
            raise unknown
        return False

    def _keys(self, path: str) -> tuple[RSAPublicKey, ...]:
        if self._pinned:
            return self._pinned
        if not _KEY_PATH.fullmatch(path):
            return ()
        known = self._kept(path)
        return (known,) if known else self._fetch_once(path)

    def _kept(self, path: str) -> RSAPublicKey | None:
        key, until = self._fetched.get(path, (None, 0.0))
        return key if self._clock() < until else None

    def _fetch_once(self, path: str) -> tuple[RSAPublicKey, ...]:
        if not self._turn.acquire(timeout=_TIMEOUTS.total + 1):
            raise Unavailable(f"{self._server} takes long to answer with a public key")
        try:
            if known := self._kept(path):
                return (known,)
            if self._clock() < self._quiet_until:
                raise Unavailable(f"{self._server} gave no public key a moment ago")
            return self._fetch_now(path)
        finally:
            self._turn.release()

    def _fetch_now(self, path: str) -> tuple[RSAPublicKey, ...]:
        key = None
        try:
            key = asyncio.run(self._fetch(path))
        finally:
            if key is None:
                self._quiet_until = self._clock() + PAUSE
        if key is None:
            return ()
        self._fetched[path] = (key, self._clock() + LIFE)
        return (key,)

    async def _fetch(self, path: str) -> RSAPublicKey | None:
        """The key published there, None where the server knows of none; raises Unavailable."""
        settings = ConnectionSettings(
            system="key server", base_url=self._server, timeouts=_TIMEOUTS, limits=Limits(concurrency=1)
        )
        slots = Slots(self._server, settings)
        try:
            async with slots.job() as http:
                reply = await http.send(Request("GET", self._server + path))
            if reply.status in (403, 404):  # a static store says 403 for what it does not hold
                return None
            if reply.status != 200:
                raise NotUnderstood(f"status {reply.status}")
            return public_key(reply.text)
        except (CallError, ValueError) as problem:
            raise Unavailable(f"{self._server} gave no public key under {path}: {problem}") from problem
        finally:
            await slots.close()
