"""Alerts in the configuration: who is told (channels), of what (rules), when (hours), and the heartbeat outwards.

Which alerts there are at a moment, and how they are told, is `connector/alerts/`.
"""

import base64
import binascii
from datetime import time
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AnyHttpUrl, ConfigDict, Field, SecretStr, TypeAdapter, model_validator
from pydantic import ValidationError as Invalid

from schemas.base import Model, Name

Severity = Literal["warning", "urgent"]

SEVERITIES: tuple[Severity, ...] = ("warning", "urgent")
"""From the lesser to the greater."""

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""As `date.weekday` counts them."""

SIGNING = "whsec_"
"""What a secret of the Standard Webhooks scheme may begin with."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(f"{name!r} is no time zone: give an IANA name such as 'Europe/Berlin'") from error
    return name


def _address(value: SecretStr) -> SecretStr:
    """Who knows such an address may post there, so it is kept as a secret, and not repeated where it is wrong."""
    try:
        TypeAdapter(AnyHttpUrl).validate_python(value.get_secret_value())
    except Invalid as error:
        raise ValueError("must be an http or https address") from error
    return value


def _mailbox(value: str) -> str:
    local, at, domain = value.rpartition("@")
    if not (local and at and domain) or any(one.isspace() or one in "<>,;" for one in value):
        raise ValueError("must be a plain e-mail address, such as operations@example.com")
    return value


def _signing(value: SecretStr) -> SecretStr:
    try:
        key = base64.b64decode(value.get_secret_value().removeprefix(SIGNING), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not 24 <= len(key) <= 64:
        raise ValueError(
            "must be 24 to 64 bytes in base64, with or without whsec_ before them: make one with "
            "`echo whsec_$(openssl rand -base64 32)`"
        )
    return value


Zone = Annotated[str, AfterValidator(_zone)]
Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Address = Annotated[SecretStr, AfterValidator(_address)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
Seconds = Annotated[float, Field(ge=0)]


class Hours(Model):
    """Hours that come again: of these days (on which they begin), by the clock of this zone. They reach into the next
    day where `to` is not behind `from`; from 00:00 to 00:00 is the whole day."""

    model_config = ConfigDict(populate_by_name=True)

    begin: Clock = Field(default="00:00", alias="from")
    end: Clock = Field(default="00:00", alias="to")
    days: frozenset[Day] = Field(default=frozenset(DAYS), min_length=1)
    zone: Zone = "UTC"

    @property
    def begins(self) -> time:
        """By the clock."""
        return time.fromisoformat(self.begin)

    @property
    def ends(self) -> time:
        """By the clock, on the same day or the next."""
        return time.fromisoformat(self.end)


class Expect(Hours):
    """Traffic that is to come: an event of the flow's type from its source within so many seconds of these hours."""

    within: float = Field(ge=60)


class Channel(Model):
    """What every channel has: what opens in `quiet` hours is told when they end, unless it is urgent; `repeat` and
    `group` are in seconds."""

    at_least: Severity = "warning"
    quiet: tuple[Hours, ...] = ()
    repeat: float = Field(default=14_400, ge=60)
    group: float = Field(default=60, ge=0, le=3600)


class Email(Channel):
    """E-mail through one server."""

    kind: Literal["email"]
    host: str = Field(min_length=1)
    port: int = Field(default=587, ge=1, le=65_535)
    tls: Literal["none", "starttls", "tls"] = "starttls"
    username: str = ""
    password: SecretStr = SecretStr("")
    sender: Mailbox
    to: tuple[Mailbox, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _logs_in_whole(self) -> Self:
        if bool(self.username) != bool(self.password.get_secret_value()):
            raise ValueError("username and password go together: give both, or neither")
        if self.username and self.tls == "none":
            raise ValueError("a password is not sent in the clear: set tls to starttls or tls")
        return self


class Slack(Channel):
    """An incoming webhook as Slack has it, and others that took it over."""

    kind: Literal["slack"]
    url: Address


class Webhook(Channel):
    """JSON to an address, signed by the Standard Webhooks scheme."""

    kind: Literal["webhook"]
    url: Address
    secret: Annotated[SecretStr, AfterValidator(_signing)]


AnyChannel = Annotated[Email | Slack | Webhook, Field(discriminator="kind")]


class Rules(Model):
    """What is told; null: never. Counts, or seconds for which it must last.

    `errored`: entries or notices of one cause; `unrouted`: events of one kind, within a day, that match no flow;
    `under_way`: an entry or notice is not delivered; `waiting`: an entry waits for a document; `paused`: a connection;
    `circuit`: its calls fail; `polling`: it cannot be polled; `silent`: nobody works; `database`: it is away.
    """

    errored: Annotated[int, Field(ge=1)] | None = 1
    unrouted: Annotated[int, Field(ge=1)] | None = 1
    under_way: Seconds | None = 3600
    waiting: Seconds | None = 86_400
    paused: Seconds | None = 0
    circuit: Seconds | None = 900
    polling: Seconds | None = 900
    silent: Seconds | None = 120
    database: Seconds | None = 60


class Heartbeat(Model):
    """An address that is posted to every so many seconds as long as work is being done."""

    url: Address
    every: float = Field(default=60, ge=10)


class Alerts(Model):
    """The section `alerts`: `every` so many seconds is looked."""

    channels: dict[Name, AnyChannel] = Field(default_factory=dict)
    rules: Rules = Rules()
    heartbeat: Heartbeat | None = None
    every: float = Field(default=10, ge=1, le=60)
