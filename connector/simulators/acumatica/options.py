"""The switches of the Acumatica simulator: credentials, licence limits, and what differs between sites.

They may be given when it is built and changed while it runs (`POST /_sim/options`); they hold no documents.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from connector.simulators.acumatica.errors import SeatForm


class Options(BaseModel):
    """Made-up credentials and generous limits by default; times are in seconds."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    tenants: tuple[str, ...] = Field(default=("Company",), min_length=1)
    client_id: str = "5A1C0F2E-0000-4000-8000-00000000C11E"
    """Without the tenant: clients send `<client_id>@<tenant>`."""
    client_secret: str = "client-secret"
    username: str = "apiuser"
    password: str = "password"

    token_seconds: int = 3600
    refresh_seconds: int = 30 * 24 * 3600
    idle_seconds: int = 20 * 60
    """After which a cookie session ends by itself (about 20 minutes by a vendor's blog; unconfirmed)."""

    seats: int | None = Field(default=2, ge=0)
    """How many API sessions the licence allows (a trial: 2); None means any number."""
    seat_form: SeatForm = "json"
    requests_per_minute: int | None = Field(default=None, ge=1)
    minute_seconds: float = Field(default=60.0, gt=0)
    """How long a minute of the licence limit lasts; tests make it shorter."""
    queue_length: int = Field(default=20, ge=0)
    longest_wait_seconds: float = Field(default=600.0, gt=0)

    actions: Literal["queued", "immediate"] = "queued"
    """Whether an action is answered 202 with a status to poll, or done at once with 204."""
    operation_seconds: float = Field(default=0.05, ge=0)
    operations_held: bool = False
    """While set, queued actions keep running and have no effect yet."""
    location: Literal["path", "absolute"] = "path"

    manual_numbers: bool = False
    """Whether a new document keeps the number it was sent with; else it gets the next one."""
    manual_customers: bool = False
    """Whether a new customer must bring its CustomerID; else it gets the next one, whatever was sent."""
    invoices_on_hold: bool = False
    """Whether an invoice that is prepared is On Hold first; else it is Balanced, ready to be released."""
    unshipped_types: tuple[str, ...] = ("QT",)
    """Order types whose 'Process Shipments' is not checked: nothing is shipped from their orders."""
    delegate_fields: tuple[str, ...] = ()
    """`Entity.Field` names that a list request cannot return (GET by key can)."""

    push_attempts: int = Field(default=5, ge=1)
    push_spacing_seconds: float = Field(default=1.0, ge=0)
    push_timeout_seconds: float = Field(default=10.0, gt=0)
    push_kept_seconds: int = 2 * 24 * 3600
