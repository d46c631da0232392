"""The two key pairs with which Adobe I/O signs deliveries, and the public halves as they are served.

RSA-SHA256 (PKCS #1 v1.5) over the raw body, in base64; paths as in the vendor's guide,
`/prod/keys/pub-key-<uuid>.pem`. Source: Adobe I/O Events webhook guide, signature verification.
"""

import base64
import uuid

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_KEY_BITS = 2048


class Signer:
    """Two key pairs of its own, made when the first is needed: making them takes a moment."""

    def __init__(self) -> None:
        self.paths = tuple(f"/prod/keys/pub-key-{uuid.uuid4()}.pem" for _ in range(2))
        self._keys: tuple[rsa.RSAPrivateKey, ...] = ()

    def signatures(self, body: bytes) -> tuple[str, ...]:
        """One signature by each key."""
        signed = (key.sign(body, padding.PKCS1v15(), hashes.SHA256()) for key in self._made())
        return tuple(base64.b64encode(one).decode() for one in signed)

    def public_key(self, path: str) -> str | None:
        """The public key served under a path, as PEM; None where there is none."""
        if path not in self.paths:
            return None
        key = self._made()[self.paths.index(path)].public_key()
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return key.public_bytes(serialization.Encoding.PEM, form).decode()

    def _made(self) -> tuple[rsa.RSAPrivateKey, ...]:
        if not self._keys:
            self._keys = tuple(
                rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS) for _ in self.paths
            )
        return self._keys
