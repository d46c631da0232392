"""The switches of the station: numbering, units, the freight rule, and how the bridge delivers and writes.

They may be given when it is built and changed while it runs (`POST /_sim/options`); they hold no shipments.
"""

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class FreightRule(BaseModel):
    """How a charge becomes the Applied one: of the base, so much percent and so much more, within bounds; or fixed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: Literal["contract", "list"] = "contract"
    percent: Decimal = Decimal(0)
    """Added, in percent of the base; negative takes off."""
    amount: Decimal = Decimal(0)
    """Added after the percentage; negative takes off."""
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    fixed: Decimal | None = None
    """Takes the place of all the rest."""


class Options(BaseModel):
    """A parcel station that charges what it pays; times are in seconds."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    site: str = "station"
    """Goes into each `event_id`, so that two stations never give the same."""
    first_number: int = Field(default=1001, ge=1)
    currency: str = "USD"
    weight_unit: str = "LB"
    freight: FreightRule = FreightRule()

    attempts: int = Field(default=3, ge=1)
    """How often the bridge tries by itself before the delivery has failed."""
    pause_seconds: float = Field(default=0.2, ge=0)
    timeout_seconds: float = Field(default=10.0, gt=0)

    numbers: Literal["text", "number"] = "text"
    """How amounts, weights and quantities are written; both are in the contract."""
    items: Literal["told", "left_out"] = "told"
    """Left out only where every package says its contents."""
    voids: Literal["whole", "short"] = "whole"
    """Short voids have only what the contract asks of a void."""
