"""What an Aptify connection adds to the common settings: the log-in, what the site calls things, and what it provides.

Only models of the configuration. Aptify is configured per site: ids of statuses, names of fields, views and process
flows are the administrator's, so each of them can be said here. Source of the defaults: the vendor's knowledge base,
and where that is silent the labels of its forms (README of this folder).
"""

from collections.abc import Iterator
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator

from connector.systems.aptify.abilities import refusals
from connector.systems.aptify.freezes import FREEZES
from connector.systems.freezing import Freezes, FreezingSettings
from schemas.base import Currency, Model
from schemas.config import Flow, Limits, Problem

FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
"""The name of a field, as the entity has it."""

QualifiedName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z ]+\.[A-Za-z][A-Za-z0-9_]*$")]
"""A field with its entity: `Orders.TrackingNumber`."""

RecordId = Annotated[str, StringConstraints(pattern=r"^-?\d+$")]
"""The id of a record; ids differ from site to site."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone: write an IANA name such as America/Chicago") from error
    return name


class Login(Model):
    """The user we are: a named, licensed one, for web users have the rights of the e-business service account."""

    provider: str = Field(default="DomainWithContainer", pattern=r"^[A-Za-z0-9]+$")
    username: str = Field(min_length=1)
    password: SecretStr


class Views(Model):
    """The views that the administrator provides, by name, for the entity that stands behind each; None: there is none,
    and what it would tell is not looked at."""

    orders_changed: str | None = "Connector Orders Changed"
    orders: str = "Connector Orders by PO Number"
    order_statuses: str | None = "Connector Order Statuses"
    back_orders: str | None = "Connector Back Orders"
    order_shipments: str | None = "Connector Order Shipments"
    products: str = "Connector Products by Code"
    persons: str = "Connector Persons by Email"
    inventory: str | None = "Connector Inventory Changed"
    gl_entries: str | None = "Connector GL Entries"
    scheduled_groups: str | None = "Connector Scheduled Groups"
    subscriptions: str | None = "Connector Subscriptions"


class Flows(Model):
    """Process flows of the site, by name, for what has no service of its own; None: not configured, so not done.

    `ship` ships an entire order, where the site does not let a save do that. `ship_partially` ships some of the lines,
    `cancel` an order that is not shipped, `cancellation` makes a cancellation order of a shipped one.
    """

    ship: str | None = None
    ship_partially: str | None = None
    cancel: str | None = None
    cancellation: str | None = None


class OrderSettings(Model):
    """How orders are taken, and found again.

    `number_field` bears the order's number at its source, `reference_field` our reference (None: the number finds it,
    which then must be unique). `by`: a save, or a batch, whose GUID Aptify takes only once. `defaults` are fields of
    each new order, `guest` is the person of orders without an e-mail address; `ignore_prices`: prices are Aptify's own.
    `services` are the types of products of which nothing is sent, as little as of subscriptions: no shipment tells of
    them.
    """

    number_field: FieldName = "PONumber"
    reference_field: FieldName | None = None
    by: Literal["save", "batch"] = "save"
    defaults: dict[FieldName, str] = Field(default_factory=dict)
    guest: RecordId | None = None
    ignore_prices: bool = False
    services: tuple[str, ...] = ("Meeting", "Membership", "Subscription")


class AptifyLimits(Limits):
    """No limit was found in the documents; this is modest, since staff work on the same server."""

    concurrency: int = Field(default=2, ge=1, le=64)


class AptifySettings(FreezingSettings):
    """One site. `base_url` ends with the services: `https://host/AptifyServicesAPI/services`.

    `statuses` are the ids of order statuses where no view tells them. `names` are fields that the site calls otherwise
    than we do: `Orders.TrackingNumber: ShipTrackingNum`. `currency` is that of all amounts, which name none;
    `time_zone` is the server's, for its dates name none. `shipping_patience`: for so many seconds an order that was
    saved as Shipped is looked at until it is. `refusals` are further words by which a failed save is known.
    `tell_ledger`: shipments that are heard of tell what they posted to the General Ledger.
    """

    system: Literal["aptify"]
    auth: Login
    views: Views = Views()
    flows: Flows = Flows()
    orders: OrderSettings = OrderSettings()
    statuses: dict[str, RecordId] = Field(default_factory=dict)
    names: dict[QualifiedName, FieldName] = Field(default_factory=dict)
    currency: Currency = "USD"
    time_zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    freight_field: Literal["ShipExpense", "ShippingCharge"] = "ShipExpense"
    shipping_patience: float = Field(default=5, ge=0, le=120)
    refusals: tuple[str, ...] = ()
    tell_ledger: bool = False
    limits: AptifyLimits = AptifyLimits()
    settle: float = Field(default=300, ge=0)

    @model_validator(mode="after")
    def _finds_what_flows_make(self) -> Self:
        made = [name for name in ("ship_partially", "cancellation") if getattr(self.flows, name) is not None]
        if made and self.views.back_orders is None:
            raise ValueError(
                f"what flows.{made[0]} makes is found by views.back_orders only: name that view, or take the flow out"
            )
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The server's time zone."""
        return ZoneInfo(self.time_zone)

    def product_freezes(self) -> Freezes:
        """What orders take no more."""
        return FREEZES

    def refuses(self, flow: Flow) -> Iterator[Problem]:
        """What has no place here, or needs a process flow that is not configured."""
        return refusals(flow, self)

    def ship_via_members(self, event: str) -> tuple[str, ...]:
        """What a row must say: the id of the shipment type."""
        return ("code",) if event in ("order.created", "shipment.confirmed") else ()
