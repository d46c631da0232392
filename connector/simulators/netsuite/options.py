"""The switches of the NetSuite simulator: credentials, limits, and what differs between accounts; no documents."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Moment = Callable[[], datetime]


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


class Options(BaseModel):
    """Made-up credentials by default; times are in seconds. They may be changed while it runs."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    account: str = "1234567_SB1"
    """The realm of token-based log-in: upper case, underscore."""
    client_id: str = "c11e0000000000000000000000000000000000000000000000000000c11e0000"
    certificate_id: str = "netsuite-certificate-1"
    """The `kid` of an assertion: the certificate of the mapping."""
    public_key: str | None = None
    """PEM; without it a key pair is made, and its private half stands in the credentials."""
    key_type: Literal["EC", "RSA"] = "EC"
    consumer_key: str = "consumer-key"
    consumer_secret: str = "consumer-secret"
    token_id: str = "token-id"
    token_secret: str = "token-secret"
    token_seconds: int = Field(default=3600, ge=1)

    concurrency: int | None = Field(default=5, ge=1)
    """How many requests the account serves at a time, all integrations together; None means any number."""
    concurrency_form: Literal["help", "fixture", "400"] = "help"
    """Which body one request too many is refused with: Oracle's, or one of two that clients keep as fixtures."""
    duplicate_form: Literal["user_error", "dup_rcrd"] = "user_error"

    tax_rate: Decimal = Decimal(0)
    """In percent of the taxable lines."""
    tax_shipping: bool = False
    status_form: Literal["object", "text"] = "object"
    """How statuses are shown: `{id, refName}`, or the letter alone, as one account did."""
    line_step: int = Field(default=3, ge=1)
    """The lines of an order are numbered 1, 1 + step, …: line numbers have gaps."""
    order_status: Literal["A", "B"] = "A"
    default_ship_status: Literal["A", "B", "C"] = "A"
    refund_before_receipt: bool = True
    """Whether a return may be refunded before its goods came in."""
    custom_fields: frozenset[str] | None = None
    """The custom fields of the account; None means that any may be used."""
    required_fields: tuple[str, ...] = ()
    """What the account's forms ask for besides, as `customerRefund.account`."""
    jobs_held: bool = False
    """While set, asynchronous jobs stay pending and have no effect yet."""
    clock: Moment = utc_now


class Clock:
    """The account's time; it can be put forward."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._ahead = timedelta()

    def now(self) -> datetime:
        """The present moment, in UTC."""
        return self._options.clock() + self._ahead

    def outside(self) -> datetime:
        """The clients' moment, which is not put forward."""
        return self._options.clock()

    def advance(self, seconds: float) -> None:
        """Put the clock forward."""
        self._ahead += timedelta(seconds=seconds)
