"""What a Sage 100 connection adds to the common settings: the company, the two ways in, and how orders are said.

Only models of the configuration. What each way in can do is `abilities.py`.
"""

from collections.abc import Iterator
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator

from connector.systems.sage100.abilities import refusals
from schemas.base import Currency, Model
from schemas.config import BaseUrl, ConnectionSettings, Flow, Limits, Problem

Udf = Annotated[str, StringConstraints(pattern=r"^UDF_[A-Z0-9_]{1,26}$")]
"""A user-defined column."""

CustomerKey = Annotated[str, StringConstraints(pattern=r"^(\d{2}-)?[^\s-][^-]{0,19}$")]
"""A customer as people write it there: division and number, `01-ABF`, or the number alone."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone: write an IANA name such as America/Chicago") from error
    return name


class Soap(Model):
    """eBusiness Web Services. `wsdl` is a file, or the address at which the customer's server describes the service;
    `address` is the service's own where the description names one that cannot be reached from here."""

    wsdl: str = Field(min_length=1)
    address: BaseUrl | None = None
    username: str = Field(min_length=1)
    password: SecretStr


class Agent(Model):
    """The agent on the customer's server (docs/sage100-agent.yaml), at the connection's `base_url`."""

    token: SecretStr


class OrderSettings(Model):
    """How orders are entered, and found again.

    `by`: which way in enters them (None: the agent where there is one). `number`: the next one that Sage gives, or our
    `own`: `prefix` and the last digits of the order's number at its source, seven characters in all. `look_back`: how
    many of the latest numbers are looked at for an order that may have been entered already, where Sage gives the
    number and no agent can be asked. `number_field` bears the order's number at its source, `reference_field` our
    reference. `customers` are customers of the source and who they are here; `customer` is everybody else.
    """

    by: Literal["agent", "soap"] | None = None
    number: Literal["next", "own"] = "next"
    prefix: str = Field(default="", max_length=5, pattern=r"^[A-Z0-9]*$")
    look_back: int = Field(default=20, ge=0, le=500)
    number_field: Literal["CustomerPONo"] | Udf = "CustomerPONo"
    reference_field: Literal["Comment"] | Udf = "Comment"
    customers: dict[str, CustomerKey] = Field(default_factory=dict)
    customer: CustomerKey | None = None
    warehouse: str = Field(default="", max_length=3)


class Sage100Limits(Limits):
    """What one dedicated user bears: one call at a time."""

    concurrency: int = Field(default=1, ge=1, le=8)


class Sage100Settings(ConnectionSettings):
    """One company. `base_url` is the agent's address, or the web server's where there is no agent.

    `ar_division` is the division of customers whose number names none. `currency` is the company's, since amounts
    there name none; `time_zone` is where its days begin, `weight_unit` that of its weights. `countries` are ISO codes
    and what they are here. `lengths` are those of columns that are shorter, or longer, than in Sage 100 2018.
    `tracking_reference` is a user-defined field of tracking rows that may bear our reference.
    """

    system: Literal["sage100"]
    company: str = Field(pattern=r"^[A-Z0-9]{3}$")
    soap: Soap | None = None
    agent: Agent | None = None
    ar_division: str = Field(default="00", pattern=r"^\d{2}$")
    currency: Currency = "USD"
    time_zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    weight_unit: Literal["lb", "kg"] = "lb"
    tracking_reference: Udf | None = None
    orders: OrderSettings = OrderSettings()
    countries: dict[str, str] = Field(default_factory=dict)
    lengths: dict[str, Annotated[int, Field(ge=1, le=2048)]] = Field(default_factory=dict)
    limits: Sage100Limits = Sage100Limits()
    settle: float = Field(default=300, ge=0)

    @model_validator(mode="after")
    def _has_a_way_in(self) -> Self:
        if self.soap is None and self.agent is None:
            raise ValueError(
                "there is no way in: give soap (eBusiness Web Services, for orders) or agent (everything), or both"
            )
        if self.orders.by is not None and getattr(self, self.orders.by) is None:
            raise ValueError(f"orders.by is {self.orders.by!r}, but {self.orders.by} is not given")
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which the company's days begin."""
        return ZoneInfo(self.time_zone)

    @property
    def orders_by(self) -> Literal["agent", "soap"]:
        """Which way in enters orders."""
        return self.orders.by or ("agent" if self.agent is not None else "soap")

    def refuses(self, flow: Flow) -> Iterator[Problem]:
        """What the configured ways in cannot do for this flow."""
        yield from refusals(flow, agent=self.agent is not None)

    def ship_via_members(self, event: str) -> tuple[str, ...]:
        """What a row must say: the ship via that is written here."""
        return ("code",) if event in ("order.created", "shipment.confirmed") else ()
