"""The configuration file as models: connections, flows, preferences, mapping, write-back and tokens.

Reading YAML, filling in `${ENV}` and naming the line of a mistake is `connector/configuration.py`. What one
system adds to a connection stands in that system's folder, as a subclass of `ConnectionSettings`.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from difflib import get_close_matches
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

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

from schemas.alerts import Alerts, Expect
from schemas.base import DocumentRef, Model, Name
from schemas.console import Console
from schemas.document_pages import PageKind, PageTemplate, address_of
from schemas.documents import DocumentKind
from schemas.events import LEVELS, EventType, RefundIssued
from schemas.refunds import RefundRules
from schemas.table_rows import CarrierService as CarrierService
from schemas.value_tables import Mapping as Mapping
from schemas.value_tables import SharedTable as SharedTable
from schemas.value_tables import ShipViaTable as ShipViaTable
from schemas.value_tables import ValueTable as ValueTable
from schemas.write_back import FieldRule as FieldRule
from schemas.write_back import Fields as Fields
from schemas.write_back import Freight as Freight
from schemas.write_back import NoteRow as NoteRow
from schemas.write_back import WriteBack as WriteBack


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

Mode = Literal["live", "held", "dry-run", "off"]
"""Of a flow: live, held (entries wait for a person to post them), dry-run (everything but the calls) or off."""


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
    request that was given up may still take effect at the vendor. `poll` None: it is heard by push only. `orders_of` is
    the connection whose order numbers its documents name, where those are not its own (a shipping system's).
    `pages` are the addresses at which people see documents of a kind there, before those that the system knows itself.
    `takes_levels`: can inventory be written there?
    """

    system: str
    base_url: BaseUrl
    limits: Limits = Limits()
    timeouts: Timeouts = Timeouts()
    lanes: int = Field(default=1, ge=1, le=64)
    settle: float = Field(default=120, ge=0)
    poll: Polling | None = None
    orders_of: Name | None = None
    pages: dict[PageKind, PageTemplate] = Field(default_factory=dict)
    takes_levels: ClassVar[bool] = False

    def known_pages(self) -> dict[str, str]:
        """The pages of this product whose addresses follow from its own."""
        return {}

    def page_of(self, document: DocumentRef) -> str | None:
        """Where people see this document in the product; None where that is not known."""
        known = self.known_pages() | {str(kind): page for kind, page in self.pages.items()}
        template = known.get(document.kind)
        return address_of(template, document.number, document.key) if template else None

    def refuses(self, flow: "Flow") -> "Iterator[Problem]":
        """What this connection cannot do as the target of a flow, each with its key inside the flow; a system that
        cannot write every part says so here, so that the file is refused and not the event."""
        yield from ()

    def ship_via_members(self, event: str) -> tuple[str, ...]:
        """What each row of the ship-via table of a flow of this event must say, where this connection is the target."""
        return ("code",) if event == "order.created" else ()


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


class RetryPolicy(Model):
    """Back-off of automatic retries, in seconds: doubling from `first` to `longest`, over after `give_up`."""

    first: float = Field(default=5, gt=0)
    longest: float = Field(default=3600, gt=0)
    give_up: float = Field(default=86400, gt=0)


class Flow(Model):
    """A declared route of one event type from one connection to another.

    `wait_deadline` is how many seconds an entry may wait for its order before it errors. `refund` is for refunds, which
    have their order as context unless the flow says otherwise. `expect` has an alert opened where nothing comes.
    """

    model_config = ConfigDict(populate_by_name=True)

    name: Name
    event: EventType
    source: Name = Field(alias="from")
    target: Name = Field(alias="to")
    mode: Mode = "live"
    context: tuple[Literal["order"], ...] = ()
    preferences: Preferences = Preferences()
    mapping: Mapping = Mapping()
    write_back: WriteBack = WriteBack()
    refund: RefundRules = RefundRules()
    retry: RetryPolicy = RetryPolicy()
    wait_deadline: float = Field(default=timedelta(days=7).total_seconds(), gt=0)
    expect: Expect | None = None

    @model_validator(mode="before")
    @classmethod
    def _refunds_with_their_order(cls, flow: Any) -> Any:
        """The order says what was paid."""
        if isinstance(flow, dict) and flow.get("event") == RefundIssued.type:
            return {"context": ("order",), **flow}
        return flow

    @model_validator(mode="after")
    def _goes_somewhere(self) -> Self:
        if self.source == self.target:
            raise ValueError(f"'from' and 'to' are both {self.source!r}: a flow joins two connections")
        return self


class Token(Model):
    """A caller's token for our HTTP API: what it may do; for `publish`, with which sources and types."""

    token: SecretStr
    scopes: frozenset[Literal["publish", "read", "operate", "configure"]] = Field(min_length=1)
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
    that are completed or ignored, of stored calls (`exchanges`), of events that match no flow, of alerts that are over.
    None: never.

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
    alerts: Days = 90


class Config(Model):
    """The whole file."""

    connections: dict[Name, SerializeAsAny[ConnectionSettings]] = Field(min_length=1)
    tables: dict[Name, SharedTable] = Field(default_factory=dict)
    flows: tuple[Flow, ...] = ()
    tokens: dict[Name, Token] = Field(default_factory=dict)
    console: Console = Console()
    lanes: Lanes = Lanes()
    retention: Retention = Retention()
    alerts: Alerts = Alerts()
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
        yield from self._unknown_tables()
        yield from self._calls_longer_than_leases()
        yield from self._beyond_their_target()

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
        for name, settings in self.connections.items():
            if settings.orders_of is not None and settings.orders_of not in self.connections:
                yield ("connections", name, "orders_of"), _undeclared(settings.orders_of, self.connections)
        for token_name, token in self.tokens.items():
            for source in sorted(token.sources - self.connections.keys()):
                yield ("tokens", token_name, "sources"), _undeclared(source, self.connections)

    def _unknown_tables(self) -> "Iterator[Problem]":
        for index, flow in enumerate(self.flows):
            for name, table in flow.mapping:
                if table.use is not None and table.use not in self.tables:
                    yield (
                        ("flows", index, "mapping", name, "use"),
                        _undeclared(table.use, self.tables, "table"),
                    )

    def _calls_longer_than_leases(self) -> "Iterator[Problem]":
        for name, settings in self.connections.items():
            if settings.timeouts.total * 2 > self.lanes.lease:
                text = (
                    f"a call may take {settings.timeouts.total} s, more than half of the lease of "
                    f"{self.lanes.lease} s, so it could not start safely: shorten it, or lengthen lanes.lease"
                )
                yield ("connections", name, "timeouts", "total"), text

    def _beyond_their_target(self) -> "Iterator[Problem]":
        for index, flow in enumerate(self.flows):
            target = self.connections.get(flow.target)
            if target is None:
                continue
            if flow.event in LEVELS and target.system and not target.takes_levels:
                text = f"{flow.target} takes no inventory: have the flow end at a connection that does"
                yield ("flows", index, "event"), text
            for path, text in target.refuses(flow):
                yield ("flows", index, *path), text

    def orders_at(self, connection: str) -> str:
        """The connection whose order numbers are meant by this one's documents: mostly itself."""
        settings = self.connections.get(connection)
        return (settings.orders_of if settings else None) or connection

    def page_of(self, document: DocumentRef) -> str | None:
        """Where people see this document in the product that holds it; None where that is not known."""
        settings = self.connections.get(document.connection)
        return settings.page_of(document) if settings else None

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


def _undeclared(name: str, known: Iterable[str], what: str = "connection") -> str:
    nearest = get_close_matches(name, list(known), n=1)
    meant = f"did you mean {nearest[0]!r}? " if nearest else ""
    return f"no {what} is named {name!r}: {meant}declared are {', '.join(sorted(known)) or 'none'}"
