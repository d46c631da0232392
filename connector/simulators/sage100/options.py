"""The switches of the Sage 100 simulator: credentials, numbers, and what differs between sites; no documents."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


class Options(BaseModel):
    """Made-up credentials and one company by default. They may be changed while it runs (`POST /_sim/options`)."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    companies: tuple[str, ...] = Field(default=("ABC",), min_length=1)
    token: str = "agent-token"
    """The bearer token of the agent."""
    username: str = "webservice"
    password: str = "password"
    """Those of the `Logon` argument of eBusiness Web Services."""
    tasks: frozenset[Literal["Create", "Modify", "Remove", "View"]] = frozenset(
        {"Create", "Modify", "Remove", "View"}
    )
    """What the role of that user may do."""
    faults: Literal["told", "hidden"] = "told"
    """Whether expected refusals over SOAP say what they are (`CI_NoKey: …`, as a public client lists them), or hide
    behind "An exception occurred." like the unexpected ones."""
    padding: Literal["lists", "all", "none"] = "lists"
    """Where the agent passes on the NUL characters that fill up fixed-width columns."""
    reference_field: str = Field(default="UDF_EXTERNAL_REF", pattern=r"^UDF_[A-Z0-9_]+$")
    """The user-defined field that keeps the external reference."""
    user_fields: frozenset[str] | None = None
    """The user-defined fields that there are; None means that any may be used."""
    tax_rate: Decimal = Decimal(0)
    """In percent of the goods."""
    clock: Clock = utc_now
