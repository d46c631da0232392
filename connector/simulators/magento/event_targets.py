"""Who hears of what is saved in the shop: a registration with its switches, as data. It sends nothing.

Pauses, codes and fields as in the Adobe I/O Events webhook guide and the Commerce extensibility guide.
"""

from collections.abc import Mapping
from typing import Literal, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, Field, field_validator

from connector.simulators.magento.event_values import Numbers
from connector.simulators.magento.store import Kind

CODES: Mapping[str, Kind] = {
    "observer.sales_order_save_commit_after": "orders",
    "observer.sales_order_shipment_save_after": "shipments",
    "observer.sales_order_invoice_save_after": "invoices",
    "observer.sales_order_creditmemo_save_after": "creditmemos",
    "observer.sales_order_save_after": "orders",
    "observer.sales_order_shipment_track_save_after": "tracks",
}
"""Event code -> the document whose save it tells of."""

Codes = TypeVar("Codes", tuple[str, ...], dict[str, list[str]])

USUAL = tuple(CODES)[:4]
_DAY = (60.0, 120.0, 240.0, 480.0, *(900.0,) * 95)


class Target(BaseModel):
    """Who is told, of what, and how badly; all switches are off unless given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    recipient_client_id: str
    codes: tuple[str, ...] = USUAL
    """Event codes without the prefix."""
    fields: dict[str, list[str]] = {}
    """Event code -> the fields that its subscription names; without an entry, all."""
    numbers: Numbers = "text"
    copies: int = Field(default=1, ge=1)
    """How often each event is delivered, with one and the same `event_id`."""
    unordered: bool = False
    """Each delivery waits a random time of up to `spread_seconds`."""
    spread_seconds: float = Field(default=0.5, ge=0)
    held: bool = False
    """Deliveries wait for `POST /_sim/events/release`."""
    bad_signature: Literal["none", "first", "both"] = "none"
    retry_seconds: tuple[float, ...] = _DAY
    """Pauses before each repetition: 1, 2, 4, 8, then every 15 minutes, for 24 hours."""
    timeout_seconds: float = Field(default=10.0, gt=0)

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

    @field_validator("codes", "fields")
    @classmethod
    def _are_known(cls, codes: Codes) -> Codes:
        unknown = set(codes) - set(CODES)
        if unknown:
            raise ValueError(f"unknown event code {', '.join(sorted(unknown))}; known: {', '.join(CODES)}")
        return codes


class Release(BaseModel):
    """In which order held deliveries are let go."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    order: Literal["made", "reversed"] = "made"
