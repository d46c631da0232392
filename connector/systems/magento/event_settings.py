"""What a Magento connection says of its events: whose Adobe I/O events it hears, when an invoice is released.

Values of the configuration file, checked when it is read; nothing here talks to a server.
"""

from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import AfterValidator, Field

from schemas.base import Model
from schemas.config import BaseUrl

InvoiceReleased = Literal["paid", "made"]
"""`paid`: once its money is there; `made`: as soon as it stands, though the money may still be open."""

SMALLEST_KEY = 2048
"""Bits; a signature by a shorter RSA key proves nothing today."""


def public_key(pem: str) -> RSAPublicKey:
    """The RSA key in a PEM text; raises ValueError, saying what is wrong."""
    try:
        key = load_pem_public_key(pem.encode())
    except ValueError as error:
        raise ValueError("no public key in PEM form (it begins with -----BEGIN PUBLIC KEY-----)") from error
    if not isinstance(key, RSAPublicKey) or key.key_size < SMALLEST_KEY:
        raise ValueError(f"not a public RSA key of {SMALLEST_KEY} bits or more")
    return key


def _key_text(pem: str) -> str:
    public_key(pem)
    return pem


def _safe(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and not _is_this_machine(parts.hostname or ""):
        raise ValueError("keys that are fetched without TLS prove nothing: give an https address")
    return url


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class AdobeIo(Model):
    """Events of Adobe Commerce by way of Adobe I/O; `client_id` is the project's, which each event must bear.

    `public_keys` (PEM) pins the keys of the signatures; without any they are fetched from `key_server` under the
    path that a delivery names, and kept for a day at most (Adobe I/O Events webhook guide).
    """

    kind: Literal["adobe_io"]
    client_id: str = Field(min_length=1)
    public_keys: tuple[Annotated[str, AfterValidator(_key_text)], ...] = ()
    key_server: Annotated[BaseUrl, AfterValidator(_safe)] = "https://static.adobeioevents.com"
