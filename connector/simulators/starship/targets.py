"""Whom the bridge tells, with switches for telling badly: as data. It sends nothing."""

from typing import Literal

import httpx
from pydantic import Field, field_validator

from connector.simulators.starship.shapes import Shape
from connector.simulators.starship.signing import key_of


class Target(Shape):
    """An address and its secret; all switches are off unless given."""

    url: str
    secret: str
    """`whsec_` and a key in base64."""
    further_secrets: tuple[str, ...] = ()
    """While a secret is being rotated, a signature by each."""
    copies: int = Field(default=1, ge=1)
    """How often each event is delivered, with one and the same `event_id`."""
    held: bool = False
    """Deliveries wait for `POST /_sim/release`."""
    bad_signature: bool = False
    skew_seconds: int = 0
    """How far the clock of the bridge is ahead."""

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        try:
            address = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise ValueError(str(error)) from error
        if address.scheme not in ("http", "https") or not address.host:
            raise ValueError("not an address of http or https")
        return url

    @field_validator("secret")
    @classmethod
    def _is_a_secret(cls, secret: str) -> str:
        key_of(secret)
        return secret

    @field_validator("further_secrets")
    @classmethod
    def _are_secrets(cls, secrets: tuple[str, ...]) -> tuple[str, ...]:
        for one in secrets:
            key_of(one)
        return secrets


class Release(Shape):
    """In which order held deliveries are let go."""

    order: Literal["made", "reversed"] = "made"
