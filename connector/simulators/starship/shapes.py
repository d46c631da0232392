"""What may be asked of the station, as data: the content of a shipment. It decides nothing."""

from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    """Frozen, and unknown members are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Address(Shape):
    """Where a shipment goes."""

    name: str = ""
    company: str = ""
    lines: tuple[str, ...] = ()
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = "US"
    phone: str = ""
    email: str = ""


class OrderRef(Shape):
    """An order of the book; the share of freight only where a person gave one."""

    document_type: str = ""
    key: str
    freight_share: Decimal | None = None


class Item(Shape):
    """So many of an order's line; what is blank is taken from the order."""

    document_type: str = ""
    order: str
    line_key: str
    item: str = ""
    description: str = ""
    quantity: Decimal = Field(gt=0)
    unit: str = ""
    lot_serial: str = ""
    custom: dict[str, Any] = {}


class Content(Shape):
    """So many of an order's line in one package."""

    document_type: str = ""
    order: str
    line_key: str
    item: str = ""
    quantity: Decimal = Field(gt=0)


class Package(Shape):
    """One box; without a number it gets the next, without a tracking number the carrier gives one."""

    number: str = ""
    box: str = ""
    weight: Decimal = Field(default=Decimal(1), ge=0)
    length: Decimal | None = None
    width: Decimal | None = None
    height: Decimal | None = None
    tracking: str = ""
    contents: tuple[Content, ...] = ()
    custom: dict[str, Any] = {}


class Charges(Shape):
    """What the shipment costs; a charge that is not given is rated, Applied by the freight rule."""

    currency: str = ""
    list: Decimal | None = Field(default=None, ge=0)
    contract: Decimal | None = Field(default=None, ge=0)
    applied: Decimal | None = Field(default=None, ge=0)
    handling: Decimal = Field(default=Decimal(0), ge=0)


class Note(Shape):
    """One row of the notes."""

    tag: str
    value: str


class Wanted(Shape):
    """A shipment as a person enters it (`POST /_sim/shipments`), or changes it while it is Open.

    Without `items` they are what the packages contain, or else all that is left to ship; without `packages` everything
    is in one.
    """

    orders: tuple[OrderRef, ...] = Field(min_length=1)
    items: tuple[Item, ...] = ()
    packages: tuple[Package, ...] = ()
    carrier: str = "UPS"
    scac: str = ""
    service: str = "Ground"
    ship_via_code: str = ""
    payment: Literal["prepaid", "collect", "third party"] = "prepaid"
    master_tracking: str = ""
    pro: str = ""
    bol: str = ""
    charges: Charges = Charges()
    total_weight: Decimal | None = Field(default=None, ge=0)
    ship_date: date | None = None
    ship_to: Address | None = None
    notes: tuple[Note, ...] = ()
    custom: dict[str, Any] = {}
    replaces: str = ""
