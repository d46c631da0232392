"""The switches of the Aptify simulator: credentials, what differs between sites, and what is not confirmed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Moment = Callable[[], datetime]
Process = Literal["inventory", "ledger", "schedules", "subscriptions", "date"]
"""What shipping an order starts."""


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


class Options(BaseModel):
    """Made-up credentials by default; times are in seconds. They may be changed while it runs."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    base_path: str = "/AptifyServicesAPI/services"
    """Where the services stand, without a slash at the end; the case of paths does not matter."""
    username: str = "connector"
    password: str = "password"
    providers: tuple[str, ...] = ("DomainUser", "DomainWithContainer", "SQL", "Web")
    token_seconds: int = Field(default=3600, ge=1)
    """The life of a token is not documented."""
    login_refused_status: int = Field(default=404, ge=400, le=599)
    """How a refused log-in is answered is not documented; a bad token is always 404."""
    employee: int = 1
    """The employee of the user, who takes the orders."""

    status_ids: dict[str, int] = Field(default={"Taken": 1, "Shipped": 2, "Back-Ordered": 3, "Cancelled": 4})
    """The ids of order statuses are per site; further ones may be named."""
    type_ids: dict[str, int] = Field(
        default={"Regular": 1, "Quotation": 2, "Cancellation": 3, "Back-Order": 4}
    )
    names: dict[str, str] = Field(default_factory=dict)
    """How the site calls a field, as `{"Orders.TrackingNumber": "ShipTrackingNum"}`."""
    custom_fields: frozenset[str] | None = None
    """The site's own fields, in `__c`; None means that any may be used."""

    key_case: Literal["documented", "pascal", "lower"] = "documented"
    """The case of the keys of replies. Documented are both: lower case where a save has sub-type records."""
    sub_record_form: Literal["record", "flat"] = "record"
    """How GetRecord shows sub-type records: like the record itself, or as fields and values. Not documented."""
    date_form: Literal["iso", "us"] = "iso"
    """How GetRecord writes dates and times, which is not documented; views and saves write ISO."""
    zone: str = "UTC"
    """The server's time zone: dates are local, without a zone."""
    number_form: Literal["number", "text"] = "number"
    """How the reply to a save writes ids and numbers, which is not certain."""
    failed_save: Literal["text", "exception", "json"] = "text"
    """How a failed save is answered, which is not documented: 500 with a text, 500 with an exception as JSON, or
    200 with a failure as JSON."""
    shortage: Literal["failed_save", "unchanged"] = "failed_save"
    """Whether a save that ships without enough stock fails, or saves all but the status. A message is shown anyhow."""
    view_count: Literal["page", "total"] = "page"
    """What `count` of a view counts."""
    flow_statuses: dict[Literal["unknown", "forbidden", "missing"], int] = Field(
        default={"unknown": 404, "forbidden": 403, "missing": 400}
    )
    """"An http error code": which one is not documented."""
    flows: dict[str, str] = Field(
        default={
            "Ship Order": "ship",
            "Ship Order Partially": "ship_partially",
            "Cancel Order": "cancel",
            "Create Cancellation Order": "cancellation",
        }
    )
    """The site's process flows by name, and what each does."""
    forbidden_flows: frozenset[str] = frozenset()

    saving_ships: bool = True
    """Whether saving an order as Shipped ships it, which may not be so on every site; else the save fails."""
    auto_ship: bool = False
    """Ship a new order by itself when nothing needs to be fulfilled, or all comes out of one location that may."""
    back_order_ar: Literal[0, 1] = 1
    """The entity attribute BackOrderAR: with 0, back orders are of the type Back-Order. Their quantities and
    amounts are kept alike in both, which is not confirmed for 0."""
    ship_seconds: float = Field(default=0, ge=0)
    """How long an order that was saved as Shipped stays as it was, before it is."""
    ship_without: frozenset[Process] = frozenset()
    """What shipping leaves out, to see whether anyone notices."""
    tracking_after_shipping: bool = True
    """Whether the tracking number may change after shipping; it is not among what is frozen."""
    tax_rate: Decimal = Decimal(0)
    """In percent of the taxable lines."""
    clock: Moment = utc_now


class Clock:
    """The site's time; it can be put forward."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._ahead = timedelta()

    def now(self) -> datetime:
        """The present moment, in UTC."""
        return self._options.clock() + self._ahead

    def advance(self, seconds: float) -> None:
        """Put the clock forward."""
        self._ahead += timedelta(seconds=seconds)
