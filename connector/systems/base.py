"""What an adapter is: the words in which a system and the pipeline talk to each other.

Each system's folder has an `adapter.py` that exports one subclass of `Adapter` named `ADAPTER`. An adapter holds
settings, no connections and no state; calls go through the `Http` that it is handed, which belongs to the lane.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Protocol

from connector.planned import PLAIN, Manner, Step, Undone
from connector.systems.http import Http
from schemas.base import DocumentRef
from schemas.config import ConnectionSettings
from schemas.documents import Invoice, Order, Refund, Shipment
from schemas.events import EventData

Document = Order | Shipment | Invoice | Refund


@dataclass(frozen=True)
class Capabilities:
    """What a system can do for us: which events it can be the source of, which it can take as target, which kinds of
    documents it can fetch, of which it can say all that belong to an order, and which it can list by time of change,
    whether it sends webhooks, and how it wants things said as a target. `tells`: its webhooks hold events in whole, not
    numbers of documents."""

    source_of: frozenset[str] = frozenset()
    target_of: frozenset[str] = frozenset()
    fetches: frozenset[str] = frozenset()
    fetches_of_order: frozenset[str] = frozenset()
    polls: frozenset[str] = frozenset()
    webhook: bool = False
    tells: bool = False
    manner: Manner = PLAIN


# -- hearing -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class WebhookRequest:
    """A request at `/webhooks/{connection}`; header names are lower-case, the body is as it came."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Heard:
    """One document that a push speaks of. `transport_id` dedupes: the same one for the same document is heard once.

    `number` is the document's number in our form; `order` sorts what was heard of one document (later is greater).
    """

    transport_id: str
    kind: str
    number: str
    order: int = 0


@dataclass(frozen=True)
class Told:
    """An event that a source told in whole, so that nothing has to be fetched: who has no API tells like this.

    `revision` is the source's own count of the fact; None: it has none, of levels, which are counted as they are heard.
    `again`: a person asks there for it once more, though it may have been told before; what the target has lost in the
    meantime is then made anew.
    """

    transport_id: str
    data: EventData
    time: datetime
    revision: int | None = 1
    again: bool = False


class NotReadable(Exception):
    """An authentic webhook that cannot be understood; it is stored as an errored notice, with this text."""


@dataclass(frozen=True)
class Window:
    """What a source is asked to list: documents of one kind that changed at or after `since`, and before `until` where
    there is one; `size` of them at a time. `position` is what the last page said, None for the first."""

    kind: str
    since: datetime
    until: datetime | None
    size: int
    position: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Page:
    """One page of a listing: what was heard of, the newest time of change among them (None: there was none), and where
    to go on (None: this was the last page). `told` are events in whole, `unreadable` what could not be read, each with
    its transport id and the reason: kept as errored notices."""

    heard: tuple[Heard, ...]
    newest: datetime | None
    position: Mapping[str, str] | None
    told: tuple[Told, ...] = ()
    unreadable: tuple[tuple[str, str], ...] = ()


# -- fetching ----------------------------------------------------------------------------------------------------------


OF_ORDER = "order:"
"""Before the number of an order, where all documents of a kind are meant that belong to it."""


@dataclass(frozen=True)
class Wanted:
    """A document to fetch, and the kinds of context to fetch with it ("order")."""

    kind: str
    number: str
    context: frozenset[str] = frozenset()

    @property
    def order(self) -> str:
        """The order whose documents are wanted, as `leads` of the order, and only of the kinds that the capabilities
        name; else ""."""
        return self.number.removeprefix(OF_ORDER) if self.number.startswith(OF_ORDER) else ""


@dataclass(frozen=True)
class Fact:
    """Whether the document stands in the state that an event type speaks of, and the event's data if so.

    A fact that does not hold matters: it tells that the document left that state, so that reaching it again is new.
    `mark` makes it the fact of a change: each other mark than the last one is a new event, and the first one that is
    seen of a document is none (an order's status, for `order.updated`).
    """

    type: str
    holds: bool
    time: datetime
    data: EventData
    mark: str = ""


@dataclass(frozen=True)
class Fetched:
    """A document read at its source: what it says of each event type, and the context that was asked for.

    `references` are the external references that it bears as its own (not those of comments on it): it may be our own
    effect. `leads` are further documents to look at because of this one (the orders that a payment pays, the refunds of
    an order). `ancestors` are earlier documents of the same connection and kind that this one replaces (an order that
    was edited).
    """

    document: DocumentRef
    facts: tuple[Fact, ...]
    orders: tuple[Order, ...] = ()
    references: tuple[str, ...] = ()
    leads: tuple[DocumentRef, ...] = ()
    ancestors: tuple[DocumentRef, ...] = ()


# -- doing -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Link:
    """`source` at one connection is `target` at another: the same thing under two numbers."""

    source: DocumentRef
    target: DocumentRef


@dataclass(frozen=True)
class Known:
    """What is known before a step runs: the order's own number at the target where a link says so, and the documents
    that earlier steps of the same entry made there, by step key."""

    order: DocumentRef | None = None
    made: Mapping[str, DocumentRef] = field(default_factory=dict)
    undone: Undone | None = None


@dataclass(frozen=True)
class Effect:
    """What a step left at the target, or found there: `ours` says whether it bears our reference.

    `links` are further pairs that were learnt on the way (an order found by its number); `seen` is what stands at the
    target, label -> value, for people to read beside what was expected.
    """

    document: DocumentRef
    links: tuple[Link, ...] = ()
    seen: Mapping[str, str] = field(default_factory=dict)
    ours: bool = True


class Recipe(Protocol):
    """How one step is found, done and read back. Made for one run of one step; it may remember what `find` read.

    `native_key`: the vendor itself refuses a second effect (a unique number), so nothing needs to settle.
    All raise the errors of `connector.errors`; a find that raises NotFound names what is missing.
    """

    native_key: bool

    async def find(self) -> tuple[Effect, ...]:
        """All effects at the target that bear this step's reference; called before every create."""

    async def create(self) -> Effect:
        """Do it; called at most once, after `find` found nothing."""

    async def verify(self, effect: Effect) -> Effect:
        """Read the effect back and compare; raises Partial, with both sides, where less or more stands there."""


@dataclass(frozen=True)
class Field:
    """One value of a step as it must be, and as it stands at the target ("" where nothing stands there)."""

    label: str
    expected: str
    there: str

    @property
    def differs(self) -> bool:
        """Must a person look at it?"""
        return self.expected.strip() != self.there.strip()


class Comparing(ABC):
    """A recipe that can say, field by field, what is expected and what stands at the target, whoever wrote it there.

    It reads only. Asked after a failure, and before a person's word that it was done by hand is believed.
    """

    @abstractmethod
    async def compare(self) -> tuple[Field, ...]:
        """Each field of the step; raises the errors of `connector.errors` where the target cannot be read."""

    @abstractmethod
    async def standing(self) -> Effect:
        """The effect as it stands, whoever made it; called after a comparison in which nothing differs."""


class Increment(ABC):
    """How an amount at the target is raised or lowered by `amount`: nothing to find, so what it was is kept before.

    The next run after a doubt compares: still as before -> write, already as after -> done, else a person. `document`
    is what the amount stands on, known once it was read; `label` is what people there call the amount.
    """

    label: ClassVar[str] = "Amount"
    amount: Decimal
    document: DocumentRef | None = None

    @abstractmethod
    async def read(self) -> Decimal:
        """The amount as it stands; sets `document`. Raises NotFound where the document is not there."""

    def becomes(self, stands: Decimal) -> Decimal:
        """What the amount that was read is to become."""
        return stands + self.amount

    @abstractmethod
    async def write(self, value: Decimal) -> None:
        """Set the amount."""

    @abstractmethod
    async def effect(self, value: Decimal) -> Effect:
        """Read back that the amount is `value`, and say where; raises Partial where it is not."""


@dataclass(frozen=True)
class Checked:
    """What a connectivity check found: one sentence a line, good news and warnings."""

    findings: tuple[str, ...]
    warnings: tuple[str, ...] = ()


class Adapter(ABC):
    """One system. Subclasses set `settings_model` and `capabilities`, and override what they are capable of."""

    settings_model: ClassVar[type[ConnectionSettings]]
    capabilities: Capabilities

    def __init__(self, connection: str, settings: ConnectionSettings) -> None:
        self.connection = connection

    @abstractmethod
    async def check(self, http: Http) -> Checked:
        """Reach the system and log in, changing nothing; raises CallError."""

    def authentic(self, request: WebhookRequest) -> bool:
        """Does the request bear this connection's secret or signature? Compared in constant time."""
        raise _incapable(self, "webhooks")

    def hear(self, request: WebhookRequest) -> tuple[Heard, ...]:
        """The documents an authentic request speaks of (none where it is of no interest); raises NotReadable."""
        raise _incapable(self, "webhooks")

    def tell(self, request: WebhookRequest) -> tuple[Told, ...]:
        """The events an authentic request tells in whole, for systems whose capabilities say `tells`; raises
        NotReadable."""
        raise _incapable(self, "events in whole")

    def challenge(self, query: Mapping[str, str]) -> str | None:
        """The answer to a system that asks with GET whether its webhook is wanted here; None for no such question."""
        return None

    async def poll(self, http: Http, window: Window) -> Page:
        """One page of the documents that changed; raises CallError. Pages may overlap, and leave nothing out."""
        raise _incapable(self, f"listing {window.kind} documents")

    async def fetch(self, http: Http, wanted: Wanted) -> Fetched:
        """Read a document with its context; raises NotFound where it does not exist."""
        raise _incapable(self, f"fetching {wanted.kind} documents")

    def recipe(self, http: Http, step: Step, known: Known) -> Recipe | Increment:
        """How this step is done here."""
        raise _incapable(self, f"{step.kind} steps")


def _incapable(adapter: Adapter, what: str) -> TypeError:
    """A capability was used that the adapter does not declare: a defect of ours, not of the input."""
    return TypeError(f"{type(adapter).__name__} declares no {what}")
