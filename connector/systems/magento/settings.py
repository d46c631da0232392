"""What a Magento connection adds to the common settings: store view, credentials, and what differs by shop.

Declared in the configuration file under `connections:`; nothing here talks to a server.
"""

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from schemas.base import Model
from schemas.config import ConnectionSettings, Limits

BundleForm = Literal["together", "separately"]


class OAuth1(Model):
    """The four values of an integration (System > Integrations); each request is signed, HMAC-SHA256."""

    kind: Literal["oauth1"]
    consumer_key: str = Field(min_length=1)
    consumer_secret: SecretStr
    token: SecretStr
    token_secret: SecretStr


class Bearer(Model):
    """An integration's access token alone; needs `oauth/consumer/enable_integration_as_bearer` on."""

    kind: Literal["bearer"]
    token: SecretStr


class Admin(Model):
    """An administrator's log-in, exchanged for a token of one hour; refused where two-factor log-in is on."""

    kind: Literal["admin"]
    username: str = Field(min_length=1)
    password: SecretStr


class MagentoLimits(Limits):
    """What a shop bears unless it says otherwise: eight calls at a time."""

    concurrency: int = Field(default=8, ge=1, le=256)


class MagentoSettings(ConnectionSettings):
    """A Magento connection; `base_url` is the shop's address, without `/rest`.

    `store` is the code of the store view in the path. `source_code` names the inventory source that ships,
    for shops with several. `bundles` is how a bundle is tried first, since orders do not say whether it ships
    as a whole; Magento's own answer corrects it.
    """

    system: Literal["magento"]
    store: str = Field(default="default", pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
    auth: Annotated[OAuth1 | Bearer | Admin, Field(discriminator="kind")]
    limits: MagentoLimits = MagentoLimits()
    settle: float = Field(default=120, ge=0)
    source_code: str = ""
    bundles: BundleForm = "together"
