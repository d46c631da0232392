"""The configuration file as models: connections, flows, preferences, mapping, write-back and tokens.

Reading YAML, filling in `${ENV}` and naming the line of a mistake is `connector/configuration.py`. What one
system adds to a connection stands in that system's folder, as a subclass of `ConnectionSettings`.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from difflib import get_close_matches
from typing import Annotated, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    ConfigDict,
    Field,
    SecretStr,
    SerializeAsAny,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from schemas.base import Model, Name
from schemas.documents import DocumentKind
from schemas.events import EventType


def _url(value: str) -> str:
    """An http(s) address without the slash at its end, and without what belongs elsewhere."""
    url = TypeAdapter(AnyHttpUrl).validate_python(value)
    if url.username or url.password:
        raise ValueError("credentials do not belong into the address: give them under auth")
    if url.query or url.fragment:
        raise ValueError("the address must end before any ? or #")
    return str(url).rstrip("/")


BaseUrl = Annotated[str, AfterValidator(_url)]
"""Where a system answers: http or https, kept without the slash at its end."""


class Limits(Model):
    """What a connection bears: calls at a time and calls per minute (None: no limit)."""

    concurrency: int = Field(default=4, ge=1, le=256)
    requests_per_minute: int | None = Field(default=None, ge=1)


class Timeouts(Model):
    """Seconds until a call is given up: to connect, and in all."""

    connect: float = Field(default=5, gt=0, le=60)
    total: float = Field(default=30, gt=0, le=600)


class Polling(Model):
    """Ask a source what changed: every so many seconds, looking back over the last `overlap` seconds again, since
    a vendor's time of change may be older than the moment at which the change is seen. `kinds` None: all it can."""

    every: float = Field(default=60, ge=1, le=86_400)
    overlap: float = Field(default=120, ge=0, le=86_400)
    page: int = Field(default=100, ge=1, le=500)
    kinds: frozenset[DocumentKind] | None = None


class ConnectionSettings(Model):
    """What every connection has, whatever its system; each system subclasses it and narrows `system`.

    `lanes` divides the connection by order key, and the limits with it. `settle` is how many seconds a
    request that was given up may still take effect at the vendor. `poll` None: it is heard by push only.
    """

    system: str
    base_url: BaseUrl
    limits: Limits = Limits()
    timeouts: Timeouts = Timeouts()
    lanes: int = Field(default=1, ge=1, le=64)
    settle: float = Field(default=120, ge=0)
    poll: Polling | None = None


class Condition(Model):
    """One named condition: a CEL expression over the event's document and its context, true when it holds."""

    name: str = Field(min_length=1)
    when: str = Field(min_length=1)


class Preferences(Model):
    """Sync preferences: all of `require`, and and any or all of `conditions` (`match`); none asks nothing."""

    require: tuple[Condition, ...] = ()
    match: Literal["any", "all"] = "any"
    conditions: tuple[Condition, ...] = ()

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [condition.name for condition in (*self.require, *self.conditions)]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"condition names must be unique: {', '.join(map(repr, doubled))} stands twice")
        return self


class CarrierService(Model):
    """What a ship via becomes at the target: `code` is the shipping method of an order there (`flatrate_flatrate`,
    `UPSGROUND`); `carrier_code` and the title people read go with tracking numbers.

    All may be Jinja2 templates over `value`, the value that was looked up.
    """

    code: str = ""
    carrier_code: str = ""
    title: str = ""


class ShipViaTable(Model):
    """The ship-via value table: one row per value of the source, and what becomes of other values. A row that is a
    text alone is a code."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, CarrierService | str]

    default: Literal["error"] | CarrierService = "error"

    @property
    def rows(self) -> dict[str, CarrierService]:
        """Value of the source -> what it becomes."""
        extra = self.__pydantic_extra__ or {}
        return {v: CarrierService(code=row) if isinstance(row, str) else row for v, row in extra.items()}


class ValueTable(Model):
    """A value table: one row per value of the source; `default` is `error`, or a Jinja2 template over `value`
    (`"{{ value }}"` takes the value as it is). A table without rows and default is not asked."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, str]

    default: str = "error"

    @property
    def rows(self) -> dict[str, str]:
        """Value of the source -> value of the target."""
        return dict(self.__pydantic_extra__ or {})

    @property
    def asked(self) -> bool:
        """Does the flow map these values at all?"""
        return bool(self.rows) or self.default != "error"


class Mapping(Model):
    """The value tables of a flow: ship via, payment method, and the status of an order."""

    ship_via: ShipViaTable = ShipViaTable()
    payment_method: ValueTable = ValueTable()
    order_status: ValueTable = ValueTable()


class WriteBack(Model):
    """What the flow writes onto the target's documents beside the facts.

    `notes` goes onto the document that is made (onto the order, for changes and cancellations); `order_comment` and
    `order_status` go onto the order beside it. `invoice`: is an order with nothing left to invoice an error, or left
    as it is? `capture`: does the target collect the money?
    """

    notes: str = Field(default="", description="Jinja2 template over the event's document and its context")
    notify_customer: bool = False
    order_comment: str = Field(
        default="", description="Jinja2 template over the event's document and its context"
    )
    order_status: str = ""
    invoice: Literal["always", "when_open"] = "always"
    capture: bool = False


class RetryPolicy(Model):
    """Back-off of automatic retries, in seconds: doubling from `first` to `longest`, over after `give_up`."""

    first: float = Field(default=5, gt=0)
    longest: float = Field(default=3600, gt=0)
    give_up: float = Field(default=86400, gt=0)


class Flow(Model):
    """A declared route of one event type from one connection to another.

    `mode` is on, held (entries wait for a person to post them), dry_run (everything but the calls) or off.
    `wait_deadline` is how many seconds an entry may wait for its order before it errors.
    """

    model_config = ConfigDict(populate_by_name=True)

    name: Name
    event: EventType
    source: Name = Field(alias="from")
    target: Name = Field(alias="to")
    mode: Literal["on", "held", "dry_run", "off"] = "on"
    context: tuple[Literal["order"], ...] = ()
    preferences: Preferences = Preferences()
    mapping: Mapping = Mapping()
    write_back: WriteBack = WriteBack()
    retry: RetryPolicy = RetryPolicy()
    wait_deadline: float = Field(default=timedelta(days=7).total_seconds(), gt=0)

    @model_validator(mode="after")
    def _goes_somewhere(self) -> Self:
        if self.source == self.target:
            raise ValueError(f"'from' and 'to' are both {self.source!r}: a flow joins two connections")
        return self


class Token(Model):
    """A caller's token for our HTTP API: what it may do; for `publish`, with which sources and types."""

    token: SecretStr
    scopes: frozenset[Literal["publish", "read", "operate"]] = Field(min_length=1)
    sources: frozenset[Name] = frozenset()
    types: frozenset[EventType] = frozenset(get_args(EventType))

    @field_validator("token")
    @classmethod
    def _secret_enough(cls, token: SecretStr) -> SecretStr:
        if len(token.get_secret_value()) < 16:
            raise ValueError("the token is shorter than 16 characters: make one with `openssl rand -hex 24`")
        return token


class Lanes(Model):
    """How lanes run: seconds of the lease, of its renewal, of one drain, and between sweeps."""

    lease: float = Field(default=60, gt=0)
    renew: float = Field(default=15, gt=0)
    budget: float = Field(default=300, gt=0, le=1800)
    sweep: float = Field(default=2, gt=0)
    breaker_failures: int = Field(default=8, ge=1, description="failures in a row that open the circuit")
    breaker_probe: float = Field(default=15, gt=0, description="seconds until an open circuit is tried again")

    @model_validator(mode="after")
    def _renewed_in_time(self) -> Self:
        if self.renew * 2 > self.lease:
            raise ValueError(f"renew ({self.renew} s) must be at most half of lease ({self.lease} s)")
        return self


Days = Annotated[float, Field(ge=1, le=36_500)] | None
"""So many days, from the last change on; None: for ever."""


class Retention(Model):
    """Days after which `connector prune` takes the details away: of finished entries by their status, of notices
    that are completed or ignored, of stored calls (`exchanges`), of events that match no flow. None: never.

    Without its details a filtered entry is no longer decided anew when its order changes, so it keeps them longer.
    """

    published: Days = 90
    filtered: Days = 365
    ignored: Days = 90
    resolved: Days = 90
    superseded: Days = 90
    simulated: Days = 90
    notices: Days = 14
    exchanges: Days = 30
    unrouted: Days = 30


class Config(Model):
    """The whole file."""

    connections: dict[Name, SerializeAsAny[ConnectionSettings]] = Field(min_length=1)
    flows: tuple[Flow, ...] = ()
    tokens: dict[Name, Token] = Field(default_factory=dict)
    lanes: Lanes = Lanes()
    retention: Retention = Retention()
    max_body: int = Field(default=1_048_576, ge=1024, description="bytes of one HTTP request, at most")

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        """Collects every broken reference, each with the key that is wrong."""
        details = [InitErrorDetails(type=_custom(text), loc=loc, input=None) for loc, text in self.problems()]
        if details:
            raise ValidationError.from_exception_data("Config", details)
        return self

    def problems(self) -> "Iterator[Problem]":
        """What does not fit together although each part is right by itself; none in a valid configuration."""
        yield from self._doubled_flows()
        yield from self._unknown_connections()
        yield from self._calls_longer_than_leases()

    def _doubled_flows(self) -> "Iterator[Problem]":
        names = [flow.name for flow in self.flows]
        for index, name in enumerate(names):
            if name in names[:index]:
                yield ("flows", index, "name"), f"two flows are named {name!r}"

    def _unknown_connections(self) -> "Iterator[Problem]":
        for index, flow in enumerate(self.flows):
            for side, connection in (("from", flow.source), ("to", flow.target)):
                if connection not in self.connections:
                    yield ("flows", index, side), _undeclared(connection, self.connections)
        for token_name, token in self.tokens.items():
            for source in sorted(token.sources - self.connections.keys()):
                yield ("tokens", token_name, "sources"), _undeclared(source, self.connections)

    def _calls_longer_than_leases(self) -> "Iterator[Problem]":
        for name, settings in self.connections.items():
            if settings.timeouts.total * 2 > self.lanes.lease:
                text = (
                    f"a call may take {settings.timeouts.total} s, more than half of the lease of "
                    f"{self.lanes.lease} s, so it could not start safely: shorten it, or lengthen lanes.lease"
                )
                yield ("connections", name, "timeouts", "total"), text

    def flows_of(self, event_type: str, source: str) -> tuple[Flow, ...]:
        """The flows that carry this type of event from this connection."""
        return tuple(flow for flow in self.flows if (flow.event, flow.source) == (event_type, source))

    def flow(self, name: str) -> Flow | None:
        """The flow of this name, or None where the configuration has no such flow any more."""
        return next((flow for flow in self.flows if flow.name == name), None)


Problem = tuple[tuple[str | int, ...], str]
"""Where in the file (keys and indexes), and what is wrong."""


def _custom(text: str) -> PydanticCustomError:
    return PydanticCustomError("reference", "{text}", {"text": text})


def _undeclared(name: str, known: Iterable[str]) -> str:
    nearest = get_close_matches(name, list(known), n=1)
    meant = f"did you mean {nearest[0]!r}? " if nearest else ""
    return f"no connection is named {name!r}: {meant}declared are {', '.join(sorted(known))}"
