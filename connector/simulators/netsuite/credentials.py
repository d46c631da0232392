"""The certificate of the account's mapping: its key pair, and whether an assertion was signed with it.

JWTs are read and verified here by hand (RFC 7515, RFC 7518); what the claims must be is access.py's to say.
"""

import base64
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from connector.simulators.netsuite.options import Options

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "256": hashes.SHA256(),
    "384": hashes.SHA384(),
    "512": hashes.SHA512(),
}
_CURVES = {"256": "secp256r1", "384": "secp384r1", "512": "secp521r1"}
_KEY_BITS = 3072


class BadAssertion(ValueError):
    """An assertion that cannot be read or whose signature does not hold; the text says why."""


@dataclass(frozen=True)
class Assertion:
    """What a JWT says, its signature verified."""

    header: dict[str, Any]
    claims: dict[str, Any]


class Certificate:
    """The public key that assertions are verified with, and the private one where it was made here."""

    def __init__(self, options: Options) -> None:
        self._options = options

    @cached_property
    def _made(self) -> ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey:
        if self._options.key_type == "EC":
            return ec.generate_private_key(ec.SECP256R1())
        return rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)

    @cached_property
    def _public(self) -> ec.EllipticCurvePublicKey | rsa.RSAPublicKey:
        if self._options.public_key is None:
            return self._made.public_key()
        key = serialization.load_pem_public_key(self._options.public_key.encode())
        if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
            raise ValueError("the public key of the mapping is neither RSA nor elliptic curve")
        return key

    @property
    def algorithm(self) -> str:
        """What assertions are best signed with."""
        return "ES256" if isinstance(self._public, ec.EllipticCurvePublicKey) else "PS256"

    @property
    def public_pem(self) -> str:
        """The public key."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self._public.public_bytes(serialization.Encoding.PEM, form).decode()

    @property
    def private_pem(self) -> str:
        """The private key, PKCS #8; "" where the public one was given."""
        if self._options.public_key is not None:
            return ""
        pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        return self._made.private_bytes(pem, form, serialization.NoEncryption()).decode()

    def verified(self, token: str) -> Assertion:
        """Read a JWT and verify it. Raises BadAssertion."""
        parts = token.split(".")
        if len(parts) != 3:
            raise BadAssertion("the assertion is not a signed JWT")
        header, claims = _object(parts[0]), _object(parts[1])
        try:
            self._verify(str(header.get("alg")), f"{parts[0]}.{parts[1]}".encode(), _decoded(parts[2]))
        except InvalidSignature as error:
            raise BadAssertion("the signature does not belong to the certificate of the mapping") from error
        return Assertion(header, claims)

    def _verify(self, algorithm: str, signed: bytes, signature: bytes) -> None:
        kind, size, key = algorithm[:2], algorithm[2:], self._public
        if size not in _HASHES:
            raise BadAssertion(f"the algorithm {algorithm} is not accepted")
        if kind == "PS" and isinstance(key, rsa.RSAPublicKey):
            salted = padding.PSS(padding.MGF1(_HASHES[size]), _HASHES[size].digest_size)
            key.verify(signature, signed, salted, _HASHES[size])
        elif kind == "ES" and isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == _CURVES[size]:
            key.verify(_as_der(signature), signed, ec.ECDSA(_HASHES[size]))
        else:
            raise BadAssertion(f"the algorithm {algorithm} does not fit the key of the certificate")


def _as_der(signature: bytes) -> bytes:
    """JWS writes r and s side by side (RFC 7518, 3.4)."""
    half = len(signature) // 2
    numbers = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
    return utils.encode_dss_signature(*numbers)


def _decoded(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError as error:
        raise BadAssertion("a part of the assertion is not base64url") from error


def _object(part: str) -> dict[str, Any]:
    try:
        value = json.loads(_decoded(part))
    except ValueError as error:
        raise BadAssertion("a part of the assertion is not JSON") from error
    if not isinstance(value, dict):
        raise BadAssertion("a part of the assertion is not a JSON object")
    return value
