"""What the tests of the transport share: settings, one job on one slot, and requests to the hostile server."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from connector.systems.http import Http, Request, Slots
from schemas.config import ConnectionSettings, Limits, Timeouts
from tests.systems.hostile import Hostile

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
each_method = pytest.mark.parametrize("method", METHODS)

BROKEN = ("/close", "/reset", "/half", "/half-head", "/garbage", "/silent", "/trickle", "/too-long", "/deaf")


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    """Runs a scenario on a loop of its own; one that hangs fails."""
    asyncio.run(asyncio.wait_for(scenario(), 30))


class SecretSettings(ConnectionSettings):
    """Settings of a system that has a secret."""

    password: SecretStr = SecretStr("very-secret-indeed")


def settings(total: float = 10, connect: float = 5, concurrency: int = 1, **more: Any) -> ConnectionSettings:
    return SecretSettings(
        system="hostile",
        base_url="http://127.0.0.1",
        timeouts=Timeouts(total=total, connect=connect),
        limits=Limits(concurrency=concurrency, requests_per_minute=more.pop("rate", None)),
        **more,
    )


@asynccontextmanager
async def one(total: float = 10, connect: float = 5, **more: Any) -> AsyncIterator[Http]:
    """One job on one slot, closed afterwards."""
    slots = Slots("shop", settings(total, connect), **more)
    try:
        async with slots.job() as http:
            yield http
    finally:
        await slots.close()


def ask(server: Hostile, target: str, method: str = "GET", **more: Any) -> Request:
    body = None if method in {"GET", "DELETE"} else b'{"n": 1}'
    return Request(method, server.url(target), body=more.pop("body", body), **more)


def targets(server: Hostile) -> list[str]:
    return [f"{arrived.method} {arrived.target}" for arrived in server.arrived]


def self_signed(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with its own certificate for 127.0.0.1, and a client's that trusts just that."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hostile")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain = folder / "server.pem"
    chain.write_bytes(private + pem)
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_side.load_cert_chain(chain)
    return server_side, ssl.create_default_context(cadata=pem.decode())
