"""What a StarShip connection adds to the common settings: its bridge's secrets, its watched folder, names of orders.

Declared in the configuration file under `connections:`; nothing here reads a file or a request.
"""

import base64
import binascii
from collections.abc import Mapping
from pathlib import PurePath
from string import Formatter
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator

from schemas.base import Currency, Model
from schemas.config import ConnectionSettings, Timeouts

PREFIX = "whsec_"
SHORTEST_KEY = 24
"""Bytes of a signing secret, at least; source: the Standard Webhooks specification, "Signature scheme"."""

_NAMES = frozenset({"document_type", "key"})


def signing_key(secret: SecretStr) -> bytes:
    """The bytes of `whsec_<base64>`; raises ValueError."""
    text = secret.get_secret_value().strip()
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) < SHORTEST_KEY:
        raise ValueError(
            f"must be {PREFIX} and at least {SHORTEST_KEY} bytes in base64: make one with "
            f"`echo {PREFIX}$(openssl rand -base64 32)`"
        )
    return key


def _is_secret(secret: SecretStr) -> SecretStr:
    signing_key(secret)
    return secret


Secret = Annotated[SecretStr, AfterValidator(_is_secret)]
"""A signing secret of Standard Webhooks."""


class Webhook(Model):
    """Who may tell: one signing secret, or several while one is being replaced. `tolerance` is how many seconds a
    request's time stamp may be off, either way."""

    secret: Secret | None = None
    secrets: tuple[Secret, ...] = ()
    tolerance: float = Field(default=300, gt=0, le=3600)

    @model_validator(mode="after")
    def _has_a_secret(self) -> Self:
        if not self.keys:
            raise ValueError("needs secret, or secrets while one is being replaced")
        return self

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The bytes of every secret that is accepted."""
        given = (*self.secrets, *((self.secret,) if self.secret else ()))
        return tuple(signing_key(one) for one in given)


class Folder(Model):
    """A watched folder on this machine: files of this pattern are taken once they were unchanged for `settle` seconds,
    and moved to `done/` or `refused/` inside of it."""

    path: str
    pattern: str = Field(default="*.json", min_length=1)
    settle: float = Field(default=2, ge=0, le=3600)

    @field_validator("path")
    @classmethod
    def _is_absolute(cls, path: str) -> str:
        if not PurePath(path).is_absolute():
            raise ValueError(
                "must begin at the root, as in /srv/starship: processes start in different places"
            )
        return path


def _not_called(address: str) -> str:
    if address:
        raise ValueError("is never called: its bridge tells us, so leave base_url out")
    return address


def _pattern(text: str) -> str:
    try:
        parts = [part for part in Formatter().parse(text) if part[1] is not None]
    except ValueError as error:
        raise ValueError(f"braces do not match: {error}") from error
    names = [name for _, name, form, conversion in parts if not form and not conversion]
    if len(names) != len(parts) or not set(names) <= _NAMES or "key" not in names:
        raise ValueError("must name {key}, and may name {document_type}, as in {document_type}-{key}")
    return text


class StarShipSettings(ConnectionSettings):
    """A StarShip connection; `base_url` is empty, since StarShip is never called: its bridge calls us.

    `order_number` makes the number that an order has at the connection `orders_of`; where an order names no type and
    the pattern wants one, the key alone is the number. `currency` is meant where charges name none. A `folder` is
    looked at as often as `poll` says; `timeouts` bound nothing but how short a lane's lease may be.
    """

    system: Literal["starship"]
    base_url: Annotated[str, AfterValidator(_not_called)] = ""
    webhook: Webhook | None = None
    order_number: Annotated[str, AfterValidator(_pattern)] = "{document_type}-{key}"
    folder: Folder | None = None
    timeouts: Timeouts = Timeouts(connect=1, total=2)
    currency: Currency | None = None

    @model_validator(mode="before")
    @classmethod
    def _folder_is_polled(cls, given: Any) -> Any:
        """A folder that nobody looks at would be of no use."""
        if isinstance(given, Mapping) and given.get("folder") and given.get("poll") is None:
            return {**given, "poll": {}}
        return given

    def number_of(self, document_type: str, key: str) -> str:
        """Our number of an order, by the document type and key that StarShip knows it by."""
        if "{document_type}" in self.order_number and not document_type:
            return key
        return self.order_number.format(document_type=document_type, key=key)
